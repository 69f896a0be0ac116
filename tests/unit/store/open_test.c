/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "scratch.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store.h"

static struct status open_url(const char *url, struct store **out, struct error *err)
{
    struct store_settings settings = {.url = text_of(url), .read_connections = 2, .write_queue_max = 16};
    return store_open(&settings, out, err);
}

static void assert_refused(const char *url, enum code expected, const char *says)
{
    struct store *s = NULL;
    struct error err = {0};
    assert_status(open_url(url, &s, &err), expected);
    assert_null(s);
    if (!strstr(err.message, says))
        fail_msg("'%s' does not say '%s'", err.message, says);
}

static void refuses_urls_it_does_not_know(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "", "sqlite:", "memory", "memory:x", "mysql://h/d", "/path/fairlead.db", "SQLITE:/x"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
        assert_refused(urls[i], E_INVALID, "store.url");
    /* a password in a URL does not reach the log */
    struct store *s = NULL;
    struct error err = {0};
    assert_status(open_url("postgresql://u:geheim@h/d", &s, &err), E_INVALID);
    assert_null(strstr(err.message, "geheim"));
}

static void refuses_settings_out_of_range(void **state)
{
    (void)state;
    static const struct {
        unsigned readers, queue;
    } cases[] = {{0, 1}, {65, 1}, {1, 0}, {1, 1u << 21}};
    for (size_t i = 0; i < 4; i++) {
        struct store_settings settings = {
            .url = TEXT("memory:"), .read_connections = cases[i].readers, .write_queue_max = cases[i].queue};
        struct store *s = NULL;
        assert_status(store_open(&settings, &s, NULL), E_INVALID);
    }
}

static void write_file(const char *path, const char *content, mode_t mode)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(content, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void refuses_files_that_are_no_database_of_ours(void **state)
{
    (void)state;
    char dir[SCRATCH_MAX], path[96], other[96], url[128];
    scratch_make(dir);
    (void)snprintf(path, sizeof path, "%s/x.db", dir);
    (void)snprintf(other, sizeof other, "%s/y.db", dir);
    (void)snprintf(url, sizeof url, "sqlite:%s", path);

    write_file(
        path,
        "this is a letter to a friend, not a database, and long enough for a header of one hundred bytes....",
        0600);
    assert_refused(url, E_BROKEN, path);
    write_file(path, "", 0640);
    assert_refused(url, E_DENIED, "chmod 600");
    assert_int_equal(unlink(path), 0);
    write_file(other, "", 0600);
    assert_int_equal(symlink(other, path), 0);
    assert_refused(url, E_UNAVAILABLE, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused(url, E_UNAVAILABLE, path);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused(url, E_INVALID, "regular file");
    assert_int_equal(unlink(path), 0);

    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE recipe (name TEXT)", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(chmod(path, 0600), 0);
    assert_refused(url, E_CONFLICT, "not one of Fairlead");
    assert_int_equal(scratch_remove(dir), 0);
}

static void refuses_a_place_that_is_not_there(void **state)
{
    (void)state;
    assert_refused("sqlite:/nonexistent/a/b/fairlead.db", E_NOT_FOUND, "/nonexistent");
}

static void opens_the_same_data_in_two_programs(void **state)
{
    (void)state;
    char dir[SCRATCH_MAX], url[128];
    scratch_make(dir);
    (void)snprintf(url, sizeof url, "sqlite:%s/fairlead.db", dir);
    struct store *a = NULL, *b = NULL; /* a server and an offline command */
    assert_ok(open_url(url, &a, NULL));
    assert_ok(open_url(url, &b, NULL));
    assert_ok(store_blob_put(a, TEXT("x"), BYTES_OF("1"), NULL));
    assert_ok(store_blob_put(b, TEXT("y"), BYTES_OF("2"), NULL));
    OWNED(arena_release) struct arena arena;
    arena_init(&arena, 1024, 65536);
    struct bytes value;
    assert_ok(store_blob_get(a, TEXT("y"), &arena, &value));
    assert_ok(store_blob_get(b, TEXT("x"), &arena, &value));
    store_close(a);
    store_close(b);
    assert_int_equal(scratch_remove(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_urls_it_does_not_know),
        cmocka_unit_test(refuses_settings_out_of_range),
        cmocka_unit_test(refuses_files_that_are_no_database_of_ours),
        cmocka_unit_test(refuses_a_place_that_is_not_there),
        cmocka_unit_test(opens_the_same_data_in_two_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
