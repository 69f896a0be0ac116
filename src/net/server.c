/* SPDX-License-Identifier: Apache-2.0 */
#include "net/server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "net/connection.h"

/* A burst is over when this many connections have closed; then unused heap goes back to the system. */
#define TRIM_AFTER_CLOSED 256

static void flush_dirty(void *ctx)
{
    struct net_server *s = ctx;
    while (s->dirty) {
        struct connection *c = s->dirty;
        s->dirty = c->dirty_next;
        connection_enter(c);
        c->dirty = false;
        connection_read_ahead(c);
        connection_settle(c);
        connection_leave(c);
    }
}

static void every_second(void *ctx)
{
    struct net_server *s = ctx;
    address_use_sweep(s);
    for (struct net_listener *l = s->listeners; l; l = l->next)
        if (l->watch) /* NULL while draining */
            watch_set(l->watch, WATCH_READ);
    net_server_cool(s);
    if (s->closed_since_trim >= TRIM_AFTER_CLOSED) {
        s->closed_since_trim = 0;
        mem_trim();
    }
}

static struct status make_timeouts(struct net_server *s)
{
    struct loop *l = s->settings.loop;
    const struct net_limits *limits = &s->settings.limits;
    TRY(timeout_class_new(l, limits->handshake_ms, connection_timed_out, s, &s->handshake));
    TRY(timeout_class_new(l, limits->header_ms, connection_timed_out, s, &s->header));
    TRY(timeout_class_new(l, limits->body_idle_ms, connection_timed_out, s, &s->body));
    TRY(timeout_class_new(l, limits->write_ms, connection_timed_out, s, &s->write));
    TRY(timeout_class_new(l, limits->write_ms, connection_timed_out, s, &s->window));
    TRY(timeout_class_new(l, limits->idle_ms, connection_timed_out, s, &s->idle));
    TRY(timeout_class_new(l, NET_LINGER_MS, connection_timed_out, s, &s->linger));
    TRY(prepare_start(l, flush_dirty, s, &s->prepare));
    return timer_start(l, 1000, 1000, every_second, s, &s->second_timer);
}

struct status net_server_new(const struct net_server_settings *settings, struct net_server **out)
{
    struct net_server *s = mem_alloc(sizeof *s);
    if (!s)
        return STATUS(NOMEM);
    s->settings = *settings;
    map_init(&s->addresses, 1u << 20);
    s->read_buffer = mem_alloc(NET_READ_SIZE);
    s->record = mem_alloc(NET_RECORD_SIZE);
    struct status st = s->read_buffer && s->record ? make_timeouts(s) : STATUS(NOMEM);
    if (!status_ok(st)) {
        net_server_free(s);
        return st;
    }
    *out = s;
    return DONE;
}

static void free_listener(struct net_listener *l)
{
    watch_stop(l->watch);
    for (size_t i = 0; i < l->choice_count; i++)
        tls_context_unref(l->choices[i].context);
    mem_free(l);
}

void net_server_free(struct net_server *s)
{
    if (!s)
        return;
    for (struct connection *c = s->connections, *next = NULL; c; c = next) {
        next = c->next;
        connection_close(c); /* one that waits to be written stays in the list, dead, */
    }
    flush_dirty(s); /* until this lets go of it */
    while (s->listeners) {
        struct net_listener *l = s->listeners;
        s->listeners = l->next;
        free_listener(l);
    }
    timeout_class_free(s->handshake);
    timeout_class_free(s->header);
    timeout_class_free(s->body);
    timeout_class_free(s->write);
    timeout_class_free(s->window);
    timeout_class_free(s->idle);
    timeout_class_free(s->linger);
    prepare_stop(s->prepare);
    timer_stop(s->second_timer);
    size_t cursor = 0;
    struct bytes key;
    void *use;
    while (map_next(&s->addresses, &cursor, &key, &use))
        mem_free(use);
    map_release(&s->addresses);
    mem_free(s->read_buffer);
    mem_free(s->record);
    mem_free(s);
}

void net_server_set_limits(struct net_server *s, const struct net_limits *limits,
                           const struct session_settings *session)
{
    s->settings.limits = *limits;
    s->settings.session = *session;
    timeout_class_set_period(s->handshake, limits->handshake_ms);
    timeout_class_set_period(s->header, limits->header_ms);
    timeout_class_set_period(s->body, limits->body_idle_ms);
    timeout_class_set_period(s->write, limits->write_ms);
    timeout_class_set_period(s->window, limits->write_ms);
    timeout_class_set_period(s->idle, limits->idle_ms);
}

static uint16_t address_from(const struct sockaddr_storage *from, uint8_t out[static 16])
{
    memset(out, 0, 16);
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)from;
        out[10] = out[11] = 0xff;
        memcpy(out + 12, &in->sin_addr, 4);
        return ntohs(in->sin_port);
    }
    if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)from;
        memcpy(out, &in6->sin6_addr, 16);
        return ntohs(in6->sin6_port);
    }
    return 0;
}

static void identify_unix_peer(struct connection *c)
{
    struct ucred cred;
    socklen_t size = sizeof cred;
    if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) == 0)
        c->uid = (uint32_t)cred.uid;
}

/* The hop's greeting: the front learns that a core is really there, and which version it speaks. */
static void greet(struct connection *c)
{
    const uint8_t version = HOP_VERSION;
    (void)send(c->fd, &version, 1, MSG_NOSIGNAL);
}

static void welcome(struct net_listener *l, int fd, const struct sockaddr_storage *from)
{
    struct net_server *s = l->server;
    uint8_t address[16];
    uint16_t port = address_from(from, address);
    bool local = l->kind == NET_HOP || l->kind == NET_CONTROL;
    bool refused = !local && l->open >= s->settings.limits.connections;
    struct address_use *use = NULL;
    if (!local && !refused)
        use = address_use_take(s, address, l->kind, &refused);
    struct connection *c = NULL;
    if (refused || !status_ok(connection_new(s, l, fd, l->kind, l->tag, &c))) {
        slab_add(s->settings.slab, SLAB_CONNECTIONS_REFUSED, 1);
        address_use_give(s, use);
        (void)close(fd);
        return;
    }
    slab_add(s->settings.slab, SLAB_CONNECTIONS, 1);
    memcpy(c->address, address, 16);
    c->port = port;
    c->address_use = use;
    if (l->kind == NET_HOP)
        greet(c);
    else if (l->kind == NET_CONTROL)
        identify_unix_peer(c);
    else
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

/* At most this many accepts per turn of the loop, so that a flood of connections does not starve the open
 * ones. */
#define ACCEPTS_PER_TURN 64

/* How many were accepted. */
static unsigned accept_some(struct net_listener *l)
{
    unsigned accepted = 0;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage from = {0};
        socklen_t size = sizeof from;
        int fd = accept4(l->fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                log_event(LOG_ERROR, "accept.failed", F_CSTR("reason", "out of descriptors or memory"));
                watch_set(l->watch, 0); /* the backlog stays readable: looked at again within a second */
                return accepted;
            }
            if (errno != ECONNABORTED && errno != EINTR)
                return accepted;
            continue;
        }
        welcome(l, fd, &from);
        accepted++;
    }
    return accepted;
}

static void on_acceptable(void *ctx, unsigned ready)
{
    (void)ready;
    (void)accept_some(ctx);
}

struct status net_listen(struct net_server *s, int fd, enum net_kind kind, unsigned tag,
                         struct net_listener **out)
{
    struct net_listener *l = mem_alloc(sizeof *l);
    if (!l)
        return STATUS(NOMEM);
    l->server = s;
    l->fd = fd;
    l->kind = kind;
    l->tag = tag;
    struct status st = watch_start(s->settings.loop, fd, WATCH_READ, on_acceptable, l, &l->watch);
    if (!status_ok(st)) {
        mem_free(l);
        return st;
    }
    l->next = s->listeners;
    s->listeners = l;
    if (out)
        *out = l;
    return DONE;
}

static struct tls_context *choose_by_name(void *ctx, struct text server_name)
{
    const struct net_listener *l = ctx;
    for (size_t i = 0; i < l->choice_count; i++)
        for (const char *const *name = l->choices[i].names; name && *name; name++)
            if (text_equal(server_name, text_of(*name)))
                return l->choices[i].context;
    return NULL;
}

struct status net_listener_set_tls(struct net_listener *l, const struct net_tls_choice *choices, size_t count)
{
    if (count == 0 || count > sizeof l->choices / sizeof l->choices[0])
        return STATUS(INVALID);
    for (size_t i = 0; i < count; i++)
        (void)tls_context_ref(choices[i].context);
    for (size_t i = 0; i < l->choice_count; i++)
        tls_context_unref(l->choices[i].context);
    memcpy(l->choices, choices, count * sizeof choices[0]);
    l->choice_count = count;
    if (count > 1) /* DESIGN 3.1 (7): a shared address, told apart by name only */
        tls_context_set_sni(l->choices[0].context, choose_by_name, l);
    return DONE;
}

struct status net_adopt(struct net_server *s, int fd, enum net_kind kind, unsigned tag)
{
    struct connection *c = NULL;
    struct status st = connection_new(s, NULL, fd, kind, tag, &c);
    if (!status_ok(st)) {
        (void)close(fd);
        return st;
    }
    if (kind == NET_HOP)
        greet(c);
    return DONE;
}

/*
 * What has arrived is answered, also in connections that the kernel has taken for us: closing them would take
 * requests back that their senders believe delivered.
 */
#define LAST_TURNS 64
static void take_what_came(struct net_server *s)
{
    for (struct net_listener *l = s->listeners; l; l = l->next)
        for (int i = 0; i < LAST_TURNS && l->watch && accept_some(l) == ACCEPTS_PER_TURN; i++)
            continue;
    struct connection *next;
    for (struct connection *c = s->connections; c; c = next) {
        next = c->next;
        if (c->state == CONNECTION_OPEN && session_open_exchanges(c->session) == 0 &&
            session_wants_read(c->session))
            connection_ready(c, WATCH_READ);
    }
}

void net_server_drain(struct net_server *s)
{
    if (!s->draining)
        take_what_came(s);
    s->draining = true;
    for (struct net_listener *l = s->listeners; l; l = l->next) {
        watch_stop(l->watch);
        l->watch = NULL;
    }
    struct connection *next;
    for (struct connection *c = s->connections; c; c = next) {
        next = c->next;
        connection_shutdown(c);
    }
}

size_t net_server_connections(const struct net_server *s)
{
    return s->count;
}

void net_server_each(struct net_server *s, void (*visit)(void *ctx, struct connection *c), void *ctx)
{
    struct connection *next;
    for (struct connection *c = s->connections; c; c = next) {
        next = c->next;
        visit(ctx, c);
    }
}
