/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_registry.h"

#define SLOTS_PER_SERVICE 4 /* room for more kinds of secrets; the schema's rule for secret.id */

static int64_t secret_id(int64_t row, enum secret_slot slot)
{
    static_assert(SECRET_SLOTS <= SLOTS_PER_SERVICE);
    return SLOTS_PER_SERVICE * row + (int64_t)slot;
}

/* ---- inside a transaction ---- */

static struct status keep_history(struct sqlite_txn *t, int64_t id, int64_t now, struct bytes sealed)
{
    OWNED(sqlite_done) struct sqlite_query add = sqlite_query(t->db, SQL_HISTORY_ADD);
    bind_int(&add, id);
    bind_int(&add, now);
    bind_blob(&add, sealed);
    TRY(sqlite_run(&add));
    OWNED(sqlite_done) struct sqlite_query trim = sqlite_query(t->db, SQL_HISTORY_TRIM);
    bind_int(&trim, id);
    bind_int(&trim, SECRET_HISTORY_MAX);
    return sqlite_run(&trim);
}

static struct status put(struct sqlite_txn *t, struct text tenant, int64_t id, int64_t now,
                         const struct secret_write *w)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_SECRET_PUT);
    bind_int(&q, id);
    bind_text(&q, tenant);
    bind_int(&q, w->by_hand);
    bind_int(&q, now);
    bind_blob(&q, w->sealed);
    return sqlite_run(&q);
}

static struct status remove_secret(struct sqlite_txn *t, int64_t id)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_SECRET_DELETE);
    bind_int(&q, id);
    return sqlite_run(&q);
}

struct status sqlite_secret_write(struct sqlite_txn *t, struct text tenant, int64_t row,
                                  enum secret_slot slot, int64_t now, const struct secret_write *w)
{
    int64_t id = secret_id(row, slot);
    if (w->change == SECRET_KEEP)
        return DONE;
    if (w->history.n > 0)
        TRY(keep_history(t, id, now, w->history));
    return w->change == SECRET_PUT ? put(t, tenant, id, now, w) : remove_secret(t, id);
}

static struct status delete_range(struct sqlite_txn *t, enum sql sql, int64_t row)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, sql);
    bind_int(&q, SLOTS_PER_SERVICE * row);
    bind_int(&q, SLOTS_PER_SERVICE * row + SLOTS_PER_SERVICE - 1);
    return sqlite_run(&q);
}

struct status sqlite_secret_delete_all(struct sqlite_txn *t, int64_t row)
{
    TRY(delete_range(t, SQL_SECRET_DELETE_RANGE, row));
    return delete_range(t, SQL_HISTORY_DELETE_RANGE, row);
}

/* ---- replacing one ---- */

struct replacement {
    struct text tenant;
    const uint8_t *id;
    enum secret_slot slot;
    int64_t expected_revision; /* of the secret; 0 = any */
    int64_t now;
    const struct secret_write *w;
    const struct audit_entry *audit;
};

static struct status check_revision(struct sqlite_txn *t, int64_t id, int64_t expected)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_SECRET_REVISION);
    bind_int(&q, id);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    if (!found)
        return STATUS(NOT_FOUND);
    return expected == 0 || column_int(&q) == expected ? DONE : STATUS(CHANGED);
}

static struct status touch_service(struct sqlite_txn *t, int64_t row, int64_t now)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_SERVICE_TOUCH);
    bind_int(&q, now);
    bind_int(&q, row);
    return sqlite_run(&q);
}

static struct status replace(struct sqlite_txn *t, void *args)
{
    const struct replacement *in = args;
    struct service_state service;
    TRY(sqlite_caller_check(t, in->audit));
    TRY(sqlite_service_state(t, in->tenant, TEXT(""), in->id, &service));
    TRY(check_revision(t, secret_id(service.row, in->slot), in->expected_revision));
    TRY(sqlite_secret_write(t, in->tenant, service.row, in->slot, in->now, in->w));
    TRY(touch_service(t, service.row, in->now));
    TRY(sqlite_service_changed(t, in->tenant, in->id));
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_secret_replace(struct store *s, struct text tenant,
                                    const uint8_t id[static SERVICE_ID_SIZE], enum secret_slot slot,
                                    int64_t expected_revision, int64_t now, const struct secret_write *w,
                                    const struct audit_entry *audit)
{
    struct replacement in = {tenant, id, slot, expected_revision, now, w, audit};
    return sqlite_write(sqlite_of(s)->writer, replace, &in);
}

/* ---- history ---- */

static struct status read_history(struct sqlite_query *q, struct arena *a, struct secret_history *out)
{
    out->sequence = column_int(q);
    out->replaced_at = column_int(q);
    out->by_hand = column_int(q) != 0;
    out->sealed = column_blob(q, a);
    return sqlite_query_status(q);
}

struct status sqlite_secret_history(struct store *s, struct text tenant,
                                    const uint8_t id[static SERVICE_ID_SIZE], enum secret_slot slot,
                                    struct arena *a, secret_history_row *row, void *ctx)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_HISTORY_LIST);
    bind_int(&q, slot);
    bind_blob(&q, (struct bytes){id, SERVICE_ID_SIZE});
    bind_text(&q, tenant);
    for (size_t rows = 0;; rows++) {
        bool more = false;
        struct secret_history h;
        TRY(sqlite_step(&q, &more));
        if (!more)
            return rows > 0 ? DONE : STATUS(NOT_FOUND);
        if (column_is_null(&q)) /* the service alone */
            return DONE;
        TRY(read_history(&q, a, &h));
        if (!row(ctx, &h))
            return DONE;
    }
}
