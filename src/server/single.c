/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "core/core.h"
#include "front/front.h"
#include "os/files.h"
#include "server/outside.h"
#include "server/supervisor.h"

/*
 * server.fronts: 0: core and one front on the supervisor's own loop, for debuggers and sanitizers. They talk
 * over the same sockets, hop and control pairs included; no fork, no sandbox, no restart. The fetcher alone
 * is a process as always: worker_ready starts it.
 */

struct single {
    struct child_channels core_channels, front_channels;
    int core_control, front_control; /* their ends */
    struct child_outside outside;
    struct core *core;
    struct front *front;
};

static struct status connect_worker(struct worker *w, int *out_theirs, struct child_channels *out,
                                    struct error *err)
{
    int pair[2];
    struct status st = child_control_pair(pair);
    if (status_ok(st)) {
        *out_theirs = pair[1];
        st = worker_attach(w, pair[0]);
    }
    if (!status_ok(st))
        return error_set(err, st.code, "cannot connect the %s: %s", w->name, code_text(st.code));
    channels_for(w, *out_theirs, out);
    w->running = true;
    return DONE;
}

struct status single_start(struct supervisor *s, struct error *err)
{
    struct single *both = mem_alloc(sizeof *both);
    if (!both)
        return error_set(err, E_NOMEM, "out of memory");
    both->core_control = both->front_control = -1;
    s->in_process = both;
    TRY(connect_worker(the_core(s), &both->core_control, &both->core_channels, err));
    TRY(core_start(s->loop, &both->core_channels, &both->core, err));
    TRY(connect_worker(the_front(s, 0), &both->front_control, &both->front_channels, err));
    if (s->addresses[LISTENER_PROXY][0]) {
        TRY(outside_read(&both->outside));
        both->front_channels.outside = &both->outside;
    }
    return front_start(s->loop, &both->front_channels, &both->front, err);
}

void single_free(struct supervisor *s)
{
    struct single *both = TAKE(s->in_process);
    if (!both)
        return;
    front_free(both->front);
    core_free(both->core);
    outside_release(&both->outside);
    descriptor_close(both->core_control);
    descriptor_close(both->front_control);
    mem_free(both);
}
