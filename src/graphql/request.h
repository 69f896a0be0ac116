/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * From a request to an answer, without HTTP itself. Statuses and messages are gqlgen's (the contract of
 * Compass, section 5.3):
 *
 *     200  executed, also when resolvers refused          422  the document or its variables are not valid
 *     400  not a request that GraphQL has over HTTP       406  a mutation by GET
 *     413  a limit                                        503  out of memory
 */

#include "base/arena.h"
#include "base/buffer.h"
#include "graphql/execute.h"

/* What came over HTTP. For GET the three parameters, percent-decoded ({NULL, 0} when absent); for POST the
 * body. */
struct graphql_http {
    struct text method;       /* GET and POST are for us; the embedder answers OPTIONS */
    struct text content_type; /* application/json, application/graphql; parameters and case do not count */
    struct text body;
    struct text query, operation_name, variables;
};

struct graphql_request {
    struct text query;          /* the document */
    struct text operation_name; /* {NULL, 0}: the only one */
    struct text variables;      /* a JSON object or null; {NULL, 0}: none */
    bool persisted;             /* only the hash of a document was sent, which we do not keep */
    bool read_only;             /* GET: mutations are refused */
};

/* Reads it; texts are borrowed from `http` or made in the arena. False: *out_status and the answer in `out`.
 */
bool graphql_request_read(const struct graphql_http *http, struct arena *arena, struct graphql_request *out,
                          int *out_status, struct buffer *answer);

/* Parses, validates, executes; appends the answer and returns the HTTP status. The answer's content type is
 * application/json. What does not fit into `answer` becomes an error that does. */
int graphql_answer(const struct graphql_execution *execution, const struct graphql_request *request,
                   struct buffer *answer);

/* Both in one. */
int graphql_serve(const struct graphql_execution *execution, const struct graphql_http *http,
                  struct buffer *answer);
