/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include <stdarg.h>
#include <stdio.h>

#define REPLY_TYPICAL 2048

static enum error_shape shape_of(const struct call *c)
{
    return api_error_shape(c->route, c->request->path);
}

struct status reply_empty(struct call *c, int status)
{
    buffer_clear(&c->reply.body);
    c->reply.status = status;
    c->reply.content_type = shape_of(c) == ERROR_KYMA ? api_error_content_type(ERROR_KYMA)
                                                      : TEXT(""); /* contract 2: even on empty bodies */
    return DONE;
}

void reply_json(struct call *c, int status)
{
    buffer_clear(&c->reply.body);
    (void)buffer_reserve(&c->reply.body,
                         REPLY_TYPICAL); /* one allocation for the small ones; failure is sticky */
    c->reply.status = status;
    c->reply.content_type =
        shape_of(c) == ERROR_KYMA ? api_error_content_type(ERROR_KYMA) : TEXT("application/json");
}

struct status reply_header(struct call *c, struct text name, struct text value)
{
    return headers_add(&c->reply.headers, c->arena, name, value);
}

struct status reply_message(struct call *c, int status, struct text prefix, struct text message)
{
    OWNED(buffer_release) struct buffer whole; /* not the arena: a message may quote what a client sent */
    buffer_init(&whole, REPLY_BODY_MAX / 8);   /* escaping makes at most six bytes of one */
    buffer_text(&whole, prefix);
    buffer_text(&whole, message);
    buffer_clear(&c->reply.body);
    c->reply.status = status;
    c->reply.content_type = api_error_content_type(shape_of(c));
    TRY(buffer_status(&whole));
    api_error_body(&c->reply.body, shape_of(c), status, buffer_as_text(&whole), c->request_id);
    return DONE;
}

struct status reply_error(struct call *c, int status, const char *fmt, ...)
{
    char message[ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    const size_t length = n < 0 ? 0 : (size_t)n < sizeof message ? (size_t)n : sizeof message - 1;

    buffer_clear(&c->reply.body);
    c->reply.status = status;
    c->reply.content_type = api_error_content_type(shape_of(c));
    api_error_body(&c->reply.body, shape_of(c), status, (struct text){message, length}, c->request_id);
    return DONE;
}
