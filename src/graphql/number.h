/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Numbers as GraphQL and JSON write them. Pure functions. */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "graphql/schema.h"

/* Digits with or without '-'; false outside 32 bits. */
bool number_to_int(struct text digits, int32_t *out);
/* A number of GraphQL or JSON; false when it is too large for a double. */
bool number_to_float(struct text number, double *out);
/* "%g"-like, shortest text that reads back as the same; `out` has room for 32. Finite. */
size_t number_from_float(double value, char out[static 32]);

/* "a non string", "a non-string and non-integer" ... : what a built-in scalar "cannot represent" (gqlparser's
 * words). Constant. */
const char *scalar_refusal(enum graphql_scalar scalar);
