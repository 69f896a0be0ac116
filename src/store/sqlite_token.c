/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_directory.h"

static struct status add(struct sqlite_txn *t, const struct token *token)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_TOKEN_ADD);
    bind_digest(&q, token->hash);
    bind_int(&q, token->kind);
    bind_text(&q, token->tenant);
    bind_text(&q, token->group);
    bind_text(&q, token->application);
    bind_int(&q, token->created_at);
    bind_int(&q, token->expires_at);
    bind_text(&q, token->created_by);
    bind_blob(&q, token->system_auth);
    return sqlite_run(&q); /* the same hash twice: E_CONFLICT */
}

struct status sqlite_token_use(struct sqlite_txn *t, const uint8_t hash[static SHA256_SIZE], int64_t now,
                               const struct audit_entry *audit)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_TOKEN_USE);
    bind_int(&q, now);
    bind_text(&q, audit_consumer(audit));
    bind_digest(&q, hash);
    TRY(sqlite_run(&q));
    return sqlite3_changes(t->db->handle) == 1 ? DONE : STATUS(CONFLICT);
}

/* ---- create ---- */

struct create {
    const struct token_create *in;
    const struct audit_entry *audit;
};

static struct status check_application(struct sqlite_txn *t, const struct token_create *in)
{
    const struct token *token = &in->token;
    if (in->create_application) {
        struct application app = {
            .tenant = token->tenant,
            .name = token->application,
            .created_at = token->created_at,
            .auto_created = true,
        };
        bool made = false;
        return sqlite_application_add(t, &app, &made);
    }
    if (!in->require_application)
        return DONE;
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_APPLICATION_GET);
    bind_text(&q, token->tenant);
    bind_text(&q, token->application);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    return found ? DONE : STATUS(NOT_FOUND);
}

static struct status replace_others(struct sqlite_txn *t, const struct token *token,
                                    const struct audit_entry *audit)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_TOKEN_REPLACE);
    bind_int(&q, token->created_at);
    bind_text(&q, audit->actor);
    bind_text(&q, token->application);
    bind_text(&q, token->tenant);
    bind_text(&q, token->group);
    bind_int(&q, token->kind);
    return sqlite_run(&q);
}

static struct status create(struct sqlite_txn *t, void *args)
{
    const struct create *c = args;
    TRY(sqlite_caller_check(t, c->audit));
    TRY(check_application(t, c->in));
    if (c->in->token.system_auth.n > 0)
        TRY(sqlite_auth_replace_token(t, &c->in->token, c->audit));
    else if (c->in->replaces_others)
        TRY(replace_others(t, &c->in->token, c->audit));
    TRY(add(t, &c->in->token));
    return sqlite_audit_add(t, c->audit);
}

struct status sqlite_token_create(struct store *s, const struct token_create *in,
                                  const struct audit_entry *audit)
{
    struct create args = {in, audit};
    return sqlite_write(sqlite_of(s)->writer, create, &args);
}

/* ---- exchange ---- */

struct exchange {
    const uint8_t *old;
    const struct token *next;
    int64_t now;
    const struct audit_entry *audit;
};

static struct status exchange(struct sqlite_txn *t, void *args)
{
    const struct exchange *in = args;
    TRY(sqlite_token_use(t, in->old, in->now, in->audit));
    TRY(add(t, in->next));
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_token_exchange(struct store *s, const uint8_t old[static SHA256_SIZE],
                                    const struct token *next, int64_t now, const struct audit_entry *audit)
{
    struct exchange in = {old, next, now, audit};
    return sqlite_write(sqlite_of(s)->writer, exchange, &in);
}

/* ---- revoke, purge ---- */

struct revoke {
    const uint8_t *low, *high;
    int64_t now;
    const struct audit_entry *audit;
};

/* The token whose hash lies in the range of an id, if it is active and the only one. */
static struct status find_in_range(struct sqlite_txn *t, const struct revoke *in,
                                   uint8_t hash[static SHA256_SIZE])
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_TOKEN_RANGE);
    bind_digest(&q, in->low);
    bind_digest(&q, in->high);
    bool found = false, another = false;
    TRY(sqlite_step(&q, &found));
    if (!found)
        return STATUS(NOT_FOUND);
    column_digest(&q, hash);
    enum token_state stored = (enum token_state)column_int(&q);
    enum token_state state = token_state_at(stored, column_int(&q), in->now);
    TRY(sqlite_step(&q, &another));
    return another || state != TOKEN_ACTIVE ? STATUS(CONFLICT) : DONE;
}

static struct status revoke(struct sqlite_txn *t, void *args)
{
    const struct revoke *in = args;
    uint8_t hash[SHA256_SIZE];
    TRY(find_in_range(t, in, hash));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_TOKEN_REVOKE);
    bind_int(&q, in->now);
    bind_text(&q, in->audit->actor);
    bind_digest(&q, hash);
    TRY(sqlite_run(&q));
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_token_revoke(struct store *s, const uint8_t low[static SHA256_SIZE],
                                  const uint8_t high[static SHA256_SIZE], int64_t now,
                                  const struct audit_entry *audit)
{
    struct revoke in = {low, high, now, audit};
    return sqlite_write(sqlite_of(s)->writer, revoke, &in);
}

struct purge {
    int64_t before;
    unsigned max;
    unsigned count;
};

static struct status purge(struct sqlite_txn *t, void *args)
{
    struct purge *in = args;
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_TOKEN_PURGE);
    bind_int(&q, in->before);
    bind_int(&q, in->max);
    TRY(sqlite_run(&q));
    in->count = (unsigned)sqlite3_changes(t->db->handle);
    return DONE;
}

struct status sqlite_token_purge(struct store *s, int64_t before, unsigned max, unsigned *out_count)
{
    struct purge in = {before, max, 0};
    TRY(sqlite_write(sqlite_of(s)->writer, purge, &in));
    *out_count = in.count;
    return DONE;
}

/* ---- reading ---- */

static struct status read_row(struct sqlite_query *q, int64_t now, struct arena *a, struct token *out)
{
    struct token t = {0};
    column_digest(q, t.hash);
    t.kind = (enum token_kind)column_int(q);
    t.state = (enum token_state)column_int(q);
    t.tenant = column_text(q, a);
    t.group = column_text(q, a);
    t.application = column_text(q, a);
    t.created_at = column_int(q);
    t.expires_at = column_int(q);
    t.ended_at = column_int(q);
    t.created_by = column_text(q, a);
    t.ended_by = column_text(q, a);
    t.system_auth = column_blob(q, a);
    t.state = token_state_at(t.state, t.expires_at, now);
    t.id = token_id(t.hash, a);
    TRY(sqlite_query_status(q));
    if (!t.id.p)
        return STATUS(NOMEM);
    *out = t;
    return DONE;
}

struct status sqlite_token_find(struct store *s, const uint8_t hash[static SHA256_SIZE], int64_t now,
                                struct arena *a, struct token *out)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_TOKEN_FIND);
    bind_digest(&q, hash);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    return found ? read_row(&q, now, a, out) : STATUS(NOT_FOUND);
}

struct status sqlite_token_list(struct store *s, const struct token_filter *f,
                                const struct token_position *after, unsigned limit, struct arena *a,
                                token_row *row, void *ctx)
{
    static const enum sql statements[2][2] = {
        {SQL_TOKEN_LIST, SQL_TOKEN_LIST_ACTIVE},
        {SQL_TOKEN_LIST_APPLICATION, SQL_TOKEN_LIST_APPLICATION_ACTIVE}};
    bool one_application = f->application.n > 0;
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done)
    struct sqlite_query q = sqlite_query(reader.db, statements[one_application][f->active_only]);
    bind_int(&q, after->set ? after->created_at : INT64_MAX);
    bind_digest(&q, after->floor);
    bind_int(&q, limit);
    if (one_application)
        bind_text(&q, f->application);
    if (f->active_only)
        bind_int(&q, f->now);
    for (;;) {
        bool more = false;
        struct token t;
        TRY(sqlite_step(&q, &more));
        if (!more)
            return DONE;
        TRY(read_row(&q, f->now, a, &t));
        if (!row(ctx, &t))
            return DONE;
    }
}
