/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "base/encoding.h"
#include "net/hop.h"

static enum certificate_verdict verdict_of(enum connector_verdict verdict)
{
    switch (verdict) {
    case CONNECTOR_ACTIVE:
        return CERT_ACTIVE;
    case CONNECTOR_REVOKED:
        return CERT_REVOKED;
    case CONNECTOR_UNKNOWN:
        return CERT_UNKNOWN;
    }
    return CERT_UNKNOWN;
}

/* "What is this certificate?" (net/hop.h). The body is the DER of its subject. */
struct status front_certificate(struct call *c)
{
    uint8_t fingerprint[SHA256_SIZE];
    if (!hex_decode(fingerprint, sizeof fingerprint, query_text(c, "fingerprint")))
        return error_set(&c->err, E_INVALID, "fingerprint must be 64 hexadecimal digits");
    struct connector_identity id;
    TRY(connector_identify(c->domain->connector, fingerprint, c->body, c->arena, &id, &c->err));
    const struct hop_identity answer = {
        .verdict = (uint8_t)verdict_of(id.verdict),
        .runtime = id.holder.kind == TOKEN_RUNTIME || id.holder.kind == TOKEN_COMPASS_RUNTIME,
        .application = id.holder.application,
        .tenant = id.holder.tenant,
        .group = id.holder.group,
        .system_auth = id.holder.system_auth,
        .subject_error = id.subject_error,
        .valid_until = id.valid_until,
        .pairs = id.pairs,
    };
    hop_identity_encode(&answer, &c->reply.body);
    c->reply.status = 200;
    c->reply.content_type = TEXT("application/octet-stream");
    return DONE;
}
