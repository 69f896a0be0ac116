/* SPDX-License-Identifier: Apache-2.0 */
#include "os/sandbox_filter.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/*
 * Two filters, one on top of the other. The fetcher itself forks, waits for and ends jobs, but reads nothing
 * that a stranger wrote. A job does read that, and gives up the rest first: no further process, no signal to
 * anybody, no socket accepted, no limit raised.
 */

/* libcurl, its resolver threads, glibc's name services, OpenSSL's trust store. */
static const struct sandbox_group for_downloads[] = {
    {"to resolvers, servers and proxies of names; families are below; bind is for netlink",
     {C(connect), C(bind), C(sendmmsg), C(recvmmsg), END}},
    {"the deadline of a job", {C(setitimer), END}},
    {"files by name; open is below, and Landlock says which",
     {C(access), C(faccessat), C(faccessat2), C(stat), C(lstat), C(statx), C(readlink), C(readlinkat),
      C(getcwd), C(getdents64), C(dup2), END}},
};

static const struct sandbox_group for_jobs[] = {
    {"ends and deadlines of jobs", {C(wait4), C(waitid), C(pidfd_open), C(pidfd_send_signal), END}},
    {"a job closes what is not its own", {C(close_range), END}},
    {"a job confines itself further",
     {C(seccomp), C(landlock_create_ruleset), C(landlock_add_rule), C(landlock_restrict_self), END}},
};

#define WRITING (O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND)
/* The low bits of socket's second argument, besides SOCK_CLOEXEC and SOCK_NONBLOCK. */
#define TYPE_MASK 0xfu
/* Exactly what fork in glibc asks for: no new namespaces. */
#define FORK_FLAGS (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD)

static int add_downloads(scmp_filter_ctx ctx)
{
    const struct sandbox_checked_call rows[] = {
        /* Name services are libraries that are loaded when a name is asked for. What is writable is still not
         * executable, and a descriptor to write code into cannot be had. */
        {C(mmap), 1, {MASKED(2, PROT_WRITE, 0)}},
        {C(open), 1, {MASKED(1, WRITING, O_RDONLY)}},
        {C(openat), 1, {MASKED(2, WRITING, O_RDONLY)}},
        {C(socket), 2, {EQUAL(0, AF_INET), MASKED(1, TYPE_MASK, SOCK_STREAM)}},
        {C(socket), 2, {EQUAL(0, AF_INET), MASKED(1, TYPE_MASK, SOCK_DGRAM)}},
        {C(socket), 2, {EQUAL(0, AF_INET6), MASKED(1, TYPE_MASK, SOCK_STREAM)}},
        {C(socket), 2, {EQUAL(0, AF_INET6), MASKED(1, TYPE_MASK, SOCK_DGRAM)}},
        /* Name services of this host: nscd, systemd-resolved. */
        {C(socket), 1, {EQUAL(0, AF_UNIX)}},
        /* Which address families this host has. */
        {C(socket), 2, {EQUAL(0, AF_NETLINK), EQUAL(2, NETLINK_ROUTE)}},
    };
    int result = sandbox_allow_groups(ctx, for_downloads, sizeof for_downloads / sizeof for_downloads[0]);
    return result ? result : sandbox_allow_checked(ctx, rows, sizeof rows / sizeof rows[0]);
}

int sandbox_add_fetch_job(scmp_filter_ctx ctx)
{
    return add_downloads(ctx);
}

int sandbox_add_fetcher(scmp_filter_ctx ctx)
{
    const struct sandbox_checked_call rows[] = {
        {C(clone), 1, {EQUAL(0, FORK_FLAGS)}},
        {C(kill), 1, {EQUAL(1, SIGKILL)}},
        {C(tgkill), 1, {EQUAL(2, SIGABRT)}}, /* abort() in a job, whose id is not known yet */
        /* A job's own limits. */
        {C(prlimit64), 1, {EQUAL(0, 0)}},
        {C(prctl), 1, {EQUAL(0, PR_SET_PDEATHSIG)}},
        {C(prctl), 2, {EQUAL(0, PR_SET_DUMPABLE), EQUAL(1, 0)}},
        {C(prctl), 1, {EQUAL(0, PR_SET_NO_NEW_PRIVS)}},
    };
    int result = add_downloads(ctx);
    if (result == 0)
        result = sandbox_allow_groups(ctx, for_jobs, sizeof for_jobs / sizeof for_jobs[0]);
    return result ? result : sandbox_allow_checked(ctx, rows, sizeof rows / sizeof rows[0]);
}

/* Single files where their directory holds more: /etc is where keys lie. Rules are made for each job, so that
 * a file that was replaced by renaming is found, as resolv.conf often is. Links are followed. */
unsigned sandbox_fetch_paths(struct sandbox_path out[static SANDBOX_FETCH_PATHS_MAX])
{
    static const char *const paths[] = {
        "/etc/resolv.conf",
        "/etc/nsswitch.conf",
        "/etc/hosts",
        "/etc/host.conf",
        "/etc/gai.conf",
        "/etc/services",
        "/etc/protocols",
        "/etc/networks",
        "/etc/mdns.allow",
        "/etc/ld.so.cache",
        "/etc/localtime",
        "/etc/ssl/certs",
        "/etc/ssl/openssl.cnf",
        "/usr/lib/ssl",
        "/usr/share/ca-certificates",
        "/usr/local/share/ca-certificates",
        "/usr/lib",
        "/usr/lib64",
        "/lib",
        "/lib64",
        "/usr/share/zoneinfo",
        "/run/systemd/resolve",
        "/dev/urandom",
        "/sys/devices/system/cpu",
    };
    static_assert(sizeof paths / sizeof paths[0] <= SANDBOX_FETCH_PATHS_MAX);
    unsigned count = 0;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        out[count++] = (struct sandbox_path){.path = paths[i], .writable = false};
    return count;
}
