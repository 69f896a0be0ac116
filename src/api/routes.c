/* SPDX-License-Identifier: Apache-2.0 */
#include "api/routes.h"

#include "api/ids.h"
#include "base/buffer.h"
#include "base/limits.h"

#define KYMA       ROUTE_KYMA
#define PASTED     (ROUTE_KYMA | ROUTE_DROP_NEWLINES)
#define NATIVE_ON  (ON_INTERNAL | ON_CONTROL)
#define EVERYWHERE (ON_INTERNAL | ON_CONNECTOR | ON_GATEWAY)

/* Bodies that the contract ignores are still bounded: nobody sends more with a header-only call. */
#define BODY_IGNORED LIMIT_BODY_JSON

/* The Metadata API is the same for an application with its certificate and for an operator (contract 1.2). */
#define METADATA(method, pattern, flags, body, id)                                                           \
    {method, "/{application}/v1/metadata" pattern, ON_GATEWAY, PERMIT_CERTIFICATE, flags, body, id},         \
    {                                                                                                        \
        method, "/{application}/v1/metadata" pattern, ON_INTERNAL, PERMIT_OPERATOR, flags, body, id          \
    }

/* clang-format off */
const struct route api_routes[] = {
    /* Tokens and revocation by hash, for whoever reaches the internal listener (contract 3.1, 3.5, 10). */
    {HTTP_POST, "/v1/applications/tokens",                   ON_INTERNAL, PERMIT_OPERATOR, KYMA, BODY_IGNORED, API_KYMA_APPLICATION_TOKEN},
    {HTTP_POST, "/v1/runtimes/tokens",                       ON_INTERNAL, PERMIT_OPERATOR, KYMA, BODY_IGNORED, API_KYMA_RUNTIME_TOKEN},
    {HTTP_POST, "/v1/remoteenvironments/{name}/tokens",      ON_INTERNAL, PERMIT_OPERATOR, KYMA, BODY_IGNORED, API_KYMA_REMOTE_TOKEN},
    {HTTP_POST, "/v1/applications/certificates/revocations", ON_INTERNAL, PERMIT_OPERATOR, KYMA, LIMIT_BODY_CSR, API_KYMA_REVOKE_BY_HASH},
    {HTTP_POST, "/v1/runtimes/certificates/revocations",     ON_INTERNAL, PERMIT_OPERATOR, KYMA, LIMIT_BODY_CSR, API_KYMA_REVOKE_BY_HASH},

    /* With a one-time token in the query; the handler checks it (contract 3.2, 3.3, 10). */
    {HTTP_GET,  "/v1/applications/signingRequests/info",     ON_CONNECTOR, PERMIT_ANYONE, KYMA, BODY_IGNORED, API_KYMA_APPLICATION_INFO},
    {HTTP_GET,  "/v1/runtimes/signingRequests/info",         ON_CONNECTOR, PERMIT_ANYONE, KYMA, BODY_IGNORED, API_KYMA_RUNTIME_INFO},
    {HTTP_GET,  "/v1/remoteenvironments/{name}/info",        ON_CONNECTOR, PERMIT_ANYONE, KYMA, BODY_IGNORED, API_KYMA_REMOTE_INFO},
    {HTTP_POST, "/v1/applications/certificates",             ON_CONNECTOR, PERMIT_ANYONE, PASTED, LIMIT_BODY_CSR, API_KYMA_APPLICATION_SIGN},
    {HTTP_POST, "/v1/runtimes/certificates",                 ON_CONNECTOR, PERMIT_ANYONE, PASTED, LIMIT_BODY_CSR, API_KYMA_RUNTIME_SIGN},
    {HTTP_POST, "/v1/remoteenvironments/{name}/client-certs", ON_CONNECTOR, PERMIT_ANYONE, PASTED, LIMIT_BODY_CSR, API_KYMA_REMOTE_SIGN},

    /* With a client certificate (contract 3.3 to 3.5). */
    {HTTP_GET,  "/v1/applications/management/info",          ON_GATEWAY, PERMIT_CERTIFICATE, KYMA | ROUTE_INLINE, BODY_IGNORED, API_KYMA_APPLICATION_MANAGEMENT},
    {HTTP_GET,  "/v1/runtimes/management/info",              ON_GATEWAY, PERMIT_CERTIFICATE, KYMA | ROUTE_INLINE, BODY_IGNORED, API_KYMA_RUNTIME_MANAGEMENT},
    {HTTP_POST, "/v1/applications/certificates/renewals",    ON_GATEWAY, PERMIT_CERTIFICATE, PASTED, LIMIT_BODY_CSR, API_KYMA_APPLICATION_RENEW},
    {HTTP_POST, "/v1/runtimes/certificates/renewals",        ON_GATEWAY, PERMIT_CERTIFICATE, PASTED, LIMIT_BODY_CSR, API_KYMA_RUNTIME_RENEW},
    {HTTP_POST, "/v1/applications/certificates/revocations", ON_GATEWAY, PERMIT_CERTIFICATE, KYMA | ROUTE_ENDS_IDENTITY, BODY_IGNORED, API_KYMA_REVOKE_OWN},
    {HTTP_POST, "/v1/runtimes/certificates/revocations",     ON_GATEWAY, PERMIT_CERTIFICATE, KYMA | ROUTE_ENDS_IDENTITY, BODY_IGNORED, API_KYMA_REVOKE_OWN},

    /* Advertised, not there yet: 501. */
    {HTTP_POST, "/{application}/v1/events",                  ON_GATEWAY, PERMIT_CERTIFICATE, KYMA | ROUTE_INLINE, LIMIT_BODY_JSON, API_KYMA_EVENTS},
    {HTTP_GET,  "/{application}/v1/events/subscribed",       ON_GATEWAY, PERMIT_CERTIFICATE, KYMA | ROUTE_INLINE, BODY_IGNORED, API_KYMA_EVENTS},

    METADATA(HTTP_POST,    "/services",      KYMA, LIMIT_BODY_SERVICE, API_KYMA_SERVICE_REGISTER),
    METADATA(HTTP_GET,     "/services",      KYMA, BODY_IGNORED, API_KYMA_SERVICE_LIST),
    METADATA(HTTP_GET,     "/services/{id}", KYMA, BODY_IGNORED, API_KYMA_SERVICE_GET),
    METADATA(HTTP_PUT,     "/services/{id}", KYMA, LIMIT_BODY_SERVICE, API_KYMA_SERVICE_REPLACE),
    METADATA(HTTP_DELETE,  "/services/{id}", KYMA, BODY_IGNORED, API_KYMA_SERVICE_DELETE),
    METADATA(HTTP_GET,     "/api.yaml",      KYMA | ROUTE_INLINE, BODY_IGNORED, API_KYMA_METADATA_SPECIFICATION),
    /* Any method is redirected. */
    METADATA(HTTP_GET,     "",               KYMA | ROUTE_INLINE, BODY_IGNORED, API_KYMA_METADATA_ROOT),
    METADATA(HTTP_HEAD,    "",               KYMA | ROUTE_INLINE, BODY_IGNORED, API_KYMA_METADATA_ROOT),
    METADATA(HTTP_POST,    "",               KYMA | ROUTE_INLINE, BODY_IGNORED, API_KYMA_METADATA_ROOT),
    METADATA(HTTP_PUT,     "",               KYMA | ROUTE_INLINE, BODY_IGNORED, API_KYMA_METADATA_ROOT),
    METADATA(HTTP_DELETE,  "",               KYMA | ROUTE_INLINE, BODY_IGNORED, API_KYMA_METADATA_ROOT),
    METADATA(HTTP_OPTIONS, "",               KYMA | ROUTE_INLINE, BODY_IGNORED, API_KYMA_METADATA_ROOT),
    METADATA(HTTP_PATCH,   "",               KYMA | ROUTE_INLINE, BODY_IGNORED, API_KYMA_METADATA_ROOT),

    /* The Compass way: with a one-time token, and with a certificate. What a field needs is in the schemas. */
    {HTTP_POST, "/connector/graphql",                        ON_CONNECTOR | ON_INTERNAL, PERMIT_ANYONE, ROUTE_GRAPHQL, LIMIT_BODY_JSON, API_COMPASS_CONNECTOR},
    {HTTP_GET,  "/connector/graphql",                        ON_CONNECTOR | ON_INTERNAL, PERMIT_ANYONE, ROUTE_GRAPHQL, BODY_IGNORED, API_COMPASS_CONNECTOR},
    {HTTP_POST, "/connector/graphql",                        ON_GATEWAY, PERMIT_CERTIFICATE, ROUTE_GRAPHQL | ROUTE_ENDS_IDENTITY, LIMIT_BODY_JSON, API_COMPASS_CONNECTOR},
    {HTTP_GET,  "/connector/graphql",                        ON_GATEWAY, PERMIT_CERTIFICATE, ROUTE_GRAPHQL, BODY_IGNORED, API_COMPASS_CONNECTOR},

    {HTTP_POST, "/director/graphql",                         ON_INTERNAL | ON_CONTROL, PERMIT_OPERATOR, ROUTE_GRAPHQL, LIMIT_BODY_SERVICE, API_COMPASS_DIRECTOR},
    {HTTP_GET,  "/director/graphql",                         ON_INTERNAL | ON_CONTROL, PERMIT_OPERATOR, ROUTE_GRAPHQL, BODY_IGNORED, API_COMPASS_DIRECTOR},
    {HTTP_POST, "/director/graphql",                         ON_GATEWAY, PERMIT_MAPPED, ROUTE_GRAPHQL, LIMIT_BODY_SERVICE, API_COMPASS_DIRECTOR},
    {HTTP_GET,  "/director/graphql",                         ON_GATEWAY, PERMIT_MAPPED, ROUTE_GRAPHQL, BODY_IGNORED, API_COMPASS_DIRECTOR},
    /* With an operator's bearer token, which the handler checks. */
    {HTTP_POST, "/director/graphql",                         ON_CONNECTOR, PERMIT_ANYONE, ROUTE_GRAPHQL, LIMIT_BODY_JSON, API_COMPASS_DIRECTOR},
    {HTTP_GET,  "/director/graphql",                         ON_CONNECTOR, PERMIT_ANYONE, ROUTE_GRAPHQL, BODY_IGNORED, API_COMPASS_DIRECTOR},

    /* What browsers ask before they post; the answer says what graphql.cors_origins lets them do (contract 5.3). */
    {HTTP_OPTIONS, "/connector/graphql",                     ON_CONNECTOR | ON_GATEWAY, PERMIT_ANYONE, ROUTE_GRAPHQL | ROUTE_INLINE, 0, API_COMPASS_OPTIONS},
    {HTTP_OPTIONS, "/director/graphql",                      EVERYWHERE, PERMIT_ANYONE, ROUTE_GRAPHQL | ROUTE_INLINE, 0, API_COMPASS_OPTIONS},

    {HTTP_GET,  "/v1",                                       EVERYWHERE, PERMIT_ANYONE, KYMA | ROUTE_INLINE, BODY_IGNORED, API_KYMA_ROOT},
    {HTTP_GET,  "/v1/api.yaml",                              EVERYWHERE, PERMIT_ANYONE, KYMA | ROUTE_INLINE, BODY_IGNORED, API_KYMA_SPECIFICATION},
    {HTTP_GET,  "/v1/health",                                EVERYWHERE | ON_PROXY, PERMIT_ANYONE, KYMA | ROUTE_INLINE, BODY_IGNORED, API_KYMA_HEALTH},

    /* The native API. */
    {HTTP_POST, "/api/v1/applications",                      NATIVE_ON, PERMIT_OPERATOR, 0, LIMIT_BODY_JSON, API_APPLICATION_CREATE},
    {HTTP_GET,  "/api/v1/applications",                      NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_APPLICATION_LIST},
    {HTTP_GET,  "/api/v1/applications/{name}",               NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_APPLICATION_GET},
    {HTTP_DELETE, "/api/v1/applications/{name}",             NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_APPLICATION_DELETE},
    {HTTP_POST, "/api/v1/applications/{name}/revocation",    NATIVE_ON, PERMIT_OPERATOR, 0, LIMIT_BODY_JSON, API_APPLICATION_REVOKE},
    {HTTP_PATCH, "/api/v1/applications/{name}",              NATIVE_ON, PERMIT_OPERATOR, 0, LIMIT_BODY_JSON, API_APPLICATION_UPDATE},
    {HTTP_GET,  "/api/v1/services",                          NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_SERVICE_LIST_ALL},
    {HTTP_GET,  "/api/v1/applications/{name}/services",      NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_SERVICE_LIST},
    {HTTP_POST, "/api/v1/applications/{name}/services",      NATIVE_ON, PERMIT_OPERATOR, 0, LIMIT_BODY_SERVICE, API_SERVICE_CREATE},
    {HTTP_GET,  "/api/v1/applications/{name}/services/{id}", NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_SERVICE_GET},
    {HTTP_PUT,  "/api/v1/applications/{name}/services/{id}", NATIVE_ON, PERMIT_OPERATOR, 0, LIMIT_BODY_SERVICE, API_SERVICE_REPLACE},
    {HTTP_PATCH, "/api/v1/applications/{name}/services/{id}", NATIVE_ON, PERMIT_OPERATOR, 0, LIMIT_BODY_JSON, API_SERVICE_PATCH},
    {HTTP_DELETE, "/api/v1/applications/{name}/services/{id}", NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_SERVICE_DELETE},
    {HTTP_GET,  "/api/v1/applications/{name}/services/{id}/specification", NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_SERVICE_SPECIFICATION},
    {HTTP_POST, "/api/v1/applications/{name}/services/{id}/specification/refresh", NATIVE_ON, PERMIT_OPERATOR, 0, LIMIT_BODY_JSON, API_SERVICE_REFRESH},
    {HTTP_GET,  "/api/v1/applications/{name}/services/{id}/route", NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_SERVICE_ROUTE},
    {HTTP_GET,  "/api/v1/applications/{name}/services/{id}/credentials", NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_SERVICE_CREDENTIALS},
    {HTTP_PUT,  "/api/v1/applications/{name}/services/{id}/credentials", NATIVE_ON, PERMIT_OPERATOR, 0, LIMIT_BODY_JSON, API_SERVICE_CREDENTIALS_PUT},
    {HTTP_POST, "/api/v1/applications/{name}/services/{id}/credentials/restore", NATIVE_ON, PERMIT_OPERATOR, 0, LIMIT_BODY_JSON, API_SERVICE_CREDENTIALS_RESTORE},
    {HTTP_GET,  "/api/v1/secrets",                           NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_SECRET_LIST},
    {HTTP_GET,  "/api/v1/secrets/{name}",                    NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_SECRET_GET},
    {HTTP_PUT,  "/api/v1/secrets/{name}",                    NATIVE_ON, PERMIT_OPERATOR, 0, LIMIT_BODY_JSON, API_SECRET_PUT},
    {HTTP_DELETE, "/api/v1/secrets/{name}",                  NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_SECRET_DELETE},
    {HTTP_POST, "/api/v1/tokens",                            NATIVE_ON, PERMIT_OPERATOR, 0, LIMIT_BODY_JSON, API_TOKEN_CREATE},
    {HTTP_GET,  "/api/v1/tokens",                            NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_TOKEN_LIST},
    {HTTP_DELETE, "/api/v1/tokens/{id}",                     NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_TOKEN_REVOKE},
    {HTTP_POST, "/api/v1/operators",                         NATIVE_ON, PERMIT_OPERATOR, 0, LIMIT_BODY_JSON, API_OPERATOR_CREATE},
    {HTTP_GET,  "/api/v1/operators",                         NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_OPERATOR_LIST},
    {HTTP_PATCH, "/api/v1/operators/{name}",                 NATIVE_ON, PERMIT_OPERATOR, 0, LIMIT_BODY_JSON, API_OPERATOR_UPDATE},
    {HTTP_DELETE, "/api/v1/operators/{name}",                NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_OPERATOR_DELETE},
    {HTTP_POST, "/api/v1/tenants",                           NATIVE_ON, PERMIT_OPERATOR, 0, LIMIT_BODY_JSON, API_TENANT_CREATE},
    {HTTP_GET,  "/api/v1/tenants",                           NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_TENANT_LIST},
    {HTTP_DELETE, "/api/v1/tenants/{externalId}",            NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_TENANT_DELETE},
    {HTTP_GET,  "/api/v1/certificates",                      NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_CERTIFICATE_LIST},
    {HTTP_GET,  "/api/v1/certificates/{fingerprint}",        NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_CERTIFICATE_GET},
    {HTTP_POST, "/api/v1/certificates/{fingerprint}/revocation", NATIVE_ON, PERMIT_OPERATOR, 0, LIMIT_BODY_JSON, API_CERTIFICATE_REVOKE},
    {HTTP_GET,  "/api/v1/ca",                                NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_CA_SHOW},
    {HTTP_GET,  "/api/v1/status",                            NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_STATUS_SHOW},
    {HTTP_GET,  "/api/v1/audit",                             NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_AUDIT_LIST},
    /* Both touch files with the server's rights: only for who is the same user anyway. */
    {HTTP_POST, "/api/v1/backup",                            ON_CONTROL, PERMIT_OPERATOR, 0, LIMIT_BODY_JSON, API_BACKUP},
    {HTTP_POST, "/api/v1/vault/rekey",                       ON_CONTROL, PERMIT_OPERATOR, 0, LIMIT_BODY_JSON, API_VAULT_REKEY},

    /* Operating. */
    {HTTP_GET,  "/healthz",                                  NATIVE_ON, PERMIT_ANYONE, ROUTE_LOCAL | ROUTE_INLINE, 0, API_HEALTHZ},
    {HTTP_HEAD, "/healthz",                                  NATIVE_ON, PERMIT_ANYONE, ROUTE_LOCAL | ROUTE_INLINE, 0, API_HEALTHZ},
    {HTTP_GET,  "/readyz",                                   NATIVE_ON, PERMIT_ANYONE, 0, 0, API_READYZ},
    {HTTP_HEAD, "/readyz",                                   NATIVE_ON, PERMIT_ANYONE, 0, 0, API_READYZ},
    {HTTP_GET,  "/metrics",                                  NATIVE_ON, PERMIT_OPERATOR, 0, 0, API_METRICS},
    {HTTP_GET,  "/version",                                  EVERYWHERE | ON_CONTROL, PERMIT_ANYONE, ROUTE_INLINE, 0, API_VERSION},

    /* GraphiQL: constant files, for whoever may ask the schemas anyway. */
    {HTTP_GET,  "/graphiql",                                 ON_INTERNAL, PERMIT_ANYONE, 0, 0, API_CONSOLE},
    {HTTP_GET,  "/graphiql/{file}",                          ON_INTERNAL, PERMIT_ANYONE, 0, 0, API_CONSOLE},

    /* What our own fronts ask (net/hop.h). The first one's body is the certificate's Name. */
    {HTTP_GET,  "/front/certificate",                        ON_FRONT, PERMIT_FRONT, 0, 64 * 1024, API_FRONT_CERTIFICATE},
    {HTTP_GET,  "/front/listeners",                          ON_FRONT, PERMIT_FRONT, 0, 0, API_FRONT_LISTENERS},
    /* Only those that serve workloads ask how a target is called (DESIGN 3.1, 4). */
    {HTTP_GET,  "/front/target",                             ON_EGRESS, PERMIT_FRONT, 0, 0, API_FRONT_TARGET},
    {HTTP_POST, "/front/refused",                            ON_EGRESS, PERMIT_FRONT, 0, 0, API_FRONT_REFUSED},
    {HTTP_POST, "/front/tallies",                           ON_FRONT, PERMIT_FRONT, 0, LIMIT_BODY_JSON, API_FRONT_TALLIES},
};
/* clang-format on */

const size_t api_route_count = sizeof api_routes / sizeof api_routes[0];

struct bit_name {
    unsigned bit;
    const char *name;
};

static const struct bit_name listener_names[] = {
    {ON_INTERNAL, "internal"}, {ON_CONNECTOR, "connector"}, {ON_GATEWAY, "gateway"},
    {ON_PROXY, "proxy"},       {ON_CLUSTER, "cluster"},     {ON_CONTROL, "control"},
    {ON_FRONT, "front"},       {ON_EGRESS, "egress"},       {0, NULL},
};
static const struct bit_name flag_names[] = {
    {ROUTE_KYMA, "kyma"},
    {ROUTE_INLINE, "inline"},
    {ROUTE_LOCAL, "local"},
    {ROUTE_DROP_NEWLINES, "drop-newlines"},
    {ROUTE_ENDS_IDENTITY, "ends-identity"},
    {ROUTE_GRAPHQL, "graphql"},
    {0, NULL},
};

static const char *permission_name(unsigned permission)
{
    static const char *const names[] = {
        [PERMIT_ANYONE] = "anyone", [PERMIT_CERTIFICATE] = "certificate",
        [PERMIT_MAPPED] = "mapped", [PERMIT_OPERATOR] = "operator",
        [PERMIT_FRONT] = "front",
    };
    return permission < sizeof names / sizeof names[0] ? names[permission] : "?";
}

static const char *handler_name(unsigned id)
{
    static const char *const names[] = {
#define X(id, function) [API_##id] = #function,
        API_HANDLERS(X)
#undef X
    };
    return id < API_ID_COUNT ? names[id] : "?";
}

/* "a,b" for the bits that are set, "-" for none, padded to `width`. */
static void dump_bits(struct buffer *out, unsigned bits, const struct bit_name *names, size_t width)
{
    const size_t before = buffer_size(out);
    for (const struct bit_name *n = names; n->name; n++) {
        if (!(bits & n->bit))
            continue;
        if (buffer_size(out) > before)
            buffer_byte(out, ',');
        buffer_cstr(out, n->name);
    }
    if (buffer_size(out) == before)
        buffer_byte(out, '-');
    do
        buffer_byte(out, ' ');
    while (!out->failed && buffer_size(out) - before < width);
}

void api_routes_dump(struct buffer *out)
{
    for (size_t i = 0; i < api_route_count; i++) {
        const struct route *r = &api_routes[i];
        buffer_printf(out, "%-7s %-64s ", http_method_name(r->method), r->pattern);
        dump_bits(out, r->listeners, listener_names, 28);
        buffer_printf(out, "%-11s %7zu  ", permission_name(r->permission), r->body_max);
        dump_bits(out, r->flags, flag_names, 20);
        buffer_printf(out, "%s\n", handler_name(r->id));
    }
}
