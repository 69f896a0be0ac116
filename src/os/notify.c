/* SPDX-License-Identifier: Apache-2.0 */
#include "os/notify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "os/files.h"

#define STATE_MAX 512

struct status notify_send(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    if (!path || (path[0] != '/' && path[0] != '@'))
        return STATUS(NOT_FOUND);
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct text name = text_of(path);
    if (!text_to_cstr(name, a.sun_path, sizeof a.sun_path))
        return STATUS(NOT_FOUND);
    if (a.sun_path[0] == '@') /* abstract: the name follows a NUL and is not terminated */
        a.sun_path[0] = '\0';
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + name.n);
    OWNED(descriptor_release) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return STATUS(UNAVAILABLE);
    ssize_t n =
        sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *)&a, size);
    return n < 0 ? STATUS(UNAVAILABLE) : DONE;
}

[[gnu::format(printf, 1, 2)]] static void notify(const char *fmt, ...)
{
    char state[STATE_MAX];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(state, sizeof state, fmt, args);
    va_end(args);
    if (n > 0)
        status_ignore(notify_send(state)); /* a deaf manager does not stop a server */
}

void notify_ready(const char *status_line)
{
    notify("READY=1\nSTATUS=%s\nMAINPID=%d", status_line, (int)getpid());
}

void notify_reloading(void)
{
    /* Type=notify-reload needs the time, so that the manager can tell this from an older message. */
    notify("RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_monotonic_us());
}

void notify_stopping(const char *status_line)
{
    notify("STOPPING=1\nSTATUS=%s", status_line);
}

void notify_status(const char *status_line)
{
    notify("STATUS=%s", status_line);
}

void notify_watchdog(void)
{
    notify("WATCHDOG=1");
}

int64_t notify_watchdog_interval_ms(void)
{
    uint64_t pid = 0, usec = 0;
    struct text pid_text = text_of(getenv("WATCHDOG_PID"));
    if (pid_text.p && (!text_to_u64(pid_text, INT32_MAX, &pid) || (pid_t)pid != getpid()))
        return 0;
    if (!text_to_u64(text_of(getenv("WATCHDOG_USEC")), INT64_MAX, &usec))
        return 0;
    return (int64_t)(usec / 2000);
}
