/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Numbers for the names under which fields appear in an answer: equal names have equal numbers, from 0. Later
 * steps look up by number and never compare names again.
 * A peer who chooses names that collide runs into the bound on steps, not into quadratic work.
 */

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"

struct keys_slot {
    struct text name;
    int number;
};

struct keys {
    struct keys_slot *slots; /* in the arena */
    size_t capacity;         /* a power of two, or 0 */
    int count;
    int steps; /* looks into slots so far */
};

/* E_TOO_LARGE when the names collide too often; E_NOMEM. */
struct status keys_number(struct keys *k, struct arena *arena, struct text name, int *out);
