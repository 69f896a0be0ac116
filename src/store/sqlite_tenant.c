/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_directory.h"

struct create {
    const struct tenant *tenant;
    const struct audit_entry *audit;
};

static struct status create(struct sqlite_txn *t, void *args)
{
    const struct create *in = args;
    TRY(sqlite_caller_check(t, in->audit));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_TENANT_ADD);
    bind_text(&q, in->tenant->key);
    bind_text(&q, in->tenant->external_id);
    bind_blob(&q, BYTES_OF(in->tenant->internal_id));
    bind_text(&q, in->tenant->name);
    bind_text(&q, in->tenant->type);
    bind_int(&q, in->tenant->created_at);
    TRY(sqlite_run(&q)); /* key or external id in use: E_CONFLICT */
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_tenant_create(struct store *s, const struct tenant *tenant,
                                   const struct audit_entry *audit)
{
    struct create in = {tenant, audit};
    return sqlite_write(sqlite_of(s)->writer, create, &in);
}

static struct status read_row(struct sqlite_query *q, struct arena *a, struct tenant *out)
{
    struct tenant t = {.key = column_text(q, a)};
    t.external_id = column_text(q, a);
    column_exact(q, t.internal_id, sizeof t.internal_id);
    t.name = column_text(q, a);
    t.type = column_text(q, a);
    t.created_at = column_int(q);
    TRY(sqlite_query_status(q));
    *out = t;
    return DONE;
}

static struct status find(struct sqlite_db *db, bool by_key, struct text value, struct arena *a,
                          struct tenant *out)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(db, by_key ? SQL_TENANT_GET : SQL_TENANT_FIND);
    bind_text(&q, value);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    return found ? read_row(&q, a, out) : STATUS(NOT_FOUND);
}

struct status sqlite_tenant_read(struct store *s, bool by_key, struct text value, struct arena *a,
                                 struct tenant *out)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    return find(reader.db, by_key, value, a, out);
}

struct change {
    struct text external_id, name, type;
    const struct audit_entry *audit;
    struct arena *a;
};

static struct status is_used(struct sqlite_txn *t, struct text key, bool *out)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_TENANT_USED);
    bind_text(&q, key);
    bool row = false;
    TRY(sqlite_step(&q, &row));
    *out = row && column_int(&q) != 0;
    return sqlite_query_status(&q);
}

static struct status delete_tenant(struct sqlite_txn *t, void *args)
{
    const struct change *in = args;
    struct tenant tenant;
    bool used = false;
    TRY(sqlite_caller_check(t, in->audit));
    TRY(find(t->db, false, in->external_id, in->a, &tenant));
    if (tenant.key.n == 0)
        return STATUS(INVALID);
    TRY(is_used(t, tenant.key, &used));
    if (used)
        return STATUS(CONFLICT);
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_TENANT_DELETE);
    bind_text(&q, in->external_id);
    TRY(sqlite_run(&q));
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_tenant_delete(struct store *s, struct text external_id, const struct audit_entry *audit)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, OBJECT_ROOM, OBJECT_ROOM_MAX);
    struct change in = {.external_id = external_id, .audit = audit, .a = &a};
    return sqlite_write(sqlite_of(s)->writer, delete_tenant, &in);
}

static struct status count(struct sqlite_db *db, struct text contains, uint64_t *out)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(db, SQL_TENANT_COUNT);
    bind_text(&q, contains);
    bool row = false;
    TRY(sqlite_step(&q, &row));
    *out = row ? (uint64_t)column_int(&q) : 0;
    return sqlite_query_status(&q);
}

struct status sqlite_tenant_list(struct store *s, struct text contains, const struct offset_page *page,
                                 struct arena *a, tenant_row *row, void *ctx, uint64_t *out_total)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    TRY(count(reader.db, contains, out_total));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_TENANT_LIST);
    bind_text(&q, contains);
    bind_int(&q, page->limit);
    bind_int(&q, (int64_t)page->offset);
    for (;;) {
        bool more = false;
        struct tenant t;
        TRY(sqlite_step(&q, &more));
        if (!more)
            return DONE;
        TRY(read_row(&q, a, &t));
        if (!row(ctx, &t))
            return DONE;
    }
}
