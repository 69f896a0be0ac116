/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Private to front/. All on the loop's thread. */

#include "api/call.h"
#include "base/map.h"
#include "config/settings.h"
#include "front/front.h"
#include "net/pool.h"
#include "net/server.h"
#include "outbound/forward.h"

/* What the core said about one certificate; shared by the cache and the connections that present it. */
struct identity {
    uint8_t fingerprint[SHA256_SIZE];
    unsigned references;
    bool cached;
    struct hop_identity answer; /* texts point into `bytes` */
    uint8_t *bytes;             /* owned */
};

/* At connection_owner() of TLS connections that presented a certificate. */
struct peer {
    struct identity *identity; /* NULL until asked */
    /* DER Name, owned; only with ca.accept_unrecorded, and of a guest of the gateway listener */
    struct text subject;
};

struct question; /* identity.c: a running "what is this certificate?" */

/* One request in the front; lives in the exchange's arena. */
struct front_call {
    struct front *front;
    struct connection *connection;
    struct exchange *exchange; /* NULL once finished */
    struct question *asking;   /* waits for this answer */
    struct front_call *waiting_next;
    const struct route *route;
    struct pool_call *upstream;     /* running call to the core */
    struct outbound_call *outbound; /* on the proxy listener: its whole life (outbound/forward.h) */
    struct identity *identity;      /* referenced while the request runs; NULL without a certificate */
    const struct peer *guest; /* the connection's, when its certificate is of tls.gateway.client_ca_file */
    struct buffer body;       /* collected for the core */
    size_t budget;            /* bytes taken from the front's body budget */
    uint64_t body_out;        /* bytes of the answer's body, of routes of the core */
    size_t slot;              /* 1 while it counts against its application's share of the hop */
    int64_t started_us;
    int status;
    bool ready;          /* the body is complete */
    struct text allowed; /* methods for a 405 */
    char request_id[20];
};

struct front_listener {
    struct net_listener *net;
    struct tls_context *context;        /* NULL for plain ones */
    const char *names[16];              /* for SNI on a shared address */
    const struct tls_context *named_by; /* its certificate names this host (guard.c) */
    char named_host[256];
};

enum access_log { ACCESS_OFF, ACCESS_SAMPLED, ACCESS_ALL };

struct front {
    struct loop *loop;
    const struct child_channels *ch;
    struct settings *settings;
    struct settings *next_settings; /* prepared by RELOAD */
    struct page page;
    struct slab *slab;
    struct router *router;
    struct net_server *server;
    struct pool *edge, *egress;
    struct watch *control_watch, *wake_watch, *lifeline_watch;
    struct timer *second_timer;
    struct guard guard;                /* of addresses of targets */
    struct outbound *outbound;         /* NULL without listen.proxy */
    uint8_t target_trust[SHA256_SIZE]; /* of the anchors it has from the core */
    bool target_trust_set;
    struct front_listener listeners[LISTENER_COUNT];
    struct hop_listeners listeners_answer; /* pairs and renew_at only */
    struct pool_call *listeners_call;
    struct buffer listeners_bytes;
    int listeners_status;
    int64_t listeners_retry_at; /* seconds; after a refusal */
    struct buffer scratch;      /* serialised request to the core */
    struct map identities;      /* fingerprint -> struct identity */
    struct map questions;       /* fingerprint -> struct question */
    struct map slots;           /* application -> count of running calls */
    struct map tallies;         /* "reason\0identity" -> struct tally */
    struct map seen;            /* application -> struct tally */
    size_t body_budget_used;
    uint64_t next_request;
    uint32_t id_seed;
    enum access_log access;   /* log.access */
    uint64_t access_sample;   /* log.access_sample */
    uint64_t access_unlogged; /* requests since the last one that was a sample */
    int telling;              /* tallies on their way to the core */
    bool serving, stopping, stopped_said;
};

/* front_listeners.c */
void front_ask_listeners(struct front *f);
bool front_listeners_stale(const struct front *f);
void front_free_listeners(struct front *f);

/* identity.c */
void identity_unref(struct identity *id);
bool identity_usable(const struct front *f, const struct identity *id);
/* A current answer from the cache (a new reference), or NULL. */
struct identity *identity_find(struct front *f, const uint8_t fingerprint[static SHA256_SIZE]);
/* Asks the core, once per certificate however many requests wait; continues in front_call_identified() or
 * ..._unavailable(). */
void identity_ask(struct front_call *fc, const uint8_t fingerprint[static SHA256_SIZE], struct text subject);
void identity_stop_waiting(struct front_call *fc);
/* After a wake-up: certificates of live connections whose counters moved are asked about again; refused ones
 * lose the connection. */
void identity_recheck(struct front *f);
void identity_release_all(struct front *f);
void peer_free(struct peer *p);

/* request.c */
extern const struct net_handler front_handler;
void front_call_identified(struct front_call *fc); /* fc->identity is set, or there is none */
void front_call_unavailable(struct front_call *fc);

/* question.c: serialises a request of the front itself (ON_FRONT routes) */
void front_write_question(struct front *f, enum http_method method, struct text target, struct bytes body,
                          struct buffer *out);

/* egress.c: the proxy listener */
struct status front_start_outbound(struct front *f, struct error *err); /* nothing without listen.proxy */
void front_reload_outbound(struct front *f);
/* With every answer about listeners: outbound.ca_file. */
struct status front_trust_targets(struct front *f, struct text more_anchors_pem, struct error *err);
void front_call_target(struct front_call *fc); /* the request is a call to a registered API */
bool front_is_call_to_target(const struct front_call *fc);

/* workload.c: who may call registered APIs, and whose */
/* Not before the core has said that its certificate is a runtime's: over TLS, unless the certificate is one
 * of tls.proxy.client_ca_file. */
bool front_asks_for_runtime(const struct front_call *fc);
bool front_is_runtime(const struct front_call *fc);
/*
 * The certificate's, else what the header Tenant says, which ends here; empty outside of central mode. False
 * when the header is there twice.
 */
bool front_take_tenant(struct front_call *fc, struct text *out);

/* relay.c */
void front_relay(struct front_call *fc);
void front_slot_give(struct front_call *fc);
void front_slots_release(struct front *f);

/* request.c: a tunnel through us to a target runs, or may yet. */
bool front_may_tunnel(const struct exchange *x);

/* reply.c */
void front_error(struct front_call *fc, int status, const char *message);
void front_redirect(struct front_call *fc, struct text path);
void front_reply_text(struct front_call *fc, int status, struct text body);

/* guard.c: DNS rebinding and cross-site posts (DESIGN 3, internal listener), Host against SNI. NULL when
 * fine, else what to say. */
const char *front_guard(const struct front_call *fc, int *out_status);
/* The handshake checked its dates; a connection that is kept may outlive them. */
bool front_certificate_is_over(const struct front_call *fc);
/* Likewise which CAs of others were trusted then: of their certificates only. */
bool front_guest_is_over(const struct front_call *fc);
/* Host is localhost, 127.0.0.1, [::1] or one of url.internal_hosts. */
bool front_host_is_local(const struct front_call *fc);

/* forwarded.c: X-Forwarded-Client-Cert of a trusted proxy. An illegible one still says that the request is
 * not the proxy's own: it is nobody's. */
enum forwarded { FORWARDED_NOTHING, FORWARDED_CERTIFICATE, FORWARDED_ILLEGIBLE };
enum forwarded front_forwarded_identity(const struct front_call *fc, uint8_t fingerprint[static SHA256_SIZE]);
bool front_peer_is_trusted_proxy(const struct front *f, const struct connection *c);

/* access.c */
void front_access_configure(struct front *f); /* after new settings */
/* A line, if one is wanted. `cancelled` as net_handler.finished says it. Not called when the log is off. */
void front_access_log(struct front_call *fc, bool cancelled, int64_t us);

/* front.c: says STOPPED when nothing is left to do. */
void front_check_stopped(struct front *f);

/* tally.c */
void front_tally_refusal(struct front *f, const char *reason, struct text identity);
void front_tally_seen(struct front *f, const struct hop_identity *id);
void front_tally_flush(struct front *f);
void front_tally_release(struct front *f);
