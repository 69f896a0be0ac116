/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h2_session.h"

#include "base/limits.h"
#include "http/date.h"
#include "http/h1_scan.h"
#include "http/refusal.h"
#include "http/trailers.h"

#define FIELDS_OF_OURS 4 /* :status, date, server, content-length */

static nghttp2_nv field_of(struct text name, struct text value)
{
    /* nghttp2 copies both and writes to neither; its type has no const. */
    union {
        const char *from;
        uint8_t *to;
    } n = {.from = name.p}, v = {.from = value.p ? value.p : ""};
    return (nghttp2_nv){n.to, v.to, name.n, value.n, NGHTTP2_NV_FLAG_NONE};
}

/*
 * A value that never comes twice has no place in the compression table (RFC 7541 7.1.3 allows the choice): it
 * would push out what does repeat, and nghttp2 compares each new one with all that are still there: a fifth
 * of the front's CPU per request.
 */
static bool is_unique(struct text name)
{
    return text_equal_nocase(name, TEXT("X-Request-Id"));
}

/* RFC 9113 8.2.2: fields about a connection do not exist here; framing is ours. */
static bool is_left_out(const struct header *field, const struct headers *all)
{
    return header_is_hop_by_hop(field->name, all) || text_equal_nocase(field->name, TEXT("Content-Length")) ||
           text_equal_nocase(field->name, TEXT("Date"));
}

struct fields {
    nghttp2_nv *list;
    size_t count;
};

static struct status collect(struct h2_stream *s, const struct response *head, struct fields *out)
{
    struct arena *a = &s->x.arena;
    out->count = 0;
    out->list = arena_array(a, head->headers.count + FIELDS_OF_OURS, sizeof(*out->list));
    const struct text code = arena_printf(a, "%d", head->status);
    if (!out->list || !code.p)
        return STATUS(NOMEM);
    out->list[out->count++] = field_of(TEXT(":status"), code);
    if (head->status >= 200)
        out->list[out->count++] = field_of(TEXT("date"), http_date_now());
    const char *server = s->session->base.settings->server_name;
    if (server && head->status >= 200)
        out->list[out->count++] = field_of(TEXT("server"), text_of(server));
    for (size_t i = 0; i < head->headers.count; i++) {
        const struct header *field = &head->headers.list[i];
        if (is_left_out(field, &head->headers))
            continue;
        if (!h1_is_token(field->name) || !h1_is_field_value(field->value))
            return STATUS(INVALID);
        nghttp2_nv *nv = &out->list[out->count++];
        *nv = field_of(field->name, field->value);
        if (is_unique(field->name))
            nv->flags |= NGHTTP2_NV_FLAG_NO_INDEX;
    }
    if (head->body != BODY_SIZED || head->status < 200 || head->status == 204)
        return DONE;
    const struct text length = arena_printf(a, "%llu", (unsigned long long)head->content_length);
    if (!length.p)
        return STATUS(NOMEM);
    out->list[out->count++] = field_of(TEXT("content-length"), length);
    return DONE;
}

/* The producer goes on when half of what is allowed has left. */
static void note_drained(struct h2_stream *s)
{
    if (!s->throttled || s->ended || buffer_size(&s->out) > LIMIT_RESPONSE_BUFFER / 2)
        return;
    s->throttled = false;
    s->drained_due = true;
    s->session->due = true;
}

/* Behind the last DATA, which then does not end the stream. */
static bool announce_trailers(struct h2_stream *s, uint32_t *flags)
{
    if (s->trailer_count == 0)
        return true;
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    return nghttp2_submit_trailer(s->session->ng, s->id, s->trailer_list, s->trailer_count) == 0;
}

static ssize_t read_body(nghttp2_session *ng, int32_t stream_id, uint8_t *to, size_t room, uint32_t *flags,
                         nghttp2_data_source *source, void *user_data)
{
    (void)source;
    (void)user_data;
    struct h2_stream *s = nghttp2_session_get_stream_user_data(ng, stream_id);
    if (!s)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const struct bytes body = buffer_bytes(&s->out);
    const size_t n = body.n < room ? body.n : room;
    if (n > 0)
        memcpy(to, body.p, n);
    buffer_consume(&s->out, n);
    s->session->body_sent += n;
    note_drained(s);
    if (s->ended && buffer_size(&s->out) == 0) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (!announce_trailers(s, flags))
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    } else if (n == 0) {
        s->deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    return (ssize_t)n;
}

static struct status submit(struct h2_stream *s, const struct response *head)
{
    struct fields fields;
    TRY(collect(s, head, &fields));
    nghttp2_session *ng = s->session->ng;
    int rv = 0;
    if (head->status < 200) {
        rv = nghttp2_submit_headers(ng, NGHTTP2_FLAG_NONE, s->id, NULL, fields.list, fields.count, NULL);
    } else {
        const nghttp2_data_provider body = {.read_callback = read_body};
        rv = nghttp2_submit_response(ng, s->id, fields.list, fields.count, s->discard ? NULL : &body);
    }
    return rv == 0 ? DONE : rv == NGHTTP2_ERR_NOMEM ? STATUS(NOMEM) : STATUS(BROKEN);
}

static bool is_over(const struct h2_stream *s)
{
    return s->closed || s->given_up || s->session->dead;
}

struct status h2_respond(struct exchange *x, const struct response *head)
{
    struct h2_stream *s = h2_stream_of(x);
    must(!x->responded && head->status >= 200);
    if (is_over(s)) {
        x->responded = true;
        s->discard = true;
        return DONE;
    }
    s->discard = x->request.method == HTTP_HEAD || head->status == 204 || head->status == 304 ||
                 head->body == BODY_NONE;
    s->sized = !s->discard && head->body == BODY_SIZED;
    s->out_left = head->content_length;
    TRY(submit(s, head));
    x->responded = true;
    return DONE;
}

/* Whoever asked for 100 Continue still waits for it: no byte of the body has come. */
static bool waits_for_continue(const struct h2_stream *s)
{
    return s->x.request.expect_continue && !s->x.responded && !s->continued && s->received == 0 &&
           !s->input_ended;
}

struct status h2_interim(struct exchange *x, const struct response *head)
{
    struct h2_stream *s = h2_stream_of(x);
    if (is_over(s) || (head->status == 100 && !waits_for_continue(s)))
        return DONE;
    s->continued = s->continued || head->status == 100;
    return submit(s, head);
}

static void resume(struct h2_stream *s)
{
    if (!s->deferred || is_over(s))
        return;
    s->deferred = false;
    (void)nghttp2_session_resume_data(s->session->ng, s->id);
}

struct status h2_write(struct exchange *x, struct bytes body)
{
    struct h2_stream *s = h2_stream_of(x);
    must(x->responded && !s->ended);
    if (s->discard || is_over(s) || body.n == 0)
        return DONE;
    /* More than was promised would be read as another message by somebody behind us. */
    if (s->sized && body.n > s->out_left)
        return STATUS(INVALID);
    buffer_append(&s->out, body);
    TRY(buffer_status(&s->out));
    s->out_left -= s->sized ? body.n : 0;
    resume(s);
    if (buffer_size(&s->out) <= LIMIT_RESPONSE_BUFFER)
        return DONE;
    s->throttled = true;
    return STATUS(AGAIN);
}

static struct status keep_trailers(struct h2_stream *s, const struct headers *trailers)
{
    struct headers kept;
    TRY(trailers_filter(trailers, &s->x.arena, &kept));
    s->trailer_list = arena_array(&s->x.arena, kept.count, sizeof(*s->trailer_list));
    if (!s->trailer_list)
        return STATUS(NOMEM);
    for (size_t i = 0; i < kept.count; i++)
        s->trailer_list[i] = field_of(kept.list[i].name, kept.list[i].value);
    s->trailer_count = kept.count;
    return DONE;
}

struct status h2_end(struct exchange *x, const struct headers *trailers)
{
    struct h2_stream *s = h2_stream_of(x);
    if (s->ended)
        return DONE;
    s->ended = true;
    const bool kept = !trailers || s->discard || is_over(s) || status_ok(keep_trailers(s, trailers));
    if (!kept || !x->responded || (s->sized && s->out_left > 0)) {
        /* A cut answer must look cut. */
        h2_give_up(s, NGHTTP2_INTERNAL_ERROR);
        h2_tell(s->session);
        return STATUS(INVALID);
    }
    resume(s);
    return DONE;
}

void h2_refuse(struct h2_stream *s, enum h1_reason reason)
{
    struct response head = {.status = h1_reason_status(reason), .body = BODY_SIZED};
    struct exchange *x = &s->x;
    (void)http_method_parse(s->method, &x->request.method); /* a HEAD is refused without a body */
    refusal_body(&s->out, head.status, h1_reason_text(reason));
    head.content_length = buffer_size(&s->out);
    s->discard = x->request.method == HTTP_HEAD;
    s->ended = true;
    x->responded = true;
    struct status st =
        headers_add(&head.headers, &x->arena, TEXT("content-type"), TEXT(REFUSAL_CONTENT_TYPE));
    if (status_ok(st))
        st = buffer_status(&s->out);
    if (status_ok(st))
        st = submit(s, &head);
    if (!status_ok(st))
        h2_give_up(s, NGHTTP2_INTERNAL_ERROR);
}

void h2_want_body(struct exchange *x)
{
    struct h2_stream *s = h2_stream_of(x);
    if (s->wanted)
        return;
    s->wanted = true;
    /* Without it the client sends the body after a while by itself. */
    status_ignore(h2_interim(x, &(struct response){.status = 100}));
    s->session->due = true;
    h2_tell(s->session);
}
