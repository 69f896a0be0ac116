/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_registry.h"

struct status sqlite_specification_id(struct sqlite_txn *t, struct text tenant,
                                      const uint8_t hash[static SHA256_SIZE], int64_t *out_id)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_SPECIFICATION_FIND);
    bind_text(&q, tenant);
    bind_digest(&q, hash);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    *out_id = found ? column_int(&q) : 0;
    return DONE;
}

static struct status add(struct sqlite_txn *t, struct text tenant, const struct specification_row *content,
                         int64_t *out_id)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_SPECIFICATION_ADD);
    bind_text(&q, tenant);
    bind_digest(&q, content->hash);
    bind_int(&q, content->size);
    bind_int(&q, (int64_t)content->packed.n);
    bind_int(&q, content->packing);
    TRY(sqlite_run(&q));
    *out_id = sqlite3_last_insert_rowid(t->db->handle);

    OWNED(sqlite_done) struct sqlite_query bytes = sqlite_query(t->db, SQL_SPECIFICATION_CONTENT_ADD);
    bind_int(&bytes, *out_id);
    bind_text(&bytes, tenant);
    bind_blob(&bytes, content->packed);
    TRY(sqlite_run(&bytes));
    t->counters[COUNTER_SPECIFICATIONS]++;
    t->counters[COUNTER_SPECIFICATION_BYTES] += (int64_t)content->packed.n;
    return DONE;
}

static struct status run_by_id(struct sqlite_txn *t, enum sql sql, int64_t id)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, sql);
    bind_int(&q, id);
    return sqlite_run(&q);
}

static struct status count(struct sqlite_txn *t, int64_t id, int more)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_SPECIFICATION_COUNT);
    bind_int(&q, more);
    bind_int(&q, id);
    return sqlite_run(&q);
}

struct status sqlite_specification_take(struct sqlite_txn *t, struct text tenant,
                                        const struct specification_row *content, int64_t *out_id)
{
    TRY(sqlite_specification_id(t, tenant, content->hash, out_id));
    return *out_id ? count(t, *out_id, 1) : add(t, tenant, content, out_id);
}

/* UPDATE ... RETURNING would be one statement less, but is one that SQLite may have to undo: within the large
 * transaction that deletes an application, setting that up takes time with every page changed before. */
static struct status read_refs(struct sqlite_txn *t, int64_t id, int64_t *out_refs, int64_t *out_stored)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_SPECIFICATION_REFS);
    bind_int(&q, id);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    if (!found)
        return STATUS(BROKEN);
    *out_refs = column_int(&q);
    *out_stored = column_int(&q);
    return DONE;
}

struct status sqlite_specification_release(struct sqlite_txn *t, int64_t id)
{
    int64_t refs = 0, stored = 0;
    if (id == 0)
        return DONE;
    TRY(read_refs(t, id, &refs, &stored));
    if (refs > 1)
        return count(t, id, -1);
    TRY(run_by_id(t, SQL_SPECIFICATION_DELETE, id));
    TRY(run_by_id(t, SQL_SPECIFICATION_CONTENT_DELETE, id));
    t->counters[COUNTER_SPECIFICATIONS]--;
    t->counters[COUNTER_SPECIFICATION_BYTES] -= stored;
    return DONE;
}

struct status sqlite_specification_get(struct store *s, struct text tenant,
                                       const uint8_t hash[static SHA256_SIZE], struct arena *a,
                                       struct specification_row *out)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_SPECIFICATION_GET);
    bind_text(&q, tenant);
    bind_digest(&q, hash);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    if (!found)
        return STATUS(NOT_FOUND);
    struct specification_row row = {.packing = (int)column_int(&q)};
    row.size = column_int(&q);
    if (column_is_null(&q))
        return STATUS(BROKEN);
    row.packed = column_blob(&q, a);
    TRY(sqlite_query_status(&q));
    memcpy(row.hash, hash, SHA256_SIZE);
    *out = row;
    return DONE;
}
