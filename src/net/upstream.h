/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Connections out, to targets: pools of kept-alive HTTP/1.1 connections, TLS where the target wants it, and
 * calls whose bodies stream in both directions with backpressure and constant memory. One `struct upstreams`
 * per front; loop thread only. Nobody resolves names here: endpoints carry checked addresses (net/guard.h is
 * asked again right before each connect).
 *
 * A pool is everything that shares connections: equal `share` (SHA-256 over scheme, host, port, TLS settings,
 * client certificate). Pools without calls and connections are forgotten. A call takes the connection that
 * idled last, else opens one (addresses are tried in turn, IPv6 and IPv4 as given), else waits its turn, at
 * most connect_ms: then it fails as UPSTREAM_BUSY.
 * A request whose connection was closed by the target before any byte of an answer is sent again, once, on a
 * new connection, if that connection had been used before and either nothing of the request was sent, or it
 * is `repeatable` and none of its body was sent (RFC 9110 9.2.2: also PUT and DELETE); otherwise the call
 * fails.
 *
 * A target that takes HTTP/2 gets many calls on a connection, as far as its SETTINGS and limits.streams say.
 * While nobody knows whether it does, calls wait for the first connection to come up, and fail with it. A
 * call that the target says it has not looked at (REFUSED_STREAM, above the last stream of a GOAWAY) goes to
 * another connection whatever its method, as long as its body was short enough to be kept. Time-outs cancel
 * their own stream; a PING then asks whether anybody is there, and without an answer the connection is lost.
 */

#include "base/digest.h"
#include "event/loop.h"
#include "http/h1_client.h"
#include "net/guard.h"
#include "tls/tls.h"

struct upstreams;
struct upstream_call;

struct upstream_address {
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint16_t port;
};
#define UPSTREAM_ADDRESSES_MAX 8

struct upstream_endpoint {
    uint8_t share[SHA256_SIZE];
    const struct upstream_address *addresses; /* copied */
    unsigned address_count;
    struct tls_context *tls; /* NULL = plain; a reference is taken */
    const char *server_name; /* SNI and what the certificate must name; copied */
    bool http2;              /* TLS only: offer h2 (ALPN); many calls share a connection that speaks it */
    /*
     * Through an HTTP proxy: `addresses` are the proxy's, and behind CONNECT to `proxy_to` ("192.0.2.7:443",
     * a checked address, or a name of outbound.proxy_names) the connection is as any other. NULL = directly.
     */
    const char *proxy_to;            /* copied */
    struct text proxy_authorization; /* "Basic ..." or empty; copied, wiped */
};

struct upstream_limits {
    unsigned connections;  /* per pool; outbound.connections */
    unsigned waiting;      /* calls per pool that wait for one; outbound.queue */
    int64_t connect_ms;    /* DNS excluded, TLS included; outbound.connect_timeout */
    int64_t first_byte_ms; /* from the end of the request to the answer's head; outbound.first_byte_timeout */
    int64_t idle_ms;       /* without a byte in either direction; outbound.idle_timeout; 0 = none */
    int64_t total_ms;      /* of the whole call; outbound.timeout; 0 = none */
    int64_t keep_ms;       /* an idle connection is closed after this; outbound.keep_alive */
    unsigned idle_per_pool, idle_in_all;
    unsigned streams;     /* calls at once on one HTTP/2 connection; outbound.streams */
    unsigned eject_after; /* failures in a row of one address; 0 = never ejected; outbound.eject_after */
    int64_t eject_ms;     /* outbound.eject_time */
};

enum upstream_failure {
    UPSTREAM_BUSY,    /* too many calls wait for this target; no descriptor or local port left here */
    UPSTREAM_GUARDED, /* no address that we may connect to */
    UPSTREAM_CONNECT, /* refused, unreachable */
    UPSTREAM_CONNECT_TIMEOUT,
    UPSTREAM_TLS, /* handshake or certificate; `detail` says which */
    UPSTREAM_FIRST_BYTE_TIMEOUT,
    UPSTREAM_IDLE_TIMEOUT,
    UPSTREAM_TOTAL_TIMEOUT,
    UPSTREAM_RESET,     /* the connection ended before the answer did */
    UPSTREAM_MALFORMED, /* not HTTP, or ambiguous */
    UPSTREAM_MEMORY,
    UPSTREAM_EJECTED, /* every address failed too often and is left out for a while */
    UPSTREAM_PROXY,   /* outbound.proxy could not be reached or refused the CONNECT; `detail` says which */
    UPSTREAM_FAILURE_COUNT
};
/* "connect", "tls", "dns", ...: for error bodies, logs and metrics. */
const char *upstream_failure_name(enum upstream_failure f);
/* 502, or 504 for the time-outs, 503 for BUSY and MEMORY. */
int upstream_failure_status(enum upstream_failure f);

/* None is called from inside a function below; any may call upstream_cancel(). The call is gone when `end` or
 * `failed` returns. `end` may come before the request's body is complete (an early answer): the rest of it
 * has no taker then. */
struct upstream_events {
    void (*interim)(void *owner, const struct response *head); /* 1xx but 101; may be NULL */
    void (*head)(void *owner, const struct response *head);    /* texts live until the call ends */
    void (*body)(void *owner, struct bytes chunk);
    void (*writable)(void *owner);                            /* after E_AGAIN of upstream_write */
    void (*end)(void *owner, const struct headers *trailers); /* may be empty; live until it returns */
    void (*failed)(void *owner, enum upstream_failure why, const char *detail, bool answer_started);
};

struct upstream_request {
    enum http_method method;
    struct bytes head; /* serialised, with its framing fields and the empty line; copied */
    enum body_kind body;
    uint64_t content_length; /* BODY_SIZED; the same as in `head` */
    bool repeatable;         /* safe or idempotent method */
    bool upgrade;            /* a 101 makes the call a tunnel: body chunks and writes are raw from then on */
};

struct status upstreams_new(struct loop *loop, const struct guard *guard /* borrowed */,
                            struct upstreams **out);
void upstreams_free(struct upstreams *u); /* fails nothing: calls must be gone; accepts NULL */
void upstreams_set_limits(struct upstreams *u, const struct upstream_limits *limits);
struct slab;
void upstreams_count_in(struct upstreams *u, struct slab *slab); /* borrowed */
/* `guard` says something else now: kept connections to addresses that it refuses close, shared ones when
 * their calls are done. Calls under way go on. */
void upstreams_guard_changed(struct upstreams *u);

/* NULL: out of memory, the queue is full, or every address is left out (*out_why says which); nothing is
 * called then. */
struct upstream_call *upstream_start(struct upstreams *u, const struct upstream_endpoint *endpoint,
                                     const struct upstream_request *request,
                                     const struct upstream_events *events, void *owner,
                                     enum upstream_failure *out_why);
/*
 * Body bytes, in order; framed (chunked) here when the body is BODY_STREAM. E_AGAIN: taken, but stop until
 * events.writable. E_INVALID when more than the announced length, without a body or after its end;
 * E_TOO_LARGE when a chunk is over UPSTREAM_CHUNK_MAX or E_AGAIN was not heeded, E_NOMEM: not taken, cancel
 * the call. Once the target reads no more, the rest is dropped: its answer may still come.
 */
#define UPSTREAM_CHUNK_MAX (1024 * 1024)
struct status upstream_write(struct upstream_call *c, struct bytes chunk);
/* E_INVALID when less than the announced length was written. Half-closes a tunnel. `trailers` (NULL: none)
 * are borrowed until the call ends; they go with a body of unknown length only, and none that could break the
 * framing goes. */
struct status upstream_end_body(struct upstream_call *c, const struct headers *trailers);
/* Stop reading the answer; what was read already (at most a socket read) still comes. No event comes from
 * inside any of these functions. */
void upstream_pause(struct upstream_call *c);
void upstream_resume(struct upstream_call *c);
/* No more events. Its HTTP/1.1 connection closes unless the answer is complete; over HTTP/2 its stream is
 * reset. */
void upstream_cancel(struct upstream_call *c);

/* After UPSTREAM_EJECTED: until one of its addresses may be tried again; 0 = now. */
int64_t upstream_ejected_ms(const struct upstreams *u, const struct upstream_endpoint *endpoint);

/* What became of the connection, for --explain and the access log. */
struct upstream_facts {
    bool reused;
    bool tls;
    int64_t connect_us; /* TCP and TLS; 0 when reused */
    bool http2;
    bool resumed;          /* the TLS session was */
    int64_t first_byte_us; /* from the start of the call; 0 before */
    struct upstream_address address;
};
void upstream_facts(const struct upstream_call *c, struct upstream_facts *out);

struct upstream_stats {
    unsigned pools, open, idle, waiting;
    uint64_t connections_made, connections_reused;
};
void upstreams_stats(const struct upstreams *u, struct upstream_stats *out);
