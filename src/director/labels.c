/* SPDX-License-Identifier: Apache-2.0 */
#include "director/internal.h"

#include <stdlib.h>

#include "base/json_cursor.h"
#include "base/own.h"

struct member {
    struct text key, value; /* the key without its quotes: keys are words, so nothing in them is escaped */
};

static struct text key_of(struct json_cursor *c)
{
    const struct text raw = json_cursor_key(c);
    return raw.n >= 2 ? text_first(text_from(raw, 1), raw.n - 2) : TEXT("");
}

bool labels_find(struct text labels, struct text key, struct text *out_json)
{
    struct json_cursor c = json_cursor_at(labels);
    for (bool more = labels.n > 0 && json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        const bool is = text_equal(key_of(&c), key);
        *out_json = json_cursor_skip(&c);
        if (is)
            return true;
    }
    return false;
}

static int by_key(const void *a, const void *b)
{
    return text_compare(((const struct member *)a)->key, ((const struct member *)b)->key);
}

static size_t count_of(struct text labels)
{
    size_t n = 0;
    struct json_cursor c = json_cursor_at(labels);
    for (bool more = labels.n > 0 && json_cursor_enter(&c); more; more = json_cursor_next(&c), n++) {
        (void)json_cursor_key(&c);
        (void)json_cursor_skip(&c);
    }
    return n;
}

static struct text write(const struct member *members, size_t count, struct arena *a)
{
    size_t size = 2;
    for (size_t i = 0; i < count; i++)
        size += members[i].key.n + members[i].value.n + 4;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, size + 1);
    buffer_byte(&b, '{');
    for (size_t i = 0; i < count; i++) {
        buffer_cstr(&b, i > 0 ? ",\"" : "\"");
        buffer_text(&b, members[i].key);
        buffer_cstr(&b, "\":");
        buffer_text(&b, members[i].value);
    }
    buffer_byte(&b, '}');
    return status_ok(buffer_status(&b)) ? arena_text(a, buffer_as_text(&b)) : (struct text){NULL, 0};
}

struct text labels_with(struct arena *a, struct text labels, struct text key, struct text value)
{
    struct member *members = arena_array(a, count_of(labels) + 1, sizeof *members);
    if (!members)
        return (struct text){NULL, 0};
    size_t n = 0;
    struct json_cursor c = json_cursor_at(labels);
    for (bool more = labels.n > 0 && json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        const struct text is = key_of(&c);
        const struct text with = json_cursor_skip(&c);
        if (!key.p || !text_equal(is, key))
            members[n++] = (struct member){is, with};
    }
    if (key.p && value.p)
        members[n++] = (struct member){key, value};
    qsort(members, n, sizeof *members, by_key);
    return write(members, n, a);
}
