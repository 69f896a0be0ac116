/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_registry.h"

/* Every sealed value in turn, for sealing them anew: the table `secret` by id, then `secret_history` by id.
 */

struct listing {
    struct arena *arena;
    sealed_row *row;
    void *ctx;
    unsigned left;
    bool stopped;
};

static struct status give(struct sqlite_query *q, bool history, struct listing *l)
{
    uint8_t service[SERVICE_ID_SIZE];
    char *name = arena_alloc(l->arena, SECRET_SEAL_NAME_MAX);
    if (!name)
        return STATUS(NOMEM);
    struct sealed_place place = sealed_place_of(history, column_int(q));
    enum secret_slot slot = (enum secret_slot)column_int(q);
    struct text tenant = column_view(q);
    column_exact(q, service, SERVICE_ID_SIZE);
    struct bytes sealed = column_blob(q, l->arena);
    TRY(sqlite_query_status(q));
    struct text sealed_as = secret_seal_name(tenant, service, slot, history, name);
    if (!sealed_as.p)
        return STATUS(BROKEN);
    l->left--;
    l->stopped = !l->row(l->ctx, &place, sealed_as, sealed);
    return DONE;
}

static struct status list(struct sqlite_db *db, bool history, int64_t after, struct listing *l)
{
    OWNED(sqlite_done)
    struct sqlite_query q = sqlite_query(db, history ? SQL_SEALED_HISTORY : SQL_SEALED_SECRETS);
    bind_int(&q, after);
    bind_int(&q, l->left);
    while (!l->stopped) {
        bool more = false;
        TRY(sqlite_step(&q, &more));
        if (!more)
            return DONE;
        TRY(give(&q, history, l));
    }
    return DONE;
}

struct status sqlite_sealed_list(struct store *s, const struct sealed_position *after, unsigned limit,
                                 struct arena *a, sealed_row *row, void *ctx)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    struct listing l = {a, row, ctx, limit, false};
    if (!after->history)
        TRY(list(reader.db, false, after->id, &l));
    if (l.left == 0 || l.stopped)
        return DONE;
    return list(reader.db, true, after->history ? after->id : 0, &l);
}

struct exchange {
    const struct sealed_exchange *list;
    size_t count;
};

static struct status exchange(struct sqlite_txn *t, void *args)
{
    const struct exchange *in = args;
    for (size_t i = 0; i < in->count; i++) {
        struct sealed_position at;
        if (!sealed_place_read(&in->list[i].place, &at))
            return STATUS(INVALID);
        OWNED(sqlite_done)
        struct sqlite_query q =
            sqlite_query(t->db, at.history ? SQL_SEALED_HISTORY_SET : SQL_SEALED_SECRET_SET);
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
