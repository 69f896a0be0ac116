/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/forward_internal.h"

/*
 * The target answered 401 or 403: perhaps because its token, or the CSRF token, is no longer good. The core
 * is told which version was refused (DESIGN 3.1, 13); meanwhile the answer waits. Fresh credentials: the
 * request goes out once more, whole, and the second answer is the answer (contract 3.7). Otherwise the first
 * one goes to the caller, all of it.
 */

/* Not with the caller's own token, which no fetch of ours makes good, unless a CSRF token went with it; not
 * without the whole body; not twice. */
bool call_may_repeat(const struct outbound_call *c, int status)
{
    return (status == 401 || status == 403) && !c->retried && c->keeping &&
           (c->known->target->answer.csrf ||
            headers_get(&c->x->request.headers, TEXT("Access-Token")).n == 0);
}

void call_held_forget(struct outbound_call *c)
{
    buffer_release(&c->held_body);
    c->held_trailers = (struct headers){0};
    c->held_ended = c->held_failed = false;
}

/* The texts of an answer end with its upstream call; these must not. */
static struct status own_texts(struct headers *of, struct arena *a)
{
    for (size_t i = 0; i < of->count; i++) {
        struct header *h = &of->list[i];
        h->name = arena_text(a, h->name);
        h->value = h->value.n ? arena_text(a, h->value) : TEXT("");
        if (!h->name.p || !h->value.p)
            return STATUS(NOMEM);
    }
    return DONE;
}

/* GET /front/target?... was the question; this is POST /front/refused?...&version=N. */
static bool report(struct outbound_call *c)
{
    struct outbound *o = c->o;
    const struct text question = c->known->question;
    const struct text rest = text_from(question, text_find(question, '?'));
    buffer_clear(&o->question);
    buffer_text(&o->question, TEXT("/front/refused"));
    buffer_text(&o->question, rest);
    buffer_printf(&o->question, "%sversion=%llu", rest.n ? "&" : "?",
                  (unsigned long long)c->known->target->answer.version);
    if (!status_ok(buffer_status(&o->question)))
        return false;
    call_hold(c); /* until outbound_reported() */
    if (o->parts.report(o->parts.ctx, buffer_as_text(&o->question), c))
        return true;
    call_drop(c);
    return false;
}

/* The first answer stands. */
static void let_go(struct outbound_call *c)
{
    OWNED(buffer_release) struct buffer body = c->held_body;
    const bool ended = c->held_ended, failed = c->held_failed;
    const struct headers trailers = c->held_trailers;
    c->held_body = (struct buffer){0};
    call_held_forget(c);
    c->state = CALL_RUNNING;
    if (failed) { /* nothing of it has been passed on: this can still be said in words */
        call_failed(c, c->held_why, "its answer was cut short");
        return;
    }
    call_pass_answer(c, &c->held);
    if (c->state == CALL_RUNNING && buffer_size(&body))
        call_pass_body(c, buffer_bytes(&body));
    if (c->state != CALL_RUNNING)
        return;
    if (ended) {
        call_end_answer(c, &trailers);
        return;
    }
    if (!c->answer_paused)
        upstream_resume(c->upstream);
    call_update_flow(c);
}

void call_hold_answer(struct outbound_call *c, const struct response *head)
{
    struct status st = call_make_head(c, head, &c->held);
    if (status_ok(st))
        st = own_texts(&c->held.headers, &c->x->arena);
    if (!status_ok(st)) {
        call_failed(c, UPSTREAM_MALFORMED, "its answer cannot be passed on");
        return;
    }
    buffer_init(&c->held_body, 4 * (size_t)OUTBOUND_HELD_MAX);
    c->state = CALL_HELD;
    if (!report(c)) {
        let_go(c);
        return;
    }
    call_update_flow(c);
}

void call_held_body(struct outbound_call *c, struct bytes chunk)
{
    buffer_append(&c->held_body, chunk);
    if (buffer_size(&c->held_body) >= OUTBOUND_HELD_MAX)
        upstream_pause(c->upstream); /* what it has read already still comes: there is room for that */
    if (status_ok(buffer_status(&c->held_body)))
        return;
    c->held_failed = true;
    c->held_why = UPSTREAM_MEMORY;
    upstream_cancel(TAKE(c->upstream));
}

void call_held_end(struct outbound_call *c, const struct headers *trailers)
{
    c->held_ended = true;
    for (size_t i = 0; i < trailers->count; i++) {
        const struct header *h = &trailers->list[i];
        if (!status_ok(headers_add(&c->held_trailers, &c->x->arena, h->name, h->value)))
            break; /* out of memory: an answer without all of its trailers, which any recipient may drop */
    }
    if (!status_ok(own_texts(&c->held_trailers, &c->x->arena)))
        c->held_trailers = (struct headers){0};
}

static void once_more(struct outbound_call *c)
{
    if (c->upstream)
        upstream_cancel(TAKE(c->upstream));
    call_held_forget(c);
    slab_add(c->o->parts.slab, SLAB_OUTBOUND_RETRIES, 1);
    c->retried = true;
    c->refused_version = c->known->target->answer.version;
    c->state = CALL_ASKING;
    known_unref(TAKE(c->known));
    call_unlink(c);
    call_find_target(c);
}

void outbound_reported(struct outbound_call *c, bool again)
{
    if (c->x && c->state == CALL_HELD) {
        if (again && c->keeping)
            once_more(c);
        else
            let_go(c);
        connection_flush_later(c->connection);
    }
    call_drop(c);
}
