/* SPDX-License-Identifier: Apache-2.0 */
#include "net/upstream.h"

#include "upstream_world.h"

/* ---- names ---- */

static void every_failure_has_a_name_and_a_status(void **state)
{
    (void)state;
    for (unsigned f = 0; f < UPSTREAM_FAILURE_COUNT; f++) {
        assert_non_null(upstream_failure_name(f));
        const int status = upstream_failure_status(f);
        assert_true(status == 502 || status == 503 || status == 504);
    }
}

/* ---- answers that are none ---- */

enum ending { END_STAYS, END_CLOSES, END_RESETS };

static const struct bad_answer {
    const char *bytes;
    enum ending ending;
    enum upstream_failure why;
    bool started;
} bad_answers[] = {
    {"", END_CLOSES, UPSTREAM_RESET, false},
    {"", END_RESETS, UPSTREAM_RESET, false},
    {"HTTP/1.1 200 OK\r\nContent-Le", END_CLOSES, UPSTREAM_RESET, false},
    {"HTTP/1.1 200 OK\r\nContent-Le", END_RESETS, UPSTREAM_RESET, false},
    {"HTTP/1.1 100 Continue\r\n\r\n", END_CLOSES, UPSTREAM_RESET, false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", END_CLOSES, UPSTREAM_RESET, true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal", END_CLOSES, UPSTREAM_RESET, true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal", END_RESETS, UPSTREAM_RESET, true},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal", END_CLOSES, UPSTREAM_RESET, true},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhal\r\n", END_CLOSES, UPSTREAM_RESET, true},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhal\r\n0\r\n", END_RESETS, UPSTREAM_RESET,
     true},
    {"HTTP/1.1 200 OK\r\n\r\nhal", END_RESETS, UPSTREAM_RESET, true},
    {"SSH-2.0-OpenSSH_9.2\r\n\r\n", END_STAYS, UPSTREAM_MALFORMED, false},
    {"HTTP/2.0 200 OK\r\n\r\n", END_STAYS, UPSTREAM_MALFORMED, false},
    {"HTTP/1.1 20 OK\r\n\r\n", END_STAYS, UPSTREAM_MALFORMED, false},
    {"HTTP/1.1 200 OK\nContent-Length: 0\n\n", END_STAYS, UPSTREAM_MALFORMED, false},
    {"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", END_STAYS, UPSTREAM_MALFORMED, false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", END_STAYS,
     UPSTREAM_MALFORMED, false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", END_STAYS, UPSTREAM_MALFORMED,
     false},
    {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", END_STAYS, UPSTREAM_MALFORMED, false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", END_STAYS, UPSTREAM_MALFORMED, false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", END_STAYS, UPSTREAM_MALFORMED, true},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhalf", END_STAYS, UPSTREAM_MALFORMED, true},
    {"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nraw", END_STAYS,
     UPSTREAM_MALFORMED, false},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n",
     END_STAYS, UPSTREAM_MALFORMED, false},
};

static void refuses_answers_that_are_cut_malformed_or_ambiguous(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_answers / sizeof bad_answers[0]; i++) {
        const struct bad_answer *a = &bad_answers[i];
        struct world w;
        world_init(&w);
        struct record *r = &w.calls[0];
        world_must_start(&w, r, &get_request);
        wait_for(&w, world_asked(&w, 0));
        world_say(&w, 0, a->bytes);
        if (a->ending != END_STAYS)
            world_run_for(&w, 10); /* RST overtakes what was not read */
        if (a->ending == END_CLOSES)
            world_close(&w, 0);
        else if (a->ending == END_RESETS)
            world_reset(&w, 0);
        world_fails_with(&w, r, a->why);
        if (r->answer_started != a->started)
            fail_msg("%s: started %d", a->bytes, r->answer_started);
        assert_true(r->detail[0] != '\0');
        assert_int_equal(world_stats(&w).open, 0);
        assert_int_equal(w.accepted, 1); /* on a new connection nothing is repeated */
        world_free(&w);
    }
}

/* ---- time-outs ---- */

static void a_silent_target_is_a_first_byte_timeout(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.limits.first_byte_ms = 40;
    w.limits.idle_ms = 10; /* does not count while the target may think */
    world_set_limits(&w);
    world_must_start(&w, &w.calls[0], &get_request);
    world_fails_with(&w, &w.calls[0], UPSTREAM_FIRST_BYTE_TIMEOUT);
    world_free(&w);
}

static void a_body_that_stops_is_an_idle_timeout_unless_we_stopped_it(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.limits.idle_ms = 40;
    world_set_limits(&w);
    struct record *r = &w.calls[0];
    world_must_start(&w, r, &get_request);
    wait_for(&w, world_asked(&w, 0));
    world_say(&w, 0, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal");
    wait_for(&w, r->body_size == 3);
    upstream_pause(r->call);
    world_run_for(&w, 150);
    assert_int_equal(r->failures, 0);
    upstream_resume(r->call);
    world_fails_with(&w, r, UPSTREAM_IDLE_TIMEOUT);
    assert_true(r->answer_started);
    world_free(&w);
}

static void a_target_that_stops_reading_the_body_is_an_idle_timeout(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.limits.idle_ms = 10000;
    world_set_limits(&w);
    struct record *r = &w.calls[0];
    struct upstream_request big = post_request;
    big.content_length = 64 << 20;
    world_must_start(&w, r, &big);
    wait_for(&w, w.accepted == 1);
    w.peers[0].deaf = true;
    watch_set(w.peers[0].watch, 0);
    unsigned chunks = 0;
    while (status_ok(world_write(r, pattern_at(0, 65536)))) {
        assert_true(++chunks < 1000);
        world_turn(&w);
    }
    w.limits.idle_ms = 60;
    world_set_limits(&w);
    world_fails_with(&w, r, UPSTREAM_IDLE_TIMEOUT);
    world_free(&w);
}

static void a_target_that_drips_for_too_long_is_a_total_timeout(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.limits.idle_ms = 1000; /* the drips keep it away, also on a machine that stands still for a while */
    w.limits.total_ms = 1500;
    world_set_limits(&w);
    struct record *r = &w.calls[0];
    world_must_start(&w, r, &get_request);
    wait_for(&w, world_asked(&w, 0));
    world_say(&w, 0, "HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n");
    while (r->failures == 0) {
        world_say(&w, 0, "x");
        world_turn(&w);
    }
    world_fails_with(&w, r, UPSTREAM_TOTAL_TIMEOUT);
    world_free(&w);
}

/* ---- kept-alive connections that are none ---- */

static void a_connection_that_ended_while_idle_is_not_used(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_answers(&w, &w.calls[0], 0);
    world_close(&w, 0);
    wait_for(&w, world_stats(&w).open == 0);
    assert_int_equal(world_stats(&w).pools, 0);
    world_answers(&w, &w.calls[1], 1);
    world_free(&w);
}

static void bytes_that_nobody_asked_for_end_an_idle_connection(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_answers(&w, &w.calls[0], 0);
    world_say(&w, 0, "HTTP/1.1 408 Request Timeout\r\n\r\n");
    wait_for(&w, world_stats(&w).open == 0);
    world_must_start(&w, &w.calls[1], &get_request);
    wait_for(&w, world_asked(&w, 1));
    world_say(&w, 1, OK_ANSWER OK_ANSWER); /* one more than asked for */
    wait_for(&w, w.calls[1].ends == 1);
    assert_string_equal(w.calls[1].body, "hi");
    assert_int_equal(world_stats(&w).open, 0);
    world_free(&w);
}

static void a_read_is_repeated_once_when_a_kept_connection_ends_under_it(void **state)
{
    (void)state;
    for (int again = 0; again < 2; again++) {
        struct world w;
        world_init(&w);
        struct record *r = &w.calls[1];
        world_answers(&w, &w.calls[0], 0);
        world_must_start(&w, r, &get_request);
        assert_true(world_stats(&w).connections_reused == 1);
        world_close(&w, 0); /* in the same moment */
        wait_for(&w, world_asked(&w, 1));
        if (again) {
            world_close(&w, 1);
            world_fails_with(&w, r, UPSTREAM_RESET);
        } else {
            world_say(&w, 1, OK_ANSWER);
            wait_for(&w, r->ends == 1);
            assert_string_equal(r->body, "hi");
            assert_false(r->facts.reused);
        }
        assert_int_equal(w.accepted, 2);
        world_free(&w);
    }
}

static void a_write_is_not_repeated_once_it_was_sent(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct record *r = &w.calls[1];
    world_answers(&w, &w.calls[0], 0);
    world_must_start(&w, r, &post_request);
    assert_ok(world_write(r, text_bytes(TEXT("hello"))));
    assert_ok(upstream_end_body(r->call, NULL));
    world_close(&w, 0);
    world_fails_with(&w, r, UPSTREAM_RESET);
    world_run_for(&w, 20);
    assert_int_equal(w.accepted, 1);
    world_free(&w);
}

static void a_write_of_which_nothing_was_sent_goes_to_a_new_connection(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct record *r = &w.calls[1];
    world_answers(&w, &w.calls[0], 0);
    world_reset(&w, 0); /* has arrived, but the loop has not seen it */
    world_must_start(&w, r, &post_request);
    assert_true(world_stats(&w).connections_reused == 1);
    assert_ok(world_write(r, text_bytes(TEXT("hello"))));
    assert_ok(upstream_end_body(r->call, NULL));
    wait_for(&w, w.accepted == 2 && w.peers[1].received == post_request.head.n + 5);
    assert_non_null(strstr(w.peers[1].text, "\r\n\r\nhello"));
    world_say(&w, 1, OK_ANSWER);
    wait_for(&w, r->ends == 1);
    assert_int_equal(world_stats(&w).idle, 1);
    world_free(&w);
}

/* ---- the queue ---- */

static void refuses_more_waiting_calls_than_allowed_and_serves_the_others_in_order(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.limits.connections = 1;
    world_set_limits(&w);
    for (int i = 0; i < 3; i++)
        world_must_start(&w, &w.calls[i], &get_request);
    assert_null(world_start(&w, &w.calls[3], &get_request));
    assert_int_equal(w.calls[3].why, UPSTREAM_BUSY);
    assert_int_equal(world_stats(&w).waiting, 2);
    for (int i = 0; i < 3; i++) {
        wait_for(&w, world_asked(&w, 0));
        world_say(&w, 0, OK_ANSWER);
        wait_for(&w, w.calls[i].ends == 1);
        assert_int_equal(w.calls[i].facts.reused, i > 0);
        for (int j = i + 1; j < 3; j++)
            assert_int_equal(w.calls[j].ends, 0);
    }
    assert_int_equal(w.accepted, 1);
    assert_int_equal(world_stats(&w).waiting, 0);
    world_free(&w);
}

static void a_call_that_waits_too_long_is_told_that_the_target_is_busy(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.limits.connections = 1;
    world_set_limits(&w);
    world_must_start(&w, &w.calls[0], &get_request);
    wait_for(&w, world_asked(&w, 0));
    w.limits.connect_ms = 60; /* for whoever waits; the first one is connected */
    world_set_limits(&w);
    world_must_start(&w, &w.calls[1], &get_request);
    world_fails_with(&w, &w.calls[1], UPSTREAM_BUSY);
    upstream_cancel(w.calls[0].call);
    world_free(&w);
}

static void a_place_that_becomes_free_goes_to_a_call_that_waits(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.limits.connections = 1;
    world_set_limits(&w);
    world_must_start(&w, &w.calls[0], &get_request);
    world_must_start(&w, &w.calls[1], &get_request);
    wait_for(&w, world_asked(&w, 0));
    upstream_cancel(w.calls[0].call);
    wait_for(&w, world_asked(&w, 1));
    world_say(&w, 1, OK_ANSWER);
    wait_for(&w, w.calls[1].ends == 1);
    world_free(&w);
}

static void a_full_queue_for_a_dead_target_fails_call_by_call(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.limits.connections = 1;
    w.limits.waiting = 6;
    world_set_limits(&w);
    world_unlisten(&w);
    for (int i = 0; i < 7; i++)
        world_must_start(&w, &w.calls[i], &get_request);
    for (int i = 0; i < 7; i++)
        world_fails_with(&w, &w.calls[i], UPSTREAM_CONNECT);
    assert_int_equal(world_stats(&w).pools, 0);
    world_free(&w);
}

/* ---- reuse ---- */

static void reuses_a_connection_for_the_next_call(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    for (int i = 0; i < 3; i++) {
        struct record *r = &w.calls[i];
        world_answers(&w, r, 0);
        assert_int_equal(r->status, 200);
        assert_int_equal(r->facts.reused, i > 0);
        assert_true(r->facts.first_byte_us > 0);
        assert_int_equal(r->facts.connect_us > 0, i == 0);
        assert_int_equal(r->facts.address.port, w.addresses[0].port);
    }
    const struct upstream_stats stats = world_stats(&w);
    assert_int_equal(w.accepted, 1);
    assert_int_equal(stats.connections_made, 1);
    assert_int_equal(stats.connections_reused, 2);
    assert_int_equal(stats.idle, 1);
    world_free(&w);
}

static void pools_do_not_share_connections(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_answers(&w, &w.calls[0], 0);
    w.endpoint.share[31] = 7;
    world_answers(&w, &w.calls[1], 1);
    assert_int_equal(world_stats(&w).pools, 2);
    assert_int_equal(world_stats(&w).idle, 2);
    world_free(&w);
}

static void keeps_no_more_idle_connections_than_allowed(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.limits.idle_per_pool = 1;
    world_set_limits(&w);
    world_must_start(&w, &w.calls[0], &get_request);
    world_must_start(&w, &w.calls[1], &get_request);
    wait_for(&w, world_asked(&w, 0) && world_asked(&w, 1));
    world_say(&w, 0, OK_ANSWER);
    world_say(&w, 1, OK_ANSWER);
    wait_for(&w, w.calls[0].ends == 1 && w.calls[1].ends == 1);
    assert_int_equal(world_stats(&w).idle, 1);
    w.limits.idle_per_pool = 4;
    w.limits.idle_in_all = 1;
    world_set_limits(&w);
    w.endpoint.share[0] = 9; /* another pool: the oldest of all goes */
    world_answers(&w, &w.calls[2], 2);
    assert_int_equal(world_stats(&w).idle, 1);
    assert_int_equal(world_stats(&w).pools, 1);
    world_free(&w);
}

static void an_idle_connection_is_closed_in_time_and_its_pool_forgotten(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.limits.keep_ms = 30;
    world_set_limits(&w);
    world_answers(&w, &w.calls[0], 0);
    assert_int_equal(world_stats(&w).pools, 1);
    wait_for(&w, w.peers[0].ended);
    assert_int_equal(world_stats(&w).open, 0);
    assert_int_equal(world_stats(&w).pools, 0);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failure_has_a_name_and_a_status),
        cmocka_unit_test(refuses_answers_that_are_cut_malformed_or_ambiguous),
        cmocka_unit_test(a_silent_target_is_a_first_byte_timeout),
        cmocka_unit_test(a_body_that_stops_is_an_idle_timeout_unless_we_stopped_it),
        cmocka_unit_test(a_target_that_stops_reading_the_body_is_an_idle_timeout),
        cmocka_unit_test(a_target_that_drips_for_too_long_is_a_total_timeout),
        cmocka_unit_test(a_connection_that_ended_while_idle_is_not_used),
        cmocka_unit_test(bytes_that_nobody_asked_for_end_an_idle_connection),
        cmocka_unit_test(a_read_is_repeated_once_when_a_kept_connection_ends_under_it),
        cmocka_unit_test(a_write_is_not_repeated_once_it_was_sent),
        cmocka_unit_test(a_write_of_which_nothing_was_sent_goes_to_a_new_connection),
        cmocka_unit_test(refuses_more_waiting_calls_than_allowed_and_serves_the_others_in_order),
        cmocka_unit_test(a_call_that_waits_too_long_is_told_that_the_target_is_busy),
        cmocka_unit_test(a_place_that_becomes_free_goes_to_a_call_that_waits),
        cmocka_unit_test(a_full_queue_for_a_dead_target_fails_call_by_call),
        cmocka_unit_test(reuses_a_connection_for_the_next_call),
        cmocka_unit_test(pools_do_not_share_connections),
        cmocka_unit_test(keeps_no_more_idle_connections_than_allowed),
        cmocka_unit_test(an_idle_connection_is_closed_in_time_and_its_pool_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
