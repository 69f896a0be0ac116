/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/bundle_details.h"

#include <stddef.h>

#include "registry/decode_values.h"

enum form { FORM_TEXT, FORM_TEXTS, FORM_FLAG, FORM_NUMBER };

#define MEMBER(key, form, member)                                                                            \
    {                                                                                                        \
        key, TEXT_INIT(key), form, offsetof(struct bundle_details, member)                                   \
    }

static const struct {
    const char *name;
    struct text key;
    enum form form;
    size_t offset;
} members[] = {
    MEMBER("authSchema", FORM_TEXT, auth_schema),
    MEMBER("accessStrategy", FORM_TEXT, access_strategy),
    MEMBER("authCommonName", FORM_TEXT, certificate_common_name),
    MEMBER("correlationIds", FORM_TEXTS, correlation_ids),
    MEMBER("auth", FORM_FLAG, auth),
    MEMBER("displayName", FORM_TEXT, display_name),
    MEMBER("kind", FORM_TEXT, kind),
    MEMBER("group", FORM_TEXT, group),
    MEMBER("version", FORM_TEXT, version),
    MEMBER("specification", FORM_FLAG, specification),
    MEMBER("type", FORM_TEXT, specification_type),
    MEMBER("format", FORM_NUMBER, format),
    MEMBER("fetchUrl", FORM_TEXT, fetch_url),
    MEMBER("fetchMode", FORM_TEXT, fetch_mode),
    MEMBER("fetchFilter", FORM_TEXT, fetch_filter),
    MEMBER("fetchMessage", FORM_TEXT, fetch_message),
    MEMBER("fetchCondition", FORM_NUMBER, fetch_condition),
    MEMBER("fetchAt", FORM_NUMBER, fetch_at),
};
#define MEMBER_COUNT (sizeof members / sizeof members[0])

static void put_texts(struct json_out *j, const char *name, const struct bundle_details *d)
{
    if (d->correlation_id_count == 0)
        return;
    json_open_array(j, name);
    for (size_t i = 0; i < d->correlation_id_count; i++)
        json_text(j, NULL, d->correlation_ids[i]);
    json_end(j);
}

static void put_member(struct json_out *j, size_t i, const struct bundle_details *d)
{
    const void *at = (const char *)d + members[i].offset;
    switch (members[i].form) {
    case FORM_TEXT:
        if (((const struct text *)at)->n > 0)
            json_text(j, members[i].name, *(const struct text *)at);
        break;
    case FORM_TEXTS:
        put_texts(j, members[i].name, d);
        break;
    case FORM_FLAG:
        if (*(const bool *)at)
            json_bool(j, members[i].name, true);
        break;
    case FORM_NUMBER:
        if (*(const uint64_t *)at > 0)
            json_int(j, members[i].name, (int64_t) * (const uint64_t *)at);
        break;
    }
}

void put_bundle_details(struct json_out *j, const struct bundle_details *d)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++)
        put_member(j, i, d);
}

/* ---- reading ---- */

static struct status read_member(struct decoding *d, size_t i, struct json_cursor *c,
                                 struct bundle_details *out)
{
    void *at = (char *)out + members[i].offset;
    bool given = false;
    switch (members[i].form) {
    case FORM_TEXT:
        return decode_text(d, NULL, c, at);
    case FORM_TEXTS:
        return decode_texts(d, NULL, c, &out->correlation_ids, &out->correlation_id_count, &given);
    case FORM_FLAG:
        *(bool *)at = text_equal(json_cursor_skip(c), TEXT("true"));
        break;
    case FORM_NUMBER:
        return text_to_u64(json_cursor_skip(c), INT64_MAX, at) ? DONE : STATUS(BROKEN);
    }
    return DONE;
}

static struct status read_members(struct json_cursor *c, struct decoding *d, struct bundle_details *out)
{
    for (bool more = json_cursor_enter(c); more; more = json_cursor_next(c)) {
        const struct text key = json_cursor_key(c);
        size_t i = 0;
        while (i < MEMBER_COUNT && !json_key_is(key, members[i].key))
            i++;
        if (i == MEMBER_COUNT)
            json_cursor_skip(c); /* details.c reads it */
        else
            TRY(read_member(d, i, c, out));
    }
    return DONE;
}

struct status bundle_details_read(struct text details, struct arena *a, struct bundle_details *out)
{
    struct decoding d = {.a = a, .items_left = DECODE_ITEMS_MAX};
    struct json_cursor c = json_cursor_at(details);
    struct bundle_details read = {.auth = false};
    if (details.n > 0 && (!status_ok(json_scan(details, NULL)) || json_cursor_type(&c) != JSON_TYPE_OBJECT))
        return STATUS(BROKEN);
    if (details.n > 0) {
        const struct status s = read_members(&c, &d, &read);
        if (!status_ok(s)) /* what is stored is ours: unreadable is damaged */
            return s.code == E_NOMEM ? s : STATUS(BROKEN);
    }
    *out = read;
    return DONE;
}
