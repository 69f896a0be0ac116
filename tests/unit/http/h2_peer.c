/* SPDX-License-Identifier: Apache-2.0 */
#include "h2_peer.h"

#include "h2_frame.h"

static size_t index_of(int32_t id)
{
    return (size_t)(id - 1) / 2;
}

struct h2_answer *h2_peer_answer(struct h2_peer *p, int32_t id)
{
    must(id > 0 && index_of(id) < H2_PEER_STREAMS);
    return &p->answers[index_of(id)];
}

struct exchange *h2_peer_x(struct h2_peer *p, int32_t id)
{
    must(id > 0 && index_of(id) < H2_PEER_STREAMS);
    return p->x[index_of(id)];
}

/* ---- the owner ---- */

static void owner_request(void *owner, struct exchange *x)
{
    struct h2_peer *p = owner;
    buffer_printf(&p->log, "request %u %s %.*s|", x->stream_id, http_method_name(x->request.method),
                  TEXT_ARG(x->request.target));
    p->x[index_of((int32_t)x->stream_id) % H2_PEER_STREAMS] = x;
    if (p->mode != H2_OWNER_MANUAL)
        exchange_want_body(x);
    if (p->on_request)
        p->on_request(p, x);
}

static void owner_body(void *owner, struct exchange *x, struct bytes chunk)
{
    struct h2_peer *p = owner;
    buffer_printf(&p->log, "body %u %zu|", x->stream_id, chunk.n);
    buffer_append(&p->uploads[index_of((int32_t)x->stream_id) % H2_PEER_STREAMS], chunk);
}

static void owner_body_end(void *owner, struct exchange *x)
{
    struct h2_peer *p = owner;
    buffer_printf(&p->log, "end %u|", x->stream_id);
    if (p->mode != H2_OWNER_ECHO)
        return;
    struct response head = {.status = 200};
    struct buffer *upload = &p->uploads[index_of((int32_t)x->stream_id) % H2_PEER_STREAMS];
    if (!status_ok(exchange_reply(x, &head, buffer_bytes(upload))))
        exchange_abort(x);
}

static void owner_drained(void *owner, struct exchange *x)
{
    struct h2_peer *p = owner;
    buffer_printf(&p->log, "drained %u|", x->stream_id);
    if (p->on_drained)
        p->on_drained(p, x);
}

static void owner_finished(void *owner, struct exchange *x, bool cancelled)
{
    struct h2_peer *p = owner;
    buffer_printf(&p->log, "%s %u|", cancelled ? "cancelled" : "finished", x->stream_id);
    p->x[index_of((int32_t)x->stream_id) % H2_PEER_STREAMS] = NULL;
}

static const struct session_events events = {owner_request, owner_body,     owner_body_end,
                                             owner_drained, owner_finished, NULL};

/* ---- the client ---- */

static void copy_value(char *out, size_t size, const uint8_t *value, size_t n)
{
    (void)text_to_cstr((struct text){(const char *)value, n}, out, size);
}

static int client_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name, size_t name_n,
                         const uint8_t *value, size_t value_n, uint8_t flags, void *user_data)
{
    (void)ng;
    (void)flags;
    struct h2_answer *a = h2_peer_answer(user_data, frame->hd.stream_id);
    const struct text n = {(const char *)name, name_n};
    a->fields++;
    uint64_t number = 0;
    if (text_equal(n, TEXT(":status")) &&
        text_to_u64((struct text){(const char *)value, value_n}, 999, &number)) {
        if (number < 200)
            a->interim = (int)number;
        else
            a->status = (int)number;
    } else if (text_equal(n, TEXT("content-type"))) {
        copy_value(a->content_type, sizeof(a->content_type), value, value_n);
    } else if (text_equal(n, TEXT("content-length"))) {
        copy_value(a->content_length, sizeof(a->content_length), value, value_n);
    } else if (text_equal(n, TEXT("x-probe"))) {
        copy_value(a->probe, sizeof(a->probe), value, value_n);
    }
    return 0;
}

static int client_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *data, size_t n,
                       void *user_data)
{
    (void)ng;
    (void)flags;
    buffer_append(&h2_peer_answer(user_data, id)->body, (struct bytes){data, n});
    return 0;
}

static int client_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *user_data)
{
    (void)ng;
    struct h2_peer *p = user_data;
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        p->goaways++;
        p->goaway_error = frame->goaway.error_code;
        p->goaway_last = frame->goaway.last_stream_id;
    }
    if (frame->hd.type == NGHTTP2_RST_STREAM)
        h2_peer_answer(p, frame->hd.stream_id)->reset = true;
    return 0;
}

static int client_close(nghttp2_session *ng, int32_t id, uint32_t error, void *user_data)
{
    (void)ng;
    struct h2_answer *a = h2_peer_answer(user_data, id);
    a->closed = true;
    a->error = error;
    return 0;
}

static void make_client(struct h2_peer *p)
{
    nghttp2_session_callbacks *c = NULL;
    nghttp2_option *o = NULL;
    must(nghttp2_session_callbacks_new(&c) == 0 && nghttp2_option_new(&o) == 0);
    nghttp2_session_callbacks_set_on_header_callback(c, client_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, client_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(c, client_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(c, client_close);
    must(nghttp2_session_client_new2(&p->ng, c, p, o) == 0);
    nghttp2_option_del(o);
    nghttp2_session_callbacks_del(c);
    must(nghttp2_submit_settings(p->ng, NGHTTP2_FLAG_NONE, NULL, 0) == 0);
}

bool h2_peer_open_with(struct h2_peer *p)
{
    buffer_init(&p->log, 1024 * 1024);
    for (size_t i = 0; i < H2_PEER_STREAMS; i++) {
        buffer_init(&p->uploads[i], 4 * 1024 * 1024);
        buffer_init(&p->answers[i].body, 4 * 1024 * 1024);
    }
    make_client(p);
    p->server = session_new(SESSION_H2, &p->settings, &events, p);
    return p->server != NULL;
}

void h2_peer_open(struct h2_peer *p)
{
    *p = (struct h2_peer){.mode = H2_OWNER_ECHO};
    session_settings_default(&p->settings);
    must(h2_peer_open_with(p));
}

void h2_peer_open_manual(struct h2_peer *p)
{
    h2_peer_open(p);
    p->mode = H2_OWNER_MANUAL;
    h2_peer_run(p);
}

void h2_peer_close(struct h2_peer *p)
{
    session_free(p->server);
    nghttp2_session_del(p->ng);
    buffer_release(&p->log);
    for (size_t i = 0; i < H2_PEER_STREAMS; i++) {
        buffer_release(&p->uploads[i]);
        buffer_release(&p->answers[i].body);
    }
}

static void feed(struct h2_peer *p, struct bytes in)
{
    while (in.n > 0 && status_ok(p->fed)) {
        const size_t n = p->step && p->step < in.n ? p->step : in.n;
        p->fed = session_feed(p->server, (struct bytes){in.p, n});
        in = (struct bytes){in.p + n, in.n - n};
    }
}

void h2_peer_run(struct h2_peer *p)
{
    for (bool moved = true; moved;) {
        moved = false;
        const uint8_t *out = NULL;
        for (ssize_t n = nghttp2_session_mem_send(p->ng, &out); n > 0;
             n = nghttp2_session_mem_send(p->ng, &out)) {
            feed(p, (struct bytes){out, (size_t)n});
            moved = true;
        }
        for (struct bytes in = session_output(p->server); in.n > 0; in = session_output(p->server)) {
            must(nghttp2_session_mem_recv(p->ng, in.p, in.n) == (ssize_t)in.n);
            session_output_consumed(p->server, in.n);
            moved = true;
        }
    }
}

void h2_peer_send_raw(struct h2_peer *p, struct bytes raw)
{
    h2_peer_run(p);
    feed(p, raw);
    h2_peer_run(p);
}

void h2_peer_frame(struct h2_peer *p, uint8_t type, uint8_t flags, int32_t stream, struct bytes payload)
{
    struct buffer b;
    buffer_init(&b, 64 * 1024);
    h2_frame_put(&b, type, flags, stream, payload);
    h2_peer_send_raw(p, buffer_bytes(&b));
    buffer_release(&b);
}

struct text h2_peer_log(struct h2_peer *p)
{
    must(status_ok(buffer_status(&p->log)));
    return buffer_as_text(&p->log);
}

void h2_peer_forget(struct h2_peer *p)
{
    buffer_clear(&p->log);
}

/* ---- requests ---- */

static nghttp2_nv nv_of(const struct h2_field *f)
{
    /* nghttp2's type has no const; with NO_COPY it neither copies nor lower-cases. */
    union {
        const char *from;
        uint8_t *to;
    } n = {.from = f->name}, v = {.from = f->value};
    return (nghttp2_nv){n.to, v.to, strlen(f->name), strlen(f->value),
                        NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

/* The stream's source: text while there is some, else zeros. */
static ssize_t read_source(nghttp2_session *ng, int32_t id, uint8_t *to, size_t room, uint32_t *flags,
                           nghttp2_data_source *source, void *user_data)
{
    (void)ng;
    (void)source;
    struct h2_peer *p = user_data;
    struct h2_source *s = &p->sources[index_of(id)];
    const size_t n = s->left < room ? s->left : room;
    if (s->text)
        memcpy(to, s->text, n);
    else
        memset(to, '0', n);
    s->text = s->text ? s->text + n : NULL;
    s->left -= n;
    if (s->left == 0)
        *flags |= NGHTTP2_DATA_FLAG_EOF | (s->end ? 0U : (uint32_t)NGHTTP2_DATA_FLAG_NO_END_STREAM);
    return (ssize_t)n;
}

int32_t h2_peer_request(struct h2_peer *p, const struct h2_field *fields, const char *body)
{
    enum { FIELDS_MAX = 256 };
    nghttp2_nv list[FIELDS_MAX];
    size_t count = 0;
    for (; fields[count].name; count++) {
        must(count < FIELDS_MAX);
        list[count] = nv_of(&fields[count]);
    }
    const nghttp2_data_provider provider = {.read_callback = read_source};
    const int32_t id = nghttp2_submit_request(p->ng, NULL, list, count, body ? &provider : NULL, NULL);
    must(id > 0 && index_of(id) < H2_PEER_STREAMS);
    if (body)
        p->sources[index_of(id)] = (struct h2_source){body, strlen(body), true};
    h2_peer_run(p);
    return id;
}

int32_t h2_peer_get(struct h2_peer *p, const char *path)
{
    const struct h2_field fields[] = {{":method", "GET"},
                                      {":scheme", "https"},
                                      {":authority", "example.org"},
                                      {":path", path},
                                      {NULL, NULL}};
    return h2_peer_request(p, fields, NULL);
}

int32_t h2_peer_post(struct h2_peer *p, const char *path, const char *body)
{
    const struct h2_field fields[] = {{":method", "POST"},
                                      {":scheme", "https"},
                                      {":authority", "example.org"},
                                      {":path", path},
                                      {NULL, NULL}};
    return h2_peer_request(p, fields, body);
}

int32_t h2_peer_open_request(struct h2_peer *p, const struct h2_field *fields)
{
    nghttp2_nv list[16];
    size_t count = 0;
    for (; fields[count].name; count++) {
        must(count < sizeof(list) / sizeof(list[0]));
        list[count] = nv_of(&fields[count]);
    }
    const int32_t id = nghttp2_submit_headers(p->ng, NGHTTP2_FLAG_NONE, -1, NULL, list, count, NULL);
    must(id > 0);
    h2_peer_run(p);
    return id;
}

int32_t h2_peer_post_open(struct h2_peer *p, const char *path)
{
    const struct h2_field fields[] = {{":method", "POST"},
                                      {":scheme", "https"},
                                      {":authority", "example.org"},
                                      {":path", path},
                                      {NULL, NULL}};
    return h2_peer_open_request(p, fields);
}

void h2_peer_data(struct h2_peer *p, int32_t id, size_t n, bool end)
{
    p->sources[index_of(id)] = (struct h2_source){NULL, n, end};
    const nghttp2_data_provider provider = {.read_callback = read_source};
    must(nghttp2_submit_data(p->ng, end ? NGHTTP2_FLAG_END_STREAM : NGHTTP2_FLAG_NONE, id, &provider) == 0);
    h2_peer_run(p);
}
