/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_registry.h"

/* Every sealed value in turn, for sealing them anew: the table `secret` by id, then `secret_history`, then
 * `kept_secret`, then `instance_auth`. */

struct listing {
    struct arena *arena;
    sealed_row *row;
    void *ctx;
    unsigned left;
    bool stopped;
};

/* The name that a service's secret is sealed under; reads slot, tenant and service. */
static struct text name_of_service(struct sqlite_query *q, bool history, struct arena *a)
{
    uint8_t service[SERVICE_ID_SIZE];
    char *name = arena_alloc(a, SECRET_SEAL_NAME_MAX);
    const enum secret_slot slot = (enum secret_slot)column_int(q);
    const struct text tenant = column_view(q);
    column_exact(q, service, SERVICE_ID_SIZE);
    return name ? secret_seal_name(tenant, service, slot, history, name) : (struct text){NULL, 0};
}

static struct text name_of_kept(struct sqlite_query *q, struct arena *a)
{
    const struct text tenant = column_view(q), name = column_view(q);
    return kept_secret_seal_name(tenant, name, a);
}

static struct text name_of_instance(struct sqlite_query *q, struct arena *a)
{
    uint8_t id[SERVICE_ID_SIZE];
    char *name = arena_alloc(a, SECRET_SEAL_NAME_MAX);
    const struct text tenant = column_view(q);
    column_exact(q, id, SERVICE_ID_SIZE);
    return name ? instance_auth_seal_name(tenant, id, name) : (struct text){NULL, 0};
}

static struct text name_of(struct sqlite_query *q, enum sealed_table table, struct arena *a)
{
    if (table == SEALED_KEPT)
        return name_of_kept(q, a);
    if (table == SEALED_INSTANCES)
        return name_of_instance(q, a);
    return name_of_service(q, table == SEALED_HISTORY, a);
}

static struct status give(struct sqlite_query *q, enum sealed_table table, struct listing *l)
{
    const struct sealed_place place = sealed_place_of(table, column_int(q));
    const struct text name = name_of(q, table, l->arena);
    const struct bytes sealed = column_blob(q, l->arena);
    TRY(sqlite_query_status(q));
    if (!name.p)
        return STATUS(NOMEM);
    l->left--;
    l->stopped = !l->row(l->ctx, &place, name, sealed);
    return DONE;
}

static struct status list(struct sqlite_db *db, enum sealed_table table, int64_t after, struct listing *l)
{
    static const enum sql statements[] = {
        [SEALED_SECRETS] = SQL_SEALED_SECRETS,
        [SEALED_HISTORY] = SQL_SEALED_HISTORY,
        [SEALED_KEPT] = SQL_SEALED_KEPT,
        [SEALED_INSTANCES] = SQL_SEALED_INSTANCES,
    };
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(db, statements[table]);
    bind_int(&q, after);
    bind_int(&q, l->left);
    while (!l->stopped) {
        bool more = false;
        TRY(sqlite_step(&q, &more));
        if (!more)
            return DONE;
        TRY(give(&q, table, l));
    }
    return DONE;
}

struct status sqlite_sealed_list(struct store *s, const struct sealed_position *after, unsigned limit,
                                 struct arena *a, sealed_row *row, void *ctx)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    struct listing l = {a, row, ctx, limit, false};
    for (int table = (int)after->table; table < SEALED_TABLES && l.left > 0 && !l.stopped; table++)
        TRY(list(reader.db, (enum sealed_table)table, table == (int)after->table ? after->id : 0, &l));
    return DONE;
}

struct exchange {
    const struct sealed_exchange *list;
    size_t count;
};

static struct status exchange(struct sqlite_txn *t, void *args)
{
    static const enum sql statements[] = {
        [SEALED_SECRETS] = SQL_SEALED_SECRET_SET,
        [SEALED_HISTORY] = SQL_SEALED_HISTORY_SET,
        [SEALED_KEPT] = SQL_SEALED_KEPT_SET,
        [SEALED_INSTANCES] = SQL_SEALED_INSTANCE_SET,
    };
    const struct exchange *in = args;
    for (size_t i = 0; i < in->count; i++) {
        struct sealed_position at;
        if (!sealed_place_read(&in->list[i].place, &at))
            return STATUS(INVALID);
        OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, statements[at.table]);
        bind_blob(&q, in->list[i].fresh);
        bind_int(&q, at.id);
        bind_blob(&q, in->list[i].old);
        TRY(sqlite_run(&q));
    }
    return DONE;
}

struct status sqlite_sealed_exchange(struct store *s, const struct sealed_exchange *list, size_t count)
{
    struct exchange in = {list, count};
    return sqlite_write(sqlite_of(s)->writer, exchange, &in);
}
