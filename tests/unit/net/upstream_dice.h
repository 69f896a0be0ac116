/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Chance for the tests in which nobody behaves. */

#include "upstream_world.h"

static uint32_t dice; /* xorshift: the same on every machine */

static inline unsigned roll(unsigned sides)
{
    dice ^= dice << 13;
    dice ^= dice >> 17;
    dice ^= dice << 5;
    return dice % sides;
}

/* Something that the owner of a call may do to it, also inside its events. */
static inline void do_something(struct record *r)
{
    if (!r->call)
        return;
    switch (roll(12)) {
    case 0:
        upstream_cancel(r->call);
        if (r->ends + r->failures == 0)
            r->call = NULL;
        break;
    case 1:
        upstream_pause(r->call);
        break;
    case 2:
    case 3:
        upstream_resume(r->call);
        break;
    case 4:
    case 5:
        status_ignore(upstream_write(r->call, pattern_at(roll(200), roll(40000))));
        break;
    case 6:
        status_ignore(upstream_end_body(r->call, NULL));
        break;
    default:
        break;
    }
}

/* Each call is told once, never inside what its owner does; no more connections than allowed, of two targets.
 */
static inline void world_is_sound(const struct world *w, uint32_t seed, int step)
{
    const struct upstream_stats stats = world_stats(w);
    for (int i = 0; i < WORLD_CALLS; i++)
        if (w->calls[i].ends + w->calls[i].failures > 1 || w->calls[i].nested)
            fail_msg("seed %u, step %d: call %d ended %d times, failed %d times, nested %d", seed, step, i,
                     w->calls[i].ends, w->calls[i].failures, w->calls[i].nested);
    if (stats.idle > stats.open || stats.open > 2 * w->limits.connections)
        fail_msg("seed %u, step %d: %u connections idle, %u open", seed, step, (unsigned)stats.idle,
                 (unsigned)stats.open);
}
