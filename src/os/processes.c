/* SPDX-License-Identifier: Apache-2.0 */
#include "os/processes.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/files.h"

static struct status kernel_refused(struct error *err, const char *what)
{
    return error_set(err, E_UNAVAILABLE, "%s: %s", what, strerror(errno));
}

struct status executable_open(int *out_fd, struct error *err)
{
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return kernel_refused(err, "cannot open our own executable");
    *out_fd = fd;
    return DONE;
}

bool process_reap(pid_t pid, int *out_status)
{
    pid_t got;
    do {
        got = waitpid(pid, out_status, WNOHANG);
    } while (got < 0 && errno == EINTR);
    return got == pid;
}

const char *process_describe_end(int status, char out[static PROCESS_END_MAX])
{
    if (WIFSIGNALED(status))
        (void)snprintf(out, PROCESS_END_MAX, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        (void)snprintf(out, PROCESS_END_MAX, "exit status %d", WEXITSTATUS(status));
    return out;
}

struct status process_harden(pid_t parent, struct error *err)
{
    const struct rlimit none = {0, 0};
    (void)signal(SIGPIPE, SIG_IGN);
    /* Ctrl-C and systemd's KillMode=control-group reach the children too, but the order of the end is the
     * supervisor's. */
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    if (!FAIRLEAD_SANITIZED && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return kernel_refused(err, "cannot forbid memory dumps");
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return kernel_refused(err, "cannot forbid core files");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return kernel_refused(err, "cannot forbid new privileges");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return kernel_refused(err, "cannot follow the supervisor's end");
    if (getppid() != parent) /* it died before the line above took effect */
        return error_set(err, E_UNAVAILABLE, "the supervisor is gone");
    return DONE;
}

static struct status find_group(const char *group, gid_t *out, struct error *err)
{
    struct group entry, *found = NULL;
    char memory[16384];
    int error = getgrnam_r(group, &entry, memory, sizeof memory, &found);
    if (!found)
        return error_set(err, E_NOT_FOUND, "server.group: there is no group '%s'%s%s", group,
                         error ? ": " : "", error ? strerror(error) : "");
    *out = found->gr_gid;
    return DONE;
}

struct status process_find_user(const char *user, const char *group, struct process_user *out,
                                struct error *err)
{
    struct passwd entry, *found = NULL;
    char memory[16384];
    int error = getpwnam_r(user, &entry, memory, sizeof memory, &found);
    if (!found)
        return error_set(err, E_NOT_FOUND, "server.user: there is no user '%s'%s%s", user, error ? ": " : "",
                         error ? strerror(error) : "");
    struct process_user who = {.uid = found->pw_uid, .gid = found->pw_gid};
    if (!text_to_cstr(text_of(found->pw_dir), who.home, sizeof who.home))
        return error_set(err, E_TOO_LARGE, "server.user: the home directory of '%s' is too long", user);
    if (group[0] != '\0')
        TRY(find_group(group, &who.gid, err));
    *out = who;
    return DONE;
}

struct status process_become(const char *user, const struct process_user *who, struct error *err)
{
    if (geteuid() != 0)
        return error_set(err, E_DENIED, "server.user: only root can become '%s'; leave it unset", user);
    if (initgroups(user, who->gid) != 0 || setresgid(who->gid, who->gid, who->gid) != 0 ||
        setresuid(who->uid, who->uid, who->uid) != 0)
        return error_set(err, E_DENIED, "server.user: cannot become '%s': %s", user, strerror(errno));
    /* The order above matters, and so does that it cannot be undone. */
    if (who->uid != 0 && (setuid(0) == 0 || seteuid(0) == 0))
        return error_set(err, E_BROKEN, "server.user: still root after becoming '%s'", user);
    if (setenv("HOME", who->home, 1) != 0 || unsetenv("XDG_CONFIG_HOME") != 0)
        return error_set(err, E_NOMEM, "out of memory");
    return DONE;
}

void process_raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* the old limit still works, with fewer connections */
}
