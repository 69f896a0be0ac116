/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* "Did you mean ...?" as graphql-js and gqlparser ask it. */

#include "graphql/names.h"

/* ` Did you mean "x", "y", or "z"?` with the (at most five) names that are most like `what`; empty when none
 * is. In `out`; a name that does not fit is left out. */
struct text suggest(struct text what, const struct names *names, char *out, size_t out_size);
