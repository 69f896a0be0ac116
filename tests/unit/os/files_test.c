/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "os/files.h"
#include "scratch.h"

static char directory[SCRATCH_MAX];

/* Paths below the test's directory; four at a time. */
static const char *at(const char *name)
{
    static char paths[4][PATH_MAX];
    static unsigned next;
    char *out = paths[next++ % 4];
    assert_ok(path_join(directory, name, out, PATH_MAX));
    return out;
}

static void put(const char *name, const char *content, mode_t mode)
{
    assert_ok(file_write(at(name), text_bytes(text_of(content)), mode, NULL));
}

static int set_up_directory(void **state)
{
    (void)state;
    scratch_make(directory);
    return 0;
}

static int tear_down_directory(void **state)
{
    (void)state;
    return scratch_remove(directory);
}

/* ---- secrets: refusals ---- */

static void assert_secret_refused(const char *name, enum code code, const char *words)
{
    struct secret s = {0};
    struct error err = {0};
    assert_status(file_read_secret(at(name), 64, &s, &err), code);
    assert_null(s.p);
    assert_non_null(strstr(err.message, words));
    assert_non_null(strstr(err.message, name)); /* names the file */
}

static void refuses_a_key_that_others_can_read_or_write(void **state)
{
    (void)state;
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601, 0644, 0777};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        put("open.key", "key", modes[i]);
        assert_secret_refused("open.key", E_DENIED, "chmod 600");
    }
}

static void refuses_a_key_behind_a_symbolic_link(void **state)
{
    (void)state;
    put("real.key", "key", 0600);
    assert_int_equal(symlink(at("real.key"), at("link.key")), 0);
    assert_secret_refused("link.key", E_DENIED, "symbolic link");
}

static void refuses_a_key_of_somebody_else(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    put("foreign.key", "key", 0600);
    assert_int_equal(chown(at("foreign.key"), 12345, 12345), 0);
    assert_secret_refused("foreign.key", E_DENIED, "chown");
}

static void refuses_a_key_that_is_too_large(void **state)
{
    (void)state;
    char big[66];
    memset(big, 'x', 65);
    big[65] = '\0';
    put("big.key", big, 0600);
    assert_secret_refused("big.key", E_TOO_LARGE, "larger than 64 bytes");
}

static void refuses_what_is_no_regular_file(void **state)
{
    (void)state;
    assert_int_equal(mkdir(at("directory"), 0700), 0);
    assert_int_equal(mkfifo(at("fifo"), 0600), 0); /* and does not wait for a writer */
    assert_secret_refused("directory", E_INVALID, "not a regular file");
    assert_secret_refused("fifo", E_INVALID, "not a regular file");
    assert_secret_refused("absent", E_NOT_FOUND, "No such file");
}

/* certbot's live/ and Kubernetes' mounts are links, and a group may be the way to share a key. */
static void reads_a_key_through_a_link_when_only_its_group_may_read_it(void **state)
{
    (void)state;
    put("shared.key", "secret", 0640);
    assert_int_equal(symlink("shared.key", at("live.key")), 0);
    OWNED(secret_release) struct secret s = {0};
    assert_ok(file_read_key(at("live.key"), 64, &s, NULL));
    assert_memory_equal(s.p, "secret", 6);
    assert_secret_refused("live.key", E_DENIED, "symbolic link");
    static const mode_t refused[] = {0644, 0660, 0601, 0602};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        OWNED(secret_release) struct secret none = {0};
        assert_int_equal(chmod(at("shared.key"), refused[i]), 0);
        assert_status(file_read_key(at("live.key"), 64, &none, NULL), E_DENIED);
    }
}

static void reads_a_key_of_ours(void **state)
{
    (void)state;
    put("good.key", "secret", 0600);
    OWNED(secret_release) struct secret s = {0};
    assert_ok(file_read_secret(at("good.key"), 6, &s, NULL));
    assert_int_equal(s.n, 6);
    assert_memory_equal(s.p, "secret", 6);
}

/* ---- ordinary files ---- */

static void reads_up_to_the_limit_and_not_more(void **state)
{
    (void)state;
    put("exact", "12345678", 0644);
    struct buffer b;
    buffer_init(&b, 64);
    assert_ok(file_read(at("exact"), 8, &b, NULL));
    assert_text(buffer_as_text(&b), "12345678");
    assert_status(file_read(at("exact"), 7, &b, NULL), E_TOO_LARGE);
    assert_text(buffer_as_text(&b), "12345678"); /* nothing added */
    buffer_release(&b);
    buffer_init(&b, 4); /* the buffer's own maximum holds too */
    assert_status(file_read(at("exact"), 8, &b, NULL), E_TOO_LARGE);
    buffer_release(&b);
}

static void writing_replaces_all_or_nothing(void **state)
{
    (void)state;
    put("replaced", "old", 0600);
    put("replaced", "new content", 0640);
    struct stat st;
    assert_int_equal(stat(at("replaced"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    struct error err = {0};
    assert_status(file_write(at("nowhere/file"), BYTES_OF("x"), 0600, &err), E_NOT_FOUND);
    assert_non_null(strstr(err.message, "nowhere/file"));
    assert_int_equal(mkdir(at("occupied"), 0700), 0);
    unsigned before = scratch_count(directory);
    assert_status(file_write(at("occupied"), BYTES_OF("x"), 0600, NULL), E_UNAVAILABLE);
    assert_int_equal(scratch_count(directory), before); /* no temporary file is left */
}

static void writing_replaces_a_link_and_not_its_target(void **state)
{
    (void)state;
    put("target", "target", 0600);
    assert_int_equal(symlink(at("target"), at("link")), 0);
    put("link", "fresh", 0600);
    struct buffer b;
    buffer_init(&b, 64);
    assert_ok(file_read(at("target"), 64, &b, NULL));
    assert_text(buffer_as_text(&b), "target");
    buffer_release(&b);
}

static struct status write_and_read(void)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 64);
    OWNED(secret_release) struct secret s = {0};
    TRY(file_write(at("again"), BYTES_OF("abc"), 0600, NULL));
    TRY(file_read(at("again"), 64, &b, NULL));
    return file_read_secret(at("again"), 64, &s, NULL);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(write_and_read());
}

/* ---- directories ---- */

static void makes_missing_parents(void **state)
{
    (void)state;
    struct stat st;
    assert_ok(directory_make(at("a/b/c"), 0700, NULL));
    assert_ok(directory_make(at("a/b/c"), 0700, NULL)); /* again */
    assert_int_equal(stat(at("a/b"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    put("a/file", "x", 0600);
    struct error err = {0};
    assert_status(directory_make(at("a/file/d"), 0700, &err), E_INVALID);
    assert_non_null(strstr(err.message, "in the way"));
    assert_status(directory_make("", 0700, NULL), E_INVALID);
}

static void a_private_directory_is_ours_alone_to_write(void **state)
{
    (void)state;
    assert_int_equal(mkdir(at("private"), 0700), 0);
    assert_ok(directory_check_private(at("private"), NULL));
    assert_int_equal(chmod(at("private"), 0755), 0);
    assert_ok(directory_check_private(at("private"), NULL));
    assert_int_equal(chmod(at("private"), 0770), 0);
    assert_status(directory_check_private(at("private"), NULL), E_DENIED);
    assert_int_equal(chmod(at("private"), 0707), 0);
    assert_status(directory_check_private(at("private"), NULL), E_DENIED);
    assert_status(directory_check_private(at("absent"), NULL), E_NOT_FOUND);
}

/* ---- the lock ---- */

static void a_second_lock_waits_and_names_the_holder(void **state)
{
    (void)state;
    int first = -1, second = -1;
    struct error err = {0};
    assert_ok(file_lock(at("lock"), 0, &first, NULL));
    int64_t before = clock_monotonic_ms();
    assert_status(file_lock(at("lock"), 120, &second, &err), E_CONFLICT);
    assert_true(clock_monotonic_ms() - before >= 120);
    char expected[32];
    (void)snprintf(expected, sizeof expected, "process %d holds", (int)getpid());
    assert_non_null(strstr(err.message, expected));
    close(first);
    assert_ok(file_lock(at("lock"), 0, &second, NULL));
    close(second);
}

static void a_child_that_has_the_descriptor_keeps_the_lock(void **state)
{
    (void)state;
    int first = -1, second = -1;
    assert_ok(file_lock(at("lock"), 0, &first, NULL));
    pid_t child = fork();
    if (child == 0) {
        (void)pause();
        _exit(0);
    }
    close(first);
    assert_status(file_lock(at("lock"), 0, &second, NULL), E_CONFLICT);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_ok(file_lock(at("lock"), 1000, &second, NULL));
    close(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_key_through_a_link_when_only_its_group_may_read_it),
        cmocka_unit_test(refuses_a_key_that_others_can_read_or_write),
        cmocka_unit_test(refuses_a_key_behind_a_symbolic_link),
        cmocka_unit_test(refuses_a_key_of_somebody_else),
        cmocka_unit_test(refuses_a_key_that_is_too_large),
        cmocka_unit_test(refuses_what_is_no_regular_file),
        cmocka_unit_test(reads_a_key_of_ours),
        cmocka_unit_test(reads_up_to_the_limit_and_not_more),
        cmocka_unit_test(writing_replaces_all_or_nothing),
        cmocka_unit_test(writing_replaces_a_link_and_not_its_target),
        cmocka_unit_test(survives_failing_allocations),
        cmocka_unit_test(makes_missing_parents),
        cmocka_unit_test(a_private_directory_is_ours_alone_to_write),
        cmocka_unit_test(a_second_lock_waits_and_names_the_holder),
        cmocka_unit_test(a_child_that_has_the_descriptor_keeps_the_lock),
    };
    return cmocka_run_group_tests(tests, set_up_directory, tear_down_directory);
}
