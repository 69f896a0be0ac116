/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers graphql_serve (graphql/request.h): requests, parsing, validation, variables, execution,
 * introspection, on the toy schema of the unit tests. The input is the document; behind a NUL, the JSON of
 * the variables; behind another one, the name of the operation. Without a NUL it is the body of a POST, too.
 * Properties: every answer is one JSON object with "data" last and one of our statuses; the same request is
 * answered the same twice; memory stays within its maximum.
 */

#include "graphql/request.h"

#include "base/json_scan.h"
#include "base/limits.h"
#include "toy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct graphql_schema *schema(void)
{
    static struct graphql_schema *made;
    if (!made)
        must(status_ok(graphql_schema_new(&toy_tables, &made, NULL)));
    return made;
}

static bool is_our_status(int status)
{
    static const int ours[] = {200, 400, 406, 413, 422, 503};
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (ours[i] == status)
            return true;
    }
    return false;
}

static int serve(const struct graphql_http *http, struct buffer *answer)
{
    OWNED(arena_release) struct arena arena;
    arena_init(&arena, 64 * 1024, LIMIT_GRAPHQL_ARENA);
    struct toy toy = {.may_see_secrets = false};
    const struct graphql_execution execution = {.schema = schema(),
                                                .context = &toy,
                                                .arena = &arena,
                                                .authorize = toy_authorize,
                                                .locate_errors = true};
    int status = graphql_serve(&execution, http, answer);
    must(arena.total <= LIMIT_GRAPHQL_ARENA);
    return status;
}

static void check(const struct graphql_http *http)
{
    OWNED(buffer_release) struct buffer first;
    OWNED(buffer_release) struct buffer second;
    buffer_init(&first, 1024 * 1024);
    buffer_init(&second, 1024 * 1024);
    int status = serve(http, &first);
    struct text answer = buffer_as_text(&first);
    must(is_our_status(status) && status_ok(buffer_status(&first)));
    struct json_position where;
    /* Deep answers are ours to give: json_scan's bound is for what comes in. */
    struct status s = json_scan_with(answer, 10 * 1000 * 1000, &where);
    must(status_ok(s) || s.code == E_TOO_LARGE);
    must(text_starts_with(answer, TEXT("{\"data\":")) ||
         text_starts_with(answer, TEXT("{\"errors\":[{\"message\":")));
    must(serve(http, &second) == status && text_equal(answer, buffer_as_text(&second)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text rest = {(const char *)data, size};
    struct text document = text_cut(&rest, '\0');
    bool alone = !rest.p;
    struct text variables = rest.p ? text_cut(&rest, '\0') : rest;
    const struct graphql_http get = {
        .method = TEXT("GET"), .query = document, .variables = variables, .operation_name = rest};
    check(&get);
    if (!alone)
        return 0;
    const struct graphql_http post = {
        .method = TEXT("POST"), .content_type = TEXT("application/json"), .body = document};
    check(&post);
    const struct graphql_http plain = {.method = TEXT("POST"),
                                       .content_type = TEXT("Application/GraphQL ; charset=utf-8"),
                                       .body = document};
    check(&plain);
    return 0;
}
