/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON Web Tokens in JWS compact form (RFC 7515 7.1, RFC 7519), with the advice of RFC 8725. What is read
 * here is nobody's word until jwt_verify() said so. Any thread.
 */

#include "oidc/jwks.h"

#define JWT_BYTES 16384 /* of a token; Dex's have 1 to 2 KiB, those with many groups more */

struct jwt {
    enum jwa algorithm;
    struct text kid;     /* empty = none */
    struct text claims;  /* a JSON object, checked by json_scan */
    struct text covered; /* what the signature is over; borrows from the token */
    struct bytes signature;
};

/* Three parts; that is all that tells a JWT from an operator's token. */
bool jwt_looks_like_one(struct text token);
/* E_INVALID with words that go on behind "the token": they hold nothing of it. */
struct status jwt_read(struct text token, struct arena *a, struct jwt *out, struct error *err);
/* May this key have made it? By kid when the token has one, and by the algorithm. */
bool jwt_may_be_by(const struct jwt *t, const struct jwk *key);
/* E_INVALID when the signature is not this key's. */
struct status jwt_verify(const struct jwt *t, const struct jwk *key, struct error *err);
