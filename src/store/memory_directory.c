/* SPDX-License-Identifier: Apache-2.0 */
#include "store/memory_directory.h"

/* ---- rows and their order ---- */

static const struct memory_shape tenant_shape = {
    sizeof(struct tenant),
    4,
    {offsetof(struct tenant, key), offsetof(struct tenant, external_id), offsetof(struct tenant, name),
     offsetof(struct tenant, type)},
};
static const struct memory_shape operator_shape = {
    sizeof(struct operator_row),
    4,
    {offsetof(struct operator_row, name), offsetof(struct operator_row, scopes),
     offsetof(struct operator_row, tenants), offsetof(struct operator_row, created_by)},
};

static int compare_tenants(const void *a, const void *b)
{
    return text_compare(((const struct tenant *)a)->external_id, ((const struct tenant *)b)->external_id);
}

static int compare_objects(const void *a, const void *b)
{
    return memcmp(((const struct object *)a)->id, ((const struct object *)b)->id, OBJECT_ID_SIZE);
}

static int compare_auths(const void *a, const void *b)
{
    return memcmp(((const struct system_auth *)a)->id, ((const struct system_auth *)b)->id, OBJECT_ID_SIZE);
}

static int compare_operators(const void *a, const void *b)
{
    return text_compare(((const struct operator_row *)a)->name, ((const struct operator_row *)b)->name);
}

void memory_directory_open(struct memory_store *m)
{
    m->tenants.compare = compare_tenants;
    m->objects.compare = compare_objects;
    m->auths.compare = compare_auths;
    m->operators.compare = compare_operators;
}

void memory_directory_close(struct memory_store *m)
{
    memory_table_release(&m->tenants);
    memory_table_release(&m->objects);
    memory_table_release(&m->auths);
    memory_table_release(&m->operators);
}

/* ---- tenants ---- */

static struct tenant *tenant_of(const struct memory_store *m, bool by_key, struct text value)
{
    for (size_t i = 0; i < m->tenants.count; i++) {
        struct tenant *t = m->tenants.rows[i];
        if (text_equal(by_key ? t->key : t->external_id, value))
            return t;
    }
    return NULL;
}

static struct status put_tenant(struct memory_store *m, const struct tenant *t,
                                const struct audit_entry *audit)
{
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    TRY(memory_stage_add(&stage, &m->tenants, memory_copy(&tenant_shape, t, NULL)));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    m->operations++;
    return DONE;
}

struct status memory_tenant_create(struct store *s, const struct tenant *t, const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    TRY(memory_caller_check(m, audit));
    if (tenant_of(m, true, t->key) || tenant_of(m, false, t->external_id))
        return STATUS(CONFLICT);
    return put_tenant(m, t, audit);
}

struct status memory_tenant_read(struct store *s, bool by_key, struct text value, struct arena *a,
                                 struct tenant *out)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    const struct tenant *t = tenant_of(m, by_key, value);
    return t ? memory_copy_to(&tenant_shape, t, a, out) : STATUS(NOT_FOUND);
}

static bool tenant_is_used(const struct memory_store *m, struct text key)
{
    for (size_t i = 0; i < m->objects.count; i++)
        if (text_equal(((const struct object *)m->objects.rows[i])->tenant, key))
            return true;
    for (size_t i = 0; i < m->certificates.count; i++) {
        const struct certificate *c = &((const struct memory_certificate *)m->certificates.rows[i])->c;
        if (text_equal(c->tenant, key) && !memory_revocation_of(m, c->fingerprint))
            return true;
    }
    return false;
}

struct status memory_tenant_delete(struct store *s, struct text external_id, const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    TRY(memory_caller_check(m, audit));
    const struct tenant *t = tenant_of(m, false, external_id);
    if (!t)
        return STATUS(NOT_FOUND);
    if (t->key.n == 0)
        return STATUS(INVALID);
    if (tenant_is_used(m, t->key))
        return STATUS(CONFLICT);
    bool found = false;
    const size_t at = memory_table_seek(&m->tenants, t, &found);
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    memory_table_remove(&m->tenants, at);
    m->operations++;
    return DONE;
}

static struct status collect_tenants(struct store *s, struct text contains, const struct offset_page *page,
                                     struct arena *a, struct tenant **out, size_t *out_count,
                                     uint64_t *out_total)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    struct tenant *rows = arena_array(a, page->limit, sizeof *rows);
    if (!rows)
        return STATUS(NOMEM);
    size_t count = 0;
    uint64_t total = 0;
    for (size_t i = 0; i < m->tenants.count; i++) {
        const struct tenant *t = m->tenants.rows[i];
        if (!text_has(t->external_id, contains) && !text_has(t->name, contains))
            continue;
        if (total++ >= page->offset && count < page->limit)
            TRY(memory_copy_to(&tenant_shape, t, a, &rows[count++]));
    }
    *out = rows;
    *out_count = count;
    *out_total = total;
    return DONE;
}

struct status memory_tenant_list(struct store *s, struct text contains, const struct offset_page *page,
                                 struct arena *a, tenant_row *row, void *ctx, uint64_t *out_total)
{
    struct tenant *rows = NULL;
    size_t count = 0;
    TRY(collect_tenants(s, contains, page, a, &rows, &count, out_total));
    for (size_t i = 0; i < count && row(ctx, &rows[i]); i++)
        ;
    return DONE;
}

/* ---- operators ---- */

struct status memory_operator_create(struct store *s, const struct operator_row *o,
                                     const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    for (size_t i = 0; i < m->operators.count; i++) {
        const struct operator_row *is = m->operators.rows[i];
        if (text_equal(is->name, o->name) || memcmp(is->hash, o->hash, SHA256_SIZE) == 0)
            return STATUS(CONFLICT);
    }
    TRY(memory_stage_add(&stage, &m->operators, memory_copy(&operator_shape, o, NULL)));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    m->operations++;
    return DONE;
}

struct status memory_operator_find(struct store *s, const uint8_t hash[static SHA256_SIZE], struct arena *a,
                                   struct operator_row *out)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    for (size_t i = 0; i < m->operators.count; i++) {
        const struct operator_row *is = m->operators.rows[i];
        if (memcmp(is->hash, hash, SHA256_SIZE) == 0)
            return memory_copy_to(&operator_shape, is, a, out);
    }
    return STATUS(NOT_FOUND);
}

static struct status collect_operators(struct store *s, struct arena *a, struct operator_row **out,
                                       size_t *out_count)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    struct operator_row *rows = arena_array(a, m->operators.count + 1, sizeof *rows);
    if (!rows)
        return STATUS(NOMEM);
    for (size_t i = 0; i < m->operators.count; i++)
        TRY(memory_copy_to(&operator_shape, m->operators.rows[i], a, &rows[i]));
    *out = rows;
    *out_count = m->operators.count;
    return DONE;
}

struct status memory_operator_list(struct store *s, struct arena *a, operator_each *row, void *ctx)
{
    struct operator_row *rows = NULL;
    size_t count = 0;
    TRY(collect_operators(s, a, &rows, &count));
    for (size_t i = 0; i < count && row(ctx, &rows[i]); i++)
        ;
    return DONE;
}

struct status memory_operator_delete(struct store *s, struct text name, const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    bool found = false;
    const size_t at = memory_table_seek(&m->operators, &(struct operator_row){.name = name}, &found);
    if (!found)
        return STATUS(NOT_FOUND);
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    memory_table_remove(&m->operators, at);
    m->operations++;
    return DONE;
}

struct status memory_operator_update(struct store *s, struct text name, const struct operator_change *change,
                                     const struct audit_entry *audit, struct arena *a,
                                     struct operator_row *out)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    const struct operator_row *o = memory_table_find(&m->operators, &(struct operator_row){.name = name});
    if (!o)
        return STATUS(NOT_FOUND);
    struct operator_row changed = *o;
    changed.scopes = change->scopes ? *change->scopes : o->scopes;
    changed.tenants = change->tenants ? *change->tenants : o->tenants;
    changed.expires_at = change->expires_at ? *change->expires_at : o->expires_at;
    TRY(memory_copy_to(&operator_shape, &changed, a, out));
    TRY(memory_stage_add(&stage, &m->operators, memory_copy(&operator_shape, &changed, NULL)));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    m->operations++;
    return DONE;
}

struct status memory_operator_used(struct store *s, struct text name, int64_t at)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    struct operator_row *o = memory_table_find(&m->operators, &(struct operator_row){.name = name});
    if (o && o->last_used_at < at)
        o->last_used_at = at; /* no slice and no key: may change in place */
    m->operations++;
    return DONE;
}
