/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Child processes of the same binary, what they may do, and the descriptors that connect them. */

#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/status.h"

/* The running executable, to be started again even when the file was replaced by an upgrade (DESIGN 3.1, 16).
 * CLOEXEC. */
struct status executable_open(int *out_fd, struct error *err);

struct spawn_fd {
    int fd;     /* ours; borrowed */
    int number; /* the child's */
};

#define SPAWN_FDS_MAX    256
#define SPAWN_NUMBER_MAX 511

struct spawn {
    int executable_fd;
    char *const *argv; /* NULL-terminated */
    char *const *environment;
    const struct spawn_fd
        *fds; /* numbers from 3, each once; 0, 1 and 2 are inherited, everything else is closed */
    unsigned fd_count;
};

/*
 * fork and exec. In the child: default signal handlers, empty signal mask, PR_SET_PDEATHSIG(SIGKILL). Returns
 * after exec succeeded; a failure before it (E_UNAVAILABLE) leaves no child behind. Only from a process with
 * one thread.
 */
struct status process_spawn(const struct spawn *sp, pid_t *out, struct error *err);

/* Has it ended? false: it still runs. Does not block. `out_status` as waitpid(2). */
bool process_reap(pid_t pid, int *out_status);
/* "exit status 1", "signal 9 (Killed)". Returns out. */
#define PROCESS_END_MAX 64
const char *process_describe_end(int status, char out[static PROCESS_END_MAX]);

/*
 * First thing in a child, after exec: PR_SET_DUMPABLE 0 (not under sanitizers: the leak checker traces
 * itself), RLIMIT_CORE 0, NO_NEW_PRIVS, PR_SET_PDEATHSIG again and then a look whether `parent` still is our
 * parent (DESIGN 3.1, 5); SIGPIPE, SIGINT, SIGTERM and SIGHUP ignored: the supervisor
 * says STOP. E_UNAVAILABLE when it is not, or when the kernel refuses.
 */
struct status process_harden(pid_t parent, struct error *err);

/*
 * Gives up root for this user for good: supplementary groups, group, user; then makes sure that there is no
 * way back. `group` "" is the user's own. Nothing happens when `user` is "". E_NOT_FOUND, E_DENIED (not
 * root).
 */
struct process_user {
    uid_t uid;
    gid_t gid;
    char home[256]; /* process_become sets HOME to it and forgets XDG_CONFIG_HOME: root's files are out of
                       reach */
};
struct status process_find_user(const char *user, const char *group, struct process_user *out,
                                struct error *err);
struct status process_become(const char *user, const struct process_user *who, struct error *err);

/* Raises RLIMIT_NOFILE to its hard limit: a front holds one descriptor per connection. */
void process_raise_descriptor_limit(void);

/* ---- descriptors ---- */
/* Content that nobody can change any more (memfd with all seals). CLOEXEC. */
struct status memfd_sealed(const char *name, struct bytes content, int *out_fd);
/* Appends all of it; refuses (E_INVALID) one that is not sealed against writing and shrinking. E_TOO_LARGE by
 * the buffer. */
struct status memfd_read(int fd, struct buffer *out);
struct status eventfd_new(int *out_fd); /* non-blocking, CLOEXEC */
