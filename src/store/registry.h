/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the store remembers of registered services: the rows, their secrets (sealed by the caller) and their
 * specifications (packed by the caller). Rules of store.h hold: any thread, calls block, a write returns
 * after its commit and carries its audit row, nothing is changed by a call that fails. A write whose audit
 * entry names a certificate that has been revoked is E_DENIED, whatever else there is to say about it.
 *
 * One service is one transaction: the row, its two secrets and its three specifications change together. A
 * specification's content is stored once per tenant and content (SHA-256); services refer to it and the store
 * counts the references.
 */

#include "base/arena.h"
#include "base/digest.h"
#include "base/uuid.h"
#include "store/store.h"

#define SERVICE_ID_SIZE    UUID_SIZE /* a UUID's octets */
#define SERVICE_TENANT_MAX 120       /* bytes; services of a longer one are E_INVALID */

/* ---- specifications ---- */
enum specification_slot {
    SPECIFICATION_API,
    SPECIFICATION_EVENTS,
    SPECIFICATION_DOCUMENTATION,
    SPECIFICATION_SLOTS
};
enum specification_format { FORMAT_JSON, FORMAT_YAML, FORMAT_XML, FORMAT_TEXT };

/* What a service row says about one of its specifications. */
struct specification_ref {
    bool present;              /* all else is zero when not */
    uint8_t hash[SHA256_SIZE]; /* of the content as it was sent */
    enum specification_format format;
    int64_t size;       /* bytes of the content as it was sent */
    int64_t fetched_at; /* seconds; 0 = it was sent with the registration */
};
/* The content, as the registry packed it. */
struct specification_row {
    uint8_t hash[SHA256_SIZE];
    int packing; /* the registry's number for how */
    int64_t size;
    struct bytes packed;
};

/* ---- services ---- */
/* What a row is (registry/bundle.h): all that was registered as one service, or a bundle and what is in it.
 */
enum service_role { SERVICE_WHOLE, SERVICE_BUNDLE, SERVICE_API, SERVICE_EVENTS, SERVICE_DOCUMENT };

static inline bool service_role_is_member(enum service_role role)
{
    return role >= SERVICE_API;
}
/* What is listed and counted as a service. */
static inline bool service_role_is_callable(enum service_role role)
{
    return role == SERVICE_WHOLE || role == SERVICE_API || role == SERVICE_EVENTS;
}

struct service {
    uint8_t id[SERVICE_ID_SIZE];
    enum service_role role; /* never changes */
    /* Of SERVICE_API, _EVENTS and _DOCUMENT: the SERVICE_BUNDLE it is in; of the others zero. It never
     * changes. Deleting a bundle deletes what is in it, in the same transaction. An API's credential_kind
     * always is its bundle's: replacing the bundle sets it (and, where it becomes another, updated_at and one
     * more revision of the API); the secrets themselves are the bundle's alone. */
    uint8_t bundle[SERVICE_ID_SIZE];
    struct text tenant, application;
    int64_t revision; /* 1, and one more with every change, its secrets' included */
    int64_t created_at, updated_at;
    struct text name, provider, description, short_description;
    struct text path_name;  /* how paths name it: normalised from name (contract 3.9); not unique */
    struct text identifier; /* empty = none; unique in its application */
    struct text labels;     /* JSON object of strings, keys sorted */
    struct text target_url; /* empty = no API */
    int credential_kind;    /* enum credential_kind of registry/service.h */
    struct text details;    /* JSON, the registry's: everything else that is no secret */
    struct specification_ref specifications[SPECIFICATION_SLOTS];
    /* How its target is called. Not a client's to say: registering and replacing leave it alone, only
     * store_service_call_set writes it. Lists do not give it. */
    struct call_choices call;
    struct text call_anchors_pem; /* CAs to trust besides; empty = none */
};

enum secret_slot { SECRET_CREDENTIALS, SECRET_PARAMETERS, SECRET_SLOTS };
struct service_secret {
    bool present;
    bool by_hand;     /* put in place by a person, not by a registration */
    int64_t revision; /* 1, and one more with every change */
    int64_t updated_at;
    struct bytes sealed;
};

enum secret_change { SECRET_KEEP, SECRET_PUT, SECRET_REMOVE };
struct secret_write {
    enum secret_change change;
    bool by_hand;
    struct bytes sealed;  /* SECRET_PUT */
    struct bytes history; /* what it replaces or removes, sealed for the history; empty = do not keep it */
};

struct service_write {
    struct service service;    /* revision and created_at are the store's on replacement */
    int64_t expected_revision; /* replacement: E_CHANGED when the row has another one */
    struct secret_write secrets[SECRET_SLOTS];
    /* Content for service.specifications[i], with its hash and size; NULL where it is absent or, in a
     * replacement, stays as it was (E_INVALID when the row's is another). Content that the tenant has already
     * is not stored again. */
    const struct specification_row *specifications[SPECIFICATION_SLOTS];
};

/* Of a SERVICE_API, credential_kind is its bundle's whatever is given. E_INVALID: a bundle where the role has
 * none, or none where it has one. E_NOT_FOUND: no such application, or no such SERVICE_BUNDLE in it.
 * E_CONFLICT: the identifier is in use there (or the id, which is random). */
struct status store_service_create(struct store *s, const struct service_write *w,
                                   const struct audit_entry *audit);
/* E_NOT_FOUND: no such service (or application). E_CHANGED; expected_revision is at least 1. The identifier
 * and the bundle stay what they were. E_INVALID: another role than the row's. */
struct status store_service_replace(struct store *s, const struct service_write *w,
                                    const struct audit_entry *audit);
/* E_NOT_FOUND, E_CHANGED; expected_revision is at least 1. */
struct service_call_write {
    struct text tenant, application;
    const uint8_t *id; /* SERVICE_ID_SIZE octets */
    int64_t expected_revision;
    int64_t updated_at;
    struct call_choices call;
    struct text anchors_pem;
};
struct status store_service_call_set(struct store *s, const struct service_call_write *w,
                                     const struct audit_entry *audit);
/* With its secrets, their history and its specifications (unless others refer to them). expected_revision 0 =
 * any. E_NOT_FOUND, E_CHANGED. */
struct status store_service_delete(struct store *s, struct text tenant, struct text application,
                                   const uint8_t id[static SERVICE_ID_SIZE], int64_t expected_revision,
                                   const struct audit_entry *audit);
/* Row and, unless `secrets` is NULL, both secrets of one moment. E_NOT_FOUND. */
struct status store_service_get(struct store *s, struct text tenant, struct text application,
                                const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                struct service *out, struct service_secret secrets[SECRET_SLOTS]);
/* The same where only the id is known (a secret's name ends in it). */
struct status store_service_find(struct store *s, struct text tenant,
                                 const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                 struct service *out, struct service_secret secrets[SECRET_SLOTS]);
/* Whether `identifier` is in use in the application, for refusing early: store_service_create decides. Empty
 * = *out_taken is false. E_NOT_FOUND: no such application. */
struct status store_service_identifier(struct store *s, struct text tenant, struct text application,
                                       struct text identifier, bool *out_taken);
/* E_NOT_FOUND. */
struct status store_specification_get(struct store *s, struct text tenant,
                                      const uint8_t hash[static SHA256_SIZE], struct arena *a,
                                      struct specification_row *out);

/*
 * Services of an application whose path name equals this one (case counts), whole ones first, then in the
 * order of registration and with `details`: at most `most` (1..100), so that two tell whether the name is one
 * service's. `bundle` NULL: among what is in no bundle, SERVICE_WHOLE and SERVICE_BUNDLE; else among the
 * SERVICE_APIs of that bundle of the application. E_NOT_FOUND: no such application; without a service nothing
 * is given.
 */
typedef bool service_row(void *ctx, const struct service *service); /* false stops */
struct status store_service_named(struct store *s, struct text tenant, struct text application,
                                  const uint8_t *bundle, struct text path_name, unsigned most,
                                  struct arena *a, service_row *row, void *ctx);

/* With `details`, in the order of registration; the count is of all that fit. */
struct member_filter {
    struct text tenant, application; /* an empty application = any, with `bundle` alone */
    const uint8_t *bundle;           /* NULL: what is in none, SERVICE_WHOLE and SERVICE_BUNDLE */
    enum service_role role;          /* with `bundle`: SERVICE_API, _EVENTS or _DOCUMENT */
};
/* Without such a bundle (or application) nothing is given and the count is 0. */
struct status store_member_list(struct store *s, const struct member_filter *f,
                                const struct offset_page *page, struct arena *a, service_row *row, void *ctx,
                                uint64_t *out_total);

struct service_filter {
    struct text tenant;
    struct text application;                                       /* empty = all of the tenant */
    struct text name_contains, provider_contains, target_contains; /* ASCII case-insensitive; empty = any */
    struct text label_name;                                        /* empty = any */
    struct text label_value; /* with label_name: exact; {NULL, 0} = whatever value */
    bool callable_only;      /* SERVICE_WHOLE, _API and _EVENTS: what the other faces list as services */
};
/*
 * In the order of registration. Reads at most `scan_max` rows (1..100000), gives at most page->limit of them
 * and not many more than SERVICE_PAGE_BYTES of text, and says in *out_next where to go on: empty after the
 * last row. A page may so be short or empty and still not be the last; when `row` stops it, *out_next goes on
 * after that row. No row is given with `details`.
 * E_NOT_FOUND when a named application does not exist.
 */
#define SERVICE_PAGE_BYTES (256 * 1024) /* a page ends after the row that reaches it */
struct status store_service_list(struct store *s, const struct service_filter *f,
                                 const struct page_request *page, unsigned scan_max, struct arena *a,
                                 service_row *row, void *ctx, struct text *out_next);

/* ---- secrets by themselves ---- */
/* Replaces one secret by hand: E_NOT_FOUND when the service or that secret does not exist; E_CHANGED when
 * expected_revision (0 = any) is not the secret's. */
struct status store_secret_replace(struct store *s, struct text tenant,
                                   const uint8_t id[static SERVICE_ID_SIZE], enum secret_slot slot,
                                   int64_t expected_revision, int64_t now, const struct secret_write *w,
                                   const struct audit_entry *audit);
struct secret_history {
    int64_t sequence; /* identifies the row */
    int64_t replaced_at;
    bool by_hand;
    struct bytes sealed;
};
#define SECRET_HISTORY_MAX 10                                               /* per secret; the oldest goes */
typedef bool secret_history_row(void *ctx, const struct secret_history *h); /* newest first */
struct status store_secret_history(struct store *s, struct text tenant,
                                   const uint8_t id[static SERVICE_ID_SIZE], enum secret_slot slot,
                                   struct arena *a, secret_history_row *row, void *ctx);

/*
 * Every sealed value of every service, history included, in an order of the store's: for sealing them anew.
 * `place` is opaque, at most 32 bytes; the next page starts after the last one given. `name` is the identity
 * under which the registry sealed it (secret_seal_name below).
 */
struct sealed_place {
    uint8_t p[32];
    uint8_t n; /* 0 = the start */
};
typedef bool sealed_row(void *ctx, const struct sealed_place *place, struct text name, struct bytes sealed);
struct status store_sealed_list(struct store *s, const struct sealed_place *after, unsigned limit,
                                struct arena *a, sealed_row *row, void *ctx);
/* Puts `fresh` where `old` still is, for each; a value that changed or went meanwhile is left alone. No
 * audit, no revision. */
struct sealed_exchange {
    struct sealed_place place;
    struct bytes old, fresh;
};
struct status store_sealed_exchange(struct store *s, const struct sealed_exchange *list, size_t count);

/* "secret/<tenant>/<uuid>/<slot number>" or, in the history, "secret/<tenant>/<uuid>/<slot number>/history";
 * points into `out`. {NULL, 0} for a tenant longer than SERVICE_TENANT_MAX, of which the store takes nothing.
 */
#define SECRET_SEAL_NAME_MAX 192
struct text secret_seal_name(struct text tenant, const uint8_t id[static SERVICE_ID_SIZE],
                             enum secret_slot slot, bool history, char out[static SECRET_SEAL_NAME_MAX]);

/* A service id as text, and back (base/uuid.h). */
#define SERVICE_ID_TEXT UUID_TEXT
static inline struct text service_id_text(const uint8_t id[static SERVICE_ID_SIZE],
                                          char out[static SERVICE_ID_TEXT + 1])
{
    return uuid_text(id, out);
}
static inline bool service_id_parse(struct text t, uint8_t out[static SERVICE_ID_SIZE])
{
    return uuid_parse(t, out);
}

struct registry_counts {
    /* kept, not counted; services: SERVICE_WHOLE, _API and _EVENTS; bytes as stored */
    int64_t services, specifications, specification_bytes;
};
struct status store_registry_counts(struct store *s, struct registry_counts *out);
