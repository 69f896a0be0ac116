/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/names.h"

#include "graphql/schema.h"

#define COUNT_MAX 30000

static uint32_t hash_of(struct text name)
{
    if (name.n == 0)
        return 0;
    const uint8_t *p = (const uint8_t *)name.p;
    uint32_t h = (uint32_t)name.n * 31 + p[0];
    h = h * 31 + p[name.n - 1];
    h = h * 31 + p[name.n / 2];
    h = h * 31 + p[name.n / 4];
    return h ^ h >> 7;
}

/* The slot of the name, or the free one where it belongs. */
static uint32_t find_slot(const struct names *n, struct text name)
{
    uint32_t i = hash_of(name) & n->mask;
    while (n->slots[i] && !text_equal(n->list[n->slots[i] - 1], name))
        i = (i + 1) & n->mask;
    return i;
}

struct status names_index(struct names *n, const struct text *list, int count, struct arena *arena,
                          int *out_twice)
{
    must(count <= COUNT_MAX);
    uint32_t size = 2;
    while (size < (uint32_t)count * 2)
        size *= 2;
    uint16_t *slots = arena_array(arena, size, sizeof(slots[0]));
    if (!slots)
        return STATUS(NOMEM);
    *n = (struct names){.list = list, .slots = slots, .mask = size - 1, .count = count};
    for (int i = 0; i < count; i++) {
        uint32_t slot = find_slot(n, list[i]);
        if (slots[slot]) {
            *out_twice = i;
            return STATUS(CONFLICT);
        }
        slots[slot] = (uint16_t)(i + 1);
    }
    return DONE;
}

int names_find(const struct names *n, struct text name)
{
    if (!n->slots)
        return -1;
    const int found = n->slots[find_slot(n, name)] - 1;
    const struct graphql_former *row = found < 0 ? n->former : NULL;
    while (row && row->former && !text_equal(text_of(row->former), name))
        row++;
    return row && row->former ? n->slots[find_slot(n, text_of(row->name))] - 1 : found;
}
