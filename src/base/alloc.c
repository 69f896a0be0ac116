/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Allocations that still succeed before one fails; negative: the hook is off. */
static atomic_long fail_countdown = -1;
static atomic_int fail_happened;

static int must_fail_now(void)
{
    if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) < 0)
        return 0;
    if (atomic_fetch_sub_explicit(&fail_countdown, 1, memory_order_relaxed) != 0)
        return 0;
    atomic_store_explicit(&fail_happened, 1, memory_order_relaxed);
    return 1;
}

/* libc checks the product, too; but under AddressSanitizer an overflow there ends the process. */
static bool is_possible(size_t count, size_t size)
{
    return size == 0 || count <= PTRDIFF_MAX / size;
}

void *mem_array(size_t count, size_t size)
{
    if (!is_possible(count, size) || must_fail_now())
        return NULL;
    return calloc(count ? count : 1, size ? size : 1);
}

void *mem_alloc(size_t size)
{
    return mem_array(1, size);
}

void *mem_resize(void *p, size_t count, size_t size)
{
    if (!is_possible(count, size) || must_fail_now())
        return NULL;
    return reallocarray(p, count ? count : 1, size ? size : 1);
}

void mem_free(void *p)
{
    free(p);
}

char *mem_strndup(const char *p, size_t n)
{
    if (n == SIZE_MAX)
        return NULL;
    char *copy = mem_resize(NULL, n + 1, 1);
    if (!copy)
        return NULL;
    if (n)
        memcpy(copy, p, n);
    copy[n] = '\0';
    return copy;
}

void mem_trim(void)
{
    malloc_trim(0);
}

void mem_fail_after(long n)
{
    atomic_store_explicit(&fail_countdown, n, memory_order_relaxed);
    if (n >= 0) /* switching off keeps the answer of mem_fail_reached() */
        atomic_store_explicit(&fail_happened, 0, memory_order_relaxed);
}

int mem_fail_reached(void)
{
    return atomic_load_explicit(&fail_happened, memory_order_relaxed);
}
