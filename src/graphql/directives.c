/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/schema_internal.h"

#include "graphql/table.h"

/* The directives that every schema has (October 2021, section 3.13). */

const char *const directive_place_names[PLACE_COUNT] = {
    "QUERY",
    "MUTATION",
    "SUBSCRIPTION",
    "FIELD",
    "FRAGMENT_DEFINITION",
    "FRAGMENT_SPREAD",
    "INLINE_FRAGMENT",
    "VARIABLE_DEFINITION",
    "SCALAR",
    "FIELD_DEFINITION",
    "ARGUMENT_DEFINITION",
    "INPUT_FIELD_DEFINITION",
    "ENUM_VALUE",
};

static const struct graphql_input condition[] = {
    ARGUMENT("if", "Boolean!"),
    {.name = NULL},
};
static const struct graphql_input reason[] = {
    ARGUMENT("reason", "String", .initial = "\"No longer supported\""),
    {.name = NULL},
};
static const struct graphql_input url[] = {
    ARGUMENT("url", "String!"),
    {.name = NULL},
};

const struct directive_row directive_rows[DIRECTIVE_COUNT] = {
    {"include", "Only when the argument is true.", condition,
     PLACE_FIELD | PLACE_FRAGMENT_SPREAD | PLACE_INLINE_FRAGMENT},
    {"skip", "Not when the argument is true.", condition,
     PLACE_FIELD | PLACE_FRAGMENT_SPREAD | PLACE_INLINE_FRAGMENT},
    {"deprecated", "Of a schema: no longer to be used.", reason,
     PLACE_FIELD_DEFINITION | PLACE_ARGUMENT_DEFINITION | PLACE_INPUT_FIELD_DEFINITION | PLACE_ENUM_VALUE},
    {"specifiedBy", "Of a schema: where a scalar is described.", url, PLACE_SCALAR},
};
