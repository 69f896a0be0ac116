/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <pthread.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/status.h"

/*
 * EVP_MD_fetch takes a lock and a search, EVP_MD_CTX_new an allocation: both cost more than hashing a token.
 * The algorithms are fetched once per process, and each thread keeps one context, freed when the thread ends.
 */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_end;
static EVP_MD *md_sha256;
static EVP_MD *md_sha1;
static _Thread_local EVP_MD_CTX *context;

static void free_context(void *p)
{
    EVP_MD_CTX_free(p);
}

static void fetch(void)
{
    md_sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    md_sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    must(md_sha256 && md_sha1);
    must(pthread_key_create(&thread_end, free_context) == 0);
}

static void make_context(void)
{
    must(pthread_once(&once, fetch) == 0);
    context = EVP_MD_CTX_new();
    must(context);
    must(pthread_setspecific(thread_end, context) == 0);
}

void sha256(struct bytes in, uint8_t out[static SHA256_SIZE])
{
    if (!context)
        make_context();
    must(EVP_DigestInit_ex2(context, md_sha256, NULL) == 1);
    must(EVP_DigestUpdate(context, in.p, in.n) == 1);
    must(EVP_DigestFinal_ex(context, out, NULL) == 1);
}

void sha1(struct bytes in, uint8_t out[static SHA1_SIZE])
{
    if (!context)
        make_context();
    must(EVP_DigestInit_ex2(context, md_sha1, NULL) == 1);
    must(EVP_DigestUpdate(context, in.p, in.n) == 1);
    must(EVP_DigestFinal_ex(context, out, NULL) == 1);
}

bool constant_time_equal(const uint8_t *a, const uint8_t *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}
