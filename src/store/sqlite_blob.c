/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_store.h"

struct change {
    const struct named_blob *blobs;
    size_t count;
    enum sql sql; /* SQL_BLOB_PUT or SQL_BLOB_ADD */
    const struct audit_entry *audit;
};

static struct status change(struct sqlite_txn *t, void *args)
{
    const struct change *in = args;
    for (size_t i = 0; i < in->count; i++) {
        OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, in->sql);
        bind_text(&q, in->blobs[i].name);
        bind_blob(&q, in->blobs[i].value);
        TRY(sqlite_run(&q)); /* SQL_BLOB_ADD of a name that is there: E_CONFLICT */
    }
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_blob_put(struct store *s, struct text name, struct bytes value,
                              const struct audit_entry *audit)
{
    struct named_blob blob = {name, value};
    struct change in = {&blob, 1, SQL_BLOB_PUT, audit};
    return sqlite_write(sqlite_of(s)->writer, change, &in);
}

struct status sqlite_blob_create(struct store *s, struct text name, struct bytes value,
                                 const struct audit_entry *audit)
{
    struct named_blob blob = {name, value};
    struct change in = {&blob, 1, SQL_BLOB_ADD, audit};
    return sqlite_write(sqlite_of(s)->writer, change, &in);
}

struct status sqlite_blob_replace(struct store *s, const struct named_blob *blobs, size_t count,
                                  const struct audit_entry *audit)
{
    struct change in = {blobs, count, SQL_BLOB_PUT, audit};
    return sqlite_write(sqlite_of(s)->writer, change, &in);
}

struct status sqlite_blob_get(struct store *s, struct text name, struct arena *a, struct bytes *out)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_BLOB_GET);
    bind_text(&q, name);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    if (!found)
        return STATUS(NOT_FOUND);
    struct bytes value = column_blob(&q, a);
    TRY(sqlite_query_status(&q));
    *out = value;
    return DONE;
}

struct status sqlite_blob_list(struct store *s, struct text prefix, struct arena *a, blob_row *row, void *ctx)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_BLOB_LIST);
    bind_text(&q, prefix);
    for (;;) {
        bool more = false;
        TRY(sqlite_step(&q, &more));
        if (!more)
            return DONE;
        struct text name = column_text(&q, a);
        struct bytes value = column_blob(&q, a);
        TRY(sqlite_query_status(&q));
        if (!row(ctx, name, value))
            return DONE;
    }
}
