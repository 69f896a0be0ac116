/* SPDX-License-Identifier: Apache-2.0 */
#include "http/trailers.h"

#include "base/clock.h"
#include "base/limits.h"
#include "h1_peer.h"
#include "h2_peer.h"
#include "http/h1_client.h"

/* What comes before an answer and what comes behind it, in both protocols. */

static struct response hints(struct header *field)
{
    return (struct response){.status = 103, .headers = {field, 1, 1}};
}

static struct text wire(struct peer *p)
{
    peer_take_output(p);
    return buffer_as_text(&p->wire);
}

/* ---- the table ---- */

static void what_is_refused_never_passes(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "Content-Length", "transfer-encoding", "HOST", "Cookie", "Set-Cookie",
        "Authorization",  "X-Forwarded-For",   "TE",   "Trailer"};
    static const char *const dropped[] = {"Location", "Date", "cache-control", "WWW-Authenticate",
                                          "If-Match"};
    static const char *const passed[] = {"Grpc-Status", "Digest", "ETag", "Server-Timing", "X-Checksum"};
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        assert_true(trailer_is_refused(text_of(refused[i])) && !trailer_passes(text_of(refused[i])));
    for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
        assert_true(!trailer_is_refused(text_of(dropped[i])) && !trailer_passes(text_of(dropped[i])));
    for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
        assert_true(!trailer_is_refused(text_of(passed[i])) && trailer_passes(text_of(passed[i])));
}

static void the_writer_of_requests_refuses_what_splits(void **state)
{
    (void)state;
    struct header list[] = {{TEXT_INIT("Content-Length"), TEXT_INIT("5")},
                            {TEXT_INIT("X-Sum"), TEXT_INIT("1")},
                            {TEXT_INIT("X-Empty"), TEXT_INIT("")},
                            {TEXT_INIT("X"), TEXT_INIT("a\r\nb: c")}};
    struct headers trailers = {list, 3, 3};
    struct buffer out;
    buffer_init(&out, 4096);
    h1_write_last_chunk_with(&out, &trailers);
    assert_text(buffer_as_text(&out), "0\r\nX-Sum: 1\r\nX-Empty: \r\n\r\n");
    buffer_clear(&out);
    h1_write_last_chunk_with(&out, NULL);
    assert_text(buffer_as_text(&out), "0\r\n\r\n");
    buffer_clear(&out);
    trailers.count = 4;
    h1_write_last_chunk_with(&out, &trailers);
    assert_status(buffer_status(&out), E_INVALID);
    assert_int_equal(buffer_size(&out), 0);
    buffer_release(&out);
}

/* ---- interim answers, HTTP/1 ---- */

static void refuses_interim_answers_that_are_none(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, peer_manual);
    peer_send(&p, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    static const int statuses[] = {0, 99, 101, 200, 404};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        const struct response head = {.status = statuses[i]};
        assert_status(exchange_interim(p.x, &head), E_INVALID);
    }
    struct header field = {TEXT("Link"), TEXT("a\r\nSet-Cookie: b")};
    struct response head = hints(&field);
    assert_status(exchange_interim(p.x, &head), E_INVALID);
    head = (struct response){.status = 200, .body = BODY_STREAM};
    assert_ok(exchange_respond(p.x, &head));
    field.value = TEXT("</a>");
    head = hints(&field);
    assert_status(exchange_interim(p.x, &head), E_INVALID);
    assert_text(wire(&p), "HTTP/1.1 200 OK\r\n" DATE "Transfer-Encoding: chunked\r\n\r\n");
    peer_release(&p);
}

static void interim_answers_are_bounded(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, peer_manual);
    peer_send(&p, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    struct header field = {TEXT("A"), TEXT("b")};
    const struct response head = hints(&field);
    for (int i = 0; i < 100; i++)
        assert_ok(exchange_interim(p.x, &head));
    static const char one[] = "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n";
    assert_int_equal(wire(&p).n, LIMIT_INTERIM_RESPONSES * (sizeof(one) - 1));
    assert_true(text_starts_with(wire(&p), text_of(one)));
    peer_release(&p);
}

static void http_1_0_gets_no_interim_answer(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, peer_manual);
    peer_send(&p, "GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    struct header field = {TEXT("A"), TEXT("b")};
    const struct response head = hints(&field);
    assert_ok(exchange_interim(p.x, &head));
    assert_text(wire(&p), "");
    peer_release(&p);
}

#define POST(more) "POST / HTTP/1.1\r\nHost: a\r\n" more "Content-Length: 3\r\n\r\n"

static void continue_is_said_once_and_to_those_who_ask(void **state)
{
    (void)state;
    static const struct response go_on = {.status = 100};
    for (int asks = 0; asks < 2; asks++)
        for (int before = 0; before < 2; before++) {
            struct peer p;
            peer_init(&p, peer_manual);
            peer_send(&p, asks ? POST("Expect: 100-continue\r\n") : POST(""));
            if (before)
                exchange_want_body(p.x);
            assert_ok(exchange_interim(p.x, &go_on));
            assert_ok(exchange_interim(p.x, &go_on));
            exchange_want_body(p.x);
            assert_text(wire(&p), asks ? "HTTP/1.1 100 Continue\r\n\r\n" : "");
            peer_release(&p);
        }
}

/* ---- trailers, HTTP/1 ---- */

struct trailer_case {
    const char *request;
    enum body_kind body;
    const char *tail; /* of what goes out */
};

#define ASKS "TE: gzip, trailers\r\n"
/* clang-format off */
static const struct trailer_case trailer_cases[] = {
    {"GET / HTTP/1.1\r\nHost: a\r\n" ASKS "\r\n",  BODY_STREAM, "\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"},
    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n",          BODY_STREAM, "\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
    {"GET / HTTP/1.1\r\nHost: a\r\nTE: trailers;q=0\r\n\r\n", BODY_STREAM, "\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
    {"GET / HTTP/1.1\r\nHost: a\r\n" ASKS "\r\n",  BODY_SIZED,  "\r\n\r\nabc"},
    {"GET / HTTP/1.0\r\nHost: a\r\n" ASKS "\r\n",  BODY_STREAM, "\r\n\r\nabc"},
    {"HEAD / HTTP/1.1\r\nHost: a\r\n" ASKS "\r\n", BODY_STREAM, "\r\n\r\n"},
};
/* clang-format on */

static void trailers_go_to_those_who_take_them(void **state)
{
    (void)state;
    struct header list[] = {{TEXT_INIT("Content-Length"), TEXT_INIT("5")},
                            {TEXT_INIT("X-Sum"), TEXT_INIT("1")}};
    const struct headers trailers = {list, 2, 2};
    for (size_t i = 0; i < sizeof(trailer_cases) / sizeof(trailer_cases[0]); i++) {
        const struct trailer_case *c = &trailer_cases[i];
        struct peer p;
        peer_init(&p, peer_manual);
        peer_send(&p, c->request);
        const struct response head = {.status = 200, .body = c->body, .content_length = 3};
        assert_ok(exchange_respond(p.x, &head));
        assert_ok(exchange_write(p.x, text_bytes(TEXT("abc"))));
        assert_ok(exchange_end_with(p.x, &trailers));
        if (!text_ends_with(wire(&p), text_of(c->tail)))
            fail_msg("%zu: %.*s", i, TEXT_ARG(wire(&p)));
        peer_release(&p);
    }
}

static void a_trailer_that_would_split_cuts_the_answer(void **state)
{
    (void)state;
    struct header field = {TEXT("X"), TEXT("a\r\n\r\nHTTP/1.1 200 OK")};
    const struct headers trailers = {&field, 1, 1};
    const struct response head = {.status = 200, .body = BODY_STREAM};
    struct peer p;
    peer_init(&p, peer_manual);
    peer_send(&p, "GET / HTTP/1.1\r\nHost: a\r\n" ASKS "\r\n");
    assert_ok(exchange_respond(p.x, &head));
    assert_status(exchange_end_with(p.x, &trailers), E_INVALID);
    assert_text(wire(&p), "HTTP/1.1 200 OK\r\n" DATE "Transfer-Encoding: chunked\r\n\r\n");
    assert_true(session_wants_close(p.session));
    peer_release(&p);
}

/* ---- HTTP/2 ---- */

static void http2_hands_on_interim_answers(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    const int32_t id = h2_peer_get(&p, "/");
    struct header field = {TEXT("X-Probe"), TEXT("</a>")};
    struct response head = hints(&field);
    for (int i = 0; i < 20; i++)
        assert_ok(exchange_interim(h2_peer_x(&p, id), &head));
    h2_peer_run(&p);
    assert_int_equal(h2_peer_answer(&p, id)->interim, 103);
    assert_int_equal(h2_peer_answer(&p, id)->fields, 2 * LIMIT_INTERIM_RESPONSES);
    assert_string_equal(h2_peer_answer(&p, id)->probe, "</a>");
    field.value = TEXT("a\r\nb");
    assert_ok(exchange_interim(h2_peer_x(&p, id), &head)); /* too many: not even looked at */
    head = (struct response){.status = 200};
    assert_ok(exchange_reply(h2_peer_x(&p, id), &head, BYTES_OF("x")));
    h2_peer_run(&p);
    assert_int_equal(h2_peer_answer(&p, id)->status, 200);
    h2_peer_close(&p);
}

static void http2_refuses_interim_answers_that_are_none(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    struct exchange *x = h2_peer_x(&p, h2_peer_get(&p, "/"));
    struct header field = {TEXT("A"), TEXT("a\r\nb")};
    struct response head = hints(&field);
    assert_status(exchange_interim(x, &head), E_INVALID);
    head = (struct response){.status = 101};
    assert_status(exchange_interim(x, &head), E_INVALID);
    head = (struct response){.status = 200, .body = BODY_STREAM};
    assert_ok(exchange_respond(x, &head));
    field.value = TEXT("b");
    head = hints(&field);
    assert_status(exchange_interim(x, &head), E_INVALID);
    h2_peer_close(&p);
}

static void http2_says_continue_once(void **state)
{
    (void)state;
    static const struct response go_on = {.status = 100};
    const struct h2_field fields[] = {{":method", "POST"}, {":scheme", "https"},       {":authority", "a"},
                                      {":path", "/"},      {"expect", "100-continue"}, {NULL, NULL}};
    for (int asks = 0; asks < 2; asks++) {
        struct h2_peer p;
        h2_peer_open_manual(&p);
        const int32_t id = asks ? h2_peer_open_request(&p, fields) : h2_peer_post_open(&p, "/");
        struct exchange *x = h2_peer_x(&p, id);
        assert_ok(exchange_interim(x, &go_on));
        assert_ok(exchange_interim(x, &go_on));
        exchange_want_body(x);
        h2_peer_run(&p);
        assert_int_equal(h2_peer_answer(&p, id)->interim, asks ? 100 : 0);
        assert_int_equal(h2_peer_answer(&p, id)->fields, asks ? 1 : 0);
        h2_peer_close(&p);
    }
}

static void http2_sends_trailers_behind_any_body(void **state)
{
    (void)state;
    struct header list[] = {{TEXT_INIT("Content-Length"), TEXT_INIT("5")},
                            {TEXT_INIT("X-Probe"), TEXT_INIT("sum")}};
    const struct headers trailers = {list, 2, 2};
    static uint8_t block[100000];
    for (int which = 0; which < 4; which++) {
        struct h2_peer p;
        h2_peer_open_manual(&p);
        const int32_t id = h2_peer_get(&p, "/");
        struct exchange *x = h2_peer_x(&p, id);
        const size_t n = which == 0 ? 0 : which == 1 ? 5 : sizeof(block);
        const struct response head = {
            .status = 200, .body = which == 3 ? BODY_SIZED : BODY_STREAM, .content_length = n};
        assert_ok(exchange_respond(x, &head));
        status_ignore(exchange_write(x, (struct bytes){block, n}));
        assert_ok(exchange_end_with(x, &trailers));
        h2_peer_run(&p);
        const struct h2_answer *a = h2_peer_answer(&p, id);
        assert_true(a->closed && a->error == NGHTTP2_NO_ERROR);
        assert_int_equal(buffer_size(&a->body), n);
        assert_string_equal(a->probe, "sum");
        assert_int_equal(session_open_exchanges(p.server), 0);
        h2_peer_close(&p);
    }
}

static void http2_leaves_out_trailers_of_no_body(void **state)
{
    (void)state;
    struct header field = {TEXT("X-Probe"), TEXT("sum")};
    const struct headers trailers = {&field, 1, 1};
    struct h2_peer p;
    h2_peer_open_manual(&p);
    const int32_t id = h2_peer_get(&p, "/");
    const struct response head = {.status = 204};
    assert_ok(exchange_respond(h2_peer_x(&p, id), &head));
    assert_ok(exchange_end_with(h2_peer_x(&p, id), &trailers));
    h2_peer_run(&p);
    assert_true(h2_peer_answer(&p, id)->closed);
    assert_string_equal(h2_peer_answer(&p, id)->probe, "");
    h2_peer_close(&p);
}

static void http2_resets_what_a_trailer_would_split(void **state)
{
    (void)state;
    struct header field = {TEXT("X-Probe"), TEXT("a\nb")};
    const struct headers trailers = {&field, 1, 1};
    struct h2_peer p;
    h2_peer_open_manual(&p);
    const int32_t id = h2_peer_get(&p, "/");
    const struct response head = {.status = 200, .body = BODY_STREAM};
    assert_ok(exchange_respond(h2_peer_x(&p, id), &head));
    assert_status(exchange_end_with(h2_peer_x(&p, id), &trailers), E_INVALID);
    h2_peer_run(&p);
    assert_true(h2_peer_answer(&p, id)->reset);
    h2_peer_close(&p);
}

static int stop_clock(void **state)
{
    (void)state;
    clock_set_test(0, 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_refused_never_passes),
        cmocka_unit_test(the_writer_of_requests_refuses_what_splits),
        cmocka_unit_test(refuses_interim_answers_that_are_none),
        cmocka_unit_test(interim_answers_are_bounded),
        cmocka_unit_test(http_1_0_gets_no_interim_answer),
        cmocka_unit_test(continue_is_said_once_and_to_those_who_ask),
        cmocka_unit_test(trailers_go_to_those_who_take_them),
        cmocka_unit_test(a_trailer_that_would_split_cuts_the_answer),
        cmocka_unit_test(http2_hands_on_interim_answers),
        cmocka_unit_test(http2_refuses_interim_answers_that_are_none),
        cmocka_unit_test(http2_says_continue_once),
        cmocka_unit_test(http2_sends_trailers_behind_any_body),
        cmocka_unit_test(http2_leaves_out_trailers_of_no_body),
        cmocka_unit_test(http2_resets_what_a_trailer_would_split),
    };
    return cmocka_run_group_tests(tests, stop_clock, NULL);
}
