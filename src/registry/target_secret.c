/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/target_internal.h"

#include "base/limits.h"
#include "registry/configuration.h"
#include "registry/kept.h"

/*
 * By a secret's name and an API's (contract 3.3): a secret that an operator keeps, or else the credentials of
 * a registered service, whose API is called as paths call it.
 */

static struct status no_secret(const struct search *s)
{
    return error_set(s->err, E_NOT_FOUND, "secret '%.*s' not found",
                     TEXT_ARG(text_first(s->address->secret, KEPT_SECRET_NAME_MAX)));
}

static struct status no_target(const struct search *s)
{
    return error_set(s->err, E_NOT_FOUND, "target URL for API %.*s not found in the %.*s secret",
                     TEXT_ARG(text_first(s->address->entry, KEPT_SECRET_NAME_MAX)),
                     TEXT_ARG(text_first(s->address->secret, KEPT_SECRET_NAME_MAX)));
}

/* ---- a kept one ---- */

/* {UPPERCASE(api)}_TARGET_URL; all else of the name stays. */
static struct text target_of(const struct search *s, const struct secret_data *data)
{
    const struct text entry = s->address->entry;
    for (size_t i = 0; i < data->count; i++) {
        const struct text key = data->items[i].key;
        if (key.n != entry.n + sizeof CONFIGURATION_TARGET_SUFFIX - 1 ||
            !text_equal(text_from(key, entry.n), TEXT(CONFIGURATION_TARGET_SUFFIX)))
            continue;
        size_t same = 0;
        while (same < entry.n) {
            const char c = entry.p[same];
            if (key.p[same] != (char)(c >= 'a' && c <= 'z' ? c & ~0x20 : c))
                break;
            same++;
        }
        if (same == entry.n)
            return bytes_text(data->items[i].value);
    }
    return (struct text){NULL, 0};
}

/* Every spelling of a name leads to one API, which has one CSRF token and one metric. */
static struct text in_lower_case(struct text name, struct arena *a)
{
    char *p = arena_alloc(a, name.n + 1);
    for (size_t i = 0; p && i < name.n; i++)
        p[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] | 0x20 : name.p[i]);
    return p ? (struct text){p, name.n} : (struct text){NULL, 0};
}

static struct text copied(const struct search *s, const struct secret_data *data, const char *key)
{
    const struct bytes value = secret_data_get(data, key);
    return value.n > 0 ? arena_text(s->a, bytes_text(value)) : TEXT("");
}

static struct status read_kept(const struct search *s, const struct secret_data *data,
                               struct registry_target *out)
{
    const struct text entry = s->address->entry;
    if (data->count == 0)
        return error_set(s->err, E_INVALID, "provided secret is empty");
    const struct text target = target_of(s, data);
    if (target.n == 0)
        return no_target(s);
    struct registry_target t = {.shown = entry, .service = in_lower_case(entry, s->a), .kept = true};
    struct configuration c;
    struct error why = {0};
    t.row.target_url = arena_text(s->a, target);
    t.row.application =
        arena_printf(s->a, "secret/%.*s", TEXT_ARG(s->address->secret)); /* no application's */
    const struct text type = copied(s, data, CONFIGURATION_TYPE_KEY);
    const struct text json = copied(s, data, CONFIGURATION_KEY);
    if (!t.service.p || !t.row.target_url.p || !t.row.application.p || !type.p || !json.p)
        return STATUS(NOMEM);
    const struct status read = configuration_read(type, json, s->a, &c, &why);
    if (read.code == E_INVALID)
        return error_set(s->err, E_BROKEN, "failed to read API for %.*s service, %s", TEXT_ARG(entry),
                         why.message);
    TRY(read);
    t.details.api = (struct api_details){.given = true,
                                         .target_url = t.row.target_url,
                                         .credentials = c.credentials,
                                         .parameters = c.parameters};
    t.csrf = c.csrf;
    t.chain_pem = c.chain_pem;
    t.key_pem = c.key_pem;
    *out = t;
    return DONE;
}

/* ---- a service's ---- */

/* An API of a bundle takes all of PAGE_PAIRS_MAX: the secret's name, the API, its application, its bundle. */
static struct status find_service(const struct search *s, struct registry_target *out)
{
    enum secret_slot slot;
    uint8_t id[SERVICE_ID_SIZE];
    char text[SERVICE_ID_TEXT + 1];
    if (!secret_name_parse(s->address->secret, &slot, id))
        return no_secret(s);
    depend_on_service(s, id);
    struct service row;
    const struct status found =
        store_service_find(s->r->parts.store, s->address->tenant, id, s->a, &row, NULL);
    if (found.code == E_NOT_FOUND ||
        (status_ok(found) && !secret_name_fits(s->address->secret, SECRET_CREDENTIALS, row.application, id)))
        return no_secret(s);
    TRY(found);
    depend_on_application(s, row.application);
    const struct status opened = open_service(s, id, s->address->entry, out);
    if (opened.code == E_NOT_FOUND) /* it went just now */
        return no_secret(s);
    TRY(opened);
    if (out->bundle || out->row.target_url.n == 0 ||
        !(text_equal(s->address->entry, out->row.path_name) ||
          text_equal(s->address->entry, service_id_text(id, text))))
        return no_target(s);
    return DONE;
}

struct status target_by_secret(const struct search *s, struct registry_target *out)
{
    const struct text name = s->address->secret;
    must(page_pairs_add(s->pairs, s->r->parts.page, page_secret(s->address->tenant, name)));
    struct registry_kept kept = {.revision = 0};
    struct status found = STATUS(NOT_FOUND);
    if (registry_kept_name_is_valid(name) && s->address->entry.n > 0)
        found = registry_kept_open(s->r, s->address->tenant, name, s->a, &kept, NULL);
    if (found.code == E_NOT_FOUND)
        return find_service(s, out);
    if (found.code == E_BROKEN)
        return error_set(s->err, E_BROKEN,
                         "failed to read API for %.*s service, its secrets cannot be opened",
                         TEXT_ARG(s->address->entry));
    TRY(found);
    OWNED(secret_data_release) struct secret_data data = kept.data;
    return read_kept(s, &data, out);
}
