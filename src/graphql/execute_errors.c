/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/execute_internal.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/json_out.h"
#include "base/limits.h"

#define MESSAGE_MAX 512
#define PATH_BYTES  (LIMIT_GRAPHQL_BYTES + 4096)

enum outcome execution_stop(struct execution *run, enum code code)
{
    run->stop = code;
    return OUTCOME_STOP;
}

static void write_path(const struct place *place, struct buffer *out)
{
    if (place->parent) {
        write_path(place->parent, out);
        buffer_byte(out, ',');
    }
    if (place->is_item)
        buffer_printf(out, "%zu", place->index);
    else
        buffer_printf(out, "\"%.*s\"", TEXT_ARG(place->group->fields.selection->alias));
}

static struct text path_text(struct execution *run, const struct place *place)
{
    OWNED(buffer_release) struct buffer path;
    buffer_init(&path, PATH_BYTES);
    buffer_byte(&path, '[');
    write_path(place, &path);
    buffer_byte(&path, ']');
    return status_ok(buffer_status(&path)) ? arena_text(run->arena, buffer_as_text(&path))
                                           : (struct text){NULL, 0};
}

static enum outcome note(struct execution *run, const struct place *place, struct text message,
                         struct text extensions)
{
    struct field_error *e = arena_alloc(run->arena, sizeof(*e));
    if (!e || !message.p)
        return execution_stop(run, E_NOMEM);
    *e = (struct field_error){.message = message,
                              .extensions = extensions,
                              .path = path_text(run, place),
                              .at = place->group->fields.selection->at};
    if (!e->path.p)
        return execution_stop(run, E_NOMEM);
    *run->errors_end = e;
    run->errors_end = &e->next;
    return OUTCOME_ERROR;
}

enum outcome execution_error(struct execution *run, const struct place *place, const char *fmt, ...)
{
    char message[MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    must(n >= 0);
    size_t length = (size_t)n < sizeof(message) ? (size_t)n : sizeof(message) - 1;
    return note(run, place, arena_text(run->arena, (struct text){message, length}), (struct text){NULL, 0});
}

enum outcome execution_refused(struct execution *run, const struct place *place, enum code code)
{
    if (!run->refused && code == E_NOMEM)
        return execution_stop(run, E_NOMEM);
    if (!run->refused)
        return note(run, place, TEXT("internal system error"), (struct text){NULL, 0});
    run->refused = false;
    return note(run, place, run->message, run->extensions);
}

struct status graphql_refuse(struct graphql_call *call, enum code code, struct text extensions,
                             const char *fmt, ...)
{
    must(code != E_OK);
    struct execution *run = call->run;
    char small[MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(small, sizeof(small), fmt, args);
    va_end(args);
    must(n >= 0);
    char *message = arena_alloc(run->arena, (size_t)n + 1);
    if (!message)
        return STATUS(NOMEM);
    va_start(args, fmt);
    vsnprintf(message, (size_t)n + 1, fmt, args);
    va_end(args);
    run->message = (struct text){message, (size_t)n};
    run->extensions = extensions;
    run->refused = true;
    return status_of(code);
}

static void write_error(const struct execution *run, const struct field_error *e, struct buffer *out)
{
    buffer_text(out, TEXT("{\"message\":\""));
    json_escape_text(out, e->message);
    buffer_text(out, TEXT("\",\"path\":"));
    buffer_text(out, e->path);
    if (run->given->locate_errors) {
        int line, column;
        graphql_position(run->document->source, e->at, &line, &column);
        buffer_printf(out, ",\"locations\":[{\"line\":%d,\"column\":%d}]", line, column);
    }
    if (e->extensions.p) {
        buffer_text(out, TEXT(",\"extensions\":"));
        buffer_text(out, e->extensions);
    }
    buffer_byte(out, '}');
}

void execution_write_errors(const struct execution *run, struct buffer *out)
{
    buffer_byte(out, '[');
    for (const struct field_error *e = run->errors; e; e = e->next) {
        if (e != run->errors)
            buffer_byte(out, ',');
        write_error(run, e, out);
    }
    buffer_byte(out, ']');
}
