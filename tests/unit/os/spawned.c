/* SPDX-License-Identifier: Apache-2.0 */

/* Started by processes_test: os_spawned report | wait | harden PARENT. Answers on descriptor 3. */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "os/processes.h"

static void report(void)
{
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    struct sigaction on_int, on_pipe;
    sigaction(SIGINT, NULL, &on_int);
    sigaction(SIGPIPE, NULL, &on_pipe);
    int death = 0;
    prctl(PR_GET_PDEATHSIG, &death, 0, 0, 0);
    unsigned open_fds = 0;
    for (int fd = 0; fd < 1024; fd++)
        open_fds += fcntl(fd, F_GETFD) >= 0;
    const char *variable = getenv("GIVEN");
    dprintf(3, "fds=%u masked=%d handlers=%d death=%d given=%s other=%s", open_fds,
            sigismember(&mask, SIGTERM), on_int.sa_handler != SIG_DFL || on_pipe.sa_handler != SIG_DFL, death,
            variable ? variable : "-", getenv("HOME") ? "leaked" : "-");
}

static int harden(pid_t parent)
{
    struct error err = {0};
    if (!status_ok(process_harden(parent, &err))) {
        dprintf(3, "%s", err.message);
        return 1;
    }
    struct rlimit core;
    getrlimit(RLIMIT_CORE, &core);
    dprintf(3, "dumpable=%d nnp=%d core=%llu", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0),
            prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), (unsigned long long)core.rlim_max);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "harden") == 0)
        return harden((pid_t)strtol(argv[2], NULL, 10));
    if (argc != 2)
        return 2;
    if (strcmp(argv[1], "report") == 0)
        report();
    if (strcmp(argv[1], "wait") == 0) {
        dprintf(3, "%d", (int)getpid());
        pause();
    }
    return 7;
}
