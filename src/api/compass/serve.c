/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/internal.h"

#include "base/alloc.h"
#include "base/limits.h"

/* From an HTTP call to the GraphQL engine and back. */

#define ARENA_CHUNK (16u * 1024)

struct status compass_new(struct compass **out, struct error *err)
{
    OWNED(compass_free) struct compass *c = mem_alloc(sizeof *c);
    if (!c)
        return STATUS(NOMEM);
    TRY(graphql_schema_new(&connector_tables, &c->connector, err));
    TRY(graphql_schema_new(&director_tables, &c->director, err));
    *out = TAKE(c);
    return DONE;
}

void compass_free(struct compass *c)
{
    if (!c)
        return;
    graphql_schema_free(c->connector);
    graphql_schema_free(c->director);
    mem_free(c);
}

void compass_print(const struct compass *c, struct buffer *out)
{
    buffer_cstr(out, "# /connector/graphql\n\n");
    graphql_schema_print(c->connector, out);
    buffer_cstr(out, "\n# /director/graphql\n\n");
    graphql_schema_print(c->director, out);
}

static bool is_graphql(struct text content_type)
{
    const struct text type = text_trim(text_cut(&content_type, ';'));
    return text_equal_nocase(type, TEXT("application/json")) ||
           text_equal_nocase(type, TEXT("application/graphql"));
}

/* What people send who leave curl's default: told with the line that works. */
static struct status wrong_type(struct call *c, struct text type)
{
    return reply_error(c, 400,
                       "transport not supported: Content-Type is %.*s; send the query as JSON: curl -H "
                       "'Content-Type: application/json' -d '{\"query\":\"...\"}' ..., or as it is with "
                       "'Content-Type: application/graphql'",
                       (int)(type.n < 100 ? type.n : 100), type.n > 0 ? type.p : "missing");
}

struct status compass_serve(struct call *c, const struct graphql_execution *execution)
{
    const struct request *r = c->request;
    const struct text type = headers_get(&r->headers, TEXT("Content-Type"));
    if (r->method == HTTP_POST && !is_graphql(type))
        return wrong_type(c, type.n > 0 ? type : TEXT("missing"));
    OWNED(arena_release) struct arena arena;
    arena_init(&arena, ARENA_CHUNK, LIMIT_GRAPHQL_ARENA);
    struct graphql_execution with_arena = *execution;
    with_arena.arena = &arena;
    const struct graphql_http http = {
        .method = text_of(http_method_name(r->method)),
        .content_type = type,
        .body = bytes_text(c->body),
        .query = query_get(r->query, TEXT("query"), &arena),
        .operation_name = query_get(r->query, TEXT("operationName"), &arena),
        .variables = query_get(r->query, TEXT("variables"), &arena),
    };
    buffer_clear(&c->reply.body);
    c->reply.status = graphql_serve(&with_arena, &http, &c->reply.body);
    c->reply.content_type = TEXT("application/json");
    arena_wipe(&arena); /* credentials, given and shown */
    return DONE;
}

struct text compass_reason(struct arena *a, const char *reason)
{
    return reason ? arena_printf(a, "{\"reason\":\"%s\"}", reason) : (struct text){NULL, 0};
}
