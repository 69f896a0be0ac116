/* SPDX-License-Identifier: Apache-2.0 */
#include "http/message.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Decodes %XX, and '+' when asked to, into the arena. {NULL, 0} when malformed or out of memory. */
static struct text percent_decode(struct text in, bool plus_is_space, struct arena *a)
{
    const struct text failed = {NULL, 0};
    if (in.n == 0)
        return TEXT("");
    char *out = arena_alloc(a, in.n);
    if (!out)
        return failed;
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];
        if (c == '%') {
            if (in.n - i < 3)
                return failed;
            const int high = hex_value(in.p[i + 1]);
            const int low = hex_value(in.p[i + 2]);
            if (high < 0 || low < 0)
                return failed;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        out[n++] = c;
    }
    return (struct text){out, n};
}

static bool form_name_is(struct text raw, struct text name, struct arena *a)
{
    if (!text_contains(raw, '%') && !text_contains(raw, '+'))
        return text_equal(raw, name);
    const struct text decoded = percent_decode(raw, true, a);
    return decoded.p && text_equal(decoded, name);
}

struct text query_get(struct text query, struct text name, struct arena *a)
{
    while (query.p) {
        struct text value = text_cut(&query, '&');
        const struct text key = text_cut(&value, '=');
        if (!form_name_is(key, name, a))
            continue;
        return value.p ? percent_decode(value, true, a) : TEXT("");
    }
    return (struct text){NULL, 0};
}

struct text path_segment_decode(struct text segment, struct arena *a)
{
    const bool plain = segment.p && !text_contains(segment, '%');
    const struct text decoded = plain ? segment : percent_decode(segment, false, a);
    /* "%2f" would let one segment pose as two; a NUL would end the name early in whatever speaks C strings.
     */
    if (text_contains(decoded, '/') || text_contains(decoded, '\0'))
        return (struct text){NULL, 0};
    return decoded;
}

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

struct text path_segment_encode(struct text segment, struct arena *a)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = arena_alloc(a, 3 * segment.n + 1);
    if (!out)
        return (struct text){NULL, 0};
    size_t n = 0;
    for (size_t i = 0; i < segment.n; i++) {
        const unsigned char b = (unsigned char)segment.p[i];
        if (is_unreserved(segment.p[i])) {
            out[n++] = segment.p[i];
            continue;
        }
        out[n++] = '%';
        out[n++] = digits[b >> 4];
        out[n++] = digits[b & 15];
    }
    return (struct text){out, n};
}
