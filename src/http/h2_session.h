/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The server side of an HTTP/2 connection over nghttp2. This header is for these files alone:
 *
 * h2_server.c      the table of operations: feeding, output, shutdown
 * h2_callbacks.c   what nghttp2 tells us; it only takes notes (and hands body bytes on)
 * h2_events.c      what the owner is told, in order, never nested
 * h2_request.c     from fields to a struct request, by the verdicts of h1_rules.h
 * h2_response.c    heads and bodies of answers
 *
 * A stream's life: fields arrive (nothing is told) -> request() -> body()... body_end(), drained()... ->
 * finished(). A stream that is refused, or reset before its head was complete, is never told at all. A stream
 * whose exchange is over (gone) stays until nghttp2 has closed it.
 */

/* nghttp2 declares functions of ssize_t; nothing else is needed of it. */
#include <nghttp2/nghttp2.h>

#include "base/buffer.h"
#include "http/h1_reason.h"
#include "http/h2_flood.h"
#include "http/session_internal.h"

#define H2_ARENA_CHUNK  4096
#define H2_OUTPUT_BYTES (32 * 1024)  /* one write's worth; more is made when that is gone */
#define H2_OUTPUT_MAX   (128 * 1024) /* the above and the frame that went over it */
#define H2_ANSWER_MAX                                                                                        \
    (64UL * 1024 * 1024)             /* hard maximum of a queued answer; producers pause long before         \
                                      */
#define H2_ACKS_MAX      100         /* answers to PING and SETTINGS that wait to be sent */
#define H2_STREAM_WINDOW 65535       /* RFC 9113 6.9.2 */
#define H2_DRAIN_BYTES   (64 * 1024) /* of a body behind its answer, let in before the stream is reset */

struct h2_stream {
    struct exchange x; /* first, so that the one can be cast to the other */
    struct h2_session *session;
    struct h2_stream *previous, *next;
    int32_t id;

    /* fields of the head, then of the trailers, as they arrive */
    struct text method, scheme, authority, path;
    size_t field_bytes;
    size_t trailer_bytes;
    enum h1_reason refusal; /* the first reason to refuse the head or the trailers */

    struct buffer in;         /* body bytes that the owner does not take yet; the peer's window bounds it */
    struct buffer out;        /* body of the answer */
    uint64_t received;        /* body bytes */
    uint64_t unwanted;        /* those that came when the answer was complete */
    uint64_t out_left;        /* BODY_SIZED: what the owner has still to write */
    nghttp2_nv *trailer_list; /* of the answer; in the arena */
    size_t trailer_count;
    size_t unconsumed; /* received, and not yet given back to the peer's windows */

    bool head_done;   /* request() is due or was raised */
    bool told;        /* request() was raised */
    bool gone;        /* finished() was raised */
    bool wanted;      /* exchange_want_body() */
    bool paused;      /* exchange_pause_body() */
    bool input_ended; /* END_STREAM received */
    bool body_end_told;
    bool discard;   /* the answer has no body */
    bool sized;     /* out_left counts */
    bool continued; /* 100 was sent */
    bool ended;     /* exchange_end() */
    bool end_sent;  /* END_STREAM sent */
    bool deferred;  /* nghttp2 waits for nghttp2_session_resume_data() */
    bool throttled; /* exchange_write() said E_AGAIN */
    bool drained_due;
    bool closed;   /* nghttp2 is done with it */
    bool noted;    /* its reset by the peer, or by its fault, was counted */
    bool given_up; /* the exchange is over, whatever the wire still does */
};

struct h2_session {
    struct session base; /* first, so that the one can be cast to the other */
    nghttp2_session *ng; /* owned */
    struct buffer out;
    struct h2_stream *first, *last; /* owned, in order of arrival */
    struct h2_stream *spare;        /* owned; memory for the next stream */
    size_t open;                    /* told and not gone */
    uint64_t body_sent;             /* bytes of answers that nghttp2 took */
    struct h2_flood flood;
    enum code failed; /* of session_feed() */
    bool busy;        /* inside nghttp2_session_mem_recv() or _mem_send() */
    bool in_event;
    bool due;         /* some stream has something to tell */
    bool head_open;   /* part of a header block has arrived */
    bool begun;       /* the client's preface and SETTINGS are complete */
    bool dead;        /* nghttp2 cannot go on: nothing more to write than is in `out` */
    bool calm;        /* a flood: GOAWAY is on its way */
    bool closing;     /* session_shutdown(): GOAWAY with the highest stream id */
    bool last_goaway; /* and the one with the true id */
    bool peer_leaves; /* GOAWAY received */
    bool input_ended;
};

static inline struct h2_session *h2_session_of(struct session *s)
{
    return (struct h2_session *)s;
}
static inline const struct h2_session *h2_session_of_const(const struct session *s)
{
    return (const struct h2_session *)s;
}
static inline struct h2_stream *h2_stream_of(struct exchange *x)
{
    return (struct h2_stream *)x;
}

/* h2_server.c */
struct h2_stream *h2_stream_new(struct h2_session *h, int32_t id); /* NULL: out of memory */
void h2_stream_free(struct h2_stream *s);
/* RST_STREAM; the exchange is over without an answer, or without its end. */
void h2_give_up(struct h2_stream *s, uint32_t error);

/* RST_STREAM NO_ERROR when the answer is complete and the request is not. */
void h2_stop_upload(struct h2_stream *s);

/* h2_callbacks.c; `out` is owned by the caller. False: out of memory. */
bool h2_callbacks_new(nghttp2_session_callbacks **out);

/* h2_events.c */
void h2_tell(struct h2_session *h); /* everything that is due, unless an event is running or nghttp2 is */
void h2_tell_body(struct h2_stream *s, struct bytes chunk);
bool h2_takes_body(const struct h2_stream *s);
void h2_consume(struct h2_stream *s, size_t n); /* gives n bytes back to the peer's windows */

/* h2_request.c; the notes are false when the arena is full. */
bool h2_note_field(struct h2_stream *s, struct text name, struct text value);
bool h2_note_trailer(struct h2_stream *s, struct text name, struct text value);
/* The head is complete: fills s->x.request, or answers why not. */
void h2_head_done(struct h2_stream *s, bool end_of_stream);

/* h2_response.c */
void h2_refuse(struct h2_stream *s, enum h1_reason reason); /* a whole answer; the owner is not asked */
struct status h2_respond(struct exchange *x, const struct response *head);
struct status h2_write(struct exchange *x, struct bytes body);
struct status h2_interim(struct exchange *x, const struct response *head);
struct status h2_end(struct exchange *x, const struct headers *trailers);
void h2_want_body(struct exchange *x);
