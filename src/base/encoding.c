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

/* Value of each ASCII character in the standard alphabet, or -1. */
/* clang-format off */
static const int8_t values[128] = {
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 62, -1, -1, -1, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, -1, -1, -1, -1, -1, -1,
    -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, -1, -1, -1, -1, -1,
    -1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, -1, -1, -1, -1, -1,
};
/* clang-format on */

static int value_of(char c)
{
    return (uint8_t)c < sizeof(values) ? values[(uint8_t)c] : -1;
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

#define BLOCK_GROUPS 128

/* Whole groups from the start, as long as they hold nothing but the alphabet. Returns the characters used. */
static size_t decode_groups(struct buffer *out, struct text in)
{
    uint8_t block[3 * BLOCK_GROUPS];
    size_t groups = 0;
    while (groups < BLOCK_GROUPS && in.n >= 4 * (groups + 1)) {
        const char *p = in.p + 4 * groups;
        int a = value_of(p[0]);
        int b = value_of(p[1]);
        int c = value_of(p[2]);
        int d = value_of(p[3]);
        if (a < 0 || b < 0 || c < 0 || d < 0)
            break;
        block[3 * groups] = (uint8_t)(a << 2 | b >> 4);
        block[3 * groups + 1] = (uint8_t)(b << 4 | c >> 2);
        block[3 * groups + 2] = (uint8_t)(c << 6 | d);
        groups++;
    }
    buffer_append(out, (struct bytes){block, 3 * groups});
    return 4 * groups;
}

struct status base64_decode(struct buffer *out, struct text in)
{
    uint32_t bits = 0;
    unsigned have = 0; /* characters of the current group */
    unsigned pads = 0;
    size_t i = 0;
    while (i < in.n) {
        if (have == 0 && pads == 0)
            i += decode_groups(out, text_from(in, i));
        if (i == in.n)
            break;
        char c = in.p[i++];
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
        if (++have == 4) { /* a group with a line break in it */
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

static int value_for_urls(char c)
{
    if (c == '-')
        return 62;
    if (c == '_')
        return 63;
    return c == '+' || c == '/' ? -1 : value_of(c);
}

struct status base64url_decode(struct buffer *out, struct text in)
{
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < in.n; i++) {
        const int value = value_for_urls(in.p[i]);
        if (value < 0)
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
    return have > 1 ? decode_last(out, bits, have) : STATUS(INVALID);
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
