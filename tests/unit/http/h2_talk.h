/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The client side of HTTP/2 (http/h2_client.h) and who answers it in memory: our own server session, or
 * frames that a test makes by hand. What the owners of calls are told is written down, with the number of the
 * call:
 *
 *     "head 1 200|body 1 5|end 1 0|"            (the end with its count of trailer fields)
 *     "failed 2 refused: the target ...|"
 */

#include "base/buffer.h"
#include "http/h2_client.h"
#include "http/session.h"

#define TALK_CALLS 160

struct talk;

struct talk_call {
    struct talk *talk;
    struct h2_call *call; /* NULL once it is over */
    unsigned n;           /* 1, 2, 3... */
    struct buffer body;
};

struct talk {
    struct h2_client_settings settings;
    struct h2_client *client;
    struct session *server; /* NULL: raw */
    struct session_settings server_settings;
    struct exchange *x[TALK_CALLS]; /* open at the server, in order of arrival */
    size_t x_count;
    struct talk_call calls[TALK_CALLS];
    unsigned call_count;
    struct status fed;  /* the first failure of h2_client_feed() */
    struct buffer log;  /* what owners were told */
    struct buffer seen; /* raw: what the client sent since talk_forget() */
    size_t step;        /* bytes fed to the client at once; 0 = all */
    bool log_bodies;    /* with their bytes */
    bool server_waits;  /* the server answers nothing by itself, and wants bodies only */
    bool server_pauses; /* it does not take bodies either */
    /* called in an event of a call, after it was written down; NULL = nothing */
    void (*on_head)(struct talk_call *call);
    void (*on_body)(struct talk_call *call);
    void (*on_end)(struct talk_call *call);
    void (*on_failed)(struct talk_call *call);
    void (*on_writable)(struct talk_call *call);
};

/* With what is set in `t` beforehand. The server answers 200 with the body it got, once it is complete. */
void talk_open(struct talk *t);
void talk_open_raw(struct talk *t);      /* the target's SETTINGS and its acknowledgement have arrived */
bool talk_try(struct talk *t, bool raw); /* false: out of memory */
void talk_close(struct talk *t);
void talk_run(struct talk *t); /* both ways until nothing moves */
void talk_forget(struct talk *t);
struct text talk_log(struct talk *t);

/* GET, or POST of a body whose bytes follow by h2_call_write(). NULL and t->fed when it could not be started.
 */
struct talk_call *talk_get(struct talk *t, const char *path);
struct talk_call *talk_post(struct talk *t, const char *path, enum body_kind body, uint64_t length);
struct talk_call *talk_start(struct talk *t, enum http_method method, const char *head, enum body_kind body,
                             uint64_t length, struct status *out);

/* ---- raw ---- */
void talk_frame(struct talk *t, uint8_t type, uint8_t flags, int32_t stream, struct bytes payload);
/* The payload of the nth frame (from 0) of a type among those that the client sent; {NULL, 0} if there is
 * none. `stream` < 0: of any. */
struct bytes talk_sent(struct talk *t, uint8_t type, int32_t stream, size_t nth);
size_t talk_sent_count(struct talk *t, uint8_t type, int32_t stream);
/* HPACK: literals without indexing, of a list like ":status=200|x=1". '\1' in it stands for NUL. */
void talk_encode(struct buffer *out, const char *fields);
/* An answer: frames separated by spaces. "H:fields" a HEADERS, "D:data" a DATA; in lower case with
 * END_STREAM.
 */
void talk_answer(struct talk *t, int32_t stream, const char *frames);
struct talk_call *talk_ask(struct talk *t, enum http_method method); /* a request without body; it is sent */
static inline struct bytes talk_bytes(const char *s, size_t n)
{
    return (struct bytes){(const uint8_t *)s, n};
}
