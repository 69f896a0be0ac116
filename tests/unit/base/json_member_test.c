/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_scan.h"

#include "base/buffer.h"
#include "check.h"

static void finds_nothing_where_there_is_no_member(void **state)
{
    (void)state;
    static const char *const without[] = {"",
                                          "null",
                                          "[]",
                                          "\"csr\"",
                                          "{}",
                                          "[{\"csr\":1}]",
                                          "{\"x\":{\"csr\":1}}",
                                          "{\"csrr\":1}",
                                          "{\"cs\":1}",
                                          "{\"x\":\"csr\"}",
                                          "{\"c\\u00735\":1}"};
    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
        struct text raw = TEXT("untouched");
        enum json_type type = JSON_TYPE_NULL;
        assert_false(json_member(text_of(without[i]), TEXT("csr"), &raw, &type));
        assert_text(raw, "untouched");
    }
}

static void stays_inside_what_was_never_accepted(void **state)
{
    (void)state;
    const struct text whole = TEXT("{\"a\\\\\":[1,{\"b\":\"]}\"}],\"csr\\u0041\":\"x\\\"y\",\"n\":-1.5}");
    for (size_t n = 0; n <= whole.n; n++) {
        char copy[128]; /* its own memory, so that a read too far is seen */
        memcpy(copy, whole.p, n);
        struct text raw;
        enum json_type type;
        json_member((struct text){copy, n}, TEXT("n"), &raw, &type);
        json_member((struct text){copy, n}, TEXT("csrA"), &raw, &type);
    }
}

static void finds_members_as_go_does(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        const char *raw;
        enum json_type type;
    } cases[] = {
        {"{\"csr\":\"abc\"}", "\"abc\"", JSON_TYPE_STRING},
        {" { \"CSR\" : 17 } ", "17", JSON_TYPE_NUMBER},
        {"{\"a\":1,\"Csr\":true,\"z\":2}", "true", JSON_TYPE_BOOL},
        {"{\"csr\":null}", "null", JSON_TYPE_NULL},
        {"{\"csr\": [1,\"]\",[2]] ,\"x\":1}", "[1,\"]\",[2]]", JSON_TYPE_ARRAY},
        {"{\"csr\":{\"csr\":\"}\\\"\"}}", "{\"csr\":\"}\\\"\"}", JSON_TYPE_OBJECT},
        {"{\"csr\":1,\"CSR\":2,\"x\":3}", "2", JSON_TYPE_NUMBER}, /* the last wins */
        {"{\"\\u0063\\u0053r\":-1e5}", "-1e5", JSON_TYPE_NUMBER}, /* escaped key */
        {"{\"x\":\"\\\\\",\"csr\":\"\\\"\"}", "\"\\\"\"", JSON_TYPE_STRING},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct text raw = {NULL, 0};
        enum json_type type = JSON_TYPE_NULL;
        assert_ok(json_scan(text_of(cases[i].in), NULL));
        assert_true(json_member(text_of(cases[i].in), TEXT("csr"), &raw, &type));
        assert_text(raw, cases[i].raw);
        assert_int_equal(type, cases[i].type);
    }
}

static void keys_beyond_ascii_compare_after_decoding(void **state)
{
    (void)state;
    struct text raw;
    enum json_type type;
    assert_true(json_member(TEXT("{\"gr\\u00fc\\n\":1}"), TEXT("GR\xc3\xbc\n"), &raw, &type));
    assert_true(json_member(TEXT("{\"\\ud83d\\udea2\":1}"), TEXT("\xf0\x9f\x9a\xa2"), &raw, &type));
    assert_false(json_member(TEXT("{\"\\ud83d\\udea2\":1}"), TEXT("\xf0\x9f\x9a"), &raw, &type));
}

static void refuses_to_decode_what_is_no_string(void **state)
{
    (void)state;
    static const struct text bad[] = {
        TEXT_INIT(""),          TEXT_INIT("\""),          TEXT_INIT("abc"),      TEXT_INIT("\"abc"),
        TEXT_INIT("abc\""),     TEXT_INIT("\"a\"b\""),    TEXT_INIT("\"a\\\""),  TEXT_INIT("\"\\x\""),
        TEXT_INIT("\"\\u12\""), TEXT_INIT("\"\\u12g4\""), TEXT_INIT("\"\\\0\""), {NULL, 0}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        OWNED(buffer_release) struct buffer out;
        buffer_init(&out, 100);
        assert_status(json_string_decode(bad[i], &out), E_INVALID);
    }
    OWNED(buffer_release) struct buffer small;
    buffer_init(&small, 2);
    assert_status(json_string_decode(TEXT("\"abc\""), &small), E_TOO_LARGE);
}

static void strings_decode_with_all_escapes(void **state)
{
    (void)state;
    static const struct {
        const char *raw;
        struct text out;
    } cases[] = {
        {"\"\"", TEXT_INIT("")},
        {"\"abc\"", TEXT_INIT("abc")},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", TEXT_INIT("\"\\/\b\f\n\r\t")},
        {"\"\\u0041\\u00e4\\u20AC\"", TEXT_INIT("A\xc3\xa4\xe2\x82\xac")},
        {"\"\\ud83d\\udea2!\"", TEXT_INIT("\xf0\x9f\x9a\xa2!")},
        {"\"\\ud83d\"", TEXT_INIT("\xef\xbf\xbd")},
        {"\"\\ud83dx\"", TEXT_INIT("\xef\xbf\xbdx")},
        {"\"\\udea2\\ud83d\"", TEXT_INIT("\xef\xbf\xbd\xef\xbf\xbd")},
        {"\"\\ud83d\\u0041\"", TEXT_INIT("\xef\xbf\xbd"
                                         "A")},
        {"\"\\ud83d\\ud83d\\udea2\"", TEXT_INIT("\xef\xbf\xbd\xf0\x9f\x9a\xa2")},
        {"\"a\\u0000b\"", TEXT_INIT("a\0b")},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(buffer_release) struct buffer out;
        buffer_init(&out, 100);
        assert_ok(json_scan(text_of(cases[i].raw), NULL));
        assert_ok(json_string_decode(text_of(cases[i].raw), &out));
        assert_true(text_equal(buffer_as_text(&out), cases[i].out));
    }
}

static struct status decode_long(void)
{
    OWNED(buffer_release) struct buffer raw;
    OWNED(buffer_release) struct buffer out;
    buffer_init(&raw, 10000);
    buffer_init(&out, 10000);
    buffer_byte(&raw, '"');
    for (int i = 0; i < 500; i++)
        buffer_text(&raw, TEXT("plain\\n"));
    buffer_byte(&raw, '"');
    TRY(buffer_status(&raw));
    return json_string_decode(buffer_as_text(&raw), &out);
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_survives_failing_allocations(decode_long());
}

static void line_breaks_go_from_strings_only(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"{\n\"a\" :\r\n\"b\r\nc\nd\"\n}\n", "{\n\"a\" :\r\n\"bcd\"\n}\n"},
        {"\"a\\\"\n\"\n", "\"a\\\"\"\n"},
        {"\"a\\\\\"\n", "\"a\\\\\"\n"},
        {"\"never closed\n", "\"never closed"},
        {"\"\\", "\"\\"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(buffer_release) struct buffer out;
        buffer_init(&out, 100);
        json_drop_newlines_in_strings(text_of(cases[i][0]), &out);
        assert_text(buffer_as_text(&out), cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_nothing_where_there_is_no_member),
        cmocka_unit_test(stays_inside_what_was_never_accepted),
        cmocka_unit_test(refuses_to_decode_what_is_no_string),
        cmocka_unit_test(survives_every_failing_allocation),
        cmocka_unit_test(finds_members_as_go_does),
        cmocka_unit_test(keys_beyond_ascii_compare_after_decoding),
        cmocka_unit_test(strings_decode_with_all_escapes),
        cmocka_unit_test(line_breaks_go_from_strings_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
