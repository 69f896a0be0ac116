/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The server side of the network: listening sockets -> connections -> TLS -> HTTP sessions -> exchanges, with
 * every limit and time-out that concerns a peer. One `struct net_server` per loop; loop thread only.
 *
 *   net_listen() watches a listening descriptor; accepted peers become connections (net/connection.c)
 *   TLS handshakes first where the listener has contexts; then ALPN (or the listener's kind) picks the
 * session bytes -> session_feed() -> handler.request/body/body_end...; whoever answers calls exchange_*() and
 * then connection_flush_later(): dirty connections are written once per loop iteration.
 *
 * Kinds: NET_TCP and NET_TLS for the world; NET_HOP is the core's end of the private hop (a greeting byte on
 * accept, a preamble before each request, net/hop.h); NET_CONTROL is the control socket (peer credentials
 * instead of addresses).
 */

#include "event/loop.h"
#include "http/session.h"
#include "net/hop.h"
#include "os/slab.h"
#include "tls/tls.h"

struct net_server;
struct net_listener;
struct connection;

enum net_kind { NET_TCP, NET_TLS, NET_HOP, NET_CONTROL };

/* `x` as in http/session.h. In `closing` the handler frees what it kept at connection_owner(). */
struct net_handler {
    void (*request)(void *ctx, struct connection *c, struct exchange *x);
    void (*body)(void *ctx, struct connection *c, struct exchange *x, struct bytes chunk);
    void (*body_end)(void *ctx, struct connection *c, struct exchange *x);
    void (*drained)(void *ctx, struct connection *c, struct exchange *x);
    void (*finished)(void *ctx, struct connection *c, struct exchange *x, bool cancelled);
    /* The peer has closed its sending side: it left, or will only listen. May be NULL. */
    void (*left)(void *ctx, struct connection *c);
    void (*closing)(void *ctx, struct connection *c); /* may be NULL */
};

struct net_limits {
    unsigned connections;             /* open at once, per listener */
    unsigned connections_per_address; /* IPv6: per /64; loopback too */
    unsigned handshakes_per_address;  /* new connections per second; loopback is exempt */
    int64_t idle_ms, header_ms, body_idle_ms, handshake_ms, write_ms;
    unsigned body_min_rate; /* bytes per second, averaged from 10 s on */
};

struct net_server_settings {
    struct loop *loop;
    const struct net_handler *handler;
    void *ctx;
    struct session_settings session;
    struct net_limits limits;
    struct slab *slab;
};

struct status net_server_new(const struct net_server_settings *settings, struct net_server **out);
/* Closes every listener and connection at once. Accepts NULL. */
void net_server_free(struct net_server *s);
/* For new connections (and new time-outs) from now on. */
void net_server_set_limits(struct net_server *s, const struct net_limits *limits,
                           const struct session_settings *session);

/*
 * Serves `fd` (listening, non-blocking, owned by the caller until net_server_free). `tag` is reported by
 * connection_tag() unless SNI picks a listener; for the front it is an enum listener.
 */
struct status net_listen(struct net_server *s, int fd, enum net_kind kind, unsigned tag,
                         struct net_listener **out);
/*
 * TLS contexts of a listener. With one, every connection uses it (its tag is the listener's). With several (a
 * shared address) the name that the client asks for decides; no name or an unknown one is refused. The
 * listener keeps references; live connections keep theirs.
 */
struct net_tls_choice {
    struct tls_context *context;
    unsigned tag;
    const char *const *names; /* lower case, for SNI; borrowed until replaced; NULL-terminated */
};
struct status net_listener_set_tls(struct net_listener *l, const struct net_tls_choice *choices,
                                   size_t count);
/* A connected socket that did not come from a listener (fronts = 0: one end of a socketpair). Takes the
 * descriptor, also on failure. */
struct status net_adopt(struct net_server *s, int fd, enum net_kind kind, unsigned tag);

/* Graceful stop: no more accepts; idle connections close; busy ones finish. net_server_connections() falls to
 * 0. */
void net_server_drain(struct net_server *s);
size_t net_server_connections(const struct net_server *s);

/* Visits every connection; the visitor may close the one it is given. */
void net_server_each(struct net_server *s, void (*visit)(void *ctx, struct connection *c), void *ctx);

/* ---- connections ---- */
/* Output was produced outside of the handler's callbacks: write before the loop sleeps. */
void connection_flush_later(struct connection *c);
void connection_close(struct connection *c);    /* at once; exchanges end cancelled */
void connection_shutdown(struct connection *c); /* GOAWAY or Connection: close; open exchanges finish */
unsigned connection_tag(const struct connection *c);
enum net_kind connection_kind(const struct connection *c);
/* Peer as "203.0.113.7:51234" / "[2001:db8::1]:51234" / "unix"; written to out. */
#define CONNECTION_ADDRESS_MAX 64
const char *connection_address(const struct connection *c, char out[static CONNECTION_ADDRESS_MAX]);
/* The address alone as 16 bytes (IPv4 mapped); all zero for Unix sockets. */
const uint8_t *connection_address_key(const struct connection *c);
uint32_t connection_peer_uid(const struct connection *c); /* NET_CONTROL; UINT32_MAX otherwise */
struct tls_session *connection_tls(struct connection *c); /* NULL without TLS */
struct session *connection_session(struct connection *c);
void **connection_owner(struct connection *c); /* a slot for the handler */
/* NET_HOP: the preamble of the running request; texts live until the exchange has finished. */
const struct hop_preamble *connection_preamble(const struct connection *c);
