/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers json_compact_some, json_escape_some (base/json_compact.h) and the calls of base/json_cursor.h.
 * Properties: the pieces do not depend on how large they may be; what comes out of accepted JSON is JSON with
 * the same values in the same order, numbers letter for letter, without blanks and without characters that
 * HTML minds; an escaped text decodes to itself.
 */

#include "base/json_compact.h"
#include "base/json_cursor.h"
#include "base/own.h"

#define LARGEST (64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compact(struct text in, size_t most, struct buffer *out)
{
    struct json_compact c = {.rest = in};
    while (c.rest.n) {
        const size_t before = buffer_size(out);
        json_compact_some(&c, most, out);
        must(status_ok(buffer_status(out)));
        must(most < JSON_COMPACT_LEAST || buffer_size(out) - before <= most);
    }
}

static void escape(struct text in, size_t most, struct buffer *out)
{
    struct json_escape e = {in};
    while (e.rest.n) {
        const size_t before = buffer_size(out);
        json_escape_some(&e, most, out);
        must(status_ok(buffer_status(out)));
        must(most < JSON_COMPACT_LEAST || buffer_size(out) - before <= most);
    }
}

static void check_same_string(struct text a, struct text b)
{
    OWNED(buffer_release) struct buffer x;
    OWNED(buffer_release) struct buffer y;
    buffer_init(&x, LARGEST);
    buffer_init(&y, LARGEST);
    must(status_ok(json_string_decode(a, &x)) && status_ok(json_string_decode(b, &y)));
    must(text_equal(buffer_as_text(&x), buffer_as_text(&y)));
}

/* Both cursors are on a value, of which json_scan bounds the depth. */
static void check_same_value(struct json_cursor *a, struct json_cursor *b)
{
    const enum json_type type = json_cursor_type(a);
    must(type == json_cursor_type(b));
    if (type == JSON_TYPE_STRING) {
        check_same_string(json_cursor_skip(a), json_cursor_skip(b));
        return;
    }
    if (type != JSON_TYPE_OBJECT && type != JSON_TYPE_ARRAY) {
        must(text_equal(json_cursor_skip(a), json_cursor_skip(b)));
        return;
    }
    bool more = json_cursor_enter(a);
    must(more == json_cursor_enter(b));
    while (more) {
        if (type == JSON_TYPE_OBJECT)
            check_same_string(json_cursor_key(a), json_cursor_key(b));
        check_same_value(a, b);
        more = json_cursor_next(a);
        must(more == json_cursor_next(b));
    }
}

static void check_accepted(struct text in, struct text out)
{
    must(status_ok(json_scan(out, NULL)));
    struct json_cursor a = json_cursor_at(in), b = json_cursor_at(out);
    check_same_value(&a, &b);
    must(b.rest.n == 0);
    bool in_string = false;
    for (size_t i = 0; i < out.n; i++) {
        const char c = out.p[i];
        must(in_string ? c != '<' && c != '>' && c != '&' : !strchr(" \n\r\t", c));
        must(!text_starts_with(text_from(out, i), TEXT("\xe2\x80\xa8")) &&
             !text_starts_with(text_from(out, i), TEXT("\xe2\x80\xa9")));
        if (c == '"')
            in_string = !in_string;
        else if (in_string && c == '\\')
            i++;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > LARGEST)
        return 0;
    const size_t most = data[0]; /* of a piece */
    const struct text in = {(const char *)data + 1, size - 1};
    OWNED(buffer_release) struct buffer whole;
    OWNED(buffer_release) struct buffer pieces;
    buffer_init(&whole, 8 * (size_t)LARGEST);
    buffer_init(&pieces, 8 * (size_t)LARGEST);
    compact(in, SIZE_MAX, &whole);
    compact(in, most, &pieces);
    must(text_equal(buffer_as_text(&whole), buffer_as_text(&pieces)));
    if (status_ok(json_scan(in, NULL)))
        check_accepted(in, buffer_as_text(&whole));
    buffer_clear(&whole);
    buffer_clear(&pieces);
    buffer_byte(&whole, '"');
    buffer_byte(&pieces, '"');
    escape(in, SIZE_MAX, &whole);
    escape(in, most, &pieces);
    must(text_equal(buffer_as_text(&whole), buffer_as_text(&pieces)));
    buffer_byte(&whole, '"');
    must(status_ok(json_scan(buffer_as_text(&whole), NULL)));
    buffer_clear(&pieces);
    must(status_ok(json_string_decode(buffer_as_text(&whole), &pieces)));
    must(!text_is_utf8(in) || text_equal(buffer_as_text(&pieces), in));
    return 0;
}
