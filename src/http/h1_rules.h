/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The verdicts on an HTTP/1.x message whose form is right (h1_scan.h): which combinations of version, method,
 * target and fields are accepted. The rules are one table in h1_rules.c, tried in order; the first that is
 * broken decides. They refuse whatever two implementations might read differently (RFC 9112 section 11.2),
 * and repair nothing.
 */

#include "http/h1_reason.h"
#include "http/h1_scan.h"
#include "http/message.h"

struct h1_rules_settings {
    uint64_t body_max; /* of Content-Length */
    size_t uri_max;
    bool trusted_peer; /* our own front, which passes on that a 1.0 request had no Host as an empty one */
};

/* Fills out->version, method, target, path, query, authority, body, content_length and expect_continue;
 * `out->headers` is the input. The arena is only used for an absolute-form target without path. */
enum h1_reason h1_rules_request(const struct h1_rules_settings *settings, const struct h1_request_line *line,
                                struct arena *a, struct request *out, bool *out_keep_alive);

/* How the body of an answer ends (RFC 9112 6.3). */
enum h1_delimiter {
    H1_NO_BODY,
    H1_BY_LENGTH,
    H1_BY_CHUNKS,
    H1_BY_CLOSE,
};

/* `method` is that of the request. Fills out->status, body and content_length; `out->headers` is the input.
 */
enum h1_reason h1_rules_response(const struct h1_status_line *line, enum http_method method,
                                 struct response *out, enum h1_delimiter *out_delimiter,
                                 bool *out_keep_alive);
