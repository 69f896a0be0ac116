/* SPDX-License-Identifier: Apache-2.0 */
#include "rewriting.h"

/* The answer's head for the caller: contract 3.9's Location, and what stays behind. */

static const char *located(struct rewriting *w, int status, const char *location)
{
    struct header field = {TEXT("Location"), text_of(location)};
    const struct response from = {.status = status, .headers = {&field, 1, 1}};
    struct response to;
    assert_ok(rewrite_response(&from, &w->address, &w->target, &w->arena, &to));
    const char *s = arena_cstr(&w->arena, headers_get(&to.headers, TEXT("location")));
    assert_non_null(s);
    return s;
}

static void begin_by_path(struct rewriting *w)
{
    rewriting_begin(w);
    w->address = (struct outbound_address){
        .kind = ADDRESS_PATH, .rest = TEXT("/dir/file"), .prefix = TEXT("/app/svc")};
}

struct location_case {
    const char *location, *expected; /* NULL: byte for byte */
};

static void expect_locations(const char *base, const struct location_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        OWNED(rewriting_end) struct rewriting w;
        begin_by_path(&w);
        w.target.path = text_of(base);
        const char *expected = cases[i].expected ? cases[i].expected : cases[i].location;
        const char *actual = located(&w, 302, cases[i].location);
        if (strcmp(actual, expected) != 0)
            fail_msg("'%s': '%s', expected '%s'", cases[i].location, actual, expected);
    }
}
#define EXPECT_LOCATIONS(base, cases) expect_locations(base, cases, sizeof(cases) / sizeof(cases)[0])

static void leaves_what_leads_elsewhere(void **state)
{
    (void)state;
    static const struct location_case cases[] = {
        {"http://other.example.com/base/x", NULL},
        {"http://api.example.com.evil.example/base/x", NULL},
        {"http://api.example.com@evil.example/base/x", NULL},
        {"//evil.example/base/x", NULL},
        {"///base/x", NULL},
        {"http:///base/x", NULL},
        {"http:/base/x", NULL},
        {"http:base/x", NULL},
        {"ftp://api.example.com/base/x", NULL},
        {"javascript:alert(1)", NULL},
        {"mailto:a@api.example.com", NULL},
        {"http://api.example.com/other", NULL},
        {"http://api.example.com", NULL},
        {"http://api.example.com/basement", NULL},
        {"http://api.example.com/base/../other", NULL},
        {"http://api.example.com/base/%2e%2E/other", NULL},
        {"http://[api.example.com/base/x", NULL},
        {"/other", NULL},
        {"/", NULL},
        {"../../other", NULL},
        {"", NULL},
    };
    EXPECT_LOCATIONS("/base", cases);
}

static void rewrites_what_stays_below_the_target(void **state)
{
    (void)state;
    static const struct location_case cases[] = {
        {"http://api.example.com/base/x", "/app/svc/x"},
        {"https://API.Example.Com:8443/base/x?q=1#f", "/app/svc/x?q=1#f"}, /* scheme and port do not count */
        {"HTTP://api.example.com/base", "/app/svc"},
        {"http://api.example.com/base/", "/app/svc/"},
        {"http://api.example.com/base?q", "/app/svc?q"},
        {"http://u:p@api.example.com/base/x", "/app/svc/x"},
        {"//api.example.com/base/x", "/app/svc/x"},
        {"/base/x", "/app/svc/x"},
        {"/base//x/", "/app/svc//x/"},
        {"/base/a%2Fb%20c", "/app/svc/a%2Fb%20c"},
        {"/base/a/../b", "/app/svc/b"},
        {"/base/./a/.", "/app/svc/a/"},
        {"/base/a/..", "/app/svc/"},
        {"/x/../base/y", "/app/svc/y"},
        {"other", "/app/svc/dir/other"},
        {"./other", "/app/svc/dir/other"},
        {"../other", "/app/svc/other"},
        {"..", "/app/svc/"},
        {"?q=1", "/app/svc/dir/file?q=1"},
        {"#f", "/app/svc/dir/file#f"},
        {"other?x=../..", "/app/svc/dir/other?x=../.."},
        {"/base/\\evil.example", "/app/svc/\\evil.example"},
        {"/base/http://x", "/app/svc/http://x"},
        {"/base/a b", "/app/svc/a b"},
    };
    EXPECT_LOCATIONS("/base", cases);
    EXPECT_LOCATIONS("/base/", cases);
}

static void a_target_without_a_path_has_everything_below_it(void **state)
{
    (void)state;
    static const struct location_case cases[] = {
        {"http://api.example.com", "/app/svc/"},
        {"http://api.example.com?q", "/app/svc/?q"},
        {"http://api.example.com/x", "/app/svc/x"},
        {"/x", "/app/svc/x"},
        {"/../x", "/app/svc/x"},
        {"../../../x", "/app/svc/x"},
        {"//evil.example/x", NULL},
        {"/\\evil.example", "/app/svc/\\evil.example"},
        {"http://api.example.com//evil.example", "/app/svc//evil.example"},
    };
    EXPECT_LOCATIONS("", cases);
    EXPECT_LOCATIONS("/", cases);
}

static void only_redirections_and_created_by_path_are_rewritten(void **state)
{
    (void)state;
    static const struct {
        int status;
        bool rewritten;
    } cases[] = {{200, false}, {201, true}, {202, false}, {300, true}, {301, true},  {302, true}, {303, true},
                 {304, true},  {307, true}, {308, true},  {399, true}, {400, false}, {503, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        OWNED(rewriting_end) struct rewriting w;
        begin_by_path(&w);
        assert_string_equal(located(&w, cases[i].status, "/base/x"),
                            cases[i].rewritten ? "/app/svc/x" : "/base/x");
        w.address.prefix = TEXT("");
        assert_string_equal(located(&w, cases[i].status, "/base/x"), "/base/x");
    }
}

static void resolves_against_what_was_really_asked_for(void **state)
{
    (void)state;
    OWNED(rewriting_end) struct rewriting w;
    begin_by_path(&w);
    w.target.encode_url = true;
    w.address.rest = TEXT("/a%2Fb/file");
    assert_string_equal(located(&w, 302, "../x"), "/app/svc/a/x");
    w.target.encode_url = false;
    assert_string_equal(located(&w, 302, "../x"), "/app/svc/x");
    w.address.rest = TEXT("");
    assert_string_equal(located(&w, 302, "x"), "x"); /* /base is a file then */
}

static void an_ipv6_host_is_compared_with_its_brackets(void **state)
{
    (void)state;
    OWNED(rewriting_end) struct rewriting w;
    begin_by_path(&w);
    w.target.host = TEXT("[2001:db8::1]");
    assert_string_equal(located(&w, 302, "http://[2001:DB8::1]:99/base/x"), "/app/svc/x");
    assert_string_equal(located(&w, 302, "http://[2001:db8::2]/base/x"), "http://[2001:db8::2]/base/x");
}

static void what_is_about_the_connection_stays_behind(void **state)
{
    (void)state;
    OWNED(rewriting_end) struct rewriting w;
    begin_by_path(&w);
    struct header fields[] = {
        {TEXT("Connection"), TEXT("X-Named")}, {TEXT("X-Named"), TEXT("1")},
        {TEXT("Keep-Alive"), TEXT("5")},       {TEXT("Proxy-Authenticate"), TEXT("Basic")},
        {TEXT("proxy-x"), TEXT("1")},          {TEXT("Transfer-Encoding"), TEXT("chunked")},
        {TEXT("Trailer"), TEXT("X")},          {TEXT("Upgrade"), TEXT("websocket")},
        {TEXT("Content-Length"), TEXT("5")},   {TEXT("Set-Cookie"), TEXT("a=1; Path=/")},
        {TEXT("set-cookie"), TEXT("b=2")},     {TEXT("Content-Encoding"), TEXT("gzip")},
    };
    const struct response from = {
        .status = 200, .headers = {fields, 12, 12}, .body = BODY_SIZED, .content_length = 5};
    struct response to;
    assert_ok(rewrite_response(&from, &w.address, &w.target, &w.arena, &to));
    assert_int_equal(to.status, 200);
    assert_int_equal(to.body, BODY_SIZED);
    assert_int_equal(to.content_length, 5);
    assert_int_equal(to.headers.count, 3);
    assert_text(to.headers.list[0].value, "a=1; Path=/");
    assert_text(to.headers.list[1].value, "b=2");
    assert_text(to.headers.list[2].value, "gzip");
    const struct response switching = {.status = 101, .headers = {fields, 12, 12}};
    assert_ok(rewrite_response(&switching, &w.address, &w.target, &w.arena, &to));
    assert_text(headers_get(&to.headers, TEXT("Upgrade")), "websocket");
}

static struct status rewrite_once(void)
{
    struct rewriting w;
    begin_by_path(&w);
    struct header fields[20];
    for (size_t i = 0; i < 20; i++)
        fields[i] = (struct header){TEXT("Location"), TEXT("../x")};
    const struct response from = {.status = 302, .headers = {fields, 20, 20}};
    struct response to;
    const struct status s = rewrite_response(&from, &w.address, &w.target, &w.arena, &to);
    rewriting_end(&w);
    return s;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(rewrite_once());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_what_leads_elsewhere),
        cmocka_unit_test(rewrites_what_stays_below_the_target),
        cmocka_unit_test(a_target_without_a_path_has_everything_below_it),
        cmocka_unit_test(only_redirections_and_created_by_path_are_rewritten),
        cmocka_unit_test(resolves_against_what_was_really_asked_for),
        cmocka_unit_test(an_ipv6_host_is_compared_with_its_brackets),
        cmocka_unit_test(what_is_about_the_connection_stays_behind),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
