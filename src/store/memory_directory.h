/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the memory files of the Director's records share with the others; private to src/store/memory*.c. Each
 * memory_x function fills the entry of store_ops named x. */

#include "store/directory.h"
#include "store/memory_store.h"

/* ---- under the lock ---- */

void memory_directory_open(struct memory_store *m);
void memory_directory_close(struct memory_store *m);

/* The row that every application has. */
struct status memory_stage_object_of(struct memory_store *m, struct memory_stage *stage,
                                     const struct application *app);
/* After another face changed the application. */
struct status memory_stage_object_touch(struct memory_store *m, struct memory_stage *stage,
                                        struct text tenant, struct text name, int64_t now);
/* The application's row and its system auths; cannot fail. */
void memory_object_forget(struct memory_store *m, struct text tenant, struct text name);
void memory_auths_remove(struct memory_store *m, const uint8_t object[static OBJECT_ID_SIZE]);
/* The active certificates of an object's system auths. */
struct status memory_stage_revoke_auths(struct memory_store *m, struct memory_stage *stage,
                                        const uint8_t object[static OBJECT_ID_SIZE], int64_t now,
                                        struct buffer *fingerprints);
/* memory_application.c, memory_certificate.c */
struct status memory_remove_application(struct memory_store *m, struct text tenant, struct text name,
                                        const struct audit_entry *audit, struct buffer *out_fingerprints);
struct status memory_stage_revocation(struct memory_store *m, struct memory_stage *stage,
                                      const uint8_t fingerprint[static SHA256_SIZE], struct text reason,
                                      int64_t now);
bool memory_auth_exists(const struct memory_store *m, struct text tenant, struct bytes id);

/* ---- the table ---- */
struct status memory_tenant_create(struct store *s, const struct tenant *t, const struct audit_entry *audit);
struct status memory_tenant_read(struct store *s, bool by_key, struct text value, struct arena *a,
                                 struct tenant *out);
struct status memory_tenant_delete(struct store *s, struct text external_id, const struct audit_entry *audit);
struct status memory_tenant_list(struct store *s, struct text contains, const struct offset_page *page,
                                 struct arena *a, tenant_row *row, void *ctx, uint64_t *out_total);

struct status memory_object_create(struct store *s, const struct object *o, const struct audit_entry *audit);
struct status memory_object_get(struct store *s, enum object_kind kind, struct text tenant,
                                const uint8_t id[static OBJECT_ID_SIZE], struct arena *a, struct object *out);
struct status memory_object_named(struct store *s, enum object_kind kind, struct text tenant,
                                  struct text name, struct arena *a, struct object *out);
struct status memory_object_update(struct store *s, enum object_kind kind, struct text tenant,
                                   const uint8_t id[static OBJECT_ID_SIZE],
                                   const struct object_change *change, const struct audit_entry *audit);
struct status memory_object_delete(struct store *s, enum object_kind kind, struct text tenant,
                                   const uint8_t id[static OBJECT_ID_SIZE], const struct audit_entry *audit,
                                   struct buffer *out_fingerprints);
struct status memory_object_list(struct store *s, const struct object_filter *f,
                                 const struct offset_page *page, struct arena *a, object_row *row, void *ctx,
                                 uint64_t *out_total);

struct status memory_auth_create(struct store *s, const struct system_auth *auth,
                                 const struct audit_entry *audit);
struct status memory_auth_get(struct store *s, const struct text *tenant,
                              const uint8_t id[static OBJECT_ID_SIZE], int64_t now, struct arena *a,
                              struct system_auth *out);
struct status memory_auth_list(struct store *s, enum object_kind kind, struct text tenant,
                               const uint8_t object[static OBJECT_ID_SIZE], int64_t now, struct arena *a,
                               system_auth_row *row, void *ctx);
struct status memory_auth_delete(struct store *s, struct text tenant, const uint8_t id[static OBJECT_ID_SIZE],
                                 const struct audit_entry *audit, struct buffer *out_fingerprints);

struct status memory_auth_purge(struct store *s, int64_t before, unsigned max,
                                uint8_t at[static OBJECT_ID_SIZE], unsigned *out_count);
struct status memory_operator_create(struct store *s, const struct operator_row *o,
                                     const struct audit_entry *audit);
struct status memory_operator_find(struct store *s, const uint8_t hash[static SHA256_SIZE], struct arena *a,
                                   struct operator_row *out);
struct status memory_operator_list(struct store *s, struct arena *a, operator_each *row, void *ctx);
struct status memory_operator_delete(struct store *s, struct text name, const struct audit_entry *audit);
struct status memory_operator_update(struct store *s, struct text name, const struct operator_change *change,
                                     const struct audit_entry *audit, struct arena *a,
                                     struct operator_row *out);
struct status memory_operator_used(struct store *s, struct text name, int64_t at);
