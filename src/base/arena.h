/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Everything that lives as long as one request. Allocation is a pointer bump; arena_reset gives all of it
 * back at once, keeping the first chunk for the next request. Poisoned under ASan after reset. One thread at
 * a time. `max` bounds the sum of all chunks: over it, allocation returns NULL (E_NOMEM/E_TOO_LARGE for the
 * caller).
 */

#include "base/bytes.h"
#include "base/own.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks; /* owned; newest first */
    size_t used;                /* in the newest chunk */
    size_t total;               /* bytes of all chunks */
    size_t chunk_size;
    size_t max;
};

void arena_init(struct arena *a, size_t chunk_size, size_t max); /* allocates nothing */
void arena_release(struct arena *a);
void arena_reset(struct arena *a);
/* Overwrites what was allocated, for requests that carried secrets; before release or reset. */
void arena_wipe(struct arena *a);
OWNABLE_VALUE(struct arena, arena_release);

void *arena_alloc(struct arena *a, size_t size); /* zeroed, aligned for any type; NULL when out of memory */
void *arena_array(struct arena *a, size_t count, size_t size);
/* Copies; {NULL, 0} on failure unless the input is empty. */
struct text arena_text(struct arena *a, struct text t);
struct bytes arena_bytes(struct arena *a, struct bytes b);
char *arena_cstr(struct arena *a, struct text t); /* NUL-terminated copy */
[[gnu::format(printf, 2, 3)]] struct text arena_printf(struct arena *a, const char *fmt, ...);
