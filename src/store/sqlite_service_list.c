/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_registry.h"

static struct status application_is_there(struct sqlite_db *db, struct text tenant, struct text application)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(db, SQL_APPLICATION_GET);
    bind_text(&q, tenant);
    bind_text(&q, application);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    return found ? DONE : STATUS(NOT_FOUND);
}

struct walk {
    const struct service_filter *filter;
    unsigned limit, scan_max;
    struct arena *arena;
    service_row *row;
    void *ctx;
};

/* Rows are filtered as they lie in SQLite's page cache; only wanted ones are copied. Ends with *out_next = 0
 * when no row was left, else with the last one that was read. */
static struct status walk(struct sqlite_query *q, const struct walk *w, int64_t *out_next)
{
    int64_t last = 0;
    unsigned given = 0;
    size_t bytes = 0;
    bool full = false;
    for (unsigned read = 0;; read++) {
        bool more = false;
        struct service view, copy;
        TRY(sqlite_step(q, &more));
        if (!more || full || given == w->limit || read == w->scan_max) {
            *out_next = more ? last : 0;
            return DONE;
        }
        TRY(sqlite_service_read(q, &view, &last));
        if (!service_is_wanted(w->filter, &view))
            continue;
        TRY(service_copy(&view, w->arena, &copy));
        given++;
        full = !w->row(w->ctx, &copy) || service_fills_page(&copy, &bytes);
    }
}

struct status sqlite_service_list(struct store *s, const struct service_filter *f, int64_t after,
                                  unsigned limit, unsigned scan_max, struct arena *a, service_row *row,
                                  void *ctx, int64_t *out_next)
{
    bool one = f->application.n > 0;
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    if (one)
        TRY(application_is_there(reader.db, f->tenant, f->application));
    OWNED(sqlite_done)
    struct sqlite_query q = sqlite_query(reader.db, one ? SQL_SERVICE_LIST_APPLICATION : SQL_SERVICE_LIST);
    bind_int(&q, after);
    bind_int(&q, (int64_t)scan_max + 1); /* one more says whether it was the last */
    if (one) {
        bind_text(&q, f->application);
        bind_text(&q, f->tenant);
    }
    struct walk w = {f, limit, scan_max, a, row, ctx};
    return walk(&q, &w, out_next);
}

struct status sqlite_service_named(struct store *s, struct text tenant, struct text application,
                                   const uint8_t *bundle, struct text path_name, unsigned most,
                                   struct arena *a, service_row *row, void *ctx)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    unsigned given = 0;
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    OWNED(sqlite_done)
    struct sqlite_query q = sqlite_query(reader.db, bundle ? SQL_MEMBER_NAMED : SQL_SERVICE_NAMED);
    if (bundle) {
        bind_blob(&q, (struct bytes){bundle, SERVICE_ID_SIZE});
        bind_text(&q, tenant);
        bind_text(&q, application);
        bind_int(&q, SERVICE_API);
        bind_text(&q, path_name);
    } else {
        bind_text(&q, application);
        bind_text(&q, path_name);
        bind_text(&q, tenant);
    }
    bind_int(&q, most);
    TRY(sqlite_service_give(&q, a, row, ctx, &given));
    /* A service has an application: only without one is there something to ask. */
    return given > 0 ? DONE : application_is_there(reader.db, tenant, application);
}
