/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h2_session.h"

static struct h2_stream *stream_of(nghttp2_session *ng, int32_t id)
{
    return nghttp2_session_get_stream_user_data(ng, id);
}

/* RFC 9113 10.5: excessive use of what costs the peer nothing is a connection error. */
static void enhance_your_calm(struct h2_session *h)
{
    if (h->calm)
        return;
    h->calm = true;
    (void)nghttp2_session_terminate_session(h->ng, NGHTTP2_ENHANCE_YOUR_CALM);
}

static void note_reset(struct h2_session *h, struct h2_stream *s)
{
    if (s && s->noted)
        return;
    if (s)
        s->noted = true;
    if (!h2_flood_reset(&h->flood, h->base.settings->h2_resets_per_second))
        enhance_your_calm(h);
}

/* What makes us reset costs its sender as little as a reset of its own (CVE-2025-8671). */
static void give_up_on_peer(struct h2_stream *s, uint32_t error)
{
    note_reset(s->session, s);
    h2_give_up(s, error);
}

static int on_begin_frame(nghttp2_session *ng, const nghttp2_frame_hd *hd, void *user_data)
{
    (void)ng;
    struct h2_session *h = user_data;
    h->head_open = hd->type == NGHTTP2_HEADERS || hd->type == NGHTTP2_CONTINUATION;
    if (!h2_flood_frame(&h->flood, hd, h->base.settings->h2_control_per_second))
        enhance_your_calm(h);
    return 0;
}

static int on_begin_headers(nghttp2_session *ng, const nghttp2_frame *frame, void *user_data)
{
    struct h2_session *h = user_data;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    struct h2_stream *s = h2_stream_new(h, frame->hd.stream_id);
    if (!s)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    (void)nghttp2_session_set_stream_user_data(ng, s->id, s);
    return 0;
}

static int on_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name, size_t name_n,
                     const uint8_t *value, size_t value_n, uint8_t flags, void *user_data)
{
    (void)flags;
    struct h2_session *h = user_data;
    struct h2_stream *s = stream_of(ng, frame->hd.stream_id);
    if (!s)
        return 0;
    const struct text n = {(const char *)name, name_n};
    const struct text v = {(const char *)value, value_n};
    const bool trailer = frame->headers.cat != NGHTTP2_HCAT_REQUEST;
    if (trailer ? h2_note_trailer(s, n, v) : h2_note_field(s, n, v))
        return 0;
    if (s->refusal == H1_HEAD_TOO_LARGE)
        enhance_your_calm(h);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

/* A name or value that RFC 9113 8.2.1 forbids. Without this callback nghttp2 would drop the field and go on.
 */
static int on_invalid_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name,
                             size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags,
                             void *user_data)
{
    (void)name;
    (void)name_n;
    (void)value;
    (void)value_n;
    (void)flags;
    (void)user_data;
    struct h2_stream *s = stream_of(ng, frame->hd.stream_id);
    if (s && s->refusal == H1_NONE)
        s->refusal = H1_FIELD_NAME;
    return 0;
}

static void input_ended(struct h2_stream *s)
{
    s->input_ended = true;
    s->session->due = true;
}

static void headers_received(struct h2_stream *s, const nghttp2_frame *frame)
{
    const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        h2_head_done(s, end);
    else if (s->refusal != H1_NONE && s->head_done)
        give_up_on_peer(s, NGHTTP2_PROTOCOL_ERROR);
    else if (end)
        input_ended(s);
}

/* RFC 9113 6.8: the first GOAWAY only warned; a round trip later every request under way has arrived. */
static void ping_answered(struct h2_session *h)
{
    if (!h->closing || h->last_goaway)
        return;
    h->last_goaway = true;
    (void)nghttp2_submit_goaway(h->ng, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(h->ng),
                                NGHTTP2_NO_ERROR, NULL, 0);
}

static int on_frame_recv(nghttp2_session *ng, const nghttp2_frame *frame, void *user_data)
{
    struct h2_session *h = user_data;
    struct h2_stream *s = frame->hd.stream_id > 0 ? stream_of(ng, frame->hd.stream_id) : NULL;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        h->head_open = false;
        if (s)
            headers_received(s, frame);
        break;
    case NGHTTP2_DATA:
        if (s && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
            input_ended(s);
        break;
    case NGHTTP2_SETTINGS:
        h->begun = true;
        break;
    case NGHTTP2_RST_STREAM:
        note_reset(h, s);
        break;
    case NGHTTP2_GOAWAY:
        h->peer_leaves = true;
        break;
    case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0)
            ping_answered(h);
        break;
    default:
        break;
    }
    return 0;
}

static int on_invalid_frame_recv(nghttp2_session *ng, const nghttp2_frame *frame, int error, void *user_data)
{
    (void)error;
    note_reset(user_data, frame->hd.stream_id > 0 ? stream_of(ng, frame->hd.stream_id) : NULL);
    return 0;
}

/* The exchange is over for the owner; the peer still gets an answer, unless one is under way. */
static void body_too_large(struct h2_stream *s)
{
    if (s->x.responded) {
        give_up_on_peer(s, NGHTTP2_CANCEL);
        return;
    }
    h2_refuse(s, H1_LENGTH_TOO_LARGE);
    s->given_up = true;
    s->session->due = true;
}

/* The owner's bytes, or the session's until the owner wants them. What nobody will want goes straight back.
 */
static int on_data_chunk_recv(nghttp2_session *ng, uint8_t flags, int32_t stream_id, const uint8_t *data,
                              size_t n, void *user_data)
{
    (void)flags;
    struct h2_session *h = user_data;
    struct h2_stream *s = stream_of(ng, stream_id);
    if (!s) {
        (void)nghttp2_session_consume(ng, stream_id, n);
        return 0;
    }
    s->received += n;
    s->unconsumed += n;
    if (s->end_sent) {
        h2_consume(s, n);
        s->unwanted += n;
        if (s->unwanted > H2_DRAIN_BYTES)
            h2_stop_upload(s);
        return 0;
    }
    if (!s->head_done || s->given_up) {
        h2_consume(s, n);
        return 0;
    }
    if (s->received > h->base.settings->body_bytes) {
        h2_consume(s, n);
        body_too_large(s);
        return 0;
    }
    if (h2_takes_body(s)) {
        h2_tell_body(s, (struct bytes){data, n});
        h2_consume(s, n);
        return 0;
    }
    buffer_append(&s->in, (struct bytes){data, n});
    if (!status_ok(buffer_status(&s->in)))
        h2_give_up(s, NGHTTP2_INTERNAL_ERROR);
    h->due = true;
    return 0;
}

static int on_stream_close(nghttp2_session *ng, int32_t stream_id, uint32_t error, void *user_data)
{
    struct h2_session *h = user_data;
    struct h2_stream *s = stream_of(ng, stream_id);
    if (!s)
        return 0;
    /* Data beyond a content-length or a window, for which nghttp2 resets without a word. */
    if (error != NGHTTP2_NO_ERROR && !s->given_up)
        note_reset(h, s);
    s->closed = true;
    h->due = true;
    return 0;
}

/*
 * RFC 9113 8.1: the answer is complete, the rest of the request is not needed. Some of it is let in all the
 * same: curl (7.88) fails with an error of its own, and without the answer, when the stream is reset under
 * its upload before it has read the answer.
 */
static void answer_sent(struct h2_stream *s)
{
    s->end_sent = true;
    s->session->due = true;
    if (s->session->closing)
        h2_stop_upload(s);
}

static int on_frame_send(nghttp2_session *ng, const nghttp2_frame *frame, void *user_data)
{
    struct h2_session *h = user_data;
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR)
        h->failed = E_INVALID;
    const bool message = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!message || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
        return 0;
    struct h2_stream *s = stream_of(ng, frame->hd.stream_id);
    if (s)
        answer_sent(s);
    return 0;
}

/* An answer whose head nghttp2 cannot send (too large) would leave its stream open for ever. */
static int on_frame_not_send(nghttp2_session *ng, const nghttp2_frame *frame, int error, void *user_data)
{
    (void)error;
    (void)user_data;
    struct h2_stream *s = stream_of(ng, frame->hd.stream_id);
    if (s && frame->hd.type == NGHTTP2_HEADERS)
        h2_give_up(s, NGHTTP2_INTERNAL_ERROR);
    return 0;
}

bool h2_callbacks_new(nghttp2_session_callbacks **out)
{
    nghttp2_session_callbacks *c = NULL;
    if (nghttp2_session_callbacks_new(&c) != 0)
        return false;
    nghttp2_session_callbacks_set_on_begin_frame_callback(c, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(c, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(c, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(c, on_invalid_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(c, on_frame_recv);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(c, on_invalid_frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, on_data_chunk_recv);
    nghttp2_session_callbacks_set_on_stream_close_callback(c, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(c, on_frame_send);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(c, on_frame_not_send);
    *out = c;
    return true;
}
