/* SPDX-License-Identifier: Apache-2.0 */
#include "api/kyma/metadata.h"

#include "registry/validate.h"

/* POST, PUT and DELETE of the Metadata API (contract 1.8, 1.11, 1.12). */

struct status kyma_service_register(struct call *c)
{
    struct text tenant;
    struct service_details details;
    TRY(metadata_access(c, &tenant));
    const struct status read = metadata_read(c, &details);
    if (!status_ok(read))
        return metadata_refuse(c, read, METADATA_UNREADABLE);
    const struct audit_caller caller = call_caller(c);
    struct text refusal = {NULL, 0};
    const struct registry_input in = {.details = &details, .out_refusal = &refusal};
    uint8_t id[SERVICE_ID_SIZE];
    const struct status made =
        registry_register(c->domain->registry, &caller, tenant, c->params[0], &in, c->arena, id, &c->err);
    if (refusal.p)
        return metadata_refuse_description(c, refusal);
    if (!status_ok(made))
        return metadata_refuse(c, made, TEXT(""));
    char text[SERVICE_ID_TEXT + 1];
    struct json_out j;
    reply_json(c, 200); /* not 201 (contract 1.2) */
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    json_text(&j, "id", service_id_text(id, text));
    json_end(&j);
    return DONE;
}

/* A bad description is said first, also of a service that is not there (contract 1.6). */
static struct status replace(struct call *c, struct text tenant, const struct registry_input *in,
                             struct registry_view *out)
{
    struct registry_key key;
    bool no_application;
    const struct status found = metadata_key(c, tenant, &key, &no_application);
    if (found.code == E_NOT_FOUND) {
        TRY(service_validate(in->details, c->arena, in->out_refusal));
        *in->out_refusal = (struct text){NULL, 0};
    }
    TRY(found);
    const struct audit_caller caller = call_caller(c);
    return registry_replace(c->domain->registry, &caller, &key, in, 0, c->arena, out, &c->err);
}

static struct status refuse_replacement(struct call *c, struct status s)
{
    const struct text prefix =
        arena_printf(c->arena, "Updating %.*s service failed, ", TEXT_ARG(c->params[1]));
    return prefix.p ? metadata_refuse(c, s, prefix) : STATUS(NOMEM);
}

struct status kyma_service_replace(struct call *c)
{
    struct text tenant;
    struct service_details details;
    TRY(metadata_access(c, &tenant));
    const struct status read = metadata_read(c, &details);
    if (!status_ok(read))
        return metadata_refuse(c, read, METADATA_UNREADABLE);
    struct text refusal = {NULL, 0};
    const struct registry_input in = {.details = &details, .out_refusal = &refusal};
    struct registry_view view;
    const struct status replaced = replace(c, tenant, &in, &view);
    if (refusal.p)
        return metadata_refuse_description(c, refusal);
    if (!status_ok(replaced))
        return refuse_replacement(c, replaced);
    struct json_out j;
    reply_json(c, 200);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    put_base_info(&j, &view.row);
    json_end(&j);
    return DONE;
}

/* Who deletes what is not there has what he wants (contract 1.12); only the application must exist. */
struct status kyma_service_delete(struct call *c)
{
    struct text tenant;
    struct registry_key key;
    bool no_application = false;
    TRY(metadata_access(c, &tenant));
    struct status s = metadata_key(c, tenant, &key, &no_application);
    if (status_ok(s)) {
        const struct audit_caller caller = call_caller(c);
        s = registry_delete(c->domain->registry, &caller, &key, 0, &no_application, &c->err);
    }
    if (s.code == E_NOT_FOUND && no_application)
        return reply_error(c, 404,
                           "Deleting service from Application repository failed, Application %.*s not found",
                           TEXT_ARG(c->params[0]));
    if (s.code != E_NOT_FOUND)
        TRY(call_refused(c, TEXT("refused.revoked"), s));
    return reply_empty(c, 204);
}
