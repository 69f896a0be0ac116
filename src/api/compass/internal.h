/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Private to api/compass. */

#include "api/compass/compass.h"
#include "api/handlers.h"
#include "graphql/request.h"

struct compass {
    struct graphql_schema *connector, *director;
};

extern const struct graphql_tables connector_tables, director_tables;

/* Serves one request on `schema`; `context` is what resolvers find in call->context. The reply is complete
 * then.
 */
struct status compass_serve(struct call *c, const struct graphql_execution *execution);

/* cors.c: what a page of another origin may see of the reply. Before anything else of the reply. */
struct status compass_cors(struct call *c);

/* {"reason":"used"}, in the arena; {NULL, 0} without a reason or memory. */
struct text compass_reason(struct arena *a, const char *reason);
