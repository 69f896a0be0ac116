/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The two kinds of value that a resolver meets: what the client gave (struct graphql_given), after coercion
 * to the types of the schema; and what it hands back (struct graphql_value). Everything is borrowed: given
 * values live in the request's arena or the request's text; texts and objects handed back must stay until the
 * answer is complete (the arena of the call is the place for them).
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

struct graphql_call;
struct graphql_input;
struct graphql_value;

enum graphql_given_kind {
    GRAPHQL_GIVEN_NOTHING, /* absent, and no default */
    GRAPHQL_GIVEN_NULL,
    GRAPHQL_GIVEN_TEXT, /* String, ID, custom scalars like them */
    GRAPHQL_GIVEN_INT,
    GRAPHQL_GIVEN_FLOAT,
    GRAPHQL_GIVEN_BOOL,
    GRAPHQL_GIVEN_ENUM,
    GRAPHQL_GIVEN_JSON, /* scalars like ANY: JSON text */
    GRAPHQL_GIVEN_LIST,
    GRAPHQL_GIVEN_OBJECT,
};

struct graphql_given {
    enum graphql_given_kind kind;
    struct text text;                   /* TEXT, ENUM (its name), JSON */
    int64_t integer;                    /* INT; ENUM (the value of its row); BOOL (0, 1) */
    double real;                        /* FLOAT */
    size_t count;                       /* LIST: items; OBJECT: rows of `inputs` */
    const struct graphql_given *items;  /* LIST; OBJECT: one for each row of `inputs`, NOTHING when absent */
    const struct graphql_input *inputs; /* OBJECT: the rows of its type */
};

/* A field of an input object by the name in its table; never NULL, NOTHING when `object` is not one. */
const struct graphql_given *graphql_given_member(const struct graphql_given *object, const char *name);

static inline bool graphql_is_given(const struct graphql_given *g) /* neither absent nor null */
{
    return g->kind > GRAPHQL_GIVEN_NULL;
}
static inline struct text graphql_given_text(const struct graphql_given *g) /* {NULL, 0} when not given */
{
    return graphql_is_given(g) ? g->text : (struct text){NULL, 0};
}
static inline int64_t graphql_given_int(const struct graphql_given *g, int64_t otherwise)
{
    return graphql_is_given(g) ? g->integer : otherwise;
}
static inline bool graphql_given_bool(const struct graphql_given *g, bool otherwise)
{
    return graphql_is_given(g) ? g->integer != 0 : otherwise;
}

enum graphql_value_kind {
    GRAPHQL_VALUE_NULL,
    GRAPHQL_VALUE_TEXT, /* String, ID, enums (the name), custom scalars */
    GRAPHQL_VALUE_INT,
    GRAPHQL_VALUE_FLOAT,
    GRAPHQL_VALUE_BOOL,
    GRAPHQL_VALUE_JSON, /* trusted JSON, written as it is */
    GRAPHQL_VALUE_OBJECT,
    GRAPHQL_VALUE_LIST,
};

/* Item `index` (< count) of a list. */
typedef struct status graphql_item(struct graphql_call *call, const void *items, size_t index,
                                   struct graphql_value *out);

struct graphql_value {
    enum graphql_value_kind kind;
    struct text text;   /* TEXT, JSON */
    int64_t integer;    /* INT; BOOL (0, 1) */
    double real;        /* FLOAT; finite */
    const void *object; /* OBJECT: what resolvers of its fields find in call->object; LIST: its items */
    const char *type;   /* OBJECT in a place of an interface or union: its type's name */
    size_t count;       /* LIST */
    graphql_item *item; /* LIST */
    size_t stride;      /* LIST without `item`: objects of this size, one after the other */
};

static inline struct graphql_value graphql_null(void)
{
    return (struct graphql_value){.kind = GRAPHQL_VALUE_NULL};
}
static inline struct graphql_value graphql_text(struct text text) /* null when text.p is NULL */
{
    return (struct graphql_value){.kind = text.p ? GRAPHQL_VALUE_TEXT : GRAPHQL_VALUE_NULL, .text = text};
}
static inline struct graphql_value graphql_int(int64_t integer)
{
    return (struct graphql_value){.kind = GRAPHQL_VALUE_INT, .integer = integer};
}
static inline struct graphql_value graphql_float(double real)
{
    return (struct graphql_value){.kind = GRAPHQL_VALUE_FLOAT, .real = real};
}
static inline struct graphql_value graphql_bool(bool truth)
{
    return (struct graphql_value){.kind = GRAPHQL_VALUE_BOOL, .integer = truth};
}
static inline struct graphql_value graphql_json(struct text json) /* null when json.p is NULL */
{
    return (struct graphql_value){.kind = json.p ? GRAPHQL_VALUE_JSON : GRAPHQL_VALUE_NULL, .text = json};
}
static inline struct graphql_value graphql_object(const void *object) /* null when NULL */
{
    return (struct graphql_value){.kind = object ? GRAPHQL_VALUE_OBJECT : GRAPHQL_VALUE_NULL,
                                  .object = object};
}
/* In a place of an interface or union: `type` is the name of the object's type. */
static inline struct graphql_value graphql_object_as(const char *type, const void *object)
{
    return (struct graphql_value){
        .kind = object ? GRAPHQL_VALUE_OBJECT : GRAPHQL_VALUE_NULL, .object = object, .type = type};
}
/* A list whose items `item` makes one by one. */
static inline struct graphql_value graphql_list(graphql_item *item, const void *items, size_t count)
{
    return (struct graphql_value){.kind = GRAPHQL_VALUE_LIST, .item = item, .object = items, .count = count};
}
/* A list of objects that lie in an array: graphql_objects(rows, count, sizeof(rows[0])). */
static inline struct graphql_value graphql_objects(const void *array, size_t count, size_t stride)
{
    return (struct graphql_value){
        .kind = GRAPHQL_VALUE_LIST, .object = array, .count = count, .stride = stride};
}
/* A list of texts. */
struct graphql_value graphql_texts(const struct text *texts, size_t count);
