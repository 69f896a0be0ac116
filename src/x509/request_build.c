/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/request_build.h"

#include "x509/crypto.h"
#include "x509/signature.h"

#define REQUEST_MAX   65536
#define SIGNATURE_MAX 2048 /* RSA-16384 */

static enum signature_algorithm algorithm_for(enum key_kind kind)
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
        return SIGNATURE_ED25519;
    }
    return SIGNATURE_RSA_SHA256;
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
        return NULL; /* RFC 8032: it digests by itself */
    }
    return NULL;
}

static struct status sign(EVP_PKEY *key, enum key_kind kind, struct bytes message, struct buffer *out,
                          struct error *err)
{
    uint8_t signature[SIGNATURE_MAX];
    size_t n = sizeof signature;
    OWNED(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx)
        return STATUS(NOMEM);
    if (EVP_DigestSignInit(ctx, NULL, digest_for(kind), NULL, key) != 1 ||
        EVP_DigestSign(ctx, signature, &n, message.p, message.n) != 1)
        return crypto_failed(err, E_BROKEN, "sign the certification request");
    der_put_bits(out, (struct bytes){signature, n});
    return DONE;
}

/* CertificationRequestInfo, RFC 2986 4.1: the attributes are there even when there are none. */
static struct status write_info(const struct name *subject, struct bytes spki, struct buffer *out)
{
    size_t info = der_begin(out, DER_SEQUENCE);
    der_put_unsigned(out, 0);
    name_encode(subject, out);
    buffer_append(out, spki);
    der_put(out, DER_CONTEXT_CONSTRUCTED(0), (struct bytes){NULL, 0});
    der_finish(out, info);
    return buffer_status(out);
}

struct status request_build(const struct name *subject, EVP_PKEY *key, struct buffer *out, struct error *err)
{
    OWNED(buffer_release) struct buffer spki, info;
    struct spki parsed;
    buffer_init(&spki, REQUEST_MAX);
    buffer_init(&info, REQUEST_MAX);
    TRY(key_to_spki(key, &spki, err));
    TRY(spki_parse(buffer_bytes(&spki), &parsed, err));
    TRY(write_info(subject, buffer_bytes(&spki), &info));
    size_t request = der_begin(out, DER_SEQUENCE);
    buffer_append(out, buffer_bytes(&info));
    signature_algorithm_encode(algorithm_for(parsed.kind), out);
    TRY(sign(key, parsed.kind, buffer_bytes(&info), out, err));
    der_finish(out, request);
    return buffer_status(out);
}

void key_free(EVP_PKEY *key)
{
    EVP_PKEY_free(key);
}
