/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The event loop: libuv, fenced in this directory. Everything here belongs to the loop's thread unless it
 * says "any thread". Descriptors are watched level-triggered; the watcher does not own the descriptor.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct loop;

struct loop *loop_new(void);    /* NULL when out of memory */
void loop_free(struct loop *l); /* everything started on it must have been stopped */
void loop_run(struct loop *l);  /* until loop_stop */
void loop_stop(struct loop *l);
int64_t loop_now_ms(struct loop *l); /* monotonic, cached once per iteration */

/* ---- descriptors ---- */
enum { WATCH_READ = 1, WATCH_WRITE = 2 };

struct watch;
/* `events` may be 0. The callback gets the ready set (errors are reported as both). E_NOMEM; E_INVALID for a
 * regular file or a descriptor that is watched already. */
typedef void watch_callback(void *ctx, unsigned ready);
struct status watch_start(struct loop *l, int fd, unsigned events, watch_callback *cb, void *ctx,
                          struct watch **out);
void watch_set(struct watch *w, unsigned events); /* cheap when unchanged */
void watch_stop(
    struct watch *w); /* frees it; safe inside its callback; accepts NULL. Call before close(fd). */

/* ---- timers: for the few; connections use event/timeouts.h ---- */
struct timer;
typedef void timer_callback(void *ctx);
struct status timer_start(struct loop *l, int64_t first_ms, int64_t repeat_ms, timer_callback *cb, void *ctx,
                          struct timer **out); /* repeat 0: once */
void timer_stop(struct timer *t);              /* frees it; safe inside its callback; accepts NULL */

/* ---- wake-ups from other threads ---- */
struct wakeup;
typedef void wakeup_callback(void *ctx);
struct status wakeup_new(struct loop *l, wakeup_callback *cb, void *ctx, struct wakeup **out);
void wakeup_send(struct wakeup *w); /* any thread; coalesced */
void wakeup_free(struct wakeup *w);

/* ---- signals and the end of an iteration ---- */
struct signal_watch;
typedef void signal_callback(void *ctx, int signal_number);
struct status signal_start(struct loop *l, int signal_number, signal_callback *cb, void *ctx,
                           struct signal_watch **out);
void signal_stop(struct signal_watch *s);

/* Runs once per iteration, after the callbacks of this iteration and before the loop sleeps: for batched
 * flushing. */
struct prepare;
typedef void prepare_callback(void *ctx);
struct status prepare_start(struct loop *l, prepare_callback *cb, void *ctx, struct prepare **out);
void prepare_stop(struct prepare *p);
