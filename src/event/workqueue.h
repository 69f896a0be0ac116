/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A named pool of threads with a bounded queue; jobs run on a pool thread, their completion on the loop. The
 * pools of DESIGN 3.1 (10) are instances: requests (blocking handlers), cpu, reads. Threads have 256 KiB
 * stacks and block all signals.
 */

#include "event/loop.h"

struct workqueue;

struct work {
    struct work *next;            /* private */
    void (*run)(struct work *w);  /* pool thread */
    void (*done)(struct work *w); /* loop thread; may free the struct holding w */
};

struct workqueue_stats {
    uint64_t completed;
    uint32_t queued, running, max_depth;
};

/* E_NOMEM, E_UNAVAILABLE. `name` is constant, at most 15 characters (thread name). */
struct status workqueue_new(struct loop *l, const char *name, unsigned threads, unsigned max_queued,
                            struct workqueue **out);
/* Loop thread. Finishes queued jobs, joins the threads, delivers completions, then frees. */
void workqueue_free(struct workqueue *q);
/* Loop thread. E_AGAIN when the queue is full. */
struct status workqueue_submit(struct workqueue *q, struct work *w);
struct workqueue_stats workqueue_stats(struct workqueue *q); /* any thread */

/*
 * A lane bounds how many threads do one kind of thing at a time (CPU-bound signing: one per CPU) without
 * another hand-over. Any thread; blocks. Annotated with its waiting depth for metrics.
 */
struct lane;
struct status lane_new(unsigned width, struct lane **out);
void lane_free(struct lane *l);
void lane_enter(struct lane *l);
void lane_leave(struct lane *l);
unsigned lane_waiting(struct lane *l);
