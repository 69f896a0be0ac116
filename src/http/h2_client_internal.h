/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The client side of an HTTP/2 connection over nghttp2, split over files that nobody else includes this
 * header from:
 *
 * h2_client.c         the connection: feeding, output, limits, and the events that had to wait
 * h2_client_calls.c   calls: starting, their bodies, cancelling
 * h2_client_answer.c  what nghttp2 tells us, and the events of an answer
 * h2_client_head.c    a request head in HTTP/1.1 as fields of HTTP/2
 *
 * A call is attached to its nghttp2 stream until it is over for its owner; what the stream still brings then
 * is thrown away. Interim answers, heads, bodies and ends are told as nghttp2 finds them; failures and
 * `writable` wait until it has returned (h2_client_tell()). Memory of a call that ends on the way is given
 * back when nothing on the stack can hold it any more.
 */

/* nghttp2 declares functions of ssize_t; nothing else is needed of it. */
#include <nghttp2/nghttp2.h>

#include "base/limits.h"
#include "http/h2_client.h"
#include "http/h2_flood.h"

#define H2_CLIENT_OUTPUT_BYTES   (32 * 1024)          /* one write's worth; more is made when that is gone */
#define H2_CLIENT_OUTPUT_MAX     (128 * 1024)         /* the above and the frames that went over it */
#define H2_CLIENT_PENDING_HIGH   (32u * 1024)         /* of one call: E_AGAIN */
#define H2_CLIENT_PENDING_MAX    (64UL * 1024 * 1024) /* hard maximum; producers pause long before */
#define H2_CLIENT_WINDOW         (16 * 1024 * 1024)   /* of the connection: all paused calls together */
#define H2_CLIENT_ARENA_CHUNK    4096
#define H2_CLIENT_ACKS_MAX       100 /* answers to PING and SETTINGS that wait to be sent */
#define H2_CLIENT_REQUEST_BYTES  (4 * LIMIT_HEADER_BYTES) /* of a head: the caller's, and what we add */
#define H2_CLIENT_REQUEST_FIELDS (3 * LIMIT_HEADER_COUNT)
/* A server of gRPC measures the line with a PING per round trip while it is sent to. */
#define H2_CLIENT_CONTROL_PER_SECOND (10 * LIMIT_H2_CONTROL_PER_SECOND)

struct h2_call {
    struct h2_client *client;
    struct h2_call *previous, *next; /* among the client's calls; `next` also among those to be freed */
    void *owner;
    int32_t id;
    struct arena arena; /* of the answer's fields, and of the request's trailers */

    /* the answer */
    struct response response;
    struct headers trailers;
    size_t field_bytes; /* of the head, or trailers, being read */
    uint64_t body_left; /* answer_sized */
    size_t unconsumed;  /* body bytes told while paused: not given back to the stream's window yet */
    enum http_method method;
    unsigned interim;
    bool answer_sized; /* body_left counts */
    bool no_body;
    bool head_done; /* the final head was told */
    bool paused;

    /* the request */
    struct buffer out;        /* body bytes that no window took */
    struct bytes direct;      /* those of h2_call_write() while it runs, behind `out` */
    nghttp2_nv *trailer_list; /* in the arena */
    size_t trailer_count;
    uint64_t to_write; /* request_sized: what the owner has still to write */
    uint64_t head_at;  /* head_made: where in the client's output it begins */
    bool request_sized;
    bool head_made;
    bool body_ended; /* h2_call_end_body() */
    bool end_made;   /* END_STREAM is in the output */
    bool deferred;   /* nghttp2 waits for nghttp2_session_resume_data() */
    bool throttled;  /* h2_call_write() said E_AGAIN */
    bool writable_due;

    bool failing; /* failed() is due; nothing else is told */
    bool over;    /* unlinked; its last event is being told, or was */
    enum h2_failure why;
    const char *detail;
};

struct h2_client {
    const struct h2_client_events *events; /* borrowed */
    uint32_t streams_max;
    nghttp2_session *ng; /* owned */
    struct buffer out;
    uint64_t made, written; /* bytes that ever went into `out`, and out of it */
    struct h2_call *first, *last;
    struct h2_call *finished; /* to be freed when nothing runs */
    struct h2_call *spare;    /* memory for the next one */
    unsigned calls;
    unsigned unsent; /* heads that nghttp2 still holds, those of cancelled calls too */
    struct h2_flood flood;
    enum code failed; /* of h2_client_feed() */
    uint32_t error;   /* of our GOAWAY */
    bool busy;        /* inside nghttp2_session_mem_recv() or _mem_send() */
    bool telling;
    bool due;  /* some call has something to be told */
    bool dead; /* nghttp2 cannot go on, or there is nobody to talk to */
    bool calm; /* a flood: GOAWAY is on its way */
    bool peer_leaves;
    bool ping_waits;
};

/* h2_client.c */
void h2_client_make_output(struct h2_client *c); /* raises no event */
void h2_client_calm(struct h2_client *c);        /* GOAWAY: a flood */

/* h2_client_calls.c */
/* Takes it out of the client's calls and off its stream; its owner may be told the last event. */
void h2_call_detach(struct h2_call *call);
void h2_call_release(struct h2_call *call); /* detached: gives the memory back, now or later */
void h2_client_bury(struct h2_client *c);   /* those of which it was later */
void h2_client_free_calls(struct h2_client *c);
/* failed() is due. `reset`: the stream is reset with this; NGHTTP2_NO_ERROR: it is closed anyway. */
void h2_call_fail(struct h2_call *call, enum h2_failure why, const char *detail, uint32_t reset);
int h2_call_send_data(nghttp2_session *ng, nghttp2_frame *frame, const uint8_t *head, size_t n,
                      nghttp2_data_source *source, void *user_data);

/* h2_client_answer.c; `out` is owned by the caller. False: out of memory. */
bool h2_client_callbacks_new(nghttp2_session_callbacks **out);
/* What an error code of RFC 9113 section 7 means: in the target's RST_STREAM, in our GOAWAY. Constants. */
const char *h2_client_reset_text(uint32_t error);
const char *h2_client_broken_text(uint32_t error);

/* h2_client_head.c */
struct h2_fields {
    nghttp2_nv list[H2_CLIENT_REQUEST_FIELDS + 8]; /* with those of ours */
    size_t count;
    char length[20]; /* digits of content-length */
};
/* The fields are slices of the request's head. E_INVALID: it cannot stand in HTTP/2. */
struct status h2_client_head(const struct h2_request *request, struct h2_fields *out);
/* One field as nghttp2 wants it: it copies name and value, and makes the name lower case. */
nghttp2_nv h2_client_field(struct text name, struct text value);
