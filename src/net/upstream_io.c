/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "net/upstream_internal.h"

/* ---- writing ---- */

static size_t send_tls(struct upstream_connection *uc, struct bytes bytes)
{
    size_t n = 0;
    switch (tls_write(uc->tls, bytes, &n)) {
    case TLS_OK:
    case TLS_WANT_READ: /* renegotiation, which is switched off */
    case TLS_WANT_WRITE:
        break;
    case TLS_CLOSED:
    case TLS_FAILED:
        uc->cut = true;
        upstream_later(uc->call); /* the session is over: reading says so, with or without an event */
        break;
    }
    return n;
}

static size_t send_plain(struct upstream_connection *uc, struct bytes bytes)
{
    for (;;) {
        const ssize_t n = send(uc->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n >= 0)
            return (size_t)n;
        if (errno == EINTR)
            continue;
        /* The rest can never be sent. The end of the input follows and says whether an answer came first. */
        uc->cut = errno != EAGAIN;
        return 0;
    }
}

size_t upstream_send(struct upstream_connection *uc, struct bytes bytes)
{
    size_t sent = 0;
    while (sent < bytes.n && !uc->cut) {
        const struct bytes rest = {bytes.p + sent, bytes.n - sent};
        const size_t n = uc->tls ? send_tls(uc, rest) : send_plain(uc, rest);
        if (n == 0)
            break;
        sent += n;
        if (!uc->tls && n < rest.n)
            break; /* the socket's buffer is full */
    }
    return sent;
}

static void half_close(struct upstream_connection *uc)
{
    uc->half_closed = true;
    if (uc->tls)
        (void)tls_shutdown(uc->tls);
    else
        (void)shutdown(uc->fd, SHUT_WR);
}

void upstream_flush(struct upstream_connection *uc)
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

/* ---- the answer's events, from http/h1_client ---- */

static void on_interim(void *owner, const struct response *head)
{
    struct upstream_connection *uc = owner;
    struct upstream_call *c = uc->call;
    if (c && c->events->interim)
        c->events->interim(c->owner, head);
}

/* The protocol changes after the whole request (RFC 9110 7.8); what was in `out` has been sent. */
static bool enter_tunnel(struct upstream_call *c)
{
    if (!c->upgrade || !upstream_request_sent(c))
        return false;
    c->tunnel = true;
    c->committed = true;
    c->body_ended = false;
    buffer_clear(&c->out);
    c->sent = c->head_size = 0;
    return true;
}

static void on_head(void *owner, const struct response *head)
{
    struct upstream_connection *uc = owner;
    struct upstream_call *c = uc->call;
    if (!c)
        return;
    if (head->status == 101 && !enter_tunnel(c)) {
        uc->unexpected_upgrade = true;
        return;
    }
    c->head_told = true;
    c->events->head(c->owner, head);
}

static void on_body(void *owner, struct bytes chunk)
{
    struct upstream_connection *uc = owner;
    struct upstream_call *c = uc->call;
    if (c && !uc->unexpected_upgrade)
        c->events->body(c->owner, chunk);
}

static void on_end(void *owner)
{
    struct upstream_connection *uc = owner;
    struct upstream_call *c = uc->call;
    uc->call_ended = true;
    if (!c)
        return;
    /* Answered before all of the request was sent: what the target takes the next bytes for, nobody knows. */
    uc->cut = uc->cut || !upstream_request_sent(c);
    uc->call = NULL;
    c->connection = NULL;
    c->finishing = true;
    c->events->end(c->owner);
    upstream_call_release(c);
}

const struct h1_client_events upstream_answer_events = {on_interim, on_head, on_body, on_end};

/* ---- reading ---- */

static void note_first_byte(struct upstream_call *c)
{
    if (c->facts.first_byte_us != 0)
        return;
    const int64_t took_us = clock_monotonic_us() - c->started_us;
    c->facts.first_byte_us = took_us > 0 ? took_us : 1;
}

static void feed(struct upstream_connection *uc, struct bytes in)
{
    size_t used = 0;
    note_first_byte(uc->call);
    const struct status st = h1_client_feed(uc->client, in, &used);
    if (uc->dead)
        return;
    if (uc->call_ended)
        upstream_connection_done(uc);
    else if (st.code == E_NOMEM)
        upstream_fail(uc->call, UPSTREAM_MEMORY, "out of memory");
    else if (!status_ok(st))
        upstream_fail(uc->call, UPSTREAM_MALFORMED, h1_client_refusal(uc->client));
    else if (uc->unexpected_upgrade)
        upstream_fail(uc->call, UPSTREAM_MALFORMED, "the target changed the protocol unasked");
    else
        upstream_call_phase(uc->call);
}

/* A body that runs until the connection ends is whole only if the end is one: with TLS, close_notify. */
static void input_ended(struct upstream_connection *uc, bool cleanly)
{
    struct upstream_call *c = uc->call;
    if (cleanly && c->tunnel && upstream_pending(c) > 0) {
        uc->input_ended = true; /* it may still read */
        return;
    }
    if (cleanly && status_ok(h1_client_end_of_input(uc->client)))
        upstream_connection_close(uc);
    else
        upstream_connection_lost(uc);
}

void upstream_finish_tunnel(struct upstream_connection *uc)
{
    status_ignore(h1_client_end_of_input(uc->client)); /* of a tunnel it always is the end */
    upstream_connection_close(uc);
}

static void read_plain(struct upstream_connection *uc)
{
    uint8_t *p = uc->all->read_buffer;
    const ssize_t n = recv(uc->fd, p, UPSTREAM_READ_SIZE, 0);
    if (n > 0)
        feed(uc, (struct bytes){p, (size_t)n});
    else if (n == 0)
        input_ended(uc, true);
    else if (errno != EAGAIN && errno != EINTR)
        input_ended(uc, false);
}

/* false: nothing more to read now. */
static bool read_record(struct upstream_connection *uc)
{
    uint8_t *p = uc->all->read_buffer;
    size_t n = 0;
    uc->starved = uc->read_wants_write = false;
    switch (tls_read(uc->tls, p, UPSTREAM_READ_SIZE, &n)) {
    case TLS_OK:
        feed(uc, (struct bytes){p, n});
        return !uc->dead && uc->call && uc->state == UPSTREAM_ACTIVE && !uc->call->paused &&
               tls_pending(uc->tls);
    case TLS_WANT_READ:
        uc->starved = true; /* SSL_has_pending() counts part of a record too */
        return false;
    case TLS_WANT_WRITE:
        uc->read_wants_write = true;
        return false;
    case TLS_CLOSED:
        input_ended(uc, tls_closed_cleanly(uc->tls));
        return false;
    case TLS_FAILED:
        break;
    }
    input_ended(uc, false);
    return false;
}

void upstream_read(struct upstream_connection *uc)
{
    if (!uc->tls) {
        read_plain(uc); /* level-triggered: what is left is reported again */
        return;
    }
    unsigned rounds = 0;
    while (read_record(uc))
        if (++rounds == UPSTREAM_TLS_ROUNDS) {
            upstream_later(uc->call); /* others have their turn first */
            return;
        }
}

/* A target has nothing to say between two answers, but TLS has: tickets, and the end. */
void upstream_idle_input(struct upstream_connection *uc)
{
    if (uc->tls) {
        size_t n = 0;
        uc->starved = true;
        if (tls_read(uc->tls, uc->all->read_buffer, UPSTREAM_READ_SIZE, &n) == TLS_WANT_READ)
            return;
    }
    upstream_connection_close(uc);
}
