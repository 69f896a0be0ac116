/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON and text that goes into an answer piece by piece, without a second copy of all of it. Output is
 * escaped as json_out.h does (Go's HTML-safe escapes), also inside embedded JSON.
 */

#include "base/buffer.h"
#include "base/bytes.h"

/* `rest` shrinks; done when it is empty. */
struct json_compact {
    struct text rest; /* JSON that json_scan accepted */
    bool in_string;
};
/* Appends at least one character's worth (unless only white space is left) and stops when the next piece may
 * not fit into `most` bytes or nothing is left; never more than `most` if that is at least
 * JSON_COMPACT_LEAST. White space between tokens goes, < > & U+2028 U+2029 inside strings are escaped,
 * numbers, order and duplicates stay. */
#define JSON_COMPACT_LEAST 64
void json_compact_some(struct json_compact *c, size_t most, struct buffer *out);

/* A text as the inside of a JSON string (the caller writes the quotes); invalid UTF-8 becomes U+FFFD. */
struct json_escape {
    struct text rest;
};
void json_escape_some(struct json_escape *e, size_t most, struct buffer *out);
