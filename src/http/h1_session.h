/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The server side of an HTTP/1.x connection, for the three files that it is split over and nobody else:
 *
 * h1_server.c: the table of operations, and the loop that decides what comes next;
 * h1_input.c: heads and bodies of requests;
 * h1_output.c: heads and bodies of answers.
 *
 *     HEAD --a whole head--> OPEN --answer ended, body read or given up--> HEAD
 *       |                     | \--exchange_tunnel()--> TUNNEL --ended--> CLOSED
 *       \--refusal, end of input, shutdown, Connection: close--> CLOSED
 *
 * All events are raised from h1_run(), which never nests: an operation called from inside an event only
 * leaves marks that the loop finds when the event has returned.
 */

#include "base/buffer.h"
#include "http/h1_reader.h"
#include "http/h1_reason.h"
#include "http/h1_scan.h"
#include "http/h1_write.h"
#include "http/session_internal.h"

#define H1_WAITING_BYTES   (64 * 1024) /* input behind the current exchange, besides one head */
#define H1_DRAIN_BYTES     (64 * 1024) /* of a body nobody wants, read so that the connection can be kept */
#define H1_WRITE_NOW_BYTES (4 * 1024)  /* pieces of an answer that are worth a write of their own */
#define H1_OUTPUT_BYTES                                                                                      \
    (64UL * 1024 * 1024) /* hard maximum of queued output; producers pause long before                       \
                          */

enum h1_state { H1_HEAD, H1_OPEN, H1_TUNNEL, H1_CLOSED };

/* How exchange_write() puts bytes on the wire. */
enum h1_body_out { H1_OUT_NOTHING, H1_OUT_SIZED, H1_OUT_CHUNKED, H1_OUT_RAW };

/* What a connection needs while there is something to do; an idle one has none of it (session_shrink). */
struct h1_work {
    struct exchange x;
    struct h1_reader reader;
    struct h1_head_end head_end;
    struct h1_chunk_scan chunks;
    struct buffer in;  /* what waits behind the current exchange, or the part of a head that has arrived */
    struct buffer out; /* what waits to be written */
    struct bytes rest; /* inside h1_run(): input not yet consumed, in `in` or the caller's */

    /* of the current request */
    uint64_t body_left; /* BODY_SIZED */
    uint64_t drained;   /* body bytes thrown away */
    bool keep_alive;
    bool body_wanted;
    bool body_paused;
    bool body_end_sent;
    bool continue_due; /* 100 Continue was asked for and not sent */

    /* of its answer */
    enum h1_body_out out_mode;
    uint64_t out_left; /* H1_OUT_SIZED */
    bool ended;
    bool aborted;
    bool throttled; /* exchange_write() said E_AGAIN; drained() is due */
};

struct h1_session {
    struct session base;  /* first, so that the one can be cast to the other */
    struct h1_work *work; /* owned; NULL while idle and before the first byte */
    enum h1_state state;
    enum code failed; /* for the return value of session_feed() */
    uint32_t requests;
    bool running;     /* inside h1_run() */
    bool by_close;    /* the end of the connection is the end of its last answer */
    bool cut;         /* and that answer was given up */
    bool closing;     /* session_shutdown() */
    bool input_ended; /* session_end_of_input() */
};

static inline struct h1_session *h1_session_of(struct session *s)
{
    return (struct h1_session *)s;
}
static inline struct h1_session *h1_session_of_exchange(const struct exchange *x)
{
    return h1_session_of(x->session);
}

/* h1_server.c */
void h1_run(struct h1_session *s);                           /* as far as input and owner allow */
void h1_refuse(struct h1_session *s, enum h1_reason reason); /* last words, finished(cancelled), CLOSED */
void h1_finish(struct h1_session *s, bool cancelled);        /* the exchange is over */
static inline void h1_continue(struct h1_session *s)         /* after an operation of the owner */
{
    if (!s->running)
        h1_run(s);
}

/* h1_input.c; both say whether anything happened. */
bool h1_read_head(struct h1_session *s);
bool h1_read_body(struct h1_session *s);

/* h1_output.c */
void h1_want_body(struct exchange *x);
struct status h1_respond(struct exchange *x, const struct response *head);
struct status h1_write(struct exchange *x, struct bytes body);
struct status h1_interim(struct exchange *x, const struct response *head);
struct status h1_end(struct exchange *x, const struct headers *trailers);
struct status h1_tunnel(struct exchange *x, const struct response *head);
