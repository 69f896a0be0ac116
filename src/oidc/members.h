/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Objects that an issuer signs or serves, read more strictly than what people type: names are compared
 * exactly, and a name that stands twice is refused, so that no two readers see different claims (RFC 7515 4,
 * RFC 7519 4). Private to oidc/ (tests and fuzz targets aside). Any thread.
 */

#include "base/arena.h"
#include "base/error.h"
#include "base/json_scan.h"

#define MEMBERS_MAX 128 /* of one object, known or not */

struct member {
    const char *name;
    enum json_type type;
    struct text raw; /* p is NULL when it is absent; borrows from the input */
};

/* Is it JSON, an object, and of at most `tokens_max` values and names? E_INVALID. */
struct status members_scan(struct text json, int tokens_max, struct error *err);
/* Of an object in text that json_scan accepted. E_INVALID: no object, a name twice, too many. E_NOMEM. */
struct status members_read(struct text object, struct arena *a, struct member *wanted, size_t count,
                           struct error *err);
/* A string, decoded; empty when absent. E_INVALID when it is something else. */
struct status member_text(const struct member *m, struct arena *a, struct text *out, struct error *err);
/* One JSON string, decoded into the arena. */
struct status member_string(struct text raw, struct arena *a, struct text *out);
/* Unpadded base64url in a string; empty when absent. E_INVALID. */
struct status member_base64url(const struct member *m, struct arena *a, struct bytes *out, struct error *err);
