/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1_client.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "http/h1_reader.h"
#include "http/h1_rules.h"

#define ARENA_CHUNK 4096

/*
 *   HEAD --1xx--> HEAD --final--> BODY --> ENDED
 *     \--101--> TUNNEL       (any) --malformed--> BROKEN
 */
enum client_state { CLIENT_HEAD, CLIENT_BODY, CLIENT_TUNNEL, CLIENT_ENDED, CLIENT_BROKEN };

struct h1_client {
    const struct h1_client_events *events; /* borrowed */
    void *owner;
    bool trusted_peer;
    enum client_state state;
    enum http_method method;
    struct arena arena; /* of the answer's head and trailers */
    struct buffer head; /* the part of a head that has arrived */
    struct h1_head_end head_end;
    struct h1_reader reader;
    struct h1_chunk_scan chunks;
    struct response response;
    struct headers trailers;
    enum h1_delimiter delimiter;
    enum h1_reason refused;
    uint64_t body_left;
    unsigned interim;
    bool keep_alive;
    bool started;
    bool ended; /* in this call of h1_client_feed(); the owner may have called h1_client_reset() since */
};

struct h1_client *h1_client_new(const struct h1_client_events *events, void *owner, bool trusted_peer)
{
    struct h1_client *c = mem_alloc(sizeof(*c));
    if (!c)
        return NULL;
    c->events = events;
    c->owner = owner;
    c->trusted_peer = trusted_peer;
    arena_init(&c->arena, ARENA_CHUNK, LIMIT_REQUEST_ARENA);
    buffer_init(&c->head, LIMIT_HEADER_BYTES);
    return c;
}

void h1_client_free(struct h1_client *c)
{
    if (!c)
        return;
    arena_release(&c->arena);
    buffer_release(&c->head);
    mem_free(c);
}

/* Ready for the next head of the same answer. */
static void forget_head(struct h1_client *c)
{
    arena_reset(&c->arena);
    c->response = (struct response){0};
    c->trailers = (struct headers){0};
    c->head_end = (struct h1_head_end){0};
    buffer_clear(&c->head);
}

void h1_client_reset(struct h1_client *c, enum http_method method)
{
    forget_head(c);
    buffer_shrink(&c->head);
    c->state = CLIENT_HEAD;
    c->method = method;
    c->chunks = (struct h1_chunk_scan){0};
    c->refused = H1_NONE;
    c->body_left = 0;
    c->interim = 0;
    c->keep_alive = false;
    c->started = false;
}

void h1_client_set_owner(struct h1_client *c, void *owner)
{
    c->owner = owner;
}

static enum h1_reason scan_head(struct h1_client *c, struct text head, struct h1_status_line *line)
{
    enum h1_reason reason = h1_scan_status_line(h1_scan_line(&head), line);
    if (reason != H1_NONE)
        return reason;
    for (;;) {
        const struct text field_line = h1_scan_line(&head);
        struct header field;
        if (field_line.n == 0)
            return H1_NONE;
        reason = h1_scan_field(field_line, &field);
        if (reason != H1_NONE)
            return reason;
        const struct status added = headers_add(&c->response.headers, &c->arena, field.name, field.value);
        if (!status_ok(added))
            return added.code == E_TOO_LARGE ? H1_TOO_MANY_FIELDS : H1_NO_MEMORY;
    }
}

static enum h1_reason read_response(struct h1_client *c, struct text head)
{
    struct h1_status_line line;
    h1_reader_begin(&c->reader, H1_RESPONSE, &c->arena, &c->response.headers);
    enum h1_reason reason =
        c->trusted_peer ? h1_reader_read_response(&c->reader, head, &line) : scan_head(c, head, &line);
    if (reason == H1_NONE)
        reason = h1_rules_response(&line, c->method, &c->response, &c->delimiter, &c->keep_alive);
    if (reason == H1_NONE && !c->trusted_peer)
        reason = h1_reader_check_response(&c->reader, head, &line);
    if (reason != H1_NONE)
        return reason;
    /* An answer to HEAD or a 304 may name a coding or length of a body that does not follow; then nothing is
     * to agree on. */
    if (c->delimiter != H1_NO_BODY &&
        !h1_reader_agrees(&c->reader, c->delimiter == H1_BY_CHUNKS,
                          c->delimiter == H1_BY_LENGTH ? c->response.content_length : 0))
        return H1_DISAGREEMENT;
    return H1_NONE;
}

/* Before the owner hears of the end, it is known whether anything follows: a body where there may be none, or
 * an answer to a request that nobody sent. Such a connection is not used again. */
static void end_answer(struct h1_client *c, bool surplus)
{
    c->state = CLIENT_ENDED;
    c->ended = true;
    c->keep_alive = c->keep_alive && !surplus;
    c->events->end(c->owner);
}

/* A whole head has been understood. */
static enum h1_reason take_head(struct h1_client *c, bool more)
{
    const int status = c->response.status;
    if (status == 101) {
        c->state = CLIENT_TUNNEL;
        c->events->head(c->owner, &c->response);
        return H1_NONE;
    }
    if (status < 200) {
        if (++c->interim > LIMIT_INTERIM_RESPONSES)
            return H1_INTERIM_FLOOD;
        if (c->events->interim)
            c->events->interim(c->owner, &c->response);
        forget_head(c);
        return H1_NONE;
    }
    c->body_left = c->delimiter == H1_BY_LENGTH ? c->response.content_length : 0;
    c->state = CLIENT_BODY;
    c->events->head(c->owner, &c->response);
    if (c->delimiter == H1_NO_BODY || (c->delimiter == H1_BY_LENGTH && c->body_left == 0))
        end_answer(c, more);
    return H1_NONE;
}

/* Banners, garbage, and what is left of another answer are known by their first bytes: without this the call
 * would wait for the end of a head that never comes. Also an empty line, which RFC 9112 2.2 lets servers
 * skip, not clients. */
static bool may_be_head(struct bytes all)
{
    static const char start[] = "HTTP/1.";
    const size_t n = all.n < sizeof start - 1 ? all.n : sizeof start - 1;
    return memcmp(all.p, start, n) == 0;
}

/* Consumes from *in, up to the end of the head; what has arrived of an incomplete one is kept. */
static enum h1_reason feed_head(struct h1_client *c, struct bytes *in)
{
    const size_t before = buffer_size(&c->head);
    struct bytes all = *in;
    if (before > 0) {
        /* Only as much as a head may hold: the rest of `in` belongs to the body if the head ends in it. */
        const size_t room = LIMIT_HEADER_BYTES - before;
        buffer_append(&c->head, (struct bytes){in->p, in->n < room ? in->n : room});
        if (!status_ok(buffer_status(&c->head)))
            return H1_NO_MEMORY;
        all = buffer_bytes(&c->head);
    }
    if (!may_be_head(all))
        return H1_STATUS_LINE;
    size_t size = 0;
    static const struct h1_head_limits limits = {LIMIT_HEADER_BYTES, LIMIT_HEADER_BYTES};
    enum h1_reason reason = h1_scan_head_end(&c->head_end, all, &limits, &size);
    if (reason != H1_NONE)
        return reason;
    if (size == 0) {
        if (before == 0)
            buffer_append(&c->head, *in);
        *in = (struct bytes){in->p + in->n, 0};
        return status_ok(buffer_status(&c->head)) ? H1_NONE : H1_NO_MEMORY;
    }
    const struct text head = arena_text(&c->arena, bytes_text((struct bytes){all.p, size}));
    *in = (struct bytes){in->p + (size - before), in->n - (size - before)};
    c->head_end = (struct h1_head_end){0};
    buffer_clear(&c->head);
    reason = head.p ? read_response(c, head) : H1_NO_MEMORY;
    return reason == H1_NONE ? take_head(c, in->n > 0) : reason;
}

static enum h1_reason feed_chunked(struct h1_client *c, struct bytes *in)
{
    size_t n = 0;
    enum h1_chunk_step step;
    const enum h1_reason reason =
        h1_reader_chunked(&c->reader, &c->chunks, *in, INT64_MAX, &c->trailers, &n, &step);
    const struct bytes run = {in->p, n};
    if (reason != H1_NONE)
        return reason;
    *in = (struct bytes){in->p + n, in->n - n};
    if (step == H1_CHUNK_DATA)
        c->events->body(c->owner, run);
    else if (step == H1_CHUNK_COMPLETE)
        end_answer(c, in->n > 0);
    return H1_NONE;
}

static enum h1_reason feed_body(struct h1_client *c, struct bytes *in)
{
    if (c->delimiter == H1_BY_CHUNKS)
        return feed_chunked(c, in);
    size_t n = in->n;
    if (c->delimiter == H1_BY_LENGTH && n > c->body_left)
        n = (size_t)c->body_left;
    const struct bytes run = {in->p, n};
    *in = (struct bytes){in->p + n, in->n - n};
    c->events->body(c->owner, run);
    if (c->delimiter == H1_BY_LENGTH) {
        c->body_left -= n;
        if (c->body_left == 0)
            end_answer(c, in->n > 0);
    }
    return H1_NONE;
}

static enum h1_reason feed_some(struct h1_client *c, struct bytes *in)
{
    switch (c->state) {
    case CLIENT_HEAD:
        return feed_head(c, in);
    case CLIENT_BODY:
        return feed_body(c, in);
    case CLIENT_TUNNEL:
        c->events->body(c->owner, *in);
        *in = (struct bytes){in->p + in->n, 0};
        return H1_NONE;
    case CLIENT_ENDED:
    case CLIENT_BROKEN:
        break;
    }
    return H1_SURPLUS;
}

struct status h1_client_feed(struct h1_client *c, struct bytes in, size_t *out_used)
{
    struct bytes rest = in;
    c->started = c->started || in.n > 0;
    c->ended = false;
    while (rest.n > 0 && !c->ended) {
        const enum h1_reason reason = feed_some(c, &rest);
        if (reason != H1_NONE) {
            c->state = CLIENT_BROKEN;
            c->refused = reason;
            *out_used = in.n - rest.n;
            return reason == H1_NO_MEMORY ? STATUS(NOMEM) : STATUS(INVALID);
        }
        if (c->state == CLIENT_ENDED)
            break;
    }
    /* Nothing was asked for that could be answered by more: a body where there may be none, or a second
     * answer. */
    if (rest.n > 0)
        c->keep_alive = false;
    *out_used = in.n - rest.n;
    return DONE;
}

struct status h1_client_end_of_input(struct h1_client *c)
{
    const bool by_close = c->state == CLIENT_BODY && c->delimiter == H1_BY_CLOSE;
    c->keep_alive = false;
    if (by_close || c->state == CLIENT_TUNNEL) {
        end_answer(c, false);
        return DONE;
    }
    if (c->state == CLIENT_ENDED)
        return DONE;
    c->state = CLIENT_BROKEN;
    c->refused = H1_TRUNCATED;
    return STATUS(INVALID);
}

const struct headers *h1_client_trailers(const struct h1_client *c)
{
    return &c->trailers;
}

const char *h1_client_refusal(const struct h1_client *c)
{
    return h1_reason_text(c->refused).p;
}

bool h1_client_reusable(const struct h1_client *c)
{
    return c->state == CLIENT_ENDED && c->keep_alive;
}

bool h1_client_started(const struct h1_client *c)
{
    return c->started;
}

bool h1_client_tunnel(const struct h1_client *c)
{
    return c->state == CLIENT_TUNNEL;
}
