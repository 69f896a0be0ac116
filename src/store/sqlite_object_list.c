/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_directory.h"

#include "base/json_cursor.h"
#include "store/labels.h"

/*
 * Lists of applications and runtimes. The statement is composed of the filters: the first one says which
 * index is walked, all of them in the order of the ids, so that a page and the count touch rows of `label`
 * and nothing else. What no index answers (a label that contains an array or an object) is asked of
 * label_contains(), row by row.
 */

#define SQL_MAX 8192

static bool is_indexed(const struct label_filter *f)
{
    const struct json_cursor c = json_cursor_at(f->contains);
    const enum json_type t = json_cursor_type(&c);
    return f->contains.n == 0 || (t != JSON_TYPE_ARRAY && t != JSON_TYPE_OBJECT);
}

/* ---- composing ---- */

static void compose_source(struct buffer *sql, const struct object_filter *f)
{
    if (f->label_count > 0)
        buffer_cstr(sql, " FROM label l WHERE l.tenant_id = ? AND l.kind = ? AND l.key = ? AND l.item = ?");
    else if (f->local_tenant_id.n > 0)
        buffer_cstr(sql, " FROM object l INDEXED BY object_local WHERE l.tenant_id = ? AND l.kind = ?"
                         " AND l.local_tenant_id = ? AND l.local_tenant_id <> ''");
    else
        buffer_cstr(sql, " FROM object l INDEXED BY object_order WHERE l.tenant_id = ? AND l.kind = ?");
    for (unsigned i = 1; i < f->label_count; i++)
        buffer_cstr(sql,
                    " AND EXISTS (SELECT 1 FROM label m WHERE m.tenant_id = ? AND m.kind = ? AND m.key = ?"
                    " AND m.item = ? AND m.object_id = l.object_id)");
    if (f->label_count > 0 && f->local_tenant_id.n > 0)
        buffer_cstr(
            sql,
            " AND EXISTS (SELECT 1 FROM object p WHERE p.object_id = l.object_id AND p.local_tenant_id = ?"
            " AND p.local_tenant_id <> '')");
    for (unsigned i = 0; i < f->label_count; i++)
        if (!is_indexed(&f->labels[i]))
            buffer_cstr(sql, " AND (SELECT label_contains(coalesce(a.labels, o.labels), ?, ?) FROM object "
                             "o" SQL_OBJECT_APPLICATION " WHERE o.object_id = l.object_id)");
}

static struct status bind_label(struct sqlite_query *q, const struct object_filter *f,
                                const struct label_filter *label, struct buffer *item)
{
    buffer_clear(item);
    if (label->contains.n > 0 && is_indexed(label))
        must(label_item_of(label->contains, item));
    TRY(buffer_status(item)); /* half of it is another label's */
    bind_text(q, f->tenant);
    bind_int(q, f->kind);
    bind_text(q, label->key);
    bind_text(q, buffer_as_text(item));
    return DONE;
}

/* `items` keeps what is bound until the query is done. */
static struct status bind_source(struct sqlite_query *q, const struct object_filter *f, struct buffer *items)
{
    if (f->label_count == 0) {
        bind_text(q, f->tenant);
        bind_int(q, f->kind);
    }
    for (unsigned i = 0; i < f->label_count; i++)
        TRY(bind_label(q, f, &f->labels[i], &items[i]));
    if (f->local_tenant_id.n > 0)
        bind_text(q, f->local_tenant_id);
    for (unsigned i = 0; i < f->label_count; i++)
        if (!is_indexed(&f->labels[i])) {
            bind_text(q, f->labels[i].key);
            bind_text(q, f->labels[i].contains);
        }
    return DONE;
}

/* ---- running ---- */

struct asked {
    struct buffer items[LABEL_FILTERS_MAX];
    struct buffer sql;
    sqlite3_stmt *stmt; /* prepared for this call: filters differ from one to the next */
};

static void asked_init(struct asked *k)
{
    *k = (struct asked){.stmt = NULL};
    buffer_init(&k->sql, SQL_MAX);
    for (size_t i = 0; i < LABEL_FILTERS_MAX; i++)
        buffer_init(&k->items[i], SQL_MAX);
}

static void asked_release(struct asked *k)
{
    sqlite3_finalize(k->stmt);
    buffer_release(&k->sql);
    for (size_t i = 0; i < LABEL_FILTERS_MAX; i++)
        buffer_release(&k->items[i]);
}
OWNABLE_VALUE(struct asked, asked_release);

static struct status count(struct sqlite_db *db, const struct object_filter *f, uint64_t *out)
{
    OWNED(asked_release) struct asked k;
    asked_init(&k);
    buffer_cstr(&k.sql, "SELECT count(*)");
    compose_source(&k.sql, f);
    TRY(buffer_status(&k.sql));
    struct sqlite_query q = sqlite_query_text(db, &k.stmt, buffer_as_text(&k.sql));
    TRY(bind_source(&q, f, k.items));
    bool row = false;
    TRY(sqlite_step(&q, &row));
    *out = row ? (uint64_t)column_int(&q) : 0;
    return sqlite_query_status(&q);
}

static struct status page_of(struct sqlite_db *db, const struct object_filter *f,
                             const struct offset_page *page, struct arena *a, object_row *row, void *ctx)
{
    OWNED(asked_release) struct asked k;
    asked_init(&k);
    buffer_cstr(&k.sql, "SELECT " SQL_OBJECT_COLUMNS " FROM (SELECT l.object_id");
    compose_source(&k.sql, f);
    buffer_cstr(&k.sql, " ORDER BY l.object_id LIMIT ? OFFSET ?) w CROSS JOIN object o ON o.object_id = "
                        "w.object_id" SQL_OBJECT_APPLICATION " ORDER BY w.object_id");
    TRY(buffer_status(&k.sql));
    struct sqlite_query q = sqlite_query_text(db, &k.stmt, buffer_as_text(&k.sql));
    TRY(bind_source(&q, f, k.items));
    bind_int(&q, page->limit);
    bind_int(&q, (int64_t)page->offset);
    for (;;) {
        bool more = false;
        struct object o;
        TRY(sqlite_step(&q, &more));
        if (!more)
            return DONE;
        TRY(sqlite_object_read(&q, a, &o));
        if (!row(ctx, &o))
            return DONE;
    }
}

struct status sqlite_object_list(struct store *s, const struct object_filter *f,
                                 const struct offset_page *page, struct arena *a, object_row *row, void *ctx,
                                 uint64_t *out_total)
{
    OWNED(sqlite_pool_give) struct sqlite_reader reader = {NULL, NULL};
    TRY(sqlite_pool_take(sqlite_of(s)->readers, &reader));
    TRY(count(reader.db, f, out_total));
    return page_of(reader.db, f, page, a, row, ctx);
}

/* ---- label_contains(labels, key, wanted) ---- */

static struct text argument(sqlite3_value *v)
{
    const char *p = (const char *)sqlite3_value_text(v);
    return (struct text){p, p ? (size_t)sqlite3_value_bytes(v) : 0};
}

static void label_contains_sql(sqlite3_context *c, int count_of, sqlite3_value **values)
{
    (void)count_of;
    const struct label_filter f = {.key = argument(values[1]), .contains = argument(values[2])};
    sqlite3_result_int(c, labels_match(argument(values[0]), &f));
}

struct status sqlite_label_function(sqlite3 *handle)
{
    return sqlite_status(sqlite3_create_function_v2(handle, "label_contains", 3,
                                                    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
                                                    NULL, label_contains_sql, NULL, NULL, NULL));
}
