/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * GraphQL, October 2021 edition, for schemas that are constant tables. The module knows no domain:
 *
 *     schema.h    the tables, and what is made of them at start
 *     value.h     what a resolver is given (arguments) and hands back
 *     execute.h   how a resolver looks, refuses, and is called
 *     request.h   from an HTTP request to the answer; what an embedder calls
 *     document.h, validate.h, variables.h   the steps in between
 *
 * A schema in the words of the language's own notation (table.h has the macros):
 *
 *     static const struct graphql_type types[] = {
 *         OBJECT("Query", FIELDS(
 *             FIELD("application", "Application", .resolve = application, .scope = "application:read",
 *                   ARGUMENTS(ARGUMENT("id", "ID!"))))),
 *         OBJECT("Application", FIELDS(
 *             FIELD("id", "ID!", .at = AT_TEXT(struct application, id)),
 *             FIELD("labels", "Labels", .resolve = labels, ARGUMENTS(ARGUMENT("key", "String"))))),
 *         SCALAR("Labels", GRAPHQL_ANY),
 *         END_OF_TYPES,
 *     };
 *
 * Types are named in the notation of the language: "[LabelFilter!]!". Which of them exist, and what else is
 * wrong with the tables, says graphql_schema_new(); a unit test of the embedder calls it.
 */

#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/own.h"
#include "base/status.h"

struct graphql_call;
struct graphql_value;

/* Hands back one value of a field in *out (execute.h). */
typedef struct status graphql_resolver(struct graphql_call *call, struct graphql_value *out);

enum graphql_kind {
    GRAPHQL_NO_KIND, /* ends a table */
    GRAPHQL_SCALAR,
    GRAPHQL_OBJECT,
    GRAPHQL_INTERFACE,
    GRAPHQL_UNION,
    GRAPHQL_ENUM,
    GRAPHQL_INPUT_OBJECT,
};

/* What a scalar takes in and gives out. */
enum graphql_scalar {
    GRAPHQL_STRING,  /* custom ones too: Timestamp, PageCursor, CLOB, JSON text */
    GRAPHQL_INT,     /* 32 bits with a sign */
    GRAPHQL_FLOAT,   /* finite */
    GRAPHQL_BOOLEAN, /* */
    GRAPHQL_ID,      /* a string or an integer in, a string out */
    GRAPHQL_ANY,     /* any JSON, in and out; literals are given to the resolver as JSON (Labels, Any) */
};

/* Where the value of a field without a resolver lies in its parent object. */
enum graphql_at_kind {
    GRAPHQL_AT_NOTHING,
    GRAPHQL_AT_TEXT,    /* struct text; null when .p is NULL */
    GRAPHQL_AT_INT,     /* int64_t */
    GRAPHQL_AT_BOOL,    /* bool */
    GRAPHQL_AT_TIME,    /* int64_t, seconds since 1970, as RFC 3339; null when 0 */
    GRAPHQL_AT_JSON,    /* struct text that holds JSON; null when .p is NULL */
    GRAPHQL_AT_POINTER, /* a pointer to the object; null when NULL */
    GRAPHQL_AT_INSIDE,  /* the object itself, embedded in its parent (offset 0: the same) */
};

struct graphql_at {
    enum graphql_at_kind kind;
    size_t offset;
};

/* An argument of a field, or a field of an input object. */
struct graphql_input {
    const char *name; /* NULL ends a table */
    const char *type;
    const char *initial;     /* the default, as a literal: "200", "SYNC"; NULL when there is none */
    const char *description; /* NULL when there is none */
    const char *deprecated;  /* why; NULL when it is not */
    /* A "..." string may hold line breaks (which the language forbids): base64 as `openssl base64` wraps it,
     * pasted. The resolver is given them. */
    bool wrapped_lines;
};

struct graphql_field {
    const char *name; /* NULL ends a table */
    const char *type;
    graphql_resolver *resolve; /* or: */
    struct graphql_at at;
    const struct graphql_input *arguments; /* NULL when there are none */
    /* What the caller must be allowed, in the embedder's words; its authorize() decides before the field is
     * resolved. NULL or "": nothing. With graphql_tables.scoped NULL is refused in root types. */
    const char *scope;
    bool null_without_scope; /* a caller without the scope gets null and no error */
    const char *description;
    const char *deprecated;
};

struct graphql_enum_value {
    const char *name; /* NULL ends a table */
    int value;        /* what resolvers see beside the name */
    const char *description;
    const char *deprecated;
};

struct graphql_type {
    enum graphql_kind kind;
    const char *name;
    const char *description;
    const struct graphql_field *fields;      /* of objects and interfaces */
    const char *const *interfaces;           /* names, ends with NULL; of objects and interfaces */
    const char *const *members;              /* names, ends with NULL; of unions */
    const struct graphql_enum_value *values; /* of enums */
    const struct graphql_input *inputs;      /* of input objects */
    enum graphql_scalar like;                /* of scalars */
    /* Of scalars like STRING and ID: is this text one? NULL: every text. */
    bool (*accepts)(struct text text);
    const char *specified_by; /* a URL; of scalars */
};

/* A field, or an input field, that is not there, but which clients know from elsewhere: refused with words of
 * its own in place of "Cannot query field". Nobody sees it by introspection. */
struct graphql_absent {
    const char *type, *field; /* NULL ends the table */
    const char *why;          /* the message */
};

/*
 * A word that clients of earlier days use where the tables have `name`: of a type, a field, an argument, an
 * input field or an enum's value, wherever the one is not found and the other is. The answer's keys are the
 * client's words; resolvers see the tables'. Nobody sees it by introspection.
 */
struct graphql_former {
    const char *former, *name; /* NULL ends the table */
};

struct graphql_tables {
    const struct graphql_type *const *types; /* tables, each ended by END_OF_TYPES; the list ends with NULL */
    const char *query;                       /* names of the root types */
    const char *mutation;                    /* NULL when there is none */
    const char *description;
    const struct graphql_absent *absent; /* NULL: none */
    const char *absent_extensions;       /* of errors about these: a JSON object */
    const struct graphql_former *former; /* NULL: none */
    bool scoped; /* every field of a root type must state its scope ("" for everybody) */
};

/* What the tables become: types found, names hashed. Immutable; any thread. Borrows the tables. */
struct graphql_schema;

/* E_INVALID names what is wrong with the tables; E_NOMEM. The built-in scalars, the types of introspection
 * and the directives @skip, @include, @deprecated and @specifiedBy are added. */
struct status graphql_schema_new(const struct graphql_tables *tables, struct graphql_schema **out,
                                 struct error *err);
void graphql_schema_free(struct graphql_schema *schema);
OWNABLE(struct graphql_schema, graphql_schema_free);

/* The schema in the language's own notation (SDL), for a golden file and for tools; types in the order of the
 * tables, without the built-in ones. */
struct buffer;
void graphql_schema_print(const struct graphql_schema *schema, struct buffer *out);
