/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1_session.h"

#include "base/clock.h"
#include "base/limits.h"
#include "h1_peer.h"

static void limits(struct peer *p)
{
    p->settings.header_bytes = 200;
    p->settings.header_count = 3;
    p->settings.uri_bytes = 20;
    p->settings.body_bytes = 10;
}

static void refusal_is(const char *request, const char *answer, enum code code)
{
    struct peer p;
    peer_init(&p, limits);
    peer_send(&p, request);
    const struct text wire = buffer_as_text(&p.wire);
    assert_true(text_starts_with(wire, text_of(answer)));
    assert_int_equal(p.failed, code);
    assert_true(session_wants_close(p.session));
    peer_release(&p);
}

static void refuses_what_is_over_a_limit(void **state)
{
    (void)state;
    refusal_is("GET /2345678901234567890x HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 414 URI Too Long\r\n",
               E_TOO_LARGE);
    refusal_is("GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", "HTTP/1.1 431 ", E_TOO_LARGE);
    refusal_is("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", "HTTP/1.1 413 ", E_TOO_LARGE);
    refusal_is("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n", "HTTP/1.1 413 ",
               E_TOO_LARGE);
}

static void accepts_what_is_at_the_limits(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, limits);
    peer_send(
        &p, "POST /234567890123456789x HTTP/1.1\r\nHost: a\r\nA: 1\r\nContent-Length: 10\r\n\r\n0123456789");
    assert_seen(&p, "request POST /234567890123456789x at a sized 10\nbody 0123456789\nend\nfinished\n");
    peer_release(&p);
}

static void refuses_a_head_over_the_limit_before_it_ends(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, limits);
    peer_send(&p, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    for (int i = 0; i < 400 && !session_wants_close(p.session); i++)
        peer_send(&p, "x");
    assert_true(
        text_starts_with(buffer_as_text(&p.wire), TEXT("HTTP/1.1 431 Request Header Fields Too Large\r\n")));
    peer_release(&p);
}

static void refuses_a_target_that_does_not_end(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, limits);
    peer_send(&p, "GET /");
    for (int i = 0; i < 100; i++)
        peer_send(&p, "x");
    assert_true(text_starts_with(buffer_as_text(&p.wire), TEXT("HTTP/1.1 414 ")));
    peer_release(&p);
}

static void refuses_to_write_a_split_answer(void **state)
{
    (void)state;
    static const char *const bad[][2] = {{"X", "a\r\nSet-Cookie: b"},
                                         {"X", "a\nb"},
                                         {"X", "a\rb"},
                                         {"X\r\nY", "a"},
                                         {"", "a"},
                                         {"X ", "a"},
                                         {"X:", "a"}};
    struct peer p;
    peer_init(&p, peer_manual);
    peer_send(&p, A_GET);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct header field = {text_of(bad[i][0]), text_of(bad[i][1])};
        struct response head = {.status = 200, .headers = {&field, 1, 1}};
        assert_status(exchange_respond(p.x, &head), E_INVALID);
        assert_false(p.x->responded);
    }
    assert_int_equal(session_output(p.session).n, 0);
    peer_answer(&p, p.x, 500);
    peer_take_output(&p);
    assert_wire(&p, "HTTP/1.1 500 Internal Server Error\r\n" DATE "Content-Length: 0\r\n\r\n");
    peer_release(&p);
}

static void truncation_is_visible(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, peer_manual);
    peer_send(&p, A_GET A_GET);
    struct response head = {.status = 200, .body = BODY_STREAM};
    assert_ok(exchange_respond(p.x, &head));
    assert_ok(exchange_write(p.x, text_bytes(TEXT("abc"))));
    exchange_abort(p.x);
    peer_take_output(&p);
    assert_wire(&p, "HTTP/1.1 200 OK\r\n" DATE "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    assert_seen(&p, "request GET / at a\ncancelled\n");
    assert_true(session_wants_close(p.session));
    peer_release(&p);
}

/* HTTP/1.0 has no chunks: the end of the connection is that of the answer. */
static void truncation_is_visible_where_only_a_reset_can_show_it(void **state)
{
    (void)state;
    for (int whole = 0; whole < 2; whole++) {
        struct peer p;
        peer_init(&p, peer_manual);
        peer_send(&p, "GET / HTTP/1.0\r\n\r\n");
        struct response head = {.status = 200, .body = BODY_STREAM};
        assert_false(session_cut(p.session));
        assert_ok(exchange_respond(p.x, &head));
        assert_ok(exchange_write(p.x, text_bytes(TEXT("abc"))));
        assert_true(session_cut(p.session));
        if (whole)
            assert_ok(exchange_end(p.x));
        else
            exchange_abort(p.x);
        peer_take_output(&p);
        assert_true(session_wants_close(p.session));
        assert_int_equal(session_cut(p.session), !whole);
        peer_release(&p);
    }
}

static void an_answer_of_another_length_than_promised_closes(void **state)
{
    (void)state;
    for (int longer = 0; longer < 2; longer++) {
        struct peer p;
        peer_init(&p, peer_manual);
        peer_send(&p, A_GET);
        struct response head = {.status = 200, .body = BODY_SIZED, .content_length = 4};
        assert_ok(exchange_respond(p.x, &head));
        if (longer) {
            assert_status(exchange_write(p.x, text_bytes(TEXT("12345"))), E_BROKEN);
        } else {
            assert_ok(exchange_write(p.x, text_bytes(TEXT("123"))));
            assert_status(exchange_end(p.x), E_BROKEN);
        }
        assert_null(p.x);
        assert_true(session_wants_close(p.session));
        peer_release(&p);
    }
}

static void keeps_the_connection(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, NULL);
    peer_send(&p, A_GET);
    assert_true(session_is_idle(p.session));
    assert_false(session_wants_close(p.session));
    peer_send(&p, "GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" A_GET);
    assert_seen(&p, "request GET / at a\nend\nfinished\nrequest GET /2 at a\nend\nfinished\n");
    assert_wire(&p, EMPTY_OK "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 0\r\nConnection: close\r\n\r\n");
    assert_true(session_wants_close(p.session));
    peer_release(&p);
}

static void answers_pipelined_requests_one_after_the_other(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, peer_manual);
    peer_send(&p, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HT");
    assert_seen(&p, "request GET /1 at a\n");
    assert_int_equal(session_open_exchanges(p.session), 1);
    assert_false(session_is_idle(p.session));
    peer_answer(&p, p.x, 200);
    assert_seen(&p, "request GET /1 at a\nfinished\nrequest GET /2 at a\n");
    peer_answer(&p, p.x, 200);
    assert_true(session_reading_head(p.session));
    peer_send(&p, "TP/1.1\r\nHost: a\r\n\r\n");
    assert_false(session_reading_head(p.session));
    peer_answer(&p, p.x, 404);
    peer_take_output(&p);
    assert_wire(&p, EMPTY_OK EMPTY_OK "HTTP/1.1 404 Not Found\r\n" DATE "Content-Length: 0\r\n\r\n");
    peer_release(&p);
}

static void stops_reading_when_too_much_is_pipelined(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, peer_manual);
    peer_send(&p, A_GET);
    int sent = 0;
    while (session_wants_read(p.session) && sent++ < 10000)
        peer_send(&p, A_GET);
    assert_true(sent > 100 && sent < 10000);
    while (p.x)
        peer_answer(&p, p.x, 200);
    assert_true(session_wants_read(p.session));
    assert_int_equal(p.failed, E_OK);
    peer_release(&p);
}

static void head_and_bodiless_answers_have_no_body(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, peer_manual);
    peer_send(&p, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    buffer_text(&p.body, TEXT("12345"));
    peer_answer(&p, p.x, 200);
    peer_take_output(&p);
    assert_wire(&p, "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 5\r\n\r\n");
    const int statuses[] = {204, 304};
    for (size_t i = 0; i < 2; i++) {
        buffer_clear(&p.wire);
        peer_send(&p, A_GET);
        buffer_text(&p.body, TEXT("12345"));
        peer_answer(&p, p.x, statuses[i]);
        peer_take_output(&p);
        assert_true(text_ends_with(buffer_as_text(&p.wire), TEXT(DATE "\r\n")));
    }
    buffer_clear(&p.wire);
    peer_send(&p, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    struct response head = {.status = 200, .body = BODY_STREAM};
    assert_ok(exchange_respond(p.x, &head));
    assert_ok(exchange_write(p.x, text_bytes(TEXT("abc"))));
    assert_ok(exchange_end(p.x));
    peer_take_output(&p);
    assert_wire(&p, "HTTP/1.1 200 OK\r\n" DATE "Transfer-Encoding: chunked\r\n\r\n");
    peer_release(&p);
}

static void speaks_http_1_0(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, peer_manual);
    peer_send(&p, "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    peer_answer(&p, p.x, 200);
    peer_take_output(&p);
    assert_wire(&p, "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 0\r\nConnection: keep-alive\r\n\r\n");
    buffer_clear(&p.wire);
    peer_send(&p, "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    struct response head = {.status = 200, .body = BODY_STREAM};
    assert_ok(exchange_respond(p.x, &head));
    assert_ok(exchange_write(p.x, text_bytes(TEXT("abc"))));
    assert_ok(exchange_end(p.x));
    peer_take_output(&p);
    assert_wire(&p, "HTTP/1.1 200 OK\r\n" DATE "Connection: close\r\n\r\nabc");
    assert_true(session_wants_close(p.session));
    peer_release(&p);
}

static void an_old_client_is_not_kept_unless_it_asks(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, NULL);
    peer_send(&p, "GET / HTTP/1.0\r\n\r\n" A_GET);
    assert_wire(&p, "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 0\r\nConnection: close\r\n\r\n");
    assert_true(session_wants_close(p.session));
    peer_release(&p);
}

static void shutdown_finishes_the_current_request(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, peer_manual);
    peer_send(&p, A_GET A_GET);
    session_shutdown(p.session);
    assert_false(session_wants_close(p.session));
    peer_answer(&p, p.x, 200);
    peer_take_output(&p);
    assert_wire(&p, "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 0\r\nConnection: close\r\n\r\n");
    assert_true(session_wants_close(p.session));
    peer_release(&p);

    peer_init(&p, peer_manual);
    session_shutdown(p.session);
    assert_true(session_wants_close(p.session));
    peer_release(&p);
}

static void a_request_that_does_not_arrive_in_time_is_answered_408(void **state)
{
    (void)state;
    static const char *const requests[] = {"GET / HT",
                                           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc"};
    for (size_t i = 0; i < 2; i++) {
        struct peer p;
        peer_init(&p, NULL);
        peer_send(&p, requests[i]);
        session_timeout(p.session);
        peer_take_output(&p);
        assert_true(text_starts_with(buffer_as_text(&p.wire), TEXT("HTTP/1.1 408 Request Timeout\r\n")));
        assert_true(session_wants_close(p.session));
        assert_null(p.x);
        peer_release(&p);
    }
    struct peer p;
    peer_init(&p, NULL);
    session_timeout(p.session); /* an idle connection: nothing to say */
    peer_take_output(&p);
    assert_int_equal(buffer_size(&p.wire), 0);
    assert_true(session_wants_close(p.session));
    peer_release(&p);
}

static void an_idle_connection_costs_little(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, NULL);
    assert_null(h1_session_of(p.session)->work);
    peer_send(&p, A_GET);
    assert_non_null(h1_session_of(p.session)->work);
    session_shrink(p.session);
    assert_null(h1_session_of(p.session)->work);
    assert_true(sizeof(struct h1_session) < 600);
    peer_send(&p, A_GET "GET /");
    session_shrink(p.session); /* not idle: nothing is lost */
    peer_send(&p, " HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_wire(&p, EMPTY_OK EMPTY_OK EMPTY_OK);
    peer_release(&p);
}

static void becomes_a_tunnel(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, peer_manual);
    peer_send(&p, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly");
    struct header field = {TEXT("Upgrade"), TEXT("websocket")};
    struct response head = {.status = 101};
    assert_status(exchange_tunnel(p.x, &head), E_INVALID); /* without Upgrade */
    head.headers = (struct headers){&field, 1, 1};
    assert_ok(exchange_tunnel(p.x, &head));
    assert_text(buffer_as_text(&p.body), "early");
    peer_send(&p, A_GET);
    assert_ok(exchange_write(p.x, text_bytes(TEXT("\x81\x01x"))));
    peer_take_output(&p);
    assert_wire(&p, "HTTP/1.1 101 Switching Protocols\r\n" DATE
                    "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x01x");
    assert_text(buffer_as_text(&p.body), "early" A_GET);
    session_end_of_input(p.session);
    assert_seen(&p, "request GET / at a\nbody early" A_GET "\nend\n");
    assert_ok(exchange_end(p.x));
    assert_true(session_wants_close(p.session));
    peer_release(&p);
}

static void hands_on_interim_answers(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, peer_manual);
    peer_send(&p, A_GET);
    struct header field = {TEXT("Link"), TEXT("</a>; rel=preload")};
    struct response head = {.status = 103, .headers = {&field, 1, 1}};
    assert_ok(exchange_interim(p.x, &head));
    assert_false(p.x->responded);
    peer_answer(&p, p.x, 200);
    peer_take_output(&p);
    assert_wire(&p, "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" EMPTY_OK);
    peer_release(&p);
}

static void free_cancels_the_open_exchange(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, peer_manual);
    peer_send(&p, A_GET);
    session_free(p.session);
    p.session = NULL;
    assert_seen(&p, "request GET / at a\ncancelled\n");
    peer_release(&p);
}

static void trust_the_hop(struct peer *p)
{
    p->settings.trusted_peer = true;
}

static void reads_the_hop_without_scan(void **state)
{
    (void)state;
    const struct text all =
        TEXT("POST /a?b HTTP/1.1\r\nHost: \r\nX: y \r\nContent-Length: 3\r\n\r\nabc"
             "POST /c HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
             "POST /d HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n");
    for (size_t piece = 1; piece < all.n; piece++) {
        struct peer p;
        peer_init(&p, trust_the_hop);
        for (size_t at = 0; at < all.n; at += piece)
            peer_feed(&p, text_bytes(text_first(text_from(all, at), piece)));
        assert_seen(&p, "request POST /a?b sized 3\nbody abc\nend\nfinished\n"
                        "request POST /c at d stream\nbody abc\nend\nfinished\n");
        assert_true(peer_wire_has(&p, "HTTP/1.1 400 "));
        peer_release(&p);
    }
}

static struct status whole_conversation(void)
{
    struct peer p;
    peer_init(&p, NULL);
    if (!p.session)
        return STATUS(NOMEM);
    peer_send(&p, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-");
    peer_send(
        &p,
        "Encoding: chunked\r\nA:1\r\nB:1\r\nC:1\r\nD:1\r\nE:1\r\nF:1\r\nG:1\r\nH:1\r\nI:1\r\nJ:1\r\nK:1\r\n"
        "L:1\r\nM:1\r\nN:1\r\nO:1\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n" A_GET "GET /next");
    peer_send(&p, " HTTP/1.0\r\n\r\n");
    const bool complete = text_ends_with(buffer_as_text(&p.seen), TEXT("request GET /next\nend\nfinished\n"));
    /* A failure may also hit the notes of the test; then they have a hole, but nothing else may be wrong. */
    peer_release(&p);
    return complete ? DONE : STATUS(NOMEM);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(whole_conversation());
}

static int stop_the_clock(void **state)
{
    (void)state;
    clock_set_test(0, 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_over_a_limit),
        cmocka_unit_test(accepts_what_is_at_the_limits),
        cmocka_unit_test(refuses_a_head_over_the_limit_before_it_ends),
        cmocka_unit_test(refuses_a_target_that_does_not_end),
        cmocka_unit_test(refuses_to_write_a_split_answer),
        cmocka_unit_test(truncation_is_visible),
        cmocka_unit_test(truncation_is_visible_where_only_a_reset_can_show_it),
        cmocka_unit_test(an_answer_of_another_length_than_promised_closes),
        cmocka_unit_test(keeps_the_connection),
        cmocka_unit_test(answers_pipelined_requests_one_after_the_other),
        cmocka_unit_test(stops_reading_when_too_much_is_pipelined),
        cmocka_unit_test(head_and_bodiless_answers_have_no_body),
        cmocka_unit_test(speaks_http_1_0),
        cmocka_unit_test(an_old_client_is_not_kept_unless_it_asks),
        cmocka_unit_test(shutdown_finishes_the_current_request),
        cmocka_unit_test(a_request_that_does_not_arrive_in_time_is_answered_408),
        cmocka_unit_test(an_idle_connection_costs_little),
        cmocka_unit_test(becomes_a_tunnel),
        cmocka_unit_test(hands_on_interim_answers),
        cmocka_unit_test(free_cancels_the_open_exchange),
        cmocka_unit_test(reads_the_hop_without_scan),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, stop_the_clock, NULL);
}
