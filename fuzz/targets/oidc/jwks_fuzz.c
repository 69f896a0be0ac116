/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers jwks_read (oidc/jwks.h) and issuer_discovery_read (oidc/issuer.h).
 * Properties: a key that is taken is RSA of 2048 bits or more, P-256 or Ed25519, in the sizes of its kind,
 * and may be used without harm; a place for keys is https, or http on loopback.
 */

#include "oidc/issuer.h"
#include "oidc/jwt.h"

#include "base/own.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_key(const struct jwk *k)
{
    const struct jwt t = {.algorithm = k->key.kind == KEY_RSA       ? JWA_PS256
                                       : k->key.kind == KEY_EC_P256 ? JWA_ES256
                                                                    : JWA_EDDSA,
                          .covered = TEXT("e30.e30"),
                          .signature =
                              BYTES_OF("0123456789012345678901234567890123456789012345678901234567890123")};
    if (k->key.kind == KEY_RSA)
        must(k->key.bits >= SPKI_RSA_BITS_MIN && k->key.bits <= SPKI_RSA_BITS_MAX && k->key.exponent.n <= 8);
    else
        must(k->key.public_key.n == (k->key.kind == KEY_EC_P256 ? 65 : 32));
    must(!k->bound || jwa_fits(k->algorithm, k->key.kind));
    if (k->key.bits <= 4096) /* the others are only slow */
        must(!status_ok(jwt_verify(&t, k, NULL)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(arena_release) struct arena a;
    const struct text json = {(const char *)data, size};
    struct jwks keys;
    struct text url;
    arena_init(&a, 4096, 4 * 1024 * 1024);
    if (status_ok(jwks_read(json, &a, &keys, NULL)))
        for (unsigned i = 0; i < keys.count; i++)
            check_key(&keys.key[i]);
    if (status_ok(issuer_discovery_read(json, TEXT("https://dex.example"), &a, &url, NULL)))
        must(text_starts_with(url, TEXT("https://"))); /* as the issuer's is */
    return 0;
}
