/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The answer to a request that is refused before anybody knows whose it is: by the verdict table, by a limit
 * or by a time-out. The body is {"code":400,"error":"..."} and a newline, in both protocols.
 */

#include "base/buffer.h"
#include "base/bytes.h"

#define REFUSAL_CONTENT_TYPE "application/json;charset=UTF-8"

/* Appends the body. `reason` is a constant text for the client; it never quotes what the peer sent. */
void refusal_body(struct buffer *out, int status, struct text reason);
/* Appends a whole HTTP/1.1 answer with Connection: close. `server_name` may be NULL. */
void refusal_h1(struct buffer *out, int status, struct text reason, const char *server_name);
