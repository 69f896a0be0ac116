/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * An executable document (October 2021, sections 2.1 to 2.12) as a tree in an arena. Texts are borrowed from
 * the source, which must stay as long as the tree. Beyond the grammar, `f()` and `query ()` with empty
 * parentheses are accepted, as gqlgen does and every client of Compass sends; line breaks inside "..." are
 * accepted and remembered (has_line_break): validation refuses them but for arguments that take wrapped
 * base64. Type-system definitions are refused. Fuzzed: fuzz/targets/graphql/.
 *
 * A node's `at` is its offset in the source. Lists are linked through `next`, in the order of the source.
 * The members under "validation" are set by graphql_validate().
 */

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"

struct schema_field;
struct schema_input;
struct schema_type;
struct type_ref;

enum graphql_literal_kind {
    GRAPHQL_LITERAL_VARIABLE,
    GRAPHQL_LITERAL_INT,
    GRAPHQL_LITERAL_FLOAT,
    GRAPHQL_LITERAL_STRING,
    GRAPHQL_LITERAL_BLOCK_STRING,
    GRAPHQL_LITERAL_BOOLEAN,
    GRAPHQL_LITERAL_NULL,
    GRAPHQL_LITERAL_ENUM,
    GRAPHQL_LITERAL_LIST,
    GRAPHQL_LITERAL_OBJECT,
};

struct graphql_literal {
    enum graphql_literal_kind kind;
    uint32_t at, end;    /* `end` is behind it */
    struct text text;    /* name, digits; strings: what is between the quotes, escapes not decoded */
    bool has_escapes;    /* of strings */
    bool has_line_break; /* of "..." strings */
    struct graphql_literal *items;       /* LIST: its values */
    struct graphql_argument *fields;     /* OBJECT: names and values */
    struct graphql_literal *next;        /* in a list */
    struct graphql_literal *next_broken; /* graphql_document.broken */
    /* validation: */
    bool may_break; /* it is an argument that takes line breaks */
};

/* An argument of a field or directive; a field of an object literal. */
struct graphql_argument {
    uint32_t at;
    struct text name;
    struct graphql_literal *value;
    struct graphql_argument *next;
    /* validation: */
    const struct schema_input *definition;
};

struct graphql_directive {
    uint32_t at;
    struct text name;
    struct graphql_argument *arguments;
    struct graphql_directive *next;
};

/* A type as it is written in the definition of a variable. */
struct graphql_written_type {
    uint32_t at;
    bool non_null;
    struct text name;                     /* unless a list */
    struct graphql_written_type *list_of; /* of a list */
};

struct graphql_variable {
    uint32_t at;
    struct text name; /* without '$' */
    struct graphql_written_type *type;
    struct graphql_literal *initial; /* its default; NULL when there is none */
    struct graphql_directive *directives;
    struct graphql_variable *next;
    int index; /* from 0, in its operation */
    /* validation: */
    const struct type_ref *ref;
    bool used;
};

enum graphql_selection_kind { GRAPHQL_SELECT_FIELD, GRAPHQL_SELECT_FRAGMENT, GRAPHQL_SELECT_INLINE };

struct graphql_selection {
    enum graphql_selection_kind kind;
    uint32_t at;
    struct text name;  /* of the field or fragment; the type condition of an inline fragment or {NULL, 0} */
    struct text alias; /* of a field: the key in the answer; the name when none is given */
    int key;           /* of a field: the number of its alias, the same for the same alias in a document */
    struct graphql_argument *arguments;
    struct graphql_directive *directives;
    struct graphql_selection
        *selections; /* below a field, or of an inline fragment; NULL when there are none */
    struct graphql_selection *next;
    /* validation: */
    const struct schema_field *field; /* of a field */
    const struct schema_type *type; /* condition of an inline fragment (or its parent), type below a field */
    struct graphql_fragment *fragment; /* of a spread */
    struct field_set *set;             /* validate_overlaps.c's: the fields below a field */
};

struct graphql_fragment {
    uint32_t at;
    struct text name;
    struct text condition;
    uint32_t condition_at;
    struct graphql_directive *directives;
    struct graphql_selection *selections;
    struct graphql_fragment *next;
    int index; /* from 0, in the document */
    /* validation: */
    const struct schema_type *type;
    struct variable_use *uses;    /* validate_variables.c's */
    struct fragment_use *spreads; /* validate_fragments.c's */
    int seen;                     /* number of the walk that was here last */
    int height;                   /* levels of selections, those of fragments included; 0: not known yet */
    bool is_repeated;             /* another one has its name */
};

enum graphql_operation_kind { GRAPHQL_QUERY, GRAPHQL_MUTATION, GRAPHQL_SUBSCRIPTION };

struct graphql_operation {
    enum graphql_operation_kind kind;
    uint32_t at;
    struct text name; /* {NULL, 0} when it has none */
    struct graphql_variable *variables;
    int variable_count;
    struct graphql_directive *directives;
    struct graphql_selection *selections;
    struct graphql_operation *next;
    /* validation: */
    const struct schema_type *type; /* the root type */
    struct variable_use *uses;
    struct fragment_use *spreads;
};

struct graphql_document {
    struct text source;
    struct graphql_operation *operations;
    struct graphql_fragment *fragments;
    int operation_count, fragment_count;
    int key_count;                  /* graphql_selection.key is below it */
    struct graphql_literal *broken; /* the "..." strings with line breaks, last first */
};

/* Why a document is refused. */
struct graphql_problem {
    struct text message; /* in the arena, or constant */
    uint32_t at;         /* offset in the source */
};

/* E_INVALID or E_TOO_LARGE (limits.h) with *out_problem; E_NOMEM. The source is UTF-8 or refused. */
struct status graphql_parse(struct text source, struct arena *arena, struct graphql_document **out,
                            struct graphql_problem *out_problem);

/* Line and column, from 1; columns are counted in characters. CR, LF and CR LF end a line. */
void graphql_position(struct text source, uint32_t at, int *out_line, int *out_column);

/* The text of a string literal, escapes decoded, indentation of block strings removed; in the arena, or
 * borrowed when there is nothing to change. .p is NULL when out of memory. */
struct text graphql_string_text(const struct graphql_literal *literal, struct arena *arena);
