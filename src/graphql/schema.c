/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/schema.h"

#include "base/alloc.h"
#include "graphql/parser.h"
#include "graphql/schema_internal.h"

/* From tables to what they name, in two passes: the names of all types first, then what refers to them. */

#define SCHEMA_CHUNK (64 * 1024)
#define SCHEMA_MAX   (16 * 1024 * 1024)

struct builder {
    struct graphql_schema *schema;
    struct arena *arena;
    struct error *err;
    const char *type, *field; /* being built, for messages */
};

static struct status wrong(struct builder *b, const char *what, const char *name)
{
    return error_set(b->err, E_INVALID, "%s%s%s: %s '%s'", b->type, b->field ? "." : "",
                     b->field ? b->field : "", what, name);
}

static struct status index_names(struct builder *b, struct names *names, const struct text *list, int count)
{
    int twice = 0;
    struct status s = names_index(names, list, count, b->arena, &twice);
    if (status_ok(s))
        names->former = b->schema->tables.former;
    if (s.code != E_CONFLICT)
        return s;
    return error_set(b->err, E_INVALID, "%s%s%s: '%.*s' is there twice", b->type, b->field ? "." : "",
                     b->field ? b->field : "", TEXT_ARG(list[twice]));
}

static struct status find_type(struct builder *b, const char *written_type, const struct type_ref **out)
{
    struct graphql_written_type *written;
    struct graphql_problem problem;
    struct status s = graphql_parse_type(text_of(written_type), b->arena, &written, &problem);
    if (s.code == E_INVALID)
        return wrong(b, "this is no type:", written_type);
    TRY(s);
    s = type_ref_find(b->schema, written, b->arena, out);
    if (s.code == E_NOT_FOUND)
        return wrong(b, "no such type:", written_type);
    return s;
}

static struct status parse_initial(struct builder *b, const char *initial, const struct graphql_literal **out)
{
    if (!initial)
        return DONE;
    struct graphql_literal *literal;
    struct graphql_problem problem;
    struct status s = graphql_parse_value(text_of(initial), b->arena, &literal, &problem);
    if (s.code == E_INVALID)
        return wrong(b, "this default is no value:", initial);
    TRY(s);
    *out = literal;
    return DONE;
}

static struct status build_inputs(struct builder *b, const struct graphql_input *rows,
                                  struct schema_inputs *out)
{
    int count = 0;
    while (rows && rows[count].name)
        count++;
    struct text *names = arena_array(b->arena, (size_t)count, sizeof(names[0]));
    out->list = arena_array(b->arena, (size_t)count, sizeof(out->list[0]));
    if (!names || !out->list)
        return STATUS(NOMEM);
    for (int i = 0; i < count; i++) {
        struct schema_input *input = &out->list[i];
        input->row = &rows[i];
        names[i] = text_of(rows[i].name);
        TRY(find_type(b, rows[i].type, &input->type));
        if (!kind_is_input(input->type->named->kind))
            return wrong(b, "an argument cannot have the type", rows[i].type);
        TRY(parse_initial(b, rows[i].initial, &input->initial));
    }
    return index_names(b, &out->names, names, count);
}

static struct status build_field(struct builder *b, const struct graphql_field *row, struct schema_field *out)
{
    b->field = row->name;
    out->row = row;
    TRY(find_type(b, row->type, &out->type));
    if (!kind_is_output(out->type->named->kind))
        return wrong(b, "a field cannot have the type", row->type);
    TRY(build_inputs(b, row->arguments, &out->arguments));
    b->field = NULL;
    return DONE;
}

static struct status build_fields(struct builder *b, struct schema_type *type)
{
    const struct graphql_field *rows = type->row->fields;
    int count = 0;
    while (rows && rows[count].name)
        count++;
    struct text *names = arena_array(b->arena, (size_t)count, sizeof(names[0]));
    type->fields = arena_array(b->arena, (size_t)count, sizeof(type->fields[0]));
    if (!names || !type->fields)
        return STATUS(NOMEM);
    for (int i = 0; i < count; i++) {
        names[i] = text_of(rows[i].name);
        type->fields[i].parent = type;
        TRY(build_field(b, &rows[i], &type->fields[i]));
    }
    return index_names(b, &type->field_names, names, count);
}

static struct status build_values(struct builder *b, struct schema_type *type)
{
    const struct graphql_enum_value *rows = type->row->values;
    int count = 0;
    while (rows && rows[count].name)
        count++;
    struct text *names = arena_array(b->arena, (size_t)count, sizeof(names[0]));
    if (!names)
        return STATUS(NOMEM);
    for (int i = 0; i < count; i++)
        names[i] = text_of(rows[i].name);
    return index_names(b, &type->values, names, count);
}

static struct status find_named(struct builder *b, const char *const *names, enum graphql_kind kind,
                                const struct schema_type ***out, int *out_count)
{
    int count = 0;
    while (names && names[count])
        count++;
    const struct schema_type **list =
        arena_array(b->arena, (size_t)count, sizeof(const struct schema_type *));
    if (!list)
        return STATUS(NOMEM);
    for (int i = 0; i < count; i++) {
        list[i] = schema_find_type(b->schema, text_of(names[i]));
        if (!list[i] || list[i]->kind != kind)
            return wrong(b,
                         kind == GRAPHQL_INTERFACE ? "no such interface:" : "no such object type:", names[i]);
    }
    *out = list;
    *out_count = count;
    return DONE;
}

static struct status build_type(struct builder *b, struct schema_type *type)
{
    b->type = type->row->name;
    TRY(build_fields(b, type));
    TRY(build_inputs(b, type->row->inputs, &type->inputs));
    TRY(build_values(b, type));
    TRY(find_named(b, type->row->interfaces, GRAPHQL_INTERFACE, &type->interfaces, &type->interface_count));
    if (type->kind == GRAPHQL_UNION)
        TRY(find_named(b, type->row->members, GRAPHQL_OBJECT, &type->possible, &type->possible_count));
    return DONE;
}

static bool implements(const struct schema_type *type, const struct schema_type *interface)
{
    for (int i = 0; i < type->interface_count; i++) {
        if (type->interfaces[i] == interface)
            return true;
    }
    return false;
}

static struct status find_implementations(struct builder *b, struct schema_type *interface)
{
    interface->possible =
        arena_array(b->arena, (size_t)b->schema->type_count, sizeof(const struct schema_type *));
    if (!interface->possible)
        return STATUS(NOMEM);
    for (int i = 0; i < b->schema->type_count; i++) {
        const struct schema_type *type = &b->schema->types[i];
        if (type->kind == GRAPHQL_OBJECT && implements(type, interface))
            interface->possible[interface->possible_count++] = type;
    }
    return DONE;
}

static struct status mark_possible(struct builder *b, struct schema_type *type)
{
    if (!kind_is_composite(type->kind))
        return DONE;
    type->possible_bits = arena_array(b->arena, (size_t)b->schema->type_count / 64 + 1, sizeof(uint64_t));
    if (!type->possible_bits)
        return STATUS(NOMEM);
    if (type->kind == GRAPHQL_INTERFACE)
        TRY(find_implementations(b, type));
    if (type->kind == GRAPHQL_OBJECT)
        type->possible_bits[type->index / 64] |= UINT64_C(1) << type->index % 64;
    for (int i = 0; i < type->possible_count; i++) {
        int index = type->possible[i]->index;
        type->possible_bits[index / 64] |= UINT64_C(1) << index % 64;
    }
    return DONE;
}

static int count_types(const struct graphql_type *table)
{
    int count = 0;
    while (table[count].kind != GRAPHQL_NO_KIND)
        count++;
    return count;
}

static void add_types(struct graphql_schema *schema, struct text *names, const struct graphql_type *table,
                      bool built_in)
{
    for (; table->kind != GRAPHQL_NO_KIND; table++) {
        int index = schema->type_count++;
        struct schema_type *type = &schema->types[index];
        *type = (struct schema_type){.row = table,
                                     .name = text_of(table->name),
                                     .kind = table->kind,
                                     .index = index,
                                     .built_in = built_in};
        type->self = (struct type_ref){TYPE_NAMED, NULL, type};
        names[index] = type->name;
    }
}

static struct status name_types(struct builder *b)
{
    struct graphql_schema *schema = b->schema;
    int count = count_types(introspection_types);
    for (const struct graphql_type *const *table = schema->tables.types; *table; table++)
        count += count_types(*table);
    struct text *names = arena_array(b->arena, (size_t)count, sizeof(names[0]));
    schema->types = arena_array(b->arena, (size_t)count, sizeof(schema->types[0]));
    if (!names || !schema->types)
        return STATUS(NOMEM);
    for (const struct graphql_type *const *table = schema->tables.types; *table; table++)
        add_types(schema, names, *table, false);
    add_types(schema, names, introspection_types, true);
    b->type = "types";
    return index_names(b, &schema->type_names, names, count);
}

static struct status find_root(struct builder *b, const char *name, const struct schema_type **out)
{
    b->type = "schema";
    const struct schema_type *type = schema_find_type(b->schema, text_of(name));
    if (!type || type->kind != GRAPHQL_OBJECT)
        return wrong(b, "no such object type:", name ? name : "query");
    *out = type;
    return DONE;
}

static struct status build_directives(struct builder *b)
{
    for (int i = 0; i < DIRECTIVE_COUNT; i++) {
        struct schema_directive *d = &b->schema->directives[i];
        d->row = &directive_rows[i];
        b->type = d->row->name;
        TRY(build_inputs(b, d->row->arguments, &d->arguments));
    }
    return DONE;
}

static struct status build_meta(struct builder *b)
{
    struct graphql_schema *schema = b->schema;
    schema->meta = arena_array(b->arena, META_COUNT, sizeof(schema->meta[0]));
    if (!schema->meta)
        return STATUS(NOMEM);
    for (int i = 0; i < META_COUNT; i++) {
        schema->meta[i].parent = schema->query;
        TRY(build_field(b, &introspection_fields[i], &schema->meta[i]));
    }
    return build_field(b, &introspection_typename, &schema->typename);
}

static struct status build(struct builder *b)
{
    struct graphql_schema *schema = b->schema;
    TRY(name_types(b));
    for (int i = 0; i < schema->type_count; i++)
        TRY(build_type(b, &schema->types[i]));
    for (int i = 0; i < schema->type_count; i++)
        TRY(mark_possible(b, &schema->types[i]));
    TRY(find_root(b, schema->tables.query, &schema->query));
    if (schema->tables.mutation)
        TRY(find_root(b, schema->tables.mutation, &schema->mutation));
    TRY(build_directives(b));
    TRY(build_meta(b));
    return schema_check(schema, b->err);
}

struct status graphql_schema_new(const struct graphql_tables *tables, struct graphql_schema **out,
                                 struct error *err)
{
    OWNED(graphql_schema_free) struct graphql_schema *schema = mem_alloc(sizeof(*schema));
    if (!schema)
        return STATUS(NOMEM);
    arena_init(&schema->arena, SCHEMA_CHUNK, SCHEMA_MAX);
    schema->tables = *tables;
    struct builder b = {.schema = schema, .arena = &schema->arena, .err = err};
    TRY(build(&b));
    *out = TAKE(schema);
    return DONE;
}

void graphql_schema_free(struct graphql_schema *schema)
{
    if (!schema)
        return;
    arena_release(&schema->arena);
    mem_free(schema);
}
