/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_scan.h"

#include "base/buffer.h"
#include "base/utf8.h"

/*
 * Reads text that json_scan accepted, so it does not judge; but it stays inside the slice whatever it is
 * given.
 */

static struct text skip_blanks(struct text t)
{
    size_t i = 0;
    while (i < t.n && (t.p[i] == ' ' || t.p[i] == '\n' || t.p[i] == '\r' || t.p[i] == '\t'))
        i++;
    return text_from(t, i);
}

/* Length of the string at the start of t, with both quotes. */
static size_t string_length(struct text t)
{
    for (size_t i = 1; i < t.n; i++) {
        if (t.p[i] == '"')
            return i + 1;
        if (t.p[i] == '\\')
            i++;
    }
    return t.n;
}

static size_t container_length(struct text t)
{
    int depth = 0;
    size_t i = 0;
    while (i < t.n) {
        char c = t.p[i];
        if (c == '"') {
            i += string_length(text_from(t, i));
            continue;
        }
        i++;
        if (c == '{' || c == '[')
            depth++;
        if ((c == '}' || c == ']') && --depth == 0)
            break;
    }
    return i;
}

static size_t value_length(struct text t)
{
    if (t.n && t.p[0] == '"')
        return string_length(t);
    if (t.n && (t.p[0] == '{' || t.p[0] == '['))
        return container_length(t);
    size_t i = 0;
    while (i < t.n && !strchr(",}] \n\r\t", t.p[i]))
        i++;
    return i;
}

static enum json_type type_of(struct text raw)
{
    switch (raw.p[0]) {
    case '{':
        return JSON_TYPE_OBJECT;
    case '[':
        return JSON_TYPE_ARRAY;
    case '"':
        return JSON_TYPE_STRING;
    case 't':
    case 'f':
        return JSON_TYPE_BOOL;
    case 'n':
        return JSON_TYPE_NULL;
    default:
        return JSON_TYPE_NUMBER;
    }
}

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

static bool key_is(struct text raw, struct text name)
{
    if (raw.n < 2)
        return false;
    struct text key = {raw.p + 1, raw.n - 2};
    return text_contains(key, '\\') ? key_with_escapes_is(key, name) : text_equal_nocase(key, name);
}

bool json_member(struct text object, struct text name, struct text *out_raw, enum json_type *out_type)
{
    bool found = false;
    struct text rest = skip_blanks(object);
    if (rest.n == 0 || rest.p[0] != '{')
        return false;
    rest = skip_blanks(text_from(rest, 1));
    while (rest.n && rest.p[0] == '"') {
        struct text key = text_first(rest, string_length(rest));
        rest = skip_blanks(text_from(rest, key.n));
        rest = skip_blanks(text_from(rest, 1)); /* the colon */
        struct text value = text_first(rest, value_length(rest));
        if (value.n && key_is(key, name)) {
            *out_raw = value;
            *out_type = type_of(value);
            found = true;
        }
        rest = skip_blanks(text_from(rest, value.n));
        rest = skip_blanks(text_from(rest, 1)); /* the comma or the end */
    }
    return found;
}

struct status json_string_decode(struct text raw, struct buffer *out)
{
    if (raw.n < 2 || raw.p[0] != '"' || string_length(raw) != raw.n || raw.p[raw.n - 1] != '"')
        return STATUS(INVALID);
    struct text rest = {raw.p + 1, raw.n - 2};
    while (rest.n) {
        struct text run = text_first(rest, text_find(rest, '\\'));
        buffer_text(out, run);
        rest = text_from(rest, run.n);
        if (rest.n == 0)
            break;
        char decoded[UTF8_MAX];
        size_t length = decode_escape(&rest, decoded);
        if (length == 0)
            return STATUS(INVALID);
        buffer_text(out, (struct text){decoded, length});
    }
    return buffer_status(out);
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
