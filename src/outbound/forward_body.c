/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/forward_internal.h"

#include <stdio.h>

/* Both bodies of a call, each with its own backpressure; nothing here holds more than the two sides' buffers
 * and what a second try needs. */

/* ---- the request's body: caller -> target ---- */
void call_forget_kept(struct outbound_call *c)
{
    c->keeping = false;
    buffer_wipe(&c->kept);
    buffer_release(&c->kept);
}

static void keep(struct outbound_call *c, struct bytes chunk)
{
    if (!c->keeping)
        return;
    buffer_append(&c->kept, chunk);
    if (!status_ok(buffer_status(&c->kept))) /* larger than a second try would repeat */
        call_forget_kept(c);
}

void call_update_flow(struct outbound_call *c)
{
    if (!c->x || c->state == CALL_OVER)
        return;
    /* Between two tries nothing arrives: it could be more than is kept. */
    const bool pause = c->state != CALL_RUNNING || c->upstream_full;
    if (pause == c->body_paused)
        return;
    c->body_paused = pause;
    if (pause)
        exchange_pause_body(c->x);
    else
        exchange_resume_body(c->x);
}

static void send_body(struct outbound_call *c, struct bytes chunk)
{
    struct status st = upstream_write(c->upstream, chunk);
    if (status_ok(st))
        return;
    if (st.code == E_AGAIN) {
        c->upstream_full = true;
        call_update_flow(c);
        return;
    }
    upstream_cancel(TAKE(c->upstream));
    if (st.code == E_NOMEM)
        call_failed(c, UPSTREAM_MEMORY, "out of memory");
    else
        call_failed(c, UPSTREAM_RESET, "the request's body could not be sent");
}

static void end_body(struct outbound_call *c)
{
    const struct headers *trailers = c->x ? &c->x->trailers : NULL;
    if (!c->upstream || status_ok(upstream_end_body(c->upstream, trailers)))
        return;
    upstream_cancel(TAKE(c->upstream));
    call_failed(c, UPSTREAM_RESET, "the request's body could not be sent");
}

void call_body_started(struct outbound_call *c)
{
    if (c->x->request.body == BODY_NONE)
        return;
    call_hold(c);
    if (!c->retried) {
        exchange_want_body(c->x);
        connection_flush_later(c->connection); /* a 100, and reading */
    } else {
        if (buffer_size(&c->kept))
            send_body(c, buffer_bytes(&c->kept));
        if (c->body_ended)
            end_body(c);
        call_update_flow(c);
    }
    call_drop(c);
}

void outbound_body(struct outbound_call *c, struct bytes chunk)
{
    if (c->state == CALL_OVER)
        return;
    c->bytes_in += chunk.n;
    keep(c, chunk);
    if (c->upstream)
        send_body(c, chunk);
}

/* Also: the caller's half of a tunnel has ended. */
void outbound_body_end(struct outbound_call *c)
{
    c->body_ended = true;
    if (c->state != CALL_OVER)
        end_body(c);
}

static void on_writable(void *owner)
{
    struct outbound_call *c = owner;
    c->upstream_full = false;
    call_hold(c);
    call_update_flow(c);
    connection_flush_later(c->connection); /* reads again */
    call_drop(c);
}

/* ---- the answer: target -> caller ---- */

/* "reused; HTTP/2", "new; HTTP/1.1; TLS resumed; connected in 312 us; second try": for `fairlead call
 * --explain`. */
static struct status explain(struct outbound_call *c, struct response *out)
{
    const struct upstream_facts *f = &c->facts;
    char connected[48] = "";
    if (!headers_get(&c->x->request.headers, TEXT("Fairlead-Explain")).p)
        return DONE;
    if (!f->reused)
        (void)snprintf(connected, sizeof connected, "; connected in %lld us", (long long)f->connect_us);
    const char *tls = !f->tls ? "" : f->resumed ? "; TLS resumed" : "; TLS";
    const struct text value =
        arena_printf(&c->x->arena, "%s; %s%s%s; first byte after %lld us%s", f->reused ? "reused" : "new",
                     f->http2 ? "HTTP/2" : "HTTP/1.1", tls, connected, (long long)f->first_byte_us,
                     c->retried ? "; second try" : "");
    return value.p ? headers_add(&out->headers, &c->x->arena, TEXT("Fairlead-Connection"), value)
                   : STATUS(NOMEM);
}

struct status call_make_head(struct outbound_call *c, const struct response *head, struct response *out)
{
    struct outbound_address address = c->address;
    if (!c->o->settings.rewrite_location)
        address.prefix = (struct text){NULL, 0};
    *out =
        (struct response){.status = head->status, .body = head->body, .content_length = head->content_length};
    TRY(rewrite_response(head, &address, &c->known->target->answer, &c->x->arena, out));
    TRY(explain(c, out));
    if (headers_get(&out->headers, TEXT("X-Request-Id")).p)
        return DONE; /* the target's: its own, or ours come back */
    return headers_add(&out->headers, &c->x->arena, TEXT("X-Request-Id"), call_id(c));
}

static void count_answer(struct outbound_call *c, int status)
{
    static const enum slab_counter by_class[] = {SLAB_OUTBOUND_2XX, SLAB_OUTBOUND_3XX, SLAB_OUTBOUND_4XX,
                                                 SLAB_OUTBOUND_5XX};
    if (status >= 200 && status < 600)
        slab_add(c->o->parts.slab, by_class[status / 100 - 2], 1);
}

void call_pass_answer(struct outbound_call *c, const struct response *head)
{
    call_forget_kept(c);
    c->status = head->status;
    struct status st = head->status == 101 ? exchange_tunnel(c->x, head) : exchange_respond(c->x, head);
    if (c->x && !status_ok(st) && st.code != E_AGAIN)
        call_failed(c, UPSTREAM_MALFORMED, "its answer cannot be passed on");
    connection_flush_later(c->connection);
}

/* 100 is between two neighbours: the caller has ours, and no target is asked to wait for a body. The others
 * are the target's word to the caller (RFC 9110 15.2), whatever the answer will be. */
static void on_interim(void *owner, const struct response *head)
{
    struct outbound_call *c = owner;
    struct response out;
    if (head->status == 100 || c->x->responded)
        return;
    call_hold(c);
    /* One that cannot be passed on is no loss to the answer. */
    if (status_ok(call_make_head(c, head, &out)))
        status_ignore(exchange_interim(c->x, &out));
    connection_flush_later(c->connection);
    call_drop(c);
}

/* The protocol is one of those that the caller named (RFC 9110 7.8). */
static bool is_protocol_asked_for(const struct outbound_call *c, const struct response *head)
{
    struct text asked = headers_get(&c->x->request.headers, TEXT("Upgrade"));
    const struct text chosen = text_trim(headers_get(&head->headers, TEXT("Upgrade")));
    if (headers_count(&head->headers, TEXT("Upgrade")) != 1)
        return false;
    while (asked.p)
        if (text_equal_nocase(text_trim(text_cut(&asked, ',')), chosen))
            return chosen.n > 0;
    return false;
}

static void on_head(void *owner, const struct response *head)
{
    struct outbound_call *c = owner;
    call_hold(c);
    upstream_facts(c->upstream, &c->facts);
    count_answer(c, head->status);
    c->target_status = head->status;
    struct response out;
    if (head->status == 101 && !is_protocol_asked_for(c, head))
        call_failed(c, UPSTREAM_MALFORMED, "the target changed to a protocol that was not asked for");
    else if (call_may_repeat(c, head->status))
        call_hold_answer(c, head);
    else if (status_ok(call_make_head(c, head, &out)))
        call_pass_answer(c, &out);
    else
        call_failed(c, UPSTREAM_MALFORMED, "its answer cannot be passed on");
    call_drop(c);
}

void call_pass_body(struct outbound_call *c, struct bytes chunk)
{
    c->bytes_out += chunk.n;
    struct status st = exchange_write(c->x, chunk);
    if (st.code == E_AGAIN) {
        c->answer_paused = true; /* outbound_drained() resumes */
        if (c->upstream)
            upstream_pause(c->upstream);
    } else if (!status_ok(st) && c->x) {
        call_failed(c, UPSTREAM_MEMORY, NULL);
    }
    connection_flush_later(c->connection);
}

static void on_body(void *owner, struct bytes chunk)
{
    struct outbound_call *c = owner;
    call_hold(c);
    if (c->state == CALL_HELD)
        call_held_body(c, chunk);
    else
        call_pass_body(c, chunk);
    call_drop(c);
}

void outbound_drained(struct outbound_call *c)
{
    if (!c->answer_paused)
        return;
    c->answer_paused = false;
    if (c->upstream && c->state == CALL_RUNNING)
        upstream_resume(c->upstream);
}

void call_end_answer(struct outbound_call *c, const struct headers *trailers)
{
    c->state = CALL_OVER;
    status_ignore(exchange_end_with(c->x, trailers)); /* one that fell short is cut by the session */
    connection_flush_later(c->connection);
}

static void on_end(void *owner, const struct headers *trailers)
{
    struct outbound_call *c = owner;
    c->upstream = NULL;
    if (c->state == CALL_HELD) {
        call_held_end(c, trailers);
        return;
    }
    call_hold(c);
    call_end_answer(c, trailers);
    call_drop(c);
}

static void on_failed(void *owner, enum upstream_failure why, const char *detail, bool answer_started)
{
    struct outbound_call *c = owner;
    (void)answer_started; /* what matters is whether ours has */
    c->upstream = NULL;
    if (c->state == CALL_HELD) {
        c->held_failed = true;
        c->held_why = why;
        return;
    }
    call_failed(c, why, detail);
}

const struct upstream_events call_events = {
    .interim = on_interim,
    .head = on_head,
    .body = on_body,
    .writable = on_writable,
    .end = on_end,
    .failed = on_failed,
};
