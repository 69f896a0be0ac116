/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/schema_internal.h"

#include "graphql/execute.h"
#include "graphql/table.h"

/*
 * Introspection (October 2021, section 4) is an ordinary schema over the schema. Objects of its types:
 * __Schema: struct graphql_schema. __Type: struct type_ref. __Field: struct schema_field. __InputValue:
 * struct schema_input. __EnumValue: struct graphql_enum_value. __Directive: struct schema_directive.
 */

static struct status pointer_item(struct graphql_call *call, const void *items, size_t index,
                                  struct graphql_value *out)
{
    (void)call;
    *out = graphql_object(((const void *const *)items)[index]);
    return DONE;
}

/* A C string of a row; NULL is null. */
static struct status give(struct graphql_value *out, const char *text)
{
    *out = graphql_text(text_of(text));
    return DONE;
}

static bool with_deprecated(const struct graphql_call *call)
{
    return graphql_given_bool(graphql_argument(call, "includeDeprecated"), false);
}

/* ---- __Schema ---- */

static struct status the_schema(struct graphql_call *call, struct graphql_value *out)
{
    *out = graphql_object(call->execution->schema);
    return DONE;
}

static struct status the_type(struct graphql_call *call, struct graphql_value *out)
{
    const struct schema_type *type =
        schema_find_type(call->execution->schema, graphql_given_text(graphql_argument(call, "name")));
    *out = graphql_object(type ? &type->self : NULL);
    return DONE;
}

static struct status schema_description(struct graphql_call *call, struct graphql_value *out)
{
    return give(out, ((const struct graphql_schema *)call->object)->tables.description);
}

static struct status type_item(struct graphql_call *call, const void *items, size_t index,
                               struct graphql_value *out)
{
    (void)call;
    *out = graphql_object(&((const struct schema_type *)items)[index].self);
    return DONE;
}

static struct status schema_types(struct graphql_call *call, struct graphql_value *out)
{
    const struct graphql_schema *schema = call->object;
    *out = graphql_list(type_item, schema->types, (size_t)schema->type_count);
    return DONE;
}

static struct status schema_query(struct graphql_call *call, struct graphql_value *out)
{
    *out = graphql_object(&((const struct graphql_schema *)call->object)->query->self);
    return DONE;
}

static struct status schema_mutation(struct graphql_call *call, struct graphql_value *out)
{
    const struct schema_type *mutation = ((const struct graphql_schema *)call->object)->mutation;
    *out = graphql_object(mutation ? &mutation->self : NULL);
    return DONE;
}

static struct status schema_no_subscription(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    *out = graphql_null();
    return DONE;
}

static struct status schema_directives(struct graphql_call *call, struct graphql_value *out)
{
    const struct graphql_schema *schema = call->object;
    *out = graphql_objects(schema->directives, DIRECTIVE_COUNT, sizeof(schema->directives[0]));
    return DONE;
}

/* ---- __Type ---- */

/* The named type that the object is, or NULL: a list or NON_NULL. */
static const struct schema_type *named(const struct graphql_call *call)
{
    const struct type_ref *ref = call->object;
    return ref->kind == TYPE_NAMED ? ref->named : NULL;
}

static struct status type_kind(struct graphql_call *call, struct graphql_value *out)
{
    static const char *const kinds[] = {
        [GRAPHQL_SCALAR] = "SCALAR", [GRAPHQL_OBJECT] = "OBJECT", [GRAPHQL_INTERFACE] = "INTERFACE",
        [GRAPHQL_UNION] = "UNION",   [GRAPHQL_ENUM] = "ENUM",     [GRAPHQL_INPUT_OBJECT] = "INPUT_OBJECT",
    };
    const struct schema_type *type = named(call);
    const struct type_ref *ref = call->object;
    return give(out, type ? kinds[type->kind] : ref->kind == TYPE_LIST ? "LIST" : "NON_NULL");
}

static struct status type_name(struct graphql_call *call, struct graphql_value *out)
{
    const struct schema_type *type = named(call);
    return give(out, type ? type->row->name : NULL);
}

static struct status type_description(struct graphql_call *call, struct graphql_value *out)
{
    const struct schema_type *type = named(call);
    return give(out, type ? type->row->description : NULL);
}

static struct status type_specified_by(struct graphql_call *call, struct graphql_value *out)
{
    const struct schema_type *type = named(call);
    return give(out, type ? type->row->specified_by : NULL);
}

static struct status type_fields(struct graphql_call *call, struct graphql_value *out)
{
    const struct schema_type *type = named(call);
    if (!type || (type->kind != GRAPHQL_OBJECT && type->kind != GRAPHQL_INTERFACE))
        return DONE;
    size_t count = (size_t)type->field_names.count;
    const struct schema_field **list = arena_array(call->arena, count, sizeof(const struct schema_field *));
    if (!list)
        return STATUS(NOMEM);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!type->fields[i].row->deprecated || with_deprecated(call))
            list[n++] = &type->fields[i];
    }
    *out = graphql_list(pointer_item, list, n);
    return DONE;
}

static struct status named_item(struct graphql_call *call, const void *items, size_t index,
                                struct graphql_value *out)
{
    (void)call;
    *out = graphql_object(&((const struct schema_type *const *)items)[index]->self);
    return DONE;
}

static struct status type_interfaces(struct graphql_call *call, struct graphql_value *out)
{
    const struct schema_type *type = named(call);
    if (type && (type->kind == GRAPHQL_OBJECT || type->kind == GRAPHQL_INTERFACE))
        *out = graphql_list(named_item, type->interfaces, (size_t)type->interface_count);
    return DONE;
}

static struct status type_possible(struct graphql_call *call, struct graphql_value *out)
{
    const struct schema_type *type = named(call);
    if (type && kind_is_abstract(type->kind))
        *out = graphql_list(named_item, type->possible, (size_t)type->possible_count);
    return DONE;
}

static struct status type_values(struct graphql_call *call, struct graphql_value *out)
{
    const struct schema_type *type = named(call);
    if (!type || type->kind != GRAPHQL_ENUM)
        return DONE;
    size_t count = (size_t)type->values.count;
    const struct graphql_enum_value **list =
        arena_array(call->arena, count, sizeof(const struct graphql_enum_value *));
    if (!list)
        return STATUS(NOMEM);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!type->row->values[i].deprecated || with_deprecated(call))
            list[n++] = &type->row->values[i];
    }
    *out = graphql_list(pointer_item, list, n);
    return DONE;
}

static struct status give_inputs(struct graphql_call *call, const struct schema_inputs *inputs,
                                 struct graphql_value *out)
{
    size_t count = (size_t)inputs->names.count;
    const struct schema_input **list = arena_array(call->arena, count, sizeof(const struct schema_input *));
    if (!list)
        return STATUS(NOMEM);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!inputs->list[i].row->deprecated || with_deprecated(call))
            list[n++] = &inputs->list[i];
    }
    *out = graphql_list(pointer_item, list, n);
    return DONE;
}

static struct status type_inputs(struct graphql_call *call, struct graphql_value *out)
{
    const struct schema_type *type = named(call);
    return type && type->kind == GRAPHQL_INPUT_OBJECT ? give_inputs(call, &type->inputs, out) : DONE;
}

static struct status type_of(struct graphql_call *call, struct graphql_value *out)
{
    *out = graphql_object(((const struct type_ref *)call->object)->of);
    return DONE;
}

/* ---- __Field ---- */

static const struct graphql_field *field_row(const struct graphql_call *call)
{
    return ((const struct schema_field *)call->object)->row;
}

static struct status field_name(struct graphql_call *call, struct graphql_value *out)
{
    return give(out, field_row(call)->name);
}

static struct status field_description(struct graphql_call *call, struct graphql_value *out)
{
    return give(out, field_row(call)->description);
}

static struct status field_arguments(struct graphql_call *call, struct graphql_value *out)
{
    return give_inputs(call, &((const struct schema_field *)call->object)->arguments, out);
}

static struct status field_type(struct graphql_call *call, struct graphql_value *out)
{
    *out = graphql_object(((const struct schema_field *)call->object)->type);
    return DONE;
}

static struct status field_is_deprecated(struct graphql_call *call, struct graphql_value *out)
{
    *out = graphql_bool(field_row(call)->deprecated != NULL);
    return DONE;
}

static struct status field_deprecation(struct graphql_call *call, struct graphql_value *out)
{
    return give(out, field_row(call)->deprecated);
}

/* ---- __InputValue ---- */

static const struct graphql_input *input_row(const struct graphql_call *call)
{
    return ((const struct schema_input *)call->object)->row;
}

static struct status input_name(struct graphql_call *call, struct graphql_value *out)
{
    return give(out, input_row(call)->name);
}

static struct status input_description(struct graphql_call *call, struct graphql_value *out)
{
    return give(out, input_row(call)->description);
}

static struct status input_type(struct graphql_call *call, struct graphql_value *out)
{
    *out = graphql_object(((const struct schema_input *)call->object)->type);
    return DONE;
}

static struct status input_default(struct graphql_call *call, struct graphql_value *out)
{
    return give(out, input_row(call)->initial);
}

static struct status input_is_deprecated(struct graphql_call *call, struct graphql_value *out)
{
    *out = graphql_bool(input_row(call)->deprecated != NULL);
    return DONE;
}

static struct status input_deprecation(struct graphql_call *call, struct graphql_value *out)
{
    return give(out, input_row(call)->deprecated);
}

/* ---- __EnumValue ---- */

static const struct graphql_enum_value *value_row(const struct graphql_call *call)
{
    return call->object;
}

static struct status value_name(struct graphql_call *call, struct graphql_value *out)
{
    return give(out, value_row(call)->name);
}

static struct status value_description(struct graphql_call *call, struct graphql_value *out)
{
    return give(out, value_row(call)->description);
}

static struct status value_is_deprecated(struct graphql_call *call, struct graphql_value *out)
{
    *out = graphql_bool(value_row(call)->deprecated != NULL);
    return DONE;
}

static struct status value_deprecation(struct graphql_call *call, struct graphql_value *out)
{
    return give(out, value_row(call)->deprecated);
}

/* ---- __Directive ---- */

static const struct directive_row *directive_row(const struct graphql_call *call)
{
    return ((const struct schema_directive *)call->object)->row;
}

static struct status directive_name(struct graphql_call *call, struct graphql_value *out)
{
    return give(out, directive_row(call)->name);
}

static struct status directive_description(struct graphql_call *call, struct graphql_value *out)
{
    return give(out, directive_row(call)->description);
}

static struct status directive_never_repeats(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    *out = graphql_bool(false);
    return DONE;
}

static struct status directive_places(struct graphql_call *call, struct graphql_value *out)
{
    struct text *list = arena_array(call->arena, PLACE_COUNT, sizeof(list[0]));
    if (!list)
        return STATUS(NOMEM);
    size_t n = 0;
    for (int i = 0; i < PLACE_COUNT; i++) {
        if (directive_row(call)->places >> i & 1)
            list[n++] = text_of(directive_place_names[i]);
    }
    *out = graphql_texts(list, n);
    return DONE;
}

static struct status directive_arguments(struct graphql_call *call, struct graphql_value *out)
{
    return give_inputs(call, &((const struct schema_directive *)call->object)->arguments, out);
}

/* ---- the tables ---- */

#define DEPRECATED_TOO ARGUMENTS(ARGUMENT("includeDeprecated", "Boolean", .initial = "false"))

/* clang-format off */
const struct graphql_type introspection_types[] = {
    SCALAR("String", GRAPHQL_STRING, .description = "Text, UTF-8."),
    SCALAR("Int", GRAPHQL_INT, .description = "A whole number of 32 bits with a sign."),
    SCALAR("Float", GRAPHQL_FLOAT, .description = "A number as IEEE 754 has them, in 64 bits."),
    SCALAR("Boolean", GRAPHQL_BOOLEAN, .description = "true or false."),
    SCALAR("ID", GRAPHQL_ID, .description = "What identifies an object; a string, or an integer on the way in."),
    OBJECT("__Schema", FIELDS(
        FIELD("description", "String", .resolve = schema_description),
        FIELD("types", "[__Type!]!", .resolve = schema_types),
        FIELD("queryType", "__Type!", .resolve = schema_query),
        FIELD("mutationType", "__Type", .resolve = schema_mutation),
        FIELD("subscriptionType", "__Type", .resolve = schema_no_subscription),
        FIELD("directives", "[__Directive!]!", .resolve = schema_directives))),
    OBJECT("__Type", FIELDS(
        FIELD("kind", "__TypeKind!", .resolve = type_kind),
        FIELD("name", "String", .resolve = type_name),
        FIELD("description", "String", .resolve = type_description),
        FIELD("specifiedByURL", "String", .resolve = type_specified_by),
        FIELD("fields", "[__Field!]", .resolve = type_fields, DEPRECATED_TOO),
        FIELD("interfaces", "[__Type!]", .resolve = type_interfaces),
        FIELD("possibleTypes", "[__Type!]", .resolve = type_possible),
        FIELD("enumValues", "[__EnumValue!]", .resolve = type_values, DEPRECATED_TOO),
        FIELD("inputFields", "[__InputValue!]", .resolve = type_inputs, DEPRECATED_TOO),
        FIELD("ofType", "__Type", .resolve = type_of))),
    OBJECT("__Field", FIELDS(
        FIELD("name", "String!", .resolve = field_name),
        FIELD("description", "String", .resolve = field_description),
        FIELD("args", "[__InputValue!]!", .resolve = field_arguments, DEPRECATED_TOO),
        FIELD("type", "__Type!", .resolve = field_type),
        FIELD("isDeprecated", "Boolean!", .resolve = field_is_deprecated),
        FIELD("deprecationReason", "String", .resolve = field_deprecation))),
    OBJECT("__InputValue", FIELDS(
        FIELD("name", "String!", .resolve = input_name),
        FIELD("description", "String", .resolve = input_description),
        FIELD("type", "__Type!", .resolve = input_type),
        FIELD("defaultValue", "String", .resolve = input_default),
        FIELD("isDeprecated", "Boolean!", .resolve = input_is_deprecated),
        FIELD("deprecationReason", "String", .resolve = input_deprecation))),
    OBJECT("__EnumValue", FIELDS(
        FIELD("name", "String!", .resolve = value_name),
        FIELD("description", "String", .resolve = value_description),
        FIELD("isDeprecated", "Boolean!", .resolve = value_is_deprecated),
        FIELD("deprecationReason", "String", .resolve = value_deprecation))),
    OBJECT("__Directive", FIELDS(
        FIELD("name", "String!", .resolve = directive_name),
        FIELD("description", "String", .resolve = directive_description),
        FIELD("isRepeatable", "Boolean!", .resolve = directive_never_repeats),
        FIELD("locations", "[__DirectiveLocation!]!", .resolve = directive_places),
        FIELD("args", "[__InputValue!]!", .resolve = directive_arguments, DEPRECATED_TOO))),
    ENUM("__TypeKind",
        VALUE("SCALAR"), VALUE("OBJECT"), VALUE("INTERFACE"), VALUE("UNION"), VALUE("ENUM"), VALUE("INPUT_OBJECT"),
        VALUE("LIST"), VALUE("NON_NULL")),
    ENUM("__DirectiveLocation",
        VALUE("QUERY"), VALUE("MUTATION"), VALUE("SUBSCRIPTION"), VALUE("FIELD"), VALUE("FRAGMENT_DEFINITION"),
        VALUE("FRAGMENT_SPREAD"), VALUE("INLINE_FRAGMENT"), VALUE("VARIABLE_DEFINITION"), VALUE("SCHEMA"),
        VALUE("SCALAR"), VALUE("OBJECT"), VALUE("FIELD_DEFINITION"), VALUE("ARGUMENT_DEFINITION"),
        VALUE("INTERFACE"), VALUE("UNION"), VALUE("ENUM"), VALUE("ENUM_VALUE"), VALUE("INPUT_OBJECT"),
        VALUE("INPUT_FIELD_DEFINITION")),
    END_OF_TYPES,
};

const struct graphql_field introspection_fields[META_COUNT] = {
    FIELD("__schema", "__Schema!", .resolve = the_schema, .scope = ""),
    FIELD("__type", "__Type", .resolve = the_type, .scope = "", ARGUMENTS(ARGUMENT("name", "String!"))),
};
/* clang-format on */

const struct graphql_field introspection_typename = FIELD("__typename", "String!");
