/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

static void put_application(struct json_out *j, const char *name, const struct application *app)
{
    json_open_object(j, name);
    json_text(j, "name", app->name);
    json_text(j, "tenant", app->tenant);
    json_text(j, "description", app->description);
    json_time(j, "createdAt", app->created_at);
    if (app->last_seen_at > 0)
        json_time(j, "lastSeenAt", app->last_seen_at);
    else
        json_write_null(j, "lastSeenAt");
    json_bool(j, "autoCreated", app->auto_created);
    json_end(j);
}

static struct status answer_one(struct call *c, int status, struct text tenant, struct text name)
{
    struct application app;
    const struct status found = store_application_get(c->domain->store, tenant, name, c->arena, &app);
    if (found.code == E_NOT_FOUND)
        return error_set(&c->err, E_NOT_FOUND,
                         "There is no application %.*s: `fairlead app list` shows those there are",
                         TEXT_ARG(name));
    TRY(found);
    struct json_out j;
    reply_json(c, status);
    json_out_init(&j, &c->reply.body);
    put_application(&j, NULL, &app);
    return DONE;
}

struct status native_application_create(struct call *c)
{
    struct text object;
    struct text name;
    struct text description;
    struct text tenant;
    TRY(body_object(c, false, &object));
    TRY(body_text(c, object, "name", &name));
    TRY(body_text(c, object, "description", &description));
    TRY(body_text(c, object, "tenant", &tenant));
    const struct audit_caller caller = call_caller(c);
    TRY(connector_application_create(c->domain->connector, &caller, tenant, name, description, &c->err));
    return answer_one(c, 201, tenant, name);
}

/* ---- the list ---- */

struct listing {
    struct json_out j;
    struct call *call;
    struct text last_tenant, last_name;
    unsigned count;
};

static bool list_row(void *ctx, const struct application *app)
{
    struct listing *l = ctx;
    put_application(&l->j, NULL, app);
    l->last_tenant = app->tenant;
    l->last_name = app->name;
    l->count++;
    return true;
}

struct status native_application_list(struct call *c)
{
    struct page_request page;
    TRY(query_page(c, &page));
    struct listing l = {.call = c};
    reply_json(c, 200);
    json_out_init(&l.j, &c->reply.body);
    json_open_object(&l.j, NULL);
    json_open_array(&l.j, "applications");
    TRY(store_application_list(c->domain->store, query_text(c, "contains"), &page, c->arena, list_row, &l));
    json_end(&l.j);
    if (l.count < page.limit) {
        json_write_null(&l.j, "next");
    } else {
        const struct text next =
            arena_printf(c->arena, "%.*s/%.*s", TEXT_ARG(l.last_tenant), TEXT_ARG(l.last_name));
        json_text(&l.j, "next", next);
    }
    json_end(&l.j);
    return DONE;
}

struct status native_application_get(struct call *c)
{
    return answer_one(c, 200, query_text(c, "tenant"), c->params[0]);
}

static struct status answer_revoked(struct call *c, uint64_t count)
{
    struct json_out j;
    reply_json(c, 200);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    json_int(&j, "revoked", (int64_t)count);
    json_end(&j);
    return DONE;
}

struct status native_application_delete(struct call *c)
{
    const struct audit_caller caller = call_caller(c);
    uint64_t revoked = 0;
    TRY(connector_application_delete(c->domain->connector, &caller, query_text(c, "tenant"), c->params[0],
                                     &revoked, &c->err));
    return answer_revoked(c, revoked);
}

struct status native_application_revoke(struct call *c)
{
    struct text object;
    struct text reason;
    TRY(body_object(c, true, &object));
    TRY(body_text(c, object, "reason", &reason));
    const struct audit_caller caller = call_caller(c);
    uint64_t revoked = 0;
    TRY(connector_revoke_application(c->domain->connector, &caller, query_text(c, "tenant"), c->params[0],
                                     reason, &revoked, &c->err));
    return answer_revoked(c, revoked);
}
