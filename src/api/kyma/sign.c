/* SPDX-License-Identifier: Apache-2.0 */
#include "api/kyma/kyma.h"

/* Signing with a token (contract 3.3): token, body, request, in this order. */

static struct status sign(struct call *c, enum token_kind kind, struct text name)
{
    struct connector *connector = c->domain->connector;
    const struct audit_caller caller = call_caller(c);
    OWNED(connector_grant_close) struct connector_grant grant = {0};
    TRY(call_refused(c, TEXT("refused.token"),
                     connector_grant_open(connector, kind, name, kyma_token(c), c->arena, &grant, &c->err)));
    struct text csr;
    TRY(kyma_body_csr(c, &csr));
    struct connector_issued issued;
    TRY(call_refused(c, TEXT("refused.token"),
                     connector_sign(connector, &caller, &grant, csr, c->arena, &issued, &c->err)));
    return kyma_reply_certificate(c, kind, &issued);
}

struct status kyma_application_sign(struct call *c)
{
    return sign(c, TOKEN_APPLICATION, TEXT(""));
}

struct status kyma_runtime_sign(struct call *c)
{
    return sign(c, TOKEN_RUNTIME, TEXT(""));
}

struct status kyma_remote_sign(struct call *c)
{
    return sign(c, TOKEN_REMOTE_ENVIRONMENT, c->params[0]);
}
