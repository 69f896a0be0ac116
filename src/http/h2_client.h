/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The client side of one HTTP/2 connection (RFC 9113) without I/O, on nghttp2: requests in, bytes out; bytes
 * in, events out. Many calls at once. Server push is off, the table of HPACK is the default, SETTINGS are
 * sent first. What h1_client refuses is refused here too: at most LIMIT_INTERIM_RESPONSES 1xx, bodies on
 * HEAD, 204 and 304, a content-length that the body does not keep, upper-case or forbidden fields (RFC
 * 9113 8.2): such a stream fails as malformed, the connection goes on. 101 does not exist here. One thread.
 *
 * Flow control is backpressure: a paused call gets no WINDOW_UPDATE for its stream; the connection's window
 * is kept open by what was told to the owners or thrown away, so that one paused call does not stop the
 * others.
 */

#include "base/buffer.h"
#include "http/message.h"

struct h2_client;
struct h2_call; /* one stream; gone when `end` or `failed` returns, or with h2_call_cancel() */

enum h2_failure {
    H2_REFUSED,   /* REFUSED_STREAM, or above the last stream of a GOAWAY: nothing was done, may be sent again
                   */
    H2_RESET,     /* RST_STREAM before the end of the answer, or the connection ended */
    H2_MALFORMED, /* not a valid answer */
    H2_MEMORY,
};

/* Called from h2_client_feed() and h2_client_end_of_input() only; any may call the functions of calls and
 * h2_client_start(). None may feed or free the client. */
struct h2_client_events {
    void (*interim)(void *owner, const struct response *head); /* 1xx; may be NULL */
    void (*head)(void *owner, const struct response *head);    /* texts live until the call ends */
    void (*body)(void *owner, struct bytes chunk);
    /* `trailers` may be empty; lives until it returns. The request's body may still be unfinished: its stream
     * is reset with NO_ERROR then, or what the target asked for. */
    void (*end)(void *owner, const struct headers *trailers);
    void (*writable)(void *owner); /* after E_AGAIN of h2_call_write() */
    void (*failed)(void *owner, enum h2_failure why, const char *detail, bool answer_started);
};

struct h2_client_settings {
    uint32_t streams_max;   /* ours; the peer's SETTINGS may lower it */
    uint32_t stream_window; /* bytes that a target may send ahead in one answer; 256 KiB */
};

/* NULL when out of memory. `events` is borrowed. */
struct h2_client *h2_client_new(const struct h2_client_settings *settings,
                                const struct h2_client_events *events);
void h2_client_free(struct h2_client *c); /* tells nobody; accepts NULL */

/* E_INVALID: the peer broke the protocol (the output holds our GOAWAY): write it, then
 * h2_client_end_of_input() and close. E_NOMEM: the same, without last words. */
struct status h2_client_feed(struct h2_client *c, struct bytes in);
/* An event, or a failure of the connection, waits since the output was made or consumed (`writable`, mostly):
 * feed nothing to be told. */
bool h2_client_due(const struct h2_client *c);
/* The connection is over: every call fails, H2_REFUSED where nothing was sent, else H2_RESET. */
void h2_client_end_of_input(struct h2_client *c);

struct bytes h2_client_output(struct h2_client *c); /* what to write now; empty when nothing */
void h2_client_output_consumed(struct h2_client *c, size_t n);

/* Room for one more call: below both limits, and no GOAWAY. */
bool h2_client_takes_calls(const struct h2_client *c);
bool h2_client_leaving(const struct h2_client *c); /* GOAWAY either way: close it when its calls are done */
unsigned h2_client_calls(const struct h2_client *c);
/* PING; *out_waiting of a former one that was not answered yet: the connection is dead. */
void h2_client_ping(struct h2_client *c, bool *out_waiting);
const char *h2_client_refusal(const struct h2_client *c); /* in words, after E_INVALID; constant */

/*
 * `head` is a whole HTTP/1.1 request head as outbound/rewrite.h writes it (never what a peer sent): its
 * request line, Host and fields become pseudo fields and fields in lower case; hop-by-hop fields, Host and
 * the framing fields are left out. Copied. NULL and *out: E_NOMEM, E_AGAIN (no room), E_INVALID (cannot stand
 * in HTTP/2).
 */
struct h2_request {
    enum http_method method;
    struct bytes head;
    struct text scheme; /* "https" */
    enum body_kind body;
    uint64_t content_length; /* BODY_SIZED */
};
struct h2_call *h2_client_start(struct h2_client *c, const struct h2_request *request, void *owner,
                                struct status *out);
/* Body bytes, copied as far as the windows do not take them at once. E_AGAIN: taken, but stop until
 * `writable`. E_INVALID: over the announced length. */
struct status h2_call_write(struct h2_call *c, struct bytes chunk);
struct status h2_call_end_body(struct h2_call *c, const struct headers *trailers /* NULL = none */);
/* What the stream's window lets through still comes (events.body) while a call is paused. */
void h2_call_pause(struct h2_call *c);
void h2_call_resume(struct h2_call *c);
void h2_call_cancel(struct h2_call *c);          /* RST_STREAM CANCEL; no more events of it */
size_t h2_call_pending(const struct h2_call *c); /* body bytes that no window has taken yet */
