/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/internal.h"

/*
 * Who is using which token right now. The store's transaction is the truth about consumption; this only keeps
 * the losers of a race from costing a signature each (DESIGN 3.1, 12).
 */

struct status claim_take(struct connector_shared *s, const uint8_t hash[static SHA256_SIZE])
{
    const struct bytes key = {hash, SHA256_SIZE};
    pthread_mutex_lock(&s->lock);
    struct status result = STATUS(CONFLICT);
    if (!map_get(&s->claims, key))
        result = map_put(&s->claims, key, s);
    pthread_mutex_unlock(&s->lock);
    /* A full table is a busy server, not the client's mistake. */
    return result.code == E_TOO_LARGE ? STATUS(AGAIN) : result;
}

void claim_release(struct connector_shared *s, const uint8_t hash[static SHA256_SIZE])
{
    pthread_mutex_lock(&s->lock);
    (void)map_remove(&s->claims, (struct bytes){hash, SHA256_SIZE});
    pthread_mutex_unlock(&s->lock);
}
