/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/execute_internal.h"

#include <math.h>

#include "base/json_out.h"
#include "base/limits.h"
#include "graphql/number.h"

/* CompleteValue(), section 6.4.3: what a resolver handed back, as JSON of the field's type. */

static void write_text(struct buffer *out, struct text text)
{
    buffer_byte(out, '"');
    json_escape_text(out, text);
    buffer_byte(out, '"');
}

static void write_int(struct buffer *out, int64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        digits[--at] = '-';
    buffer_text(out, (struct text){digits + at, sizeof(digits) - at});
}

/* A resolver handed back what its field cannot be: our bug, told as gqlgen tells a panic. */
static enum outcome wrong_value(struct execution *run, const struct type_ref *type, const struct place *place)
{
    return execution_error(run, place, "internal system error: the value is no %.*s",
                           TEXT_ARG(type->named->name));
}

static enum outcome complete_text(struct execution *run, const struct type_ref *type,
                                  const struct graphql_value *value, const struct place *place)
{
    const struct schema_type *named = type->named;
    bool fits = named->kind == GRAPHQL_ENUM
                    ? schema_find_value(named, value->text) >= 0
                    : named->row->like == GRAPHQL_STRING || named->row->like == GRAPHQL_ID ||
                          named->row->like == GRAPHQL_ANY;
    if (!fits)
        return wrong_value(run, type, place);
    write_text(run->out, value->text);
    return OUTCOME_WRITTEN;
}

static enum outcome complete_int(struct execution *run, const struct type_ref *type, int64_t value,
                                 const struct place *place)
{
    enum graphql_scalar like = type->named->row->like;
    if (type->named->kind != GRAPHQL_SCALAR || like == GRAPHQL_STRING || like == GRAPHQL_BOOLEAN)
        return wrong_value(run, type, place);
    if (like == GRAPHQL_INT && (value < INT32_MIN || value > INT32_MAX))
        return execution_error(run, place, "Int cannot represent non 32-bit signed integer value: %lld",
                               (long long)value);
    if (like == GRAPHQL_ID)
        buffer_byte(run->out, '"');
    write_int(run->out, value);
    if (like == GRAPHQL_ID)
        buffer_byte(run->out, '"');
    return OUTCOME_WRITTEN;
}

static enum outcome complete_float(struct execution *run, const struct type_ref *type, double value,
                                   const struct place *place)
{
    enum graphql_scalar like = type->named->row->like;
    char digits[32];
    if (type->named->kind != GRAPHQL_SCALAR || (like != GRAPHQL_FLOAT && like != GRAPHQL_ANY) ||
        !isfinite(value))
        return wrong_value(run, type, place);
    buffer_text(run->out, (struct text){digits, number_from_float(value, digits)});
    return OUTCOME_WRITTEN;
}

static enum outcome complete_bool(struct execution *run, const struct type_ref *type, bool value,
                                  const struct place *place)
{
    enum graphql_scalar like = type->named->row->like;
    if (type->named->kind != GRAPHQL_SCALAR || (like != GRAPHQL_BOOLEAN && like != GRAPHQL_ANY))
        return wrong_value(run, type, place);
    buffer_text(run->out, value ? TEXT("true") : TEXT("false"));
    return OUTCOME_WRITTEN;
}

static enum outcome complete_json(struct execution *run, const struct type_ref *type,
                                  const struct graphql_value *value, const struct place *place)
{
    if (type->named->kind != GRAPHQL_SCALAR)
        return wrong_value(run, type, place);
    buffer_text(run->out, value->text);
    return OUTCOME_WRITTEN;
}

static const struct schema_type *object_type(const struct execution *run, const struct type_ref *type,
                                             const struct graphql_value *value)
{
    if (type->named->kind == GRAPHQL_OBJECT)
        return type->named;
    const struct schema_type *found =
        value->type ? schema_find_type(run->given->schema, text_of(value->type)) : NULL;
    return found && schema_type_is_possible(type->named, found) ? found : NULL;
}

static enum outcome complete_object(struct execution *run, const struct type_ref *type,
                                    const struct graphql_value *value, const struct place *place)
{
    const struct schema_type *object =
        kind_is_composite(type->named->kind) ? object_type(run, type, value) : NULL;
    if (!object)
        return wrong_value(run, type, place);
    struct collected *fields;
    struct status s = collect_below(&run->collector, place->group, object, &fields);
    if (!status_ok(s))
        return s.code == E_INVALID ? execution_error(run, place, "%.*s", TEXT_ARG(run->coercion.problem))
                                   : execution_stop(run, s.code);
    return execution_fields(run, fields, value->object, place);
}

/* The item's value; or an outcome other than WRITTEN. */
static enum outcome make_item(struct execution *run, struct graphql_call *call,
                              const struct graphql_value *list, const struct place *place,
                              struct graphql_value *out)
{
    *out = graphql_null();
    if (++run->resolved > LIMIT_GRAPHQL_RESOLVED)
        return execution_stop(run, E_TOO_LARGE);
    if (!list->item) {
        *out = graphql_object((const char *)list->object + place->index * list->stride);
        return OUTCOME_WRITTEN;
    }
    struct status s = list->item(call, list->object, place->index, out);
    return status_ok(s) ? OUTCOME_WRITTEN : execution_refused(run, place, s.code);
}

/* An item that failed is null if the type of items allows it. */
static enum outcome complete_item(struct execution *run, struct graphql_call *call, const struct type_ref *of,
                                  const struct graphql_value *list, const struct place *place)
{
    struct graphql_value item;
    enum outcome made = make_item(run, call, list, place, &item);
    if (made == OUTCOME_WRITTEN)
        return execution_complete(run, call, of, &item, place);
    if (made == OUTCOME_STOP || of->kind == TYPE_NON_NULL)
        return made;
    buffer_text(run->out, TEXT("null"));
    return OUTCOME_WRITTEN;
}

static enum outcome complete_list(struct execution *run, struct graphql_call *call, const struct type_ref *of,
                                  const struct graphql_value *value, const struct place *place)
{
    if (value->kind != GRAPHQL_VALUE_LIST)
        return execution_error(run, place, "internal system error: the value is no list");
    buffer_byte(run->out, '[');
    struct place item = {.parent = place, .group = place->group, .is_item = true};
    for (item.index = 0; item.index < value->count; item.index++) {
        if (item.index)
            buffer_byte(run->out, ',');
        enum outcome o = complete_item(run, call, of, value, &item);
        if (o != OUTCOME_WRITTEN)
            return o;
    }
    buffer_byte(run->out, ']');
    return OUTCOME_WRITTEN;
}

static enum outcome complete_not_null(struct execution *run, struct graphql_call *call,
                                      const struct type_ref *type, const struct graphql_value *value,
                                      const struct place *place)
{
    if (type->kind == TYPE_LIST && value->kind != GRAPHQL_VALUE_JSON)
        return complete_list(run, call, type->of, value, place);
    switch (value->kind) {
    case GRAPHQL_VALUE_NULL:
    case GRAPHQL_VALUE_LIST:
        break;
    case GRAPHQL_VALUE_TEXT:
        if (kind_is_composite(type->named->kind))
            break;
        return complete_text(run, type, value, place);
    case GRAPHQL_VALUE_INT:
        return complete_int(run, type, value->integer, place);
    case GRAPHQL_VALUE_FLOAT:
        return complete_float(run, type, value->real, place);
    case GRAPHQL_VALUE_BOOL:
        return complete_bool(run, type, value->integer != 0, place);
    case GRAPHQL_VALUE_JSON:
        return complete_json(run, type, value, place);
    case GRAPHQL_VALUE_OBJECT:
        return complete_object(run, type, value, place);
    }
    return wrong_value(run, type, place);
}

enum outcome execution_complete(struct execution *run, struct graphql_call *call, const struct type_ref *type,
                                const struct graphql_value *value, const struct place *place)
{
    const bool required = type->kind == TYPE_NON_NULL;
    if (value->kind == GRAPHQL_VALUE_NULL && required)
        return execution_error(run, place, "Cannot return null for non-nullable field %.*s.%s.",
                               TEXT_ARG(place->group->field->parent->name), place->group->field->row->name);
    if (value->kind == GRAPHQL_VALUE_NULL) {
        buffer_text(run->out, TEXT("null"));
        return OUTCOME_WRITTEN;
    }
    size_t mark = buffer_size(run->out);
    enum outcome o = complete_not_null(run, call, type_nullable(type), value, place);
    if (o != OUTCOME_ERROR || required)
        return o;
    /* The nearest that may be null around the error is null; what was written of it goes. */
    buffer_cut(run->out, mark);
    buffer_text(run->out, TEXT("null"));
    return OUTCOME_WRITTEN;
}
