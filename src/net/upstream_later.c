/* SPDX-License-Identifier: Apache-2.0 */
#include "net/upstream_internal.h"

/* What must not happen inside an API function, or not before the other descriptors had their turn. */

static void wake(struct upstreams *u)
{
    if (u->failing.count + u->turns.count == 1)
        wakeup_send(u->wakeup);
}

void upstream_call_later(struct upstream_call *c)
{
    if (c->later.linked)
        return;
    upstream_list_add(&c->all->failing, &c->later);
    wake(c->all);
}

void upstream_turn_later(struct upstream_connection *uc)
{
    if (uc->turn.linked)
        return;
    upstream_list_add(&uc->all->turns, &uc->turn);
    wake(uc->all);
}

void upstream_forget_turn(struct upstream_connection *uc)
{
    upstream_list_remove(&uc->all->turns, &uc->turn);
}

static void take_turn(struct upstream_connection *uc)
{
    upstream_connection_enter(uc);
    if (uc->codec)
        uc->codec->turn(uc);
    upstream_connection_leave(uc);
}

/* As many as there were: who comes back here has to wait for the descriptors' turn. */
static void on_wakeup(void *all)
{
    struct upstreams *u = all;
    for (unsigned n = u->failing.count; n > 0 && u->failing.first; n--) {
        struct upstream_call *c = UPSTREAM_OF(struct upstream_call, later, u->failing.first);
        upstream_list_remove(&u->failing, &c->later);
        upstream_fail(c, c->why, c->detail);
    }
    for (unsigned n = u->turns.count; n > 0 && u->turns.first; n--) {
        struct upstream_connection *uc = UPSTREAM_OF(struct upstream_connection, turn, u->turns.first);
        upstream_list_remove(&u->turns, &uc->turn);
        take_turn(uc);
    }
    if (u->failing.count + u->turns.count > 0)
        wakeup_send(u->wakeup);
}

struct status upstream_later_new(struct upstreams *u)
{
    return wakeup_new(u->loop, on_wakeup, u, &u->wakeup);
}

void upstream_later_free(struct upstreams *u)
{
    if (u->wakeup)
        wakeup_free(u->wakeup);
}
