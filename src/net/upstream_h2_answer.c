/* SPDX-License-Identifier: Apache-2.0 */
#include "net/upstream_internal.h"

/* ---- the answers' events, from http/h2_client; the owner is the call ---- */

static void moves(struct upstream_call *c)
{
    c->connection->moved = true;
    upstream_note_first_byte(c);
}

static void on_interim(void *owner, const struct response *head)
{
    struct upstream_call *c = owner;
    moves(c);
    if (c->events->interim)
        c->events->interim(c->owner, head);
}

static void on_head(void *owner, const struct response *head)
{
    struct upstream_call *c = owner;
    moves(c);
    upstream_health_fine(c->connection);
    c->head_told = true;
    c->committed = true; /* no repeating any more: nothing is kept */
    buffer_clear(&c->out);
    upstream_call_phase(c);
    c->events->head(c->owner, head);
}

static void on_body(void *owner, struct bytes chunk)
{
    struct upstream_call *c = owner;
    moves(c);
    upstream_call_phase(c);
    c->events->body(c->owner, chunk);
}

/* The stream ends with the event. */
static struct upstream_connection *forget(struct upstream_call *c)
{
    struct upstream_connection *uc = c->connection;
    upstream_list_remove(&uc->uploading, &c->uploading);
    c->stream = NULL;
    c->connection = NULL;
    return uc;
}

static void on_end(void *owner, const struct headers *trailers)
{
    struct upstream_call *c = owner;
    moves(c);
    forget(c)->carried = true;
    upstream_finish(c, trailers);
}

static void on_writable(void *owner)
{
    (void)owner; /* upstream_h2.c looks at what is left, after the socket has taken its part */
}

#define GOAWAYS_MAX 3 /* that one call may meet: targets end connections in order after so many requests */

/* Nothing was done (RFC 9113 8.7), or the rule of HTTP/1.1: a connection that had been used ended before any
 * byte of an answer, and the request is idempotent. Either way only while all of it is still here, and once;
 * but GOAWAY is no sign that the target cannot do it. */
static bool may_repeat(const struct upstream_connection *uc, const struct upstream_call *c,
                       enum h2_failure why)
{
    const bool goaway = why == H2_REFUSED && !uc->ending && h2_client_leaving(uc->h2);
    if (c->committed || c->head_told || c->repeats >= (goaway ? GOAWAYS_MAX : 1))
        return false;
    return why == H2_REFUSED ||
           (why == H2_RESET && uc->ending && !uc->refusal && uc->carried && c->repeatable);
}

static void repeat(struct upstream_call *c, const struct upstream_connection *not_on)
{
    c->repeats++;
    c->facts.reused = c->facts.http2 = false;
    c->sent = 0;
    upstream_place(c, not_on);
}

static void on_failed(void *owner, enum h2_failure why, const char *detail, bool answer_started)
{
    static const enum upstream_failure kinds[] = {[H2_REFUSED] = UPSTREAM_RESET,
                                                  [H2_RESET] = UPSTREAM_RESET,
                                                  [H2_MALFORMED] = UPSTREAM_MALFORMED,
                                                  [H2_MEMORY] = UPSTREAM_MEMORY};
    struct upstream_call *c = owner;
    struct upstream_connection *uc = forget(c);
    if (may_repeat(uc, c, why)) {
        repeat(c, uc);
        return;
    }
    upstream_health_judge(c, uc, uc->refusal ? UPSTREAM_MALFORMED : kinds[why]);
    if (uc->refusal)
        upstream_fail(c, UPSTREAM_MALFORMED, uc->refusal);
    else if (uc->alert && !answer_started)
        upstream_fail(c, UPSTREAM_TLS, uc->alert);
    else
        upstream_fail(c, kinds[why], detail);
}

const struct h2_client_events upstream_h2_events = {
    .interim = on_interim,
    .head = on_head,
    .body = on_body,
    .end = on_end,
    .writable = on_writable,
    .failed = on_failed,
};

/* ---- reading ---- */

void upstream_h2_lost(struct upstream_connection *uc)
{
    if (uc->dead)
        return;
    uc->ending = uc->feeding = true;
    h2_client_end_of_input(uc->h2);
    uc->feeding = false;
    upstream_connection_close(uc);
}

void upstream_h2_feed(struct upstream_connection *uc, struct bytes in)
{
    uc->feeding = true;
    const struct status st = h2_client_feed(uc->h2, in);
    uc->feeding = false;
    if (status_ok(st))
        return;
    uc->refusal = st.code == E_NOMEM ? "out of memory" : h2_client_refusal(uc->h2);
    upstream_h2_flush(uc); /* our last words */
    upstream_h2_lost(uc);
}

static void note_life(struct upstream_connection *uc)
{
    upstream_connection_known(uc); /* SETTINGS come first */
    uc->suspected = false;
    if (uc->state == UPSTREAM_ACTIVE)
        timeout_arm(uc->all->silence, &uc->timeout);
}

static bool read_once(struct upstream_connection *uc)
{
    struct bytes in;
    switch (upstream_receive(uc, &in)) {
    case INPUT_BYTES:
        note_life(uc);
        upstream_h2_feed(uc, in);
        return !uc->dead && upstream_holds_input(uc);
    case INPUT_NONE:
        break;
    case INPUT_ENDED:
    case INPUT_CUT:
        upstream_h2_lost(uc);
        break;
    }
    return false;
}

void upstream_h2_read(struct upstream_connection *uc)
{
    unsigned rounds = 0;
    while (read_once(uc))
        if (++rounds == UPSTREAM_TLS_ROUNDS) {
            upstream_turn_later(uc); /* others have their turn first */
            return;
        }
}
