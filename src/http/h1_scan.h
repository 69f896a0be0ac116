/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The first reader of every HTTP/1.x message. llhttp in strict mode still lets through bare LF, obs-fold,
 * empty names, double spaces and more, some of it invisible to its callbacks; so the raw head, chunk-size
 * lines and trailer lines are read here first, by the letter of RFC 9112 section 2 to 7 and a little
 * stricter:
 *
 * - lines end in CRLF, and CR, LF, NUL and other control characters occur nowhere else (HTAB only inside
 *   values);
 * - a request line is method SP target SP version, exactly; at most one empty line before it (RFC 9112
 *   2.2);
 * - a field line is token ":" OWS value OWS; no obs-fold, no blank before the colon;
 * - a chunk-size line is 1 to 16 hex digits and, directly behind them, an extension of at most
 *   LIMIT_CHUNK_EXTENSION_BYTES.
 *
 * Only form is judged here; what the fields mean is h1_rules.h. No allocation; one thread. Results are slices
 * of the input.
 */

#include "http/h1_reason.h"
#include "http/message.h"

/* Finds the end of a head that arrives in pieces: every byte is looked at once. Zero-initialised to begin. */
struct h1_head_end {
    size_t line;     /* where the current line begins */
    size_t searched; /* no LF before this, from `line` */
    size_t start;    /* of the start line: behind an empty line, if there was one */
    bool begun;      /* the start line has been seen */
};

/* Both in bytes. The verdict does not depend on how the input was cut: a longer start line is refused where
 * it passes the limit. */
struct h1_head_limits {
    size_t head;       /* of all lines */
    size_t start_line; /* of the request or status line with its CRLF */
};

/*
 * `in` is everything since the end of the previous message; it only grows between calls. On H1_NONE:
 * *out_size is the size of the head from the beginning of `in` to the end of its last, empty line, or 0 when
 * more is needed.
 */
enum h1_reason h1_scan_head_end(struct h1_head_end *s, struct bytes in, const struct h1_head_limits *limits,
                                size_t *out_size);

/* Cuts the first line (without CRLF) off *head, which is as found by h1_scan_head_end(). {NULL, 0} when there
 * is none. */
struct text h1_scan_line(struct text *head);

struct h1_request_line {
    struct text method, target;
    enum http_version version;
};
enum h1_reason h1_scan_request_line(struct text line, struct h1_request_line *out);

struct h1_status_line {
    enum http_version version;
    int status;
};
enum h1_reason h1_scan_status_line(struct text line, struct h1_status_line *out);

/* One field line. */
enum h1_reason h1_scan_field(struct text line, struct header *out);

/*
 * The frame of a chunked body, over input cut anywhere: a machine of one byte per step outside of chunk data.
 * A step consumes the run of bytes of one kind from the front of `in`: framing, or chunk data.
 */
struct h1_chunk_scan {
    uint8_t state;        /* enum in h1_scan_chunk.c */
    uint8_t digits;       /* of the size being read */
    bool quoted, escaped; /* inside a quoted-string of an extension */
    uint16_t extension;   /* bytes of the extension being read */
    uint32_t trailer;     /* bytes of the trailer section so far */
    uint32_t trailer_lines;
    uint64_t left;  /* of the current chunk */
    uint64_t total; /* data bytes announced so far */
};

enum h1_chunk_step { H1_CHUNK_FRAMING, H1_CHUNK_DATA, H1_CHUNK_COMPLETE };

/* *out_used bytes of `in` (at least one unless `in` is empty) are *out_step. `body_max` bounds the sum of the
 * chunks. When refused, *out_used bytes of framing were in order before. */
enum h1_reason h1_scan_chunked(struct h1_chunk_scan *s, struct bytes in, uint64_t body_max, size_t *out_used,
                               enum h1_chunk_step *out_step);

bool h1_is_token(struct text t);       /* RFC 9110 5.6.2; not empty */
bool h1_is_field_value(struct text t); /* VCHAR, obs-text, SP and HTAB (RFC 9110 5.5); may be empty */
bool h1_is_target(struct text t);      /* VCHAR without '#'; not empty */
