/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Strict JSON syntax check (RFC 8259) without allocation: depth at most 64, at most 100,000 tokens, UTF-8
 * checked, no trailing commas, no comments, nothing after the value. Runs over every body before anything
 * else reads it, and cuts out the raw span of a member of the top-level object. Fuzzed:
 * fuzz/targets/base/json_scan_fuzz.c.
 */

#include "base/bytes.h"
#include "base/status.h"

#define JSON_DEPTH_MAX  64
#define JSON_TOKENS_MAX 100000

struct json_position {
    size_t offset;    /* bytes from the start */
    int line;         /* from 1 */
    int column;       /* in bytes, from 1 */
    const char *what; /* constant: "unexpected end of JSON input", "trailing comma before '}'", "invalid
                         character", ... */
    /* At an unexpected end, what was left open and where the innermost of its kind begins: '"' (a string),
     * '{' or '['; 0 when nothing was. */
    char open;
    int open_count;
    int open_line, open_column;
};

enum json_type {
    JSON_TYPE_NULL,
    JSON_TYPE_BOOL,
    JSON_TYPE_NUMBER,
    JSON_TYPE_STRING,
    JSON_TYPE_ARRAY,
    JSON_TYPE_OBJECT
};

/* E_OK, E_INVALID or E_TOO_LARGE (depth, tokens); on failure *out_where says where and what. out_where may be
 * NULL. */
struct status json_scan(struct text in, struct json_position *out_where);
/* The same with another limit of tokens, for documents that may be large. */
struct status json_scan_with(struct text in, int tokens_max, struct json_position *out_where);

/*
 * The failure in words: "trailing comma before '}' at line 7, column 3"; "unexpected end of JSON input";
 * "unexpected end of JSON input: 2 '{' not closed, the last at line 4, column 24". Borrows from `out`.
 */
#define JSON_POSITION_TEXT 160
struct text json_position_text(const struct json_position *where, char out[static JSON_POSITION_TEXT]);

/*
 * The raw span (without surrounding blanks) of member `name` of a top-level object that json_scan accepted.
 * Key match is ASCII case-insensitive and the last duplicate wins, as Go's encoding/json (contract, section
 * 2). Keys with escapes are compared after decoding. False when absent or the value is no object.
 */
bool json_member(struct text object, struct text name, struct text *out_raw, enum json_type *out_type);

/* Is the raw member name `raw_key` (with quotes) this name? ASCII case does not count. */
bool json_key_is(struct text raw_key, struct text name);

/* Decodes a raw JSON string span ("..." with quotes, accepted by json_scan) into out. Lone surrogates become
 * U+FFFD. */
struct buffer;
struct status json_string_decode(struct text raw, struct buffer *out);
/* The same into memory with room for raw.n characters; returns the length, SIZE_MAX when it is no string. */
size_t json_string_copy(struct text raw, char *out);

/* Appends `in` to out without the raw CR and LF inside its strings (what people paste: wrapped base64); the
 * rest is untouched, whether it is JSON or not. */
void json_drop_newlines_in_strings(struct text in, struct buffer *out);
