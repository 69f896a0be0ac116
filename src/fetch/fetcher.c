/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/fetcher.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>
#include <libxml/parser.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "event/loop.h"
#include "fetch/policy.h"
#include "fetch/work.h"
#include "os/processes.h"
#include "os/slab.h"
#include "os/sockets.h"

/*
 * The parent only accepts, forks and reaps; it reads nothing of what a job receives. A job that is killed
 * leaves its connection broken, which the client reads as a time-out after the deadline and as trouble before
 * it: the parent writes no answers, so that there are never two.
 */

struct job {
    pid_t pid; /* 0: free */
    int64_t kill_at_ms;
};

struct fetcher {
    struct loop *loop;                  /* borrowed */
    const struct child_channels *ch;    /* borrowed */
    struct fetch_policy *policy, *next; /* next: of a reload that is prepared */
    struct settings *settings, *next_settings;
    struct slab *slab;
    struct watch *control_watch, *lifeline_watch, *accept_watch;
    struct signal_watch *child_watch;
    struct timer *second_timer;
    struct job jobs[FETCHER_JOBS_MAX];
    unsigned running;
    bool stopping, stopped_said;
};

/* ---- configuration ---- */
static struct status read_configuration(const struct fetcher *f, int fd, struct settings **out_settings,
                                        struct fetch_policy **out_policy, struct error *err)
{
    struct settings *settings = NULL;
    TRY(settings_read(fd, &settings, err));
    const struct status st = fetch_policy_new(settings, f->ch->addresses, LISTENER_COUNT, out_policy, err);
    if (status_ok(st))
        *out_settings = settings;
    else
        settings_free(settings);
    return st;
}

static void reload_drop(struct fetcher *f)
{
    fetch_policy_free(TAKE(f->next));
    settings_free(TAKE(f->next_settings));
}

static void reload_prepare(struct fetcher *f, int fd)
{
    struct error err = {.message = ""};
    reload_drop(f);
    struct status st = read_configuration(f, fd, &f->next_settings, &f->next, &err);
    (void)close(fd);
    enum child_word word = status_ok(st) ? CHILD_RELOAD_OK : CHILD_RELOAD_REFUSED;
    status_ignore(child_send(f->ch->control_fd, word, status_ok(st) ? NULL : error_text(&err, st), -1));
}

static void reload_apply(struct fetcher *f)
{
    if (!f->next)
        return;
    fetch_policy_free(f->policy);
    settings_free(f->settings);
    f->policy = TAKE(f->next);
    f->settings = TAKE(f->next_settings);
    log_configure(f->settings->log_level, f->settings->log_format, NULL);
}

/* ---- jobs ---- */
static void look_at_accept(struct fetcher *f)
{
    bool room = !f->stopping && f->running < FETCHER_JOBS_MAX;
    if (f->accept_watch)
        watch_set(f->accept_watch, room ? WATCH_READ : 0);
}

static void check_stopped(struct fetcher *f)
{
    if (!f->stopping || f->stopped_said || f->running > 0)
        return;
    f->stopped_said = true;
    status_ignore(child_send(f->ch->control_fd, CHILD_STOPPED, NULL, -1));
    loop_stop(f->loop);
}

static struct job *free_job(struct fetcher *f)
{
    for (unsigned i = 0; i < FETCHER_JOBS_MAX; i++) {
        if (f->jobs[i].pid == 0)
            return &f->jobs[i];
    }
    return NULL;
}

static void start_job(struct fetcher *f, int connection)
{
    struct job *job = free_job(f);
    struct peer_credentials peer = {.uid = 0};
    must(job != NULL);
    if (!status_ok(socket_peer_credentials(connection, &peer)) || peer.uid != geteuid()) {
        log_event(LOG_WARNING, "fetch.peer.refused", F_INT("uid", peer.uid), F_INT("pid", peer.pid));
        return;
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        work(connection, f->policy, parent);
    if (pid < 0) {
        log_event(LOG_ERROR, "fetch.fork", F_CSTR("reason", strerror(errno)));
        return;
    }
    job->pid = pid;
    job->kill_at_ms = clock_monotonic_ms() + JOB_CEILING_MS;
    f->running++;
}

static void on_accept(void *ctx, unsigned ready)
{
    (void)ready;
    struct fetcher *f = ctx;
    if (f->stopping || f->running == FETCHER_JOBS_MAX)
        return;
    int connection = accept4(f->ch->fetch_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection < 0)
        return;
    start_job(f, connection);
    (void)close(connection); /* the job has its own */
    look_at_accept(f);
}

static void end_job(struct fetcher *f, struct job *job, int how)
{
    char words[PROCESS_END_MAX];
    if (how != 0)
        log_event(LOG_WARNING, "fetch.job.end", F_INT("pid", job->pid),
                  F_CSTR("how", process_describe_end(how, words)));
    *job = (struct job){.pid = 0};
    f->running--;
}

static void reap_jobs(struct fetcher *f)
{
    for (unsigned i = 0; i < FETCHER_JOBS_MAX; i++) {
        int how = 0;
        if (f->jobs[i].pid != 0 && process_reap(f->jobs[i].pid, &how))
            end_job(f, &f->jobs[i], how);
    }
    look_at_accept(f);
    check_stopped(f);
}

static void on_child(void *ctx, int signal_number)
{
    (void)signal_number;
    reap_jobs(ctx);
}

static void every_second(void *ctx)
{
    struct fetcher *f = ctx;
    int64_t now_ms = clock_monotonic_ms();
    if (f->slab)
        atomic_store_explicit(&f->slab->heartbeat_ms, now_ms, memory_order_relaxed);
    for (unsigned i = 0; i < FETCHER_JOBS_MAX; i++) {
        if (f->jobs[i].pid != 0 && now_ms >= f->jobs[i].kill_at_ms)
            (void)kill(f->jobs[i].pid, SIGKILL);
    }
    reap_jobs(f); /* should a signal have been missed */
}

/* ---- words of the supervisor ---- */
static void on_control(void *ctx, unsigned ready)
{
    (void)ready;
    struct fetcher *f = ctx;
    struct child_message m;
    struct status st = child_receive(f->ch->control_fd, &m);
    if (st.code == E_UNAVAILABLE) {
        loop_stop(f->loop); /* the supervisor is gone */
        return;
    }
    if (!status_ok(st))
        return;
    if (m.word == CHILD_RELOAD) {
        reload_prepare(f, m.fd);
    } else if (m.word == CHILD_RELOAD_APPLY) {
        reload_apply(f);
    } else if (m.word == CHILD_RELOAD_DROP) {
        reload_drop(f);
    } else if (m.word == CHILD_STOP) {
        f->stopping = true;
        look_at_accept(f);
        check_stopped(f);
    }
}

static void on_lifeline(void *ctx, unsigned ready)
{
    (void)ready;
    struct fetcher *f = ctx;
    loop_stop(f->loop);
}

/* ---- start and end ---- */
/* Once, here, so that jobs find their libraries ready. */
static struct status start_libraries(struct error *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(err, E_NOMEM, "libcurl does not start");
    xmlInitParser();
    return DONE;
}

static struct status watch_channels(struct fetcher *f)
{
    TRY(signal_start(f->loop, SIGCHLD, on_child, f, &f->child_watch));
    TRY(watch_start(f->loop, f->ch->control_fd, WATCH_READ, on_control, f, &f->control_watch));
    if (f->ch->lifeline_fd >= 0)
        TRY(watch_start(f->loop, f->ch->lifeline_fd, WATCH_READ, on_lifeline, f, &f->lifeline_watch));
    TRY(timer_start(f->loop, 100, 1000, every_second, f, &f->second_timer));
    return watch_start(f->loop, f->ch->fetch_fd, WATCH_READ, on_accept, f, &f->accept_watch);
}

static struct status start(struct fetcher *f, struct error *err)
{
    TRY(read_configuration(f, f->ch->config_fd, &f->settings, &f->policy, err));
    TRY(start_libraries(err));
    if (f->ch->slab_fd >= 0)
        TRY(slab_map(f->ch->slab_fd, &f->slab));
    TRY(watch_channels(f));
    return child_send(f->ch->control_fd, CHILD_READY, NULL, -1);
}

/* Jobs that still run end with us (PR_SET_PDEATHSIG), and these lines do not wait for that. */
static void stop(struct fetcher *f)
{
    for (unsigned i = 0; i < FETCHER_JOBS_MAX; i++) {
        if (f->jobs[i].pid != 0)
            (void)kill(f->jobs[i].pid, SIGKILL);
    }
    watch_stop(f->control_watch);
    watch_stop(f->lifeline_watch);
    watch_stop(f->accept_watch);
    signal_stop(f->child_watch);
    timer_stop(f->second_timer);
    if (f->slab)
        slab_unmap(f->slab);
    reload_drop(f);
    fetch_policy_free(f->policy);
    settings_free(f->settings);
    curl_global_cleanup();
    xmlCleanupParser();
}

int fetcher_main(const struct child_channels *ch)
{
    struct error err = {.message = ""};
    struct fetcher f = {.loop = loop_new(), .ch = ch};
    if (!f.loop)
        return 1;
    struct status st = start(&f, &err);
    if (status_ok(st))
        loop_run(f.loop);
    else
        status_ignore(child_send(ch->control_fd, CHILD_FAILED, error_text(&err, st), -1));
    stop(&f);
    loop_free(f.loop);
    return status_ok(st) ? 0 : 1;
}
