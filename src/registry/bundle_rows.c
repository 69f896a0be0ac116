/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/bundle_internal.h"

#include "base/clock.h"
#include "base/limits.h"

struct status scoped_row(struct registry *r, const struct registry_scope *scope,
                         const uint8_t id[static SERVICE_ID_SIZE], struct arena *a, struct service *out,
                         struct service_secret secrets[SECRET_SLOTS])
{
    if (scope->application.n > 0)
        return store_service_get(r->parts.store, scope->tenant, scope->application, id, a, out, secrets);
    return store_service_find(r->parts.store, scope->tenant, id, a, out, secrets);
}

struct status is_whole(const struct service *row, struct error *err)
{
    char id[SERVICE_ID_TEXT + 1];
    return error_set(err, E_CONFLICT,
                     "%.*s was registered as one service by the Metadata API: change it there",
                     TEXT_ARG(service_id_text(row->id, id)));
}

struct registry_key key_of_row(const struct service *row)
{
    struct registry_key key = {.tenant = row->tenant, .application = row->application};
    memcpy(key.id, row->id, SERVICE_ID_SIZE);
    return key;
}

struct status row_create(const struct row_write *c, struct error *err)
{
    struct service *row = &c->w->service;
    const struct registry_key key = key_of_row(row);
    row->revision = 1;
    row->created_at = row->updated_at = clock_now_s();
    char id[SERVICE_ID_TEXT + 1];
    const struct audit_entry audit =
        service_audit(c->caller, c->action, row, service_id_text(row->id, id), c->detail, row->created_at);
    const struct status s = store_service_create(c->r->parts.store, c->w, &audit);
    if (s.code == E_NOT_FOUND)
        return error_set(err, E_NOT_FOUND, "Application %.*s not found",
                         TEXT_ARG(text_first(row->application, SHOWN_ID_MAX)));
    TRY(service_unwritten(s, err));
    service_announce_new(c->r, &key);
    return DONE;
}

struct status row_replace(const struct row_write *c, struct error *err)
{
    struct service *row = &c->w->service;
    const struct registry_key key = key_of_row(row);
    c->w->expected_revision = row->revision;
    row->revision++;
    row->updated_at = clock_now_s();
    char id[SERVICE_ID_TEXT + 1];
    const struct audit_entry audit =
        service_audit(c->caller, c->action, row, service_id_text(row->id, id), c->detail, row->updated_at);
    TRY(service_unwritten(store_service_replace(c->r->parts.store, c->w, &audit), err));
    service_announce(c->r, &key);
    return DONE;
}

struct status row_delete(struct registry *r, const struct audit_caller *caller, const struct service *row,
                         struct text action, struct error *err)
{
    const struct registry_key key = key_of_row(row);
    OWNED(buffer_release) struct buffer detail;
    buffer_init(&detail, 4096);
    audit_detail_write(row, &detail);
    TRY(buffer_status(&detail));
    char id[SERVICE_ID_TEXT + 1];
    const struct audit_entry audit = service_audit(caller, action, row, service_id_text(row->id, id),
                                                   buffer_as_text(&detail), clock_now_s());
    TRY(service_unwritten(
        store_service_delete(r->parts.store, row->tenant, row->application, row->id, 0, &audit), err));
    service_announce(r, &key);
    return DONE;
}
