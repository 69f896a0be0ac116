/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/execute.h"

#include "base/clock.h"
#include "base/limits.h"
#include "graphql/execute_internal.h"

const struct graphql_given *graphql_argument(const struct graphql_call *call, const char *name)
{
    const struct group *group = call->place->group;
    const struct graphql_input *rows = call->row->arguments;
    size_t i = 0;
    while (rows && rows[i].name && strcmp(rows[i].name, name) != 0)
        i++;
    must(rows && rows[i].name);
    return &group->arguments[i];
}

static struct status time_value(struct arena *arena, int64_t seconds, struct graphql_value *out)
{
    char text[CLOCK_RFC3339_MAX];
    if (seconds == 0)
        return DONE;
    *out = graphql_text(arena_text(arena, text_of(clock_format_rfc3339(seconds, text))));
    return out->text.p ? DONE : STATUS(NOMEM);
}

/* A field that is a member of its object. */
static struct status read_member(const struct graphql_call *call, struct graphql_value *out)
{
    if (!call->object)
        return STATUS(BROKEN);
    const char *at = (const char *)call->object + call->row->at.offset;
    switch (call->row->at.kind) {
    case GRAPHQL_AT_NOTHING:
        return STATUS(BROKEN);
    case GRAPHQL_AT_TEXT:
        *out = graphql_text(*(const struct text *)(const void *)at);
        return DONE;
    case GRAPHQL_AT_INT:
        *out = graphql_int(*(const int64_t *)(const void *)at);
        return DONE;
    case GRAPHQL_AT_BOOL:
        *out = graphql_bool(*(const bool *)(const void *)at);
        return DONE;
    case GRAPHQL_AT_TIME:
        return time_value(call->arena, *(const int64_t *)(const void *)at, out);
    case GRAPHQL_AT_JSON:
        *out = graphql_json(*(const struct text *)(const void *)at);
        return DONE;
    case GRAPHQL_AT_POINTER:
        *out = graphql_object(*(const void *const *)(const void *)at);
        return DONE;
    case GRAPHQL_AT_INSIDE:
        *out = graphql_object(at);
        return DONE;
    }
    return STATUS(BROKEN);
}

static struct status coerce_group(struct execution *run, struct group *group)
{
    const struct schema_inputs *definitions = &group->field->arguments;
    if (group->arguments || definitions->names.count == 0)
        return DONE;
    struct graphql_given *arguments =
        arena_array(run->arena, (size_t)definitions->names.count, sizeof(arguments[0]));
    if (!arguments)
        return STATUS(NOMEM);
    TRY(coerce_arguments(&run->coercion, definitions, group->fields.selection->arguments, arguments));
    group->arguments = arguments;
    return DONE;
}

static bool has_scope(const struct graphql_field *row)
{
    return row->scope && *row->scope;
}

static struct status authorize(struct graphql_call *call)
{
    const struct graphql_execution *given = call->execution;
    if (!has_scope(call->row))
        return DONE;
    return given->authorize ? given->authorize(call, call->row->scope) : STATUS(DENIED);
}

/* The field's value in *out; WRITTEN: there is one. */
static enum outcome resolve(struct execution *run, struct graphql_call *call, struct graphql_value *out)
{
    const struct place *place = call->place;
    struct status s = coerce_group(run, place->group);
    if (s.code == E_INVALID)
        return execution_error(run, place, "%.*s", TEXT_ARG(run->coercion.problem));
    if (!status_ok(s))
        return execution_stop(run, s.code);
    s = authorize(call);
    if (!status_ok(s) && call->row->null_without_scope && s.code != E_NOMEM) {
        run->refused = false;
        return OUTCOME_WRITTEN;
    }
    if (status_ok(s))
        s = call->row->resolve ? call->row->resolve(call, out) : read_member(call, out);
    return status_ok(s) ? OUTCOME_WRITTEN : execution_refused(run, place, s.code);
}

static enum outcome write_typename(struct execution *run, const struct schema_type *type)
{
    buffer_byte(run->out, '"');
    buffer_text(run->out, type->name);
    buffer_byte(run->out, '"');
    return OUTCOME_WRITTEN;
}

static enum outcome execute_field(struct execution *run, struct graphql_call *call, const struct place *place)
{
    struct graphql_value value = graphql_null();
    const struct schema_field *field = place->group->field;
    call->row = field->row;
    call->place = place;
    enum outcome o = resolve(run, call, &value);
    if (o == OUTCOME_WRITTEN)
        return execution_complete(run, call, field->type, &value, place);
    if (o == OUTCOME_STOP || field->type->kind == TYPE_NON_NULL)
        return o;
    buffer_text(run->out, TEXT("null"));
    return OUTCOME_WRITTEN;
}

static void write_key(struct buffer *out, const struct group *group, bool first)
{
    if (!first)
        buffer_byte(out, ',');
    buffer_byte(out, '"');
    buffer_text(out, group->fields.selection->alias);
    buffer_text(out, TEXT("\":"));
}

enum outcome execution_fields(struct execution *run, const struct collected *fields, const void *object,
                              const struct place *parent)
{
    buffer_byte(run->out, '{');
    for (struct group *group = fields->groups; group; group = group->next) {
        struct graphql_call call = {.execution = run->given,
                                    .context = run->given->context,
                                    .arena = run->arena,
                                    .object = object,
                                    .run = run};
        struct place place = {.parent = parent, .group = group};
        if (++run->resolved > LIMIT_GRAPHQL_RESOLVED || run->out->failed != E_OK)
            return execution_stop(run, run->out->failed != E_OK ? run->out->failed : E_TOO_LARGE);
        write_key(run->out, group, group == fields->groups);
        enum outcome o =
            group->field->parent ? execute_field(run, &call, &place) : write_typename(run, fields->type);
        if (o != OUTCOME_WRITTEN)
            return o;
    }
    buffer_byte(run->out, '}');
    return OUTCOME_WRITTEN;
}

/* An error that is none of a field's: nothing was executed. */
static void write_refusal(struct buffer *out, const char *message)
{
    buffer_printf(out, "{\"errors\":[{\"message\":\"%s\"}],\"data\":null}", message);
}

/* Errors stand in front of the data (section 7.1 recommends it), which is there already. */
static struct status put_errors_in_front(const struct execution *run, size_t mark)
{
    struct buffer *out = run->out;
    OWNED(buffer_release) struct buffer data;
    buffer_init(&data, out->max);
    buffer_text(&data, text_from(buffer_as_text(out), mark));
    TRY(buffer_status(&data));
    buffer_cut(out, mark);
    buffer_text(out, TEXT("{\"errors\":"));
    execution_write_errors(run, out);
    buffer_byte(out, ',');
    buffer_text(out, text_from(buffer_as_text(&data), 1)); /* without its brace */
    return buffer_status(out);
}

static struct status execute_operation(struct execution *run, const struct graphql_operation *operation,
                                       size_t mark)
{
    struct collected *fields;
    struct status s = collect_operation(&run->collector, operation, &fields);
    if (s.code == E_INVALID) {
        write_refusal(run->out, "A directive's variable must not be null.");
        return DONE;
    }
    TRY(s);
    if (fields->count > LIMIT_GRAPHQL_ROOT_FIELDS) {
        write_refusal(run->out, "The operation has too many fields at its top.");
        return DONE;
    }
    buffer_text(run->out, TEXT("{\"data\":"));
    size_t data = buffer_size(run->out);
    enum outcome o = execution_fields(run, fields, run->given->root, NULL);
    if (o == OUTCOME_STOP)
        return status_of(run->stop);
    if (o == OUTCOME_ERROR) {
        buffer_cut(run->out, data);
        buffer_text(run->out, TEXT("null"));
    }
    buffer_byte(run->out, '}');
    TRY(buffer_status(run->out));
    return run->errors ? put_errors_in_front(run, mark) : DONE;
}

struct status graphql_execute(const struct graphql_execution *execution,
                              const struct graphql_document *document,
                              const struct graphql_operation *operation,
                              const struct graphql_variables *variables, struct buffer *out)
{
    struct execution run = {
        .given = execution,
        .document = document,
        .arena = execution->arena,
        .out = out,
        .stop = E_OK,
        .coercion = {.arena = execution->arena, .operation = operation, .variables = variables}};
    run.errors_end = &run.errors;
    size_t mark = buffer_size(out);
    TRY(collector_init(&run.collector, execution->schema, document, &run.coercion));
    struct status s = execute_operation(&run, operation, mark);
    if (!status_ok(s)) {
        buffer_cut(out, mark);
        out->failed = E_OK;
    }
    return s;
}
