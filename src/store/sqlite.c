/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_store.h"

#include "base/alloc.h"
#include "store/sqlite_directory.h"
#include "store/sqlite_files.h"
#include "store/sqlite_mapping.h"
#include "store/sqlite_migrate.h"
#include "store/sqlite_registry.h"

/* ---- operating ---- */

static struct status read_one(struct sqlite_db *db, enum sql sql, bool with_now, int64_t now, int64_t *out)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(db, sql);
    if (with_now)
        bind_int(&q, now);
    bool row = false;
    TRY(sqlite_step(&q, &row));
    *out = row ? column_int(&q) : 0; /* min() of nothing is NULL, which reads as 0 */
    return DONE;
}

static struct status read_counters(struct sqlite_db *db, struct store_counts *out)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(db, SQL_COUNTERS);
    bool row = false;
    TRY(sqlite_step(&q, &row));
    must(row);
    out->applications = column_int(&q);
    out->active_certificates = column_int(&q);
    out->revoked = column_int(&q);
    return DONE;
}

static struct status sqlite_counts(struct store *s, int64_t now, struct store_counts *out)
{
    struct store_counts counts = {0};
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    TRY(read_counters(reader.db, &counts));
    TRY(read_one(reader.db, SQL_LIVE_TOKENS, true, now, &counts.active_tokens));
    TRY(read_one(reader.db, SQL_SOONEST_EXPIRY, true, now, &counts.soonest_expiry));
    TRY(read_one(reader.db, SQL_SCHEMA_VERSION, false, 0, &counts.schema_version));
    struct sqlite_writer_stats stats;
    sqlite_writer_stats(sqlite_of(s)->writer, &stats);
    counts.commits = stats.commits;
    counts.operations = stats.operations;
    counts.commit_us_total = stats.commit_us_total;
    counts.write_queue_depth = stats.queued;
    *out = counts;
    return DONE;
}

static struct status sqlite_backup(struct store *s, const char *path, struct error *err)
{
    OWNED(sqlite_db_close) struct sqlite_db db = {0};
    TRY(sqlite_db_open(&db, sqlite_of(s)->path, SQLITE_MAINTENANCE_CACHE_KIB, err));
    return sqlite_files_copy(&db, path, err);
}

/* ---- life cycle ---- */

static void close_store(struct sqlite_store *s)
{
    sqlite_writer_stop(s->writer);
    sqlite_pool_free(s->readers);
    mem_free(s->path);
    mem_free(s);
}
OWNABLE(struct sqlite_store, close_store);

static void sqlite_close(struct store *s)
{
    close_store(sqlite_of(s));
}

static const struct store_ops ops = {
    .kind = "sqlite",
    .close = sqlite_close,
    .audit_append = sqlite_audit_append,
    .audit_list = sqlite_audit_list,
    .application_create = sqlite_application_create,
    .application_get = sqlite_application_get,
    .application_list = sqlite_application_list,
    .application_delete = sqlite_application_delete,
    .application_update = sqlite_application_update,
    .application_certificates = sqlite_application_certificates,
    .application_seen = sqlite_application_seen,
    .token_create = sqlite_token_create,
    .token_find = sqlite_token_find,
    .token_exchange = sqlite_token_exchange,
    .token_list = sqlite_token_list,
    .token_revoke = sqlite_token_revoke,
    .token_purge = sqlite_token_purge,
    .certificate_issue = sqlite_certificate_issue,
    .certificate_find = sqlite_certificate_find,
    .certificate_revoke = sqlite_certificate_revoke,
    .certificate_revoke_application = sqlite_certificate_revoke_application,
    .certificate_list = sqlite_certificate_list,
    .blob_put = sqlite_blob_put,
    .blob_get = sqlite_blob_get,
    .blob_create = sqlite_blob_create,
    .blob_list = sqlite_blob_list,
    .blob_replace = sqlite_blob_replace,
    .service_create = sqlite_service_create,
    .service_replace = sqlite_service_replace,
    .service_call_set = sqlite_service_call_set,
    .service_delete = sqlite_service_delete,
    .service_get = sqlite_service_get,
    .service_identifier = sqlite_service_identifier,
    .service_named = sqlite_service_named,
    .service_list = sqlite_service_list,
    .member_list = sqlite_member_list,
    .specification_get = sqlite_specification_get,
    .secret_replace = sqlite_secret_replace,
    .secret_history = sqlite_secret_history,
    .sealed_list = sqlite_sealed_list,
    .sealed_exchange = sqlite_sealed_exchange,
    .registry_counts = sqlite_registry_counts,
    .kept_secret_put = sqlite_kept_secret_put,
    .kept_secret_get = sqlite_kept_secret_get,
    .kept_secret_delete = sqlite_kept_secret_delete,
    .kept_secret_list = sqlite_kept_secret_list,
    .instance_auth_create = sqlite_instance_auth_create,
    .instance_auth_replace = sqlite_instance_auth_replace,
    .instance_auth_get = sqlite_instance_auth_get,
    .instance_auth_list = sqlite_instance_auth_list,
    .instance_auth_delete = sqlite_instance_auth_delete,
    .tenant_create = sqlite_tenant_create,
    .tenant_read = sqlite_tenant_read,
    .tenant_delete = sqlite_tenant_delete,
    .tenant_list = sqlite_tenant_list,
    .object_create = sqlite_object_create,
    .object_get = sqlite_object_get,
    .object_named = sqlite_object_named,
    .object_update = sqlite_object_update,
    .object_delete = sqlite_object_delete,
    .object_list = sqlite_object_list,
    .auth_create = sqlite_auth_create,
    .auth_get = sqlite_auth_get,
    .auth_list = sqlite_auth_list,
    .auth_delete = sqlite_auth_delete,
    .auth_purge = sqlite_auth_purge,
    .operator_create = sqlite_operator_create,
    .operator_find = sqlite_operator_find,
    .operator_list = sqlite_operator_list,
    .operator_delete = sqlite_operator_delete,
    .operator_update = sqlite_operator_update,
    .operator_used = sqlite_operator_used,
    .subject_mapping_create = sqlite_mapping_create,
    .subject_mapping_replace = sqlite_mapping_replace,
    .subject_mapping_delete = sqlite_mapping_delete,
    .subject_mapping_get = sqlite_mapping_get,
    .subject_mapping_find = sqlite_mapping_find,
    .subject_mapping_list = sqlite_mapping_list,
    .counts = sqlite_counts,
    .backup = sqlite_backup,
    .check = sqlite_check,
};

struct status sqlite_store_open(struct text path, const struct store_settings *settings, struct store **out,
                                struct error *err)
{
    if (text_contains(path, '\0'))
        return error_set(err, E_INVALID, "store.url holds a NUL");
    OWNED(close_store) struct sqlite_store *s = mem_alloc(sizeof *s);
    if (!s)
        return error_set(err, E_NOMEM, "out of memory");
    s->base.ops = &ops;
    s->path = mem_strndup(path.p, path.n);
    if (!s->path)
        return error_set(err, E_NOMEM, "out of memory");
    TRY(sqlite_files_prepare(s->path, err));
    /* Stays open until the writer's is: closing the last connection copies the whole log, which a start need
     * not wait for. */
    OWNED(sqlite_db_close) struct sqlite_db db = {0};
    TRY(sqlite_db_open(&db, s->path, SQLITE_MAINTENANCE_CACHE_KIB, err));
    TRY(sqlite_migrate(&db, s->path, sqlite_migrations, sqlite_migrations_count, err));
    TRY(sqlite_writer_start(s->path, settings->write_queue_max, &s->writer, err));
    TRY(sqlite_pool_new(s->path, settings->read_connections, &s->readers, err));
    *out = &TAKE(s)->base;
    return DONE;
}
