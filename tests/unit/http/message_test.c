/* SPDX-License-Identifier: Apache-2.0 */
#include "http/message.h"

#include "base/clock.h"
#include "base/limits.h"
#include "check.h"
#include "http/date.h"
#include "http/refusal.h"

static struct arena arena;

static int init_arena(void **state)
{
    (void)state;
    arena_init(&arena, 4096, 1024 * 1024);
    return 0;
}

static int release_arena(void **state)
{
    (void)state;
    arena_release(&arena);
    clock_real();
    return 0;
}

static void methods_are_case_sensitive_names(void **state)
{
    (void)state;
    for (unsigned m = 0; m < HTTP_METHOD_COUNT; m++) {
        enum http_method parsed = HTTP_METHOD_COUNT;
        assert_true(http_method_parse(text_of(http_method_name((enum http_method)m)), &parsed));
        assert_int_equal(parsed, m);
    }
    static const char *const bad[] = {"", "get", "GETS", "GE", "PRI", "PROPFIND"};
    enum http_method out = HTTP_PUT;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(http_method_parse(text_of(bad[i]), &out));
    assert_int_equal(out, HTTP_PUT);
}

static void reasons_are_known_and_sorted(void **state)
{
    (void)state;
    const int known[] = {100, 101, 200, 204, 304, 400, 404, 405, 408, 413,
                         414, 417, 421, 429, 431, 500, 501, 503, 505, 511};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        assert_true(strlen(http_reason(known[i])) > 0);
    assert_string_equal(http_reason(404), "Not Found");
    assert_string_equal(http_reason(99), "");
    assert_string_equal(http_reason(299), "");
    assert_string_equal(http_reason(999), "");
}

static struct headers some_headers(void)
{
    struct headers h = {0};
    assert_ok(headers_add(&h, &arena, TEXT("Accept"), TEXT("a")));
    assert_ok(headers_add(&h, &arena, TEXT("Connection"), TEXT("close, X-One ,,\tx-two")));
    assert_ok(headers_add(&h, &arena, TEXT("accept"), TEXT("b")));
    assert_ok(headers_add(&h, &arena, TEXT("Empty"), (struct text){NULL, 0}));
    return h;
}

static void headers_are_found_whatever_their_case(void **state)
{
    (void)state;
    const struct headers h = some_headers();
    assert_text(headers_get(&h, TEXT("ACCEPT")), "a");
    assert_int_equal(headers_count(&h, TEXT("Accept")), 2);
    assert_int_equal(headers_count(&h, TEXT("Accep")), 0);
    assert_null(headers_get(&h, TEXT("Missing")).p);
    assert_non_null(headers_get(&h, TEXT("Empty")).p);
    assert_int_equal(headers_get(&h, TEXT("Empty")).n, 0);
}

static void lists_hold_tokens(void **state)
{
    (void)state;
    const struct headers h = some_headers();
    assert_true(headers_has_token(&h, TEXT("connection"), TEXT("CLOSE")));
    assert_true(headers_has_token(&h, TEXT("connection"), TEXT("x-one")));
    assert_true(headers_has_token(&h, TEXT("connection"), TEXT("X-Two")));
    assert_false(headers_has_token(&h, TEXT("connection"), TEXT("x-t")));
    assert_false(headers_has_token(&h, TEXT("missing"), TEXT("close")));
}

static void hop_by_hop_fields_are_the_known_and_the_named(void **state)
{
    (void)state;
    const struct headers h = some_headers();
    static const char *const hop[] = {"connection", "Keep-Alive", "Proxy-Connection",  "TE",   "Trailer",
                                      "Upgrade",    "X-ONE",      "Transfer-Encoding", "x-two"};
    for (size_t i = 0; i < sizeof(hop) / sizeof(hop[0]); i++)
        assert_true(header_is_hop_by_hop(text_of(hop[i]), &h));
    assert_false(header_is_hop_by_hop(TEXT("Accept"), &h));
    assert_false(header_is_hop_by_hop(TEXT("Host"), &h));
    assert_true(headers_name_hops(&h));
    assert_true(header_is_hop_by_hop(TEXT("upgrade"), NULL));
    assert_false(header_is_hop_by_hop(TEXT("x-one"), NULL));
}

static void usual_values_of_connection_name_no_field(void **state)
{
    (void)state;
    struct header list[] = {{TEXT("Connections"), TEXT("x-one")},
                            {TEXT("Connection"), TEXT("Keep-Alive, , upgrade")},
                            {TEXT("connection"), TEXT("close")}};
    struct headers h = {list, 3, 3};
    assert_false(headers_name_hops(&h));
    list[2].value = TEXT("close,X-One");
    assert_true(headers_name_hops(&h));
    assert_false(headers_name_hops(&(struct headers){0}));
}

static void the_number_of_headers_is_limited(void **state)
{
    (void)state;
    struct headers h = {0};
    for (int i = 0; i < LIMIT_HEADER_COUNT; i++)
        assert_ok(headers_add(&h, &arena, TEXT("a"), TEXT("b")));
    assert_status(headers_add(&h, &arena, TEXT("a"), TEXT("b")), E_TOO_LARGE);
    assert_int_equal(h.count, LIMIT_HEADER_COUNT);
}

static void query_parameters_are_decoded(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        /* query, name, value */
        {"a=1&b=2", "b", "2"},
        {"a=1&a=2", "a", "1"},
        {"a", "a", ""},
        {"a=", "a", ""},
        {"a=b=c", "a", "b=c"},
        {"a=%41+%2b%20", "a", "A + "},
        {"%61=1", "a", "1"},
        {"a+b=1", "a b", "1"},
        {"&&a=1&", "a", "1"},
        {"a=%C3%a4", "a", "\xc3\xa4"},
        {"token=x/y;z", "token", "x/y;z"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_text(query_get(text_of(cases[i][0]), text_of(cases[i][1]), &arena), cases[i][2]);
    static const char *const missing[][2] = {{"", "a"},     {"b=1", "a"},   {"A=1", "a"},  {"a=%", "a"},
                                             {"a=%4", "a"}, {"a=%4g", "a"}, {"aa=1", "a"}, {"%6=1", "a"}};
    for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++)
        assert_null(query_get(text_of(missing[i][0]), text_of(missing[i][1]), &arena).p);
    assert_null(query_get((struct text){NULL, 0}, TEXT("a"), &arena).p);
}

static void path_segments_are_encoded_but_for_unreserved_characters(void **state)
{
    (void)state;
    assert_text(path_segment_encode(TEXT("aZ09-._~"), &arena), "aZ09-._~");
    assert_text(path_segment_encode(TEXT("\\a/b?c#d%\"<>\xc3\xa4 "), &arena),
                "%5Ca%2Fb%3Fc%23d%25%22%3C%3E%C3%A4%20");
    assert_text(path_segment_encode(TEXT(""), &arena), "");
}

static void path_segments_are_decoded(void **state)
{
    (void)state;
    assert_text(path_segment_decode(TEXT("a+b%20c"), &arena), "a+b c");
    assert_text(path_segment_decode(TEXT("plain"), &arena), "plain");
    assert_text(path_segment_decode(TEXT(""), &arena), "");
    static const char *const bad[] = {"%2f", "a%2Fb", "%00", "%", "%1", "a%gg"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_null(path_segment_decode(text_of(bad[i]), &arena).p);
}

static void dates_are_imf_fixdates(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *date;
    } cases[] = {
        {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"}, /* RFC 9110 5.6.7 */
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},          {-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
        {1709208000, "Thu, 29 Feb 2024 12:00:00 GMT"}, {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[HTTP_DATE_LENGTH + 1];
        http_date_format(cases[i].seconds, out);
        assert_string_equal(out, cases[i].date);
    }
    clock_set_test(784111777000, 0);
    assert_text(http_date_now(), "Sun, 06 Nov 1994 08:49:37 GMT");
    clock_advance_test(1000);
    assert_text(http_date_now(), "Sun, 06 Nov 1994 08:49:38 GMT");
}

static void a_refusal_is_a_whole_answer(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 4096);
    clock_set_test(784111777000, 0);
    refusal_h1(&out, 400, TEXT("a \"reason\""), "Fairlead");
    assert_text(buffer_as_text(&out), "HTTP/1.1 400 Bad Request\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                      "Server: Fairlead\r\nContent-Type: application/json;charset=UTF-8\r\n"
                                      "Content-Length: 36\r\nConnection: close\r\n\r\n"
                                      "{\"code\":400,\"error\":\"a \\\"reason\\\"\"}\n");
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods_are_case_sensitive_names),
        cmocka_unit_test(reasons_are_known_and_sorted),
        cmocka_unit_test(headers_are_found_whatever_their_case),
        cmocka_unit_test(lists_hold_tokens),
        cmocka_unit_test(hop_by_hop_fields_are_the_known_and_the_named),
        cmocka_unit_test(usual_values_of_connection_name_no_field),
        cmocka_unit_test(the_number_of_headers_is_limited),
        cmocka_unit_test(query_parameters_are_decoded),
        cmocka_unit_test(path_segments_are_decoded),
        cmocka_unit_test(path_segments_are_encoded_but_for_unreserved_characters),
        cmocka_unit_test(dates_are_imf_fixdates),
        cmocka_unit_test(a_refusal_is_a_whole_answer),
    };
    return cmocka_run_group_tests(tests, init_arena, release_arena);
}
