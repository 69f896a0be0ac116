/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/signer.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "base/alloc.h"
#include "x509/crypto.h"
#include "x509/keys.h"

#define SPKI_SIZE_MAX 4096

struct local {
    EVP_PKEY *key;
    EVP_PKEY_CTX *initialised; /* duplicated when the pool is empty: EVP_PKEY_sign_init fetches,
                                  EVP_PKEY_CTX_dup does not */
    struct context_pool pool;
    enum signature_algorithm algorithm;
    size_t signature_max;
};

static EVP_PKEY_CTX *take_context(struct local *l)
{
    EVP_PKEY_CTX *ctx = context_pool_take(&l->pool);
    return ctx ? ctx : EVP_PKEY_CTX_dup(l->initialised);
}

static struct status local_sign(void *self, struct bytes message, struct buffer *out, struct error *err)
{
    struct local *l = self;
    uint8_t digest[SIGNATURE_DIGEST_MAX];
    size_t digest_size = signature_digest(l->algorithm, message, digest);
    uint8_t *to = buffer_reserve(out, l->signature_max);
    if (!to)
        return error_set(err, out->failed, "out of memory");
    EVP_PKEY_CTX *ctx = take_context(l);
    if (!ctx)
        return crypto_failed(err, E_NOMEM, "cannot sign");
    size_t size = l->signature_max;
    if (EVP_PKEY_sign(ctx, to, &size, digest, digest_size) != 1) {
        EVP_PKEY_CTX_free(ctx);
        return crypto_failed(err, E_BROKEN, "cannot sign");
    }
    context_pool_give(&l->pool, ctx);
    buffer_commit(out, size);
    return DONE;
}

static void local_close(void *self)
{
    struct local *l = self;
    context_pool_release(&l->pool);
    EVP_PKEY_CTX_free(l->initialised);
    EVP_PKEY_free(l->key); /* libcrypto wipes private keys when the last reference goes */
    mem_free(l);
}

static const struct signer_ops local_ops = {.sign = local_sign, .close = local_close};

static struct status choose_algorithm(const struct spki *spki, enum signature_algorithm *out,
                                      struct error *err)
{
    switch (spki->kind) {
    case KEY_RSA:
        *out = SIGNATURE_RSA_SHA256;
        return DONE;
    case KEY_EC_P256:
        *out = SIGNATURE_ECDSA_SHA256;
        return DONE;
    case KEY_EC_P384:
        *out = SIGNATURE_ECDSA_SHA384;
        return DONE;
    case KEY_EC_P521:
        *out = SIGNATURE_ECDSA_SHA512;
        return DONE;
    case KEY_ED25519:
        break;
    }
    return error_set(err, E_INVALID, "a CA's key must be RSA or EC; TLS 1.2 clients do not know Ed25519");
}

static EVP_PKEY_CTX *initialise(EVP_PKEY *key, enum signature_algorithm algorithm)
{
    static char sha256_name[] = "SHA256", sha384_name[] = "SHA384", sha512_name[] = "SHA512";
    char *digest = algorithm == SIGNATURE_ECDSA_SHA384   ? sha384_name
                   : algorithm == SIGNATURE_ECDSA_SHA512 ? sha512_name
                                                         : sha256_name;
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_construct_end()};
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (ctx && EVP_PKEY_sign_init_ex(ctx, params) == 1)
        return ctx;
    EVP_PKEY_CTX_free(ctx);
    return NULL;
}

struct status signer_local_open(EVP_PKEY *key, struct signer *out, struct error *err)
{
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, SPKI_SIZE_MAX);
    TRY(key_to_spki(key, &der, err));
    struct spki spki;
    TRY(spki_parse(buffer_bytes(&der), &spki, err));
    enum signature_algorithm algorithm = SIGNATURE_RSA_SHA256;
    TRY(choose_algorithm(&spki, &algorithm, err));
    struct local *l = mem_alloc(sizeof(*l));
    if (!l)
        return error_set(err, E_NOMEM, "out of memory");
    *l = (struct local){
        .pool = CONTEXT_POOL_INIT, .algorithm = algorithm, .signature_max = (size_t)EVP_PKEY_get_size(key)};
    l->initialised = initialise(key, algorithm);
    if (!l->initialised) {
        local_close(l);
        return crypto_failed(err, E_BROKEN, "cannot sign with the CA's key");
    }
    l->key = key;
    *out = (struct signer){&local_ops, l, algorithm, spki.kind, spki.bits};
    return DONE;
}

void signer_close(struct signer *s)
{
    if (s->ops)
        s->ops->close(s->self);
    *s = (struct signer){0};
}
