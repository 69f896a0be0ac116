/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * URLs as libcurl will read them: one parser decides and connects, so that there is no second opinion about
 * which host is meant. http and https only. Private to fetch/.
 */

#include <curl/curl.h>

#include "base/own.h"
#include "fetch/fetch.h"

struct url {
    CURLU *handle;   /* without user-info and fragment; owned */
    char *user;      /* decoded, NULL when the URL had no user-info; owned by libcurl's allocator */
    char *password;  /* likewise; may be NULL beside a user */
    char text[8192]; /* what is asked for */
    char host[256];  /* for reasons */
    bool https;
};
void url_release(struct url *u); /* accepts a zeroed one */
OWNABLE_VALUE(struct url, url_release);

/* `base` (NULL = none) is what a relative one is relative to: Location. false with FETCH_REFUSED in `a`. */
bool fetch_url_parse(struct text t, const struct url *base, struct url *out, struct fetch_answer *a);
/* Same scheme, host and port. */
bool url_same_origin(const struct url *a, const struct url *b);
/* Appends name=value for each field whose name the URL does not have already, percent-encoded. */
bool url_add_query(struct url *u, const struct fetch_field *fields, size_t count, struct fetch_answer *a);
/* What curl_url_get() gave. */
static inline void url_text_free(char *p)
{
    curl_free(p);
}
OWNABLE(char, url_text_free);
/* Everything but letters, digits and -._~ as %XX. */
struct buffer;
void url_encode(struct buffer *out, struct text t);
