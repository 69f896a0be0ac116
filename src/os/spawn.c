/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/files.h"
#include "os/processes.h"

/*
 * Between fork and exec only async-signal-safe calls, no allocation, no logging. A failed step is reported
 * through a pipe that exec closes: end of file means that exec worked.
 */

enum step { STEP_SIGNALS = 1, STEP_DESCRIPTORS, STEP_PARENT, STEP_EXEC };

struct report {
    int step;
    int error;
};

static const char *step_name(int step)
{
    static const char *const names[] = {"start", "reset signals", "hand over descriptors",
                                        "follow the parent's end", "execute"};
    return step > 0 && step <= STEP_EXEC ? names[step] : names[0];
}

static bool reset_signals(void)
{
    const struct sigaction by_default = {.sa_handler = SIG_DFL};
    for (int i = 1; i < NSIG; i++)
        (void)sigaction(i, &by_default, NULL); /* SIGKILL, SIGSTOP and libc's own refuse; fine */
    sigset_t none;
    return sigemptyset(&none) == 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

/* First everything up out of the way, so that no number is overwritten before it was copied; then down to its
 * place. */
static bool place_descriptors(const struct spawn *sp)
{
    int high[SPAWN_FDS_MAX];
    for (unsigned i = 0; i < sp->fd_count; i++) {
        high[i] = fcntl(sp->fds[i].fd, F_DUPFD_CLOEXEC, SPAWN_NUMBER_MAX + 1);
        if (high[i] < 0)
            return false;
    }
    /* All else, the executable and the report pipe included, ends with exec even where somebody forgot
     * CLOEXEC. */
    if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0 && errno != ENOSYS)
        return false;
    for (unsigned i = 0; i < sp->fd_count; i++) {
        if (dup2(high[i], sp->fds[i].number) < 0) /* without CLOEXEC */
            return false;
    }
    return true;
}

static void become_child(const struct spawn *sp, int report_fd, int executable_fd, pid_t parent)
{
    struct report r = {0};
    if (!reset_signals())
        r.step = STEP_SIGNALS;
    else if (!place_descriptors(sp))
        r.step = STEP_DESCRIPTORS;
    else if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent)
        r.step = STEP_PARENT;
    else
        r.step = STEP_EXEC;
    if (r.step == STEP_EXEC)
        (void)syscall(SYS_execveat, executable_fd, "", sp->argv, sp->environment, AT_EMPTY_PATH);
    r.error = errno;
    ssize_t n = write(report_fd, &r, sizeof r);
    _exit(n == sizeof r ? 127 : 126);
}

/* A copy above the numbers that the child hands out. */
static int out_of_the_way(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, SPAWN_NUMBER_MAX + 1);
}

struct status process_spawn(const struct spawn *sp, pid_t *out, struct error *err)
{
    must(sp->fd_count <= SPAWN_FDS_MAX);
    for (unsigned i = 0; i < sp->fd_count; i++)
        must(sp->fds[i].number >= 3 && sp->fds[i].number <= SPAWN_NUMBER_MAX);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set(err, E_UNAVAILABLE, "cannot start a process: %s", strerror(errno));
    OWNED(descriptor_release) int reader = ends[0];
    OWNED(descriptor_release) int low_writer = ends[1];
    OWNED(descriptor_release) int writer = out_of_the_way(ends[1]);
    OWNED(descriptor_release) int executable = out_of_the_way(sp->executable_fd);
    pid_t parent = getpid();
    pid_t pid = writer < 0 || executable < 0 ? -1 : fork();
    if (pid < 0)
        return error_set(err, E_UNAVAILABLE, "cannot start a process: %s", strerror(errno));
    if (pid == 0)
        become_child(sp, writer, executable, parent);
    descriptor_close(descriptor_take(&writer));
    descriptor_close(descriptor_take(&low_writer));
    struct report r;
    ssize_t n;
    do {
        n = read(reader, &r, sizeof r);
    } while (n < 0 && errno == EINTR);
    if (n == 0) {
        *out = pid;
        return DONE;
    }
    (void)waitpid(pid, NULL, 0);
    if (n != sizeof r)
        return error_set(err, E_UNAVAILABLE, "cannot start a process: it ended before it began");
    return error_set(err, E_UNAVAILABLE, "cannot start a process: %s: %s", step_name(r.step),
                     strerror(r.error));
}
