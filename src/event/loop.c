/* SPDX-License-Identifier: Apache-2.0 */
#include "event/loop.h"

#include <errno.h>

#include "base/alloc.h"
#include "event/loop_uv.h"

/*
 * Every object here starts with its libuv handle, so that one function can free them all. libuv still touches
 * a handle after uv_close, until the close callback; that is why stopping is safe inside the object's own
 * callback.
 */
static void free_handle(uv_handle_t *handle)
{
    mem_free(handle);
}

static void keep_alive(uv_async_t *handle)
{
    (void)handle;
}

struct loop *loop_new(void)
{
    struct loop *l = mem_alloc(sizeof *l);
    if (!l)
        return NULL;
    if (uv_loop_init(&l->uv) != 0) {
        mem_free(l);
        return NULL;
    }
    if (uv_async_init(&l->uv, &l->alive, keep_alive) != 0) {
        must(uv_loop_close(&l->uv) == 0);
        mem_free(l);
        return NULL;
    }
    return l;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    uv_close((uv_handle_t *)&l->alive, NULL);
    /* Delivers the close callbacks that still wait. Returns because nothing is active any more: the contract
     * of loop_free. */
    bool left = uv_run(&l->uv, UV_RUN_NOWAIT) != 0;
    if (left) /* a loop_stop() after the last run ended this one early: uv_run() has forgotten it now */
        left = uv_run(&l->uv, UV_RUN_NOWAIT) != 0;
    must(!left);
    must(uv_loop_close(&l->uv) == 0);
    mem_free(l);
}

void loop_run(struct loop *l)
{
    (void)uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *l)
{
    uv_stop(&l->uv);
}

int64_t loop_now_ms(struct loop *l)
{
    return (int64_t)uv_now(&l->uv);
}

/* ---- descriptors ---- */

struct watch {
    uv_poll_t poll; /* first, see free_handle */
    watch_callback *cb;
    void *ctx;
    unsigned events;
    bool stopped;
};

static void watch_ready(uv_poll_t *poll, int status, int ready);

static void watch_apply(struct watch *w)
{
    int wanted = 0;
    if (w->events & WATCH_READ)
        wanted |= UV_READABLE;
    if (w->events & WATCH_WRITE)
        wanted |= UV_WRITABLE;
    /* Fails only for a closed handle or two watches of one descriptor. */
    if (wanted)
        must(uv_poll_start(&w->poll, wanted, watch_ready) == 0);
    else
        must(uv_poll_stop(&w->poll) == 0);
}

static void watch_ready(uv_poll_t *poll, int status, int ready)
{
    struct watch *w = (struct watch *)poll;
    unsigned got = 0;
    if (status < 0) {
        /* libuv stops the handle on an error condition. We promise level-triggered watching, so it is started
         * again; libuv keeps the memory until its close callback, therefore `w` may be read after cb even if
         * cb stopped it. */
        got = WATCH_READ | WATCH_WRITE;
        w->cb(w->ctx, got);
        if (!w->stopped)
            watch_apply(w);
        return;
    }
    if (ready & UV_READABLE)
        got |= WATCH_READ;
    if (ready & UV_WRITABLE)
        got |= WATCH_WRITE;
    w->cb(w->ctx, got);
}

struct status watch_start(struct loop *l, int fd, unsigned events, watch_callback *cb, void *ctx,
                          struct watch **out)
{
    struct watch *w = mem_alloc(sizeof *w);
    if (!w)
        return STATUS(NOMEM);
    if (uv_poll_init(&l->uv, &w->poll, fd) != 0) { /* a regular file, or the descriptor is watched already */
        mem_free(w);
        return STATUS(INVALID);
    }
    w->cb = cb;
    w->ctx = ctx;
    w->events = events;
    if (events)
        watch_apply(w);
    *out = w;
    return DONE;
}

void watch_set(struct watch *w, unsigned events)
{
    if (w->events == events)
        return;
    w->events = events;
    watch_apply(w);
}

void watch_stop(struct watch *w)
{
    if (!w || w->stopped)
        return;
    w->stopped = true;
    uv_close((uv_handle_t *)&w->poll, free_handle); /* takes the descriptor out of epoll now, not later */
}

/* ---- timers ---- */

struct timer {
    uv_timer_t timer;
    timer_callback *cb;
    void *ctx;
};

static void timer_fired(uv_timer_t *handle)
{
    struct timer *t = (struct timer *)handle;
    t->cb(t->ctx);
}

struct status timer_start(struct loop *l, int64_t first_ms, int64_t repeat_ms, timer_callback *cb, void *ctx,
                          struct timer **out)
{
    must(first_ms >= 0 && repeat_ms >= 0);
    struct timer *t = mem_alloc(sizeof *t);
    if (!t)
        return STATUS(NOMEM);
    must(uv_timer_init(&l->uv, &t->timer) == 0);
    t->cb = cb;
    t->ctx = ctx;
    uv_update_time(&l->uv); /* the cached time may be old: before loop_run, or after a long callback */
    must(uv_timer_start(&t->timer, timer_fired, (uint64_t)first_ms, (uint64_t)repeat_ms) == 0);
    *out = t;
    return DONE;
}

void timer_stop(struct timer *t)
{
    if (t)
        uv_close((uv_handle_t *)&t->timer, free_handle);
}

/* ---- wake-ups ---- */

struct wakeup {
    uv_async_t async;
    wakeup_callback *cb;
    void *ctx;
};

static void wakeup_arrived(uv_async_t *handle)
{
    struct wakeup *w = (struct wakeup *)handle;
    w->cb(w->ctx);
}

struct status wakeup_new(struct loop *l, wakeup_callback *cb, void *ctx, struct wakeup **out)
{
    struct wakeup *w = mem_alloc(sizeof *w);
    if (!w)
        return STATUS(NOMEM);
    if (uv_async_init(&l->uv, &w->async, wakeup_arrived) != 0) {
        mem_free(w);
        return STATUS(NOMEM);
    }
    w->cb = cb;
    w->ctx = ctx;
    *out = w;
    return DONE;
}

void wakeup_send(struct wakeup *w)
{
    must(uv_async_send(&w->async) == 0);
}

void wakeup_free(struct wakeup *w)
{
    if (w)
        uv_close((uv_handle_t *)&w->async, free_handle);
}

/* ---- signals ---- */

struct signal_watch {
    uv_signal_t signal;
    signal_callback *cb;
    void *ctx;
};

static void signal_arrived(uv_signal_t *handle, int signal_number)
{
    struct signal_watch *s = (struct signal_watch *)handle;
    s->cb(s->ctx, signal_number);
}

struct status signal_start(struct loop *l, int signal_number, signal_callback *cb, void *ctx,
                           struct signal_watch **out)
{
    struct signal_watch *s = mem_alloc(sizeof *s);
    if (!s)
        return STATUS(NOMEM);
    if (uv_signal_init(&l->uv, &s->signal) != 0) { /* no descriptors left for libuv's signal pipe */
        mem_free(s);
        return STATUS(NOMEM);
    }
    s->cb = cb;
    s->ctx = ctx;
    if (uv_signal_start(&s->signal, signal_arrived, signal_number) !=
        0) { /* SIGKILL, SIGSTOP, no such signal */
        uv_close((uv_handle_t *)&s->signal, free_handle);
        return STATUS(INVALID);
    }
    *out = s;
    return DONE;
}

void signal_stop(struct signal_watch *s)
{
    if (s)
        uv_close((uv_handle_t *)&s->signal, free_handle);
}

/* ---- the end of an iteration ---- */

struct prepare {
    uv_prepare_t prepare;
    prepare_callback *cb;
    void *ctx;
};

static void prepare_runs(uv_prepare_t *handle)
{
    struct prepare *p = (struct prepare *)handle;
    p->cb(p->ctx);
}

struct status prepare_start(struct loop *l, prepare_callback *cb, void *ctx, struct prepare **out)
{
    struct prepare *p = mem_alloc(sizeof *p);
    if (!p)
        return STATUS(NOMEM);
    must(uv_prepare_init(&l->uv, &p->prepare) == 0);
    p->cb = cb;
    p->ctx = ctx;
    must(uv_prepare_start(&p->prepare, prepare_runs) == 0);
    *out = p;
    return DONE;
}

void prepare_stop(struct prepare *p)
{
    if (p)
        uv_close((uv_handle_t *)&p->prepare, free_handle);
}
