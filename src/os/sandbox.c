/* SPDX-License-Identifier: Apache-2.0 */
#include "os/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/own.h"
#include "os/landlock.h"
#include "os/sandbox_filter.h"

OWNABLE(void, seccomp_release);

static const struct sandbox_group for_all[] = {
    {"memory; mmap and mprotect are below", {C(brk), C(munmap), C(mremap), C(madvise), END}},
    {"threads of the work queues",
     {C(futex), C(set_robust_list), C(rseq), C(sched_yield), C(sched_getaffinity), C(membarrier), C(exit),
      C(gettid), END}},
    {"the end", {C(exit_group), C(restart_syscall), END}},
    {"signals of the loop", {C(rt_sigaction), C(rt_sigprocmask), C(rt_sigreturn), C(sigaltstack), END}},
    {"time", {C(clock_gettime), C(clock_getres), C(clock_nanosleep), C(nanosleep), C(gettimeofday), END}},
    {"keys and nonces", {C(getrandom), END}},
    {"who and where we are; read only",
     {C(getpid), C(getppid), C(getuid), C(geteuid), C(getgid), C(getegid), C(uname), C(getrusage), C(sysinfo),
      END}},
    {"descriptors we hold",
     {C(read), C(readv), C(pread64), C(write), C(writev), C(close), C(fcntl), C(dup), C(dup3), C(lseek),
      C(fstat), C(newfstatat), C(pipe2), C(eventfd2), END}},
    {"the event loop",
     {C(poll), C(ppoll), C(epoll_create1), C(epoll_ctl), C(epoll_wait), C(epoll_pwait), END}},
    {"connected and listening sockets",
     {C(accept4), C(recvfrom), C(recvmsg), C(sendto), C(sendmsg), C(shutdown), C(getsockname), C(getpeername),
      C(getsockopt), C(setsockopt), END}},
};

static const struct sandbox_group for_front[] = {
    {"to the core and to upstreams; families are below", {C(connect), END}},
};

static const struct sandbox_group for_core[] = {
    {"to the fetcher; families are below", {C(connect), END}},
    {"database, backups and key files; Landlock says which",
     {C(open),      C(openat),     C(access),    C(faccessat),  C(faccessat2), C(stat),
      C(lstat),     C(statx),      C(readlink),  C(readlinkat), C(getcwd),     C(statfs),
      C(fstatfs),   C(getdents64), C(pwrite64),  C(pwritev),    C(preadv),     C(ftruncate),
      C(fallocate), C(fsync),      C(fdatasync), C(flock),      C(mkdir),      C(mkdirat),
      C(rmdir),     C(unlink),     C(unlinkat),  C(rename),     C(renameat),   C(renameat2),
      C(fchmod),    C(fchown),     C(utimensat), C(msync),      C(umask),      END}},
};

/*
 * Answered with an error instead of the end: libraries try them and can do without. A front's libc may want
 * to look at /proc/sys/vm/overcommit_memory when it returns memory; pthread_create prefers clone3, whose
 * flags no filter can see.
 */
static const int denied_to_front[] = {C(open),     C(openat),     C(access), C(faccessat), C(faccessat2),
                                      C(readlink), C(readlinkat), C(stat),   C(lstat),     C(statx),
                                      END};

int sandbox_allow_groups(scmp_filter_ctx ctx, const struct sandbox_group *groups, size_t count)
{
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        for (const int *call = groups[i].calls; *call != END && result == 0; call++)
            result = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, *call, 0);
    }
    return result;
}

int sandbox_allow_checked(scmp_filter_ctx ctx, const struct sandbox_checked_call *rows, size_t count)
{
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        result = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, rows[i].call, rows[i].count, rows[i].conditions);
    return result;
}

static int add_all(scmp_filter_ctx ctx)
{
    const struct sandbox_checked_call rows[] = {
        /* No code is made at run time. */
        {C(mmap), 1, {MASKED(2, PROT_EXEC, 0)}},
        {C(mprotect), 1, {MASKED(2, PROT_EXEC, 0)}},
        /* Threads, no processes. */
        {C(clone), 1, {MASKED(0, CLONE_THREAD, CLONE_THREAD)}},
        /* abort() */
        {C(tgkill), 1, {EQUAL(0, (scmp_datum_t)getpid())}},
        {C(prctl), 1, {EQUAL(0, PR_SET_NAME)}},
        {C(ioctl), 1, {EQUAL(1, FIONBIO)}},
        {C(ioctl), 1, {EQUAL(1, FIONREAD)}},
        /* Reading limits, not setting them. */
        {C(prlimit64), 1, {EQUAL(2, 0)}},
        {C(socketpair), 1, {EQUAL(0, AF_UNIX)}},
    };
    int result = sandbox_allow_groups(ctx, for_all, sizeof for_all / sizeof for_all[0]);
    if (result == 0)
        result = sandbox_allow_checked(ctx, rows, sizeof rows / sizeof rows[0]);
    if (result == 0)
        result = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), C(clone3), 0);
    return result;
}

static int add_front(scmp_filter_ctx ctx)
{
    const struct sandbox_checked_call rows[] = {
        {C(socket), 1, {EQUAL(0, AF_UNIX)}},
        {C(socket), 1, {EQUAL(0, AF_INET)}},
        {C(socket), 1, {EQUAL(0, AF_INET6)}},
    };
    int result = sandbox_allow_groups(ctx, for_front, sizeof for_front / sizeof for_front[0]);
    if (result == 0)
        result = sandbox_allow_checked(ctx, rows, sizeof rows / sizeof rows[0]);
    for (const int *call = denied_to_front; *call != END && result == 0; call++)
        result = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES), *call, 0);
    return result;
}

static int add_core(scmp_filter_ctx ctx)
{
    /* Over sockets it was given the core talks to its fronts, the supervisor and the CLI, and it connects to
     * its fetcher's. A resolver inside some library gets an error instead of the network. */
    const struct sandbox_checked_call rows[] = {
        {C(socket), 1, {EQUAL(0, AF_UNIX)}},
        /* A thread about itself: the one that makes keys ahead steps back. */
        {C(setpriority), 2, {EQUAL(0, PRIO_PROCESS), EQUAL(1, 0)}},
    };
    const struct scmp_arg_cmp other = OTHER_THAN(0, AF_UNIX);
    int result = sandbox_allow_groups(ctx, for_core, sizeof for_core / sizeof for_core[0]);
    if (result == 0)
        result = sandbox_allow_checked(ctx, rows, sizeof rows / sizeof rows[0]);
    if (result == 0)
        result = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EACCES), C(socket), 1, &other);
    return result;
}

static int add_kind(scmp_filter_ctx ctx, enum sandbox_kind kind)
{
    switch (kind) {
    case SANDBOX_FRONT:
        return add_front(ctx);
    case SANDBOX_CORE:
        return add_core(ctx);
    case SANDBOX_FETCHER:
        return sandbox_add_fetcher(ctx);
    case SANDBOX_FETCH_JOB:
        return sandbox_add_fetch_job(ctx);
    }
    return -EINVAL;
}

static struct status seccomp_enter(enum sandbox_kind kind, struct error *err)
{
    OWNED(seccomp_release) void *ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!ctx)
        return error_set(err, E_NOMEM, "sandbox: out of memory");
    /* The kernel logs kills anyway; SCMP_FLTATR_CTL_LOG would add a line for every clone3 that libc tries. */
    int result = add_all(ctx);
    if (result == 0)
        result = add_kind(ctx, kind);
    if (result == 0)
        result = seccomp_load(ctx);
    if (result != 0)
        return error_set(err, E_UNAVAILABLE, "sandbox: the kernel refuses the seccomp filter: %s",
                         strerror(-result));
    return DONE;
}

static char description[48] = "off";
static bool is_fetcher; /* entered; its jobs inherit this */

const char *sandbox_describe(void)
{
    return description;
}

/* The files that a process of this kind may reach. */
static struct status landlock_for(enum sandbox_kind kind, const struct sandbox_path *paths, unsigned count,
                                  int *out_abi, struct error *err)
{
    if (kind == SANDBOX_FETCHER) { /* its jobs must be able to choose among what may be read */
        const struct sandbox_path all = {.path = "/", .writable = false};
        return landlock_enter(&all, 1, out_abi, err);
    }
    if (kind != SANDBOX_FETCH_JOB)
        return landlock_enter(paths, count, out_abi, err);
    struct sandbox_path together[2 * SANDBOX_FETCH_PATHS_MAX];
    unsigned n = sandbox_fetch_paths(together);
    for (unsigned i = 0; i < count && n < sizeof together / sizeof together[0]; i++)
        together[n++] = (struct sandbox_path){.path = paths[i].path, .writable = false};
    return landlock_enter(together, n, out_abi, err);
}

struct status sandbox_enter(enum sandbox_kind kind, const struct sandbox_path *paths, unsigned count,
                            struct error *err)
{
    if (FAIRLEAD_SANITIZED || (kind == SANDBOX_FETCH_JOB && !is_fetcher))
        return DONE;
    must(count == 0 || kind == SANDBOX_CORE ||
         (kind == SANDBOX_FETCH_JOB && count <= SANDBOX_FETCH_PATHS_MAX));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_set(err, E_UNAVAILABLE, "sandbox: cannot forbid new privileges: %s", strerror(errno));
    int abi = 0;
    TRY(landlock_for(kind, paths, count, &abi, err));
    TRY(seccomp_enter(kind, err));
    is_fetcher = kind == SANDBOX_FETCHER;
    if (abi > 0)
        (void)snprintf(description, sizeof description, "seccomp, Landlock ABI %d", abi);
    else
        (void)snprintf(description, sizeof description, "seccomp");
    return DONE;
}
