/* SPDX-License-Identifier: Apache-2.0 */
#include "store/memory_registry.h"

const struct memory_shape memory_kept_shape = {sizeof(struct memory_kept),
                                               3,
                                               {offsetof(struct memory_kept, k.tenant),
                                                offsetof(struct memory_kept, k.name),
                                                offsetof(struct memory_kept, k.sealed)}};

/* The position of that row; of a list, of the first one behind `name`. */
static size_t seek(const struct memory_store *m, struct text tenant, struct text name, bool *out_found)
{
    return memory_table_seek(&m->kept_secrets, &(struct memory_kept){.k = {.tenant = tenant, .name = name}},
                             out_found);
}

static struct status look(const struct memory_store *m, const struct kept_secret_write *w,
                          const struct memory_kept **out)
{
    bool found = false;
    const size_t at = seek(m, w->tenant, w->name, &found);
    *out = found ? m->kept_secrets.rows[at] : NULL;
    if (!found)
        return w->expected_revision > 0 ? STATUS(NOT_FOUND) : DONE;
    return w->expected_revision == 0 || (*out)->k.revision == w->expected_revision ? DONE : STATUS(CHANGED);
}

struct status memory_kept_secret_put(struct store *s, const struct kept_secret_write *w,
                                     const struct audit_entry *audit, bool *out_new)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    const struct memory_kept *was = NULL;
    TRY(memory_caller_check(m, audit));
    TRY(look(m, w, &was));
    const struct memory_kept next = {
        .id = was ? was->id : m->last_kept + 1,
        .k = {.tenant = w->tenant,
              .name = w->name,
              .revision = was ? was->k.revision + 1 : 1,
              .created_at = was ? was->k.created_at : w->at,
              .updated_at = w->at,
              .sealed = w->sealed},
    };
    const bool is_new = !was; /* the row goes with the commit */
    TRY(memory_stage_add(&stage, &m->kept_secrets, memory_copy(&memory_kept_shape, &next, NULL)));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    m->last_kept += is_new;
    m->operations++;
    *out_new = is_new;
    return DONE;
}

struct status memory_kept_secret_delete(struct store *s, struct text tenant, struct text name,
                                        int64_t expected_revision, const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    const struct kept_secret_write w = {
        .tenant = tenant, .name = name, .expected_revision = expected_revision};
    const struct memory_kept *was = NULL;
    bool found = false;
    TRY(memory_caller_check(m, audit));
    TRY(look(m, &w, &was));
    if (!was)
        return STATUS(NOT_FOUND);
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    memory_table_remove(&m->kept_secrets, seek(m, tenant, name, &found));
    m->operations++;
    return DONE;
}

struct status memory_kept_secret_get(struct store *s, struct text tenant, struct text name, struct arena *a,
                                     struct kept_secret *out)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    bool found = false;
    struct memory_kept copy;
    const size_t at = seek(m, tenant, name, &found);
    if (!found)
        return STATUS(NOT_FOUND);
    TRY(memory_copy_to(&memory_kept_shape, m->kept_secrets.rows[at], a, &copy));
    *out = copy.k;
    return DONE;
}

static struct status collect(struct store *s, struct text tenant, struct text after, unsigned limit,
                             struct arena *a, struct memory_kept **out, size_t *out_count)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    struct memory_kept *rows = arena_array(a, limit, sizeof *rows);
    bool found = false;
    size_t count = 0;
    if (!rows)
        return STATUS(NOMEM);
    for (size_t i = seek(m, tenant, after, &found) + found; i < m->kept_secrets.count && count < limit; i++) {
        struct memory_kept row = *(const struct memory_kept *)m->kept_secrets.rows[i];
        if (!text_equal(row.k.tenant, tenant))
            break;
        row.k.sealed = (struct bytes){NULL, 0};
        TRY(memory_copy_to(&memory_kept_shape, &row, a, &rows[count++]));
    }
    *out = rows;
    *out_count = count;
    return DONE;
}

struct status memory_kept_secret_list(struct store *s, struct text tenant, struct text after, unsigned limit,
                                      struct arena *a, kept_secret_row *row, void *ctx)
{
    struct memory_kept *rows = NULL;
    size_t count = 0;
    TRY(collect(s, tenant, after, limit, a, &rows, &count));
    for (size_t i = 0; i < count && row(ctx, &rows[i].k); i++)
        ;
    return DONE;
}
