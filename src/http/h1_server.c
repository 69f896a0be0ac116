/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1_session.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "http/refusal.h"

#define ARENA_CHUNK      4096        /* one request with an ordinary head; stays with the connection */
#define KEPT_BUFFER_SIZE (16 * 1024) /* larger ones go back when empty */

static struct status ensure_work(struct h1_session *s)
{
    if (s->work)
        return DONE;
    struct h1_work *w = mem_alloc(sizeof(*w));
    if (!w)
        return STATUS(NOMEM);
    arena_init(&w->x.arena, ARENA_CHUNK, LIMIT_REQUEST_ARENA);
    buffer_init(&w->in, s->base.settings->header_bytes + H1_WAITING_BYTES);
    buffer_init(&w->out, H1_OUTPUT_BYTES);
    s->work = w;
    return DONE;
}

static void free_work(struct h1_session *s)
{
    if (!s->work)
        return;
    arena_release(&s->work->x.arena);
    buffer_release(&s->work->in);
    buffer_release(&s->work->out);
    mem_free(s->work);
    s->work = NULL;
}

static bool has_exchange(const struct h1_session *s)
{
    return s->work && s->work->x.session;
}

/* Makes the work struct as it was before the request, keeping buffers and the arena's first chunk. */
static void forget_request(struct h1_work *w)
{
    arena_reset(&w->x.arena);
    w->x = (struct exchange){.arena = w->x.arena};
    w->chunks = (struct h1_chunk_scan){0};
    w->body_left = 0;
    w->drained = 0;
    w->out_mode = H1_OUT_NOTHING;
    w->out_left = 0;
    w->keep_alive = false;
    w->body_wanted = false;
    w->body_paused = false;
    w->body_end_sent = false;
    w->continue_due = false;
    w->ended = false;
    w->aborted = false;
    w->throttled = false;
}

void h1_finish(struct h1_session *s, bool cancelled)
{
    struct h1_work *w = s->work;
    const bool keep = !cancelled && w->keep_alive && !s->closing && s->state == H1_OPEN;
    s->state = keep ? H1_HEAD : H1_CLOSED;
    s->cut = s->cut || (cancelled && s->by_close);
    s->base.events->finished(s->base.owner, &w->x, cancelled);
    forget_request(w);
}

static enum code code_of(enum h1_reason reason)
{
    switch (h1_reason_status(reason)) {
    case 413:
    case 414:
    case 431:
        return E_TOO_LARGE;
    case 503:
        return E_NOMEM;
    default:
        return E_INVALID;
    }
}

void h1_refuse(struct h1_session *s, enum h1_reason reason)
{
    struct h1_work *w = s->work;
    s->failed = code_of(reason);
    s->state = H1_CLOSED;
    if (!w->x.responded)
        refusal_h1(&w->out, h1_reason_status(reason), h1_reason_text(reason), s->base.settings->server_name);
    if (has_exchange(s))
        h1_finish(s, true);
    else
        forget_request(w);
}

/* The queue of a producer who was told E_AGAIN is half empty again. */
static bool raise_drained(struct h1_session *s)
{
    struct h1_work *w = s->work;
    if (!w->throttled || w->ended || buffer_size(&w->out) > LIMIT_RESPONSE_BUFFER / 2)
        return false;
    w->throttled = false;
    s->base.events->drained(s->base.owner, &w->x);
    return true;
}

/* One step of an exchange or tunnel; false when it waits for the peer or for the owner. */
static bool step_exchange(struct h1_session *s)
{
    struct h1_work *w = s->work;
    if (w->aborted) {
        h1_finish(s, true);
        return true;
    }
    if (w->ended && (w->x.body_complete || !w->keep_alive || w->drained > H1_DRAIN_BYTES)) {
        w->keep_alive = w->keep_alive && w->x.body_complete;
        h1_finish(s, false);
        return true;
    }
    if (raise_drained(s))
        return true;
    if (!w->ended && (!w->body_wanted || w->body_paused))
        return false;
    if (!w->x.body_complete) {
        if (h1_read_body(s))
            return true;
        if (!s->input_ended)
            return false;
        h1_finish(s, !w->ended);
        s->state = H1_CLOSED;
        return true;
    }
    if (w->body_end_sent)
        return false;
    w->body_end_sent = true;
    s->base.events->body_end(s->base.owner, &w->x);
    return true;
}

static bool step_tunnel(struct h1_session *s)
{
    struct h1_work *w = s->work;
    if (w->aborted || w->ended) {
        h1_finish(s, w->aborted);
        return true;
    }
    if (raise_drained(s))
        return true;
    if (w->body_paused)
        return false;
    const struct bytes run = w->rest;
    w->rest.n = 0;
    if (run.n > 0) {
        s->base.events->body(s->base.owner, &w->x, run);
        return true;
    }
    if (!s->input_ended || w->body_end_sent)
        return false;
    w->body_end_sent = true;
    s->base.events->body_end(s->base.owner, &w->x);
    return true;
}

static bool step_head(struct h1_session *s)
{
    struct h1_work *w = s->work;
    /* Answers of pipelined requests do not pile up: the peer reads them before the next request is looked at.
     */
    if (buffer_size(&w->out) > LIMIT_RESPONSE_BUFFER)
        return false;
    if (w->rest.n > 0 && h1_read_head(s))
        return true;
    if (!s->input_ended && !(s->closing && w->rest.n == 0))
        return false;
    s->state = H1_CLOSED;
    return true;
}

static bool step(struct h1_session *s)
{
    if (s->work->out.failed != E_OK && s->state != H1_CLOSED) {
        s->failed = s->work->out.failed;
        s->work->aborted = true;
        if (!has_exchange(s))
            s->state = H1_CLOSED;
    }
    switch (s->state) {
    case H1_HEAD:
        return step_head(s);
    case H1_OPEN:
        return step_exchange(s);
    case H1_TUNNEL:
        return step_tunnel(s);
    case H1_CLOSED:
        break;
    }
    return false;
}

/* Runs over w->rest; what is left afterwards is the caller's to keep. */
static void run_steps(struct h1_session *s)
{
    must(!s->running);
    s->running = true;
    while (step(s))
        ;
    s->running = false;
}

void h1_run(struct h1_session *s)
{
    struct h1_work *w = s->work;
    if (!w) {
        if (s->closing || s->input_ended)
            s->state = H1_CLOSED;
        return;
    }
    const size_t size = buffer_size(&w->in);
    w->rest = buffer_bytes(&w->in);
    run_steps(s);
    buffer_consume(&w->in, s->state == H1_CLOSED ? size : size - w->rest.n);
    if (w->in.capacity > KEPT_BUFFER_SIZE)
        buffer_shrink(&w->in);
    w->rest = (struct bytes){NULL, 0};
}

/* Input is read where it lies; only what has to wait is copied. */
static struct status feed(struct session *session, struct bytes in)
{
    struct h1_session *s = h1_session_of(session);
    if (s->state == H1_CLOSED || in.n == 0)
        return DONE;
    TRY(ensure_work(s));
    struct h1_work *w = s->work;
    if (buffer_size(&w->in) > 0) {
        buffer_append(&w->in, in);
        if (status_ok(buffer_status(&w->in)))
            h1_run(s);
    } else {
        w->rest = in;
        run_steps(s);
        if (s->state != H1_CLOSED)
            buffer_append(&w->in, w->rest);
        w->rest = (struct bytes){NULL, 0};
    }
    const struct status kept = buffer_status(&w->in);
    if (!status_ok(kept)) {
        s->failed = kept.code;
        w->aborted = true;
        buffer_clear(&w->in);
        if (!has_exchange(s))
            s->state = H1_CLOSED;
        h1_run(s);
    }
    const enum code failed = s->failed;
    s->failed = E_OK;
    return (struct status){failed};
}

static void end_of_input(struct session *session)
{
    struct h1_session *s = h1_session_of(session);
    s->input_ended = true;
    h1_continue(s);
}

static struct bytes output(struct session *session)
{
    const struct h1_session *s = h1_session_of(session);
    return s->work ? buffer_bytes(&s->work->out) : (struct bytes){NULL, 0};
}

static void output_consumed(struct session *session, size_t n)
{
    struct h1_session *s = h1_session_of(session);
    struct h1_work *w = s->work;
    if (!w)
        return;
    buffer_consume(&w->out, n);
    /* Not in the middle of an answer: its next piece would have to grow it again, page by page. */
    const bool answering = s->state == H1_OPEN && !w->ended;
    if (!answering && buffer_size(&w->out) == 0 && w->out.capacity > KEPT_BUFFER_SIZE)
        buffer_shrink(&w->out);
    h1_continue(s);
}

static bool wants_read(const struct session *session)
{
    const struct h1_session *s = (const struct h1_session *)session;
    if (s->state == H1_CLOSED || s->input_ended)
        return false;
    return !s->work || buffer_size(&s->work->in) < s->base.settings->header_bytes;
}

static bool wants_close(const struct session *session)
{
    return ((const struct h1_session *)session)->state == H1_CLOSED;
}

static bool cut(const struct session *session)
{
    const struct h1_session *s = (const struct h1_session *)session;
    return s->by_close && (s->cut || has_exchange(s) || (s->work && buffer_size(&s->work->out) > 0));
}

static bool is_idle(const struct session *session)
{
    const struct h1_session *s = (const struct h1_session *)session;
    return !has_exchange(s) &&
           (!s->work || (buffer_size(&s->work->in) == 0 && buffer_size(&s->work->out) == 0));
}

static size_t open_exchanges(const struct session *session)
{
    return has_exchange((const struct h1_session *)session) ? 1 : 0;
}

/* The socket is the only window here. */
static bool withheld(const struct session *session, uint64_t *out_sent)
{
    (void)session;
    *out_sent = 0;
    return false;
}

static bool reading_head(const struct session *session)
{
    const struct h1_session *s = (const struct h1_session *)session;
    return s->state == H1_HEAD && s->work && buffer_size(&s->work->in) > 0;
}

static void shutdown_session(struct session *session)
{
    struct h1_session *s = h1_session_of(session);
    s->closing = true;
    h1_continue(s);
}

static void shrink(struct session *session)
{
    struct h1_session *s = h1_session_of(session);
    if (!s->running && is_idle(session))
        free_work(s);
}

static void each_exchange(struct session *session, void (*visit)(void *ctx, struct exchange *x), void *ctx)
{
    struct h1_session *s = h1_session_of(session);
    if (has_exchange(s))
        visit(ctx, &s->work->x);
}

static void timed_out(struct session *session)
{
    struct h1_session *s = h1_session_of(session);
    if (s->state == H1_CLOSED || s->running)
        return;
    s->running = true;
    if (has_exchange(s) || reading_head(session))
        h1_refuse(s, H1_TIMEOUT);
    s->state = H1_CLOSED;
    s->failed = E_OK;
    s->running = false;
    h1_run(s);
}

static void free_session(struct session *session)
{
    struct h1_session *s = h1_session_of(session);
    must(!s->running);
    s->running = true;
    if (has_exchange(s))
        h1_finish(s, true);
    free_work(s);
    mem_free(s);
}

static void pause_body(struct exchange *x)
{
    h1_session_of_exchange(x)->work->body_paused = true;
}

static void resume_body(struct exchange *x)
{
    struct h1_session *s = h1_session_of_exchange(x);
    s->work->body_paused = false;
    h1_continue(s);
}

static void abort_exchange(struct exchange *x)
{
    struct h1_session *s = h1_session_of_exchange(x);
    s->work->aborted = true;
    h1_continue(s);
}

static const struct session_ops ops = {
    .free = free_session,
    .feed = feed,
    .end_of_input = end_of_input,
    .output = output,
    .output_consumed = output_consumed,
    .wants_read = wants_read,
    .wants_close = wants_close,
    .cut = cut,
    .is_idle = is_idle,
    .open_exchanges = open_exchanges,
    .withheld = withheld,
    .reading_head = reading_head,
    .shutdown = shutdown_session,
    .shrink = shrink,
    .each_exchange = each_exchange,
    .timeout = timed_out,
    .want_body = h1_want_body,
    .pause_body = pause_body,
    .resume_body = resume_body,
    .respond = h1_respond,
    .interim = h1_interim,
    .write = h1_write,
    .end = h1_end,
    .abort = abort_exchange,
    .tunnel = h1_tunnel,
};

struct session *h1_server_new(const struct session_settings *settings, const struct session_events *events,
                              void *owner)
{
    struct h1_session *s = mem_alloc(sizeof(*s));
    if (!s)
        return NULL;
    session_init(&s->base, &ops, settings, events, owner);
    return &s->base;
}
