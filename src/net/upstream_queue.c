/* SPDX-License-Identifier: Apache-2.0 */
#include "net/upstream_internal.h"

/* ---- the queue ---- */

static void enqueue(struct upstream_call *c)
{
    struct upstream_pool *p = c->pool;
    c->next = NULL;
    c->waiting = true;
    if (p->waiting_last)
        p->waiting_last->next = c;
    else
        p->waiting_first = c;
    p->waiting_last = c;
    p->waiting++;
    p->all->waiting++;
    upstream_call_phase(c);
}

void upstream_unqueue(struct upstream_call *c)
{
    struct upstream_pool *p = c->pool;
    struct upstream_call **at = &p->waiting_first, *previous = NULL;
    while (*at != c) {
        previous = *at;
        at = &previous->next;
    }
    *at = c->next;
    if (p->waiting_last == c)
        p->waiting_last = previous;
    c->next = NULL;
    c->waiting = false;
    p->waiting--;
    p->all->waiting--;
}

struct upstream_call *upstream_pool_next(struct upstream_pool *p)
{
    struct upstream_call *c = p->waiting_first;
    if (c)
        upstream_unqueue(c);
    return c;
}

/* ---- who goes where ---- */

bool upstream_pool_shares(const struct upstream_pool *p)
{
    return p->offers_h2 && p->speaks != SPEAKS_H1;
}

static struct upstream_connection *connection_with_room(const struct upstream_pool *p,
                                                        const struct upstream_connection *but)
{
    for (struct upstream_node *n = p->sharing.first; n; n = n->after) {
        struct upstream_connection *uc = UPSTREAM_OF(struct upstream_connection, sharing, n);
        if (uc != but && upstream_h2_has_room(uc))
            return uc;
    }
    return p->idle;
}

/* How many calls a new connection is likely to take off the queue: as many as may be when the target has
 * agreed to HTTP/2 before; while nobody knows, all of them wait for the first answer to that. */
static bool may_open(const struct upstream_pool *p)
{
    const struct upstream_limits *l = &p->all->limits;
    if (p->open >= l->connections)
        return false;
    if (!upstream_pool_shares(p) || p->opening == 0)
        return true;
    return p->speaks == SPEAKS_H2 && p->waiting / p->opening >= l->streams;
}

bool upstream_pool_is_full(const struct upstream_pool *p)
{
    const struct upstream_limits *l = &p->all->limits;
    /* Whoever waits for the first connection to come up could have had one of his own. */
    const unsigned unused = p->open < l->connections ? l->connections - p->open : 0;
    return p->waiting >= l->waiting + unused && !may_open(p) && !connection_with_room(p, NULL);
}

void upstream_place(struct upstream_call *c, const struct upstream_connection *but)
{
    struct upstream_connection *uc = connection_with_room(c->pool, but);
    timeout_disarm(&c->phase);
    if (uc)
        upstream_connection_assign(uc, c);
    else if (may_open(c->pool))
        upstream_connection_open(c);
    else
        enqueue(c);
}

/* Opening may fail at once and close again, which leads back here: then this loop goes on. */
void upstream_pool_serve(struct upstream_pool *p)
{
    if (p->serving)
        return;
    p->serving = true;
    while (p->waiting > 0) {
        struct upstream_connection *uc = connection_with_room(p, NULL);
        if (uc)
            upstream_connection_assign(uc, upstream_pool_next(p));
        else if (may_open(p))
            upstream_connection_open(upstream_pool_next(p));
        else
            break;
    }
    p->serving = false;
}
