/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/files.h"
#include "os/processes.h"

static const char *spawned_path;

struct run {
    int executable, ends[2];
    pid_t pid;
};

static struct status spawn(struct run *r, char *first, char *second)
{
    char name[] = "spawned", given[] = "GIVEN=yes", asan[] = "ASAN_OPTIONS=detect_leaks=0";
    char *argv[] = {name, first, second, NULL};
    char *environment[] = {given, asan, NULL};
    r->executable = open(spawned_path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(pipe2(r->ends, O_CLOEXEC), 0);
    const struct spawn_fd fds[] = {{r->ends[1], 3}, {r->ends[0], 4}};
    const struct spawn sp = {
        .executable_fd = r->executable, .argv = argv, .environment = environment, .fds = fds, .fd_count = 2};
    struct status s = process_spawn(&sp, &r->pid, NULL);
    close(r->ends[1]);
    close(r->executable);
    return s;
}

static void read_answer(struct run *r, char out[static 256])
{
    ssize_t n = read(r->ends[0], out, 255);
    assert_true(n > 0);
    out[n] = '\0';
    close(r->ends[0]);
}

static int end_of(pid_t pid)
{
    int status = 0;
    while (!process_reap(pid, &status))
        (void)usleep(1000);
    return status;
}

static void reports_what_cannot_be_executed(void **state)
{
    (void)state;
    int fd = -1;
    pid_t pid = -1;
    assert_ok(memfd_sealed("no program", BYTES_OF("garbage"), &fd));
    char name[] = "garbage";
    char *argv[] = {name, NULL}, *environment[] = {NULL};
    const struct spawn sp = {.executable_fd = fd, .argv = argv, .environment = environment};
    struct error err = {0};
    assert_status(process_spawn(&sp, &pid, &err), E_UNAVAILABLE);
    assert_non_null(strstr(err.message, "execute"));
    assert_int_equal(pid, -1);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left behind */
    close(fd);
}

static void a_child_gets_what_it_was_given_and_nothing_else(void **state)
{
    (void)state;
    sigset_t mask, before;
    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    sigprocmask(SIG_BLOCK, &mask, &before);
    (void)signal(SIGPIPE, SIG_IGN);
    int leaky = dup(2); /* somebody forgot CLOEXEC */
    struct run r;
    char report[] = "report", answer[256];
    assert_ok(spawn(&r, report, NULL));
    read_answer(&r, answer);
    assert_string_equal(answer, "fds=5 masked=0 handlers=0 death=9 given=yes other=-");
    char end[PROCESS_END_MAX];
    assert_string_equal(process_describe_end(end_of(r.pid), end), "exit status 7");
    close(leaky);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

static void descriptors_may_change_places(void **state)
{
    (void)state;
    /* Ours are 3 and 4 in some order; the child's numbers are the other way round. Neither may overwrite the
     * other. */
    int a = fcntl(0, F_DUPFD_CLOEXEC, 20), ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    int executable = open(spawned_path, O_RDONLY | O_CLOEXEC);
    assert_true(dup2(ends[1], 21) == 21 && a == 20);
    char name[] = "spawned", report[] = "report";
    char *argv[] = {name, report, NULL}, *environment[] = {NULL};
    const struct spawn_fd fds[] = {{20, 21}, {21, 20}, {21, 3}};
    const struct spawn sp = {
        .executable_fd = executable, .argv = argv, .environment = environment, .fds = fds, .fd_count = 3};
    pid_t pid;
    assert_ok(process_spawn(&sp, &pid, NULL));
    char answer[256];
    close(ends[1]);
    close(21);
    close(20);
    close(executable);
    ssize_t n = read(ends[0], answer, sizeof answer);
    assert_true(n > 5);
    assert_memory_equal(answer, "fds=6", 5);
    close(ends[0]);
    (void)end_of(pid);
}

static void a_child_dies_with_its_parent(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t parent = fork();
    if (parent == 0) {
        struct run r;
        char wait[] = "wait", answer[256];
        if (!status_ok(spawn(&r, wait, NULL)))
            _exit(1);
        read_answer(&r, answer);
        dprintf(ends[1], "%s", answer);
        _exit(0); /* without a word to the child */
    }
    char answer[32] = "";
    assert_true(read(ends[0], answer, sizeof answer - 1) > 0);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    pid_t orphan = (pid_t)strtol(answer, NULL, 10);
    for (int i = 0; i < 3000 && kill(orphan, 0) == 0; i++)
        (void)usleep(10000);
    char path[64], stat[256] = "";
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)orphan);
    int fd = open(path, O_RDONLY);
    if (fd >= 0) { /* not reaped yet by whoever inherited it: then it is a zombie at least */
        assert_true(read(fd, stat, sizeof stat - 1) > 0);
        assert_non_null(strstr(stat, ") Z"));
        close(fd);
    }
    close(ends[0]);
    close(ends[1]);
}

static void hardening_refuses_a_lost_parent(void **state)
{
    (void)state;
    struct run r;
    char harden[] = "harden", nobody[] = "1999999999", answer[256];
    assert_ok(spawn(&r, harden, nobody));
    read_answer(&r, answer);
    assert_string_equal(answer, "the supervisor is gone");
    assert_int_not_equal(end_of(r.pid), 0);
}

static void hardening_forbids_dumps_and_privileges(void **state)
{
    (void)state;
    struct run r;
    char harden[] = "harden", parent[16], answer[256], expected[64];
    (void)snprintf(parent, sizeof parent, "%d", (int)getpid());
    assert_ok(spawn(&r, harden, parent));
    read_answer(&r, answer);
    (void)snprintf(expected, sizeof expected, "dumpable=%d nnp=1 core=0", FAIRLEAD_SANITIZED ? 1 : 0);
    assert_string_equal(answer, expected);
    assert_int_equal(end_of(r.pid), 0);
}

static void a_killed_child_is_described_by_its_signal(void **state)
{
    (void)state;
    struct run r;
    char wait[] = "wait", answer[256], end[PROCESS_END_MAX];
    assert_ok(spawn(&r, wait, NULL));
    read_answer(&r, answer);
    int status;
    assert_false(process_reap(r.pid, &status)); /* it still runs */
    assert_int_equal(kill(r.pid, SIGKILL), 0);
    assert_string_equal(process_describe_end(end_of(r.pid), end), "signal 9 (Killed)");
}

static void becoming_another_user_is_for_good(void **state)
{
    (void)state;
    struct process_user who;
    assert_status(process_find_user("no-such-user-here", "", &who, NULL), E_NOT_FOUND);
    assert_status(process_find_user("nobody", "no-such-group-here", &who, NULL), E_NOT_FOUND);
    if (geteuid() != 0)
        skip();
    assert_ok(process_find_user("nobody", "", &who, NULL));
    pid_t pid = fork();
    if (pid == 0) {
        bool became = status_ok(process_become("nobody", &who, NULL));
        bool lasting = getuid() == who.uid && geteuid() == who.uid && setuid(0) != 0 && getegid() == who.gid;
        bool again = process_become("nobody", &who, NULL).code == E_DENIED;
        _exit(became && lasting && again ? 0 : 1);
    }
    assert_int_equal(WEXITSTATUS(end_of(pid)), 0);
}

/* ---- memfd ---- */

static void refuses_a_memfd_that_can_still_change(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 64);
    int fd = memfd_create("loose", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_int_equal(write(fd, "abc", 3), 3);
    assert_status(memfd_read(fd, &b), E_INVALID);
    close(fd);
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_status(memfd_read(file, &b), E_INVALID);
    close(file);
    buffer_release(&b);
}

static void a_sealed_memfd_is_read_often_and_written_never(void **state)
{
    (void)state;
    int fd = -1;
    assert_ok(memfd_sealed("sealed", text_bytes(TEXT("content")), &fd));
    assert_int_equal(write(fd, "x", 1), -1);
    assert_int_equal(ftruncate(fd, 0), -1);
    struct buffer b;
    buffer_init(&b, 14);
    assert_ok(memfd_read(fd, &b));
    assert_ok(memfd_read(fd, &b)); /* the position does not matter */
    assert_text(buffer_as_text(&b), "contentcontent");
    assert_status(memfd_read(fd, &b), E_TOO_LARGE);
    buffer_release(&b);
    close(fd);
    assert_ok(memfd_sealed("empty", (struct bytes){0}, &fd));
    buffer_init(&b, 1);
    assert_ok(memfd_read(fd, &b));
    assert_int_equal(buffer_size(&b), 0);
    buffer_release(&b);
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    spawned_path = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_what_cannot_be_executed),
        cmocka_unit_test(a_child_gets_what_it_was_given_and_nothing_else),
        cmocka_unit_test(descriptors_may_change_places),
        cmocka_unit_test(a_child_dies_with_its_parent),
        cmocka_unit_test(hardening_refuses_a_lost_parent),
        cmocka_unit_test(hardening_forbids_dumps_and_privileges),
        cmocka_unit_test(a_killed_child_is_described_by_its_signal),
        cmocka_unit_test(becoming_another_user_is_for_good),
        cmocka_unit_test(refuses_a_memfd_that_can_still_change),
        cmocka_unit_test(a_sealed_memfd_is_read_often_and_written_never),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
