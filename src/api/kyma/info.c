/* SPDX-License-Identifier: Apache-2.0 */
#include "api/kyma/kyma.h"

/* Signing-request info (contract 3.2, 10): the token is exchanged for the one in csrUrl. */

/* The addresses, in the order of each generation. A runtime's lack the three of an application. */
static struct status put_api(struct call *c, struct json_out *j, const struct connector_holder *h)
{
    const struct text none = TEXT("");
    json_open_object(j, "api");
    switch (h->kind) {
    case TOKEN_APPLICATION:
    case TOKEN_COMPASS_APPLICATION:
        TRY(kyma_put_link(c, j, "eventsInfoUrl", LINK_EVENTS_INFO, h, none));
        TRY(kyma_put_link(c, j, "eventsUrl", LINK_EVENTS, h, none));
        TRY(kyma_put_link(c, j, "metadataUrl", LINK_METADATA, h, none));
        TRY(kyma_put_link(c, j, "infoUrl", LINK_MANAGEMENT, h, none));
        break;
    case TOKEN_RUNTIME:
    case TOKEN_COMPASS_RUNTIME:
        TRY(kyma_put_link(c, j, "infoUrl", LINK_MANAGEMENT, h, none));
        break;
    case TOKEN_REMOTE_ENVIRONMENT:
        TRY(kyma_put_link(c, j, "metadataUrl", LINK_METADATA, h, none));
        TRY(kyma_put_link(c, j, "eventsUrl", LINK_EVENTS, h, none));
        break;
    }
    TRY(kyma_put_link(c, j, "certificatesUrl", LINK_CERTIFICATES, h, none));
    json_end(j);
    return DONE;
}

static struct status info(struct call *c, enum token_kind kind, struct text name)
{
    struct connector *connector = c->domain->connector;
    const struct audit_caller caller = call_caller(c);
    OWNED(connector_grant_close) struct connector_grant grant = {0};
    TRY(call_refused(c, TEXT("refused.token"),
                     connector_grant_open(connector, kind, name, kyma_token(c), c->arena, &grant, &c->err)));
    struct connector_token next;
    TRY(call_refused(c, TEXT("refused.token"),
                     connector_exchange(connector, &caller, &grant, c->arena, &next, &c->err)));

    struct json_out j;
    reply_json(c, 200);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    TRY(kyma_put_link(c, &j, "csrUrl", LINK_SIGN, &grant.holder, next.token));
    TRY(put_api(c, &j, &grant.holder));
    TRY(kyma_put_certificate(c, &j, &grant.holder));
    json_end(&j);
    return DONE;
}

struct status kyma_application_info(struct call *c)
{
    return info(c, TOKEN_APPLICATION, TEXT(""));
}

struct status kyma_runtime_info(struct call *c)
{
    return info(c, TOKEN_RUNTIME, TEXT(""));
}

struct status kyma_remote_info(struct call *c)
{
    return info(c, TOKEN_REMOTE_ENVIRONMENT, c->params[0]);
}
