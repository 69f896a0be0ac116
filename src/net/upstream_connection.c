/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/upstream_internal.h"

/* ---- idling ---- */

static void push_idle(struct upstream_connection *uc)
{
    struct upstream_pool *p = uc->pool;
    struct upstreams *u = uc->all;
    uc->state = UPSTREAM_IDLE;
    uc->below = p->idle;
    uc->above = NULL;
    if (p->idle)
        p->idle->above = uc;
    p->idle = uc;
    p->idling++;
    uc->older = u->youngest_idle;
    uc->younger = NULL;
    if (u->youngest_idle)
        u->youngest_idle->younger = uc;
    else
        u->oldest_idle = uc;
    u->youngest_idle = uc;
    u->idling++;
    timeout_arm(u->keep, &uc->timeout);
}

static void leave_idle(struct upstream_connection *uc)
{
    struct upstream_pool *p = uc->pool;
    struct upstreams *u = uc->all;
    if (uc->state != UPSTREAM_IDLE)
        return;
    if (uc->above)
        uc->above->below = uc->below;
    else
        p->idle = uc->below;
    if (uc->below)
        uc->below->above = uc->above;
    p->idling--;
    if (uc->older)
        uc->older->younger = uc->younger;
    else
        u->oldest_idle = uc->younger;
    if (uc->younger)
        uc->younger->older = uc->older;
    else
        u->youngest_idle = uc->older;
    u->idling--;
    uc->above = uc->below = uc->older = uc->younger = NULL;
    timeout_disarm(&uc->timeout);
}

void upstream_connection_rest(struct upstream_connection *uc)
{
    struct upstreams *u = uc->all;
    if (uc->pool->idling >= u->limits.idle_per_pool) {
        upstream_connection_close(uc);
        return;
    }
    push_idle(uc);
    uc->codec->rest(uc);
    if (u->idling > u->limits.idle_in_all)
        upstream_connection_close(u->oldest_idle);
}

/* ---- the end ---- */

static void connection_free(struct upstream_connection *uc)
{
    tls_session_free(uc->tls);
    upstream_proxy_forget(uc);
    if (uc->codec)
        uc->codec->free(uc);
    mem_free(uc);
}

void upstream_connection_close(struct upstream_connection *uc)
{
    struct upstream_pool *p = uc->pool;
    if (uc->dead)
        return;
    if (uc->state == UPSTREAM_IDLE && uc->tls)
        (void)tls_shutdown(uc->tls); /* polite: the target knows that nothing was cut off */
    leave_idle(uc);
    uc->dead = true;
    timeout_disarm(&uc->timeout);
    upstream_forget_turn(uc);
    upstream_list_remove(&p->sharing, &uc->sharing);
    watch_stop(uc->watch);
    uc->watch = NULL;
    if (uc->fd >= 0)
        (void)close(uc->fd);
    upstream_connection_known(uc);
    p->open--;
    uc->all->open--;
    if (uc->inside == 0)
        connection_free(uc);
    upstream_pool_serve(p);
    upstream_pool_forget_if_empty(p);
}

void upstream_connection_enter(struct upstream_connection *uc)
{
    uc->inside++;
}

void upstream_connection_leave(struct upstream_connection *uc)
{
    if (uc->inside == 1 && uc->codec && !uc->dead)
        uc->codec->settle(uc);
    if (--uc->inside == 0 && uc->dead)
        connection_free(uc);
}

/* ---- carrying calls ---- */

void upstream_connection_known(struct upstream_connection *uc)
{
    uc->pool->opening -= uc->opening;
    uc->opening = false;
}

void upstream_connection_up(struct upstream_connection *uc)
{
    struct upstream_call *c = uc->call;
    struct upstream_pool *p = uc->pool;
    const bool h2 = uc->tls && text_equal(tls_alpn(uc->tls), TEXT("h2"));
    const struct upstream_codec *codec = h2 ? &upstream_h2 : &upstream_h1;
    if (!status_ok(codec->start(uc))) {
        upstream_opening_failed(uc, UPSTREAM_MEMORY, "out of memory");
        return;
    }
    uc->codec = codec;
    uc->all->made++;
    uc->call = NULL;
    p->speaks = h2 ? SPEAKS_H2 : SPEAKS_H1;
    if (!h2)
        upstream_connection_known(uc);
    upstream_connection_assign(uc, c);
    upstream_pool_serve(p); /* those who waited for this */
}

void upstream_connection_assign(struct upstream_connection *uc, struct upstream_call *c)
{
    leave_idle(uc);
    uc->state = UPSTREAM_ACTIVE;
    c->connection = uc;
    c->sent = 0;
    c->facts.tls = uc->tls != NULL;
    c->facts.address = uc->address;
    if (uc->used) {
        c->facts.reused = true;
        uc->all->reused++;
    }
    uc->used = true;
    uc->codec->assign(uc, c);
}

void upstream_connection_ready(void *connection, unsigned ready)
{
    struct upstream_connection *uc = connection;
    upstream_connection_enter(uc);
    if (uc->codec)
        uc->codec->ready(uc, ready);
    else
        upstream_connecting_ready(uc);
    upstream_connection_leave(uc);
}
