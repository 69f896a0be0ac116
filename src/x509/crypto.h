/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What every user of libcrypto in x509/ and ca/ shares: errors turned into status, reused contexts, scope
 * cleanup. Any thread.
 */

#include <pthread.h>

#include <openssl/bio.h>
#include <openssl/evp.h>

#include "base/error.h"
#include "base/own.h"

OWNABLE(EVP_PKEY, EVP_PKEY_free);
OWNABLE(EVP_PKEY_CTX, EVP_PKEY_CTX_free);
OWNABLE(EVP_MD_CTX, EVP_MD_CTX_free);
OWNABLE(BIO, BIO_free_all);

/*
 * After a libcrypto call failed: empties the thread's error queue and says "<what>: <libcrypto's reason>".
 * E_NOMEM when that was the reason, else `code`.
 */
struct status crypto_failed(struct error *err, enum code code, const char *what);

/*
 * Contexts that cost more to make than to use: a new EVP_PKEY_CTX fetches its algorithm under the library's
 * lock. take gives an idle one or NULL; give keeps it or, when the pool is full, frees it. A context is used
 * by one thread at a time.
 */
#define CONTEXT_POOL_MAX 16
struct context_pool {
    pthread_mutex_t lock;
    unsigned count;
    EVP_PKEY_CTX *idle[CONTEXT_POOL_MAX];
};
#define CONTEXT_POOL_INIT                                                                                    \
    {                                                                                                        \
        .lock = PTHREAD_MUTEX_INITIALIZER                                                                    \
    }
EVP_PKEY_CTX *context_pool_take(struct context_pool *pool);
void context_pool_give(struct context_pool *pool, EVP_PKEY_CTX *ctx);
void context_pool_release(
    struct context_pool *pool); /* frees the idle ones; nobody may use the pool any more */
