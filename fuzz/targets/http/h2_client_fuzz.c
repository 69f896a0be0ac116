/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers the client side of HTTP/2: http/h2_client.c, h2_client_answer.c, h2_client_calls.c. Input: one byte
 * that chooses how the owners behave, one byte that chooses into what pieces the rest is cut, then what a
 * target sends (frames). Properties: one end or failure for each call and nothing after it; a head before
 * bodies, trailers and ends; never more body than was announced, none where there is none, no less at an end;
 * fields that may stand in a message; what waits to be written stays bounded; no calls are left at the end.
 */

#include <stdlib.h>

#include "http/h1_scan.h"
#include "http/h2_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bits of the first byte. */
enum {
    PAUSE_AT_HEAD = 1,
    CANCEL_AT_HEAD = 2,
    CANCEL_OTHERS_AT_BODY = 4,
    START_AT_END = 8,
    UPLOAD = 16,
    NEVER_WRITE = 32, /* the output is not taken */
    PING = 64,
    END_AT_ONCE = 128
};

enum { CALLS = 8 };

struct owner {
    struct run *run;
    struct h2_call *call; /* NULL: over */
    uint64_t promised, body_n;
    bool used, head, sized, no_body;
    enum http_method method;
};

struct run {
    unsigned how;
    struct h2_client *client;
    struct owner owners[CALLS];
    bool in_event;
};

static void check(bool holds)
{
    if (!holds)
        abort();
}

static struct run *enter(struct owner *o)
{
    check(o->call && !o->run->in_event);
    o->run->in_event = true;
    return o->run;
}

static void leave(struct run *r)
{
    r->in_event = false;
}

static void check_fields(const struct headers *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        check(h1_is_token(fields->list[i].name) && h1_is_field_value(fields->list[i].value));
        check(!text_equal_nocase(fields->list[i].name, TEXT("transfer-encoding")));
    }
}

static void start_call(struct run *r, enum http_method method)
{
    static const char *const heads[] = {"GET /a?b HTTP/1.1\r\nHost: example.org\r\nCookie: a=b\r\n\r\n",
                                        "HEAD / HTTP/1.1\r\nHost: example.org\r\n\r\n",
                                        "POST / HTTP/1.1\r\nHost: example.org\r\n\r\n"};
    for (size_t i = 0; i < CALLS; i++) {
        struct owner *o = &r->owners[i];
        if (o->used)
            continue;
        const bool post = method == HTTP_POST;
        const struct text head = text_of(heads[post ? 2 : method == HTTP_HEAD ? 1 : 0]);
        const struct h2_request request = {method, text_bytes(head), TEXT("https"),
                                           post ? BODY_STREAM : BODY_NONE, 0};
        struct status st;
        *o = (struct owner){.run = r, .used = true, .method = method};
        o->call = h2_client_start(r->client, &request, o, &st);
        check(o->call ? status_ok(st) : !status_ok(st));
        return;
    }
}

static void upload(const struct owner *o)
{
    static const uint8_t block[20000];
    if (!o->call || o->method != HTTP_POST)
        return;
    const struct status st = h2_call_write(o->call, BYTES_OF(block));
    check(st.code == E_OK || st.code == E_AGAIN || st.code == E_INVALID);
    static struct header list[] = {{TEXT_INIT("X-Sum"), TEXT_INIT("1")}, {TEXT_INIT("Date"), TEXT_INIT("x")}};
    const struct headers trailers = {list, 2, 2};
    if (o->run->how & END_AT_ONCE)
        check(status_ok(h2_call_end_body(o->call, o->run->how & PING ? &trailers : NULL)));
}

static void cancel(struct owner *o)
{
    if (o->call)
        h2_call_cancel(o->call);
    o->call = NULL;
}

static void on_interim(void *owner, const struct response *head)
{
    struct owner *o = owner;
    struct run *r = enter(o);
    check(!o->head && head->status < 200 && head->status != 101);
    check_fields(&head->headers);
    leave(r);
}

static void on_head(void *owner, const struct response *head)
{
    struct owner *o = owner;
    struct run *r = enter(o);
    check(!o->head && head->status >= 200 && head->status <= 599);
    check_fields(&head->headers);
    o->head = true;
    o->no_body = o->method == HTTP_HEAD || head->status == 204 || head->status == 304;
    o->sized = head->body == BODY_SIZED && !o->no_body;
    o->promised = head->content_length;
    if (r->how & PAUSE_AT_HEAD)
        h2_call_pause(o->call);
    if (r->how & CANCEL_AT_HEAD)
        cancel(o);
    leave(r);
}

static void on_body(void *owner, struct bytes chunk)
{
    struct owner *o = owner;
    struct run *r = enter(o);
    check(o->head && !o->no_body && chunk.n > 0);
    o->body_n += chunk.n;
    check(!o->sized || o->body_n <= o->promised);
    if (r->how & CANCEL_OTHERS_AT_BODY)
        for (size_t i = 0; i < CALLS; i++)
            if (&r->owners[i] != o)
                cancel(&r->owners[i]);
    leave(r);
}

static void on_end(void *owner, const struct headers *trailers)
{
    struct owner *o = owner;
    struct run *r = enter(o);
    check(o->head && (!o->sized || o->body_n == o->promised));
    check_fields(trailers);
    o->call = NULL;
    if (r->how & START_AT_END)
        start_call(r, HTTP_GET);
    leave(r);
}

static void on_writable(void *owner)
{
    struct owner *o = owner;
    struct run *r = enter(o);
    upload(o);
    leave(r);
}

static void on_failed(void *owner, enum h2_failure why, const char *detail, bool answer_started)
{
    struct owner *o = owner;
    struct run *r = enter(o);
    check(detail != NULL && answer_started == o->head && (why != H2_REFUSED || !answer_started));
    o->call = NULL;
    leave(r);
}

static void take_output(const struct run *r)
{
    for (struct bytes out = h2_client_output(r->client); out.n > 0; out = h2_client_output(r->client)) {
        check(out.n <= 128UL * 1024);
        if (r->how & NEVER_WRITE)
            return;
        h2_client_output_consumed(r->client, out.n);
    }
}

static unsigned open_calls(const struct run *r)
{
    unsigned n = 0;
    for (size_t i = 0; i < CALLS; i++)
        n += r->owners[i].call ? 1 : 0;
    return n;
}

static void play(struct run *r, size_t step, struct bytes in)
{
    struct status st = DONE;
    start_call(r, HTTP_GET);
    start_call(r, HTTP_HEAD);
    start_call(r, HTTP_POST);
    if (r->how & UPLOAD)
        upload(&r->owners[2]);
    take_output(r);
    while (in.n > 0 && status_ok(st)) {
        const size_t n = step < in.n ? step : in.n;
        st = h2_client_feed(r->client, (struct bytes){in.p, n});
        in = (struct bytes){in.p + n, in.n - n};
        check(h2_client_calls(r->client) == open_calls(r));
        take_output(r);
        bool waiting = false;
        if (r->how & PING)
            h2_client_ping(r->client, &waiting);
        for (size_t i = 0; i < CALLS; i++)
            if (r->owners[i].call && r->owners[i].head)
                h2_call_resume(r->owners[i].call);
    }
    h2_client_end_of_input(r->client);
    check(open_calls(r) == 0 && h2_client_calls(r->client) == 0);
    check(!h2_client_takes_calls(r->client) && h2_client_leaving(r->client));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct h2_client_events events = {on_interim, on_head,     on_body,
                                                   on_end,     on_writable, on_failed};
    static const struct h2_client_settings settings = {5, 64 * 1024};
    if (size < 2)
        return 0;
    struct run r = {.how = data[0]};
    r.client = h2_client_new(&settings, &events);
    if (!r.client)
        return 0;
    play(&r, (size_t)data[1] + 1, (struct bytes){data + 2, size - 2});
    h2_client_free(r.client);
    return 0;
}
