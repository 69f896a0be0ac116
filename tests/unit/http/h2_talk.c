/* SPDX-License-Identifier: Apache-2.0 */
#include "h2_talk.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>

#include "h2_frame.h"

/* ---- owners of calls ---- */

static void on_interim(void *owner, const struct response *head)
{
    const struct talk_call *tc = owner;
    buffer_printf(&tc->talk->log, "interim %u %d|", tc->n, head->status);
}

static void on_head(void *owner, const struct response *head)
{
    struct talk_call *tc = owner;
    buffer_printf(&tc->talk->log, "head %u %d|", tc->n, head->status);
    if (tc->talk->on_head)
        tc->talk->on_head(tc);
}

static void on_body(void *owner, struct bytes chunk)
{
    struct talk_call *tc = owner;
    struct talk *t = tc->talk;
    if (t->log_bodies)
        buffer_printf(&t->log, "body %u %zu|", tc->n, chunk.n);
    buffer_append(&tc->body, chunk);
    if (t->on_body)
        t->on_body(tc);
}

static void on_end(void *owner, const struct headers *trailers)
{
    struct talk_call *tc = owner;
    buffer_printf(&tc->talk->log, "end %u %zu|", tc->n, trailers->count);
    if (tc->talk->on_end)
        tc->talk->on_end(tc);
    tc->call = NULL;
}

static void on_writable(void *owner)
{
    struct talk_call *tc = owner;
    buffer_printf(&tc->talk->log, "writable %u|", tc->n);
    if (tc->talk->on_writable)
        tc->talk->on_writable(tc);
}

static void on_failed(void *owner, enum h2_failure why, const char *detail, bool answer_started)
{
    static const char *const names[] = {"refused", "reset", "malformed", "memory"};
    struct talk_call *tc = owner;
    buffer_printf(&tc->talk->log, "failed %u %s%s: %s|", tc->n, names[why], answer_started ? " late" : "",
                  detail);
    if (tc->talk->on_failed)
        tc->talk->on_failed(tc);
    tc->call = NULL;
}

static const struct h2_client_events client_events = {on_interim, on_head,     on_body,
                                                      on_end,     on_writable, on_failed};

/* ---- the server ---- */

static void forget_exchange(struct talk *t, const struct exchange *x)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->x_count; i++)
        if (t->x[i] != x)
            t->x[kept++] = t->x[i];
    t->x_count = kept;
}

static void server_request(void *owner, struct exchange *x)
{
    struct talk *t = owner;
    must(t->x_count < TALK_CALLS);
    t->x[t->x_count++] = x;
    if (!t->server_pauses)
        exchange_want_body(x);
}

static void server_body(void *owner, struct exchange *x, struct bytes chunk)
{
    struct talk *t = owner;
    struct buffer *kept = x->owner;
    if (t->server_waits)
        return;
    if (!kept) {
        kept = arena_alloc(&x->arena, sizeof(*kept));
        if (!kept)
            return;
        buffer_init(kept, 16UL * 1024 * 1024);
        x->owner = kept;
    }
    buffer_append(kept, chunk);
}

static void server_body_end(void *owner, struct exchange *x)
{
    const struct talk *t = owner;
    const struct buffer *kept = x->owner;
    struct response head = {.status = 200};
    if (t->server_waits)
        return;
    if (!status_ok(exchange_reply(x, &head, kept ? buffer_bytes(kept) : (struct bytes){NULL, 0})))
        exchange_abort(x);
}

static void server_drained(void *owner, struct exchange *x)
{
    (void)owner;
    (void)x;
}

static void server_finished(void *owner, struct exchange *x, bool cancelled)
{
    struct talk *t = owner;
    if (cancelled)
        buffer_printf(&t->log, "cancelled at the server|");
    if (x->owner)
        buffer_release(x->owner);
    forget_exchange(t, x);
}

static const struct session_events server_events = {
    .request = server_request,
    .body = server_body,
    .body_end = server_body_end,
    .drained = server_drained,
    .finished = server_finished,
};

/* ---- the wire ---- */

bool talk_try(struct talk *t, bool raw)
{
    buffer_init(&t->log, 1024 * 1024);
    buffer_init(&t->seen, 64UL * 1024 * 1024);
    if (t->settings.streams_max == 0)
        t->settings = (struct h2_client_settings){100, 256 * 1024};
    t->client = h2_client_new(&t->settings, &client_events);
    if (!raw) {
        if (t->server_settings.h2_streams == 0)
            session_settings_default(&t->server_settings);
        t->server = session_new(SESSION_H2, &t->server_settings, &server_events, t);
    }
    return t->client && (raw || t->server);
}

void talk_open(struct talk *t)
{
    must(talk_try(t, false));
    talk_run(t);
}

void talk_open_raw(struct talk *t)
{
    must(talk_try(t, true));
    talk_frame(t, NGHTTP2_SETTINGS, 0, 0, (struct bytes){NULL, 0});
    talk_frame(t, NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, (struct bytes){NULL, 0});
    talk_forget(t);
}

void talk_close(struct talk *t)
{
    h2_client_free(t->client);
    session_free(t->server);
    for (unsigned i = 0; i < t->call_count; i++)
        buffer_release(&t->calls[i].body);
    buffer_release(&t->log);
    buffer_release(&t->seen);
}

static void feed(struct talk *t, struct bytes in)
{
    while (in.n > 0 && status_ok(t->fed)) {
        const size_t n = t->step && t->step < in.n ? t->step : in.n;
        t->fed = h2_client_feed(t->client, (struct bytes){in.p, n});
        in = (struct bytes){in.p + n, in.n - n};
    }
}

static bool move_up(struct talk *t)
{
    const struct bytes out = h2_client_output(t->client);
    if (out.n == 0)
        return false;
    if (t->server)
        status_ignore(session_feed(t->server, out));
    else
        buffer_append(&t->seen, out);
    h2_client_output_consumed(t->client, out.n);
    return true;
}

static bool move_down(struct talk *t)
{
    const struct bytes out = t->server ? session_output(t->server) : (struct bytes){NULL, 0};
    if (out.n == 0)
        return false;
    feed(t, out);
    session_output_consumed(t->server, out.n);
    return true;
}

static bool tell_due(struct talk *t)
{
    if (!h2_client_due(t->client) || !status_ok(t->fed))
        return false;
    t->fed = h2_client_feed(t->client, (struct bytes){NULL, 0});
    return true;
}

void talk_run(struct talk *t)
{
    while (move_up(t) || move_down(t) || tell_due(t))
        ;
}

void talk_forget(struct talk *t)
{
    buffer_clear(&t->log);
    buffer_clear(&t->seen);
}

struct text talk_log(struct talk *t)
{
    must(status_ok(buffer_status(&t->log)));
    return buffer_as_text(&t->log);
}

/* ---- calls ---- */

struct talk_call *talk_start(struct talk *t, enum http_method method, const char *head, enum body_kind body,
                             uint64_t length, struct status *out)
{
    must(t->call_count < TALK_CALLS);
    const struct h2_request request = {method, text_bytes(text_of(head)), TEXT("https"), body, length};
    struct talk_call *tc = &t->calls[t->call_count];
    *tc = (struct talk_call){.talk = t, .n = t->call_count + 1};
    buffer_init(&tc->body, 64UL * 1024 * 1024);
    tc->call = h2_client_start(t->client, &request, tc, out);
    if (!tc->call)
        return NULL;
    t->call_count++;
    return tc;
}

static struct talk_call *start_or_note(struct talk *t, enum http_method method, struct buffer *head,
                                       enum body_kind body, uint64_t length)
{
    struct status started;
    buffer_byte(head, 0);
    struct talk_call *tc = talk_start(t, method, (const char *)buffer_bytes(head).p, body, length, &started);
    if (!tc)
        t->fed = started;
    buffer_release(head);
    return tc;
}

struct talk_call *talk_get(struct talk *t, const char *path)
{
    struct buffer head;
    buffer_init(&head, 4096);
    buffer_printf(&head, "GET %s HTTP/1.1\r\nHost: example.org\r\n\r\n", path);
    return start_or_note(t, HTTP_GET, &head, BODY_NONE, 0);
}

struct talk_call *talk_post(struct talk *t, const char *path, enum body_kind body, uint64_t length)
{
    struct buffer head;
    buffer_init(&head, 4096);
    buffer_printf(&head, "POST %s HTTP/1.1\r\nHost: example.org\r\n\r\n", path);
    return start_or_note(t, HTTP_POST, &head, body, length);
}

/* ---- raw ---- */

void talk_frame(struct talk *t, uint8_t type, uint8_t flags, int32_t stream, struct bytes payload)
{
    struct buffer b;
    buffer_init(&b, 64UL * 1024);
    h2_frame_put(&b, type, flags, stream, payload);
    talk_run(t);
    feed(t, buffer_bytes(&b));
    talk_run(t);
    buffer_release(&b);
}

static bool is_of(const struct h2_frame *f, uint8_t type, int32_t stream)
{
    return f->type == type && (stream < 0 || f->stream == stream);
}

struct bytes talk_sent(struct talk *t, uint8_t type, int32_t stream, size_t nth)
{
    struct reader r = reader_of(buffer_bytes(&t->seen));
    struct h2_frame f;
    while (h2_frame_next(&r, &f))
        if (is_of(&f, type, stream) && nth-- == 0)
            return f.payload;
    return (struct bytes){NULL, 0};
}

size_t talk_sent_count(struct talk *t, uint8_t type, int32_t stream)
{
    struct reader r = reader_of(buffer_bytes(&t->seen));
    struct h2_frame f;
    size_t n = 0;
    while (h2_frame_next(&r, &f))
        n += is_of(&f, type, stream) ? 1 : 0;
    return n;
}

void talk_encode(struct buffer *out, const char *fields)
{
    struct text rest = text_of(fields);
    while (rest.p) {
        struct text value = text_cut(&rest, '|');
        const struct text name = text_cut(&value, '=');
        buffer_u8(out, 0);
        for (int i = 0; i < 2; i++) {
            const struct text part = i == 0 ? name : value;
            if (part.n < 127) {
                buffer_u8(out, (uint8_t)part.n);
            } else {
                size_t n = part.n - 127;
                buffer_u8(out, 127);
                for (; n >= 128; n /= 128)
                    buffer_u8(out, (uint8_t)(n % 128 + 128));
                buffer_u8(out, (uint8_t)n);
            }
            for (size_t k = 0; k < part.n; k++)
                buffer_u8(out, (uint8_t)(part.p[k] == '\1' ? '\0' : part.p[k]));
        }
    }
}

static void fields_frame(struct talk *t, int32_t stream, uint8_t flags, const char *fields)
{
    struct buffer b;
    buffer_init(&b, 64UL * 1024);
    talk_encode(&b, fields);
    talk_frame(t, NGHTTP2_HEADERS, flags | NGHTTP2_FLAG_END_HEADERS, stream, buffer_bytes(&b));
    buffer_release(&b);
}

void talk_answer(struct talk *t, int32_t stream, const char *frames)
{
    struct text rest = text_of(frames);
    while (rest.p) {
        const struct text frame = text_cut(&rest, ' ');
        const struct text payload = text_from(frame, 2);
        char fields[512];
        must(text_to_cstr(payload, fields, sizeof(fields)));
        const bool end = frame.p[0] == 'h' || frame.p[0] == 'd';
        const uint8_t flags = end ? NGHTTP2_FLAG_END_STREAM : 0;
        if (frame.p[0] == 'H' || frame.p[0] == 'h')
            fields_frame(t, stream, flags, fields);
        else
            talk_frame(t, NGHTTP2_DATA, flags, stream, text_bytes(payload));
    }
}

struct talk_call *talk_ask(struct talk *t, enum http_method method)
{
    char head[128];
    struct status st;
    (void)snprintf(head, sizeof(head), "%s / HTTP/1.1\r\nHost: a\r\n\r\n", http_method_name(method));
    struct talk_call *tc = talk_start(t, method, head, BODY_NONE, 0, &st);
    must(tc != NULL);
    talk_run(t);
    return tc;
}
