/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A request, a target and settings that a test changes a little, and what comes out of them as text. */

#include "check.h"

#include "base/buffer.h"
#include "outbound/rewrite.h"

struct rewriting {
    struct arena arena;
    struct request request;
    struct outbound_address address;
    struct hop_field_room room; /* of the target's fields */
    struct hop_target target;
    struct rewrite_settings settings;
    struct buffer out;
};

/* "GET /x" by host to http://api.example.com/base; no fields, no peer, no user agent. */
void rewriting_begin(struct rewriting *w);
void rewriting_end(struct rewriting *w);

/* Lines "Name: value" with '\n' between them become the caller's fields, as they are. */
void rewriting_fields(struct rewriting *w, const char *lines);
void rewriting_configured(struct rewriting *w, const char *lines);
/* "name=value" with '\n' between them. */
void rewriting_query_fields(struct rewriting *w, const char *lines);

/* The head; fails the test when it is refused. Valid until the next one. */
struct text rewriting_head(struct rewriting *w);
/* Between the method and the version. */
struct text rewriting_target(struct rewriting *w);
/* All values of a field in the head, in order, with " | " between them; "-" when it is not there. */
const char *rewriting_value(struct rewriting *w, const char *name);
OWNABLE_VALUE(struct rewriting, rewriting_end);

/* Fails the test unless it is refused with nothing written. */
void rewriting_refused(struct rewriting *w, const char *what);
