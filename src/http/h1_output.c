/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1_session.h"

#include "base/limits.h"
#include "http/h1_client.h"

void h1_want_body(struct exchange *x)
{
    struct h1_session *s = h1_session_of_exchange(x);
    struct h1_work *w = s->work;
    w->body_wanted = true;
    if (w->continue_due && !x->responded)
        buffer_text(&w->out, TEXT("HTTP/1.1 100 Continue\r\n\r\n"));
    w->continue_due = false;
    h1_continue(s);
}

/* Whether what is left of the request body forbids to keep the connection; decided when the head of the
 * answer is written, so that it can say so. */
static bool body_forces_close(const struct h1_work *w)
{
    if (w->x.body_complete)
        return false;
    /* The client may or may not send the body now (RFC 9110 10.1.1): the next byte would be ambiguous. */
    if (w->continue_due)
        return true;
    return !w->body_wanted && w->x.request.body == BODY_SIZED && w->body_left > H1_DRAIN_BYTES;
}

static const char *connection_value(const struct h1_session *s)
{
    const struct h1_work *w = s->work;
    if (!w->keep_alive)
        return "close";
    return w->x.request.version == HTTP_1_0 ? "keep-alive" : NULL; /* RFC 9112 9.3: the default differs */
}

/* Chooses framing and the way body bytes will be written. */
static enum h1_framing choose_framing(struct h1_session *s, const struct response *head)
{
    struct h1_work *w = s->work;
    const bool head_only = w->x.request.method == HTTP_HEAD;
    w->out_mode = H1_OUT_NOTHING;
    if (head->status == 204 || head->status == 304)
        return H1_FRAMING_NONE;
    if (head->body == BODY_STREAM && w->x.request.version == HTTP_1_0) {
        w->out_mode = head_only ? H1_OUT_NOTHING : H1_OUT_RAW;
        w->keep_alive = w->keep_alive && head_only;
        s->by_close = !head_only;
        return H1_FRAMING_NONE;
    }
    if (head->body == BODY_STREAM) {
        w->out_mode = head_only ? H1_OUT_NOTHING : H1_OUT_CHUNKED;
        return H1_FRAMING_CHUNKED;
    }
    /* What the length of the GET would be is not known here. */
    if (head_only && head->body == BODY_NONE)
        return H1_FRAMING_NONE;
    w->out_mode = head_only ? H1_OUT_NOTHING : H1_OUT_SIZED;
    w->out_left = head->body == BODY_SIZED ? head->content_length : 0;
    return H1_FRAMING_LENGTH;
}

/* 1xx: no framing, no state but that of Expect. */
struct status h1_interim(struct exchange *x, const struct response *head)
{
    struct h1_work *w = h1_session_of_exchange(x)->work;
    const struct h1_response_line line = {.status = head->status, .framing = H1_FRAMING_NONE};
    if (w->aborted || (head->status == 100 && !w->continue_due))
        return DONE;
    TRY(h1_write_response_head(&w->out, &line, &head->headers));
    if (head->status == 100)
        w->continue_due = false;
    return DONE;
}

struct status h1_respond(struct exchange *x, const struct response *head)
{
    struct h1_session *s = h1_session_of_exchange(x);
    struct h1_work *w = s->work;
    if (x->responded || head->status < 200)
        return STATUS(BROKEN);
    const enum h1_framing framing = choose_framing(s, head);
    w->keep_alive = w->keep_alive && !s->closing && !body_forces_close(w);
    const struct h1_response_line line = {.status = head->status,
                                          .framing = framing,
                                          .content_length = w->out_left,
                                          .connection = connection_value(s),
                                          .server_name = s->base.settings->server_name};
    TRY(h1_write_response_head(&w->out, &line, &head->headers));
    x->responded = true;
    return DONE;
}

/* The queue is full or memory is: the answer cannot be completed, and must not look complete. */
static struct status give_up(struct exchange *x, struct status why)
{
    struct h1_session *s = h1_session_of_exchange(x);
    s->work->aborted = true;
    h1_continue(s);
    return why;
}

static struct bytes without(struct bytes b, size_t *n)
{
    const size_t taken = *n < b.n ? *n : b.n;
    *n -= taken;
    return (struct bytes){taken > 0 ? b.p + taken : b.p, b.n - taken}; /* an empty one may have no place */
}

/* Not past an output whose producer waits for it: he is told when it is consumed, and that has to come. */
static bool may_write_now(const struct h1_session *s, struct bytes body)
{
    return s->base.events->write_now && body.n >= H1_WRITE_NOW_BYTES && !s->work->throttled &&
           status_ok(buffer_status(&s->work->out));
}

/* A large piece is written from where it lies; what the socket does not take is copied. */
static void put(struct h1_session *s, struct bytes body, struct text tail)
{
    struct buffer *out = &s->work->out;
    if (may_write_now(s, body)) {
        const struct bytes parts[] = {buffer_bytes(out), body, text_bytes(tail)};
        size_t n = s->base.events->write_now(s->base.owner, parts, sizeof parts / sizeof parts[0]);
        buffer_consume(out, parts[0].n - without(parts[0], &n).n);
        body = without(body, &n);
        tail = bytes_text(without(parts[2], &n));
    }
    buffer_append(out, body);
    buffer_text(out, tail);
}

struct status h1_write(struct exchange *x, struct bytes body)
{
    struct h1_session *s = h1_session_of_exchange(x);
    struct h1_work *w = s->work;
    if (!x->responded || w->ended)
        return STATUS(BROKEN);
    switch (w->out_mode) {
    case H1_OUT_NOTHING:
        return DONE;
    case H1_OUT_SIZED:
        if (body.n > w->out_left) /* the surplus would be read as the next answer */
            return give_up(x, STATUS(BROKEN));
        w->out_left -= body.n;
        put(s, body, (struct text){NULL, 0});
        break;
    case H1_OUT_CHUNKED:
        if (body.n == 0)
            return DONE; /* an empty chunk would end the body */
        h1_write_chunk_size(&w->out, body.n);
        put(s, body, TEXT("\r\n"));
        break;
    case H1_OUT_RAW:
        put(s, body, (struct text){NULL, 0});
        break;
    }
    const struct status kept = buffer_status(&w->out);
    if (!status_ok(kept))
        return give_up(x, kept);
    if (buffer_size(&w->out) <= LIMIT_RESPONSE_BUFFER)
        return DONE;
    w->throttled = true;
    return STATUS(AGAIN);
}

/* RFC 9110 6.5.1: only to those who say that they do not throw them away, or take them for fields of the
 * head.
 */
static bool takes_trailers(const struct exchange *x)
{
    return headers_has_token(&x->request.headers, TEXT("TE"), TEXT("trailers"));
}

struct status h1_end(struct exchange *x, const struct headers *trailers)
{
    struct h1_session *s = h1_session_of_exchange(x);
    struct h1_work *w = s->work;
    if (!x->responded || w->ended)
        return STATUS(BROKEN);
    if (w->out_mode == H1_OUT_SIZED && w->out_left > 0)
        return give_up(x, STATUS(BROKEN)); /* shorter than promised: only the close can say so */
    if (w->out_mode == H1_OUT_CHUNKED)
        h1_write_last_chunk_with(&w->out, takes_trailers(x) ? trailers : NULL);
    const struct status written = buffer_status(&w->out);
    if (!status_ok(written))
        return give_up(x, written);
    w->ended = true;
    h1_continue(s);
    return DONE;
}

struct status h1_tunnel(struct exchange *x, const struct response *head)
{
    struct h1_session *s = h1_session_of_exchange(x);
    struct h1_work *w = s->work;
    const bool possible = !x->responded && x->body_complete && head->status == 101 &&
                          x->request.version == HTTP_1_1 &&
                          headers_get(&head->headers, TEXT("Upgrade")).n > 0;
    if (!possible)
        return STATUS(INVALID);
    const struct h1_response_line line = {
        .status = 101, .framing = H1_FRAMING_UPGRADE, .connection = "Upgrade"};
    TRY(h1_write_response_head(&w->out, &line, &head->headers));
    x->responded = true;
    w->out_mode = H1_OUT_RAW;
    w->keep_alive = false;
    w->body_wanted = true;
    w->body_end_sent = false;
    s->state = H1_TUNNEL;
    h1_continue(s);
    return DONE;
}
