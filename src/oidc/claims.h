/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a token says, and whether it is for us and now (RFC 7519 4.1, OpenID Connect Core 2). Any thread. */

#include "oidc/members.h"

struct claims_wanted {
    struct text issuer, audience;          /* exactly these (RFC 8725 3.8, 3.9) */
    struct text tenant_claim, scope_claim; /* names; empty = none */
    int64_t skew_s;
};

struct claims {
    struct text subject; /* never empty, printable */
    struct text email;   /* empty unless it may count: absent, or not verified */
    struct text *groups; /* of an array of strings */
    size_t group_count;
    struct text tenants, scopes; /* of the configured claims: words separated by blanks, "*" is none */
};

/*
 * E_INVALID with words that go on behind "the token". `json` as jwt_read() has it. iss, aud, sub and exp must
 * be there; nbf and iat must not be in the future, exp not in the past, but for the skew.
 */
struct status claims_read(struct text json, const struct claims_wanted *wanted, int64_t now_s,
                          struct arena *a, struct claims *out, struct error *err);
