/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_out.h"

#include "aborts.h"
#include "base/json_scan.h"
#include "check.h"

static void a_name_in_the_wrong_place_is_a_bug(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 1000);
    struct json_out j;
    json_out_init(&j, &b);
    assert_aborts(json_int(&j, "name", 1));
    assert_aborts(json_end(&j));
    json_open_object(&j, NULL);
    assert_aborts(json_int(&j, NULL, 1));
    json_open_array(&j, "items");
    assert_aborts(json_int(&j, "name", 1));
    assert_aborts(json_key(&j, TEXT("name")));
    json_end(&j);
    json_key(&j, TEXT("name"));
    assert_aborts(json_key(&j, TEXT("name")));
    assert_aborts(json_int(&j, "name", 1));
    assert_aborts(json_end(&j));
}

static void foreign_keys_are_escaped(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 1000);
    struct json_out j;
    json_out_init(&j, &b);
    json_open_object(&j, NULL);
    json_key(&j, TEXT("a\"<"));
    json_int(&j, NULL, 1);
    json_key(&j, TEXT(""));
    json_open_array(&j, NULL);
    json_int(&j, NULL, 2);
    json_end(&j);
    json_int(&j, "c", 3);
    json_end(&j);
    assert_text(buffer_as_text(&b), "{\"a\\\"\\u003c\":1,\"\":[2],\"c\":3}");
}

static void refuses_the_33rd_level(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 1000);
    struct json_out j;
    json_out_init(&j, &b);
    for (int i = 0; i < 32; i++)
        json_open_array(&j, NULL);
    assert_aborts(json_open_array(&j, NULL));
    for (int i = 0; i < 32; i++)
        json_end(&j);
    assert_ok(json_scan(buffer_as_text(&b), NULL));
}

static struct status write_document(struct buffer *b)
{
    struct json_out j;
    json_out_init(&j, b);
    json_open_object(&j, NULL);
    json_text(&j, "url", TEXT("https://a/?b&c"));
    json_cstr(&j, "none", NULL);
    json_cstr(&j, "word", "w");
    json_open_array(&j, "list");
    json_int(&j, NULL, 1);
    json_open_object(&j, NULL);
    json_end(&j);
    json_open_array(&j, NULL);
    json_bool(&j, NULL, true);
    json_end(&j);
    json_write_null(&j, NULL);
    json_end(&j);
    json_open_object(&j, "empty");
    json_end(&j);
    json_raw(&j, "raw", TEXT("{\"x\": 1}"));
    json_raw(&j, "absent", (struct text){NULL, 0});
    json_time(&j, "at", 0);
    json_bool(&j, "no", false);
    json_end(&j);
    return buffer_status(b);
}

static struct status write_and_release(size_t max)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, max);
    return write_document(&b);
}

static void failure_is_the_buffer_s(void **state)
{
    (void)state;
    assert_survives_failing_allocations(write_and_release(1000));
    assert_status(write_and_release(20), E_TOO_LARGE);
}

static void commas_and_names_are_put_where_they_belong(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 1000);
    assert_ok(write_document(&b));
    assert_text(
        buffer_as_text(&b),
        "{\"url\":\"https://a/?b\\u0026c\",\"none\":null,\"word\":\"w\",\"list\":[1,{},[true],null],"
        "\"empty\":{},\"raw\":{\"x\": 1},\"absent\":null,\"at\":\"1970-01-01T00:00:00Z\",\"no\":false}");
    assert_ok(json_scan(buffer_as_text(&b), NULL));
}

static void strings_are_escaped_as_go_does(void **state)
{
    (void)state;
    static const struct {
        struct text in;
        const char *out;
    } cases[] = {
        {TEXT_INIT(""), "\"\""},
        {TEXT_INIT("a\"b\\c/d"), "\"a\\\"b\\\\c/d\""},
        {TEXT_INIT("<a href='x'>&</a>"), "\"\\u003ca href='x'\\u003e\\u0026\\u003c/a\\u003e\""},
        {TEXT_INIT("\n\r\t\b\f\x1f\0\x7f"), "\"\\n\\r\\t\\u0008\\u000c\\u001f\\u0000\x7f\""},
        {TEXT_INIT("gr\xc3\xbc\xc3\x9f \xf0\x9f\x9a\xa2"), "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x9a\xa2\""},
        {TEXT_INIT("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa"), "\"\\u2028\\u2029\xe2\x80\xaa\""},
        {TEXT_INIT("a\xff\xc3"), "\"a\\ufffd\\ufffd\""},
        {TEXT_INIT("\xed\xa0\x80z"), "\"\\ufffd\\ufffd\\ufffdz\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(buffer_release) struct buffer b;
        buffer_init(&b, 1000);
        struct json_out j;
        json_out_init(&j, &b);
        json_text(&j, NULL, cases[i].in);
        assert_text(buffer_as_text(&b), cases[i].out);
        assert_ok(json_scan(buffer_as_text(&b), NULL));
    }
}

static void integers_print_in_full(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 1000);
    struct json_out j;
    json_out_init(&j, &b);
    json_open_array(&j, NULL);
    json_int(&j, NULL, 0);
    json_int(&j, NULL, -1);
    json_int(&j, NULL, INT64_MAX);
    json_int(&j, NULL, INT64_MIN);
    json_end(&j);
    assert_text(buffer_as_text(&b), "[0,-1,9223372036854775807,-9223372036854775808]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_in_the_wrong_place_is_a_bug),
        cmocka_unit_test(foreign_keys_are_escaped),
        cmocka_unit_test(refuses_the_33rd_level),
        cmocka_unit_test(failure_is_the_buffer_s),
        cmocka_unit_test(commas_and_names_are_put_where_they_belong),
        cmocka_unit_test(strings_are_escaped_as_go_does),
        cmocka_unit_test(integers_print_in_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
