/* SPDX-License-Identifier: Apache-2.0 */
#include <nghttp2/nghttp2.h>

#include "upstream_h2_world.h"

/* What is sent again, and what must not be. */

static void start_on_used_connection(struct h2_world *h, const struct upstream_request *request, int n)
{
    h2_world_init(h, pki);
    world_must_start(&h->w, &h->w.calls[0], &get_request);
    h2_wait(h, h2_asked(h, 0) == 1);
    h2_answer(h, 0, 0, 200, "hi");
    h2_wait(h, h->w.calls[0].ends == 1);
    for (int i = 1; i <= n; i++)
        world_must_start(&h->w, &h->w.calls[i], request);
    h2_wait(h, h2_asked(h, 0) == 1 + n);
}

static const struct upstream_request big_request = {
    .method = HTTP_POST,
    .head = {(const uint8_t *)"POST / HTTP/1.1\r\nHost: target\r\nContent-Length: 100000\r\n\r\n",
             sizeof "POST / HTTP/1.1\r\nHost: target\r\nContent-Length: 100000\r\n\r\n" - 1},
    .body = BODY_SIZED,
    .content_length = 100000};

static void a_refused_stream_is_sent_again_with_its_body(void **state)
{
    (void)state;
    struct h2_world h;
    start_on_used_connection(&h, &post_request, 1);
    struct record *r = &h.w.calls[1];
    assert_ok(world_write(r, (struct bytes){(const uint8_t *)"12345", 5}));
    assert_ok(upstream_end_body(r->call, NULL));
    h2_wait(&h, h2_seen(&h, 0, 1)->ended);
    h2_reset(&h, 0, 1, NGHTTP2_REFUSED_STREAM);
    h2_wait(&h, h2_asked(&h, 1) == 1 && h2_seen(&h, 1, 0)->ended);
    assert_int_equal(h2_seen(&h, 1, 0)->received, 5);
    h2_answer(&h, 1, 0, 200, "hi");
    h2_wait(&h, r->ends == 1);
    assert_false(r->facts.reused);
    h2_world_free(&h);
}

static void once(void **state)
{
    (void)state;
    struct h2_world h;
    start_on_used_connection(&h, &get_request, 1);
    h2_reset(&h, 0, 1, NGHTTP2_REFUSED_STREAM);
    h2_wait(&h, h2_asked(&h, 1) == 1);
    h2_reset(&h, 1, 0, NGHTTP2_REFUSED_STREAM);
    world_fails_with(&h.w, &h.w.calls[1], UPSTREAM_RESET);
    h2_world_free(&h);
}

static void not_when_its_body_is_not_here_any_more(void **state)
{
    (void)state;
    struct h2_world h;
    start_on_used_connection(&h, &big_request, 1);
    struct record *r = &h.w.calls[1];
    (void)world_write(r, pattern_at(0, 50000));
    h2_wait(&h, h2_seen(&h, 0, 1)->received > 0);
    h2_reset(&h, 0, 1, NGHTTP2_REFUSED_STREAM);
    world_fails_with(&h.w, r, UPSTREAM_RESET);
    assert_int_equal(h.w.accepted, 1);
    h2_world_free(&h);
}

static void not_after_another_reset(void **state)
{
    (void)state;
    struct h2_world h;
    start_on_used_connection(&h, &get_request, 1);
    h2_reset(&h, 0, 1, NGHTTP2_INTERNAL_ERROR);
    world_fails_with(&h.w, &h.w.calls[1], UPSTREAM_RESET);
    assert_int_equal(h.w.accepted, 1);
    assert_int_equal(world_stats(&h.w).idle, 1);
    h2_world_free(&h);
}

/* GOAWAY: those above its last stream go elsewhere, whatever their method; those below end where they are. */
static void goaway_sends_the_later_ones_elsewhere(void **state)
{
    (void)state;
    struct h2_world h;
    struct upstream_request post = get_request;
    post.repeatable = false;
    start_on_used_connection(&h, &post, 4);
    h2_goaway(&h, 0, 3);
    h2_wait(&h, h2_asked(&h, 1) == 2);
    for (int i = 0; i < 2; i++) {
        h2_answer(&h, 0, 1 + i, 200, "hi");
        h2_answer(&h, 1, i, 200, "hi");
    }
    for (int i = 1; i <= 4; i++)
        h2_wait(&h, h.w.calls[i].ends == 1);
    h2_wait(&h, world_stats(&h.w).open == 1);
    h2_world_free(&h);
}

/* RFC 9110 9.2.2: what is idempotent, on a connection that had been used. */
static void a_connection_that_ends_repeats_what_may_be(void **state)
{
    (void)state;
    for (int repeatable = 0; repeatable < 2; repeatable++) {
        struct h2_world h;
        struct upstream_request request = get_request;
        request.repeatable = repeatable;
        start_on_used_connection(&h, &request, 2);
        world_reset(&h.w, 0);
        for (int i = 1; i <= 2 && !repeatable; i++)
            world_fails_with(&h.w, &h.w.calls[i], UPSTREAM_RESET);
        if (repeatable) {
            h2_wait(&h, h2_asked(&h, 1) == 2);
            for (int i = 0; i < 2; i++)
                h2_answer(&h, 1, i, 200, "hi");
            h2_wait(&h, h.w.calls[1].ends == 1 && h.w.calls[2].ends == 1);
        }
        assert_int_equal(h.w.accepted, repeatable ? 2 : 1);
        h2_world_free(&h);
    }
}

static void not_on_a_new_one(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    for (int i = 0; i < 2; i++)
        world_must_start(&h.w, &h.w.calls[i], &get_request);
    h2_wait(&h, h2_asked(&h, 0) == 2);
    world_reset(&h.w, 0);
    for (int i = 0; i < 2; i++)
        world_fails_with(&h.w, &h.w.calls[i], UPSTREAM_RESET);
    assert_int_equal(world_stats(&h.w).open, 0);
    h2_world_free(&h);
}

static void not_once_an_answer_has_begun(void **state)
{
    (void)state;
    struct h2_world h;
    start_on_used_connection(&h, &get_request, 1);
    upstream_pause(h.w.calls[1].call);
    h2_answer_much(&h, 0, 1, 1 << 20);
    h2_wait(&h, h.w.calls[1].heads == 1);
    world_reset(&h.w, 0);
    world_fails_with(&h.w, &h.w.calls[1], UPSTREAM_RESET);
    assert_true(h.w.calls[1].answer_started);
    assert_int_equal(h.w.accepted, 1);
    h2_world_free(&h);
}

/* Whoever was told may start and cancel others; nothing is told twice. */
static struct h2_world *busy;

static void cancel_the_next(struct record *r)
{
    struct record *next = r + 1;
    if (next < busy->w.calls + WORLD_CALLS && next->call) {
        upstream_cancel(next->call);
        next->call = NULL;
    }
}

static void failures_may_cancel_the_others(void **state)
{
    (void)state;
    struct h2_world h;
    busy = &h;
    struct upstream_request post = get_request;
    post.repeatable = false;
    start_on_used_connection(&h, &post, 6);
    for (int i = 1; i <= 6; i++)
        h.w.calls[i].on_failed = cancel_the_next;
    world_reset(&h.w, 0);
    h2_wait(&h, world_stats(&h.w).open == 0);
    int failures = 0;
    for (int i = 1; i <= 6; i++)
        failures += h.w.calls[i].failures;
    assert_int_equal(failures, 3);
    h2_world_free(&h);
}

static void ends_may_cancel_the_others(void **state)
{
    (void)state;
    struct h2_world h;
    busy = &h;
    start_on_used_connection(&h, &get_request, 6);
    for (int i = 1; i <= 6; i++)
        h.w.calls[i].on_end = cancel_the_next;
    for (int i = 1; i <= 6; i += 2)
        h2_answer(&h, 0, i, 200, "hi");
    for (int i = 1; i <= 6; i += 2)
        h2_wait(&h, h.w.calls[i].ends == 1);
    assert_int_equal(world_stats(&h.w).idle, 1);
    h2_world_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(once),
        cmocka_unit_test(not_when_its_body_is_not_here_any_more),
        cmocka_unit_test(not_after_another_reset),
        cmocka_unit_test(not_on_a_new_one),
        cmocka_unit_test(not_once_an_answer_has_begun),
        cmocka_unit_test(a_refused_stream_is_sent_again_with_its_body),
        cmocka_unit_test(goaway_sends_the_later_ones_elsewhere),
        cmocka_unit_test(a_connection_that_ends_repeats_what_may_be),
        cmocka_unit_test(failures_may_cancel_the_others),
        cmocka_unit_test(ends_may_cancel_the_others),
    };
    return cmocka_run_group_tests(tests, make_pki, free_pki);
}
