/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What browsers are served, embedded by the build: GraphiQL, when scripts/web had made it (meson option
 * graphiql). Constant data; any thread.
 */

#include "base/bytes.h"

struct console_asset {
    struct text path; /* of the request, as it is written in the page */
    struct text content_type;
    struct bytes content;
    int64_t revision; /* of the content's hash: another content has another one */
};

extern const struct console_asset console_assets[]; /* the table that embed.py writes */
extern const size_t console_asset_count;            /* 0 in a build without */

/* NULL when there is none. */
const struct console_asset *console_find(struct text path);
