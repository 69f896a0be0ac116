/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the SQLite files of the Director's records share with the others; private to src/store/sqlite*.c. */

#include "store/directory.h"
#include "store/sqlite_store.h"

/* For a row that a transaction reads before it changes it. */
#define OBJECT_ROOM     4096
#define OBJECT_ROOM_MAX (4u * 1024 * 1024)

/* ---- inside a writer's transaction ---- */

/* The row that every application has, with its labels. `id` all zero: a new one. */
struct status sqlite_object_add_application(struct sqlite_txn *t, const struct application *app);
/* After another face changed the application: revision and labels. */
struct status sqlite_object_touch(struct sqlite_txn *t, struct text tenant, struct text name, int64_t now,
                                  const struct text *labels);
/* The application's row with its labels and system auths. */
struct status sqlite_object_forget(struct sqlite_txn *t, const struct audit_entry *audit, struct text tenant,
                                   struct text name, struct buffer *out_fingerprints);
/* All system auths of an object with their open tokens; their certificates are revoked and appended. */
struct status sqlite_auths_delete(struct sqlite_txn *t, const struct audit_entry *audit, struct text tenant,
                                  const uint8_t object[static OBJECT_ID_SIZE],
                                  struct buffer *out_fingerprints);
/* E_NOT_FOUND unless the auth is the tenant's; ends its active token. */
struct status sqlite_auth_replace_token(struct sqlite_txn *t, const struct token *token,
                                        const struct audit_entry *audit);
/* sqlite_application.c: the table's row alone; all that a change of it and deleting it do but the audit row.
 */
struct status sqlite_application_insert(struct sqlite_txn *t, const struct application *app, bool *out_made);
struct status sqlite_application_change(struct sqlite_txn *t, struct text tenant, struct text name,
                                        const struct application_change *change);
struct status sqlite_application_remove(struct sqlite_txn *t, const struct audit_entry *audit,
                                        struct text tenant, struct text name,
                                        struct buffer *out_fingerprints);
/* sqlite_certificate.c: one of a deleted system auth. */
struct status sqlite_revoke_one(struct sqlite_txn *t, const uint8_t fingerprint[static SHA256_SIZE],
                                struct text tenant, struct text reason, int64_t now, bool *out_changed);

/* ---- the table: each fills the entry of store_ops named so ---- */
struct status sqlite_tenant_create(struct store *s, const struct tenant *t, const struct audit_entry *audit);
struct status sqlite_tenant_read(struct store *s, bool by_key, struct text value, struct arena *a,
                                 struct tenant *out);
struct status sqlite_tenant_delete(struct store *s, struct text external_id, const struct audit_entry *audit);
struct status sqlite_tenant_list(struct store *s, struct text contains, const struct offset_page *page,
                                 struct arena *a, tenant_row *row, void *ctx, uint64_t *out_total);

struct status sqlite_object_create(struct store *s, const struct object *o, const struct audit_entry *audit);
struct status sqlite_object_get(struct store *s, enum object_kind kind, struct text tenant,
                                const uint8_t id[static OBJECT_ID_SIZE], struct arena *a, struct object *out);
struct status sqlite_object_named(struct store *s, enum object_kind kind, struct text tenant,
                                  struct text name, struct arena *a, struct object *out);
struct status sqlite_object_update(struct store *s, enum object_kind kind, struct text tenant,
                                   const uint8_t id[static OBJECT_ID_SIZE],
                                   const struct object_change *change, const struct audit_entry *audit);
struct status sqlite_object_delete(struct store *s, enum object_kind kind, struct text tenant,
                                   const uint8_t id[static OBJECT_ID_SIZE], const struct audit_entry *audit,
                                   struct buffer *out_fingerprints);
struct status sqlite_object_list(struct store *s, const struct object_filter *f,
                                 const struct offset_page *page, struct arena *a, object_row *row, void *ctx,
                                 uint64_t *out_total);
/* Reads SQL_OBJECT_COLUMNS. */
struct status sqlite_object_read(struct sqlite_query *q, struct arena *a, struct object *out);
/* The SQL function label_contains(labels, key, wanted), on every connection. */
struct status sqlite_label_function(sqlite3 *handle);

struct status sqlite_auth_create(struct store *s, const struct system_auth *auth,
                                 const struct audit_entry *audit);
struct status sqlite_auth_get(struct store *s, const struct text *tenant,
                              const uint8_t id[static OBJECT_ID_SIZE], int64_t now, struct arena *a,
                              struct system_auth *out);
struct status sqlite_auth_list(struct store *s, enum object_kind kind, struct text tenant,
                               const uint8_t object[static OBJECT_ID_SIZE], int64_t now, struct arena *a,
                               system_auth_row *row, void *ctx);
struct status sqlite_auth_delete(struct store *s, struct text tenant, const uint8_t id[static OBJECT_ID_SIZE],
                                 const struct audit_entry *audit, struct buffer *out_fingerprints);

struct status sqlite_auth_purge(struct store *s, int64_t before, unsigned max,
                                uint8_t at[static OBJECT_ID_SIZE], unsigned *out_count);
struct status sqlite_operator_create(struct store *s, const struct operator_row *o,
                                     const struct audit_entry *audit);
struct status sqlite_operator_find(struct store *s, const uint8_t hash[static SHA256_SIZE], struct arena *a,
                                   struct operator_row *out);
struct status sqlite_operator_list(struct store *s, struct arena *a, operator_each *row, void *ctx);
struct status sqlite_operator_delete(struct store *s, struct text name, const struct audit_entry *audit);
struct status sqlite_operator_update(struct store *s, struct text name, const struct operator_change *change,
                                     const struct audit_entry *audit, struct arena *a,
                                     struct operator_row *out);
struct status sqlite_operator_used(struct store *s, struct text name, int64_t at);
