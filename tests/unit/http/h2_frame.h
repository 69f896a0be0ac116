/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Frames of HTTP/2 by hand (RFC 9113 4.1). */

#include "base/buffer.h"
#include "base/reader.h"

static inline void h2_frame_put(struct buffer *out, uint8_t type, uint8_t flags, int32_t stream,
                                struct bytes payload)
{
    buffer_u8(out, (uint8_t)(payload.n >> 16));
    buffer_u16(out, (uint16_t)(payload.n & 0xffff));
    buffer_u8(out, type);
    buffer_u8(out, flags);
    buffer_u32(out, (uint32_t)stream);
    buffer_append(out, payload);
    must(status_ok(buffer_status(out)));
}

struct h2_frame {
    uint8_t type;
    int32_t stream;
    struct bytes payload;
};

/* The next one of what a side sent, past the client's preface; false at the end. */
static inline bool h2_frame_next(struct reader *r, struct h2_frame *out)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    if (text_starts_with(bytes_text(r->rest), text_of(preface)))
        (void)reader_take(r, sizeof(preface) - 1);
    if (r->rest.n == 0)
        return false;
    const size_t n = (size_t)reader_u8(r) << 16 | reader_u16(r);
    out->type = reader_u8(r);
    (void)reader_u8(r);
    out->stream = (int32_t)reader_u32(r);
    out->payload = reader_take(r, n);
    must(!r->failed);
    return true;
}
