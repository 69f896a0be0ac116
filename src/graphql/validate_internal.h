/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the rules of validation share. A walk over all definitions looks at each node once, in the order of
 * the source, and notes which variables and fragments are used where; the rules that need the whole document
 * run after it, over these notes. A rule that finds something says so with validation_finding() and goes on;
 * nothing goes on once `stop` is set.
 */

#include "graphql/keys.h"
#include "graphql/schema_internal.h"
#include "graphql/validate.h"

/* A variable stands where a value is expected. */
struct variable_use {
    const struct graphql_literal *at;
    const struct type_ref *expected; /* NULL where the place is not known (and refused already) */
    bool has_default;                /* the place has one */
    struct variable_use *next;
};

/* A fragment is spread. */
struct fragment_use {
    struct graphql_selection *at;
    struct graphql_fragment *fragment;
    int depth; /* of the spread in its definition, from 1 */
    struct fragment_use *next;
};

struct validation {
    const struct graphql_schema *schema;
    struct graphql_document *document;
    struct arena *arena;
    struct graphql_finding *first;
    struct graphql_finding **end;
    int count;
    int cost;
    enum code stop;            /* E_OK: go on. E_INVALID: enough was found; E_TOO_LARGE, E_NOMEM */
    struct keys fragment_keys; /* name -> number */
    struct graphql_fragment **fragments_by_key;
    int walk; /* number of the last walk over fragments */
    /* Of the definition that is walked: where its notes go. */
    struct variable_use **uses;
    struct fragment_use **spreads;
    int height; /* levels of its own selections */
};

/* Does the work go on? */
static inline bool validation_goes_on(const struct validation *v)
{
    return v->stop == E_OK;
}

/* validate.c */
[[gnu::format(printf, 3, 4)]] void validation_finding(struct validation *v, uint32_t at, const char *fmt,
                                                      ...);
/* Says why the field is not there, if the schema does (schema.h). */
bool validation_absent(struct validation *v, uint32_t at, struct text type, struct text field);
/* `what` was tried in place of a name: ` Did you mean "x" or "y"?`, or nothing (suggest.h). In the arena. */
struct text validation_suggestion(struct validation *v, struct text what, const struct names *names,
                                  const char *kind);
/* False (and stop is set) when the work is too much. */
bool validation_charge(struct validation *v, int steps);
/* Memory of the arena; NULL sets stop. */
void *validation_alloc(struct validation *v, size_t size);
const char *validation_type_text(struct validation *v, const struct type_ref *type); /* NUL-terminated */

/* validate_fields.c: a definition's selections. `type` is NULL when it is not known. */
void validate_selections(struct validation *v, struct graphql_selection *selections,
                         const struct schema_type *type, int depth);

/* validate_arguments.c. `where` is the field or directive in words: `field "Query.x"`. */
struct argument_owner {
    const struct schema_inputs *definitions; /* NULL when the field or directive is not known */
    const char *kind;                        /* "Field", "Directive" */
    struct text name;                        /* "x", "@skip" */
    struct text in;                          /* "field "Query.x"", for messages; see owner_text() */
    uint32_t at;
};
void validate_arguments(struct validation *v, const struct argument_owner *owner,
                        struct graphql_argument *arguments);

/* validate_values.c: a literal where `type` is expected. `place` is the argument or input field, or NULL. */
void validate_value(struct validation *v, struct graphql_literal *literal, const struct type_ref *type,
                    const struct schema_input *place);
/* Notes variables in a value whose place is not known. */
void validate_unknown_value(struct validation *v, struct graphql_literal *literal);

/* validate_directives.c */
void validate_directives(struct validation *v, struct graphql_directive *directives,
                         enum directive_place place);

/* validate_fragments.c */
void validate_fragment_definitions(struct validation *v); /* before the walk: names and types */
void validate_spread(struct validation *v, struct graphql_selection *spread, const struct schema_type *parent,
                     int depth);
void validate_inline_fragment(struct validation *v, struct graphql_selection *inline_fragment,
                              const struct schema_type *parent);
void validate_fragment_uses(struct validation *v); /* after the walk: cycles, depth, never used */

/* validate_variables.c */
void validate_variable_definitions(struct validation *v, struct graphql_operation *operation);
void validate_variable_uses(struct validation *v); /* after the walk */

/* validate_overlaps.c: run when nothing else was found. */
void validate_overlaps(struct validation *v);
