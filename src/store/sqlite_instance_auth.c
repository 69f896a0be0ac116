/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_registry.h"

struct change {
    const struct instance_auth *auth; /* of a deletion: tenant and id */
    const struct audit_entry *audit;
};

static void bind_id(struct sqlite_query *q, const uint8_t *id)
{
    bind_blob(q, (struct bytes){id, SERVICE_ID_SIZE});
}

/* What a replacement writes, too. */
static void bind_changeable(struct sqlite_query *q, const struct instance_auth *i)
{
    bind_int(q, i->condition);
    bind_text(q, i->message);
    bind_text(q, i->reason);
    bind_int(q, i->status_at);
    bind_blob(q, i->sealed);
}

/* ---- writing ---- */

static struct status check_room(struct sqlite_txn *t, const struct instance_auth *i, int64_t bundle)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_INSTANCE_COUNT);
    bind_int(&q, bundle);
    bind_text(&q, i->tenant);
    bind_id(&q, i->runtime);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    const int64_t all = found ? column_int(&q) : 0, of_runtime = found ? column_int(&q) : 0;
    const bool is_full =
        all >= INSTANCE_AUTHS_MAX || (i->has_runtime && of_runtime >= INSTANCE_AUTHS_OF_RUNTIME_MAX);
    return is_full ? STATUS(TOO_LARGE) : DONE;
}

static struct status create(struct sqlite_txn *t, void *args)
{
    const struct change *in = args;
    const struct instance_auth *i = in->auth;
    struct service_state bundle;
    TRY(sqlite_caller_check(t, in->audit));
    TRY(sqlite_service_state(t, i->tenant, TEXT(""), i->bundle, &bundle));
    if (service_role_is_member(bundle.role))
        return STATUS(NOT_FOUND);
    TRY(check_room(t, i, bundle.row));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_INSTANCE_ADD);
    bind_changeable(&q, i);
    bind_text(&q, i->tenant);
    bind_id(&q, i->id);
    bind_int(&q, bundle.row);
    bind_text(&q, i->context);
    bind_text(&q, i->input_params);
    bind_blob(&q, (struct bytes){i->has_runtime ? i->runtime : NULL, i->has_runtime ? SERVICE_ID_SIZE : 0});
    bind_int(&q, i->created_at);
    TRY(sqlite_run(&q)); /* id in use: E_CONFLICT */
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_instance_auth_create(struct store *s, const struct instance_auth *i,
                                          const struct audit_entry *audit)
{
    struct change in = {i, audit};
    return sqlite_write(sqlite_of(s)->writer, create, &in);
}

static struct status check_revision(struct sqlite_txn *t, const struct instance_auth *i)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_INSTANCE_REVISION);
    bind_id(&q, i->id);
    bind_text(&q, i->tenant);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    if (!found)
        return STATUS(NOT_FOUND);
    return column_int(&q) == i->revision ? DONE : STATUS(CHANGED);
}

static struct status replace(struct sqlite_txn *t, void *args)
{
    const struct change *in = args;
    TRY(sqlite_caller_check(t, in->audit));
    TRY(check_revision(t, in->auth));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_INSTANCE_REPLACE);
    bind_changeable(&q, in->auth);
    bind_id(&q, in->auth->id);
    bind_text(&q, in->auth->tenant);
    TRY(sqlite_run(&q));
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_instance_auth_replace(struct store *s, const struct instance_auth *i,
                                           const struct audit_entry *audit)
{
    struct change in = {i, audit};
    return sqlite_write(sqlite_of(s)->writer, replace, &in);
}

static struct status delete_row(struct sqlite_txn *t, void *args)
{
    const struct change *in = args;
    TRY(sqlite_caller_check(t, in->audit));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_INSTANCE_DELETE);
    bind_id(&q, in->auth->id);
    bind_text(&q, in->auth->tenant);
    TRY(sqlite_run(&q));
    if (sqlite3_changes(t->db->handle) == 0)
        return STATUS(NOT_FOUND);
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_instance_auth_delete(struct store *s, struct text tenant,
                                          const uint8_t id[static SERVICE_ID_SIZE],
                                          const struct audit_entry *audit)
{
    struct instance_auth i = {.tenant = tenant};
    struct change in = {&i, audit};
    memcpy(i.id, id, sizeof i.id);
    return sqlite_write(sqlite_of(s)->writer, delete_row, &in);
}

struct status sqlite_instance_auth_delete_all(struct sqlite_txn *t, int64_t row)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_INSTANCE_DELETE_ALL);
    bind_int(&q, row);
    return sqlite_run(&q);
}

struct status sqlite_instance_auth_orphan(struct sqlite_txn *t, struct text tenant,
                                          const uint8_t runtime[static SERVICE_ID_SIZE], int64_t now)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_INSTANCE_ORPHAN);
    bind_int(&q, INSTANCE_UNUSED);
    bind_text(&q, TEXT(INSTANCE_ORPHAN_MESSAGE));
    bind_text(&q, TEXT(INSTANCE_ORPHAN_REASON));
    bind_int(&q, now);
    bind_text(&q, tenant);
    bind_id(&q, runtime);
    return sqlite_run(&q);
}

/* ---- reading ---- */

static struct status read_row(struct sqlite_query *q, struct arena *a, struct instance_auth *out)
{
    struct instance_auth i = {0};
    column_exact(q, i.id, sizeof i.id);
    column_exact(q, i.bundle, sizeof i.bundle);
    i.tenant = column_text(q, a);
    i.context = column_text(q, a);
    i.input_params = column_text(q, a);
    i.has_runtime = !column_is_null(q);
    column_exact(q, i.runtime, sizeof i.runtime);
    i.condition = (enum instance_auth_condition)column_int(q);
    i.message = column_text(q, a);
    i.reason = column_text(q, a);
    i.status_at = column_int(q);
    i.created_at = column_int(q);
    i.revision = column_int(q);
    i.sealed = column_blob(q, a);
    TRY(sqlite_query_status(q));
    *out = i;
    return DONE;
}

struct status sqlite_instance_auth_get(struct store *s, struct text tenant,
                                       const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                       struct instance_auth *out)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_INSTANCE_GET);
    bind_id(&q, id);
    bind_text(&q, tenant);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    return found ? read_row(&q, a, out) : STATUS(NOT_FOUND);
}

struct status sqlite_instance_auth_list(struct store *s, struct text tenant,
                                        const uint8_t bundle[static SERVICE_ID_SIZE], struct arena *a,
                                        instance_auth_row *row, void *ctx)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_INSTANCE_LIST);
    bind_id(&q, bundle);
    bind_text(&q, tenant);
    bind_int(&q, INSTANCE_AUTHS_MAX);
    for (size_t bytes = 0; bytes < INSTANCE_AUTHS_BYTES;) {
        bool more = false;
        struct instance_auth i;
        TRY(sqlite_step(&q, &more));
        if (!more)
            return DONE;
        TRY(read_row(&q, a, &i));
        bytes += instance_auth_bytes(&i);
        if (!row(ctx, &i))
            return DONE;
    }
    return DONE;
}
