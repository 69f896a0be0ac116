/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Private to net/: the pool's calls and connections. */

#include "event/timeouts.h"
#include "net/pool.h"

enum pool_connection_state {
    POOL_CONNECTING, /* dialled; waits for the server's greeting (or for writability) */
    POOL_IDLE,
    POOL_ACTIVE, /* carries a call */
};

struct pool_connection {
    struct pool *pool;
    struct pool_connection *prev, *next; /* in the list of its state */
    struct watch *watch;
    struct h1_client *client;
    struct pool_call *call;
    struct timeout_entry idle_timeout;
    int fd;
    enum pool_connection_state state;
    bool feeding; /* inside h1_client_feed: free later */
    bool dead;
    bool call_ended; /* during feeding */
    bool cut;        /* a request was not sent to its end: not used again */
};

struct pool_call {
    struct pool *pool;
    struct pool_call *next;             /* in the waiting queue */
    struct pool_connection *connection; /* NULL while waiting */
    const struct pool_events *events;
    void *owner;
    uint8_t *bytes; /* the request, owned */
    size_t size, sent;
    struct timeout_entry waiting_timeout;
    enum http_method method;
    bool retry, answer_started, paused;
};

#define POOL_READ_SIZE (32u * 1024)

struct pool {
    struct pool_settings settings;
    uint8_t *read_buffer; /* one for all: nothing reads while an answer is being told. Not on the stack, where
                             the compiler's initialisation would clear it for each read */
    struct pool_connection *lists[3]; /* by enum pool_connection_state */
    unsigned counts[3];
    struct pool_call *waiting_first, *waiting_last;
    unsigned waiting;
    struct timeout_class *wait_class, *idle_class;
    struct timer *redial;
    bool closing;
};

/* pool_connection.c */
void pool_dial(struct pool *p);
void pool_connection_assign(struct pool_connection *pc, struct pool_call *call);
void pool_connection_free(struct pool_connection *pc); /* no events */
void pool_connection_watch(struct pool_connection *pc);

/* pool.c */
void pool_call_fail(struct pool_call *call, enum pool_failure why);
void pool_requeue(struct pool_call *call);
void pool_call_free(struct pool_call *call);
void pool_connection_available(struct pool_connection *pc); /* greeted, or its call ended */
void pool_connection_lost(struct pool_connection *pc, enum pool_failure why);
void pool_schedule_redial(struct pool *p);
