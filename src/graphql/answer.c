/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/request.h"

#include "graphql/document.h"
#include "graphql/refusal.h"
#include "graphql/validate.h"
#include "graphql/variables.h"

/* Parses, picks the operation, validates, reads the variables, executes; the order and the words are
 * gqlgen's. */

static const struct graphql_operation *find_operation(const struct graphql_document *document,
                                                      struct text name)
{
    const struct graphql_operation *o = document->operations;
    if (!name.n)
        return document->operation_count == 1 ? o : NULL;
    while (o && !text_equal(o->name, name))
        o = o->next;
    return o;
}

static int operation_not_found(const struct graphql_request *request, struct arena *arena,
                               struct buffer *answer)
{
    struct text shown = text_first(request->operation_name, 100);
    struct refusal r = {.status = 422,
                        .message = arena_printf(arena, "operation %.*s not found", TEXT_ARG(shown)),
                        .code = REFUSAL_VALIDATION};
    return refusal_write(&r, answer);
}

static int not_valid(const struct graphql_document *document, struct status s,
                     const struct graphql_finding *findings, struct buffer *answer)
{
    if (s.code == E_NOMEM)
        return refusal_no_memory(answer);
    size_t mark = buffer_size(answer);
    buffer_text(answer, TEXT("{\"errors\":["));
    for (const struct graphql_finding *f = findings; f; f = f->next) {
        if (f != findings)
            buffer_byte(answer, ',');
        struct refusal r = {.message = f->problem.message,
                            .located = true,
                            .source = document->source,
                            .at = f->problem.at,
                            .code = REFUSAL_VALIDATION,
                            .extensions = f->extensions};
        refusal_write_error(&r, answer);
    }
    buffer_text(answer, TEXT("],\"data\":null}"));
    return refusal_finish(422, mark, answer);
}

static int read_variables(const struct graphql_execution *execution, const struct graphql_request *request,
                          const struct graphql_operation *operation, struct graphql_variables *out,
                          struct buffer *answer)
{
    struct graphql_variable_problem problem;
    struct status s = graphql_variables_read(operation, request->variables, execution->arena, out, &problem);
    if (status_ok(s))
        return 0;
    if (s.code != E_INVALID)
        return refusal_no_memory(answer);
    struct refusal r = {
        .status = 422, .message = problem.message, .path = problem.path, .code = REFUSAL_VALIDATION};
    return refusal_write(&r, answer);
}

static int execute(const struct graphql_execution *execution, const struct graphql_request *request,
                   const struct graphql_document *document, const struct graphql_operation *operation,
                   struct buffer *answer)
{
    struct graphql_variables variables;
    int refused = read_variables(execution, request, operation, &variables, answer);
    if (refused)
        return refused;
    struct status s = graphql_execute(execution, document, operation, &variables, answer);
    if (status_ok(s))
        return 200;
    if (s.code != E_TOO_LARGE)
        return refusal_no_memory(answer);
    struct refusal r = {.status = 413,
                        .message = TEXT("the answer is too large: ask for fewer fields or a smaller page")};
    return refusal_write(&r, answer);
}

static int validate(const struct graphql_execution *execution, const struct graphql_request *request,
                    struct graphql_document *document, struct buffer *answer)
{
    if (!document->operations) {
        struct refusal r = {
            .status = 422, .message = TEXT("no operation provided"), .code = REFUSAL_VALIDATION};
        return refusal_write(&r, answer);
    }
    const struct graphql_finding *findings = NULL;
    struct status s = graphql_validate(execution->schema, document, execution->arena, &findings);
    if (!status_ok(s))
        return not_valid(document, s, findings, answer);
    const struct graphql_operation *operation = find_operation(document, request->operation_name);
    if (!operation)
        return operation_not_found(request, execution->arena, answer);
    if (request->read_only && operation->kind != GRAPHQL_QUERY) {
        struct refusal r = {.status = 406, .message = TEXT("GET requests only allow query operations")};
        return refusal_write(&r, answer);
    }
    return execute(execution, request, document, operation, answer);
}

int graphql_answer(const struct graphql_execution *execution, const struct graphql_request *request,
                   struct buffer *answer)
{
    if (request->persisted && !request->query.n) {
        /* Apollo's clients send the whole document when they are told so. */
        struct refusal r = {
            .status = 200, .message = TEXT("PersistedQueryNotFound"), .code = REFUSAL_PERSISTED};
        return refusal_write(&r, answer);
    }
    struct graphql_document *document;
    struct graphql_problem problem;
    struct status s = graphql_parse(request->query, execution->arena, &document, &problem);
    if (status_ok(s))
        return validate(execution, request, document, answer);
    if (s.code != E_INVALID && s.code != E_TOO_LARGE)
        return refusal_no_memory(answer);
    struct refusal r = {.status = 422,
                        .message = problem.message,
                        .located = true,
                        .source = request->query,
                        .at = problem.at,
                        .code = REFUSAL_PARSE};
    return refusal_write(&r, answer);
}

int graphql_serve(const struct graphql_execution *execution, const struct graphql_http *http,
                  struct buffer *answer)
{
    struct graphql_request request;
    int status = 0;
    if (!graphql_request_read(http, execution->arena, &request, &status, answer))
        return status;
    return graphql_answer(execution, &request, answer);
}
