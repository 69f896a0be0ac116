/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of the executor share. */

#include "graphql/collect.h"
#include "graphql/document.h"
#include "graphql/execute.h"
#include "graphql/schema_internal.h"

/* Where in the answer: a field, or an item of a list. */
struct place {
    const struct place *parent; /* NULL: a root field */
    struct group *group;        /* of the field; of an item that of its list */
    size_t index;               /* of an item */
    bool is_item;
};

struct field_error {
    struct text message;
    struct text extensions; /* {NULL, 0}: none */
    struct text path;       /* JSON */
    uint32_t at;
    struct field_error *next;
};

struct execution {
    const struct graphql_execution *given;
    const struct graphql_document *document;
    struct arena *arena;
    struct buffer *out;
    struct coercion coercion;
    struct collector collector;
    struct field_error *errors;
    struct field_error **errors_end;
    int resolved;
    enum code stop; /* not E_OK: nothing goes on */
    /* What graphql_refuse() said for the call at work. */
    bool refused;
    struct text message, extensions;
};

/* How a value came out. */
enum outcome {
    OUTCOME_WRITTEN,
    OUTCOME_ERROR, /* an error is noted, nothing (useful) is written: whoever may be null around it becomes
                      null */
    OUTCOME_STOP,  /* run->stop */
};

/* execute_errors.c */
enum outcome execution_stop(struct execution *run, enum code code);
[[gnu::format(printf, 3, 4)]] enum outcome execution_error(struct execution *run, const struct place *place,
                                                           const char *fmt, ...);
/* After a resolver failed with `code`: its own words, or "internal system error". */
enum outcome execution_refused(struct execution *run, const struct place *place, enum code code);
void execution_write_errors(const struct execution *run, struct buffer *out); /* [{...},...] */

/* execute_values.c: completes a value (section 6.4.3) and writes it. */
enum outcome execution_complete(struct execution *run, struct graphql_call *call, const struct type_ref *type,
                                const struct graphql_value *value, const struct place *place);
/* execute.c: the fields of an object, with braces. */
enum outcome execution_fields(struct execution *run, const struct collected *fields, const void *object,
                              const struct place *parent);
