/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/validate_internal.h"

#include <stdio.h>

#include "base/limits.h"

/* Fragments exist, are of types with fields, fit where they are spread, do not contain themselves, are used
 * (October 2021, section 5.5). */

static const struct schema_type *find_condition(struct validation *v, struct text name, uint32_t at,
                                                struct text fragment)
{
    const struct schema_type *type = schema_find_type(v->schema, name);
    if (!type) {
        struct text suggestion = validation_suggestion(v, name, &v->schema->type_names, "");
        validation_finding(v, at, "Unknown type \"%.*s\".%.*s", TEXT_ARG(name), TEXT_ARG(suggestion));
        return NULL;
    }
    if (kind_is_composite(type->kind))
        return type;
    if (fragment.p)
        validation_finding(v, at, "Fragment \"%.*s\" cannot condition on non composite type \"%.*s\".",
                           TEXT_ARG(fragment), TEXT_ARG(name));
    else
        validation_finding(v, at, "Fragment cannot condition on non composite type \"%.*s\".",
                           TEXT_ARG(name));
    return NULL;
}

static void define_fragment(struct validation *v, struct graphql_fragment *f)
{
    int number;
    int known = v->fragment_keys.count;
    struct status s = keys_number(&v->fragment_keys, v->arena, f->name, &number);
    if (!status_ok(s)) {
        v->stop = s.code;
        return;
    }
    f->is_repeated = number < known;
    if (f->is_repeated)
        validation_finding(v, f->at, "There can be only one fragment named \"%.*s\".", TEXT_ARG(f->name));
    else
        v->fragments_by_key[number] = f;
    f->type = find_condition(v, f->condition, f->condition_at, f->name);
}

void validate_fragment_definitions(struct validation *v)
{
    size_t count = (size_t)v->document->fragment_count;
    if (count == 0)
        return;
    v->fragments_by_key = validation_alloc(v, count * sizeof(v->fragments_by_key[0]));
    for (struct graphql_fragment *f = v->document->fragments; f && validation_goes_on(v); f = f->next)
        define_fragment(v, f);
}

static struct graphql_fragment *find_fragment(struct validation *v, struct text name)
{
    int number;
    if (v->document->fragment_count == 0)
        return NULL;
    int known = v->document->fragment_count;
    struct status s = keys_number(&v->fragment_keys, v->arena, name, &number);
    if (!status_ok(s)) {
        v->stop = s.code;
        return NULL;
    }
    return number < known ? v->fragments_by_key[number] : NULL;
}

static void note_use(struct validation *v, struct graphql_selection *spread, int depth)
{
    struct fragment_use *use = validation_alloc(v, sizeof(*use));
    if (!use)
        return;
    *use = (struct fragment_use){.at = spread, .fragment = spread->fragment, .depth = depth};
    *v->spreads = use;
    v->spreads = &use->next;
}

void validate_spread(struct validation *v, struct graphql_selection *spread, const struct schema_type *parent,
                     int depth)
{
    spread->fragment = find_fragment(v, spread->name);
    if (!spread->fragment) {
        validation_finding(v, spread->at, "Unknown fragment \"%.*s\".", TEXT_ARG(spread->name));
        return;
    }
    note_use(v, spread, depth);
    const struct schema_type *type = spread->fragment->type;
    spread->type = type;
    if (parent && type && !schema_types_meet(v->schema, parent, type))
        validation_finding(v, spread->at,
                           "Fragment \"%.*s\" cannot be spread here as objects of type \"%.*s\" can never be "
                           "of type \"%.*s\".",
                           TEXT_ARG(spread->name), TEXT_ARG(parent->name), TEXT_ARG(type->name));
}

void validate_inline_fragment(struct validation *v, struct graphql_selection *inline_fragment,
                              const struct schema_type *parent)
{
    inline_fragment->type = parent;
    if (!inline_fragment->name.p)
        return;
    const struct schema_type *type =
        find_condition(v, inline_fragment->name, inline_fragment->at, (struct text){NULL, 0});
    inline_fragment->type = type;
    if (parent && type && !schema_types_meet(v->schema, parent, type))
        validation_finding(
            v, inline_fragment->at,
            "Fragment cannot be spread here as objects of type \"%.*s\" can never be of type \"%.*s\".",
            TEXT_ARG(parent->name), TEXT_ARG(type->name));
}

/*
 * Depth first over the fragments that a definition uses. `height` of a fragment becomes the levels of
 * selections below it once all fragments in it are known. The recursion ends at LIMIT_GRAPHQL_DEPTH fragments
 * inside one another, which are too many levels anyway.
 */
enum visit { VISIT_NEVER, VISIT_OPEN, VISIT_DONE };

struct visitor {
    struct validation *v;
    uint8_t *visits; /* enum visit by graphql_fragment.index */
    const struct graphql_fragment *path[LIMIT_GRAPHQL_DEPTH + 1];
    int depth;
};

static void report_cycle(struct visitor *visitor, const struct fragment_use *use)
{
    char via[256];
    size_t n = 0;
    int i = visitor->depth;
    while (i > 0 && visitor->path[i - 1] != use->fragment)
        i--;
    via[0] = '\0';
    for (; i < visitor->depth; i++) {
        const char *before = n ? ", " : " via ";
        struct text name = visitor->path[i]->name;
        if (name.n + 8 > sizeof(via) - n)
            break;
        int added = snprintf(via + n, sizeof(via) - n, "%s\"%.*s\"", before, TEXT_ARG(name));
        n += added > 0 ? (size_t)added : 0;
    }
    validation_finding(visitor->v, use->at->at, "Cannot spread fragment \"%.*s\" within itself%s.",
                       TEXT_ARG(use->fragment->name), via);
}

static int visit_uses(struct visitor *visitor, const struct fragment_use *uses, int height);

static void visit_fragment(struct visitor *visitor, struct graphql_fragment *f)
{
    visitor->visits[f->index] = VISIT_OPEN;
    visitor->path[visitor->depth++] = f;
    f->height = visit_uses(visitor, f->spreads, f->height);
    visitor->depth--;
    visitor->visits[f->index] = VISIT_DONE;
}

/* The levels of a definition that has `height` of its own. */
static int visit_uses(struct visitor *visitor, const struct fragment_use *uses, int height)
{
    struct validation *v = visitor->v;
    for (const struct fragment_use *use = uses; use && validation_goes_on(v); use = use->next) {
        struct graphql_fragment *f = use->fragment;
        if (visitor->visits[f->index] == VISIT_OPEN) {
            report_cycle(visitor, use);
            continue;
        }
        if (visitor->visits[f->index] == VISIT_NEVER && visitor->depth < LIMIT_GRAPHQL_DEPTH)
            visit_fragment(visitor, f);
        bool too_deep =
            visitor->visits[f->index] == VISIT_NEVER || use->depth + f->height > LIMIT_GRAPHQL_DEPTH;
        if (too_deep) {
            validation_finding(v, use->at->at, "The document is nested more than %d levels deep.",
                               LIMIT_GRAPHQL_DEPTH);
            v->stop = v->stop == E_OK ? E_INVALID : v->stop;
            return height;
        }
        if (use->depth + f->height > height)
            height = use->depth + f->height;
    }
    return height;
}

static void visit_all(struct validation *v, uint8_t *visits)
{
    struct visitor visitor = {.v = v, .visits = visits};
    for (struct graphql_operation *o = v->document->operations; o; o = o->next)
        visit_uses(&visitor, o->spreads, 0);
    for (const struct graphql_fragment *f = v->document->fragments; f; f = f->next) {
        if (visits[f->index] == VISIT_NEVER && !f->is_repeated)
            validation_finding(v, f->at, "Fragment \"%.*s\" is never used.", TEXT_ARG(f->name));
    }
    /* Fragments that nobody uses may contain themselves, too. */
    for (struct graphql_fragment *f = v->document->fragments; f && validation_goes_on(v); f = f->next) {
        if (visits[f->index] == VISIT_NEVER)
            visit_fragment(&visitor, f);
    }
}

void validate_fragment_uses(struct validation *v)
{
    if (v->document->fragment_count == 0)
        return;
    uint8_t *visits = validation_alloc(v, (size_t)v->document->fragment_count);
    if (visits)
        visit_all(v, visits);
}
