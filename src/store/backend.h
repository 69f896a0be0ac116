/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a store's backend provides; private to src/store. Callers use store.h, whose functions check arguments
 * (lengths, ranges, cursors) and then call this table. Adding a backend: fill a table, add its URL prefix in
 * store.c and its name in tests/contract.
 *
 * Every operation: any thread, atomic, durable when it returns (as far as the backend is durable at all),
 * codes as store.h says. Arguments are already checked; audit entries are present where the operation needs
 * them. An operation that fails has changed nothing. Callbacks of lists run on the caller's thread.
 */

#include "base/buffer.h"
#include "store/directory.h"
#include "store/instance_auth.h"
#include "store/kept_secret.h"
#include "store/registry.h"
#include "store/store.h"
#include "store/subject_mapping.h"

/* Where a list continues, read from its cursor. `set` false: from the start. */
struct application_position {
    bool set;
    struct text tenant, name;
};
struct token_position {
    bool set;
    int64_t created_at;
    uint8_t floor[SHA256_SIZE]; /* the id's six bytes and zeros: continue with smaller hashes */
};
/* Sort values of a certificate never change, so its fingerprint says where a list stood. */
struct certificate_position {
    bool set;
    uint8_t fingerprint[SHA256_SIZE];
};

/* Where the list of sealed values continues: secrets by `id`, then the history, then kept secrets,
 * then instance auths. */
enum sealed_table { SEALED_SECRETS, SEALED_HISTORY, SEALED_KEPT, SEALED_INSTANCES, SEALED_TABLES };
struct sealed_position {
    enum sealed_table table;
    int64_t id;
};

struct store_ops {
    const char *kind;
    void (*close)(struct store *s);

    struct status (*audit_append)(struct store *s, const struct audit_entry *entries, size_t count);
    /* By (at, id), newest first. E_INVALID when before_id is no row. */
    struct status (*audit_list)(struct store *s, const struct audit_filter *f, struct arena *a,
                                audit_row *row, void *ctx);

    struct status (*application_create)(struct store *s, const struct application *app,
                                        const struct audit_entry *audit);
    struct status (*application_get)(struct store *s, struct text tenant, struct text name, struct arena *a,
                                     struct application *out);
    struct status (*application_list)(struct store *s, struct text contains,
                                      const struct application_position *after, unsigned limit,
                                      struct arena *a, application_row *row, void *ctx);
    /* Revoked fingerprints are appended to `out_fingerprints`, SHA256_SIZE bytes each. */
    struct status (*application_delete)(struct store *s, struct text tenant, struct text name,
                                        const struct audit_entry *audit, struct buffer *out_fingerprints);
    struct status (*application_update)(struct store *s, struct text tenant, struct text name,
                                        const struct application_change *change,
                                        const struct audit_entry *audit);
    struct status (*application_certificates)(struct store *s, struct text tenant, struct text name,
                                              unsigned most, unsigned *out_count);
    struct status (*application_seen)(struct store *s, const struct last_seen *seen, size_t count);

    struct status (*token_create)(struct store *s, const struct token_create *in,
                                  const struct audit_entry *audit);
    struct status (*token_find)(struct store *s, const uint8_t hash[static SHA256_SIZE], int64_t now,
                                struct arena *a, struct token *out);
    struct status (*token_exchange)(struct store *s, const uint8_t old[static SHA256_SIZE],
                                    const struct token *next, int64_t now, const struct audit_entry *audit);
    /* By (created_at, hash), both falling. */
    struct status (*token_list)(struct store *s, const struct token_filter *f,
                                const struct token_position *after, unsigned limit, struct arena *a,
                                token_row *row, void *ctx);
    /* Exactly one active token must lie in [low, high]. */
    struct status (*token_revoke)(struct store *s, const uint8_t low[static SHA256_SIZE],
                                  const uint8_t high[static SHA256_SIZE], int64_t now,
                                  const struct audit_entry *audit);
    struct status (*token_purge)(struct store *s, int64_t before, unsigned max, unsigned *out_count);

    struct status (*certificate_issue)(struct store *s, const struct certificate_issue *in,
                                       const struct audit_entry *audit);
    struct status (*certificate_find)(struct store *s, const uint8_t fingerprint[static SHA256_SIZE],
                                      bool with_der, struct arena *a, struct certificate *out);
    struct status (*certificate_revoke)(struct store *s, const uint8_t fingerprint[static SHA256_SIZE],
                                        struct text reason, int64_t now, const struct audit_entry *audit,
                                        bool *out_was_revoked);
    struct status (*certificate_revoke_application)(struct store *s, struct text tenant,
                                                    struct text application, struct text reason, int64_t now,
                                                    const struct audit_entry *audit,
                                                    struct buffer *out_fingerprints);
    /*
     * By (sort value, order of issue); SORT_APPLICATION by (application, not_after, order of issue). All of
     * it reversed when descending. E_INVALID when `after` is no recorded certificate.
     */
    struct status (*certificate_list)(struct store *s, const struct certificate_filter *f,
                                      const struct certificate_position *after, unsigned limit,
                                      struct arena *a, certificate_row *row, void *ctx);

    struct status (*blob_put)(struct store *s, struct text name, struct bytes value,
                              const struct audit_entry *audit);
    struct status (*blob_get)(struct store *s, struct text name, struct arena *a, struct bytes *out);
    struct status (*blob_create)(struct store *s, struct text name, struct bytes value,
                                 const struct audit_entry *audit);
    struct status (*blob_list)(struct store *s, struct text prefix, struct arena *a, blob_row *row,
                               void *ctx);
    struct status (*blob_replace)(struct store *s, const struct named_blob *blobs, size_t count,
                                  const struct audit_entry *audit);

    /* A specification that is present has content, or (replacement) that of the same slot of the row. */
    struct status (*service_create)(struct store *s, const struct service_write *w,
                                    const struct audit_entry *audit);
    struct status (*service_replace)(struct store *s, const struct service_write *w,
                                     const struct audit_entry *audit);
    struct status (*service_call_set)(struct store *s, const struct service_call_write *w,
                                      const struct audit_entry *audit);
    struct status (*service_delete)(struct store *s, struct text tenant, struct text application,
                                    const uint8_t id[static SERVICE_ID_SIZE], int64_t expected_revision,
                                    const struct audit_entry *audit);
    /* An empty application is any. */
    struct status (*service_get)(struct store *s, struct text tenant, struct text application,
                                 const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                 struct service *out, struct service_secret *secrets);
    /* `identifier` may be empty. */
    struct status (*service_identifier)(struct store *s, struct text tenant, struct text application,
                                        struct text identifier, bool *out_taken);
    struct status (*service_named)(struct store *s, struct text tenant, struct text application,
                                   const uint8_t *bundle, struct text path_name, unsigned most,
                                   struct arena *a, service_row *row, void *ctx);
    struct status (*member_list)(struct store *s, const struct member_filter *f,
                                 const struct offset_page *page, struct arena *a, service_row *row, void *ctx,
                                 uint64_t *out_total);
    /* After the row of this number (0: from the start), which is what *out_next names. A page also ends when
     * service_fills_page says so. */
    struct status (*service_list)(struct store *s, const struct service_filter *f, int64_t after,
                                  unsigned limit, unsigned scan_max, struct arena *a, service_row *row,
                                  void *ctx, int64_t *out_next);
    struct status (*specification_get)(struct store *s, struct text tenant,
                                       const uint8_t hash[static SHA256_SIZE], struct arena *a,
                                       struct specification_row *out);

    struct status (*secret_replace)(struct store *s, struct text tenant,
                                    const uint8_t id[static SERVICE_ID_SIZE], enum secret_slot slot,
                                    int64_t expected_revision, int64_t now, const struct secret_write *w,
                                    const struct audit_entry *audit);
    struct status (*secret_history)(struct store *s, struct text tenant,
                                    const uint8_t id[static SERVICE_ID_SIZE], enum secret_slot slot,
                                    struct arena *a, secret_history_row *row, void *ctx);
    struct status (*sealed_list)(struct store *s, const struct sealed_position *after, unsigned limit,
                                 struct arena *a, sealed_row *row, void *ctx);
    struct status (*sealed_exchange)(struct store *s, const struct sealed_exchange *list, size_t count);
    struct status (*registry_counts)(struct store *s, struct registry_counts *out);

    struct status (*kept_secret_put)(struct store *s, const struct kept_secret_write *w,
                                     const struct audit_entry *audit, bool *out_new);
    struct status (*kept_secret_get)(struct store *s, struct text tenant, struct text name, struct arena *a,
                                     struct kept_secret *out);
    struct status (*kept_secret_delete)(struct store *s, struct text tenant, struct text name,
                                        int64_t expected_revision, const struct audit_entry *audit);
    struct status (*kept_secret_list)(struct store *s, struct text tenant, struct text after, unsigned limit,
                                      struct arena *a, kept_secret_row *row, void *ctx);

    struct status (*instance_auth_create)(struct store *s, const struct instance_auth *i,
                                          const struct audit_entry *audit);
    struct status (*instance_auth_replace)(struct store *s, const struct instance_auth *i,
                                           const struct audit_entry *audit);
    struct status (*instance_auth_get)(struct store *s, struct text tenant,
                                       const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                       struct instance_auth *out);
    struct status (*instance_auth_list)(struct store *s, struct text tenant,
                                        const uint8_t bundle[static SERVICE_ID_SIZE], struct arena *a,
                                        instance_auth_row *row, void *ctx);
    struct status (*instance_auth_delete)(struct store *s, struct text tenant,
                                          const uint8_t id[static SERVICE_ID_SIZE],
                                          const struct audit_entry *audit);

    /* By key, or by external id. */
    struct status (*tenant_create)(struct store *s, const struct tenant *t, const struct audit_entry *audit);
    struct status (*tenant_read)(struct store *s, bool by_key, struct text value, struct arena *a,
                                 struct tenant *out);
    struct status (*tenant_delete)(struct store *s, struct text external_id, const struct audit_entry *audit);
    struct status (*tenant_list)(struct store *s, struct text contains, const struct offset_page *page,
                                 struct arena *a, tenant_row *row, void *ctx, uint64_t *out_total);
    struct status (*object_create)(struct store *s, const struct object *o, const struct audit_entry *audit);
    struct status (*object_get)(struct store *s, enum object_kind kind, struct text tenant,
                                const uint8_t id[static OBJECT_ID_SIZE], struct arena *a, struct object *out);
    struct status (*object_named)(struct store *s, enum object_kind kind, struct text tenant,
                                  struct text name, struct arena *a, struct object *out);
    struct status (*object_update)(struct store *s, enum object_kind kind, struct text tenant,
                                   const uint8_t id[static OBJECT_ID_SIZE],
                                   const struct object_change *change, const struct audit_entry *audit);
    struct status (*object_delete)(struct store *s, enum object_kind kind, struct text tenant,
                                   const uint8_t id[static OBJECT_ID_SIZE], const struct audit_entry *audit,
                                   struct buffer *out_fingerprints);
    struct status (*object_list)(struct store *s, const struct object_filter *f,
                                 const struct offset_page *page, struct arena *a, object_row *row, void *ctx,
                                 uint64_t *out_total);
    struct status (*auth_create)(struct store *s, const struct system_auth *auth,
                                 const struct audit_entry *audit);
    struct status (*auth_get)(struct store *s, const struct text *tenant,
                              const uint8_t id[static OBJECT_ID_SIZE], int64_t now, struct arena *a,
                              struct system_auth *out);
    struct status (*auth_list)(struct store *s, enum object_kind kind, struct text tenant,
                               const uint8_t object[static OBJECT_ID_SIZE], int64_t now, struct arena *a,
                               system_auth_row *row, void *ctx);
    struct status (*auth_delete)(struct store *s, struct text tenant, const uint8_t id[static OBJECT_ID_SIZE],
                                 const struct audit_entry *audit, struct buffer *out_fingerprints);
    struct status (*auth_purge)(struct store *s, int64_t before, unsigned max,
                                uint8_t at[static OBJECT_ID_SIZE], unsigned *out_count);
    struct status (*operator_create)(struct store *s, const struct operator_row *o,
                                     const struct audit_entry *audit);
    struct status (*operator_find)(struct store *s, const uint8_t hash[static SHA256_SIZE], struct arena *a,
                                   struct operator_row *out);
    struct status (*operator_list)(struct store *s, struct arena *a, operator_each *row, void *ctx);
    struct status (*operator_delete)(struct store *s, struct text name, const struct audit_entry *audit);
    struct status (*operator_update)(struct store *s, struct text name, const struct operator_change *change,
                                     const struct audit_entry *audit, struct arena *a,
                                     struct operator_row *out);
    struct status (*operator_used)(struct store *s, struct text name, int64_t at);

    struct status (*subject_mapping_create)(struct store *s, const struct subject_mapping *m,
                                            const struct audit_entry *audit);
    struct status (*subject_mapping_replace)(struct store *s, const struct subject_mapping *m,
                                             const struct audit_entry *audit);
    struct status (*subject_mapping_delete)(struct store *s, const uint8_t id[static UUID_SIZE],
                                            const struct audit_entry *audit);
    struct status (*subject_mapping_get)(struct store *s, const uint8_t id[static UUID_SIZE], struct arena *a,
                                         struct subject_mapping *out);
    struct status (*subject_mapping_find)(struct store *s, struct text subject, struct arena *a,
                                          struct subject_mapping *out);
    struct status (*subject_mapping_list)(struct store *s, const struct offset_page *page, struct arena *a,
                                          subject_mapping_row *row, void *ctx, uint64_t *out_total);

    struct status (*counts)(struct store *s, int64_t now, struct store_counts *out);
    struct status (*backup)(struct store *s, const char *path, struct error *err);
    struct status (*check)(struct store *s, struct error *err);
};

/* First member of every backend's own struct. */
struct store {
    const struct store_ops *ops;
};

/* `path` is what follows "sqlite:". */
struct status sqlite_store_open(struct text path, const struct store_settings *settings, struct store **out,
                                struct error *err);
struct status memory_store_open(struct store **out, struct error *err);

/* ---- rules that backends share ---- */

#define TOKEN_ID_BYTES 6 /* of the hash; twelve hex digits */

/* The state a token shows at `now`: TOKEN_EXPIRED is never stored. A token is active before expires_at, not
 * at it. */
enum token_state token_state_at(enum token_state stored, int64_t expires_at, int64_t now);
struct text token_id(const uint8_t hash[static SHA256_SIZE],
                     struct arena *a); /* {NULL, 0} when out of memory */
/* Who ended a token by using it: the address, which a person can act on, or else the actor. */
struct text audit_consumer(const struct audit_entry *audit);
/* One occurrence, unless the entry says otherwise. */
int64_t audit_count(const struct audit_entry *e);
int64_t audit_last_at(const struct audit_entry *e);
/* The digests that begin with these hex digits: low and high, both included. False unless lower hex, at most
 * 64 digits. */
bool digest_range(struct text hex_prefix, uint8_t low[static SHA256_SIZE], uint8_t high[static SHA256_SIZE]);
bool text_has(struct text t, struct text part); /* substring, byte for byte */

/* Of a list of instance auths: the bytes after which it ends. */
#define INSTANCE_AUTHS_BYTES (4u * 1024 * 1024)
size_t instance_auth_bytes(const struct instance_auth *i);
/* How an instance auth shows whose runtime has gone. */
#define INSTANCE_ORPHAN_REASON  "PendingDeletion"
#define INSTANCE_ORPHAN_MESSAGE "Its runtime was unregistered: the application may delete it."

/* An application's labels as they are stored: "{}" for none. */
struct text labels_or_none(struct text labels);
/* Whether a row (tenant included) is what the filter asks for. */
bool service_is_wanted(const struct service_filter *f, const struct service *s);
/* Adds the row's bytes to *bytes; true when a page has enough of them: a thousand rows with the longest
 * descriptions would be more than a request's arena holds. */
bool service_fills_page(const struct service *s, size_t *bytes);
/* Copies the row's texts (from a buffer that is about to go) into the arena. */
struct status service_copy(const struct service *from, struct arena *a, struct service *out);
/* A place that sealed_place_read gave; positions are positive, and {0, 0} is the start. False: no place
 * of ours. */
bool sealed_place_read(const struct sealed_place *place, struct sealed_position *out);
struct sealed_place sealed_place_of(enum sealed_table table, int64_t id);
