/* SPDX-License-Identifier: Apache-2.0 */
#include "api/kyma/kyma.h"

/* Renewal with the certificate that is to be renewed (contract 3.3, 7). A token in the query is ignored. */

static struct status renew(struct call *c, enum token_kind kind)
{
    struct connector_holder h;
    TRY(kyma_holder(c, kind, &h));
    struct text csr;
    TRY(kyma_body_csr(c, &csr));
    const struct audit_caller caller = call_caller(c);
    struct connector_issued issued;
    TRY(call_refused(c, TEXT("refused.revoked"),
                     connector_renew(c->domain->connector, &caller, &h, c->principal.fingerprint, csr,
                                     c->arena, &issued, &c->err)));
    return kyma_reply_certificate(c, kind, &issued);
}

struct status kyma_application_renew(struct call *c)
{
    return renew(c, TOKEN_APPLICATION);
}

struct status kyma_runtime_renew(struct call *c)
{
    return renew(c, TOKEN_RUNTIME);
}
