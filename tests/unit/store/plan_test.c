/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "scratch.h"

#include "store/sqlite_files.h"
#include "store/sqlite_migrate.h"
#include "store/sqlite_store.h"

/*
 * Statements that must cost the same with a million rows: their plans use an index, and lists neither scan a
 * table nor sort.
 */

struct plan {
    char text[2048];
};

static void read_plan(struct sqlite_db *db, struct text sql, struct plan *out)
{
    char explain[4200];
    sqlite3_stmt *stmt = NULL;
    (void)snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %.*s", TEXT_ARG(sql));
    assert_int_equal(sqlite3_prepare_v2(db->handle, explain, -1, &stmt, NULL), SQLITE_OK);
    out->text[0] = '\0';
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        size_t used = strlen(out->text);
        (void)snprintf(out->text + used, sizeof out->text - used, "%s\n",
                       (const char *)sqlite3_column_text(stmt, 3));
    }
    sqlite3_finalize(stmt);
}

static const struct {
    enum sql sql;
    bool sorts; /* what it found by an index, a small set */
} statements[] = {
    {SQL_SOONEST_EXPIRY, false},
    {SQL_LIVE_TOKENS, false},
    {SQL_AUDIT_AT, false},
    {SQL_AUDIT_LIST, false},
    {SQL_AUDIT_LIST_APPLICATION, false},
    {SQL_APPLICATION_GET, false},
    {SQL_APPLICATION_LIST, false},
    {SQL_APPLICATION_DELETE, false},
    {SQL_APPLICATION_SEEN, false},
    {SQL_TOKEN_FIND, false},
    {SQL_TOKEN_USE, false},
    {SQL_TOKEN_REPLACE, false},
    {SQL_TOKEN_DELETE_OPEN, false},
    {SQL_TOKEN_RANGE, false},
    {SQL_TOKEN_LIST, false},
    {SQL_TOKEN_LIST_APPLICATION, false},
    {SQL_TOKEN_LIST_ACTIVE, true},
    {SQL_TOKEN_LIST_APPLICATION_ACTIVE, true},
    {SQL_ISSUER_FIND, false},
    {SQL_CERTIFICATE_POSITION, false},
    {SQL_CERTIFICATE_OF_APPLICATION, false},
    {SQL_CERTIFICATE_SET_REVOKED, false},
    {SQL_REVOCATION_FIND, false},
    {SQL_BLOB_GET, false},
    {SQL_BLOB_LIST, false},
    {SQL_APPLICATION_UPDATE, false},
    {SQL_APPLICATION_COUNT_SERVICE, false},
    {SQL_SERVICE_REPLACE, false},
    {SQL_SERVICE_TOUCH, false},
    {SQL_SERVICE_CALL_SET, false},
    {SQL_SERVICE_DELETE, false},
    {SQL_SERVICE_STATE, false},
    {SQL_SERVICE_FIRST_OF_APPLICATION, false},
    {SQL_SERVICE_GET, false},
    {SQL_SERVICE_GET_SECRETS, false},
    {SQL_SERVICE_IDENTIFIER, false},
    {SQL_SERVICE_NAMED, false},
    {SQL_MEMBER_NAMED, false},
    {SQL_MEMBER_LIST, false},
    {SQL_MEMBER_COUNT, false},
    {SQL_MEMBER_FIRST, false},
    {SQL_MEMBER_SET_KIND, false},
    {SQL_OFFERED_LIST, false},
    {SQL_OFFERED_COUNT, false},
    {SQL_SERVICE_LIST, false},
    {SQL_SERVICE_LIST_APPLICATION, false},
    {SQL_SPECIFICATION_FIND, false},
    {SQL_SPECIFICATION_COUNT, false},
    {SQL_SPECIFICATION_REFS, false},
    {SQL_SPECIFICATION_DELETE, false},
    {SQL_SPECIFICATION_CONTENT_DELETE, false},
    {SQL_SPECIFICATION_GET, false},
    {SQL_SECRET_REVISION, false},
    {SQL_SECRET_DELETE, false},
    {SQL_SECRET_DELETE_RANGE, false},
    {SQL_HISTORY_TRIM, false},
    {SQL_HISTORY_DELETE_RANGE, false},
    {SQL_HISTORY_ADD, false},
    {SQL_SEALED_SECRETS, false},
    {SQL_SEALED_HISTORY, false},
    {SQL_SEALED_SECRET_SET, false},
    {SQL_SEALED_HISTORY_SET, false},
    {SQL_INSTANCE_REPLACE, false},
    {SQL_INSTANCE_REVISION, false},
    {SQL_INSTANCE_COUNT, false},
    {SQL_INSTANCE_ORPHAN, false},
    {SQL_INSTANCE_DELETE, false},
    {SQL_INSTANCE_DELETE_ALL, false},
    {SQL_INSTANCE_GET, false},
    {SQL_INSTANCE_LIST, false},
    {SQL_SEALED_INSTANCES, false},
    {SQL_SEALED_INSTANCE_SET, false},
    {SQL_AUTH_PURGE, false},
    {SQL_HISTORY_LIST, false}, /* newest first: the index from its end */
};

static void open_migrated(char dir[static SCRATCH_MAX], struct sqlite_db *db)
{
    char path[96];
    struct error err = {0};
    scratch_make(dir);
    (void)snprintf(path, sizeof path, "%s/fairlead.db", dir);
    assert_ok(sqlite_files_prepare(path, &err));
    assert_ok(sqlite_db_open(db, path, 1024, &err));
    assert_ok(sqlite_migrate(db, path, sqlite_migrations, sqlite_migrations_count, &err));
}

static void check_plan(struct sqlite_db *db, struct text sql, bool may_sort)
{
    struct plan plan;
    read_plan(db, sql, &plan);
    bool scans = strstr(plan.text, "SCAN");
    bool sorts = strstr(plan.text, "TEMP B-TREE");
    if (scans || sorts != may_sort)
        fail_msg("%.*s\n%s", TEXT_ARG(sql), plan.text);
}

static void fixed_statements_walk_indexes(void **state)
{
    (void)state;
    char dir[SCRATCH_MAX];
    struct sqlite_db db;
    open_migrated(dir, &db);
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
        check_plan(&db, sqlite_sql[statements[i].sql], statements[i].sorts);
    sqlite_db_close(&db);
    assert_int_equal(scratch_remove(dir), 0);
}

static void certificate_lists_walk_indexes_in_every_order(void **state)
{
    (void)state;
    char dir[SCRATCH_MAX];
    struct sqlite_db db;
    open_migrated(dir, &db);
    for (unsigned i = 0; i < 3 * 2 * 3 * 2; i++) {
        struct certificate_filter f = {
            .sort = (enum certificate_sort)(i % 3), .descending = i / 3 % 2, .state = (int)(i / 6 % 3) - 1};
        bool one_application = i / 18;
        f.application = one_application ? TEXT("a") : TEXT("");
        OWNED(buffer_release) struct buffer sql;
        buffer_init(&sql, 4000);
        sqlite_certificate_list_sql(&f, &sql);
        assert_ok(buffer_status(&sql));
        check_plan(&db, buffer_as_text(&sql), one_application && f.sort == SORT_ISSUED_AT);
    }
    sqlite_db_close(&db);
    assert_int_equal(scratch_remove(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_statements_walk_indexes),
        cmocka_unit_test(certificate_lists_walk_indexes_in_every_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
