/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/specification.h"

#include <stdlib.h>

#include "base/json_cursor.h"
#include "base/json_out.h"

/* Contract 1.13: what the original reads into its model and writes again. Only the top level is touched. */

enum rule {
    RULE_KEEP,    /* left out when null or empty, as the model's `omitempty` */
    RULE_OBJECT,  /* left out when null only */
    RULE_PATHS,   /* null when absent */
    RULE_SCHEMES, /* ours */
    RULE_HOST,    /* ours */
};

/* In the order of the original's marshaller; basePath goes, and so is not here. */
static const struct {
    struct text key;
    enum rule rule;
} members[] = {
    {TEXT_INIT("id"), RULE_KEEP},
    {TEXT_INIT("consumes"), RULE_KEEP},
    {TEXT_INIT("produces"), RULE_KEEP},
    {TEXT_INIT("schemes"), RULE_SCHEMES},
    {TEXT_INIT("swagger"), RULE_KEEP},
    {TEXT_INIT("info"), RULE_OBJECT},
    {TEXT_INIT("host"), RULE_HOST},
    {TEXT_INIT("paths"), RULE_PATHS},
    {TEXT_INIT("definitions"), RULE_KEEP},
    {TEXT_INIT("parameters"), RULE_KEEP},
    {TEXT_INIT("responses"), RULE_KEEP},
    {TEXT_INIT("securityDefinitions"), RULE_KEEP},
    {TEXT_INIT("security"), RULE_KEEP},
    {TEXT_INIT("tags"), RULE_KEEP},
    {TEXT_INIT("externalDocs"), RULE_OBJECT},
};
#define MEMBERS (sizeof(members) / sizeof(members[0]))

bool swagger2_is(struct text json, struct text api_type)
{
    struct text version;
    enum json_type type;
    char decoded[64];
    if (text_equal_nocase(api_type, TEXT("odata")) || !json_member(json, TEXT("swagger"), &version, &type))
        return false;
    if (type != JSON_TYPE_STRING || version.n > sizeof decoded)
        return false;
    const size_t n = json_string_copy(version, decoded);
    return n == 3 && text_equal((struct text){decoded, n}, TEXT("2.0"));
}

/* ---- extensions: x-..., sorted ---- */

/*
 * Real documents have a dozen. One with hundreds of thousands is for whoever wants each GET to cost many
 * times its size in memory: its extensions come in the order they were sent, with nothing kept of them.
 */
#define SORTED_MAX 4096

struct extension {
    struct text raw_key; /* with quotes */
    struct text key;     /* decoded */
    struct text value;
};
struct extensions {
    struct extension *list; /* in the arena */
    size_t count, room;     /* room 0: they are not sorted */
    struct arena *a;
};

/* The key, decoded; escapes may hide the "x-". {NULL, 0} when out of memory. */
static struct text key_of(struct text raw, struct arena *a)
{
    if (raw.n < 2 || !text_contains(raw, '\\'))
        return raw.n < 2 ? TEXT("") : (struct text){raw.p + 1, raw.n - 2};
    char *copy = arena_alloc(a, raw.n);
    const size_t n = copy ? json_string_copy(raw, copy) : 0;
    return copy && n != SIZE_MAX ? (struct text){copy, n} : (struct text){copy, 0};
}

static bool is_extension(struct text key)
{
    return text_equal_nocase(text_first(key, 2), TEXT("x-"));
}

static struct status add_extension(struct extensions *x, struct text raw_key, struct text value)
{
    const struct text key = key_of(raw_key, x->a);
    if (!key.p)
        return STATUS(NOMEM);
    if (is_extension(key) && x->count < x->room)
        x->list[x->count++] = (struct extension){raw_key, key, value};
    return DONE;
}

/* Of equal keys the later one comes last: values point into the same document. */
static int compare_extensions(const void *a, const void *b)
{
    const struct extension *x = a, *y = b;
    const int order = text_compare(x->key, y->key);
    return order ? order : x->value.p < y->value.p ? -1 : 1;
}

/* ---- reading ---- */

/* At most SORTED_MAX and one. */
static size_t count_members(struct text json)
{
    size_t count = 0;
    struct json_cursor c = json_cursor_at(json);
    for (bool more = json_cursor_enter(&c); more && count <= SORTED_MAX; more = json_cursor_next(&c)) {
        json_cursor_key(&c);
        json_cursor_skip(&c);
        count++;
    }
    return count;
}

static size_t find_member(struct text key)
{
    size_t i = 0;
    while (i < MEMBERS && !json_key_is(key, members[i].key))
        i++;
    return i;
}

static struct status read_document(struct text json, struct text values[static MEMBERS], struct extensions *x)
{
    struct json_cursor c = json_cursor_at(json);
    const size_t count = count_members(json);
    x->room = count <= SORTED_MAX ? count : 0;
    x->list = arena_array(x->a, x->room, sizeof *x->list);
    if (!x->list)
        return STATUS(NOMEM);
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        const struct text key = json_cursor_key(&c), value = json_cursor_skip(&c);
        const size_t i = find_member(key);
        if (i < MEMBERS)
            values[i] = value; /* the last one wins */
        else if (x->room > 0)
            TRY(add_extension(x, key, value));
    }
    return DONE;
}

/* ---- writing ---- */

static bool is_empty(struct text value, enum rule rule)
{
    struct json_cursor c = json_cursor_at(value);
    const enum json_type type = json_cursor_type(&c);
    if (type == JSON_TYPE_STRING)
        return rule == RULE_KEEP && value.n == 2;
    if (type == JSON_TYPE_OBJECT || type == JSON_TYPE_ARRAY)
        return rule == RULE_KEEP && !json_cursor_enter(&c);
    return type == JSON_TYPE_NULL;
}

static void begin_member(struct buffer *out, bool *first, struct text key)
{
    if (!*first)
        buffer_byte(out, ',');
    *first = false;
    buffer_byte(out, '"');
    buffer_text(out, key);
    buffer_text(out, TEXT("\":"));
}

static void write_member(struct buffer *out, bool *first, size_t i, struct text value, struct text host)
{
    switch (members[i].rule) {
    case RULE_SCHEMES:
        begin_member(out, first, members[i].key);
        buffer_text(out, TEXT("[\"http\"]"));
        return;
    case RULE_HOST:
        begin_member(out, first, members[i].key);
        buffer_byte(out, '"');
        json_escape_text(out, host);
        buffer_byte(out, '"');
        return;
    case RULE_PATHS:
        begin_member(out, first, members[i].key);
        buffer_text(out, value.n ? value : TEXT("null"));
        return;
    case RULE_KEEP:
    case RULE_OBJECT:
        break;
    }
    if (value.n == 0 || is_empty(value, members[i].rule))
        return;
    begin_member(out, first, members[i].key);
    buffer_text(out, value);
}

static void write_sorted(struct buffer *out, bool *first, const struct extensions *x)
{
    for (size_t i = 0; i < x->count; i++) {
        if (i + 1 < x->count && text_equal(x->list[i].key, x->list[i + 1].key))
            continue; /* the last one wins */
        begin_member(out, first, (struct text){x->list[i].raw_key.p + 1, x->list[i].raw_key.n - 2});
        buffer_text(out, x->list[i].value);
    }
}

/* Keys that hide their "x-" behind escapes are left out. */
static void write_as_sent(struct buffer *out, bool *first, struct text json)
{
    struct json_cursor c = json_cursor_at(json);
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        const struct text key = json_cursor_key(&c), value = json_cursor_skip(&c);
        if (key.n < 2 || !is_extension(text_from(key, 1)))
            continue;
        begin_member(out, first, (struct text){key.p + 1, key.n - 2});
        buffer_text(out, value);
    }
}

struct status swagger2_rewrite(struct text json, struct text host, struct buffer *out)
{
    OWNED(arena_release) struct arena a;
    struct text values[MEMBERS] = {0};
    bool first = true;
    /* Keys with escapes are copied, and are in the document. */
    arena_init(&a, 4096, SORTED_MAX * sizeof(struct extension) + 2 * json.n + 65536);
    struct extensions x = {.a = &a};
    TRY(read_document(json, values, &x));
    qsort(x.list, x.count, sizeof *x.list, compare_extensions);
    buffer_byte(out, '{');
    for (size_t i = 0; i < MEMBERS; i++)
        write_member(out, &first, i, values[i], host);
    if (x.room > 0)
        write_sorted(out, &first, &x);
    else
        write_as_sent(out, &first, json);
    buffer_byte(out, '}');
    return buffer_status(out);
}
