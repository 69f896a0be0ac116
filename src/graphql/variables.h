/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The values of an operation's variables (October 2021, section 6.1.2), read from the JSON of the request and
 * coerced to the types of their definitions.
 */

#include "base/arena.h"
#include "graphql/document.h"
#include "graphql/value.h"

struct graphql_variables {
    const struct graphql_given
        *values; /* by graphql_variable.index; NOTHING when absent and without default */
    int count;
};

/* What is wrong with which variable, as gqlgen says it: path ["variable", name, ...] and a message. */
struct graphql_variable_problem {
    struct text message;
    struct text path; /* JSON array, in the arena */
};

/* `json` is an object, null or {NULL, 0}, and json_scan accepted it; members that are no variables of the
 * operation are ignored. E_INVALID with *out_problem; E_NOMEM. The operation was validated. */
struct status graphql_variables_read(const struct graphql_operation *operation, struct text json,
                                     struct arena *arena, struct graphql_variables *out,
                                     struct graphql_variable_problem *out_problem);
