/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/verify_cache.h"

#include "base/alloc.h"

#define WAYS 4

struct status verify_cache_init(struct verify_cache *c, size_t max)
{
    *c = (struct verify_cache){0};
    if (max == 0)
        return DONE;
    size_t sets = 1;
    while (sets * 2 * WAYS <= max)
        sets *= 2;
    c->entries = mem_array(sets * WAYS, sizeof(*c->entries));
    if (!c->entries)
        return STATUS(NOMEM);
    c->sets = sets;
    return DONE;
}

void verify_cache_release(struct verify_cache *c)
{
    mem_free(c->entries);
    *c = (struct verify_cache){0};
}

/* A digest is its own hash. */
static struct verify_entry *set_of(const struct verify_cache *c, const uint8_t *fingerprint)
{
    size_t index = 0;
    for (size_t i = 0; i < 4; i++)
        index = index << 8 | fingerprint[i];
    return &c->entries[(index & (c->sets - 1)) * WAYS];
}

static bool same(const struct verify_entry *e, const uint8_t *fingerprint)
{
    return e->valid_until != 0 &&
           bytes_equal(BYTES_OF(e->fingerprint), (struct bytes){fingerprint, SHA256_SIZE});
}

const struct verify_entry *verify_cache_find(const struct verify_cache *c,
                                             const uint8_t fingerprint[static SHA256_SIZE], int64_t now)
{
    if (!c->entries)
        return NULL;
    const struct verify_entry *set = set_of(c, fingerprint);
    for (size_t i = 0; i < WAYS; i++)
        if (same(&set[i], fingerprint))
            return now >= set[i].valid_from && now <= set[i].valid_until ? &set[i] : NULL;
    return NULL;
}

void verify_cache_put(struct verify_cache *c, const struct verify_entry *entry)
{
    if (!c->entries)
        return;
    struct verify_entry *set = set_of(c, entry->fingerprint);
    struct verify_entry *victim = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (same(&set[i], entry->fingerprint)) {
            victim = &set[i];
            break;
        }
        if (set[i].valid_until < victim->valid_until)
            victim = &set[i];
    }
    *victim = *entry;
}
