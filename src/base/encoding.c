/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encoding.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char for_urls[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t base64_encoded_size(size_t n)
{
    return n / 3 * 4 + (n % 3 ? 4 : 0);
}

static void encode(struct buffer *out, struct bytes in, const char alphabet[static 64])
{
    if (in.n == 0)
        return;
    size_t size = in.n > SIZE_MAX / 4 * 3 ? SIZE_MAX : base64_encoded_size(in.n);
    char *to = (char *)buffer_reserve(out, size);
    if (!to)
        return;
    const uint8_t *p = in.p;
    size_t left = in.n;
    for (; left >= 3; left -= 3, p += 3) {
        uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        *to++ = alphabet[v >> 18];
        *to++ = alphabet[v >> 12 & 63];
        *to++ = alphabet[v >> 6 & 63];
        *to++ = alphabet[v & 63];
    }
    if (left > 0) {
        uint32_t v = (uint32_t)p[0] << 16 | (left == 2 ? (uint32_t)p[1] << 8 : 0);
        *to++ = alphabet[v >> 18];
        *to++ = alphabet[v >> 12 & 63];
        *to++ = left == 2 ? alphabet[v >> 6 & 63] : '=';
        *to++ = '=';
    }
    buffer_commit(out, size);
}

void base64_encode(struct buffer *out, struct bytes in)
{
    encode(out, in, standard);
}

void base64url_encode(struct buffer *out, struct bytes in)
{
    encode(out, in, for_urls);
}

/* 0..63, or -1. */
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

/* What `have` (2 or 3) characters before the padding hold; the bits they do not fill must be zero, RFC 4648
 * section 3.5. */
static struct status decode_last(struct buffer *out, uint32_t bits, unsigned have)
{
    unsigned unused = have == 2 ? 4 : 2;
    if (bits & ((1u << unused) - 1))
        return STATUS(INVALID);
    bits >>= unused;
    if (have == 3)
        buffer_u16(out, (uint16_t)bits);
    else
        buffer_u8(out, (uint8_t)bits);
    return buffer_status(out);
}

struct status base64_decode(struct buffer *out, struct text in)
{
    uint32_t bits = 0;
    unsigned have = 0; /* characters of the current group */
    unsigned pads = 0;
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];
        if (c == '\r' || c == '\n')
            continue;
        if (c == '=') {
            pads++;
            if (have < 2 || have + pads > 4)
                return STATUS(INVALID);
            continue;
        }
        int value = value_of(c);
        if (value < 0 || pads > 0)
            return STATUS(INVALID);
        bits = bits << 6 | (uint32_t)value;
        if (++have == 4) {
            const uint8_t group[3] = {(uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits};
            buffer_append(out, BYTES_OF(group));
            bits = 0;
            have = 0;
        }
    }
    if (have == 0)
        return buffer_status(out);
    return have + pads == 4 ? decode_last(out, bits, have) : STATUS(INVALID);
}

void hex_encode(char *out, struct bytes in)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < in.n; i++) {
        *out++ = digits[in.p[i] >> 4];
        *out++ = digits[in.p[i] & 15];
    }
    *out = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool hex_decode(uint8_t *out, size_t n, struct text in)
{
    if (in.n % 2 != 0 || in.n / 2 != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = hex_value(in.p[2 * i]);
        int low = hex_value(in.p[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
