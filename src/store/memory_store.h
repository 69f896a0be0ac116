/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the parts of the memory backend share; private to src/store/memory*.c. Each memory_x function fills
 * the entry of store_ops named x. */

#include <pthread.h>

#include "base/buffer.h"
#include "store/backend.h"
#include "store/memory_table.h"

struct memory_certificate {
    struct certificate c; /* state and revocation are not kept here but looked up */
    uint64_t sequence;    /* order of issue */
};

struct memory_revocation {
    uint8_t fingerprint[SHA256_SIZE];
    int64_t revoked_at;
    struct text reason;
};

struct memory_store {
    struct store base;
    pthread_mutex_t lock; /* guards what follows */
    struct memory_table audit, applications, tokens, certificates, serials, revocations, blobs;
    struct memory_table services, secrets, histories, specifications, kept_secrets, instances;
    struct memory_table tenants, objects, auths, operators; /* memory_directory.c */
    struct memory_table mappings;                           /* memory_mapping.c */
    int64_t last_audit_id;
    int64_t last_service, last_history, last_kept, last_instance;
    uint64_t last_sequence;
    int64_t operations;
};

/* Holds the lock to the end of the scope: OWNED(memory_unlock) struct memory_store *m = memory_lock(s); */
struct memory_store *memory_lock(struct store *s);
void memory_unlock(struct memory_store *m);
OWNABLE(struct memory_store, memory_unlock);

extern const struct memory_shape memory_audit_shape, memory_application_shape, memory_token_shape,
    memory_certificate_shape, memory_revocation_shape, memory_blob_shape;

/* ---- under the lock ---- */

struct status memory_stage_audit(struct memory_store *m, struct memory_stage *stage,
                                 const struct audit_entry *audit);
/* E_CONFLICT when the token is unknown or not active at `now`. */
struct status memory_stage_token_use(struct memory_store *m, struct memory_stage *stage,
                                     const uint8_t hash[static SHA256_SIZE], int64_t now,
                                     const struct audit_entry *audit);
struct application *memory_application(struct memory_store *m, struct text tenant,
                                       struct text name); /* or NULL */
/* A new one, without services; its row alone, and with the Director's. */
struct status memory_stage_application_row(struct memory_store *m, struct memory_stage *stage,
                                           const struct application *app);
struct status memory_stage_application(struct memory_store *m, struct memory_stage *stage,
                                       const struct application *app);
struct memory_revocation *memory_revocation_of(const struct memory_store *m,
                                               const uint8_t fingerprint[static SHA256_SIZE]);
/* E_DENIED when the certificate that the write is made with is revoked. */
struct status memory_caller_check(const struct memory_store *m, const struct audit_entry *audit);
struct status memory_stage_revoke_all(struct memory_store *m, struct memory_stage *stage, struct text tenant,
                                      struct text application, struct text reason, int64_t now,
                                      struct buffer *fingerprints);
int64_t memory_count_active(const struct memory_store *m, int64_t now, int64_t *out_soonest_expiry);
int64_t memory_count_live_tokens(const struct memory_store *m, int64_t now);
/* Deletes an application's unused tokens; cannot fail. */
void memory_delete_open_tokens(struct memory_store *m, struct text tenant, struct text application);

/* ---- the table ---- */

struct status memory_application_create(struct store *s, const struct application *app,
                                        const struct audit_entry *audit);
struct status memory_application_get(struct store *s, struct text tenant, struct text name, struct arena *a,
                                     struct application *out);
struct status memory_application_list(struct store *s, struct text contains,
                                      const struct application_position *after, unsigned limit,
                                      struct arena *a, application_row *row, void *ctx);
struct status memory_application_delete(struct store *s, struct text tenant, struct text name,
                                        const struct audit_entry *audit, struct buffer *out_fingerprints);
struct status memory_application_update(struct store *s, struct text tenant, struct text name,
                                        const struct application_change *change,
                                        const struct audit_entry *audit);
struct status memory_application_certificates(struct store *s, struct text tenant, struct text name,
                                              unsigned most, unsigned *out_count);
struct status memory_application_seen(struct store *s, const struct last_seen *seen, size_t count);

struct status memory_token_create(struct store *s, const struct token_create *in,
                                  const struct audit_entry *audit);
struct status memory_token_find(struct store *s, const uint8_t hash[static SHA256_SIZE], int64_t now,
                                struct arena *a, struct token *out);
struct status memory_token_exchange(struct store *s, const uint8_t old[static SHA256_SIZE],
                                    const struct token *next, int64_t now, const struct audit_entry *audit);
struct status memory_token_list(struct store *s, const struct token_filter *f,
                                const struct token_position *after, unsigned limit, struct arena *a,
                                token_row *row, void *ctx);
struct status memory_token_revoke(struct store *s, const uint8_t low[static SHA256_SIZE],
                                  const uint8_t high[static SHA256_SIZE], int64_t now,
                                  const struct audit_entry *audit);
struct status memory_token_purge(struct store *s, int64_t before, unsigned max, unsigned *out_count);

struct status memory_certificate_issue(struct store *s, const struct certificate_issue *in,
                                       const struct audit_entry *audit);
struct status memory_certificate_find(struct store *s, const uint8_t fingerprint[static SHA256_SIZE],
                                      bool with_der, struct arena *a, struct certificate *out);
struct status memory_certificate_revoke(struct store *s, const uint8_t fingerprint[static SHA256_SIZE],
                                        struct text reason, int64_t now, const struct audit_entry *audit,
                                        bool *out_was_revoked);
struct status memory_certificate_revoke_application(struct store *s, struct text tenant,
                                                    struct text application, struct text reason, int64_t now,
                                                    const struct audit_entry *audit,
                                                    struct buffer *out_fingerprints);
struct status memory_certificate_list(struct store *s, const struct certificate_filter *f,
                                      const struct certificate_position *after, unsigned limit,
                                      struct arena *a, certificate_row *row, void *ctx);
