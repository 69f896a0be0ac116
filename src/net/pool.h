/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The client side: a pool of kept-alive HTTP/1.1 connections to one target, one call per connection at a
 * time. The hop is its first user; targets of the outbound gateway will be others. Loop thread only.
 *
 * A call waits at most `connect_ms` for a usable connection (for the hop: one that the core has greeted), in
 * order of arrival, at most `max_waiting` of them. When a connection dies with a call on it: a call that may
 * be repeated (`retry`) and has seen no byte of an answer is queued again, once; any other fails with
 * POOL_LOST.
 */

#include "event/loop.h"
#include "http/h1_client.h"

struct pool;
struct pool_call;

enum pool_failure {
    POOL_BUSY,      /* too many are waiting */
    POOL_UNREACHED, /* no usable connection in time; nothing was sent */
    POOL_LOST,      /* sent, and the connection died before the answer ended: outcome unknown */
    POOL_MALFORMED, /* the answer was not valid HTTP */
    POOL_MEMORY,
};

struct pool_events {
    void (*head)(void *owner, const struct response *head); /* borrowed until the call ends */
    void (*body)(void *owner, struct bytes chunk);
    void (*end)(void *owner);                                                /* the call is gone afterwards */
    void (*failed)(void *owner, enum pool_failure why, bool answer_started); /* likewise */
};

struct pool_settings {
    struct loop *loop;
    const char *unix_path; /* target; or `dial` */
    int (*dial)(
        void *ctx); /* returns a connected (or connecting) non-blocking descriptor, or -1 with errno */
    void *dial_ctx;
    uint8_t greeting;  /* the byte the server sends first (hop version); 0 = none */
    bool trusted_peer; /* our own core: skip the scan of answers */
    unsigned max_connections, max_waiting;
    int64_t connect_ms;
    int64_t idle_ms; /* an idle connection is closed after this */
};

struct status pool_new(const struct pool_settings *settings, struct pool **out);
void pool_free(struct pool *p); /* fails every call with POOL_UNREACHED/POOL_LOST; accepts NULL */

/*
 * Sends `bytes` (a whole serialised request, copied) and delivers the answer to events. NULL when the queue
 * is full or memory is short: nothing is called then. `method` is the request's, for framing the answer.
 */
struct pool_call *pool_send(struct pool *p, enum http_method method, struct bytes bytes, bool retry,
                            const struct pool_events *events, void *owner);
void pool_cancel(struct pool_call *call); /* no more events; closes the connection if the call was on one */
void pool_pause(struct pool_call *call);  /* backpressure: stop reading the answer */
void pool_resume(struct pool_call *call);

struct pool_stats {
    unsigned open, idle, busy, waiting;
};
struct pool_stats pool_stats(const struct pool *p);
