/* SPDX-License-Identifier: Apache-2.0 */
#include "server/server.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "os/files.h"
#include "os/host.h"
#include "os/notify.h"
#include "os/processes.h"
#include "server/supervisor.h"

#define LOCK_WAIT_MS 5000 /* an old core may still be writing its last commit */

/* ---- data directory and user ---- */

/* As root: a data directory that we make belongs to the user we are about to become. */
static struct status make_data_directory(const char *path, const struct process_user *who, struct error *err)
{
    struct stat st;
    bool existed = stat(path, &st) == 0;
    TRY(directory_make(path, 0700, err));
    if (!existed && who && chown(path, who->uid, who->gid) != 0)
        return error_set(err, E_DENIED, "data.dir: cannot give '%s' to its user: %s", path, strerror(errno));
    return DONE;
}

static struct status drop_privileges(const struct settings *settings, struct error *err)
{
    const char *user = settings->server_user;
    if (user[0] == '\0') {
        TRY(make_data_directory(settings->data_dir, NULL, err));
        if (geteuid() == 0)
            log_event(LOG_WARNING, "server.runs_as_root", F_CSTR("hint", "set server.user"));
        return DONE;
    }
    struct process_user who;
    TRY(process_find_user(user, settings->server_group, &who, err));
    if (who.uid == geteuid()) /* already who we want to be */
        return make_data_directory(settings->data_dir, NULL, err);
    TRY(make_data_directory(settings->data_dir, &who, err));
    return process_become(user, &who, err);
}

static struct status take_data_directory(struct supervisor *s, struct error *err)
{
    struct status st = directory_check_private(s->settings->data_dir, err);
    if (!status_ok(st))
        return error_wrap(err, st, "data.dir");
    if (!status_ok(path_join(s->settings->data_dir, "run", s->run_directory, sizeof s->run_directory)))
        return error_set(err, E_INVALID, "data.dir is too long: Unix sockets in it could not be reached");
    TRY(directory_make(s->run_directory, 0700, err));
    TRY(directory_check_private(s->run_directory, err));
    char path[CHILD_SOCKET_PATH_MAX];
    st = run_path(s, "lock", path, sizeof path);
    if (!status_ok(st))
        return error_set(err, E_INVALID, "data.dir is too long: Unix sockets in it could not be reached");
    return file_lock(path, LOCK_WAIT_MS, &s->lock_fd, err);
}

/* ---- set-up ---- */

static unsigned count_fronts(const struct settings *settings)
{
    int64_t wanted = settings->server_fronts;
    if (wanted < 0) {
        cpu_set_t cpus; /* those we may run on, which in a container are fewer than the machine has */
        wanted = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
    }
    if (wanted < 1)
        return 1;
    return wanted > CHILD_FRONTS_MAX ? CHILD_FRONTS_MAX : (unsigned)wanted;
}

static struct status encode_settings(struct supervisor *s, struct error *err)
{
    struct status st = channels_encode_settings(s->settings, CHILD_CORE, &s->core_config_fd);
    if (status_ok(st))
        st = channels_encode_settings(s->settings, CHILD_FRONT, &s->front_config_fd);
    return status_ok(st)
               ? st
               : error_set(err, st.code, "cannot hand over the configuration: %s", code_text(st.code));
}

static void on_stop_signal(void *ctx, int number)
{
    (void)number;
    stop_begin(ctx);
}

static void on_hup(void *ctx, int number)
{
    (void)number;
    reload_request(ctx);
}

static void on_child(void *ctx, int number)
{
    (void)number;
    worker_reap_all(ctx);
}

static void every_second(void *ctx)
{
    worker_check_heartbeats(ctx);
}

static void feed_watchdog(void *ctx)
{
    (void)ctx;
    notify_watchdog();
}

static struct status watch_everything(struct supervisor *s, struct error *err)
{
    int64_t watchdog_ms = notify_watchdog_interval_ms();
    struct status st = signal_start(s->loop, SIGTERM, on_stop_signal, s, &s->on_term);
    if (status_ok(st))
        st = signal_start(s->loop, SIGINT, on_stop_signal, s, &s->on_int);
    if (status_ok(st))
        st = signal_start(s->loop, SIGHUP, on_hup, s, &s->on_hup);
    if (status_ok(st))
        st = signal_start(s->loop, SIGCHLD, on_child, s, &s->on_child);
    if (status_ok(st))
        st = timer_start(s->loop, 1000, 1000, every_second, s, &s->second_timer);
    if (status_ok(st) && watchdog_ms > 0)
        st = timer_start(s->loop, watchdog_ms, watchdog_ms, feed_watchdog, s, &s->watchdog_timer);
    return status_ok(st) ? st : error_set(err, st.code, "cannot watch signals: %s", code_text(st.code));
}

static struct status set_up(struct supervisor *s, struct error *err)
{
    TRY(settings_load(&s->options->sources, &s->settings, err));
    log_configure(s->settings->log_level, s->settings->log_format, "supervisor");
    (void)signal(SIGPIPE, SIG_IGN);
    process_raise_descriptor_limit();
    s->single = s->settings->server_fronts == 0;
    s->fronts = count_fronts(s->settings);
    workers_init(s);
    host_full_name(s->host_name, sizeof s->host_name);
    TRY(executable_open(&s->executable_fd, err));
    if (pipe2(s->lifeline, O_CLOEXEC) != 0)
        return error_set(err, E_UNAVAILABLE, "cannot make a pipe: %s", strerror(errno));
    TRY(listeners_open(s, err)); /* while we may still be root, for ports below 1024 */
    TRY(drop_privileges(s->settings, err));
    TRY(take_data_directory(s, err));
    listeners_unpublish(s); /* whoever waits for readiness must not see the last run's */
    TRY(listeners_open_private(s, err));
    TRY(workers_share(s, err));
    TRY(encode_settings(s, err));
    s->loop = loop_new();
    if (!s->loop)
        return error_set(err, E_NOMEM, "out of memory");
    return watch_everything(s, err);
}

static void tear_down(struct supervisor *s)
{
    single_free(s);
    workers_close(s);
    reload_abandon(s);
    timer_stop(s->second_timer);
    timer_stop(s->watchdog_timer);
    timer_stop(s->stop_timer);
    signal_stop(s->on_term);
    signal_stop(s->on_int);
    signal_stop(s->on_hup);
    signal_stop(s->on_child);
    loop_free(s->loop);
    listeners_close(s);
    if (s->lock_fd >= 0)
        listeners_unpublish(s);
    const int fds[] = {s->executable_fd, s->core_config_fd, s->front_config_fd,
                       s->lifeline[0],   s->lifeline[1],    s->lock_fd};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        descriptor_close(fds[i]);
    settings_free(s->settings);
    mem_free(s);
}

/* ---- the run ---- */

/* What somebody on another machine needs to know first (DESIGN 3, names and ports). */
static bool is_reachable_from_elsewhere(const struct supervisor *s)
{
    for (unsigned i = 0; i < s->bound_count; i++) {
        if (!socket_address_is_loopback(&s->bound[i].address))
            return true;
    }
    return false;
}

void server_announce(struct supervisor *s)
{
    struct error err = {0};
    struct status st = listeners_publish(s, &err);
    if (!status_ok(st)) {
        stop_failed(s, error_text(&err, st));
        return;
    }
    s->phase = PHASE_SERVING;
    for (unsigned l = 0; l < LISTENER_COUNT; l++) {
        if (s->addresses[l][0] != '\0')
            log_event(LOG_NOTICE, "server.listening", F_CSTR("listener", listener_name((enum listener)l)),
                      F_CSTR("address", s->addresses[l]));
    }
    if (!is_reachable_from_elsewhere(s))
        log_event(LOG_NOTICE, "server.local_only", F_CSTR("hint", "every listener is on a loopback address"));
    log_event(LOG_NOTICE, "server.ready", F_CSTR("version", FAIRLEAD_VERSION),
              F_INT("fronts", s->single ? 0 : s->fronts));
    notify_ready("Serving");
    if (s->reload.again)
        reload_request(s);
}

static struct supervisor *supervisor_new(const struct server_options *options)
{
    struct supervisor *s = mem_alloc(sizeof *s);
    if (!s)
        return NULL;
    s->options = options;
    s->started_as_root = geteuid() == 0;
    s->executable_fd = s->lock_fd = s->page_fd = s->page_readonly_fd = -1;
    s->core_config_fd = s->front_config_fd = s->lifeline[0] = s->lifeline[1] = -1;
    s->hop_edge_fd = s->hop_egress_fd = s->control_listen_fd = s->fetch_fd = -1;
    s->reload.core_fd = s->reload.front_fd = -1;
    return s;
}

int server_run(const struct server_options *options)
{
    struct supervisor *s = supervisor_new(options);
    if (!s) {
        (void)fprintf(stderr, "fairlead: out of memory\n");
        return 1;
    }
    struct error err = {0};
    struct status st = set_up(s, &err);
    if (status_ok(st) && s->single)
        st = single_start(s, &err);
    else if (status_ok(st))
        worker_start(the_core(s)); /* the others when it serves */
    if (status_ok(st)) {
        loop_run(s->loop);
    } else {
        (void)fprintf(stderr, "fairlead: %s\n", error_text(&err, st));
        s->exit_status = 1;
    }
    int exit_status = s->exit_status;
    tear_down(s);
    log_event(LOG_NOTICE, "server.stopped", F_INT("exit_status", exit_status));
    return exit_status;
}
