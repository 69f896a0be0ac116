/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include "base/utf8.h"

/* memcmp must not see NULL, not even for no bytes. */
static bool same(const void *a, const void *b, size_t n)
{
    return n == 0 || memcmp(a, b, n) == 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.n == b.n && same(a.p, b.p, a.n);
}

bool text_same(const char *a, const char *b, size_t n)
{
    return same(a, b, n);
}

static bool same_letters(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (lower(a[i]) != lower(b[i]))
            return false;
    }
    return true;
}

/* Most are written alike, or differ in more than case: eight octets say so at once. */
static bool same_eight(const char *a, const char *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    if (x == y)
        return true;
    return ((x ^ y) & ~UINT64_C(0x2020202020202020)) == 0 && same_letters(a, b, sizeof x);
}

bool text_same_nocase(const char *a, const char *b, size_t n)
{
    if (n < 8)
        return same_letters(a, b, n);
    for (size_t i = 0; i + 8 < n; i += 8)
        if (!same_eight(a + i, b + i))
            return false;
    return same_eight(a + (n - 8), b + (n - 8));
}

int text_compare(struct text a, struct text b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    if (order == 0)
        order = (a.n > b.n) - (a.n < b.n);
    return order;
}

bool text_starts_with(struct text t, struct text prefix)
{
    return t.n >= prefix.n && same(t.p, prefix.p, prefix.n);
}

bool text_ends_with(struct text t, struct text suffix)
{
    return t.n >= suffix.n && (suffix.n == 0 || same(t.p + (t.n - suffix.n), suffix.p, suffix.n));
}

bool text_contains(struct text t, char c)
{
    return text_find(t, c) < t.n;
}

size_t text_find(struct text t, char c)
{
    const char *at = t.n ? memchr(t.p, c, t.n) : NULL;
    return at ? (size_t)(at - t.p) : t.n;
}

struct text text_from(struct text t, size_t from)
{
    if (from > t.n)
        from = t.n;
    return (struct text){t.p ? t.p + from : NULL, t.n - from};
}

struct text text_first(struct text t, size_t n)
{
    return (struct text){t.p, n < t.n ? n : t.n};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct text text_trim(struct text t)
{
    size_t start = 0;
    while (start < t.n && is_blank(t.p[start]))
        start++;
    size_t end = t.n;
    while (end > start && is_blank(t.p[end - 1]))
        end--;
    return text_from(text_first(t, end), start);
}

struct text text_cut(struct text *t, char separator)
{
    struct text whole = *t;
    size_t at = text_find(whole, separator);
    if (at == whole.n)
        *t = (struct text){NULL, 0};
    else
        *t = text_from(whole, at + 1);
    return text_first(whole, at);
}

bool text_to_u64(struct text t, uint64_t max, uint64_t *out)
{
    if (t.n == 0)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < t.n; i++) {
        if (t.p[i] < '0' || t.p[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(t.p[i] - '0');
        if (digit > max || value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

bool text_is_utf8(struct text t)
{
    size_t i = 0;
    while (i < t.n) {
        if ((uint8_t)t.p[i] < 0x80) {
            i++;
            continue;
        }
        uint32_t ignored;
        size_t length = utf8_decode(t.p + i, t.n - i, &ignored);
        if (length == 0)
            return false;
        i += length;
    }
    return true;
}

bool text_to_cstr(struct text t, char *out, size_t out_size)
{
    if (out_size == 0)
        return false;
    out[0] = '\0';
    if (t.n >= out_size || text_contains(t, '\0'))
        return false;
    if (t.n)
        memcpy(out, t.p, t.n);
    out[t.n] = '\0';
    return true;
}
