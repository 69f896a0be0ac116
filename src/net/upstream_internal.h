/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Private to net/: pools, calls and connections to targets.
 *
 * upstream.c             the set of pools: making, finding, forgetting them, starting calls, limits
 * upstream_call.c        one call: its body, pausing, failing, and what must wait for the loop
 * upstream_timeouts.c    which time-out runs when
 * upstream_connect.c     a connection from its first address to the end of the TLS handshake
 * upstream_connection.c  a connection's life: carrying a call, idling, closing
 * upstream_io.c          its bytes: writing, reading, and the answer's events
 *
 * A connection belongs to one call from its first connect() on, and idles between calls. Whoever closes one
 * or lets it idle serves the pool's queue; nothing here calls an event except from the loop (readiness,
 * a time-out, or the wake-up of upstream_later()).
 */

#include "base/buffer.h"
#include "base/map.h"
#include "event/timeouts.h"
#include "net/upstream.h"

#define UPSTREAM_READ_SIZE    (64u * 1024 + 1024)
#define UPSTREAM_PENDING_HIGH (32u * 1024) /* unsent request bytes of a call that make E_AGAIN */
#define UPSTREAM_OUT_KEPT     (8u * 1024)  /* of a finished call's buffer */
#define UPSTREAM_CALLS_KEPT   64           /* finished calls kept for the next ones */
#define UPSTREAM_TLS_ROUNDS   4            /* records read in one turn */

/*
 *   CONNECTING --tcp--> HANDSHAKE --tls--> ACTIVE <--> IDLE
 *        \--tcp, plain target-----------------^      (any) --> closed (`dead`)
 */
enum upstream_state {
    UPSTREAM_CONNECTING,
    UPSTREAM_HANDSHAKE,
    UPSTREAM_ACTIVE, /* carries a call */
    UPSTREAM_IDLE,
};

struct upstream_pool;

struct upstream_connection {
    struct upstreams *all;
    struct upstream_pool *pool;                  /* not to be touched once dead */
    struct upstream_call *call;                  /* NULL when idle, dead, or its call ended in this turn */
    struct upstream_connection *above, *below;   /* idle: in the pool's stack */
    struct upstream_connection *older, *younger; /* idle: over all pools */
    struct watch *watch;
    struct tls_session *tls; /* NULL = plain */
    struct h1_client *client;
    struct timeout_entry
        timeout; /* CONNECTING: of one address; ACTIVE: the head waits; IDLE: of keeping it */
    struct upstream_address address;
    int64_t dialled_us;
    unsigned next_address;
    enum upstream_failure why; /* what the addresses tried so far came to */
    const char *detail;
    int fd;          /* -1 between two addresses */
    unsigned inside; /* callbacks of the loop that still use it: freed by the last */
    enum upstream_state state;
    bool dead;
    bool carried;            /* a call before the present one */
    bool call_ended;         /* in this turn */
    bool cut;                /* a request was not sent to its end: never used again */
    bool half_closed;        /* we said that nothing follows */
    bool input_ended;        /* a tunnel's target did; what is left for it is still being sent */
    bool starved;            /* TLS: what libssl holds is not a whole record */
    bool read_wants_write;   /* TLS: a read has to write first */
    bool unexpected_upgrade; /* a 101 that nobody asked for */
};

struct upstream_call {
    struct upstreams *all;
    struct upstream_pool *pool;
    struct upstream_connection *connection; /* NULL while waiting */
    struct upstream_call *next;             /* in the pool's queue; among the free ones */
    struct upstream_call *later_before, *later_after;
    const struct upstream_events *events;
    void *owner;
    struct timeout_entry phase, total;
    struct buffer out;  /* the head, then what is left of the body; kept while the call may be repeated */
    size_t sent;        /* of `out` */
    size_t head_size;   /* 0 once body bytes went out: no repeating then */
    uint64_t body_left; /* BODY_SIZED */
    int64_t started_us;
    struct upstream_facts facts;
    enum http_method method;
    enum body_kind body;
    enum upstream_failure why; /* when failing */
    const char *detail;        /* a constant */
    bool waiting, later, failing;
    bool repeatable, repeated;
    bool upgrade, tunnel;
    bool body_ended, committed /* body bytes went out */;
    bool wants_writable, paused;
    bool head_told, finishing /* its last event is being told */;
};

struct upstream_pool {
    struct upstreams *all;
    uint8_t share[SHA256_SIZE];
    struct upstream_address addresses[UPSTREAM_ADDRESSES_MAX]; /* those of the latest call */
    unsigned address_count;
    struct tls_context *tls; /* a reference; NULL = plain */
    char *server_name;
    struct upstream_connection *idle; /* the one that idled last is on top */
    struct upstream_call *waiting_first, *waiting_last;
    unsigned open, idling, waiting, calls;
    bool serving; /* its queue is being served: no second time inside */
};

struct upstreams {
    struct loop *loop;
    const struct guard *guard;
    struct upstream_limits limits;
    struct map pools;
    uint8_t *read_buffer; /* one for all: nothing reads while an answer is being told */
    struct timeout_class *connect, *attempt, *head, *first_byte, *idle, *total, *keep;
    struct wakeup *wakeup;
    struct upstream_call *later_first, *later_last;
    struct upstream_call *free_calls;
    struct upstream_connection *oldest_idle, *youngest_idle;
    unsigned free_count, later_count, open, idling, waiting, calls;
    uint64_t made, reused;
};

static inline size_t upstream_pending(const struct upstream_call *c)
{
    return buffer_size(&c->out) - c->sent;
}

/* All of the request was handed to the kernel. */
static inline bool upstream_request_sent(const struct upstream_call *c)
{
    return upstream_pending(c) == 0 && (c->body_ended || (c->body == BODY_SIZED && c->body_left == 0));
}

/*
 * RFC 9110 9.2.2: kept-alive connections end at any moment. Once more, on a new one, when no byte of an
 * answer came and either nothing of the request was sent, or it is repeatable and its body still is all here.
 */
static inline bool upstream_may_repeat(const struct upstream_connection *uc, const struct upstream_call *c)
{
    return uc->carried && !c->repeated && !c->committed && !h1_client_started(uc->client) &&
           (c->sent == 0 || c->repeatable);
}

/* upstream.c */
void upstream_pool_serve(struct upstream_pool *p); /* opens connections for those who wait */
/* The first in the queue, taken out of it; NULL. */
struct upstream_call *upstream_pool_next(struct upstream_pool *p);
void upstream_pool_forget_if_empty(struct upstream_pool *p);
void upstream_unqueue(struct upstream_call *c);

/* upstream_timeouts.c */
void upstream_call_phase(struct upstream_call *c); /* arms the time-out that fits what it waits for */
struct status upstream_timeouts_new(struct upstreams *u);
void upstream_timeouts_set(struct upstreams *u); /* from the limits */
void upstream_timeouts_free(struct upstreams *u);

/* upstream_call.c */
struct upstream_call *upstream_call_new(struct upstream_pool *p, const struct upstream_request *request);
void upstream_call_release(struct upstream_call *c); /* disarms, wipes; out of every list but the queue */
/* Tells the owner now; only from the loop. `detail` may be in anybody's memory. */
void upstream_fail(struct upstream_call *c, enum upstream_failure why, const char *detail);
/* The same from inside an API function, a little later. `detail` is a constant. */
void upstream_fail_later(struct upstream_call *c, enum upstream_failure why, const char *detail);
void upstream_later(struct upstream_call *c); /* upstream_connection_turn() from the loop */
void upstream_wakeup(void *all);

/* upstream_connect.c */
void upstream_connection_open(struct upstream_call *c); /* fails the call later when it cannot */
void upstream_connecting_ready(struct upstream_connection *uc);
void upstream_attempt_expired(struct upstream_connection *uc);

/* upstream_connection.c */
void upstream_connection_ready(void *connection, unsigned ready); /* watch_callback */
void upstream_connection_push(struct upstream_connection *uc);    /* after bytes were put into the buffer */
void upstream_connection_turn(struct upstream_connection *uc);    /* reads what libssl holds */
void upstream_connection_assign(struct upstream_connection *uc, struct upstream_call *c);
void upstream_connection_watch(struct upstream_connection *uc);
void upstream_connection_close(struct upstream_connection *uc); /* no events */
void upstream_connection_free(struct upstream_connection *uc);
/* Its call is over: the next one's turn, or idling, or closed. */
void upstream_connection_done(struct upstream_connection *uc);
/* It ended under its call: once more on a new one, or `why`. */
void upstream_connection_lost(struct upstream_connection *uc);

/* upstream_io.c */
extern const struct h1_client_events upstream_answer_events;
void upstream_flush(struct upstream_connection *uc); /* no events */
/* Writes past the buffer, which must be empty of unsent bytes; returns how many bytes went. */
size_t upstream_send(struct upstream_connection *uc, struct bytes bytes);
void upstream_read(struct upstream_connection *uc);
void upstream_finish_tunnel(struct upstream_connection *uc);
void upstream_idle_input(struct upstream_connection *uc);
