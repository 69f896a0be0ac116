/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/parser.h"

/* Values, arguments, directives and types as they are written (October 2021, sections 2.6, 2.9, 2.11, 2.12).
 */

static struct status parse_list(struct parser *p, bool constant, struct graphql_literal *list)
{
    list->kind = GRAPHQL_LITERAL_LIST;
    TRY(parser_enter(p));
    TRY(parser_advance(p));
    struct graphql_literal **end = &list->items;
    while (p->token.kind != TOKEN_BRACKET_R) {
        TRY(parse_value(p, constant, end));
        end = &(*end)->next;
    }
    parser_leave(p);
    return parser_advance(p);
}

static struct status parse_argument(struct parser *p, bool constant, struct graphql_argument **out)
{
    struct graphql_argument *a = arena_alloc(p->arena, sizeof(*a));
    if (!a)
        return STATUS(NOMEM);
    a->at = p->token.at;
    TRY(parser_name(p, &a->name));
    TRY(parser_expect(p, TOKEN_COLON));
    TRY(parse_value(p, constant, &a->value));
    *out = a;
    return DONE;
}

/* Names and values up to `end`, which is passed, too. None at all is fine. */
static struct status parse_pairs(struct parser *p, bool constant, enum token_kind end,
                                 struct graphql_argument **out)
{
    while (p->token.kind != end) {
        TRY(parse_argument(p, constant, out));
        out = &(*out)->next;
    }
    return parser_advance(p);
}

static struct status parse_object(struct parser *p, bool constant, struct graphql_literal *object)
{
    object->kind = GRAPHQL_LITERAL_OBJECT;
    TRY(parser_enter(p));
    TRY(parser_advance(p));
    TRY(parse_pairs(p, constant, TOKEN_BRACE_R, &object->fields));
    parser_leave(p);
    return DONE;
}

static struct status parse_string(struct parser *p, struct graphql_literal *string)
{
    bool block = p->token.kind == TOKEN_BLOCK_STRING;
    string->kind = block ? GRAPHQL_LITERAL_BLOCK_STRING : GRAPHQL_LITERAL_STRING;
    string->text = p->token.text;
    string->has_escapes = p->token.has_escapes;
    string->has_line_break = p->token.has_line_break;
    if (string->has_line_break && p->document) {
        string->next_broken = p->document->broken;
        p->document->broken = string;
    }
    return parser_advance(p);
}

static struct status parse_word(struct parser *p, struct graphql_literal *word)
{
    word->text = p->token.text;
    if (text_equal(word->text, TEXT("true")) || text_equal(word->text, TEXT("false")))
        word->kind = GRAPHQL_LITERAL_BOOLEAN;
    else if (text_equal(word->text, TEXT("null")))
        word->kind = GRAPHQL_LITERAL_NULL;
    else
        word->kind = GRAPHQL_LITERAL_ENUM;
    return parser_advance(p);
}

static struct status parse_use(struct parser *p, struct graphql_literal *variable)
{
    variable->kind = GRAPHQL_LITERAL_VARIABLE;
    TRY(parser_advance(p));
    return parser_name(p, &variable->text);
}

static struct status parse_number(struct parser *p, struct graphql_literal *number)
{
    number->kind = p->token.kind == TOKEN_INT ? GRAPHQL_LITERAL_INT : GRAPHQL_LITERAL_FLOAT;
    number->text = p->token.text;
    return parser_advance(p);
}

static struct status parse_value_into(struct parser *p, bool constant, struct graphql_literal *value)
{
    value->at = p->token.at;
    switch (p->token.kind) {
    case TOKEN_BRACKET_L:
        return parse_list(p, constant, value);
    case TOKEN_BRACE_L:
        return parse_object(p, constant, value);
    case TOKEN_STRING:
    case TOKEN_BLOCK_STRING:
        return parse_string(p, value);
    case TOKEN_NAME:
        return parse_word(p, value);
    case TOKEN_INT:
    case TOKEN_FLOAT:
        return parse_number(p, value);
    case TOKEN_DOLLAR:
        return constant ? parser_unexpected(p, "") : parse_use(p, value);
    case TOKEN_END:
    case TOKEN_BANG:
    case TOKEN_AMP:
    case TOKEN_PAREN_L:
    case TOKEN_PAREN_R:
    case TOKEN_SPREAD:
    case TOKEN_COLON:
    case TOKEN_EQUALS:
    case TOKEN_AT:
    case TOKEN_BRACKET_R:
    case TOKEN_BRACE_R:
    case TOKEN_PIPE:
        break;
    }
    return parser_unexpected(p, "");
}

struct status parse_value(struct parser *p, bool constant, struct graphql_literal **out)
{
    struct graphql_literal *value = arena_alloc(p->arena, sizeof(*value));
    if (!value)
        return STATUS(NOMEM);
    TRY(parse_value_into(p, constant, value));
    value->end = p->end;
    *out = value;
    return DONE;
}

/* Empty parentheses are no arguments: the clients of Compass send `configuration()` (contract, section 5.2).
 */
struct status parse_arguments(struct parser *p, bool constant, struct graphql_argument **out)
{
    bool any;
    TRY(parser_skip(p, TOKEN_PAREN_L, &any));
    return any ? parse_pairs(p, constant, TOKEN_PAREN_R, out) : DONE;
}

struct status parse_directives(struct parser *p, bool constant, struct graphql_directive **out)
{
    while (p->token.kind == TOKEN_AT) {
        struct graphql_directive *d = arena_alloc(p->arena, sizeof(*d));
        if (!d)
            return STATUS(NOMEM);
        d->at = p->token.at;
        TRY(parser_advance(p));
        TRY(parser_name(p, &d->name));
        TRY(parse_arguments(p, constant, &d->arguments));
        *out = d;
        out = &d->next;
    }
    return DONE;
}

static struct status parse_list_type(struct parser *p, struct graphql_written_type *type)
{
    TRY(parser_enter(p));
    TRY(parser_advance(p));
    TRY(parse_written_type(p, &type->list_of));
    parser_leave(p);
    return parser_expect(p, TOKEN_BRACKET_R);
}

struct status parse_written_type(struct parser *p, struct graphql_written_type **out)
{
    struct graphql_written_type *type = arena_alloc(p->arena, sizeof(*type));
    if (!type)
        return STATUS(NOMEM);
    type->at = p->token.at;
    if (p->token.kind == TOKEN_BRACKET_L)
        TRY(parse_list_type(p, type));
    else
        TRY(parser_name(p, &type->name));
    TRY(parser_skip(p, TOKEN_BANG, &type->non_null));
    *out = type;
    return DONE;
}
