/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the two jobs that fetch tokens (FETCH_TOKEN, FETCH_CSRF) have in common: where they go, what they
 * authenticate with, and the contract's words for what went wrong (3.5, 3.6). Private to fetch/.
 */

#include "fetch/download.h"
#include "fetch/exchange.h"

/* The request's URL with its parameters. false with outcome and reason in d->answer, as all below. */
bool endpoint_parse(struct download *d, struct url *out);
/* Authorization and the registered headers, behind what is in the list. */
bool endpoint_headers(struct download *d, const struct url *url, struct curl_slist **list);
struct exchange_tls endpoint_tls(const struct fetch_request *r);
/* The exchange failed: which request it was, in front of the reason. Always false, as the next two. */
bool endpoint_fail(struct download *d, const struct exchange *x);
bool endpoint_fail_status(struct download *d, const struct exchange *x);
/* `why` goes on behind "it". */
bool endpoint_fail_content(struct download *d, const char *why);

/* true with token and expires_in_s in d->answer. */
bool endpoint_token(struct download *d);
/* true with token and cookies in d->answer. */
bool endpoint_csrf(struct download *d);

/*
 * The header of an answer (lines end in \n) -> the value of X-CSRF-Token (the first) and "a=b; c=d" of
 * its Set-Cookie (contract 3.6: attributes are ignored, of equal names the last wins). Appends; NULL, or why
 * it cannot be used, to go on behind "it": a control character, too many cookies. Fuzzed.
 */
#define CSRF_COOKIES_MAX 100
const char *csrf_read(struct text head, struct buffer *token, struct buffer *cookies);

/*
 * The body of a token endpoint's 200. Appends access_token to `token`; *out_expires_s (may be NULL, then
 * expires_in is not looked at) as struct fetch_answer has it. NULL, or why not, to go on behind "it". Fuzzed.
 */
const char *token_read(struct text json, struct buffer *token, int64_t *out_expires_s);
