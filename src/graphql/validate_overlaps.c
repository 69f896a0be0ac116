/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/validate_internal.h"

/*
 * Fields that come under the same key of the answer are the same field (October 2021, section 5.3.2), as
 * graphql-js checks it: pairs within each selection, and below two fields that merge, pairs between their
 * selections.
 *
 * The fields of a selection, those of its fragments included, are collected once and sorted by key, so that
 * equal keys are neighbours. A pair is compared once (the table of pairs). Runs on documents without findings
 * only: every field and fragment is known, and fragments do not contain themselves.
 */

struct set_field {
    struct graphql_selection *field;
    const struct schema_type *parent;
    int origin; /* the spread through which it came, from 1; 0: none */
};

struct field_set {
    struct set_field *list; /* sorted by key; in the order of the source among equals */
    int count;
};

struct collector {
    struct validation *v;
    struct set_field *list;
    int count, capacity;
    int spreads;
};

struct pair {
    struct graphql_selection *a, *b;
    bool exclusive;
};

struct overlaps {
    struct validation *v;
    struct pair *pairs; /* a hash table, in the arena */
    size_t capacity, count;
};

#define SET_FIRST   8
#define PAIRS_FIRST 64
#define PAIR_COST   8 /* steps; they also bound the memory of the table */

static void add_field(struct collector *c, struct graphql_selection *field, const struct schema_type *parent,
                      int origin)
{
    if (!validation_charge(c->v, 1))
        return;
    if (c->count == c->capacity) {
        int capacity = c->capacity ? c->capacity * 2 : SET_FIRST;
        struct set_field *list = validation_alloc(c->v, (size_t)capacity * sizeof(*list));
        if (!list)
            return;
        if (c->count)
            memcpy(list, c->list, (size_t)c->count * sizeof(*list));
        c->list = list;
        c->capacity = capacity;
    }
    c->list[c->count++] = (struct set_field){field, parent, origin};
}

/* Recursion: fragments and selections nest at most LIMIT_GRAPHQL_DEPTH levels, together. */
static void collect(struct collector *c, struct graphql_selection *selections,
                    const struct schema_type *parent, int origin)
{
    for (struct graphql_selection *s = selections; s && validation_charge(c->v, 1); s = s->next) {
        switch (s->kind) {
        case GRAPHQL_SELECT_FIELD:
            add_field(c, s, parent, origin);
            break;
        case GRAPHQL_SELECT_INLINE:
            collect(c, s->selections, s->type, origin);
            break;
        case GRAPHQL_SELECT_FRAGMENT:
            if (s->fragment->seen == c->v->walk)
                break;
            s->fragment->seen = c->v->walk;
            collect(c, s->fragment->selections, s->fragment->type, origin ? origin : ++c->spreads);
            break;
        }
    }
}

static void merge(struct set_field *out, const struct set_field *list, int middle, int count)
{
    int a = 0;
    int b = middle;
    for (int i = 0; i < count; i++) {
        bool first = b == count || (a < middle && list[a].field->key <= list[b].field->key);
        out[i] = first ? list[a++] : list[b++];
    }
}

/* A merge sort from the bottom: stable. `spare` is as large as the list; the result is one of the two. */
static struct set_field *sort(struct set_field *list, struct set_field *spare, int count)
{
    for (int width = 1; width < count; width *= 2) {
        for (int at = 0; at < count; at += 2 * width) {
            int length = count - at < 2 * width ? count - at : 2 * width;
            merge(spare + at, list + at, width < length ? width : length, length);
        }
        struct set_field *sorted = spare;
        spare = list;
        list = sorted;
    }
    return list;
}

static bool is_sorted(const struct set_field *list, int count)
{
    for (int i = 1; i < count; i++) {
        if (list[i - 1].field->key > list[i].field->key)
            return false;
    }
    return true;
}

static struct field_set *collect_set(struct validation *v, struct graphql_selection *selections,
                                     const struct schema_type *parent)
{
    struct collector c = {.v = v};
    v->walk++;
    collect(&c, selections, parent, 0);
    struct field_set *set = validation_alloc(v, sizeof(*set));
    if (!validation_goes_on(v))
        return NULL;
    if (!is_sorted(c.list, c.count)) {
        struct set_field *spare = validation_alloc(v, (size_t)c.count * sizeof(*spare));
        if (!spare)
            return NULL;
        c.list = sort(c.list, spare, c.count);
    }
    *set = (struct field_set){c.list, c.count};
    return set;
}

/* The fields below a field: it may be looked at from several sides, its set stays the same. */
static const struct field_set *set_below(struct validation *v, struct graphql_selection *field)
{
    if (!field->set)
        field->set = collect_set(v, field->selections, field->type);
    return field->set;
}

/* Are the values written alike? The order of an object's fields does not count. */
static bool same_value(struct validation *v, const struct graphql_literal *a,
                       const struct graphql_literal *b);

static const struct graphql_argument *find_argument(struct validation *v, const struct graphql_argument *list,
                                                    struct text name)
{
    while (list && !text_equal(list->name, name) && validation_charge(v, 1))
        list = list->next;
    return list;
}

static bool same_arguments(struct validation *v, const struct graphql_argument *a,
                           const struct graphql_argument *b)
{
    int count = 0;
    for (; a; a = a->next, count++) {
        const struct graphql_argument *other = find_argument(v, b, a->name);
        if (!other || !same_value(v, a->value, other->value))
            return false;
    }
    for (; b; b = b->next)
        count--;
    return count == 0;
}

static bool same_value(struct validation *v, const struct graphql_literal *a, const struct graphql_literal *b)
{
    if (!validation_charge(v, 1) || a->kind != b->kind || !text_equal(a->text, b->text))
        return false;
    const struct graphql_literal *i = a->items;
    const struct graphql_literal *j = b->items;
    for (; i && j; i = i->next, j = j->next) {
        if (!same_value(v, i, j))
            return false;
    }
    return !i && !j && same_arguments(v, a->fields, b->fields);
}

/* Whether answers of the two types cannot stand in one place: SameResponseShape() without what is below. */
static bool types_conflict(const struct type_ref *a, const struct type_ref *b)
{
    while (a->kind == b->kind && a->kind != TYPE_NAMED) {
        a = a->of;
        b = b->of;
    }
    if (a->kind != b->kind)
        return true;
    bool leaf = !kind_is_composite(a->named->kind) || !kind_is_composite(b->named->kind);
    return leaf && a->named != b->named;
}

static size_t pair_slot(const struct overlaps *o, const struct pair *pair)
{
    uint64_t h = (uint64_t)(uintptr_t)pair->a * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)(uintptr_t)pair->b;
    h = (h ^ h >> 29) * UINT64_C(0xbf58476d1ce4e5b9) + pair->exclusive;
    size_t i = (size_t)(h ^ h >> 32) & (o->capacity - 1);
    while (o->pairs[i].a &&
           (o->pairs[i].a != pair->a || o->pairs[i].b != pair->b || o->pairs[i].exclusive != pair->exclusive))
        i = (i + 1) & (o->capacity - 1);
    return i;
}

static bool grow_pairs(struct overlaps *o)
{
    struct overlaps old = *o;
    o->capacity = old.capacity ? old.capacity * 2 : PAIRS_FIRST;
    o->pairs = validation_alloc(o->v, o->capacity * sizeof(o->pairs[0]));
    for (size_t i = 0; o->pairs && i < old.capacity; i++) {
        if (old.pairs[i].a)
            o->pairs[pair_slot(o, &old.pairs[i])] = old.pairs[i];
    }
    return o->pairs != NULL;
}

/* Is this the first time that the pair is met? */
static bool note_pair(struct overlaps *o, struct pair pair)
{
    if (!validation_charge(o->v, PAIR_COST) || (o->count * 2 >= o->capacity && !grow_pairs(o)))
        return false;
    size_t i = pair_slot(o, &pair);
    if (o->pairs[i].a)
        return false;
    o->pairs[i] = pair;
    o->count++;
    return true;
}

/* Why the two fields cannot share a key, in words; {NULL, 0} when they can. */
static struct text conflict(struct overlaps *o, const struct set_field *a, const struct set_field *b,
                            bool exclusive);

static struct text conflict_below(struct overlaps *o, const struct set_field *a, const struct set_field *b,
                                  bool exclusive)
{
    struct text none = {NULL, 0};
    if (!a->field->selections || !b->field->selections ||
        !note_pair(o, (struct pair){a->field, b->field, exclusive}))
        return none;
    const struct field_set *left = set_below(o->v, a->field);
    const struct field_set *right = set_below(o->v, b->field);
    if (!left || !right)
        return none;
    int from = 0;
    for (int i = 0; i < left->count; i++) {
        int key = left->list[i].field->key;
        while (from < right->count && right->list[from].field->key < key)
            from++;
        for (int j = from; j < right->count && right->list[j].field->key == key; j++) {
            struct text why = conflict(o, &left->list[i], &right->list[j], exclusive);
            if (why.p)
                return arena_printf(o->v->arena, "subfields \"%.*s\" conflict because %.*s",
                                    TEXT_ARG(left->list[i].field->alias), TEXT_ARG(why));
        }
    }
    return none;
}

static struct text conflict(struct overlaps *o, const struct set_field *a, const struct set_field *b,
                            bool exclusive)
{
    struct text none = {NULL, 0};
    struct validation *v = o->v;
    if (!validation_charge(v, 1) || a->field == b->field)
        return none;
    /* Two object types are never the type of one value: such fields may differ, as long as they look alike.
     */
    exclusive = exclusive || (a->parent != b->parent && a->parent->kind == GRAPHQL_OBJECT &&
                              b->parent->kind == GRAPHQL_OBJECT);
    if (!exclusive && !text_equal(a->field->name, b->field->name))
        return arena_printf(v->arena, "\"%.*s\" and \"%.*s\" are different fields", TEXT_ARG(a->field->name),
                            TEXT_ARG(b->field->name));
    if (!exclusive && !same_arguments(v, a->field->arguments, b->field->arguments))
        return TEXT("they have differing arguments");
    const struct type_ref *type_a = a->field->field->type;
    const struct type_ref *type_b = b->field->field->type;
    if (types_conflict(type_a, type_b))
        return arena_printf(v->arena, "they return conflicting types \"%s\" and \"%s\"",
                            validation_type_text(v, type_a), validation_type_text(v, type_b));
    return conflict_below(o, a, b, exclusive);
}

static void check_pair(struct overlaps *o, const struct set_field *a, const struct set_field *b)
{
    struct text why = conflict(o, a, b, false);
    if (why.p)
        validation_finding(
            o->v, a->field->at,
            "Fields \"%.*s\" conflict because %.*s. Use different aliases on the fields to fetch "
            "both if this was intentional.",
            TEXT_ARG(a->field->alias), TEXT_ARG(why));
}

/* All pairs of a selection, but those that come from one fragment: they are pairs of its own selection, too.
 */
static void check_set(struct overlaps *o, const struct field_set *set)
{
    for (int i = 0; set && i < set->count; i++) {
        const struct set_field *a = &set->list[i];
        for (int j = i + 1; j < set->count && set->list[j].field->key == a->field->key; j++) {
            const struct set_field *b = &set->list[j];
            if (!validation_goes_on(o->v))
                return;
            if (a->origin == 0 || a->origin != b->origin)
                check_pair(o, a, b);
        }
    }
}

/* Most selections are fields with keys that were not there before: nothing to compare. */
static bool is_plain(const struct graphql_selection *selections)
{
    int last = -1;
    for (const struct graphql_selection *s = selections; s; s = s->next) {
        if (s->kind != GRAPHQL_SELECT_FIELD || s->key <= last)
            return false;
        last = s->key;
    }
    return true;
}

static void check_selections(struct overlaps *o, struct graphql_selection *selections,
                             const struct schema_type *parent, struct field_set **set)
{
    if (!is_plain(selections)) {
        if (!*set)
            *set = collect_set(o->v, selections, parent);
        check_set(o, *set);
    }
}

/* The selections below the fields of a definition. */
static void walk(struct overlaps *o, struct graphql_selection *selections)
{
    for (struct graphql_selection *s = selections; s && validation_goes_on(o->v); s = s->next) {
        if (s->kind == GRAPHQL_SELECT_FIELD && s->selections)
            check_selections(o, s->selections, s->type, &s->set);
        if (s->kind != GRAPHQL_SELECT_FRAGMENT)
            walk(o, s->selections);
    }
}

void validate_overlaps(struct validation *v)
{
    struct overlaps o = {.v = v};
    struct field_set *set = NULL;
    for (struct graphql_operation *i = v->document->operations; i && validation_goes_on(v); i = i->next) {
        set = NULL;
        check_selections(&o, i->selections, i->type, &set);
        walk(&o, i->selections);
    }
    for (struct graphql_fragment *i = v->document->fragments; i && validation_goes_on(v); i = i->next) {
        set = NULL;
        check_selections(&o, i->selections, i->type, &set);
        walk(&o, i->selections);
    }
}
