/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "net/upstream_internal.h"

/* What has run out here is no fault of the target: the caller may try again soon. */
static const struct {
    int error;
    enum upstream_failure why;
    const char *words;
} connect_errors[] = {
    {ECONNREFUSED, UPSTREAM_CONNECT, "connection refused"},
    {EHOSTUNREACH, UPSTREAM_CONNECT, "no route to the host"},
    {ENETUNREACH, UPSTREAM_CONNECT, "network unreachable"},
    {ETIMEDOUT, UPSTREAM_CONNECT, "no answer to the connection attempt"},
    {ECONNRESET, UPSTREAM_CONNECT, "connection reset"},
    {EACCES, UPSTREAM_CONNECT, "the system forbids this connection"},
    {EPERM, UPSTREAM_CONNECT, "the system forbids this connection"},
    {EAFNOSUPPORT, UPSTREAM_CONNECT, "address family not supported"},
    {EADDRNOTAVAIL, UPSTREAM_BUSY, "no local port left"},
    {EMFILE, UPSTREAM_BUSY, "no file descriptor left in the process"},
    {ENFILE, UPSTREAM_BUSY, "no file descriptor left in the system"},
};

static void remember_errno(struct upstream_connection *uc, int error)
{
    uc->why = UPSTREAM_CONNECT;
    uc->detail = "cannot connect";
    for (size_t i = 0; i < sizeof connect_errors / sizeof connect_errors[0]; i++)
        if (connect_errors[i].error == error) {
            uc->why = connect_errors[i].why;
            uc->detail = connect_errors[i].words;
        }
}

/* Trouble of our own says nothing about the address. */
static bool is_ours(int error)
{
    return error == EMFILE || error == ENFILE || error == EADDRNOTAVAIL || error == EACCES ||
           error == EPERM || error == ENOMEM || error == ENOBUFS;
}

static void attempt_failed(struct upstream_connection *uc, const struct upstream_address *address, int error)
{
    remember_errno(uc, error);
    if (!is_ours(error))
        upstream_health_unreached(uc, address, uc->call);
}

socklen_t upstream_socket_address(const struct upstream_address *from, struct socket_address *to)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (memcmp(from->address, mapped, sizeof mapped) == 0) {
        to->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(from->port)};
        memcpy(&to->v4.sin_addr, from->address + sizeof mapped, 4);
        return sizeof to->v4;
    }
    to->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(from->port)};
    memcpy(&to->v6.sin6_addr, from->address, sizeof from->address);
    return sizeof to->v6;
}

/* An idle connection is worth less than a call: its descriptor is taken when there is none. */
static int new_socket(struct upstreams *u, int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE) && u->oldest_idle) {
        upstream_connection_close(u->oldest_idle);
        fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    }
    return fd;
}

/* -1 with errno. */
static int dial(struct upstreams *u, const struct socket_address *to, socklen_t size)
{
    const int fd = new_socket(u, to->any.sa_family);
    if (fd < 0)
        return -1;
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* only slower without */
    if (connect(fd, &to->any, size) == 0 || errno == EINPROGRESS)
        return fd;
    const int error = errno;
    (void)close(fd);
    errno = error;
    return -1;
}

static void hang_up(struct upstream_connection *uc)
{
    timeout_disarm(&uc->timeout);
    watch_stop(uc->watch);
    uc->watch = NULL;
    if (uc->fd >= 0)
        (void)close(uc->fd);
    uc->fd = -1;
}

/* Behind a proxy it is the target that is judged: the proxy is the operator's word. */
static const char *refusal_of(const struct upstream_pool *p, const struct socket_address *to, socklen_t size)
{
    return p->proxy_to ? upstream_proxy_refusal(p) : guard_check(p->all->guard, &to->any, size);
}

static const char *refusal_now(const struct upstream_connection *uc)
{
    struct socket_address to;
    const socklen_t size = upstream_socket_address(&uc->address, &to);
    return refusal_of(uc->pool, &to, size);
}

bool upstream_may_connect(const struct upstream_connection *uc)
{
    return !refusal_now(uc);
}

/* false: this address is done with; uc->why says what it came to. */
static bool try_address(struct upstream_connection *uc, const struct upstream_address *address)
{
    struct upstreams *u = uc->all;
    struct socket_address to;
    const socklen_t size = upstream_socket_address(address, &to);
    const char *refused = refusal_of(uc->pool, &to, size);
    if (refused) {
        if (uc->why == UPSTREAM_GUARDED) /* words about an address that we did try say more */
            uc->detail = refused;
        return false;
    }
    if (!upstream_health_admits(uc->call, address)) {
        if (uc->why == UPSTREAM_GUARDED) {
            uc->why = UPSTREAM_EJECTED;
            uc->detail = "the target failed too often";
        }
        return false;
    }
    uc->blamed = false;
    uc->fd = dial(u, &to, size);
    if (uc->fd < 0) {
        attempt_failed(uc, address, errno);
        return false;
    }
    if (!status_ok(watch_start(u->loop, uc->fd, WATCH_WRITE, upstream_connection_ready, uc, &uc->watch))) {
        uc->why = UPSTREAM_MEMORY;
        uc->detail = "out of memory";
        hang_up(uc);
        return false;
    }
    uc->address = uc->call->facts.address = *address;
    if (uc->next_address < uc->pool->address_count)
        timeout_arm(u->attempt, &uc->timeout);
    return true;
}

/* One that carries calls and will have room again. */
static bool has_usable_connection(const struct upstream_pool *p)
{
    for (struct upstream_node *n = p->sharing.first; n; n = n->after)
        if (upstream_h2_is_usable(UPSTREAM_OF(struct upstream_connection, sharing, n)))
            return true;
    return false;
}

/* `fail` is upstream_fail() in the loop, upstream_fail_later() inside an API function. Who waits for this
 * connection because it could have been for all, and there is no other, gets the same answer; each with a try
 * of his own, they would wait for one time-out after the other. Behind connections that are well but full
 * they go on waiting, and nothing more is opened for them now. */
static void end_opening(struct upstream_connection *uc, enum upstream_failure why, const char *detail,
                        void (*fail)(struct upstream_call *, enum upstream_failure, const char *))
{
    struct upstream_call *c = uc->call;
    struct upstream_pool *p = uc->pool;
    const bool was_serving = p->serving;
    p->serving = true; /* it stays while its calls go */
    c->connection = NULL;
    uc->call = NULL;
    fail(c, why, detail);
    const bool for_all = upstream_pool_shares(p) && !has_usable_connection(p);
    for (unsigned n = for_all ? p->waiting : 0; n > 0 && p->waiting > 0; n--)
        fail(upstream_pool_next(p), why, detail);
    upstream_connection_close(uc);
    p->serving = was_serving;
    if (!has_usable_connection(p))
        upstream_pool_serve(p);
    upstream_pool_forget_if_empty(p);
}

void upstream_opening_failed(struct upstream_connection *uc, enum upstream_failure why, const char *detail)
{
    if (why == UPSTREAM_TLS)
        upstream_health_unreached(uc, &uc->address, uc->call);
    end_opening(uc, why, detail, upstream_fail);
}

static void give_up(struct upstream_connection *uc)
{
    const bool at_proxy = uc->pool->proxy_to && uc->why == UPSTREAM_CONNECT;
    end_opening(uc, at_proxy ? UPSTREAM_PROXY : uc->why, uc->detail, upstream_fail_later);
}

void upstream_opening_left(struct upstream_connection *uc)
{
    struct upstream_call *next = upstream_pool_shares(uc->pool) ? upstream_pool_next(uc->pool) : NULL;
    uc->call = next;
    if (!next) {
        upstream_connection_close(uc);
        return;
    }
    next->connection = uc;
    next->facts.address = uc->address;
}

static void try_next(struct upstream_connection *uc)
{
    const struct upstream_pool *p = uc->pool;
    while (uc->next_address < p->address_count) {
        const struct upstream_address *address = &p->addresses[uc->next_address++];
        if (try_address(uc, address))
            return;
    }
    give_up(uc);
}

void upstream_connection_open(struct upstream_call *c)
{
    struct upstreams *u = c->all;
    struct upstream_connection *uc = mem_alloc(sizeof *uc);
    if (!uc) {
        upstream_fail_later(c, UPSTREAM_MEMORY, "out of memory");
        return;
    }
    uc->all = u;
    uc->pool = c->pool;
    uc->call = c;
    uc->fd = -1;
    uc->dialled_us = clock_monotonic_us();
    uc->why = UPSTREAM_GUARDED;
    uc->detail = "the target has no address";
    c->connection = uc;
    c->pool->open++;
    c->pool->opening++;
    uc->opening = true;
    u->open++;
    timeout_arm(u->connect, &c->phase);
    try_next(uc);
}

void upstream_attempt_expired(struct upstream_connection *uc)
{
    hang_up(uc);
    upstream_health_unreached(uc, &uc->address, uc->call);
    uc->why = UPSTREAM_CONNECT_TIMEOUT;
    uc->detail = "no answer to the connection attempt";
    try_next(uc);
}

static void count(struct upstreams *u, enum slab_counter which)
{
    if (u->slab)
        slab_add(u->slab, which, 1);
}

static void ready(struct upstream_connection *uc)
{
    struct upstream_call *c = uc->call;
    const char *refused = refusal_now(uc); /* the guard may have changed since it was dialled */
    if (refused) {
        upstream_opening_failed(uc, UPSTREAM_GUARDED, refused);
        return;
    }
    const int64_t took_us = clock_monotonic_us() - uc->dialled_us;
    c->facts.connect_us = took_us > 0 ? took_us : 1;
    c->facts.resumed = uc->tls && tls_resumed(uc->tls);
    count(uc->all, SLAB_OUTBOUND_CONNECTIONS);
    if (c->facts.resumed)
        count(uc->all, SLAB_OUTBOUND_RESUMED);
    uc->blamed = false;
    upstream_health_reached(c);
    upstream_connection_up(uc);
}

static void shake_hands(struct upstream_connection *uc)
{
    switch (tls_handshake(uc->tls)) {
    case TLS_OK:
        ready(uc);
        return;
    case TLS_WANT_READ:
        watch_set(uc->watch, WATCH_READ);
        return;
    case TLS_WANT_WRITE:
        watch_set(uc->watch, WATCH_WRITE);
        return;
    case TLS_CLOSED:
        upstream_opening_failed(uc, UPSTREAM_TLS, "the target ended the connection in the TLS handshake");
        return;
    case TLS_FAILED:
        upstream_opening_failed(uc, UPSTREAM_TLS, tls_session_error(uc->tls));
        return;
    }
}

static void start_tls(struct upstream_connection *uc)
{
    const struct upstream_pool *p = uc->pool;
    struct status st = tls_session_new(p->tls, uc->fd, false, p->server_name, &uc->tls);
    if (status_ok(st) && p->offers_h2)
        st = tls_session_offer_h2(uc->tls);
    if (!status_ok(st)) {
        const bool memory = st.code == E_NOMEM;
        upstream_opening_failed(uc, memory ? UPSTREAM_MEMORY : UPSTREAM_TLS,
                                memory ? "out of memory" : "not a name that a certificate can hold");
        return;
    }
    tls_session_resume(uc->tls, p->key);
    uc->call->facts.tls = true;
    uc->state = UPSTREAM_HANDSHAKE;
    shake_hands(uc);
}

static void reached(struct upstream_connection *uc)
{
    if (uc->pool->tls)
        start_tls(uc);
    else
        ready(uc);
}

static void connected(struct upstream_connection *uc)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(uc->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    timeout_disarm(&uc->timeout);
    if (error) {
        attempt_failed(uc, &uc->address, error);
        hang_up(uc);
        try_next(uc);
    } else if (!uc->pool->proxy_to || upstream_proxy_start(uc)) {
        reached(uc);
    }
}

void upstream_connecting_ready(struct upstream_connection *uc)
{
    if (uc->state == UPSTREAM_CONNECTING)
        connected(uc);
    else if (uc->state == UPSTREAM_HANDSHAKE)
        shake_hands(uc);
    else if (upstream_proxy_ready(uc))
        reached(uc);
}
