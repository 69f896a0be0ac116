/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a row of a bundle, or of what is in one, says besides: more members of its `details` (details.h),
 * which has no two of one name. Texts that clients sent as JSON are kept as texts.
 */

#include "base/arena.h"
#include "base/json_out.h"
#include "base/status.h"

struct bundle_details {
    /* bundles */
    struct text auth_schema, access_strategy, certificate_common_name;
    const struct text *correlation_ids;
    size_t correlation_id_count;
    bool auth; /* a default instance auth was given */
    /* what is in them */
    struct text display_name, kind, group, version;
    bool specification;
    struct text specification_type, fetch_url, fetch_mode, fetch_filter, fetch_message;
    uint64_t format, fetch_condition, fetch_at;
};

/* Into an open object. */
void put_bundle_details(struct json_out *j, const struct bundle_details *d);
/* Texts in the arena, or in `details`. E_BROKEN; E_NOMEM. */
struct status bundle_details_read(struct text details, struct arena *a, struct bundle_details *out);
