/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/coerce.h"

#include "graphql/number.h"

static const struct graphql_given nothing = {.kind = GRAPHQL_GIVEN_NOTHING};

const struct graphql_given *coerce_variable(const struct coercion *c, struct text name)
{
    const struct graphql_variable *v = c->operation ? c->operation->variables : NULL;
    while (v && !text_equal(v->name, name))
        v = v->next;
    return v && v->index < c->variables->count ? &c->variables->values[v->index] : &nothing;
}

static struct status refuse(struct coercion *c, struct text problem)
{
    c->problem = problem;
    return problem.p ? STATUS(INVALID) : STATUS(NOMEM);
}

static struct status coerce_text(struct coercion *c, const struct graphql_literal *literal,
                                 struct graphql_given *out)
{
    out->kind = GRAPHQL_GIVEN_TEXT;
    out->text = literal->kind == GRAPHQL_LITERAL_INT ? literal->text : graphql_string_text(literal, c->arena);
    return out->text.p ? DONE : STATUS(NOMEM);
}

static struct status coerce_scalar(struct coercion *c, const struct schema_type *type,
                                   const struct graphql_literal *literal, struct graphql_given *out)
{
    int32_t integer = 0;
    switch (type->row->like) {
    case GRAPHQL_STRING:
    case GRAPHQL_ID:
        return coerce_text(c, literal, out);
    case GRAPHQL_INT:
        out->kind = GRAPHQL_GIVEN_INT;
        if (!number_to_int(literal->text, &integer))
            return refuse(c, TEXT("Int cannot represent this value."));
        out->integer = integer;
        return DONE;
    case GRAPHQL_FLOAT:
        out->kind = GRAPHQL_GIVEN_FLOAT;
        if (!number_to_float(literal->text, &out->real))
            return refuse(c, TEXT("Float cannot represent this value."));
        return DONE;
    case GRAPHQL_BOOLEAN:
        out->kind = GRAPHQL_GIVEN_BOOL;
        out->integer = literal->text.n == 4; /* "true" */
        return DONE;
    case GRAPHQL_ANY:
        break;
    }
    return coerce_to_json(c, literal, out);
}

static struct status coerce_enum(struct coercion *c, const struct schema_type *type,
                                 const struct graphql_literal *literal, struct graphql_given *out)
{
    int i = schema_find_value(type, literal->text);
    if (i < 0)
        return refuse(c, TEXT("There is no such value in the enum."));
    *out = (struct graphql_given){.kind = GRAPHQL_GIVEN_ENUM,
                                  .text = text_of(type->row->values[i].name),
                                  .integer = type->row->values[i].value};
    return DONE;
}

static struct status coerce_object(struct coercion *c, const struct schema_type *type,
                                   const struct graphql_literal *literal, struct graphql_given *out)
{
    int count = type->inputs.names.count;
    struct graphql_given *items = arena_array(c->arena, (size_t)count, sizeof(items[0]));
    if (!items)
        return STATUS(NOMEM);
    TRY(coerce_arguments(c, &type->inputs, literal->fields, items));
    *out = (struct graphql_given){
        .kind = GRAPHQL_GIVEN_OBJECT, .count = (size_t)count, .items = items, .inputs = type->row->inputs};
    return DONE;
}

static struct status coerce_list(struct coercion *c, const struct type_ref *of,
                                 const struct graphql_literal *literal, struct graphql_given *out)
{
    bool is_list = literal->kind == GRAPHQL_LITERAL_LIST;
    const struct graphql_literal *first = is_list ? literal->items : literal;
    size_t count = is_list ? 0 : 1;
    for (const struct graphql_literal *i = is_list ? first : NULL; i; i = i->next)
        count++;
    struct graphql_given *items = arena_array(c->arena, count, sizeof(items[0]));
    if (!items)
        return STATUS(NOMEM);
    const struct graphql_literal *i = first;
    for (size_t n = 0; n < count; n++, i = i->next)
        TRY(coerce_literal(c, of, i, &items[n]));
    *out = (struct graphql_given){.kind = GRAPHQL_GIVEN_LIST, .count = count, .items = items};
    return DONE;
}

/* A variable that was not sent is null here: lists have no holes. */
static struct status coerce_use(struct coercion *c, const struct type_ref *type,
                                const struct graphql_literal *literal, struct graphql_given *out)
{
    *out = *coerce_variable(c, literal->text);
    if (out->kind == GRAPHQL_GIVEN_NOTHING)
        out->kind = GRAPHQL_GIVEN_NULL;
    if (out->kind == GRAPHQL_GIVEN_NULL && type->kind == TYPE_NON_NULL)
        return refuse(
            c, arena_printf(c->arena, "Variable \"$%.*s\" must not be null here.", TEXT_ARG(literal->text)));
    return DONE;
}

/* Recursion: the parser bounds how deep values nest (LIMIT_GRAPHQL_DEPTH). */
struct status coerce_literal(struct coercion *c, const struct type_ref *type,
                             const struct graphql_literal *literal, struct graphql_given *out)
{
    if (literal->kind == GRAPHQL_LITERAL_VARIABLE)
        return coerce_use(c, type, literal, out);
    *out = (struct graphql_given){.kind = GRAPHQL_GIVEN_NULL};
    if (literal->kind == GRAPHQL_LITERAL_NULL)
        return DONE;
    const struct type_ref *nullable = type_nullable(type);
    if (nullable->kind == TYPE_LIST)
        return coerce_list(c, nullable->of, literal, out);
    if (nullable->named->kind == GRAPHQL_INPUT_OBJECT)
        return coerce_object(c, nullable->named, literal, out);
    if (nullable->named->kind == GRAPHQL_ENUM)
        return coerce_enum(c, nullable->named, literal, out);
    return coerce_scalar(c, nullable->named, literal, out);
}

struct status coerce_initial(struct coercion *c, const struct type_ref *type,
                             const struct graphql_literal *initial, struct graphql_given *out)
{
    *out = nothing;
    return initial ? coerce_literal(c, type, initial, out) : DONE;
}

/* A variable without a value counts as an argument that is not there. */
static bool is_absent(const struct coercion *c, const struct graphql_argument *a)
{
    return !a || (a->value->kind == GRAPHQL_LITERAL_VARIABLE &&
                  coerce_variable(c, a->value->text)->kind == GRAPHQL_GIVEN_NOTHING);
}

struct status coerce_arguments(struct coercion *c, const struct schema_inputs *definitions,
                               const struct graphql_argument *arguments, struct graphql_given *out)
{
    for (int i = 0; i < definitions->names.count; i++)
        out[i] = nothing;
    for (const struct graphql_argument *a = arguments; a; a = a->next) {
        int i = names_find(&definitions->names, a->name);
        must(i >= 0);
        if (!is_absent(c, a))
            TRY(coerce_literal(c, definitions->list[i].type, a->value, &out[i]));
    }
    for (int i = 0; i < definitions->names.count; i++) {
        const struct schema_input *input = &definitions->list[i];
        if (out[i].kind != GRAPHQL_GIVEN_NOTHING)
            continue;
        TRY(coerce_initial(c, input->type, input->initial, &out[i]));
        if (out[i].kind == GRAPHQL_GIVEN_NOTHING && input->type->kind == TYPE_NON_NULL)
            return refuse(c, arena_printf(c->arena,
                                          "Argument \"%s\" is required, but its variable has no value.",
                                          input->row->name));
    }
    return DONE;
}
