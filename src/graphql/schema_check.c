/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/schema_internal.h"

#include "graphql/validate_internal.h"

/* What makes a schema whole (October 2021, section 3): checked once, when the tables are read. */

struct checker {
    const struct graphql_schema *schema;
    struct error *err;
    const struct schema_type *type;
    const char *field; /* or NULL */
};

static struct status wrong(const struct checker *c, const char *what, const char *detail)
{
    return error_set(c->err, E_INVALID, "%s%s%s: %s%s", c->type->row->name, c->field ? "." : "",
                     c->field ? c->field : "", what, detail);
}

static bool is_name(const char *name)
{
    if (!name || !*name || (*name >= '0' && *name <= '9'))
        return false;
    for (const char *p = name; *p; p++) {
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_';
        if (!letter && (*p < '0' || *p > '9'))
            return false;
    }
    return true;
}

/* Names that begin with two underscores belong to introspection. */
static struct status check_name(const struct checker *c, const char *name)
{
    if (!is_name(name))
        return wrong(c, "this is no name: ", name ? name : "(none)");
    if (!c->type->built_in && name[0] == '_' && name[1] == '_')
        return wrong(c, "this name is GraphQL's own: ", name);
    return DONE;
}

/* A default is a value of its type: the rules for literals of documents say so. */
static struct status check_default(const struct checker *c, const struct schema_input *input)
{
    if (!input->initial)
        return DONE;
    struct arena arena;
    arena_init(&arena, 4096, 1024 * 1024);
    struct graphql_document document = {.source = text_of(input->row->initial)};
    struct variable_use *uses = NULL;
    struct validation v = {
        .schema = c->schema, .document = &document, .arena = &arena, .stop = E_OK, .uses = &uses};
    v.end = &v.first;
    struct graphql_literal literal = *input->initial;
    validate_value(&v, &literal, input->type, input);
    struct status s = v.stop == E_NOMEM ? STATUS(NOMEM) : DONE;
    if (status_ok(s) && v.count)
        s = wrong(c, "its default is no value of its type: ", input->row->name);
    arena_release(&arena);
    return s;
}

static struct status check_inputs(const struct checker *c, const struct schema_inputs *inputs)
{
    for (int i = 0; i < inputs->names.count; i++) {
        const struct schema_input *input = &inputs->list[i];
        TRY(check_name(c, input->row->name));
        if (input_is_required(input) && input->row->deprecated)
            return wrong(c, "what is required cannot be deprecated: ", input->row->name);
        TRY(check_default(c, input));
    }
    return DONE;
}

/* Fields of objects have a value from somewhere, and of a kind that their type can be. */
static struct status check_source(const struct checker *c, const struct schema_field *field)
{
    const struct graphql_field *row = field->row;
    bool has_member = row->at.kind != GRAPHQL_AT_NOTHING;
    if (c->type->kind == GRAPHQL_INTERFACE)
        return row->resolve || has_member ? wrong(c, "a field of an interface has no resolver", "") : DONE;
    if ((row->resolve != NULL) == has_member)
        return wrong(c, "needs a resolver or a member, and not both", "");
    if (!has_member)
        return DONE;
    bool object = row->at.kind == GRAPHQL_AT_POINTER || row->at.kind == GRAPHQL_AT_INSIDE;
    const struct type_ref *type = type_nullable(field->type);
    if (type->kind != TYPE_NAMED || kind_is_abstract(type->named->kind) ||
        (type->named->kind == GRAPHQL_OBJECT) != object)
        return wrong(c, "its type does not fit its member", "");
    return DONE;
}

static struct status check_scope(const struct checker *c, const struct schema_field *field)
{
    bool root = c->type == c->schema->query || c->type == c->schema->mutation;
    if (root && c->schema->tables.scoped && !field->row->scope)
        return wrong(c, "does not say what scope it needs", "");
    if (field->row->null_without_scope && field->type->kind == TYPE_NON_NULL)
        return wrong(c, "cannot be null without its scope: its type is not nullable", "");
    return DONE;
}

static struct status check_fields(struct checker *c)
{
    bool has_fields = c->type->kind == GRAPHQL_OBJECT || c->type->kind == GRAPHQL_INTERFACE;
    if (has_fields != (c->type->field_names.count > 0))
        return wrong(c, has_fields ? "has no fields" : "cannot have fields", "");
    for (int i = 0; i < c->type->field_names.count; i++) {
        const struct schema_field *field = &c->type->fields[i];
        c->field = field->row->name;
        TRY(check_name(c, field->row->name));
        TRY(check_inputs(c, &field->arguments));
        TRY(check_source(c, field));
        TRY(check_scope(c, field));
    }
    c->field = NULL;
    return DONE;
}

/* Is every `type` a `wanted`, too? (IsValidImplementationFieldType) */
static bool is_subtype(const struct type_ref *type, const struct type_ref *wanted)
{
    while (type->kind != TYPE_NAMED) {
        if (type->kind == wanted->kind)
            wanted = wanted->of;
        else if (type->kind != TYPE_NON_NULL)
            return false;
        type = type->of;
    }
    if (wanted->kind != TYPE_NAMED)
        return false;
    return type->named == wanted->named ||
           (type->named->kind == GRAPHQL_OBJECT && schema_type_is_possible(wanted->named, type->named));
}

static struct status check_implemented_arguments(const struct checker *c, const struct schema_field *field,
                                                 const struct schema_field *wanted)
{
    for (int i = 0; i < wanted->arguments.names.count; i++) {
        const struct schema_input *input = &wanted->arguments.list[i];
        const struct schema_input *own = schema_find_input(&field->arguments, text_of(input->row->name));
        if (!own || !type_refs_equal(own->type, input->type))
            return wrong(c, "its interface has another argument ", input->row->name);
    }
    for (int i = 0; i < field->arguments.names.count; i++) {
        const struct schema_input *own = &field->arguments.list[i];
        if (input_is_required(own) && !schema_find_input(&wanted->arguments, text_of(own->row->name)))
            return wrong(c, "its interface does not have the required argument ", own->row->name);
    }
    return DONE;
}

static struct status check_interface(struct checker *c, const struct schema_type *interface)
{
    for (int i = 0; i < interface->field_names.count; i++) {
        const struct schema_field *wanted = &interface->fields[i];
        c->field = wanted->row->name;
        int own = names_find(&c->type->field_names, text_of(wanted->row->name));
        if (own < 0)
            return wrong(c, "is missing, but is a field of ", interface->row->name);
        if (!is_subtype(c->type->fields[own].type, wanted->type))
            return wrong(c, "has another type than in ", interface->row->name);
        TRY(check_implemented_arguments(c, &c->type->fields[own], wanted));
    }
    c->field = NULL;
    return DONE;
}

static struct status check_interfaces(struct checker *c)
{
    for (int i = 0; i < c->type->interface_count; i++)
        TRY(check_interface(c, c->type->interfaces[i]));
    return DONE;
}

static struct status check_type(struct checker *c)
{
    TRY(check_name(c, c->type->row->name));
    TRY(check_fields(c));
    TRY(check_inputs(c, &c->type->inputs));
    TRY(check_interfaces(c));
    if ((c->type->kind == GRAPHQL_ENUM) != (c->type->values.count > 0))
        return wrong(c, "an enum has values, and nothing else does", "");
    if ((c->type->kind == GRAPHQL_INPUT_OBJECT) != (c->type->inputs.names.count > 0))
        return wrong(c, "an input object has fields, and nothing else does", "");
    if (c->type->kind == GRAPHQL_UNION && c->type->possible_count == 0)
        return wrong(c, "a union has members", "");
    return DONE;
}

struct status schema_check(const struct graphql_schema *schema, struct error *err)
{
    for (int i = 0; i < schema->type_count; i++) {
        struct checker c = {.schema = schema, .err = err, .type = &schema->types[i]};
        TRY(check_type(&c));
    }
    return DONE;
}
