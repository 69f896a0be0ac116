/* SPDX-License-Identifier: Apache-2.0 */
#include "config/yaml_json.h"

#include <stdio.h>

#include "base/json_scan.h"
#include "check.h"

#define OUT_MAX (256 * 1024)

struct pair {
    const char *yaml, *other;
};
#define EACH(rows) (size_t i = 0; i < sizeof(rows) / sizeof(rows)[0]; i++)

static void expect_json(const char *yaml, const char *json)
{
    struct buffer out;
    struct error err = {0};
    buffer_init(&out, OUT_MAX);
    struct status st = yaml_to_json(text_of(yaml), &out, &err);
    if (!status_ok(st))
        fail_msg("'%s': %s", yaml, error_text(&err, st));
    if (!text_equal(buffer_as_text(&out), text_of(json)))
        fail_msg("'%s' is '%.*s', expected '%s'", yaml, TEXT_ARG(buffer_as_text(&out)), json);
    assert_ok(json_scan(buffer_as_text(&out), NULL));
    buffer_release(&out);
}

static void expect_refusal(struct text yaml, const char *message)
{
    struct buffer out;
    struct error err = {0};
    buffer_init(&out, OUT_MAX);
    struct status st = yaml_to_json(yaml, &out, &err);
    if (st.code != E_INVALID)
        fail_msg("'%.*s': %s, expected E_INVALID", TEXT_ARG(yaml), code_name(st.code));
    if (!strstr(err.message, message))
        fail_msg("'%.*s': '%s', expected '%s'", TEXT_ARG(yaml), err.message, message);
    buffer_release(&out);
}

static void refuses_what_json_cannot_say(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        {"a: &x 1\nb: *x\n", "line 1, column 4: anchors (&name) are not supported"},
        {"a: 1\nb: *x\n", "line 2, column 4: aliases (*name) are not supported"},
        {"*x : 1\n", "aliases (*name) are not supported"},
        {"&k a: 1\n", "anchors (&name) are not supported"},
        {"a: &l [1]\n", "anchors (&name) are not supported"},
        {"a: &m {b: 1}\n", "anchors (&name) are not supported"},
        {"a: !!str 1\n", "line 1, column 4: tags (!name) are not supported"},
        {"a: !x [1]\n", "tags (!name) are not supported"},
        {"!!map {a: 1}\n", "tags (!name) are not supported"},
        {"a: ! 1\n", "tags (!name) are not supported"},
        {"<<: {a: 1}\n", "merge keys (<<) are not supported"},
        {"a: 1\nb: 2\na: 3\n", "line 3, column 1: the key 'a' is given twice"},
        {"{a: 1, \"a\": 2}", "line 1, column 8: the key 'a' is given twice"},
        {"? [a, b]\n: 1\n", "line 1, column 3: a key must be a single word or text"},
        {"? {a: b}\n: 1\n", "a key must be a single word or text"},
        {"{: 1}", "line 1, column 2: did not find expected node content"},
        {"?\n: 1\n", "a key is missing"},
        {"a: 1\n---\nb: 2\n", "line 2, column 1: a second document"},
        {"--- a\n--- b\n", "a second document"},
        {"a: .inf\n", "line 1, column 4: JSON has no infinity and no NaN"},
        {"a: -.INF\n", "JSON has no infinity and no NaN"},
        {"[.nan]\n", "JSON has no infinity and no NaN"},
        {"", "line 1, column 1: there is nothing in it"},
        {"# only a comment\n", "there is nothing in it"},
        {"a: 1\n b: 2\n", "line 2, column 3: mapping values are not allowed in this context"},
        {"a: [1, 2\nb: 3\n", "line "},
        {"a: \"open\n", "line "},
        {"\ta: 1\n", "line 1, column 1: found character that cannot start any token"},
        {"a: \"\\q\"\n", "found unknown escape character"},
        {"a: @x\n", "found character that cannot start any token"},
    };
    for
        EACH(rows)
    expect_refusal(text_of(rows[i].yaml), rows[i].other);
}

static void refuses_other_encodings_and_control_characters(void **state)
{
    (void)state;
    expect_refusal(TEXT("\xff\xfe"
                        "a\0:\0 \0001\0"),
                   "byte 0: ");
    expect_refusal(TEXT("a: \xe4\n"), "byte 3: ");
    expect_refusal(TEXT("a: \xed\xa0\x80\n"), "byte ");
    expect_refusal(TEXT("a: \x01\n"), "control characters are not allowed");
    expect_refusal(TEXT("a: \0\n"), "control characters are not allowed");
}

static void refuses_depth_over_64(void **state)
{
    (void)state;
    for (int depth = 64; depth <= 65; depth++) {
        struct buffer yaml, out;
        struct error err = {0};
        buffer_init(&yaml, OUT_MAX);
        buffer_init(&out, OUT_MAX);
        for (int i = 0; i < depth; i++)
            buffer_cstr(&yaml, i % 2 ? "[" : "{a: ");
        buffer_cstr(&yaml, "b");
        for (int i = depth - 1; i >= 0; i--)
            buffer_cstr(&yaml, i % 2 ? "]" : "}");
        assert_status(yaml_to_json(buffer_as_text(&yaml), &out, &err), depth == 64 ? E_OK : E_INVALID);
        assert_true(depth == 64 || strstr(err.message, "nested too deeply (64 levels)"));
        buffer_release(&yaml);
        buffer_release(&out);
    }
}

static void stops_when_the_output_is_full(void **state)
{
    (void)state;
    static const char yaml[] = "name: shop\nlabels:\n  - one\n  - \"two\\n\"\n";
    static const char json[] = "{\"name\":\"shop\",\"labels\":[\"one\",\"two\\u000a\"]}";
    for (size_t max = 0; max <= sizeof json - 1; max++) {
        struct buffer out;
        buffer_init(&out, max);
        assert_status(yaml_to_json(text_of(yaml), &out, NULL), max == sizeof json - 1 ? E_OK : E_TOO_LARGE);
        buffer_release(&out);
    }
}

static void plain_scalars_follow_the_core_schema(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        {"null", "null"},
        {"Null", "null"},
        {"NULL", "null"},
        {"~", "null"},
        {"nULL", "\"nULL\""},
        {"true", "true"},
        {"True", "true"},
        {"TRUE", "true"},
        {"false", "false"},
        {"False", "false"},
        {"FALSE", "false"},
        {"tRUE", "\"tRUE\""},
        /* YAML 1.1 would make booleans, dates, sexagesimals and grouped numbers of these. */
        {"yes", "\"yes\""},
        {"no", "\"no\""},
        {"on", "\"on\""},
        {"Off", "\"Off\""},
        {"y", "\"y\""},
        {"2026-11-21", "\"2026-11-21\""},
        {"2026-11-21T05:13:44Z", "\"2026-11-21T05:13:44Z\""},
        {"12:30:45", "\"12:30:45\""},
        {"1_000", "\"1_000\""},
        {"0b101", "\"0b101\""},
    };
    for
        EACH(rows)
    expect_json(rows[i].yaml, rows[i].other);
}

static void numbers_keep_their_spelling(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        {"0", "0"},
        {"-0", "-0"},
        {"12", "12"},
        {"18446744073709551615", "18446744073709551615"},
        {"123456789012345678901234567890", "123456789012345678901234567890"},
        {"2.0", "2.0"},
        {"1e3", "1e3"},
        {"1E+3", "1E+3"},
        {"-1.50e-07", "-1.50e-07"},
        /* Spellings that JSON does not have. */
        {"+7", "7"},
        {"+1.5", "1.5"},
        {".5", "0.5"},
        {"-.5", "-0.5"},
        {"5.", "5.0"},
        {"5.e2", "5.0e2"},
        {"0x1F", "31"},
        {"0xffffffffffffffff", "18446744073709551615"},
        {"0o17", "15"},
        /* Strings, although they look like numbers to some. */
        {"0x10000000000000000", "\"0x10000000000000000\""},
        {"0x", "\"0x\""},
        {"0xfg", "\"0xfg\""},
        {"0o8", "\"0o8\""},
        {"-0x1", "\"-0x1\""},
        {"007", "\"007\""},
        {"00.5", "\"00.5\""},
        {"-", "\"-\""},
        {"+", "\"+\""},
        {".", "\".\""},
        {"1e", "\"1e\""},
        {"1e+", "\"1e+\""},
        {"e5", "\"e5\""},
        {"1.2.3", "\"1.2.3\""},
        {"3.0.0", "\"3.0.0\""},
        {"--1", "\"--1\""},
        {"1 2", "\"1 2\""},
    };
    for
        EACH(rows)
        {
            if (strcmp(rows[i].yaml, "-") != 0) /* a list, at the top */
                expect_json(rows[i].yaml, rows[i].other);
            char yaml[128], json[128];
            (void)snprintf(yaml, sizeof yaml, "{a: %s}", rows[i].yaml);
            (void)snprintf(json, sizeof json, "{\"a\":%s}", rows[i].other);
            if (strcmp(rows[i].yaml, "-") != 0)
                expect_json(yaml, json);
        }
}

static void quoted_and_block_scalars_are_strings(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        {"'12'", "\"12\""},
        {"\"true\" # not JSON", "\"true\""},
        {"''", "\"\""},
        {"'it''s'", "\"it's\""},
        {"a: \"tab\\there \\x41 \\u00e4 \\U0001F600 \\0\"\n",
         "{\"a\":\"tab\\u0009here A \xc3\xa4 \xf0\x9f\x98\x80 \\u0000\"}"},
        {"a: \"quote \\\" back \\\\\"\n", "{\"a\":\"quote \\\" back \\\\\"}"},
        {"a: |\n  12\n  true\n", "{\"a\":\"12\\u000atrue\\u000a\"}"},
        {"a: |-\n  12\n", "{\"a\":\"12\"}"},
        {"a: |+\n  12\n\n", "{\"a\":\"12\\u000a\\u000a\"}"},
        {"a: >\n  one\n  two\n\n  three\n", "{\"a\":\"one two\\u000athree\\u000a\"}"},
        {"a: >-\n  null\n", "{\"a\":\"null\"}"},
        {"a: one\n  two\n", "{\"a\":\"one two\"}"},
        {"a: 'one\n\n  two'\n", "{\"a\":\"one\\u000atwo\"}"},
        {"a: http://x/?y#z\n", "{\"a\":\"http://x/?y#z\"}"},
        {"a: </script>\n", "{\"a\":\"</script>\"}"},
    };
    for
        EACH(rows)
    expect_json(rows[i].yaml, rows[i].other);
}

static void converts_block_and_flow_collections(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        {"a:\n", "{\"a\":null}"},
        {"a: {}\nb: []\n", "{\"a\":{},\"b\":[]}"},
        {"- 1\n- - 2\n  - 3\n- a: b\n", "[1,[2,3],{\"a\":\"b\"}]"},
        {"- \n", "[null]"},
        {"a: # why\n  b:\n  - c\n  - d: e\n    f: g\n", "{\"a\":{\"b\":[\"c\",{\"d\":\"e\",\"f\":\"g\"}]}}"},
        {"{a, b: , c: [x, y,],}", "{\"a\":null,\"b\":null,\"c\":[\"x\",\"y\"]}"},
        {"200: ok\n404: {$ref: '#/x'}\n", "{\"200\":\"ok\",\"404\":{\"$ref\":\"#/x\"}}"},
        {"yes: no\nnull: ~\n\"\": 0\n'<<': 1\n", "{\"yes\":\"no\",\"null\":null,\"\":0,\"<<\":1}"},
        {"? a\n: 1\n? b\n", "{\"a\":1,\"b\":null}"},
        {"%YAML 1.1\n---\na: 1\n...\n", "{\"a\":1}"},
        {"\xef\xbb\xbf"
         "a: 1\n",
         "{\"a\":1}"},
        {"a: 1\r\nb:\r\n  - x\r\n", "{\"a\":1,\"b\":[\"x\"]}"},
    };
    for
        EACH(rows)
    expect_json(rows[i].yaml, rows[i].other);
}

static void json_passes_as_it_is(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{\"a\":18446744073709551615,\"b\":2.0,\"c\":1e3}",
        "{\"pair\":\"\\ud83d\\ude00 \\/\"}",
        " [ 1,\t2 ] ",
        "{\n\t\"a\":\t{}\n}\n",
        "\"text\"",
        "{\"a\":1,\"a\":2}",
    };
    for
        EACH(rows)
    expect_json(rows[i], rows[i]);
}

static struct status convert(const char *yaml)
{
    struct buffer out;
    buffer_init(&out, OUT_MAX);
    struct status st = yaml_to_json(text_of(yaml), &out, NULL);
    buffer_release(&out);
    return st;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(convert("a: [1, 2]\nb: {c: \"d\"}\ne: |\n  f\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_json_cannot_say),
        cmocka_unit_test(refuses_other_encodings_and_control_characters),
        cmocka_unit_test(refuses_depth_over_64),
        cmocka_unit_test(stops_when_the_output_is_full),
        cmocka_unit_test(plain_scalars_follow_the_core_schema),
        cmocka_unit_test(numbers_keep_their_spelling),
        cmocka_unit_test(quoted_and_block_scalars_are_strings),
        cmocka_unit_test(converts_block_and_flow_collections),
        cmocka_unit_test(json_passes_as_it_is),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
