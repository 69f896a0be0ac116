/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/target.h"

#include "base/limits.h"
#include "registry/target_internal.h"

#define NAMED_MAX 100 /* services of one name that are looked at; store_service_named gives no more */
#define SHOWN_MAX 8   /* of them in a message */

static struct status no_id(const struct search *s, struct text id)
{
    return error_set(s->err, E_NOT_FOUND, "service with ID %.*s not found", TEXT_ARG(id));
}

static struct status no_name(const struct search *s)
{
    return error_set(s->err, E_NOT_FOUND, "service with name %.*s not found", TEXT_ARG(s->address->service));
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
    out->row = stored->row;
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

struct status open_service(const struct search *s, const uint8_t *id, struct text shown,
                           struct registry_target *out)
{
    OWNED(stored_service_release) struct stored_service stored = {0};
    TRY(store_service_find(s->r->parts.store, s->address->tenant, id, s->a, &stored.row, stored.secrets));
    if (stored.row.credential_kind != CREDENTIAL_NONE && !stored.secrets[SECRET_CREDENTIALS].present)
        return no_secret(s, &stored.row, shown);
    *out = (struct registry_target){.shown = shown};
    const struct status opened = open_stored(s, &stored, out);
    const struct csrf_details *csrf = credential_csrf(&out->details.api.credentials);
    if (csrf)
        out->csrf = *csrf;
    return status_ok(opened) ? read_call(s, out) : unreadable(s, shown, opened);
}

static struct status has_api(const struct search *s, const struct registry_target *t)
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
    if (found.code == E_NOT_FOUND)
        return no_id(s, id_text);
    TRY(found);
    return has_api(s, out);
}

/* ---- by application and name ---- */

struct named {
    const struct search *s;
    uint8_t ids[SHOWN_MAX][SERVICE_ID_SIZE];
    struct text names[SHOWN_MAX];
    unsigned count;
};

static bool see_named(void *ctx, const struct service *row)
{
    struct named *n = ctx;
    if (row->target_url.n == 0) /* events only: no entry of type API (contract 3.9) */
        return true;
    memcpy(n->ids[n->count], row->id, SERVICE_ID_SIZE);
    n->names[n->count] = arena_text(n->s->a, row->name);
    return ++n->count < SHOWN_MAX;
}

/* The original's entry has a name of its own; ours is the service's. */
static struct status ambiguous(const struct search *s, const struct named *n)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 64 * 1024);
    for (unsigned i = 0; i < n->count; i++) {
        char id[SERVICE_ID_TEXT + 1];
        const struct text name = text_first(n->names[i], 1024);
        buffer_printf(&b, "%sservice.ID: '%.*s', service.DisplayName: '%.*s', entry.Name: '%.*s'",
                      i > 0 ? " | " : "", TEXT_ARG(service_id_text(n->ids[i], id)), TEXT_ARG(name),
                      TEXT_ARG(name));
    }
    return error_set(s->err, E_INVALID,
                     "failed to get service with name '%.*s': multiple services found: %.*s",
                     TEXT_ARG(text_first(s->address->service, 64)), TEXT_ARG(buffer_as_text(&b)));
}

/* E_NOT_FOUND without a message. */
static struct status find_by_name(const struct search *s, struct registry_target *out)
{
    OWNED(arena_release) struct arena rows;
    arena_init(&rows, 16 * 1024, 16u * 1024 * 1024); /* a hundred of the largest descriptions */
    struct named n = {.s = s};
    TRY(store_service_named(s->r->parts.store, s->address->tenant, s->address->application, NULL,
                            s->address->service, NAMED_MAX, &rows, see_named, &n));
    if (n.count == 0)
        return STATUS(NOT_FOUND);
    if (n.count > 1)
        return ambiguous(s, &n);
    TRY(open_service(s, n.ids[0], s->address->service, out));
    /* It may have been given another name since. */
    return text_equal(out->row.path_name, s->address->service) && out->row.target_url.n > 0
               ? DONE
               : STATUS(NOT_FOUND);
}

static struct status find_named(const struct search *s, struct registry_target *out)
{
    uint8_t id[SERVICE_ID_SIZE];
    const bool is_id = service_id_parse(s->address->service, id);
    if (s->address->application.n == 0 || s->address->service.n == 0) /* the store would take any */
        return no_name(s);
    depend_on_application(s, s->address->application);
    if (is_id)
        depend_on_service(s, id);
    struct status found = find_by_name(s, out);
    if (found.code == E_NOT_FOUND && is_id) {
        found = open_service(s, id, s->address->service, out);
        if (status_ok(found) && !text_equal(out->row.application, s->address->application))
            found = STATUS(NOT_FOUND);
    }
    if (found.code == E_NOT_FOUND)
        return no_name(s);
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
    return address->label.n > 0 ? find_label(&s, out) : find_named(&s, out);
}

struct text registry_url_shown(struct text t, struct arena *a)
{
    return url_credentials_hidden(t, a);
}
