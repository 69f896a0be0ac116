/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_directory.h"

static void bind_id(struct sqlite_query *q, const uint8_t *id)
{
    bind_blob(q, (struct bytes){id, OBJECT_ID_SIZE});
}

/* ---- making ---- */

struct create {
    const struct system_auth *auth;
    const struct audit_entry *audit;
    struct arena *a;
};

static struct status has_object(struct sqlite_txn *t, const struct system_auth *auth, bool *out)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_OBJECT_GET);
    bind_id(&q, auth->object);
    bind_int(&q, auth->kind);
    bind_text(&q, auth->tenant);
    return sqlite_step(&q, out);
}

static struct status create(struct sqlite_txn *t, void *args)
{
    const struct create *in = args;
    bool found = false;
    TRY(sqlite_caller_check(t, in->audit));
    TRY(has_object(t, in->auth, &found));
    if (!found)
        return STATUS(NOT_FOUND);
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_AUTH_ADD);
    bind_id(&q, in->auth->id);
    bind_text(&q, in->auth->tenant);
    bind_int(&q, in->auth->kind);
    bind_id(&q, in->auth->object);
    bind_int(&q, in->auth->created_at);
    TRY(sqlite_run(&q));
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_auth_create(struct store *s, const struct system_auth *auth,
                                 const struct audit_entry *audit)
{
    struct create in = {auth, audit, NULL};
    return sqlite_write(sqlite_of(s)->writer, create, &in);
}

/* ---- reading ---- */

static struct status read_row(struct sqlite_query *q, int64_t now, struct arena *a, struct system_auth *out)
{
    struct system_auth auth = {0};
    column_exact(q, auth.id, sizeof auth.id);
    auth.kind = (enum object_kind)column_int(q);
    auth.tenant = column_text(q, a);
    column_exact(q, auth.object, sizeof auth.object);
    auth.object_name = column_text(q, a);
    auth.created_at = column_int(q);
    if (column_int(q) != 0) {
        const enum token_state stored = (enum token_state)column_int(q);
        auth.token.created_at = column_int(q);
        auth.token.expires_at = column_int(q);
        auth.token.used_at = column_int(q);
        auth.token.state = token_state_at(stored, auth.token.expires_at, now);
        if (auth.token.state != TOKEN_USED)
            auth.token.used_at = 0;
    }
    TRY(sqlite_query_status(q));
    *out = auth;
    return DONE;
}

struct status sqlite_auth_get(struct store *s, const struct text *tenant,
                              const uint8_t id[static OBJECT_ID_SIZE], int64_t now, struct arena *a,
                              struct system_auth *out)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done)
    struct sqlite_query q = sqlite_query(reader.db, tenant ? SQL_AUTH_GET : SQL_AUTH_GET_ANY);
    bind_id(&q, id);
    if (tenant)
        bind_text(&q, *tenant);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    return found ? read_row(&q, now, a, out) : STATUS(NOT_FOUND);
}

struct status sqlite_auth_list(struct store *s, enum object_kind kind, struct text tenant,
                               const uint8_t object[static OBJECT_ID_SIZE], int64_t now, struct arena *a,
                               system_auth_row *row, void *ctx)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(reader.db, SQL_AUTH_LIST);
    bind_id(&q, object);
    bind_int(&q, kind);
    bind_text(&q, tenant);
    for (;;) {
        bool more = false;
        struct system_auth auth;
        TRY(sqlite_step(&q, &more));
        if (!more)
            return DONE;
        TRY(read_row(&q, now, a, &auth));
        if (!row(ctx, &auth))
            return DONE;
    }
}

/* ---- tokens ---- */

struct status sqlite_auth_replace_token(struct sqlite_txn *t, const struct token *token,
                                        const struct audit_entry *audit)
{
    bool found = false;
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_AUTH_EXISTS);
    bind_blob(&q, token->system_auth);
    bind_text(&q, token->tenant);
    TRY(sqlite_step(&q, &found));
    if (!found)
        return STATUS(NOT_FOUND);
    OWNED(sqlite_done) struct sqlite_query replace = sqlite_query(t->db, SQL_AUTH_TOKENS_REPLACE);
    bind_int(&replace, token->created_at);
    bind_text(&replace, audit->actor);
    bind_blob(&replace, token->system_auth);
    return sqlite_run(&replace);
}

/* ---- deleting ---- */

static struct status list_ids(struct sqlite_txn *t, enum sql sql, struct bytes of, size_t size,
                              struct buffer *out)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, sql);
    bind_blob(&q, of);
    for (;;) {
        bool more = false;
        uint8_t id[SHA256_SIZE];
        must(size <= sizeof id);
        TRY(sqlite_step(&q, &more));
        if (!more)
            return buffer_status(out);
        column_exact(&q, id, size);
        buffer_append(out, (struct bytes){id, size});
    }
}

static struct status remove_auth(struct sqlite_txn *t, const struct audit_entry *audit, struct text tenant,
                                 const uint8_t *id, struct buffer *out_fingerprints)
{
    const struct bytes auth = {id, OBJECT_ID_SIZE};
    OWNED(sqlite_done) struct sqlite_query tokens = sqlite_query(t->db, SQL_AUTH_TOKENS_DELETE);
    bind_blob(&tokens, auth);
    TRY(sqlite_run(&tokens));
    const size_t before = buffer_size(out_fingerprints);
    TRY(list_ids(t, SQL_AUTH_CERTIFICATES, auth, SHA256_SIZE, out_fingerprints));
    const struct bytes all = buffer_bytes(out_fingerprints);
    for (size_t i = before; i < all.n; i += SHA256_SIZE) {
        bool changed = false;
        TRY(sqlite_revoke_one(t, all.p + i, tenant, TEXT("system auth deleted"), audit->at, &changed));
    }
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_AUTH_DELETE);
    bind_blob(&q, auth);
    return sqlite_run(&q);
}

#define IDS_MAX (1000u * OBJECT_ID_SIZE) /* of SQL_AUTH_IDS: as many batches as there are */

static struct status remove_some(struct sqlite_txn *t, const struct audit_entry *audit, struct text tenant,
                                 const uint8_t *object, struct buffer *out_fingerprints, bool *out_more)
{
    OWNED(buffer_release) struct buffer ids;
    buffer_init(&ids, IDS_MAX);
    TRY(list_ids(t, SQL_AUTH_IDS, (struct bytes){object, OBJECT_ID_SIZE}, OBJECT_ID_SIZE, &ids));
    const struct bytes all = buffer_bytes(&ids);
    for (size_t i = 0; i < all.n; i += OBJECT_ID_SIZE)
        TRY(remove_auth(t, audit, tenant, all.p + i, out_fingerprints));
    *out_more = all.n > 0;
    return DONE;
}

struct status sqlite_auths_delete(struct sqlite_txn *t, const struct audit_entry *audit, struct text tenant,
                                  const uint8_t object[static OBJECT_ID_SIZE],
                                  struct buffer *out_fingerprints)
{
    for (bool more = true; more;)
        TRY(remove_some(t, audit, tenant, object, out_fingerprints, &more));
    return DONE;
}

struct delete
{
    struct text tenant;
    const uint8_t *id;
    const struct audit_entry *audit;
    struct buffer *fingerprints;
};

static struct status delete_one(struct sqlite_txn *t, void *args)
{
    const struct delete *in = args;
    bool found = false;
    TRY(sqlite_caller_check(t, in->audit));
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_AUTH_EXISTS);
    bind_id(&q, in->id);
    bind_text(&q, in->tenant);
    TRY(sqlite_step(&q, &found));
    if (!found)
        return STATUS(NOT_FOUND);
    TRY(remove_auth(t, in->audit, in->tenant, in->id, in->fingerprints));
    return sqlite_audit_add(t, in->audit);
}

struct status sqlite_auth_delete(struct store *s, struct text tenant, const uint8_t id[static OBJECT_ID_SIZE],
                                 const struct audit_entry *audit, struct buffer *out_fingerprints)
{
    struct delete in = {tenant, id, audit, out_fingerprints};
    return sqlite_write(sqlite_of(s)->writer, delete_one, &in);
}

/* ---- those that came to nothing ---- */

struct auth_purge {
    int64_t before;
    unsigned max, count;
    uint8_t *at;
};

/* The last of the next `max`; false when there is none. */
static struct status purge_window(struct sqlite_txn *t, const struct auth_purge *in,
                                  uint8_t to[static OBJECT_ID_SIZE], bool *out_any)
{
    bool found = false;
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_AUTH_PURGE_TO);
    bind_id(&q, in->at);
    bind_int(&q, in->max);
    TRY(sqlite_step(&q, &found));
    *out_any = found && !column_is_null(&q);
    if (*out_any)
        column_exact(&q, to, OBJECT_ID_SIZE);
    return sqlite_query_status(&q);
}

static struct status purge_auths(struct sqlite_txn *t, void *args)
{
    struct auth_purge *in = args;
    uint8_t to[OBJECT_ID_SIZE] = {0};
    bool any = false;
    in->count = 0;
    TRY(purge_window(t, in, to, &any));
    if (any) {
        OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_AUTH_PURGE);
        bind_id(&q, in->at);
        bind_id(&q, to);
        bind_int(&q, in->before);
        TRY(sqlite_run(&q));
        in->count = (unsigned)sqlite3_changes(t->db->handle);
    }
    memcpy(in->at, to, sizeof to);
    return DONE;
}

struct status sqlite_auth_purge(struct store *s, int64_t before, unsigned max,
                                uint8_t at[static OBJECT_ID_SIZE], unsigned *out_count)
{
    uint8_t moved[OBJECT_ID_SIZE];
    memcpy(moved, at, sizeof moved);
    struct auth_purge in = {.before = before, .max = max, .at = moved};
    TRY(sqlite_write(sqlite_of(s)->writer, purge_auths, &in));
    memcpy(at, moved, sizeof moved);
    *out_count = in.count;
    return DONE;
}
