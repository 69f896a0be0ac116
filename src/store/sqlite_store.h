/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the parts of the SQLite backend share; private to src/store/sqlite*.c. Each sqlite_x function fills
 * the entry of store_ops named x. */

#include "base/buffer.h"
#include "store/backend.h"
#include "store/sqlite_pool.h"
#include "store/sqlite_writer.h"

struct sqlite_store {
    struct store base;
    char *path;
    struct sqlite_pool *readers;
    struct sqlite_writer *writer;
};

static inline struct sqlite_store *sqlite_of(struct store *s)
{
    return (struct sqlite_store *)s;
}

/* ---- inside a writer's transaction ---- */

struct status sqlite_audit_add(struct sqlite_txn *t, const struct audit_entry *audit); /* NULL adds nothing */
/* Makes the application unless it is there; *out_made says. */
struct status sqlite_application_add(struct sqlite_txn *t, const struct application *app, bool *out_made);
/* E_CONFLICT when the token is unknown or not active at `now`. */
struct status sqlite_token_use(struct sqlite_txn *t, const uint8_t hash[static SHA256_SIZE], int64_t now,
                               const struct audit_entry *audit);
/* E_DENIED when the certificate that the write is made with is revoked; for the beginning of an operation. */
struct status sqlite_caller_check(struct sqlite_txn *t, const struct audit_entry *audit);
/* Revokes all active certificates of an application and appends their fingerprints. */
struct status sqlite_revoke_all(struct sqlite_txn *t, struct text tenant, struct text application,
                                struct text reason, int64_t now, struct buffer *out_fingerprints);

/* ---- the table ---- */

struct status sqlite_check(struct store *s, struct error *err);

struct status sqlite_audit_append(struct store *s, const struct audit_entry *entries, size_t count);
struct status sqlite_audit_list(struct store *s, const struct audit_filter *f, struct arena *a,
                                audit_row *row, void *ctx);

struct status sqlite_application_create(struct store *s, const struct application *app,
                                        const struct audit_entry *audit);
struct status sqlite_application_get(struct store *s, struct text tenant, struct text name, struct arena *a,
                                     struct application *out);
struct status sqlite_application_list(struct store *s, struct text contains,
                                      const struct application_position *after, unsigned limit,
                                      struct arena *a, application_row *row, void *ctx);
struct status sqlite_application_delete(struct store *s, struct text tenant, struct text name,
                                        const struct audit_entry *audit, struct buffer *out_fingerprints);
struct status sqlite_application_update(struct store *s, struct text tenant, struct text name,
                                        const struct application_change *change,
                                        const struct audit_entry *audit);
struct status sqlite_application_certificates(struct store *s, struct text tenant, struct text name,
                                              unsigned most, unsigned *out_count);
struct status sqlite_application_seen(struct store *s, const struct last_seen *seen, size_t count);

struct status sqlite_token_create(struct store *s, const struct token_create *in,
                                  const struct audit_entry *audit);
struct status sqlite_token_find(struct store *s, const uint8_t hash[static SHA256_SIZE], int64_t now,
                                struct arena *a, struct token *out);
struct status sqlite_token_exchange(struct store *s, const uint8_t old[static SHA256_SIZE],
                                    const struct token *next, int64_t now, const struct audit_entry *audit);
struct status sqlite_token_list(struct store *s, const struct token_filter *f,
                                const struct token_position *after, unsigned limit, struct arena *a,
                                token_row *row, void *ctx);
struct status sqlite_token_revoke(struct store *s, const uint8_t low[static SHA256_SIZE],
                                  const uint8_t high[static SHA256_SIZE], int64_t now,
                                  const struct audit_entry *audit);
struct status sqlite_token_purge(struct store *s, int64_t before, unsigned max, unsigned *out_count);

struct status sqlite_certificate_issue(struct store *s, const struct certificate_issue *in,
                                       const struct audit_entry *audit);
struct status sqlite_certificate_find(struct store *s, const uint8_t fingerprint[static SHA256_SIZE],
                                      bool with_der, struct arena *a, struct certificate *out);
struct status sqlite_certificate_revoke(struct store *s, const uint8_t fingerprint[static SHA256_SIZE],
                                        struct text reason, int64_t now, const struct audit_entry *audit,
                                        bool *out_was_revoked);
struct status sqlite_certificate_revoke_application(struct store *s, struct text tenant,
                                                    struct text application, struct text reason, int64_t now,
                                                    const struct audit_entry *audit,
                                                    struct buffer *out_fingerprints);
struct status sqlite_certificate_list(struct store *s, const struct certificate_filter *f,
                                      const struct certificate_position *after, unsigned limit,
                                      struct arena *a, certificate_row *row, void *ctx);
/* The statement that lists them, for a test of its plan. */
void sqlite_certificate_list_sql(const struct certificate_filter *f, struct buffer *out);
/* Reads SQL_CERTIFICATE_COLUMNS; the state follows from the revocation's columns. */
struct status sqlite_certificate_read(struct sqlite_query *q, struct arena *a, struct certificate *out);

struct status sqlite_blob_put(struct store *s, struct text name, struct bytes value,
                              const struct audit_entry *audit);
struct status sqlite_blob_get(struct store *s, struct text name, struct arena *a, struct bytes *out);
struct status sqlite_blob_create(struct store *s, struct text name, struct bytes value,
                                 const struct audit_entry *audit);
struct status sqlite_blob_list(struct store *s, struct text prefix, struct arena *a, blob_row *row,
                               void *ctx);
struct status sqlite_blob_replace(struct store *s, const struct named_blob *blobs, size_t count,
                                  const struct audit_entry *audit);
