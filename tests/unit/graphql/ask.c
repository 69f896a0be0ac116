/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"

const struct graphql_schema *toy_schema(void)
{
    static struct graphql_schema *schema;
    struct error err = {.code = E_OK};
    if (!schema && !status_ok(graphql_schema_new(&toy_tables, &schema, &err)))
        fail_msg("%s", err.message);
    return schema;
}

static int ask_request(const struct graphql_request *request, const struct question *q, struct buffer *out)
{
    OWNED(arena_release) struct arena arena;
    arena_init(&arena, 16 * 1024, LIMIT_GRAPHQL_ARENA);
    struct toy toy = {.may_see_secrets = q->may_see_secrets};
    const struct graphql_execution execution = {.schema = toy_schema(),
                                                .context = &toy,
                                                .arena = &arena,
                                                .authorize = q->nobody_authorizes ? NULL : toy_authorize,
                                                .locate_errors = q->locate_errors};
    return graphql_answer(&execution, request, out);
}

int ask(const struct question *q, struct buffer *out)
{
    const struct graphql_request request = {.query = text_of(q->query),
                                            .variables = text_of(q->variables),
                                            .operation_name = text_of(q->operation)};
    return ask_request(&request, q, out);
}
