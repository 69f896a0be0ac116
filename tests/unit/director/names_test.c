/* SPDX-License-Identifier: Apache-2.0 */
#include "director/internal.h"

#include "check.h"

static void names_are_normalised_for_paths(void **state)
{
    (void)state;
    static const struct {
        const char *name, *normal;
    } rows[] = {
        {"mp-shop", "mp-shop"},
        {"shop", "mp-shop"},
        {"My Shop!", "mp-my-shop"},
        {"mp-Shop", "mp-mp-shop"},
        {"a--b", "mp-a-b"},
        {"-", "mp"},
        {"mp-a-", "mp-mp-a"},
        {"  x  ", "mp-x"},
        {"\xc3\xa4\xc3\xb6", "mp"},
        {"mp-a--b", "mp-mp-a-b"},
        {"UPPER_case.1", "mp-upper-case-1"},
    };
    struct arena a;
    arena_init(&a, 4096, 65536);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_text(director_normalise(text_of(rows[i].name), &a), rows[i].normal);
    arena_release(&a);
}

static void labels_are_set_removed_and_sorted(void **state)
{
    (void)state;
    const struct text none = {NULL, 0};
    static const struct {
        const char *labels, *key, *value, *expected;
    } rows[] = {
        {"", "a", "1", "{\"a\":1}"},
        {"{}", "a", "\"x\"", "{\"a\":\"x\"}"},
        {"{\"b\":1,\"a\":{\"k\":[2]}}", "c", "null", "{\"a\":{\"k\":[2]},\"b\":1,\"c\":null}"},
        {"{\"b\":1,\"a\":2}", "b", "3", "{\"a\":2,\"b\":3}"},
        {"{\"b\":1,\"a\":2}", "a", NULL, "{\"b\":1}"},
        {"{\"b\":1}", "zzz", NULL, "{\"b\":1}"},
        {"{\"b\":1,\"a\":2}", NULL, NULL, "{\"a\":2,\"b\":1}"},
    };
    struct arena a;
    arena_init(&a, 4096, 65536);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct text key = rows[i].key ? text_of(rows[i].key) : none;
        const struct text value = rows[i].value ? text_of(rows[i].value) : none;
        assert_text(labels_with(&a, text_of(rows[i].labels), key, value), rows[i].expected);
    }
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_normalised_for_paths),
        cmocka_unit_test(labels_are_set_removed_and_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
