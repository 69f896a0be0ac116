/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One SQLite connection with its prepared statements; private to src/store/sqlite*.c. One thread at a time
 * (connections are opened without SQLite's own mutexes; the writer's thread and the pool see to it).
 *
 * A query binds its parameters in order, steps, and reads the columns in order. Failures stick and come out
 * of the next step:
 *
 *     OWNED(sqlite_done) struct sqlite_query q = sqlite_query(db, SQL_TOKEN_FIND);
 *     bind_blob(&q, hash);
 *     bool found = false;
 *     TRY(sqlite_step(&q, &found));
 *     if (found)
 *         out->created_at = column_int(&q);
 *
 * Bound memory is borrowed until sqlite_done.
 */

#include <sqlite3.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/own.h"
#include "store/sqlite_sql.h"

#define SQLITE_LIST_SHAPES 64 /* certificate lists are composed; see sqlite_certificate_list.c */
#define SQLITE_MAINTENANCE_CACHE_KIB                                                                         \
    8192 /* migrations, copies, checks: connections of their own, closed afterwards */
#define SQLITE_BUSY_TIMEOUT_MS 5000 /* another process, such as an offline command, holds the lock */
/* A log of this size is kept and written over: growing a file costs the file system a journal commit with
 * every sync. */
#define SQLITE_LOG_KEPT_BYTES (32 * 1024 * 1024)

struct sqlite_db {
    sqlite3 *handle;
    sqlite3_stmt *statements[SQL_COUNT];     /* prepared at first use */
    sqlite3_stmt *lists[SQLITE_LIST_SHAPES]; /* the same */
};

/* The one place that turns SQLite's results into ours. SQLITE_OK, ROW and DONE are E_OK. */
struct status sqlite_status(int result);
/* The same with SQLite's message behind "<doing>: ". */
struct status sqlite_error(struct sqlite_db *db, int result, struct error *err, const char *doing);

/* Opens an existing database file; `cache_kib` bounds its page cache. */
struct status sqlite_db_open(struct sqlite_db *db, const char *path, int cache_kib, struct error *err);
void sqlite_db_close(struct sqlite_db *db); /* accepts a closed or zeroed one */
OWNABLE_VALUE(struct sqlite_db, sqlite_db_close);
/* Statements that return nothing of interest. */
struct status sqlite_exec(struct sqlite_db *db, const char *sql, struct error *err);
/* First column of the first row; E_NOT_FOUND when there is no row. Prepared for this call only. */
struct status sqlite_scalar(struct sqlite_db *db, const char *sql, int64_t *out, struct error *err);

struct sqlite_query {
    sqlite3_stmt *stmt;
    int bound;  /* parameters so far */
    int column; /* next column of the current row */
    int result; /* sticky SQLite result; SQLITE_OK so far */
};

struct sqlite_query sqlite_query(struct sqlite_db *db, enum sql sql);
/* For composed statements: `slot` keeps it; `text` prepares it at first use. */
struct sqlite_query sqlite_query_text(struct sqlite_db *db, sqlite3_stmt **slot, struct text text);
void sqlite_done(struct sqlite_query *q);
OWNABLE_VALUE(struct sqlite_query, sqlite_done);

void bind_int(struct sqlite_query *q, int64_t value);
void bind_text(struct sqlite_query *q, struct text value);
void bind_blob(struct sqlite_query *q, struct bytes value);
static inline void bind_digest(struct sqlite_query *q, const uint8_t *digest)
{
    bind_blob(q, (struct bytes){digest, SHA256_SIZE});
}

/* One step; *out_row says whether there is a row. */
struct status sqlite_step(struct sqlite_query *q, bool *out_row);
/* For statements without rows: steps to the end. */
struct status sqlite_run(struct sqlite_query *q);
/* Failure of bindings and columns so far. */
struct status sqlite_query_status(const struct sqlite_query *q);

int64_t column_int(struct sqlite_query *q);
struct text column_text(struct sqlite_query *q, struct arena *a); /* NULL is empty; copied */
struct bytes column_blob(struct sqlite_query *q, struct arena *a);
struct text column_view(struct sqlite_query *q); /* not copied: valid until the next step */
/* zeros when NULL; any other size is damage */
void column_exact(struct sqlite_query *q, uint8_t *out, size_t n);
static inline void column_digest(struct sqlite_query *q, uint8_t out[static SHA256_SIZE])
{
    column_exact(q, out, SHA256_SIZE);
}
bool column_is_null(const struct sqlite_query *q); /* the next one, which is not read */
void column_skip(struct sqlite_query *q);
