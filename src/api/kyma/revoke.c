/* SPDX-License-Identifier: Apache-2.0 */
#include "api/kyma/kyma.h"

/* Revocation (contract 3.5): by the certificate itself, and by hash on the internal listener. */

static bool is_runtime_route(const struct call *c)
{
    return text_starts_with(text_of(c->route->pattern), TEXT("/v1/runtimes/"));
}

static struct status check_mode(struct call *c)
{
    if (is_runtime_route(c) && !connector_settings_of(c->domain->connector)->central)
        return error_set(&c->err, E_NOT_FOUND, "Requested resource could not be found.");
    return DONE;
}

/* Either kind of certificate may use either route, as in the original. The body is ignored. */
struct status kyma_revoke_own(struct call *c)
{
    TRY(check_mode(c));
    const struct audit_caller caller = call_caller(c);
    TRY(connector_revoke(c->domain->connector, &caller, c->principal.fingerprint, TEXT("by its holder"),
                         &c->err));
    return reply_empty(c, 201);
}

static struct status hash_of_body(struct call *c, uint8_t out[static SHA256_SIZE])
{
    struct text object;
    struct text hash;
    TRY(body_object(c, false, &object));
    TRY(body_text(c, object, "hash", &hash));
    return connector_parse_hash(hash, out, &c->err);
}

struct status kyma_revoke_by_hash(struct call *c)
{
    TRY(check_mode(c));
    uint8_t fingerprint[SHA256_SIZE];
    const struct status read = hash_of_body(c, fingerprint);
    if (read.code == E_INVALID) /* unlike on sign, this text ends in a full stop */
        return reply_error(c, 400, "Error while unmarshalling request body: %s.", error_text(&c->err, read));
    TRY(read);
    const struct audit_caller caller = call_caller(c);
    TRY(connector_revoke(c->domain->connector, &caller, fingerprint, TEXT("by hash"), &c->err));
    return reply_empty(c, 201);
}
