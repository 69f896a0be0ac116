/* SPDX-License-Identifier: Apache-2.0 */
#include "api/native/services.h"

/* Services for operators: lists and reading. Changes are in services_write.c. */

/* ---- which one ---- */

struct status native_service_missing(struct call *c, struct status s)
{
    if (s.code != E_NOT_FOUND)
        return s;
    struct application app;
    TRY(native_application(c, query_text(c, "tenant"), c->params[0], &app));
    return error_set(&c->err, E_NOT_FOUND, "The application %.*s has no service %.*s", TEXT_ARG(c->params[0]),
                     TEXT_ARG(c->params[1]));
}

struct status native_service_key(struct call *c, struct registry_key *out)
{
    return native_service_missing(
        c, registry_key_parse(query_text(c, "tenant"), c->params[0], c->params[1], out, &c->err));
}

struct status native_service_find(struct call *c, const struct registry_key *key, struct registry_view *out)
{
    return native_service_missing(c, registry_find(c->domain->registry, key, c->arena, out, &c->err));
}

struct status native_service_get(struct call *c)
{
    struct registry_key key;
    struct registry_view view;
    bool known;
    TRY(native_service_key(c, &key));
    TRY(native_service_find(c, &key, &view));
    TRY(etag_is_known(c, view.row.revision, &known));
    if (!known)
        return native_service_answer(c, 200, &view);
    TRY(reply_empty(c, 304));
    return etag_put(c, view.row.revision);
}

/* ---- lists ---- */

static bool list_row(void *ctx, const struct service *row)
{
    put_service_row(ctx, row);
    return true;
}

/* label=region or label=region=eu */
static void read_label(struct call *c, struct service_filter *f)
{
    struct text label = query_text(c, "label");
    if (label.n == 0)
        return;
    f->label_name = text_cut(&label, '=');
    f->label_value = label;
}

static struct status list(struct call *c, struct text application)
{
    struct page_request page;
    struct service_filter f = {
        .tenant = query_text(c, "tenant"),
        .application = application,
        .name_contains = query_text(c, "name"),
        .provider_contains = query_text(c, "provider"),
        .target_contains = query_text(c, "target"),
        .callable_only = true,
    };
    TRY(query_page(c, &page));
    read_label(c, &f);
    struct json_out j;
    struct text next = {NULL, 0};
    reply_json(c, 200);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    json_open_array(&j, "services");
    TRY(registry_list(c->domain->registry, &f, &page, c->arena, list_row, &j, &next, &c->err));
    json_end(&j);
    if (next.n > 0)
        json_text(&j, "next", next);
    else
        json_write_null(&j, "next");
    json_end(&j);
    return DONE;
}

struct status native_service_list(struct call *c)
{
    struct application app;
    TRY(native_application(c, query_text(c, "tenant"), c->params[0], &app));
    return list(c, c->params[0]);
}

struct status native_service_list_all(struct call *c)
{
    return list(c, TEXT(""));
}
