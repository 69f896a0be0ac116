/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_directory.h"

#include "store/labels.h"
#include "store/sqlite_registry.h"

static const uint8_t no_id[OBJECT_ID_SIZE];

static void bind_id(struct sqlite_query *q, const uint8_t *id)
{
    bind_blob(q, (struct bytes){id, OBJECT_ID_SIZE});
}

/* ---- labels ---- */

struct labelled {
    struct sqlite_txn *t;
    const struct object *o;
};

static struct status add_label(void *ctx, struct text key, struct text item)
{
    const struct labelled *l = ctx;
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(l->t->db, SQL_LABEL_ADD);
    bind_text(&q, l->o->tenant);
    bind_int(&q, l->o->kind);
    bind_text(&q, key);
    bind_text(&q, item);
    bind_id(&q, l->o->id);
    return sqlite_run(&q);
}

static struct status put_labels(struct sqlite_txn *t, const struct object *o, struct text labels)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_LABEL_DELETE);
    bind_id(&q, o->id);
    TRY(sqlite_run(&q));
    struct labelled l = {t, o};
    return labels_each_item(labels, add_label, &l);
}

/* ---- rows ---- */

static struct status add_row(struct sqlite_txn *t, const struct object *o)
{
    const bool runtime = o->kind == OBJECT_RUNTIME;
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_OBJECT_ADD);
    bind_text(&q, o->tenant);
    bind_int(&q, o->kind);
    bind_id(&q, o->id);
    bind_text(&q, o->name);
    bind_text(&q, o->local_tenant_id);
    bind_int(&q, o->status);
    bind_int(&q, o->status_at);
    bind_int(&q, o->created_at);
    bind_int(&q, o->updated_at);
    bind_text(&q, runtime ? o->description : TEXT(""));
    bind_text(&q, runtime ? labels_or_none(o->labels) : TEXT(""));
    bind_text(&q, o->details.n > 0 ? o->details : TEXT("{}"));
    TRY(sqlite_run(&q)); /* name or id in use: E_CONFLICT */
    return labels_each_item(labels_or_none(o->labels), add_label, &(struct labelled){t, o});
}

struct status sqlite_object_add_application(struct sqlite_txn *t, const struct application *app)
{
    struct object o = {
        .kind = OBJECT_APPLICATION,
        .tenant = app->tenant,
        .name = app->name,
        .labels = app->labels,
        .status_at = app->created_at,
        .created_at = app->created_at,
        .updated_at = app->created_at,
    };
    memcpy(o.id, app->id, sizeof o.id);
    if (memcmp(o.id, no_id, sizeof no_id) == 0)
        uuid_new(o.id);
    return add_row(t, &o);
}

struct status sqlite_object_read(struct sqlite_query *q, struct arena *a, struct object *out)
{
    struct object o = {.kind = (enum object_kind)column_int(q)};
    column_exact(q, o.id, sizeof o.id);
    o.tenant = column_text(q, a);
    o.name = column_text(q, a);
    o.description = column_text(q, a);
    o.details = column_text(q, a);
    o.local_tenant_id = column_text(q, a);
    o.labels = column_text(q, a);
    o.status = (int)column_int(q);
    o.status_at = column_int(q);
    o.created_at = column_int(q);
    o.updated_at = column_int(q);
    o.revision = column_int(q);
    TRY(sqlite_query_status(q));
    *out = o;
    return DONE;
}

static struct status get(struct sqlite_db *db, enum object_kind kind, struct text tenant, const uint8_t *id,
                         struct arena *a, struct object *out)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(db, SQL_OBJECT_GET);
    bind_id(&q, id);
    bind_int(&q, kind);
    bind_text(&q, tenant);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    return found ? sqlite_object_read(&q, a, out) : STATUS(NOT_FOUND);
}

struct status sqlite_object_get(struct store *s, enum object_kind kind, struct text tenant,
                                const uint8_t id[static OBJECT_ID_SIZE], struct arena *a, struct object *out)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    return get(reader.db, kind, tenant, id, a, out);
}

struct status sqlite_object_named(struct store *s, enum object_kind kind, struct text tenant,
                                  struct text name, struct arena *a, struct object *out)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_OBJECT_NAMED);
    bind_text(&q, tenant);
    bind_int(&q, kind);
    bind_text(&q, name);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    return found ? sqlite_object_read(&q, a, out) : STATUS(NOT_FOUND);
}

/* ---- writes ---- */

struct create {
    const struct object *o;
    const struct audit_entry *audit;
};

static struct status create(struct sqlite_txn *t, void *args)
{
    const struct create *in = args;
    const struct object *o = in->o;
    TRY(sqlite_caller_check(t, in->audit));
    if (o->kind == OBJECT_APPLICATION) {
        const struct application app = {.tenant = o->tenant,
                                        .name = o->name,
                                        .description = o->description,
                                        .labels = o->labels,
                                        .created_at = o->created_at};
        bool made = false;
        TRY(sqlite_application_insert(t, &app, &made));
        if (!made)
            return STATUS(CONFLICT);
    }
    TRY(add_row(t, o));
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_object_create(struct store *s, const struct object *o, const struct audit_entry *audit)
{
    struct create in = {o, audit};
    return sqlite_write(sqlite_of(s)->writer, create, &in);
}

struct update {
    enum object_kind kind;
    struct text tenant;
    const uint8_t *id;
    const struct object_change *change;
    const struct audit_entry *audit;
    struct arena *a;
};

static struct status put_row(struct sqlite_txn *t, const struct object *o, int64_t now)
{
    const bool runtime = o->kind == OBJECT_RUNTIME;
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_OBJECT_PUT);
    bind_text(&q, o->name);
    bind_text(&q, o->local_tenant_id);
    bind_int(&q, o->status);
    bind_int(&q, now);
    bind_text(&q, runtime ? o->description : TEXT(""));
    bind_text(&q, runtime ? o->labels : TEXT(""));
    bind_text(&q, o->details);
    bind_id(&q, o->id);
    return sqlite_run(&q);
}

static struct status put_application(struct sqlite_txn *t, const struct object *o,
                                     const struct object_change *change)
{
    if (o->kind != OBJECT_APPLICATION || (!change->description && !change->labels))
        return DONE;
    const struct application_change with = {.description = change->description, .labels = change->labels};
    return sqlite_application_change(t, o->tenant, o->name, &with);
}

static struct status update(struct sqlite_txn *t, void *args)
{
    const struct update *in = args;
    const struct object_change *change = in->change;
    struct object o;
    TRY(sqlite_caller_check(t, in->audit));
    TRY(get(t->db, in->kind, in->tenant, in->id, in->a, &o));
    if (change->expected_revision != 0 && change->expected_revision != o.revision)
        return STATUS(CHANGED);
    if (change->name)
        o.name = *change->name;
    if (change->description)
        o.description = *change->description;
    if (change->details)
        o.details = *change->details;
    if (change->local_tenant_id)
        o.local_tenant_id = *change->local_tenant_id;
    if (change->status)
        o.status = *change->status;
    TRY(put_application(t, &o, change));
    if (change->labels) {
        o.labels = labels_or_none(*change->labels);
        TRY(put_labels(t, &o, o.labels));
    }
    TRY(put_row(t, &o, change->now));
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_object_update(struct store *s, enum object_kind kind, struct text tenant,
                                   const uint8_t id[static OBJECT_ID_SIZE],
                                   const struct object_change *change, const struct audit_entry *audit)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, OBJECT_ROOM, OBJECT_ROOM_MAX);
    struct update in = {kind, tenant, id, change, audit, &a};
    return sqlite_write(sqlite_of(s)->writer, update, &in);
}

struct delete
{
    enum object_kind kind;
    struct text tenant;
    const uint8_t *id;
    const struct audit_entry *audit;
    struct buffer *fingerprints;
    struct arena *a;
};

static struct status forget(struct sqlite_txn *t, const uint8_t *id)
{
    OWNED(sqlite_done) struct sqlite_query labels = sqlite_query(t->db, SQL_LABEL_DELETE);
    bind_id(&labels, id);
    TRY(sqlite_run(&labels));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_OBJECT_DELETE);
    bind_id(&q, id);
    return sqlite_run(&q);
}

static struct status delete_object(struct sqlite_txn *t, void *args)
{
    const struct delete *in = args;
    struct object o;
    TRY(sqlite_caller_check(t, in->audit));
    TRY(get(t->db, in->kind, in->tenant, in->id, in->a, &o));
    if (o.kind == OBJECT_APPLICATION) {
        TRY(sqlite_application_remove(t, in->audit, o.tenant, o.name, in->fingerprints));
    } else {
        TRY(sqlite_auths_delete(t, in->audit, o.tenant, o.id, in->fingerprints));
        TRY(sqlite_instance_auth_orphan(t, o.tenant, o.id, in->audit->at));
        TRY(forget(t, o.id));
    }
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_object_delete(struct store *s, enum object_kind kind, struct text tenant,
                                   const uint8_t id[static OBJECT_ID_SIZE], const struct audit_entry *audit,
                                   struct buffer *out_fingerprints)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, OBJECT_ROOM, OBJECT_ROOM_MAX);
    struct delete in = {kind, tenant, id, audit, out_fingerprints, &a};
    return sqlite_write_alone(sqlite_of(s)->writer, delete_object, &in);
}

/* ---- the application's other faces ---- */

struct status sqlite_object_forget(struct sqlite_txn *t, const struct audit_entry *audit, struct text tenant,
                                   struct text name, struct buffer *out_fingerprints)
{
    uint8_t id[OBJECT_ID_SIZE];
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_OBJECT_ID);
    bind_text(&q, tenant);
    bind_int(&q, OBJECT_APPLICATION);
    bind_text(&q, name);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    if (!found)
        return STATUS(BROKEN); /* every application has one */
    column_exact(&q, id, sizeof id);
    TRY(sqlite_query_status(&q));
    TRY(sqlite_auths_delete(t, audit, tenant, id, out_fingerprints));
    return forget(t, id);
}

struct status sqlite_object_touch(struct sqlite_txn *t, struct text tenant, struct text name, int64_t now,
                                  const struct text *labels)
{
    struct object o = {.kind = OBJECT_APPLICATION, .tenant = tenant};
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_OBJECT_TOUCH);
    bind_int(&q, now);
    bind_text(&q, tenant);
    bind_text(&q, name);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    if (!found)
        return STATUS(BROKEN);
    column_exact(&q, o.id, sizeof o.id);
    TRY(sqlite_query_status(&q));
    return labels ? put_labels(t, &o, labels_or_none(*labels)) : DONE;
}
