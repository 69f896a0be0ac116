/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/variables.h"

#include "base/buffer.h"
#include "base/json_cursor.h"
#include "base/json_out.h"
#include "graphql/coerce.h"
#include "graphql/number.h"

/* From the JSON of a request to values of the types of the schema. Messages are gqlparser's. */

#define PATH_MAX_BYTES 4096

struct step {
    const struct step *parent;
    struct text name; /* or, without one: */
    size_t index;
};

struct reader {
    struct coercion *coercion;
    struct arena *arena;
    struct graphql_variable_problem *problem;
};

static struct status read_value(struct reader *r, const struct type_ref *type, struct text json,
                                const struct step *at, struct graphql_given *out);

static void write_path(const struct step *step, struct buffer *out)
{
    if (!step) {
        buffer_text(out, TEXT("[\"variable\""));
        return;
    }
    write_path(step->parent, out);
    if (step->name.p) {
        buffer_text(out, TEXT(",\""));
        json_escape_text(out, step->name);
        buffer_byte(out, '"');
    } else {
        buffer_printf(out, ",%zu", step->index);
    }
}

static struct status refuse(struct reader *r, const struct step *at, struct text message)
{
    OWNED(buffer_release) struct buffer path;
    buffer_init(&path, PATH_MAX_BYTES);
    write_path(at, &path);
    buffer_byte(&path, ']');
    struct status s = buffer_status(&path);
    if (s.code == E_NOMEM || !message.p)
        return STATUS(NOMEM);
    struct text text = status_ok(s) ? buffer_as_text(&path) : TEXT("[\"variable\"]");
    *r->problem = (struct graphql_variable_problem){message, arena_text(r->arena, text)};
    return r->problem->path.p ? STATUS(INVALID) : STATUS(NOMEM);
}

static const char *json_kind(struct text json)
{
    switch (json.n ? json.p[0] : '\0') {
    case '"':
        return "string";
    case '{':
        return "map";
    case '[':
        return "slice";
    case 't':
    case 'f':
        return "bool";
    default:
        return "number";
    }
}

static struct status wrong_kind(struct reader *r, const struct schema_type *type, struct text json,
                                const struct step *at)
{
    return refuse(r, at,
                  arena_printf(r->arena, "cannot use %s as %.*s", json_kind(json), TEXT_ARG(type->name)));
}

/* The text of a JSON string, borrowed when nothing is escaped. */
static struct text string_text(struct reader *r, struct text json)
{
    struct text inside = {json.p + 1, json.n - 2};
    if (!text_contains(inside, '\\'))
        return inside.n ? inside : TEXT("");
    char *out = arena_alloc(r->arena, json.n);
    if (!out)
        return (struct text){NULL, 0};
    return (struct text){out, json_string_copy(json, out)};
}

static struct status read_text(struct reader *r, const struct schema_type *type, struct text json,
                               const struct step *at, struct graphql_given *out)
{
    out->kind = GRAPHQL_GIVEN_TEXT;
    out->text = string_text(r, json);
    if (!out->text.p)
        return STATUS(NOMEM);
    if (type->row->accepts && !type->row->accepts(out->text))
        return wrong_kind(r, type, json, at);
    return DONE;
}

static bool is_number(struct text json)
{
    return json.n > 0 && (json.p[0] == '-' || (json.p[0] >= '0' && json.p[0] <= '9'));
}

static bool is_integer(struct text json)
{
    return is_number(json) && !text_contains(json, '.') && !text_contains(json, 'e') &&
           !text_contains(json, 'E');
}

/* 5.0 is an integer (section 3.5.1). */
static bool read_int(struct text json, struct graphql_given *out)
{
    double real;
    if (!is_number(json) || !number_to_float(json, &real) || real < INT32_MIN || real > INT32_MAX ||
        (double)(int32_t)real < real || (double)(int32_t)real > real)
        return false;
    out->kind = GRAPHQL_GIVEN_INT;
    out->integer = (int64_t)real;
    return true;
}

static struct status read_scalar(struct reader *r, const struct schema_type *type, struct text json,
                                 const struct step *at, struct graphql_given *out)
{
    bool is_string = json.p[0] == '"';
    switch (type->row->like) {
    case GRAPHQL_STRING:
        return is_string ? read_text(r, type, json, at, out) : wrong_kind(r, type, json, at);
    case GRAPHQL_ID:
        if (is_string)
            return read_text(r, type, json, at, out);
        *out = (struct graphql_given){.kind = GRAPHQL_GIVEN_TEXT, .text = json};
        return is_integer(json) ? DONE : wrong_kind(r, type, json, at);
    case GRAPHQL_INT:
        return read_int(json, out) ? DONE : wrong_kind(r, type, json, at);
    case GRAPHQL_FLOAT:
        out->kind = GRAPHQL_GIVEN_FLOAT;
        return is_number(json) && number_to_float(json, &out->real) ? DONE : wrong_kind(r, type, json, at);
    case GRAPHQL_BOOLEAN:
        *out = (struct graphql_given){.kind = GRAPHQL_GIVEN_BOOL, .integer = json.p[0] == 't'};
        return json.p[0] == 't' || json.p[0] == 'f' ? DONE : wrong_kind(r, type, json, at);
    case GRAPHQL_ANY:
        break;
    }
    *out = (struct graphql_given){.kind = GRAPHQL_GIVEN_JSON, .text = json};
    return DONE;
}

static struct status read_enum(struct reader *r, const struct schema_type *type, struct text json,
                               const struct step *at, struct graphql_given *out)
{
    if (json.p[0] != '"')
        return refuse(r, at, TEXT("enums must be ints or strings"));
    struct text name = string_text(r, json);
    if (!name.p)
        return STATUS(NOMEM);
    int i = schema_find_value(type, name);
    if (i < 0)
        return refuse(r, at,
                      arena_printf(r->arena, "%.*s is not a valid %.*s", (int)(name.n < 64 ? name.n : 64),
                                   name.p, TEXT_ARG(type->name)));
    *out = (struct graphql_given){.kind = GRAPHQL_GIVEN_ENUM,
                                  .text = text_of(type->row->values[i].name),
                                  .integer = type->row->values[i].value};
    return DONE;
}

static struct status read_member(struct reader *r, const struct schema_type *type, struct text key,
                                 struct text json, const struct step *at, struct graphql_given *items)
{
    struct text name = string_text(r, key);
    if (!name.p)
        return STATUS(NOMEM);
    struct step step = {.parent = at, .name = name};
    int i = names_find(&type->inputs.names, name);
    if (i >= 0)
        return read_value(r, type->inputs.list[i].type, json, &step, &items[i]);
    /* Apollo's cache sends back what it was given. */
    return text_equal(name, TEXT("__typename")) ? DONE : refuse(r, &step, TEXT("unknown field"));
}

static struct status fill_object(struct reader *r, const struct schema_type *type, const struct step *at,
                                 struct graphql_given *items)
{
    for (int i = 0; i < type->inputs.names.count; i++) {
        const struct schema_input *input = &type->inputs.list[i];
        if (items[i].kind != GRAPHQL_GIVEN_NOTHING)
            continue;
        struct step step = {.parent = at, .name = text_of(input->row->name)};
        if (input_is_required(input))
            return refuse(r, &step, TEXT("must be defined"));
        TRY(coerce_initial(r->coercion, input->type, input->initial, &items[i]));
    }
    return DONE;
}

static struct status read_object(struct reader *r, const struct schema_type *type, struct text json,
                                 const struct step *at, struct graphql_given *out)
{
    if (json.p[0] != '{')
        return refuse(r, at, arena_printf(r->arena, "must be a %.*s", TEXT_ARG(type->name)));
    size_t count = (size_t)type->inputs.names.count;
    struct graphql_given *items = arena_array(r->arena, count, sizeof(items[0]));
    if (!items)
        return STATUS(NOMEM);
    struct json_cursor c = json_cursor_at(json);
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        struct text key = json_cursor_key(&c);
        TRY(read_member(r, type, key, json_cursor_skip(&c), at, items));
    }
    TRY(fill_object(r, type, at, items));
    *out = (struct graphql_given){
        .kind = GRAPHQL_GIVEN_OBJECT, .count = count, .items = items, .inputs = type->row->inputs};
    return DONE;
}

static size_t count_items(struct text json)
{
    size_t count = 0;
    struct json_cursor c = json_cursor_at(json);
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        json_cursor_skip(&c);
        count++;
    }
    return count;
}

static struct status read_list(struct reader *r, const struct type_ref *of, struct text json,
                               const struct step *at, struct graphql_given *out)
{
    bool is_list = json.p[0] == '[';
    size_t count = is_list ? count_items(json) : 1;
    struct graphql_given *items = arena_array(r->arena, count, sizeof(items[0]));
    if (!items)
        return STATUS(NOMEM);
    struct step step = {.parent = at};
    if (!is_list)
        TRY(read_value(r, of, json, &step, &items[0]));
    struct json_cursor c = json_cursor_at(json);
    for (bool more = is_list && json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        TRY(read_value(r, of, json_cursor_skip(&c), &step, &items[step.index]));
        step.index++;
    }
    *out = (struct graphql_given){.kind = GRAPHQL_GIVEN_LIST, .count = count, .items = items};
    return DONE;
}

/* Recursion: json_scan bounds how deep JSON nests (JSON_DEPTH_MAX), the parser how deep types do. */
static struct status read_value(struct reader *r, const struct type_ref *type, struct text json,
                                const struct step *at, struct graphql_given *out)
{
    *out = (struct graphql_given){.kind = GRAPHQL_GIVEN_NULL};
    if (json.n == 0 || json.p[0] == 'n')
        return type->kind == TYPE_NON_NULL ? refuse(r, at, TEXT("cannot be null")) : DONE;
    const struct type_ref *nullable = type_nullable(type);
    if (nullable->kind == TYPE_LIST)
        return read_list(r, nullable->of, json, at, out);
    if (nullable->named->kind == GRAPHQL_INPUT_OBJECT)
        return read_object(r, nullable->named, json, at, out);
    if (nullable->named->kind == GRAPHQL_ENUM)
        return read_enum(r, nullable->named, json, at, out);
    return read_scalar(r, nullable->named, json, at, out);
}

/* The raw value of each variable; {NULL, 0} when it was not sent. */
static struct status find_values(struct reader *r, const struct graphql_operation *operation,
                                 struct text json, struct text *raw)
{
    struct json_cursor c = json_cursor_at(json);
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        struct text name = string_text(r, json_cursor_key(&c));
        if (!name.p)
            return STATUS(NOMEM);
        struct text value = json_cursor_skip(&c);
        const struct graphql_variable *v = operation->variables;
        while (v && !text_equal(v->name, name))
            v = v->next;
        if (v)
            raw[v->index] = value;
    }
    return DONE;
}

static struct status read_variable(struct reader *r, const struct graphql_variable *v, struct text json,
                                   struct graphql_given *out)
{
    struct step step = {.name = v->name};
    if (json.p)
        return read_value(r, v->ref, json, &step, out);
    if (!v->initial && v->ref->kind == TYPE_NON_NULL)
        return refuse(r, &step, TEXT("must be defined"));
    return coerce_initial(r->coercion, v->ref, v->initial, out);
}

struct status graphql_variables_read(const struct graphql_operation *operation, struct text json,
                                     struct arena *arena, struct graphql_variables *out,
                                     struct graphql_variable_problem *out_problem)
{
    *out = (struct graphql_variables){NULL, 0};
    if (operation->variable_count == 0)
        return DONE;
    size_t count = (size_t)operation->variable_count;
    struct text *raw = arena_array(arena, count, sizeof(raw[0]));
    struct graphql_given *values = arena_array(arena, count, sizeof(values[0]));
    if (!raw || !values)
        return STATUS(NOMEM);
    struct coercion coercion = {.arena = arena};
    struct reader r = {.coercion = &coercion, .arena = arena, .problem = out_problem};
    if (json.n && json.p[0] == '{')
        TRY(find_values(&r, operation, json, raw));
    for (const struct graphql_variable *v = operation->variables; v; v = v->next)
        TRY(read_variable(&r, v, raw[v->index], &values[v->index]));
    *out = (struct graphql_variables){values, operation->variable_count};
    return DONE;
}
