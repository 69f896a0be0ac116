/* SPDX-License-Identifier: Apache-2.0 */
#include "store/memory_registry.h"

const struct memory_shape memory_specification_shape = {
    sizeof(struct memory_specification),
    2,
    {offsetof(struct memory_specification, r.packed), offsetof(struct memory_specification, tenant)},
};

static struct memory_specification key_of(struct text tenant, const uint8_t hash[static SHA256_SIZE])
{
    struct memory_specification key = {.tenant = tenant};
    memcpy(key.r.hash, hash, SHA256_SIZE);
    return key;
}

struct memory_specification *memory_specification_find(const struct memory_store *m, struct text tenant,
                                                       const uint8_t hash[static SHA256_SIZE])
{
    struct memory_specification key = key_of(tenant, hash);
    return memory_table_find(&m->specifications, &key);
}

struct status memory_stage_specification(struct memory_store *m, struct memory_stage *stage,
                                         struct text tenant, const struct specification_row *content)
{
    if (memory_specification_find(m, tenant, content->hash))
        return DONE;
    struct memory_specification row = {.r = *content, .tenant = tenant};
    return memory_stage_add(stage, &m->specifications, memory_copy(&memory_specification_shape, &row, NULL));
}

void memory_specification_take(struct memory_store *m, const struct service *s)
{
    for (size_t i = 0; i < SPECIFICATION_SLOTS; i++) {
        if (!s->specifications[i].present)
            continue;
        struct memory_specification *row = memory_specification_find(m, s->tenant, s->specifications[i].hash);
        must(row);
        row->refs++; /* no slice and no key: may change in place */
    }
}

void memory_specification_release(struct memory_store *m, const struct service *s)
{
    for (size_t i = 0; i < SPECIFICATION_SLOTS; i++) {
        if (!s->specifications[i].present)
            continue;
        bool found = false;
        struct memory_specification key = key_of(s->tenant, s->specifications[i].hash);
        size_t at = memory_table_seek(&m->specifications, &key, &found);
        must(found);
        struct memory_specification *row = m->specifications.rows[at];
        if (--row->refs == 0)
            memory_table_remove(&m->specifications, at);
    }
}

struct status memory_specification_get(struct store *s, struct text tenant,
                                       const uint8_t hash[static SHA256_SIZE], struct arena *a,
                                       struct specification_row *out)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    const struct memory_specification *row = memory_specification_find(m, tenant, hash);
    if (!row)
        return STATUS(NOT_FOUND);
    struct memory_specification copy;
    TRY(memory_copy_to(&memory_specification_shape, row, a, &copy));
    *out = copy.r;
    return DONE;
}
