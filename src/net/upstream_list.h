/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Lists of calls and connections that need no memory of their own. Private to net/upstream*.c. */

#include <stddef.h>

#include "base/bytes.h"

struct upstream_node {
    struct upstream_node *before, *after;
    bool linked;
};

struct upstream_list {
    struct upstream_node *first, *last;
    unsigned count;
};

/* At the end; where it is when it is in already. */
static inline void upstream_list_add(struct upstream_list *l, struct upstream_node *n)
{
    if (n->linked)
        return;
    *n = (struct upstream_node){.before = l->last, .linked = true};
    *(l->last ? &l->last->after : &l->first) = n;
    l->last = n;
    l->count++;
}

/* Harmless when it is in none. */
static inline void upstream_list_remove(struct upstream_list *l, struct upstream_node *n)
{
    if (!n->linked)
        return;
    *(n->before ? &n->before->after : &l->first) = n->after;
    *(n->after ? &n->after->before : &l->last) = n->before;
    *n = (struct upstream_node){0};
    l->count--;
}

/* The `type` that has `node` as its `member`; NULL for none. */
#define UPSTREAM_OF(type, member, node) ((type *)upstream_holder((node), offsetof(type, member)))
static inline void *upstream_holder(struct upstream_node *n, size_t offset)
{
    return n ? (char *)n - offset : NULL;
}
