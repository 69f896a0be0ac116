/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_registry.h"

/* Bundles and what is in them, where they differ from other services. */

/* ---- inside a transaction ---- */

struct status sqlite_member_bundle(struct sqlite_txn *t, const struct service *s, struct service_state *out)
{
    *out = (struct service_state){0};
    if (!service_role_is_member(s->role))
        return DONE;
    TRY(sqlite_service_state(t, s->tenant, s->application, s->bundle, out));
    return out->role == SERVICE_BUNDLE ? DONE : STATUS(NOT_FOUND);
}

struct status sqlite_member_set_kind(struct sqlite_txn *t, int64_t row, int kind, int64_t now)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_MEMBER_SET_KIND);
    bind_int(&q, kind);
    bind_int(&q, now);
    bind_int(&q, row);
    return sqlite_run(&q);
}

struct status sqlite_member_first(struct sqlite_txn *t, int64_t row, struct service_state *out)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(t->db, SQL_MEMBER_FIRST);
    bind_int(&q, row);
    return sqlite_service_state_read(&q, out);
}

/* ---- lists ---- */

/* ?1 and on; of one bundle SQL_SERVICE_MEMBERS' */
static void bind_filter(struct sqlite_query *q, const struct member_filter *f)
{
    if (!f->bundle) {
        bind_text(q, f->application);
        bind_text(q, f->tenant);
        return;
    }
    bind_blob(q, (struct bytes){f->bundle, SERVICE_ID_SIZE});
    bind_text(q, f->tenant);
    bind_text(q, f->application);
    bind_int(q, f->role);
}

static struct status count(struct sqlite_db *db, const struct member_filter *f, uint64_t *out)
{
    OWNED(sqlite_done)
    struct sqlite_query q = sqlite_query(db, f->bundle ? SQL_MEMBER_COUNT : SQL_OFFERED_COUNT);
    bind_filter(&q, f);
    bool row = false;
    TRY(sqlite_step(&q, &row));
    *out = row ? (uint64_t)column_int(&q) : 0;
    return sqlite_query_status(&q);
}

struct status sqlite_service_give(struct sqlite_query *q, struct arena *a, service_row *row, void *ctx,
                                  unsigned *out_given)
{
    for (*out_given = 0;; ++*out_given) {
        bool more = false;
        int64_t number = 0;
        struct service view, copy;
        TRY(sqlite_step(q, &more));
        if (!more)
            return DONE;
        TRY(sqlite_service_read(q, &view, &number));
        sqlite_service_read_unlisted(q, &view);
        TRY(sqlite_query_status(q));
        TRY(service_copy(&view, a, &copy));
        if (!row(ctx, &copy)) {
            ++*out_given;
            return DONE;
        }
    }
}

struct status sqlite_member_list(struct store *s, const struct member_filter *f,
                                 const struct offset_page *page, struct arena *a, service_row *row, void *ctx,
                                 uint64_t *out_total)
{
    unsigned given = 0;
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    TRY(count(reader.db, f, out_total));
    OWNED(sqlite_done)
    struct sqlite_query q = sqlite_query(reader.db, f->bundle ? SQL_MEMBER_LIST : SQL_OFFERED_LIST);
    bind_filter(&q, f);
    bind_int(&q, page->limit);
    bind_int(&q, (int64_t)page->offset);
    return sqlite_service_give(&q, a, row, ctx, &given);
}
