/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/keys.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "x509/crypto.h"

static struct context_pool rsa_pool = CONTEXT_POOL_INIT;
static struct context_pool ec_pool = CONTEXT_POOL_INIT;

/* EVP_PKEY_fromdata may be repeated on a context that was initialised for it. */
static EVP_PKEY *import(struct context_pool *pool, const char *type, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *ctx = context_pool_take(pool);
    if (!ctx) {
        ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
        if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1) {
            EVP_PKEY_CTX_free(ctx);
            return NULL;
        }
    }
    EVP_PKEY *key = NULL;
    if (EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        /* Whatever a failure left in the context goes with it. */
        EVP_PKEY_CTX_free(ctx);
        EVP_PKEY_free(key);
        return NULL;
    }
    context_pool_give(pool, ctx);
    return key;
}

/* OSSL_PARAM wants integers in the machine's byte order; DER has them big-endian. */
static OSSL_PARAM integer_param(const char *name, struct bytes big_endian, uint8_t *storage)
{
    for (size_t i = 0; i < big_endian.n; i++) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        storage[i] = big_endian.p[big_endian.n - 1 - i];
#else
        storage[i] = big_endian.p[i];
#endif
    }
    return OSSL_PARAM_construct_BN(name, storage, big_endian.n);
}

static EVP_PKEY *import_rsa(const struct spki *spki)
{
    uint8_t modulus[SPKI_RSA_BITS_MAX / 8], exponent[8];
    must(spki->modulus.n <= sizeof(modulus) && spki->exponent.n <= sizeof(exponent));
    OSSL_PARAM params[] = {
        integer_param(OSSL_PKEY_PARAM_RSA_N, spki->modulus, modulus),
        integer_param(OSSL_PKEY_PARAM_RSA_E, spki->exponent, exponent),
        OSSL_PARAM_construct_end(),
    };
    return import(&rsa_pool, "RSA", params);
}

static EVP_PKEY *import_ec(const struct spki *spki)
{
    static char p256[] = "prime256v1", p384[] = "secp384r1", p521[] = "secp521r1";
    char *group = spki->kind == KEY_EC_P256 ? p256 : spki->kind == KEY_EC_P384 ? p384 : p521;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        /* libcrypto takes a void pointer and does not write through it */
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)spki->public_key.p,
                                          spki->public_key.n),
        OSSL_PARAM_construct_end(),
    };
    return import(&ec_pool, "EC", params);
}

struct status key_from_spki(const struct spki *spki, EVP_PKEY **out, struct error *err)
{
    EVP_PKEY *key = NULL;
    switch (spki->kind) {
    case KEY_RSA:
        key = import_rsa(spki);
        break;
    case KEY_EC_P256:
    case KEY_EC_P384:
    case KEY_EC_P521:
        key = import_ec(spki);
        break;
    case KEY_ED25519:
        key = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, spki->public_key.p, spki->public_key.n);
        break;
    }
    if (!key) {
        struct status s = crypto_failed(NULL, E_INVALID, "");
        char name[16];
        return error_set(err, s.code, "the public key is not a valid %s key",
                         key_name(spki->kind, spki->bits, name));
    }
    *out = key;
    return DONE;
}
