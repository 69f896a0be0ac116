/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/director.h"

#include "base/encoding.h"
#include "base/json_scan.h"
#include "base/own.h"

/* Lists: offsets behind cursors that nobody is to read (contract 2.6). */

#define CURSOR_MARK       TEXT("DpKtJ4j9jDq")
#define TENANTS_FIRST_MAX 500

static struct status read_cursor(struct graphql_call *call, struct text cursor, uint64_t *out)
{
    *out = 0;
    if (cursor.n == 0)
        return DONE;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 256);
    struct text plain = {NULL, 0};
    if (cursor.n < 128 && status_ok(base64_decode(&b, cursor)))
        plain = buffer_as_text(&b);
    if (text_starts_with(plain, CURSOR_MARK))
        plain = text_from(plain, CURSOR_MARK.n);
    if (plain.n == 0 || !text_to_u64(plain, INT64_MAX / 2, out))
        return director_refuse_with(call, DIRECTOR_INVALID,
                                    TEXT("Invalid data [reason=cursor is not correct]"));
    return DONE;
}

static struct text write_cursor(struct arena *a, uint64_t offset)
{
    const struct text plain = arena_printf(a, "DpKtJ4j9jDq%llu", (unsigned long long)offset);
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 256);
    base64_encode(&b, text_bytes(plain));
    return plain.p && status_ok(buffer_status(&b)) ? arena_text(a, buffer_as_text(&b))
                                                   : (struct text){NULL, 0};
}

struct status director_page_read(struct graphql_call *call, int64_t most, struct offset_page *out)
{
    const int64_t first = graphql_given_int(graphql_argument(call, "first"), most);
    if (first < 1 || first > most) {
        const struct text message = arena_printf(
            call->arena, "Invalid data [reason=page size must be between 1 and %lld]", (long long)most);
        return director_refuse_with(call, DIRECTOR_INVALID, message.p ? message : TEXT("Invalid data"));
    }
    out->limit = (unsigned)first;
    return read_cursor(call, graphql_given_text(graphql_argument(call, "after")), &out->offset);
}

struct status director_page_show(struct graphql_call *call, const struct offset_page *page, size_t count,
                                 uint64_t total, struct graphql_value data, struct graphql_value *out)
{
    struct page_view *v = arena_alloc(call->arena, sizeof *v);
    if (!v)
        return STATUS(NOMEM);
    const uint64_t next = page->offset + count;
    const struct text after = graphql_given_text(graphql_argument(call, "after"));
    *v = (struct page_view){
        .data = data,
        .start_cursor = after.p ? after : TEXT(""),
        .end_cursor = next < total ? write_cursor(call->arena, next) : TEXT(""),
        .has_next = next < total,
        .total = total < INT32_MAX ? (int64_t)total : INT32_MAX,
    };
    *out = graphql_object(v);
    return v->end_cursor.p ? DONE : STATUS(NOMEM);
}

struct status director_page_data(struct graphql_call *call, struct graphql_value *out)
{
    *out = ((const struct page_view *)call->object)->data;
    return DONE;
}

/* ---- applications and runtimes ---- */

#define FILTER_MAX 512 /* bytes of a filter's query: it is looked for in every label */

struct rows {
    struct arena *arena;
    size_t bytes;
    struct object_view **list;
    size_t count;
    bool failed;
};

static bool note_object(void *ctx, const struct object *o)
{
    struct rows *r = ctx;
    r->list[r->count] = view_of(r->arena, o);
    r->failed = !r->list[r->count];
    r->count++;
    r->bytes += o->labels.n + 2 * o->details.n + o->description.n;
    return !r->failed && r->bytes < DIRECTOR_PAGE_BYTES; /* the cursor says where the next page goes on */
}

static struct status object_at(struct graphql_call *call, const void *items, size_t index,
                               struct graphql_value *out)
{
    (void)call;
    *out = graphql_object(((struct object_view *const *)items)[index]);
    return DONE;
}

static struct status read_filters(struct graphql_call *call, struct object_filter *f)
{
    const struct graphql_given *given = graphql_argument(call, "filter");
    if (!graphql_is_given(given))
        return DONE;
    if (given->count > LABEL_FILTERS_MAX)
        return director_refuse_with(call, DIRECTOR_INVALID,
                                    TEXT("Invalid data [reason=more than 16 label filters]"));
    struct label_filter *labels = arena_array(call->arena, given->count + 1, sizeof *labels);
    if (!labels)
        return STATUS(NOMEM);
    f->labels = labels;
    for (size_t i = 0; i < given->count; i++) {
        const struct text query = graphql_given_text(graphql_given_member(&given->items[i], "query"));
        labels[i].key = graphql_given_text(graphql_given_member(&given->items[i], "key"));
        labels[i].contains = query.p ? query : TEXT("");
        if (query.n > FILTER_MAX)
            return director_refuse_with(
                call, DIRECTOR_INVALID,
                TEXT("Invalid data [reason=the query of a label filter is longer than "
                     "512 bytes]"));
        if (query.n > 0 && !status_ok(json_scan(query, NULL)))
            return director_refuse_with(
                call, DIRECTOR_INVALID,
                TEXT("Invalid data [reason=the query of a label filter is not JSON: a string "
                     "carries its quotes]"));
    }
    f->label_count = (unsigned)given->count;
    return DONE;
}

static struct status list_objects(struct graphql_call *call, struct object_filter *f,
                                  struct graphql_value *out)
{
    const struct director_context *who = call->context;
    struct offset_page page = {0};
    uint64_t total = 0;
    TRY(director_page_read(call, DIRECTOR_PAGE_MAX, &page));
    TRY(read_filters(call, f));
    struct rows rows = {.arena = call->arena,
                        .list = arena_array(call->arena, page.limit, sizeof *rows.list)};
    if (!rows.list)
        return STATUS(NOMEM);
    f->tenant = who->d.tenant;
    const struct status s =
        store_object_list(who->parts.store, f, &page, call->arena, note_object, &rows, &total);
    if (!status_ok(s))
        return director_refuse(call, s);
    if (rows.failed)
        return STATUS(NOMEM);
    return director_page_show(call, &page, rows.count, total, graphql_list(object_at, rows.list, rows.count),
                              out);
}

struct status director_applications(struct graphql_call *call, struct graphql_value *out)
{
    struct object_filter f = {.kind = OBJECT_APPLICATION};
    return list_objects(call, &f, out);
}

struct status director_applications_by_local_tenant(struct graphql_call *call, struct graphql_value *out)
{
    struct object_filter f = {.kind = OBJECT_APPLICATION,
                              .local_tenant_id = graphql_given_text(graphql_argument(call, "localTenantID"))};
    if (f.local_tenant_id.n == 0)
        return director_refuse_with(call, DIRECTOR_INVALID,
                                    TEXT("Invalid data [reason=localTenantID is empty]"));
    return list_objects(call, &f, out);
}

struct status director_runtimes(struct graphql_call *call, struct graphql_value *out)
{
    struct object_filter f = {.kind = OBJECT_RUNTIME};
    return list_objects(call, &f, out);
}

/* ---- tenants ---- */

struct tenants {
    const struct director_context *who;
    struct tenant *list;
    size_t count, read;
};

static bool note_tenant(void *ctx, const struct tenant *t)
{
    struct tenants *r = ctx;
    r->read++;
    if (director_sees_tenant(r->who, t))
        r->list[r->count++] = *t;
    return true;
}

struct status director_tenants(struct graphql_call *call, struct graphql_value *out)
{
    const struct director_context *who = call->context;
    const struct text term = graphql_given_text(graphql_argument(call, "searchTerm"));
    struct offset_page page = {0};
    uint64_t total = 0;
    TRY(director_page_read(call, TENANTS_FIRST_MAX, &page));
    struct tenants rows = {.who = who, .list = arena_array(call->arena, page.limit, sizeof *rows.list)};
    if (!rows.list)
        return STATUS(NOMEM);
    const struct status s = store_tenant_list(who->parts.store, term.p ? term : TEXT(""), &page, call->arena,
                                              note_tenant, &rows, &total);
    if (!status_ok(s))
        return director_refuse(call, s);
    return director_page_show(call, &page, rows.read, total,
                              graphql_objects(rows.list, rows.count, sizeof *rows.list), out);
}

struct status director_tenant(struct graphql_call *call, struct graphql_value *out)
{
    const struct director_context *who = call->context;
    struct tenant *t = arena_alloc(call->arena, sizeof *t);
    if (!t)
        return STATUS(NOMEM);
    const struct status s =
        store_tenant_find(who->parts.store, graphql_given_text(graphql_argument(call, "id")), call->arena, t);
    if (s.code == E_NOT_FOUND || (status_ok(s) && !director_sees_tenant(who, t)))
        return DONE;
    if (!status_ok(s))
        return director_refuse(call, s);
    *out = graphql_object(t);
    return DONE;
}

struct status director_tenant_id(struct graphql_call *call, struct graphql_value *out)
{
    char id[UUID_TEXT + 1];
    *out = graphql_text(
        arena_text(call->arena, uuid_text(((const struct tenant *)call->object)->internal_id, id)));
    return out->text.p ? DONE : STATUS(NOMEM);
}

/* Tenants stand side by side here. */
struct status director_tenant_parents(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    *out = graphql_texts(NULL, 0);
    return DONE;
}

struct status director_tenant_initialized(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    *out = graphql_bool(true);
    return DONE;
}

struct status director_tenant_labels(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    *out = graphql_json(TEXT("{}"));
    return DONE;
}

struct status director_tenant_provider(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    *out = graphql_text(TEXT("fairlead"));
    return DONE;
}
