/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the store remembers for the Director: tenants, applications and runtimes by their ids, labels, system
 * auths (whom a one-time token and a certificate of the Compass way speak for), operators and mappings of
 * certificate subjects. Rules of store.h hold: any thread, calls block, a write returns after its commit and
 * carries its audit row, nothing is changed by a call that fails. A write whose audit entry names a revoked
 * certificate is E_DENIED.
 *
 * Tenants are a wall: every operation takes the tenant's key and sees nothing of another; what belongs to
 * another is E_NOT_FOUND, like what does not exist. The one exception is said at the operation.
 */

#include "base/uuid.h"
#include "store/store.h"

#define OBJECT_ID_SIZE UUID_SIZE

/* ---- tenants ---- */
/*
 * `key` is the tenant_id of every row. The default tenant's is "" (that of standalone mode and of everything
 * that names no tenant); any other's is its external id. So nothing has to be moved when the first tenant is
 * made, and tenants that tokens of central mode name are these.
 */
struct tenant {
    struct text key;
    struct text external_id; /* what clients send in `Tenant`: 1 to 120 characters, no '/' */
    uint8_t internal_id[OBJECT_ID_SIZE];
    struct text name; /* for people; may be empty */
    struct text type; /* "account", "subaccount", "customer", ...: for access levels of mappings */
    int64_t created_at;
};
/* E_CONFLICT: the external id is in use. A tenant whose external id already is the key of other rows (central
 * mode's) takes these over. */
struct status store_tenant_create(struct store *s, const struct tenant *t, const struct audit_entry *audit);
struct status store_tenant_find(struct store *s, struct text external_id, struct arena *a,
                                struct tenant *out);
/* By its key: "" always is there once store_tenant_create() made it at first start. E_NOT_FOUND. */
struct status store_tenant_get(struct store *s, struct text key, struct arena *a, struct tenant *out);
/* E_CONFLICT while it has applications, runtimes or active certificates; E_INVALID for the default one. */
struct status store_tenant_delete(struct store *s, struct text external_id, const struct audit_entry *audit);
typedef bool tenant_row(void *ctx, const struct tenant *t); /* false stops */
/* By external id; `contains`: a substring of id or name. The count is of all that match. */
struct status store_tenant_list(struct store *s, struct text contains, const struct offset_page *page,
                                struct arena *a, tenant_row *row, void *ctx, uint64_t *out_total);

/* ---- applications and runtimes by id ---- */
enum object_kind { OBJECT_APPLICATION, OBJECT_RUNTIME };
/*
 * Every application of store.h has an id: given on creation, or made by the store (and by the migration for
 * those that were there before). Runtimes have a row of their own. `details` is the Director's: JSON of what
 * has no column.
 */
struct object {
    enum object_kind kind;
    uint8_t id[OBJECT_ID_SIZE];
    struct text tenant;
    struct text name; /* application: the unique name that paths use; runtime: unique in its tenant */
    struct text description;
    struct text details;         /* JSON object, the Director's; "{}" for those of other faces */
    struct text local_tenant_id; /* empty = none */
    struct text labels;          /* JSON object, keys sorted, any values */
    int status;                  /* the Director's number */
    int64_t status_at, created_at, updated_at;
    int64_t revision; /* 1, and one more with every change; the store's */
};
/* E_CONFLICT: the name (or the id) is in use. */
struct status store_object_create(struct store *s, const struct object *o, const struct audit_entry *audit);
struct status store_object_get(struct store *s, enum object_kind kind, struct text tenant,
                               const uint8_t id[static OBJECT_ID_SIZE], struct arena *a, struct object *out);
struct status store_object_named(struct store *s, enum object_kind kind, struct text tenant, struct text name,
                                 struct arena *a, struct object *out);
/* What is to be another; NULL leaves it. `labels` is the whole object. expected_revision 0 = any, else
 * E_CHANGED. */
struct object_change {
    const struct text *name /* runtimes only; E_CONFLICT */, *description, *details, *labels,
        *local_tenant_id;
    const int *status;
    int64_t now;
    int64_t expected_revision;
};
struct status store_object_update(struct store *s, enum object_kind kind, struct text tenant,
                                  const uint8_t id[static OBJECT_ID_SIZE], const struct object_change *change,
                                  const struct audit_entry *audit);
/* With its system auths, their tokens and labels; certificates are revoked and their fingerprints go to `row`
 * after the commit. An application goes with its services, as store_application_delete(); the
 * instance auths that a runtime asked for become UNUSED. */
struct status store_object_delete(struct store *s, enum object_kind kind, struct text tenant,
                                  const uint8_t id[static OBJECT_ID_SIZE], const struct audit_entry *audit,
                                  fingerprint_row *row, void *ctx);
/*
 * Labels are found by key (an index of its own, kept in the transactions above). Every filter must match:
 * `contains` empty = the key is there; else the label's value contains this JSON value as PostgreSQL's @>
 * says (equal scalars; arrays: every element is contained; objects: every member).
 */
struct label_filter {
    struct text key;
    struct text contains; /* JSON, checked; or empty */
};
#define LABEL_FILTERS_MAX 16
struct object_filter {
    enum object_kind kind;
    struct text tenant;
    const struct label_filter *labels;
    unsigned label_count;        /* at most LABEL_FILTERS_MAX */
    struct text local_tenant_id; /* empty = any */
};
typedef bool object_row(void *ctx, const struct object *o); /* false stops */
/* By id. A page of 100 of 100,000 with a label filter takes milliseconds. */
struct status store_object_list(struct store *s, const struct object_filter *f,
                                const struct offset_page *page, struct arena *a, object_row *row, void *ctx,
                                uint64_t *out_total);

/* ---- system auths ---- */
/*
 * A system auth is what pairing makes: its id is the CN of the certificates and the client of the one-time
 * tokens (members `system_auth` of struct token and struct certificate). At most one token of it is active: a
 * new one replaces it.
 */
struct system_auth {
    uint8_t id[OBJECT_ID_SIZE];
    enum object_kind kind;
    struct text tenant;
    uint8_t object[OBJECT_ID_SIZE]; /* whose */
    struct text object_name;        /* its name when the row is read */
    int64_t created_at;
    /* its latest one-time token; created_at 0 = none was made yet */
    struct {
        enum token_state state;
        int64_t created_at, expires_at, used_at;
    } token;
};
/* E_NOT_FOUND: no such object in the tenant. */
struct status store_system_auth_create(struct store *s, const struct system_auth *auth,
                                       const struct audit_entry *audit);
/* `tenant` NULL: any (a presented certificate or token says which auth it is, not the caller). */
struct status store_system_auth_get(struct store *s, const struct text *tenant,
                                    const uint8_t id[static OBJECT_ID_SIZE], int64_t now, struct arena *a,
                                    struct system_auth *out);
typedef bool system_auth_row(void *ctx, const struct system_auth *auth);
/* By creation, at most 1,000. */
struct status store_system_auth_list(struct store *s, enum object_kind kind, struct text tenant,
                                     const uint8_t object[static OBJECT_ID_SIZE], int64_t now,
                                     struct arena *a, system_auth_row *row, void *ctx);
/* With its tokens; certificates are revoked, fingerprints to `row` after the commit. */
struct status store_system_auth_delete(struct store *s, struct text tenant,
                                       const uint8_t id[static OBJECT_ID_SIZE],
                                       const struct audit_entry *audit, fingerprint_row *row, void *ctx);

/*
 * Forgets auths that came to nothing: created before `before`, without any token row (store_token_purge() was
 * there) and without a certificate of any state. Looks at most at `max`, in the order of their ids behind
 * *at, which becomes the last of them, or zeros when there was none. No audit, as for tokens.
 */
struct status store_system_auth_purge(struct store *s, int64_t before, unsigned max,
                                      uint8_t at[static OBJECT_ID_SIZE], unsigned *out_count);

/* ---- operators: bearer tokens that this server made ---- */
struct operator_row {
    struct text name;          /* unique */
    uint8_t hash[SHA256_SIZE]; /* of the token's characters */
    struct text scopes;        /* separated by single blanks, sorted; "*" = all */
    struct text tenants;       /* external ids, separated by single blanks; "*" = all */
    int64_t created_at, expires_at /* 0 = never */, last_used_at /* 0 = never */;
    struct text created_by;
};
struct status store_operator_create(struct store *s, const struct operator_row *o,
                                    const struct audit_entry *audit); /* E_CONFLICT */
struct status store_operator_find(struct store *s, const uint8_t hash[static SHA256_SIZE], struct arena *a,
                                  struct operator_row *out);
typedef bool operator_each(void *ctx, const struct operator_row *o);
struct status store_operator_list(struct store *s, struct arena *a, operator_each *row, void *ctx);
struct status store_operator_delete(struct store *s, struct text name, const struct audit_entry *audit);
/* What is to be another; NULL leaves it. */
struct operator_change {
    const struct text *scopes, *tenants;
    const int64_t *expires_at;
};
/* E_NOT_FOUND. *out is the row as it is then, in the arena. */
struct status store_operator_update(struct store *s, struct text name, const struct operator_change *change,
                                    const struct audit_entry *audit, struct arena *a,
                                    struct operator_row *out);
struct status store_operator_used(struct store *s, struct text name, int64_t at); /* no audit */
