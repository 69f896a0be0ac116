/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Nobody behaves: calls are started, fed, paused and cancelled at random, while the target says pieces of
 * right and wrong answers, closes, half-closes and resets. Nothing may crash, leak, or be told twice, and
 * upstreams_free() finds nothing left.
 */

#include <signal.h>
#include <sys/socket.h>

#include "upstream_dice.h"

#define STEPS 250

static const char *const sayings[] = {
    OK_ANSWER,
    OK_ANSWER OK_ANSWER,
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "5\r\nhello\r\n",
    "0\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno",
    "HTTP/1.1 2",
    "nonsense\r\n\r\n",
    "\r\n",
};

static void start_one(struct world *w)
{
    struct record *r = &w->calls[roll(WORLD_CALLS)];
    if (r->call || w->accepted >= WORLD_ENOUGH)
        return;
    struct upstream_request request = roll(2) ? get_request : post_request;
    if (roll(3) == 0) {
        request.body = BODY_STREAM; /* what the head says does not matter to this target */
        request.content_length = 0;
    }
    request.upgrade = roll(3) == 0;
    request.repeatable = roll(2) == 0;
    w->endpoint.share[0] = (uint8_t)roll(2);
    r->on_head = r->on_body = r->on_writable = do_something;
    (void)world_start(w, r, &request);
}

static void act_as_target(struct world *w)
{
    if (w->accepted == 0)
        return;
    const int n = (int)roll((unsigned)w->accepted);
    struct peer *p = &w->peers[n];
    if (p->fd < 0)
        return;
    const struct bytes much = pattern_at(0, roll(60000));
    switch (roll(20)) {
    case 0:
        world_close(w, n);
        break;
    case 1:
        world_reset(w, n);
        break;
    case 2:
        (void)shutdown(p->fd, SHUT_WR);
        break;
    case 3:
        p->deaf = !p->deaf;
        watch_set(p->watch, p->deaf || p->ended ? 0 : WATCH_READ);
        break;
    case 4:
        if (!p->tls || p->shaken)
            (void)world_send(w, n, much);
        break;
    default:
        if (!p->tls || p->shaken)
            (void)world_send(w, n, text_bytes(text_of(sayings[roll(sizeof sayings / sizeof sayings[0])])));
        break;
    }
}

static void run(struct pki *pki, uint32_t seed)
{
    struct world w;
    dice = seed * 2654435761u + 1;
    world_init(&w);
    if (pki)
        world_use_tls(&w, pki_server(pki, "DNS:localhost"), pki_ca_pem(pki), NULL);
    w.limits = (struct upstream_limits){.connections = 1 + roll(3),
                                        .waiting = 4,
                                        .connect_ms = 20 + roll(200),
                                        .first_byte_ms = 20 + roll(200),
                                        .idle_ms = roll(2) ? 30 : 0,
                                        .total_ms = roll(2) ? 100 : 0,
                                        .keep_ms = 20,
                                        .idle_per_pool = roll(3),
                                        .idle_in_all = roll(3)};
    world_set_limits(&w);
    for (int step = 0; step < STEPS; step++) {
        start_one(&w);
        act_as_target(&w);
        do_something(&w.calls[roll(WORLD_CALLS)]);
        if (roll(2))
            world_turn(&w);
        world_is_sound(&w, seed, step);
    }
    for (int i = 0; i < WORLD_CALLS; i++)
        if (w.calls[i].call)
            upstream_cancel(w.calls[i].call);
    world_turn(&w);
    world_free(&w);
}

static void nothing_breaks_when_nobody_behaves(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 30; seed++)
        run(NULL, seed);
}

static void nothing_breaks_when_nobody_behaves_with_tls(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    for (uint32_t seed = 1000; seed < 1015; seed++)
        run(pki, seed);
    pki_free(pki);
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN); /* tls/tls.h */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_breaks_when_nobody_behaves),
        cmocka_unit_test(nothing_breaks_when_nobody_behaves_with_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
