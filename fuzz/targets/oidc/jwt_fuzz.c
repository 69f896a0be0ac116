/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers jwt_read and jwt_verify (oidc/jwt.h), with the keys of RFC 7515 A.3 and RFC 8037 A.4, and strict
 * base64url.
 * Properties: what is accepted has an allowed algorithm and claims that are a JSON object; nothing verifies
 * but the RFC's own token; a padded or otherwise spelt signature is refused.
 */

#include "oidc/jwt.h"

#include "base/own.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char keys_json[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},"
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";
static const char known[] =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

static void check_accepted(const struct jwt *t, const struct jwks *keys)
{
    must(t->signature.n > 0 && t->covered.n > 0);
    must(status_ok(json_scan_with(t->claims, 1 << 20, NULL)));
    for (unsigned i = 0; i < keys->count; i++)
        if (status_ok(jwt_verify(t, &keys->key[i], NULL)))
            must(text_equal(t->covered, text_of(known)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(arena_release) struct arena a;
    const struct text token = {(const char *)data, size};
    struct jwks keys;
    struct jwt t;
    arena_init(&a, 4096, 1024 * 1024);
    must(status_ok(jwks_read(text_of(keys_json), &a, &keys, NULL)) && keys.count == 2);
    if (!status_ok(jwt_read(token, &a, &t, NULL)))
        return 0;
    must(jwt_looks_like_one(token) && size <= JWT_BYTES && !text_contains(token, '='));
    check_accepted(&t, &keys);
    return 0;
}
