/* SPDX-License-Identifier: Apache-2.0 */
#include "event/timeouts.h"

#include "base/alloc.h"
#include "event/loop_uv.h"

struct timeout_class {
    uv_timer_t timer; /* first: the close callback frees the class through it */
    struct loop *loop;
    timeout_callback *cb;
    void *ctx;
    int64_t period_ms;
    struct timeout_entry head; /* circular, in order of expiry; head.next expires first */
    bool running;              /* the loop timer is started */
};

static int64_t resolution_ms(const struct timeout_class *c)
{
    int64_t resolution = c->period_ms / 8;
    return resolution < 10 ? 10 : resolution > 1000 ? 1000 : resolution;
}

static bool list_is_empty(const struct timeout_class *c)
{
    return c->head.next == &c->head;
}

static void unlink_entry(struct timeout_entry *e)
{
    e->prev->next = e->next;
    e->next->prev = e->prev;
    e->prev = e->next = NULL;
    e->cls = NULL;
}

static void tick(uv_timer_t *handle);

/* The timer is set for the first entry, but never closer than the resolution: entries may come late by that
 * much, never early. */
static void schedule(struct timeout_class *c)
{
    int64_t wait = c->head.next->expires_at_ms - loop_now_ms(c->loop);
    int64_t resolution = resolution_ms(c);
    must(uv_timer_start(&c->timer, tick, (uint64_t)(wait < resolution ? resolution : wait), 0) == 0);
    c->running = true;
}

static void tick(uv_timer_t *handle)
{
    struct timeout_class *c = (struct timeout_class *)handle;
    int64_t now = loop_now_ms(c->loop);
    c->running = true; /* so that re-arming in a callback does not start the timer a second time */
    while (!list_is_empty(c) && c->head.next->expires_at_ms <= now) {
        struct timeout_entry *e = c->head.next;
        unlink_entry(e);
        c->cb(c->ctx, e);
    }
    /* Disarming does not stop the timer (most disarms are followed by an arm); it stops itself here. */
    if (list_is_empty(c))
        c->running = false;
    else
        schedule(c);
}

struct status timeout_class_new(struct loop *l, int64_t period_ms, timeout_callback *cb, void *ctx,
                                struct timeout_class **out)
{
    must(period_ms > 0);
    struct timeout_class *c = mem_alloc(sizeof *c);
    if (!c)
        return STATUS(NOMEM);
    must(uv_timer_init(&l->uv, &c->timer) == 0);
    c->loop = l;
    c->cb = cb;
    c->ctx = ctx;
    c->period_ms = period_ms;
    c->head.prev = c->head.next = &c->head;
    *out = c;
    return DONE;
}

static void free_class(uv_handle_t *handle)
{
    mem_free(handle);
}

void timeout_class_free(struct timeout_class *c)
{
    if (!c)
        return;
    for (struct timeout_entry *e = c->head.next, *next; e != &c->head; e = next) {
        next = e->next;
        e->prev = e->next = NULL;
        e->cls = NULL;
    }
    uv_close((uv_handle_t *)&c->timer, free_class);
}

void timeout_class_set_period(struct timeout_class *c, int64_t period_ms)
{
    must(period_ms > 0);
    bool shorter = period_ms < c->period_ms;
    c->period_ms = period_ms;
    if (!shorter)
        return;
    /* Cutting what waits to one new period keeps the list in order, which is what makes arming O(1). */
    int64_t latest = loop_now_ms(c->loop) + period_ms;
    for (struct timeout_entry *e = c->head.prev; e != &c->head && e->expires_at_ms > latest; e = e->prev)
        e->expires_at_ms = latest;
    if (!c->running)
        return;
    if (!list_is_empty(c)) {
        schedule(c);
        return;
    }
    /* It still runs for what was disarmed, with the longer period: what is armed next must not wait for it.
     */
    must(uv_timer_stop(&c->timer) == 0);
    c->running = false;
}

void timeout_arm(struct timeout_class *c, struct timeout_entry *e)
{
    if (e->cls)
        unlink_entry(e);
    e->cls = c;
    e->expires_at_ms = loop_now_ms(c->loop) + c->period_ms;
    e->next = &c->head;
    e->prev = c->head.prev;
    c->head.prev->next = e;
    c->head.prev = e;
    if (!c->running)
        schedule(c);
}

void timeout_disarm(struct timeout_entry *e)
{
    if (e->cls)
        unlink_entry(e);
}

bool timeout_armed(const struct timeout_entry *e)
{
    return e->cls != NULL;
}
