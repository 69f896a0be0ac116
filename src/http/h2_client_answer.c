/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1_rules.h"
#include "http/h1_scan.h"
#include "http/h2_client_internal.h"
#include "http/trailers.h"

#define FIELD_OVERHEAD 32 /* RFC 7541 4.1 */

/* RFC 9113 section 7. */
#define ERRORS(X)                                                                                            \
    X(NO_ERROR)                                                                                              \
    X(PROTOCOL_ERROR)                                                                                        \
    X(INTERNAL_ERROR)                                                                                        \
    X(FLOW_CONTROL_ERROR)                                                                                    \
    X(SETTINGS_TIMEOUT)                                                                                      \
    X(STREAM_CLOSED)                                                                                         \
    X(FRAME_SIZE_ERROR)                                                                                      \
    X(REFUSED_STREAM)                                                                                        \
    X(CANCEL)                                                                                                \
    X(COMPRESSION_ERROR)                                                                                     \
    X(CONNECT_ERROR)                                                                                         \
    X(ENHANCE_YOUR_CALM)                                                                                     \
    X(INADEQUATE_SECURITY)                                                                                   \
    X(HTTP_1_1_REQUIRED)

const char *h2_client_reset_text(uint32_t error)
{
    static const char *const texts[] = {
#define X(name) [NGHTTP2_##name] = "the target reset the stream: " #name,
        ERRORS(X)
#undef X
    };
    const bool known = error < sizeof(texts) / sizeof(texts[0]) && texts[error];
    return known ? texts[error] : "the target reset the stream";
}

const char *h2_client_broken_text(uint32_t error)
{
    static const char *const texts[] = {
#define X(name) [NGHTTP2_##name] = "the target broke HTTP/2: " #name,
        ERRORS(X)
#undef X
    };
    const bool known = error < sizeof(texts) / sizeof(texts[0]) && texts[error];
    return known ? texts[error] : "the target broke HTTP/2";
}

static struct h2_call *call_of(nghttp2_session *ng, int32_t stream_id)
{
    return stream_id > 0 ? nghttp2_session_get_stream_user_data(ng, stream_id) : NULL;
}

static void malformed(struct h2_call *call, enum h1_reason reason)
{
    if (reason == H1_NO_MEMORY)
        h2_call_fail(call, H2_MEMORY, "out of memory", NGHTTP2_INTERNAL_ERROR);
    else
        h2_call_fail(call, H2_MALFORMED, h1_reason_text(reason).p, NGHTTP2_PROTOCOL_ERROR);
}

/* ---- fields ---- */

static enum h1_reason note_status(struct h2_call *call, struct text value)
{
    uint64_t status = 0;
    /* RFC 9113 8.6: no 101. */
    if (value.n != 3 || !text_to_u64(value, 599, &status) || status < 100 || status == 101)
        return H1_STATUS_CODE;
    call->response.status = (int)status;
    return H1_NONE;
}

static enum h1_reason add_field(struct h2_call *call, struct headers *to, struct text name, struct text value)
{
    if (!h1_is_token(name))
        return H1_FIELD_NAME;
    if (!h1_is_field_value(value))
        return H1_CONTROL;
    char *copy = arena_alloc(&call->arena, name.n + value.n);
    if (!copy)
        return H1_NO_MEMORY;
    memcpy(copy, name.p, name.n);
    if (value.n > 0)
        memcpy(copy + name.n, value.p, value.n);
    const struct status added =
        headers_add(to, &call->arena, (struct text){copy, name.n}, (struct text){copy + name.n, value.n});
    return status_ok(added) ? H1_NONE : added.code == E_TOO_LARGE ? H1_TOO_MANY_FIELDS : H1_NO_MEMORY;
}

static enum h1_reason note_field(struct h2_call *call, struct text name, struct text value)
{
    call->field_bytes += name.n + value.n + FIELD_OVERHEAD;
    if (call->head_done) {
        if (call->field_bytes > LIMIT_TRAILER_BYTES)
            return H1_TRAILER_TOO_LARGE;
        return trailer_is_refused(name) ? H1_TRAILER_FORBIDDEN
                                        : add_field(call, &call->trailers, name, value);
    }
    if (call->field_bytes > LIMIT_HEADER_BYTES)
        return H1_HEAD_TOO_LARGE;
    if (text_equal(name, TEXT(":status")))
        return note_status(call, value);
    return add_field(call, &call->response.headers, name, value);
}

static int on_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name, size_t name_n,
                     const uint8_t *value, size_t value_n, uint8_t flags, void *user_data)
{
    (void)flags;
    (void)user_data;
    struct h2_call *call = call_of(ng, frame->hd.stream_id);
    if (!call)
        return 0;
    const enum h1_reason reason = note_field(call, (struct text){(const char *)name, name_n},
                                             (struct text){(const char *)value, value_n});
    if (reason != H1_NONE)
        malformed(call, reason);
    return 0;
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
    struct h2_call *call = call_of(ng, frame->hd.stream_id);
    if (call)
        h2_call_fail(call, H2_MALFORMED, "a header name or value that HTTP/2 forbids",
                     NGHTTP2_PROTOCOL_ERROR);
    return 0;
}

/* ---- heads, bodies, ends ---- */

static void forget_head(struct h2_call *call)
{
    arena_reset(&call->arena);
    call->response = (struct response){0};
    call->field_bytes = 0;
}

static enum h1_reason take_interim(struct h2_call *call, bool end)
{
    const struct h2_client_events *events = call->client->events;
    if (end)
        return H1_TRUNCATED;
    if (++call->interim > LIMIT_INTERIM_RESPONSES)
        return H1_INTERIM_FLOOD;
    if (events->interim)
        events->interim(call->owner, &call->response);
    /* The trailers of a request live in the same arena. */
    if (!call->over && !call->trailer_list)
        forget_head(call);
    call->response = (struct response){0};
    call->field_bytes = 0;
    return H1_NONE;
}

/* The verdicts that both protocols share. */
static enum h1_reason take_head(struct h2_call *call, bool end)
{
    struct response *head = &call->response;
    const struct h1_status_line line = {HTTP_1_1, head->status};
    enum h1_delimiter delimiter;
    bool keep_alive = false;
    const enum h1_reason reason = h1_rules_response(&line, call->method, head, &delimiter, &keep_alive);
    if (reason != H1_NONE)
        return reason;
    if (head->status < 200)
        return take_interim(call, end);
    call->no_body = delimiter == H1_NO_BODY;
    call->answer_sized = delimiter == H1_BY_LENGTH;
    call->body_left = call->answer_sized ? head->content_length : 0;
    if (end && call->body_left > 0)
        return H1_TRUNCATED;
    if (end && !call->no_body)
        head->body = BODY_SIZED; /* of 0 bytes, whether it was said or not */
    call->head_done = true;
    call->field_bytes = 0;
    call->client->events->head(call->owner, head);
    return H1_NONE;
}

/* The owner's last event. What is left of the request is not needed any more (RFC 9113 8.1). */
static void end_answer(struct h2_call *call)
{
    struct h2_client *c = call->client;
    if (call->answer_sized && call->body_left > 0) {
        malformed(call, H1_TRUNCATED);
        return;
    }
    h2_call_detach(call);
    if (!call->end_made)
        (void)nghttp2_submit_rst_stream(c->ng, NGHTTP2_FLAG_NONE, call->id, NGHTTP2_NO_ERROR);
    c->events->end(call->owner, &call->trailers);
    h2_call_release(call);
}

static void headers_received(struct h2_call *call, bool end)
{
    if (!call->head_done) {
        const enum h1_reason reason = take_head(call, end);
        if (reason != H1_NONE && !call->over)
            malformed(call, reason);
    } else if (!end) {
        malformed(call, H1_STATUS_CODE); /* a second head */
    }
    if (end && call->head_done && !call->over && !call->failing)
        end_answer(call);
}

static int on_data_chunk_recv(nghttp2_session *ng, uint8_t flags, int32_t stream_id, const uint8_t *data,
                              size_t n, void *user_data)
{
    (void)flags;
    struct h2_client *c = user_data;
    struct h2_call *call = call_of(ng, stream_id);
    if (call && (!call->head_done || call->no_body)) {
        malformed(call, H1_BODY_FORBIDDEN);
    } else if (call && call->answer_sized && n > call->body_left) {
        malformed(call, H1_SURPLUS);
    } else if (call) {
        call->body_left -= call->answer_sized ? n : 0;
        c->events->body(call->owner, (struct bytes){data, n});
    }
    /* Told or thrown away: either way the connection's window stays open for others. */
    int rv = nghttp2_session_consume_connection(ng, n);
    if (call && !call->over && !call->failing) {
        if (call->paused)
            call->unconsumed += n;
        else if (rv == 0)
            rv = nghttp2_session_consume_stream(ng, stream_id, n);
    }
    return rv == NGHTTP2_ERR_NOMEM ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

/* ---- what befalls calls and the connection ---- */

/* RFC 9113 6.8: above the last stream nothing was done, and what was not sent yet never will be. */
static void goaway_received(struct h2_client *c, int32_t last_stream)
{
    c->peer_leaves = true;
    for (struct h2_call *call = c->first; call; call = call->next)
        if (!call->head_made)
            h2_call_fail(call, H2_REFUSED, "the target closes the connection", NGHTTP2_CANCEL);
        else if (call->id > last_stream)
            h2_call_fail(call, H2_REFUSED, "the target closes the connection", NGHTTP2_NO_ERROR);
}

static void reset_received(struct h2_call *call, uint32_t error)
{
    h2_call_fail(call, error == NGHTTP2_REFUSED_STREAM ? H2_REFUSED : H2_RESET, h2_client_reset_text(error),
                 NGHTTP2_NO_ERROR);
}

static int on_begin_frame(nghttp2_session *ng, const nghttp2_frame_hd *hd, void *user_data)
{
    (void)ng;
    struct h2_client *c = user_data;
    if (!h2_flood_frame(&c->flood, hd, H2_CLIENT_CONTROL_PER_SECOND))
        h2_client_calm(c);
    return 0;
}

static int on_frame_recv(nghttp2_session *ng, const nghttp2_frame *frame, void *user_data)
{
    struct h2_client *c = user_data;
    struct h2_call *call = call_of(ng, frame->hd.stream_id);
    const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        if (call)
            headers_received(call, end);
        break;
    case NGHTTP2_DATA:
        if (call && end)
            end_answer(call);
        break;
    case NGHTTP2_RST_STREAM:
        if (call)
            reset_received(call, frame->rst_stream.error_code);
        break;
    case NGHTTP2_GOAWAY:
        goaway_received(c, frame->goaway.last_stream_id);
        break;
    case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0)
            c->ping_waits = false;
        break;
    default:
        break;
    }
    return 0;
}

/* nghttp2 resets the stream, or ends the connection. */
static int on_invalid_frame_recv(nghttp2_session *ng, const nghttp2_frame *frame, int error, void *user_data)
{
    (void)error;
    (void)user_data;
    struct h2_call *call = call_of(ng, frame->hd.stream_id);
    if (call)
        h2_call_fail(call, H2_MALFORMED, "the answer breaks the rules of HTTP/2", NGHTTP2_NO_ERROR);
    return 0;
}

/* Of a stream that still has its call: nghttp2 has reset it by itself. */
static int on_stream_close(nghttp2_session *ng, int32_t stream_id, uint32_t error, void *user_data)
{
    (void)user_data;
    struct h2_call *call = call_of(ng, stream_id);
    if (!call)
        return 0;
    if (error == NGHTTP2_REFUSED_STREAM)
        h2_call_fail(call, H2_REFUSED, "the stream was not opened", NGHTTP2_NO_ERROR);
    else if (error == NGHTTP2_INTERNAL_ERROR)
        h2_call_fail(call, H2_MEMORY, "the request could not be sent", NGHTTP2_NO_ERROR);
    else
        h2_call_fail(call, H2_MALFORMED, "the answer breaks the rules of HTTP/2", NGHTTP2_NO_ERROR);
    return 0;
}

static void note_head_left(struct h2_client *c, const nghttp2_frame *frame)
{
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST && c->unsent > 0)
        c->unsent--;
}

/* Of a call that was cancelled before; others close their stream (on_stream_close). */
static int on_frame_not_send(nghttp2_session *ng, const nghttp2_frame *frame, int error, void *user_data)
{
    (void)ng;
    (void)error;
    note_head_left(user_data, frame);
    return 0;
}

static int on_frame_send(nghttp2_session *ng, const nghttp2_frame *frame, void *user_data)
{
    struct h2_client *c = user_data;
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
        c->failed = E_INVALID;
        c->error = frame->goaway.error_code;
    }
    note_head_left(c, frame);
    const bool message = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    struct h2_call *call = message ? call_of(ng, frame->hd.stream_id) : NULL;
    if (!call)
        return 0;
    if (!call->head_made) {
        call->head_made = true;
        call->head_at = c->made;
    }
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
        call->end_made = true;
    return 0;
}

bool h2_client_callbacks_new(nghttp2_session_callbacks **out)
{
    nghttp2_session_callbacks *c = NULL;
    if (nghttp2_session_callbacks_new(&c) != 0)
        return false;
    nghttp2_session_callbacks_set_on_begin_frame_callback(c, on_begin_frame);
    nghttp2_session_callbacks_set_on_header_callback(c, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(c, on_invalid_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(c, on_frame_recv);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(c, on_invalid_frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, on_data_chunk_recv);
    nghttp2_session_callbacks_set_on_stream_close_callback(c, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(c, on_frame_send);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(c, on_frame_not_send);
    nghttp2_session_callbacks_set_send_data_callback(c, h2_call_send_data);
    *out = c;
    return true;
}
