/* SPDX-License-Identifier: Apache-2.0 */

/*
 * upstream_chaos_test.c with targets that speak HTTP/2: calls that share connections are started, fed, paused
 * and cancelled at random, also inside each other's events, while the target answers, resets, refuses, goes
 * away, talks nonsense and closes. Nothing may crash, leak, or be told twice, and upstreams_free() finds
 * nothing left.
 */

#include <nghttp2/nghttp2.h>

#include "upstream_dice.h"
#include "upstream_h2_world.h"

#define STEPS 300

static struct h2_world *now;

static const struct upstream_request stream_request = {
    .method = HTTP_POST,
    .head = {(const uint8_t *)"POST / HTTP/1.1\r\nHost: target\r\nTransfer-Encoding: chunked\r\n\r\n",
             sizeof "POST / HTTP/1.1\r\nHost: target\r\nTransfer-Encoding: chunked\r\n\r\n" - 1},
    .body = BODY_STREAM};

static void something(struct record *r);

static void start_one(struct h2_world *h)
{
    static const struct upstream_request *const requests[] = {&get_request, &head_request, &post_request,
                                                              &stream_request};
    struct record *r = &h->w.calls[roll(WORLD_CALLS)];
    if (r->call || h->w.accepted >= WORLD_ENOUGH)
        return;
    struct upstream_request request = *requests[roll(4)];
    request.repeatable = roll(2) == 0;
    r->on_head = r->on_body = r->on_writable = something;
    const bool outer = h->w.in_api;
    (void)world_start(&h->w, r, &request);
    h->w.in_api = outer;
}

/* To any call, mostly to the one whose event it is. */
static void something(struct record *r)
{
    if (roll(6) == 0)
        r = &now->w.calls[roll(WORLD_CALLS)];
    if (roll(10) == 0)
        start_one(now);
    do_something(r);
}

static void act_on_stream(struct h2_world *h, int n)
{
    if (h2_asked(h, n) == 0)
        return;
    const int i = (int)roll((unsigned)h2_asked(h, n));
    struct h2_seen *s = h2_seen(h, n, i);
    const bool fresh = !s->closed && !s->answered;
    switch (roll(8)) {
    case 0:
        if (!s->closed)
            h2_reset(h, n, i, roll(2) ? NGHTTP2_REFUSED_STREAM : roll(14));
        break;
    case 1:
        if (fresh)
            h2_answer_much(h, n, i, roll(300000));
        break;
    case 2:
        if (fresh)
            h2_answer_with_trailer(h, n, i, "body", "8");
        break;
    case 3:
        if (fresh)
            h2_interim(h, n, i, 103);
        break;
    case 4:
        if (!s->closed && h->small_window)
            h2_give_window(h, n, i);
        break;
    default:
        if (fresh)
            h2_answer(h, n, i, roll(2) ? 200 : 204, roll(3) ? "hi" : NULL);
        break;
    }
}

static void act_as_target(struct h2_world *h)
{
    if (h->w.accepted == 0)
        return;
    const int n = (int)roll((unsigned)h->w.accepted);
    struct peer *p = &h->w.peers[n];
    if (p->fd < 0 || !p->shaken || p->ended)
        return;
    switch (roll(60)) {
    case 0:
        world_close(&h->w, n);
        break;
    case 1:
        world_reset(&h->w, n);
        break;
    case 2:
        h2_goaway(h, n, (int)roll((unsigned)h2_asked(h, n) + 1));
        break;
    case 3:
        (void)world_send(&h->w, n, pattern_at(0, roll(100)));
        break;
    case 4:
    case 5:
        p->deaf = !p->deaf;
        watch_set(p->watch, p->deaf ? 0 : WATCH_READ);
        break;
    default:
        act_on_stream(h, n);
        break;
    }
}

static void run(uint32_t seed)
{
    struct h2_world h;
    dice = seed * 2654435761u + 1;
    now = &h;
    h2_world_init(&h, pki);
    h.streams = roll(3) ? 1 + roll(4) : 0;
    h.small_window = roll(2);
    h.w.limits = (struct upstream_limits){.connections = 1 + roll(3),
                                          .waiting = 1 + roll(20),
                                          .connect_ms = 20 + roll(200),
                                          .first_byte_ms = 20 + roll(200),
                                          .idle_ms = roll(2) ? 30 : 0,
                                          .total_ms = roll(2) ? 100 : 0,
                                          .keep_ms = 20,
                                          .idle_per_pool = roll(3),
                                          .idle_in_all = roll(3),
                                          .streams = 1 + roll(20)};
    world_set_limits(&h.w);
    for (int step = 0; step < STEPS; step++) {
        start_one(&h);
        act_as_target(&h);
        something(&h.w.calls[roll(WORLD_CALLS)]);
        if (roll(2))
            world_turn(&h.w);
        world_is_sound(&h.w, seed, step);
    }
    for (int i = 0; i < WORLD_CALLS; i++)
        if (h.w.calls[i].call)
            upstream_cancel(h.w.calls[i].call);
    assert_int_equal(world_stats(&h.w).waiting, 0);
    assert_int_equal(world_stats(&h.w).open, world_stats(&h.w).idle);
    world_turn(&h.w);
    h2_world_free(&h);
}

static void nothing_breaks_when_nobody_behaves(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 40; seed++)
        run(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_breaks_when_nobody_behaves),
    };
    return cmocka_run_group_tests(tests, make_pki, free_pki);
}
