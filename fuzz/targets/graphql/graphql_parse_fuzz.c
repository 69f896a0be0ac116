/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers graphql_parse, graphql_position and graphql_string_text (graphql/document.h).
 * Properties: what is refused has a message in UTF-8 and a place inside the document; strings that are
 * accepted decode to UTF-8 that is no longer than what was written; every node lies inside the source, and
 * depth is bounded.
 */

#include "graphql/document.h"

#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_literal(const struct graphql_literal *l, struct text source, struct arena *arena, int depth)
{
    must(depth <= LIMIT_GRAPHQL_DEPTH && l->at < source.n);
    if (l->kind == GRAPHQL_LITERAL_STRING || l->kind == GRAPHQL_LITERAL_BLOCK_STRING) {
        struct text decoded = graphql_string_text(l, arena);
        must(decoded.p && decoded.n <= l->text.n && text_is_utf8(decoded));
    }
    for (const struct graphql_literal *i = l->items; i; i = i->next)
        check_literal(i, source, arena, depth + 1);
    for (const struct graphql_argument *f = l->fields; f; f = f->next)
        check_literal(f->value, source, arena, depth + 1);
}

static void check_arguments(const struct graphql_argument *a, struct text source, struct arena *arena)
{
    for (; a; a = a->next)
        check_literal(a->value, source, arena, 0);
}

static void check_directives(const struct graphql_directive *d, struct text source, struct arena *arena)
{
    for (; d; d = d->next)
        check_arguments(d->arguments, source, arena);
}

static void check_selections(const struct graphql_selection *s, const struct graphql_document *d,
                             struct arena *arena, int depth)
{
    must(depth <= LIMIT_GRAPHQL_DEPTH);
    for (; s; s = s->next) {
        must(s->at < d->source.n && s->key >= 0);
        must(s->kind != GRAPHQL_SELECT_FIELD || (s->name.n && s->alias.n && s->key < d->key_count));
        check_arguments(s->arguments, d->source, arena);
        check_directives(s->directives, d->source, arena);
        check_selections(s->selections, d, arena, depth + 1);
    }
}

static void check_document(const struct graphql_document *d, struct arena *arena)
{
    for (const struct graphql_operation *o = d->operations; o; o = o->next) {
        must(o->selections);
        check_directives(o->directives, d->source, arena);
        check_selections(o->selections, d, arena, 1);
        for (const struct graphql_variable *v = o->variables; v; v = v->next) {
            must(v->name.n && v->type && v->index < o->variable_count);
            if (v->initial)
                check_literal(v->initial, d->source, arena, 0);
        }
    }
    for (const struct graphql_fragment *f = d->fragments; f; f = f->next) {
        must(f->selections && f->name.n && f->condition.n);
        check_selections(f->selections, d, arena, 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(arena_release) struct arena arena;
    arena_init(&arena, 64 * 1024, LIMIT_GRAPHQL_ARENA);
    struct text source = {(const char *)data, size};
    struct graphql_document *document = NULL;
    struct graphql_problem problem = {.at = 0};
    struct status s = graphql_parse(source, &arena, &document, &problem);
    if (status_ok(s)) {
        check_document(document, &arena);
        return 0;
    }
    int line, column;
    must(s.code == E_INVALID || s.code == E_TOO_LARGE);
    must(problem.message.n && text_is_utf8(problem.message) && problem.at <= size);
    graphql_position(source, problem.at, &line, &column);
    must(line >= 1 && column >= 1);
    return 0;
}
