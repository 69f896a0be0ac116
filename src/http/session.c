/* SPDX-License-Identifier: Apache-2.0 */
#include "http/session.h"

#include "base/limits.h"
#include "http/session_internal.h"

void session_settings_default(struct session_settings *s)
{
    *s = (struct session_settings){
        .header_bytes = LIMIT_HEADER_BYTES,
        .header_count = LIMIT_HEADER_COUNT,
        .uri_bytes = LIMIT_URI_BYTES,
        .body_bytes = INT64_MAX,
        .h2_streams = LIMIT_H2_STREAMS,
        .h2_resets_per_second = LIMIT_H2_RESETS_PER_SECOND,
        .h2_control_per_second = LIMIT_H2_CONTROL_PER_SECOND,
    };
}

struct session *session_new(enum session_protocol p, const struct session_settings *settings,
                            const struct session_events *events, void *owner)
{
    switch (p) {
    case SESSION_H1:
        return h1_server_new(settings, events, owner);
    case SESSION_H2:
        return h2_server_new(settings, events, owner);
    }
    must_failed("a session protocol", __FILE__, __LINE__);
}

void session_free(struct session *s)
{
    if (s)
        s->ops->free(s);
}

struct status session_feed(struct session *s, struct bytes in)
{
    return s->ops->feed(s, in);
}

void session_end_of_input(struct session *s)
{
    s->ops->end_of_input(s);
}

struct bytes session_output(struct session *s)
{
    return s->ops->output(s);
}

void session_output_consumed(struct session *s, size_t n)
{
    s->ops->output_consumed(s, n);
}

bool session_wants_read(const struct session *s)
{
    return s->ops->wants_read(s);
}

bool session_wants_close(const struct session *s)
{
    return s->ops->wants_close(s);
}

bool session_cut(const struct session *s)
{
    return s->ops->cut(s);
}

bool session_is_idle(const struct session *s)
{
    return s->ops->is_idle(s);
}

size_t session_open_exchanges(const struct session *s)
{
    return s->ops->open_exchanges(s);
}

bool session_withheld(const struct session *s, uint64_t *out_sent)
{
    return s->ops->withheld(s, out_sent);
}

bool session_reading_head(const struct session *s)
{
    return s->ops->reading_head(s);
}

void session_shutdown(struct session *s)
{
    s->ops->shutdown(s);
}

void session_shrink(struct session *s)
{
    s->ops->shrink(s);
}

void session_each_exchange(struct session *s, void (*visit)(void *ctx, struct exchange *x), void *ctx)
{
    s->ops->each_exchange(s, visit, ctx);
}

void session_timeout(struct session *s)
{
    s->ops->timeout(s);
}

void exchange_want_body(struct exchange *x)
{
    x->session->ops->want_body(x);
}

void exchange_pause_body(struct exchange *x)
{
    x->session->ops->pause_body(x);
}

void exchange_resume_body(struct exchange *x)
{
    x->session->ops->resume_body(x);
}

struct status exchange_respond(struct exchange *x, const struct response *head)
{
    return x->session->ops->respond(x, head);
}

struct status exchange_interim(struct exchange *x, const struct response *head)
{
    if (x->responded || head->status < 100 || head->status > 199 || head->status == 101)
        return STATUS(INVALID);
    if (x->request.version == HTTP_1_0)
        return DONE;
    if (head->status != 100 && ++x->interim > LIMIT_INTERIM_RESPONSES)
        return DONE;
    return x->session->ops->interim(x, head);
}

struct status exchange_write(struct exchange *x, struct bytes body)
{
    return x->session->ops->write(x, body);
}

struct status exchange_end(struct exchange *x)
{
    return x->session->ops->end(x, NULL);
}

struct status exchange_end_with(struct exchange *x, const struct headers *trailers)
{
    return x->session->ops->end(x, trailers && trailers->count > 0 ? trailers : NULL);
}

struct status exchange_reply(struct exchange *x, struct response *head, struct bytes body)
{
    head->body = BODY_SIZED;
    head->content_length = body.n;
    TRY(exchange_respond(x, head));
    if (body.n > 0) {
        const struct status written = exchange_write(x, body);
        /* E_AGAIN has taken the bytes; there are no more to hold back. */
        if (!status_ok(written) && written.code != E_AGAIN)
            return written;
    }
    return exchange_end(x);
}

void exchange_abort(struct exchange *x)
{
    x->session->ops->abort(x);
}

struct status exchange_tunnel(struct exchange *x, const struct response *head)
{
    return x->session->ops->tunnel(x, head);
}
