/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/der.h"

#include "base/clock.h"

/* The octets that a length of n takes after its first octet. */
static size_t long_octets(size_t n)
{
    size_t octets = 0;
    if (n >= 0x80) {
        for (; n; n >>= 8)
            octets++;
    }
    return octets;
}

static void put_header(struct buffer *out, unsigned tag, size_t n)
{
    buffer_u8(out, (uint8_t)tag);
    size_t octets = long_octets(n);
    if (octets == 0) {
        buffer_u8(out, (uint8_t)n);
        return;
    }
    buffer_u8(out, (uint8_t)(0x80 | octets));
    for (size_t i = octets; i > 0; i--)
        buffer_u8(out, (uint8_t)(n >> (8 * (i - 1))));
}

size_t der_begin(struct buffer *out, unsigned tag)
{
    buffer_u8(out, (uint8_t)tag);
    buffer_u8(out, 0);
    return buffer_size(out);
}

/* Most elements are shorter than 128 octets; the content of longer ones moves up by the octets that their
 * length takes. */
void der_finish(struct buffer *out, size_t mark)
{
    if (out->failed != E_OK)
        return;
    size_t n = buffer_size(out) - mark;
    size_t octets = long_octets(n);
    for (size_t i = 0; i < octets; i++)
        buffer_u8(out, 0);
    if (out->failed != E_OK)
        return;
    uint8_t *content = out->data + out->start + mark;
    if (octets == 0) {
        content[-1] = (uint8_t)n;
        return;
    }
    memmove(content + octets, content, n);
    content[-1] = (uint8_t)(0x80 | octets);
    for (size_t i = 0; i < octets; i++)
        content[i] = (uint8_t)(n >> (8 * (octets - 1 - i)));
}

void der_put(struct buffer *out, unsigned tag, struct bytes content)
{
    put_header(out, tag, content.n);
    buffer_append(out, content);
}

void der_put_oid(struct buffer *out, struct bytes content)
{
    der_put(out, DER_OID, content);
}

void der_put_positive(struct buffer *out, struct bytes magnitude)
{
    while (magnitude.n > 1 && magnitude.p[0] == 0)
        magnitude = (struct bytes){magnitude.p + 1, magnitude.n - 1};
    bool sign = magnitude.n > 0 && (magnitude.p[0] & 0x80);
    put_header(out, DER_INTEGER, magnitude.n + (sign ? 1 : 0));
    if (sign)
        buffer_u8(out, 0);
    buffer_append(out, magnitude);
}

void der_put_unsigned(struct buffer *out, uint64_t v)
{
    uint8_t octets[8];
    for (size_t i = 0; i < sizeof(octets); i++)
        octets[i] = (uint8_t)(v >> (8 * (sizeof(octets) - 1 - i)));
    der_put_positive(out, BYTES_OF(octets));
}

void der_put_boolean_true(struct buffer *out)
{
    der_put(out, DER_BOOLEAN, (struct bytes){(const uint8_t *)"\xff", 1});
}

void der_put_null(struct buffer *out)
{
    der_put(out, DER_NULL, (struct bytes){NULL, 0});
}

void der_put_bits(struct buffer *out, struct bytes octets)
{
    put_header(out, DER_BIT_STRING, octets.n + 1);
    buffer_u8(out, 0);
    buffer_append(out, octets);
}

static void put_digits(uint8_t *p, int v, size_t n)
{
    for (size_t i = n; i > 0; i--, v /= 10)
        p[i - 1] = (uint8_t)('0' + v % 10);
}

void der_put_time(struct buffer *out, int64_t seconds)
{
    struct civil c = clock_to_civil(seconds);
    must(c.year >= 1950 && c.year <= 9999);
    uint8_t text[15];
    put_digits(text, c.year, 4);
    put_digits(text + 4, c.month, 2);
    put_digits(text + 6, c.day, 2);
    put_digits(text + 8, c.hour, 2);
    put_digits(text + 10, c.minute, 2);
    put_digits(text + 12, c.second, 2);
    text[14] = 'Z';
    if (c.year < 2050)
        der_put(out, DER_UTC_TIME, (struct bytes){text + 2, sizeof(text) - 2});
    else
        der_put(out, DER_GENERALIZED_TIME, BYTES_OF(text));
}
