/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One request at a handler. The core fills it, runs the handler on a request thread (or, for ROUTE_INLINE
 * rows, on the loop) and sends what the reply holds. A handler reads the request, calls one domain function
 * and writes one reply; it returns E_OK when the reply is complete; any other status is turned into the error
 * shape of the route by the dispatcher (text from `err`).
 */

#include <stdatomic.h>

#include "api/routes.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "config/settings.h"
#include "os/page.h"
#include "os/slab.h"

/* Who is calling; decided by the front (TLS peer, trusted proxy) or the control socket (peer credentials),
 * never by a header. */
enum principal_kind {
    PRINCIPAL_ANONYMOUS,
    PRINCIPAL_CERTIFICATE, /* of our CA */
    PRINCIPAL_GUEST,       /* one of an external CA: nobody, unless a mapping of its subject says otherwise */
    PRINCIPAL_OPERATOR,
    PRINCIPAL_FRONT
};

enum certificate_verdict {
    CERT_NONE, /* no certificate was presented */
    CERT_ACTIVE,
    CERT_REVOKED,
    CERT_UNKNOWN, /* our CA signed it, but it is not on record (and ca.accept_unrecorded is off); of a guest,
                     always */
};

/* What an operator may do where: words separated by blanks, "*" is all. Grants stand side by side. */
struct principal_grant {
    struct text tenants, scopes;
};

struct principal {
    enum principal_kind kind;
    enum certificate_verdict certificate;
    uint8_t fingerprint[32]; /* CERTIFICATE, GUEST */
    struct bytes subject;    /* GUEST: its DER Name; empty when no mapping can match it */
    bool runtime;            /* CERTIFICATE: kind of the certificate */
    struct text application; /* CERTIFICATE: CN; empty for runtimes */
    struct text tenant, group;
    struct text system_auth;   /* CERTIFICATE of the Compass way: its CN, a UUID; else empty */
    struct text subject_error; /* CERTIFICATE: why the subject does not fit the configuration (contract 6),
                                  empty when it does */
    struct text name;          /* OPERATOR with a bearer token: operator's name, JWT's subject */
    const struct principal_grant *grants; /* OPERATOR */
    size_t grant_count;
    uint32_t uid;      /* OPERATOR over the control socket; UINT32_MAX on the internal listener */
    struct text actor; /* for the audit: "uid:1000", "loopback", "certificate:<hex>", ... */
};

struct call;

struct reply {
    int status;               /* 0 = not answered yet */
    struct text content_type; /* constant or in the arena; empty = none */
    struct headers headers;   /* more fields; in the arena */
    struct buffer body;
    /*
     * A long answer is made piece by piece. A handler that sets `more` has put the beginning (or nothing)
     * into `body`; `more` is called on a request thread each time the caller has taken what there was, and
     * appends the next piece (REPLY_PIECE bytes or so) to the emptied body, until it sets `last`. A status
     * other than OK cuts the connection, so that the answer looks cut. Between two calls nothing is held but
     * the arena.
     */
    struct status (*more)(struct call *c);
    void *state; /* the handler's; in the arena */
    void (*done)(
        struct call *c); /* releases what `state` owns: called once, whatever happened; may be NULL */
    bool last;
};
#define REPLY_PIECE (64u * 1024)

struct connector;         /* connector/connector.h */
struct director_mappings; /* director/mapping.h */
struct registry;          /* registry/registry.h */
struct compass;           /* api/compass/compass.h */
struct credentials_cache; /* credentials/credentials.h */
struct oidc;              /* oidc/oidc.h */
struct fetch_client;      /* fetch/fetch.h */
struct ca;
struct store;
struct vault;

/* What handlers work on; built once by the core and replaced on reload where settings say so. Any thread. */
struct domain {
    const struct settings *settings;
    struct store *store;
    struct vault *vault;
    struct ca *ca;
    struct connector *connector;
    const struct director_mappings *mappings; /* of auth.subject_mappings_file; NULL without one */
    struct registry *registry;
    const struct compass *compass;
    struct credentials_cache *credentials;
    struct oidc *oidc;  /* NULL without auth.oidc.issuer */
    bool internal_asks; /* whoever comes to the internal listener shows a bearer token */
    const struct fetch_client *fetcher;
    struct page *page;
    struct slab *slab;         /* the core's own */
    struct slab *const *slabs; /* all, for /metrics */
    unsigned slab_count;
    struct call_series *series;      /* what calls of fronts are counted under; NULL: nothing has a number */
    const struct slab *fetcher_slab; /* slab_is_alive() says whether it runs; not among `slabs` */
    int64_t supervisor_pid;          /* the process to signal */
    int64_t started_at;              /* seconds */
    struct text host_name;           /* this host's full name, "localhost" when it has none */
    unsigned listening;              /* bit set of 1 << enum listener: those that are bound */
    struct text
        listeners_json; /* array of {name,address,url}: what is listening, for status; updated when ready */
};

struct call {
    const struct request *request;
    const struct route *route;
    struct text params[ROUTE_PARAMS_MAX];
    size_t param_count;
    struct bytes body; /* whole; CR/LF dropped already where the route says so */
    struct principal principal;
    enum route_listener listener;
    struct text peer_address; /* "203.0.113.7:51234" */
    struct text request_id;
    struct arena *arena;
    struct domain *domain;
    struct reply reply;
    struct error err;
    struct text challenge; /* WWW-Authenticate of a refusal; empty = none */
    bool in_log;           /* why it fails is there once: not again for every stranger who asks */
};

typedef struct status api_handler(struct call *c);

/* The handler of a row; NULL only for ROUTE_LOCAL rows. Linked by the core alone (api/handlers.c). */
api_handler *api_handler_of(unsigned id);

/* Permission check and handler; afterwards c->reply is complete in every case (errors included). */
void api_dispatch(struct call *c);

/* Helpers for handlers. */
struct status reply_empty(struct call *c, int status);
/* Starts a JSON reply; write with json_out into c->reply.body. */
void reply_json(struct call *c, int status);
struct status reply_header(struct call *c, struct text name, struct text value);
/* Answers with this status and message in the route's error shape. Returns DONE so that it can be a handler's
 * last statement. */
[[gnu::format(printf, 3, 4)]] struct status reply_error(struct call *c, int status, const char *fmt, ...);
/* The same for a message of any length, in two parts. */
struct status reply_message(struct call *c, int status, struct text prefix, struct text message);
