/* SPDX-License-Identifier: Apache-2.0 */
#include "net/connection.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

/* On a shared address the name has chosen a context, and that the listener: false when it was replaced during
 * the handshake, for then nothing says which. */
static bool take_tag(struct connection *c)
{
    const struct net_listener *l = c->listener;
    for (size_t i = 0; i < l->choice_count; i++)
        if (l->choices[i].context == tls_session_context(c->tls)) {
            c->tag = l->choices[i].tag;
            return true;
        }
    return l->choice_count == 1;
}

static void handshake_failed(struct connection *c)
{
    char address[CONNECTION_ADDRESS_MAX];
    slab_add(c->server->settings.slab, SLAB_HANDSHAKES_FAILED, 1);
    log_event(LOG_INFO, "tls.handshake.failed", F_CSTR("peer", connection_address(c, address)),
              F_CSTR("class", tls_session_error_class(c->tls)), F_CSTR("reason", tls_session_error(c->tls)));
    /* A TLS 1.3 client is through before its certificate is judged and may have sent a request already: RST
     * would take the alert, which says what is wrong with the certificate, out of its hands. */
    connection_linger(c);
}

static void handshake(struct connection *c)
{
    enum tls_result r = tls_handshake(c->tls);
    unsigned want = WATCH_READ;
    switch (r) {
    case TLS_WANT_WRITE:
        want = WATCH_WRITE;
        [[fallthrough]];
    case TLS_WANT_READ:
        if (want != c->watching) {
            c->watching = (uint8_t)want;
            watch_set(c->watch, want);
        }
        return;
    case TLS_CLOSED:
    case TLS_FAILED:
        handshake_failed(c);
        return;
    case TLS_OK:
        break;
    }
    slab_add(c->server->settings.slab, SLAB_HANDSHAKES, 1);
    if (!take_tag(c)) {
        connection_close(c);
        return;
    }
    bool h2 = text_equal(tls_alpn(c->tls), TEXT("h2"));
    if (!status_ok(connection_open_session(c, h2 ? SESSION_H2 : SESSION_H1)))
        connection_close(c);
}

/*
 * The core's end of the hop: a preamble stands before each request (net/hop.h). Leaves in *in what belongs to
 * the session. The preamble's texts point into preamble_bytes, which keep still until the exchange has
 * finished.
 */
static struct status take_preamble(struct connection *c, struct bytes *in)
{
    size_t prior = buffer_size(&c->preamble_bytes);
    size_t take = HOP_PREAMBLE_MAX + 4 - prior < in->n ? HOP_PREAMBLE_MAX + 4 - prior : in->n;
    buffer_append(&c->preamble_bytes, (struct bytes){in->p, take});
    TRY(buffer_status(&c->preamble_bytes));
    if (!c->preamble)
        c->preamble = mem_alloc(sizeof *c->preamble);
    if (!c->preamble)
        return STATUS(NOMEM);
    size_t used = 0;
    TRY(hop_preamble_decode(buffer_bytes(&c->preamble_bytes), c->preamble, &used));
    if (used == 0 && take < in->n)
        return STATUS(INVALID);
    size_t consumed = used ? used - prior : take;
    c->has_preamble = used != 0;
    *in = (struct bytes){in->p + consumed, in->n - consumed};
    return DONE;
}

static void feed_session(struct connection *c, struct bytes in)
{
    if (c->kind == NET_HOP && !c->has_preamble) {
        struct status st = take_preamble(c, &in);
        if (!status_ok(st)) { /* our own front wrote this: a bug, never a client's doing */
            log_event(LOG_ERROR, "hop.malformed", F_CODE("status", st));
            connection_close(c);
            return;
        }
    }
    if (in.n == 0)
        return;
    c->body_bytes += in.n;
    c->in_session++;
    struct status st = session_feed(c->session, in);
    c->in_session--;
    if (c->close_wanted)
        return;
    if (c->state != CONNECTION_OPEN || status_ok(st))
        return;
    slab_add(c->server->settings.slab, SLAB_REQUESTS_REFUSED, 1);
    if (st.code == E_NOMEM)
        connection_close(c);
    else
        c->state = CONNECTION_CLOSING;
}

static const struct text h2_preface = TEXT_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/*
 * HTTP/2 without TLS, by prior knowledge (RFC 9113 3.3 and 3.4). While the bytes could still be the preface
 * they are held back, so that the verdict does not depend on how they arrive; anything else is HTTP/1 from
 * its first byte.
 */
static void decide_protocol(struct connection *c, struct bytes in)
{
    size_t held = c->held, used = 0;
    while (used < in.n && held + used < h2_preface.n && in.p[used] == (uint8_t)h2_preface.p[held + used])
        used++;
    if (used == in.n && held + used < h2_preface.n) {
        c->held = (uint8_t)(held + used);
        return;
    }
    c->spoke = true;
    if (held + used == h2_preface.n) {
        held = h2_preface.n;
        in = (struct bytes){in.p + used, in.n - used};
        session_free(TAKE(c->session));
        if (!status_ok(connection_open_session(c, SESSION_H2))) {
            connection_close(c);
            return;
        }
    }
    feed_session(c, text_bytes(text_first(h2_preface, held)));
    if (c->state == CONNECTION_OPEN && !c->close_wanted)
        feed_session(c, in);
}

void connection_input(struct connection *c, struct bytes in)
{
    if (c->kind == NET_TCP && !c->spoke)
        decide_protocol(c, in);
    else
        feed_session(c, in);
}

/* A body that drips slower than limits.body_min_rate, averaged from the tenth second on, ends like one that
 * stopped. */
static bool body_too_slow(const struct connection *c)
{
    if (!c->uploads)
        return false;
    int64_t elapsed_ms = loop_now_ms(c->server->settings.loop) - c->body_started_ms;
    return elapsed_ms > 10000 &&
           (int64_t)c->body_bytes < elapsed_ms / 1000 * (int64_t)c->server->settings.limits.body_min_rate;
}

static void input_ended(struct connection *c)
{
    c->input_ended = true;
    c->in_session++;
    session_end_of_input(c->session);
    c->in_session--;
    const struct net_server_settings *s = &c->server->settings;
    if (s->handler->left && c->state == CONNECTION_OPEN && !c->close_wanted)
        s->handler->left(s->ctx, c);
}

static void read_tls(struct connection *c)
{
    do {
        size_t n = 0;
        enum tls_result r = tls_read(c->tls, c->server->read_buffer, NET_READ_SIZE, &n);
        if (r == TLS_OK) {
            connection_input(c, (struct bytes){c->server->read_buffer, n});
        } else if (r == TLS_CLOSED) {
            input_ended(c);
            return;
        } else if (r == TLS_FAILED) {
            connection_close(c);
            return;
        } else {
            c->tls_starved = true; /* SSL_has_pending() counts part of a record too */
            return;
        }
        c->tls_starved = false;
        /* What libssl has read ahead raises no event on the descriptor (DESIGN 3.1, 19). */
    } while (c->state == CONNECTION_OPEN && !c->close_wanted && tls_pending(c->tls) &&
             session_wants_read(c->session));
}

void connection_read_ahead(struct connection *c)
{
    if (c->tls && c->state == CONNECTION_OPEN && !c->input_ended && !c->close_wanted && !c->tls_starved &&
        tls_pending(c->tls) && session_wants_read(c->session))
        read_tls(c);
}

static void read_plain(struct connection *c)
{
    ssize_t n = recv(c->fd, c->server->read_buffer, NET_READ_SIZE, 0);
    if (n > 0)
        connection_input(c, (struct bytes){c->server->read_buffer, (size_t)n});
    else if (n == 0)
        input_ended(c);
    else if (errno != EAGAIN && errno != EINTR)
        connection_close(c);
}

void connection_discard(struct connection *c)
{
    ssize_t n = recv(c->fd, c->server->read_buffer, NET_READ_SIZE, 0);
    if (n > 0)
        c->lingered += (uint32_t)n;
    if (n == 0 || c->lingered > NET_LINGER_MAX || (n < 0 && errno != EAGAIN && errno != EINTR))
        connection_close(c);
}

void connection_ready(void *ctx, unsigned ready)
{
    struct connection *c = ctx;
    connection_enter(c);
    if (c->state == CONNECTION_LINGER) {
        connection_discard(c);
        connection_leave(c);
        return;
    }
    if (c->state == CONNECTION_HANDSHAKE) {
        handshake(c);
        /* A request may have come with the end of the handshake. */
        if (c->state == CONNECTION_OPEN)
            read_tls(c);
    } else if ((ready & WATCH_READ) && c->state == CONNECTION_OPEN && !c->input_ended) {
        if (c->tls)
            read_tls(c);
        else
            read_plain(c);
    }
    if (c->state == CONNECTION_OPEN && body_too_slow(c)) {
        c->in_session++;
        session_timeout(c->session);
        c->in_session--;
        c->state = CONNECTION_CLOSING;
    }
    connection_settle(c);
    connection_leave(c);
}
