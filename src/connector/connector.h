/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The connector's domain: one-time tokens, enrolment, renewal, revocation, and the question "what is this
 * certificate?". No HTTP here; the wire shapes are in api/kyma and api/native.
 *
 * Any thread; functions that reach the store block. Times are seconds. Results live in the caller's arena.
 *
 * Errors: E_INVALID (400), E_DENIED (403), E_NOT_FOUND (404), E_CONFLICT (409), and the store's own. For
 * E_INVALID and E_DENIED `err` holds the text for the client: the contract's wording exactly (with its final
 * stop, where it has one), then ours.
 *
 * After a change of what a certificate is, the order is: commit, page_bump, page_wake, return (DESIGN 3.1,
 * 1).
 */

#include "base/arena.h"
#include "base/error.h"
#include "config/settings.h"
#include "event/workqueue.h"
#include "os/page.h"
#include "os/slab.h"
#include "store/store.h"

struct ca;
struct connector;
struct name;

/* ---- life ---- */

struct connector_settings {
    bool central; /* O and OU of a subject are tenant and group; runtimes exist; remote environments do not */
    size_t token_length; /* random bytes, 16..256; a token is their base64url */
    int64_t application_ttl_s, runtime_ttl_s, remote_environment_ttl_s, compass_runtime_ttl_s;
    int64_t application_validity_s, runtime_validity_s, remote_environment_validity_s;
    struct text country, organization, organizational_unit, locality, province;
    struct text connector_url, gateway_url; /* public base URLs with scheme, without a trailing slash */
    bool auto_create;                       /* asking for a token makes the application */
    bool accept_unrecorded;                 /* certificates of our CA that are not on record are good */
};

/* Everything but the two URLs, which the caller knows (connector_public_url). Texts borrow from `from`. */
void connector_settings_from(const struct settings *from, struct connector_settings *out);

/* What it works with; borrowed, must outlive it. */
struct connector_parts {
    struct store *store;
    struct ca *ca;
    struct page *page;
    struct slab *slab;
    unsigned lane_width; /* CPU-bound signing at once: one per CPU */
};

/*
 * Copies the settings. `previous` (or NULL) is the connector of the configuration before a reload: claims,
 * tallies and lane are shared with it, so that both may serve at once; each is freed when nothing uses it.
 * E_INVALID when a subject value cannot stand in a subject string (`,` `=` or a control character), naming
 * the key.
 */
struct status connector_new(const struct connector_settings *settings, const struct connector_parts *parts,
                            struct connector *previous, struct connector **out, struct error *err);
void connector_free(struct connector *c); /* accepts NULL */
OWNABLE(struct connector, connector_free);
const struct connector_settings *connector_settings_of(const struct connector *c);
unsigned connector_lane_waiting(const struct connector *c); /* for metrics */

/* ---- who asks, and for whom ---- */

/* Whom a token or certificate speaks for. A remote environment is the first generation's application. */
struct connector_holder {
    enum token_kind kind;
    struct text tenant, group; /* central mode, and the tenant of the Compass kinds; empty otherwise */
    struct text application;   /* its name; empty for runtimes of either way */
    struct text system_auth;   /* of the Compass kinds: its UUID, which is the CN; empty otherwise */
};

/*
 * The rule for names that become a CN, O or OU: 1 to 64 characters (X.520 ub-common-name) of UTF-8; no `,`
 * `=` `+` `/` (subject strings and openssl's -subj split there), no control characters, not "." or "..", not
 * "*Runtime*". `what` begins the message: "The application's name".
 */
struct status connector_check_name(const char *what, struct text name, struct error *err);

/* ---- applications ---- */
/* Checks the name; central mode wants a tenant, standalone mode refuses one. `labels`: a JSON object of
 * strings, keys sorted; empty for none. E_CONFLICT when it exists. */
struct status connector_application_create(struct connector *c, const struct audit_caller *caller,
                                           struct text tenant, struct text name, struct text description,
                                           struct text labels, struct error *err);
/* E_NOT_FOUND. */
struct status connector_application_update(struct connector *c, const struct audit_caller *caller,
                                           struct text tenant, struct text name,
                                           const struct application_change *change, struct error *err);
/* Deletes it with its unused tokens and revokes its certificates. */
struct status connector_application_delete(struct connector *c, const struct audit_caller *caller,
                                           struct text tenant, struct text name, uint64_t *out_revoked,
                                           struct error *err);

/* ---- tokens ---- */

struct connector_token {
    struct text token; /* the value, shown once; only its hash is kept */
    struct text id;
    int64_t expires_at;
};

/* A new token for `holder`; checks the names, that tenant and group are there in central mode (and drops them
 * otherwise), and that the kind exists in this mode (E_NOT_FOUND). That of a system auth, which must exist,
 * replaces the one it had. */
struct status connector_token_create(struct connector *c, const struct audit_caller *caller,
                                     const struct connector_holder *holder, struct arena *a,
                                     struct connector_token *out, struct error *err);
struct status connector_token_revoke(struct connector *c, const struct audit_caller *caller, struct text id,
                                     struct error *err);

/*
 * A token presented by a client. Opening claims its hash in memory first, then asks the store: of a thousand
 * concurrent uses one gets as far as signing (DESIGN 3.1, 12), the others are told "Invalid token." like
 * every later one. Must be closed. `kind` is the route's; `application` the name in a first-generation path,
 * empty otherwise: a token opens only what it was made for. Kyma's application routes take a Compass
 * application's token too (the connectivity adapter), and TOKEN_COMPASS_APPLICATION stands for both Compass
 * kinds. E_DENIED "Token not provided." / "Invalid token."; `refused_as` says more, which only a holder of
 * the real value has a right to.
 */
struct connector_grant {
    struct connector *claimed_by; /* private; NULL when nothing is claimed */
    uint8_t hash[SHA256_SIZE];
    struct connector_holder holder;
    struct text id;
    const char
        *refused_as; /* after E_DENIED: "used", "expired", "replaced", "revoked", "unknown"; a constant */
};
struct status connector_grant_open(struct connector *c, enum token_kind kind, struct text application,
                                   struct text token, struct arena *a, struct connector_grant *out,
                                   struct error *err);
void connector_grant_close(struct connector_grant *g);
OWNABLE_VALUE(struct connector_grant, connector_grant_close);

/* The info call: the granted token is used up and `out` takes its place, with a full life of its kind. */
struct status connector_exchange(struct connector *c, const struct audit_caller *caller,
                                 const struct connector_grant *grant, struct arena *a,
                                 struct connector_token *out, struct error *err);

/* ---- certificates ---- */

struct connector_issued {
    struct bytes der;
    uint8_t fingerprint[SHA256_SIZE];
    int64_t not_after;
};

/* What a holder of a Compass kind is told of a CSR that is no base64: its face says so in other words. */
#define CONNECTOR_NO_BASE64 "Error while parsing base64 content. Incorrect value provided."
/* `csr` is standard base64 of PEM. The token is consumed in the transaction that records the certificate; a
 * failed call leaves it valid. */
struct status connector_sign(struct connector *c, const struct audit_caller *caller,
                             const struct connector_grant *grant, struct text csr, struct arena *a,
                             struct connector_issued *out, struct error *err);
/* For the holder of `fingerprint`; refused when that is revoked by the time of the commit. */
struct status connector_renew(struct connector *c, const struct audit_caller *caller,
                              const struct connector_holder *holder,
                              const uint8_t fingerprint[static SHA256_SIZE], struct text csr, struct arena *a,
                              struct connector_issued *out, struct error *err);

/* PEM texts of a reply, appended: the leaf; signing CA and root (if another); the whole chain, leaf first. */
void connector_leaf_pem(const struct connector_issued *issued, struct buffer *out);
void connector_ca_pem(const struct connector *c, struct buffer *out);
void connector_chain_pem(const struct connector *c, const struct connector_issued *issued,
                         struct buffer *out);
void connector_der_pem(struct bytes der, struct buffer *out); /* one CERTIFICATE block */

/* Idempotent; recorded or not. `reason` may be empty. */
struct status connector_revoke(struct connector *c, const struct audit_caller *caller,
                               const uint8_t fingerprint[static SHA256_SIZE], struct text reason,
                               struct error *err);
/* After a commit that revoked it by other means, or deleted an application with its services: fronts forget
 * what they know about it. */
void connector_announce(struct connector *c, const uint8_t fingerprint[static SHA256_SIZE]);
void connector_announce_application(struct connector *c, struct text tenant, struct text name);
/* 64 hex digits of either case; anything else is E_INVALID. */
struct status connector_parse_hash(struct text hex, uint8_t out[static SHA256_SIZE], struct error *err);
struct status connector_revoke_application(struct connector *c, const struct audit_caller *caller,
                                           struct text tenant, struct text application, struct text reason,
                                           uint64_t *out_revoked, struct error *err);

/* ---- what is this certificate? ---- */

enum connector_verdict { CONNECTOR_ACTIVE, CONNECTOR_REVOKED, CONNECTOR_UNKNOWN };

struct connector_identity {
    enum connector_verdict verdict;
    struct connector_holder holder; /* ACTIVE */
    struct text subject_error; /* ACTIVE: why its subject does not fit the configuration (contract 6); empty
                                  when it does */
    int64_t valid_until;       /* absolute end of this answer */
    struct page_pairs pairs;   /* taken before the store was read */
};
/*
 * `subject` is the certificate's DER Name, used only for certificates that are not on record; may be empty.
 * The peer's chain was verified by the front. A change of the subject settings does not change counters:
 * after a reload the core bumps all.
 */
struct status connector_identify(struct connector *c, const uint8_t fingerprint[static SHA256_SIZE],
                                 struct bytes subject, struct arena *a, struct connector_identity *out,
                                 struct error *err);

/* ---- subjects and addresses ---- */

/* "O=..,OU=..,L=..,ST=..,C=..,CN=.." (first generation: OU first). {NULL, 0} when out of memory. */
struct text connector_subject_text(const struct connector *c, const struct connector_holder *h,
                                   struct arena *a);
/* The name that a certificate for `h` gets; values borrow. */
struct status connector_subject_name(const struct connector *c, const struct connector_holder *h,
                                     struct arena *a, struct name *out);

enum connector_link {
    LINK_INFO,         /* with a token: where the token is used first */
    LINK_SIGN,         /* with a token: csrUrl */
    LINK_CERTIFICATES, /* certificatesUrl */
    LINK_EVENTS,
    LINK_EVENTS_INFO,
    LINK_METADATA,
    LINK_MANAGEMENT, /* infoUrl */
    LINK_RENEW,
    LINK_REVOKE,
};
/* {NULL, 0} when out of memory. `token` is empty where the link has none. */
struct text connector_link(const struct connector *c, enum connector_link which,
                           const struct connector_holder *h, struct text token, struct arena *a);
/*
 * The public base URL of a listener: url.connector or url.gateway, else from url.domain
 * ("https://gateway.D"), else `host_name` (the host's full name; "localhost" when the listener is bound to
 * loopback). `bound` is the address in use ("0.0.0.0:8443"); its port is left out when it is 443. Never
 * 0.0.0.0. Other listeners give their own host.
 */
void connector_public_url(const struct settings *s, enum listener listener, struct text bound,
                          struct text host_name, struct buffer *out);

/* ---- refusals and housekeeping ---- */

/* Counts a refusal per (action, actor or address) in memory; never blocks on anything but its own lock.
 * `action` is constant: "refused.token", "refused.revoked", ... */
void connector_refused(struct connector *c, struct text action, const struct audit_caller *caller);
/* What a front counted before it told us. */
void connector_refused_times(struct connector *c, struct text action, const struct audit_caller *caller,
                             int64_t times);
/* Writes the tallies as audit rows, one each, when a minute has passed since the last time (or `force`).
 * Blocks: not on the loop. After a failure the tallies are kept for the next time. */
struct status connector_flush_refusals(struct connector *c, bool force);
