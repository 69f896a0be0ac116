/* SPDX-License-Identifier: Apache-2.0 */
#include "rewriting.h"

/* What becomes of fields: contract 3.4 line by line, 3.5, 3.6 and 1.19. */

struct field_case {
    const char *fields, *configured, *name, *expected; /* values of `name` in the head */
};

static void expect_all(const struct field_case *cases, size_t count, void (*set)(struct rewriting *))
{
    for (size_t i = 0; i < count; i++) {
        OWNED(rewriting_end) struct rewriting w;
        rewriting_begin(&w);
        rewriting_fields(&w, cases[i].fields);
        rewriting_configured(&w, cases[i].configured ? cases[i].configured : "");
        if (set)
            set(&w);
        const char *value = rewriting_value(&w, cases[i].name);
        if (strcmp(value, cases[i].expected) != 0)
            fail_msg("case %zu, '%s': %s: '%s', expected '%s'", i, cases[i].fields, cases[i].name, value,
                     cases[i].expected);
    }
}
#define EXPECT_ALL(cases, set) expect_all(cases, sizeof(cases) / sizeof(cases)[0], set)

static void hop_by_hop_fields_and_what_connection_names_go_no_further(void **state)
{
    (void)state;
    static const struct field_case cases[] = {
        {"Connection: keep-alive", NULL, "Connection", "-"},
        {"Keep-Alive: timeout=5", NULL, "Keep-Alive", "-"},
        {"Proxy-Connection: keep-alive", NULL, "Proxy-Connection", "-"},
        {"Proxy-Authenticate: Basic", NULL, "Proxy-Authenticate", "-"},
        {"Proxy-Authorization: Basic x", NULL, "Proxy-Authorization", "-"},
        {"Proxy-Anything: x", NULL, "Proxy-Anything", "-"},
        {"Proxy: http://evil.example", NULL, "Proxy", "-"},
        {"TE: gzip", NULL, "TE", "-"},
        {"TE: gzip, Trailers", NULL, "TE", "trailers"},
        {"TE: trailers", NULL, "Connection", "TE"},
        {"Connection: TE, X-One\nTE: trailers\nX-One: 1", NULL, "TE", "trailers"},
        {"Connection: TE, X-One\nTE: trailers\nX-One: 1", NULL, "X-One", "-"},
        {"Trailer: X-Sum", NULL, "Trailer", "-"},
        {"Upgrade: websocket", NULL, "Upgrade", "-"}, /* without Connection: upgrade */
        {"HTTP2-Settings: AAMAAABkAAQAAP__", NULL, "HTTP2-Settings", "-"},
        {"Fairlead-Explain: 1", NULL, "Fairlead-Explain", "-"},
        {"Expect: 100-continue", NULL, "Expect", "-"},
        {"Connection: X-One, close\nX-One: 1\nX-Two: 2", NULL, "X-One", "-"},
        {"Connection: X-One, close\nX-One: 1\nX-Two: 2", NULL, "X-Two", "2"},
        {"Connection: close\nConnection: x-one\nX-One: 1", NULL, "X-One", "-"},
        {"Connection: close", "Keep-Alive: 1\nProxy-Authorization: x\nTE: x", "Keep-Alive", "-"},
        {"", "Proxy-Authorization: x", "Proxy-Authorization", "-"},
        {"", "Connection: x", "Connection", "-"},
    };
    EXPECT_ALL(cases, NULL);
}

static void by_host(struct rewriting *w)
{
    w->request.authority = TEXT("caller.example");
}

static void the_host_is_the_targets(void **state)
{
    (void)state;
    static const struct field_case cases[] = {
        {"Host: caller.example", NULL, "Host", "api.example.com"},
        {"host: caller.example", "Host: configured.example", "Host", "api.example.com"},
    };
    EXPECT_ALL(cases, by_host);
    OWNED(rewriting_end) struct rewriting w;
    rewriting_begin(&w);
    w.target.port = 8443;
    w.target.port_is_default = false;
    assert_string_equal(rewriting_value(&w, "Host"), "api.example.com:8443");
    w.target.host = TEXT("[2001:db8::1]");
    assert_string_equal(rewriting_value(&w, "Host"), "[2001:db8::1]:8443");
}

static void configured_fields_are_added_unless_the_caller_sent_the_name(void **state)
{
    (void)state;
    static const struct field_case cases[] = {
        {"", "X-Key: 1", "X-Key", "1"},
        {"", "X-Key: 1\nX-Key: 2", "X-Key", "1 | 2"},
        {"X-Key: mine", "X-Key: 1", "X-Key", "mine"},
        {"x-key: mine", "X-KEY: 1\nx-Key: 2", "X-Key", "mine"},
        {"X-Key:", "X-Key: 1", "X-Key", "(empty)"},
        {"X-Key: a\nX-Key: b", "X-Key: 1", "X-Key", "a | b"},
        {"X-Other: mine", "X-Key: 1", "X-Other", "mine"},
        /* Naming it in Connection strips the caller's, not ours. */
        {"X-Key: mine\nConnection: X-Key", "X-Key: 1", "X-Key", "1"},
        {"Connection: X-Key", "X-Key: 1", "X-Key", "1"},
        {"", "Host: x", "Host", "api.example.com"},
        {"", "Content-Length: 5", "Content-Length", "-"},
        {"", "Transfer-Encoding: chunked", "Transfer-Encoding", "-"},
        {"", "X-Forwarded-Client-Cert: x", "X-Forwarded-Client-Cert", "-"},
        {"", "X-Forwarded-For: x", "X-Forwarded-For", "-"},
        {"", "X-Forwarded-Proto: x", "X-Forwarded-Proto", "-"},
    };
    EXPECT_ALL(cases, NULL);
}

static void peer(struct rewriting *w)
{
    w->settings.peer_address = TEXT("203.0.113.7");
}

static void appending(struct rewriting *w)
{
    peer(w);
    w->settings.forwarded = FORWARDED_APPEND;
}

static void forwarded_fields_are_removed_or_appended_to(void **state)
{
    (void)state;
    static const struct field_case removed[] = {
        {"", NULL, "X-Forwarded-For", "203.0.113.7"},
        {"X-Forwarded-For: 1.1.1.1\nX-Forwarded-For: 2.2.2.2", NULL, "X-Forwarded-For", "203.0.113.7"},
        {"X-Forwarded-Proto: https", NULL, "X-Forwarded-Proto", "-"},
        {"X-Forwarded-Host: h", NULL, "X-Forwarded-Host", "-"},
        {"X-Forwarded-Client-Cert: Subject=x", NULL, "X-Forwarded-Client-Cert", "-"},
    };
    EXPECT_ALL(removed, peer);
    static const struct field_case appended[] = {
        {"", NULL, "X-Forwarded-For", "203.0.113.7"},
        {"X-Forwarded-For: 1.1.1.1\nX-Forwarded-For: 2.2.2.2", NULL, "X-Forwarded-For",
         "1.1.1.1, 2.2.2.2, 203.0.113.7"},
        {"X-Forwarded-For:", NULL, "X-Forwarded-For", "203.0.113.7"},
        {"X-Forwarded-Proto: https", NULL, "X-Forwarded-Proto", "https"},
        {"X-Forwarded-Host: h", NULL, "X-Forwarded-Host", "h"},
        {"X-Forwarded-Client-Cert: Subject=x", NULL, "X-Forwarded-Client-Cert", "-"},
    };
    EXPECT_ALL(appended, appending);
    static const struct field_case unknown_peer[] = {
        {"X-Forwarded-For: 1.1.1.1", NULL, "X-Forwarded-For", "-"}};
    EXPECT_ALL(unknown_peer, NULL);
}

static void ours(struct rewriting *w)
{
    w->settings.user_agent = TEXT("fairlead");
    w->settings.request_id = TEXT("id-1");
}

static void user_agent_and_request_id_are_the_callers_or_configured_or_ours(void **state)
{
    (void)state;
    static const struct field_case cases[] = {
        {"User-Agent: curl", "User-Agent: c", "User-Agent", "curl"},
        {"", "User-Agent: c", "User-Agent", "c"},
        {"", NULL, "User-Agent", "fairlead"},
        {"X-Request-Id: mine", NULL, "X-Request-Id", "mine"},
        {"", NULL, "X-Request-Id", "id-1"},
    };
    EXPECT_ALL(cases, ours);
    static const struct field_case none[] = {{"", NULL, "User-Agent", "-"}, {"", NULL, "X-Request-Id", "-"}};
    EXPECT_ALL(none, NULL);
}

static void basic(struct rewriting *w)
{
    w->target.authorization = TEXT("Basic dTpw");
}

static void authorization_is_the_access_token_or_the_strategys_or_the_callers(void **state)
{
    (void)state;
    static const struct field_case without[] = {
        {"Authorization: mine", NULL, "Authorization", "mine"},
        {"Authorization: mine", "Authorization: configured", "Authorization", "mine"},
        {"", "Authorization: configured", "Authorization", "configured"},
        {"Access-Token: Bearer t\nAuthorization: mine", NULL, "Authorization", "Bearer t"},
        {"Access-Token: Bearer t", NULL, "Access-Token", "-"},
        {"Access-Token:\nAuthorization: mine", NULL, "Authorization", "mine"},
        {"Access-Token:", NULL, "Access-Token", "-"},
        {"", NULL, "Authorization", "-"},
    };
    EXPECT_ALL(without, NULL);
    static const struct field_case with[] = {
        {"Authorization: mine", NULL, "Authorization", "Basic dTpw"},
        {"Authorization: mine\nauthorization: two", NULL, "Authorization", "Basic dTpw"},
        {"", "Authorization: configured", "Authorization", "Basic dTpw"},
        {"Connection: Authorization", NULL, "Authorization", "Basic dTpw"},
        {"Access-Token: Bearer t", NULL, "Authorization", "Bearer t"},
        {"access-token: Bearer t\nAccess-Token: other", NULL, "Authorization", "Bearer t"},
        {"Access-Token: Bearer t\nConnection: Access-Token", NULL, "Authorization", "Bearer t"},
        {"Access-Token:", NULL, "Authorization", "Basic dTpw"},
        /* Contract 1.19: configured fields are there before the check; the caller's own wins. */
        {"", "Access-Token: configured", "Authorization", "configured"},
        {"", "Access-Token: configured", "Access-Token", "-"},
        {"access-token: mine", "Access-Token: configured", "Authorization", "mine"},
        {"Access-Token:", "Access-Token: configured", "Authorization", "Basic dTpw"},
    };
    EXPECT_ALL(with, basic);
}

static void csrf(struct rewriting *w)
{
    w->target.csrf = true;
    w->target.csrf_token = TEXT("fetched");
    w->target.csrf_cookies = TEXT("sid=1; lb=2");
}

static void csrf_token_and_cookies_replace_the_callers(void **state)
{
    (void)state;
    static const struct field_case with[] = {
        {"", NULL, "X-Csrf-Token", "fetched"},
        {"x-csrf-token: mine", "X-CSRF-Token: configured", "X-Csrf-Token", "fetched"},
        {"Connection: X-Csrf-Token, Cookie", NULL, "X-Csrf-Token", "fetched"},
        {"", NULL, "Cookie", "sid=1; lb=2"},
        {"Cookie: a=1", NULL, "Cookie", "sid=1; lb=2; a=1"},
        {"Cookie: sid=old; a=1; lb=x", NULL, "Cookie", "sid=1; lb=2; a=1"},
        {"Cookie: sid=old", NULL, "Cookie", "sid=1; lb=2"},
        {"Cookie:  sid = old ;a=1;; b", NULL, "Cookie", "sid=1; lb=2; a=1; b"},
        {"Cookie: SID=other", NULL, "Cookie", "sid=1; lb=2; SID=other"},
        {"Cookie: a=1\ncookie: b=2\nCookie: sid=3", NULL, "Cookie", "sid=1; lb=2; a=1; b=2"},
        {"", "Cookie: c=3; sid=4", "Cookie", "sid=1; lb=2; c=3"},
        {"Cookie: a=1", "Cookie: c=3", "Cookie", "sid=1; lb=2; a=1"},
        {"Access-Token: Bearer t", NULL, "X-Csrf-Token", "fetched"},
    };
    EXPECT_ALL(with, csrf);
    static const struct field_case without[] = {
        {"X-Csrf-Token: mine", NULL, "X-Csrf-Token", "mine"},
        {"", "X-Csrf-Token: configured", "X-Csrf-Token", "configured"},
        {"X-Csrf-Token: mine", "X-Csrf-Token: configured", "X-Csrf-Token", "mine"},
        {"Cookie: a=1;b=2;  c", NULL, "Cookie", "a=1;b=2;  c"},
        {"Cookie: a=1\nCookie: b=2", NULL, "Cookie", "a=1; b=2"},
        {"", "Cookie: c=3", "Cookie", "c=3"},
        {"Cookie:", NULL, "Cookie", "-"},
    };
    EXPECT_ALL(without, NULL);
}

static void empty_csrf(struct rewriting *w)
{
    w->target.csrf = true;
}

static void an_empty_csrf_token_is_sent_as_it_was_fetched(void **state)
{
    (void)state;
    static const struct field_case cases[] = {
        {"X-Csrf-Token: mine\nCookie: a=1", NULL, "X-Csrf-Token", "(empty)"},
        {"X-Csrf-Token: mine\nCookie: a=1; b=2", NULL, "Cookie", "a=1; b=2"},
    };
    EXPECT_ALL(cases, empty_csrf);
}

static void other_fields_pass_in_order_and_as_they_are(void **state)
{
    (void)state;
    OWNED(rewriting_end) struct rewriting w;
    rewriting_begin(&w);
    w.request.method = HTTP_POST;
    w.request.body = BODY_SIZED;
    w.request.content_length = 18446744073709551615u;
    rewriting_fields(&w, "accept-encoding: br\nX-B: 2\nX-A: 1\nx-b: 3\ntraceparent: "
                         "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\nX-Obs: \x80\xff");
    assert_text(
        rewriting_head(&w),
        "POST /base/x HTTP/1.1\r\nHost: api.example.com\r\naccept-encoding: br\r\nX-B: 2\r\nX-A: 1\r\n"
        "x-b: 3\r\nX-Obs: \x80\xff\r\n"
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
        "Content-Length: 18446744073709551615\r\n\r\n");
}

static void nothing_is_added_for_compression(void **state)
{
    (void)state;
    static const struct field_case cases[] = {{"", NULL, "Accept-Encoding", "-"}, {"", NULL, "Accept", "-"}};
    EXPECT_ALL(cases, NULL);
}

struct framing_case {
    enum http_method method;
    enum body_kind body;
    uint64_t length;
    const char *content_length, *transfer_encoding;
};

static void framing_is_that_of_the_body(void **state)
{
    (void)state;
    static const struct framing_case cases[] = {
        {HTTP_GET, BODY_NONE, 0, "-", "-"},
        {HTTP_DELETE, BODY_NONE, 0, "-", "-"},
        {HTTP_POST, BODY_NONE, 0, "0", "-"},
        {HTTP_PUT, BODY_NONE, 0, "0", "-"},
        {HTTP_PATCH, BODY_NONE, 0, "0", "-"},
        {HTTP_GET, BODY_SIZED, 0, "0", "-"},
        {HTTP_POST, BODY_SIZED, 12, "12", "-"},
        {HTTP_POST, BODY_STREAM, 0, "-", "chunked"},
        {HTTP_OPTIONS, BODY_STREAM, 0, "-", "chunked"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        OWNED(rewriting_end) struct rewriting w;
        rewriting_begin(&w);
        w.request.method = cases[i].method;
        w.request.body = cases[i].body;
        w.request.content_length = cases[i].length;
        rewriting_fields(&w, "Content-Length: 99\nTransfer-Encoding: gzip, chunked");
        assert_string_equal(rewriting_value(&w, "Content-Length"), cases[i].content_length);
        assert_string_equal(rewriting_value(&w, "Transfer-Encoding"), cases[i].transfer_encoding);
    }
}

struct upgrade_case {
    const char *fields;
    enum http_version version;
    enum body_kind body;
    const char *upgrade; /* "-": the request goes out as any other */
};

static void upgrades_are_kept_when_they_carry_no_http_past_us(void **state)
{
    (void)state;
    static const struct upgrade_case cases[] = {
        {"Connection: Upgrade\nUpgrade: websocket", HTTP_1_1, BODY_NONE, "websocket"},
        {"connection: keep-alive, upgrade\nupgrade: websocket", HTTP_1_1, BODY_NONE, "websocket"},
        {"Connection: Upgrade\nUpgrade: spdy/3.1, x", HTTP_1_1, BODY_NONE, "spdy/3.1, x"},
        {"Connection: Upgrade\nUpgrade: h2c", HTTP_1_1, BODY_NONE, "-"},
        {"Connection: Upgrade, HTTP2-Settings\nUpgrade: websocket, H2C", HTTP_1_1, BODY_NONE, "-"},
        {"Connection: Upgrade\nUpgrade: HTTP/2.0", HTTP_1_1, BODY_NONE, "-"},
        {"Connection: Upgrade\nUpgrade: TLS/1.0, HTTP/1.1", HTTP_1_1, BODY_NONE, "-"},
        {"Connection: Upgrade\nUpgrade:", HTTP_1_1, BODY_NONE, "-"},
        {"Connection: Upgrade\nUpgrade: a b", HTTP_1_1, BODY_NONE, "-"},
        {"Connection: Upgrade\nUpgrade: websocket\nUpgrade: h2c", HTTP_1_1, BODY_NONE, "-"},
        {"Connection: Upgrade", HTTP_1_1, BODY_NONE, "-"},
        {"Connection: Upgrade\nUpgrade: websocket", HTTP_1_0, BODY_NONE, "-"},
        {"Connection: Upgrade\nUpgrade: websocket", HTTP_2, BODY_NONE, "-"},
        {"Connection: Upgrade\nUpgrade: websocket", HTTP_1_1, BODY_SIZED, "-"},
        {"Connection: Upgrade\nUpgrade: websocket", HTTP_1_1, BODY_STREAM, "-"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        OWNED(rewriting_end) struct rewriting w;
        rewriting_begin(&w);
        w.request.version = cases[i].version;
        w.request.body = cases[i].body;
        rewriting_fields(&w, cases[i].fields);
        assert_string_equal(rewriting_value(&w, "Upgrade"), cases[i].upgrade);
        const bool kept = strcmp(cases[i].upgrade, "-") != 0;
        assert_string_equal(rewriting_value(&w, "Connection"), kept ? "Upgrade" : "-");
        assert_int_equal(rewrite_is_upgrade(&w.request), kept);
    }
}

static struct status rewrite_once(struct rewriting *w)
{
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 64 * 1024);
    return rewrite_request(&w->request, &w->address, &w->target, &w->settings, &out);
}

static void survives_failing_allocations_and_a_full_buffer(void **state)
{
    (void)state;
    OWNED(rewriting_end) struct rewriting w;
    rewriting_begin(&w);
    csrf(&w);
    appending(&w);
    rewriting_fields(
        &w, "Cookie: a=1\nX-Forwarded-For: 1.1.1.1\nX-Long: 0123456789012345678901234567890123456789");
    assert_survives_failing_allocations(rewrite_once(&w));
    const size_t whole = rewriting_head(&w).n;
    for (size_t max = 0; max <= whole; max++) {
        OWNED(buffer_release) struct buffer out;
        buffer_init(&out, max);
        const struct status s = rewrite_request(&w.request, &w.address, &w.target, &w.settings, &out);
        assert_int_equal(s.code, max < whole ? E_TOO_LARGE : E_OK);
        assert_int_equal(buffer_size(&out), max < whole ? 0 : whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hop_by_hop_fields_and_what_connection_names_go_no_further),
        cmocka_unit_test(the_host_is_the_targets),
        cmocka_unit_test(configured_fields_are_added_unless_the_caller_sent_the_name),
        cmocka_unit_test(forwarded_fields_are_removed_or_appended_to),
        cmocka_unit_test(user_agent_and_request_id_are_the_callers_or_configured_or_ours),
        cmocka_unit_test(authorization_is_the_access_token_or_the_strategys_or_the_callers),
        cmocka_unit_test(csrf_token_and_cookies_replace_the_callers),
        cmocka_unit_test(an_empty_csrf_token_is_sent_as_it_was_fetched),
        cmocka_unit_test(other_fields_pass_in_order_and_as_they_are),
        cmocka_unit_test(nothing_is_added_for_compression),
        cmocka_unit_test(framing_is_that_of_the_body),
        cmocka_unit_test(upgrades_are_kept_when_they_carry_no_http_past_us),
        cmocka_unit_test(survives_failing_allocations_and_a_full_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
