/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Shared by the handlers of the connector's wire formats (contract 2 to 10). Private to api/kyma. */

#include "api/handlers.h"

/* The member "certificate" of info and management info; byte-identical in both (contract 3.4). */
struct status kyma_put_certificate(struct call *c, struct json_out *j, const struct connector_holder *h);
/* A member holding one address. */
struct status kyma_put_link(struct call *c, struct json_out *j, const char *name, enum connector_link which,
                            const struct connector_holder *h, struct text token);
/* 201 with the certificate in the shape of the generation. */
struct status kyma_reply_certificate(struct call *c, enum token_kind kind,
                                     const struct connector_issued *issued);
/* `csr` of the body; errors in the contract's words. */
struct status kyma_body_csr(struct call *c, struct text *out);
/* The token of the query; empty when absent. */
struct text kyma_token(struct call *c);
/* Whom the client certificate speaks for, when it is of the route's kind. */
struct status kyma_holder(struct call *c, enum token_kind kind, struct connector_holder *out);
