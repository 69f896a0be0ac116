/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_store.h"

struct status sqlite_audit_add(struct sqlite_txn *t, const struct audit_entry *audit)
{
    if (!audit)
        return DONE;
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_AUDIT_ADD);
    bind_int(&q, audit->at);
    bind_int(&q, audit_last_at(audit));
    bind_int(&q, audit_count(audit));
    bind_text(&q, audit->action);
    bind_text(&q, audit->actor);
    bind_text(&q, audit->tenant);
    bind_text(&q, audit->application);
    bind_text(&q, audit->subject);
    bind_text(&q, audit->detail);
    bind_text(&q, audit->address);
    bind_text(&q, audit->user_agent);
    bind_text(&q, audit->request_id);
    return sqlite_run(&q);
}

struct append {
    const struct audit_entry *entries;
    size_t count;
};

static struct status append(struct sqlite_txn *t, void *args)
{
    const struct append *in = args;
    for (size_t i = 0; i < in->count; i++)
        TRY(sqlite_audit_add(t, &in->entries[i]));
    return DONE;
}

struct status sqlite_audit_append(struct store *s, const struct audit_entry *entries, size_t count)
{
    struct append in = {entries, count};
    return sqlite_write(sqlite_of(s)->writer, append, &in);
}

static struct status read_row(struct sqlite_query *q, struct arena *a, struct audit_entry *out)
{
    out->id = column_int(q);
    out->at = column_int(q);
    out->last_at = column_int(q);
    out->count = column_int(q);
    out->action = column_text(q, a);
    out->actor = column_text(q, a);
    out->tenant = column_text(q, a);
    out->application = column_text(q, a);
    out->subject = column_text(q, a);
    out->detail = column_text(q, a);
    out->address = column_text(q, a);
    out->user_agent = column_text(q, a);
    out->request_id = column_text(q, a);
    out->certificate = NULL;
    return sqlite_query_status(q);
}

/* Rows before this (at, id): those of the page before, or the end of the wanted time. */
static struct status find_start(struct sqlite_db *db, const struct audit_filter *f, int64_t *out_at,
                                int64_t *out_id)
{
    *out_at = f->until > 0 ? f->until : INT64_MAX;
    *out_id = INT64_MIN;
    if (f->before_id == 0)
        return DONE;
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(db, SQL_AUDIT_AT);
    bind_int(&q, f->before_id);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    if (!found)
        return STATUS(INVALID);
    int64_t at = column_int(&q);
    if (at < *out_at) {
        *out_at = at;
        *out_id = f->before_id;
    }
    return DONE;
}

struct status sqlite_audit_list(struct store *s, const struct audit_filter *f, struct arena *a,
                                audit_row *row, void *ctx)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    int64_t at = 0, id = 0;
    TRY(find_start(reader.db, f, &at, &id));
    bool one_application = f->application.n > 0;
    OWNED(sqlite_done)
    struct sqlite_query q =
        sqlite_query(reader.db, one_application ? SQL_AUDIT_LIST_APPLICATION : SQL_AUDIT_LIST);
    bind_int(&q, at);
    bind_int(&q, id);
    bind_int(&q, f->since > 0 ? f->since : INT64_MIN);
    bind_text(&q, f->actor);
    bind_text(&q, f->action_prefix);
    bind_int(&q, f->limit);
    if (one_application)
        bind_text(&q, f->application);
    for (;;) {
        bool more = false;
        struct audit_entry e;
        TRY(sqlite_step(&q, &more));
        if (!more)
            return DONE;
        TRY(read_row(&q, a, &e));
        if (!row(ctx, &e))
            return DONE;
    }
}
