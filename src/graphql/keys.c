/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/keys.h"

#include "base/limits.h"

#define CAPACITY_FIRST 64
#define STEPS_MAX      (64 * LIMIT_GRAPHQL_TOKENS)

/* FNV-1a. */
static size_t hash_of(struct text name)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < name.n; i++)
        h = (h ^ (uint8_t)name.p[i]) * 16777619u;
    return h ^ h >> 15;
}

/* The slot of the name, or the free one where it belongs. */
static struct keys_slot *find(struct keys *k, struct text name)
{
    size_t i = hash_of(name) & (k->capacity - 1);
    for (;; i = (i + 1) & (k->capacity - 1)) {
        struct keys_slot *slot = &k->slots[i];
        k->steps++;
        if (!slot->name.p || text_equal(slot->name, name))
            return slot;
    }
}

static struct status grow(struct keys *k, struct arena *arena)
{
    struct keys old = *k;
    k->capacity = old.capacity ? old.capacity * 2 : CAPACITY_FIRST;
    k->slots = arena_array(arena, k->capacity, sizeof(k->slots[0]));
    if (!k->slots) {
        *k = old;
        return STATUS(NOMEM);
    }
    for (size_t i = 0; i < old.capacity; i++) {
        if (old.slots[i].name.p)
            *find(k, old.slots[i].name) = old.slots[i];
    }
    return DONE;
}

struct status keys_number(struct keys *k, struct arena *arena, struct text name, int *out)
{
    if ((size_t)k->count * 2 >= k->capacity)
        TRY(grow(k, arena));
    struct keys_slot *slot = find(k, name);
    if (k->steps > STEPS_MAX)
        return STATUS(TOO_LARGE);
    if (!slot->name.p)
        *slot = (struct keys_slot){name, k->count++};
    *out = slot->number;
    return DONE;
}
