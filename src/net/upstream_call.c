/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/clock.h"
#include "net/upstream_internal.h"

#define OUT_MAX    (UPSTREAM_CHUNK_MAX + 512u * 1024) /* a head, a chunk, and what E_AGAIN let through */
#define DETAIL_MAX 192

/* ---- birth and end ---- */

static struct upstream_call *take_call(struct upstreams *u)
{
    struct upstream_call *c = u->free_calls;
    if (!c) {
        c = mem_alloc(sizeof *c);
        if (c)
            buffer_init(&c->out, OUT_MAX);
        return c;
    }
    u->free_calls = c->next;
    u->free_count--;
    *c = (struct upstream_call){.out = c->out};
    return c;
}

static void give_call_back(struct upstreams *u, struct upstream_call *c)
{
    buffer_wipe(&c->out); /* credentials */
    buffer_clear(&c->out);
    if (c->out.capacity > UPSTREAM_OUT_KEPT)
        buffer_shrink(&c->out);
    if (u->free_count >= UPSTREAM_CALLS_KEPT) {
        buffer_release(&c->out);
        mem_free(c);
        return;
    }
    c->next = u->free_calls;
    u->free_calls = c;
    u->free_count++;
}

struct upstream_call *upstream_call_new(struct upstream_pool *p, const struct upstream_request *request)
{
    struct upstreams *u = p->all;
    struct upstream_call *c = take_call(u);
    if (!c)
        return NULL;
    buffer_append(&c->out, request->head);
    if (!status_ok(buffer_status(&c->out))) {
        give_call_back(u, c);
        return NULL;
    }
    c->all = u;
    c->pool = p;
    c->head_size = request->head.n;
    c->body_left = request->content_length;
    c->started_us = clock_monotonic_us();
    c->method = request->method;
    c->body = request->body;
    c->repeatable = request->repeatable;
    c->upgrade = request->upgrade;
    c->body_ended = request->body == BODY_NONE;
    p->calls++;
    u->calls++;
    if (u->limits.total_ms > 0)
        timeout_arm(u->total, &c->total);
    return c;
}

void upstream_call_release(struct upstream_call *c)
{
    struct upstream_pool *p = c->pool;
    timeout_disarm(&c->phase);
    timeout_disarm(&c->total);
    upstream_list_remove(&c->all->failing, &c->later);
    upstream_health_undecided(c);
    p->calls--;
    c->all->calls--;
    give_call_back(c->all, c);
    upstream_pool_forget_if_empty(p);
}

/* Takes the call from wherever it is. */
static void detach(struct upstream_call *c)
{
    struct upstream_connection *uc = c->connection;
    if (c->waiting)
        upstream_unqueue(c);
    c->connection = NULL;
    if (uc && uc->codec)
        uc->codec->leave(uc, c);
    else if (uc)
        upstream_opening_left(uc);
}

void upstream_fail(struct upstream_call *c, enum upstream_failure why, const char *detail)
{
    char words[DETAIL_MAX]; /* `detail` may go with the connection */
    if (!text_to_cstr(text_first(text_of(detail), sizeof words - 1), words, sizeof words))
        words[0] = '\0';
    c->finishing = true;
    timeout_disarm(&c->phase);
    timeout_disarm(&c->total);
    upstream_health_judge(c, c->connection, why);
    detach(c);
    c->events->failed(c->owner, why, words, c->head_told);
    upstream_call_release(c);
}

void upstream_cancel(struct upstream_call *c)
{
    if (c->finishing)
        return; /* inside its last event */
    detach(c);
    upstream_call_release(c);
}

void upstream_fail_later(struct upstream_call *c, enum upstream_failure why, const char *detail)
{
    timeout_disarm(&c->phase);
    c->failing = true;
    c->why = why;
    c->detail = detail;
    upstream_call_later(c);
}

void upstream_finish(struct upstream_call *c, const struct headers *trailers)
{
    c->connection = NULL;
    c->finishing = true;
    c->events->end(c->owner, trailers);
    upstream_call_release(c);
}

/* ---- the request's body ---- */

/* Before it is known what the target speaks. */
static struct status put_aside(struct upstream_call *c, struct bytes chunk)
{
    if (c->framed)
        h1_write_chunk(&c->out, chunk);
    else
        buffer_append(&c->out, chunk);
    return buffer_status(&c->out);
}

static struct status send_chunk(struct upstream_call *c, struct bytes chunk)
{
    const struct upstream_codec *codec = upstream_codec_of(c);
    return codec ? codec->write(c, chunk) : put_aside(c, chunk);
}

struct status upstream_write(struct upstream_call *c, struct bytes chunk)
{
    const bool sized = c->body == BODY_SIZED && !c->tunnel;
    if (c->body_ended || (sized && chunk.n > c->body_left))
        return STATUS(INVALID);
    if (chunk.n > UPSTREAM_CHUNK_MAX || upstream_pending(c) > UPSTREAM_CHUNK_MAX / 4)
        return STATUS(TOO_LARGE);
    if (sized)
        c->body_left -= chunk.n;
    if (c->failing || c->finishing)
        return DONE; /* nobody will ever read it */
    if (chunk.n > 0)
        TRY(send_chunk(c, chunk));
    c->wants_writable = upstream_pending(c) >= UPSTREAM_PENDING_HIGH;
    return c->wants_writable ? STATUS(AGAIN) : DONE;
}

struct status upstream_end_body(struct upstream_call *c, const struct headers *trailers)
{
    if (c->body_ended)
        return c->body == BODY_NONE && !c->tunnel ? DONE : STATUS(INVALID);
    if (c->body == BODY_SIZED && !c->tunnel && c->body_left > 0)
        return STATUS(INVALID);
    c->body_ended = true;
    c->trailers = trailers;
    const struct upstream_codec *codec = upstream_codec_of(c);
    if (codec && !c->failing && !c->finishing)
        return codec->end_body(c);
    if (c->framed)
        upstream_h1_write_end(c);
    return buffer_status(&c->out);
}

/* ---- the answer ---- */

static void set_paused(struct upstream_call *c, bool paused)
{
    const struct upstream_codec *codec = upstream_codec_of(c);
    c->paused = paused;
    upstream_call_phase(c);
    if (codec && !c->finishing)
        codec->flow(c);
}

void upstream_pause(struct upstream_call *c)
{
    set_paused(c, true);
}

void upstream_resume(struct upstream_call *c)
{
    set_paused(c, false);
}

void upstream_note_first_byte(struct upstream_call *c)
{
    if (c->facts.first_byte_us != 0)
        return;
    const int64_t took_us = clock_monotonic_us() - c->started_us;
    c->facts.first_byte_us = took_us > 0 ? took_us : 1;
}

void upstream_facts(const struct upstream_call *c, struct upstream_facts *out)
{
    *out = c->facts;
}
