/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "os/files.h"
#include "os/processes.h"
#include "server/supervisor.h"

#define BACKOFF_FIRST_MS     100
#define BACKOFF_MAX_MS       5000
#define BACKOFF_FORGET_MS    10000 /* served that long: the next end starts from the shortest wait again */
#define EARLY_DEATHS_MAX     5
#define EARLY_DEATHS_SPAN_MS 10000
#define HEARTBEAT_MAX_MS     10000

static void worker_init(struct supervisor *s, struct worker *w, enum child_kind kind, unsigned index)
{
    *w = (struct worker){.s = s,
                         .kind = kind,
                         .index = index,
                         .slab_fd = -1,
                         .wake_fd = -1,
                         .control_fd = -1,
                         .backoff_ms = BACKOFF_FIRST_MS};
    if (kind == CHILD_FRONT)
        (void)snprintf(w->name, sizeof w->name, "front/%u", index);
    else
        (void)snprintf(w->name, sizeof w->name, "%s", child_kind_name(kind));
}

void workers_init(struct supervisor *s)
{
    s->workers_count = s->fronts + 2;
    worker_init(s, the_core(s), CHILD_CORE, 0);
    for (unsigned i = 0; i < s->fronts; i++)
        worker_init(s, the_front(s, i), CHILD_FRONT, i);
    worker_init(s, the_fetcher(s), CHILD_FETCHER, 0);
}

struct status workers_share(struct supervisor *s, struct error *err)
{
    struct status st = page_create(&s->page_fd);
    if (status_ok(st))
        st = page_reopen_readonly(s->page_fd, &s->page_readonly_fd);
    for (unsigned i = 0; i < s->workers_count && status_ok(st); i++) {
        struct worker *w = &s->workers[i];
        st = slab_create(&w->slab_fd);
        if (status_ok(st))
            st = slab_map(w->slab_fd, &w->slab);
        if (status_ok(st) && w->kind == CHILD_FRONT)
            st = eventfd_new(&w->wake_fd);
    }
    return status_ok(st) ? st : error_set(err, st.code, "cannot make shared memory: %s", code_text(st.code));
}

void workers_close(struct supervisor *s)
{
    for (unsigned i = 0; i < s->workers_count; i++) {
        struct worker *w = &s->workers[i];
        worker_gone(w);
        timer_stop(TAKE(w->restart_timer));
        slab_unmap(TAKE(w->slab));
        descriptor_close(descriptor_take(&w->slab_fd));
        descriptor_close(descriptor_take(&w->wake_fd));
    }
    descriptor_close(descriptor_take(&s->page_fd));
    descriptor_close(descriptor_take(&s->page_readonly_fd));
}

bool workers_all_ready(const struct supervisor *s)
{
    for (unsigned i = 0; i < s->workers_count; i++) {
        if (!s->workers[i].ready)
            return false;
    }
    return true;
}

/* Not the fetcher: one that cannot start again because of a setting could otherwise never be given another.
 */
bool workers_can_reload(const struct supervisor *s)
{
    for (unsigned i = 0; i < s->workers_count; i++) {
        if (!s->workers[i].ready && s->workers[i].kind != CHILD_FETCHER)
            return false;
    }
    return true;
}

void worker_kill(struct worker *w, const char *why)
{
    if (!w->running || w->pid == 0)
        return;
    log_event(LOG_WARNING, "worker.killed", F_CSTR("worker", w->name), F_INT("pid", w->pid),
              F_CSTR("reason", why));
    (void)kill(w->pid, SIGKILL); /* reaped with SIGCHLD */
}

void worker_gone(struct worker *w)
{
    watch_stop(TAKE(w->control_watch));
    descriptor_close(descriptor_take(&w->control_fd));
    if (w->slab) /* or the next life would be judged by it, and the core would take it for alive */
        atomic_store_explicit(&w->slab->heartbeat_ms, 0, memory_order_relaxed);
    w->running = w->ready = false;
    w->pid = 0;
}

/* ---- what a child says ---- */

/* Fronts come second: their first question is for their keys, and a core that refuses to start ends it all.
 * In this process they start themselves (single.c). */
static void start_others(struct supervisor *s)
{
    for (unsigned i = 0; i < s->fronts && !s->single; i++)
        worker_start(the_front(s, i));
    worker_start(the_fetcher(s));
}

static void worker_ready(struct worker *w)
{
    struct supervisor *s = w->s;
    bool first_core = w->kind == CHILD_CORE && s->phase == PHASE_STARTING && !w->ready;
    w->ready = true;
    w->ready_since_ms = clock_monotonic_ms();
    w->early_deaths = 0;
    log_event(LOG_INFO, "worker.ready", F_CSTR("worker", w->name), F_INT("pid", w->pid));
    if (first_core)
        start_others(s);
    if (s->phase == PHASE_STARTING && workers_all_ready(s))
        server_announce(s);
    else if (s->phase == PHASE_SERVING && s->reload.again)
        reload_request(s); /* which waits for the others */
}

static void worker_failed(struct worker *w, const char *text)
{
    if (w->s->phase == PHASE_STARTING)
        stop_failed(w->s, text); /* trying again would fail again */
    else
        log_event(LOG_ERROR, "worker.failed", F_CSTR("worker", w->name), F_CSTR("reason", text));
}

static void worker_stopped(struct worker *w)
{
    if (w->pid != 0)
        return;                    /* its end comes with SIGCHLD */
    w->running = w->ready = false; /* the socket stays: its end would say that the supervisor is gone */
    stop_worker_gone(w->s);
}

static void worker_message(struct worker *w, const struct child_message *m)
{
    switch (m->word) {
    case CHILD_READY:
        worker_ready(w);
        break;
    case CHILD_FAILED:
        worker_failed(w, m->text);
        break;
    case CHILD_RELOAD_OK:
    case CHILD_RELOAD_REFUSED:
        reload_answer(w, m);
        break;
    case CHILD_STOPPED:
        worker_stopped(w);
        break;
    case CHILD_RELOAD:
    case CHILD_RELOAD_APPLY:
    case CHILD_RELOAD_DROP:
    case CHILD_STOP:
    case CHILD_WORD_END:
        descriptor_close(m->fd);
        worker_kill(w, "spoke out of turn");
        break;
    }
}

/* Reads what is there. The worker may be gone afterwards. */
static void worker_drain(struct worker *w)
{
    while (w->control_watch) {
        struct child_message m;
        struct status st = child_receive(w->control_fd, &m);
        if (status_ok(st)) {
            worker_message(w, &m);
            continue;
        }
        if (st.code == E_INVALID)
            worker_kill(w, "spoke nonsense");
        if (st.code != E_AGAIN)
            watch_stop(TAKE(w->control_watch)); /* the end follows with SIGCHLD */
        return;
    }
}

static void on_control(void *ctx, unsigned ready)
{
    (void)ready;
    worker_drain(ctx);
}

struct status worker_attach(struct worker *w, int control_fd)
{
    struct status st = watch_start(w->s->loop, control_fd, WATCH_READ, on_control, w, &w->control_watch);
    if (!status_ok(st)) {
        descriptor_close(control_fd);
        return st;
    }
    w->control_fd = control_fd;
    return DONE;
}

/* ---- life ---- */

static void on_restart(void *ctx)
{
    struct worker *w = ctx;
    timer_stop(TAKE(w->restart_timer));
    worker_start(w);
}

static void plan_restart(struct worker *w)
{
    int64_t wait = w->backoff_ms;
    w->backoff_ms = wait * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : wait * 2;
    timer_stop(TAKE(w->restart_timer));
    if (!status_ok(timer_start(w->s->loop, wait, 0, on_restart, w, &w->restart_timer)))
        stop_failed(w->s, "out of memory");
}

static struct status start_process(struct worker *w, struct error *err)
{
    int pair[2];
    struct status st = child_control_pair(pair);
    if (!status_ok(st))
        return error_set(err, st.code, "cannot make a control socket: %s", code_text(st.code));
    OWNED(descriptor_release) int theirs = pair[1];
    st = worker_attach(w, pair[0]);
    if (!status_ok(st))
        return error_set(err, st.code, "cannot watch the control socket: %s", code_text(st.code));
    struct child_channels ch;
    channels_for(w, theirs, &ch);
    return channels_spawn(w->s, &ch, &w->pid, err);
}

void worker_start(struct worker *w)
{
    if (w->running || w->s->phase >= PHASE_STOPPING_FRONTS)
        return;
    if (w->s->reload.active) { /* it would not know which configuration to take */
        plan_restart(w);
        return;
    }
    struct error err = {0};
    struct status st = start_process(w, &err);
    if (!status_ok(st)) {
        worker_gone(w);
        log_event(LOG_ERROR, "worker.start_failed", F_CSTR("worker", w->name),
                  F_CSTR("reason", error_text(&err, st)));
        plan_restart(w);
        return;
    }
    w->running = true;
    log_event(LOG_INFO, "worker.started", F_CSTR("worker", w->name), F_INT("pid", w->pid));
}

/* Five deaths within ten seconds, none of which ever served: it will not get better by itself. */
static bool has_died_too_often(struct worker *w)
{
    int64_t now = clock_monotonic_ms();
    if (w->early_deaths == 0 || now - w->first_early_death_ms > EARLY_DEATHS_SPAN_MS) {
        w->early_deaths = 0;
        w->first_early_death_ms = now;
    }
    return ++w->early_deaths >= EARLY_DEATHS_MAX;
}

static void worker_died(struct worker *w, int status)
{
    struct supervisor *s = w->s;
    char end[PROCESS_END_MAX];
    bool was_ready = w->ready;
    int64_t ready_since = w->ready_since_ms;
    bool expected = s->phase >= PHASE_STOPPING_FRONTS;
    log_event(expected ? LOG_INFO : LOG_ERROR, "worker.ended", F_CSTR("worker", w->name),
              F_INT("pid", w->pid), F_CSTR("end", process_describe_end(status, end)));
    worker_gone(w);
    reload_worker_gone(w);
    if (expected) {
        stop_worker_gone(s);
        return;
    }
    if (was_ready && clock_monotonic_ms() - ready_since > BACKOFF_FORGET_MS)
        w->backoff_ms = BACKOFF_FIRST_MS;
    bool essential = w->kind == CHILD_CORE || s->phase == PHASE_STARTING;
    if (!was_ready && has_died_too_often(w) && essential) {
        char message[96];
        (void)snprintf(message, sizeof message, "the %s ends again and again before it serves; see the log",
                       w->name);
        stop_failed(s, message);
    } else {
        plan_restart(w);
    }
}

void worker_reap_all(struct supervisor *s)
{
    for (unsigned i = 0; i < s->workers_count; i++) {
        struct worker *w = &s->workers[i];
        int status;
        if (w->pid == 0 || !process_reap(w->pid, &status))
            continue;
        worker_drain(w); /* its last words, "failed: ..." perhaps */
        worker_died(w, status);
    }
}

void worker_check_heartbeats(struct supervisor *s)
{
    int64_t now = clock_monotonic_ms();
    for (unsigned i = 0; i < s->workers_count; i++) {
        struct worker *w = &s->workers[i];
        if (!w->ready || w->pid == 0)
            continue;
        int64_t beat = atomic_load_explicit(&w->slab->heartbeat_ms, memory_order_relaxed);
        if (beat != 0 && now - beat > HEARTBEAT_MAX_MS)
            worker_kill(w, "its loop has not moved for 10 s");
    }
}
