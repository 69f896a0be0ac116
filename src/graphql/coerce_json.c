/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/coerce.h"

#include "base/json_out.h"
#include "base/limits.h"

/* Literals as JSON, for scalars that are any JSON: {a: [1, TWO]} becomes {"a":[1,"TWO"]}. */

static struct status write_literal(struct coercion *c, const struct graphql_literal *literal,
                                   struct buffer *out);

static void write_string(struct text text, struct buffer *out)
{
    buffer_byte(out, '"');
    json_escape_text(out, text);
    buffer_byte(out, '"');
}

static struct status write_list(struct coercion *c, const struct graphql_literal *list, struct buffer *out)
{
    buffer_byte(out, '[');
    for (const struct graphql_literal *item = list->items; item; item = item->next) {
        if (item != list->items)
            buffer_byte(out, ',');
        TRY(write_literal(c, item, out));
    }
    buffer_byte(out, ']');
    return DONE;
}

static struct status write_object(struct coercion *c, const struct graphql_literal *object,
                                  struct buffer *out)
{
    buffer_byte(out, '{');
    for (const struct graphql_argument *field = object->fields; field; field = field->next) {
        if (field != object->fields)
            buffer_byte(out, ',');
        write_string(field->name, out);
        buffer_byte(out, ':');
        TRY(write_literal(c, field->value, out));
    }
    buffer_byte(out, '}');
    return DONE;
}

/* The value of a variable, which has a type of its own. */
static void write_given(const struct graphql_given *given, struct buffer *out)
{
    switch (given->kind) {
    case GRAPHQL_GIVEN_NOTHING:
    case GRAPHQL_GIVEN_NULL:
        buffer_text(out, TEXT("null"));
        break;
    case GRAPHQL_GIVEN_TEXT:
    case GRAPHQL_GIVEN_ENUM:
        write_string(given->text, out);
        break;
    case GRAPHQL_GIVEN_INT:
        buffer_printf(out, "%lld", (long long)given->integer);
        break;
    case GRAPHQL_GIVEN_FLOAT:
        buffer_printf(out, "%.17g", given->real);
        break;
    case GRAPHQL_GIVEN_BOOL:
        buffer_text(out, given->integer ? TEXT("true") : TEXT("false"));
        break;
    case GRAPHQL_GIVEN_JSON:
        buffer_text(out, given->text);
        break;
    case GRAPHQL_GIVEN_LIST:
        buffer_byte(out, '[');
        for (size_t i = 0; i < given->count; i++) {
            if (i)
                buffer_byte(out, ',');
            write_given(&given->items[i], out);
        }
        buffer_byte(out, ']');
        break;
    case GRAPHQL_GIVEN_OBJECT: {
        buffer_byte(out, '{');
        bool first = true;
        for (size_t i = 0; i < given->count; i++) {
            if (given->items[i].kind == GRAPHQL_GIVEN_NOTHING)
                continue;
            if (!first)
                buffer_byte(out, ',');
            first = false;
            write_string(text_of(given->inputs[i].name), out);
            buffer_byte(out, ':');
            write_given(&given->items[i], out);
        }
        buffer_byte(out, '}');
        break;
    }
    }
}

/* Recursion: the parser bounds how deep values nest (LIMIT_GRAPHQL_DEPTH). */
static struct status write_literal(struct coercion *c, const struct graphql_literal *literal,
                                   struct buffer *out)
{
    switch (literal->kind) {
    case GRAPHQL_LITERAL_VARIABLE:
        write_given(coerce_variable(c, literal->text), out);
        return DONE;
    case GRAPHQL_LITERAL_INT:
    case GRAPHQL_LITERAL_FLOAT:
    case GRAPHQL_LITERAL_BOOLEAN:
    case GRAPHQL_LITERAL_NULL:
        buffer_text(out, literal->text);
        return DONE;
    case GRAPHQL_LITERAL_ENUM:
        write_string(literal->text, out);
        return DONE;
    case GRAPHQL_LITERAL_LIST:
        return write_list(c, literal, out);
    case GRAPHQL_LITERAL_OBJECT:
        return write_object(c, literal, out);
    case GRAPHQL_LITERAL_STRING:
    case GRAPHQL_LITERAL_BLOCK_STRING:
        break;
    }
    struct text text = graphql_string_text(literal, c->arena);
    if (!text.p)
        return STATUS(NOMEM);
    write_string(text, out);
    return DONE;
}

struct status coerce_to_json(struct coercion *c, const struct graphql_literal *literal,
                             struct graphql_given *out)
{
    OWNED(buffer_release) struct buffer json;
    buffer_init(&json, 2 * LIMIT_GRAPHQL_BYTES);
    TRY(write_literal(c, literal, &json));
    TRY(buffer_status(&json));
    *out = (struct graphql_given){.kind = GRAPHQL_GIVEN_JSON,
                                  .text = arena_text(c->arena, buffer_as_text(&json))};
    return out->text.p ? DONE : STATUS(NOMEM);
}
