/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/target_internal.h"

#include "base/limits.h"

/*
 * By application and name (contract 3.9): a service, or an API by its bundle's name and its own. Names are
 * those of paths, or ids.
 */

#define NAMED_MAX 100 /* rows of one name that are looked at; store_service_named gives no more */
#define SHOWN_MAX 8   /* of them in a message */

static struct status no_name(const struct search *s)
{
    const struct registry_address *a = s->address;
    if (a->entry.n == 0 || a->service.n == 0)
        return error_set(s->err, E_NOT_FOUND, "service with name %.*s not found", TEXT_ARG(a->service));
    return error_set(s->err, E_NOT_FOUND, "service with name %.*s and entry name %.*s not found",
                     TEXT_ARG(text_first(a->service, SHOWN_ID_MAX)),
                     TEXT_ARG(text_first(a->entry, SHOWN_ID_MAX)));
}

/* ---- what has a name ---- */

struct named {
    const struct search *s;
    enum service_role role; /* of those that count */
    uint8_t ids[SHOWN_MAX][SERVICE_ID_SIZE];
    struct text names[SHOWN_MAX];
    unsigned count;
};

static bool see_named(void *ctx, const struct service *row)
{
    struct named *n = ctx;
    const bool events_only = row->target_url.n == 0 && row->role != SERVICE_BUNDLE; /* no entry of type API */
    if (row->role != n->role || events_only)
        return true;
    memcpy(n->ids[n->count], row->id, SERVICE_ID_SIZE);
    n->names[n->count] = arena_text(n->s->a, row->name);
    return ++n->count < SHOWN_MAX;
}

/* The original's entry has a name of its own; that of a service is the service's. */
static struct status ambiguous(const struct search *s, struct text name, const struct named *n)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 64 * 1024);
    for (unsigned i = 0; i < n->count; i++) {
        char id[SERVICE_ID_TEXT + 1];
        const struct text shown = text_first(n->names[i], 1024);
        buffer_printf(&b, "%sservice.ID: '%.*s', service.DisplayName: '%.*s', entry.Name: '%.*s'",
                      i > 0 ? " | " : "", TEXT_ARG(service_id_text(n->ids[i], id)), TEXT_ARG(shown),
                      TEXT_ARG(shown));
    }
    return error_set(s->err, E_INVALID,
                     "failed to get service with name '%.*s': multiple services found: %.*s",
                     TEXT_ARG(text_first(name, 64)), TEXT_ARG(buffer_as_text(&b)));
}

/* The one of that name and role in the application, or in the bundle unless it is NULL. E_NOT_FOUND without
 * words. */
static struct status the_one(const struct search *s, const uint8_t *bundle, enum service_role role,
                             struct text name, uint8_t out_id[static SERVICE_ID_SIZE])
{
    OWNED(arena_release) struct arena rows;
    arena_init(&rows, 16 * 1024, 16u * 1024 * 1024); /* a hundred of the largest descriptions */
    struct named n = {.s = s, .role = role};
    TRY(store_service_named(s->r->parts.store, s->address->tenant, s->address->application, bundle, name,
                            NAMED_MAX, &rows, see_named, &n));
    if (n.count == 0)
        return STATUS(NOT_FOUND);
    if (n.count > 1)
        return ambiguous(s, name, &n);
    memcpy(out_id, n.ids[0], SERVICE_ID_SIZE);
    return DONE;
}

/* ---- one segment ---- */

static bool is_here(const struct search *s, const struct registry_target *t)
{
    return text_equal(t->row.application, s->address->application);
}

/* A service has the name before every bundle: whoever makes a bundle cannot take its calls. E_NOT_FOUND
 * without words. */
static struct status find_by_name(const struct search *s, struct registry_target *out)
{
    uint8_t id[SERVICE_ID_SIZE];
    struct status found = the_one(s, NULL, SERVICE_WHOLE, s->address->service, id);
    if (found.code == E_NOT_FOUND)
        found = the_one(s, NULL, SERVICE_BUNDLE, s->address->service, id);
    TRY(found);
    TRY(open_service(s, id, s->address->service, out));
    /* It may have been given another name since. */
    return text_equal(out->row.path_name, s->address->service) && (out->bundle || out->row.target_url.n > 0)
               ? DONE
               : STATUS(NOT_FOUND);
}

static struct status find_service(const struct search *s, struct registry_target *out)
{
    uint8_t id[SERVICE_ID_SIZE];
    const bool is_id = service_id_parse(s->address->service, id);
    if (is_id)
        depend_on_service(s, id);
    struct status found = find_by_name(s, out);
    if (found.code == E_NOT_FOUND && is_id) {
        found = open_service(s, id, s->address->service, out);
        if (status_ok(found) && !is_here(s, out))
            found = STATUS(NOT_FOUND);
    }
    return found;
}

/* ---- a bundle's and an API's ---- */

static struct status find_bundle(const struct search *s, uint8_t out_id[static SERVICE_ID_SIZE])
{
    struct service row;
    const struct status found = the_one(s, NULL, SERVICE_BUNDLE, s->address->service, out_id);
    if (found.code != E_NOT_FOUND || !service_id_parse(s->address->service, out_id))
        return found;
    TRY(store_service_get(s->r->parts.store, s->address->tenant, s->address->application, out_id, s->a, &row,
                          NULL));
    return row.role == SERVICE_BUNDLE ? DONE : STATUS(NOT_FOUND);
}

/* APIs have names below their bundle alone; a WHOLE is no bundle here: it has no entry. */
static struct status find_entry(const struct search *s, struct registry_target *out)
{
    uint8_t bundle[SERVICE_ID_SIZE], id[SERVICE_ID_SIZE];
    TRY(find_bundle(s, bundle));
    depend_on_service(s, bundle); /* before what is in it is looked at */
    struct status found = the_one(s, bundle, SERVICE_API, s->address->entry, id);
    if (found.code == E_NOT_FOUND && service_id_parse(s->address->entry, id))
        found = DONE;
    TRY(found);
    TRY(open_service(s, id, s->address->entry, out));
    return out->row.role == SERVICE_API && bytes_equal(BYTES_OF(out->row.bundle), BYTES_OF(bundle)) &&
                   is_here(s, out)
               ? DONE
               : STATUS(NOT_FOUND);
}

struct status target_by_name(const struct search *s, struct registry_target *out)
{
    if (s->address->application.n == 0 || s->address->service.n == 0) /* the store would take any */
        return no_name(s);
    depend_on_application(s, s->address->application);
    const struct status found = s->address->entry.n > 0 ? find_entry(s, out) : find_service(s, out);
    if (found.code == E_NOT_FOUND)
        return no_name(s);
    TRY(found);
    return out->bundle ? DONE : has_api(s, out);
}
