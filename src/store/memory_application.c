/* SPDX-License-Identifier: Apache-2.0 */
#include "store/memory_store.h"

#include "store/memory_directory.h"
#include "store/memory_registry.h"

const struct memory_shape memory_application_shape = {
    sizeof(struct application),
    4,
    {offsetof(struct application, tenant), offsetof(struct application, name),
     offsetof(struct application, description), offsetof(struct application, labels)},
};

struct application *memory_application(struct memory_store *m, struct text tenant, struct text name)
{
    return memory_table_find(&m->applications, &(struct application){.tenant = tenant, .name = name});
}

struct status memory_stage_application_row(struct memory_store *m, struct memory_stage *stage,
                                           const struct application *app)
{
    struct application row = *app;
    row.labels = labels_or_none(app->labels);
    row.services = 0;
    row.call = (struct call_choices){CALL_UNSET, CALL_UNSET};
    return memory_stage_add(stage, &m->applications, memory_copy(&memory_application_shape, &row, NULL));
}

struct status memory_stage_application(struct memory_store *m, struct memory_stage *stage,
                                       const struct application *app)
{
    TRY(memory_stage_application_row(m, stage, app));
    return memory_stage_object_of(m, stage, app);
}

struct status memory_application_create(struct store *s, const struct application *app,
                                        const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    if (memory_application(m, app->tenant, app->name))
        return STATUS(CONFLICT);
    TRY(memory_stage_application(m, &stage, app));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    m->operations++;
    return DONE;
}

struct status memory_application_get(struct store *s, struct text tenant, struct text name, struct arena *a,
                                     struct application *out)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    const struct application *app = memory_application(m, tenant, name);
    return app ? memory_copy_to(&memory_application_shape, app, a, out) : STATUS(NOT_FOUND);
}

struct page {
    struct application *rows; /* in the caller's arena */
    size_t count;
};

static struct status collect(struct store *s, struct text contains, const struct application_position *after,
                             unsigned limit, struct arena *a, struct page *out)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    out->rows = arena_array(a, limit, sizeof *out->rows);
    if (!out->rows)
        return STATUS(NOMEM);
    bool found = false;
    struct application key = {.tenant = after->tenant, .name = after->name};
    size_t i = memory_table_seek(&m->applications, &key, &found);
    for (i += found; i < m->applications.count && out->count < limit; i++) {
        const struct application *app = m->applications.rows[i];
        if (text_has(app->name, contains))
            TRY(memory_copy_to(&memory_application_shape, app, a, &out->rows[out->count++]));
    }
    return DONE;
}

struct status memory_application_list(struct store *s, struct text contains,
                                      const struct application_position *after, unsigned limit,
                                      struct arena *a, application_row *row, void *ctx)
{
    struct page page = {0};
    TRY(collect(s, contains, after, limit, a, &page));
    for (size_t i = 0; i < page.count && row(ctx, &page.rows[i]); i++)
        ;
    return DONE;
}

struct status memory_remove_application(struct memory_store *m, struct text tenant, struct text name,
                                        const struct audit_entry *audit, struct buffer *out_fingerprints)
{
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    bool found = false;
    size_t at =
        memory_table_seek(&m->applications, &(struct application){.tenant = tenant, .name = name}, &found);
    if (!found)
        return STATUS(NOT_FOUND);
    TRY(memory_stage_revoke_all(m, &stage, tenant, name, TEXT("application deleted"), audit->at,
                                out_fingerprints));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    memory_delete_open_tokens(m, tenant, name);
    memory_service_delete_all(m, tenant, name);
    memory_object_forget(m, tenant, name);
    memory_table_remove(&m->applications, at);
    m->operations++;
    return DONE;
}

struct status memory_application_delete(struct store *s, struct text tenant, struct text name,
                                        const struct audit_entry *audit, struct buffer *out_fingerprints)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    return memory_remove_application(m, tenant, name, audit, out_fingerprints);
}

struct status memory_application_update(struct store *s, struct text tenant, struct text name,
                                        const struct application_change *change,
                                        const struct audit_entry *audit)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    OWNED(memory_stage_release) struct memory_stage stage = {0};
    const struct application *app = memory_application(m, tenant, name);
    if (!app)
        return STATUS(NOT_FOUND);
    struct application row = *app;
    if (change->description)
        row.description = *change->description;
    if (change->labels)
        row.labels = labels_or_none(*change->labels);
    if (change->skip_verify)
        row.call.skip_verify = *change->skip_verify;
    if (change->encode_url)
        row.call.encode_url = *change->encode_url;
    TRY(memory_stage_add(&stage, &m->applications, memory_copy(&memory_application_shape, &row, NULL)));
    TRY(memory_stage_object_touch(m, &stage, tenant, name, audit->at));
    TRY(memory_stage_audit(m, &stage, audit));
    memory_stage_commit(&stage);
    m->operations++;
    return DONE;
}

struct status memory_application_certificates(struct store *s, struct text tenant, struct text name,
                                              unsigned most, unsigned *out_count)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    unsigned count = 0;
    for (size_t i = 0; count < most && i < m->certificates.count; i++) {
        const struct certificate *c = &((const struct memory_certificate *)m->certificates.rows[i])->c;
        count += text_equal(c->tenant, tenant) && text_equal(c->application, name) &&
                 !memory_revocation_of(m, c->fingerprint);
    }
    *out_count = count;
    return DONE;
}

struct status memory_application_seen(struct store *s, const struct last_seen *seen, size_t count)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    for (size_t i = 0; i < count; i++) {
        struct application *app = memory_application(m, seen[i].tenant, seen[i].name);
        if (app && app->last_seen_at < seen[i].at)
            app->last_seen_at = seen[i].at; /* no slice and no key: may change in place */
    }
    m->operations++;
    return DONE;
}
