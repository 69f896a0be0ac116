/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/json_cursor.h"
#include "director/internal.h"
#include "director/mapping_internal.h"
#include "x509/name.h"

/* Mappings from the configuration, and looking for the one of a certificate. */

#define ROOM (8u * MAPPING_FILE_MAX)

struct director_mappings {
    struct arena memory;
    struct subject_mapping *list;
    size_t count;
};

void director_mappings_free(struct director_mappings *m)
{
    if (!m)
        return;
    arena_release(&m->memory);
    mem_free(m);
}

/* ---- an entry ---- */

static struct status wants(const char *name, const char *what, struct error *err)
{
    return error_set(err, E_INVALID, "%s must be %s", name, what);
}

static struct status read_string(struct text raw, const char *name, struct arena *a, struct text *out,
                                 struct error *err)
{
    const struct json_cursor c = json_cursor_at(raw);
    if (json_cursor_type(&c) != JSON_TYPE_STRING)
        return wants(name, "a string", err);
    char *p = arena_alloc(a, raw.n + 1);
    if (!p)
        return STATUS(NOMEM);
    const size_t n = json_string_copy(raw, p);
    if (n == SIZE_MAX)
        return wants(name, "a string", err);
    *out = (struct text){p, n};
    return DONE;
}

static struct status read_levels(struct text raw, struct arena *a, struct director_mapping_input *in,
                                 struct error *err)
{
    struct json_cursor c = json_cursor_at(raw);
    struct text *list = arena_array(a, MAPPING_LEVELS, sizeof *list);
    if (!list)
        return STATUS(NOMEM);
    if (json_cursor_type(&c) != JSON_TYPE_ARRAY)
        return wants("tenant_access_levels", "a list of strings", err);
    in->levels = list;
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        if (in->level_count == MAPPING_LEVELS)
            return wants("tenant_access_levels", "a list of at most 8", err);
        TRY(read_string(json_cursor_skip(&c), "tenant_access_levels", a, &list[in->level_count], err));
        in->level_count++;
    }
    return DONE;
}

static struct status read_member(struct text key, struct text raw, struct arena *a,
                                 struct director_mapping_input *in, struct error *err)
{
    const struct {
        const char *name;
        struct text *into;
    } strings[] = {
        {"subject", &in->subject},
        {"consumer_type", &in->consumer_type},
        {"internal_consumer_id", &in->internal_consumer_id},
    };
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        if (!json_key_is(key, text_of(strings[i].name)))
            continue;
        if (strings[i].into->p)
            return wants(strings[i].name, "there once", err);
        return read_string(raw, strings[i].name, a, strings[i].into, err);
    }
    if (!json_key_is(key, TEXT("tenant_access_levels")))
        return error_set(err, E_INVALID,
                         "unknown member %.*s; subject, consumer_type, internal_consumer_id and "
                         "tenant_access_levels are known",
                         TEXT_ARG(text_first(key, 40)));
    return in->levels ? wants("tenant_access_levels", "there once", err) : read_levels(raw, a, in, err);
}

static struct status read_entry(struct text raw, struct arena *a, struct subject_mapping *out,
                                struct error *err)
{
    static const struct mapping_words words = {"subject", "consumer_type", "internal_consumer_id",
                                               "tenant_access_levels"};
    struct json_cursor c = json_cursor_at(raw);
    struct director_mapping_input in = {.level_count = 0};
    if (json_cursor_type(&c) != JSON_TYPE_OBJECT)
        return wants("an entry", "an object", err);
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        const struct text key = json_cursor_key(&c);
        TRY(read_member(key, json_cursor_skip(&c), a, &in, err));
    }
    return mapping_read(&in, a, &words, out, err);
}

/* ---- the file ---- */

static struct status read_list(struct text json, struct director_mappings *m, struct error *err)
{
    struct json_position where;
    char text[JSON_POSITION_TEXT];
    const struct status scanned = json_scan(json, &where);
    if (!status_ok(scanned))
        return error_set(err, E_INVALID, "%.*s", TEXT_ARG(json_position_text(&where, text)));
    struct json_cursor c = json_cursor_at(json);
    if (json_cursor_type(&c) != JSON_TYPE_ARRAY)
        return wants("it", "a JSON list of mappings", err);
    m->list = arena_array(&m->memory, MAPPING_FILE_ENTRIES, sizeof *m->list);
    if (!m->list)
        return STATUS(NOMEM);
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        if (m->count == MAPPING_FILE_ENTRIES)
            return error_set(err, E_INVALID, "has more than %d entries", MAPPING_FILE_ENTRIES);
        const struct status s = read_entry(json_cursor_skip(&c), &m->memory, &m->list[m->count], err);
        m->count++;
        if (!status_ok(s))
            return error_wrap(err, s, "entry %zu", m->count);
    }
    return DONE;
}

struct status director_mappings_read(struct text json, struct director_mappings **out, struct error *err)
{
    OWNED(director_mappings_free) struct director_mappings *m = mem_alloc(sizeof *m);
    if (!m)
        return STATUS(NOMEM);
    arena_init(&m->memory, 16u * 1024, ROOM);
    TRY(read_list(json, m, err));
    *out = TAKE(m);
    return DONE;
}

/* ---- the one of a certificate ---- */

struct status director_mapping_find(struct store *s, const struct director_mappings *fixed,
                                    struct bytes subject, struct arena *a, struct subject_mapping *out)
{
    struct name n;
    struct text form = {NULL, 0};
    struct status read = name_parse(subject, a, &n, NULL);
    if (status_ok(read))
        read = director_subject_form(&n, a, &form, NULL);
    if (read.code == E_INVALID)
        return STATUS(NOT_FOUND);
    TRY(read);
    for (size_t i = 0; fixed && i < fixed->count; i++) {
        if (!text_equal(fixed->list[i].subject, form))
            continue;
        *out = fixed->list[i];
        return DONE;
    }
    return store_subject_mapping_find(s, form, a, out);
}
