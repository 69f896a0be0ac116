/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/parser.h"

/* Selection sets (October 2021, sections 2.4, 2.5, 2.7, 2.8). */

static bool at_on(const struct parser *p)
{
    return p->token.kind == TOKEN_NAME && text_equal(p->token.text, TEXT("on"));
}

static struct status number_key(struct parser *p, struct graphql_selection *field)
{
    struct status s = keys_number(&p->keys, p->arena, field->alias, &field->key);
    if (s.code == E_TOO_LARGE)
        status_ignore(lexer_refuse(&p->lexer, field->at, "The names of this document are too much alike."));
    return s;
}

static struct status parse_field(struct parser *p, struct graphql_selection *field)
{
    field->kind = GRAPHQL_SELECT_FIELD;
    field->at = p->token.at;
    TRY(parser_name(p, &field->alias));
    field->name = field->alias;
    bool aliased;
    TRY(parser_skip(p, TOKEN_COLON, &aliased));
    if (aliased)
        TRY(parser_name(p, &field->name));
    TRY(number_key(p, field));
    TRY(parse_arguments(p, false, &field->arguments));
    TRY(parse_directives(p, false, &field->directives));
    return p->token.kind == TOKEN_BRACE_L ? parse_selections(p, &field->selections) : DONE;
}

static struct status parse_fragment_use(struct parser *p, struct graphql_selection *use)
{
    use->at = p->token.at;
    TRY(parser_advance(p));
    if (p->token.kind == TOKEN_NAME && !at_on(p)) {
        use->kind = GRAPHQL_SELECT_FRAGMENT;
        TRY(parser_name(p, &use->name));
        return parse_directives(p, false, &use->directives);
    }
    use->kind = GRAPHQL_SELECT_INLINE;
    if (at_on(p)) {
        TRY(parser_advance(p));
        TRY(parser_name(p, &use->name));
    }
    TRY(parse_directives(p, false, &use->directives));
    return parse_selections(p, &use->selections);
}

static struct status parse_selection(struct parser *p, struct graphql_selection **out)
{
    struct graphql_selection *s = arena_alloc(p->arena, sizeof(*s));
    if (!s)
        return STATUS(NOMEM);
    *out = s;
    return p->token.kind == TOKEN_SPREAD ? parse_fragment_use(p, s) : parse_field(p, s);
}

struct status parse_selections(struct parser *p, struct graphql_selection **out)
{
    TRY(parser_enter(p));
    TRY(parser_expect(p, TOKEN_BRACE_L));
    if (p->token.kind == TOKEN_BRACE_R)
        return lexer_refuse(&p->lexer, p->token.at, "expected at least one definition, found }");
    while (p->token.kind != TOKEN_BRACE_R) {
        TRY(parse_selection(p, out));
        out = &(*out)->next;
    }
    parser_leave(p);
    return parser_advance(p);
}
