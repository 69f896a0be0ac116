/* SPDX-License-Identifier: Apache-2.0 */
#include "store/memory_registry.h"

/* ---- what is there ---- */

struct memory_service *memory_service_find(const struct memory_store *m, struct text tenant,
                                           struct text application, const uint8_t id[static SERVICE_ID_SIZE])
{
    for (size_t i = 0; i < m->services.count; i++) {
        struct memory_service *row = m->services.rows[i];
        if (memcmp(row->s.id, id, SERVICE_ID_SIZE) == 0)
            return text_equal(row->s.tenant, tenant) &&
                           (application.n == 0 || text_equal(row->s.application, application))
                       ? row
                       : NULL;
    }
    return NULL;
}

static bool id_or_identifier_is_taken(const struct memory_store *m, const struct service *s)
{
    for (size_t i = 0; i < m->services.count; i++) {
        const struct service *other = &((const struct memory_service *)m->services.rows[i])->s;
        bool same_identifier = s->identifier.n > 0 && text_equal(s->identifier, other->identifier) &&
                               text_equal(s->application, other->application) &&
                               text_equal(s->tenant, other->tenant);
        if (same_identifier || memcmp(s->id, other->id, SERVICE_ID_SIZE) == 0)
            return true;
    }
    return false;
}

/* The bundle that a new service is to be in; NULL: there is none. */
static const struct memory_service *bundle_of(const struct memory_store *m, const struct service *s)
{
    const struct memory_service *bundle =
        service_role_is_member(s->role) ? memory_service_find(m, s->tenant, s->application, s->bundle) : NULL;
    return bundle && bundle->s.role == SERVICE_BUNDLE ? bundle : NULL;
}

/* ---- writing ---- */

/* Row, new content and secrets; the references are counted after the commit. */
static struct status stage_service(struct memory_store *m, struct memory_stage *stage,
                                   const struct service_write *w, const struct memory_service *row)
{
    struct memory_service next = *row;
    next.s.labels = labels_or_none(next.s.labels);
    for (size_t i = 0; i < SPECIFICATION_SLOTS; i++) {
        if (!next.s.specifications[i].present)
            next.s.specifications[i] = (struct specification_ref){0};
        if (w->specifications[i])
            TRY(memory_stage_specification(m, stage, next.s.tenant, w->specifications[i]));
    }
    for (size_t i = 0; i < SECRET_SLOTS; i++)
        TRY(memory_stage_secret(m, stage, row->row, (enum secret_slot)i, next.s.updated_at, &w->secrets[i]));
    return memory_stage_add(stage, &m->services, memory_copy(&memory_service_shape, &next, NULL));
}

static void settle_secrets(struct memory_store *m, const struct service_write *w, int64_t row)
{
    for (size_t i = 0; i < SECRET_SLOTS; i++)
        memory_secret_settle(m, row, (enum secret_slot)i, &w->secrets[i]);
    m->operations++;
}

struct status memory_service_create(struct store *s, const struct service_write *w,
                                    const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    TRY(memory_caller_check(m, audit));
    struct application *app = memory_application(m, w->service.tenant, w->service.application);
    const struct memory_service *bundle = bundle_of(m, &w->service);
    if (!app || (service_role_is_member(w->service.role) && !bundle))
        return STATUS(NOT_FOUND);
    if (id_or_identifier_is_taken(m, &w->service))
        return STATUS(CONFLICT);
    struct memory_service row = {w->service, m->last_service + 1};
    row.s.revision = 1;
    if (row.s.role == SERVICE_API)
        row.s.credential_kind = bundle->s.credential_kind;
    row.s.call = (struct call_choices){CALL_UNSET, CALL_UNSET};
    row.s.call_anchors_pem = TEXT("");
    TRY(stage_service(m, &stage, w, &row));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    m->last_service++;
    app->services += service_role_is_callable(row.s.role); /* no slice and no key: may change in place */
    memory_specification_take(m, &w->service);
    settle_secrets(m, w, row.row);
    return DONE;
}

static bool keeps_what_it_has(const struct service_write *w, const struct service *was)
{
    for (size_t i = 0; i < SPECIFICATION_SLOTS; i++) {
        const struct specification_ref *ref = &w->service.specifications[i], *old = &was->specifications[i];
        if (ref->present && !w->specifications[i] &&
            (!old->present || memcmp(ref->hash, old->hash, SHA256_SIZE) != 0))
            return false;
    }
    return true;
}

struct status memory_service_replace(struct store *s, const struct service_write *w,
                                     const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    TRY(memory_caller_check(m, audit));
    const struct memory_service *was =
        memory_service_find(m, w->service.tenant, w->service.application, w->service.id);
    if (!was)
        return STATUS(NOT_FOUND);
    if (was->s.revision != w->expected_revision)
        return STATUS(CHANGED);
    if (was->s.role != w->service.role || !keeps_what_it_has(w, &was->s))
        return STATUS(INVALID);
    struct memory_service row = {w->service, was->row};
    row.s.revision = was->s.revision + 1;
    row.s.created_at = was->s.created_at;
    memcpy(row.s.bundle, was->s.bundle, sizeof row.s.bundle);
    if (row.s.role == SERVICE_API)
        row.s.credential_kind = was->s.credential_kind;
    row.s.identifier = was->s.identifier;
    row.s.call = was->s.call;
    row.s.call_anchors_pem = was->s.call_anchors_pem;
    for (size_t i = 0; i < SPECIFICATION_SLOTS; i++)
        if (row.s.specifications[i].present && !w->specifications[i])
            row.s.specifications[i].size = was->s.specifications[i].size;
    TRY(stage_service(m, &stage, w, &row));
    TRY(memory_stage_audit(m, &stage, audit));
    struct service old = was->s; /* tenant and hashes outlive the row: */
    old.tenant = w->service.tenant;
    memory_stage_commit(&stage); /* frees `was` */
    memory_specification_take(m, &w->service);
    memory_specification_release(m, &old);
    settle_secrets(m, w, row.row);
    if (row.s.role == SERVICE_BUNDLE)
        memory_member_set_kind(m, row.s.id, row.s.credential_kind, row.s.updated_at);
    return DONE;
}

struct status memory_service_call_set(struct store *s, const struct service_call_write *w,
                                      const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    TRY(memory_caller_check(m, audit));
    const struct memory_service *was = memory_service_find(m, w->tenant, w->application, w->id);
    if (!was)
        return STATUS(NOT_FOUND);
    if (was->s.revision != w->expected_revision)
        return STATUS(CHANGED);
    struct memory_service row = *was;
    row.s.revision++;
    row.s.updated_at = w->updated_at;
    row.s.call = w->call;
    row.s.call_anchors_pem = w->anchors_pem;
    TRY(memory_stage_add(&stage, &m->services, memory_copy(&memory_service_shape, &row, NULL)));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    m->operations++;
    return DONE;
}

/* ---- deleting: cannot fail ---- */

static void delete_at(struct memory_store *m, size_t position)
{
    const struct memory_service *row = m->services.rows[position];
    memory_specification_release(m, &row->s);
    memory_secret_delete_all(m, row->row);
    memory_instance_auth_delete_all(m, row->s.id);
    memory_table_remove(&m->services, position);
}

/* Those that are counted. */
static int64_t delete_with_members(struct memory_store *m, const uint8_t id[static SERVICE_ID_SIZE])
{
    int64_t services = 0;
    for (size_t i = m->services.count; i > 0; i--) {
        const struct service *s = &((const struct memory_service *)m->services.rows[i - 1])->s;
        if (memcmp(s->id, id, SERVICE_ID_SIZE) != 0 && !memory_is_member_of(s, id))
            continue;
        services += service_role_is_callable(s->role);
        delete_at(m, i - 1);
    }
    return services;
}

struct status memory_service_delete(struct store *s, struct text tenant, struct text application,
                                    const uint8_t id[static SERVICE_ID_SIZE], int64_t expected_revision,
                                    const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    TRY(memory_caller_check(m, audit));
    const struct memory_service *row = memory_service_find(m, tenant, application, id);
    if (!row)
        return STATUS(NOT_FOUND);
    if (expected_revision != 0 && row->s.revision != expected_revision)
        return STATUS(CHANGED);
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    const int64_t services = delete_with_members(m, id);
    struct application *app = memory_application(m, tenant, application);
    if (app)
        app->services -= services;
    m->operations++;
    return DONE;
}

void memory_service_delete_all(struct memory_store *m, struct text tenant, struct text application)
{
    for (size_t i = m->services.count; i > 0; i--) {
        const struct service *s = &((const struct memory_service *)m->services.rows[i - 1])->s;
        if (text_equal(s->tenant, tenant) && text_equal(s->application, application))
            delete_at(m, i - 1);
    }
}
