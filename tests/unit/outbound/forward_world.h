/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The data path between stubs: callers (exchanges), a core that is asked and told, targets (upstream calls).
 * They write down what was asked of them; tests play their part by hand. What the core answers is a struct
 * reply instead of the hop's bytes.
 */

#include "outbound/forward_internal.h"

#include "check.h"

#define CALLERS_MAX 5000
#define CALLS_MAX   5000
#define ASKED_MAX   400

struct reply {
    int status;
    const char *message;
    uint64_t version;
    int64_t refresh_at, until;
    uint32_t counter; /* its one pair; 0: none */
    bool bundle;      /* the name is one's */
};

struct caller {
    struct exchange x; /* first */
    struct buffer got;
    struct outbound_call *call;
    struct headers head;
    int status; /* 0: no head yet */
    bool ended, aborted, tunnel, wanted, paused, finished;
    int interim;     /* the last one */
    size_t trailers; /* how many */
};

struct upstream_call {
    const struct upstream_events *events;
    struct outbound_call *owner;
    struct buffer head, body;
    bool ended, cancelled, paused, upgrade, gone;
};

struct asked {
    char text[256];
    struct outbound_asking *q;
    struct outbound_call *reporter;
};

struct world {
    struct outbound *o;
    struct outbound_settings settings;
    struct slab slab;
    struct page page;
    struct caller callers[CALLERS_MAX];
    struct upstream_call calls[CALLS_MAX];
    struct asked asked[ASKED_MAX];
    unsigned caller_count, call_count, asked_count;
    unsigned targets; /* alive */
    bool core_away, report_fails, answers_unusable;
    bool in_event;           /* of the exchange: its end comes later */
    bool comes_late;         /* requests begin outside of an event: who is calling was asked first */
    enum code exchange_says; /* to the next bytes of an answer */
    enum code upstream_says; /* to the next bytes of a body */
    int start_fails;         /* an enum upstream_failure, or -1 */
};
extern struct world w;

int world_set_up(void **state);
int world_tear_down(void **state);

/* A request; headers as "Name: value" lines, NULL for none. `body` BODY_SIZED takes `length`. */
struct caller *world_request(enum http_method m, const char *path, const char *headers, enum body_kind body,
                             uint64_t length);
struct caller *world_get(const char *path);
void world_send(struct caller *c, const char *chunk); /* body bytes of the caller */
void world_send_end(struct caller *c);
void world_leave(struct caller *c); /* the caller is gone */

struct asked *world_last_asked(void);
void world_answer(struct asked *a, const struct reply *r); /* NULL: the core could not be reached */
void world_reported(struct asked *a, bool again);
/* A request for /app/svc whose target is known: the running upstream call. */
struct upstream_call *world_running(struct caller **out, enum http_method m, const char *headers,
                                    enum body_kind body);

void world_head(struct upstream_call *u, int status, const char *headers);
void world_body(struct upstream_call *u, const char *chunk);
void world_interim(struct upstream_call *u, int status);
void world_end(struct upstream_call *u);
void world_end_with(struct upstream_call *u, const char *trailers);
void world_fail(struct upstream_call *u, enum upstream_failure why);
uint64_t world_count(enum slab_counter c);
void world_forget_callers(void); /* gives finished callers back */
