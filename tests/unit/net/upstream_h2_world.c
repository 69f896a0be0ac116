/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream_h2_world.h"

#include <nghttp2/nghttp2.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"

struct pki *pki;

int make_pki(void **state)
{
    (void)state;
    pki = pki_new("ec:P-256");
    return 0;
}

int free_pki(void **state)
{
    (void)state;
    pki_free(pki);
    return 0;
}

struct h2_target {
    struct h2_world *h;
    struct peer *peer;
    int number;
    nghttp2_session *ng;
    struct buffer out;
    int count;
    struct h2_seen seen[H2_STREAMS];
};

/* ---- what nghttp2 says ---- */

static struct h2_seen *seen_of(struct h2_target *t, int32_t id)
{
    for (int i = 0; i < t->count; i++)
        if (t->seen[i].id == id)
            return &t->seen[i];
    return NULL;
}

static int begin_headers(nghttp2_session *ng, const nghttp2_frame *frame, void *user_data)
{
    struct h2_target *t = user_data;
    (void)ng;
    if (seen_of(t, frame->hd.stream_id))
        return 0;
    assert_true(t->count < H2_STREAMS);
    t->seen[t->count++] = (struct h2_seen){.id = frame->hd.stream_id};
    return 0;
}

static int on_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name, size_t name_n,
                     const uint8_t *value, size_t value_n, uint8_t flags, void *user_data)
{
    struct h2_seen *s = seen_of(user_data, frame->hd.stream_id);
    (void)ng;
    (void)flags;
    const struct {
        const char *name;
        char *to;
        size_t size;
    } kept[] = {
        {":method", s->method, sizeof s->method},
        {":path", s->path, sizeof s->path},
        {":scheme", s->scheme, sizeof s->scheme},
        {":authority", s->authority, sizeof s->authority},
        {"te", s->te, sizeof s->te},
        {"content-length", s->length, sizeof s->length},
        {"x-trailer", s->trailer, sizeof s->trailer},
    };
    const struct text n = {(const char *)name, name_n};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (text_equal(n, text_of(kept[i].name)))
            (void)snprintf(kept[i].to, kept[i].size, "%.*s", (int)value_n, (const char *)value);
    assert_false(text_equal(n, TEXT("connection")) || text_equal(n, TEXT("host")));
    return 0;
}

static int on_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *data, size_t n,
                   void *user_data)
{
    struct h2_target *t = user_data;
    struct h2_seen *s = seen_of(t, id);
    (void)ng;
    (void)flags;
    s->received += n;
    s->sum = sum_of(s->sum, (struct bytes){data, n});
    if (!t->h->small_window)
        assert_int_equal(nghttp2_session_consume(t->ng, id, n), 0);
    else
        assert_int_equal(nghttp2_session_consume_connection(t->ng, n), 0);
    return 0;
}

static int on_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *user_data)
{
    struct h2_seen *s = seen_of(user_data, frame->hd.stream_id);
    (void)ng;
    if (s && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
        s->ended = true;
    return 0;
}

static int on_close(nghttp2_session *ng, int32_t id, uint32_t error, void *user_data)
{
    struct h2_seen *s = seen_of(user_data, id);
    (void)ng;
    if (s) {
        s->closed = true;
        s->error = error;
    }
    return 0;
}

/* ---- bytes ---- */

static void flush(struct h2_target *t)
{
    while (!t->h->mute) {
        if (buffer_size(&t->out) == 0) {
            const uint8_t *p = NULL;
            const ssize_t n = nghttp2_session_mem_send(t->ng, &p);
            assert_true(n >= 0);
            if (n == 0)
                return;
            buffer_append(&t->out, (struct bytes){p, (size_t)n});
            assert_ok(buffer_status(&t->out));
        }
        if (t->peer->fd < 0 || !t->peer->shaken)
            return;
        const size_t sent = world_send(&t->h->w, t->number, buffer_bytes(&t->out));
        buffer_consume(&t->out, sent);
        if (buffer_size(&t->out) > 0)
            return; /* at the next turn */
    }
}

static void say_settings(struct h2_target *t)
{
    const nghttp2_settings_entry entries[] = {
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, t->h->small_window ? 16384 : 65535},
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, t->h->streams}};
    assert_int_equal(nghttp2_submit_settings(t->ng, NGHTTP2_FLAG_NONE, entries, t->h->streams > 0 ? 2 : 1),
                     0);
}

static void took(struct peer *p, struct bytes bytes)
{
    struct h2_target *t = p->owner;
    assert_int_equal(nghttp2_session_mem_recv(t->ng, bytes.p, bytes.n), bytes.n);
    flush(t);
}

static void accepted(struct world *w, int number)
{
    struct h2_world *h = (struct h2_world *)(void *)w; /* its first member */
    struct h2_target *t = mem_alloc(sizeof *t);
    nghttp2_session_callbacks *c = NULL;
    nghttp2_option *o = NULL;
    *t = (struct h2_target){.h = h, .peer = &w->peers[number], .number = number};
    buffer_init(&t->out, 1 << 20);
    assert_int_equal(nghttp2_session_callbacks_new(&c), 0);
    assert_int_equal(nghttp2_option_new(&o), 0);
    nghttp2_option_set_no_auto_window_update(o, 1);
    nghttp2_session_callbacks_set_on_begin_headers_callback(c, begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(c, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(c, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(c, on_close);
    assert_int_equal(nghttp2_session_server_new2(&t->ng, c, t, o), 0);
    nghttp2_option_del(o);
    nghttp2_session_callbacks_del(c);
    say_settings(t);
    t->peer->owner = t;
    t->peer->took = took;
    h->targets[number] = t;
}

static void each_turn(struct world *w)
{
    struct h2_world *h = (struct h2_world *)(void *)w;
    for (int i = 0; i < w->accepted; i++)
        if (h->targets[i] && !w->peers[i].deaf)
            flush(h->targets[i]);
}

/* ---- the tests' side ---- */

void h2_world_init(struct h2_world *h, struct pki *authority)
{
    (void)signal(SIGPIPE, SIG_IGN); /* tls/tls.h */
    *h = (struct h2_world){0};
    world_init(&h->w);
    world_use_tls(&h->w, pki_server(authority, "DNS:localhost"), pki_ca_pem(authority), NULL);
    h->w.endpoint.http2 = true;
    h->w.limits.streams = 100;
    h->w.accepted_one = accepted;
    h->w.each_turn = each_turn;
    world_set_limits(&h->w);
}

void h2_world_free(struct h2_world *h)
{
    world_free(&h->w);
    for (int i = 0; i < h->w.accepted; i++) {
        nghttp2_session_del(h->targets[i]->ng);
        buffer_release(&h->targets[i]->out);
        mem_free(h->targets[i]);
    }
}

int h2_asked(const struct h2_world *h, int peer)
{
    return h->w.accepted > peer && h->targets[peer] ? h->targets[peer]->count : 0;
}

struct h2_seen *h2_seen(struct h2_world *h, int peer, int i)
{
    return &h->targets[peer]->seen[i];
}

/* nghttp2's type lacks a const that it keeps. */
static nghttp2_nv field(const char *name, const char *value)
{
    union {
        const char *c;
        uint8_t *u;
    } n = {name}, v = {value};
    return (nghttp2_nv){n.u, v.u, strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE};
}

static ssize_t read_answer(nghttp2_session *ng, int32_t id, uint8_t *to, size_t room, uint32_t *flags,
                           nghttp2_data_source *source, void *user_data)
{
    struct h2_seen *s = seen_of(user_data, id);
    (void)source;
    size_t n = s->answer_left < room ? s->answer_left : room;
    const struct bytes from = s->answer_text ? text_bytes(text_from(text_of(s->answer_text), s->answer_at))
                                             : pattern_at(s->answer_at, n);
    memcpy(to, from.p, n);
    s->answer_left -= n;
    s->answer_at += n;
    if (s->answer_left > 0)
        return (ssize_t)n;
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (s->trailer_out) {
        const nghttp2_nv nv = field("x-sum", s->trailer_out);
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        assert_int_equal(nghttp2_submit_trailer(ng, id, &nv, 1), 0);
    }
    return (ssize_t)n;
}

static void submit(struct h2_world *h, int peer, int i, int status, bool has_body)
{
    struct h2_target *t = h->targets[peer];
    char digits[4];
    (void)snprintf(digits, sizeof digits, "%d", status);
    t->seen[i].answered = true;
    const nghttp2_nv nv = field(":status", digits);
    const nghttp2_data_provider body = {.read_callback = read_answer};
    assert_int_equal(nghttp2_submit_response(t->ng, t->seen[i].id, &nv, 1, has_body ? &body : NULL), 0);
    flush(t);
}

void h2_answer(struct h2_world *h, int peer, int i, int status, const char *body)
{
    struct h2_seen *s = h2_seen(h, peer, i);
    s->answer_text = body;
    s->answer_left = body ? strlen(body) : 0;
    submit(h, peer, i, status, body != NULL);
}

void h2_answer_much(struct h2_world *h, int peer, int i, size_t n)
{
    h2_seen(h, peer, i)->answer_left = n;
    submit(h, peer, i, 200, true);
}

void h2_answer_with_trailer(struct h2_world *h, int peer, int i, const char *body, const char *value)
{
    h2_seen(h, peer, i)->trailer_out = value;
    h2_answer(h, peer, i, 200, body);
}

void h2_interim(struct h2_world *h, int peer, int i, int status)
{
    struct h2_target *t = h->targets[peer];
    char digits[4];
    (void)snprintf(digits, sizeof digits, "%d", status);
    const nghttp2_nv nv = field(":status", digits);
    assert_int_equal(nghttp2_submit_headers(t->ng, NGHTTP2_FLAG_NONE, t->seen[i].id, NULL, &nv, 1, NULL), 0);
    flush(t);
}

void h2_reset(struct h2_world *h, int peer, int i, uint32_t error)
{
    struct h2_target *t = h->targets[peer];
    assert_int_equal(nghttp2_submit_rst_stream(t->ng, NGHTTP2_FLAG_NONE, t->seen[i].id, error), 0);
    flush(t);
}

void h2_takes(struct h2_world *h, int peer, uint32_t streams)
{
    struct h2_target *t = h->targets[peer];
    const nghttp2_settings_entry entry = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, streams};
    assert_int_equal(nghttp2_submit_settings(t->ng, NGHTTP2_FLAG_NONE, &entry, 1), 0);
    flush(t);
}

void h2_goaway(struct h2_world *h, int peer, int from)
{
    struct h2_target *t = h->targets[peer];
    const int32_t last = from > 0 ? t->seen[from - 1].id : 0;
    assert_int_equal(nghttp2_submit_goaway(t->ng, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, NULL, 0), 0);
    flush(t);
}

void h2_give_window(struct h2_world *h, int peer, int i)
{
    struct h2_target *t = h->targets[peer];
    assert_int_equal(nghttp2_submit_window_update(t->ng, NGHTTP2_FLAG_NONE, t->seen[i].id, 16384), 0);
    flush(t);
}

void h2_go_deaf(struct h2_world *h, int peer)
{
    h->w.peers[peer].deaf = true;
    watch_set(h->w.peers[peer].watch, 0);
}
