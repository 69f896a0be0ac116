/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "scratch.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/random.h"
#include "store/sqlite_db.h"
#include "store/sqlite_files.h"
#include "store/sqlite_writer.h"
#include "store/store.h"

#define NOW INT64_C(1790000000)

struct place {
    char dir[SCRATCH_MAX], path[96], wal[96], url[112];
    struct store *s;
};

static void open_place(struct place *p)
{
    struct store_settings settings = {.url = text_of(p->url), .read_connections = 2, .write_queue_max = 1024};
    assert_ok(store_open(&settings, &p->s, NULL));
}

static void place_make(struct place *p)
{
    scratch_make(p->dir);
    (void)snprintf(p->path, sizeof p->path, "%s/fairlead.db", p->dir);
    (void)snprintf(p->wal, sizeof p->wal, "%s/fairlead.db-wal", p->dir);
    (void)snprintf(p->url, sizeof p->url, "sqlite:%s", p->path);
    open_place(p);
}

static struct status put(struct place *p, unsigned n, size_t size)
{
    static uint8_t value[1 << 20];
    char name[32];
    (void)snprintf(name, sizeof name, "blob-%u", n);
    return store_blob_put(p->s, text_of(name), (struct bytes){value, size}, NULL);
}

static off_t size_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_size : 0;
}

/* ---- results of SQLite ---- */

static void every_result_has_its_code(void **state)
{
    (void)state;
    static const struct {
        int result;
        enum code code;
    } cases[] = {
        {SQLITE_OK, E_OK},
        {SQLITE_ROW, E_OK},
        {SQLITE_DONE, E_OK},
        {SQLITE_NOMEM, E_NOMEM},
        {SQLITE_IOERR_NOMEM, E_NOMEM},
        {SQLITE_CONSTRAINT_UNIQUE, E_CONFLICT},
        {SQLITE_CONSTRAINT_PRIMARYKEY, E_CONFLICT},
        {SQLITE_TOOBIG, E_TOO_LARGE},
        {SQLITE_BUSY, E_UNAVAILABLE},
        {SQLITE_BUSY_SNAPSHOT, E_UNAVAILABLE},
        {SQLITE_FULL, E_UNAVAILABLE},
        {SQLITE_IOERR_FSYNC, E_UNAVAILABLE},
        {SQLITE_READONLY, E_UNAVAILABLE},
        {SQLITE_CANTOPEN, E_UNAVAILABLE},
        {SQLITE_CORRUPT, E_BROKEN},
        {SQLITE_CORRUPT_INDEX, E_BROKEN},
        {SQLITE_IOERR_CORRUPTFS, E_BROKEN},
        {SQLITE_NOTADB, E_BROKEN},
        {SQLITE_ERROR, E_BROKEN},
        {SQLITE_MISUSE, E_BROKEN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(sqlite_status(cases[i].result).code, cases[i].code);
}

/* ---- the disk ---- */

static void a_full_disk_refuses_and_heals(void **state)
{
    (void)state;
    struct place p;
    place_make(&p);
    assert_ok(put(&p, 1, 1000));
    /* Files may not grow: writes fail with EFBIG, as they would with ENOSPC. */
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = (rlim_t)size_of(p.wal) + 8192;
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    struct status refused = put(&p, 2, 200000);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(refused.code, E_UNAVAILABLE);

    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    struct bytes value;
    assert_status(store_blob_get(p.s, TEXT("blob-2"), &a, &value), E_NOT_FOUND);
    assert_ok(put(&p, 2, 200000));
    assert_ok(store_blob_get(p.s, TEXT("blob-2"), &a, &value));
    assert_ok(store_blob_get(p.s, TEXT("blob-1"), &a, &value));
    assert_ok(store_check(p.s, NULL));
    store_close(p.s);
    assert_int_equal(scratch_remove(p.dir), 0);
}

static void damage_is_found_and_named(void **state)
{
    (void)state;
    struct place p;
    struct error err = {0};
    place_make(&p);
    for (unsigned i = 0; i < 600; i++) /* so that all tables begin in the first half */
        assert_ok(put(&p, i, 500));
    store_close(p.s);
    int fd = open(p.path, O_WRONLY);
    assert_true(fd >= 0);
    uint8_t noise[4096];
    memset(noise, 0x5a, sizeof noise);
    for (off_t at = size_of(p.path) / 2 / 4096 * 4096; at < size_of(p.path); at += 4096)
        assert_int_equal(pwrite(fd, noise, sizeof noise, at), sizeof noise);
    (void)close(fd);
    open_place(&p);
    assert_status(store_check(p.s, &err), E_BROKEN);
    assert_non_null(strstr(err.message, p.path));
    store_close(p.s);
    assert_int_equal(scratch_remove(p.dir), 0);
}

static void a_wrong_total_is_damage(void **state)
{
    (void)state;
    struct place p;
    struct error err = {0};
    place_make(&p);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(p.path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "UPDATE counter SET value = 3 WHERE name = 'applications'", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_status(store_check(p.s, &err), E_BROKEN);
    assert_non_null(strstr(err.message, "count of applications"));
    store_close(p.s);
    assert_int_equal(scratch_remove(p.dir), 0);
}

/* ---- the log ---- */

static void the_log_stays_bounded(void **state)
{
    (void)state;
    struct place p;
    off_t largest = 0;
    place_make(&p);
    for (unsigned i = 0; i < 400; i++) { /* 200 MiB through the log */
        assert_ok(put(&p, i % 8, 500000));
        off_t size = size_of(p.wal);
        largest = size > largest ? size : largest;
    }
    assert_true(largest > 0 && largest < 64 * 1024 * 1024);
    store_close(p.s);
    assert_int_equal(scratch_remove(p.dir), 0);
}

/* ---- the queue ---- */

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool entered, open;
};

static struct status wait_at_gate(struct sqlite_txn *t, void *args)
{
    (void)t;
    struct gate *g = args;
    (void)pthread_mutex_lock(&g->lock);
    g->entered = true;
    (void)pthread_cond_broadcast(&g->changed);
    while (!g->open)
        (void)pthread_cond_wait(&g->changed, &g->lock);
    (void)pthread_mutex_unlock(&g->lock);
    return DONE;
}

static struct status do_nothing(struct sqlite_txn *t, void *args)
{
    (void)t, (void)args;
    return DONE;
}

struct caller {
    struct sqlite_writer *w;
    sqlite_operation *run;
    void *args;
    struct status result;
    pthread_t thread;
};

static void *call(void *ctx)
{
    struct caller *c = ctx;
    c->result = sqlite_write(c->w, c->run, c->args);
    return NULL;
}

static void a_full_queue_says_try_again(void **state)
{
    (void)state;
    char dir[SCRATCH_MAX], path[96];
    struct sqlite_writer *w = NULL;
    struct gate gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false};
    scratch_make(dir);
    (void)snprintf(path, sizeof path, "%s/x.db", dir);
    assert_ok(sqlite_files_prepare(path, NULL));
    assert_ok(sqlite_writer_start(path, 2, &w, NULL));

    struct caller first = {.w = w, .run = wait_at_gate, .args = &gate};
    assert_int_equal(pthread_create(&first.thread, NULL, call, &first), 0);
    (void)pthread_mutex_lock(&gate.lock);
    while (!gate.entered)
        (void)pthread_cond_wait(&gate.changed, &gate.lock);
    (void)pthread_mutex_unlock(&gate.lock);

    struct caller waiting[2];
    for (size_t i = 0; i < 2; i++) {
        waiting[i] = (struct caller){.w = w, .run = do_nothing};
        assert_int_equal(pthread_create(&waiting[i].thread, NULL, call, &waiting[i]), 0);
    }
    struct sqlite_writer_stats stats = {0};
    while (stats.queued < 2)
        sqlite_writer_stats(w, &stats);
    assert_status(sqlite_write(w, do_nothing, NULL), E_AGAIN);

    (void)pthread_mutex_lock(&gate.lock);
    gate.open = true;
    (void)pthread_cond_broadcast(&gate.changed);
    (void)pthread_mutex_unlock(&gate.lock);
    assert_int_equal(pthread_join(first.thread, NULL), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_join(waiting[i].thread, NULL), 0);
    assert_int_equal(first.result.code, E_OK);
    assert_true(status_ok(waiting[0].result) && status_ok(waiting[1].result));
    assert_ok(sqlite_write(w, do_nothing, NULL));
    sqlite_writer_stop(w);
    assert_int_equal(scratch_remove(dir), 0);
}

static struct status make_row(struct sqlite_txn *t, void *args)
{
    return sqlite_exec(t->db, args, NULL);
}

static struct status make_row_and_fail(struct sqlite_txn *t, void *args)
{
    TRY(make_row(t, args));
    return STATUS(DENIED);
}

static void *call_alone(void *ctx)
{
    struct caller *c = ctx;
    c->result = sqlite_write_alone(c->w, c->run, c->args);
    return NULL;
}

static void an_operation_alone_fails_alone(void **state)
{
    (void)state;
    char dir[SCRATCH_MAX], path[96];
    struct sqlite_writer *w = NULL;
    scratch_make(dir);
    (void)snprintf(path, sizeof path, "%s/x.db", dir);
    assert_ok(sqlite_files_prepare(path, NULL));
    assert_ok(sqlite_writer_start(path, 64, &w, NULL));
    char create[] = "CREATE TABLE row (x)", row[] = "INSERT INTO row VALUES (1)";
    assert_ok(sqlite_write_alone(w, make_row, create));

    struct caller callers[24]; /* every third alone, every fourth fails */
    for (size_t i = 0; i < 24; i++) {
        callers[i] = (struct caller){.w = w, .run = i % 4 ? make_row : make_row_and_fail, .args = row};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, i % 3 ? call : call_alone, &callers[i]), 0);
    }
    for (size_t i = 0; i < 24; i++) {
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
        assert_int_equal(callers[i].result.code, i % 4 ? E_OK : E_DENIED);
    }
    sqlite_writer_stop(w);
    struct sqlite_db db;
    int64_t rows = 0;
    assert_ok(sqlite_db_open(&db, path, 1024, NULL));
    assert_ok(sqlite_scalar(&db, "SELECT count(*) FROM row", &rows, NULL));
    assert_int_equal(rows, 18);
    sqlite_db_close(&db);
    assert_int_equal(scratch_remove(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_result_has_its_code),      cmocka_unit_test(a_full_disk_refuses_and_heals),
        cmocka_unit_test(damage_is_found_and_named),      cmocka_unit_test(a_wrong_total_is_damage),
        cmocka_unit_test(the_log_stays_bounded),          cmocka_unit_test(a_full_queue_says_try_again),
        cmocka_unit_test(an_operation_alone_fails_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
