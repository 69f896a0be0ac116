/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * All allocation of the product goes through here (scripts/lint bans malloc elsewhere). Any thread.
 * Failure is NULL, an ordinary E_NOMEM for the caller. Tests make the nth allocation fail.
 */

#include <stddef.h>

/* Zeroed memory for `count` objects of `size` bytes; NULL on overflow or when out of memory. `count` 0 gives
 * a pointer that may be freed. */
[[nodiscard, gnu::alloc_size(1, 2)]] void *mem_array(size_t count, size_t size);
[[nodiscard, gnu::alloc_size(1)]] void *mem_alloc(size_t size); /* zeroed */
/* Grows or shrinks; on failure NULL and `p` stays valid. New bytes are not zeroed. */
[[nodiscard]] void *mem_resize(void *p, size_t count, size_t size);
void mem_free(void *p); /* accepts NULL */
/* A NUL-terminated copy of n bytes. */
[[nodiscard]] char *mem_strndup(const char *p, size_t n);

/* Returns unused heap pages to the system (glibc malloc_trim). Call when idle after a burst, not per request.
 */
void mem_trim(void);

/*
 * Test hook: the allocation after `n` successful ones fails, once; later ones succeed. n < 0 switches it off.
 * mem_fail_reached() says whether the failure happened since it was armed.
 */
void mem_fail_after(long n);
int mem_fail_reached(void);
