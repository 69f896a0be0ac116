/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/log.h"
#include "os/files.h"
#include "os/notify.h"
#include "server/sandbox_paths.h"
#include "server/supervisor.h"

/*
 * Two steps, so that all processes run the same configuration (DESIGN 3.1, 15): everybody checks and
 * prepares; only when nobody refused does everybody apply. A child that ends in between counts as content: it
 * starts again with whatever was decided, because worker_start waits while a reload runs.
 */

#define ANSWER_MS 10000

static void finish(struct supervisor *s, bool apply)
{
    struct reload *r = &s->reload;
    for (unsigned i = 0; i < s->workers_count; i++) {
        struct worker *w = &s->workers[i];
        w->reload_asked = false;
        if (!w->running)
            continue;
        if (!status_ok(child_send(w->control_fd, apply ? CHILD_RELOAD_APPLY : CHILD_RELOAD_DROP, NULL, -1)))
            worker_kill(w, "does not take its messages"); /* starts again with the right configuration */
    }
    timer_stop(TAKE(r->deadline));
    if (apply) {
        settings_free(s->settings);
        s->settings = TAKE(r->wanted);
        descriptor_close(s->core_config_fd);
        descriptor_close(s->front_config_fd);
        s->core_config_fd = descriptor_take(&r->core_fd);
        s->front_config_fd = descriptor_take(&r->front_fd);
        log_configure(s->settings->log_level, s->settings->log_format, "supervisor");
    }
    settings_free(TAKE(r->wanted));
    descriptor_close(descriptor_take(&r->core_fd));
    descriptor_close(descriptor_take(&r->front_fd));
    r->active = false;
}

static void report_refusal(const char *reason)
{
    log_event(LOG_ERROR, "reload.refused", F_CSTR("reason", reason));
    notify_ready("Serving with the old configuration: the new one was refused, see the log");
}

static void finish_if_all_answered(struct supervisor *s)
{
    struct reload *r = &s->reload;
    for (unsigned i = 0; i < s->workers_count; i++) {
        if (s->workers[i].reload_asked)
            return;
    }
    bool apply = !r->refused;
    finish(s, apply);
    if (apply) {
        log_event(LOG_NOTICE, "reload.applied");
        notify_ready("Serving");
    } else {
        report_refusal(r->refusal.message);
    }
    if (r->again)
        reload_request(s);
}

static void on_deadline(void *ctx)
{
    struct supervisor *s = ctx;
    struct reload *r = &s->reload;
    for (unsigned i = 0; i < s->workers_count; i++) {
        struct worker *w = &s->workers[i];
        if (w->reload_asked && !r->refused)
            status_ignore(error_set(&r->refusal, E_UNAVAILABLE, "%s did not answer within 10 s", w->name));
        r->refused = r->refused || w->reload_asked;
        w->reload_asked = false;
    }
    finish_if_all_answered(s);
}

void reload_answer(struct worker *w, const struct child_message *m)
{
    struct reload *r = &w->s->reload;
    if (!r->active || !w->reload_asked) /* after the deadline */
        return;
    w->reload_asked = false;
    if (m->word == CHILD_RELOAD_REFUSED && !r->refused) {
        r->refused = true;
        status_ignore(error_set(&r->refusal, E_INVALID, "%s", m->text));
    }
    finish_if_all_answered(w->s);
}

void reload_worker_gone(struct worker *w)
{
    if (!w->s->reload.active || !w->reload_asked)
        return;
    w->reload_asked = false;
    finish_if_all_answered(w->s);
}

void reload_abandon(struct supervisor *s)
{
    s->reload.again = false;
    if (s->reload.active)
        finish(s, false);
}

/* Reads and checks here what can be checked here; memfds for the others. */
static struct status prepare(struct supervisor *s, struct error *err)
{
    struct reload *r = &s->reload;
    struct settings_sources from = s->options->sources;
    from.as_root = s->started_as_root; /* server.user must not move the default of data.dir */
    TRY(settings_load(&from, &r->wanted, err));
    TRY(settings_check_reload(s->settings, r->wanted, err));
    if (s->settings->server_sandbox && !s->single)
        TRY(sandbox_paths_check_reload(s->settings, r->wanted, err));
    struct status st = channels_encode_settings(r->wanted, CHILD_CORE, &r->core_fd);
    if (status_ok(st))
        st = channels_encode_settings(r->wanted, CHILD_FRONT, &r->front_fd);
    return status_ok(st)
               ? st
               : error_set(err, st.code, "cannot hand over the configuration: %s", code_text(st.code));
}

static struct status ask_all(struct supervisor *s, struct error *err)
{
    for (unsigned i = 0; i < s->workers_count; i++) {
        struct worker *w = &s->workers[i];
        if (!w->running) /* a fetcher between two lives: its next starts with what is decided here */
            continue;
        int fd = w->kind == CHILD_CORE ? s->reload.core_fd : s->reload.front_fd;
        struct status st = child_send(w->control_fd, CHILD_RELOAD, NULL, fd);
        if (st.code == E_UNAVAILABLE) /* it is ending: the same */
            continue;
        if (!status_ok(st))
            return error_set(err, st.code, "cannot send the configuration to %s", w->name);
        w->reload_asked = true;
    }
    struct status st = timer_start(s->loop, ANSWER_MS, 0, on_deadline, s, &s->reload.deadline);
    return status_ok(st) ? st : error_set(err, st.code, "%s", code_text(st.code));
}

void reload_request(struct supervisor *s)
{
    struct reload *r = &s->reload;
    if (s->phase >= PHASE_STOPPING_FRONTS)
        return;
    if (r->active || !workers_can_reload(s)) { /* done when the running one is, or when all serve again */
        r->again = true;
        return;
    }
    *r = (struct reload){.active = true, .core_fd = -1, .front_fd = -1};
    notify_reloading();
    struct error err = {0};
    struct status st = prepare(s, &err);
    if (status_ok(st))
        st = ask_all(s, &err);
    if (!status_ok(st)) {
        finish(s, false);
        report_refusal(error_text(&err, st));
    }
}
