/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/crypto.h"

#include <openssl/err.h>

struct status crypto_failed(struct error *err, enum code code, const char *what)
{
    unsigned long reason = ERR_peek_last_error();
    ERR_clear_error();
    if (ERR_GET_REASON(reason) == ERR_R_MALLOC_FAILURE)
        return error_set(err, E_NOMEM, "%s: out of memory", what);
    const char *text = reason ? ERR_reason_error_string(reason) : NULL;
    if (!text)
        return error_set(err, code, "%s", what);
    return error_set(err, code, "%s: %s", what, text);
}

EVP_PKEY_CTX *context_pool_take(struct context_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    EVP_PKEY_CTX *ctx = pool->count ? pool->idle[--pool->count] : NULL;
    pthread_mutex_unlock(&pool->lock);
    return ctx;
}

void context_pool_give(struct context_pool *pool, EVP_PKEY_CTX *ctx)
{
    pthread_mutex_lock(&pool->lock);
    bool kept = pool->count < CONTEXT_POOL_MAX;
    if (kept)
        pool->idle[pool->count++] = ctx;
    pthread_mutex_unlock(&pool->lock);
    if (!kept)
        EVP_PKEY_CTX_free(ctx);
}

void context_pool_release(struct context_pool *pool)
{
    while (pool->count)
        EVP_PKEY_CTX_free(pool->idle[--pool->count]);
    pthread_mutex_destroy(&pool->lock);
}
