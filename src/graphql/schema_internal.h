/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a schema's tables become: every name resolved to what it names. Immutable once made. */

#include "base/arena.h"
#include "graphql/document.h"
#include "graphql/names.h"
#include "graphql/schema.h"

enum type_ref_kind { TYPE_NAMED, TYPE_LIST, TYPE_NON_NULL };

/* A type as fields, arguments and variables have it: "[String!]!" is NON_NULL of LIST of NON_NULL of NAMED.
 */
struct type_ref {
    enum type_ref_kind kind;
    const struct type_ref *of;       /* NULL when NAMED */
    const struct schema_type *named; /* the innermost; never NULL */
};

/* An argument or a field of an input object. */
struct schema_input {
    const struct graphql_input *row;
    const struct type_ref *type;
    const struct graphql_literal *initial; /* the default, parsed; NULL when there is none */
};

struct schema_inputs {
    struct schema_input *list;
    struct names names;
};

struct schema_field {
    const struct graphql_field *row;
    const struct type_ref *type;
    struct schema_inputs arguments;
    const struct schema_type *parent; /* NULL: __typename */
};

struct schema_type {
    const struct graphql_type *row;
    struct text name;
    enum graphql_kind kind;
    int index; /* in the schema */
    bool built_in;
    struct schema_field *fields;
    struct names field_names;
    struct schema_inputs inputs;
    struct names values;
    const struct schema_type **interfaces;
    int interface_count;
    const struct schema_type **possible; /* object types that a value of this abstract type may have */
    int possible_count;
    uint64_t *possible_bits; /* the same, by index; of objects their own bit; NULL for other kinds */
    struct type_ref self;    /* NAMED */
};

/* Where a directive may stand: bits. */
enum directive_place {
    PLACE_QUERY = 1 << 0,
    PLACE_MUTATION = 1 << 1,
    PLACE_SUBSCRIPTION = 1 << 2,
    PLACE_FIELD = 1 << 3,
    PLACE_FRAGMENT_DEFINITION = 1 << 4,
    PLACE_FRAGMENT_SPREAD = 1 << 5,
    PLACE_INLINE_FRAGMENT = 1 << 6,
    PLACE_VARIABLE_DEFINITION = 1 << 7,
    PLACE_SCALAR = 1 << 8,
    PLACE_FIELD_DEFINITION = 1 << 9,
    PLACE_ARGUMENT_DEFINITION = 1 << 10,
    PLACE_INPUT_FIELD_DEFINITION = 1 << 11,
    PLACE_ENUM_VALUE = 1 << 12,
};
#define PLACE_COUNT 13
extern const char *const directive_place_names[PLACE_COUNT];

struct directive_row {
    const char *name;
    const char *description;
    const struct graphql_input *arguments;
    unsigned places;
};
extern const struct directive_row directive_rows[];
#define DIRECTIVE_COUNT 4

struct schema_directive {
    const struct directive_row *row;
    struct schema_inputs arguments;
};

struct graphql_schema {
    struct arena arena; /* holds all of the below */
    struct graphql_tables tables;
    struct schema_type *types; /* ours first, then the built-in ones */
    int type_count;
    struct names type_names;
    const struct schema_type *query, *mutation;
    struct schema_directive directives[DIRECTIVE_COUNT];
    struct schema_field typename; /* __typename */
    struct schema_field *meta;    /* __schema, __type */
};
#define META_COUNT 2

/* introspect.c: the types of introspection and the built-in scalars; the fields __schema and __type. */
extern const struct graphql_type introspection_types[];
extern const struct graphql_field introspection_fields[];
extern const struct graphql_field introspection_typename;

/* schema_find.c */
const struct schema_type *schema_find_type(const struct graphql_schema *schema,
                                           struct text name); /* or NULL */
/* A field, also the ones that every object and the query type have (__typename, __schema, __type); or NULL.
 */
const struct schema_field *schema_find_field(const struct graphql_schema *schema,
                                             const struct schema_type *type, struct text name);
const struct schema_input *schema_find_input(const struct schema_inputs *inputs, struct text name);
const struct schema_directive *schema_find_directive(const struct graphql_schema *schema, struct text name);
/* The position of a value in an enum's table, or -1. */
int schema_find_value(const struct schema_type *type, struct text name);

/* Can a value of type `a` be one of type `b`, too? Both objects, interfaces or unions. */
bool schema_types_meet(const struct graphql_schema *schema, const struct schema_type *a,
                       const struct schema_type *b);
bool schema_type_is_possible(const struct schema_type *abstract, const struct schema_type *object);

bool kind_is_composite(enum graphql_kind kind); /* has a selection below it */
bool kind_is_abstract(enum graphql_kind kind);
bool kind_is_input(enum graphql_kind kind);
bool kind_is_output(enum graphql_kind kind);

/* Without a NON_NULL around it. */
static inline const struct type_ref *type_nullable(const struct type_ref *type)
{
    return type->kind == TYPE_NON_NULL ? type->of : type;
}
static inline bool input_is_required(const struct schema_input *input)
{
    return input->type->kind == TYPE_NON_NULL && !input->initial;
}
bool type_refs_equal(const struct type_ref *a, const struct type_ref *b);
/* "[String!]!", in the arena; .p is NULL when out of memory. */
struct text type_ref_text(const struct type_ref *type, struct arena *arena);

/* A written type as one of the schema, in `arena`. E_NOT_FOUND when no type has its name; E_NOMEM. */
struct status type_ref_find(const struct graphql_schema *schema, const struct graphql_written_type *written,
                            struct arena *arena, const struct type_ref **out);

/* schema_check.c: what only the whole schema shows. `err` may be NULL. */
struct status schema_check(const struct graphql_schema *schema, struct error *err);
