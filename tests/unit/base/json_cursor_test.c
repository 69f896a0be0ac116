/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_cursor.h"

#include "check.h"

static void stays_inside_what_was_never_accepted(void **state)
{
    (void)state;
    static const char *const broken[] = {"{\"a\\\\\":[1,{\"b\":\"]}\"}],\"c\\u0041\":\"x\\\"y\",\"n\":-1.5}",
                                         "{a:1,,}",
                                         "[}",
                                         "{1:2 3",
                                         "[\"\\\"",
                                         "{\"a\" \"b\"}",
                                         "{:",
                                         "]]"};
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        for (size_t n = 0; n <= strlen(broken[i]); n++) {
            char copy[128]; /* its own memory, so that a read too far is seen */
            memcpy(copy, broken[i], n);
            struct json_cursor c = json_cursor_at((struct text){copy, n});
            size_t rounds = 0;
            for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
                json_cursor_key(&c);
                json_cursor_skip(&c);
                assert_true(++rounds <= n);
            }
            assert_true(c.rest.n <= n);
        }
    }
}

static void walks_over_members_and_items(void **state)
{
    (void)state;
    struct json_cursor c =
        json_cursor_at(TEXT(" { \"a\" : [ 1 , \"]\\\"\" , {} ] , \"b\":{\"x\":[[]]},\"c\":null } tail"));
    assert_int_equal(json_cursor_type(&c), JSON_TYPE_OBJECT);
    assert_true(json_cursor_enter(&c));
    assert_text(json_cursor_key(&c), "\"a\"");
    assert_int_equal(json_cursor_type(&c), JSON_TYPE_ARRAY);
    assert_true(json_cursor_enter(&c));
    assert_int_equal(json_cursor_type(&c), JSON_TYPE_NUMBER);
    assert_text(json_cursor_skip(&c), "1");
    assert_true(json_cursor_next(&c));
    assert_text(json_cursor_skip(&c), "\"]\\\"\"");
    assert_true(json_cursor_next(&c));
    assert_false(json_cursor_enter(&c)); /* {} */
    assert_false(json_cursor_next(&c));  /* ] */
    assert_true(json_cursor_next(&c));
    assert_text(json_cursor_key(&c), "\"b\"");
    assert_text(json_cursor_skip(&c), "{\"x\":[[]]}");
    assert_true(json_cursor_next(&c));
    assert_text(json_cursor_key(&c), "\"c\"");
    assert_int_equal(json_cursor_type(&c), JSON_TYPE_NULL);
    assert_text(json_cursor_skip(&c), "null");
    assert_false(json_cursor_next(&c));
    assert_text(c.rest, " tail");
}

static void strings_end_where_they_end(void **state)
{
    (void)state;
    static const struct {
        const char *in, *span;
    } cases[] = {
        {"\"\",", "\"\""},
        {"\"\\\\\",\"", "\"\\\\\""},
        {"\"\\\"\",", "\"\\\"\""},
        {"\"\\\\\\\"x\" ", "\"\\\\\\\"x\""},
        {"\"a\\\"b\\\"\\\\\"]", "\"a\\\"b\\\"\\\\\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json_cursor c = json_cursor_at(text_of(cases[i].in));
        assert_text(json_cursor_skip(&c), cases[i].span);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stays_inside_what_was_never_accepted),
        cmocka_unit_test(walks_over_members_and_items),
        cmocka_unit_test(strings_end_where_they_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
