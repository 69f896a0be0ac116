/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A growing byte buffer with a maximum given at birth, readable from the front and writable at the back.
 *
 * Failure is sticky: after the first append that does not fit (E_TOO_LARGE) or cannot be allocated (E_NOMEM)
 * every further append does nothing, and buffer_status() says so; check it once at the end. buffer_init
 * allocates nothing. One thread at a time.
 *
 *     struct buffer b;
 *     buffer_init(&b, LIMIT_JSON_REPLY);
 *     buffer_text(&b, TEXT("{\"a\":"));
 *     buffer_printf(&b, "%d}", 1);
 *     TRY(buffer_status(&b));
 */

#include "base/bytes.h"
#include "base/own.h"
#include "base/status.h"

struct buffer {
    uint8_t *data; /* owned */
    size_t start;  /* first unread byte */
    size_t end;    /* one past the last byte */
    size_t capacity;
    size_t max;       /* of end - start */
    enum code failed; /* E_OK, E_TOO_LARGE or E_NOMEM */
};

void buffer_init(struct buffer *b, size_t max);
void buffer_release(struct buffer *b);
void buffer_clear(struct buffer *b);  /* empty again, failure forgotten, memory kept */
void buffer_shrink(struct buffer *b); /* gives the memory back if the buffer is empty */
/* Wipes the whole memory before release or clear; for buffers that held a secret. */
void buffer_wipe(struct buffer *b);
OWNABLE_VALUE(struct buffer, buffer_release);

struct status buffer_status(const struct buffer *b);
static inline size_t buffer_size(const struct buffer *b)
{
    return b->end - b->start;
}
/* The unread bytes; valid until the next append or reserve. */
struct bytes buffer_bytes(const struct buffer *b);
struct text buffer_as_text(const struct buffer *b);
void buffer_consume(struct buffer *b, size_t n); /* n <= buffer_size */
void buffer_cut(struct buffer *b,
                size_t size); /* keeps the first `size` bytes, if there are more; a failure stays */

void buffer_append(struct buffer *b, struct bytes bytes);
void buffer_text(struct buffer *b, struct text t);
void buffer_cstr(struct buffer *b, const char *s);
void buffer_byte(struct buffer *b, uint8_t byte);
[[gnu::format(printf, 2, 3)]] void buffer_printf(struct buffer *b, const char *fmt, ...);
/* Big-endian integers and u16/u32-length-prefixed strings, for our own binary messages. */
void buffer_u8(struct buffer *b, uint8_t v);
void buffer_u16(struct buffer *b, uint16_t v);
void buffer_u32(struct buffer *b, uint32_t v);
void buffer_u64(struct buffer *b, uint64_t v);
void buffer_bytes16(struct buffer *b, struct bytes v);
void buffer_bytes32(struct buffer *b, struct bytes v);

/* Room for at least n bytes at the back, written by the caller and then committed (read(2) straight into the
 * buffer). NULL after failure. */
uint8_t *buffer_reserve(struct buffer *b, size_t n);
size_t buffer_room(const struct buffer *b); /* bytes that may be written without growing */
void buffer_commit(struct buffer *b, size_t n);
