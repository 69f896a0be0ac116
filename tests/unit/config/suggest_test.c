/* SPDX-License-Identifier: Apache-2.0 */
#include "config/suggest.h"

#include "check.h"

static void counts_edits_between_words(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        size_t edits;
    } rows[] = {{"", "", 0},       {"", "abc", 3},          {"abc", "", 3},           {"abc", "abc", 0},
                {"abc", "ABC", 0}, {"lenght", "length", 1}, {"kitten", "sitting", 3}, {"ab", "ba", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(suggest_distance(text_of(rows[i].a), text_of(rows[i].b)), rows[i].edits);
}

static void over_long_words_are_like_nothing(void **state)
{
    (void)state;
    char word[65];
    memset(word, 'a', 65);
    assert_int_equal(suggest_distance((struct text){word, 65}, TEXT("a")), SIZE_MAX);
    assert_int_equal(suggest_distance((struct text){word, 64}, (struct text){word, 64}), 0);
}

static void offers_only_what_is_near(void **state)
{
    (void)state;
    struct suggestion s;
    suggest_start(&s, TEXT("crete"));
    suggest_offer(&s, TEXT("delete"));
    assert_null(s.best.p);
    suggest_offer(&s, TEXT("create"));
    assert_text(s.best, "create");
    suggest_start(&s, TEXT("zzz"));
    suggest_offer(&s, TEXT("app"));
    assert_null(s.best.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_edits_between_words),
        cmocka_unit_test(over_long_words_are_like_nothing),
        cmocka_unit_test(offers_only_what_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
