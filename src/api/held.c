/* SPDX-License-Identifier: Apache-2.0 */
#include "api/held.h"

#include <stdatomic.h>

#include "base/limits.h"

static atomic_size_t total;

struct status held_take(struct held *h, size_t bytes)
{
    size_t before = atomic_load_explicit(&total, memory_order_relaxed);
    do {
        if (bytes > LIMIT_HELD_BYTES || before > LIMIT_HELD_BYTES - bytes)
            return STATUS(AGAIN);
    } while (!atomic_compare_exchange_weak_explicit(&total, &before, before + bytes, memory_order_relaxed,
                                                    memory_order_relaxed));
    h->bytes = bytes;
    return DONE;
}

void held_give(struct held *h)
{
    atomic_fetch_sub_explicit(&total, h->bytes, memory_order_relaxed);
    h->bytes = 0;
}
