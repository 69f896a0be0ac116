/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_compact.h"

#include "base/json_cursor.h"
#include "check.h"

static void compact_in_pieces(struct text in, size_t most, struct buffer *out)
{
    struct json_compact c = {.rest = in};
    for (size_t rounds = 0; c.rest.n; rounds++) {
        const size_t before = buffer_size(out);
        json_compact_some(&c, most, out);
        assert_ok(buffer_status(out));
        assert_true(buffer_size(out) - before <= (most < 6 ? 6 : most));
        assert_true(rounds <= in.n);
    }
}

static void escape_in_pieces(struct text in, size_t most, struct buffer *out)
{
    struct json_escape e = {in};
    for (size_t rounds = 0; e.rest.n; rounds++) {
        const size_t before = buffer_size(out);
        json_escape_some(&e, most, out);
        assert_ok(buffer_status(out));
        assert_true(buffer_size(out) - before <= (most < 24 ? 24 : most));
        assert_true(rounds <= in.n);
    }
}

static void numbers_order_and_duplicates_survive(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"{}", "{}"},
        {" [ ] ", "[]"},
        {"{ \"big\" : 18446744073709551615,\n\t\"f\":2.0, \"e\" : 1e3 ,\r\n \"n\":-0.50E+07 }",
         "{\"big\":18446744073709551615,\"f\":2.0,\"e\":1e3,\"n\":-0.50E+07}"},
        {"{\"b\": 1, \"a\": 2, \"b\": 3}", "{\"b\":1,\"a\":2,\"b\":3}"},
        {"\" a \\\" \\\\ \"", "\" a \\\" \\\\ \""},
        {"\"\\\\\" ", "\"\\\\\""},
        {"[ true , false,null ]", "[true,false,null]"},
        {"{\"<&>\": \"<b>&amp;\"}", "{\"\\u003c\\u0026\\u003e\":\"\\u003cb\\u003e\\u0026amp;\"}"},
        {"\"a\xe2\x80\xa8"
         "b\xe2\x80\xa9"
         "c\xe2\x80\xaf\xe2\x82\xac\"",
         "\"a\\u2028b\\u2029c\xe2\x80\xaf\xe2\x82\xac\""},
        {"\"\\u003c\\u2028\\/\\ud83d\\ude00 \xf0\x9f\x98\x80\"",
         "\"\\u003c\\u2028\\/\\ud83d\\ude00 \xf0\x9f\x98\x80\""},
        {" 17 ", "17"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_ok(json_scan(text_of(cases[i].in), NULL));
        for (size_t most = 0; most < 40; most++) {
            OWNED(buffer_release) struct buffer out;
            buffer_init(&out, 1000);
            compact_in_pieces(text_of(cases[i].in), most, &out);
            assert_text(buffer_as_text(&out), cases[i].out);
        }
    }
}

static void text_is_escaped_in_pieces_of_any_size(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"<?xml version=\"1.0\"?>\n<a b='&amp;'/>\t",
         "\\u003c?xml version=\\\"1.0\\\"?\\u003e\\n\\u003ca b='\\u0026amp;'/\\u003e\\t"},
        {"openapi: 3.0.0\r\n\\ \x01", "openapi: 3.0.0\\r\\n\\\\ \\u0001"},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xe2\x80\xa8", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\\u2028"},
        {"\xf0\x9f\x98\x80\x80\x80\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80\\ufffd\\ufffd\xf0\x9f\x98\x80"},
        {"a\xff\xf0\x9f"
         "b\x80\x80\x80\x80\x80",
         "a\\ufffd\\ufffd\\ufffd"
         "b\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t most = 0; most < 80; most++) {
            OWNED(buffer_release) struct buffer out;
            buffer_init(&out, 1000);
            escape_in_pieces(text_of(cases[i].in), most, &out);
            assert_text(buffer_as_text(&out), cases[i].out);
        }
    }
}

static void a_full_buffer_ends_the_piece(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 8);
    struct json_compact c = {.rest = TEXT("[\"<<<<\"]")};
    json_compact_some(&c, 1000, &out);
    assert_status(buffer_status(&out), E_TOO_LARGE);
    buffer_clear(&out);
    struct json_escape e = {TEXT("<<<<<<<<")};
    json_escape_some(&e, 1000, &out);
    assert_status(buffer_status(&out), E_TOO_LARGE);
}

static void stays_inside_what_was_never_accepted(void **state)
{
    (void)state;
    const struct text whole = TEXT("[\"\\\"<\xe2\x80\xa8\\u00\", {\"a\" :tru\\");
    for (size_t n = 0; n <= whole.n; n++) {
        char copy[64]; /* its own memory, so that a read too far is seen */
        memcpy(copy, whole.p, n);
        OWNED(buffer_release) struct buffer out;
        buffer_init(&out, 1000);
        compact_in_pieces((struct text){copy, n}, 7, &out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_buffer_ends_the_piece),
        cmocka_unit_test(stays_inside_what_was_never_accepted),
        cmocka_unit_test(numbers_order_and_duplicates_survive),
        cmocka_unit_test(text_is_escaped_in_pieces_of_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
