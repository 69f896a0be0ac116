/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* An index over the names of a schema's table: made once, never changed. The names come from our own tables,
 * so nobody chooses collisions. */

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"

struct graphql_former;

struct names {
    const struct text *list; /* in the order of the table */
    uint16_t *slots;         /* position + 1, 0: free */
    uint32_t mask;
    int count;
    const struct graphql_former *former; /* what else a name that is not in it may mean; NULL: nothing */
};

/* `list` (in the arena as well) has `count` names, at most 30,000. E_CONFLICT when two are equal, with the
 * position of the second in *out_twice; E_NOMEM. */
struct status names_index(struct names *n, const struct text *list, int count, struct arena *arena,
                          int *out_twice);
int names_find(const struct names *n, struct text name); /* the position, also by a former name; or -1 */
