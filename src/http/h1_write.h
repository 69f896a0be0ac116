/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Writing HTTP/1.1 heads. h1_client.h declares what other modules use; this is for the server side. */

#include "base/buffer.h"
#include "http/message.h"

enum h1_framing {
    H1_FRAMING_NONE,    /* no framing field: 1xx, 204, 304 */
    H1_FRAMING_LENGTH,  /* Content-Length */
    H1_FRAMING_CHUNKED, /* Transfer-Encoding: chunked */
    H1_FRAMING_UPGRADE, /* 101: Connection: Upgrade, and the owner's Upgrade field goes out */
};

struct h1_response_line {
    int status;
    enum h1_framing framing;
    uint64_t content_length;
    const char *connection;  /* value of Connection, or NULL */
    const char *server_name; /* value of Server, or NULL */
};

/*
 * Status line, Date, Server, the fields without those that are hop-by-hop or framing, then framing. A field
 * that is not a token and a field value (CR, LF or NUL: response splitting) makes it E_INVALID, with nothing
 * written.
 */
struct status h1_write_response_head(struct buffer *out, const struct h1_response_line *line,
                                     const struct headers *fields);

/* The line before a chunk of `size` bytes, which is not 0; CRLF stands behind the chunk. */
void h1_write_chunk_size(struct buffer *out, size_t size);
