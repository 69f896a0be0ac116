/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Compact JSON written into a buffer, members in the order of the calls, no tree. Strings are escaped as Go's
 * encoding/json does by default (< > & and U+2028/9 as \u003c ...; contract, section 2), which is valid JSON
 * for everybody. Commas are put by the writer. Depth at most 32. Failure is the buffer's.
 *
 *     struct json_out j;
 *     json_out_init(&j, &buffer);
 *     json_open_object(&j, NULL);
 *       json_text(&j, "url", url);
 *       json_int(&j, "code", 403);
 *     json_end(&j);
 *
 * The names keep clear of jansson's: a json_object() of ours would take the place of the library's own
 * in the whole process. `name` is NULL inside arrays and at the top. Keys are constants and are not escaped;
 * a key that is not ours goes in front of its value with json_key(), and the value's `name` is NULL then.
 */

#include "base/buffer.h"
#include "base/bytes.h"

struct json_out {
    struct buffer *out;
    uint32_t first; /* bit per depth: nothing written yet at this depth */
    uint32_t array; /* bit per depth: an array */
    int depth;
    bool keyed; /* json_key() wrote the name of the value to come */
};

void json_out_init(struct json_out *j, struct buffer *out);
void json_open_object(struct json_out *j, const char *name);
void json_open_array(struct json_out *j, const char *name);
void json_end(struct json_out *j);
void json_key(struct json_out *j, struct text key);                         /* escaped as json_text */
void json_text(struct json_out *j, const char *name, struct text value);    /* invalid UTF-8 becomes U+FFFD */
void json_base64(struct json_out *j, const char *name, struct bytes value); /* standard, one line, padded */
void json_cstr(struct json_out *j, const char *name, const char *value);    /* NULL writes null */
void json_int(struct json_out *j, const char *name, int64_t value);
void json_bool(struct json_out *j, const char *name, bool value);
void json_write_null(struct json_out *j, const char *name);
void json_raw(struct json_out *j, const char *name, struct text json); /* trusted JSON, copied */
void json_time(struct json_out *j, const char *name, int64_t seconds); /* RFC 3339 string */

/* A text as the inside of a JSON string, escaped as json_text does, without quotes. */
void json_escape_text(struct buffer *out, struct text value);
