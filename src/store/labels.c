/* SPDX-License-Identifier: Apache-2.0 */
#include "store/labels.h"

#include "base/json_cursor.h"
#include "base/own.h"

#define KEY_MAX  (16u * 1024) /* of a key or an item; labels are a request's, and those are smaller */
#define ITEM_MAX (1024u * 1024)

static bool is_container(enum json_type t)
{
    return t == JSON_TYPE_ARRAY || t == JSON_TYPE_OBJECT;
}

bool label_item_of(struct text json, struct buffer *out)
{
    const struct json_cursor c = json_cursor_at(json);
    const enum json_type type = json_cursor_type(&c);
    if (is_container(type))
        return false;
    if (type == JSON_TYPE_STRING) {
        buffer_byte(out, 's');
        status_ignore(json_string_decode(json, out));
    } else {
        buffer_text(out, json);
    }
    return true;
}

struct walk {
    struct buffer key, item;
    label_item *each;
    void *ctx;
};

static struct status tell(struct walk *w, struct text scalar)
{
    buffer_clear(&w->item);
    if (scalar.p && !label_item_of(scalar, &w->item))
        return DONE;
    TRY(buffer_status(&w->item));
    return w->each(w->ctx, buffer_as_text(&w->key), buffer_as_text(&w->item));
}

static struct status tell_value(struct walk *w, struct text value)
{
    TRY(tell(w, (struct text){NULL, 0}));
    struct json_cursor c = json_cursor_at(value);
    if (json_cursor_type(&c) != JSON_TYPE_ARRAY)
        return tell(w, value);
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c))
        TRY(tell(w, json_cursor_skip(&c)));
    return DONE;
}

static struct status each_member(struct walk *w, struct text labels)
{
    struct json_cursor c = json_cursor_at(labels);
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        buffer_clear(&w->key);
        TRY(json_string_decode(json_cursor_key(&c), &w->key));
        TRY(buffer_status(&w->key));
        TRY(tell_value(w, json_cursor_skip(&c)));
    }
    return DONE;
}

struct status labels_each_item(struct text labels, label_item *item, void *ctx)
{
    struct walk w = {.each = item, .ctx = ctx};
    buffer_init(&w.key, KEY_MAX);
    buffer_init(&w.item, ITEM_MAX);
    const struct status s = each_member(&w, labels);
    buffer_release(&w.key);
    buffer_release(&w.item);
    return s;
}

/* ---- matching ---- */

/* The inside of a string that is written as it reads, or a number, true, false, null. */
static bool is_plain(struct text t)
{
    return !text_contains(t, '\\');
}

static bool same_scalar(struct text a, struct text b)
{
    if (text_equal(a, b))
        return true;
    if (is_plain(a) && is_plain(b))
        return false;
    OWNED(buffer_release) struct buffer x, y;
    buffer_init(&x, ITEM_MAX);
    buffer_init(&y, ITEM_MAX);
    return label_item_of(a, &x) && label_item_of(b, &y) && status_ok(buffer_status(&x)) &&
           status_ok(buffer_status(&y)) && text_equal(buffer_as_text(&x), buffer_as_text(&y));
}

/* Some element of the array contains `wanted`. */
static bool has_element(struct text array, struct text wanted)
{
    struct json_cursor c = json_cursor_at(array);
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c))
        if (label_contains(json_cursor_skip(&c), wanted))
            return true;
    return false;
}

static bool find_member(struct text object, struct text raw_key, struct text *out)
{
    struct json_cursor c = json_cursor_at(object);
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        const struct text key = json_cursor_key(&c);
        *out = json_cursor_skip(&c);
        if (same_scalar(key, raw_key))
            return true;
    }
    return false;
}

static bool has_members(struct text object, struct text wanted)
{
    struct json_cursor c = json_cursor_at(wanted);
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        const struct text key = json_cursor_key(&c);
        const struct text value = json_cursor_skip(&c);
        struct text is;
        if (!find_member(object, key, &is) || !label_contains(is, value))
            return false;
    }
    return true;
}

bool label_contains(struct text value, struct text wanted)
{
    struct json_cursor v = json_cursor_at(value), w = json_cursor_at(wanted);
    const enum json_type is = json_cursor_type(&v), want = json_cursor_type(&w);
    if (is == JSON_TYPE_ARRAY && !is_container(want))
        return has_element(value, wanted);
    if (is != want)
        return false;
    if (want == JSON_TYPE_OBJECT)
        return has_members(value, wanted);
    if (want != JSON_TYPE_ARRAY)
        return same_scalar(value, wanted);
    for (bool more = json_cursor_enter(&w); more; more = json_cursor_next(&w))
        if (!has_element(value, json_cursor_skip(&w)))
            return false;
    return true;
}

bool labels_match(struct text labels, const struct label_filter *f)
{
    struct json_cursor c = json_cursor_at(labels);
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        OWNED(buffer_release) struct buffer key;
        buffer_init(&key, KEY_MAX);
        const bool read = status_ok(json_string_decode(json_cursor_key(&c), &key));
        const struct text value = json_cursor_skip(&c);
        if (read && text_equal(buffer_as_text(&key), f->key))
            return f->contains.n == 0 || label_contains(value, f->contains);
    }
    return false;
}
