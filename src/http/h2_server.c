/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h2_session.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "http/h2_memory.h"

/* ---- streams ---- */

static void stream_clear(struct h2_stream *s)
{
    buffer_release(&s->in);
    buffer_release(&s->out);
    arena_reset(&s->x.arena);
}

static void spare_free(struct h2_session *h)
{
    if (h->spare)
        arena_release(&h->spare->x.arena);
    mem_free(h->spare);
    h->spare = NULL;
}

struct h2_stream *h2_stream_new(struct h2_session *h, int32_t id)
{
    struct h2_stream *s = h->spare;
    h->spare = NULL;
    if (!s) {
        s = mem_alloc(sizeof(*s));
        if (!s)
            return NULL;
        arena_init(&s->x.arena, H2_ARENA_CHUNK, LIMIT_REQUEST_ARENA);
    }
    const struct arena arena = s->x.arena;
    *s = (struct h2_stream){.session = h, .id = id, .previous = h->last};
    s->x.arena = arena;
    s->x.session = &h->base;
    s->x.stream_id = (uint32_t)id;
    buffer_init(&s->in, LIMIT_H2_CONNECTION_WINDOW);
    buffer_init(&s->out, H2_ANSWER_MAX);
    if (h->last)
        h->last->next = s;
    else
        h->first = s;
    h->last = s;
    return s;
}

void h2_stream_free(struct h2_stream *s)
{
    struct h2_session *h = s->session;
    h2_consume(s, s->unconsumed);
    if (!h->dead)
        (void)nghttp2_session_set_stream_user_data(h->ng, s->id, NULL);
    if (s->previous)
        s->previous->next = s->next;
    else
        h->first = s->next;
    if (s->next)
        s->next->previous = s->previous;
    else
        h->last = s->previous;
    stream_clear(s);
    spare_free(h);
    h->spare = s;
}

void h2_give_up(struct h2_stream *s, uint32_t error)
{
    struct h2_session *h = s->session;
    if (s->given_up || s->closed)
        return;
    s->given_up = true;
    h->due = true;
    if (!h->dead)
        (void)nghttp2_submit_rst_stream(h->ng, NGHTTP2_FLAG_NONE, s->id, error);
}

void h2_stop_upload(struct h2_stream *s)
{
    if (s->end_sent && !s->input_ended && !s->closed && !s->session->dead)
        (void)nghttp2_submit_rst_stream(s->session->ng, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_NO_ERROR);
}

/* ---- the session ---- */

static void h2_free(struct session *base)
{
    struct h2_session *h = h2_session_of(base);
    must(!h->busy && !h->in_event);
    h->dead = true;
    for (struct h2_stream *s = h->first; s; s = s->next)
        h2_give_up(s, NGHTTP2_CANCEL);
    h2_tell(h);
    while (h->first)
        h2_stream_free(h->first);
    spare_free(h);
    nghttp2_session_del(h->ng);
    buffer_release(&h->out);
    mem_free(h);
}

/*
 * What our SETTINGS frame says. SETTINGS_NO_RFC7540_PRIORITIES is not sent: with it nghttp2 1.52 frees an
 * item twice when its scheduler runs out of memory. PRIORITY frames are harmless: they are counted
 * (h2_flood.c).
 */
static bool submit_settings(struct h2_session *h)
{
    const struct session_settings *settings = h->base.settings;
    const nghttp2_settings_entry entries[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings->h2_streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, H2_STREAM_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)settings->header_bytes},
    };
    const size_t count = sizeof(entries) / sizeof(entries[0]);
    return nghttp2_submit_settings(h->ng, NGHTTP2_FLAG_NONE, entries, count) == 0 &&
           nghttp2_session_set_local_window_size(h->ng, NGHTTP2_FLAG_NONE, 0, LIMIT_H2_CONNECTION_WINDOW) ==
               0;
}

static bool start(struct h2_session *h)
{
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *option = NULL;
    bool ok = h2_callbacks_new(&callbacks) && nghttp2_option_new(&option) == 0;
    if (ok) {
        nghttp2_option_set_no_auto_window_update(option, 1);
        nghttp2_option_set_no_closed_streams(option, 1);
        nghttp2_option_set_max_outbound_ack(option, H2_ACKS_MAX);
        ok = nghttp2_session_server_new3(&h->ng, callbacks, h, option, h2_memory()) == 0;
    }
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    return ok && submit_settings(h);
}

static void make_output(struct h2_session *h)
{
    h->busy = true;
    while (!h->dead && buffer_size(&h->out) < H2_OUTPUT_BYTES) {
        const uint8_t *p = NULL;
        const ssize_t n = nghttp2_session_mem_send(h->ng, &p);
        if (n == 0)
            break;
        if (n > 0)
            buffer_append(&h->out, (struct bytes){p, (size_t)n});
        if (n < 0 || !status_ok(buffer_status(&h->out))) {
            h->failed = E_NOMEM;
            h->dead = true;
        }
    }
    h->busy = false;
    h2_tell(h);
}

static struct status h2_feed(struct session *base, struct bytes in)
{
    struct h2_session *h = h2_session_of(base);
    must(!h->busy && !h->in_event);
    if (h->failed != E_OK)
        return (struct status){h->failed};
    h->busy = true;
    const ssize_t taken = nghttp2_session_mem_recv(h->ng, in.p, in.n);
    h->busy = false;
    if (taken < 0) {
        h->dead = true;
        h->failed = taken == NGHTTP2_ERR_NOMEM || taken == NGHTTP2_ERR_CALLBACK_FAILURE ? E_NOMEM : E_INVALID;
    }
    h2_tell(h);
    /* Only the GOAWAY that is made here says that nghttp2 has given up (on_frame_send). */
    make_output(h);
    return (struct status){h->failed};
}

static struct bytes h2_output(struct session *base)
{
    struct h2_session *h = h2_session_of(base);
    if (!h->busy && !h->in_event)
        make_output(h);
    return buffer_bytes(&h->out);
}

static void h2_output_consumed(struct session *base, size_t n)
{
    buffer_consume(&h2_session_of(base)->out, n);
}

static bool h2_wants_read(const struct session *base)
{
    const struct h2_session *h = h2_session_of_const(base);
    return h->failed == E_OK && !h->dead && !h->input_ended;
}

static bool h2_wants_close(const struct session *base)
{
    const struct h2_session *h = h2_session_of_const(base);
    if (h->dead || h->failed != E_OK)
        return true;
    if (nghttp2_session_want_read(h->ng) == 0 && nghttp2_session_want_write(h->ng) == 0)
        return true;
    return (h->input_ended || h->last_goaway || h->peer_leaves) && !h->first;
}

/* Streams say themselves how they end. */
static bool h2_cut(const struct session *base)
{
    (void)base;
    return false;
}

static bool h2_is_idle(const struct session *base)
{
    const struct h2_session *h = h2_session_of_const(base);
    return !h->first && !h->head_open && buffer_size(&h->out) == 0 &&
           (h->dead || nghttp2_session_want_write(h->ng) == 0);
}

static size_t h2_open_exchanges(const struct session *base)
{
    return h2_session_of_const(base)->open;
}

static bool h2_withheld(const struct session *base, uint64_t *out_sent)
{
    const struct h2_session *h = h2_session_of_const(base);
    *out_sent = h->body_sent;
    for (const struct h2_stream *s = h->first; s; s = s->next)
        if (buffer_size(&s->out) > 0 && !s->closed && !s->given_up)
            return true;
    return false;
}

static bool h2_reading_head(const struct session *base)
{
    const struct h2_session *h = h2_session_of_const(base);
    return h->head_open || !h->begun;
}

static void h2_shutdown(struct session *base)
{
    struct h2_session *h = h2_session_of(base);
    if (h->closing || h->dead)
        return;
    h->closing = true;
    /* Closed right after this: a request that crosses it was not taken, and may be repeated elsewhere. */
    if (!h->first && !h->head_open) {
        h->last_goaway = true;
        (void)nghttp2_submit_goaway(h->ng, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(h->ng),
                                    NGHTTP2_NO_ERROR, NULL, 0);
        return;
    }
    (void)nghttp2_submit_shutdown_notice(h->ng);
    (void)nghttp2_submit_ping(h->ng, NGHTTP2_FLAG_NONE, NULL);
    for (struct h2_stream *s = h->first; s; s = s->next)
        h2_stop_upload(s);
}

static void h2_shrink(struct session *base)
{
    struct h2_session *h = h2_session_of(base);
    buffer_shrink(&h->out);
    spare_free(h);
}

static void h2_each_exchange(struct session *base, void (*visit)(void *ctx, struct exchange *x), void *ctx)
{
    struct h2_session *h = h2_session_of(base);
    /* A visitor may abort what it visits; that takes effect when the walk is over. */
    const bool nested = h->in_event;
    h->in_event = true;
    for (struct h2_stream *s = h->first; s; s = s->next)
        if (s->told && !s->gone)
            visit(ctx, &s->x);
    h->in_event = nested;
    h2_tell(h);
}

static void give_up_incomplete(struct h2_session *h, uint32_t error)
{
    for (struct h2_stream *s = h->first; s; s = s->next)
        if (s->head_done && !s->input_ended)
            h2_give_up(s, error);
    h2_tell(h);
}

static void h2_end_of_input(struct session *base)
{
    struct h2_session *h = h2_session_of(base);
    h->input_ended = true;
    give_up_incomplete(h, NGHTTP2_CANCEL);
}

/* A half-read header block stands in the way of everything behind it (RFC 9113 6.10), a slow body only of
 * itself. */
static void h2_timeout(struct session *base)
{
    struct h2_session *h = h2_session_of(base);
    const bool stuck = h2_reading_head(base);
    give_up_incomplete(h, NGHTTP2_CANCEL);
    if (!stuck) {
        h2_shutdown(base);
        return;
    }
    if (!h->dead)
        (void)nghttp2_session_terminate_session(h->ng, NGHTTP2_NO_ERROR);
    h->failed = E_INVALID;
}

static void h2_pause_body(struct exchange *x)
{
    h2_stream_of(x)->paused = true;
}

static void h2_resume_body(struct exchange *x)
{
    struct h2_stream *s = h2_stream_of(x);
    s->paused = false;
    s->session->due = true;
    h2_tell(s->session);
}

static void h2_abort(struct exchange *x)
{
    struct h2_stream *s = h2_stream_of(x);
    h2_give_up(s, NGHTTP2_INTERNAL_ERROR);
    h2_tell(s->session);
}

/* RFC 9113 8.6: no 101 in HTTP/2. */
static struct status h2_tunnel(struct exchange *x, const struct response *head)
{
    (void)x;
    (void)head;
    return STATUS(INVALID);
}

static const struct session_ops ops = {
    .free = h2_free,
    .feed = h2_feed,
    .end_of_input = h2_end_of_input,
    .output = h2_output,
    .output_consumed = h2_output_consumed,
    .wants_read = h2_wants_read,
    .wants_close = h2_wants_close,
    .cut = h2_cut,
    .is_idle = h2_is_idle,
    .open_exchanges = h2_open_exchanges,
    .withheld = h2_withheld,
    .reading_head = h2_reading_head,
    .shutdown = h2_shutdown,
    .shrink = h2_shrink,
    .each_exchange = h2_each_exchange,
    .timeout = h2_timeout,
    .want_body = h2_want_body,
    .pause_body = h2_pause_body,
    .resume_body = h2_resume_body,
    .respond = h2_respond,
    .interim = h2_interim,
    .write = h2_write,
    .end = h2_end,
    .abort = h2_abort,
    .tunnel = h2_tunnel,
};

struct session *h2_server_new(const struct session_settings *settings, const struct session_events *events,
                              void *owner)
{
    struct h2_session *h = mem_alloc(sizeof(*h));
    if (!h)
        return NULL;
    session_init(&h->base, &ops, settings, events, owner);
    buffer_init(&h->out, H2_OUTPUT_MAX);
    if (!start(h)) {
        h2_free(&h->base);
        return NULL;
    }
    return &h->base;
}
