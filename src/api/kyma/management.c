/* SPDX-License-Identifier: Apache-2.0 */
#include "api/kyma/kyma.h"

/* Management info (contract 3.4). Runs on the core's loop: all of it comes from the principal and the
 * settings. */

static void put_identity(struct json_out *j, const struct connector_holder *h)
{
    json_open_object(j, "clientIdentity");
    const bool adapter = h->kind == TOKEN_COMPASS_APPLICATION; /* which leaves group and tenant out */
    if (h->kind == TOKEN_APPLICATION || adapter)
        json_text(j, "application", h->application);
    if (h->group.n > 0 && !adapter)
        json_text(j, "group", h->group);
    if (h->tenant.n > 0 && !adapter)
        json_text(j, "tenant", h->tenant);
    json_end(j);
}

static struct status put_urls(struct call *c, struct json_out *j, const struct connector_holder *h)
{
    const struct text none = TEXT("");
    json_open_object(j, "urls");
    if (h->kind == TOKEN_APPLICATION || h->kind == TOKEN_COMPASS_APPLICATION) {
        TRY(kyma_put_link(c, j, "eventsInfoUrl", LINK_EVENTS_INFO, h, none));
        TRY(kyma_put_link(c, j, "eventsUrl", LINK_EVENTS, h, none));
        TRY(kyma_put_link(c, j, "metadataUrl", LINK_METADATA, h, none));
    }
    TRY(kyma_put_link(c, j, "renewCertUrl", LINK_RENEW, h, none));
    TRY(kyma_put_link(c, j, "revokeCertUrl", LINK_REVOKE, h, none));
    /* The name of 0.8 and 0.9, which clients of later releases still read (contract 16). */
    TRY(kyma_put_link(c, j, "revocationCertUrl", LINK_REVOKE, h, none));
    json_end(j);
    return DONE;
}

static struct status management(struct call *c, enum token_kind kind)
{
    struct connector_holder h;
    TRY(kyma_holder(c, kind, &h));
    struct json_out j;
    reply_json(c, 200);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    put_identity(&j, &h);
    TRY(put_urls(c, &j, &h));
    TRY(kyma_put_certificate(c, &j, &h));
    json_end(&j);
    return DONE;
}

struct status kyma_application_management(struct call *c)
{
    return management(c, TOKEN_APPLICATION);
}

struct status kyma_runtime_management(struct call *c)
{
    return management(c, TOKEN_RUNTIME);
}
