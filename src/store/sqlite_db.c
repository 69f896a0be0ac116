/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_db.h"

#include <stdio.h>

#include "store/sqlite_directory.h"

struct status sqlite_status(int result)
{
    if (result == SQLITE_IOERR_NOMEM)
        return STATUS(NOMEM);
    if (result == SQLITE_IOERR_CORRUPTFS)
        return STATUS(BROKEN);
    switch (result & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return DONE;
    case SQLITE_NOMEM:
        return STATUS(NOMEM);
    case SQLITE_CONSTRAINT:
        return STATUS(CONFLICT);
    case SQLITE_TOOBIG:
        return STATUS(TOO_LARGE);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_PROTOCOL:
        return STATUS(UNAVAILABLE);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    default: /* ERROR, MISUSE, RANGE, MISMATCH, ...: our own mistakes */
        return STATUS(BROKEN);
    }
}

struct status sqlite_error(struct sqlite_db *db, int result, struct error *err, const char *doing)
{
    struct status s = sqlite_status(result);
    if (status_ok(s))
        return s;
    return error_set(err, s.code, "%s: %s", doing,
                     db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(result));
}

struct status sqlite_exec(struct sqlite_db *db, const char *sql, struct error *err)
{
    int result = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return sqlite_error(db, result, err, sql);
}

struct status sqlite_scalar(struct sqlite_db *db, const char *sql, int64_t *out, struct error *err)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(stmt);
    struct status s = sqlite_error(db, result, err, sql);
    if (result == SQLITE_ROW)
        *out = sqlite3_column_int64(stmt, 0);
    if (result == SQLITE_DONE)
        s = error_set(err, E_NOT_FOUND, "%s: no row", sql);
    sqlite3_finalize(stmt);
    return s;
}

struct status sqlite_db_open(struct sqlite_db *db, const char *path, int cache_kib, struct error *err)
{
    *db = (struct sqlite_db){0};
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int result = sqlite3_open_v2(path, &db->handle, flags, NULL);
    struct status s = sqlite_error(db, result, err, path);
    if (status_ok(s)) {
        (void)sqlite3_busy_timeout(db->handle, SQLITE_BUSY_TIMEOUT_MS);
        (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        char pragmas[256];
        /* Temporary data stays in memory: the sandbox has no /tmp, and it may hold what the database holds.
         * FULL: a commit is on the disk when COMMIT returns, which NORMAL does not promise in WAL mode. */
        (void)snprintf(pragmas, sizeof pragmas,
                       "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA "
                       "cache_size=-%d; "
                       "PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=%d; PRAGMA foreign_keys=OFF",
                       cache_kib, SQLITE_LOG_KEPT_BYTES);
        s = sqlite_exec(db, pragmas, err);
        if (status_ok(s))
            s = sqlite_label_function(db->handle);
        if (!status_ok(s))
            s = error_wrap(err, s, "'%s'", path);
    }
    if (!status_ok(s))
        sqlite_db_close(db);
    return s;
}

void sqlite_db_close(struct sqlite_db *db)
{
    for (size_t i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(db->statements[i]);
    for (size_t i = 0; i < SQLITE_LIST_SHAPES; i++)
        sqlite3_finalize(db->lists[i]);
    (void)sqlite3_close(db->handle);
    *db = (struct sqlite_db){0};
}

struct sqlite_query sqlite_query_text(struct sqlite_db *db, sqlite3_stmt **slot, struct text text)
{
    struct sqlite_query q = {.stmt = *slot};
    if (!q.stmt) {
        q.result = sqlite3_prepare_v3(db->handle, text.p, (int)text.n, SQLITE_PREPARE_PERSISTENT, slot, NULL);
        q.stmt = *slot;
    }
    return q;
}

struct sqlite_query sqlite_query(struct sqlite_db *db, enum sql sql)
{
    return sqlite_query_text(db, &db->statements[sql], sqlite_sql[sql]);
}

void sqlite_done(struct sqlite_query *q)
{
    /* Repeats the last step's result, which was reported already. Bindings stay; every use binds all of them
     * anew. */
    if (q->stmt)
        (void)sqlite3_reset(q->stmt);
}

static void note(struct sqlite_query *q, int result)
{
    if (q->result == SQLITE_OK)
        q->result = result;
}

void bind_int(struct sqlite_query *q, int64_t value)
{
    q->bound++;
    if (q->result == SQLITE_OK)
        note(q, sqlite3_bind_int64(q->stmt, q->bound, value));
}

void bind_text(struct sqlite_query *q, struct text value)
{
    q->bound++;
    if (q->result == SQLITE_OK) /* a NULL pointer would bind NULL */
        note(q, sqlite3_bind_text64(q->stmt, q->bound, value.p ? value.p : "", value.n, SQLITE_STATIC,
                                    SQLITE_UTF8));
}

void bind_blob(struct sqlite_query *q, struct bytes value)
{
    q->bound++;
    if (q->result == SQLITE_OK)
        note(q, sqlite3_bind_blob64(q->stmt, q->bound, value.p ? value.p : (const uint8_t *)"", value.n,
                                    SQLITE_STATIC));
}

struct status sqlite_step(struct sqlite_query *q, bool *out_row)
{
    *out_row = false;
    TRY(sqlite_query_status(q));
    must(q->bound ==
         sqlite3_bind_parameter_count(q->stmt)); /* a parameter left from an earlier use would dangle */
    int result = sqlite3_step(q->stmt);
    q->column = 0;
    *out_row = result == SQLITE_ROW;
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        note(q, result);
    return sqlite_query_status(q);
}

struct status sqlite_run(struct sqlite_query *q)
{
    bool row = true;
    while (row)
        TRY(sqlite_step(q, &row));
    return DONE;
}

struct status sqlite_query_status(const struct sqlite_query *q)
{
    return sqlite_status(q->result);
}

int64_t column_int(struct sqlite_query *q)
{
    return sqlite3_column_int64(q->stmt, q->column++);
}

struct bytes column_blob(struct sqlite_query *q, struct arena *a)
{
    int column = q->column++;
    struct bytes in = {sqlite3_column_blob(q->stmt, column), (size_t)sqlite3_column_bytes(q->stmt, column)};
    if (in.n == 0)
        return (struct bytes){NULL, 0};
    struct bytes copy = in.p ? arena_bytes(a, in) : in;
    if (!copy.p) {
        note(q, SQLITE_NOMEM);
        return (struct bytes){NULL, 0};
    }
    return copy;
}

struct text column_text(struct sqlite_query *q, struct arena *a)
{
    return bytes_text(column_blob(q, a)); /* the bytes of a TEXT column are its UTF-8 */
}

struct text column_view(struct sqlite_query *q)
{
    int column = q->column++;
    const char *p = sqlite3_column_blob(q->stmt, column);
    int n = sqlite3_column_bytes(q->stmt, column);
    return p ? (struct text){p, (size_t)n} : (struct text){NULL, 0};
}

void column_exact(struct sqlite_query *q, uint8_t *out, size_t n)
{
    int column = q->column++;
    const void *blob = sqlite3_column_blob(q->stmt, column);
    int size = sqlite3_column_bytes(q->stmt, column);
    memset(out, 0, n);
    if (blob && (size_t)size == n)
        memcpy(out, blob, n);
    else if (size != 0)
        note(q, SQLITE_CORRUPT);
}

bool column_is_null(const struct sqlite_query *q)
{
    return sqlite3_column_type(q->stmt, q->column) == SQLITE_NULL;
}

void column_skip(struct sqlite_query *q)
{
    q->column++;
}
