/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Private to net/: pools, calls and connections to targets.
 *
 * upstream.c             the set of pools: making, finding, forgetting them, starting calls, limits
 * upstream_queue.c       where a call goes: a connection with room, a new one, or the queue
 * upstream_call.c        one call: its body, pausing, failing
 * upstream_later.c       what must wait for the loop
 * upstream_timeouts.c    which time-out runs when
 * upstream_connect.c     a connection from its first address to the end of the TLS handshake
 * upstream_proxy.c       CONNECT, between the two
 * upstream_health.c      addresses that fail are left out for a while
 * upstream_connection.c  a connection's life, whatever it speaks: idling, closing, whose turn it is
 * upstream_io.c          its bytes
 * upstream_h1.c, upstream_h1_answer.c   HTTP/1.1 on it: one call at a time
 * upstream_h2.c, upstream_h2_answer.c   HTTP/2 on it: many
 *
 * A connection belongs to one call from its first connect() until it is up; then its codec says how many it
 * carries; it idles when it carries none. Whoever closes one or gets room on it serves the pool's queue;
 * nothing here calls an event except from the loop (readiness, a time-out, upstream_later.c).
 */

#include "base/buffer.h"
#include "base/map.h"
#include "base/secret.h"
#include "event/timeouts.h"
#include "http/h2_client.h"
#include "net/upstream.h"
#include "net/upstream_list.h"
#include "os/slab.h"
#include "os/sockets.h"

#define UPSTREAM_READ_SIZE    (64u * 1024 + 1024)
#define UPSTREAM_PENDING_HIGH (32u * 1024) /* unsent request bytes of a call that make E_AGAIN */
#define UPSTREAM_OUT_KEPT     (8u * 1024)  /* of a finished call's buffer */
#define UPSTREAM_CALLS_KEPT   64           /* finished calls kept for the next ones */
#define UPSTREAM_TLS_ROUNDS   4            /* records read in one turn */

/*
 *   CONNECTING --tcp--> [PROXYING --CONNECT-->] HANDSHAKE --tls--> ACTIVE <--> IDLE
 *        \--tcp, plain target---------\-----------------------------^      (any) --> closed (`dead`)
 */
enum upstream_state {
    UPSTREAM_CONNECTING,
    UPSTREAM_PROXYING, /* the proxy is asked for the target */
    UPSTREAM_HANDSHAKE,
    UPSTREAM_ACTIVE, /* carries a call */
    UPSTREAM_IDLE,
};

struct upstream_pool;
struct upstream_connection;

/* What a connection that is up does in its protocol's way. None calls an event unless it says so. */
struct upstream_codec {
    struct status (*start)(struct upstream_connection *uc); /* E_NOMEM */
    void (*free)(struct upstream_connection *uc);
    void (*assign)(struct upstream_connection *uc, struct upstream_call *c); /* a call begins on it */
    struct status (*write)(struct upstream_call *c, struct bytes chunk);     /* as upstream_write() */
    struct status (*end_body)(struct upstream_call *c); /* body_ended and trailers say it already */
    void (*flow)(struct upstream_call *c);              /* it was paused or resumed */
    void (*leave)(struct upstream_connection *uc, struct upstream_call *c); /* the call goes before its end */
    void (*rest)(struct upstream_connection *uc);                           /* it begins to idle */
    void (*settle)(struct upstream_connection *uc);  /* after a turn: idles, closes, or what to wait for */
    void (*suspect)(struct upstream_connection *uc); /* a call has waited long for nothing */
    /* These do: */
    void (*dead)(struct upstream_connection *uc);                  /* and what was asked about that, too */
    void (*ready)(struct upstream_connection *uc, unsigned ready); /* carrying calls or idle */
    void (*turn)(struct upstream_connection *uc);                  /* asked for by upstream_turn_later() */
};

struct upstream_connection {
    struct upstreams *all;
    struct upstream_pool *pool;                  /* not to be touched once dead */
    const struct upstream_codec *codec;          /* NULL until it is up */
    struct upstream_call *call;                  /* whom it is opened for; HTTP/1.1: whom it carries */
    struct upstream_connection *above, *below;   /* idle: in the pool's stack */
    struct upstream_connection *older, *younger; /* idle: over all pools */
    struct upstream_node turn;                   /* upstream_later.c */
    struct watch *watch;
    struct tls_session *tls; /* NULL = plain */
    struct buffer proxying;  /* what is left of the CONNECT, then its answer so far */
    /* CONNECTING: of one address; ACTIVE: the head waits (h1), silence (h2); IDLE: of keeping it */
    struct timeout_entry timeout;
    struct upstream_address address;
    int64_t dialled_us;
    unsigned next_address;
    enum upstream_failure why; /* what the addresses tried so far came to */
    const char *detail;
    /* What libssl said when it gave up on a connection that was open: in TLS 1.3 a target refuses our
     * certificate after the handshake has ended here. NULL = nothing; the text lives until libssl fails
     * again. */
    const char *alert;
    int fd;          /* -1 between two addresses */
    unsigned inside; /* callbacks of the loop that still use it: freed by the last */
    enum upstream_state state;
    bool dead;
    bool opening;          /* how many calls it takes is not known yet */
    bool used;             /* by a call */
    bool carried;          /* a whole answer: who is connected does answer calls */
    bool cut;              /* never used again: what we wrote did not arrive, or ends in the middle */
    bool retired;          /* takes no calls any more: we may not connect to its address now, or it failed */
    bool proxy_asked;      /* all of the CONNECT was sent */
    bool blamed;           /* a failure was counted as its address's; cleared when there is news: the next
                              address, being up, an answer */
    bool starved;          /* TLS: what libssl holds is not a whole record */
    bool read_wants_write; /* TLS: a read has to write first */

    struct h1_client *h1;
    bool call_ended;         /* in this turn */
    bool half_closed;        /* we said that nothing follows */
    bool input_ended;        /* a tunnel's target did; what is left for it is still being sent */
    bool unexpected_upgrade; /* a 101 that nobody asked for */

    struct h2_client *h2;
    struct upstream_node sharing;   /* in the pool's list while it carries calls */
    struct upstream_list uploading; /* calls with body bytes that it has not taken yet */
    const char *refusal;            /* what the peer did wrong; a constant */
    bool blocked;                   /* the socket takes no more */
    bool moved;                     /* a call got further since the last PING */
    bool suspected;                 /* a PING is out: no new calls before the peer says something */
    bool feeding;                   /* its calls are being told: nothing is written meanwhile */
    bool ending;                    /* the same, and it is over */
};

struct upstream_call {
    struct upstreams *all;
    struct upstream_pool *pool;
    struct upstream_connection *connection; /* NULL while waiting */
    struct upstream_call *next;             /* in the pool's queue; among the free ones */
    struct upstream_node later;             /* upstream_later.c: it fails */
    struct upstream_health *tries; /* an address that is left out: this call finds out whether it is back */
    const struct upstream_events *events;
    void *owner;
    struct timeout_entry phase, total;
    /* The head, then what is left of the body; kept while the call may be repeated. Chunked if `framed`. */
    struct buffer out;
    size_t sent;                    /* of `out` */
    size_t head_size;               /* 0 once body bytes went out: no repeating then */
    uint64_t body_left;             /* BODY_SIZED */
    const struct headers *trailers; /* of the request, once its body has ended; may be NULL */
    int64_t started_us;
    struct upstream_facts facts;
    struct h2_call *stream; /* on an HTTP/2 connection */
    struct upstream_node uploading;
    size_t unsent_seen; /* what it held when last looked at: less now is progress */
    enum http_method method;
    enum body_kind body;
    enum upstream_failure why; /* when failing */
    const char *detail;        /* a constant */
    bool waiting, failing;
    bool repeatable;
    uint8_t repeats; /* how often it was sent again */
    bool upgrade, tunnel;
    bool framed;
    bool body_ended, committed /* body bytes went out */;
    bool wants_writable, paused;
    bool head_told, finishing /* its last event is being told */;
};

enum upstream_speaks { SPEAKS_UNKNOWN, SPEAKS_H1, SPEAKS_H2 }; /* by the last handshake */

/* Connections are shared by endpoints with equal `share` that offer the same protocols. */
#define UPSTREAM_KEY_SIZE (SHA256_SIZE + 1)

struct upstream_pool {
    struct upstreams *all;
    uint8_t key[UPSTREAM_KEY_SIZE];
    struct upstream_address addresses[UPSTREAM_ADDRESSES_MAX]; /* those of the latest call */
    unsigned address_count;
    struct tls_context *tls; /* a reference; NULL = plain */
    char *server_name;
    char *proxy_to; /* NULL: directly */
    struct secret proxy_authorization;
    struct upstream_connection *idle; /* the one that idled last is on top */
    struct upstream_list sharing;     /* HTTP/2 connections that carry calls */
    struct upstream_call *waiting_first, *waiting_last;
    unsigned open, opening, idling, waiting, calls;
    enum upstream_speaks speaks;
    bool offers_h2;
    bool serving; /* its queue is being served: no second time inside */
};

struct upstreams {
    struct loop *loop;
    const struct guard *guard;
    struct upstream_limits limits;
    struct map pools;
    uint8_t *read_buffer; /* one for all: nothing reads while an answer is being told */
    struct timeout_class *connect, *attempt, *head, *first_byte, *idle, *total, *keep, *silence, *ping;
    struct wakeup *wakeup;
    struct upstream_list failing; /* calls */
    struct upstream_list turns;   /* connections */
    struct upstream_call *free_calls;
    struct upstream_connection *oldest_idle, *youngest_idle;
    struct map health; /* addresses that failed */
    struct upstream_health *newest_health, *oldest_health;
    struct slab *slab; /* borrowed; NULL: nothing is counted */
    unsigned free_count, open, idling, waiting, calls;
    uint64_t made, reused;
};

/* Of the part of the request that is here. */
static inline size_t upstream_pending(const struct upstream_call *c)
{
    return c->stream ? h2_call_pending(c->stream) : buffer_size(&c->out) - c->sent;
}

/* All of the request was handed to the kernel. */
static inline bool upstream_request_sent(const struct upstream_call *c)
{
    return upstream_pending(c) == 0 && (c->body_ended || (c->body == BODY_SIZED && c->body_left == 0));
}

/* Is it on a connection that is up? */
static inline const struct upstream_codec *upstream_codec_of(const struct upstream_call *c)
{
    return c->connection ? c->connection->codec : NULL;
}

/* upstream_queue.c */
void upstream_pool_serve(struct upstream_pool *p); /* those who wait, as far as there is room */
/* The first in the queue, taken out of it; NULL. */
struct upstream_call *upstream_pool_next(struct upstream_pool *p);
void upstream_unqueue(struct upstream_call *c);
/* Its connections are for many calls, or may be: who waits, waits for the one that is being opened. */
bool upstream_pool_shares(const struct upstream_pool *p);
bool upstream_pool_is_full(const struct upstream_pool *p); /* not even room to wait */
/* On a connection, or into the queue; `but`: not on this one (may be NULL). */
void upstream_place(struct upstream_call *c, const struct upstream_connection *but);

/* upstream.c */
void upstream_pool_forget_if_empty(struct upstream_pool *p);

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
/* The last event but failure, with the call's connection forgotten; then the call is gone. */
void upstream_finish(struct upstream_call *c, const struct headers *trailers);
void upstream_note_first_byte(struct upstream_call *c);

/* upstream_later.c */
struct status upstream_later_new(struct upstreams *u);
void upstream_later_free(struct upstreams *u);
void upstream_call_later(struct upstream_call *c);        /* a failing one */
void upstream_turn_later(struct upstream_connection *uc); /* codec->turn() when the others had theirs */
void upstream_forget_turn(struct upstream_connection *uc);

/* upstream_connect.c */
void upstream_connection_open(struct upstream_call *c); /* fails the call later when it cannot */
void upstream_connecting_ready(struct upstream_connection *uc);
void upstream_attempt_expired(struct upstream_connection *uc);
/* No connection: its call fails, and those who wait for this one. From the loop. */
void upstream_opening_failed(struct upstream_connection *uc, enum upstream_failure why, const char *detail);
bool upstream_may_connect(const struct upstream_connection *uc); /* now, where it leads */
socklen_t upstream_socket_address(const struct upstream_address *from, struct socket_address *to);
/* The call that it is opened for leaves: it is opened for one that waits, or closed. */
void upstream_opening_left(struct upstream_connection *uc);

/* upstream_proxy.c; `start` and `ready` are true when the connection leads to the target. */
bool upstream_proxy_set(struct upstream_pool *p, const struct upstream_endpoint *from); /* false: memory */
void upstream_proxy_release(struct upstream_pool *p);
const char *upstream_proxy_refusal(const struct upstream_pool *p); /* why not to the target behind; NULL */
bool upstream_proxy_start(struct upstream_connection *uc);
bool upstream_proxy_ready(struct upstream_connection *uc);
void upstream_proxy_forget(struct upstream_connection *uc); /* what was sent and read so far */

/* upstream_health.c */
void upstream_health_init(struct upstreams *u);
void upstream_health_release(struct upstreams *u);
/* May this call try the address? Of those that are left out and whose time is over, one call may at a time.
 */
bool upstream_health_admits(struct upstream_call *c, const struct upstream_address *a);
bool upstream_health_leaves_out_all(const struct upstream_pool *p); /* every one of its addresses */
/* No connection to it, as `c` finds (once per attempt); its connection is up. */
void upstream_health_unreached(struct upstream_connection *uc, const struct upstream_address *a,
                               struct upstream_call *c);
void upstream_health_reached(struct upstream_call *c);
/* The call fails on this connection (NULL: on none): is that the address's fault? */
void upstream_health_judge(struct upstream_call *c, struct upstream_connection *uc,
                           enum upstream_failure why);
void upstream_health_fine(struct upstream_connection *uc); /* the head of an answer came */
void upstream_health_undecided(struct upstream_call *c); /* it ends; if it was to find out, the next one is */

/* upstream_connection.c */
void upstream_connection_ready(void *connection, unsigned ready); /* watch_callback */
void upstream_connection_enter(struct upstream_connection *uc);   /* the loop is here: not freed before */
void upstream_connection_leave(struct upstream_connection *uc);
void upstream_connection_up(struct upstream_connection *uc);    /* TCP and TLS stand */
void upstream_connection_known(struct upstream_connection *uc); /* how many calls it takes */
void upstream_connection_assign(struct upstream_connection *uc, struct upstream_call *c);
void upstream_connection_rest(struct upstream_connection *uc);  /* idles, or closes when too many do */
void upstream_connection_close(struct upstream_connection *uc); /* no events */

/* upstream_io.c; both: no events */
size_t upstream_send(struct upstream_connection *uc, struct bytes bytes); /* how many bytes went */
enum upstream_input { INPUT_BYTES, INPUT_NONE, INPUT_ENDED /* in order */, INPUT_CUT };
/* Into the buffer that all share. */
enum upstream_input upstream_receive(struct upstream_connection *uc, struct bytes *out);
/* libssl holds more, which no event on the descriptor would tell (DESIGN 3.1, 19). */
static inline bool upstream_holds_input(const struct upstream_connection *uc)
{
    return uc->tls && !uc->starved && tls_pending(uc->tls);
}

/* upstream_h1.c */
extern const struct upstream_codec upstream_h1;
void upstream_h1_write_end(struct upstream_call *c);   /* last chunk and trailers, into the call's buffer */
void upstream_h1_push(struct upstream_connection *uc); /* after bytes were put into the call's buffer */
void upstream_h1_done(struct upstream_connection *uc); /* its call is over: the next one, idling, or closed */
void upstream_h1_lost(struct upstream_connection *uc); /* it ended under its call */
bool upstream_h1_may_repeat(const struct upstream_connection *uc, const struct upstream_call *c);
void upstream_h1_flush(struct upstream_connection *uc); /* no events */

/* upstream_h1_answer.c */
extern const struct h1_client_events upstream_h1_events;
void upstream_h1_read(struct upstream_connection *uc);
void upstream_h1_finish_tunnel(struct upstream_connection *uc);

/* upstream_h2.c */
extern const struct upstream_codec upstream_h2;
bool upstream_h2_has_room(const struct upstream_connection *uc);
bool upstream_h2_is_usable(const struct upstream_connection *uc); /* has room, or may have again */
void upstream_h2_flush(struct upstream_connection *uc);           /* no events */
void upstream_h2_lost(struct upstream_connection *uc); /* every call on it fails, or goes elsewhere; closed */

/* upstream_h2_answer.c */
extern const struct h2_client_events upstream_h2_events;
void upstream_h2_feed(struct upstream_connection *uc, struct bytes in); /* nothing: what waits is told */
void upstream_h2_read(struct upstream_connection *uc);
