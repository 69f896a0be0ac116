/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the parts of the memory backend's registry share; private to src/store/memory*.c. Services are in the
 * order of registration; finding one by its id reads them all, which is what this backend can afford. */

#include "store/memory_store.h"

struct memory_service {
    struct service s; /* of its specification_refs' content, `specifications` counts the references */
    int64_t row;      /* order of registration; the key */
};
struct memory_secret {
    int64_t row; /* of the service; with slot the key */
    enum secret_slot slot;
    struct service_secret s;
};
struct memory_history {
    struct secret_history h; /* sequence is the key */
    int64_t row;
    enum secret_slot slot;
};
struct memory_specification {
    struct specification_row r;
    struct text tenant; /* with r.hash the key */
    int64_t refs;
};

struct memory_kept {
    struct kept_secret k; /* tenant and name are the key */
    int64_t id;           /* order of creation */
};

struct memory_instance {
    struct instance_auth i;
    int64_t number; /* order of creation; the key */
};

extern const struct memory_shape memory_kept_shape, memory_instance_shape;
extern const struct memory_shape memory_service_shape, memory_service_given_shape, memory_secret_shape,
    memory_history_shape, memory_specification_shape;

/* ---- under the lock; nothing but a stage_ function can fail ---- */

/* An empty application is any. NULL when there is none. */
struct memory_service *memory_service_find(const struct memory_store *m, struct text tenant,
                                           struct text application, const uint8_t id[static SERVICE_ID_SIZE]);
/* All services of an application with all they have. */
void memory_service_delete_all(struct memory_store *m, struct text tenant, struct text application);

bool memory_is_member_of(const struct service *s, const uint8_t bundle[static SERVICE_ID_SIZE]);
/* The APIs of a bundle have its kind of credentials; cannot fail, nor can the next. */
void memory_member_set_kind(struct memory_store *m, const uint8_t bundle[static SERVICE_ID_SIZE], int kind,
                            int64_t now);
void memory_instance_auth_delete_all(struct memory_store *m, const uint8_t bundle[static SERVICE_ID_SIZE]);
/* Those of a runtime that is deleted become UNUSED. */
struct status memory_stage_orphans(struct memory_store *m, struct memory_stage *stage, struct text tenant,
                                   const uint8_t runtime[static SERVICE_ID_SIZE], int64_t now);

struct memory_secret *memory_secret_find(const struct memory_store *m, int64_t row, enum secret_slot slot);
/* A new secret and the history of what it replaces; removals are left to memory_secret_settle. */
struct status memory_stage_secret(struct memory_store *m, struct memory_stage *stage, int64_t row,
                                  enum secret_slot slot, int64_t now, const struct secret_write *w);
/* After the commit: removes what was to be removed, and the history beyond its maximum. */
void memory_secret_settle(struct memory_store *m, int64_t row, enum secret_slot slot,
                          const struct secret_write *w);
void memory_secret_delete_all(struct memory_store *m, int64_t row);

struct memory_specification *memory_specification_find(const struct memory_store *m, struct text tenant,
                                                       const uint8_t hash[static SHA256_SIZE]);
/* Content without references, unless it is there already. */
struct status memory_stage_specification(struct memory_store *m, struct memory_stage *stage,
                                         struct text tenant, const struct specification_row *content);
/* After the commit: counts the references of a service, or takes them back; the last one takes the content
 * along. */
void memory_specification_take(struct memory_store *m, const struct service *s);
void memory_specification_release(struct memory_store *m, const struct service *s);

/* ---- the table ---- */

struct status memory_service_create(struct store *s, const struct service_write *w,
                                    const struct audit_entry *audit);
struct status memory_service_replace(struct store *s, const struct service_write *w,
                                     const struct audit_entry *audit);
struct status memory_service_call_set(struct store *s, const struct service_call_write *w,
                                      const struct audit_entry *audit);
struct status memory_service_delete(struct store *s, struct text tenant, struct text application,
                                    const uint8_t id[static SERVICE_ID_SIZE], int64_t expected_revision,
                                    const struct audit_entry *audit);
struct status memory_service_get(struct store *s, struct text tenant, struct text application,
                                 const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                 struct service *out, struct service_secret *secrets);
struct status memory_service_identifier(struct store *s, struct text tenant, struct text application,
                                        struct text identifier, bool *out_taken);
struct status memory_service_named(struct store *s, struct text tenant, struct text application,
                                   const uint8_t *bundle, struct text path_name, unsigned most,
                                   struct arena *a, service_row *row, void *ctx);
struct status memory_service_list(struct store *s, const struct service_filter *f, int64_t after,
                                  unsigned limit, unsigned scan_max, struct arena *a, service_row *row,
                                  void *ctx, int64_t *out_next);
struct status memory_specification_get(struct store *s, struct text tenant,
                                       const uint8_t hash[static SHA256_SIZE], struct arena *a,
                                       struct specification_row *out);
struct status memory_secret_replace(struct store *s, struct text tenant,
                                    const uint8_t id[static SERVICE_ID_SIZE], enum secret_slot slot,
                                    int64_t expected_revision, int64_t now, const struct secret_write *w,
                                    const struct audit_entry *audit);
struct status memory_secret_history(struct store *s, struct text tenant,
                                    const uint8_t id[static SERVICE_ID_SIZE], enum secret_slot slot,
                                    struct arena *a, secret_history_row *row, void *ctx);
struct status memory_sealed_list(struct store *s, const struct sealed_position *after, unsigned limit,
                                 struct arena *a, sealed_row *row, void *ctx);
struct status memory_sealed_exchange(struct store *s, const struct sealed_exchange *list, size_t count);
struct status memory_registry_counts(struct store *s, struct registry_counts *out);

struct status memory_kept_secret_put(struct store *s, const struct kept_secret_write *w,
                                     const struct audit_entry *audit, bool *out_new);
struct status memory_kept_secret_get(struct store *s, struct text tenant, struct text name, struct arena *a,
                                     struct kept_secret *out);
struct status memory_kept_secret_delete(struct store *s, struct text tenant, struct text name,
                                        int64_t expected_revision, const struct audit_entry *audit);
struct status memory_kept_secret_list(struct store *s, struct text tenant, struct text after, unsigned limit,
                                      struct arena *a, kept_secret_row *row, void *ctx);

struct status memory_member_list(struct store *s, const struct member_filter *f,
                                 const struct offset_page *page, struct arena *a, service_row *row, void *ctx,
                                 uint64_t *out_total);
struct status memory_instance_auth_create(struct store *s, const struct instance_auth *i,
                                          const struct audit_entry *audit);
struct status memory_instance_auth_replace(struct store *s, const struct instance_auth *i,
                                           const struct audit_entry *audit);
struct status memory_instance_auth_get(struct store *s, struct text tenant,
                                       const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                       struct instance_auth *out);
struct status memory_instance_auth_list(struct store *s, struct text tenant,
                                        const uint8_t bundle[static SERVICE_ID_SIZE], struct arena *a,
                                        instance_auth_row *row, void *ctx);
struct status memory_instance_auth_delete(struct store *s, struct text tenant,
                                          const uint8_t id[static SERVICE_ID_SIZE],
                                          const struct audit_entry *audit);
