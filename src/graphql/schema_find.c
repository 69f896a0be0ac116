/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/schema_internal.h"

const struct schema_type *schema_find_type(const struct graphql_schema *schema, struct text name)
{
    int i = names_find(&schema->type_names, name);
    return i < 0 ? NULL : &schema->types[i];
}

static const struct schema_field *find_meta_field(const struct graphql_schema *schema,
                                                  const struct schema_type *type, struct text name)
{
    if (kind_is_composite(type->kind) && text_equal(name, TEXT("__typename")))
        return &schema->typename;
    for (int i = 0; type == schema->query && i < META_COUNT; i++) {
        if (text_equal(name, text_of(schema->meta[i].row->name)))
            return &schema->meta[i];
    }
    return NULL;
}

const struct schema_field *schema_find_field(const struct graphql_schema *schema,
                                             const struct schema_type *type, struct text name)
{
    int i = names_find(&type->field_names, name);
    if (i >= 0)
        return &type->fields[i];
    return name.n > 2 && name.p[0] == '_' ? find_meta_field(schema, type, name) : NULL;
}

const struct schema_input *schema_find_input(const struct schema_inputs *inputs, struct text name)
{
    int i = names_find(&inputs->names, name);
    return i < 0 ? NULL : &inputs->list[i];
}

const struct schema_directive *schema_find_directive(const struct graphql_schema *schema, struct text name)
{
    for (int i = 0; i < DIRECTIVE_COUNT; i++) {
        if (text_equal(name, text_of(schema->directives[i].row->name)))
            return &schema->directives[i];
    }
    return NULL;
}

int schema_find_value(const struct schema_type *type, struct text name)
{
    return names_find(&type->values, name);
}

bool schema_type_is_possible(const struct schema_type *abstract, const struct schema_type *object)
{
    size_t index = (size_t)object->index;
    return abstract->possible_bits && (abstract->possible_bits[index / 64] >> index % 64 & 1);
}

bool schema_types_meet(const struct graphql_schema *schema, const struct schema_type *a,
                       const struct schema_type *b)
{
    if (a == b)
        return true;
    for (size_t i = 0; i < (size_t)schema->type_count / 64 + 1; i++) {
        if (a->possible_bits[i] & b->possible_bits[i])
            return true;
    }
    return false;
}

bool kind_is_composite(enum graphql_kind kind)
{
    return kind == GRAPHQL_OBJECT || kind == GRAPHQL_INTERFACE || kind == GRAPHQL_UNION;
}

bool kind_is_abstract(enum graphql_kind kind)
{
    return kind == GRAPHQL_INTERFACE || kind == GRAPHQL_UNION;
}

bool kind_is_input(enum graphql_kind kind)
{
    return kind == GRAPHQL_SCALAR || kind == GRAPHQL_ENUM || kind == GRAPHQL_INPUT_OBJECT;
}

bool kind_is_output(enum graphql_kind kind)
{
    return kind != GRAPHQL_INPUT_OBJECT;
}

bool type_refs_equal(const struct type_ref *a, const struct type_ref *b)
{
    while (a->kind == b->kind && a->kind != TYPE_NAMED) {
        a = a->of;
        b = b->of;
    }
    return a->kind == b->kind && a->named == b->named;
}

struct text type_ref_text(const struct type_ref *type, struct arena *arena)
{
    size_t n = type->named->name.n;
    for (const struct type_ref *t = type; t->kind != TYPE_NAMED; t = t->of)
        n += t->kind == TYPE_LIST ? 2 : 1;
    char *out = arena_alloc(arena, n);
    if (!out)
        return (struct text){NULL, 0};
    size_t front = 0;
    size_t back = n;
    const struct type_ref *t = type;
    for (; t->kind != TYPE_NAMED; t = t->of) {
        if (t->kind == TYPE_LIST)
            out[front++] = '[';
        out[--back] = t->kind == TYPE_LIST ? ']' : '!';
    }
    memcpy(out + front, t->named->name.p, t->named->name.n);
    return (struct text){out, n};
}

static struct type_ref *wrap(enum type_ref_kind kind, const struct type_ref *of, struct arena *arena)
{
    struct type_ref *ref = arena_alloc(arena, sizeof(*ref));
    if (ref)
        *ref = (struct type_ref){kind, of, of->named};
    return ref;
}

/* Recursion: the parser bounds how deep types are written (LIMIT_GRAPHQL_DEPTH). */
struct status type_ref_find(const struct graphql_schema *schema, const struct graphql_written_type *written,
                            struct arena *arena, const struct type_ref **out)
{
    const struct type_ref *ref = NULL;
    if (written->list_of) {
        TRY(type_ref_find(schema, written->list_of, arena, &ref));
        ref = wrap(TYPE_LIST, ref, arena);
    } else {
        const struct schema_type *type = schema_find_type(schema, written->name);
        if (!type)
            return STATUS(NOT_FOUND);
        ref = &type->self;
    }
    if (ref && written->non_null)
        ref = wrap(TYPE_NON_NULL, ref, arena);
    if (!ref)
        return STATUS(NOMEM);
    *out = ref;
    return DONE;
}
