/* SPDX-License-Identifier: Apache-2.0 */
#include "store/memory_registry.h"

static_assert(offsetof(struct memory_instance, i) == 0);
const struct memory_shape memory_instance_shape = {
    sizeof(struct memory_instance),
    6,
    {offsetof(struct memory_instance, i.tenant), offsetof(struct memory_instance, i.context),
     offsetof(struct memory_instance, i.input_params), offsetof(struct memory_instance, i.message),
     offsetof(struct memory_instance, i.reason), offsetof(struct memory_instance, i.sealed)},
};

/* *out_at: where it is. */
static const struct memory_instance *find(const struct memory_store *m, struct text tenant,
                                          const uint8_t id[static SERVICE_ID_SIZE], size_t *out_at)
{
    for (size_t i = 0; i < m->instances.count; i++) {
        const struct memory_instance *row = m->instances.rows[i];
        *out_at = i;
        if (text_equal(row->i.tenant, tenant) && memcmp(row->i.id, id, SERVICE_ID_SIZE) == 0)
            return row;
    }
    return NULL;
}

static bool is_of(const struct memory_instance *row, struct text tenant, const uint8_t *bundle)
{
    return text_equal(row->i.tenant, tenant) && memcmp(row->i.bundle, bundle, SERVICE_ID_SIZE) == 0;
}

static bool asked_for_by(const struct memory_instance *row, struct text tenant, const uint8_t *runtime)
{
    return row->i.has_runtime && text_equal(row->i.tenant, tenant) &&
           memcmp(row->i.runtime, runtime, SERVICE_ID_SIZE) == 0;
}

/* ---- writing ---- */

static struct status put(struct memory_store *m, const struct memory_instance *row,
                         const struct audit_entry *audit)
{
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    TRY(memory_stage_add(&stage, &m->instances, memory_copy(&memory_instance_shape, row, NULL)));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    m->operations++;
    return DONE;
}

static bool has_room(const struct memory_store *m, const struct instance_auth *i)
{
    size_t all = 0, of_runtime = 0;
    for (size_t k = 0; k < m->instances.count; k++) {
        const struct memory_instance *row = m->instances.rows[k];
        if (!is_of(row, i->tenant, i->bundle))
            continue;
        all++;
        of_runtime += i->has_runtime && asked_for_by(row, i->tenant, i->runtime);
    }
    return all < INSTANCE_AUTHS_MAX && of_runtime < INSTANCE_AUTHS_OF_RUNTIME_MAX;
}

struct status memory_instance_auth_create(struct store *s, const struct instance_auth *i,
                                          const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    size_t at = 0;
    TRY(memory_caller_check(m, audit));
    const struct memory_service *bundle = memory_service_find(m, i->tenant, TEXT(""), i->bundle);
    if (!bundle || service_role_is_member(bundle->s.role))
        return STATUS(NOT_FOUND);
    if (!has_room(m, i))
        return STATUS(TOO_LARGE);
    if (find(m, i->tenant, i->id, &at))
        return STATUS(CONFLICT);
    struct memory_instance row = {*i, m->last_instance + 1};
    row.i.revision = 1;
    if (!row.i.has_runtime)
        memset(row.i.runtime, 0, sizeof row.i.runtime);
    TRY(put(m, &row, audit));
    m->last_instance++;
    return DONE;
}

struct status memory_instance_auth_replace(struct store *s, const struct instance_auth *i,
                                           const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    size_t at = 0;
    TRY(memory_caller_check(m, audit));
    const struct memory_instance *was = find(m, i->tenant, i->id, &at);
    if (!was)
        return STATUS(NOT_FOUND);
    if (was->i.revision != i->revision)
        return STATUS(CHANGED);
    struct memory_instance row = *was;
    row.i.condition = i->condition;
    row.i.message = i->message;
    row.i.reason = i->reason;
    row.i.status_at = i->status_at;
    row.i.sealed = i->sealed;
    row.i.revision++;
    return put(m, &row, audit);
}

struct status memory_instance_auth_delete(struct store *s, struct text tenant,
                                          const uint8_t id[static SERVICE_ID_SIZE],
                                          const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    size_t at = 0;
    TRY(memory_caller_check(m, audit));
    if (!find(m, tenant, id, &at))
        return STATUS(NOT_FOUND);
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    memory_table_remove(&m->instances, at);
    m->operations++;
    return DONE;
}

void memory_instance_auth_delete_all(struct memory_store *m, const uint8_t bundle[static SERVICE_ID_SIZE])
{
    for (size_t i = m->instances.count; i > 0; i--)
        if (memcmp(((const struct memory_instance *)m->instances.rows[i - 1])->i.bundle, bundle,
                   SERVICE_ID_SIZE) == 0)
            memory_table_remove(&m->instances, i - 1);
}

struct status memory_stage_orphans(struct memory_store *m, struct memory_stage *stage, struct text tenant,
                                   const uint8_t runtime[static SERVICE_ID_SIZE], int64_t now)
{
    for (size_t k = 0; k < m->instances.count; k++) {
        struct memory_instance row = *(const struct memory_instance *)m->instances.rows[k];
        if (!asked_for_by(&row, tenant, runtime) || row.i.condition == INSTANCE_UNUSED)
            continue;
        row.i.condition = INSTANCE_UNUSED;
        row.i.message = TEXT(INSTANCE_ORPHAN_MESSAGE);
        row.i.reason = TEXT(INSTANCE_ORPHAN_REASON);
        row.i.status_at = now;
        row.i.revision++;
        TRY(memory_stage_add(stage, &m->instances, memory_copy(&memory_instance_shape, &row, NULL)));
    }
    return DONE;
}

/* ---- reading ---- */

static struct status copy_out(const struct memory_instance *row, struct arena *a, struct instance_auth *out)
{
    struct memory_instance copy;
    TRY(memory_copy_to(&memory_instance_shape, row, a, &copy));
    *out = copy.i;
    return DONE;
}

struct status memory_instance_auth_get(struct store *s, struct text tenant,
                                       const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                       struct instance_auth *out)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    size_t at = 0;
    const struct memory_instance *row = find(m, tenant, id, &at);
    return row ? copy_out(row, a, out) : STATUS(NOT_FOUND);
}

struct collection {
    struct instance_auth *rows;
    size_t count, bytes;
};

/* Those that are done, or those that wait for the application; the newest first. */
static struct status collect(const struct memory_store *m, struct text tenant, const uint8_t *bundle,
                             bool is_done, struct arena *a, struct collection *c)
{
    for (size_t k = m->instances.count; k > 0 && c->bytes < INSTANCE_AUTHS_BYTES; k--) {
        const struct memory_instance *row = m->instances.rows[k - 1];
        if (!is_of(row, tenant, bundle) || (row->i.condition == INSTANCE_SUCCEEDED) != is_done)
            continue;
        c->bytes += instance_auth_bytes(&row->i);
        TRY(copy_out(row, a, &c->rows[c->count++]));
    }
    return DONE;
}

static struct status collect_all(struct store *s, struct text tenant, const uint8_t *bundle, struct arena *a,
                                 struct collection *c)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    c->rows = arena_array(a, INSTANCE_AUTHS_MAX, sizeof *c->rows);
    if (!c->rows)
        return STATUS(NOMEM);
    TRY(collect(m, tenant, bundle, false, a, c));
    return collect(m, tenant, bundle, true, a, c);
}

struct status memory_instance_auth_list(struct store *s, struct text tenant,
                                        const uint8_t bundle[static SERVICE_ID_SIZE], struct arena *a,
                                        instance_auth_row *row, void *ctx)
{
    struct collection c = {NULL, 0, 0};
    TRY(collect_all(s, tenant, bundle, a, &c));
    for (size_t i = 0; i < c.count && row(ctx, &c.rows[i]); i++)
        ;
    return DONE;
}
