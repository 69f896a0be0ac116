/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "api/native/call_options.h"
#include "base/json_scan.h"
#include "registry/decode.h"
#include "registry/details.h"

/* Active certificates of one application are counted so far: more is "many". */
#define CERTIFICATES_COUNTED 1000

/* Without its end, so that one application can say more than a list does. */
static void open_application(struct json_out *j, const struct application *app)
{
    json_open_object(j, NULL);
    json_text(j, "name", app->name);
    json_text(j, "tenant", app->tenant);
    json_text(j, "description", app->description);
    json_raw(j, "labels", app->labels.n > 0 ? app->labels : TEXT("{}"));
    json_int(j, "services", app->services);
    json_time(j, "createdAt", app->created_at);
    if (app->last_seen_at > 0)
        json_time(j, "lastSeenAt", app->last_seen_at);
    else
        json_write_null(j, "lastSeenAt");
    json_bool(j, "autoCreated", app->auto_created);
    json_open_object(j, "call");
    put_call_choices(j, &app->call);
    json_end(j);
}

struct status native_application(struct call *c, struct text tenant, struct text name,
                                 struct application *out)
{
    const struct status found = store_application_get(c->domain->store, tenant, name, c->arena, out);
    if (found.code == E_NOT_FOUND)
        return error_set(&c->err, E_NOT_FOUND,
                         "There is no application %.*s: `fairlead app list` shows those there are",
                         TEXT_ARG(name));
    return found;
}

static struct status answer_one(struct call *c, int status, struct text tenant, struct text name)
{
    struct application app;
    unsigned certificates = 0;
    TRY(native_application(c, tenant, name, &app));
    TRY(store_application_certificates(c->domain->store, tenant, name, CERTIFICATES_COUNTED, &certificates));
    struct json_out j;
    reply_json(c, status);
    json_out_init(&j, &c->reply.body);
    open_application(&j, &app);
    json_int(&j, "certificates", certificates);
    json_end(&j);
    return DONE;
}

/* ---- changes ---- */

static struct status check_labels(struct call *c, const struct service_details *d)
{
    if (d->label_count > LIMIT_LABELS)
        return error_set(&c->err, E_INVALID, "There are %zu labels; %d are the most", d->label_count,
                         LIMIT_LABELS);
    for (size_t i = 0; i < d->label_count; i++) {
        const struct label *l = &d->labels[i];
        if (l->name.n == 0 || l->name.n > LIMIT_LABEL_BYTES || l->value.n > LIMIT_LABEL_BYTES)
            return error_set(&c->err, E_INVALID,
                             "A label's name and value have at most %d bytes, and the name at least one",
                             LIMIT_LABEL_BYTES);
    }
    return DONE;
}

/* "labels" of the body, as the store keeps them; {NULL, 0} when absent or null. */
static struct status body_labels(struct call *c, struct text object, struct text *out)
{
    struct text raw;
    enum json_type type;
    *out = (struct text){NULL, 0};
    if (!json_member(object, TEXT("labels"), &raw, &type) || type == JSON_TYPE_NULL)
        return DONE;
    struct service_details d; /* its labels are read as a service's */
    TRY(service_decode(object, 0, c->arena, &d, &c->err));
    TRY(check_labels(c, &d));
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, LIMIT_BODY_JSON);
    TRY(labels_write(d.labels, d.label_count, &b));
    TRY(buffer_status(&b));
    *out = arena_text(c->arena, buffer_as_text(&b));
    return out->p ? DONE : STATUS(NOMEM);
}

struct status native_application_create(struct call *c)
{
    struct text object;
    struct text name;
    struct text description;
    struct text tenant;
    struct text labels;
    TRY(body_object(c, false, &object));
    TRY(body_text(c, object, "name", &name));
    TRY(body_text(c, object, "description", &description));
    TRY(body_text(c, object, "tenant", &tenant));
    TRY(body_labels(c, object, &labels));
    const struct audit_caller caller = call_caller(c);
    TRY(connector_application_create(c->domain->connector, &caller, tenant, name, description, labels,
                                     &c->err));
    return answer_one(c, 201, tenant, name);
}

/* What is absent or null stays; labels that are there replace all that were. */
struct status native_application_update(struct call *c)
{
    struct text object;
    struct text raw;
    struct text description;
    struct text labels;
    struct call_body call;
    enum json_type type = JSON_TYPE_NULL;
    static const char *const others[] = {"description", "labels", NULL};
    const struct text tenant = query_text(c, "tenant");
    TRY(body_object(c, false, &object));
    TRY(body_text(c, object, "description", &description));
    TRY(body_labels(c, object, &labels));
    TRY(call_body_read(c, object, others, false, &call));
    const bool described = json_member(object, TEXT("description"), &raw, &type) && type != JSON_TYPE_NULL;
    if (!described && !labels.p && !call.given)
        return error_set(&c->err, E_INVALID, "description, labels or call are missing: nothing to change");
    const struct application_change change = {
        .description = described ? &description : NULL,
        .labels = labels.p ? &labels : NULL,
        .skip_verify = call.has_skip_verify ? &call.skip_verify : NULL,
        .encode_url = call.has_encode_url ? &call.encode_url : NULL,
    };
    const struct audit_caller caller = call_caller(c);
    TRY(connector_application_update(c->domain->connector, &caller, tenant, c->params[0], &change, &c->err));
    return answer_one(c, 200, tenant, c->params[0]);
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
    open_application(&l->j, app);
    json_end(&l->j);
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
