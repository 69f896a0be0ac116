/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"

struct bytes reader_take(struct reader *r, size_t n)
{
    if (r->failed || n > r->rest.n) {
        *r = (struct reader){{NULL, 0}, true};
        return (struct bytes){NULL, 0};
    }
    struct bytes taken = {r->rest.p, n};
    if (n > 0) {
        r->rest.p += n;
        r->rest.n -= n;
    }
    return taken;
}

static uint64_t big_endian(struct reader *r, size_t size)
{
    struct bytes b = reader_take(r, size);
    uint64_t v = 0;
    for (size_t i = 0; i < b.n; i++)
        v = v << 8 | b.p[i];
    return v;
}

uint8_t reader_u8(struct reader *r)
{
    return (uint8_t)big_endian(r, 1);
}

uint16_t reader_u16(struct reader *r)
{
    return (uint16_t)big_endian(r, 2);
}

uint32_t reader_u32(struct reader *r)
{
    return (uint32_t)big_endian(r, 4);
}

uint64_t reader_u64(struct reader *r)
{
    return big_endian(r, 8);
}

/* A length that could not be read is 0 with the failure set, and then the take fails as well. */
struct bytes reader_bytes16(struct reader *r)
{
    uint16_t n = reader_u16(r);
    return reader_take(r, n);
}

struct bytes reader_bytes32(struct reader *r)
{
    uint32_t n = reader_u32(r);
    return reader_take(r, n);
}

struct text reader_text16(struct reader *r)
{
    return bytes_text(reader_bytes16(r));
}

bool reader_done(const struct reader *r)
{
    return !r->failed && r->rest.n == 0;
}
