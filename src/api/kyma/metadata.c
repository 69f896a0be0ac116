/* SPDX-License-Identifier: Apache-2.0 */
#include "api/kyma/metadata.h"

#include "registry/decode.h"

/* ---- who asks ---- */

static struct status operator_tenant(struct call *c, struct text *out)
{
    *out = TEXT("");
    if (!connector_settings_of(c->domain->connector)->central)
        return DONE;
    *out = headers_get(&c->request->headers, TEXT("Tenant"));
    if (out->n == 0)
        return error_set(&c->err, E_INVALID, "Required headers for ApplicationContext not specified.");
    return DONE;
}

struct status metadata_access(struct call *c, struct text *out_tenant)
{
    const struct principal *p = &c->principal;
    if (p->kind == PRINCIPAL_OPERATOR && c->route->permission == PERMIT_OPERATOR)
        return operator_tenant(c, out_tenant);
    /* Names are compared as octets, the path's after its one decoding (http/router.h). The same text then
     * goes to the store. */
    if (p->kind != PRINCIPAL_CERTIFICATE || p->runtime || p->application.n == 0 ||
        !text_equal(p->application, c->params[0])) {
        call_note_refusal(c, TEXT("refused.application"));
        return error_set(&c->err, E_DENIED, "No valid subject found");
    }
    *out_tenant = connector_settings_of(c->domain->connector)->central ? p->tenant : TEXT("");
    return DONE;
}

/* ---- which service ---- */

static struct status check_application(struct call *c, struct text tenant, bool *out_missing)
{
    struct application app;
    const struct status found = store_application_get(c->domain->store, tenant, c->params[0], c->arena, &app);
    *out_missing = found.code == E_NOT_FOUND;
    return *out_missing ? DONE : found;
}

struct status metadata_key(struct call *c, struct text tenant, struct registry_key *out,
                           bool *out_no_application)
{
    *out_no_application = false;
    const struct status parsed = registry_key_parse(tenant, c->params[0], c->params[1], out, &c->err);
    if (parsed.code != E_NOT_FOUND)
        return parsed;
    TRY(check_application(c, tenant, out_no_application));
    if (*out_no_application)
        return error_set(&c->err, E_NOT_FOUND,
                         "Reading service with ID %.*s failed, Application %.*s not found",
                         TEXT_ARG(text_first(c->params[1], SHOWN_ID_MAX)),
                         TEXT_ARG(text_first(c->params[0], SHOWN_ID_MAX)));
    return parsed;
}

/* ---- the body ---- */

struct status metadata_read(struct call *c, struct service_details *out)
{
    return service_decode(bytes_text(c->body), 0, c->arena, out, &c->err);
}

/* ---- refusals ---- */

struct status metadata_refuse(struct call *c, struct status s, struct text prefix)
{
    const int http = code_http_status(s.code);
    if (s.code == E_DENIED) /* its certificate was revoked meanwhile: in the words of any other call */
        return call_refused(c, TEXT("refused.revoked"), s);
    if (status_ok(s) || c->err.code != s.code || (http >= 500 && s.code != E_UPSTREAM))
        return s;
    return reply_message(c, http, prefix, text_of(c->err.message));
}

struct status metadata_refuse_description(struct call *c, struct text refusal)
{
    return reply_message(c, 400, TEXT("Failed to validate request body, "), refusal);
}

/* ---- what lists, PUT and GET share ---- */

void put_base_info(struct json_out *j, const struct service *row)
{
    json_text(j, "provider", row->provider);
    json_text(j, "name", row->name);
    json_text(j, "description", row->description);
    if (row->identifier.n > 0)
        json_text(j, "identifier", row->identifier);
    json_raw(j, "labels", row->labels);
}
