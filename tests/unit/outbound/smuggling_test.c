/* SPDX-License-Identifier: Apache-2.0 */
#include "rewriting.h"

/*
 * What neither a caller nor a registration can do to the head that a target reads. The parsers in front
 * refuse most of this already; here it arrives as if they had not.
 */

static void refuses_methods_that_are_not_for_targets(void **state)
{
    (void)state;
    static const enum http_method methods[] = {HTTP_TRACE, HTTP_CONNECT};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        OWNED(rewriting_end) struct rewriting w;
        rewriting_begin(&w);
        w.request.method = methods[i];
        rewriting_refused(&w, http_method_name(methods[i]));
    }
}

static void refuses_a_target_that_is_a_refusal(void **state)
{
    (void)state;
    OWNED(rewriting_end) struct rewriting w;
    rewriting_begin(&w);
    w.target.status = 404;
    rewriting_refused(&w, "a refusal");
}

static void refuses_paths_and_queries_that_end_the_line(void **state)
{
    (void)state;
    static const char *const bad[] = {"/a b",   "/a\r\nX: y", "/a\nb",
                                      "/a\tb",  "/a#b",       "/a\x7f",
                                      "/a\x80", "/a\x01",     "/a HTTP/1.1\r\n\r\nGET /b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        OWNED(rewriting_end) struct rewriting w;
        rewriting_begin(&w);
        w.address.rest = text_of(bad[i]);
        rewriting_refused(&w, bad[i]);
        w.address.rest = TEXT("/x");
        w.request.query = text_of(bad[i]);
        rewriting_refused(&w, bad[i]);
    }
}

static void refuses_names_and_values_that_split_the_head(void **state)
{
    (void)state;
    static const struct {
        struct text name, value;
    } bad[] = {
        {TEXT_INIT("X-A"), TEXT_INIT("a\r\nX: y")},
        {TEXT_INIT("X-A"), TEXT_INIT("a\nX: y")},
        {TEXT_INIT("X-A"), TEXT_INIT("a\rb")},
        {TEXT_INIT("X-A"), TEXT_INIT("a\0b")},
        {TEXT_INIT("X-A"), TEXT_INIT("a\x7f")},
        {TEXT_INIT("X-A"), TEXT_INIT("a\r\n\r\nGET /b HTTP/1.1\r\n")},
        {TEXT_INIT("X-A: b\r\nX-C"), TEXT_INIT("a")},
        {TEXT_INIT("X A"), TEXT_INIT("a")},
        {TEXT_INIT("X-A "), TEXT_INIT("a")},
        {TEXT_INIT("Transfer-Encoding "), TEXT_INIT("chunked")},
        {TEXT_INIT("Content-Length\t"), TEXT_INIT("5")},
        {TEXT_INIT(" X-A"), TEXT_INIT("a")},
        {TEXT_INIT(""), TEXT_INIT("a")},
        {TEXT_INIT("X-\xc3\xbc"), TEXT_INIT("a")},
        {TEXT_INIT("Cookie"), TEXT_INIT("a=1\r\nX: y")},
        {TEXT_INIT("Access-Token"), TEXT_INIT("a\r\nX: y")},
        {TEXT_INIT("User-Agent"), TEXT_INIT("a\r\nX: y")},
        {TEXT_INIT("X-Request-Id"), TEXT_INIT("a\r\nX: y")},
        {TEXT_INIT("Authorization"), TEXT_INIT("a\r\nX: y")},
        {TEXT_INIT("X-Csrf-Token"), TEXT_INIT("a\r\nX: y")},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        OWNED(rewriting_end) struct rewriting w;
        rewriting_begin(&w);
        assert_ok(headers_add(&w.request.headers, &w.arena, bad[i].name, bad[i].value));
        if (!text_equal(bad[i].name,
                        TEXT("X-Request-Id"))) /* of callers such a one is replaced (trace_test.c) */
            rewriting_refused(&w, "a caller's field");
        w.request.headers.count = 0;
        w.room.headers[w.target.header_count++] = (struct hop_field){bad[i].name, bad[i].value};
        rewriting_refused(&w, "a configured field");
    }
}

static void refuses_forwarded_addresses_that_split_the_head(void **state)
{
    (void)state;
    OWNED(rewriting_end) struct rewriting w;
    rewriting_begin(&w);
    w.settings.forwarded = FORWARDED_APPEND;
    rewriting_fields(&w, "X-Forwarded-For: 1.1.1.1\rX");
    rewriting_refused(&w, "X-Forwarded-For");
}

static void refuses_what_the_core_would_never_say(void **state)
{
    (void)state;
    static const struct text bad[] = {TEXT_INIT("a\r\nX: y"), TEXT_INIT("a\n"), TEXT_INIT("a\0b")};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        OWNED(rewriting_end) struct rewriting w;
        rewriting_begin(&w);
        const struct hop_target good = w.target;
        w.target.authorization = bad[i];
        rewriting_refused(&w, "authorization");
        w.target = good;
        w.target.csrf = true;
        w.target.csrf_token = bad[i];
        rewriting_refused(&w, "CSRF token");
        w.target = good;
        w.target.csrf = true;
        w.target.csrf_cookies = bad[i];
        rewriting_refused(&w, "CSRF cookies");
        w.target = good;
        w.target.host = bad[i];
        rewriting_refused(&w, "host");
        w.target = good;
        w.settings.peer_address = bad[i];
        rewriting_refused(&w, "peer");
    }
}

static void refuses_hosts_that_are_not_one_host(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    "a b", "a/b", "a@b", "a:80", "[::1",  "[::1]:80",
                                      "a,b", "::1", "a?b", "a#b", "a%41", "[::1]x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        OWNED(rewriting_end) struct rewriting w;
        rewriting_begin(&w);
        w.target.host = text_of(bad[i]);
        rewriting_refused(&w, bad[i]);
    }
    OWNED(rewriting_end) struct rewriting w;
    rewriting_begin(&w);
    w.target.port = 0;
    rewriting_refused(&w, "port 0");
}

static void refuses_more_fields_than_a_message_may_have(void **state)
{
    (void)state;
    static struct header many[101];
    for (size_t i = 0; i < 101; i++)
        many[i] = (struct header){TEXT("X-A"), TEXT("1")};
    OWNED(rewriting_end) struct rewriting w;
    rewriting_begin(&w);
    w.request.headers = (struct headers){many, 101, 101};
    rewriting_refused(&w, "101 fields");
    w.request.headers.count = 100;
    (void)rewriting_head(&w);
}

/* Spellings that CGI and WSGI would read as the real name. */
static void other_spellings_of_managed_names_go_no_further(void **state)
{
    (void)state;
    static const char *const names[] = {
        "Content_Length",          "Transfer_Encoding", "transfer_encoding", "X_Forwarded_For",
        "X_Forwarded-Client_Cert", "X_Forwarded_Proto", "Access_Token",      "X_Csrf_Token",
        "Proxy_Authorization",     "User_Agent",        "X_Request_Id",      "Keep_Alive",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        OWNED(rewriting_end) struct rewriting w;
        rewriting_begin(&w);
        w.settings.forwarded = FORWARDED_APPEND;
        assert_ok(headers_add(&w.request.headers, &w.arena, text_of(names[i]), TEXT("5")));
        assert_string_equal(rewriting_value(&w, names[i]), "-");
        assert_string_equal(rewriting_value(&w, "Authorization"), "-");
    }
    OWNED(rewriting_end) struct rewriting w;
    rewriting_begin(&w);
    rewriting_fields(&w, "X_Mine: 1");
    assert_string_equal(rewriting_value(&w, "X_Mine"), "1");
}

static size_t lines_of(struct text head, const char *name)
{
    size_t count = 0;
    while (head.p) {
        struct text line = text_cut(&head, '\n');
        count += text_equal_nocase(text_cut(&line, ':'), text_of(name));
    }
    return count;
}

/* Whatever came in, out goes one framing, one Host, one Authorization, one Cookie. */
static void the_head_has_one_of_each(void **state)
{
    (void)state;
    OWNED(rewriting_end) struct rewriting w;
    rewriting_begin(&w);
    w.request.body = BODY_STREAM;
    w.request.method = HTTP_POST;
    w.target.authorization = TEXT("Basic x");
    w.target.csrf = true;
    w.target.csrf_token = TEXT("t");
    w.target.csrf_cookies = TEXT("s=1");
    const char *fields =
        "Host: a\nHost: b\nContent-Length: 3\nContent-Length: 4\nTransfer-Encoding: identity\n"
        "Transfer-Encoding: chunked\nTransfer_Encoding: x\nAuthorization: a\nAuthorization: b\n"
        "Cookie: a=1\nCookie: b=2\nX-Csrf-Token: a\nX-Csrf-Token: b\nConnection: close, te\n"
        "Expect: 100-continue\nTE: trailers";
    rewriting_fields(&w, fields);
    rewriting_configured(&w, fields);
    const struct text head = rewriting_head(&w);
    static const char *const once[] = {
        "Host", "Transfer-Encoding", "Authorization", "Cookie", "X-Csrf-Token", "Connection", "TE"};
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++)
        assert_int_equal(lines_of(head, once[i]), 1);
    static const char *const never[] = {"Content-Length", "Expect", "Transfer_Encoding"};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        assert_int_equal(lines_of(head, never[i]), 0);
    assert_true(text_ends_with(head, TEXT("Transfer-Encoding: chunked\r\n\r\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_methods_that_are_not_for_targets),
        cmocka_unit_test(refuses_a_target_that_is_a_refusal),
        cmocka_unit_test(refuses_paths_and_queries_that_end_the_line),
        cmocka_unit_test(refuses_names_and_values_that_split_the_head),
        cmocka_unit_test(refuses_forwarded_addresses_that_split_the_head),
        cmocka_unit_test(refuses_what_the_core_would_never_say),
        cmocka_unit_test(refuses_hosts_that_are_not_one_host),
        cmocka_unit_test(refuses_more_fields_than_a_message_may_have),
        cmocka_unit_test(other_spellings_of_managed_names_go_no_further),
        cmocka_unit_test(the_head_has_one_of_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
