/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of the parser share. One token of look-ahead; the first failure ends it. */

#include "graphql/document.h"
#include "graphql/keys.h"
#include "graphql/lexer.h"

struct parser {
    struct lexer lexer;
    struct token token; /* the next one */
    uint32_t end;       /* of the one before it */
    struct arena *arena;
    struct graphql_document *document;
    struct keys keys;
    int depth;
};

/* parse.c */
struct status parser_start(struct parser *p, struct text source, struct arena *arena);
struct status parser_advance(struct parser *p);
struct status parser_expect(struct parser *p, enum token_kind kind); /* and over it */
struct status parser_skip(struct parser *p, enum token_kind kind, bool *out_skipped);
struct status parser_name(struct parser *p, struct text *out);
struct status parser_unexpected(struct parser *p, const char *hint); /* "Unexpected ..." the next token */
/* Into and out of a level of nesting; E_TOO_LARGE over LIMIT_GRAPHQL_DEPTH. */
struct status parser_enter(struct parser *p);
void parser_leave(struct parser *p);

/* parse_values.c */
struct status parse_value(struct parser *p, bool constant, struct graphql_literal **out);
struct status parse_arguments(struct parser *p, bool constant, struct graphql_argument **out);
struct status parse_directives(struct parser *p, bool constant, struct graphql_directive **out);
struct status parse_written_type(struct parser *p, struct graphql_written_type **out);

/* parse_selections.c */
struct status parse_selections(struct parser *p, struct graphql_selection **out);

/* One value and nothing else, without variables (defaults in a schema's tables). */
struct status graphql_parse_value(struct text source, struct arena *arena, struct graphql_literal **out,
                                  struct graphql_problem *out_problem);
/* A type and nothing else: "[String!]!". */
struct status graphql_parse_type(struct text source, struct arena *arena, struct graphql_written_type **out,
                                 struct graphql_problem *out_problem);
