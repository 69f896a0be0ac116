/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The issuer's keys, as they are now: discovery (OpenID Connect Discovery 4, RFC 8414 3), the key set, and
 * what is kept of it. Any thread; a call may block while keys are fetched.
 *
 * Keys are good for ISSUER_FRESH_MS, and while the issuer cannot be asked for ISSUER_KEPT_MS. A key id that
 * is not among them has them fetched again, at most once a minute whatever strangers send. One fetch runs at
 * a time; who has keys does not wait for it.
 */

#include "base/buffer.h"
#include "oidc/jwks.h"

#define ISSUER_FRESH_MS     (10 * 60 * INT64_C(1000))
#define ISSUER_KEPT_MS      (24 * 3600 * INT64_C(1000))
#define ISSUER_AGAIN_MS     (60 * INT64_C(1000)) /* after a fetch, for a key id that is not there */
#define ISSUER_PAUSE_MS     INT64_C(1000)        /* after a failure; doubles */
#define ISSUER_PAUSE_MAX_MS (60 * INT64_C(1000))
#define ISSUER_WAITING_MAX  8 /* threads that wait for the first keys */

/* GET: the body of a 200 into `out`, of at most out->max bytes. E_UPSTREAM and the like with words. */
struct issuer_source {
    struct status (*get)(void *ctx, struct text url, struct buffer *out, struct error *err);
    void *ctx;
};

struct issuer;
struct issuer_keys; /* of one fetch; does not change */

/* `jwks_url` empty = by discovery. The texts are copied. */
struct status issuer_new(struct text url, struct text jwks_url, struct issuer **out);
struct issuer *issuer_ref(struct issuer *i);
void issuer_unref(struct issuer *i); /* accepts NULL */
OWNABLE(struct issuer, issuer_unref);
bool issuer_is(const struct issuer *i, struct text url, struct text jwks_url);

/*
 * Keys for a token with this key id (empty = none): they may lack it all the same, when the issuer was asked
 * just now. E_UNAVAILABLE: there are none, and the issuer is not to be reached.
 */
struct status issuer_keys(struct issuer *i, const struct issuer_source *source, struct text kid,
                          struct issuer_keys **out, struct error *err);
const struct jwks *issuer_keys_set(const struct issuer_keys *k);
void issuer_keys_unref(struct issuer_keys *k); /* accepts NULL */
OWNABLE(struct issuer_keys, issuer_keys_unref);

/* The discovery document -> where the keys are. E_INVALID: another issuer's, or no place to go. Fuzzed. */
struct status issuer_discovery_read(struct text json, struct text issuer, struct arena *a, struct text *out,
                                    struct error *err);
