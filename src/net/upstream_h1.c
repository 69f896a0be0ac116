/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/socket.h>

#include "net/upstream_internal.h"

/* HTTP/1.1 on a connection that is up: one call at a time. */

static struct status h1_start(struct upstream_connection *uc)
{
    uc->h1 = h1_client_new(&upstream_h1_events, uc, false);
    return uc->h1 ? DONE : STATUS(NOMEM);
}

static void h1_free(struct upstream_connection *uc)
{
    h1_client_free(uc->h1);
}

/*
 * RFC 9110 9.2.2: kept-alive connections end at any moment. Once more, on a new one, when no byte of an
 * answer came and either nothing of the request was sent, or it is repeatable and its body still is all here.
 */
bool upstream_h1_may_repeat(const struct upstream_connection *uc, const struct upstream_call *c)
{
    return uc->carried && c->repeats == 0 && !c->committed && !h1_client_started(uc->h1) &&
           (c->sent == 0 || c->repeatable);
}

/* ---- writing ---- */

static void half_close(struct upstream_connection *uc)
{
    uc->half_closed = true;
    if (uc->tls)
        (void)tls_shutdown(uc->tls);
    else
        (void)shutdown(uc->fd, SHUT_WR);
}

void upstream_h1_flush(struct upstream_connection *uc)
{
    struct upstream_call *c = uc->call;
    const struct bytes all = buffer_bytes(&c->out);
    if (upstream_pending(c) > 0)
        c->sent += upstream_send(uc, (struct bytes){all.p + c->sent, all.n - c->sent});
    if (c->sent > c->head_size)
        c->committed = true;
    if (c->committed) { /* no repeating any more: nothing is kept */
        buffer_consume(&c->out, c->sent);
        c->sent = c->head_size = 0;
    }
    if (c->tunnel && c->body_ended && upstream_pending(c) == 0 && !uc->half_closed)
        half_close(uc);
}

/* Something to write; or to say, which only the loop may do. */
static bool waits_for_room(const struct upstream_connection *uc, const struct upstream_call *c)
{
    if (uc->cut)
        return c->wants_writable && !upstream_h1_may_repeat(uc, c);
    if (timeout_armed(&uc->timeout)) /* the head waits for the body */
        return false;
    return upstream_pending(c) > 0 || c->wants_writable || uc->input_ended;
}

/* After every turn, and whenever what it waits for has changed. */
static void h1_settle(struct upstream_connection *uc)
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

void upstream_h1_push(struct upstream_connection *uc)
{
    timeout_disarm(&uc->timeout);
    upstream_h1_flush(uc);
    upstream_call_phase(uc->call);
    h1_settle(uc);
}

/* Nobody will ever read what is written. */
static bool is_deaf(const struct upstream_call *c)
{
    return c->connection->cut && !upstream_h1_may_repeat(c->connection, c);
}

/* The common case of an upload that keeps up: nothing waits in front, so nothing is copied. */
static bool may_pass_by(const struct upstream_call *c)
{
    return !c->connection->cut && upstream_pending(c) == 0 && (c->tunnel || !c->framed);
}

static struct status h1_write(struct upstream_call *c, struct bytes chunk)
{
    if (is_deaf(c)) {
        buffer_clear(&c->out);
        c->sent = c->head_size = 0;
        return DONE;
    }
    if (may_pass_by(c)) {
        const size_t n = upstream_send(c->connection, chunk);
        if (n > 0) {
            c->committed = true;
            buffer_clear(&c->out); /* the head, which was kept for repeating */
            c->sent = c->head_size = 0;
        }
        chunk = (struct bytes){chunk.p + n, chunk.n - n};
    }
    if (c->framed && !c->tunnel)
        h1_write_chunk(&c->out, chunk);
    else
        buffer_append(&c->out, chunk);
    TRY(buffer_status(&c->out));
    upstream_h1_push(c->connection);
    return DONE;
}

void upstream_h1_write_end(struct upstream_call *c)
{
    h1_write_last_chunk_with(&c->out, c->trailers);
}

static struct status h1_end_body(struct upstream_call *c)
{
    if (is_deaf(c))
        return DONE;
    if (c->framed && !c->tunnel)
        upstream_h1_write_end(c);
    TRY(buffer_status(&c->out));
    upstream_h1_push(c->connection);
    return DONE;
}

/* ---- carrying calls ---- */

/* What came of the body before the connection was there lies behind the head as it is. */
static struct status frame(struct upstream_call *c)
{
    if (c->body != BODY_STREAM || c->framed)
        return DONE;
    c->framed = true;
    const struct bytes all = buffer_bytes(&c->out);
    OWNED(buffer_release) struct buffer body;
    buffer_init(&body, c->out.max);
    buffer_append(&body, (struct bytes){all.p + c->head_size, all.n - c->head_size});
    TRY(buffer_status(&body));
    c->out.end = c->out.start + c->head_size;
    if (buffer_size(&body) > 0)
        h1_write_chunk(&c->out, buffer_bytes(&body));
    if (c->body_ended)
        upstream_h1_write_end(c);
    return buffer_status(&c->out);
}

/* With a body to come, the head waits a little for it: one write(2) for both. */
static void h1_assign(struct upstream_connection *uc, struct upstream_call *c)
{
    uc->call = c;
    uc->call_ended = false;
    h1_client_reset(uc->h1, c->method);
    if (!status_ok(frame(c))) {
        uc->call = NULL;
        c->connection = NULL;
        upstream_fail_later(c, UPSTREAM_MEMORY, "out of memory");
        upstream_connection_close(uc);
        return;
    }
    const bool body_to_come = !c->body_ended && (c->body != BODY_SIZED || c->body_left > 0);
    if (!body_to_come || buffer_size(&c->out) > c->head_size) {
        upstream_h1_push(uc);
        return;
    }
    timeout_arm(uc->all->head, &uc->timeout);
    upstream_call_phase(c);
    h1_settle(uc);
}

static void h1_leave(struct upstream_connection *uc, struct upstream_call *c)
{
    (void)c;
    uc->call = NULL;
    upstream_connection_close(uc);
}

static void h1_flow(struct upstream_call *c)
{
    struct upstream_connection *uc = c->connection;
    h1_settle(uc);
    if (!c->paused && upstream_holds_input(uc))
        upstream_turn_later(uc);
}

void upstream_h1_done(struct upstream_connection *uc)
{
    struct upstream_call *next;
    if (uc->dead)
        return;
    if (uc->cut || uc->retired || !h1_client_reusable(uc->h1) || !upstream_may_connect(uc)) {
        upstream_connection_close(uc);
        return;
    }
    uc->carried = true;
    next = upstream_pool_next(uc->pool);
    if (next)
        upstream_connection_assign(uc, next);
    else
        upstream_connection_rest(uc);
}

void upstream_h1_lost(struct upstream_connection *uc)
{
    struct upstream_call *c = uc->call;
    const bool started = h1_client_started(uc->h1);
    if (!upstream_h1_may_repeat(uc, c)) {
        if (uc->alert && !started)
            upstream_fail(c, UPSTREAM_TLS, uc->alert);
        else
            upstream_fail(c, UPSTREAM_RESET,
                          started ? "the connection ended inside the answer"
                                  : "the connection ended without an answer");
        return;
    }
    c->repeats++;
    c->connection = NULL;
    c->facts.reused = false;
    uc->call = NULL;
    const bool serving = c->pool->serving;
    c->pool->serving = true; /* the place that becomes free is for this call, not for one that waits */
    upstream_connection_close(uc);
    c->pool->serving = serving;
    upstream_connection_open(c);
}

/* ---- turns ---- */

/* A target has nothing to say between two answers, but TLS has: tickets, and the end. */
static void idle_input(struct upstream_connection *uc)
{
    struct bytes in;
    if (uc->tls && upstream_receive(uc, &in) == INPUT_NONE)
        return;
    upstream_connection_close(uc);
}

static void h1_rest(struct upstream_connection *uc)
{
    h1_client_reset(uc->h1, HTTP_GET); /* gives back what a large head took */
    watch_set(uc->watch, WATCH_READ);
    if (upstream_holds_input(uc))
        idle_input(uc); /* libssl holds what nobody asked for: no event would tell */
}

static void write_ready(struct upstream_connection *uc)
{
    struct upstream_call *c = uc->call;
    upstream_h1_flush(uc);
    if (uc->input_ended && (upstream_pending(c) == 0 || uc->cut)) {
        upstream_h1_finish_tunnel(uc);
        return;
    }
    upstream_call_phase(c);
    if (c->wants_writable && (upstream_pending(c) == 0 || uc->cut)) {
        c->wants_writable = false;
        c->events->writable(c->owner);
    }
}

static bool wants_input(const struct upstream_connection *uc)
{
    return uc->state == UPSTREAM_ACTIVE && uc->call && !uc->call->paused && !uc->input_ended;
}

static void h1_ready(struct upstream_connection *uc, unsigned ready)
{
    if (uc->state == UPSTREAM_IDLE) {
        idle_input(uc);
        return;
    }
    if ((ready & WATCH_WRITE) && waits_for_room(uc, uc->call))
        write_ready(uc);
    const unsigned wanted = uc->read_wants_write ? WATCH_READ | WATCH_WRITE : WATCH_READ;
    if ((ready & wanted) && wants_input(uc))
        upstream_h1_read(uc);
}

static void h1_turn(struct upstream_connection *uc)
{
    if (wants_input(uc))
        upstream_h1_read(uc);
}

static void h1_suspect(struct upstream_connection *uc)
{
    (void)uc; /* it ends with its call */
}

const struct upstream_codec upstream_h1 = {
    .start = h1_start,
    .free = h1_free,
    .assign = h1_assign,
    .write = h1_write,
    .end_body = h1_end_body,
    .flow = h1_flow,
    .leave = h1_leave,
    .rest = h1_rest,
    .settle = h1_settle,
    .suspect = h1_suspect,
    .ready = h1_ready,
    .turn = h1_turn,
};
