/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/collect.h"

/* A collection under way. */
struct gathering {
    struct collector *collector;
    struct collected *out;
    struct group **end;
};

struct status collector_init(struct collector *c, const struct graphql_schema *schema,
                             const struct graphql_document *document, struct coercion *coercion)
{
    *c = (struct collector){.schema = schema, .coercion = coercion};
    c->keys = arena_array(coercion->arena, (size_t)document->key_count, sizeof(c->keys[0]));
    c->fragments = arena_array(coercion->arena, (size_t)document->fragment_count, sizeof(c->fragments[0]));
    return c->keys && c->fragments ? DONE : STATUS(NOMEM);
}

static struct status condition(struct coercion *coercion, const struct graphql_directive *d, bool *out)
{
    const struct graphql_literal *literal = d->arguments->value;
    if (literal->kind != GRAPHQL_LITERAL_VARIABLE) {
        *out = literal->text.n == 4; /* "true" */
        return DONE;
    }
    const struct graphql_given *given = coerce_variable(coercion, literal->text);
    if (!graphql_is_given(given)) {
        coercion->problem = arena_printf(
            coercion->arena, "Argument \"if\" of directive \"@%.*s\" must not be null.", TEXT_ARG(d->name));
        return coercion->problem.p ? STATUS(INVALID) : STATUS(NOMEM);
    }
    *out = given->integer != 0;
    return DONE;
}

struct status selection_is_included(struct coercion *coercion, const struct graphql_selection *s, bool *out)
{
    bool included = true;
    for (const struct graphql_directive *d = s->directives; d && included; d = d->next) {
        bool yes;
        TRY(condition(coercion, d, &yes));
        included = yes != text_equal(d->name, TEXT("skip"));
    }
    *out = included;
    return DONE;
}

static struct status add_to_group(struct gathering *g, struct group *group, const struct graphql_selection *s)
{
    struct group_field *field = arena_alloc(g->collector->coercion->arena, sizeof(*field));
    if (!field)
        return STATUS(NOMEM);
    field->selection = s;
    group->last->next = field;
    group->last = field;
    return DONE;
}

/* Validation found the field in the type of its selection, which may be an interface of this object's. */
static const struct schema_field *field_of(const struct gathering *g, const struct graphql_selection *s)
{
    const struct schema_field *found = s->field;
    if (!found->parent || found->parent == g->out->type)
        return found;
    return schema_find_field(g->collector->schema, g->out->type, s->name);
}

static struct status add_field(struct gathering *g, const struct graphql_selection *s)
{
    struct collector *c = g->collector;
    struct key_slot *slot = &c->keys[s->key];
    if (slot->round == c->round)
        return add_to_group(g, slot->group, s);
    struct group *group = arena_alloc(c->coercion->arena, sizeof(*group));
    if (!group)
        return STATUS(NOMEM);
    group->fields.selection = s;
    group->last = &group->fields;
    group->field = field_of(g, s);
    *g->end = group;
    g->end = &group->next;
    g->out->count++;
    *slot = (struct key_slot){c->round, group};
    return DONE;
}

static bool applies(const struct schema_type *condition_type, const struct schema_type *object)
{
    return condition_type == object || schema_type_is_possible(condition_type, object);
}

static struct status gather(struct gathering *g, const struct graphql_selection *selections);

static struct status gather_fragment(struct gathering *g, const struct graphql_fragment *f)
{
    struct collector *c = g->collector;
    if (c->fragments[f->index] == c->round)
        return DONE;
    c->fragments[f->index] = c->round;
    return applies(f->type, g->out->type) ? gather(g, f->selections) : DONE;
}

/* Recursion: fragments and selections nest at most LIMIT_GRAPHQL_DEPTH levels, together. */
static struct status gather(struct gathering *g, const struct graphql_selection *selections)
{
    for (const struct graphql_selection *s = selections; s; s = s->next) {
        bool included = true;
        if (s->directives)
            TRY(selection_is_included(g->collector->coercion, s, &included));
        if (!included)
            continue;
        if (s->kind == GRAPHQL_SELECT_FIELD)
            TRY(add_field(g, s));
        else if (s->kind == GRAPHQL_SELECT_FRAGMENT)
            TRY(gather_fragment(g, s->fragment));
        else if (applies(s->type, g->out->type))
            TRY(gather(g, s->selections));
    }
    return DONE;
}

static struct status begin(struct gathering *g, struct collector *c, const struct schema_type *type)
{
    struct collected *out = arena_alloc(c->coercion->arena, sizeof(*out));
    if (!out)
        return STATUS(NOMEM);
    out->type = type;
    c->round++;
    *g = (struct gathering){.collector = c, .out = out, .end = &out->groups};
    return DONE;
}

struct status collect_operation(struct collector *c, const struct graphql_operation *operation,
                                struct collected **out)
{
    struct gathering g;
    TRY(begin(&g, c, operation->type));
    TRY(gather(&g, operation->selections));
    *out = g.out;
    return DONE;
}

struct status collect_below(struct collector *c, struct group *group, const struct schema_type *type,
                            struct collected **out)
{
    for (struct collected *known = group->below; known; known = known->next) {
        if (known->type == type) {
            *out = known;
            return DONE;
        }
    }
    struct gathering g;
    TRY(begin(&g, c, type));
    for (const struct group_field *field = &group->fields; field; field = field->next)
        TRY(gather(&g, field->selection->selections));
    g.out->next = group->below;
    group->below = g.out;
    *out = g.out;
    return DONE;
}
