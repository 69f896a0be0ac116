/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/lexer.h"

/*
 * Where strings end, and whether their escapes are ones (October 2021, section 2.9.4; \u{...} and surrogate
 * pairs as its successor and graphql-js have them). What they say is decoded when somebody asks: escape.c.
 */

#include <stdio.h>

#include "graphql/escape.h"

#define UNTERMINATED NO_TOKEN "Unterminated string."

static struct status bad_character(struct lexer *l)
{
    return lexer_refuse(l, l->at, NO_TOKEN "Invalid character within String: U+%04X.",
                        (uint8_t)l->source.p[l->at]);
}

static bool is_control(char c)
{
    return (uint8_t)c < ' ' && c != '\t';
}

struct status lexer_string(struct lexer *l, struct token *out)
{
    const size_t start = l->at;
    const char *p = l->source.p;
    out->kind = TOKEN_STRING;
    for (; l->at < l->source.n && p[l->at] != '"'; l->at++) {
        if (p[l->at] == '\n' || p[l->at] == '\r') {
            out->has_line_break = true;
        } else if (is_control(p[l->at])) {
            return bad_character(l);
        } else if (p[l->at] == '\\') {
            out->has_escapes = true;
            char decoded[UTF8_MAX];
            size_t decoded_length;
            size_t n = string_escape(text_from(l->source, l->at), decoded, &decoded_length);
            if (n == 0)
                return lexer_refuse(l, l->at, NO_TOKEN "Invalid character escape sequence: %.*s.",
                                    (int)string_escape_shown(text_from(l->source, l->at)), p + l->at);
            l->at += n - 1;
        }
    }
    if (out->has_line_break && out->at < l->first_broken)
        l->first_broken = out->at;
    if (l->at == l->source.n)
        return lexer_refuse(l, out->at, UNTERMINATED);
    out->text = (struct text){p + start, l->at - start};
    l->at++;
    return DONE;
}

struct status lexer_block_string(struct lexer *l, struct token *out)
{
    const size_t start = l->at;
    out->kind = TOKEN_BLOCK_STRING;
    while (l->at < l->source.n) {
        struct text rest = text_from(l->source, l->at);
        if (text_starts_with(rest, TEXT("\"\"\""))) {
            out->text = (struct text){l->source.p + start, l->at - start};
            l->at += 3;
            return DONE;
        }
        char c = l->source.p[l->at];
        if (is_control(c) && c != '\n' && c != '\r')
            return bad_character(l);
        bool escaped = text_starts_with(rest, TEXT("\\\"\"\""));
        out->has_escapes = out->has_escapes || escaped;
        l->at += escaped ? 4 : 1;
    }
    return lexer_refuse(l, out->at, UNTERMINATED);
}
