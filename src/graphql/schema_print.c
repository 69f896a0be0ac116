/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/schema_internal.h"

#include "base/buffer.h"
#include "base/json_out.h"

/* A schema in its own notation (October 2021, section 3). Descriptions and reasons are short: they go into
 * "...". */

static void put(struct buffer *out, const char *text)
{
    buffer_text(out, text_of(text));
}

static void put_string(struct buffer *out, const char *text)
{
    buffer_byte(out, '"');
    json_escape_text(out, text_of(text));
    buffer_byte(out, '"');
}

static void put_description(struct buffer *out, const char *description, const char *indent)
{
    if (!description)
        return;
    put(out, indent);
    put_string(out, description);
    buffer_byte(out, '\n');
}

static void put_deprecated(struct buffer *out, const char *reason)
{
    if (!reason)
        return;
    put(out, " @deprecated(reason: ");
    put_string(out, reason);
    buffer_byte(out, ')');
}

static void put_input(struct buffer *out, const struct graphql_input *row)
{
    buffer_printf(out, "%s: %s", row->name, row->type);
    if (row->initial)
        buffer_printf(out, " = %s", row->initial);
    put_deprecated(out, row->deprecated);
}

static void put_arguments(struct buffer *out, const struct graphql_input *rows)
{
    if (!rows || !rows->name)
        return;
    buffer_byte(out, '(');
    for (const struct graphql_input *row = rows; row->name; row++) {
        if (row != rows)
            put(out, ", ");
        if (row->description) {
            put_string(out, row->description);
            buffer_byte(out, ' ');
        }
        put_input(out, row);
    }
    buffer_byte(out, ')');
}

static void put_names(struct buffer *out, const char *before, const char *between, const char *const *names)
{
    for (size_t i = 0; names && names[i]; i++) {
        put(out, i ? between : before);
        put(out, names[i]);
    }
}

static void put_fields(struct buffer *out, const struct graphql_type *type)
{
    put_names(out, " implements ", " & ", type->interfaces);
    put(out, " {\n");
    for (const struct graphql_field *row = type->fields; row->name; row++) {
        put_description(out, row->description, "  ");
        buffer_printf(out, "  %s", row->name);
        put_arguments(out, row->arguments);
        buffer_printf(out, ": %s", row->type);
        put_deprecated(out, row->deprecated);
        buffer_byte(out, '\n');
    }
    put(out, "}\n");
}

static void put_values(struct buffer *out, const struct graphql_type *type)
{
    put(out, " {\n");
    for (const struct graphql_enum_value *row = type->values; row->name; row++) {
        put_description(out, row->description, "  ");
        buffer_printf(out, "  %s", row->name);
        put_deprecated(out, row->deprecated);
        buffer_byte(out, '\n');
    }
    put(out, "}\n");
}

static void put_inputs(struct buffer *out, const struct graphql_type *type)
{
    put(out, " {\n");
    for (const struct graphql_input *row = type->inputs; row->name; row++) {
        put_description(out, row->description, "  ");
        put_description(out, row->description, "  ");
        put(out, "  ");
        put_input(out, row);
        buffer_byte(out, '\n');
    }
    put(out, "}\n");
}

static void put_scalar(struct buffer *out, const struct graphql_type *type)
{
    if (type->specified_by) {
        put(out, " @specifiedBy(url: ");
        put_string(out, type->specified_by);
        buffer_byte(out, ')');
    }
    buffer_byte(out, '\n');
}

static void put_type(struct buffer *out, const struct graphql_type *type)
{
    static const char *const words[] = {
        [GRAPHQL_SCALAR] = "scalar", [GRAPHQL_OBJECT] = "type", [GRAPHQL_INTERFACE] = "interface",
        [GRAPHQL_UNION] = "union",   [GRAPHQL_ENUM] = "enum",   [GRAPHQL_INPUT_OBJECT] = "input",
    };
    put_description(out, type->description, "");
    buffer_printf(out, "%s %s", words[type->kind], type->name);
    switch (type->kind) {
    case GRAPHQL_NO_KIND:
        break;
    case GRAPHQL_SCALAR:
        put_scalar(out, type);
        break;
    case GRAPHQL_OBJECT:
    case GRAPHQL_INTERFACE:
        put_fields(out, type);
        break;
    case GRAPHQL_UNION:
        put_names(out, " = ", " | ", type->members);
        buffer_byte(out, '\n');
        break;
    case GRAPHQL_ENUM:
        put_values(out, type);
        break;
    case GRAPHQL_INPUT_OBJECT:
        put_inputs(out, type);
        break;
    }
}

void graphql_schema_print(const struct graphql_schema *schema, struct buffer *out)
{
    put_description(out, schema->tables.description, "");
    buffer_printf(out, "schema {\n  query: %s\n", schema->tables.query);
    if (schema->tables.mutation)
        buffer_printf(out, "  mutation: %s\n", schema->tables.mutation);
    put(out, "}\n");
    for (int i = 0; i < schema->type_count; i++) {
        if (schema->types[i].built_in)
            continue;
        buffer_byte(out, '\n');
        put_type(out, schema->types[i].row);
    }
}
