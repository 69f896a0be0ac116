/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_scan.h"

#include "base/buffer.h"
#include "base/json_cursor.h"
#include "base/utf8.h"

static bool hex4(struct text t, uint32_t *out)
{
    uint32_t v = 0;
    if (t.n < 4)
        return false;
    for (size_t i = 0; i < 4; i++) {
        char c = t.p[i];
        if (c >= '0' && c <= '9')
            v = v << 4 | (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            v = v << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return false;
    }
    *out = v;
    return true;
}

static bool is_high_surrogate(uint32_t v)
{
    return v >= 0xd800 && v <= 0xdbff;
}

static bool is_low_surrogate(uint32_t v)
{
    return v >= 0xdc00 && v <= 0xdfff;
}

/* *rest is behind "\u". Half a surrogate pair becomes U+FFFD, and what follows it is read on its own (as Go
 * does). */
static bool decode_unicode(struct text *rest, uint32_t *out)
{
    uint32_t first;
    if (!hex4(*rest, &first))
        return false;
    *rest = text_from(*rest, 4);
    uint32_t second;
    if (is_high_surrogate(first) && text_starts_with(*rest, TEXT("\\u")) &&
        hex4(text_from(*rest, 2), &second) && is_low_surrogate(second)) {
        *rest = text_from(*rest, 6);
        *out = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
    } else {
        *out = is_high_surrogate(first) || is_low_surrogate(first) ? UTF8_REPLACEMENT : first;
    }
    return true;
}

/* *rest is on a backslash; moves it behind the escape. Returns the length in out, 0 when it is no escape. */
static size_t decode_escape(struct text *rest, char out[static UTF8_MAX])
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    if (rest->n < 2)
        return 0;
    char name = rest->p[1];
    *rest = text_from(*rest, 2);
    if (name == 'u') {
        uint32_t point;
        return decode_unicode(rest, &point) ? utf8_encode(point, out) : 0;
    }
    const char *at = memchr(names, name, sizeof(names) - 1);
    if (!at)
        return 0;
    out[0] = values[at - names];
    return 1;
}

static bool key_with_escapes_is(struct text key, struct text name)
{
    while (key.n) {
        char decoded[UTF8_MAX] = {key.p[0]};
        size_t length = 1;
        if (key.p[0] == '\\')
            length = decode_escape(&key, decoded);
        else
            key = text_from(key, 1);
        if (length == 0 || !text_equal_nocase((struct text){decoded, length}, text_first(name, length)))
            return false;
        name = text_from(name, length);
    }
    return name.n == 0;
}

bool json_key_is(struct text raw_key, struct text name)
{
    if (raw_key.n < 2)
        return false;
    struct text key = {raw_key.p + 1, raw_key.n - 2};
    return text_contains(key, '\\') ? key_with_escapes_is(key, name) : text_equal_nocase(key, name);
}

bool json_member(struct text object, struct text name, struct text *out_raw, enum json_type *out_type)
{
    bool found = false;
    struct json_cursor c = json_cursor_at(object);
    if (json_cursor_type(&c) != JSON_TYPE_OBJECT)
        return false;
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        const struct text key = json_cursor_key(&c);
        if (key.n == 0)
            break;
        const enum json_type type = json_cursor_type(&c);
        const struct text value = json_cursor_skip(&c);
        if (value.n && json_key_is(key, name)) {
            *out_raw = value;
            *out_type = type;
            found = true;
        }
    }
    return found;
}

/* The start of *rest, which is inside a string and not empty: a run of characters that stand for themselves,
 * or one that was escaped, which is put into `decoded`. Empty when it is no escape. */
static struct text next_piece(struct text *rest, char decoded[static UTF8_MAX])
{
    const struct text run = text_first(*rest, text_find(*rest, '\\'));
    *rest = text_from(*rest, run.n);
    return run.n ? run : (struct text){decoded, decode_escape(rest, decoded)};
}

/* Between the quotes; false when it has none. */
static bool inside_of(struct text raw, struct text *out)
{
    struct json_cursor c = {raw};
    if (raw.n < 2 || raw.p[0] != '"' || raw.p[raw.n - 1] != '"' || json_cursor_skip(&c).n != raw.n)
        return false;
    *out = (struct text){raw.p + 1, raw.n - 2};
    return true;
}

struct status json_string_decode(struct text raw, struct buffer *out)
{
    struct text rest;
    if (!inside_of(raw, &rest))
        return STATUS(INVALID);
    while (rest.n) {
        char decoded[UTF8_MAX];
        const struct text piece = next_piece(&rest, decoded);
        if (piece.n == 0)
            return STATUS(INVALID);
        buffer_text(out, piece);
    }
    return buffer_status(out);
}

size_t json_string_copy(struct text raw, char *out)
{
    struct text rest;
    size_t n = 0;
    if (!inside_of(raw, &rest))
        return SIZE_MAX;
    while (rest.n) {
        char decoded[UTF8_MAX];
        const struct text piece = next_piece(&rest, decoded);
        if (piece.n == 0)
            return SIZE_MAX;
        memcpy(out + n, piece.p, piece.n); /* an escape is never shorter than what it stands for */
        n += piece.n;
    }
    return n;
}

void json_drop_newlines_in_strings(struct text in, struct buffer *out)
{
    bool in_string = false;
    size_t start = 0; /* of the run that was not copied yet */
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];
        if (c == '"') {
            in_string = !in_string;
        } else if (in_string && c == '\\') {
            i++; /* whatever is escaped ends no string */
        } else if (in_string && (c == '\r' || c == '\n')) {
            buffer_text(out, (struct text){in.p + start, i - start});
            start = i + 1;
        }
    }
    buffer_text(out, text_from(in, start));
}
