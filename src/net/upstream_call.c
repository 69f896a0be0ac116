/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/clock.h"
#include "net/upstream_internal.h"

#define OUT_MAX    (UPSTREAM_CHUNK_MAX + 512u * 1024) /* a head, a chunk, and what E_AGAIN let through */
#define DETAIL_MAX 192

/* ---- birth and end ---- */

static struct upstream_call *take_call(struct upstreams *u)
{
    struct upstream_call *c = u->free_calls;
    if (!c) {
        c = mem_alloc(sizeof *c);
        if (c)
            buffer_init(&c->out, OUT_MAX);
        return c;
    }
    u->free_calls = c->next;
    u->free_count--;
    *c = (struct upstream_call){.out = c->out};
    return c;
}

static void give_call_back(struct upstreams *u, struct upstream_call *c)
{
    buffer_wipe(&c->out); /* credentials */
    buffer_clear(&c->out);
    if (c->out.capacity > UPSTREAM_OUT_KEPT)
        buffer_shrink(&c->out);
    if (u->free_count >= UPSTREAM_CALLS_KEPT) {
        buffer_release(&c->out);
        mem_free(c);
        return;
    }
    c->next = u->free_calls;
    u->free_calls = c;
    u->free_count++;
}

struct upstream_call *upstream_call_new(struct upstream_pool *p, const struct upstream_request *request)
{
    struct upstreams *u = p->all;
    struct upstream_call *c = take_call(u);
    if (!c)
        return NULL;
    buffer_append(&c->out, request->head);
    if (!status_ok(buffer_status(&c->out))) {
        give_call_back(u, c);
        return NULL;
    }
    c->all = u;
    c->pool = p;
    c->head_size = request->head.n;
    c->body_left = request->content_length;
    c->started_us = clock_monotonic_us();
    c->method = request->method;
    c->body = request->body;
    c->repeatable = request->repeatable;
    c->upgrade = request->upgrade;
    c->body_ended = request->body == BODY_NONE;
    p->calls++;
    u->calls++;
    if (u->limits.total_ms > 0)
        timeout_arm(u->total, &c->total);
    return c;
}

static void leave_later(struct upstream_call *c)
{
    struct upstreams *u = c->all;
    if (!c->later)
        return;
    if (c->later_before)
        c->later_before->later_after = c->later_after;
    else
        u->later_first = c->later_after;
    if (c->later_after)
        c->later_after->later_before = c->later_before;
    else
        u->later_last = c->later_before;
    c->later_before = c->later_after = NULL;
    c->later = false;
    u->later_count--;
}

void upstream_call_release(struct upstream_call *c)
{
    struct upstream_pool *p = c->pool;
    timeout_disarm(&c->phase);
    timeout_disarm(&c->total);
    leave_later(c);
    p->calls--;
    c->all->calls--;
    give_call_back(c->all, c);
    upstream_pool_forget_if_empty(p);
}

/* Takes the call from wherever it is; its connection closes. */
static void detach(struct upstream_call *c)
{
    struct upstream_connection *uc = c->connection;
    if (c->waiting)
        upstream_unqueue(c);
    c->connection = NULL;
    if (uc) {
        uc->call = NULL;
        upstream_connection_close(uc);
    }
}

void upstream_fail(struct upstream_call *c, enum upstream_failure why, const char *detail)
{
    char words[DETAIL_MAX]; /* `detail` may go with the connection */
    if (!text_to_cstr(text_first(text_of(detail), sizeof words - 1), words, sizeof words))
        words[0] = '\0';
    c->finishing = true;
    timeout_disarm(&c->phase);
    timeout_disarm(&c->total);
    detach(c);
    c->events->failed(c->owner, why, words, c->head_told);
    upstream_call_release(c);
}

void upstream_cancel(struct upstream_call *c)
{
    if (c->finishing)
        return; /* inside its last event */
    detach(c);
    upstream_call_release(c);
}

/* ---- what must not happen inside an API function ---- */

void upstream_later(struct upstream_call *c)
{
    struct upstreams *u = c->all;
    if (c->later)
        return;
    c->later = true;
    c->later_before = u->later_last;
    if (u->later_last)
        u->later_last->later_after = c;
    else
        u->later_first = c;
    u->later_last = c;
    if (u->later_count++ == 0)
        wakeup_send(u->wakeup);
}

void upstream_fail_later(struct upstream_call *c, enum upstream_failure why, const char *detail)
{
    timeout_disarm(&c->phase);
    c->failing = true;
    c->why = why;
    c->detail = detail;
    upstream_later(c);
}

/* As many as there were: who comes back here has to wait for the descriptors' turn. */
void upstream_wakeup(void *all)
{
    struct upstreams *u = all;
    for (unsigned n = u->later_count; n > 0 && u->later_first; n--) {
        struct upstream_call *c = u->later_first;
        leave_later(c);
        if (c->failing)
            upstream_fail(c, c->why, c->detail);
        else if (c->connection)
            upstream_connection_turn(c->connection);
    }
    if (u->later_count > 0)
        wakeup_send(u->wakeup);
}

/* ---- the request's body ---- */

/* The common case of an upload that keeps up: nothing waits in front, so nothing is copied. */
static bool may_pass_by(const struct upstream_call *c)
{
    const struct upstream_connection *uc = c->connection;
    return uc && uc->state == UPSTREAM_ACTIVE && !uc->cut && upstream_pending(c) == 0 &&
           (c->tunnel || c->body == BODY_SIZED);
}

static struct status take_chunk(struct upstream_call *c, struct bytes chunk)
{
    if (may_pass_by(c)) {
        const size_t n = upstream_send(c->connection, chunk);
        if (n > 0) {
            c->committed = true;
            buffer_clear(&c->out); /* the head, which was kept for repeating */
            c->sent = c->head_size = 0;
        }
        chunk = (struct bytes){chunk.p + n, chunk.n - n};
    }
    if (c->body == BODY_STREAM && !c->tunnel)
        h1_write_chunk(&c->out, chunk);
    else
        buffer_append(&c->out, chunk);
    return buffer_status(&c->out);
}

static void push(struct upstream_call *c)
{
    struct upstream_connection *uc = c->connection;
    if (uc && uc->state == UPSTREAM_ACTIVE)
        upstream_connection_push(uc);
}

/* Nobody will ever read it. */
static bool is_deaf(const struct upstream_call *c)
{
    const struct upstream_connection *uc = c->connection;
    return c->failing || c->finishing || (uc && uc->cut && !upstream_may_repeat(uc, c));
}

struct status upstream_write(struct upstream_call *c, struct bytes chunk)
{
    const bool sized = c->body == BODY_SIZED && !c->tunnel;
    if (c->body_ended || (sized && chunk.n > c->body_left))
        return STATUS(INVALID);
    if (chunk.n > UPSTREAM_CHUNK_MAX || upstream_pending(c) > UPSTREAM_CHUNK_MAX / 4)
        return STATUS(TOO_LARGE);
    if (sized)
        c->body_left -= chunk.n;
    if (is_deaf(c))
        return DONE;
    if (chunk.n > 0) {
        TRY(take_chunk(c, chunk));
        push(c);
    }
    c->wants_writable = upstream_pending(c) >= UPSTREAM_PENDING_HIGH;
    return c->wants_writable ? STATUS(AGAIN) : DONE;
}

struct status upstream_end_body(struct upstream_call *c)
{
    if (c->body_ended)
        return c->body == BODY_NONE && !c->tunnel ? DONE : STATUS(INVALID);
    if (c->body == BODY_SIZED && !c->tunnel && c->body_left > 0)
        return STATUS(INVALID);
    c->body_ended = true;
    if (is_deaf(c))
        return DONE;
    if (c->body == BODY_STREAM && !c->tunnel)
        h1_write_last_chunk(&c->out);
    TRY(buffer_status(&c->out));
    push(c);
    return DONE;
}

/* ---- the answer ---- */

void upstream_pause(struct upstream_call *c)
{
    c->paused = true;
    upstream_call_phase(c);
    if (c->connection)
        upstream_connection_watch(c->connection);
}

void upstream_resume(struct upstream_call *c)
{
    struct upstream_connection *uc = c->connection;
    c->paused = false;
    upstream_call_phase(c);
    if (!uc)
        return;
    upstream_connection_watch(uc);
    /* What libssl has read ahead raises no event on the descriptor (DESIGN 3.1, 19). */
    if (uc->state == UPSTREAM_ACTIVE && uc->tls && !uc->starved && tls_pending(uc->tls))
        upstream_later(c);
}

void upstream_facts(const struct upstream_call *c, struct upstream_facts *out)
{
    *out = c->facts;
}
