/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1_session.h"

#include "http/h1_rules.h"

#define METHOD_AND_VERSION_BYTES 64 /* what may stand beside the target in a request line */

static void consume(struct h1_work *w, size_t n)
{
    w->rest = (struct bytes){w->rest.p + n, w->rest.n - n};
}

/* The first reading: request line and fields of a whole head, as slices of it. */
static enum h1_reason scan_head(struct h1_session *s, struct text head, struct h1_request_line *line)
{
    struct exchange *x = &s->work->x;
    enum h1_reason reason = h1_scan_request_line(h1_scan_line(&head), line);
    if (reason != H1_NONE)
        return reason;
    for (;;) {
        const struct text field_line = h1_scan_line(&head);
        struct header field;
        if (field_line.n == 0)
            return H1_NONE;
        if (x->request.headers.count >= s->base.settings->header_count)
            return H1_TOO_MANY_FIELDS;
        reason = h1_scan_field(field_line, &field);
        if (reason != H1_NONE)
            return reason;
        const struct status added = headers_add(&x->request.headers, &x->arena, field.name, field.value);
        if (!status_ok(added))
            return added.code == E_TOO_LARGE ? H1_TOO_MANY_FIELDS : H1_NO_MEMORY;
    }
}

/* Both readings and the rules over a whole head that lives in the arena. */
static enum h1_reason read_request(struct h1_session *s, struct text head)
{
    struct h1_work *w = s->work;
    struct exchange *x = &w->x;
    const bool trusted = s->base.settings->trusted_peer;
    const struct h1_rules_settings rules = {.body_max = s->base.settings->body_bytes,
                                            .uri_max = s->base.settings->uri_bytes,
                                            .trusted_peer = trusted};
    struct h1_request_line line;
    h1_reader_begin(&w->reader, H1_REQUEST, &x->arena, &x->request.headers);
    enum h1_reason reason =
        trusted ? h1_reader_read_request(&w->reader, head, &line) : scan_head(s, head, &line);
    if (reason == H1_NONE)
        reason = h1_rules_request(&rules, &line, &x->arena, &x->request, &w->keep_alive);
    if (reason == H1_NONE && !trusted)
        reason = h1_reader_check_request(&w->reader, head, &line);
    if (reason != H1_NONE)
        return reason;
    const uint64_t length = x->request.body == BODY_SIZED ? x->request.content_length : 0;
    return h1_reader_agrees(&w->reader, x->request.body == BODY_STREAM, length) ? H1_NONE : H1_DISAGREEMENT;
}

static void open_exchange(struct h1_session *s)
{
    struct h1_work *w = s->work;
    struct exchange *x = &w->x;
    s->state = H1_OPEN;
    x->session = &s->base;
    x->stream_id = ++s->requests;
    w->body_left = x->request.body == BODY_SIZED ? x->request.content_length : 0;
    w->continue_due = x->request.expect_continue;
    x->body_complete = x->request.body != BODY_STREAM && w->body_left == 0;
    s->base.events->request(s->base.owner, x);
}

bool h1_read_head(struct h1_session *s)
{
    struct h1_work *w = s->work;
    size_t size = 0;
    const struct h1_head_limits limits = {s->base.settings->header_bytes,
                                          s->base.settings->uri_bytes + METHOD_AND_VERSION_BYTES};
    enum h1_reason reason = h1_scan_head_end(&w->head_end, w->rest, &limits, &size);
    if (reason != H1_NONE) {
        h1_refuse(s, reason);
        return true;
    }
    if (size == 0)
        return false;

    /* The one copy of the head: every text of the request is a slice of it. */
    const size_t start = w->head_end.start;
    const struct text head =
        arena_text(&w->x.arena, bytes_text((struct bytes){w->rest.p + start, size - start}));
    consume(w, size);
    w->head_end = (struct h1_head_end){0};
    reason = head.p ? read_request(s, head) : H1_NO_MEMORY;
    if (reason != H1_NONE)
        h1_refuse(s, reason);
    else
        open_exchange(s);
    return true;
}

/* A run of the body goes to the owner, or nowhere when the answer is already complete. */
static void deliver(struct h1_session *s, struct bytes run)
{
    struct h1_work *w = s->work;
    if (w->ended)
        w->drained += run.n;
    else
        s->base.events->body(s->base.owner, &w->x, run);
}

static bool read_sized(struct h1_session *s)
{
    struct h1_work *w = s->work;
    const size_t n = w->rest.n < w->body_left ? w->rest.n : (size_t)w->body_left;
    if (n == 0)
        return false;
    const struct bytes run = {w->rest.p, n};
    consume(w, n);
    w->body_left -= n;
    w->x.body_complete = w->body_left == 0;
    deliver(s, run);
    return true;
}

static bool read_chunked(struct h1_session *s)
{
    struct h1_work *w = s->work;
    if (w->rest.n == 0)
        return false;
    size_t n = 0;
    enum h1_chunk_step step;
    const enum h1_reason reason = h1_reader_chunked(&w->reader, &w->chunks, w->rest,
                                                    s->base.settings->body_bytes, &w->x.trailers, &n, &step);
    const struct bytes run = {w->rest.p, n};
    if (reason != H1_NONE) {
        h1_refuse(s, reason);
        return true;
    }
    consume(w, n);
    w->x.body_complete = step == H1_CHUNK_COMPLETE;
    if (step == H1_CHUNK_DATA)
        deliver(s, run);
    else if (w->ended)
        w->drained += n;
    return true;
}

bool h1_read_body(struct h1_session *s)
{
    return s->work->x.request.body == BODY_STREAM ? read_chunked(s) : read_sized(s);
}
