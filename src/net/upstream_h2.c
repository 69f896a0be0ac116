/* SPDX-License-Identifier: Apache-2.0 */
#include "net/upstream_internal.h"

/*
 * HTTP/2 on a connection that is up: many calls. It is always read: a paused call holds back its own stream's
 * window, nothing else. What calls write goes into http/h2_client, which knows the windows, and from there to
 * the socket: at once, or at the end of the turn when it was written inside an event.
 */

#define STREAM_WINDOW (256u * 1024)
/* Of a body, kept while the target may still say that it has not looked at the request (REFUSED_STREAM). */
#define BODY_KEPT UPSTREAM_PENDING_HIGH

static struct status h2_start(struct upstream_connection *uc)
{
    const struct h2_client_settings settings = {.streams_max = uc->all->limits.streams,
                                                .stream_window = STREAM_WINDOW};
    uc->h2 = h2_client_new(&settings, &upstream_h2_events);
    if (!uc->h2)
        return STATUS(NOMEM);
    if (upstream_holds_input(uc))
        upstream_turn_later(uc); /* the target's SETTINGS came with the end of the handshake */
    return DONE;
}

static void h2_free(struct upstream_connection *uc)
{
    h2_client_free(uc->h2);
}

static bool is_over(const struct upstream_connection *uc)
{
    return uc->cut || uc->retired || uc->suspected || uc->ending || uc->refusal || h2_client_leaving(uc->h2);
}

bool upstream_h2_is_usable(const struct upstream_connection *uc)
{
    return !is_over(uc);
}

/* Before the peer has said how many calls it takes, one has to do. */
bool upstream_h2_has_room(const struct upstream_connection *uc)
{
    const unsigned calls = h2_client_calls(uc->h2);
    return !is_over(uc) && h2_client_takes_calls(uc->h2) && calls < uc->all->limits.streams &&
           (!uc->opening || calls == 0);
}

/* ---- writing ---- */

static void send_output(struct upstream_connection *uc)
{
    uc->blocked = false;
    while (!uc->cut && !uc->blocked) {
        const struct bytes out = h2_client_output(uc->h2);
        if (out.n == 0)
            return;
        const size_t n = upstream_send(uc, out);
        h2_client_output_consumed(uc->h2, n);
        uc->blocked = n < out.n;
    }
}

/* Looks at the calls whose bodies wait for windows or the socket: the first one whose owner may be told that
 * there is room again, or NULL. */
static struct upstream_call *look_at_uploads(struct upstream_connection *uc)
{
    struct upstream_node *n = uc->uploading.first, *after;
    for (; n; n = after) {
        struct upstream_call *c = UPSTREAM_OF(struct upstream_call, uploading, n);
        const size_t unsent = upstream_pending(c);
        after = n->after;
        if (unsent != c->unsent_seen) {
            uc->moved = uc->moved || unsent < c->unsent_seen;
            c->unsent_seen = unsent;
            upstream_call_phase(c);
        }
        if (c->wants_writable && unsent < UPSTREAM_PENDING_HIGH / 2)
            return c;
        if (unsent == 0)
            upstream_list_remove(&uc->uploading, n);
    }
    return NULL;
}

static void tell_writable(struct upstream_connection *uc)
{
    struct upstream_call *c;
    while (!uc->dead && (c = look_at_uploads(uc))) {
        c->wants_writable = false;
        c->events->writable(c->owner);
    }
}

void upstream_h2_flush(struct upstream_connection *uc)
{
    if (uc->feeding)
        return; /* at the end of this turn */
    send_output(uc);
    if (look_at_uploads(uc) || h2_client_due(uc->h2))
        upstream_turn_later(uc); /* only the loop may say so */
}

static void watch_both(struct upstream_connection *uc)
{
    watch_set(uc->watch, uc->blocked || uc->read_wants_write ? WATCH_READ | WATCH_WRITE : WATCH_READ);
}

/* ---- carrying calls ---- */

/* For a second try: the head, and the body as long as it is short. */
static void keep(struct upstream_call *c, struct bytes chunk)
{
    if (c->committed)
        return;
    buffer_append(&c->out, chunk);
    if (!status_ok(buffer_status(&c->out)) || buffer_size(&c->out) > c->head_size + BODY_KEPT) {
        c->committed = true;
        buffer_clear(&c->out);
    }
}

static void went_up(struct upstream_call *c)
{
    struct upstream_connection *uc = c->connection;
    c->unsent_seen = upstream_pending(c);
    if (c->unsent_seen > 0 || c->wants_writable)
        upstream_list_add(&uc->uploading, &c->uploading);
    upstream_h2_flush(uc);
    upstream_call_phase(c);
    if (!uc->feeding && !uc->dead)
        watch_both(uc);
}

static struct status start_stream(struct upstream_connection *uc, struct upstream_call *c)
{
    const struct bytes all = buffer_bytes(&c->out);
    const struct bytes body = {all.p + c->head_size, all.n - c->head_size};
    const struct h2_request request = {.method = c->method,
                                       .head = {all.p, c->head_size},
                                       .scheme = TEXT("https"),
                                       .body = c->body,
                                       .content_length = c->body == BODY_SIZED ? c->body_left + body.n : 0};
    struct status st = DONE;
    c->stream = h2_client_start(uc->h2, &request, c, &st);
    if (!c->stream)
        return st;
    if (body.n > 0)
        st = h2_call_write(c->stream, body);
    if ((status_ok(st) || st.code == E_AGAIN) && c->body_ended && c->body != BODY_NONE)
        st = h2_call_end_body(c->stream, c->trailers);
    if (c->paused)
        h2_call_pause(c->stream);
    return st.code == E_AGAIN ? DONE : st;
}

static void forget_stream(struct upstream_connection *uc, struct upstream_call *c)
{
    upstream_list_remove(&uc->uploading, &c->uploading);
    if (c->stream)
        h2_call_cancel(TAKE(c->stream));
}

/* In an API function; the loop does it at the end of its turn. */
static void settle_outside(struct upstream_connection *uc)
{
    upstream_connection_enter(uc);
    upstream_connection_leave(uc);
}

/* Chunks of HTTP/1.1 lie behind the head of a call that was to go over that before. */
static bool is_in_the_wrong_shape(const struct upstream_call *c)
{
    return c->framed && buffer_size(&c->out) > c->head_size;
}

static void h2_assign(struct upstream_connection *uc, struct upstream_call *c)
{
    c->facts.http2 = true;
    upstream_list_add(&uc->pool->sharing, &uc->sharing);
    const bool usable = !is_in_the_wrong_shape(c);
    const struct status st = usable ? start_stream(uc, c) : STATUS(INVALID);
    if (!status_ok(st)) {
        const bool memory = st.code == E_NOMEM;
        forget_stream(uc, c);
        c->connection = NULL;
        upstream_fail_later(c, memory ? UPSTREAM_MEMORY : UPSTREAM_RESET,
                            memory   ? "out of memory"
                            : usable ? "the request cannot be sent over HTTP/2"
                                     : "the target changed its protocol under the request");
        settle_outside(uc);
        return;
    }
    c->framed = false;
    uc->moved = true;
    if (!timeout_armed(&uc->timeout))
        timeout_arm(uc->all->silence, &uc->timeout);
    keep(c, (struct bytes){NULL, 0});
    went_up(c);
}

static struct status h2_write(struct upstream_call *c, struct bytes chunk)
{
    const struct status st = h2_call_write(c->stream, chunk);
    if (!status_ok(st) && st.code != E_AGAIN)
        return st;
    keep(c, chunk);
    went_up(c);
    return DONE;
}

static struct status h2_end_body(struct upstream_call *c)
{
    TRY(h2_call_end_body(c->stream, c->trailers));
    went_up(c);
    return DONE;
}

static void h2_flow(struct upstream_call *c)
{
    if (c->paused) {
        h2_call_pause(c->stream);
        return;
    }
    h2_call_resume(c->stream);
    upstream_h2_flush(c->connection);
    watch_both(c->connection);
}

static void h2_leave(struct upstream_connection *uc, struct upstream_call *c)
{
    forget_stream(uc, c);
    upstream_h2_flush(uc);
    settle_outside(uc);
}

static void h2_rest(struct upstream_connection *uc)
{
    watch_both(uc);
}

static void h2_settle(struct upstream_connection *uc)
{
    if (uc->dead)
        return;
    if (uc->cut && !uc->ending && h2_client_calls(uc->h2) > 0) {
        upstream_turn_later(uc); /* its calls have to be told */
        return;
    }
    if (uc->state == UPSTREAM_ACTIVE && upstream_h2_has_room(uc))
        upstream_pool_serve(uc->pool);
    if (h2_client_calls(uc->h2) > 0 || uc->dead) {
        if (!uc->dead)
            watch_both(uc);
        return;
    }
    /* An idle one takes calls: it is handed to the next one unasked. */
    if (is_over(uc) || !h2_client_takes_calls(uc->h2)) {
        upstream_connection_close(uc);
        return;
    }
    if (uc->state == UPSTREAM_ACTIVE) {
        upstream_list_remove(&uc->pool->sharing, &uc->sharing);
        timeout_disarm(&uc->timeout);
        upstream_connection_rest(uc);
    } else {
        watch_both(uc);
    }
}

/* ---- turns ---- */

/* What was written in this turn; telling of room makes more of it. */
static void end_turn(struct upstream_connection *uc)
{
    if (uc->dead)
        return;
    send_output(uc);
    tell_writable(uc);
    if (!uc->dead && h2_client_due(uc->h2))
        upstream_h2_feed(uc, (struct bytes){NULL, 0});
    if (!uc->dead)
        upstream_h2_flush(uc);
}

static void h2_turn(struct upstream_connection *uc)
{
    if (uc->cut) {
        upstream_h2_lost(uc);
        return;
    }
    upstream_h2_read(uc);
    end_turn(uc);
}

static void h2_ready(struct upstream_connection *uc, unsigned ready)
{
    if (ready & (uc->read_wants_write ? WATCH_READ | WATCH_WRITE : WATCH_READ))
        upstream_h2_read(uc);
    end_turn(uc);
}

/* ---- is anybody there? ---- */

/* Once while nothing moves: servers take more for an attack. */
static void h2_suspect(struct upstream_connection *uc)
{
    bool waiting = false;
    if (uc->suspected)
        return;
    timeout_arm(uc->all->silence, &uc->timeout);
    if (!uc->moved)
        return;
    uc->moved = false;
    uc->suspected = true;
    h2_client_ping(uc->h2, &waiting);
    timeout_arm(uc->all->ping, &uc->timeout);
    upstream_h2_flush(uc);
    watch_both(uc);
}

static void h2_dead(struct upstream_connection *uc)
{
    upstream_connection_enter(uc);
    upstream_h2_lost(uc);
    upstream_connection_leave(uc);
}

const struct upstream_codec upstream_h2 = {
    .start = h2_start,
    .free = h2_free,
    .assign = h2_assign,
    .write = h2_write,
    .end_body = h2_end_body,
    .flow = h2_flow,
    .leave = h2_leave,
    .rest = h2_rest,
    .settle = h2_settle,
    .suspect = h2_suspect,
    .dead = h2_dead,
    .ready = h2_ready,
    .turn = h2_turn,
};
