/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/domain.h"

/*
 * Rows that the Director manages (bundle.h), as the other faces see them: APIs and events are services, with
 * what their bundle has for them; bundles and documents are none. None of them is changed there.
 */

#define ROW_CHUNK 4096
#define ROW_MAX   (4u * 1024 * 1024)

/* The bundle's name for a message; cut, as names there are. */
static struct status name_of(struct registry *r, const struct service *row, struct arena *a, struct text *out)
{
    struct service bundle;
    TRY(store_service_get(r->parts.store, row->tenant, row->application, row->bundle, a, &bundle, NULL));
    *out = text_first(bundle.name, SHOWN_ID_MAX);
    return DONE;
}

struct status director_manages(struct registry *r, const struct service *row, struct error *err)
{
    char id[SERVICE_ID_TEXT + 1];
    struct text name;
    if (row->role == SERVICE_WHOLE)
        return DONE;
    if (row->role == SERVICE_BUNDLE)
        return error_set(err, E_CONFLICT,
                         "Service with ID %.*s is a bundle, which the Director manages: change it there",
                         TEXT_ARG(service_id_text(row->id, id)));
    OWNED(arena_release) struct arena a;
    arena_init(&a, ROW_CHUNK, ROW_MAX);
    const struct status named = name_of(r, row, &a, &name);
    if (named.code == E_NOT_FOUND) /* all of it went just now */
        name = TEXT("");
    else
        TRY(named);
    return error_set(
        err, E_CONFLICT,
        "Service with ID %.*s is part of bundle %.*s, which the Director manages: change it there",
        TEXT_ARG(service_id_text(row->id, id)), TEXT_ARG(name));
}

static struct status view_alone(const struct stored_service *s, struct arena *a, struct registry_view *out)
{
    return view_make(&s->row, stored_secret(s, SECRET_CREDENTIALS), stored_secret(s, SECRET_PARAMETERS),
                     s->secrets[SECRET_CREDENTIALS].by_hand, a, out);
}

/* An API is called with what its bundle has. What the row itself seals is not for calls. */
static struct status view_in_bundle(struct registry *r, const struct service *row, struct arena *a,
                                    struct registry_view *out, struct error *err)
{
    struct registry_key key = {.tenant = row->tenant, .application = row->application};
    memcpy(key.id, row->bundle, SERVICE_ID_SIZE);
    OWNED(stored_service_release) struct stored_service bundle = {0};
    struct registry_view own, of_bundle;
    TRY(stored_service_get(r, &key, a, &bundle, err));
    TRY(view_make(row, NULL, NULL, false, a, &own));
    TRY(view_alone(&bundle, a, &of_bundle));
    own.in_bundle = true;
    own.bundle_name = bundle.row.name;
    if (row->role == SERVICE_API) {
        own.row.credential_kind = bundle.row.credential_kind;
        own.details.api.credentials = of_bundle.details.api.credentials;
        own.details.api.parameters = of_bundle.details.api.parameters;
        own.credential_secret = of_bundle.credential_secret;
        own.parameter_secret = of_bundle.parameter_secret;
    }
    *out = own;
    return DONE;
}

struct status registry_find(struct registry *r, const struct registry_key *key, struct arena *a,
                            struct registry_view *out, struct error *err)
{
    OWNED(stored_service_release) struct stored_service s = {0};
    TRY(stored_service_get(r, key, a, &s, err));
    switch (s.row.role) {
    case SERVICE_WHOLE:
        return view_alone(&s, a, out);
    case SERVICE_API:
    case SERVICE_EVENTS:
        return view_in_bundle(r, &s.row, a, out, err);
    case SERVICE_BUNDLE:
    case SERVICE_DOCUMENT:
        break;
    }
    char id[SERVICE_ID_TEXT + 1];
    return service_not_there(service_id_text(key->id, id), err);
}
