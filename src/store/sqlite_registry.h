/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the parts of the SQLite backend's registry share; private to src/store/sqlite*.c. Each sqlite_x
 * function without a transaction fills the entry of store_ops named x. */

#include "store/sqlite_store.h"

/* ---- inside a writer's transaction ---- */

/* What a change needs to know of a service as it stands. */
struct service_state {
    int64_t row; /* service.id */
    int64_t revision;
    enum service_role role;
    int credential_kind;
    int64_t specifications[SPECIFICATION_SLOTS]; /* specification.id; 0 = none */
};

/* An empty application is any. E_NOT_FOUND. */
struct status sqlite_service_state(struct sqlite_txn *t, struct text tenant, struct text application,
                                   const uint8_t id[static SERVICE_ID_SIZE], struct service_state *out);
/* The next row of SQL_SERVICE_STATE_COLUMNS. E_NOT_FOUND: there is none. */
struct status sqlite_service_state_read(struct sqlite_query *q, struct service_state *out);
/* All services of an application that is being deleted, with all they have. */
struct status sqlite_service_delete_all(struct sqlite_txn *t, struct text tenant, struct text application);
/* A row of table `change`. */
struct status sqlite_service_changed(struct sqlite_txn *t, struct text tenant,
                                     const uint8_t id[static SERVICE_ID_SIZE]);

/* The bundle that a new service is to be in; zeros for one that is in none. E_NOT_FOUND. */
struct status sqlite_member_bundle(struct sqlite_txn *t, const struct service *s, struct service_state *out);
/* The APIs of the bundle in this row have its kind of credentials. */
struct status sqlite_member_set_kind(struct sqlite_txn *t, int64_t row, int kind, int64_t now);
/* Any one of what is in the bundle in this row. E_NOT_FOUND. */
struct status sqlite_member_first(struct sqlite_txn *t, int64_t row, struct service_state *out);
/* All instance auths of the service in this row. */
struct status sqlite_instance_auth_delete_all(struct sqlite_txn *t, int64_t row);
/* Those of a runtime that is deleted become UNUSED. */
struct status sqlite_instance_auth_orphan(struct sqlite_txn *t, struct text tenant,
                                          const uint8_t runtime[static SERVICE_ID_SIZE], int64_t now);

/* One more reference, to content that is there already or is put in now. */
struct status sqlite_specification_take(struct sqlite_txn *t, struct text tenant,
                                        const struct specification_row *content, int64_t *out_id);
/* One reference less; the last one takes the content with it. 0 does nothing. */
struct status sqlite_specification_release(struct sqlite_txn *t, int64_t id);
/* *out_id is 0 when there is none. */
struct status sqlite_specification_id(struct sqlite_txn *t, struct text tenant,
                                      const uint8_t hash[static SHA256_SIZE], int64_t *out_id);

/* The change of one secret of the service in this row. */
struct status sqlite_secret_write(struct sqlite_txn *t, struct text tenant, int64_t row,
                                  enum secret_slot slot, int64_t now, const struct secret_write *w);
/* All secrets of a service and their history. */
struct status sqlite_secret_delete_all(struct sqlite_txn *t, int64_t row);

/* ---- reading ---- */

/* Reads SQL_SERVICE_COLUMNS; the texts are valid until the next step. */
struct status sqlite_service_read(struct sqlite_query *q, struct service *out, int64_t *out_row);
/* Goes on with SQL_SERVICE_UNLISTED, likewise. */
void sqlite_service_read_unlisted(struct sqlite_query *q, struct service *out);

/* Gives all rows of a query of both, in the arena. */
struct status sqlite_service_give(struct sqlite_query *q, struct arena *a, service_row *row, void *ctx,
                                  unsigned *out_given);

/* ---- the table ---- */

struct status sqlite_service_create(struct store *s, const struct service_write *w,
                                    const struct audit_entry *audit);
struct status sqlite_service_replace(struct store *s, const struct service_write *w,
                                     const struct audit_entry *audit);
struct status sqlite_service_call_set(struct store *s, const struct service_call_write *w,
                                      const struct audit_entry *audit);
struct status sqlite_service_delete(struct store *s, struct text tenant, struct text application,
                                    const uint8_t id[static SERVICE_ID_SIZE], int64_t expected_revision,
                                    const struct audit_entry *audit);
struct status sqlite_service_get(struct store *s, struct text tenant, struct text application,
                                 const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                 struct service *out, struct service_secret *secrets);
struct status sqlite_service_identifier(struct store *s, struct text tenant, struct text application,
                                        struct text identifier, bool *out_taken);
struct status sqlite_service_named(struct store *s, struct text tenant, struct text application,
                                   const uint8_t *bundle, struct text path_name, unsigned most,
                                   struct arena *a, service_row *row, void *ctx);
struct status sqlite_service_list(struct store *s, const struct service_filter *f, int64_t after,
                                  unsigned limit, unsigned scan_max, struct arena *a, service_row *row,
                                  void *ctx, int64_t *out_next);
struct status sqlite_specification_get(struct store *s, struct text tenant,
                                       const uint8_t hash[static SHA256_SIZE], struct arena *a,
                                       struct specification_row *out);
struct status sqlite_secret_replace(struct store *s, struct text tenant,
                                    const uint8_t id[static SERVICE_ID_SIZE], enum secret_slot slot,
                                    int64_t expected_revision, int64_t now, const struct secret_write *w,
                                    const struct audit_entry *audit);
struct status sqlite_secret_history(struct store *s, struct text tenant,
                                    const uint8_t id[static SERVICE_ID_SIZE], enum secret_slot slot,
                                    struct arena *a, secret_history_row *row, void *ctx);
struct status sqlite_sealed_list(struct store *s, const struct sealed_position *after, unsigned limit,
                                 struct arena *a, sealed_row *row, void *ctx);
struct status sqlite_sealed_exchange(struct store *s, const struct sealed_exchange *list, size_t count);
struct status sqlite_registry_counts(struct store *s, struct registry_counts *out);

struct status sqlite_kept_secret_put(struct store *s, const struct kept_secret_write *w,
                                     const struct audit_entry *audit, bool *out_new);
struct status sqlite_kept_secret_get(struct store *s, struct text tenant, struct text name, struct arena *a,
                                     struct kept_secret *out);
struct status sqlite_kept_secret_delete(struct store *s, struct text tenant, struct text name,
                                        int64_t expected_revision, const struct audit_entry *audit);
struct status sqlite_kept_secret_list(struct store *s, struct text tenant, struct text after, unsigned limit,
                                      struct arena *a, kept_secret_row *row, void *ctx);

struct status sqlite_member_list(struct store *s, const struct member_filter *f,
                                 const struct offset_page *page, struct arena *a, service_row *row, void *ctx,
                                 uint64_t *out_total);
struct status sqlite_instance_auth_create(struct store *s, const struct instance_auth *i,
                                          const struct audit_entry *audit);
struct status sqlite_instance_auth_replace(struct store *s, const struct instance_auth *i,
                                           const struct audit_entry *audit);
struct status sqlite_instance_auth_get(struct store *s, struct text tenant,
                                       const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                       struct instance_auth *out);
struct status sqlite_instance_auth_list(struct store *s, struct text tenant,
                                        const uint8_t bundle[static SERVICE_ID_SIZE], struct arena *a,
                                        instance_auth_row *row, void *ctx);
struct status sqlite_instance_auth_delete(struct store *s, struct text tenant,
                                          const uint8_t id[static SERVICE_ID_SIZE],
                                          const struct audit_entry *audit);
