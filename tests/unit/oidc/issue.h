/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* An issuer: keys, their JWKs, and tokens, good ones and others. What fails ends the test. */

#include "oidc/jwt.h"

#include "check.h"
#include "x509/keys.h"

struct issue {
    EVP_PKEY *key; /* owned */
    const char *kid;
};

/* "rsa:2048", "ec:P-256", "ed25519" */
void issue_new(struct issue *i, const char *algorithm, const char *kid);
void issue_free(struct issue *i);
/* The JWK; `more` goes in as further members: "\"use\":\"sig\",". */
struct text issue_jwk(const struct issue *i, struct arena *a, const char *more);
/* base64url(header) "." base64url(claims) "." signature by `algorithm`: an allowed one, "HS256" (keyed with
 * the public key's DER) or "none". */
struct text issue_token(const struct issue *i, struct arena *a, const char *algorithm, const char *header,
                        const char *claims);
/* With a header that names algorithm and kid. */
struct text issue_plain(const struct issue *i, struct arena *a, const char *algorithm, const char *claims);
/* Without padding. */
struct text issue_base64url(struct arena *a, struct bytes b);
