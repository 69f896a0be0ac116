/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/target.h"

#include "base/limits.h"
#include "registry/target_internal.h"

static struct status no_id(const struct search *s, struct text id)
{
    return error_set(s->err, E_NOT_FOUND, "service with ID %.*s not found", TEXT_ARG(id));
}

/* ---- one service, opened ---- */

static struct status unreadable(const struct search *s, struct text shown, struct status why)
{
    if (why.code != E_BROKEN)
        return why;
    return error_set(s->err, E_BROKEN, "failed to read API for %.*s service, its secrets cannot be opened",
                     TEXT_ARG(shown));
}

static struct status no_secret(const struct search *s, const struct service *row, struct text shown)
{
    const struct text name = secret_name(SECRET_CREDENTIALS, row->application, row->id, s->a);
    return error_set(s->err, E_BROKEN, "failed to read API for %.*s service, secret '%.*s' not found",
                     TEXT_ARG(shown), TEXT_ARG(name));
}

static struct status copy_pair(const struct secret_data *data, struct arena *a, struct registry_target *out)
{
    const struct bytes chain = secret_data_get(data, "crt"), key = secret_data_get(data, "key");
    if (chain.n == 0 || key.n == 0)
        return STATUS(BROKEN);
    out->chain_pem = arena_text(a, bytes_text(chain));
    out->key_pem = arena_text(a, bytes_text(key));
    return out->chain_pem.p && out->key_pem.p ? DONE : STATUS(NOMEM);
}

/* Secrets and what they are for. `out->row` is left alone. */
static struct status open_stored(const struct search *s, struct stored_service *stored,
                                 struct registry_target *out)
{
    for (size_t i = 0; i < SECRET_SLOTS; i++) {
        if (stored->secrets[i].present)
            TRY(secret_unseal(s->r, stored->row.tenant, stored->row.id, (enum secret_slot)i, false,
                              stored->secrets[i].sealed, &stored->data[i], NULL));
    }
    const struct secret_data *credentials = stored_secret(stored, SECRET_CREDENTIALS);
    TRY(details_read(&stored->row, credentials, stored_secret(stored, SECRET_PARAMETERS), s->a,
                     &out->details));
    if (credentials && credential_has_pair((enum credential_kind)stored->row.credential_kind))
        TRY(copy_pair(credentials, s->a, out));
    return DONE;
}

/* An API is called with what its bundle has; that it is in this bundle never changes. */
static struct status read_holder(const struct search *s, const struct service *row,
                                 struct stored_service *holder)
{
    depend_on_service(s, row->bundle);
    return store_service_get(s->r->parts.store, s->address->tenant, row->application, row->bundle, s->a,
                             &holder->row, holder->secrets);
}

static struct status take_target(const struct search *s, const struct service *row,
                                 struct registry_target *out)
{
    struct service_details own;
    TRY(details_read(row, NULL, NULL, s->a, &own));
    own.api.credentials = out->details.api.credentials;
    own.api.parameters = out->details.api.parameters;
    out->details = own;
    return DONE;
}

static bool chosen(enum call_choice own, enum call_choice otherwise)
{
    return (own != CALL_UNSET ? own : otherwise) == CALL_YES;
}

static struct status read_call(const struct search *s, struct registry_target *out)
{
    struct application app;
    const struct call_choices *own = &out->row.call;
    TRY(store_application_get(s->r->parts.store, s->address->tenant, out->row.application, s->a, &app));
    out->skip_verify = chosen(own->skip_verify, app.call.skip_verify);
    out->encode_url = chosen(own->encode_url, app.call.encode_url);
    return DONE;
}

static struct status open_with(const struct search *s, const struct service *row,
                               struct stored_service *holder, struct registry_target *out)
{
    TRY(open_stored(s, holder, out));
    out->row = *row;
    out->row.credential_kind = holder->row.credential_kind;
    return row->role == SERVICE_API ? take_target(s, row, out) : DONE;
}

struct status open_service(const struct search *s, const uint8_t *id, struct text shown,
                           struct registry_target *out)
{
    OWNED(stored_service_release) struct stored_service holder = {0};
    struct service row;
    TRY(store_service_find(s->r->parts.store, s->address->tenant, id, s->a, &holder.row, holder.secrets));
    row = holder.row;
    if (row.role == SERVICE_DOCUMENT)
        return STATUS(NOT_FOUND);
    *out = (struct registry_target){.shown = shown, .row = row, .bundle = row.role == SERVICE_BUNDLE};
    if (out->bundle || row.role == SERVICE_EVENTS) /* there is nothing to call */
        return DONE;
    if (row.role == SERVICE_API) {
        holder = (struct stored_service){0};
        TRY(read_holder(s, &row, &holder));
        out->bundle_name = holder.row.path_name;
    }
    if (holder.row.credential_kind != CREDENTIAL_NONE && !holder.secrets[SECRET_CREDENTIALS].present)
        return no_secret(s, &holder.row, shown);
    const struct status opened = open_with(s, &row, &holder, out);
    const struct csrf_details *csrf = credential_csrf(&out->details.api.credentials);
    if (csrf)
        out->csrf = *csrf;
    return status_ok(opened) ? read_call(s, out) : unreadable(s, shown, opened);
}

struct status has_api(const struct search *s, const struct registry_target *t)
{
    char id[SERVICE_ID_TEXT + 1];
    if (t->row.target_url.n > 0)
        return DONE;
    return error_set(s->err, E_INVALID, "service with ID '%.*s' has no API",
                     TEXT_ARG(service_id_text(t->row.id, id)));
}

/* ---- by id ---- */

void depend_on_service(const struct search *s, const uint8_t *id)
{
    must(page_pairs_add(s->pairs, s->r->parts.page,
                        page_index(PAGE_SERVICE, (struct bytes){id, SERVICE_ID_SIZE})));
}

void depend_on_application(const struct search *s, struct text application)
{
    must(page_pairs_add(s->pairs, s->r->parts.page, page_application(s->address->tenant, application)));
}

static struct text lower_case(struct text t, struct arena *a)
{
    char *copy = arena_alloc(a, t.n + 1);
    if (!copy)
        return (struct text){NULL, 0};
    for (size_t i = 0; i < t.n; i++)
        copy[i] = (char)(t.p[i] >= 'A' && t.p[i] <= 'Z' ? t.p[i] | 0x20 : t.p[i]);
    return (struct text){copy, t.n};
}

/* A host's label has no case (RFC 9110 4.2.3), an application's name does. */
static bool label_fits(const struct search *s, struct text label, const struct service *row)
{
    const struct text application = lower_case(row->application, s->a);
    return secret_name_fits(label, SECRET_CREDENTIALS, application, row->id);
}

/*
 * The application is a dependency, too, since services go with it; it is known once the service was read. So
 * that one is read twice, the second time after both counters.
 */
static struct status find_label(const struct search *s, struct registry_target *out)
{
    const struct text label = lower_case(s->address->label, s->a);
    enum secret_slot slot;
    uint8_t id[SERVICE_ID_SIZE];
    if (!label.p)
        return STATUS(NOMEM);
    if (!secret_name_parse(label, &slot, id))
        return no_id(s, s->address->label);
    const struct text id_text = text_from(label, label.n - SERVICE_ID_TEXT);
    depend_on_service(s, id);
    struct service row;
    struct status found = store_service_find(s->r->parts.store, s->address->tenant, id, s->a, &row, NULL);
    if (status_ok(found) && !label_fits(s, label, &row))
        found = STATUS(NOT_FOUND);
    if (status_ok(found)) {
        depend_on_application(s, row.application);
        found = open_service(s, id, id_text, out);
    }
    if (found.code == E_NOT_FOUND || (status_ok(found) && out->bundle)) /* a host leads to an API */
        return no_id(s, id_text);
    TRY(found);
    return has_api(s, out);
}

struct status registry_target_find(struct registry *r, const struct registry_address *address,
                                   struct arena *a, struct page_pairs *pairs, struct registry_target *out,
                                   struct error *err)
{
    const struct search s = {.r = r, .address = address, .a = a, .pairs = pairs, .err = err};
    if (address->secret.n > 0)
        return target_by_secret(&s, out);
    return address->label.n > 0 ? find_label(&s, out) : target_by_name(&s, out);
}

struct text registry_url_without_user(struct text url, struct arena *a)
{
    return url_user_hidden(url, a);
}

struct text registry_url_shown(struct text t, struct arena *a)
{
    return url_credentials_hidden(t, a);
}
