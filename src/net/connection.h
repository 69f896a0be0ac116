/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Private to net/: one accepted connection. See net/server.h for the contract. Kept small: an idle mTLS
 * connection is this struct, the TLS session and a shrunk HTTP session. */

#include "base/map.h"
#include "event/timeouts.h"
#include "net/server.h"

#define NET_WARM_MAX 64 /* fits the uint8_t in struct connection */

enum connection_state {
    CONNECTION_HANDSHAKE,
    CONNECTION_OPEN,
    CONNECTION_CLOSING, /* last words are in the output; closes when they are written */
    CONNECTION_LINGER, /* they are written; what the peer still sends is thrown away, so that no RST eats them
                        */
    CONNECTION_DEAD,   /* closed; freed when no callback is on the stack */
};

struct net_listener {
    struct net_server *server;
    struct net_listener *next;
    struct watch *watch;
    int fd;
    enum net_kind kind;
    unsigned tag;
    unsigned open; /* connections */
    struct net_tls_choice choices[8];
    size_t choice_count;
};

/* What is known about one peer address: how many connections, how many handshakes in this second. */
struct address_use {
    uint8_t key[16];
    unsigned open;
    unsigned recent;
    int64_t second;
};

struct connection {
    struct net_server *server;
    struct net_listener *listener; /* NULL for adopted ones */
    struct connection *prev, *next;
    struct connection *dirty_next;
    struct watch *watch;
    struct tls_session *tls;
    struct session *session;
    struct address_use *address_use;
    void *owner;
    struct timeout_entry timeout;
    struct buffer preamble_bytes;  /* NET_HOP */
    struct hop_preamble *preamble; /* NET_HOP; valid while has_preamble */
    int64_t body_started_ms;       /* when `uploads` last rose from 0 */
    uint64_t answer_bytes;         /* HTTP/2: sent when the peer's windows were last found shut */
    uint64_t body_bytes;           /* received since then */
    uint32_t uploads;              /* exchanges whose body is arriving */
    uint8_t address[16];
    uint32_t uid;
    int fd;
    unsigned tag;
    uint16_t port;
    uint8_t kind;  /* enum net_kind */
    uint8_t state; /* enum connection_state */
    uint8_t watching;
    uint8_t depth; /* callbacks on the stack: free later */
    bool dirty, shutting_down, input_ended, has_preamble;
    bool spoke;         /* NET_TCP: the first bytes decided between HTTP/1 and HTTP/2 */
    bool wrote;         /* connection_write_now() did, since the last connection_settle() */
    uint8_t held;       /* NET_TCP: bytes that may become HTTP/2's preface; they are its beginning */
    bool tls_starved;   /* libssl holds part of a record at most: only the descriptor can bring the rest */
    bool close_wanted;  /* connection_close() from inside the session, which cannot be freed then */
    uint8_t warm;       /* its place in the server's list + 1; 0 = none */
    uint8_t in_session; /* calls into the session on the stack */
    uint32_t lingered;  /* bytes thrown away */
};

struct net_server {
    struct net_server_settings settings;
    struct net_listener *listeners;
    struct connection *connections; /* list head */
    struct connection *dirty;
    size_t count;
    size_t closed_since_trim;
    struct prepare *prepare;
    struct timer *second_timer; /* sweeps addresses, gives memory back after a burst */
    struct timeout_class *handshake, *header, *body, *write, *window, *idle, *linger;
    struct map addresses; /* 16-byte key -> struct address_use */
    size_t stale_addresses;
    uint8_t *read_buffer;                  /* shared by all connections of the loop */
    uint8_t *record;                       /* the same, NET_RECORD_SIZE: see connection_write_now() */
    struct connection *warm[NET_WARM_MAX]; /* see warm.c */
    unsigned warm_next;
    bool draining;
};

/* warm.c: who keeps a session's buffers between requests */
void connection_keep_warm(struct connection *c);   /* idle now */
void connection_forget_warm(struct connection *c); /* before its session is freed */
void net_server_cool(struct net_server *s);        /* once a second */

#define NET_READ_SIZE   (32u * 1024)
#define NET_RECORD_SIZE (16u * 1024) /* the largest of TLS (RFC 8446 5.1) */
#define NET_LINGER_MS   1000
#define NET_LINGER_MAX  (256u * 1024) /* bytes of a request that was refused */

/* connection.c: life and death, time-outs, output */
struct status connection_new(struct net_server *s, struct net_listener *l, int fd, enum net_kind kind,
                             unsigned tag, struct connection **out); /* owns fd from here on success */
void connection_timed_out(void *ctx, struct timeout_entry *e);
void connection_enter(
    struct connection *c); /* callbacks run between enter and leave; leave frees a dead connection */
void connection_leave(struct connection *c);
void connection_settle(
    struct connection *c); /* after events: flush, watch the right things, arm the right time-out */
struct status connection_open_session(struct connection *c, enum session_protocol protocol);

/* connection_output.c: bytes out */
void connection_flush(struct connection *c);
size_t connection_write_now(struct connection *c, const struct bytes *parts,
                            size_t count); /* session_events */

/* connection_io.c: bytes in */
void connection_ready(void *ctx, unsigned ready);
void connection_input(struct connection *c, struct bytes in);

void connection_read_ahead(struct connection *c); /* what TLS holds already */
void connection_discard(struct connection *c);
/* Closes our side and forgets what the peer still sends, for a while. */
void connection_linger(struct connection *c);

/* connection_events.c: between the session and the handler */
extern const struct session_events connection_session_events;

/* address.c */
struct address_use *address_use_take(struct net_server *s, const uint8_t key[static 16], enum net_kind kind,
                                     bool *out_refused);
void address_use_give(struct net_server *s, struct address_use *use);
void address_use_sweep(struct net_server *s); /* once a second */
