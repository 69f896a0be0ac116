/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Jobs that ask a server: a specification from its URL (authentication, headers, parameters, redirects), and
 * the parts that tokens need as well. Private to fetch/.
 */

#include "fetch/policy.h"
#include "fetch/url.h"

struct download {
    const struct fetch_policy *policy;
    const struct guard *guard;
    const struct fetch_request *request;
    int64_t deadline_ms; /* clock_monotonic_ms */
    struct fetch_answer *answer;
};

/* true with the content in d->answer->document, not looked at; false with outcome and reason in d->answer. */
bool download_document(struct download *d);
bool download_keys(struct download *d); /* the same of FETCH_KEYS */

/* Appends "Bearer <token>" (contract 3.5). false with outcome and reason in d->answer. */
bool download_token(struct download *d, struct buffer *authorization);
/* Appends "Basic <base64>". */
void basic_authorization(struct buffer *out, struct text user, struct text password);

#define AUTHORIZATION_MAX (128u * 1024)
/* Appends the value of Authorization, nothing when there is none: that of the request, else Basic with its
 * user, else Basic with the URL's user-info. false with outcome and reason in d->answer. */
bool header_authorization(struct download *d, const struct url *url, struct buffer *out);

OWNABLE(struct curl_slist, curl_slist_free_all);
/* false when out of memory or when it cannot be a header; *list is then as it was. */
bool header_add(struct curl_slist **list, struct text name, struct text value);
/* An empty value adds none. false with outcome and reason in d->answer. */
bool header_add_authorization(struct download *d, struct text value, struct curl_slist **list);
/* The request's headers, behind those which are in the list already and which they never replace, nor what
 * the connection stands on. false with outcome and reason in d->answer. */
bool header_add_registered(struct download *d, struct curl_slist **list);
/* A value that can stand in a header: no control characters. */
bool header_value_is_fine(struct text value);
