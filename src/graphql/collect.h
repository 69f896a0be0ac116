/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * CollectFields() (October 2021, section 6.3.2): the fields of a selection for one object type, those with
 * the same key together, in the order of the answer. What was collected is kept: the objects of a list share
 * it.
 */

#include "graphql/coerce.h"
#include "graphql/document.h"

struct group_field {
    const struct graphql_selection *selection;
    struct group_field *next;
};

/* The fields that share a key of the answer: one field, asked for once or several times. */
struct group {
    struct group_field fields; /* the first one is inside */
    struct group_field *last;
    struct group *next;
    const struct schema_field *field;
    struct graphql_given *arguments; /* coerced when it is resolved first */
    struct collected *below;         /* for each object type that turned up */
};

struct collected {
    const struct schema_type *type;
    struct group *groups;
    int count;
    struct collected *next;
};

struct key_slot {
    int round;
    struct group *group;
};

/* Memory of one execution. */
struct collector {
    const struct graphql_schema *schema;
    struct coercion *coercion;
    struct key_slot *keys; /* by graphql_selection.key */
    int *fragments;        /* the round in which it was met, by graphql_fragment.index */
    int round;             /* number of the collection at work */
};

struct status collector_init(struct collector *c, const struct graphql_schema *schema,
                             const struct graphql_document *document, struct coercion *coercion);
/* E_INVALID: the condition of a directive has no value; E_NOMEM. */
struct status collect_operation(struct collector *c, const struct graphql_operation *operation,
                                struct collected **out);
/* The fields below a group for an object of this type. */
struct status collect_below(struct collector *c, struct group *group, const struct schema_type *type,
                            struct collected **out);
/* What @skip and @include say. */
struct status selection_is_included(struct coercion *coercion, const struct graphql_selection *s, bool *out);
