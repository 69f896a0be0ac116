/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_registry.h"

/* Registering, replacing and deleting services: one transaction for the row, its secrets, its specifications'
 * references, the application's count, the audit row and the change row. What is in a bundle goes with it:
 * one change row is enough, as who depends on an API depends on its bundle, too. */

struct change {
    const struct service_write *w;
    const struct audit_entry *audit;
};

static struct bytes id_bytes(const uint8_t id[static SERVICE_ID_SIZE])
{
    return (struct bytes){id, SERVICE_ID_SIZE};
}

/* E_NOT_FOUND without such an application. */
static struct status count_services(struct sqlite_txn *t, struct text tenant, struct text application,
                                    int64_t more)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_APPLICATION_COUNT_SERVICE);
    bind_int(&q, more);
    bind_text(&q, tenant);
    bind_text(&q, application);
    TRY(sqlite_run(&q));
    if (sqlite3_changes(t->db->handle) == 0)
        return STATUS(NOT_FOUND);
    t->counters[COUNTER_SERVICES] += more;
    return DONE;
}

/* SQL_SERVICE_WRITTEN */
static void bind_written(struct sqlite_query *q, const struct service *s, int credential_kind,
                         const int64_t specifications[static SPECIFICATION_SLOTS])
{
    bind_int(q, s->updated_at);
    bind_int(q, credential_kind);
    for (size_t i = 0; i < SPECIFICATION_SLOTS; i++) {
        const struct specification_ref *ref = &s->specifications[i];
        bind_int(q, specifications[i]);
        bind_int(q, ref->present ? ref->format : 0);
        bind_int(q, ref->present ? ref->fetched_at : 0);
    }
    bind_text(q, s->name);
    bind_text(q, s->path_name);
    bind_text(q, s->provider);
    bind_text(q, s->target_url);
    bind_text(q, labels_or_none(s->labels));
    bind_text(q, s->short_description);
    bind_text(q, s->description);
    bind_text(q, s->details);
}

static struct status write_secrets(struct sqlite_txn *t, const struct service_write *w, int64_t row)
{
    for (size_t i = 0; i < SECRET_SLOTS; i++)
        TRY(sqlite_secret_write(t, w->service.tenant, row, (enum secret_slot)i, w->service.updated_at,
                                &w->secrets[i]));
    return DONE;
}

/* ---- create ---- */

static struct status add_row(struct sqlite_txn *t, const struct service *s,
                             const struct service_state *bundle,
                             const int64_t specifications[static SPECIFICATION_SLOTS])
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_SERVICE_ADD);
    bind_written(&q, s, s->role == SERVICE_API ? bundle->credential_kind : s->credential_kind,
                 specifications);
    bind_text(&q, s->tenant);
    bind_blob(&q, id_bytes(s->id));
    bind_text(&q, s->application);
    bind_int(&q, s->created_at);
    bind_text(&q, s->identifier);
    bind_int(&q, s->role);
    bind_int(&q, bundle->row);
    return sqlite_run(&q); /* identifier or id known: E_CONFLICT */
}

static struct status create(struct sqlite_txn *t, void *args)
{
    const struct change *in = args;
    const struct service *s = &in->w->service;
    int64_t specifications[SPECIFICATION_SLOTS] = {0};
    struct service_state bundle;
    TRY(sqlite_caller_check(t, in->audit));
    TRY(count_services(t, s->tenant, s->application, service_role_is_callable(s->role)));
    TRY(sqlite_member_bundle(t, s, &bundle));
    for (size_t i = 0; i < SPECIFICATION_SLOTS; i++)
        if (in->w->specifications[i])
            TRY(sqlite_specification_take(t, s->tenant, in->w->specifications[i], &specifications[i]));
    TRY(add_row(t, s, &bundle, specifications));
    TRY(write_secrets(t, in->w, sqlite3_last_insert_rowid(t->db->handle)));
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_service_create(struct store *s, const struct service_write *w,
                                    const struct audit_entry *audit)
{
    struct change in = {w, audit};
    return sqlite_write(sqlite_of(s)->writer, create, &in);
}

/* ---- what is there ---- */

struct status sqlite_service_state_read(struct sqlite_query *q, struct service_state *out)
{
    bool found = false;
    TRY(sqlite_step(q, &found));
    if (!found)
        return STATUS(NOT_FOUND);
    out->row = column_int(q);
    out->revision = column_int(q);
    out->role = (enum service_role)column_int(q);
    out->credential_kind = (int)column_int(q);
    for (size_t i = 0; i < SPECIFICATION_SLOTS; i++)
        out->specifications[i] = column_int(q); /* NULL reads as 0 */
    return DONE;
}

struct status sqlite_service_state(struct sqlite_txn *t, struct text tenant, struct text application,
                                   const uint8_t id[static SERVICE_ID_SIZE], struct service_state *out)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_SERVICE_STATE);
    bind_blob(&q, id_bytes(id));
    bind_text(&q, tenant);
    bind_text(&q, application);
    return sqlite_service_state_read(&q, out);
}

struct status sqlite_service_changed(struct sqlite_txn *t, struct text tenant,
                                     const uint8_t id[static SERVICE_ID_SIZE])
{
    return sqlite_change(t, tenant, TEXT("service"), id_bytes(id));
}

/* ---- replace ---- */

/* The specification of one slot after the replacement. References are taken before any is released, so that
 * content which stays is not deleted and written again. */
static struct status next_specification(struct sqlite_txn *t, const struct service_write *w, size_t slot,
                                        int64_t before, int64_t *out)
{
    const struct specification_ref *ref = &w->service.specifications[slot];
    *out = 0;
    if (!ref->present)
        return DONE;
    if (w->specifications[slot])
        return sqlite_specification_take(t, w->service.tenant, w->specifications[slot], out);
    TRY(sqlite_specification_id(t, w->service.tenant, ref->hash, out));
    return *out != 0 && *out == before ? DONE : STATUS(INVALID);
}

static struct status replace_row(struct sqlite_txn *t, const struct service_write *w,
                                 const struct service_state *was)
{
    int64_t specifications[SPECIFICATION_SLOTS];
    for (size_t i = 0; i < SPECIFICATION_SLOTS; i++)
        TRY(next_specification(t, w, i, was->specifications[i], &specifications[i]));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_SERVICE_REPLACE);
    bind_written(&q, &w->service,
                 was->role == SERVICE_API ? was->credential_kind : w->service.credential_kind,
                 specifications);
    bind_int(&q, was->row);
    TRY(sqlite_run(&q));
    for (size_t i = 0; i < SPECIFICATION_SLOTS; i++)
        if (w->specifications[i] || !w->service.specifications[i].present)
            TRY(sqlite_specification_release(t, was->specifications[i]));
    return DONE;
}

static struct status replace(struct sqlite_txn *t, void *args)
{
    const struct change *in = args;
    const struct service *s = &in->w->service;
    struct service_state was;
    TRY(sqlite_caller_check(t, in->audit));
    TRY(sqlite_service_state(t, s->tenant, s->application, s->id, &was));
    if (was.revision != in->w->expected_revision)
        return STATUS(CHANGED);
    if (was.role != s->role)
        return STATUS(INVALID);
    TRY(replace_row(t, in->w, &was));
    if (was.role == SERVICE_BUNDLE)
        TRY(sqlite_member_set_kind(t, was.row, s->credential_kind, s->updated_at));
    TRY(write_secrets(t, in->w, was.row));
    TRY(sqlite_service_changed(t, s->tenant, s->id));
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_service_replace(struct store *s, const struct service_write *w,
                                     const struct audit_entry *audit)
{
    struct change in = {w, audit};
    return sqlite_write(sqlite_of(s)->writer, replace, &in);
}

/* ---- how it is called ---- */

struct call_change {
    const struct service_call_write *w;
    const struct audit_entry *audit;
};

static struct status set_call(struct sqlite_txn *t, void *args)
{
    const struct call_change *in = args;
    const struct service_call_write *w = in->w;
    struct service_state was;
    TRY(sqlite_caller_check(t, in->audit));
    TRY(sqlite_service_state(t, w->tenant, w->application, w->id, &was));
    if (was.revision != w->expected_revision)
        return STATUS(CHANGED);
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_SERVICE_CALL_SET);
    bind_int(&q, w->updated_at);
    bind_int(&q, w->call.skip_verify);
    bind_int(&q, w->call.encode_url);
    bind_text(&q, w->anchors_pem);
    bind_int(&q, was.row);
    TRY(sqlite_run(&q));
    TRY(sqlite_service_changed(t, w->tenant, w->id));
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_service_call_set(struct store *s, const struct service_call_write *w,
                                      const struct audit_entry *audit)
{
    struct call_change in = {w, audit};
    return sqlite_write(sqlite_of(s)->writer, set_call, &in);
}

/* ---- delete ---- */

static struct status delete_row(struct sqlite_txn *t, const struct service_state *was)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_SERVICE_DELETE);
    bind_int(&q, was->row);
    TRY(sqlite_run(&q));
    for (size_t i = 0; i < SPECIFICATION_SLOTS; i++)
        TRY(sqlite_specification_release(t, was->specifications[i]));
    if (!service_role_is_member(was->role))
        TRY(sqlite_instance_auth_delete_all(t, was->row));
    return sqlite_secret_delete_all(t, was->row);
}

/* The row and, of a bundle, what is in it. *out_services: how many of them are counted. */
static struct status delete_with_members(struct sqlite_txn *t, const struct service_state *was,
                                         int64_t *out_services)
{
    *out_services = service_role_is_callable(was->role);
    while (was->role == SERVICE_BUNDLE) {
        struct service_state member;
        struct status s = sqlite_member_first(t, was->row, &member);
        if (s.code == E_NOT_FOUND)
            break;
        TRY(s);
        TRY(delete_row(t, &member));
        *out_services += service_role_is_callable(member.role);
    }
    return delete_row(t, was);
}

struct deletion {
    struct text tenant, application;
    const uint8_t *id;
    int64_t expected_revision; /* 0 = any */
    const struct audit_entry *audit;
    bool alone, is_bundle;
};

/* Very much may be in a bundle: it goes in a transaction of its own. */
static struct status delete_service(struct sqlite_txn *t, void *args)
{
    struct deletion *in = args;
    struct service_state was;
    int64_t services = 0;
    TRY(sqlite_caller_check(t, in->audit));
    TRY(sqlite_service_state(t, in->tenant, in->application, in->id, &was));
    if (in->expected_revision != 0 && was.revision != in->expected_revision)
        return STATUS(CHANGED);
    in->is_bundle = was.role == SERVICE_BUNDLE;
    if (in->is_bundle && !in->alone)
        return STATUS(AGAIN);
    TRY(delete_with_members(t, &was, &services));
    TRY(count_services(t, in->tenant, in->application, -services));
    TRY(sqlite_service_changed(t, in->tenant, in->id));
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_service_delete(struct store *s, struct text tenant, struct text application,
                                    const uint8_t id[static SERVICE_ID_SIZE], int64_t expected_revision,
                                    const struct audit_entry *audit)
{
    struct deletion in = {tenant, application, id, expected_revision, audit, false, false};
    struct status result = sqlite_write(sqlite_of(s)->writer, delete_service, &in);
    if (!in.is_bundle)
        return result;
    in.alone = true;
    return sqlite_write_alone(sqlite_of(s)->writer, delete_service, &in);
}

static struct status first_of(struct sqlite_txn *t, struct text tenant, struct text application,
                              struct service_state *out)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_SERVICE_FIRST_OF_APPLICATION);
    bind_text(&q, application);
    bind_text(&q, tenant);
    return sqlite_service_state_read(&q, out);
}

struct status sqlite_service_delete_all(struct sqlite_txn *t, struct text tenant, struct text application)
{
    for (;;) {
        struct service_state was;
        struct status s = first_of(t, tenant, application, &was);
        if (s.code == E_NOT_FOUND)
            return DONE;
        TRY(s);
        TRY(delete_row(t, &was));
        t->counters[COUNTER_SERVICES] -= service_role_is_callable(was.role);
    }
}
