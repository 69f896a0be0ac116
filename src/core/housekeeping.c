/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "connector/connector.h"
#include "core/core_internal.h"
#include "store/directory.h"
#include "vault/vault.h"

/* What nobody waits for: refusal tallies become audit rows, tokens that ended a week ago and system auths
 * that nobody used for a month are forgotten, a rekey that was cut short is finished. Once a minute, on a
 * pool thread. */

#define HOUSEKEEPING_EVERY_MS 60000
#define TOKENS_KEPT_S         (7 * 24 * 3600) /* long enough for "who used this token?" */
#define TOKENS_PER_ROUND      1000
#define AUTHS_KEPT_S          (30 * 24 * 3600)
#define AUTHS_PER_ROUND       1000 /* that are looked at */

struct chores {
    struct work work;
    struct core *core;
    struct snapshot *snapshot;
};

static void finish_rekey(const struct domain *d)
{
    struct error err = {0};
    struct status s = vault_finish_rekey(d->vault, d->store, &err);
    if (!status_ok(s))
        log_event(LOG_WARNING, "vault.rekey.unfinished", F_CODE("error", s), F_CSTR("detail", err.message));
}

static void run(struct work *w)
{
    struct chores *c = (struct chores *)(void *)w;
    unsigned purged = 0;
    struct status flushed = connector_flush_refusals(c->snapshot->domain.connector, false);
    struct status forgot = store_token_purge(c->snapshot->domain.store, clock_now_s() - TOKENS_KEPT_S,
                                             TOKENS_PER_ROUND, &purged);
    struct status auths = store_system_auth_purge(c->snapshot->domain.store, clock_now_s() - AUTHS_KEPT_S,
                                                  AUTHS_PER_ROUND, c->core->auths_at, &purged);
    if (!status_ok(flushed) || !status_ok(forgot) || !status_ok(auths))
        log_event(LOG_WARNING, "housekeeping.failed", F_CODE("tallies", flushed), F_CODE("tokens", forgot),
                  F_CODE("auths", auths));
    finish_rekey(&c->snapshot->domain);
}

static void done(struct work *w)
{
    struct chores *c = (struct chores *)(void *)w;
    c->core->housekeeping_runs = false;
    snapshot_unref(c->snapshot);
    mem_free(c);
}

void core_housekeeping(struct core *c)
{
    int64_t now = clock_monotonic_ms();
    if (c->housekeeping_at_ms == 0) /* just started: nothing can be due, and starting is busy enough */
        c->housekeeping_at_ms = now + HOUSEKEEPING_EVERY_MS;
    if (c->housekeeping_runs || now < c->housekeeping_at_ms)
        return;
    struct chores *chores = mem_alloc(sizeof *chores);
    if (!chores)
        return;
    chores->work = (struct work){.run = run, .done = done};
    chores->core = c;
    chores->snapshot = snapshot_ref(c->current);
    c->housekeeping_at_ms = now + HOUSEKEEPING_EVERY_MS;
    c->housekeeping_runs = true;
    if (!status_ok(workqueue_submit(c->requests, &chores->work)))
        done(&chores->work);
}
