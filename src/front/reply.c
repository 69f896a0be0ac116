/* SPDX-License-Identifier: Apache-2.0 */
#include "front/front_internal.h"

#include "base/limits.h"

/* Answers that the front gives itself: refusals before and instead of the core. */

/*
 * The connector and gateway listeners speak the contract's shape for every path they do not have (contract
 * 2): a client cannot tell from the answer that the path exists on another listener.
 */
static enum error_shape shape_of(const struct front_call *fc)
{
    unsigned listener = connection_tag(fc->connection);
    const enum error_shape shape = api_error_shape(fc->route, fc->exchange->request.path);
    if (!fc->route && shape != ERROR_GRAPHQL &&
        (listener == LISTENER_CONNECTOR || listener == LISTENER_GATEWAY || listener == LISTENER_PROXY))
        return ERROR_KYMA;
    return shape;
}

static void reply(struct front_call *fc, int status, struct text content_type, struct text body,
                  const struct header *more, size_t more_count)
{
    struct exchange *x = fc->exchange;
    struct response head = {.status = status, .body = BODY_SIZED, .content_length = body.n};
    struct status st = DONE;
    if (content_type.n)
        st = headers_add(&head.headers, &x->arena, TEXT("Content-Type"), content_type);
    for (size_t i = 0; i < more_count && status_ok(st); i++)
        st = headers_add(&head.headers, &x->arena, more[i].name, more[i].value);
    fc->status = status;
    fc->body_out = body.n;
    struct connection *c = fc->connection;
    if (status_ok(st))
        st = exchange_reply(x, &head, text_bytes(body)); /* may finish the exchange: fc is gone then */
    if (!status_ok(st) && st.code != E_AGAIN)
        exchange_abort(x);
    connection_flush_later(c);
}

/* RFC 9110 15.5.6: 405 names what is allowed; the contract's 405 does not (section 2). */
static size_t error_headers(const struct front_call *fc, int status, enum error_shape shape,
                            struct header out[static 3])
{
    size_t n = 0;
    if (status == 503)
        out[n++] = (struct header){TEXT("Retry-After"), TEXT("1")};
    if (shape != ERROR_KYMA)
        out[n++] = (struct header){TEXT("X-Request-Id"), text_of(fc->request_id)};
    if (status == 405 && shape != ERROR_KYMA && fc->allowed.n)
        out[n++] = (struct header){TEXT("Allow"), fc->allowed};
    return n;
}

void front_error(struct front_call *fc, int status, const char *message)
{
    if (!fc->exchange || fc->exchange->responded)
        return;
    OWNED(buffer_release) struct buffer body;
    buffer_init(&body, LIMIT_BODY_JSON);
    const enum error_shape shape = shape_of(fc);
    struct header more[3];
    api_error_body(&body, shape, status, text_of(message), text_of(fc->request_id));
    if (!status_ok(buffer_status(&body))) {
        exchange_abort(fc->exchange);
        return;
    }
    size_t count = error_headers(fc, status, shape, more);
    reply(fc, status, api_error_content_type(shape), buffer_as_text(&body), more, count);
}

void front_redirect(struct front_call *fc, struct text path)
{
    const struct header location = {TEXT("Location"), path};
    reply(fc, 301, (struct text){NULL, 0}, (struct text){NULL, 0}, &location, 1);
}

void front_reply_text(struct front_call *fc, int status, struct text body)
{
    reply(fc, status, TEXT("text/plain; charset=utf-8"), body, NULL, 0);
}
