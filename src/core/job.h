/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One request in the core; private to core/job*.c. Inline routes run on the loop, in the exchange's own
 * arena. Others run on a request thread: the job takes the arena over from the exchange, so that a front
 * which goes away while the handler runs pulls nothing from under it.
 */

#include "core/core_internal.h"

struct job {
    struct work work;
    struct core *core;
    struct connection *connection; /* of `exchange`; not looked at without one */
    struct exchange *exchange;     /* NULL once the front or CLI has gone */
    struct snapshot *snapshot;     /* referenced while the job lives */
    struct buffer body;            /* collected */
    struct arena arena;            /* taken over from the exchange while on a thread */
    struct request request;        /* copy; its texts are in the arena */
    struct call call;
    bool on_thread;
    bool streaming; /* the head of a long answer is out */
};

void job_free(struct job *j);
/* The handler is done: a whole answer, or the beginning of a long one. The job may be gone afterwards. */
void job_answer(struct job *j);
/* The peer took what there was. */
void job_drained(struct job *j);
