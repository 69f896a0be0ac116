/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/json_schema.h"

#include "base/buffer.h"
#include "base/json_cursor.h"
#include "registry/decode_values.h"

/* json_scan bounds the depth of both, and the tokens of each; a small schema and a small value still multiply
 * (enum, required), so the steps are counted, too. */
#define STEPS_MAX 200000

struct check {
    struct error *err;
    unsigned steps;
};

static struct status step(struct check *k)
{
    return ++k->steps <= STEPS_MAX ? DONE : error_set(k->err, E_INVALID, "the schema asks for too much work");
}

static struct status wrong(struct check *k, const struct place *at, const char *what)
{
    char place[PLACE_TEXT];
    return error_set(k->err, E_INVALID, "%s: %s", at ? place_text(at, place) : "the value", what);
}

/* ---- equality, of what enum and const list ---- */

/* Names and strings are compared as they are written, but for escapes, numbers as they are written. */
static bool is_same_string(struct text a, struct text b)
{
    const struct text inner = {b.p + 1, b.n - 2};
    if (text_equal(a, b))
        return true;
    if (!text_contains(a, '\\') && !text_contains(b, '\\'))
        return false;
    OWNED(buffer_release) struct buffer x;
    OWNED(buffer_release) struct buffer y;
    buffer_init(&x, a.n + 1);
    buffer_init(&y, inner.n + 3);
    return status_ok(json_string_decode(a, &x)) && status_ok(json_string_decode(b, &y)) &&
           text_equal(buffer_as_text(&x), buffer_as_text(&y));
}

/* Scalars; arrays and objects are the same when they are written the same. */
static bool is_same(struct text a, struct text b)
{
    const struct json_cursor x = json_cursor_at(a), y = json_cursor_at(b);
    if (json_cursor_type(&x) != json_cursor_type(&y))
        return false;
    return json_cursor_type(&x) == JSON_TYPE_STRING ? is_same_string(a, b) : text_equal(a, b);
}

/* ---- keywords ---- */

static bool is_integer(struct text number)
{
    return !text_contains(number, '.') && !text_contains(number, 'e') && !text_contains(number, 'E');
}

static bool is_of_type(struct text value, struct text raw_name)
{
    static const struct {
        struct text name;
        enum json_type type;
    } rows[] = {
        {TEXT_INIT("null"), JSON_TYPE_NULL},     {TEXT_INIT("boolean"), JSON_TYPE_BOOL},
        {TEXT_INIT("number"), JSON_TYPE_NUMBER}, {TEXT_INIT("integer"), JSON_TYPE_NUMBER},
        {TEXT_INIT("string"), JSON_TYPE_STRING}, {TEXT_INIT("array"), JSON_TYPE_ARRAY},
        {TEXT_INIT("object"), JSON_TYPE_OBJECT},
    };
    const struct json_cursor c = json_cursor_at(value);
    const struct text name = name_of_key(raw_name);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (text_equal(name, rows[i].name))
            return json_cursor_type(&c) == rows[i].type &&
                   (!text_equal(name, TEXT("integer")) || is_integer(value));
    }
    return false;
}

static struct status check_type(struct check *k, const struct place *at, struct text types, struct text value)
{
    struct json_cursor c = json_cursor_at(types);
    if (json_cursor_type(&c) != JSON_TYPE_ARRAY)
        return is_of_type(value, types) ? DONE : wrong(k, at, "is not of the type that the schema asks for");
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        if (is_of_type(value, json_cursor_skip(&c)))
            return DONE;
    }
    return wrong(k, at, "is of none of the types that the schema allows");
}

static struct status check_enum(struct check *k, const struct place *at, struct text list, struct text value)
{
    struct json_cursor c = json_cursor_at(list);
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        TRY(step(k));
        if (is_same(json_cursor_skip(&c), value))
            return DONE;
    }
    return wrong(k, at, "is none of the values that the schema allows");
}

/* The member of that raw name; {NULL, 0} without. */
static struct text member_of(struct text object, struct text raw_name)
{
    struct json_cursor c = json_cursor_at(object);
    struct text found = {NULL, 0};
    if (json_cursor_type(&c) != JSON_TYPE_OBJECT)
        return found;
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        const struct text key = json_cursor_key(&c);
        const struct text value = json_cursor_skip(&c);
        if (is_same_string(key, raw_name))
            found = value;
    }
    return found;
}

static bool is_object(struct text json)
{
    const struct json_cursor c = json_cursor_at(json);
    return json.p && json_cursor_type(&c) == JSON_TYPE_OBJECT;
}

static struct status check_required(struct check *k, const struct place *at, struct text list,
                                    struct text value)
{
    struct json_cursor c = json_cursor_at(list);
    for (bool more = is_object(value) && json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        const struct text name = json_cursor_skip(&c);
        TRY(step(k));
        if (!member_of(value, name).p)
            return wrong(k, &(struct place){.up = at, .name = name_of_key(name)}, "is missing");
    }
    return DONE;
}

/* ---- schemas in schemas ---- */

static struct status check_schema(struct check *k, const struct place *at, struct text schema,
                                  struct text value);

static struct status check_items(struct check *k, const struct place *at, struct text schema,
                                 struct text value)
{
    struct json_cursor c = json_cursor_at(value);
    struct place item = {.up = at};
    if (json_cursor_type(&c) != JSON_TYPE_ARRAY)
        return DONE;
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c), item.index++)
        TRY(check_schema(k, &item, schema, json_cursor_skip(&c)));
    return DONE;
}

/* `properties`, and `additionalProperties` for those that are not among them; either may be absent. */
static struct status check_members(struct check *k, const struct place *at, struct text schema,
                                   struct text value)
{
    const struct text known = member_of(schema, TEXT("\"properties\""));
    const struct text others = member_of(schema, TEXT("\"additionalProperties\""));
    struct json_cursor c = json_cursor_at(value);
    for (bool more = is_object(value) && json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        const struct text key = json_cursor_key(&c);
        const struct place member = {.up = at, .name = name_of_key(key)};
        const struct text of = known.p ? member_of(known, key) : known;
        const struct text inner = json_cursor_skip(&c);
        if (of.p || others.p)
            TRY(check_schema(k, &member, of.p ? of : others, inner));
    }
    return DONE;
}

enum keyword { KEYWORD_NOTE, KEYWORD_TYPE, KEYWORD_ENUM, KEYWORD_CONST, KEYWORD_REQUIRED, KEYWORD_ITEMS };

static struct status check_keyword(struct check *k, const struct place *at, struct text raw_key,
                                   struct text schema, struct text value)
{
    static const struct {
        struct text name;
        enum keyword keyword;
        enum json_type type; /* JSON_TYPE_NULL: any */
    } rows[] = {
        {TEXT_INIT("type"), KEYWORD_TYPE, JSON_TYPE_NULL},
        {TEXT_INIT("enum"), KEYWORD_ENUM, JSON_TYPE_ARRAY},
        {TEXT_INIT("const"), KEYWORD_CONST, JSON_TYPE_NULL},
        {TEXT_INIT("required"), KEYWORD_REQUIRED, JSON_TYPE_ARRAY},
        {TEXT_INIT("items"), KEYWORD_ITEMS, JSON_TYPE_OBJECT},
        {TEXT_INIT("properties"), KEYWORD_NOTE, JSON_TYPE_OBJECT}, /* check_members() */
        {TEXT_INIT("additionalProperties"), KEYWORD_NOTE, JSON_TYPE_NULL},
        {TEXT_INIT("$schema"), KEYWORD_NOTE, JSON_TYPE_NULL},
        {TEXT_INIT("$id"), KEYWORD_NOTE, JSON_TYPE_NULL},
        {TEXT_INIT("$comment"), KEYWORD_NOTE, JSON_TYPE_NULL},
        {TEXT_INIT("title"), KEYWORD_NOTE, JSON_TYPE_NULL},
        {TEXT_INIT("description"), KEYWORD_NOTE, JSON_TYPE_NULL},
        {TEXT_INIT("default"), KEYWORD_NOTE, JSON_TYPE_NULL},
        {TEXT_INIT("examples"), KEYWORD_NOTE, JSON_TYPE_NULL},
    };
    const struct text name = name_of_key(raw_key);
    const struct json_cursor c = json_cursor_at(schema);
    size_t i = 0;
    while (i < sizeof rows / sizeof rows[0] && !text_equal(name, rows[i].name))
        i++;
    if (i == sizeof rows / sizeof rows[0] ||
        (rows[i].type != JSON_TYPE_NULL && rows[i].type != json_cursor_type(&c)))
        return error_set(k->err, E_INVALID, "the schema's keyword \"%.*s\" is not supported here",
                         TEXT_ARG(text_first(name, 64)));
    switch (rows[i].keyword) {
    case KEYWORD_NOTE:
        break;
    case KEYWORD_TYPE:
        return check_type(k, at, schema, value);
    case KEYWORD_ENUM:
        return check_enum(k, at, schema, value);
    case KEYWORD_CONST:
        return is_same(schema, value) ? DONE : wrong(k, at, "is not the value that the schema asks for");
    case KEYWORD_REQUIRED:
        return check_required(k, at, schema, value);
    case KEYWORD_ITEMS:
        return check_items(k, at, schema, value);
    }
    return DONE;
}

static struct status check_schema(struct check *k, const struct place *at, struct text schema,
                                  struct text value)
{
    struct json_cursor c = json_cursor_at(schema);
    TRY(step(k));
    if (json_cursor_type(&c) == JSON_TYPE_BOOL)
        return text_equal(schema, TEXT("true")) ? DONE : wrong(k, at, "is not allowed by the schema");
    if (json_cursor_type(&c) != JSON_TYPE_OBJECT)
        return error_set(k->err, E_INVALID, "the schema is no object");
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        const struct text key = json_cursor_key(&c);
        TRY(check_keyword(k, at, key, json_cursor_skip(&c), value));
    }
    return check_members(k, at, schema, value);
}

struct status json_schema_check(struct text schema, struct text value, struct error *err)
{
    struct check k = {.err = err};
    return check_schema(&k, NULL, text_trim(schema), text_trim(value));
}
