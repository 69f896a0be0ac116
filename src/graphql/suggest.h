/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* "Did you mean ...?" as graphql-js and gqlparser ask it. */

#include "graphql/names.h"

/* ` Did you mean "x", "y", or "z"?` with the (at most five) names that are most like `what`; empty when none
 * is. Behind "mean" stands `kind`: "", or " the enum value". In `out`; a name that does not fit is left out.
 */
struct text suggest(struct text what, const struct names *names, const char *kind, char *out,
                    size_t out_size);
/* The same with names that are given, at most SUGGESTIONS_MAX. */
#define SUGGESTIONS_MAX 5
struct text suggest_names(const struct text *list, int count, const char *kind, char *out, size_t out_size);
