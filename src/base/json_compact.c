/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_compact.h"

#include "base/json_out.h"
#include "base/utf8.h"

#define ESCAPE 6 /* "\u003c": what one character may become */

/* ---- JSON, made compact ---- */

/* What ends a run inside a string; 0xe2 is the first byte of U+2028 and U+2029. */
static const bool special_in_string[256] = {
    ['"'] = true, ['\\'] = true, ['<'] = true, ['>'] = true, ['&'] = true, [0xe2] = true};
/* And between strings. */
static const bool special_between[256] = {
    ['"'] = true, [' '] = true, ['\n'] = true, ['\r'] = true, ['\t'] = true};

/* What is being written; a piece is gathered here, because most runs are short. */
struct piece {
    size_t n;
    char p[1024];
};

static void put(struct piece *out, struct text t)
{
    memcpy(out->p + out->n, t.p, t.n);
    out->n += t.n;
}

/* One character of a string at which a run ends; returns how much of `rest` it was. */
static size_t put_special(struct text rest, struct piece *out)
{
    switch (rest.p[0]) {
    case '\\': /* an escape is passed on as it was sent; its rest is a plain run */
        put(out, text_first(rest, 2));
        return text_first(rest, 2).n;
    case '<':
        put(out, TEXT("\\u003c"));
        return 1;
    case '>':
        put(out, TEXT("\\u003e"));
        return 1;
    case '&':
        put(out, TEXT("\\u0026"));
        return 1;
    default:
        break;
    }
    const bool separator =
        text_starts_with(rest, TEXT("\xe2\x80\xa8")) || text_starts_with(rest, TEXT("\xe2\x80\xa9"));
    if (separator)
        put(out, rest.p[2] == '\xa8' ? TEXT("\\u2028") : TEXT("\\u2029"));
    else
        put(out, text_first(rest, 1));
    return separator ? 3 : 1;
}

/* As much as surely fits into `room` bytes, which are at least ESCAPE and at most the piece. */
static void fill(struct json_compact *c, size_t room, struct piece *out)
{
    const struct text in = c->rest;
    const size_t end = room - ESCAPE;
    bool in_string = c->in_string;
    size_t i = 0;
    out->n = 0;
    while (i < in.n && out->n <= end) {
        const char x = in.p[i];
        if (!(in_string ? special_in_string : special_between)[(uint8_t)x]) {
            out->p[out->n++] = x;
            i++;
        } else if (x == '"') {
            out->p[out->n++] = x;
            in_string = !in_string;
            i++;
        } else {
            i += in_string ? put_special(text_from(in, i), out) : 1; /* a blank goes */
        }
    }
    c->in_string = in_string;
    c->rest = text_from(in, i);
}

void json_compact_some(struct json_compact *c, size_t most, struct buffer *out)
{
    size_t written = 0;
    while (c->rest.n && status_ok(buffer_status(out))) {
        struct piece piece;
        size_t room = most > written ? most - written : 0;
        if (room < ESCAPE && written > 0)
            return;
        if (room < ESCAPE)
            room = ESCAPE;
        fill(c, room < sizeof piece.p ? room : sizeof piece.p, &piece);
        buffer_text(out, (struct text){piece.p, piece.n});
        written += piece.n;
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
