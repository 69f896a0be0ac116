/* SPDX-License-Identifier: Apache-2.0 */
#include "issue.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "base/encoding.h"
#include "x509/der.h"

void issue_new(struct issue *i, const char *algorithm, const char *kid)
{
    i->kid = kid;
    assert_ok(key_generate(text_of(algorithm), &i->key, NULL));
}

void issue_free(struct issue *i)
{
    EVP_PKEY_free(i->key);
    i->key = NULL;
}

struct text issue_base64url(struct arena *a, struct bytes b)
{
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, base64_encoded_size(b.n));
    base64url_encode(&out, b);
    struct text t = buffer_as_text(&out);
    while (t.n > 0 && t.p[t.n - 1] == '=')
        t.n--;
    return arena_text(a, t);
}

static struct bytes spki_of(const struct issue *i, struct arena *a)
{
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, 4096);
    assert_ok(key_to_spki(i->key, &der, NULL));
    return arena_bytes(a, buffer_bytes(&der));
}

struct text issue_jwk(const struct issue *i, struct arena *a, const char *more)
{
    struct spki s;
    assert_ok(spki_parse(spki_of(i, a), &s, NULL));
    const struct text x =
        issue_base64url(a, s.kind == KEY_EC_P256 ? (struct bytes){s.public_key.p + 1, 32} : s.public_key);
    if (s.kind == KEY_RSA)
        return arena_printf(a, "{%s\"kty\":\"RSA\",\"kid\":\"%s\",\"n\":\"%.*s\",\"e\":\"%.*s\"}", more,
                            i->kid, TEXT_ARG(issue_base64url(a, s.modulus)),
                            TEXT_ARG(issue_base64url(a, s.exponent)));
    if (s.kind == KEY_ED25519)
        return arena_printf(a, "{%s\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"%s\",\"x\":\"%.*s\"}", more,
                            i->kid, TEXT_ARG(x));
    return arena_printf(
        a, "{%s\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"%s\",\"x\":\"%.*s\",\"y\":\"%.*s\"}", more, i->kid,
        TEXT_ARG(x), TEXT_ARG(issue_base64url(a, (struct bytes){s.public_key.p + 33, 32})));
}

static void put_half(struct bytes magnitude, uint8_t out[static 32])
{
    assert_true(magnitude.n <= 32);
    memset(out, 0, 32);
    memcpy(out + 32 - magnitude.n, magnitude.p, magnitude.n);
}

static size_t raw_of_der(uint8_t *signature, size_t n)
{
    struct der_fault fault = {0};
    struct der top = der_of((struct bytes){signature, n}, &fault);
    struct der both = der_enter(&top, DER_SEQUENCE, "x");
    uint8_t raw[64];
    put_half(der_positive(&both, "r"), raw);
    put_half(der_positive(&both, "s"), raw + 32);
    memcpy(signature, raw, sizeof raw);
    return sizeof raw;
}

static struct bytes sign(const struct issue *i, struct arena *a, struct text algorithm, struct text covered)
{
    uint8_t out[512];
    size_t n = sizeof out;
    if (text_equal(algorithm, TEXT("none")))
        return (struct bytes){NULL, 0};
    if (text_equal(algorithm, TEXT("HS256"))) {
        const struct bytes key = spki_of(i, a);
        unsigned size = 0;
        assert_non_null(
            HMAC(EVP_sha256(), key.p, (int)key.n, (const uint8_t *)covered.p, covered.n, out, &size));
        return arena_bytes(a, (struct bytes){out, size});
    }
    EVP_PKEY_CTX *parameters = NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *digest = text_equal(algorithm, TEXT("EdDSA")) ? NULL : EVP_sha256();
    assert_int_equal(EVP_DigestSignInit(ctx, &parameters, digest, NULL, i->key), 1);
    if (text_equal(algorithm, TEXT("PS256"))) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST), 1);
    }
    assert_int_equal(EVP_DigestSign(ctx, out, &n, (const uint8_t *)covered.p, covered.n), 1);
    EVP_MD_CTX_free(ctx);
    if (text_equal(algorithm, TEXT("ES256")))
        n = raw_of_der(out, n);
    return arena_bytes(a, (struct bytes){out, n});
}

struct text issue_token(const struct issue *i, struct arena *a, const char *algorithm, const char *header,
                        const char *claims)
{
    const struct text first = issue_base64url(a, text_bytes(text_of(header)));
    const struct text second = issue_base64url(a, text_bytes(text_of(claims)));
    const struct text covered = arena_printf(a, "%.*s.%.*s", TEXT_ARG(first), TEXT_ARG(second));
    const struct text third = issue_base64url(a, sign(i, a, text_of(algorithm), covered));
    return arena_printf(a, "%.*s.%.*s", TEXT_ARG(covered), TEXT_ARG(third));
}

struct text issue_plain(const struct issue *i, struct arena *a, const char *algorithm, const char *claims)
{
    char header[128];
    (void)snprintf(header, sizeof header, "{\"alg\":\"%s\",\"kid\":\"%s\"}", algorithm, i->kid);
    return issue_token(i, a, algorithm, header, claims);
}
