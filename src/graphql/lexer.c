/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/lexer.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/utf8.h"

enum character { CHARACTER_OTHER, CHARACTER_IGNORED, CHARACTER_NAME, CHARACTER_DIGIT };

/* clang-format off */
#define FOUR(c, kind) [c] = kind, [(c) + 1] = kind, [(c) + 2] = kind, [(c) + 3] = kind
#define LETTERS(a)                                                                                            \
    FOUR(a, CHARACTER_NAME), FOUR((a) + 4, CHARACTER_NAME), FOUR((a) + 8, CHARACTER_NAME),                    \
    FOUR((a) + 12, CHARACTER_NAME), FOUR((a) + 16, CHARACTER_NAME), FOUR((a) + 20, CHARACTER_NAME),           \
    [(a) + 24] = CHARACTER_NAME, [(a) + 25] = CHARACTER_NAME
static const uint8_t character_kinds[256] = {
    ['\t'] = CHARACTER_IGNORED, ['\n'] = CHARACTER_IGNORED, ['\r'] = CHARACTER_IGNORED, [' '] = CHARACTER_IGNORED,
    [','] = CHARACTER_IGNORED,
    ['0'] = CHARACTER_DIGIT, ['1'] = CHARACTER_DIGIT, FOUR('2', CHARACTER_DIGIT), FOUR('6', CHARACTER_DIGIT),
    LETTERS('A'), LETTERS('a'), ['_'] = CHARACTER_NAME,
};
static const uint8_t punctuators[128] = {
    ['!'] = TOKEN_BANG, ['$'] = TOKEN_DOLLAR, ['&'] = TOKEN_AMP, ['('] = TOKEN_PAREN_L, [')'] = TOKEN_PAREN_R,
    [':'] = TOKEN_COLON, ['='] = TOKEN_EQUALS, ['@'] = TOKEN_AT, ['['] = TOKEN_BRACKET_L, [']'] = TOKEN_BRACKET_R,
    ['{'] = TOKEN_BRACE_L, ['}'] = TOKEN_BRACE_R, ['|'] = TOKEN_PIPE,
};
static const char *const kind_names[] = {
    [TOKEN_END] = "<EOF>", [TOKEN_BANG] = "!", [TOKEN_DOLLAR] = "$", [TOKEN_AMP] = "&", [TOKEN_PAREN_L] = "(",
    [TOKEN_PAREN_R] = ")", [TOKEN_SPREAD] = "...", [TOKEN_COLON] = ":", [TOKEN_EQUALS] = "=", [TOKEN_AT] = "@",
    [TOKEN_BRACKET_L] = "[", [TOKEN_BRACKET_R] = "]", [TOKEN_BRACE_L] = "{", [TOKEN_BRACE_R] = "}",
    [TOKEN_PIPE] = "|", [TOKEN_NAME] = "Name", [TOKEN_INT] = "Int", [TOKEN_FLOAT] = "Float",
    [TOKEN_STRING] = "String", [TOKEN_BLOCK_STRING] = "BlockString",
};
/* clang-format on */

#define BYTE_ORDER_MARK TEXT("\xef\xbb\xbf")

const char *token_kind_words(enum token_kind kind)
{
    return kind_names[kind];
}

void lexer_init(struct lexer *l, struct text source, struct arena *arena)
{
    must(source.n <= LIMIT_GRAPHQL_BYTES);
    *l = (struct lexer){.source = source, .arena = arena, .first_broken = UINT32_MAX};
}

struct status lexer_refuse(struct lexer *l, size_t at, const char *fmt, ...)
{
    char message[256];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    must(n >= 0);
    size_t length = (size_t)n < sizeof(message) ? (size_t)n : sizeof(message) - 1;
    l->problem = (struct graphql_problem){arena_text(l->arena, (struct text){message, length}), (uint32_t)at};
    return l->problem.message.p ? STATUS(INVALID) : STATUS(NOMEM);
}

static enum character kind_at(const struct lexer *l, size_t at)
{
    return at < l->source.n ? character_kinds[(uint8_t)l->source.p[at]] : CHARACTER_OTHER;
}

static char at_or_zero(const struct lexer *l, size_t at)
{
    return at < l->source.n ? l->source.p[at] : '\0';
}

/* A comment holds no control characters but the tab (SourceCharacter, section 2.1.1). */
static struct status skip_comment(struct lexer *l)
{
    for (; l->at < l->source.n; l->at++) {
        uint8_t c = (uint8_t)l->source.p[l->at];
        if (c == '\n' || c == '\r')
            break;
        if (c < ' ' && c != '\t')
            return lexer_refuse(l, l->at, NO_TOKEN "Invalid character within a comment: U+%04X.", c);
    }
    return DONE;
}

static struct status skip_ignored(struct lexer *l)
{
    for (;;) {
        while (kind_at(l, l->at) == CHARACTER_IGNORED)
            l->at++;
        char c = at_or_zero(l, l->at);
        if (c == '#')
            TRY(skip_comment(l));
        else if (c == '\xef' && text_starts_with(text_from(l->source, l->at), BYTE_ORDER_MARK))
            l->at += BYTE_ORDER_MARK.n;
        else
            return DONE;
    }
}

/* One character of the source in words, for messages; `out` has room for 16. */
static const char *describe(const struct lexer *l, size_t at, char out[static 16])
{
    uint32_t value = 0;
    size_t n = at < l->source.n ? utf8_decode(l->source.p + at, l->source.n - at, &value) : 0;
    if (n == 0)
        return "<EOF>";
    if (value < ' ' || value == 0x7f)
        snprintf(out, 16, "U+%04X", (unsigned)value);
    else
        snprintf(out, 16, "\"%.*s\"", (int)n, l->source.p + at);
    return out;
}

static struct status digits(struct lexer *l)
{
    char word[16];
    if (kind_at(l, l->at) != CHARACTER_DIGIT)
        return lexer_refuse(l, l->at, NO_TOKEN "Invalid number, expected digit but got: %s.",
                            describe(l, l->at, word));
    while (kind_at(l, l->at) == CHARACTER_DIGIT)
        l->at++;
    return DONE;
}

static struct status read_number(struct lexer *l, struct token *out)
{
    char word[16];
    size_t start = l->at;
    out->kind = TOKEN_INT;
    if (l->source.p[l->at] == '-')
        l->at++;
    if (at_or_zero(l, l->at) == '0' && kind_at(l, l->at + 1) == CHARACTER_DIGIT)
        return lexer_refuse(l, l->at + 1, NO_TOKEN "Invalid number, unexpected digit after 0: %s.",
                            describe(l, l->at + 1, word));
    TRY(digits(l));
    if (at_or_zero(l, l->at) == '.') {
        out->kind = TOKEN_FLOAT;
        l->at++;
        TRY(digits(l));
    }
    if (at_or_zero(l, l->at) == 'e' || at_or_zero(l, l->at) == 'E') {
        out->kind = TOKEN_FLOAT;
        l->at++;
        if (at_or_zero(l, l->at) == '+' || at_or_zero(l, l->at) == '-')
            l->at++;
        TRY(digits(l));
    }
    /* 2.9.1: a number is not followed by what could belong to it. */
    if (at_or_zero(l, l->at) == '.' || kind_at(l, l->at) == CHARACTER_NAME)
        return lexer_refuse(l, l->at, NO_TOKEN "Invalid number, expected digit but got: %s.",
                            describe(l, l->at, word));
    out->text = (struct text){l->source.p + start, l->at - start};
    return DONE;
}

static void read_name(struct lexer *l, struct token *out)
{
    size_t start = l->at;
    while (kind_at(l, l->at) >= CHARACTER_NAME)
        l->at++;
    out->kind = TOKEN_NAME;
    out->text = (struct text){l->source.p + start, l->at - start};
}

static struct status read_quoted(struct lexer *l, struct token *out)
{
    if (text_starts_with(text_from(l->source, l->at), TEXT("\"\"\""))) {
        l->at += 3;
        return lexer_block_string(l, out);
    }
    l->at++;
    return lexer_string(l, out);
}

static struct status read_other(struct lexer *l, struct token *out)
{
    char word[16];
    char c = l->source.p[l->at];
    if (c == '"')
        return read_quoted(l, out);
    if (c == '-')
        return read_number(l, out);
    if (c == '.' && text_starts_with(text_from(l->source, l->at), TEXT("..."))) {
        out->kind = TOKEN_SPREAD;
        l->at += 3;
        return DONE;
    }
    if (c == '\'')
        return lexer_refuse(
            l, l->at,
            NO_TOKEN "Unexpected single quote character ('), did you mean to use a double quote (\")?");
    return lexer_refuse(l, l->at, NO_TOKEN "Cannot parse the unexpected character %s.",
                        describe(l, l->at, word));
}

struct status lexer_next(struct lexer *l, struct token *out)
{
    TRY(skip_ignored(l));
    *out = (struct token){.kind = TOKEN_END, .at = (uint32_t)l->at};
    if (l->at == l->source.n)
        return DONE;
    if (++l->tokens > LIMIT_GRAPHQL_TOKENS) {
        struct status s =
            lexer_refuse(l, l->at, "The document has more than %d tokens.", LIMIT_GRAPHQL_TOKENS);
        return s.code == E_INVALID ? STATUS(TOO_LARGE) : s;
    }
    uint8_t c = (uint8_t)l->source.p[l->at];
    if (c < 128 && punctuators[c]) {
        out->kind = punctuators[c];
        l->at++;
        return DONE;
    }
    if (character_kinds[c] == CHARACTER_NAME) {
        read_name(l, out);
        return DONE;
    }
    if (character_kinds[c] == CHARACTER_DIGIT)
        return read_number(l, out);
    return read_other(l, out);
}
