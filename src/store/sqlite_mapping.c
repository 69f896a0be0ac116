/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_mapping.h"

struct write {
    const struct subject_mapping *row;
    const uint8_t *id;
    const struct audit_entry *audit;
};

static struct status create(struct sqlite_txn *t, void *args)
{
    const struct write *in = args;
    const struct subject_mapping *m = in->row;
    TRY(sqlite_caller_check(t, in->audit));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_MAPPING_ADD);
    bind_blob(&q, BYTES_OF(m->id));
    bind_text(&q, m->subject);
    bind_text(&q, m->consumer_type);
    bind_text(&q, m->internal_consumer_id);
    bind_text(&q, m->levels);
    bind_int(&q, m->created_at);
    bind_int(&q, m->updated_at);
    TRY(sqlite_run(&q)); /* subject or id in use: E_CONFLICT */
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_mapping_create(struct store *s, const struct subject_mapping *m,
                                    const struct audit_entry *audit)
{
    struct write in = {.row = m, .audit = audit};
    return sqlite_write(sqlite_of(s)->writer, create, &in);
}

static struct status replace(struct sqlite_txn *t, void *args)
{
    const struct write *in = args;
    const struct subject_mapping *m = in->row;
    TRY(sqlite_caller_check(t, in->audit));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_MAPPING_PUT);
    bind_text(&q, m->subject);
    bind_text(&q, m->consumer_type);
    bind_text(&q, m->internal_consumer_id);
    bind_text(&q, m->levels);
    bind_int(&q, m->updated_at);
    bind_blob(&q, BYTES_OF(m->id));
    TRY(sqlite_run(&q)); /* another one's subject: E_CONFLICT */
    return sqlite3_changes(t->db->handle) == 0 ? STATUS(NOT_FOUND) : sqlite_audit_add(t, in->audit);
}

struct status sqlite_mapping_replace(struct store *s, const struct subject_mapping *m,
                                     const struct audit_entry *audit)
{
    struct write in = {.row = m, .audit = audit};
    return sqlite_write(sqlite_of(s)->writer, replace, &in);
}

static struct status delete_row(struct sqlite_txn *t, void *args)
{
    const struct write *in = args;
    TRY(sqlite_caller_check(t, in->audit));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_MAPPING_DELETE);
    bind_blob(&q, (struct bytes){in->id, UUID_SIZE});
    TRY(sqlite_run(&q));
    return sqlite3_changes(t->db->handle) == 0 ? STATUS(NOT_FOUND) : sqlite_audit_add(t, in->audit);
}

struct status sqlite_mapping_delete(struct store *s, const uint8_t id[static UUID_SIZE],
                                    const struct audit_entry *audit)
{
    struct write in = {.id = id, .audit = audit};
    return sqlite_write(sqlite_of(s)->writer, delete_row, &in);
}

static struct status read_row(struct sqlite_query *q, struct arena *a, struct subject_mapping *out)
{
    struct subject_mapping m = {.created_at = 0};
    column_exact(q, m.id, sizeof m.id);
    m.subject = column_text(q, a);
    m.consumer_type = column_text(q, a);
    m.internal_consumer_id = column_text(q, a);
    m.levels = column_text(q, a);
    m.created_at = column_int(q);
    m.updated_at = column_int(q);
    TRY(sqlite_query_status(q));
    *out = m;
    return DONE;
}

static struct status read_one(struct store *s, enum sql which, struct bytes id, struct text subject,
                              struct arena *a, struct subject_mapping *out)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, which);
    if (which == SQL_MAPPING_GET)
        bind_blob(&q, id);
    else
        bind_text(&q, subject);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    return found ? read_row(&q, a, out) : STATUS(NOT_FOUND);
}

struct status sqlite_mapping_get(struct store *s, const uint8_t id[static UUID_SIZE], struct arena *a,
                                 struct subject_mapping *out)
{
    return read_one(s, SQL_MAPPING_GET, (struct bytes){id, UUID_SIZE}, TEXT(""), a, out);
}

struct status sqlite_mapping_find(struct store *s, struct text subject, struct arena *a,
                                  struct subject_mapping *out)
{
    return read_one(s, SQL_MAPPING_FIND, (struct bytes){NULL, 0}, subject, a, out);
}

static struct status count(struct sqlite_db *db, uint64_t *out)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(db, SQL_MAPPING_COUNT);
    bool row = false;
    TRY(sqlite_step(&q, &row));
    *out = row ? (uint64_t)column_int(&q) : 0;
    return sqlite_query_status(&q);
}

struct status sqlite_mapping_list(struct store *s, const struct offset_page *page, struct arena *a,
                                  subject_mapping_row *row, void *ctx, uint64_t *out_total)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    TRY(count(reader.db, out_total));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_MAPPING_LIST);
    bind_int(&q, page->limit);
    bind_int(&q, (int64_t)page->offset);
    for (;;) {
        bool more = false;
        struct subject_mapping m;
        TRY(sqlite_step(&q, &more));
        if (!more)
            return DONE;
        TRY(read_row(&q, a, &m));
        if (!row(ctx, &m))
            return DONE;
    }
}
