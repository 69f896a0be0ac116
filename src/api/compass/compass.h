/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The GraphQL faces of the Compass way (its contract, sections 1, 2 and 5): the schemas of Connector and
 * Director, and how a call is served. Tables in *_schema.c, resolvers beside them.
 */

#include "base/error.h"
#include "base/own.h"

struct compass; /* the schemas, made once per core; immutable, any thread */

struct status compass_new(struct compass **out, struct error *err);
void compass_free(struct compass *c); /* accepts NULL */
OWNABLE(struct compass, compass_free);

/* The schemas in GraphQL's own notation, for a golden file. */
struct buffer;
void compass_print(const struct compass *c, struct buffer *out);
