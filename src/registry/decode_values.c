/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/decode_values.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

/* ---- messages ---- */

#define NAME_MAX_SHOWN 64

static struct text shortened(struct text name)
{
    size_t n = name.n;
    if (n <= NAME_MAX_SHOWN)
        return name;
    n = NAME_MAX_SHOWN;
    while (n > 0 && ((uint8_t)name.p[n] & 0xc0) == 0x80) /* not through a character */
        n--;
    return text_first(name, n);
}

struct text name_of_key(struct text raw_key)
{
    return text_first(text_from(raw_key, 1), raw_key.n < 2 ? 0 : raw_key.n - 2);
}

/* "headers", "[2]", or "" in quotes for the empty name. */
static size_t segment_text(const struct place *p, char out[static PLACE_TEXT])
{
    const struct text name = p->name.n ? shortened(p->name) : TEXT("\"\"");
    const int n = p->name.p ? snprintf(out, PLACE_TEXT, "%.*s", TEXT_ARG(name))
                            : snprintf(out, PLACE_TEXT, "[%zu]", p->index);
    must(n >= 0 && n < PLACE_TEXT);
    return strlen(out); /* a NUL in a name ends it */
}

const char *place_text(const struct place *at, char out[static PLACE_TEXT])
{
    size_t start = PLACE_TEXT - 1; /* filled from the back */
    char segment[PLACE_TEXT];
    out[start] = '\0';
    for (const struct place *p = at; p; p = p->up) {
        const size_t n = segment_text(p, segment);
        const bool dot = out[start] != '\0' && out[start] != '[';
        if (n + dot > start)
            break; /* the outer names are ours and short; but the inner ones say more */
        if (dot)
            out[--start] = '.';
        start -= n;
        memcpy(out + start, segment, n);
    }
    memmove(out, out + start, PLACE_TEXT - start);
    return out;
}

const char *type_in_words(enum json_type t)
{
    switch (t) {
    case JSON_TYPE_NULL:
        break;
    case JSON_TYPE_BOOL:
        return "a boolean";
    case JSON_TYPE_NUMBER:
        return "a number";
    case JSON_TYPE_STRING:
        return "a string";
    case JSON_TYPE_ARRAY:
        return "an array";
    case JSON_TYPE_OBJECT:
        return "an object";
    }
    return "null";
}

struct status refuse_type(struct decoding *d, const struct place *at, const char *wanted, enum json_type got)
{
    char where[PLACE_TEXT];
    return error_set(d->err, E_INVALID, "%s must be %s, not %s", place_text(at, where), wanted,
                     type_in_words(got));
}

/* ---- memory ---- */

/* An arena has its maximum: what does not fit into it is the client's doing, anything else is not. */
static struct status allocate(struct decoding *d, const struct place *at, size_t size, void **out)
{
    char where[PLACE_TEXT];
    *out = arena_alloc(d->a, size);
    if (*out)
        return DONE;
    if (size > d->a->max - d->a->total)
        return error_set(d->err, E_TOO_LARGE, "%s is too long", place_text(at, where));
    return error_set(d->err, E_NOMEM, "out of memory");
}

struct status decode_array(struct decoding *d, const struct place *at, const struct json_cursor *c,
                           size_t item_size, void **out)
{
    struct json_cursor copy = *c;
    const bool object = json_cursor_type(c) == JSON_TYPE_OBJECT;
    unsigned count = 0;
    for (bool more = json_cursor_enter(&copy); more; more = json_cursor_next(&copy)) {
        char where[PLACE_TEXT];
        if (count == d->items_left)
            return error_set(d->err, E_INVALID,
                             "%s: more than %d headers, parameters, labels and tags in all",
                             place_text(at, where), DECODE_ITEMS_MAX);
        count++;
        if (object)
            json_cursor_key(&copy);
        json_cursor_skip(&copy);
    }
    d->items_left -= count;
    return allocate(d, at, count * item_size, out);
}

/* ---- texts ---- */

/* The string `raw`, with its quotes. */
static struct status text_from_raw(struct decoding *d, const struct place *at, struct text raw,
                                   struct text *out)
{
    if (raw.n < 2)
        return error_set(d->err, E_INVALID, "a member name is missing");
    const struct text inside = {raw.p + 1, raw.n - 2};
    if (!memchr(inside.p, '\\', inside.n)) {
        *out = inside;
        return DONE;
    }
    void *copy;
    TRY(allocate(d, at, raw.n, &copy));
    const size_t n = json_string_copy(raw, copy);
    if (n == SIZE_MAX)
        return error_set(d->err, E_INVALID, "a string is damaged");
    *out = (struct text){copy, n};
    return DONE;
}

struct status decode_text(struct decoding *d, const struct place *at, struct json_cursor *c, struct text *out)
{
    const enum json_type type = json_cursor_type(c);
    const struct text raw = json_cursor_skip(c);
    *out = (struct text){NULL, 0};
    if (type == JSON_TYPE_NULL)
        return DONE;
    if (type != JSON_TYPE_STRING)
        return refuse_type(d, at, "a string", type);
    return text_from_raw(d, at, raw, out);
}

struct status decode_texts(struct decoding *d, const struct place *at, struct json_cursor *c,
                           const struct text **out, size_t *out_count, bool *out_given)
{
    const enum json_type type = json_cursor_type(c);
    *out = NULL;
    *out_count = 0;
    *out_given = type != JSON_TYPE_NULL;
    if (type == JSON_TYPE_NULL) {
        json_cursor_skip(c);
        return DONE;
    }
    if (type != JSON_TYPE_ARRAY)
        return refuse_type(d, at, "an array of strings", type);
    void *array;
    TRY(decode_array(d, at, c, sizeof(struct text), &array));
    struct text *list = array;
    size_t n = 0;
    for (bool more = json_cursor_enter(c); more; more = json_cursor_next(c), n++) {
        const struct place item = {.up = at, .index = n};
        TRY(decode_text(d, &item, c, &list[n]));
    }
    *out = list;
    *out_count = n;
    return DONE;
}

/* ---- parameters ---- */

static size_t find_parameter(const struct parameter *list, size_t count, struct text name)
{
    size_t i = 0;
    while (i < count && !text_equal(list[i].name, name))
        i++;
    return i;
}

/* The original keeps them in a map, which it shows sorted. */
static int compare_parameters(const void *a, const void *b)
{
    const struct parameter *x = a;
    const struct parameter *y = b;
    return text_compare(x->name, y->name);
}

struct status decode_parameters(struct decoding *d, const struct place *at, struct json_cursor *c,
                                struct parameter_list *out, bool *out_given)
{
    const enum json_type type = json_cursor_type(c);
    *out = (struct parameter_list){0};
    if (type == JSON_TYPE_NULL) {
        json_cursor_skip(c);
        return DONE;
    }
    if (type != JSON_TYPE_OBJECT)
        return refuse_type(d, at, "an object of arrays of strings", type);
    *out_given = true;
    void *array;
    TRY(decode_array(d, at, c, sizeof(struct parameter), &array));
    struct parameter *list = array;
    size_t count = 0;
    for (bool more = json_cursor_enter(c); more; more = json_cursor_next(c)) {
        struct parameter p = {0};
        bool given;
        const struct text key = json_cursor_key(c);
        const struct place member = {.up = at, .name = name_of_key(key)};
        TRY(text_from_raw(d, &member, key, &p.name));
        TRY(decode_texts(d, &member, c, &p.values, &p.count, &given));
        const size_t i = find_parameter(list, count, p.name);
        if (given) {
            list[i] = p;
            count += i == count;
        } else if (i < count) { /* the last one wins, and it is absent */
            memmove(&list[i], &list[i + 1], (--count - i) * sizeof *list);
        }
    }
    if (count > 1)
        qsort(list, count, sizeof *list, compare_parameters);
    *out = (struct parameter_list){list, count};
    return DONE;
}

/* ---- labels ---- */

static int compare_labels(const void *a, const void *b)
{
    const struct label *x = a, *y = b;
    return text_compare(x->name, y->name);
}

static struct status decode_label(struct decoding *d, const struct place *at, struct json_cursor *c,
                                  struct label *list, size_t *count)
{
    struct label l;
    const struct text key = json_cursor_key(c);
    const struct place member = {.up = at, .name = name_of_key(key)};
    TRY(text_from_raw(d, &member, key, &l.name));
    TRY(decode_text(d, &member, c, &l.value));
    if (!l.value.p)
        l.value = TEXT(""); /* null, as in the original */
    size_t i = 0;
    while (i < *count && !text_equal(list[i].name, l.name))
        i++;
    list[i] = l;
    *count += i == *count;
    return DONE;
}

struct status decode_labels(struct decoding *d, const struct place *at, struct json_cursor *c,
                            const struct label **out, size_t *out_count)
{
    const enum json_type type = json_cursor_type(c);
    *out = NULL;
    *out_count = 0;
    if (type == JSON_TYPE_NULL) {
        json_cursor_skip(c);
        return DONE;
    }
    if (type != JSON_TYPE_OBJECT)
        return refuse_type(d, at, "an object of strings", type);
    void *array;
    TRY(decode_array(d, at, c, sizeof(struct label), &array));
    struct label *list = array;
    size_t count = 0;
    for (bool more = json_cursor_enter(c); more; more = json_cursor_next(c))
        TRY(decode_label(d, at, c, list, &count));
    qsort(list, count, sizeof *list, compare_labels);
    *out = list;
    *out_count = count;
    return DONE;
}
