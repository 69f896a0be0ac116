/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Private to outbound/forward*.c.
 *
 * forward.c         a call from its request to its end, and the module's own life
 * forward_target.c  what is known about targets, and the questions to the core
 * forward_body.c    both bodies and the answer's head: events of the upstream call and of the exchange
 * forward_retry.c   an answer 401 or 403 is held back while the core is told; once more, or it stands
 * forward_error.c   answers of the gateway itself
 *
 *   ASKING --known--> RUNNING --end, failure, refusal--> OVER --> (exchange finished) gone
 *     ^                  |  ^
 *     |                401  `-- no fresh credentials
 *     `--once more-- HELD
 *
 * Functions of the exchange may finish it before they return, and the call with it: whoever goes on after one
 * holds a reference. `x` is NULL from then on.
 */

#include "base/map.h"
#include "outbound/forward.h"

#define OUTBOUND_WAITING_MAX      4096 /* calls of one front that wait for answers of the core */
#define OUTBOUND_QUESTIONS_MAX    128  /* questions under way: half of the front's connections to the core */
#define OUTBOUND_QUESTIONS_OF_ONE (OUTBOUND_QUESTIONS_MAX / 4) /* of them about one application */
#define OUTBOUND_ROUNDS_MAX       3 /* a question whose answer was out of date on arrival is asked anew */
#define OUTBOUND_HELD_MAX         (64u * 1024) /* of a refused answer's body; then its target has to wait */
#define OUTBOUND_SPARE_MAX        256          /* finished calls kept for the next ones */
#define OUTBOUND_QUESTION_MAX     (64u * 1024)
#define OUTBOUND_HEAD_MAX         (1024u * 1024) /* caller's head, configured fields, credentials */

/* An answer of the core; shared by the cache and the calls that run on it. */
struct known {
    struct outbound_target *target;
    struct text question; /* owned; the key */
    struct known *newer, *older;
    unsigned references;
    bool cached;
    int64_t refresh_after_ms; /* monotonic: not asked in the background before */
};

struct outbound_asking {
    struct text question; /* owned; the key */
    struct outbound_call *waiting, **waiting_end;
    struct text owner; /* the beginning of it: whose service it is about */
    unsigned rounds;
    bool recheck; /* for running calls, too: those whose target is gone end */
};

enum call_state { CALL_ASKING, CALL_RUNNING, CALL_HELD, CALL_OVER };

struct outbound_call {
    struct outbound *o;
    struct connection *connection;
    struct exchange *x;          /* NULL once finished */
    struct outbound_call **slot; /* as `x` */
    struct text tenant, request_id;
    struct outbound_address address;
    struct outbound_call *next,
        **back; /* in the list of its question, or of running calls; back NULL: none */
    struct outbound_asking *asking;
    struct known *known; /* a reference */
    struct upstream_call *upstream;
    struct page_pairs pairs; /* its target is known to exist while these stand still */
    struct buffer kept;      /* the request's body so far, for a second try */
    struct response held;    /* in the exchange's arena */
    struct buffer held_body;
    struct headers held_trailers; /* as `held` */
    uint64_t refused_version;     /* what the target refused, once retried */
    unsigned retry_after_s;       /* of a 503; 0 = 1 */
    unsigned references;          /* the exchange, a report under way, whoever is working on it */
    int status, target_status;
    const char *failure; /* upstream_failure_name() */
    uint64_t bytes_in, bytes_out;
    struct upstream_facts facts;
    enum call_state state;
    enum upstream_failure held_why;
    bool keeping;       /* `kept` holds all of the body that has arrived */
    bool body_ended;    /* all of the request's body has arrived */
    bool body_paused;   /* the caller's */
    bool upstream_full; /* it said E_AGAIN */
    bool answer_paused; /* the upstream's, until the caller has read */
    bool retried;
    bool held_ended, held_failed;
    bool failed; /* cut by us, or answered 5xx by us */
};

struct outbound {
    struct outbound_settings settings;
    struct outbound_parts parts;
    struct tls_contexts *contexts;
    struct upstreams *upstreams;
    struct map known;     /* question -> struct known */
    struct map questions; /* question -> struct outbound_asking */
    struct known *newest, *oldest;
    struct outbound_call *running, *spare;
    unsigned waiting, spare_count;
    struct buffer head, question; /* scratch; `head` holds credentials */
    int64_t said_at_ms;           /* when a failed call was last logged, monotonic */
    bool recheck_left;            /* more running calls to ask about than questions were free */
};

/* forward.c */
static inline void call_hold(struct outbound_call *c)
{
    c->references++;
}
void call_drop(struct outbound_call *c);
void call_unlink(struct outbound_call *c);          /* from the list it is in, if any */
struct text call_id(const struct outbound_call *c); /* the caller's X-Request-Id, or ours; while it has x */
void call_begin(struct outbound_call *c);           /* c->known is set: calls the target, or refuses */

/* forward_target.c */
void call_find_target(struct outbound_call *c); /* goes on in call_begin(), now or later, or refuses */
void call_leave_question(struct outbound_call *c);
void known_unref(struct known *k);       /* accepts NULL */
void targets_forget(struct outbound *o); /* all of them; calls keep theirs */

/* forward_body.c */
extern const struct upstream_events call_events;
void call_body_started(
    struct outbound_call *c); /* the upstream call exists: sends what there is of the body */
void call_forget_kept(struct outbound_call *c);
void call_update_flow(struct outbound_call *c); /* pauses or resumes the caller's body */
/* The head for the caller, in the exchange's arena. */
struct status call_make_head(struct outbound_call *c, const struct response *head, struct response *out);
void call_pass_answer(struct outbound_call *c, const struct response *head /* of call_make_head */);
void call_pass_body(struct outbound_call *c, struct bytes chunk);
void call_end_answer(struct outbound_call *c, const struct headers *trailers);

/* forward_retry.c */
bool call_may_repeat(const struct outbound_call *c, int status);
void call_hold_answer(struct outbound_call *c, const struct response *head);
void call_held_body(struct outbound_call *c, struct bytes chunk);
void call_held_end(struct outbound_call *c, const struct headers *trailers);
void call_held_forget(struct outbound_call *c);

/* forward_error.c; each ends the call. */
void call_refuse(struct outbound_call *c, int status, struct text message);
void call_core_away(struct outbound_call *c);
void call_failed(struct outbound_call *c, enum upstream_failure why, const char *detail);
void call_target_gone(struct outbound_call *c, const struct hop_target *refusal);
