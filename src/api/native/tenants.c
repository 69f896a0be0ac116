/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include <inttypes.h>

#include "director/director.h"

static void put_tenant(struct json_out *j, const struct tenant *t)
{
    char id[UUID_TEXT + 1];
    json_open_object(j, NULL);
    json_text(j, "externalId", t->external_id);
    json_text(j, "internalId", uuid_text(t->internal_id, id));
    json_text(j, "name", t->name);
    json_text(j, "type", t->type);
    json_bool(j, "default", t->key.n == 0);
    json_time(j, "createdAt", t->created_at);
    json_end(j);
}

struct status native_tenant_create(struct call *c)
{
    struct text object;
    struct director_tenant in;
    TRY(body_object(c, false, &object));
    TRY(body_text(c, object, "externalId", &in.external_id));
    TRY(body_text(c, object, "name", &in.name));
    TRY(body_text(c, object, "type", &in.type));
    const struct audit_caller caller = call_caller(c);
    const struct director_parts parts = {.store = c->domain->store, .connector = c->domain->connector};
    const struct director_call d = {.parts = &parts, .caller = &caller, .arena = c->arena, .err = &c->err};
    struct tenant made;
    TRY(director_tenant_create(&d, &in, &made));
    struct json_out j;
    reply_json(c, 201);
    json_out_init(&j, &c->reply.body);
    put_tenant(&j, &made);
    return DONE;
}

/* ---- the list ---- */

struct listing {
    struct json_out j;
    uint64_t count;
};

static bool list_row(void *ctx, const struct tenant *t)
{
    struct listing *l = ctx;
    put_tenant(&l->j, t);
    l->count++;
    return true;
}

struct status native_tenant_list(struct call *c)
{
    struct page_request limit;
    TRY(query_page(c, &limit));
    struct offset_page page = {.limit = limit.limit};
    const struct text offset = query_text(c, "offset");
    if (offset.n > 0 && !text_to_u64(offset, INT64_MAX, &page.offset))
        return error_set(&c->err, E_INVALID, "offset must be a number from 0");
    struct listing l = {0};
    uint64_t total = 0;
    reply_json(c, 200);
    json_out_init(&l.j, &c->reply.body);
    json_open_object(&l.j, NULL);
    json_open_array(&l.j, "tenants");
    TRY(store_tenant_list(c->domain->store, query_text(c, "contains"), &page, c->arena, list_row, &l,
                          &total));
    json_end(&l.j);
    json_int(&l.j, "total", (int64_t)total);
    if (l.count > 0 && page.offset + l.count < total)
        json_text(&l.j, "next", /* the offset of the next page */
                  arena_printf(c->arena, "%" PRIu64, page.offset + l.count));
    else
        json_write_null(&l.j, "next");
    json_end(&l.j);
    return DONE;
}

struct status native_tenant_delete(struct call *c)
{
    const struct audit_caller caller = call_caller(c);
    const struct director_parts parts = {.store = c->domain->store, .connector = c->domain->connector};
    const struct director_call d = {.parts = &parts, .caller = &caller, .arena = c->arena, .err = &c->err};
    TRY(director_tenant_delete(&d, c->params[0]));
    return reply_empty(c, 204);
}
