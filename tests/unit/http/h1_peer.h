/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Both ends of one HTTP/1 server session for tests: what the owner of the session sees is written down line
 * by line in `seen`, what goes to the client is collected in `wire`. The owner answers each request with 200
 * and its body, unless told otherwise.
 */

#include "base/buffer.h"
#include "check.h"
#include "http/session.h"

/* The clock of these tests stands at 0. */
#define A_GET    "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define DATE     "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
#define EMPTY_OK "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 0\r\n\r\n"

struct peer {
    struct session_settings settings;
    struct session *session;
    struct exchange *x; /* the open one */
    struct buffer seen;
    struct buffer wire;
    struct buffer body; /* of the current request */
    bool leave_body;    /* do not ask for bodies */
    bool leave_answer;  /* do not answer */
    bool leave_output;  /* do not take output away */
    enum code failed;   /* first failure of session_feed() */
};

static inline void peer_saw(struct peer *p, const char *what, struct text detail)
{
    buffer_cstr(&p->seen, what);
    if (detail.p) {
        buffer_byte(&p->seen, ' ');
        buffer_text(&p->seen, detail);
    }
    buffer_byte(&p->seen, '\n');
}

static inline void peer_answer(struct peer *p, struct exchange *x, int status)
{
    struct response head = {.status = status};
    (void)status_ok(exchange_reply(x, &head, buffer_bytes(&p->body)));
}

static inline void peer_on_request(void *owner, struct exchange *x)
{
    struct peer *p = owner;
    p->x = x;
    buffer_clear(&p->body);
    buffer_printf(&p->seen, "request %s %.*s", http_method_name(x->request.method),
                  TEXT_ARG(x->request.target));
    if (x->request.authority.n > 0)
        buffer_printf(&p->seen, " at %.*s", TEXT_ARG(x->request.authority));
    if (x->request.body == BODY_SIZED)
        buffer_printf(&p->seen, " sized %llu", (unsigned long long)x->request.content_length);
    if (x->request.body == BODY_STREAM)
        buffer_printf(&p->seen, " stream");
    buffer_byte(&p->seen, '\n');
    if (!p->leave_body)
        exchange_want_body(x);
}

static inline void peer_on_body(void *owner, struct exchange *x, struct bytes chunk)
{
    struct peer *p = owner;
    (void)x;
    buffer_append(&p->body, chunk);
}

static inline void peer_on_body_end(void *owner, struct exchange *x)
{
    struct peer *p = owner;
    if (buffer_size(&p->body) > 0)
        peer_saw(p, "body", buffer_as_text(&p->body));
    for (size_t i = 0; i < x->trailers.count; i++) {
        peer_saw(p, "trailer", x->trailers.list[i].name);
        peer_saw(p, "is", x->trailers.list[i].value);
    }
    peer_saw(p, "end", (struct text){NULL, 0});
    if (!p->leave_answer)
        peer_answer(p, x, 200);
}

static inline void peer_on_drained(void *owner, struct exchange *x)
{
    (void)x;
    peer_saw(owner, "drained", (struct text){NULL, 0});
}

static inline void peer_on_finished(void *owner, struct exchange *x, bool cancelled)
{
    struct peer *p = owner;
    assert_ptr_equal(p->x, x);
    p->x = NULL;
    peer_saw(p, cancelled ? "cancelled" : "finished", (struct text){NULL, 0});
}

/* For peer_init(): the test acts on `x`. */
static inline void peer_manual(struct peer *p)
{
    p->leave_body = true;
    p->leave_answer = true;
}

/* `change` may be NULL; it adjusts settings and behaviour before the session is made. */
static inline void peer_init(struct peer *p, void (*change)(struct peer *p))
{
    static const struct session_events events = {peer_on_request, peer_on_body,     peer_on_body_end,
                                                 peer_on_drained, peer_on_finished, NULL};
    *p = (struct peer){0};
    session_settings_default(&p->settings);
    buffer_init(&p->seen, 1024 * 1024);
    buffer_init(&p->wire, 64UL * 1024 * 1024);
    buffer_init(&p->body, 64UL * 1024 * 1024);
    if (change)
        change(p);
    p->session = session_new(SESSION_H1, &p->settings, &events, p);
}

static inline void peer_take_output(struct peer *p)
{
    while (!p->leave_output) {
        const struct bytes out = session_output(p->session);
        if (out.n == 0)
            return;
        buffer_append(&p->wire, out);
        session_output_consumed(p->session, out.n);
    }
}

static inline void peer_feed(struct peer *p, struct bytes in)
{
    const struct status s = session_feed(p->session, in);
    if (!status_ok(s) && p->failed == E_OK)
        p->failed = s.code;
    peer_take_output(p);
}

static inline void peer_send(struct peer *p, const char *text)
{
    peer_feed(p, text_bytes(text_of(text)));
}

static inline void peer_release(struct peer *p)
{
    session_free(p->session);
    buffer_release(&p->seen);
    buffer_release(&p->wire);
    buffer_release(&p->body);
}

static inline bool peer_wire_has(const struct peer *p, const char *needle)
{
    const struct text all = buffer_as_text(&p->wire);
    return all.n > 0 && memmem(all.p, all.n, needle, strlen(needle)) != NULL;
}

#define assert_wire(p, expected) assert_text(buffer_as_text(&(p)->wire), expected)
#define assert_seen(p, expected) assert_text(buffer_as_text(&(p)->seen), expected)
