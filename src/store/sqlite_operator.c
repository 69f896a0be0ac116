/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_directory.h"

struct create {
    const struct operator_row *row;
    const struct audit_entry *audit;
};

static struct status create(struct sqlite_txn *t, void *args)
{
    const struct create *in = args;
    const struct operator_row *o = in->row;
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_OPERATOR_ADD);
    bind_text(&q, o->name);
    bind_digest(&q, o->hash);
    bind_text(&q, o->scopes);
    bind_text(&q, o->tenants);
    bind_int(&q, o->created_at);
    bind_int(&q, o->expires_at);
    bind_int(&q, o->last_used_at);
    bind_text(&q, o->created_by);
    TRY(sqlite_run(&q)); /* the name is in use: E_CONFLICT */
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_operator_create(struct store *s, const struct operator_row *o,
                                     const struct audit_entry *audit)
{
    struct create in = {o, audit};
    return sqlite_write(sqlite_of(s)->writer, create, &in);
}

static struct status read_row(struct sqlite_query *q, struct arena *a, struct operator_row *out)
{
    struct operator_row o = {.name = column_text(q, a)};
    column_digest(q, o.hash);
    o.scopes = column_text(q, a);
    o.tenants = column_text(q, a);
    o.created_at = column_int(q);
    o.expires_at = column_int(q);
    o.last_used_at = column_int(q);
    o.created_by = column_text(q, a);
    TRY(sqlite_query_status(q));
    *out = o;
    return DONE;
}

struct status sqlite_operator_find(struct store *s, const uint8_t hash[static SHA256_SIZE], struct arena *a,
                                   struct operator_row *out)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_OPERATOR_FIND);
    bind_digest(&q, hash);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    return found ? read_row(&q, a, out) : STATUS(NOT_FOUND);
}

struct status sqlite_operator_list(struct store *s, struct arena *a, operator_each *row, void *ctx)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_OPERATOR_LIST);
    for (;;) {
        bool more = false;
        struct operator_row o;
        TRY(sqlite_step(&q, &more));
        if (!more)
            return DONE;
        TRY(read_row(&q, a, &o));
        if (!row(ctx, &o))
            return DONE;
    }
}

struct named {
    struct text name;
    int64_t at;
    const struct audit_entry *audit;
};

static struct status delete_operator(struct sqlite_txn *t, void *args)
{
    const struct named *in = args;
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_OPERATOR_DELETE);
    bind_text(&q, in->name);
    TRY(sqlite_run(&q));
    return sqlite3_changes(t->db->handle) == 0 ? STATUS(NOT_FOUND) : sqlite_audit_add(t, in->audit);
}

struct status sqlite_operator_delete(struct store *s, struct text name, const struct audit_entry *audit)
{
    struct named in = {.name = name, .audit = audit};
    return sqlite_write(sqlite_of(s)->writer, delete_operator, &in);
}

struct update {
    struct text name;
    const struct operator_change *change;
    const struct audit_entry *audit;
    struct arena *a;
    struct operator_row *out;
};

static void bind_text_or_none(struct sqlite_query *q, const struct text *value)
{
    bind_int(q, value != NULL);
    bind_text(q, value ? *value : TEXT(""));
}

static struct status update(struct sqlite_txn *t, void *args)
{
    const struct update *in = args;
    bool found = false;
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_OPERATOR_UPDATE);
    bind_text(&q, in->name);
    bind_text_or_none(&q, in->change->scopes);
    bind_text_or_none(&q, in->change->tenants);
    bind_int(&q, in->change->expires_at != NULL);
    bind_int(&q, in->change->expires_at ? *in->change->expires_at : 0);
    TRY(sqlite_step(&q, &found));
    if (!found)
        return STATUS(NOT_FOUND);
    TRY(read_row(&q, in->a, in->out));
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_operator_update(struct store *s, struct text name, const struct operator_change *change,
                                     const struct audit_entry *audit, struct arena *a,
                                     struct operator_row *out)
{
    struct update in = {name, change, audit, a, out};
    return sqlite_write(sqlite_of(s)->writer, update, &in);
}

static struct status note_used(struct sqlite_txn *t, void *args)
{
    const struct named *in = args;
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_OPERATOR_USED);
    bind_int(&q, in->at);
    bind_text(&q, in->name);
    return sqlite_run(&q);
}

struct status sqlite_operator_used(struct store *s, struct text name, int64_t at)
{
    struct named in = {.name = name, .at = at};
    return sqlite_write(sqlite_of(s)->writer, note_used, &in);
}
