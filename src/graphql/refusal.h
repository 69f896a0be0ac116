/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Answers that are one error and no data, in gqlgen's form: message, path, locations, extensions. */

#include "base/buffer.h"
#include "base/bytes.h"

enum refusal_code { REFUSAL_NO_CODE, REFUSAL_PARSE, REFUSAL_VALIDATION, REFUSAL_PERSISTED };

struct refusal {
    int status;
    struct text message; /* {NULL, 0}: there was no memory for it */
    struct text path;    /* JSON; {NULL, 0}: none */
    bool located;
    struct text source; /* of the document, when located */
    uint32_t at;
    enum refusal_code code;
    const char *extensions; /* in place of the code's; NULL: none */
};

/* The whole answer; returns its HTTP status. */
int refusal_write(const struct refusal *r, struct buffer *answer);
int refusal_no_memory(struct buffer *answer);
/* One error object of a list. */
void refusal_write_error(const struct refusal *r, struct buffer *answer);
/* After a list: `status`, or a 503 in place of all behind `mark` when the answer had no room. */
int refusal_finish(int status, size_t mark, struct buffer *answer);
