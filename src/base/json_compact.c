/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_compact.h"

#include "base/json_out.h"
#include "base/utf8.h"

#define ESCAPE 6 /* "\u003c": what one character may become */

/* ---- JSON, made compact ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Of a run inside a string; what ends it wants a look. 0xe2 is the first byte of U+2028 and U+2029. */
static bool is_plain(char c)
{
    return c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' && c != '\xe2';
}

static size_t run_in_string(struct text t)
{
    size_t n = 0;
    while (n < t.n && is_plain(t.p[n]))
        n++;
    return n;
}

static size_t run_between(struct text t)
{
    size_t n = 0;
    while (n < t.n && t.p[n] != '"' && !is_blank(t.p[n]))
        n++;
    return n;
}

static void take(struct json_compact *c, size_t n, struct buffer *out)
{
    buffer_text(out, text_first(c->rest, n));
    c->rest = text_from(c->rest, n);
}

static void replace(struct json_compact *c, size_t n, struct text by, struct buffer *out)
{
    buffer_text(out, by);
    c->rest = text_from(c->rest, n);
}

/* One character at which a run inside a string ends. */
static void special_in_string(struct json_compact *c, struct buffer *out)
{
    switch (c->rest.p[0]) {
    case '"':
        c->in_string = false;
        take(c, 1, out);
        return;
    case '\\':
        take(c, 2, out); /* an escape is passed on as it was sent; its rest is a plain run */
        return;
    case '<':
        replace(c, 1, TEXT("\\u003c"), out);
        return;
    case '>':
        replace(c, 1, TEXT("\\u003e"), out);
        return;
    case '&':
        replace(c, 1, TEXT("\\u0026"), out);
        return;
    default:
        break;
    }
    if (text_starts_with(c->rest, TEXT("\xe2\x80\xa8")))
        replace(c, 3, TEXT("\\u2028"), out);
    else if (text_starts_with(c->rest, TEXT("\xe2\x80\xa9")))
        replace(c, 3, TEXT("\\u2029"), out);
    else
        take(c, 1, out);
}

static void special_between(struct json_compact *c, struct buffer *out)
{
    c->in_string = c->rest.p[0] == '"';
    if (c->in_string)
        take(c, 1, out);
    else
        c->rest = text_from(c->rest, 1); /* a blank */
}

void json_compact_some(struct json_compact *c, size_t most, struct buffer *out)
{
    const size_t start = buffer_size(out);
    size_t written = 0;
    if (most == 0)
        most = 1;
    while (c->rest.n && status_ok(buffer_status(out))) {
        const size_t room = most > written ? most - written : 0;
        const size_t run =
            c->in_string ? run_in_string(text_first(c->rest, room)) : run_between(text_first(c->rest, room));
        if (run > 0)
            take(c, run, out);
        else if (written > 0 && room < ESCAPE)
            return;
        else if (c->in_string)
            special_in_string(c, out);
        else
            special_between(c, out);
        written = buffer_size(out) - start;
    }
}

/* ---- text, escaped ---- */

/* At most n bytes (n >= UTF8_MAX) without cutting a character. */
static size_t whole_characters(struct text t, size_t n)
{
    if (n >= t.n)
        return t.n;
    for (size_t back = 1; back < UTF8_MAX; back++) {
        uint32_t ignored;
        const size_t start = n - back;
        if (((uint8_t)t.p[start] & 0xc0) != 0x80)
            return utf8_decode(t.p + start, t.n - start, &ignored) > back ? start : n;
    }
    return n;
}

void json_escape_some(struct json_escape *e, size_t most, struct buffer *out)
{
    const size_t start = buffer_size(out);
    size_t written = 0;
    while (e->rest.n && status_ok(buffer_status(out))) {
        const size_t room = most > written ? most - written : 0;
        size_t piece = room / ESCAPE; /* even if each of its bytes is escaped it fits */
        if (piece < UTF8_MAX && written > 0)
            return;
        piece = whole_characters(e->rest, piece < UTF8_MAX ? UTF8_MAX : piece);
        json_escape_text(out, text_first(e->rest, piece));
        e->rest = text_from(e->rest, piece);
        written = buffer_size(out) - start;
    }
}
