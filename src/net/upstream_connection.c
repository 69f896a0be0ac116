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

static void let_idle(struct upstream_connection *uc)
{
    struct upstreams *u = uc->all;
    if (uc->pool->idling >= u->limits.idle_per_pool) {
        upstream_connection_close(uc);
        return;
    }
    h1_client_reset(uc->client, HTTP_GET); /* gives back what a large head took */
    push_idle(uc);
    watch_set(uc->watch, WATCH_READ);
    if (u->idling > u->limits.idle_in_all)
        upstream_connection_close(u->oldest_idle);
    if (!uc->dead && uc->tls && !uc->starved && tls_pending(uc->tls))
        upstream_idle_input(uc); /* libssl holds what nobody asked for: no event would tell */
}

/* ---- the end ---- */

void upstream_connection_free(struct upstream_connection *uc)
{
    tls_session_free(uc->tls);
    h1_client_free(uc->client);
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
    watch_stop(uc->watch);
    uc->watch = NULL;
    if (uc->fd >= 0)
        (void)close(uc->fd);
    p->open--;
    uc->all->open--;
    if (uc->inside == 0)
        upstream_connection_free(uc);
    upstream_pool_serve(p);
    upstream_pool_forget_if_empty(p);
}

static void enter(struct upstream_connection *uc)
{
    uc->inside++;
}

static void leave(struct upstream_connection *uc)
{
    if (--uc->inside > 0)
        return;
    if (uc->dead)
        upstream_connection_free(uc);
    else
        upstream_connection_watch(uc);
}

/* ---- carrying calls ---- */

/* Something to write; or to say, which only the loop may do. */
static bool waits_for_room(const struct upstream_connection *uc, const struct upstream_call *c)
{
    if (uc->cut)
        return c->wants_writable && !upstream_may_repeat(uc, c);
    if (timeout_armed(&uc->timeout)) /* the head waits for the body */
        return false;
    return upstream_pending(c) > 0 || c->wants_writable || uc->input_ended;
}

void upstream_connection_watch(struct upstream_connection *uc)
{
    const struct upstream_call *c = uc->call;
    if (uc->state != UPSTREAM_ACTIVE || !c || uc->dead)
        return;
    unsigned want = 0;
    if (!c->paused && !uc->input_ended)
        want |= uc->read_wants_write ? WATCH_READ | WATCH_WRITE : WATCH_READ;
    if (waits_for_room(uc, c))
        want |= WATCH_WRITE;
    watch_set(uc->watch, want);
}

void upstream_connection_push(struct upstream_connection *uc)
{
    timeout_disarm(&uc->timeout);
    upstream_flush(uc);
    upstream_call_phase(uc->call);
    upstream_connection_watch(uc);
}

/* With a body to come, the head waits a little for it: one write(2) for both. */
void upstream_connection_assign(struct upstream_connection *uc, struct upstream_call *c)
{
    leave_idle(uc);
    uc->state = UPSTREAM_ACTIVE;
    uc->call = c;
    uc->call_ended = false;
    c->connection = uc;
    c->sent = 0;
    if (uc->carried) {
        c->facts.reused = true;
        c->facts.tls = uc->tls != NULL;
        c->facts.address = uc->address;
        uc->all->reused++;
    } else {
        uc->address = c->facts.address;
    }
    h1_client_reset(uc->client, c->method);
    const bool body_to_come = !c->body_ended && (c->body != BODY_SIZED || c->body_left > 0);
    if (!body_to_come || buffer_size(&c->out) > c->head_size) {
        upstream_connection_push(uc);
        return;
    }
    timeout_arm(uc->all->head, &uc->timeout);
    upstream_call_phase(c);
    upstream_connection_watch(uc);
}

void upstream_connection_done(struct upstream_connection *uc)
{
    struct upstream_call *next;
    if (uc->dead)
        return;
    if (uc->cut || !h1_client_reusable(uc->client)) {
        upstream_connection_close(uc);
        return;
    }
    uc->carried = true;
    next = upstream_pool_next(uc->pool);
    if (next)
        upstream_connection_assign(uc, next);
    else
        let_idle(uc);
}

void upstream_connection_lost(struct upstream_connection *uc)
{
    struct upstream_call *c = uc->call;
    if (!upstream_may_repeat(uc, c)) {
        upstream_fail(c, UPSTREAM_RESET,
                      h1_client_started(uc->client) ? "the connection ended inside the answer"
                                                    : "the connection ended without an answer");
        return;
    }
    c->repeated = true;
    c->connection = NULL;
    c->facts.reused = false;
    uc->call = NULL;
    c->pool->serving = true; /* the place that becomes free is for this call, not for one that waits */
    upstream_connection_close(uc);
    c->pool->serving = false;
    upstream_connection_open(c);
}

static void write_ready(struct upstream_connection *uc)
{
    struct upstream_call *c = uc->call;
    upstream_flush(uc);
    if (uc->input_ended && (upstream_pending(c) == 0 || uc->cut)) {
        upstream_finish_tunnel(uc);
        return;
    }
    upstream_call_phase(c);
    if (c->wants_writable && (upstream_pending(c) == 0 || uc->cut)) {
        c->wants_writable = false;
        c->events->writable(c->owner);
    }
}

static void active_ready(struct upstream_connection *uc, unsigned ready)
{
    if ((ready & WATCH_WRITE) && waits_for_room(uc, uc->call))
        write_ready(uc);
    const unsigned wanted = uc->read_wants_write ? WATCH_READ | WATCH_WRITE : WATCH_READ;
    if ((ready & wanted) && uc->call && !uc->call->paused && !uc->input_ended)
        upstream_read(uc);
}

void upstream_connection_ready(void *connection, unsigned ready)
{
    struct upstream_connection *uc = connection;
    enter(uc);
    switch (uc->state) {
    case UPSTREAM_CONNECTING:
    case UPSTREAM_HANDSHAKE:
        upstream_connecting_ready(uc);
        break;
    case UPSTREAM_ACTIVE:
        active_ready(uc, ready);
        break;
    case UPSTREAM_IDLE:
        upstream_idle_input(uc);
        break;
    }
    leave(uc);
}

void upstream_connection_turn(struct upstream_connection *uc)
{
    enter(uc);
    if (uc->state == UPSTREAM_ACTIVE && uc->call && !uc->call->paused && !uc->input_ended)
        upstream_read(uc);
    leave(uc);
}
