/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>

#include "base/limits.h"
#include "h2_peer.h"

/* Which requests are refused, and how (RFC 9113 8). */

#define PSEUDO                                                                                               \
    {":method", "GET"}, {":scheme", "https"}, {":authority", "example.org"},                                 \
    {                                                                                                        \
        ":path", "/"                                                                                         \
    }

struct row {
    const char *what;
    int status; /* the refusal; 0 = RST_STREAM PROTOCOL_ERROR */
    struct h2_field fields[8];
};

/* clang-format off */
static const struct row refused[] = {
    {"upper case in a name",       0,   {PSEUDO, {"X-Upper", "1"}}},
    {"a space in a name",          400, {PSEUDO, {"x y", "1"}}},
    {"an empty name",              400, {PSEUDO, {"", "1"}}},
    {"CR LF in a value",           400, {PSEUDO, {"x-a", "1\r\nx-b: 2"}}},
    {"a leading space in a value", 400, {PSEUDO, {"x-a", " 1"}}},
    {"Connection",                 0,   {PSEUDO, {"connection", "close"}}},
    {"Keep-Alive",                 0,   {PSEUDO, {"keep-alive", "1"}}},
    {"Proxy-Connection",           0,   {PSEUDO, {"proxy-connection", "close"}}},
    {"Transfer-Encoding",          0,   {PSEUDO, {"transfer-encoding", "chunked"}}},
    {"Upgrade",                    0,   {PSEUDO, {"upgrade", "h2c"}}},
    {"TE other than trailers",     0,   {PSEUDO, {"te", "gzip"}}},
    {"a pseudo-header twice",      0,   {PSEUDO, {":path", "/b"}}},
    {"a pseudo-header later",      0,   {{":method", "GET"}, {":scheme", "https"}, {"x", "1"}, {":path", "/"}}},
    {"an unknown pseudo-header",   0,   {PSEUDO, {":version", "2"}}},
    {"a pseudo-header of answers", 0,   {PSEUDO, {":status", "200"}}},
    {"no path",                    0,   {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}}},
    {"no method",                  0,   {{":path", "/"}, {":scheme", "https"}, {":authority", "a"}}},
    {"no scheme",                  0,   {{":method", "GET"}, {":path", "/"}, {":authority", "a"}}},
    {"an unknown scheme",          400, {{":method", "GET"}, {":scheme", "ftp"}, {":authority", "a"}, {":path", "/"}}},
    {"an empty path",              0,   {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", ""}}},
    {"a path without slash",       0,   {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "x"}}},
    {"an absolute path",           0,   {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "http://a/"}}},
    {"* without OPTIONS",          0,   {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "*"}}},
    {"a backslash in the path",    400, {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/a\\b"}}},
    {"a fragment in the path",     400, {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/a#b"}}},
    {"a space in the path",        0,   {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/a b"}}},
    {"a control byte in the path", 0,   {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/a\x01"}}},
    {"no authority and no Host",   0,   {{":method", "GET"}, {":scheme", "https"}, {":path", "/"}}},
    {"another Host",               400, {PSEUDO, {"host", "evil.example.org"}}},
    {"two Hosts",                  0,   {PSEUDO, {"host", "example.org"}, {"host", "b"}}},
    {"user info in authority",     400, {{":method", "GET"}, {":scheme", "https"}, {":authority", "u@a"}, {":path", "/"}}},
    {"CONNECT",                    501, {{":method", "CONNECT"}, {":authority", "a:443"}}},
    {"TRACE",                      405, {{":method", "TRACE"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}}},
    {"an unknown method",          501, {{":method", "BREW"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}}},
    {"an odd expectation",         417, {PSEUDO, {"expect", "the worst"}}},
    {"a length that is none",      0,   {PSEUDO, {"content-length", "1x"}}},
    {"two lengths",                0,   {PSEUDO, {"content-length", "0"}, {"content-length", "0"}}},
    {"a length without body",      0,   {PSEUDO, {"content-length", "5"}}},
};
/* clang-format on */

static void refuses_by_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct h2_peer p;
        h2_peer_open(&p);
        const int32_t id = h2_peer_request(&p, refused[i].fields, NULL);
        const struct h2_answer *a = h2_peer_answer(&p, id);
        if (a->status != refused[i].status || (refused[i].status == 0 && a->error != NGHTTP2_PROTOCOL_ERROR))
            fail_msg("%s: status %d, error %u", refused[i].what, a->status, a->error);
        if (a->status != 0)
            assert_string_equal(a->content_type, "application/json;charset=UTF-8");
        assert_true(a->closed);
        assert_text(h2_peer_log(&p), "");
        /* The connection goes on. */
        const int32_t next = h2_peer_get(&p, "/");
        assert_int_equal(h2_peer_answer(&p, next)->status, 200);
        h2_peer_close(&p);
    }
}

static void refuses_a_head_over_its_limits(void **state)
{
    (void)state;
    static char value[9000];
    memset(value, 'v', sizeof(value) - 1);
    struct h2_peer p;
    h2_peer_open(&p);
    const struct h2_field large[] = {PSEUDO,       {"a", value}, {"b", value},
                                     {"c", value}, {"d", value}, {NULL, NULL}};
    assert_int_equal(h2_peer_answer(&p, h2_peer_request(&p, large, NULL))->status, 431);
    static char path[LIMIT_URI_BYTES + 2];
    memset(path, 'p', sizeof(path) - 1);
    path[0] = '/';
    assert_int_equal(h2_peer_answer(&p, h2_peer_get(&p, path))->status, 414);
    struct h2_field many[LIMIT_HEADER_COUNT + 6] = {PSEUDO};
    for (size_t i = 4; i < LIMIT_HEADER_COUNT + 5; i++)
        many[i] = (struct h2_field){"a", "1"};
    assert_int_equal(h2_peer_answer(&p, h2_peer_request(&p, many, NULL))->status, 431);
    assert_text(h2_peer_log(&p), "");
    h2_peer_close(&p);
}

/* An indexed field of one byte that stands for 4 KB, thirty thousand times. */
static void an_hpack_bomb_ends_the_connection(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open(&p);
    h2_peer_run(&p);
    struct buffer block;
    buffer_init(&block, 64 * 1024);
    buffer_cstr(&block, "\x82\x87\x84\x41\x01"
                        "a"
                        "\x40\x01x\x7f\xa1\x1e");
    for (int i = 0; i < 4000; i++)
        buffer_byte(&block, 'v');
    while (buffer_size(&block) < 16000)
        buffer_byte(&block, 0xbe);
    h2_peer_frame(&p, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1,
                  buffer_bytes(&block));
    buffer_release(&block);
    assert_status(p.fed, E_INVALID);
    assert_int_equal(p.goaway_error, NGHTTP2_ENHANCE_YOUR_CALM);
    assert_true(session_wants_close(p.server));
    assert_text(h2_peer_log(&p), "");
    h2_peer_close(&p);
}

static void refuses_bodies_over_the_limit(void **state)
{
    (void)state;
    struct h2_peer p = {.mode = H2_OWNER_ECHO};
    session_settings_default(&p.settings);
    p.settings.body_bytes = 10;
    assert_true(h2_peer_open_with(&p));
    const struct h2_field announced[] = {{":method", "POST"}, {":scheme", "https"},     {":authority", "a"},
                                         {":path", "/"},      {"content-length", "11"}, {NULL, NULL}};
    assert_int_equal(h2_peer_answer(&p, h2_peer_request(&p, announced, "01234567890"))->status, 413);
    assert_text(h2_peer_log(&p), "");
    const int32_t id = h2_peer_post(&p, "/", "01234567890");
    assert_int_equal(h2_peer_answer(&p, id)->status, 413);
    assert_text(h2_peer_log(&p), "request 3 POST /|cancelled 3|");
    assert_int_equal(h2_peer_answer(&p, h2_peer_post(&p, "/", "0123456789"))->status, 200);
    h2_peer_close(&p);
}

static void refuses_a_body_of_another_length(void **state)
{
    (void)state;
    static const char *const bodies[] = {"0123", "012345"};
    for (size_t i = 0; i < 2; i++) {
        struct h2_peer p;
        h2_peer_open(&p);
        const struct h2_field fields[] = {{":method", "POST"}, {":scheme", "https"},    {":authority", "a"},
                                          {":path", "/"},      {"content-length", "5"}, {NULL, NULL}};
        const int32_t id = h2_peer_request(&p, fields, bodies[i]);
        assert_int_equal(h2_peer_answer(&p, id)->status, 0);
        assert_int_equal(h2_peer_answer(&p, id)->error, NGHTTP2_PROTOCOL_ERROR);
        assert_true(text_ends_with(h2_peer_log(&p), TEXT("cancelled 1|")));
        h2_peer_close(&p);
    }
}

static void check_message(struct h2_peer *p, struct exchange *x)
{
    (void)p;
    const struct request *r = &x->request;
    assert_int_equal(r->version, HTTP_2);
    assert_text(r->target, "/a/b?c=d");
    assert_text(r->path, "/a/b");
    assert_text(r->query, "c=d");
    assert_text(r->authority, "Example.org:8443");
    assert_text(headers_get(&r->headers, TEXT("Host")), "Example.org:8443");
    assert_int_equal(headers_count(&r->headers, TEXT("host")), 1);
    assert_text(headers_get(&r->headers, TEXT("cookie")), "a=1; b=2; c=3");
    assert_int_equal(headers_count(&r->headers, TEXT("cookie")), 1);
    assert_text(headers_get(&r->headers, TEXT("x-empty")), "");
    assert_int_equal(r->body, BODY_NONE);
    assert_true(x->body_complete);
}

static void a_request_becomes_the_neutral_message(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open(&p);
    p.on_request = check_message;
    const struct h2_field fields[] = {{":method", "GET"},
                                      {":scheme", "https"},
                                      {":authority", "Example.org:8443"},
                                      {":path", "/a/b?c=d"},
                                      {"cookie", "a=1"},
                                      {"x-empty", ""},
                                      {"host", "example.org:8443"},
                                      {"cookie", "b=2"},
                                      {"te", "trailers"},
                                      {"cookie", "c=3"},
                                      {NULL, NULL}};
    const int32_t id = h2_peer_request(&p, fields, NULL);
    assert_int_equal(h2_peer_answer(&p, id)->status, 200);
    assert_text(h2_peer_log(&p), "request 1 GET /a/b?c=d|end 1|finished 1|");
    h2_peer_close(&p);
}

/* As much as a head may hold: joining costs its size, not that times the number of fields. */
static void many_cookies_become_one(void **state)
{
    (void)state;
    enum { COOKIES = 90, SIZE = 300 };
    static char value[SIZE + 1];
    memset(value, 'c', SIZE);
    struct h2_field fields[4 + COOKIES + 1] = {
        {":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}};
    for (size_t i = 4; i < 4 + COOKIES; i++)
        fields[i] = (struct h2_field){"cookie", value};
    struct h2_peer p;
    h2_peer_open(&p);
    p.mode = H2_OWNER_MANUAL;
    struct exchange *x = h2_peer_x(&p, h2_peer_request(&p, fields, NULL));
    assert_non_null(x);
    assert_int_equal(headers_count(&x->request.headers, TEXT("cookie")), 1);
    assert_int_equal(headers_get(&x->request.headers, TEXT("cookie")).n, COOKIES * (SIZE + 2) - 2);
    assert_true(x->arena.total < 4UL * LIMIT_HEADER_BYTES);
    h2_peer_close(&p);
}

static void host_alone_is_enough_and_options_may_ask_for_all(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open(&p);
    const struct h2_field host[] = {
        {":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {"host", "a"}, {NULL, NULL}};
    assert_int_equal(h2_peer_answer(&p, h2_peer_request(&p, host, NULL))->status, 200);
    const struct h2_field all[] = {
        {":method", "OPTIONS"}, {":scheme", "https"}, {":authority", "a"}, {":path", "*"}, {NULL, NULL}};
    assert_int_equal(h2_peer_answer(&p, h2_peer_request(&p, all, NULL))->status, 200);
    h2_peer_close(&p);
}

static void trailers_are_kept_apart_and_judged(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
        bool accepted;
    } cases[] = {{"x-checksum", "1", true},
                 {"content-length", "3", false},
                 {"host", "b", false},
                 {"authorization", "x", false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct h2_peer p;
        h2_peer_open(&p);
        p.mode = H2_OWNER_WANTS;
        const int32_t id = h2_peer_post_open(&p, "/");
        h2_peer_data(&p, id, 3, false);
        char name[32], value[8];
        assert_true(text_to_cstr(text_of(cases[i].name), name, sizeof(name)));
        assert_true(text_to_cstr(text_of(cases[i].value), value, sizeof(value)));
        const nghttp2_nv nv = {(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), 0};
        assert_int_equal(nghttp2_submit_trailer(p.ng, id, &nv, 1), 0);
        h2_peer_run(&p);
        if (cases[i].accepted) {
            assert_text(h2_peer_log(&p), "request 1 POST /|body 1 3|end 1|");
            assert_text(headers_get(&h2_peer_x(&p, id)->trailers, text_of(name)), value);
            assert_int_equal(headers_count(&h2_peer_x(&p, id)->request.headers, text_of(name)), 0);
        } else {
            assert_text(h2_peer_log(&p), "request 1 POST /|body 1 3|cancelled 1|");
            assert_int_equal(h2_peer_answer(&p, id)->error, NGHTTP2_PROTOCOL_ERROR);
        }
        h2_peer_close(&p);
    }
}

static void requests_arrive_whole_when_fed_byte_by_byte(void **state)
{
    (void)state;
    struct h2_peer p = {.mode = H2_OWNER_ECHO, .step = 1};
    session_settings_default(&p.settings);
    assert_true(h2_peer_open_with(&p));
    const int32_t id = h2_peer_post(&p, "/echo", "hello");
    assert_int_equal(h2_peer_answer(&p, id)->status, 200);
    assert_text(buffer_as_text(&h2_peer_answer(&p, id)->body), "hello");
    const int32_t get = h2_peer_get(&p, "/x");
    assert_int_equal(h2_peer_answer(&p, get)->status, 200);
    h2_peer_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_by_the_table),
        cmocka_unit_test(refuses_a_head_over_its_limits),
        cmocka_unit_test(an_hpack_bomb_ends_the_connection),
        cmocka_unit_test(refuses_bodies_over_the_limit),
        cmocka_unit_test(refuses_a_body_of_another_length),
        cmocka_unit_test(trailers_are_kept_apart_and_judged),
        cmocka_unit_test(a_request_becomes_the_neutral_message),
        cmocka_unit_test(many_cookies_become_one),
        cmocka_unit_test(host_alone_is_enough_and_options_may_ask_for_all),
        cmocka_unit_test(requests_arrive_whole_when_fed_byte_by_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
