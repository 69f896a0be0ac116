/* SPDX-License-Identifier: Apache-2.0 */
#include "net/upstream_internal.h"

/* ---- the answer's events, from http/h1_client ---- */

static void on_interim(void *owner, const struct response *head)
{
    struct upstream_connection *uc = owner;
    struct upstream_call *c = uc->call;
    if (c && c->events->interim)
        c->events->interim(c->owner, head);
}

/* The protocol changes after the whole request (RFC 9110 7.8); what was in `out` has been sent. */
static bool enter_tunnel(struct upstream_call *c)
{
    if (!c->upgrade || !upstream_request_sent(c))
        return false;
    c->tunnel = true;
    c->committed = true;
    c->body_ended = false;
    buffer_clear(&c->out);
    c->sent = c->head_size = 0;
    return true;
}

static void on_head(void *owner, const struct response *head)
{
    struct upstream_connection *uc = owner;
    struct upstream_call *c = uc->call;
    if (!c)
        return;
    if (head->status == 101 && !enter_tunnel(c)) {
        uc->unexpected_upgrade = true;
        return;
    }
    upstream_health_fine(uc);
    c->head_told = true;
    c->events->head(c->owner, head);
}

static void on_body(void *owner, struct bytes chunk)
{
    struct upstream_connection *uc = owner;
    struct upstream_call *c = uc->call;
    if (c && !uc->unexpected_upgrade)
        c->events->body(c->owner, chunk);
}

static void on_end(void *owner)
{
    struct upstream_connection *uc = owner;
    struct upstream_call *c = uc->call;
    uc->call_ended = true;
    if (!c)
        return;
    /* Answered before all of the request was sent: what the target takes the next bytes for, nobody knows. */
    uc->cut = uc->cut || !upstream_request_sent(c);
    uc->call = NULL;
    upstream_finish(c, h1_client_trailers(uc->h1));
}

const struct h1_client_events upstream_h1_events = {on_interim, on_head, on_body, on_end};

/* ---- reading ---- */

static void feed(struct upstream_connection *uc, struct bytes in)
{
    size_t used = 0;
    upstream_note_first_byte(uc->call);
    const struct status st = h1_client_feed(uc->h1, in, &used);
    if (uc->dead)
        return;
    if (uc->call_ended)
        upstream_h1_done(uc);
    else if (st.code == E_NOMEM)
        upstream_fail(uc->call, UPSTREAM_MEMORY, "out of memory");
    else if (!status_ok(st))
        upstream_fail(uc->call, UPSTREAM_MALFORMED, h1_client_refusal(uc->h1));
    else if (uc->unexpected_upgrade)
        upstream_fail(uc->call, UPSTREAM_MALFORMED, "the target changed the protocol unasked");
    else
        upstream_call_phase(uc->call);
}

/* A body that runs until the connection ends is whole only if the end is one: with TLS, close_notify. */
static void input_ended(struct upstream_connection *uc, bool cleanly)
{
    struct upstream_call *c = uc->call;
    if (cleanly && c->tunnel && upstream_pending(c) > 0) {
        uc->input_ended = true; /* it may still read */
        return;
    }
    if (cleanly && status_ok(h1_client_end_of_input(uc->h1)))
        upstream_connection_close(uc);
    else
        upstream_h1_lost(uc);
}

void upstream_h1_finish_tunnel(struct upstream_connection *uc)
{
    status_ignore(h1_client_end_of_input(uc->h1)); /* of a tunnel it always is the end */
    upstream_connection_close(uc);
}

/* false: nothing more to read now. */
static bool read_once(struct upstream_connection *uc)
{
    struct bytes in;
    switch (upstream_receive(uc, &in)) {
    case INPUT_BYTES:
        feed(uc, in);
        /* Level-triggered: what is left in the socket is reported again, what libssl holds is not. */
        return !uc->dead && uc->call && uc->state == UPSTREAM_ACTIVE && !uc->call->paused &&
               upstream_holds_input(uc);
    case INPUT_NONE:
        break;
    case INPUT_ENDED:
        input_ended(uc, true);
        break;
    case INPUT_CUT:
        input_ended(uc, false);
        break;
    }
    return false;
}

void upstream_h1_read(struct upstream_connection *uc)
{
    unsigned rounds = 0;
    while (read_once(uc))
        if (++rounds == UPSTREAM_TLS_ROUNDS) {
            upstream_turn_later(uc); /* others have their turn first */
            return;
        }
}
