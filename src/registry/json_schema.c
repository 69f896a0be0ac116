/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/json_schema.h"

#include <math.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/json_cursor.h"
#include "registry/decode_values.h"

/* json_scan bounds the depth of both, but schema and value multiply (enum, required, properties). So every
 * look at a byte counts, and every look at anything as some more: a few milliseconds in all. */
#define WORK_MAX     (2u * 1024 * 1024)
#define WORK_LOOK    32
#define WORK_DECODED 256 /* of strings with escapes */

#define NUMBER_MAX 64 /* characters of a number that is compared */
#define TYPES_MAX  7  /* there are no more */

struct check {
    struct error *err;
    size_t work;
};

static struct status work(struct check *k, size_t bytes)
{
    k->work += WORK_LOOK + bytes;
    return k->work <= WORK_MAX ? DONE : error_set(k->err, E_INVALID, "the schema asks for too much work");
}

static struct status wrong(struct check *k, const struct place *at, const char *what)
{
    char place[PLACE_TEXT];
    return error_set(k->err, E_INVALID, "%s: %s", at ? place_text(at, place) : "the value", what);
}

/* Without what is around it. */
static struct text value_alone(struct text json)
{
    struct json_cursor c = json_cursor_at(json);
    return json_cursor_skip(&c);
}

static enum json_type type_of(struct text json)
{
    const struct json_cursor c = json_cursor_at(json);
    return json_cursor_type(&c);
}

/* ---- equality, of what enum and const list ---- */

/* As they are written, but for escapes. */
static struct status same_string(struct check *k, struct text a, struct text b, bool *out)
{
    TRY(work(k, a.n + b.n));
    *out = text_equal(a, b);
    if (*out || (!text_contains(a, '\\') && !text_contains(b, '\\')))
        return DONE;
    TRY(work(k, WORK_DECODED));
    OWNED(buffer_release) struct buffer x;
    OWNED(buffer_release) struct buffer y;
    buffer_init(&x, a.n);
    buffer_init(&y, b.n);
    TRY(json_string_decode(a, &x));
    TRY(json_string_decode(b, &y));
    *out = text_equal(buffer_as_text(&x), buffer_as_text(&y));
    return DONE;
}

/* Scalars; numbers, arrays and objects are the same when they are written the same. */
static struct status same(struct check *k, struct text a, struct text b, bool *out)
{
    if (type_of(a) == JSON_TYPE_STRING && type_of(b) == JSON_TYPE_STRING)
        return same_string(k, a, b, out);
    *out = text_equal(a, b);
    return work(k, a.n);
}

/* The member of that raw name; {NULL, 0} without, and of what is no object. */
static struct status find_member(struct check *k, struct text object, struct text raw_name, struct text *out)
{
    struct json_cursor c = json_cursor_at(object);
    *out = (struct text){NULL, 0};
    if (json_cursor_type(&c) != JSON_TYPE_OBJECT)
        return DONE;
    TRY(work(k, object.n));
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        const struct text key = json_cursor_key(&c);
        const struct text value = json_cursor_skip(&c);
        bool found;
        TRY(same_string(k, key, raw_name, &found));
        if (found)
            *out = value;
    }
    return DONE;
}

/* ---- numbers and lengths ---- */

/* 1, 1.0 and 10e-1 are one number: behind the point is nothing but zeros once the exponent has moved it. */
static bool is_integer(struct text number)
{
    size_t e = 0;
    while (e < number.n && (number.p[e] | 0x20) != 'e')
        e++;
    struct text fraction = text_first(number, e), exponent = text_from(number, e + 1);
    const struct text whole = text_cut(&fraction, '.');
    size_t zeros = 0;
    while (zeros < whole.n && whole.p[whole.n - 1 - zeros] == '0')
        zeros++;
    while (fraction.n > 0 && fraction.p[fraction.n - 1] == '0')
        fraction.n--;
    if (fraction.n == 0 && (text_equal(whole, TEXT("0")) || text_equal(whole, TEXT("-0"))))
        return true;
    const bool left = text_starts_with(exponent, TEXT("-"));
    if (left || text_starts_with(exponent, TEXT("+")))
        exponent = text_from(exponent, 1);
    uint64_t by = 0;
    if (exponent.n > 0 && !text_to_u64(exponent, SIZE_MAX, &by))
        by = SIZE_MAX;
    return left ? fraction.n == 0 && zeros >= by : fraction.n <= by;
}

/* False: it is too long, or too large to be compared. */
static bool number_of(struct text json, double *out)
{
    char digits[NUMBER_MAX + 1];
    if (type_of(json) != JSON_TYPE_NUMBER || !text_to_cstr(json, digits, sizeof digits))
        return false;
    *out = strtod(digits, NULL);
    return isfinite(*out);
}

static struct status characters_of(struct check *k, struct text raw, double *out)
{
    OWNED(buffer_release) struct buffer decoded;
    size_t points = 0;
    buffer_init(&decoded, raw.n);
    TRY(work(k, raw.n + WORK_DECODED));
    TRY(json_string_decode(raw, &decoded));
    const struct text t = buffer_as_text(&decoded);
    for (size_t i = 0; i < t.n; i++)
        points += ((uint8_t)t.p[i] & 0xc0) != 0x80;
    *out = (double)points;
    return DONE;
}

static struct status items_of(struct check *k, struct text array, double *out)
{
    struct json_cursor c = json_cursor_at(array);
    size_t count = 0;
    TRY(work(k, array.n));
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c), count++)
        (void)json_cursor_skip(&c);
    *out = (double)count;
    return DONE;
}

/* ---- the keywords there are ---- */

enum keyword {
    KEYWORD_NOTE,
    KEYWORD_TYPE,
    KEYWORD_ENUM,
    KEYWORD_CONST,
    KEYWORD_REQUIRED,
    KEYWORD_ITEMS,
    KEYWORD_MEMBERS, /* check_members() has it */
    KEYWORD_LEAST,
    KEYWORD_MOST,
};
enum shape {
    SHAPE_ANY,
    SHAPE_TYPES,
    SHAPE_LIST,
    SHAPE_NAMES,
    SHAPE_SCHEMA,
    SHAPE_SCHEMAS,
    SHAPE_NUMBER,
    SHAPE_COUNT
};

struct keyword_row {
    struct text name;
    enum keyword keyword;
    enum shape shape;
    enum json_type of; /* KEYWORD_LEAST and _MOST: says nothing of others */
};

static const struct keyword_row *keyword_of(struct text raw_key)
{
    static const struct keyword_row rows[] = {
        {TEXT_INIT("type"), KEYWORD_TYPE, SHAPE_TYPES, JSON_TYPE_NULL},
        {TEXT_INIT("enum"), KEYWORD_ENUM, SHAPE_LIST, JSON_TYPE_NULL},
        {TEXT_INIT("const"), KEYWORD_CONST, SHAPE_ANY, JSON_TYPE_NULL},
        {TEXT_INIT("required"), KEYWORD_REQUIRED, SHAPE_NAMES, JSON_TYPE_NULL},
        {TEXT_INIT("items"), KEYWORD_ITEMS, SHAPE_SCHEMA, JSON_TYPE_NULL},
        {TEXT_INIT("properties"), KEYWORD_MEMBERS, SHAPE_SCHEMAS, JSON_TYPE_NULL},
        {TEXT_INIT("additionalProperties"), KEYWORD_MEMBERS, SHAPE_SCHEMA, JSON_TYPE_NULL},
        {TEXT_INIT("minimum"), KEYWORD_LEAST, SHAPE_NUMBER, JSON_TYPE_NUMBER},
        {TEXT_INIT("maximum"), KEYWORD_MOST, SHAPE_NUMBER, JSON_TYPE_NUMBER},
        {TEXT_INIT("minLength"), KEYWORD_LEAST, SHAPE_COUNT, JSON_TYPE_STRING},
        {TEXT_INIT("maxLength"), KEYWORD_MOST, SHAPE_COUNT, JSON_TYPE_STRING},
        {TEXT_INIT("minItems"), KEYWORD_LEAST, SHAPE_COUNT, JSON_TYPE_ARRAY},
        {TEXT_INIT("maxItems"), KEYWORD_MOST, SHAPE_COUNT, JSON_TYPE_ARRAY},
        {TEXT_INIT("$schema"), KEYWORD_NOTE, SHAPE_ANY, JSON_TYPE_NULL},
        {TEXT_INIT("$id"), KEYWORD_NOTE, SHAPE_ANY, JSON_TYPE_NULL},
        {TEXT_INIT("$comment"), KEYWORD_NOTE, SHAPE_ANY, JSON_TYPE_NULL},
        {TEXT_INIT("title"), KEYWORD_NOTE, SHAPE_ANY, JSON_TYPE_NULL},
        {TEXT_INIT("description"), KEYWORD_NOTE, SHAPE_ANY, JSON_TYPE_NULL},
        {TEXT_INIT("default"), KEYWORD_NOTE, SHAPE_ANY, JSON_TYPE_NULL},
        {TEXT_INIT("examples"), KEYWORD_NOTE, SHAPE_ANY, JSON_TYPE_NULL},
        {TEXT_INIT("format"), KEYWORD_NOTE, SHAPE_ANY, JSON_TYPE_NULL},
        /* without "$ref" nothing leads there */
        {TEXT_INIT("definitions"), KEYWORD_NOTE, SHAPE_ANY, JSON_TYPE_NULL},
        {TEXT_INIT("$defs"), KEYWORD_NOTE, SHAPE_ANY, JSON_TYPE_NULL},
    };
    const struct text name = name_of_key(raw_key);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (text_equal(name, rows[i].name))
            return &rows[i];
    }
    return NULL;
}

/* False: there is no such type. */
static bool type_named(struct text raw_name, enum json_type *out, bool *out_integer)
{
    static const struct {
        struct text name;
        enum json_type type;
    } rows[TYPES_MAX] = {
        {TEXT_INIT("\"null\""), JSON_TYPE_NULL},     {TEXT_INIT("\"boolean\""), JSON_TYPE_BOOL},
        {TEXT_INIT("\"number\""), JSON_TYPE_NUMBER}, {TEXT_INIT("\"integer\""), JSON_TYPE_NUMBER},
        {TEXT_INIT("\"string\""), JSON_TYPE_STRING}, {TEXT_INIT("\"array\""), JSON_TYPE_ARRAY},
        {TEXT_INIT("\"object\""), JSON_TYPE_OBJECT},
    };
    for (size_t i = 0; i < TYPES_MAX; i++) {
        if (text_equal(raw_name, rows[i].name)) {
            *out = rows[i].type;
            *out_integer = text_equal(raw_name, TEXT("\"integer\""));
            return true;
        }
    }
    return false;
}

static bool is_type(struct text raw_name)
{
    enum json_type type;
    bool integer;
    return type_named(raw_name, &type, &integer);
}

static bool is_string(struct text json)
{
    return type_of(json) == JSON_TYPE_STRING;
}

/* Of 1 to `most` items that are all so. */
static bool is_list_of(struct text json, size_t most, bool is(struct text item))
{
    struct json_cursor c = json_cursor_at(json);
    size_t count = 0;
    bool fits = true;
    if (json_cursor_type(&c) != JSON_TYPE_ARRAY)
        return false;
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c), count++)
        fits = is(json_cursor_skip(&c)) && fits;
    return fits && count <= most;
}

static bool has_shape(struct text json, enum shape shape)
{
    const enum json_type type = type_of(json);
    double number;
    switch (shape) {
    case SHAPE_ANY:
        return true;
    case SHAPE_TYPES:
        return is_type(json) || is_list_of(json, TYPES_MAX, is_type);
    case SHAPE_LIST:
        return type == JSON_TYPE_ARRAY;
    case SHAPE_NAMES:
        return is_list_of(json, SIZE_MAX, is_string);
    case SHAPE_SCHEMA:
        return type == JSON_TYPE_OBJECT || type == JSON_TYPE_BOOL;
    case SHAPE_SCHEMAS:
        return type == JSON_TYPE_OBJECT;
    case SHAPE_NUMBER:
        return number_of(json, &number);
    case SHAPE_COUNT:
        return number_of(json, &number) && number >= 0 && is_integer(json);
    }
    return false;
}

/* ---- whether a schema asks for nothing else ---- */

static struct status support(struct check *k, struct text schema);

static struct status support_each(struct check *k, struct text schemas)
{
    struct json_cursor c = json_cursor_at(schemas);
    TRY(work(k, schemas.n));
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        (void)json_cursor_key(&c);
        TRY(support(k, json_cursor_skip(&c)));
    }
    return DONE;
}

static struct status support(struct check *k, struct text schema)
{
    struct json_cursor c = json_cursor_at(schema);
    TRY(work(k, schema.n));
    if (json_cursor_type(&c) == JSON_TYPE_BOOL)
        return DONE;
    if (json_cursor_type(&c) != JSON_TYPE_OBJECT)
        return error_set(k->err, E_INVALID, "the schema is no object");
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        const struct text key = json_cursor_key(&c);
        const struct text value = json_cursor_skip(&c);
        const struct keyword_row *row = keyword_of(key);
        if (!row || !has_shape(value, row->shape))
            return error_set(k->err, E_INVALID, "the schema's keyword \"%.*s\" is not supported here",
                             TEXT_ARG(text_first(name_of_key(key), 64)));
        if (row->shape == SHAPE_SCHEMA)
            TRY(support(k, value));
        else if (row->shape == SHAPE_SCHEMAS)
            TRY(support_each(k, value));
    }
    return DONE;
}

struct status json_schema_supported(struct text schema, struct error *err)
{
    struct check k = {.err = err};
    return support(&k, value_alone(schema));
}

/* ---- a value; the schema is supported ---- */

static bool is_of_type(struct text value, struct text raw_name)
{
    enum json_type type;
    bool integer;
    return type_named(raw_name, &type, &integer) && type_of(value) == type && (!integer || is_integer(value));
}

static struct status check_type(struct check *k, const struct place *at, struct text types, struct text value)
{
    struct json_cursor c = json_cursor_at(types);
    TRY(work(k, value.n)); /* a long number's digits */
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
        bool found;
        TRY(same(k, json_cursor_skip(&c), value, &found));
        if (found)
            return DONE;
    }
    return wrong(k, at, "is none of the values that the schema allows");
}

static struct status check_const(struct check *k, const struct place *at, struct text wanted,
                                 struct text value)
{
    bool found;
    TRY(same(k, wanted, value, &found));
    return found ? DONE : wrong(k, at, "is not the value that the schema asks for");
}

static struct status check_required(struct check *k, const struct place *at, struct text list,
                                    struct text value)
{
    struct json_cursor c = json_cursor_at(list);
    if (type_of(value) != JSON_TYPE_OBJECT)
        return DONE;
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        const struct text name = json_cursor_skip(&c);
        struct text found;
        TRY(find_member(k, value, name, &found));
        if (!found.p)
            return wrong(k, &(struct place){.up = at, .name = name_of_key(name)}, "is missing");
    }
    return DONE;
}

static struct status check_bound(struct check *k, const struct place *at, const struct keyword_row *row,
                                 struct text bound, struct text value)
{
    double is = 0, allowed = 0;
    if (type_of(value) != row->of)
        return DONE;
    if (row->of == JSON_TYPE_STRING)
        TRY(characters_of(k, value, &is));
    else if (row->of == JSON_TYPE_ARRAY)
        TRY(items_of(k, value, &is));
    else if (!number_of(value, &is))
        return wrong(k, at, "is a number that cannot be compared with the schema's");
    (void)number_of(bound, &allowed);
    if (row->keyword == KEYWORD_LEAST ? is < allowed : is > allowed)
        return wrong(k, at,
                     row->keyword == KEYWORD_LEAST ? "is less than the schema asks for"
                                                   : "is more than the schema allows");
    return DONE;
}

static struct status check_schema(struct check *k, const struct place *at, struct text schema,
                                  struct text value);

static struct status check_items(struct check *k, const struct place *at, struct text schema,
                                 struct text value)
{
    struct json_cursor c = json_cursor_at(value);
    struct place item = {.up = at};
    if (json_cursor_type(&c) != JSON_TYPE_ARRAY)
        return DONE;
    TRY(work(k, value.n));
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c), item.index++)
        TRY(check_schema(k, &item, schema, json_cursor_skip(&c)));
    return DONE;
}

/* `properties`, and `additionalProperties` for those that are not among them; either may be absent. */
static struct status check_members(struct check *k, const struct place *at, struct text schema,
                                   struct text value)
{
    struct text known, others;
    struct json_cursor c = json_cursor_at(value);
    if (json_cursor_type(&c) != JSON_TYPE_OBJECT)
        return DONE;
    TRY(find_member(k, schema, TEXT("\"properties\""), &known));
    TRY(find_member(k, schema, TEXT("\"additionalProperties\""), &others));
    TRY(work(k, value.n));
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        const struct text key = json_cursor_key(&c);
        const struct place member = {.up = at, .name = name_of_key(key)};
        const struct text inner = json_cursor_skip(&c);
        struct text of = known;
        if (known.p)
            TRY(find_member(k, known, key, &of));
        if (of.p || others.p)
            TRY(check_schema(k, &member, of.p ? of : others, inner));
    }
    return DONE;
}

static struct status check_keyword(struct check *k, const struct place *at, const struct keyword_row *row,
                                   struct text schema, struct text value)
{
    switch (row->keyword) {
    case KEYWORD_NOTE:
    case KEYWORD_MEMBERS:
        break;
    case KEYWORD_TYPE:
        return check_type(k, at, schema, value);
    case KEYWORD_ENUM:
        return check_enum(k, at, schema, value);
    case KEYWORD_CONST:
        return check_const(k, at, schema, value);
    case KEYWORD_REQUIRED:
        return check_required(k, at, schema, value);
    case KEYWORD_ITEMS:
        return check_items(k, at, schema, value);
    case KEYWORD_LEAST:
    case KEYWORD_MOST:
        return check_bound(k, at, row, schema, value);
    }
    return DONE;
}

static struct status check_schema(struct check *k, const struct place *at, struct text schema,
                                  struct text value)
{
    struct json_cursor c = json_cursor_at(schema);
    TRY(work(k, schema.n));
    if (json_cursor_type(&c) == JSON_TYPE_BOOL)
        return text_equal(schema, TEXT("true")) ? DONE : wrong(k, at, "is not allowed by the schema");
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        const struct keyword_row *row = keyword_of(json_cursor_key(&c));
        const struct text keyword = json_cursor_skip(&c);
        TRY(work(k, WORK_LOOK)); /* and the search for it */
        if (row)
            TRY(check_keyword(k, at, row, keyword, value));
    }
    return check_members(k, at, schema, value);
}

struct status json_schema_check(struct text schema, struct text value, struct error *err)
{
    struct check k = {.err = err};
    TRY(support(&k, value_alone(schema)));
    return check_schema(&k, NULL, value_alone(schema), value_alone(value));
}
