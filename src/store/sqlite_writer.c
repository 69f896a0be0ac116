/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_writer.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fault.h"

#define GROUP_MAX              256 /* operations per commit: bounds how long the first one waits for the last */
#define WRITER_CACHE_KIB       (32 * 1024)
#define CHECKPOINTER_CACHE_KIB 1024
#define WAL_CHECKPOINT_FRAMES  4000 /* pages of 4 KiB in the log before it is copied: 16 MiB */
#define WAL_RETRY_FRAMES       1000 /* a reader was in the way: try again after so many more */
#define CHANGES_KEPT           INT64_C(100000)

struct job {
    sqlite_operation *run;
    void *args;
    bool alone; /* the only one of its group */
    struct status result;
    sem_t done;
    struct job *next;
};

struct sqlite_writer {
    struct sqlite_db db;         /* writer thread only, after start */
    struct sqlite_db checkpoint; /* checkpoint thread only, after start */
    pthread_t writer_thread, checkpoint_thread;
    bool writer_started, checkpoint_started;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t work;  /* jobs or stopping */
    pthread_cond_t log_grew;
    struct job *first, **last;
    unsigned queued, queue_max;
    bool stopping, log_is_long, log_was_copied;
    struct sqlite_writer_stats stats;

    int log_frames; /* writer thread only: length of the log after the last commit */
    int checkpoint_at;
};

static struct status run_plain(struct sqlite_db *db, enum sql sql)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(db, sql);
    return sqlite_run(&q);
}

/* ---- one group ---- */

struct group {
    struct job *jobs[GROUP_MAX];
    size_t count;
    size_t begun;            /* first job of the open transaction */
    struct sqlite_txn total; /* of the open transaction */
};

static void rollback(struct sqlite_writer *w)
{
    if (!sqlite3_get_autocommit(w->db.handle))
        status_ignore(run_plain(&w->db, SQL_ROLLBACK));
}

/* The open transaction is lost, and with it every operation in it that had succeeded. */
static void fail_transaction(struct group *g, size_t end, struct status s)
{
    for (size_t i = g->begun; i < end; i++)
        if (status_ok(g->jobs[i]->result))
            g->jobs[i]->result = s;
}

static void add_totals(struct sqlite_txn *total, const struct sqlite_txn *t)
{
    for (size_t i = 0; i < COUNTER_COUNT; i++)
        total->counters[i] += t->counters[i];
    total->changed = total->changed || t->changed;
}

static struct status run_in_savepoint(struct sqlite_writer *w, struct job *job, struct sqlite_txn *t)
{
    TRY(run_plain(&w->db, SQL_SAVEPOINT));
    struct status s = job->run(t, job->args);
    if (!status_ok(s) && !sqlite3_get_autocommit(w->db.handle)) {
        struct status undone = run_plain(&w->db, SQL_UNDO);
        if (!status_ok(undone)) { /* never keep half an operation */
            rollback(w);
            return undone;
        }
    }
    if (!sqlite3_get_autocommit(w->db.handle)) {
        struct status released = run_plain(&w->db, SQL_RELEASE);
        if (!status_ok(released)) {
            rollback(w);
            return released;
        }
    }
    return s;
}

static struct status run_alone(struct sqlite_writer *w, struct job *job, struct sqlite_txn *t)
{
    struct status s = job->run(t, job->args);
    if (!status_ok(s))
        rollback(w);
    return s;
}

static struct status flush_totals(struct sqlite_writer *w, const struct sqlite_txn *total)
{
    static const struct text names[COUNTER_COUNT] = {
        [COUNTER_APPLICATIONS] = TEXT_INIT("applications"),
        [COUNTER_CERTIFICATES_ACTIVE] = TEXT_INIT("certificates_active"),
        [COUNTER_CERTIFICATES_REVOKED] = TEXT_INIT("certificates_revoked"),
        [COUNTER_SERVICES] = TEXT_INIT("services"),
        [COUNTER_SPECIFICATIONS] = TEXT_INIT("specifications"),
        [COUNTER_SPECIFICATION_BYTES] = TEXT_INIT("specification_bytes"),
    };
    for (size_t i = 0; i < COUNTER_COUNT; i++) {
        if (total->counters[i] == 0)
            continue;
        OWNED(sqlite_done) struct sqlite_query q = sqlite_query(&w->db, SQL_COUNTER_ADD);
        bind_int(&q, total->counters[i]);
        bind_text(&q, names[i]);
        TRY(sqlite_run(&q));
    }
    if (!total->changed)
        return DONE;
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(&w->db, SQL_CHANGE_TRIM);
    bind_int(&q, CHANGES_KEPT);
    return sqlite_run(&q);
}

static bool any_succeeded(const struct group *g)
{
    for (size_t i = g->begun; i < g->count; i++)
        if (status_ok(g->jobs[i]->result))
            return true;
    return false;
}

static void commit(struct sqlite_writer *w, struct group *g)
{
    if (sqlite3_get_autocommit(w->db.handle))
        return;
    if (!any_succeeded(g)) {
        rollback(w);
        return;
    }
    int64_t started = clock_monotonic_us();
    struct status s = flush_totals(w, &g->total);
    FAULT_POINT("store.committing");
    if (status_ok(s))
        s = run_plain(&w->db, SQL_COMMIT);
    if (!status_ok(s)) {
        rollback(w);
        fail_transaction(g, g->count, s);
        return;
    }
    (void)pthread_mutex_lock(&w->lock);
    w->stats.commits++;
    w->stats.commit_us_total += clock_monotonic_us() - started;
    (void)pthread_mutex_unlock(&w->lock);
}

static void run_group(struct sqlite_writer *w, struct group *g)
{
    for (size_t i = 0; i < g->count; i++) {
        struct job *job = g->jobs[i];
        /* No transaction is open at the start, and after SQLite itself rolled one back (disk full, I/O error,
         * no memory). */
        if (sqlite3_get_autocommit(w->db.handle)) {
            g->begun = i;
            g->total = (struct sqlite_txn){.db = &w->db};
            job->result = run_plain(&w->db, SQL_BEGIN);
            if (!status_ok(job->result))
                continue;
        }
        struct sqlite_txn t = {.db = &w->db};
        job->result = job->alone ? run_alone(w, job, &t) : run_in_savepoint(w, job, &t);
        if (status_ok(job->result))
            add_totals(&g->total, &t);
        if (sqlite3_get_autocommit(w->db.handle))
            fail_transaction(g, i, status_ok(job->result) ? STATUS(BROKEN) : job->result);
    }
    commit(w, g);
}

/* ---- the log ---- */

static int after_commit(void *ctx, sqlite3 *db, const char *name, int frames)
{
    (void)db, (void)name;
    struct sqlite_writer *w = ctx;
    w->log_frames = frames;
    return SQLITE_OK;
}

/*
 * A PASSIVE checkpoint copies the log while commits go on, and so never catches its end. The few frames that
 * came meanwhile are copied here, between two commits, and the next commit begins at the front. A reader in
 * the way only postpones it.
 */
static void bound_log(struct sqlite_writer *w)
{
    (void)pthread_mutex_lock(&w->lock);
    bool copied = w->log_was_copied;
    w->log_was_copied = false;
    (void)pthread_mutex_unlock(&w->lock);
    if (copied && w->log_frames >= WAL_CHECKPOINT_FRAMES) {
        (void)sqlite3_busy_timeout(w->db.handle, 0);
        int result = sqlite3_wal_checkpoint_v2(w->db.handle, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
        (void)sqlite3_busy_timeout(w->db.handle, SQLITE_BUSY_TIMEOUT_MS);
        if (result == SQLITE_OK)
            w->log_frames = 0;
    }
    if (w->log_frames < WAL_CHECKPOINT_FRAMES) {
        w->checkpoint_at = WAL_CHECKPOINT_FRAMES;
    } else if (w->log_frames >= w->checkpoint_at) {
        w->checkpoint_at = w->log_frames + WAL_RETRY_FRAMES;
        (void)pthread_mutex_lock(&w->lock);
        w->log_is_long = true;
        (void)pthread_cond_signal(&w->log_grew);
        (void)pthread_mutex_unlock(&w->lock);
    }
}

static void *checkpoint_main(void *ctx)
{
    struct sqlite_writer *w = ctx;
    (void)pthread_mutex_lock(&w->lock);
    while (!w->stopping) {
        if (!w->log_is_long) {
            (void)pthread_cond_wait(&w->log_grew, &w->lock);
            continue;
        }
        w->log_is_long = false;
        (void)pthread_mutex_unlock(&w->lock);
        /* A failure here loses nothing: the log keeps what was committed, and the writer meets the same disk.
         */
        int result =
            sqlite3_wal_checkpoint_v2(w->checkpoint.handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        (void)pthread_mutex_lock(&w->lock);
        w->log_was_copied = result == SQLITE_OK;
    }
    (void)pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* ---- the thread and its queue ---- */

/* Waits for work; false when stopping and nothing is left. */
static bool take_group(struct sqlite_writer *w, struct group *g)
{
    g->count = 0;
    (void)pthread_mutex_lock(&w->lock);
    while (!w->first && !w->stopping)
        (void)pthread_cond_wait(&w->work, &w->lock);
    bool alone = false;
    while (w->first && g->count < GROUP_MAX && !alone && (g->count == 0 || !w->first->alone)) {
        alone = w->first->alone;
        g->jobs[g->count++] = w->first;
        w->first = w->first->next;
    }
    if (!w->first)
        w->last = &w->first;
    w->queued -= (unsigned)g->count;
    w->stats.operations += (int64_t)g->count;
    (void)pthread_mutex_unlock(&w->lock);
    return g->count > 0;
}

static void *writer_main(void *ctx)
{
    struct sqlite_writer *w = ctx;
    struct group g = {.count = 0};
    while (take_group(w, &g)) {
        run_group(w, &g);
        for (size_t i = 0; i < g.count; i++)
            (void)sem_post(&g.jobs[i]->done); /* the job is the waiter's again */
        bound_log(w);
    }
    return NULL;
}

static struct status queue_and_wait(struct sqlite_writer *w, struct job *job)
{
    must(sem_init(&job->done, 0, 0) == 0);
    (void)pthread_mutex_lock(&w->lock);
    struct status s = w->stopping ? STATUS(UNAVAILABLE) : w->queued >= w->queue_max ? STATUS(AGAIN) : DONE;
    if (status_ok(s)) {
        *w->last = job;
        w->last = &job->next;
        w->queued++;
    }
    (void)pthread_mutex_unlock(&w->lock);
    if (status_ok(s)) {
        /* Not under the lock, which the woken writer would run into. Stopping comes after the last caller
         * left. */
        (void)pthread_cond_signal(&w->work);
        while (sem_wait(&job->done) != 0) /* EINTR */
            ;
        s = job->result;
    }
    (void)sem_destroy(&job->done);
    return s;
}

struct status sqlite_write(struct sqlite_writer *w, sqlite_operation *run, void *args)
{
    struct job job = {.run = run, .args = args};
    return queue_and_wait(w, &job);
}

struct status sqlite_write_alone(struct sqlite_writer *w, sqlite_operation *run, void *args)
{
    struct job job = {.run = run, .args = args, .alone = true};
    return queue_and_wait(w, &job);
}

void sqlite_writer_stats(struct sqlite_writer *w, struct sqlite_writer_stats *out)
{
    (void)pthread_mutex_lock(&w->lock);
    *out = w->stats;
    out->queued = w->queued;
    (void)pthread_mutex_unlock(&w->lock);
}

struct status sqlite_change(struct sqlite_txn *t, struct text tenant, struct text kind, struct bytes key)
{
    t->changed = true;
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_CHANGE_ADD);
    bind_text(&q, tenant);
    bind_text(&q, kind);
    bind_blob(&q, key);
    return sqlite_run(&q);
}

/* ---- life cycle ---- */

/* Signals are for the process's main thread. */
static bool start_thread(pthread_t *thread, void *(*run)(void *), void *ctx)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(thread, NULL, run, ctx);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result == 0;
}

void sqlite_writer_stop(struct sqlite_writer *w)
{
    if (!w)
        return;
    (void)pthread_mutex_lock(&w->lock);
    w->stopping = true;
    (void)pthread_cond_signal(&w->work);
    (void)pthread_cond_signal(&w->log_grew);
    (void)pthread_mutex_unlock(&w->lock);
    if (w->checkpoint_started)
        (void)pthread_join(w->checkpoint_thread, NULL);
    if (w->writer_started)
        (void)pthread_join(w->writer_thread, NULL);
    sqlite_db_close(&w->checkpoint);
    sqlite_db_close(&w->db);
    (void)pthread_cond_destroy(&w->log_grew);
    (void)pthread_cond_destroy(&w->work);
    (void)pthread_mutex_destroy(&w->lock);
    mem_free(w);
}
OWNABLE(struct sqlite_writer, sqlite_writer_stop);

struct status sqlite_writer_start(const char *path, unsigned queue_max, struct sqlite_writer **out,
                                  struct error *err)
{
    OWNED(sqlite_writer_stop) struct sqlite_writer *w = mem_alloc(sizeof *w);
    if (!w)
        return error_set(err, E_NOMEM, "out of memory");
    must(pthread_mutex_init(&w->lock, NULL) == 0);
    must(pthread_cond_init(&w->work, NULL) == 0);
    must(pthread_cond_init(&w->log_grew, NULL) == 0);
    w->last = &w->first;
    w->checkpoint_at = WAL_CHECKPOINT_FRAMES;
    w->queue_max = queue_max;
    TRY(sqlite_db_open(&w->db, path, WRITER_CACHE_KIB, err));
    TRY(sqlite_db_open(&w->checkpoint, path, CHECKPOINTER_CACHE_KIB, err));
    (void)sqlite3_wal_hook(w->db.handle, after_commit, w);
    w->writer_started = start_thread(&w->writer_thread, writer_main, w);
    w->checkpoint_started = start_thread(&w->checkpoint_thread, checkpoint_main, w);
    if (!w->writer_started || !w->checkpoint_started)
        return error_set(err, E_UNAVAILABLE, "cannot start the store's threads");
    *out = TAKE(w);
    return DONE;
}
