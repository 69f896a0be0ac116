/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * An HTTP/2 client (nghttp2) and our server session in one process, wired in memory, and an owner that writes
 * down what it is told:
 *
 *     "request 1 POST /x|body 1 3|end 1|finished 1|"
 */

#include <nghttp2/nghttp2.h>

#include "base/buffer.h"
#include "http/session.h"

#define H2_PEER_STREAMS 64

struct h2_answer {
    int status; /* the final one; 0 = none */
    int interim;
    size_t fields;
    char content_type[64], content_length[24], probe[128]; /* probe: the field `x-probe` */
    struct buffer body;
    bool closed;
    uint32_t error; /* with closed */
    bool reset;     /* RST_STREAM received */
};

/* What the owner does by itself. */
enum h2_owner_mode {
    H2_OWNER_ECHO,   /* wants the body, answers 200 with it once it is complete */
    H2_OWNER_MANUAL, /* nothing: the test acts on `x` */
    H2_OWNER_WANTS   /* wants the body, answers nothing */
};

/* What is left to send on a stream. */
struct h2_source {
    const char *text; /* NULL = zeros */
    size_t left;
    bool end;
};

struct h2_peer {
    nghttp2_session *ng;
    struct session *server;
    struct session_settings settings;
    enum h2_owner_mode mode;
    size_t step;       /* bytes fed to the server at once; 0 = all */
    struct status fed; /* the first failure of session_feed() */
    struct buffer log; /* what the owner was told */
    struct buffer uploads[H2_PEER_STREAMS];
    struct exchange *x[H2_PEER_STREAMS]; /* by index of the stream: (id - 1) / 2; NULL once finished */
    struct h2_answer answers[H2_PEER_STREAMS];
    struct h2_source sources[H2_PEER_STREAMS];
    int goaways;
    uint32_t goaway_error;
    int32_t goaway_last;
    /* called in events.request, after the mode's own deed; NULL = nothing */
    void (*on_request)(struct h2_peer *p, struct exchange *x);
    void (*on_drained)(struct h2_peer *p, struct exchange *x);
};

void h2_peer_open(struct h2_peer *p);        /* settings are the defaults; nothing is exchanged yet */
void h2_peer_open_manual(struct h2_peer *p); /* H2_OWNER_MANUAL; the prefaces are exchanged */
/* As h2_peer_open(), with what is set in `p` beforehand: settings, mode, step. False: the session could not
 * be made. */
bool h2_peer_open_with(struct h2_peer *p);
void h2_peer_close(struct h2_peer *p);
/* Moves bytes both ways until nothing moves. */
void h2_peer_run(struct h2_peer *p);
/* Raw bytes to the server, behind what the client has to say; then runs. */
void h2_peer_send_raw(struct h2_peer *p, struct bytes raw);
/* The log since the last look. */
struct text h2_peer_log(struct h2_peer *p);
void h2_peer_forget(struct h2_peer *p); /* empties the log */

struct h2_field {
    const char *name, *value;
};
/* Submits a request of exactly these fields (up to the first without name); `body` NULL = END_STREAM on
 * HEADERS. Names go as they are. Returns the stream id. */
int32_t h2_peer_request(struct h2_peer *p, const struct h2_field *fields, const char *body);
/* GET of a path, POST of a body. */
int32_t h2_peer_get(struct h2_peer *p, const char *path);
int32_t h2_peer_post(struct h2_peer *p, const char *path, const char *body);
/* The body comes later, by h2_peer_data(). */
int32_t h2_peer_open_request(struct h2_peer *p, const struct h2_field *fields);
int32_t h2_peer_post_open(struct h2_peer *p, const char *path);
void h2_peer_data(struct h2_peer *p, int32_t id, size_t n, bool end);
struct h2_answer *h2_peer_answer(struct h2_peer *p, int32_t id);
struct exchange *h2_peer_x(struct h2_peer *p, int32_t id);
/* One frame, raw. */
void h2_peer_frame(struct h2_peer *p, uint8_t type, uint8_t flags, int32_t stream, struct bytes payload);
