/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc/members.h"

#include "base/buffer.h"
#include "base/encoding.h"
#include "base/json_cursor.h"

struct status members_scan(struct text json, int tokens_max, struct error *err)
{
    struct json_position where;
    char words[JSON_POSITION_TEXT];
    const struct status s = json_scan_with(json, tokens_max, &where);
    if (!status_ok(s))
        return error_set(err, E_INVALID, "it is not JSON: %.*s", TEXT_ARG(json_position_text(&where, words)));
    const struct json_cursor at = json_cursor_at(json);
    if (json_cursor_type(&at) != JSON_TYPE_OBJECT)
        return error_set(err, E_INVALID, "it is no JSON object");
    return DONE;
}

struct status member_string(struct text raw, struct arena *a, struct text *out)
{
    char *p = arena_alloc(a, raw.n + 1);
    if (!p)
        return STATUS(NOMEM);
    const size_t n = json_string_copy(raw, p);
    if (n == SIZE_MAX)
        return STATUS(INVALID);
    *out = (struct text){p, n};
    return DONE;
}

static bool has_before(const struct text *names, size_t count, struct text name)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(names[i], name))
            return true;
    return false;
}

static void take(struct member *wanted, size_t count, struct text name, enum json_type type, struct text raw)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(name, text_of(wanted[i].name))) {
            wanted[i].type = type;
            wanted[i].raw = raw;
        }
    }
}

struct status members_read(struct text object, struct arena *a, struct member *wanted, size_t count,
                           struct error *err)
{
    struct text names[MEMBERS_MAX];
    size_t seen = 0;
    struct json_cursor at = json_cursor_at(object);
    if (json_cursor_type(&at) != JSON_TYPE_OBJECT)
        return error_set(err, E_INVALID, "it is no JSON object");
    for (bool more = json_cursor_enter(&at); more; more = json_cursor_next(&at)) {
        if (seen == MEMBERS_MAX)
            return error_set(err, E_INVALID, "it has more than %d members", MEMBERS_MAX);
        TRY(member_string(json_cursor_key(&at), a, &names[seen]));
        if (has_before(names, seen, names[seen]))
            return error_set(err, E_INVALID, "it has a member twice");
        const enum json_type type = json_cursor_type(&at);
        take(wanted, count, names[seen++], type, json_cursor_skip(&at));
    }
    return DONE;
}

struct status member_text(const struct member *m, struct arena *a, struct text *out, struct error *err)
{
    *out = TEXT("");
    if (!m->raw.p)
        return DONE;
    if (m->type != JSON_TYPE_STRING)
        return error_set(err, E_INVALID, "its \"%s\" is no string", m->name);
    return member_string(m->raw, a, out);
}

struct status member_base64url(const struct member *m, struct arena *a, struct bytes *out, struct error *err)
{
    struct text encoded;
    OWNED(buffer_release) struct buffer decoded;
    buffer_init(&decoded, m->raw.n);
    *out = (struct bytes){NULL, 0};
    TRY(member_text(m, a, &encoded, err));
    const struct status s = base64url_decode(&decoded, encoded);
    if (s.code == E_INVALID)
        return error_set(err, E_INVALID, "its \"%s\" is not base64url", m->name);
    TRY(s);
    *out = arena_bytes(a, buffer_bytes(&decoded));
    return out->p || buffer_size(&decoded) == 0 ? DONE : STATUS(NOMEM);
}
