/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Input coercion (October 2021, sections 3.5 to 3.12 and 6.4.1): literals of validated documents, and
 * defaults of the schema, to the values that resolvers see. */

#include "base/arena.h"
#include "graphql/document.h"
#include "graphql/schema_internal.h"
#include "graphql/value.h"
#include "graphql/variables.h"

struct coercion {
    struct arena *arena;
    const struct graphql_operation *operation; /* its variables; NULL: there are none */
    const struct graphql_variables *variables;
    struct text problem; /* of E_INVALID, in the arena or constant */
};

/* E_INVALID: a variable brings null where none may be; E_NOMEM. */
struct status coerce_literal(struct coercion *c, const struct type_ref *type,
                             const struct graphql_literal *literal, struct graphql_given *out);
/* All arguments of a field or directive: `out` has an item for each definition. */
struct status coerce_arguments(struct coercion *c, const struct schema_inputs *definitions,
                               const struct graphql_argument *arguments, struct graphql_given *out);
/* The default of an argument, input field or variable of this type; NOTHING when `initial` is NULL. */
struct status coerce_initial(struct coercion *c, const struct type_ref *type,
                             const struct graphql_literal *initial, struct graphql_given *out);

/* coerce_json.c: a literal as JSON text, for scalars that are any JSON. */
struct status coerce_to_json(struct coercion *c, const struct graphql_literal *literal,
                             struct graphql_given *out);
const struct graphql_given *coerce_variable(const struct coercion *c, struct text name);
