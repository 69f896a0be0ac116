/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "base/status.h"

#if FAIRLEAD_SANITIZED
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define ALIGNMENT _Alignof(max_align_t)

struct arena_chunk {
    struct arena_chunk *next;
    size_t size; /* of data */
    _Alignas(max_align_t) uint8_t data[];
};

void arena_init(struct arena *a, size_t chunk_size, size_t max)
{
    must(chunk_size > sizeof(struct arena_chunk));
    *a = (struct arena){.chunk_size = chunk_size, .max = max};
}

static void free_chunk(struct arena *a, struct arena_chunk *chunk)
{
    a->total -= sizeof(*chunk) + chunk->size;
    ASAN_UNPOISON_MEMORY_REGION(chunk->data, chunk->size);
    mem_free(chunk);
}

void arena_release(struct arena *a)
{
    for (struct arena_chunk *chunk = a->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        free_chunk(a, chunk);
    }
    a->chunks = NULL;
    a->used = 0;
}

void arena_wipe(struct arena *a)
{
    for (struct arena_chunk *chunk = a->chunks; chunk; chunk = chunk->next) {
        /* Only the newest chunk has an end that was never handed out. */
        const size_t used = chunk == a->chunks ? a->used : chunk->size;
        ASAN_UNPOISON_MEMORY_REGION(chunk->data, used);
        secret_wipe(chunk->data, used);
    }
}

void arena_reset(struct arena *a)
{
    /* One ordinary chunk stays; an oversized one would hold its memory for an idle connection. */
    struct arena_chunk *kept = NULL;
    for (struct arena_chunk *chunk = a->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        if (!kept && sizeof(*chunk) + chunk->size == a->chunk_size)
            kept = chunk;
        else
            free_chunk(a, chunk);
    }
    if (kept) {
        kept->next = NULL;
        ASAN_POISON_MEMORY_REGION(kept->data, kept->size);
    }
    a->chunks = kept;
    a->used = 0;
}

/* A chunk with room for `size` bytes (a multiple of ALIGNMENT), not linked yet. */
static struct arena_chunk *new_chunk(struct arena *a, size_t size)
{
    size_t left = a->max - a->total;
    if (left < sizeof(struct arena_chunk) || size > left - sizeof(struct arena_chunk))
        return NULL;
    size_t whole = sizeof(struct arena_chunk) + size;
    if (whole < a->chunk_size)
        whole = a->chunk_size < left ? a->chunk_size : left;
    struct arena_chunk *chunk = mem_resize(NULL, whole, 1);
    if (!chunk)
        return NULL;
    chunk->next = NULL;
    chunk->size = whole - sizeof(*chunk);
    a->total += whole;
    ASAN_POISON_MEMORY_REGION(chunk->data, chunk->size);
    return chunk;
}

static void *take_from_new_chunk(struct arena *a, size_t size)
{
    struct arena_chunk *chunk = new_chunk(a, size);
    if (!chunk)
        return NULL;
    if (a->chunks && chunk->size - size < a->chunks->size - a->used) {
        /* A large object gets a chunk of its own behind the newest, which has more room left for small ones.
         */
        chunk->next = a->chunks->next;
        a->chunks->next = chunk;
    } else {
        chunk->next = a->chunks;
        a->chunks = chunk;
        a->used = size;
    }
    return chunk->data;
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > PTRDIFF_MAX)
        return NULL;
    size_t rounded = size ? (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1) : ALIGNMENT;
    void *p;
    if (a->chunks && rounded <= a->chunks->size - a->used) {
        p = a->chunks->data + a->used;
        a->used += rounded;
    } else {
        p = take_from_new_chunk(a, rounded);
        if (!p)
            return NULL;
    }
    ASAN_UNPOISON_MEMORY_REGION(p, size);
    return memset(p, 0, size);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    if (size && count > PTRDIFF_MAX / size)
        return NULL;
    return arena_alloc(a, count * size);
}

struct text arena_text(struct arena *a, struct text t)
{
    return bytes_text(arena_bytes(a, text_bytes(t)));
}

struct bytes arena_bytes(struct arena *a, struct bytes b)
{
    if (b.n == 0)
        return (struct bytes){NULL, 0};
    uint8_t *copy = arena_alloc(a, b.n);
    if (!copy)
        return (struct bytes){NULL, 0};
    memcpy(copy, b.p, b.n);
    return (struct bytes){copy, b.n};
}

char *arena_cstr(struct arena *a, struct text t)
{
    if (t.n >= PTRDIFF_MAX)
        return NULL;
    char *copy = arena_alloc(a, t.n + 1);
    if (copy && t.n)
        memcpy(copy, t.p, t.n);
    return copy;
}

struct text arena_printf(struct arena *a, const char *fmt, ...)
{
    char small[256];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(small, sizeof(small), fmt, args);
    va_end(args);
    must(n >= 0);
    if ((size_t)n < sizeof(small))
        return arena_text(a, (struct text){small, (size_t)n});
    char *large = arena_alloc(a, (size_t)n + 1);
    if (!large)
        return (struct text){NULL, 0};
    va_start(args, fmt);
    vsnprintf(large, (size_t)n + 1, fmt, args);
    va_end(args);
    return (struct text){large, (size_t)n};
}
