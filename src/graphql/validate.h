/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Validation of a document against a schema (October 2021, section 5): every rule for executable documents.
 * What it finds out on the way (fields, types, fragments) is written into the document's nodes; execution
 * relies on it. The work is bounded by LIMIT_GRAPHQL_COST, whatever the document.
 */

#include "base/arena.h"
#include "graphql/document.h"
#include "graphql/schema.h"

struct graphql_finding {
    struct graphql_problem problem;
    const char *extensions; /* a JSON object; NULL: the code of a failed validation */
    struct graphql_finding *next;
};

/* E_OK; E_INVALID with at most LIMIT_GRAPHQL_ERRORS findings, in the order of the walk; E_TOO_LARGE with one;
 * E_NOMEM. */
struct status graphql_validate(const struct graphql_schema *schema, struct graphql_document *document,
                               struct arena *arena, const struct graphql_finding **out_findings);
