/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_store.h"

/*
 * Lists of certificates. The statement is composed from the sort order, the direction, the wanted state and
 * the scope, prepared once per connection and shape, and always walks an index in the wanted order from the
 * cursor on, so that a page costs the same with a thousand certificates and with a million. Exceptions, which
 * sort what they found: one application's certificates by date of issue, and those of a fingerprint prefix. A
 * substring of the subject and bounds on the end of validity under another sort order are checked row by row.
 *
 * Every index begins with the state, which keeps a million revoked certificates out of the way of the active
 * ones. Lists of both states merge two such walks (UNION ALL with ORDER BY).
 */

enum scope { SCOPE_ALL, SCOPE_APPLICATION, SCOPE_PREFIX, SCOPE_COUNT };

#define STATES 3 /* active, revoked, any */
static_assert((SORT_APPLICATION + 1) * 2 * STATES * SCOPE_COUNT <= SQLITE_LIST_SHAPES);

/* Shorter prefixes match so much that walking in sort order finds a page sooner than collecting and sorting.
 */
#define PREFIX_MIN 2

struct list {
    const struct certificate_filter *filter;
    enum certificate_sort sort;
    enum scope scope;
    bool descending;
    /* Rows after this; the whole list is after the least or the greatest values. */
    int64_t key, id;
    struct text application;
    bool after_all_texts; /* descending from the end: a blob sorts after every text */
};

static const struct sort {
    const char *index, *order, *order_descending, *key;
} sorts[] = {
    [SORT_NOT_AFTER] = {"certificate_not_after", "12, 17", "12 DESC, 17 DESC", "(c.not_after, c.id)"},
    [SORT_ISSUED_AT] = {"certificate_issued_at", "10, 17", "10 DESC, 17 DESC", "(c.issued_at, c.id)"},
    [SORT_APPLICATION] = {"certificate_application", "7, 12, 17", "7 DESC, 12 DESC, 17 DESC",
                          "(c.application, c.not_after, c.id)"},
};

static const char *index_of(const struct list *l)
{
    if (l->scope == SCOPE_PREFIX)
        return "certificate_fingerprint";
    return l->scope == SCOPE_APPLICATION ? "certificate_application" : sorts[l->sort].index;
}

/*
 * Parameters: ?1 key, ?2 id, ?3 and ?4 validity, ?5 subject, ?6 limit, ?7 application, ?8 and ?9
 * fingerprints, ?10 the cursor's application when sorting by it. A unary + keeps a bound from taking the
 * cursor's place as the start of the walk.
 */
static void compose_branch(struct buffer *sql, const struct list *l, enum certificate_state state)
{
    bool by_end = l->sort == SORT_NOT_AFTER;
    bool revoked = state == CERTIFICATE_REVOKED;
    /* Active ones have no revocation to look up. */
    buffer_printf(sql, "SELECT %s, c.id", revoked ? SQL_CERTIFICATE_COLUMNS : SQL_ACTIVE_CERTIFICATE_COLUMNS);
    buffer_printf(sql, " FROM certificate c INDEXED BY %s CROSS JOIN issuer i ON i.id = c.issuer_id",
                  index_of(l));
    if (revoked)
        buffer_cstr(sql, " LEFT JOIN revocation r ON r.fingerprint = c.fingerprint");
    buffer_printf(sql, " WHERE c.state = %d AND %s %s %s", (int)state, sorts[l->sort].key,
                  l->descending ? "<" : ">", l->sort == SORT_APPLICATION ? "(?10, ?1, ?2)" : "(?1, ?2)");
    buffer_printf(sql, " AND %sc.not_after > ?3 AND %sc.not_after < ?4", by_end && l->descending ? "" : "+",
                  by_end && !l->descending ? "" : "+");
    buffer_cstr(sql, " AND (?5 = '' OR instr(c.subject, ?5) > 0) AND c.fingerprint BETWEEN ?8 AND ?9");
    buffer_cstr(sql, l->scope == SCOPE_APPLICATION ? " AND c.application = ?7"
                                                   : " AND (?7 = '' OR c.application = ?7)");
}

static void compose(struct buffer *sql, const struct list *l)
{
    int state = l->filter->state;
    if (state != CERTIFICATE_REVOKED)
        compose_branch(sql, l, CERTIFICATE_ACTIVE);
    if (state < 0)
        buffer_cstr(sql, " UNION ALL ");
    if (state != CERTIFICATE_ACTIVE)
        compose_branch(sql, l, CERTIFICATE_REVOKED);
    buffer_printf(sql, " ORDER BY %s LIMIT ?6",
                  l->descending ? sorts[l->sort].order_descending : sorts[l->sort].order);
}

static struct list shape_of(const struct certificate_filter *f)
{
    struct list l = {.filter = f, .sort = f->sort, .descending = f->descending};
    if (f->fingerprint_prefix.n >= PREFIX_MIN)
        l.scope = SCOPE_PREFIX;
    else if (f->application.n > 0)
        l.scope = SCOPE_APPLICATION;
    if (f->application.n > 0 && l.sort == SORT_APPLICATION)
        l.sort = SORT_NOT_AFTER; /* the same order, among equal applications */
    return l;
}

void sqlite_certificate_list_sql(const struct certificate_filter *f, struct buffer *out)
{
    struct list l = shape_of(f);
    compose(out, &l);
}

static struct status find_cursor(struct sqlite_db *db, const struct certificate_position *after,
                                 struct arena *a, struct list *l)
{
    OWNED(sqlite_done) struct sqlite_query q = sqlite_query(db, SQL_CERTIFICATE_POSITION);
    bind_digest(&q, after->fingerprint);
    bool found = false;
    TRY(sqlite_step(&q, &found));
    if (!found)
        return STATUS(INVALID);
    l->id = column_int(&q);
    int64_t not_after = column_int(&q);
    int64_t issued_at = column_int(&q);
    l->key = l->sort == SORT_ISSUED_AT ? issued_at : not_after;
    l->application = column_text(&q, a);
    l->after_all_texts = false;
    return sqlite_query_status(&q);
}

/* Sorted by end of validity, a bound on it is where the walk starts. */
static void start_at_bound(struct list *l)
{
    const struct certificate_filter *f = l->filter;
    if (l->sort != SORT_NOT_AFTER)
        return;
    if (!l->descending && f->expires_after > 0 && f->expires_after > l->key) {
        l->key = f->expires_after;
        l->id = INT64_MAX;
    }
    if (l->descending && f->expires_before > 0 && f->expires_before < l->key) {
        l->key = f->expires_before;
        l->id = INT64_MIN;
    }
}

static struct status plan(struct sqlite_db *db, const struct certificate_filter *f,
                          const struct certificate_position *after, struct arena *a, struct list *out)
{
    struct list l = shape_of(f);
    l.key = l.id = l.descending ? INT64_MAX : INT64_MIN;
    l.after_all_texts = l.descending;
    if (after->set)
        TRY(find_cursor(db, after, a, &l));
    start_at_bound(&l);
    *out = l;
    return DONE;
}

static struct status prepare(struct sqlite_db *db, const struct list *l, struct sqlite_query *out)
{
    size_t state = l->filter->state < 0 ? STATES - 1 : (size_t)l->filter->state;
    size_t shape = (((size_t)l->sort * 2 + l->descending) * STATES + state) * SCOPE_COUNT + l->scope;
    OWNED(buffer_release) struct buffer sql;
    buffer_init(&sql, 4096);
    if (!db->lists[shape]) {
        compose(&sql, l);
        TRY(buffer_status(&sql));
    }
    *out = sqlite_query_text(db, &db->lists[shape], buffer_as_text(&sql));
    return sqlite_query_status(out);
}

static void bind(struct sqlite_query *q, const struct list *l, unsigned limit, const uint8_t *low,
                 const uint8_t *high)
{
    const struct certificate_filter *f = l->filter;
    bind_int(q, l->key);
    bind_int(q, l->id);
    bind_int(q, f->expires_after > 0 ? f->expires_after : INT64_MIN);
    bind_int(q, f->expires_before > 0 ? f->expires_before : INT64_MAX);
    bind_text(q, f->subject_contains);
    bind_int(q, limit);
    bind_text(q, f->application);
    bind_digest(q, low);
    bind_digest(q, high);
    if (l->sort == SORT_APPLICATION && l->after_all_texts)
        bind_blob(q, (struct bytes){NULL, 0});
    else if (l->sort == SORT_APPLICATION)
        bind_text(q, l->application);
}

struct status sqlite_certificate_list(struct store *s, const struct certificate_filter *f,
                                      const struct certificate_position *after, unsigned limit,
                                      struct arena *a, certificate_row *row, void *ctx)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    uint8_t low[SHA256_SIZE], high[SHA256_SIZE];
    struct list l;
    if (!digest_range(f->fingerprint_prefix, low, high))
        return STATUS(INVALID);
    TRY(plan(reader.db, f, after, a, &l));
    OWNED(sqlite_done) struct sqlite_query q = {0};
    TRY(prepare(reader.db, &l, &q));
    bind(&q, &l, limit, low, high);
    for (;;) {
        bool more = false;
        struct certificate c;
        TRY(sqlite_step(&q, &more));
        if (!more)
            return DONE;
        TRY(sqlite_certificate_read(&q, a, &c));
        if (!row(ctx, &c))
            return DONE;
    }
}
