/* SPDX-License-Identifier: Apache-2.0 */
#include "api/kyma/kyma.h"

/* Token creation (contract 3.1, 10). The body is ignored. */

static struct text header(struct call *c, struct text name)
{
    return headers_get(&c->request->headers, name);
}

static struct status answer(struct call *c, const struct connector_holder *h)
{
    const struct audit_caller caller = call_caller(c);
    struct connector_token token;
    TRY(connector_token_create(c->domain->connector, &caller, h, c->arena, &token, &c->err));
    struct json_out j;
    reply_json(c, 201);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    TRY(kyma_put_link(c, &j, "url", LINK_INFO, h, token.token));
    json_text(&j, "token", token.token);
    json_end(&j);
    return DONE;
}

struct status kyma_application_token(struct call *c)
{
    const bool central = connector_settings_of(c->domain->connector)->central;
    struct connector_holder h = {.kind = TOKEN_APPLICATION, .application = header(c, TEXT("Application"))};
    if (central) {
        h.tenant = header(c, TEXT("Tenant"));
        h.group = header(c, TEXT("Group"));
    }
    if (h.application.n == 0 || (central && (h.tenant.n == 0 || h.group.n == 0)))
        return reply_error(c, 400, "Required headers for ApplicationContext not specified.");
    return answer(c, &h);
}

struct status kyma_runtime_token(struct call *c)
{
    const struct connector_holder h = {
        .kind = TOKEN_RUNTIME, .tenant = header(c, TEXT("Tenant")), .group = header(c, TEXT("Group"))};
    if (!connector_settings_of(c->domain->connector)->central)
        return reply_error(c, 404, "Requested resource could not be found.");
    if (h.tenant.n == 0 || h.group.n == 0)
        return reply_error(c, 400, "Required headers for ClusterContext not specified.");
    return answer(c, &h);
}

struct status kyma_remote_token(struct call *c)
{
    const struct connector_holder h = {.kind = TOKEN_REMOTE_ENVIRONMENT, .application = c->params[0]};
    return answer(c, &h);
}
