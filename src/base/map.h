/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A hash map from byte strings to pointers: open addressing, SipHash-1-3 with a key drawn at start, so that a
 * peer who chooses the keys (addresses, names, fingerprints) cannot choose the collisions. Keys are copied.
 * Values are borrowed. One thread at a time. The map grows up to `max` entries; then map_put answers
 * E_TOO_LARGE.
 */

#include "base/bytes.h"
#include "base/status.h"

struct map_entry {
    uint64_t hash;
    struct bytes key; /* owned by the map */
    void *value;
};

struct map {
    struct map_entry *entries;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
    size_t max;
};

void map_init(struct map *m, size_t max);
void map_release(struct map *m);                      /* does not touch the values */
void *map_get(const struct map *m, struct bytes key); /* NULL when absent */
/* Inserts or replaces. `value` must not be NULL. */
struct status map_put(struct map *m, struct bytes key, void *value);
void *map_remove(struct map *m, struct bytes key); /* the value that was there, or NULL */
/* Iterates: *cursor starts at 0; false at the end. No changes to the map while iterating. */
bool map_next(const struct map *m, size_t *cursor, struct bytes *out_key, void **out_value);

/* The keyed hash itself; also for sharding and generation indexes where the key is process-wide. */
uint64_t siphash(struct bytes key, const uint8_t secret[static 16]);
