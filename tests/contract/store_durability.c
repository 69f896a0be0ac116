/* SPDX-License-Identifier: Apache-2.0 */
#include "store_suite.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Threads that share the store, and what is left of it after they are gone. cmocka's assertions belong to the
 * main thread only. */

#define THREADS 64

struct worker {
    struct fixture *f;
    struct certificate_issue issue;
    struct status result;
    pthread_t thread;
};

static void *issue(void *ctx)
{
    struct worker *w = ctx;
    w->result = store_certificate_issue(w->f->s, &w->issue, AUDIT("certificate.issue"));
    return NULL;
}

static void run_all(struct worker *workers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pthread_create(&workers[i].thread, NULL, issue, &workers[i]), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
}

static void one_token_gives_one_certificate(struct fixture *f)
{
    struct worker workers[THREADS];
    struct digest token = digest_of(1000);
    assert_ok(make_token(f, 1000, "a"));
    for (unsigned i = 0; i < THREADS; i++)
        workers[i] = (struct worker){f, {certificate_of(f, i, "a"), token.p, NULL}, DONE, 0};
    run_all(workers, THREADS);
    unsigned won = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        won += status_ok(workers[i].result);
        if (!status_ok(workers[i].result))
            assert_int_equal(workers[i].result.code, E_CONFLICT);
    }
    assert_int_equal(won, 1);
    assert_int_equal(counts_of(f).active_certificates, 1);
    assert_int_equal(audit_rows(f, "certificate.issue"), 1);
}

static void a_failing_neighbour_fails_alone(struct fixture *f)
{
    struct worker workers[THREADS];
    static const uint8_t repeated[] = {1, 2, 3};
    struct digest unknown = digest_of(5000);
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < THREADS; i++) {
            /* every third has no token; every fifth shares one serial, so that the first of them wins */
            workers[i] =
                (struct worker){f, {certificate_of(f, round * THREADS + i, "a"), NULL, NULL}, DONE, 0};
            if (i % 3 == 0)
                workers[i].issue.token_hash = unknown.p;
            else if (i % 5 == 0)
                workers[i].issue.certificate.serial = BYTES_OF(repeated);
        }
        run_all(workers, THREADS);
        for (unsigned i = 0; i < THREADS; i++) {
            bool first_of_its_serial = round == 0 && status_ok(workers[i].result);
            bool fails = i % 3 == 0 || (i % 5 == 0 && !first_of_its_serial);
            assert_int_equal(workers[i].result.code, fails ? E_CONFLICT : E_OK);
            struct certificate c;
            struct status found =
                store_certificate_find(f->s, workers[i].issue.certificate.fingerprint, false, &f->arena, &c);
            assert_int_equal(status_ok(found), status_ok(workers[i].result));
        }
    }
}

static void commits_are_shared(struct fixture *f)
{
    struct worker workers[THREADS];
    struct store_counts before = counts_of(f);
    for (unsigned i = 0; i < THREADS; i++)
        workers[i] = (struct worker){f, {certificate_of(f, i, "a"), NULL, NULL}, DONE, 0};
    run_all(workers, THREADS);
    struct store_counts after = counts_of(f);
    assert_int_equal(after.operations - before.operations, THREADS);
    assert_true(after.commits > before.commits && after.commits - before.commits <= THREADS);
    assert_int_equal(after.write_queue_depth, 0);
    assert_int_equal(after.active_certificates, THREADS);
}

static void survives_a_restart(struct fixture *f)
{
    assert_ok(make_application(f, "a"));
    assert_ok(make_token(f, 1, "a"));
    assert_ok(make_certificate(f, 2, "a"));
    assert_ok(store_blob_put(f->s, TEXT("b"), BYTES_OF("1"), NO_AUDIT));
    bool was = true;
    assert_ok(
        store_certificate_revoke(f->s, digest_of(3).p, TEXT("r"), NOW, AUDIT("certificate.revoke"), &was));
    fixture_reopen(f);
    struct application app;
    struct bytes value;
    assert_ok(store_application_get(f->s, TEXT(""), TEXT("a"), &f->arena, &app));
    assert_int_equal(token_state_of(f, 1, NOW), TOKEN_ACTIVE);
    assert_false(certificate_is_revoked(f, 2));
    assert_true(certificate_is_revoked(f, 3));
    assert_ok(store_blob_get(f->s, TEXT("b"), &f->arena, &value));
    assert_int_equal(audit_rows(f, ""), 4);
    assert_int_equal(counts_of(f).applications, 1);
    assert_int_equal(counts_of(f).schema_version, 7);
}

/* ---- kill -9 ---- */

#define WRITERS 8

struct victim {
    struct fixture f;
    unsigned first;
    int pipe;
};

/* Writes for ever; each number goes into the pipe only after the store acknowledged it. */
static void *write_for_ever(void *ctx)
{
    struct victim *v = ctx;
    for (unsigned n = v->first;; n += WRITERS) {
        arena_reset(&v->f.arena);
        struct certificate_issue in = {.certificate = certificate_of(&v->f, n, "a")};
        if (!status_ok(store_certificate_issue(v->f.s, &in, AUDIT("certificate.issue"))))
            _exit(1);
        if (write(v->pipe, &n, sizeof n) != sizeof n)
            _exit(1);
    }
}

[[gnu::noreturn]] static void be_killed(const struct fixture *f, int pipe_fd)
{
    struct victim victims[WRITERS];
    pthread_t threads[WRITERS];
    struct store_settings settings = {.url = text_of(f->url), .read_connections = 1, .write_queue_max = 64};
    struct store *s = NULL;
    if (!status_ok(store_open(&settings, &s, NULL)))
        _exit(1);
    for (unsigned i = 0; i < WRITERS; i++) {
        victims[i] = (struct victim){.f = *f, .first = 1 + i, .pipe = pipe_fd};
        victims[i].f.s = s;
        arena_init(&victims[i].f.arena, 4096, 1 << 20);
        if (pthread_create(&threads[i], NULL, write_for_ever, &victims[i]) != 0)
            _exit(1);
    }
    for (;;)
        (void)pause();
}

static void acknowledged_writes_survive_kill_9(struct fixture *f)
{
    store_close(f->s);
    f->s = NULL;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        be_killed(f, fds[1]);
    (void)close(fds[1]);
    /* Let it work, kill it, and read what it had acknowledged. */
    static unsigned acknowledged[65536];
    size_t count = 0;
    for (; count < 300; count++)
        assert_int_equal(read(fds[0], &acknowledged[count], sizeof(unsigned)), sizeof(unsigned));
    assert_int_equal(kill(child, SIGKILL), 0);
    while (count < 65536 && read(fds[0], &acknowledged[count], sizeof(unsigned)) == sizeof(unsigned))
        count++;
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    (void)close(fds[0]);

    fixture_open(f);
    for (size_t i = 0; i < count; i++) {
        struct certificate c;
        assert_ok(store_certificate_find(f->s, digest_of(acknowledged[i]).p, false, &f->arena, &c));
    }
    assert_true(counts_of(f).active_certificates >= (int64_t)count);
}

/* ---- files ---- */

static unsigned mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void backs_up_while_it_runs(struct fixture *f)
{
    char copy[96];
    (void)snprintf(copy, sizeof copy, "%s/copy.db", f->dir);
    for (unsigned i = 0; i < 20; i++)
        assert_ok(make_certificate(f, i, "a"));
    struct error err = {0};
    assert_ok(store_backup(f->s, copy, &err));
    assert_int_equal(mode_of(copy), 0600);
    assert_status(store_backup(f->s, copy, &err), E_CONFLICT); /* never over another file */
    assert_ok(make_certificate(f, 20, "a"));

    struct fixture restored = *f;
    (void)snprintf(restored.url, sizeof restored.url, "sqlite:%.90s", copy);
    fixture_open(&restored);
    assert_int_equal(counts_of(&restored).active_certificates, 20);
    assert_false(certificate_is_revoked(&restored, 19));
    assert_ok(store_check(restored.s, &err));
    store_close(restored.s);
}

static void a_backup_that_fails_leaves_nothing(struct fixture *f)
{
    char copy[96];
    struct error err = {0};
    (void)snprintf(copy, sizeof copy, "%s/missing/copy.db", f->dir);
    assert_status(store_backup(f->s, copy, &err), E_NOT_FOUND);
    assert_non_null(strstr(err.message, copy));
}

static void keeps_its_files_to_itself(struct fixture *f)
{
    static const char *const files[] = {"fairlead.db", "fairlead.db-wal", "fairlead.db-shm"};
    char path[160];
    assert_ok(make_application(f, "a"));
    (void)snprintf(path, sizeof path, "%s/data", f->dir);
    assert_int_equal(mode_of(path), 0700);
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s/data/%s", f->dir, files[i]);
        assert_int_equal(mode_of(path), 0600);
    }
}

const struct contract_check durability_checks[] = {
    {"one token and 64 threads give one certificate", one_token_gives_one_certificate, false},
    {"a failing neighbour fails alone", a_failing_neighbour_fails_alone, false},
    {"commits are shared", commits_are_shared, false},
    {"survives a restart", survives_a_restart, true},
    {"acknowledged writes survive kill -9", acknowledged_writes_survive_kill_9, true},
    {"backs up while it runs", backs_up_while_it_runs, true},
    {"a backup that fails leaves nothing", a_backup_that_fails_leaves_nothing, true},
    {"keeps its files to itself", keeps_its_files_to_itself, true},
    {NULL, NULL, false},
};
