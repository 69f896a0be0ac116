/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h2_session.h"

bool h2_takes_body(const struct h2_stream *s)
{
    return s->told && !s->gone && !s->given_up && s->wanted && !s->paused && !s->session->in_event &&
           buffer_size(&s->in) == 0;
}

void h2_consume(struct h2_stream *s, size_t n)
{
    must(n <= s->unconsumed);
    s->unconsumed -= n;
    if (n > 0 && !s->session->dead)
        (void)nghttp2_session_consume(s->session->ng, s->id, n);
}

void h2_tell_body(struct h2_stream *s, struct bytes chunk)
{
    struct h2_session *h = s->session;
    h->in_event = true;
    h->base.events->body(h->base.owner, &s->x, chunk);
    h->in_event = false;
}

static bool tell_request(struct h2_stream *s)
{
    struct h2_session *h = s->session;
    if (!s->head_done || s->told || s->closed)
        return false;
    s->told = true;
    h->open++;
    s->x.body_complete = s->input_ended && buffer_size(&s->in) == 0;
    h->in_event = true;
    h->base.events->request(h->base.owner, &s->x);
    h->in_event = false;
    return true;
}

/* What had to wait, then the end. */
static bool tell_input(struct h2_stream *s)
{
    struct h2_session *h = s->session;
    if (!s->told || s->gone || s->given_up || s->closed || !s->wanted || s->paused)
        return false;
    const size_t waiting = buffer_size(&s->in);
    if (waiting > 0) {
        h2_tell_body(s, buffer_bytes(&s->in));
        buffer_clear(&s->in);
        buffer_shrink(&s->in);
        h2_consume(s, waiting);
        return true;
    }
    if (!s->input_ended || s->body_end_told)
        return false;
    s->body_end_told = true;
    s->x.body_complete = true;
    h->in_event = true;
    h->base.events->body_end(h->base.owner, &s->x);
    h->in_event = false;
    return true;
}

static bool tell_drained(struct h2_stream *s)
{
    struct h2_session *h = s->session;
    if (!s->drained_due || s->ended || s->gone || s->given_up || s->closed)
        return false;
    s->drained_due = false;
    h->in_event = true;
    h->base.events->drained(h->base.owner, &s->x);
    h->in_event = false;
    return true;
}

static void tell_finished(struct h2_stream *s)
{
    struct h2_session *h = s->session;
    if (!s->told || s->gone || (!s->closed && !s->given_up && !(s->ended && s->end_sent)))
        return;
    s->gone = true;
    /* What came before the answer must not block what is let in behind it. */
    buffer_release(&s->in);
    h2_consume(s, s->unconsumed);
    h->open--;
    h->in_event = true;
    h->base.events->finished(h->base.owner, &s->x, s->given_up || !s->end_sent);
    h->in_event = false;
}

/* Tells what is due on one stream; it may be freed afterwards. */
static void tell_stream(struct h2_stream *s)
{
    while (tell_request(s) || tell_input(s) || tell_drained(s))
        ;
    tell_finished(s);
    const bool owner_done = !s->told || s->gone;
    if (s->closed && owner_done)
        h2_stream_free(s);
}

void h2_tell(struct h2_session *h)
{
    if (h->busy || h->in_event)
        return;
    while (h->due) {
        h->due = false;
        /* Only the stream itself is freed on the way: what an owner does to others leaves marks. */
        for (struct h2_stream *s = h->first, *next; s; s = next) {
            next = s->next;
            tell_stream(s);
        }
    }
}
