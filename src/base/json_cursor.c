/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_cursor.h"

static void skip_blanks(struct json_cursor *c)
{
    size_t i = 0;
    const struct text t = c->rest;
    while (i < t.n && (t.p[i] == ' ' || t.p[i] == '\n' || t.p[i] == '\r' || t.p[i] == '\t'))
        i++;
    c->rest = text_from(t, i);
}

/* Length of the string at the start of t, with both quotes. */
static size_t string_length(struct text t)
{
    size_t at = 1;
    while (at < t.n) {
        const char *quote = memchr(t.p + at, '"', t.n - at);
        if (!quote)
            return t.n;
        const size_t end = (size_t)(quote - t.p);
        /* The quote ends the string unless an odd number of backslashes is in front of it. */
        size_t backslashes = 0;
        while (end - backslashes > 1 && t.p[end - backslashes - 1] == '\\')
            backslashes++;
        if (backslashes % 2 == 0)
            return end + 1;
        at = end + 1;
    }
    return t.n;
}

static size_t container_length(struct text t)
{
    int depth = 0;
    size_t i = 0;
    while (i < t.n) {
        const char c = t.p[i];
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

struct json_cursor json_cursor_at(struct text json)
{
    struct json_cursor c = {json};
    skip_blanks(&c);
    return c;
}

enum json_type json_cursor_type(const struct json_cursor *c)
{
    if (c->rest.n == 0)
        return JSON_TYPE_NULL;
    switch (c->rest.p[0]) {
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

struct text json_cursor_skip(struct json_cursor *c)
{
    const struct text value = text_first(c->rest, value_length(c->rest));
    c->rest = text_from(c->rest, value.n);
    return value;
}

bool json_cursor_enter(struct json_cursor *c)
{
    if (c->rest.n == 0 || (c->rest.p[0] != '{' && c->rest.p[0] != '['))
        return false;
    c->rest = text_from(c->rest, 1);
    skip_blanks(c);
    if (c->rest.n && c->rest.p[0] != '}' && c->rest.p[0] != ']')
        return true;
    c->rest = text_from(c->rest, 1);
    return false;
}

struct text json_cursor_key(struct json_cursor *c)
{
    const struct text key = c->rest.n && c->rest.p[0] == '"' ? json_cursor_skip(c) : text_first(c->rest, 0);
    skip_blanks(c);
    c->rest = text_from(c->rest, 1); /* the colon */
    skip_blanks(c);
    return key;
}

bool json_cursor_next(struct json_cursor *c)
{
    skip_blanks(c);
    const bool more = c->rest.n > 1 && c->rest.p[0] == ',';
    c->rest = text_from(c->rest, 1); /* the comma or the end */
    if (more)
        skip_blanks(c);
    return more && c->rest.n > 0;
}
