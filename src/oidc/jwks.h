/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * An issuer's keys: a JSON Web Key Set (RFC 7517; key types of RFC 7518 6 and RFC 8037). Any thread.
 */

#include "oidc/members.h"
#include "x509/spki.h"

#define JWKS_KEYS_MAX 32
#define JWKS_BYTES    (256 * 1024)

/* The only ones there are here: none of them is keyed with a secret (RFC 8725 3.1). */
enum jwa { JWA_RS256, JWA_PS256, JWA_ES256, JWA_EDDSA };
bool jwa_find(struct text name, enum jwa *out);
bool jwa_fits(enum jwa algorithm,
              enum key_kind kind); /* which algorithm goes with which key (RFC 8725 3.1) */

struct jwk {
    struct text kid; /* empty = none */
    bool bound;      /* the key is for `algorithm` alone */
    enum jwa algorithm;
    struct spki key; /* without `der` */
};

struct jwks {
    struct jwk key[JWKS_KEYS_MAX];
    unsigned count;
};

/*
 * What the set holds of keys that we use: RSA of 2048 bits or more, P-256, Ed25519. Others are passed over
 * (RFC 7517 5), and so are those for encryption or for another algorithm, those with private members, and
 * malformed ones. E_INVALID: no key set, more than JWKS_KEYS_MAX keys that we would use. Texts and keys are
 * in the arena.
 */
struct status jwks_read(struct text json, struct arena *a, struct jwks *out, struct error *err);
