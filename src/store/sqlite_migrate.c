/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_migrate.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "store/sqlite_files.h"

#define APPLICATION_ID  0x464c4431 /* "FLD1" in the file's header; file(1) shows it */
#define CHECKSUM_LENGTH (2 * SHA256_SIZE)
#define BACKUP_PATH_MAX 4096

static void checksum(const struct sqlite_migration *m, char out[static CHECKSUM_LENGTH + 1])
{
    uint8_t digest[SHA256_SIZE];
    sha256(text_bytes(m->sql), digest);
    hex_encode(out, BYTES_OF(digest));
}

static struct status check_application(struct sqlite_db *db, const char *path, bool *out_empty,
                                       struct error *err)
{
    int64_t id = 0, tables = 0;
    TRY(sqlite_scalar(db, "PRAGMA application_id", &id, err));
    TRY(sqlite_scalar(db, "SELECT count(*) FROM sqlite_schema", &tables, err));
    *out_empty = tables == 0;
    if (id == APPLICATION_ID || (id == 0 && tables == 0))
        return DONE;
    return error_set(err, E_CONFLICT, "'%s' is a database, but not one of Fairlead", path);
}

/* Compares one applied migration with ours. */
static struct status check_applied(sqlite3_stmt *row, const char *path,
                                   const struct sqlite_migration *migrations, size_t count, struct error *err)
{
    int version = sqlite3_column_int(row, 0);
    const char *applied = (const char *)sqlite3_column_text(row, 1);
    if (version < 1 || !applied)
        return error_set(err, E_BROKEN, "'%s' has a damaged migration table", path);
    if ((size_t)version > count)
        return error_set(err, E_CONFLICT,
                         "'%s' has schema version %d, written by a newer Fairlead; this one (%s) knows %zu: "
                         "install the newer "
                         "one, or start from a backup",
                         path, version, FAIRLEAD_VERSION, count);
    char ours[CHECKSUM_LENGTH + 1];
    checksum(&migrations[version - 1], ours);
    if (strcmp(applied, ours) != 0)
        return error_set(err, E_CONFLICT, "'%s': migration %d (%s) is not the one this program contains",
                         path, version, migrations[version - 1].name);
    return DONE;
}

static struct status check_history(struct sqlite_db *db, const char *path,
                                   const struct sqlite_migration *migrations, size_t count,
                                   size_t *out_version, struct error *err)
{
    sqlite3_stmt *stmt = NULL;
    /* Newest first: "too new" is a better message than "unknown checksum". */
    int result = sqlite3_prepare_v2(
        db->handle, "SELECT version, checksum FROM migration ORDER BY version DESC", -1, &stmt, NULL);
    size_t version = 0, rows = 0;
    struct status s = DONE;
    while (status_ok(s) && result == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
        if (rows++ == 0)
            version = (size_t)sqlite3_column_int(stmt, 0);
        s = check_applied(stmt, path, migrations, count, err);
    }
    if (status_ok(s))
        s = sqlite_error(db, result == SQLITE_OK ? sqlite3_reset(stmt) : result, err, path);
    sqlite3_finalize(stmt);
    if (status_ok(s) && rows != version)
        return error_set(err, E_BROKEN, "'%s' lacks some of the migrations before %zu", path, version);
    if (status_ok(s))
        *out_version = version;
    return s;
}

static struct status backup(struct sqlite_db *db, const char *path, size_t version, struct error *err)
{
    const char *slash = strrchr(path, '/');
    struct text directory = slash ? (struct text){path, (size_t)(slash - path) + 1} : TEXT("");
    char copy[BACKUP_PATH_MAX];
    int n = snprintf(copy, sizeof copy, "%.*sbackup", TEXT_ARG(directory));
    if (n < 0 || (size_t)n >= sizeof copy - 64)
        return error_set(err, E_TOO_LARGE, "the path '%s' is too long", path);
    if (mkdir(copy, 0700) != 0 && errno != EEXIST)
        return error_set(err, E_UNAVAILABLE, "cannot make directory '%s': %s", copy, strerror(errno));
    int64_t now_ms = clock_now_ms();
    struct civil t = clock_to_civil(now_ms / 1000);
    (void)snprintf(copy + n, sizeof copy - (size_t)n, "/fairlead-%zu-%04d%02d%02dT%02d%02d%02d.%03dZ.db",
                   version, t.year, t.month, t.day, t.hour, t.minute, t.second, (int)(now_ms % 1000));
    struct status s = sqlite_files_copy(db, copy, err);
    return status_ok(s) ? s : error_wrap(err, s, "backup before the schema changes");
}

static struct status record(struct sqlite_db *db, const struct sqlite_migration *m, struct error *err)
{
    char sum[CHECKSUM_LENGTH + 1];
    checksum(m, sum);
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(
        db->handle, "INSERT INTO migration (version, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4)", -1,
        &stmt, NULL);
    if (result == SQLITE_OK) {
        (void)sqlite3_bind_int(stmt, 1, m->version);
        (void)sqlite3_bind_text(stmt, 2, m->name, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(stmt, 3, sum, -1, SQLITE_STATIC);
        (void)sqlite3_bind_int64(stmt, 4, clock_now_s());
        result = sqlite3_step(stmt);
    }
    struct status s = sqlite_error(db, result, err, "record the migration");
    sqlite3_finalize(stmt);
    return s;
}

static struct status apply(struct sqlite_db *db, const struct sqlite_migration *m, struct error *err)
{
    int result = sqlite3_exec(db->handle, m->sql.p, NULL, NULL, NULL);
    struct status s = sqlite_error(db, result, err, m->name);
    if (status_ok(s))
        s = record(db, m, err);
    return status_ok(s) ? s : error_wrap(err, s, "migration %d", m->version);
}

static struct status make_history(struct sqlite_db *db, struct error *err)
{
    char pragma[64];
    (void)snprintf(pragma, sizeof pragma, "PRAGMA application_id=%d", APPLICATION_ID);
    TRY(sqlite_exec(db, pragma, err));
    return sqlite_exec(
        db,
        "CREATE TABLE migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL,"
        " applied_at INTEGER NOT NULL) STRICT",
        err);
}

/* Inside the write lock: another program may have migrated since the first look. */
static struct status migrate_locked(struct sqlite_db *db, const char *path,
                                    const struct sqlite_migration *migrations, size_t count,
                                    struct error *err)
{
    bool empty = false;
    size_t version = 0;
    TRY(check_application(db, path, &empty, err));
    if (empty)
        TRY(make_history(db, err));
    TRY(check_history(db, path, migrations, count, &version, err));
    for (size_t i = version; i < count; i++)
        TRY(apply(db, &migrations[i], err));
    return DONE;
}

struct status sqlite_migrate(struct sqlite_db *db, const char *path,
                             const struct sqlite_migration *migrations, size_t count, struct error *err)
{
    bool empty = false;
    size_t version = 0;
    TRY(check_application(db, path, &empty, err));
    if (!empty) {
        TRY(check_history(db, path, migrations, count, &version, err));
        if (version == count)
            return DONE;
        TRY(backup(db, path, version, err)); /* VACUUM INTO cannot run inside the transaction */
    }
    TRY(sqlite_exec(db, "BEGIN IMMEDIATE", err));
    struct status s = migrate_locked(db, path, migrations, count, err);
    if (status_ok(s))
        s = sqlite_exec(db, "COMMIT", err);
    if (!status_ok(s) && !sqlite3_get_autocommit(db->handle))
        status_ignore(sqlite_exec(db, "ROLLBACK", NULL));
    return s;
}
