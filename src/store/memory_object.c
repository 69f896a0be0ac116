/* SPDX-License-Identifier: Apache-2.0 */
#include "store/memory_directory.h"

#include "store/labels.h"
#include "store/memory_registry.h"

#define SLICE(member) offsetof(struct object, member)

static const struct memory_shape object_shape = {
    sizeof(struct object),
    6,
    {SLICE(tenant), SLICE(name), SLICE(description), SLICE(details), SLICE(local_tenant_id), SLICE(labels)},
};

static const uint8_t no_id[OBJECT_ID_SIZE];

static struct object *find(const struct memory_store *m, enum object_kind kind, struct text tenant,
                           const uint8_t *id)
{
    struct object key = {0};
    memcpy(key.id, id, sizeof key.id);
    struct object *o = memory_table_find(&m->objects, &key);
    return o && o->kind == kind && text_equal(o->tenant, tenant) ? o : NULL;
}

static struct object *named(const struct memory_store *m, enum object_kind kind, struct text tenant,
                            struct text name)
{
    for (size_t i = 0; i < m->objects.count; i++) {
        struct object *o = m->objects.rows[i];
        if (o->kind == kind && text_equal(o->tenant, tenant) && text_equal(o->name, name))
            return o;
    }
    return NULL;
}

/* With what an application has in its own row. */
static struct object shown(struct memory_store *m, const struct object *o)
{
    struct object view = *o;
    const struct application *app =
        o->kind == OBJECT_APPLICATION ? memory_application(m, o->tenant, o->name) : NULL;
    if (app) {
        view.description = app->description;
        view.labels = app->labels;
    }
    return view;
}

static struct status copy_out(struct memory_store *m, const struct object *o, struct arena *a,
                              struct object *out)
{
    if (!o)
        return STATUS(NOT_FOUND);
    const struct object view = shown(m, o);
    return memory_copy_to(&object_shape, &view, a, out);
}

struct status memory_object_get(struct store *s, enum object_kind kind, struct text tenant,
                                const uint8_t id[static OBJECT_ID_SIZE], struct arena *a, struct object *out)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    return copy_out(m, find(m, kind, tenant, id), a, out);
}

struct status memory_object_named(struct store *s, enum object_kind kind, struct text tenant,
                                  struct text name, struct arena *a, struct object *out)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    return copy_out(m, named(m, kind, tenant, name), a, out);
}

/* ---- writes ---- */

static struct status stage_new(struct memory_store *m, struct memory_stage *stage, const struct object *o)
{
    if (memory_table_find(&m->objects, o) || named(m, o->kind, o->tenant, o->name))
        return STATUS(CONFLICT);
    struct object row = *o;
    row.revision = 1;
    row.labels = labels_or_none(o->labels);
    row.details = labels_or_none(o->details);
    return memory_stage_add(stage, &m->objects, memory_copy(&object_shape, &row, NULL));
}

struct status memory_stage_object_of(struct memory_store *m, struct memory_stage *stage,
                                     const struct application *app)
{
    struct object o = {
        .kind = OBJECT_APPLICATION,
        .tenant = app->tenant,
        .name = app->name,
        .status_at = app->created_at,
        .created_at = app->created_at,
        .updated_at = app->created_at,
    };
    memcpy(o.id, app->id, sizeof o.id);
    if (memcmp(o.id, no_id, sizeof no_id) == 0)
        uuid_new(o.id);
    return stage_new(m, stage, &o);
}

struct status memory_object_create(struct store *s, const struct object *o, const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    TRY(memory_caller_check(m, audit));
    if (o->kind == OBJECT_APPLICATION) {
        const struct application app = {.tenant = o->tenant,
                                        .name = o->name,
                                        .description = o->description,
                                        .labels = o->labels,
                                        .created_at = o->created_at};
        if (memory_application(m, o->tenant, o->name))
            return STATUS(CONFLICT);
        TRY(memory_stage_application_row(m, &stage, &app));
    }
    TRY(stage_new(m, &stage, o));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    m->operations++;
    return DONE;
}

static struct status stage_application_change(struct memory_store *m, struct memory_stage *stage,
                                              const struct object *o, const struct object_change *change)
{
    if (o->kind != OBJECT_APPLICATION || (!change->description && !change->labels))
        return DONE;
    const struct application *app = memory_application(m, o->tenant, o->name);
    must(app);
    struct application row = *app;
    if (change->description)
        row.description = *change->description;
    if (change->labels)
        row.labels = labels_or_none(*change->labels);
    return memory_stage_add(stage, &m->applications, memory_copy(&memory_application_shape, &row, NULL));
}

static void apply(struct object *row, const struct object_change *change)
{
    const struct {
        struct text *to;
        const struct text *from;
    } texts[] = {
        {&row->name, change->name},
        {&row->description, change->description},
        {&row->details, change->details},
        {&row->labels, change->labels},
        {&row->local_tenant_id, change->local_tenant_id},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].from)
            *texts[i].to = *texts[i].from;
    if (change->status && *change->status != row->status) {
        row->status = *change->status;
        row->status_at = change->now;
    }
    row->updated_at = change->now;
    row->revision++;
}

struct status memory_object_update(struct store *s, enum object_kind kind, struct text tenant,
                                   const uint8_t id[static OBJECT_ID_SIZE],
                                   const struct object_change *change, const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    TRY(memory_caller_check(m, audit));
    const struct object *o = find(m, kind, tenant, id);
    if (!o)
        return STATUS(NOT_FOUND);
    if (change->expected_revision != 0 && change->expected_revision != o->revision)
        return STATUS(CHANGED);
    const struct object *other = change->name ? named(m, kind, tenant, *change->name) : NULL;
    if (other && other != o)
        return STATUS(CONFLICT);
    struct object row = *o;
    apply(&row, change);
    row.labels = labels_or_none(row.labels);
    TRY(stage_application_change(m, &stage, o, change));
    TRY(memory_stage_add(&stage, &m->objects, memory_copy(&object_shape, &row, NULL)));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    m->operations++;
    return DONE;
}

struct status memory_stage_object_touch(struct memory_store *m, struct memory_stage *stage,
                                        struct text tenant, struct text name, int64_t now)
{
    const struct object *o = named(m, OBJECT_APPLICATION, tenant, name);
    must(o);
    struct object row = *o;
    row.updated_at = now;
    row.revision++;
    return memory_stage_add(stage, &m->objects, memory_copy(&object_shape, &row, NULL));
}

/* ---- deleting ---- */

static void remove_object(struct memory_store *m, const struct object *o)
{
    bool found = false;
    const size_t at = memory_table_seek(&m->objects, o, &found);
    memory_auths_remove(m, o->id);
    if (found)
        memory_table_remove(&m->objects, at);
}

void memory_object_forget(struct memory_store *m, struct text tenant, struct text name)
{
    const struct object *o = named(m, OBJECT_APPLICATION, tenant, name);
    if (o)
        remove_object(m, o);
}

static struct status delete_runtime(struct memory_store *m, const struct object *o,
                                    const struct audit_entry *audit, struct buffer *out_fingerprints)
{
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    TRY(memory_stage_revoke_auths(m, &stage, o->id, audit->at, out_fingerprints));
    TRY(memory_stage_orphans(m, &stage, o->tenant, o->id, audit->at));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    remove_object(m, o);
    m->operations++;
    return DONE;
}

struct status memory_object_delete(struct store *s, enum object_kind kind, struct text tenant,
                                   const uint8_t id[static OBJECT_ID_SIZE], const struct audit_entry *audit,
                                   struct buffer *out_fingerprints)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    TRY(memory_caller_check(m, audit));
    const struct object *o = find(m, kind, tenant, id);
    if (!o)
        return STATUS(NOT_FOUND);
    return kind == OBJECT_APPLICATION ? memory_remove_application(m, tenant, o->name, audit, out_fingerprints)
                                      : delete_runtime(m, o, audit, out_fingerprints);
}

/* ---- lists ---- */

static bool is_wanted(const struct object_filter *f, const struct object *o)
{
    if (o->kind != f->kind || !text_equal(o->tenant, f->tenant))
        return false;
    if (f->local_tenant_id.n > 0 && !text_equal(o->local_tenant_id, f->local_tenant_id))
        return false;
    for (unsigned i = 0; i < f->label_count; i++)
        if (!labels_match(o->labels, &f->labels[i]))
            return false;
    return true;
}

static struct status collect(struct store *s, const struct object_filter *f, const struct offset_page *page,
                             struct arena *a, struct object **out, size_t *out_count, uint64_t *out_total)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    struct object *rows = arena_array(a, page->limit, sizeof *rows);
    if (!rows)
        return STATUS(NOMEM);
    size_t count = 0;
    uint64_t total = 0;
    for (size_t i = 0; i < m->objects.count; i++) {
        const struct object view = shown(m, m->objects.rows[i]);
        if (!is_wanted(f, &view))
            continue;
        if (total++ >= page->offset && count < page->limit)
            TRY(memory_copy_to(&object_shape, &view, a, &rows[count++]));
    }
    *out = rows;
    *out_count = count;
    *out_total = total;
    return DONE;
}

struct status memory_object_list(struct store *s, const struct object_filter *f,
                                 const struct offset_page *page, struct arena *a, object_row *row, void *ctx,
                                 uint64_t *out_total)
{
    struct object *rows = NULL;
    size_t count = 0;
    TRY(collect(s, f, page, a, &rows, &count, out_total));
    for (size_t i = 0; i < count && row(ctx, &rows[i]); i++)
        ;
    return DONE;
}
