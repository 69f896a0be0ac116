/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Operators who show a bearer token (RFC 6750): one that `fairlead operator create` made, or a JWT of the
 * configured issuer. And what an operator may do where, however they came. Private to api/. Any thread.
 */

#include "api/call.h"

enum bearer {
    BEARER_GOOD,        /* c->principal is the operator */
    BEARER_NONE,        /* nothing was shown */
    BEARER_REFUSED,     /* *out_why: in words for the client */
    BEARER_UNAVAILABLE, /* nobody can tell now */
};
/* Sets c->challenge but for BEARER_GOOD. Refusals are tallied for the audit. */
enum bearer bearer_identify(struct call *c, struct text *out_why);

/* For routes of administrators: E_UNAUTH, E_DENIED (another operator), E_UNAVAILABLE. */
struct status bearer_require_administrator(struct call *c);

bool words_have(struct text list, struct text word); /* separated by blanks; "*" has every word */
/* The tenants that an operator may choose from, and the scopes in one of them; in the arena. */
struct status principal_tenants(const struct principal *p, struct arena *a, struct text *out);
struct status principal_scopes(const struct principal *p, struct text tenant, struct arena *a,
                               struct text *out);
