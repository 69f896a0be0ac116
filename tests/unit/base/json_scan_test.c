/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_scan.h"

#include "base/buffer.h"
#include "check.h"

#define END "unexpected end of JSON input"

/* What is refused, where (offset), and in which words. */
static const struct {
    struct text in;
    size_t offset;
    const char *what;
} refused[] = {
    {TEXT_INIT(""), 0, END},
    {TEXT_INIT(" \n"), 2, END},
    {TEXT_INIT("{"), 1, END},
    {TEXT_INIT("["), 1, END},
    {TEXT_INIT("[1"), 2, END},
    {TEXT_INIT("[1,"), 3, END},
    {TEXT_INIT("{\"a\""), 4, END},
    {TEXT_INIT("{\"a\":"), 5, END},
    {TEXT_INIT("{\"a\":1"), 6, END},
    {TEXT_INIT("{\"a\":1,"), 7, END},
    {TEXT_INIT("\"abc"), 4, END},
    {TEXT_INIT("\"abcdefghijkl"), 13, END},
    {TEXT_INIT("\"abc\\"), 5, END},
    {TEXT_INIT("\"\\u12"), 5, END},
    {TEXT_INIT("tru"), 3, END},
    {TEXT_INIT("-"), 1, END},
    {TEXT_INIT("1."), 2, END},
    {TEXT_INIT("1e+"), 3, END},
    {TEXT_INIT("[1,]"), 3, "trailing comma before ']'"},
    {TEXT_INIT("{\"a\":1,}"), 7, "trailing comma before '}'"},
    {TEXT_INIT("[,1]"), 1, "invalid character"},
    {TEXT_INIT("[1 2]"), 3, "',' or ']' expected"},
    {TEXT_INIT("[1}"), 2, "',' or ']' expected"},
    {TEXT_INIT("{\"a\":1]"), 6, "',' or '}' expected"},
    {TEXT_INIT("{\"a\" 1}"), 5, "':' expected after member name"},
    {TEXT_INIT("{a:1}"), 1, "member name in double quotes expected"},
    {TEXT_INIT("{1:1}"), 1, "member name in double quotes expected"},
    {TEXT_INIT("{\"a\":}"), 5, "invalid character"},
    {TEXT_INIT("{} {}"), 3, "unexpected data after the value"},
    {TEXT_INIT("1 1"), 2, "unexpected data after the value"},
    {TEXT_INIT("{}\0"), 2, "unexpected data after the value"},
    {TEXT_INIT("\0"), 0, "invalid character"},
    {TEXT_INIT("]"), 0, "invalid character"},
    {TEXT_INIT("// x\n1"), 0, "comments are not allowed"},
    {TEXT_INIT("[1,/* x */2]"), 3, "comments are not allowed"},
    {TEXT_INIT("'a'"), 0, "strings need double quotes"},
    {TEXT_INIT("\xef\xbb\xbf{}"), 0, "byte order mark before the value"},
    {TEXT_INIT("\x0b{}"), 0, "invalid character"},
    {TEXT_INIT("\xc2\xa0{}"), 0, "invalid character"},
    {TEXT_INIT("True"), 0, "invalid character"},
    {TEXT_INIT("nul1"), 3, "invalid literal, expected true, false or null"},
    {TEXT_INIT("truetrue"), 4, "unexpected data after the value"},
    {TEXT_INIT("NaN"), 0, "invalid character"},
    {TEXT_INIT("Infinity"), 0, "invalid character"},
    {TEXT_INIT("-Infinity"), 1, "digit expected in number"},
    {TEXT_INIT("+1"), 0, "invalid character"},
    {TEXT_INIT(".5"), 0, "invalid character"},
    {TEXT_INIT("01"), 1, "leading zero in number"},
    {TEXT_INIT("-01"), 2, "leading zero in number"},
    {TEXT_INIT("1.e5"), 2, "digit expected in number"},
    {TEXT_INIT("1ea"), 2, "digit expected in number"},
    {TEXT_INIT("0x10"), 1, "unexpected data after the value"},
    {TEXT_INIT("--1"), 1, "digit expected in number"},
    {TEXT_INIT("\"a\nb\""), 2, "line break in string"},
    {TEXT_INIT("\"a\tb\""), 2, "control character in string"},
    {TEXT_INIT("\"a\0b\""), 2, "control character in string"},
    {TEXT_INIT("\"12345678\x1f\""), 9, "control character in string"},
    {TEXT_INIT("\"\\x41\""), 2, "invalid escape in string"},
    {TEXT_INIT("\"\\\0\""), 2, "invalid escape in string"},
    {TEXT_INIT("\"\\'\""), 2, "invalid escape in string"},
    {TEXT_INIT("\"\\u12g4\""), 5, "invalid \\u escape in string"},
    {TEXT_INIT("\"\\U1234\""), 2, "invalid escape in string"},
    {TEXT_INIT("\"\xff\""), 1, "invalid UTF-8 in string"},
    {TEXT_INIT("\"\xc0\x80\""), 1, "invalid UTF-8 in string"},
    {TEXT_INIT("\"\xed\xa0\x80\""), 1, "invalid UTF-8 in string"},
    {TEXT_INIT("\"\xe2\x82\""), 1, "invalid UTF-8 in string"},
};

static void refuses_with_place_and_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct json_position where = {.what = ""};
        struct status s = json_scan(refused[i].in, &where);
        if (s.code != E_INVALID || where.offset != refused[i].offset ||
            strcmp(where.what, refused[i].what) != 0)
            fail_msg("'%.*s': %s at %zu, '%s'", TEXT_ARG(refused[i].in), code_name(s.code), where.offset,
                     where.what);
        assert_status(json_scan(refused[i].in, NULL), E_INVALID);
    }
}

/* The failure in words. */
static const struct {
    const char *in, *words;
} in_words[] = {
    {"", END},
    {" \n", END},
    {"tru", END},
    {"{", END ": 1 '{' not closed, the last at line 1, column 1"},
    {"{\n \"a\": {}, \"b\":\n  {\"c\": {\"x\":\"}\"}",
     END ": 2 '{' not closed, the last at line 3, column 3"},
    {"{\"a\": [1, {\"b\":[\"[\"", END ": 2 '[' not closed, the last at line 1, column 16"},
    {"{\"a\": \"x\\\"", END ": the string at line 1, column 7 is not closed"},
    {"{\"a", END ": the string at line 1, column 2 is not closed"},
    {"{\n  \"a\": 1,\n}", "trailing comma before '}' at line 3, column 1"},
    {"\"api\": {\n}", "':' outside of an object, a '{' is missing in front at line 1, column 6"},
    {"{} x", "unexpected data after the value at line 1, column 4"},
};

static void says_in_words_what_is_wrong_and_where(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(in_words) / sizeof(in_words[0]); i++) {
        struct json_position where;
        char words[JSON_POSITION_TEXT];
        assert_status(json_scan(text_of(in_words[i].in), &where), E_INVALID);
        assert_text(json_position_text(&where, words), in_words[i].words);
    }
}

static void refuses_the_absent_text(void **state)
{
    (void)state;
    assert_status(json_scan((struct text){NULL, 0}, NULL), E_INVALID);
}

static void refuses_the_65th_level(void **state)
{
    (void)state;
    for (int mixed = 0; mixed < 2; mixed++) {
        for (int depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
            OWNED(buffer_release) struct buffer b;
            buffer_init(&b, 1 << 16);
            for (int i = 0; i < depth; i++)
                buffer_text(&b, mixed && i % 2 ? TEXT("{\"a\":") : TEXT("["));
            buffer_text(&b, mixed && depth % 2 == 0 ? TEXT("1") : TEXT(""));
            for (int i = depth - 1; i >= 0; i--)
                buffer_byte(&b, mixed && i % 2 ? '}' : ']');
            struct json_position where;
            struct status s = json_scan(buffer_as_text(&b), &where);
            assert_int_equal(s.code, depth <= JSON_DEPTH_MAX ? E_OK : E_TOO_LARGE);
        }
    }
}

static void refuses_one_token_too_many(void **state)
{
    (void)state;
    for (int items = JSON_TOKENS_MAX - 1; items <= JSON_TOKENS_MAX; items++) { /* and the array itself */
        OWNED(buffer_release) struct buffer b;
        buffer_init(&b, 1 << 20);
        buffer_byte(&b, '[');
        for (int i = 0; i < items; i++)
            buffer_text(&b, i ? TEXT(",1") : TEXT("1"));
        buffer_byte(&b, ']');
        struct json_position where = {.what = ""};
        struct status s = json_scan(buffer_as_text(&b), &where);
        assert_int_equal(s.code, items < JSON_TOKENS_MAX ? E_OK : E_TOO_LARGE);
        if (items == JSON_TOKENS_MAX)
            assert_string_equal(where.what, "too many values");
        assert_ok(json_scan_with(buffer_as_text(&b), JSON_TOKENS_MAX + 1, &where));
    }
}

static void refuses_every_truncation(void **state)
{
    (void)state;
    const struct text whole =
        TEXT("{\"a\":[1,-0.5e+7,true,false,null,\"x\\n\\u00e4\xc3\xa4 and a long plain run\"],\"b\":{}}");
    assert_ok(json_scan(whole, NULL));
    for (size_t n = 0; n < whole.n; n++)
        assert_status(json_scan(text_first(whole, n), NULL), E_INVALID);
}

static void line_and_column_begin_at_one(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        int line, column;
    } cases[] = {{"x", 1, 1}, {"[1,\n  x]", 2, 3}, {"{\r\n\"a\":\n\n?}", 4, 1}, {"[\n", 2, 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json_position where;
        assert_status(json_scan(text_of(cases[i].in), &where), E_INVALID);
        assert_int_equal(where.line, cases[i].line);
        assert_int_equal(where.column, cases[i].column);
    }
}

static void accepts_every_form_of_rfc_8259(void **state)
{
    (void)state;
    static const char *const good[] = {
        "0",
        "-0",
        "10",
        "1.5",
        "1e5",
        "1E-5",
        "1.0e+10",
        "123456789012345678901234567890",
        "1e999",
        "\"\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uD83D\\uDE00\\ud800\"",
        "\"\x7f\"",
        "\"gr\xc3\xbc\xc3\x9f\"",
        "true",
        "false",
        "null",
        "[]",
        "{}",
        " [ ] ",
        "\t{\r\n}\n",
        "[[],{}]",
        "{\"a\":{\"a\":{}}}",
        "{\"a\":1,\"a\":2}",
        "{\"\":0}",
        " [ 1 , \"two\" , { \"three\" : 3 } ] ",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct json_position where = {.what = ""};
        if (!status_ok(json_scan(text_of(good[i]), &where)))
            fail_msg("%s: %s", good[i], where.what);
    }
}

/* skip_plain looks at eight bytes at once: each special byte at each place must be seen. */
static void a_special_byte_is_seen_at_every_place(void **state)
{
    (void)state;
    for (size_t length = 1; length < 26; length++) {
        for (size_t at = 0; at < length; at++) {
            for (unsigned byte = 0; byte < 256; byte++) {
                char in[32];
                memset(in, 'a', sizeof(in));
                in[0] = '"';
                in[1 + at] = (char)byte;
                in[1 + length] = '"';
                bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
                bool good = status_ok(json_scan((struct text){in, length + 2}, NULL));
                assert_int_equal(good, plain);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_with_place_and_reason),
        cmocka_unit_test(says_in_words_what_is_wrong_and_where),
        cmocka_unit_test(refuses_the_absent_text),
        cmocka_unit_test(refuses_the_65th_level),
        cmocka_unit_test(refuses_one_token_too_many),
        cmocka_unit_test(refuses_every_truncation),
        cmocka_unit_test(line_and_column_begin_at_one),
        cmocka_unit_test(accepts_every_form_of_rfc_8259),
        cmocka_unit_test(a_special_byte_is_seen_at_every_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
