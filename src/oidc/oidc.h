/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Operators who prove themselves with a token of an OpenID Connect issuer: who a bearer JWT is, and what it
 * may do where. Any thread; a call may block while the issuer's keys are fetched.
 */

#include "fetch/fetch.h"
#include "oidc/users.h"

struct oidc;

/*
 * What auth.oidc, auth.users and auth.groups say; they are not copied. NULL in *out without an issuer.
 * `previous` (may be NULL) has the keys that are kept over a reload. E_INVALID naming the setting.
 */
struct status oidc_new(const struct settings *s, const struct fetch_client *fetcher,
                       const struct oidc *previous, struct oidc **out, struct error *err);
void oidc_free(struct oidc *o); /* accepts NULL */
OWNABLE(struct oidc, oidc_free);

struct oidc_identity {
    struct text subject;
    struct text actor; /* for the audit: "oidc:<subject>@<issuer's host>" */
    const struct oidc_grant *grants;
    size_t grant_count; /* never 0 */
};

/*
 * E_UNAUTH with words that go on behind "the token" and hold nothing of it; E_UNAVAILABLE: the issuer is not
 * to be reached. The identity is in the arena.
 */
struct status oidc_authenticate(struct oidc *o, struct text token, struct arena *a, struct oidc_identity *out,
                                struct error *err);
