/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What Fairlead remembers, in the language of the domain. A backend is a table of operations
 * (store/backend.h): sqlite.c, memory.c, later postgres.c; one contract suite (tests/contract/store_test.c)
 * runs over all.
 *
 * - Any thread may call; calls block. Writes return after the commit that holds them (DESIGN 1, rule 3);
 *   writes of several threads share commits. A failing operation leaves its neighbours in the group alone.
 * - Every write takes the audit row that belongs to it and stores it in the same transaction. NULL only
 *   where said.
 * - Texts and bytes passed in are borrowed for the call. Rows handed to a callback or written to `out` point
 *   into the caller's arena. A callback must not call the store.
 * - Times are seconds since the epoch. Tenant "" is the only tenant of standalone mode; none holds '/'.
 * - Codes: E_NOT_FOUND, E_CONFLICT as documented; E_INVALID for arguments out of range and cursors that no
 *   list gave; E_UNAVAILABLE when the store cannot be reached or the disk is full; E_BROKEN for damage;
 *   E_NOMEM; E_AGAIN when the write queue is full. Nothing was changed in any of these cases.
 * - Start-up does not read the whole store; every list is paged.
 */

#include "base/arena.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/uuid.h"

struct store;

struct store_settings {
    struct text url;           /* "sqlite:/path/fairlead.db" or "memory:" */
    unsigned read_connections; /* 1..64 */
    unsigned write_queue_max;  /* e.g. 4096 */
};

struct status store_open(const struct store_settings *settings, struct store **out, struct error *err);
void store_close(struct store *s); /* finishes queued writes; accepts NULL */

/* ---- audit ---- */
struct audit_entry {
    int64_t id;         /* set by the store */
    int64_t at;         /* first time */
    int64_t last_at;    /* tallies; = at otherwise */
    int64_t count;      /* 1, or a tally */
    struct text action; /* constant: "token.create", "certificate.issue", "refused.revoked", ... */
    struct text
        actor; /* "uid:1000", "token:<id>", "certificate:<fingerprint>", "loopback", "operator:<name>" */
    struct text tenant;
    struct text application; /* may be empty */
    struct text subject;     /* what it was done to: token id, certificate fingerprint */
    struct text detail;      /* JSON object or empty */
    struct text address;     /* of the peer */
    struct text user_agent;
    struct text request_id;
    /* Not kept: SHA-256 of the certificate that the write is made with, or NULL. Writes of registry.h and
     * directory.h, and store_token_create(), are E_DENIED when it is revoked by the time of their
     * transaction; one that nobody knows is no obstacle. */
    const uint8_t *certificate;
};
/* The peer behind a call, as an audit row names it. */
struct audit_caller {
    struct text actor;   /* "loopback", "uid:1000", "certificate:<hex>"; empty where a token says who it is */
    struct text address; /* of the peer, with port */
    struct text user_agent;
    struct text request_id;
    const uint8_t *certificate; /* SHA-256 of the caller's, see audit_entry; NULL without; borrowed */
};
struct audit_filter {
    struct text action_prefix, application, actor; /* empty = any */
    int64_t since, until;                          /* since <= at < until; 0 = open */
    int64_t before_id;                             /* paging, newest first; 0 = start */
    unsigned limit;                                /* 1..1000 */
};
/* By (at, id), newest first. */
typedef bool audit_row(void *ctx, const struct audit_entry *e); /* false stops */
struct status store_audit_append(struct store *s, const struct audit_entry *entries, size_t count);
struct status store_audit_list(struct store *s, const struct audit_filter *f, struct arena *a, audit_row *row,
                               void *ctx);

/* ---- how calls of a target are made ---- */
/* Unset leaves it to the next in line: a service to its application, that to the settings. */
enum call_choice { CALL_UNSET, CALL_YES, CALL_NO };
struct call_choices {
    enum call_choice skip_verify; /* the target's certificate is not verified */
    enum call_choice encode_url;  /* paths are decoded and encoded again (contract 3.9) */
};

/* A page by offset, as pages of the Director are. */
struct offset_page {
    uint64_t offset;
    unsigned limit; /* 1..1000 */
};

/* ---- applications ---- */
struct application {
    struct text tenant;
    struct text name;
    struct text description;
    int64_t created_at;
    int64_t last_seen_at; /* 0 = never */
    bool auto_created;
    struct text labels;       /* JSON object, keys sorted; empty is written as "{}". The Director may have put
                                 other values than strings. */
    int64_t services;         /* how many are registered (and no bundles); the store's, ignored on creation */
    struct call_choices call; /* for services that leave it open; ignored on creation */
    uint8_t id[UUID_SIZE];    /* all zero on creation: the store makes one. Lists and get do not give it:
                                 store_object_named() of store/directory.h does */
};
struct page_request {
    struct text after; /* opaque cursor of the previous page; empty = first */
    unsigned limit;    /* 1..1000 */
};
typedef bool application_row(void *ctx, const struct application *app);
struct status store_application_create(struct store *s, const struct application *app,
                                       const struct audit_entry *audit); /* E_CONFLICT */
struct status store_application_get(struct store *s, struct text tenant, struct text name, struct arena *a,
                                    struct application *out);
/* Sorted by (tenant, name); `contains` filters by substring of the name. Cursor: "tenant/name" of the last
 * row. */
struct status store_application_list(struct store *s, struct text contains, const struct page_request *page,
                                     struct arena *a, application_row *row, void *ctx);
/* What is to be another; a NULL pointer leaves that one as it is. */
struct application_change {
    const struct text *description, *labels;
    const enum call_choice *skip_verify, *encode_url;
};
/* E_NOT_FOUND. */
struct status store_application_update(struct store *s, struct text tenant, struct text name,
                                       const struct application_change *change,
                                       const struct audit_entry *audit);
/* Active certificates of an application, counted up to `most`. */
struct status store_application_certificates(struct store *s, struct text tenant, struct text name,
                                             unsigned most, unsigned *out_count);
/* Deletes the application with its unused tokens, services and their secrets, and revokes its certificates,
 * whose fingerprints go to `row` (may be NULL) after the commit. E_NOT_FOUND. */
typedef void fingerprint_row(void *ctx, const uint8_t fingerprint[static SHA256_SIZE]);
struct status store_application_delete(struct store *s, struct text tenant, struct text name,
                                       const struct audit_entry *audit, fingerprint_row *row, void *ctx);
/* Batched last-seen times; unknown applications are skipped. No audit. */
struct last_seen {
    struct text tenant, name;
    int64_t at;
};
struct status store_application_seen(struct store *s, const struct last_seen *seen, size_t count);

/* ---- one-time tokens ---- */
enum token_kind {
    TOKEN_APPLICATION,
    TOKEN_RUNTIME,
    TOKEN_REMOTE_ENVIRONMENT,
    TOKEN_COMPASS_APPLICATION, /* of a system auth (store/directory.h) */
    TOKEN_COMPASS_RUNTIME,
};
enum token_state {
    TOKEN_ACTIVE,
    TOKEN_USED,
    TOKEN_REVOKED,
    TOKEN_REPLACED,
    TOKEN_EXPIRED /* computed, never stored */
};
struct token {
    uint8_t hash[SHA256_SIZE]; /* SHA-256 of the token's characters; the token itself is never stored */
    struct text id;            /* short, shown to people: first 12 hex digits of the hash */
    enum token_kind kind;
    enum token_state state;
    struct text tenant, group, application;   /* application empty for runtimes */
    struct bytes system_auth;                 /* of Compass kinds: its 16 octets; else empty */
    int64_t created_at, expires_at, ended_at; /* ended_at: used, revoked or replaced; 0 while active */
    struct text created_by;                   /* actor */
    struct text ended_by;                     /* actor or address of who consumed it */
};
struct token_create {
    struct token token;
    bool replaces_others;     /* remote environments and system auths: only the newest is valid */
    bool create_application;  /* applications.auto_create: make the application if it is missing */
    bool require_application; /* E_NOT_FOUND when it is missing */
};
struct status store_token_create(struct store *s, const struct token_create *in,
                                 const struct audit_entry *audit);
/* Any state; TOKEN_EXPIRED is computed from `now`. E_NOT_FOUND. */
struct status store_token_find(struct store *s, const uint8_t hash[static SHA256_SIZE], int64_t now,
                               struct arena *a, struct token *out);
/* The info call: `old` becomes used and `next` valid, atomically. E_CONFLICT when old is unknown
 * or not active at `now`.
 */
struct status store_token_exchange(struct store *s, const uint8_t old[static SHA256_SIZE],
                                   const struct token *next, int64_t now, const struct audit_entry *audit);
struct token_filter {
    struct text application; /* empty = any */
    bool active_only;
    int64_t now;
};
typedef bool token_row(void *ctx, const struct token *t);
/* Newest first; cursor: "<created_at>/<id>" of the last row. */
struct status store_token_list(struct store *s, const struct token_filter *f, const struct page_request *page,
                               struct arena *a, token_row *row, void *ctx);
/* By id. E_NOT_FOUND; E_CONFLICT when it is no longer active or the id is ambiguous. */
struct status store_token_revoke(struct store *s, struct text id, int64_t now,
                                 const struct audit_entry *audit);
/* Forgets tokens that ended before `before`, at most `max` at a time. No audit. */
struct status store_token_purge(struct store *s, int64_t before, unsigned max, unsigned *out_count);

/* ---- certificates ---- */
enum certificate_kind { CERTIFICATE_APPLICATION, CERTIFICATE_RUNTIME };
enum certificate_state { CERTIFICATE_ACTIVE, CERTIFICATE_REVOKED };
struct certificate {
    uint8_t fingerprint[SHA256_SIZE]; /* SHA-256 of the DER */
    uint8_t issuer[SHA256_SIZE]; /* SHA-256 of the issuer's certificate DER; (issuer, serial) is unique */
    struct bytes serial;         /* content octets of the INTEGER, at most 20 */
    enum certificate_kind kind;
    enum certificate_state state;
    struct text tenant, group, application;
    struct bytes system_auth;  /* 16 octets: its CN; empty for other ways of pairing */
    struct text subject;       /* "CN=...,OU=...," as shown to people */
    struct text key_algorithm; /* "rsa:2048", "ec:P-256", "ed25519" */
    int64_t issued_at, not_before, not_after;
    int64_t revoked_at; /* 0 */
    struct text revoked_reason;
    struct text issued_by; /* actor: token id or certificate */
    struct bytes der;
};
struct certificate_issue {
    struct certificate certificate;
    const uint8_t *token_hash;         /* consumes it (E_CONFLICT when unknown or not active at issued_at) */
    const uint8_t *renews_fingerprint; /* must not be revoked (E_DENIED); or NULL */
};
/* Record and consumption in one transaction. */
struct status store_certificate_issue(struct store *s, const struct certificate_issue *in,
                                      const struct audit_entry *audit);
/* E_NOT_FOUND when there is neither a record nor a revocation; a revocation without a record gives state
 * REVOKED and empty texts. `with_der` false leaves der empty. */
struct status store_certificate_find(struct store *s, const uint8_t fingerprint[static SHA256_SIZE],
                                     bool with_der, struct arena *a, struct certificate *out);
/* Revokes by fingerprint, recorded or not. Idempotent: *out_was_revoked. The audit row is written only on a
 * change. */
struct status store_certificate_revoke(struct store *s, const uint8_t fingerprint[static SHA256_SIZE],
                                       struct text reason, int64_t now, const struct audit_entry *audit,
                                       bool *out_was_revoked);
/* All active certificates of an application; fingerprints go to `row`. */
struct status store_certificate_revoke_application(struct store *s, struct text tenant,
                                                   struct text application, struct text reason, int64_t now,
                                                   const struct audit_entry *audit, fingerprint_row *row,
                                                   void *ctx);
enum certificate_sort { SORT_NOT_AFTER, SORT_ISSUED_AT, SORT_APPLICATION };
struct certificate_filter {
    struct text application;        /* exact; empty = any */
    struct text subject_contains;   /* empty = any */
    struct text fingerprint_prefix; /* lower hex; empty = any */
    int state;                      /* -1 any, or enum certificate_state */
    int64_t expires_before;         /* not_after < this; 0 = any */
    int64_t expires_after;          /* not_after > this; 0 = any */
    enum certificate_sort sort;
    bool descending;
};
typedef bool certificate_row(void *ctx, const struct certificate *c); /* der is empty */
/* Equal sort values in the order of issue; equal applications by not_after first. Only recorded certificates.
 * A substring of the subject, and bounds on not_after under another sort, are checked row by row and may take
 * long. Cursor: "<sort value>/<fingerprint hex>" of the last row. */
struct status store_certificate_list(struct store *s, const struct certificate_filter *f,
                                     const struct page_request *page, struct arena *a, certificate_row *row,
                                     void *ctx);

/* ---- named blobs: sealed keys, the CA's and listeners' certificates, instance id. Sealing is the caller's
 * (vault/). ---- */
struct status store_blob_put(struct store *s, struct text name, struct bytes value,
                             const struct audit_entry *audit /* may be NULL */);
struct status store_blob_get(struct store *s, struct text name, struct arena *a,
                             struct bytes *out); /* E_NOT_FOUND */
/* Puts only when absent; otherwise E_CONFLICT. */
struct status store_blob_create(struct store *s, struct text name, struct bytes value,
                                const struct audit_entry *audit /* may be NULL */);
typedef bool blob_row(void *ctx, struct text name, struct bytes value);
struct status store_blob_list(struct store *s, struct text prefix, struct arena *a, blob_row *row, void *ctx);
/* Replaces several at once (vault rekey), all or nothing. */
struct named_blob {
    struct text name;
    struct bytes value;
};
struct status store_blob_replace(struct store *s, const struct named_blob *blobs, size_t count,
                                 const struct audit_entry *audit);

/* ---- operating ---- */
struct store_counts {
    /* active_certificates: on record and not revoked, expired ones included */
    int64_t applications, active_tokens, active_certificates, revoked,
        soonest_expiry /* of active ones; 0 = none */;
    int64_t schema_version;
    int64_t commits, operations, commit_us_total;
    int64_t write_queue_depth;
};
struct status store_counts(struct store *s, int64_t now,
                           struct store_counts *out); /* cheap: kept counters or indexed look-ups */
/* A consistent copy while the server runs; `path` must not exist; fsynced before return. E_INVALID for
 * backends without files. */
struct status store_backup(struct store *s, const char *path, struct error *err);
struct status store_check(struct store *s, struct error *err); /* integrity; E_BROKEN with what is wrong */
const char *store_kind(const struct store *s);                 /* "sqlite", "memory" */
