/* SPDX-License-Identifier: Apache-2.0 */
#include "net/connection.h"

/*
 * An idle connection should not hold buffers, and a busy one should not allocate them anew for each request.
 * In between, the connections that fell idle last keep theirs: at most NET_WARM_MAX of them, for at most a
 * second.
 */

static void cool(struct net_server *s, unsigned slot)
{
    struct connection *c = s->warm[slot];
    if (!c)
        return;
    s->warm[slot] = NULL;
    c->warm = 0;
    if (session_is_idle(c->session) && !c->in_session)
        session_shrink(c->session); /* a busy one comes back when it is idle again */
}

void connection_keep_warm(struct connection *c)
{
    struct net_server *s = c->server;
    if (c->warm)
        return;
    unsigned slot = s->warm_next;
    s->warm_next = (slot + 1) % NET_WARM_MAX;
    cool(s, slot);
    s->warm[slot] = c;
    c->warm = (uint8_t)(slot + 1);
}

void connection_forget_warm(struct connection *c)
{
    if (c->warm)
        c->server->warm[c->warm - 1] = NULL;
    c->warm = 0;
}

void net_server_cool(struct net_server *s)
{
    for (unsigned slot = 0; slot < NET_WARM_MAX; slot++)
        cool(s, slot);
}
