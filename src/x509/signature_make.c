/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/signature_make.h"

#include "x509/crypto.h"

enum signature_algorithm signature_algorithm_for(enum key_kind kind)
{
    switch (kind) {
    case KEY_RSA:
        return SIGNATURE_RSA_SHA256;
    case KEY_EC_P256:
        return SIGNATURE_ECDSA_SHA256;
    case KEY_EC_P384:
        return SIGNATURE_ECDSA_SHA384;
    case KEY_EC_P521:
        return SIGNATURE_ECDSA_SHA512;
    case KEY_ED25519:
        break;
    }
    return SIGNATURE_ED25519;
}

static const EVP_MD *digest_for(enum key_kind kind)
{
    switch (kind) {
    case KEY_RSA:
    case KEY_EC_P256:
        return EVP_sha256();
    case KEY_EC_P384:
        return EVP_sha384();
    case KEY_EC_P521:
        return EVP_sha512();
    case KEY_ED25519:
        break;
    }
    return NULL; /* RFC 8032: it digests by itself */
}

struct status signature_make(EVP_PKEY *key, enum key_kind kind, struct bytes message, struct buffer *out,
                             struct error *err)
{
    size_t n = (size_t)EVP_PKEY_get_size(key);
    uint8_t *to = buffer_reserve(out, n);
    if (!to)
        return buffer_status(out);
    OWNED(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx)
        return STATUS(NOMEM);
    if (EVP_DigestSignInit(ctx, NULL, digest_for(kind), NULL, key) != 1 ||
        EVP_DigestSign(ctx, to, &n, message.p, message.n) != 1)
        return crypto_failed(err, E_BROKEN, "cannot sign");
    buffer_commit(out, n);
    return DONE;
}
