/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Tokens of a GraphQL document (October 2021, section 2.1), one at a time, borrowed from the source. Commas,
 * white space, comments and byte order marks are skipped. Beyond the language, line breaks inside "..." are
 * let through and remembered. The source is UTF-8.
 */

#include "base/bytes.h"
#include "base/status.h"
#include "graphql/document.h"

enum token_kind {
    TOKEN_END,
    TOKEN_BANG,
    TOKEN_DOLLAR,
    TOKEN_AMP,
    TOKEN_PAREN_L,
    TOKEN_PAREN_R,
    TOKEN_SPREAD,
    TOKEN_COLON,
    TOKEN_EQUALS,
    TOKEN_AT,
    TOKEN_BRACKET_L,
    TOKEN_BRACKET_R,
    TOKEN_BRACE_L,
    TOKEN_BRACE_R,
    TOKEN_PIPE,
    TOKEN_NAME,
    TOKEN_INT,
    TOKEN_FLOAT,
    TOKEN_STRING,
    TOKEN_BLOCK_STRING,
};

struct token {
    enum token_kind kind;
    uint32_t at;
    struct text text;    /* of names and numbers; of strings what is between the quotes */
    bool has_escapes;    /* of strings */
    bool has_line_break; /* of TOKEN_STRING */
};

struct lexer {
    struct text source;
    struct arena *arena; /* for messages */
    size_t at;
    int tokens;
    struct graphql_problem problem; /* why the last lexer_next failed */
    /* The first "..." string with a line break: when a document that has one cannot be read, its quote was
     * most likely forgotten. UINT32_MAX: none. */
    uint32_t first_broken;
};

/* The source is at most LIMIT_GRAPHQL_BYTES long. */
void lexer_init(struct lexer *l, struct text source, struct arena *arena);
/* E_INVALID, E_TOO_LARGE (tokens), E_NOMEM, with l->problem. */
struct status lexer_next(struct lexer *l, struct token *out);
/* "Name", "{", "<EOF>" ... as gqlparser names tokens. Constant. */
const char *token_kind_words(enum token_kind kind);

/* String tokens (lexer_string.c); l->at is behind the opening quotes. */
struct status lexer_string(struct lexer *l, struct token *out);
struct status lexer_block_string(struct lexer *l, struct token *out);
/* Sets the problem; the message is printf's, in the arena. What is no token at all begins with NO_TOKEN:
 * gqlparser says no more than that. */
#define NO_TOKEN "Unexpected <Invalid>: "
[[gnu::format(printf, 3, 4)]] struct status lexer_refuse(struct lexer *l, size_t at, const char *fmt, ...);
