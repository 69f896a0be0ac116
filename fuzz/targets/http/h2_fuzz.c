/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers the HTTP/2 session: http/h2_server.c, h2_callbacks.c, h2_events.c, h2_request.c, h2_response.c,
 * h2_flood.c. Input: one byte that chooses how the owner behaves, one byte that chooses into what pieces the
 * rest is cut, then what a client sends behind its preface (frames). Properties: request() first, finished()
 * last and once, body_end() at most once and after the last body(), nothing nested; a target that
 * h1_is_target() refuses is never told; after everything is freed no exchange is open.
 */

#include "http/h1_scan.h"
#include "http/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bits of the first byte. */
enum {
    WANT_AT_ONCE = 1,
    PAUSE_AT_FIRST = 2,
    REPLY_AT_ONCE = 4,
    STREAM = 8,
    ABORT_SOME = 16,
    END_OF_INPUT = 32,
    SHUTDOWN = 64,
    TIMEOUT = 128
};

struct owner {
    unsigned how;
    bool in_event;
    size_t open;
    bool ended[64]; /* by stream, modulo: body_end() was told */
    bool known[64];
    uint32_t id[64];
};

static size_t slot_of(struct owner *o, const struct exchange *x)
{
    for (size_t i = 0; i < 64; i++)
        if (o->known[i] && o->id[i] == x->stream_id)
            return i;
    return 64;
}

static void enter(struct owner *o)
{
    must(!o->in_event);
    o->in_event = true;
}

static void reply(const struct owner *o, struct exchange *x)
{
    static const uint8_t block[30000];
    struct response head = {.status = 200, .body = BODY_STREAM};
    if (o->how & STREAM) {
        struct header field = {TEXT("x-field"), TEXT("1")};
        const struct headers trailers = {&field, 1, 1};
        const struct response hints = {.status = 103, .headers = trailers};
        struct status s = exchange_interim(x, &hints);
        if (status_ok(s))
            s = exchange_respond(x, &head);
        for (int i = 0; i < 4 && status_ok(s); i++)
            s = exchange_write(x, BYTES_OF(block));
        if (status_ok(s))
            s = exchange_end_with(x, &trailers);
        status_ignore(s);
        return;
    }
    if (!status_ok(exchange_reply(x, &head, BYTES_OF("answer"))))
        exchange_abort(x);
}

static void on_request(void *owner, struct exchange *x)
{
    struct owner *o = owner;
    enter(o);
    o->open++;
    must(h1_is_target(x->request.target) && x->request.authority.n > 0);
    must(slot_of(o, x) == 64);
    for (size_t i = 0; i < 64; i++)
        if (!o->known[i]) {
            o->known[i] = true;
            o->id[i] = x->stream_id;
            o->ended[i] = false;
            break;
        }
    if (o->how & PAUSE_AT_FIRST)
        exchange_pause_body(x);
    if (o->how & WANT_AT_ONCE)
        exchange_want_body(x);
    if (o->how & REPLY_AT_ONCE)
        reply(o, x);
    if ((o->how & ABORT_SOME) && x->stream_id % 4 == 3)
        exchange_abort(x);
    o->in_event = false;
}

static void on_body(void *owner, struct exchange *x, struct bytes chunk)
{
    struct owner *o = owner;
    enter(o);
    const size_t slot = slot_of(o, x);
    must(chunk.n > 0 && (slot == 64 || !o->ended[slot]));
    if (o->how & PAUSE_AT_FIRST)
        exchange_pause_body(x);
    o->in_event = false;
}

static void on_body_end(void *owner, struct exchange *x)
{
    struct owner *o = owner;
    enter(o);
    const size_t slot = slot_of(o, x);
    must(slot == 64 || !o->ended[slot]);
    if (slot < 64)
        o->ended[slot] = true;
    if (!x->responded)
        reply(o, x);
    o->in_event = false;
}

static void on_drained(void *owner, struct exchange *x)
{
    struct owner *o = owner;
    enter(o);
    status_ignore(exchange_end(x));
    o->in_event = false;
}

static void on_finished(void *owner, struct exchange *x, bool cancelled)
{
    (void)cancelled;
    struct owner *o = owner;
    enter(o);
    must(o->open > 0);
    o->open--;
    const size_t slot = slot_of(o, x);
    if (slot < 64)
        o->known[slot] = false;
    o->in_event = false;
}

static void drain(struct session *s)
{
    for (struct bytes out = session_output(s); out.n > 0; out = session_output(s))
        session_output_consumed(s, out.n);
}

static void wake(void *ctx, struct exchange *x)
{
    (void)ctx;
    exchange_want_body(x);
    exchange_resume_body(x);
}

static void play(struct owner *o, struct session *s, size_t step, struct bytes in)
{
    static const uint8_t preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    struct status st = session_feed(s, (struct bytes){preface, sizeof(preface) - 1});
    while (in.n > 0 && status_ok(st)) {
        const size_t n = step < in.n ? step : in.n;
        st = session_feed(s, (struct bytes){in.p, n});
        in = (struct bytes){in.p + n, in.n - n};
        drain(s);
        session_each_exchange(s, wake, NULL);
    }
    if (o->how & TIMEOUT)
        session_timeout(s);
    if (o->how & SHUTDOWN)
        session_shutdown(s);
    if (o->how & END_OF_INPUT)
        session_end_of_input(s);
    drain(s);
    must(session_open_exchanges(s) == o->open);
    if (session_is_idle(s))
        session_shrink(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct session_events events = {on_request, on_body,     on_body_end,
                                                 on_drained, on_finished, NULL};
    if (size < 2)
        return 0;
    struct session_settings settings;
    session_settings_default(&settings);
    struct owner o = {.how = data[0]};
    struct session *s = session_new(SESSION_H2, &settings, &events, &o);
    if (!s)
        return 0;
    play(&o, s, (size_t)data[1] + 1, (struct bytes){data + 2, size - 2});
    session_free(s);
    must(o.open == 0);
    return 0;
}
