/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1_session.h"

#include "base/clock.h"
#include "base/limits.h"
#include "h1_peer.h"

static void writes_chunks(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, peer_manual);
    p.settings.server_name = "Fairlead";
    peer_send(&p, A_GET);
    struct header fields[] = {{TEXT("X"), TEXT("y")},
                              {TEXT("connection"), TEXT("x-hop, close")},
                              {TEXT("X-Hop"), TEXT("z")},
                              {TEXT("Content-length"), TEXT("9")},
                              {TEXT("Transfer-Encoding"), TEXT("gzip")}};
    struct response head = {.status = 200, .body = BODY_STREAM, .headers = {fields, 5, 5}};
    assert_ok(exchange_respond(p.x, &head));
    assert_ok(exchange_write(p.x, text_bytes(TEXT("abc"))));
    assert_ok(exchange_write(p.x, (struct bytes){NULL, 0}));
    assert_ok(exchange_write(p.x, text_bytes(TEXT("0123456789abcdefgh"))));
    assert_ok(exchange_end(p.x));
    peer_take_output(&p);
    assert_wire(&p,
                "HTTP/1.1 200 OK\r\nX: y\r\n" DATE "Server: Fairlead\r\nTransfer-Encoding: chunked\r\n\r\n"
                "3\r\nabc\r\n12\r\n0123456789abcdefgh\r\n0\r\n\r\n");
    peer_release(&p);
}

#define EXPECTING "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"

static void continues_when_the_body_is_wanted(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, peer_manual);
    peer_send(&p, EXPECTING);
    assert_int_equal(buffer_size(&p.wire), 0);
    exchange_want_body(p.x);
    peer_take_output(&p);
    assert_wire(&p, "HTTP/1.1 100 Continue\r\n\r\n");
    peer_send(&p, "abc");
    assert_seen(&p, "request POST / at a sized 3\nbody abc\nend\n");
    peer_answer(&p, p.x, 200);
    assert_false(session_wants_close(p.session));
    peer_release(&p);
}

static void an_early_answer_to_an_expectation_closes(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, peer_manual);
    peer_send(&p, EXPECTING);
    peer_answer(&p, p.x, 401);
    peer_take_output(&p);
    assert_wire(&p, "HTTP/1.1 401 Unauthorized\r\n" DATE "Content-Length: 0\r\nConnection: close\r\n\r\n");
    assert_seen(&p, "request POST / at a sized 3\nfinished\n");
    peer_send(&p, A_GET); /* CL.0: whatever comes now is not a request */
    assert_seen(&p, "request POST / at a sized 3\nfinished\n");
    peer_release(&p);
}

static void a_small_unwanted_body_is_drained(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabc",
    };
    static const char *const rests[] = {"def" A_GET, "def\r\n0\r\n\r\n" A_GET};
    for (size_t i = 0; i < 2; i++) {
        struct peer p;
        peer_init(&p, peer_manual);
        peer_send(&p, requests[i]);
        peer_answer(&p, p.x, 403);
        assert_false(session_wants_close(p.session));
        assert_non_null(p.x); /* until the body has gone */
        buffer_clear(&p.seen);
        peer_send(&p, rests[i]);
        assert_seen(&p, "finished\nrequest GET / at a\n");
        assert_false(peer_wire_has(&p, "Connection"));
        peer_release(&p);
    }
}

static void a_large_unwanted_body_closes(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, peer_manual);
    peer_send(&p, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n");
    peer_answer(&p, p.x, 403);
    peer_take_output(&p);
    assert_true(peer_wire_has(&p, "Connection: close\r\n"));
    assert_true(session_wants_close(p.session));
    peer_release(&p);

    peer_init(&p, peer_manual);
    peer_send(&p, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n");
    peer_answer(&p, p.x, 403);
    for (int i = 0; i < 65 && !session_wants_close(p.session); i++) {
        uint8_t some[1024] = {0};
        peer_feed(&p, BYTES_OF(some));
    }
    assert_true(session_wants_close(p.session));
    assert_seen(&p, "request POST / at a stream\nfinished\n");
    peer_release(&p);
}

static void pauses_the_body(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, peer_manual);
    peer_send(&p, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\nabc");
    exchange_want_body(p.x);
    assert_text(buffer_as_text(&p.body), "abc");
    exchange_pause_body(p.x);
    int fed = 0;
    for (; session_wants_read(p.session) && fed < 100; fed++) {
        uint8_t some[1000] = {0};
        peer_feed(&p, BYTES_OF(some));
    }
    assert_int_equal(buffer_size(&p.body), 3);
    assert_in_range(fed, 10, 40);
    exchange_resume_body(p.x);
    assert_int_equal(buffer_size(&p.body), 3 + fed * 1000);
    assert_true(session_wants_read(p.session));
    peer_release(&p);
}

static void holds_back_a_producer(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, peer_manual);
    p.leave_output = true;
    peer_send(&p, A_GET);
    struct response head = {.status = 200, .body = BODY_STREAM};
    assert_ok(exchange_respond(p.x, &head));
    static const uint8_t some[10000];
    int written = 1;
    while (status_ok(exchange_write(p.x, BYTES_OF(some))))
        written++;
    assert_int_equal(written, 7);
    size_t taken = 0;
    while (session_output(p.session).n > 20000) {
        session_output_consumed(p.session, 1000);
        taken += 1000;
    }
    assert_seen(&p, "request GET / at a\ndrained\n"); /* once */
    assert_ok(exchange_write(p.x, BYTES_OF(some)));
    assert_ok(exchange_end(p.x));
    assert_in_range(taken + session_output(p.session).n, 80000, 80300);
    peer_release(&p);
}

static void end_of_input_cancels_an_incomplete_request(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
    };
    for (size_t i = 0; i < 2; i++) {
        struct peer p;
        peer_init(&p, NULL);
        peer_send(&p, requests[i]);
        session_end_of_input(p.session);
        assert_true(text_ends_with(buffer_as_text(&p.seen), TEXT("\ncancelled\n")));
        assert_true(session_wants_close(p.session));
        assert_int_equal(buffer_size(&p.wire), 0);
        peer_release(&p);
    }
}

static void complete_requests_are_answered_after_end_of_input(void **state)
{
    (void)state;
    struct peer p;
    peer_init(&p, peer_manual);
    peer_send(&p, A_GET A_GET "GET /incomp");
    session_end_of_input(p.session);
    assert_false(session_wants_close(p.session));
    peer_answer(&p, p.x, 200);
    peer_answer(&p, p.x, 200);
    peer_take_output(&p);
    assert_wire(&p, EMPTY_OK EMPTY_OK);
    assert_true(session_wants_close(p.session));
    peer_release(&p);
}

static void gives_trailers_apart_from_headers(void **state)
{
    (void)state;
    const char *request = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "3\r\nabc\r\n0\r\nX-One:  1 \r\nX-Two:\r\n\r\n";
    const struct text all = text_of(request);
    for (size_t piece = 1; piece < all.n; piece++) {
        struct peer p;
        peer_init(&p, NULL);
        for (size_t at = 0; at < all.n; at += piece)
            peer_feed(&p, text_bytes(text_first(text_from(all, at), piece)));
        assert_seen(
            &p,
            "request POST / at a stream\nbody abc\ntrailer X-One\nis 1\ntrailer X-Two\nis \nend\nfinished\n");
        peer_release(&p);
    }
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
        cmocka_unit_test(writes_chunks),
        cmocka_unit_test(continues_when_the_body_is_wanted),
        cmocka_unit_test(an_early_answer_to_an_expectation_closes),
        cmocka_unit_test(a_small_unwanted_body_is_drained),
        cmocka_unit_test(a_large_unwanted_body_closes),
        cmocka_unit_test(pauses_the_body),
        cmocka_unit_test(holds_back_a_producer),
        cmocka_unit_test(end_of_input_cancels_an_incomplete_request),
        cmocka_unit_test(complete_requests_are_answered_after_end_of_input),
        cmocka_unit_test(gives_trailers_apart_from_headers),
    };
    return cmocka_run_group_tests(tests, stop_the_clock, NULL);
}
