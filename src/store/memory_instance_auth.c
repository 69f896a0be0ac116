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

/* Of any tenant. *out_at: where it is. */
static const struct memory_instance *find_any(const struct memory_store *m,
                                              const uint8_t id[static SERVICE_ID_SIZE], size_t *out_at)
{
    for (size_t i = 0; i < m->instances.count; i++) {
        const struct memory_instance *row = m->instances.rows[i];
        *out_at = i;
        if (memcmp(row->i.id, id, SERVICE_ID_SIZE) == 0)
            return row;
    }
    return NULL;
}

static const struct memory_instance *find(const struct memory_store *m, struct text tenant,
                                          const uint8_t id[static SERVICE_ID_SIZE], size_t *out_at)
{
    const struct memory_instance *row = find_any(m, id, out_at);
    return row && text_equal(row->i.tenant, tenant) ? row : NULL;
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

struct status memory_instance_auth_create(struct store *s, const struct instance_auth *i,
                                          const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    size_t at = 0;
    TRY(memory_caller_check(m, audit));
    const struct memory_service *bundle = memory_service_find(m, i->tenant, TEXT(""), i->bundle);
    if (!bundle || service_role_is_member(bundle->s.role))
        return STATUS(NOT_FOUND);
    if (find_any(m, i->id, &at))
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

static struct status collect(struct store *s, struct text tenant,
                             const uint8_t bundle[static SERVICE_ID_SIZE], struct arena *a,
                             struct instance_auth **out, size_t *out_count)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    size_t most = m->instances.count < INSTANCE_AUTHS_MAX ? m->instances.count : INSTANCE_AUTHS_MAX;
    *out = arena_array(a, most + 1, sizeof **out);
    if (!*out)
        return STATUS(NOMEM);
    for (size_t i = 0; i < m->instances.count && *out_count < most; i++) {
        const struct memory_instance *row = m->instances.rows[i];
        if (text_equal(row->i.tenant, tenant) && memcmp(row->i.bundle, bundle, SERVICE_ID_SIZE) == 0)
            TRY(copy_out(row, a, &(*out)[(*out_count)++]));
    }
    return DONE;
}

struct status memory_instance_auth_list(struct store *s, struct text tenant,
                                        const uint8_t bundle[static SERVICE_ID_SIZE], struct arena *a,
                                        instance_auth_row *row, void *ctx)
{
    struct instance_auth *rows = NULL;
    size_t count = 0;
    TRY(collect(s, tenant, bundle, a, &rows, &count));
    for (size_t i = 0; i < count && row(ctx, &rows[i]); i++)
        ;
    return DONE;
}
