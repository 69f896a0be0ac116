/* SPDX-License-Identifier: Apache-2.0 */
#include "net/connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"

static void link_connection(struct connection *c)
{
    struct net_server *s = c->server;
    c->next = s->connections;
    if (c->next)
        c->next->prev = c;
    s->connections = c;
    s->count++;
    if (c->listener)
        c->listener->open++;
    atomic_fetch_add_explicit(&s->settings.slab->gauges_connections, 1, memory_order_relaxed);
}

static void unlink_connection(struct connection *c)
{
    struct net_server *s = c->server;
    if (c->prev)
        c->prev->next = c->next;
    else
        s->connections = c->next;
    if (c->next)
        c->next->prev = c->prev;
    s->count--;
    s->closed_since_trim++;
    if (c->listener)
        c->listener->open--;
    atomic_fetch_sub_explicit(&s->settings.slab->gauges_connections, 1, memory_order_relaxed);
}

static void destroy(struct connection *c)
{
    unlink_connection(c);
    buffer_release(&c->preamble_bytes);
    mem_free(c->preamble);
    mem_free(c);
}

static struct status start_tls(struct connection *c)
{
    if (c->listener->choice_count == 0)
        return STATUS(UNAVAILABLE);
    return tls_session_new(c->listener->choices[0].context, c->fd, true, NULL, &c->tls);
}

struct status connection_open_session(struct connection *c, enum session_protocol protocol)
{
    c->session = session_new(protocol, &c->server->settings.session, &connection_session_events, c);
    if (!c->session)
        return STATUS(NOMEM);
    c->state = CONNECTION_OPEN;
    return DONE;
}

struct status connection_new(struct net_server *s, struct net_listener *l, int fd, enum net_kind kind,
                             unsigned tag, struct connection **out)
{
    struct connection *c = mem_alloc(sizeof *c);
    if (!c)
        return STATUS(NOMEM);
    c->server = s;
    c->listener = l;
    c->fd = fd;
    c->kind = (uint8_t)kind;
    c->tag = tag;
    c->uid = UINT32_MAX;
    buffer_init(&c->preamble_bytes, HOP_PREAMBLE_MAX + 4);
    struct status st = kind == NET_TLS ? start_tls(c) : connection_open_session(c, SESSION_H1);
    if (status_ok(st))
        st = watch_start(s->settings.loop, fd, WATCH_READ, connection_ready, c, &c->watch);
    if (!status_ok(st)) {
        session_free(c->session);
        tls_session_free(c->tls);
        mem_free(c);
        return st;
    }
    c->watching = WATCH_READ;
    link_connection(c);
    timeout_arm(kind == NET_TLS ? s->handshake : s->idle, &c->timeout);
    if (kind == NET_HOP || kind == NET_CONTROL)
        timeout_disarm(&c->timeout);
    *out = c;
    return DONE;
}

void connection_enter(struct connection *c)
{
    c->depth++;
}

void connection_leave(struct connection *c)
{
    if (c->depth == 1 && c->close_wanted)
        connection_close(c);
    if (--c->depth == 0 && c->state == CONNECTION_DEAD && !c->dirty)
        destroy(c);
}

/* What the peer has not got yet goes with it, but then none of it can be taken for all. */
static void reset_if_cut(struct connection *c)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    if (c->session && session_cut(c->session))
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now); /* a FIN then, as ever */
}

void connection_close(struct connection *c)
{
    if (c->state == CONNECTION_DEAD)
        return;
    if (c->in_session) { /* http/session.h: no freeing inside an event */
        c->close_wanted = true;
        connection_flush_later(c);
        return;
    }
    connection_enter(c);
    c->close_wanted = false;
    c->state = CONNECTION_DEAD;
    timeout_disarm(&c->timeout);
    watch_stop(TAKE(c->watch));
    connection_forget_warm(c);
    reset_if_cut(c);
    session_free(TAKE(c->session)); /* ends the open exchanges */
    if (c->server->settings.handler->closing)
        c->server->settings.handler->closing(c->server->settings.ctx, c);
    tls_session_free(TAKE(c->tls));
    (void)close(c->fd);
    c->fd = -1;
    address_use_give(c->server, TAKE(c->address_use));
    connection_leave(c);
}

void connection_shutdown(struct connection *c)
{
    if (c->shutting_down || c->state == CONNECTION_DEAD)
        return;
    c->shutting_down = true;
    if (c->state == CONNECTION_HANDSHAKE) {
        connection_close(c);
        return;
    }
    if (c->state == CONNECTION_LINGER)
        return;
    c->in_session++;
    session_shutdown(c->session);
    c->in_session--;
    connection_flush_later(c);
}

/*
 * The output is written. Closing now, with bytes of the peer unread, would make the kernel send RST, which
 * can take the answer back out of the peer's hands (RFC 9112 9.6): close our side, then read and forget for a
 * while. The session is not needed any more.
 */
void connection_linger(struct connection *c)
{
    if (c->input_ended || c->kind == NET_HOP) {
        connection_close(c);
        return;
    }
    if (c->tls && c->state != CONNECTION_HANDSHAKE)
        (void)tls_shutdown(c->tls);
    if (shutdown(c->fd, SHUT_WR) != 0) {
        connection_close(c);
        return;
    }
    c->state = CONNECTION_LINGER;
    c->watching = WATCH_READ;
    watch_set(c->watch, WATCH_READ);
    timeout_arm(c->server->linger, &c->timeout);
}

/* What the connection is waiting for decides which time-out applies (one entry, one class at a time). */
static struct timeout_class *timeout_wanted(struct connection *c, bool output_waits)
{
    struct net_server *s = c->server;
    if (output_waits)
        return s->write;
    if (c->kind == NET_HOP || c->kind == NET_CONTROL)
        return NULL;
    uint64_t sent = 0;
    if (session_withheld(c->session, &sent)) {
        if (sent != c->answer_bytes)
            timeout_disarm(&c->timeout); /* progress: a new period */
        c->answer_bytes = sent;
        return s->window;
    }
    if (session_reading_head(c->session))
        return s->header;
    if (session_open_exchanges(c->session) == 0)
        return s->idle;
    return c->uploads && session_wants_read(c->session) ? s->body : NULL;
}

static void arm_timeout(struct connection *c, bool output_waits)
{
    struct timeout_class *wanted = timeout_wanted(c, output_waits);
    if (!wanted) {
        timeout_disarm(&c->timeout);
    } else if (wanted == c->server->header || wanted == c->server->write || wanted == c->server->window) {
        /* The whole head has one deadline, however slowly it drips; a write's deadline moves with progress.
         */
        if (!timeout_armed(&c->timeout) || c->timeout.cls != wanted)
            timeout_arm(wanted, &c->timeout);
    } else {
        timeout_arm(wanted, &c->timeout);
    }
}

/* All is written. Ends the connection if nothing more will come; `spoke`: something was written just now. */
static bool ended(struct connection *c, bool spoke)
{
    bool said_last_words =
        c->state == CONNECTION_CLOSING || (session_wants_close(c->session) && !c->shutting_down);
    bool quiet = (c->shutting_down && (session_is_idle(c->session) || session_wants_close(c->session))) ||
                 (c->input_ended && session_open_exchanges(c->session) == 0);
    if (!said_last_words && !quiet)
        return false;
    if (session_cut(c->session)) {
        connection_close(c);
    } else if (said_last_words || (spoke && !c->input_ended)) {
        /* Who has just been answered may still be writing: HTTP/2 clients acknowledge our SETTINGS. */
        connection_linger(c);
    } else {
        if (c->tls)
            (void)tls_shutdown(c->tls);
        connection_close(c);
    }
    return true;
}

void connection_settle(struct connection *c)
{
    if (c->close_wanted) {
        connection_close(c);
        return;
    }
    if (c->state != CONNECTION_OPEN && c->state != CONNECTION_CLOSING)
        return;
    size_t before = session_output(c->session).n;
    connection_flush(c);
    if (c->state == CONNECTION_DEAD || c->close_wanted) {
        connection_close(c);
        return;
    }
    size_t left = session_output(c->session).n;
    const bool spoke = before > 0 || c->wrote;
    c->wrote = false;
    if (left == 0 && ended(c, spoke))
        return;
    unsigned want = left ? WATCH_WRITE : 0;
    if (!c->input_ended && c->state == CONNECTION_OPEN && session_wants_read(c->session))
        want |= WATCH_READ;
    if (want != c->watching) {
        c->watching = (uint8_t)want;
        watch_set(c->watch, want);
    }
    /* What libssl has read ahead raises no event on the descriptor: once the session wants it again, we must
     * fetch it ourselves. */
    if (c->tls && (want & WATCH_READ) && !c->tls_starved && tls_pending(c->tls))
        connection_flush_later(c);
    if (left && left < before)
        timeout_disarm(&c->timeout); /* progress: a new period */
    arm_timeout(c, left != 0);
    if (left == 0 && session_is_idle(c->session))
        connection_keep_warm(c);
}

void connection_flush_later(struct connection *c)
{
    if (c->dirty || c->state == CONNECTION_DEAD)
        return;
    c->dirty = true;
    c->dirty_next = c->server->dirty;
    c->server->dirty = c;
}

void connection_timed_out(void *ctx, struct timeout_entry *e)
{
    (void)ctx;
    struct connection *c = (struct connection *)(void *)((char *)e - offsetof(struct connection, timeout));
    connection_enter(c);
    bool arriving = c->state == CONNECTION_OPEN && (session_reading_head(c->session) || c->uploads);
    if (arriving && session_output(c->session).n == 0) {
        c->in_session++;
        session_timeout(c->session); /* 408, then close */
        c->in_session--;
        c->state = CONNECTION_CLOSING;
        connection_settle(c);
    } else if (c->state == CONNECTION_OPEN && session_is_idle(c->session)) {
        connection_shutdown(c); /* GOAWAY for h2; h1 just closes */
        connection_settle(c);
    } else {
        connection_close(c);
    }
    connection_leave(c);
}

unsigned connection_tag(const struct connection *c)
{
    return c->tag;
}

enum net_kind connection_kind(const struct connection *c)
{
    return (enum net_kind)c->kind;
}

uint32_t connection_peer_uid(const struct connection *c)
{
    return c->uid;
}

struct tls_session *connection_tls(struct connection *c)
{
    return c->tls;
}

struct session *connection_session(struct connection *c)
{
    return c->session;
}

void **connection_owner(struct connection *c)
{
    return &c->owner;
}

const struct hop_preamble *connection_preamble(const struct connection *c)
{
    return c->has_preamble ? c->preamble : NULL;
}
