/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The second reader: llhttp, which sees every head and every byte of a chunked body after h1_scan.h has.
 * Where it finds the message malformed, or reads anything differently (a name, a value, the target, the
 * framing, where a chunk ends), the message is refused. From a trusted peer, whose heads are not scanned, it
 * is the only reader of the head.
 *
 * One reader per direction and connection; h1_reader_begin() before each message. One thread.
 */

#include "http/h1_scan.h"
#include "http/llhttp_fence.h"
#include "http/message.h"

struct h1_reader {
    llhttp_t parser;
    struct arena *arena;    /* of the current message */
    struct headers *fields; /* the list that is compared or filled */
    size_t field;           /* the next one */
    bool fill;              /* a trusted head: take llhttp's word */
    bool differs;
    bool head_complete;
    bool complete;
    bool chunked;            /* as llhttp understood the head */
    bool has_length;         /* the same */
    uint64_t length;         /* the same */
    struct text text;        /* target (requests) */
    struct text name, value; /* of the field being read */
    struct bytes data;       /* chunk data that llhttp found in what it was given last */
    char *trailer;           /* LIMIT_TRAILER_BYTES in the arena, once the first trailer field came */
    size_t trailer_used;
};

enum h1_message_type { H1_REQUEST, H1_RESPONSE };

/* `fields` and what it holds live in the arena. */
void h1_reader_begin(struct h1_reader *r, enum h1_message_type type, struct arena *a, struct headers *fields);

/* Compares a whole scanned head: `fields` holds what h1_scan_field() found, with the same texts. */
enum h1_reason h1_reader_check_request(struct h1_reader *r, struct text head,
                                       const struct h1_request_line *line);
enum h1_reason h1_reader_check_response(struct h1_reader *r, struct text head,
                                        const struct h1_status_line *line);

/* Reads a whole head that was not scanned: fills `fields` and the line with slices of `head`. */
enum h1_reason h1_reader_read_request(struct h1_reader *r, struct text head, struct h1_request_line *out);
enum h1_reason h1_reader_read_response(struct h1_reader *r, struct text head, struct h1_status_line *out);

/* After the rules have decided: does llhttp frame the body in the same way? (chunked, or `length` bytes) */
bool h1_reader_agrees(const struct h1_reader *r, bool chunked, uint64_t length);

/*
 * A run from the front of a chunked body, through both readers: *out_used bytes that are *out_step, as
 * h1_scan_chunked() says. Trailer fields are added to `trailers`. The verdict does not depend on how the body
 * was cut: whoever objects to the earlier byte decides.
 */
enum h1_reason h1_reader_chunked(struct h1_reader *r, struct h1_chunk_scan *scan, struct bytes in,
                                 uint64_t body_max, struct headers *trailers, size_t *out_used,
                                 enum h1_chunk_step *out_step);
