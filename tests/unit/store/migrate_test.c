/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "scratch.h"

#include <sys/stat.h>

#include "store/sqlite_files.h"
#include "store/sqlite_migrate.h"

static const struct sqlite_migration one[] = {
    {1, "first", TEXT_INIT("CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);")}};
static const struct sqlite_migration three[] = {
    {1, "first", TEXT_INIT("CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);")},
    {2, "second", TEXT_INIT("ALTER TABLE a ADD COLUMN y INTEGER;")},
    {3, "third", TEXT_INIT("UPDATE a SET y = x + 1;")},
};
static const struct sqlite_migration edited[] = {{1, "first", TEXT_INIT("CREATE TABLE a (x TEXT);")}};
static const struct sqlite_migration failing[] = {
    {1, "first", TEXT_INIT("CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);")},
    {2, "second", TEXT_INIT("ALTER TABLE a ADD COLUMN y INTEGER;")},
    {3, "bad", TEXT_INIT("UPDATE a SET y = 5; UPDATE nobody SET z = 1;")},
};

struct place {
    char dir[SCRATCH_MAX], path[96], backups[96];
    struct sqlite_db db;
};

static void place_make(struct place *p)
{
    scratch_make(p->dir);
    (void)snprintf(p->path, sizeof p->path, "%s/fairlead.db", p->dir);
    (void)snprintf(p->backups, sizeof p->backups, "%s/backup", p->dir);
    assert_ok(sqlite_files_prepare(p->path, NULL));
    assert_ok(sqlite_db_open(&p->db, p->path, 1024, NULL));
}

static void place_remove(struct place *p)
{
    sqlite_db_close(&p->db);
    assert_int_equal(scratch_remove(p->dir), 0);
}

static int64_t value(struct place *p, const char *sql)
{
    int64_t out = -1;
    assert_ok(sqlite_scalar(&p->db, sql, &out, NULL));
    return out;
}

static bool has_backups(const struct place *p)
{
    struct stat st;
    return stat(p->backups, &st) == 0;
}

static void refuses_a_newer_schema(void **state)
{
    (void)state;
    struct place p;
    struct error err = {0};
    place_make(&p);
    assert_ok(sqlite_migrate(&p.db, p.path, three, 3, &err));
    assert_status(sqlite_migrate(&p.db, p.path, one, 1, &err), E_CONFLICT);
    assert_non_null(strstr(err.message, "schema version 3, written by a newer Fairlead"));
    assert_non_null(strstr(err.message, p.path));
    assert_false(has_backups(&p));
    place_remove(&p);
}

static void refuses_a_migration_that_was_edited(void **state)
{
    (void)state;
    struct place p;
    struct error err = {0};
    place_make(&p);
    assert_ok(sqlite_migrate(&p.db, p.path, one, 1, &err));
    assert_status(sqlite_migrate(&p.db, p.path, edited, 1, &err), E_CONFLICT);
    assert_non_null(strstr(err.message, "migration 1"));
    place_remove(&p);
}

static void refuses_a_history_with_a_hole(void **state)
{
    (void)state;
    struct place p;
    struct error err = {0};
    place_make(&p);
    assert_ok(sqlite_migrate(&p.db, p.path, three, 3, &err));
    assert_ok(sqlite_exec(&p.db, "DELETE FROM migration WHERE version = 2", &err));
    assert_status(sqlite_migrate(&p.db, p.path, three, 3, &err), E_BROKEN);
    place_remove(&p);
}

static void a_failing_migration_changes_nothing(void **state)
{
    (void)state;
    struct place p;
    struct error err = {0};
    place_make(&p);
    assert_ok(sqlite_migrate(&p.db, p.path, one, 1, &err));
    assert_status(sqlite_migrate(&p.db, p.path, failing, 3, &err), E_BROKEN);
    assert_non_null(strstr(err.message, "migration 3"));
    assert_int_equal(value(&p, "SELECT count(*) FROM migration"), 1);
    assert_int_equal(value(&p, "SELECT count(*) FROM pragma_table_info('a')"), 1);
    assert_ok(sqlite_migrate(&p.db, p.path, three, 3, &err)); /* with the mended program */
    place_remove(&p);
}

static void copies_an_existing_database_first(void **state)
{
    (void)state;
    struct place p;
    struct error err = {0};
    place_make(&p);
    assert_ok(sqlite_migrate(&p.db, p.path, one, 1, &err));
    assert_false(has_backups(&p)); /* there was nothing to lose */
    assert_ok(sqlite_migrate(&p.db, p.path, one, 1, &err));
    assert_false(has_backups(&p)); /* nothing to do */
    assert_ok(sqlite_migrate(&p.db, p.path, three, 3, &err));
    assert_int_equal(value(&p, "SELECT y FROM a"), 2);

    DIR *d = opendir(p.backups);
    assert_non_null(d);
    struct dirent *e = readdir(d);
    while (e && e->d_name[0] == '.')
        e = readdir(d);
    assert_non_null(e);
    assert_int_equal(strncmp(e->d_name, "fairlead-1-", 11), 0);
    char copy[512];
    struct stat st;
    (void)snprintf(copy, sizeof copy, "%s/%s", p.backups, e->d_name);
    assert_int_equal(stat(copy, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    (void)closedir(d);
    struct place restored = {.dir = ""};
    assert_ok(sqlite_db_open(&restored.db, copy, 1024, &err));
    assert_int_equal(value(&restored, "SELECT max(version) FROM migration"), 1);
    assert_int_equal(value(&restored, "SELECT x FROM a"), 1);
    sqlite_db_close(&restored.db);
    place_remove(&p);
}

static void the_embedded_migrations_apply_and_name_a_tenant_everywhere(void **state)
{
    (void)state;
    struct place p;
    struct error err = {0};
    place_make(&p);
    assert_ok(sqlite_migrate(&p.db, p.path, sqlite_migrations, sqlite_migrations_count, &err));
    assert_int_equal(value(&p, "SELECT max(version) FROM migration"), sqlite_migrations_count);
    assert_int_equal(
        value(&p, "SELECT count(*) FROM sqlite_schema s WHERE s.type = 'table' AND s.name <> 'migration'"
                  " AND NOT EXISTS (SELECT 1 FROM pragma_table_info(s.name) c WHERE c.name = 'tenant_id')"),
        0);
    place_remove(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_newer_schema),
        cmocka_unit_test(refuses_a_migration_that_was_edited),
        cmocka_unit_test(refuses_a_history_with_a_hole),
        cmocka_unit_test(a_failing_migration_changes_nothing),
        cmocka_unit_test(copies_an_existing_database_first),
        cmocka_unit_test(the_embedded_migrations_apply_and_name_a_tenant_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
