/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Execution (October 2021, section 6) of one operation of a validated document. Resolvers may block: the
 * caller's thread runs them, one after the other, in the order of the selection; mutations stop at the first
 * top field whose failure makes `data` null.
 *
 *     static struct status application(struct graphql_call *call, struct graphql_value *out)
 *     {
 *         const struct caller *caller = call->context;
 *         struct application *found = arena_alloc(call->arena, sizeof(*found));
 *         if (!found)
 *             return STATUS(NOMEM);
 *         struct text id = graphql_given_text(graphql_argument(call, "id"));
 *         struct status s = find_application(caller, id, call->arena, found);
 *         if (s.code == E_NOT_FOUND)
 *             return DONE; // *out is null until set
 *         if (!status_ok(s))
 *             return graphql_refuse(call, s.code, TEXT("{\"error\":\"InternalError\",\"error_code\":10}"),
 *                                   "Internal Server Error");
 *         *out = graphql_object(found);
 *         return DONE;
 *     }
 */

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "graphql/schema.h"
#include "graphql/value.h"

struct graphql_document;
struct graphql_operation;

/* What stays the same for a request. Borrowed. */
struct graphql_execution {
    const struct graphql_schema *schema;
    void *context;       /* the embedder's: call->context */
    const void *root;    /* call->object of the root fields; may be NULL */
    struct arena *arena; /* of the request; its maximum bounds documents, variables and errors */
    /* May the caller have this field? Called for every field whose row has a scope, before it is resolved.
     * Refuses with graphql_refuse(), or a bare status for a field that is null without its scope. NULL:
     * nobody may. */
    struct status (*authorize)(struct graphql_call *call, const char *scope);
    bool locate_errors; /* "locations" in the errors of resolvers too (gqlgen leaves them out) */
};

/* One field being resolved. */
struct graphql_call {
    const struct graphql_execution *execution;
    void *context;
    struct arena *arena;
    const void *object;              /* what the parent's resolver handed back */
    const struct graphql_field *row; /* of the schema's table */
    struct execution *run;           /* execute.c's own */
    const struct place *place;       /* execute.c's own */
};

/* An argument by the name in its table; never NULL. */
const struct graphql_given *graphql_argument(const struct graphql_call *call, const char *name);

/*
 * Refuses the field: its value is null, the answer's `errors` has the message and, unless {NULL, 0},
 * `extensions` (a JSON object, trusted). Returns `code`, which must not be E_OK. A resolver that fails
 * without this call shows as "internal system error"; E_NOMEM without it ends the whole execution.
 */
[[gnu::format(printf, 4, 5)]] struct status graphql_refuse(struct graphql_call *call, enum code code,
                                                           struct text extensions, const char *fmt, ...);

/*
 * Runs `operation`, whose document graphql_validate() accepted, with coerced variables, and appends the whole
 * answer: {"errors":[...],"data":...}, without "errors" when there are none. E_NOMEM, or E_TOO_LARGE when the
 * answer is larger than `out` may grow or more than LIMIT_GRAPHQL_RESOLVED fields; `out` is as before then.
 */
struct graphql_variables;
struct status graphql_execute(const struct graphql_execution *execution,
                              const struct graphql_document *document,
                              const struct graphql_operation *operation,
                              const struct graphql_variables *variables, struct buffer *out);
