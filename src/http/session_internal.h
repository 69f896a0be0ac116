/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What http/session.c needs from the two implementations of a session (h1_server.c, h2_server.c); nobody else
 * includes this. An implementation embeds `struct session` as its first member, fills it with session_init()
 * and casts back. Every operation of the table is present (none is NULL). session.c checks nothing but NULL
 * where the contract in session.h allows it; exchange_* calls arrive through x->session->ops.
 *
 * A request without a body has body_complete set when events.request() is called; exchange_want_body() then
 * still leads to exactly one events.body_end().
 */

#include "http/session.h"

struct session_ops {
    void (*free)(struct session *s);
    struct status (*feed)(struct session *s, struct bytes in);
    void (*end_of_input)(struct session *s);
    struct bytes (*output)(struct session *s);
    void (*output_consumed)(struct session *s, size_t n);
    bool (*wants_read)(const struct session *s);
    bool (*wants_close)(const struct session *s);
    bool (*cut)(const struct session *s);
    bool (*is_idle)(const struct session *s);
    size_t (*open_exchanges)(const struct session *s);
    bool (*withheld)(const struct session *s, uint64_t *out_sent);
    bool (*reading_head)(const struct session *s);
    void (*shutdown)(struct session *s);
    void (*shrink)(struct session *s);
    void (*each_exchange)(struct session *s, void (*visit)(void *ctx, struct exchange *x), void *ctx);
    void (*timeout)(struct session *s);

    void (*want_body)(struct exchange *x);
    void (*pause_body)(struct exchange *x);
    void (*resume_body)(struct exchange *x);
    struct status (*respond)(struct exchange *x, const struct response *head);
    /* 1xx but 101, before respond(); not to HTTP/1.0. */
    struct status (*interim)(struct exchange *x, const struct response *head);
    struct status (*write)(struct exchange *x, struct bytes body);
    struct status (*end)(struct exchange *x, const struct headers *trailers); /* NULL: none */
    void (*abort)(struct exchange *x);
    struct status (*tunnel)(struct exchange *x, const struct response *head);
};

struct session {
    const struct session_ops *ops;
    const struct session_settings *settings; /* borrowed */
    const struct session_events *events;     /* borrowed */
    void *owner;                             /* first argument of every event */
};

static inline void session_init(struct session *s, const struct session_ops *ops,
                                const struct session_settings *settings, const struct session_events *events,
                                void *owner)
{
    *s = (struct session){.ops = ops, .settings = settings, .events = events, .owner = owner};
}

/* The two constructors; NULL when out of memory. */
struct session *h1_server_new(const struct session_settings *settings, const struct session_events *events,
                              void *owner);
struct session *h2_server_new(const struct session_settings *settings, const struct session_events *events,
                              void *owner);
