/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Answers requests about the toy schema, for oracle_test.py. A request is a JSON object in a line of standard
 * input, as a client would POST it; its answer is a line: the HTTP status, a blank, the body. graphql_toy
 * --schema     prints the schema
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "graphql/request.h"
#include "toy.h"

static int answer_line(const struct graphql_schema *schema, struct text line)
{
    OWNED(arena_release) struct arena arena;
    OWNED(buffer_release) struct buffer answer;
    arena_init(&arena, 64 * 1024, LIMIT_GRAPHQL_ARENA);
    buffer_init(&answer, LIMIT_REPLY_BODY);
    struct toy toy = {.may_see_secrets = true};
    const struct graphql_execution execution = {
        .schema = schema, .context = &toy, .arena = &arena, .authorize = toy_authorize};
    const struct graphql_http http = {
        .method = TEXT("POST"), .content_type = TEXT("application/json"), .body = line};
    int status = graphql_serve(&execution, &http, &answer);
    struct text text = buffer_as_text(&answer);
    printf("%d %.*s\n", status, (int)text.n, text.p);
    return 0;
}

static int answer_all(const struct graphql_schema *schema)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    while ((n = getline(&line, &room, stdin)) > 0) {
        answer_line(schema, (struct text){line, (size_t)n});
        fflush(stdout);
    }
    free(line);
    return 0;
}

static int print_schema(const struct graphql_schema *schema)
{
    OWNED(buffer_release) struct buffer sdl;
    buffer_init(&sdl, 1024 * 1024);
    graphql_schema_print(schema, &sdl);
    struct text text = buffer_as_text(&sdl);
    printf("%.*s", (int)text.n, text.p);
    return 0;
}

int main(int argc, char **argv)
{
    OWNED(graphql_schema_free) struct graphql_schema *schema = NULL;
    struct error err = {.code = E_OK};
    struct status s = graphql_schema_new(&toy_tables, &schema, &err);
    if (!status_ok(s)) {
        fprintf(stderr, "%s\n", error_text(&err, s));
        return 1;
    }
    if (argc > 1 && strcmp(argv[1], "--schema") == 0)
        return print_schema(schema);
    return answer_all(schema);
}
