/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/validate_internal.h"

#include "graphql/number.h"

/* Literals have the type of their place (October 2021, section 5.6). */

#define SHOWN 40

static void note_variable(struct validation *v, const struct graphql_literal *literal,
                          const struct type_ref *expected, bool has_default)
{
    struct variable_use *use = validation_alloc(v, sizeof(*use));
    if (!use)
        return;
    *use = (struct variable_use){.at = literal, .expected = expected, .has_default = has_default};
    *v->uses = use;
    v->uses = &use->next;
}

/* The literal as it is written, on one line; a long one is cut. */
static struct text shown(const struct validation *v, const struct graphql_literal *literal)
{
    const char *p = v->document->source.p + literal->at;
    const size_t length = literal->end - literal->at;
    size_t n = 0;
    while (n < length && n < SHOWN && (uint8_t)p[n] >= ' ')
        n++;
    while (n > 0 && n < length && ((uint8_t)p[n] & 0xc0) == 0x80)
        n--;
    return (struct text){p, n};
}

static void wrong_value(struct validation *v, const struct graphql_literal *literal,
                        const struct type_ref *type)
{
    const struct schema_type *named = type->named;
    struct text value = shown(v, literal);
    if (named->kind != GRAPHQL_SCALAR || !named->built_in)
        validation_finding(v, literal->at, "Expected value of type \"%s\", found %.*s.",
                           validation_type_text(v, type), TEXT_ARG(value));
    else
        validation_finding(v, literal->at, "%.*s cannot represent %s value: %.*s", TEXT_ARG(named->name),
                           scalar_refusal(named->row->like), TEXT_ARG(value));
}

static void wrong_null(struct validation *v, const struct graphql_literal *literal,
                       const struct type_ref *type)
{
    validation_finding(v, literal->at, "Expected value of type \"%s\", found null.",
                       validation_type_text(v, type));
}

/* A string may be meant, too: {episode: "JEDI"}. */
static void check_enum(struct validation *v, const struct graphql_literal *literal,
                       const struct type_ref *type)
{
    const struct schema_type *named = type->named;
    bool name = literal->kind == GRAPHQL_LITERAL_ENUM;
    if (name && schema_find_value(named, literal->text) >= 0)
        return;
    struct text suggestion = TEXT("");
    if (name || literal->kind == GRAPHQL_LITERAL_STRING)
        suggestion = validation_suggestion(v, literal->text, &named->values, " the enum value");
    struct text value = shown(v, literal);
    if (name)
        validation_finding(v, literal->at, "Value \"%.*s\" does not exist in \"%s\" enum.%.*s",
                           TEXT_ARG(value), validation_type_text(v, type), TEXT_ARG(suggestion));
    else
        validation_finding(v, literal->at, "Enum \"%s\" cannot represent non-enum value: %.*s.%.*s",
                           validation_type_text(v, type), TEXT_ARG(value), TEXT_ARG(suggestion));
}

static bool is_string(const struct graphql_literal *literal)
{
    return literal->kind == GRAPHQL_LITERAL_STRING || literal->kind == GRAPHQL_LITERAL_BLOCK_STRING;
}

static bool is_accepted(struct validation *v, const struct graphql_literal *literal,
                        const struct schema_type *type)
{
    if (!type->row->accepts)
        return true;
    struct text text = graphql_string_text(literal, v->arena);
    if (!text.p) {
        v->stop = E_NOMEM;
        return true;
    }
    return type->row->accepts(text);
}

static bool scalar_fits(struct validation *v, const struct graphql_literal *literal,
                        const struct schema_type *type)
{
    int32_t integer;
    double real;
    switch (type->row->like) {
    case GRAPHQL_STRING:
        return is_string(literal) && is_accepted(v, literal, type);
    case GRAPHQL_ID:
        return literal->kind == GRAPHQL_LITERAL_INT || (is_string(literal) && is_accepted(v, literal, type));
    case GRAPHQL_INT:
        return literal->kind == GRAPHQL_LITERAL_INT && number_to_int(literal->text, &integer);
    case GRAPHQL_FLOAT:
        return (literal->kind == GRAPHQL_LITERAL_INT || literal->kind == GRAPHQL_LITERAL_FLOAT) &&
               number_to_float(literal->text, &real);
    case GRAPHQL_BOOLEAN:
        return literal->kind == GRAPHQL_LITERAL_BOOLEAN;
    case GRAPHQL_ANY:
        break;
    }
    return true;
}

static void check_scalar(struct validation *v, struct graphql_literal *literal, const struct type_ref *type,
                         const struct schema_input *place)
{
    int32_t integer;
    if (type->named->row->like == GRAPHQL_ANY)
        validate_unknown_value(v, literal);
    else if (type->named->row->like == GRAPHQL_INT && literal->kind == GRAPHQL_LITERAL_INT &&
             !number_to_int(literal->text, &integer))
        validation_finding(v, literal->at, "Int cannot represent non 32-bit signed integer value: %.*s",
                           TEXT_ARG(literal->text));
    else if (!scalar_fits(v, literal, type->named))
        wrong_value(v, literal, type);
    if (place && place->row->wrapped_lines)
        literal->may_break = true;
}

/* As check_unique() of arguments: a repetition is a finding. */
static void check_unique_field(struct validation *v, const struct graphql_argument *first,
                               const struct graphql_argument *field)
{
    for (const struct graphql_argument *other = first; other != field; other = other->next) {
        if (!validation_charge(v, 1))
            return;
        if (text_equal(other->name, field->name)) {
            validation_finding(v, field->at, "There can be only one input field named \"%.*s\".",
                               TEXT_ARG(field->name));
            return;
        }
    }
}

static void unknown_input_field(struct validation *v, const struct graphql_argument *field,
                                const struct schema_type *type)
{
    if (validation_absent(v, field->at, type->name, field->name))
        return;
    struct text suggestion = validation_suggestion(v, field->name, &type->inputs.names, "");
    validation_finding(v, field->at, "Field \"%.*s\" is not defined by type \"%.*s\".%.*s",
                       TEXT_ARG(field->name), TEXT_ARG(type->name), TEXT_ARG(suggestion));
}

static void check_required_fields(struct validation *v, const struct graphql_literal *object,
                                  const struct schema_type *type)
{
    for (int i = 0; i < type->inputs.names.count; i++) {
        const struct schema_input *input = &type->inputs.list[i];
        if (!input_is_required(input))
            continue;
        const struct graphql_argument *field = object->fields;
        while (field && field->definition != input)
            field = field->next;
        if (!field)
            validation_finding(v, object->at, "Field \"%.*s.%s\" of required type \"%s\" was not provided.",
                               TEXT_ARG(type->name), input->row->name, validation_type_text(v, input->type));
    }
}

static void check_object(struct validation *v, struct graphql_literal *object, const struct type_ref *type)
{
    if (object->kind != GRAPHQL_LITERAL_OBJECT) {
        wrong_value(v, object, type);
        validate_unknown_value(v, object);
        return;
    }
    for (struct graphql_argument *field = object->fields; field && validation_goes_on(v);
         field = field->next) {
        check_unique_field(v, object->fields, field);
        field->definition = schema_find_input(&type->named->inputs, field->name);
        if (field->definition) {
            validate_value(v, field->value, field->definition->type, field->definition);
        } else {
            unknown_input_field(v, field, type->named);
            validate_unknown_value(v, field->value);
        }
    }
    check_required_fields(v, object, type->named);
}

/* Recursion: the parser bounds how deep values nest (LIMIT_GRAPHQL_DEPTH). */
void validate_value(struct validation *v, struct graphql_literal *literal, const struct type_ref *type,
                    const struct schema_input *place)
{
    if (literal->kind == GRAPHQL_LITERAL_VARIABLE) {
        note_variable(v, literal, type, place && place->initial && place->type == type);
        return;
    }
    if (literal->kind == GRAPHQL_LITERAL_NULL) {
        if (type->kind == TYPE_NON_NULL)
            wrong_null(v, literal, type);
        return;
    }
    const struct type_ref *nullable = type_nullable(type);
    if (nullable->kind == TYPE_LIST && literal->kind == GRAPHQL_LITERAL_LIST) {
        for (struct graphql_literal *item = literal->items; item && validation_goes_on(v); item = item->next)
            validate_value(v, item, nullable->of, place);
    } else if (nullable->kind == TYPE_LIST) {
        validate_value(v, literal, nullable->of,
                       place); /* one value where a list is expected is a list of one */
    } else if (nullable->named->kind == GRAPHQL_INPUT_OBJECT) {
        check_object(v, literal, type);
    } else if (nullable->named->kind == GRAPHQL_ENUM) {
        check_enum(v, literal, type);
    } else {
        check_scalar(v, literal, type, place);
    }
}

void validate_unknown_value(struct validation *v, struct graphql_literal *literal)
{
    if (literal->kind == GRAPHQL_LITERAL_VARIABLE)
        note_variable(v, literal, NULL, false);
    for (struct graphql_literal *item = literal->items; item && validation_goes_on(v); item = item->next)
        validate_unknown_value(v, item);
    for (struct graphql_argument *f = literal->fields; f && validation_goes_on(v); f = f->next) {
        check_unique_field(v, literal->fields, f);
        validate_unknown_value(v, f->value);
    }
}
