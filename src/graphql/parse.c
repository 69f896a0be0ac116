/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/document.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "graphql/parser.h"

struct status parser_start(struct parser *p, struct text source, struct arena *arena)
{
    *p = (struct parser){.arena = arena};
    lexer_init(&p->lexer, source, arena);
    return lexer_next(&p->lexer, &p->token);
}

struct status parser_advance(struct parser *p)
{
    p->end = (uint32_t)p->lexer.at;
    return lexer_next(&p->lexer, &p->token);
}

/* Messages are gqlparser's, which servers of Compass answer with. */
struct status parser_expect(struct parser *p, enum token_kind kind)
{
    if (p->token.kind != kind)
        return lexer_refuse(&p->lexer, p->token.at, "Expected %s, found %s", token_kind_words(kind),
                            token_kind_words(p->token.kind));
    return parser_advance(p);
}

struct status parser_skip(struct parser *p, enum token_kind kind, bool *out_skipped)
{
    *out_skipped = p->token.kind == kind;
    return *out_skipped ? parser_advance(p) : DONE;
}

struct status parser_name(struct parser *p, struct text *out)
{
    struct text name = p->token.text;
    TRY(parser_expect(p, TOKEN_NAME));
    *out = name;
    return DONE;
}

#define SHOWN 40 /* characters of a token in a message */

static size_t shown_bytes(struct text text)
{
    size_t n = text.n < SHOWN ? text.n : SHOWN;
    while (n > 0 && n < text.n && ((uint8_t)text.p[n] & 0xc0) == 0x80)
        n--;
    return n;
}

/* "Name "type"", "{": a token as gqlparser writes it. */
static struct status refuse_token(struct parser *p, const char *words, const char *hint)
{
    const struct token *t = &p->token;
    const char *kind = token_kind_words(t->kind);
    if (t->text.n == 0)
        return lexer_refuse(&p->lexer, t->at, "%s %s%s", words, kind, hint);
    return lexer_refuse(&p->lexer, t->at, "%s %s \"%.*s\"%s", words, kind, (int)shown_bytes(t->text),
                        t->text.p, hint);
}

struct status parser_unexpected(struct parser *p, const char *hint)
{
    return refuse_token(p, "Unexpected", hint);
}

struct status parser_enter(struct parser *p)
{
    if (++p->depth <= LIMIT_GRAPHQL_DEPTH)
        return DONE;
    struct status s = lexer_refuse(&p->lexer, p->token.at, "The document is nested more than %d levels deep.",
                                   LIMIT_GRAPHQL_DEPTH);
    return s.code == E_INVALID ? STATUS(TOO_LARGE) : s;
}

void parser_leave(struct parser *p)
{
    p->depth--;
}

static bool at_word(const struct parser *p, const char *word)
{
    return p->token.kind == TOKEN_NAME && text_equal(p->token.text, text_of(word));
}

static struct status parse_variable(struct parser *p, struct graphql_variable *v)
{
    v->at = p->token.at;
    TRY(parser_expect(p, TOKEN_DOLLAR));
    TRY(parser_name(p, &v->name));
    TRY(parser_expect(p, TOKEN_COLON));
    TRY(parse_written_type(p, &v->type));
    bool has_default;
    TRY(parser_skip(p, TOKEN_EQUALS, &has_default));
    if (has_default)
        TRY(parse_value(p, true, &v->initial));
    return parse_directives(p, true, &v->directives);
}

static struct status too_many_variables(struct parser *p)
{
    struct status s = lexer_refuse(&p->lexer, p->token.at, "An operation has at most %d variables.",
                                   LIMIT_GRAPHQL_VARIABLES);
    return s.code == E_INVALID ? STATUS(TOO_LARGE) : s;
}

static struct status parse_variables(struct parser *p, struct graphql_operation *o)
{
    bool any;
    TRY(parser_skip(p, TOKEN_PAREN_L, &any));
    if (!any)
        return DONE;
    struct graphql_variable **end = &o->variables;
    while (p->token.kind != TOKEN_PAREN_R) {
        if (o->variable_count == LIMIT_GRAPHQL_VARIABLES)
            return too_many_variables(p);
        struct graphql_variable *v = arena_alloc(p->arena, sizeof(*v));
        if (!v)
            return STATUS(NOMEM);
        v->index = o->variable_count++;
        TRY(parse_variable(p, v));
        *end = v;
        end = &v->next;
    }
    return parser_advance(p);
}

/* A type of operation, its name, variables and directives; nothing when the selection stands alone. */
static struct status parse_operation_head(struct parser *p, struct graphql_operation *o)
{
    if (p->token.kind == TOKEN_BRACE_L)
        return DONE;
    if (at_word(p, "mutation"))
        o->kind = GRAPHQL_MUTATION;
    else if (at_word(p, "subscription"))
        o->kind = GRAPHQL_SUBSCRIPTION;
    TRY(parser_advance(p));
    if (p->token.kind == TOKEN_NAME)
        TRY(parser_name(p, &o->name));
    TRY(parse_variables(p, o));
    return parse_directives(p, false, &o->directives);
}

static struct status parse_operation(struct parser *p, struct graphql_operation **out)
{
    struct graphql_operation *o = arena_alloc(p->arena, sizeof(*o));
    if (!o)
        return STATUS(NOMEM);
    o->kind = GRAPHQL_QUERY;
    o->at = p->token.at;
    TRY(parse_operation_head(p, o));
    TRY(parse_selections(p, &o->selections));
    p->document->operation_count++;
    *out = o;
    return DONE;
}

static struct status parse_fragment(struct parser *p, struct graphql_fragment **out)
{
    struct graphql_fragment *f = arena_alloc(p->arena, sizeof(*f));
    if (!f)
        return STATUS(NOMEM);
    f->at = p->token.at;
    f->index = p->document->fragment_count++;
    TRY(parser_advance(p));
    if (at_word(p, "on"))
        return parser_unexpected(p, "");
    TRY(parser_name(p, &f->name));
    if (!at_word(p, "on"))
        return refuse_token(p, "Expected \"on\", found", "");
    TRY(parser_advance(p));
    f->condition_at = p->token.at;
    TRY(parser_name(p, &f->condition));
    TRY(parse_directives(p, false, &f->directives));
    TRY(parse_selections(p, &f->selections));
    *out = f;
    return DONE;
}

static bool begins_definition(const struct parser *p)
{
    static const char *const words[] = {"schema", "scalar", "type",   "interface", "union",
                                        "enum",   "input",  "extend", "directive"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (at_word(p, words[i]))
            return true;
    }
    return false;
}

static struct status parse_definitions(struct parser *p)
{
    struct graphql_operation **operation = &p->document->operations;
    struct graphql_fragment **fragment = &p->document->fragments;
    while (p->token.kind != TOKEN_END) {
        if (p->token.kind == TOKEN_BRACE_L || at_word(p, "query") || at_word(p, "mutation") ||
            at_word(p, "subscription")) {
            TRY(parse_operation(p, operation));
            operation = &(*operation)->next;
        } else if (at_word(p, "fragment")) {
            TRY(parse_fragment(p, fragment));
            fragment = &(*fragment)->next;
        } else {
            return parser_unexpected(
                p, begins_definition(p) ? ": requests hold operations and fragments, no definitions of types"
                                        : "");
        }
    }
    p->document->key_count = p->keys.count;
    return DONE;
}

static struct status report(const struct parser *p, struct status s, struct graphql_problem *out_problem)
{
    if (s.code != E_INVALID && s.code != E_TOO_LARGE)
        return s;
    *out_problem = p->lexer.problem;
    if (s.code == E_INVALID && p->lexer.first_broken != UINT32_MAX)
        *out_problem = (struct graphql_problem){TEXT(NO_TOKEN "Unterminated string."), p->lexer.first_broken};
    return s;
}

static struct status parse_document(struct parser *p, struct text source, struct arena *arena)
{
    TRY(parser_start(p, source, arena));
    p->document = arena_alloc(arena, sizeof(*p->document));
    if (!p->document)
        return STATUS(NOMEM);
    p->document->source = source;
    return parse_definitions(p);
}

struct status graphql_parse(struct text source, struct arena *arena, struct graphql_document **out,
                            struct graphql_problem *out_problem)
{
    if (source.n > LIMIT_GRAPHQL_BYTES) {
        *out_problem = (struct graphql_problem){TEXT("The document is too long."), 0};
        return STATUS(TOO_LARGE);
    }
    if (!text_is_utf8(source)) {
        *out_problem = (struct graphql_problem){TEXT("The document is not UTF-8."), 0};
        return STATUS(INVALID);
    }
    struct parser p;
    struct status s = parse_document(&p, source, arena);
    if (!status_ok(s))
        return report(&p, s, out_problem);
    *out = p.document;
    return DONE;
}

static struct status expect_end(struct parser *p)
{
    return p->token.kind == TOKEN_END ? DONE : parser_unexpected(p, "");
}

static struct status parse_lone_value(struct parser *p, struct text source, struct arena *arena,
                                      struct graphql_literal **out)
{
    TRY(parser_start(p, source, arena));
    TRY(parse_value(p, true, out));
    return expect_end(p);
}

struct status graphql_parse_value(struct text source, struct arena *arena, struct graphql_literal **out,
                                  struct graphql_problem *out_problem)
{
    struct parser p;
    struct status s = parse_lone_value(&p, source, arena, out);
    return report(&p, s, out_problem);
}

static struct status parse_lone_type(struct parser *p, struct text source, struct arena *arena,
                                     struct graphql_written_type **out)
{
    TRY(parser_start(p, source, arena));
    TRY(parse_written_type(p, out));
    return expect_end(p);
}

struct status graphql_parse_type(struct text source, struct arena *arena, struct graphql_written_type **out,
                                 struct graphql_problem *out_problem)
{
    struct parser p;
    struct status s = parse_lone_type(&p, source, arena, out);
    return report(&p, s, out_problem);
}

void graphql_position(struct text source, uint32_t at, int *out_line, int *out_column)
{
    int line = 1;
    int column = 1;
    for (size_t i = 0; i < at && i < source.n; i++) {
        char c = source.p[i];
        bool pair = c == '\r' && i + 1 < source.n && source.p[i + 1] == '\n';
        if ((c == '\n' || c == '\r') && !pair) {
            line++;
            column = 1;
        } else if (((uint8_t)c & 0xc0) != 0x80) {
            column++;
        }
    }
    *out_line = line;
    *out_column = column;
}
