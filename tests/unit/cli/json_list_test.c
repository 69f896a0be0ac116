/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/json_list.h"

#include "cli/cli.h"

#include "check.h"

static void walks_arrays_of_anything(void **state)
{
    (void)state;
    struct text rest = TEXT("[ 1 , \"a]\\\"\" ,{\"b\":[1,2]}, [[3]] ,null]"), raw;
    static const char *const expected[] = {"1", "\"a]\\\"\"", "{\"b\":[1,2]}", "[[3]]", "null"};
    for (size_t i = 0; i < 5; i++) {
        assert_true(json_item(&rest, &raw));
        assert_text(raw, expected[i]);
    }
    assert_false(json_item(&rest, &raw));
    assert_false(json_item(&rest, &raw));
}

static void what_is_no_array_has_no_items(void **state)
{
    (void)state;
    static const char *const rows[] = {"[]", "[ ]", "{}", "1", "null", "\"[1]\"", ""};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text rest = text_of(rows[i]), raw;
        assert_false(json_item(&rest, &raw));
    }
}

static void walks_members_of_objects(void **state)
{
    (void)state;
    struct text rest = TEXT("{ \"a\" : 1,\"b\":{\"c\":2} , \"d\":\"x\" }"), name, raw;
    assert_true(json_next_member(&rest, &name, &raw));
    assert_text(name, "a");
    assert_text(raw, "1");
    assert_true(json_next_member(&rest, &name, &raw));
    assert_text(raw, "{\"c\":2}");
    assert_true(json_next_member(&rest, &name, &raw));
    assert_text(name, "d");
    assert_text(raw, "\"x\"");
    assert_false(json_next_member(&rest, &name, &raw));
}

static void shows_values_as_people_read_them(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1024, 65536);
    struct text object =
        TEXT("{\"s\":\"a\\u00e4\",\"n\":-1.5,\"t\":true,\"z\":null,\"o\":{},\"p\":{\"x\":1},\"e\":\"\"}");
    assert_text(json_shown(object, "s", &a), "a\xc3\xa4");
    assert_text(json_shown(object, "n", &a), "-1.5");
    assert_text(json_shown(object, "t", &a), "true");
    assert_text(json_shown(object, "z", &a), "");
    assert_text(json_shown(object, "o", &a), "");
    assert_text(json_shown(object, "p", &a), "{\"x\":1}");
    assert_text(json_shown(object, "e", &a), "");
    assert_text(json_shown(object, "absent", &a), "");
    assert_null(json_string(object, "n", &a).p);
    assert_null(json_raw_member(object, "s").p);
    arena_release(&a);
}

static void times_are_read_strictly(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "2026",
                                      "2026-13-01T00:00:00Z",
                                      "2026-00-01T00:00:00Z",
                                      "2026-01-01 00:00:00Z",
                                      "2026-01-01T00:00:00",
                                      "2026-01-01T24:00:00Z",
                                      "2026-01-01T00:00:00+01:00"};
    int64_t at;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (cli_parse_time(text_of(bad[i]), &at))
            fail_msg("'%s' was taken", bad[i]);
    assert_true(cli_parse_time(TEXT("1970-01-02T00:00:01Z"), &at));
    assert_int_equal(at, 86401);
    assert_true(cli_parse_time(TEXT("1970-01-01T00:00:01.5Z"), &at));
    assert_int_equal(at, 1);
}

static void fingerprints_are_taken_as_openssl_prints_them(void **state)
{
    (void)state;
    char out[CLI_FINGERPRINT_MAX];
    assert_true(cli_fingerprint("AB:cd:01", out));
    assert_string_equal(out, "abcd01");
    assert_false(cli_fingerprint("", out));
    assert_false(cli_fingerprint("xy", out));
    char word[66];
    memset(word, 'a', 65);
    word[65] = '\0';
    assert_false(cli_fingerprint(word, out));
    word[64] = '\0';
    assert_true(cli_fingerprint(word, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_arrays_of_anything),
        cmocka_unit_test(what_is_no_array_has_no_items),
        cmocka_unit_test(walks_members_of_objects),
        cmocka_unit_test(shows_values_as_people_read_them),
        cmocka_unit_test(times_are_read_strictly),
        cmocka_unit_test(fingerprints_are_taken_as_openssl_prints_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
