/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/secret.h"

#define CAPACITY_FIRST 256

void buffer_init(struct buffer *b, size_t max)
{
    *b = (struct buffer){.max = max, .failed = E_OK};
}

void buffer_release(struct buffer *b)
{
    mem_free(b->data);
    buffer_init(b, b->max);
}

void buffer_clear(struct buffer *b)
{
    b->start = 0;
    b->end = 0;
    b->failed = E_OK;
}

void buffer_shrink(struct buffer *b)
{
    if (b->start != b->end)
        return;
    mem_free(b->data);
    b->data = NULL;
    b->start = 0;
    b->end = 0;
    b->capacity = 0;
}

void buffer_wipe(struct buffer *b)
{
    if (b->data)
        secret_wipe(b->data, b->capacity);
    b->start = 0;
    b->end = 0;
}

struct status buffer_status(const struct buffer *b)
{
    return (struct status){b->failed};
}

struct bytes buffer_bytes(const struct buffer *b)
{
    return (struct bytes){b->data ? b->data + b->start : NULL, b->end - b->start};
}

struct text buffer_as_text(const struct buffer *b)
{
    return bytes_text(buffer_bytes(b));
}

void buffer_consume(struct buffer *b, size_t n)
{
    must(n <= b->end - b->start);
    b->start += n;
    if (b->start == b->end) {
        b->start = 0;
        b->end = 0;
    }
}

void buffer_cut(struct buffer *b, size_t size)
{
    if (size < b->end - b->start)
        b->end = b->start + size;
}

static void move_to_front(struct buffer *b)
{
    if (b->start == 0 || !b->data)
        return;
    memmove(b->data, b->data + b->start, b->end - b->start);
    b->end -= b->start;
    b->start = 0;
}

/*
 * Room for `needed` bytes in all, which is at most max. Bytes are moved to the front when that is enough and
 * cheap (not more of them than were consumed, so each is moved once on average) or when the memory may not
 * grow any more.
 */
static bool make_room(struct buffer *b, size_t needed)
{
    size_t size = b->end - b->start;
    bool moving_is_enough = needed <= b->capacity && b->data;
    if (moving_is_enough && (b->start >= size || b->capacity >= b->max)) {
        move_to_front(b);
        return true;
    }
    size_t capacity = b->capacity ? b->capacity : CAPACITY_FIRST;
    while (capacity < needed || (capacity == b->capacity && capacity < b->max))
        capacity = capacity > b->max / 2 ? b->max : capacity * 2;
    if (capacity > b->max)
        capacity = b->max;
    move_to_front(b);
    uint8_t *data = mem_resize(b->data, capacity, 1);
    if (!data) {
        b->failed = E_NOMEM;
        return false;
    }
    b->data = data;
    b->capacity = capacity;
    return true;
}

static inline bool has_room(struct buffer *b, size_t n)
{
    if (b->failed != E_OK)
        return false;
    size_t size = b->end - b->start;
    if (n > b->max - size) {
        b->failed = E_TOO_LARGE;
        return false;
    }
    if (n <= b->capacity - b->end && b->data)
        return true;
    return make_room(b, size + n);
}

void buffer_append(struct buffer *b, struct bytes bytes)
{
    if (bytes.n == 0 || !has_room(b, bytes.n))
        return;
    memcpy(b->data + b->end, bytes.p, bytes.n);
    b->end += bytes.n;
}

void buffer_text(struct buffer *b, struct text t)
{
    buffer_append(b, text_bytes(t));
}

void buffer_cstr(struct buffer *b, const char *s)
{
    buffer_append(b, text_bytes(text_of(s)));
}

void buffer_byte(struct buffer *b, uint8_t byte)
{
    if (has_room(b, 1))
        b->data[b->end++] = byte;
}

void buffer_printf(struct buffer *b, const char *fmt, ...)
{
    if (b->failed != E_OK)
        return;
    /* vsnprintf wants a byte for its NUL, which the buffer may not have when it is full to its maximum. */
    char small[256];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(small, sizeof(small), fmt, args);
    va_end(args);
    must(n >= 0);
    if ((size_t)n < sizeof(small)) {
        buffer_append(b, (struct bytes){(const uint8_t *)small, (size_t)n});
        return;
    }
    if ((size_t)n > b->max - buffer_size(b)) {
        b->failed = E_TOO_LARGE;
        return;
    }
    char *large = mem_resize(NULL, (size_t)n + 1, 1);
    if (!large) {
        b->failed = E_NOMEM;
        return;
    }
    va_start(args, fmt);
    vsnprintf(large, (size_t)n + 1, fmt, args);
    va_end(args);
    buffer_append(b, (struct bytes){(const uint8_t *)large, (size_t)n});
    mem_free(large);
}

void buffer_u8(struct buffer *b, uint8_t v)
{
    buffer_byte(b, v);
}

static void append_big_endian(struct buffer *b, uint64_t v, size_t size)
{
    if (!has_room(b, size))
        return;
    for (size_t i = size; i > 0; i--)
        b->data[b->end++] = (uint8_t)(v >> (8 * (i - 1)));
}

void buffer_u16(struct buffer *b, uint16_t v)
{
    append_big_endian(b, v, sizeof(v));
}

void buffer_u32(struct buffer *b, uint32_t v)
{
    append_big_endian(b, v, sizeof(v));
}

void buffer_u64(struct buffer *b, uint64_t v)
{
    append_big_endian(b, v, sizeof(v));
}

static void append_prefixed(struct buffer *b, struct bytes v, size_t prefix_size, size_t largest)
{
    if (v.n > largest && b->failed == E_OK)
        b->failed = E_TOO_LARGE;
    append_big_endian(b, v.n, prefix_size);
    buffer_append(b, v);
}

void buffer_bytes16(struct buffer *b, struct bytes v)
{
    append_prefixed(b, v, sizeof(uint16_t), UINT16_MAX);
}

void buffer_bytes32(struct buffer *b, struct bytes v)
{
    append_prefixed(b, v, sizeof(uint32_t), UINT32_MAX);
}

uint8_t *buffer_reserve(struct buffer *b, size_t n)
{
    return has_room(b, n) ? b->data + b->end : NULL;
}

size_t buffer_room(const struct buffer *b)
{
    if (b->failed != E_OK)
        return 0;
    size_t allowed = b->max - (b->end - b->start);
    size_t there = b->capacity - b->end;
    return there < allowed ? there : allowed;
}

void buffer_commit(struct buffer *b, size_t n)
{
    must(n <= buffer_room(b));
    b->end += n;
}
