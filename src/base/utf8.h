/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One code point of UTF-8 at a time (RFC 3629: no overlongs, no surrogates, nothing above U+10FFFF). Pure
 * functions. */

#include "base/bytes.h"

#define UTF8_MAX         4
#define UTF8_REPLACEMENT 0xfffdu /* U+FFFD stands for what is not UTF-8 */

/* Length of the code point at p[0..n) and its value in *out; 0 (and *out untouched) when it is none. */
static inline size_t utf8_decode(const char *p, size_t n, uint32_t *out)
{
    const uint8_t *s = (const uint8_t *)p;
    if (n == 0)
        return 0;
    if (s[0] < 0x80) {
        *out = s[0];
        return 1;
    }
    size_t length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || n < length)
        return 0;
    uint32_t value = s[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (s[i] & 0x3fu);
    }
    static const uint32_t smallest[UTF8_MAX + 1] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *out = value;
    return length;
}

/* Writes a code point (not a surrogate, at most U+10FFFF) and returns its length. */
static inline size_t utf8_encode(uint32_t value, char out[static UTF8_MAX])
{
    if (value < 0x80) {
        out[0] = (char)value;
        return 1;
    }
    if (value < 0x800) {
        out[0] = (char)(0xc0 | value >> 6);
        out[1] = (char)(0x80 | (value & 0x3f));
        return 2;
    }
    if (value < 0x10000) {
        out[0] = (char)(0xe0 | value >> 12);
        out[1] = (char)(0x80 | (value >> 6 & 0x3f));
        out[2] = (char)(0x80 | (value & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | value >> 18);
    out[1] = (char)(0x80 | (value >> 12 & 0x3f));
    out[2] = (char)(0x80 | (value >> 6 & 0x3f));
    out[3] = (char)(0x80 | (value & 0x3f));
    return 4;
}
