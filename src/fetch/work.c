/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/work.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "fetch/fetch.h"
#include "fetch/frame.h"
#include "os/processes.h"
#include "os/sandbox.h"

#define CONNECTION      3                     /* its number here */
#define MEMORY_MAX      (1024u * 1024 * 1024) /* address space: libraries, threads of the resolver, documents */
#define CPU_S           30
#define DESCRIPTORS_MAX 64
#define REQUEST_WAIT_MS 5000 /* the core has it ready before it connects */
#define ANSWER_WAIT_MS  10000
#define ALARM_SPARE_MS  1000 /* after the deadline that libcurl keeps; what hangs then hangs for good */

/* The parent's descriptors are no business of somebody who reads strangers' bytes. */
static bool keep_only(int connection)
{
    if (dup2(connection, CONNECTION) < 0)
        return false;
    if (close_range(CONNECTION + 1, ~0u, 0) == 0)
        return true;
    if (errno != ENOSYS && errno != EPERM && errno != EACCES)
        return false;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return false;
    for (rlim_t fd = CONNECTION + 1; fd < limit.rlim_cur; fd++)
        (void)close((int)fd);
    return true;
}

static bool set_limit(__rlimit_resource_t what, rlim_t value)
{
    const struct rlimit limit = {value, value};
    return setrlimit(what, &limit) == 0;
}

static bool set_limits(void)
{
    /* The address sanitizer maps terabytes. */
    bool memory = FAIRLEAD_SANITIZED || set_limit(RLIMIT_AS, MEMORY_MAX);
    return memory && set_limit(RLIMIT_CPU, CPU_S) && set_limit(RLIMIT_NOFILE, DESCRIPTORS_MAX);
}

/* The deadline for what no callback interrupts: SIGALRM ends the process, and the broken connection tells the
 * client. */
static bool set_alarm(uint32_t after_ms)
{
    const struct itimerval when = {
        .it_value = {.tv_sec = after_ms / 1000, .tv_usec = after_ms % 1000 * 1000}};
    return signal(SIGALRM, SIG_DFL) != SIG_ERR && setitimer(ITIMER_REAL, &when, NULL) == 0;
}

static bool get_ready(int connection, pid_t parent)
{
    struct error err = {.message = ""};
    if (signal(SIGCHLD, SIG_DFL) == SIG_ERR || !keep_only(connection))
        return false;
    struct status st = process_harden(parent, &err);
    if (status_ok(st) && !set_limits())
        st = error_set(&err, E_UNAVAILABLE, "limits: %s", strerror(errno));
    if (status_ok(st)) /* the trust anchors of the configuration are in memory: no path of ours */
        st = sandbox_enter(SANDBOX_FETCH_JOB, NULL, 0, &err);
    if (status_ok(st))
        return true;
    log_event(LOG_ERROR, "fetch.job.start", F_CSTR("reason", error_text(&err, st)));
    return false;
}

static bool answer(const struct fetch_answer *a)
{
    struct buffer message;
    buffer_init(&message, FETCH_MESSAGE_MAX);
    fetch_answer_encode(a, &message);
    struct status st = buffer_status(&message);
    if (status_ok(st))
        st = frame_write(CONNECTION, buffer_bytes(&message), clock_monotonic_ms() + ANSWER_WAIT_MS);
    return status_ok(st);
}

/* Nothing is released or wiped: the memory ends with the process. */
[[gnu::noreturn]] void work(int connection, const struct fetch_policy *p, pid_t parent)
{
    struct buffer message;
    struct fetch_request request;
    struct fetch_answer result;
    struct fetch_field *fields = mem_array(FETCH_FIELDS_ROOM, sizeof *fields);
    buffer_init(&message, FETCH_MESSAGE_MAX);
    if (!fields || !get_ready(connection, parent))
        _exit(1);
    if (!status_ok(frame_read(CONNECTION, &message, clock_monotonic_ms() + REQUEST_WAIT_MS)) ||
        !status_ok(fetch_request_decode(buffer_bytes(&message), &request, fields)))
        _exit(1);
    if (request.timeout_ms > JOB_TIMEOUT_MAX_MS)
        request.timeout_ms = JOB_TIMEOUT_MAX_MS;
    if (!set_alarm(request.timeout_ms + ALARM_SPARE_MS))
        _exit(1);
    fetch_do(p, &request, &result);
    _exit(answer(&result) ? 0 : 1);
}
