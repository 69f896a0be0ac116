/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "os/notify.h"
#include "server/supervisor.h"

/*
 * Fronts first, for they need the core to finish what they accepted; then the core, which always gets this
 * long at least and may be waiting for a download; then the fetcher, whose downloads nobody waits for any
 * more.
 */
#define CORE_MIN_MS    5000
#define FETCHER_MAX_MS 2000

static bool any_front_runs(const struct supervisor *s)
{
    for (unsigned i = 0; i < s->workers_count; i++) {
        if (s->workers[i].kind == CHILD_FRONT && s->workers[i].running)
            return true;
    }
    return false;
}

static enum child_kind stopping_kind(enum phase phase)
{
    if (phase == PHASE_STOPPING_FRONTS)
        return CHILD_FRONT;
    return phase == PHASE_STOPPING_CORE ? CHILD_CORE : CHILD_FETCHER;
}

static void kill_running(struct supervisor *s, enum child_kind kind, const char *why)
{
    for (unsigned i = 0; i < s->workers_count; i++) {
        if (s->workers[i].kind == kind)
            worker_kill(&s->workers[i], why);
    }
}

static void stop_fetcher(struct supervisor *s);

static void on_timeout(void *ctx)
{
    struct supervisor *s = ctx;
    timer_stop(TAKE(s->stop_timer));
    bool fetcher = s->phase == PHASE_STOPPING_FETCHER;
    kill_running(s, stopping_kind(s->phase),
                 fetcher ? "it did not stop" : "it did not finish within server.stop_timeout");
    if (s->single && s->phase < PHASE_STOPPING_FETCHER)
        stop_fetcher(s); /* nobody to kill yet */
}

static void set_timeout(struct supervisor *s, int64_t ms)
{
    timer_stop(TAKE(s->stop_timer));
    if (!status_ok(timer_start(s->loop, ms, 0, on_timeout, s, &s->stop_timer)))
        on_timeout(s);
}

static void say_stop(struct worker *w)
{
    if (!w->running)
        return;
    struct status st = child_send(w->control_fd, CHILD_STOP, NULL, -1);
    if (st.code == E_AGAIN) /* E_UNAVAILABLE: it is ending already */
        worker_kill(w, "does not take its messages");
}

static void stop_fetcher(struct supervisor *s)
{
    s->phase = PHASE_STOPPING_FETCHER;
    if (!the_fetcher(s)->running) {
        s->phase = PHASE_STOPPED;
        loop_stop(s->loop);
        return;
    }
    set_timeout(s, FETCHER_MAX_MS);
    say_stop(the_fetcher(s));
}

static void stop_core(struct supervisor *s)
{
    s->phase = PHASE_STOPPING_CORE;
    if (!the_core(s)->running) {
        stop_fetcher(s);
        return;
    }
    int64_t left = s->stop_began_ms + s->settings->server_stop_timeout_ms - clock_monotonic_ms();
    set_timeout(s, left < CORE_MIN_MS ? CORE_MIN_MS : left);
    say_stop(the_core(s));
}

/* What is gone is found gone: each step goes on to the next. */
void stop_worker_gone(struct supervisor *s)
{
    if (s->phase == PHASE_STOPPING_FRONTS && !any_front_runs(s))
        stop_core(s);
    else if (s->phase == PHASE_STOPPING_CORE && !the_core(s)->running)
        stop_fetcher(s);
    else if (s->phase == PHASE_STOPPING_FETCHER && !the_fetcher(s)->running)
        stop_fetcher(s);
}

void stop_begin(struct supervisor *s)
{
    if (s->phase == PHASE_STOPPED)
        return;
    if (s->phase >= PHASE_STOPPING_FRONTS) { /* asked twice: somebody does not want to wait */
        log_event(LOG_NOTICE, "server.stop_now");
        kill_running(s, CHILD_FRONT, "asked to stop at once");
        return;
    }
    log_event(LOG_NOTICE, "server.stopping", F_INT("timeout_ms", s->settings->server_stop_timeout_ms));
    notify_stopping("Finishing what runs");
    reload_abandon(s);
    s->phase = PHASE_STOPPING_FRONTS;
    s->stop_began_ms = clock_monotonic_ms();
    for (unsigned i = 0; i < s->workers_count; i++)
        timer_stop(TAKE(s->workers[i].restart_timer));
    if (!any_front_runs(s)) {
        stop_core(s);
        return;
    }
    set_timeout(s, s->settings->server_stop_timeout_ms);
    for (unsigned i = 0; i < s->fronts; i++)
        say_stop(the_front(s, i));
}

void stop_failed(struct supervisor *s, const char *message)
{
    if (s->exit_status == 0)
        (void)fprintf(stderr, "fairlead: %s\n", message);
    s->exit_status = 1;
    if (s->phase < PHASE_STOPPING_FRONTS)
        stop_begin(s);
}
