/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_registry.h"

struct change {
    const struct kept_secret_write *w; /* of a deletion: tenant, name, expected_revision */
    const struct audit_entry *audit;
    bool is_new;
};

/* *out_found, and whether the row is the expected one. */
static struct status look(struct sqlite_txn *t, const struct kept_secret_write *w, bool *out_found)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_KEPT_REVISION);
    bind_text(&q, w->tenant);
    bind_text(&q, w->name);
    TRY(sqlite_step(&q, out_found));
    if (!*out_found)
        return w->expected_revision > 0 ? STATUS(NOT_FOUND) : DONE;
    return w->expected_revision == 0 || column_int(&q) == w->expected_revision ? DONE : STATUS(CHANGED);
}

static struct status changed(struct sqlite_txn *t, const struct change *in)
{
    TRY(sqlite_change(t, in->w->tenant, TEXT("secret"), text_bytes(in->w->name)));
    return sqlite_audit_add(t, in->audit);
}

static struct status put(struct sqlite_txn *t, void *args)
{
    struct change *in = args;
    bool found = false;
    TRY(sqlite_caller_check(t, in->audit));
    TRY(look(t, in->w, &found));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_KEPT_PUT);
    bind_text(&q, in->w->tenant);
    bind_text(&q, in->w->name);
    bind_int(&q, in->w->at);
    bind_blob(&q, in->w->sealed);
    TRY(sqlite_run(&q));
    in->is_new = !found;
    return changed(t, in);
}

struct status sqlite_kept_secret_put(struct store *s, const struct kept_secret_write *w,
                                     const struct audit_entry *audit, bool *out_new)
{
    struct change in = {w, audit, false};
    TRY(sqlite_write(sqlite_of(s)->writer, put, &in));
    *out_new = in.is_new;
    return DONE;
}

static struct status delete_row(struct sqlite_txn *t, void *args)
{
    const struct change *in = args;
    bool found = false;
    TRY(sqlite_caller_check(t, in->audit));
    TRY(look(t, in->w, &found));
    if (!found)
        return STATUS(NOT_FOUND);
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_KEPT_DELETE);
    bind_text(&q, in->w->tenant);
    bind_text(&q, in->w->name);
    TRY(sqlite_run(&q));
    return changed(t, in);
}

struct status sqlite_kept_secret_delete(struct store *s, struct text tenant, struct text name,
                                        int64_t expected_revision, const struct audit_entry *audit)
{
    const struct kept_secret_write w = {
        .tenant = tenant, .name = name, .expected_revision = expected_revision};
    struct change in = {&w, audit, false};
    return sqlite_write(sqlite_of(s)->writer, delete_row, &in);
}

static struct status read_row(struct sqlite_query *q, struct text tenant, struct arena *a,
                              struct kept_secret *out)
{
    struct kept_secret k = {.tenant = arena_text(a, tenant), .name = column_text(q, a)};
    k.revision = column_int(q);
    k.created_at = column_int(q);
    k.updated_at = column_int(q);
    k.sealed = column_blob(q, a);
    TRY(sqlite_query_status(q));
    *out = k;
    return k.tenant.n == tenant.n ? DONE : STATUS(NOMEM);
}

struct status sqlite_kept_secret_get(struct store *s, struct text tenant, struct text name, struct arena *a,
                                     struct kept_secret *out)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_KEPT_GET);
    bool found = false;
    bind_text(&q, tenant);
    bind_text(&q, name);
    TRY(sqlite_step(&q, &found));
    return found ? read_row(&q, tenant, a, out) : STATUS(NOT_FOUND);
}

struct status sqlite_kept_secret_list(struct store *s, struct text tenant, struct text after, unsigned limit,
                                      struct arena *a, kept_secret_row *row, void *ctx)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_KEPT_LIST);
    bind_text(&q, tenant);
    bind_text(&q, after);
    bind_int(&q, limit);
    for (;;) {
        bool more = false;
        struct kept_secret k;
        TRY(sqlite_step(&q, &more));
        if (!more)
            return DONE;
        TRY(read_row(&q, tenant, a, &k));
        if (!row(ctx, &k))
            return DONE;
    }
}
