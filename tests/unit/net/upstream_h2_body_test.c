/* SPDX-License-Identifier: Apache-2.0 */
#include <nghttp2/nghttp2.h>

#include "upstream_h2_world.h"

/* Bodies, both ways, of calls that share a connection. */

#define MUCH (4u * 1024 * 1024)

static const struct upstream_request stream_request = {
    .method = HTTP_POST,
    .head = {(const uint8_t *)"POST /up HTTP/1.1\r\nHost: target\r\nTransfer-Encoding: chunked\r\n\r\n",
             sizeof "POST /up HTTP/1.1\r\nHost: target\r\nTransfer-Encoding: chunked\r\n\r\n" - 1},
    .body = BODY_STREAM};

static uint64_t sum_of_pattern(size_t n)
{
    uint64_t sum = 0;
    for (size_t at = 0; at < n; at += 65536)
        sum = sum_of(sum, pattern_at(at, n - at < 65536 ? n - at : 65536));
    return sum;
}

/* A connection whose settings are known: nothing was sent on the strength of the default ones. */
static void start_settled(struct h2_world *h)
{
    struct record *r = &h->w.calls[1];
    world_must_start(&h->w, r, &get_request);
    h2_wait(h, h2_asked(h, 0) == 1);
    h2_answer(h, 0, 0, 200, "hi");
    h2_wait(h, r->ends == 1);
}

/* All of it, as fast as E_AGAIN lets. */
static void upload(struct h2_world *h, struct record *r, size_t n)
{
    size_t at = 0;
    while (at < n) {
        const size_t some = n - at < 20000 ? n - at : 20000;
        const int before = r->writables;
        const struct status st = world_write(r, pattern_at(at, some));
        at += some;
        if (st.code == E_AGAIN)
            h2_wait(h, r->writables > before);
        else
            assert_ok(st);
    }
    assert_ok(upstream_end_body(r->call, NULL));
}

static void more_or_less_than_announced_is_refused(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    struct record *r = &h.w.calls[0];
    world_must_start(&h.w, r, &post_request);
    h2_wait(&h, h2_asked(&h, 0) == 1);
    assert_string_equal(h2_seen(&h, 0, 0)->length, "5");
    assert_status(upstream_end_body(r->call, NULL), E_INVALID);
    assert_status(world_write(r, BYTES_OF("123456")), E_INVALID);
    assert_ok(world_write(r, (struct bytes){(const uint8_t *)"12345", 5}));
    assert_ok(upstream_end_body(r->call, NULL));
    h2_wait(&h, h2_seen(&h, 0, 0)->ended);
    h2_answer(&h, 0, 0, 200, "ok");
    h2_wait(&h, r->ends == 1);
    h2_world_free(&h);
}

/* Written before anybody knows what the target speaks. */
static void a_body_that_came_before_the_handshake_is_not_chunked(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    for (int i = 0; i < 2; i++) { /* who opens the connection, and who waits for it */
        world_must_start(&h.w, &h.w.calls[i], &stream_request);
        assert_ok(world_write(&h.w.calls[i], pattern_at(0, 1000)));
        assert_ok(upstream_end_body(h.w.calls[i].call, NULL));
    }
    h2_wait(&h, h2_asked(&h, 0) == 2);
    for (int i = 0; i < 2; i++) {
        const struct h2_seen *s = h2_seen(&h, 0, i);
        h2_wait(&h, s->ended);
        assert_int_equal(s->received, 1000);
        assert_true(s->sum == sum_of_pattern(1000));
    }
    for (int i = 0; i < 2; i++)
        upstream_cancel(h.w.calls[i].call);
    h2_world_free(&h);
}

static void much_goes_up_on_two_streams(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    for (int i = 0; i < 2; i++) {
        world_must_start(&h.w, &h.w.calls[i], &stream_request);
        upload(&h, &h.w.calls[i], MUCH);
    }
    for (int i = 0; i < 2; i++) {
        const struct h2_seen *s = h2_seen(&h, 0, i);
        h2_wait(&h, s->ended);
        assert_int_equal(s->received, MUCH);
        assert_true(s->sum == sum_of_pattern(MUCH));
        h2_answer(&h, 0, i, 200, "hi");
        h2_wait(&h, h.w.calls[i].ends == 1);
    }
    assert_true(h.w.calls[0].writables > 0);
    assert_int_equal(h.w.accepted, 1);
    h2_world_free(&h);
}

/* One stream's window is closed: its owner waits, another call goes on. */
static void a_closed_window_stops_its_own_call_only(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    h.small_window = true;
    start_settled(&h);
    struct record *r = &h.w.calls[0];
    world_must_start(&h.w, r, &stream_request);
    h2_wait(&h, h2_asked(&h, 0) == 2);
    size_t written = 0;
    while (status_ok(world_write(r, pattern_at(written, 16000))))
        written += 16000;
    written += 16000;
    h2_wait(&h, h2_seen(&h, 0, 1)->received == 16384);
    world_run_for(&h.w, 30);
    assert_int_equal(h2_seen(&h, 0, 1)->received, 16384);
    assert_int_equal(r->writables, 0);
    world_must_start(&h.w, &h.w.calls[1], &get_request);
    h2_wait(&h, h2_asked(&h, 0) == 3);
    h2_answer(&h, 0, 2, 200, "hi");
    h2_wait(&h, h.w.calls[1].ends == 1);
    assert_ok(upstream_end_body(r->call, NULL));
    while (!h2_seen(&h, 0, 1)->ended) {
        const size_t before = h2_seen(&h, 0, 1)->received;
        h2_give_window(&h, 0, 1);
        h2_wait(&h, h2_seen(&h, 0, 1)->received > before || h2_seen(&h, 0, 1)->ended);
    }
    assert_int_equal(h2_seen(&h, 0, 1)->received, written);
    assert_true(h2_seen(&h, 0, 1)->sum == sum_of_pattern(written));
    upstream_cancel(r->call);
    h2_world_free(&h);
}

static void a_paused_answer_stops_its_target_and_nobody_else(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    struct record *slow = &h.w.calls[0], *fast = &h.w.calls[1];
    world_must_start(&h.w, slow, &get_request);
    world_must_start(&h.w, fast, &get_request);
    h2_wait(&h, h2_asked(&h, 0) == 2);
    upstream_pause(slow->call);
    h2_answer_much(&h, 0, 0, MUCH);
    h2_answer_much(&h, 0, 1, MUCH);
    h2_wait(&h, fast->ends == 1);
    assert_true(fast->sum == sum_of_pattern(MUCH));
    assert_int_equal(slow->ends, 0);
    assert_true(slow->body_size < MUCH / 2);
    upstream_resume(slow->call);
    h2_wait(&h, slow->ends == 1);
    assert_true(slow->sum == sum_of_pattern(MUCH));
    h2_world_free(&h);
}

static void a_paused_call_may_be_cancelled(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    struct record *r = &h.w.calls[0];
    world_must_start(&h.w, r, &get_request);
    h2_wait(&h, h2_asked(&h, 0) == 1);
    upstream_pause(r->call);
    h2_answer_much(&h, 0, 0, MUCH);
    h2_wait(&h, r->body_size > 0);
    upstream_cancel(r->call);
    h2_wait(&h, h2_seen(&h, 0, 0)->closed);
    assert_int_equal(h2_seen(&h, 0, 0)->error, NGHTTP2_CANCEL);
    /* The window of the connection is whole again. */
    world_must_start(&h.w, &h.w.calls[1], &get_request);
    h2_wait(&h, h2_asked(&h, 0) == 2);
    h2_answer_much(&h, 0, 1, MUCH);
    h2_wait(&h, h.w.calls[1].ends == 1);
    assert_int_equal(h.w.accepted, 1);
    h2_world_free(&h);
}

static void trailers_and_interim_answers_are_told(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    struct record *r = &h.w.calls[0];
    world_must_start(&h.w, r, &get_request);
    h2_wait(&h, h2_asked(&h, 0) == 1);
    h2_interim(&h, 0, 0, 103);
    h2_wait(&h, r->interims == 1);
    h2_answer_with_trailer(&h, 0, 0, "hi", "8");
    h2_wait(&h, r->ends == 1);
    assert_string_equal(r->body, "hi");
    assert_int_equal(r->trailers, 1);
    h2_world_free(&h);
}

static void trailers_of_the_request_go_with_it(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    struct record *r = &h.w.calls[0];
    struct header field = {TEXT("X-Trailer"), TEXT("7")};
    const struct headers trailers = {.list = &field, .count = 1};
    world_must_start(&h.w, r, &stream_request);
    assert_ok(world_write(r, pattern_at(0, 10)));
    assert_ok(upstream_end_body(r->call, &trailers)); /* before the connection is there */
    h2_wait(&h, h2_asked(&h, 0) == 1 && h2_seen(&h, 0, 0)->ended);
    assert_string_equal(h2_seen(&h, 0, 0)->trailer, "7");
    upstream_cancel(r->call);
    h2_world_free(&h);
}

static void an_answer_before_the_end_of_the_request_is_one(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    struct record *r = &h.w.calls[0];
    world_must_start(&h.w, r, &stream_request);
    h2_wait(&h, h2_asked(&h, 0) == 1);
    assert_ok(world_write(r, pattern_at(0, 1000)));
    h2_answer(&h, 0, 0, 413, "no");
    h2_wait(&h, r->ends == 1);
    assert_int_equal(r->status, 413);
    h2_wait(&h, h2_seen(&h, 0, 0)->closed);
    assert_int_equal(world_stats(&h.w).idle, 1); /* the connection is as good as before */
    h2_world_free(&h);
}

static void a_reset_inside_the_answer_is_one(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    struct record *r = &h.w.calls[0];
    world_must_start(&h.w, r, &get_request);
    h2_wait(&h, h2_asked(&h, 0) == 1);
    upstream_pause(r->call);
    h2_answer_much(&h, 0, 0, MUCH);
    h2_wait(&h, r->heads == 1);
    h2_reset(&h, 0, 0, NGHTTP2_INTERNAL_ERROR);
    world_fails_with(&h.w, r, UPSTREAM_RESET);
    assert_true(r->answer_started);
    h2_world_free(&h);
}

static void an_upload_that_stands_still_times_out_alone(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    h.small_window = true;
    h.w.limits.idle_ms = 1000; /* a machine that stands still for a while is not an idle peer */
    world_set_limits(&h.w);
    start_settled(&h);
    struct record *r = &h.w.calls[0];
    world_must_start(&h.w, r, &stream_request);
    h2_wait(&h, h2_asked(&h, 0) == 2);
    while (status_ok(world_write(r, pattern_at(0, 16000))))
        ;
    for (int i = 0; i < 4; i++) { /* progress counts */
        world_run_for(&h.w, 300);
        assert_int_equal(r->failures, 0);
        h2_give_window(&h, 0, 1);
    }
    world_fails_with(&h.w, r, UPSTREAM_IDLE_TIMEOUT);
    assert_int_equal(world_stats(&h.w).open, 1);
    h2_world_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_or_less_than_announced_is_refused),
        cmocka_unit_test(a_body_that_came_before_the_handshake_is_not_chunked),
        cmocka_unit_test(much_goes_up_on_two_streams),
        cmocka_unit_test(a_closed_window_stops_its_own_call_only),
        cmocka_unit_test(a_paused_answer_stops_its_target_and_nobody_else),
        cmocka_unit_test(a_paused_call_may_be_cancelled),
        cmocka_unit_test(trailers_and_interim_answers_are_told),
        cmocka_unit_test(trailers_of_the_request_go_with_it),
        cmocka_unit_test(an_answer_before_the_end_of_the_request_is_one),
        cmocka_unit_test(a_reset_inside_the_answer_is_one),
        cmocka_unit_test(an_upload_that_stands_still_times_out_alone),
    };
    return cmocka_run_group_tests(tests, make_pki, free_pki);
}
