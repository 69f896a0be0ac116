/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "http/h2_client_internal.h"
#include "http/trailers.h"

/* ---- memory ---- */

static struct h2_call *call_new(struct h2_client *c)
{
    struct h2_call *call = c->spare;
    c->spare = NULL;
    if (!call) {
        call = mem_alloc(sizeof(*call));
        if (!call)
            return NULL;
        arena_init(&call->arena, H2_CLIENT_ARENA_CHUNK, LIMIT_REQUEST_ARENA);
    }
    const struct arena arena = call->arena;
    *call = (struct h2_call){.client = c, .arena = arena};
    buffer_init(&call->out, H2_CLIENT_PENDING_MAX);
    return call;
}

static void call_free(struct h2_call *call)
{
    struct h2_client *c = call->client;
    buffer_release(&call->out);
    arena_reset(&call->arena);
    if (!c->spare) {
        c->spare = call;
        return;
    }
    arena_release(&call->arena);
    mem_free(call);
}

void h2_call_release(struct h2_call *call)
{
    struct h2_client *c = call->client;
    must(call->over);
    if (!c->busy && !c->telling) {
        call_free(call);
        return;
    }
    call->next = c->finished;
    c->finished = call;
}

void h2_client_bury(struct h2_client *c)
{
    while (c->finished) {
        struct h2_call *call = c->finished;
        c->finished = call->next;
        call_free(call);
    }
}

void h2_client_free_calls(struct h2_client *c)
{
    while (c->first) {
        struct h2_call *call = c->first;
        h2_call_detach(call);
        call_free(call);
    }
    h2_client_bury(c);
    if (!c->spare)
        return;
    arena_release(&c->spare->arena);
    mem_free(c->spare);
    c->spare = NULL;
}

static void link_call(struct h2_call *call)
{
    struct h2_client *c = call->client;
    call->previous = c->last;
    if (c->last)
        c->last->next = call;
    else
        c->first = call;
    c->last = call;
    c->calls++;
}

void h2_call_detach(struct h2_call *call)
{
    struct h2_client *c = call->client;
    must(!call->over);
    call->over = true;
    if (call->previous)
        call->previous->next = call->next;
    else
        c->first = call->next;
    if (call->next)
        call->next->previous = call->previous;
    else
        c->last = call->previous;
    call->previous = call->next = NULL;
    c->calls--;
    if (!c->dead && !call->failing)
        (void)nghttp2_session_set_stream_user_data(c->ng, call->id, NULL);
}

void h2_call_fail(struct h2_call *call, enum h2_failure why, const char *detail, uint32_t reset)
{
    struct h2_client *c = call->client;
    if (call->failing || call->over)
        return;
    /* Whoever has begun to answer has done something, whatever it says now. */
    const bool begun = call->head_done || call->interim > 0;
    call->failing = true;
    call->why = why == H2_REFUSED && begun ? H2_RESET : why;
    call->detail = detail;
    c->due = true;
    if (c->dead)
        return;
    (void)nghttp2_session_set_stream_user_data(c->ng, call->id, NULL);
    if (reset != NGHTTP2_NO_ERROR)
        (void)nghttp2_submit_rst_stream(c->ng, NGHTTP2_FLAG_NONE, call->id, reset);
}

/* ---- the request's body, as nghttp2 takes it ---- */

size_t h2_call_pending(const struct h2_call *call)
{
    return buffer_size(&call->out) + call->direct.n;
}

static bool announce_trailers(struct h2_call *call, uint32_t *flags)
{
    if (call->trailer_count == 0)
        return true;
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    return nghttp2_submit_trailer(call->client->ng, call->id, call->trailer_list, call->trailer_count) == 0;
}

/* How much goes into the next frame; h2_call_send_data() puts it there. */
static ssize_t read_body(nghttp2_session *ng, int32_t stream_id, uint8_t *to, size_t room, uint32_t *flags,
                         nghttp2_data_source *source, void *user_data)
{
    (void)to;
    (void)source;
    struct h2_client *c = user_data;
    struct h2_call *call = nghttp2_session_get_stream_user_data(ng, stream_id);
    if (!call)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    if (buffer_size(&c->out) >= H2_CLIENT_OUTPUT_BYTES)
        return NGHTTP2_ERR_PAUSE;
    const size_t pending = h2_call_pending(call);
    const size_t n = pending < room ? pending : room;
    if (n == 0 && !call->body_ended) {
        call->deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    if (call->body_ended && n == pending) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (!announce_trailers(call, flags))
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    return (ssize_t)n;
}

/* The producer goes on when half of what is allowed has left. */
static void note_writable(struct h2_call *call)
{
    if (!call->throttled || call->body_ended || h2_call_pending(call) > H2_CLIENT_PENDING_HIGH / 2)
        return;
    call->throttled = false;
    call->writable_due = true;
    call->client->due = true;
}

int h2_call_send_data(nghttp2_session *ng, nghttp2_frame *frame, const uint8_t *head, size_t n,
                      nghttp2_data_source *source, void *user_data)
{
    enum { FRAME_HEAD = 9 };
    (void)source;
    struct h2_client *c = user_data;
    struct h2_call *call = nghttp2_session_get_stream_user_data(ng, frame->hd.stream_id);
    if (!call)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const struct bytes kept = buffer_bytes(&call->out);
    const size_t old = kept.n < n ? kept.n : n;
    const size_t fresh = n - old;
    must(fresh <= call->direct.n);
    buffer_append(&c->out, (struct bytes){head, FRAME_HEAD});
    buffer_append(&c->out, (struct bytes){kept.p, old});
    buffer_append(&c->out, (struct bytes){call->direct.p, fresh});
    if (!status_ok(buffer_status(&c->out)))
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    c->made += FRAME_HEAD + n;
    buffer_consume(&call->out, old);
    call->direct =
        (struct bytes){fresh > 0 ? call->direct.p + fresh : call->direct.p, call->direct.n - fresh};
    note_writable(call);
    return 0;
}

static void resume_data(struct h2_call *call)
{
    if (!call->deferred)
        return;
    call->deferred = false;
    (void)nghttp2_session_resume_data(call->client->ng, call->id);
}

static bool is_over(const struct h2_call *call)
{
    return call->failing || call->over || call->client->dead;
}

struct status h2_call_write(struct h2_call *call, struct bytes chunk)
{
    struct h2_client *c = call->client;
    if (call->body_ended || (call->request_sized && chunk.n > call->to_write))
        return STATUS(INVALID);
    call->to_write -= call->request_sized ? chunk.n : 0;
    if (is_over(call) || chunk.n == 0)
        return DONE;
    resume_data(call);
    if (!c->busy) {
        call->direct = chunk;
        h2_client_make_output(c);
        chunk = call->direct;
        call->direct = (struct bytes){NULL, 0};
    }
    buffer_append(&call->out, chunk);
    TRY(buffer_status(&call->out));
    if (is_over(call) || h2_call_pending(call) < H2_CLIENT_PENDING_HIGH)
        return DONE;
    call->throttled = true;
    return STATUS(AGAIN);
}

static struct status copy_trailers(struct h2_call *call, const struct headers *trailers)
{
    struct arena *a = &call->arena;
    struct headers kept;
    TRY(trailers_filter(trailers, a, &kept));
    call->trailer_list = arena_array(a, kept.count, sizeof(*call->trailer_list));
    if (!call->trailer_list)
        return STATUS(NOMEM);
    for (size_t i = 0; i < kept.count; i++)
        call->trailer_list[i] = h2_client_field(kept.list[i].name, kept.list[i].value);
    call->trailer_count = kept.count;
    return DONE;
}

struct status h2_call_end_body(struct h2_call *call, const struct headers *trailers)
{
    if (call->body_ended)
        return DONE;
    if (call->request_sized && call->to_write > 0)
        return STATUS(INVALID);
    if (trailers && trailers->count > 0 && !is_over(call))
        TRY(copy_trailers(call, trailers));
    call->body_ended = true;
    if (!is_over(call))
        resume_data(call);
    return DONE;
}

/* ---- calls ---- */

static struct status submit(struct h2_call *call, const struct h2_request *request)
{
    struct h2_fields fields;
    TRY(h2_client_head(request, &fields));
    const nghttp2_data_provider body = {.read_callback = read_body};
    call->method = request->method;
    call->request_sized = request->body == BODY_SIZED;
    call->to_write = request->content_length;
    call->body_ended = request->body == BODY_NONE || (call->request_sized && call->to_write == 0);
    call->id = nghttp2_submit_request(call->client->ng, NULL, fields.list, fields.count,
                                      call->body_ended ? NULL : &body, call);
    return call->id > 0 ? DONE : call->id == NGHTTP2_ERR_NOMEM ? STATUS(NOMEM) : STATUS(AGAIN);
}

struct h2_call *h2_client_start(struct h2_client *c, const struct h2_request *request, void *owner,
                                struct status *out)
{
    *out = STATUS(AGAIN);
    if (!h2_client_takes_calls(c))
        return NULL;
    struct h2_call *call = call_new(c);
    *out = call ? submit(call, request) : STATUS(NOMEM);
    if (!status_ok(*out)) {
        if (call)
            call_free(call);
        return NULL;
    }
    c->unsent++;
    call->owner = owner;
    link_call(call);
    return call;
}

void h2_call_pause(struct h2_call *call)
{
    call->paused = true;
}

void h2_call_resume(struct h2_call *call)
{
    const size_t n = call->unconsumed;
    call->paused = false;
    call->unconsumed = 0;
    if (n > 0 && !is_over(call))
        (void)nghttp2_session_consume_stream(call->client->ng, call->id, n);
}

void h2_call_cancel(struct h2_call *call)
{
    struct h2_client *c = call->client;
    if (call->over)
        return;
    const bool open = !is_over(call);
    h2_call_detach(call);
    if (open)
        (void)nghttp2_submit_rst_stream(c->ng, NGHTTP2_FLAG_NONE, call->id, NGHTTP2_CANCEL);
    h2_call_release(call);
}
