/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/connector.h"

#include "graphql/table.h"

/* The Connector's schema (contract 1.1), and one field more: subjectOpenSSL. */

/* clang-format off */
static const struct graphql_type types[] = {
    OBJECT("Query", FIELDS(
        FIELD("configuration", "Configuration!", .resolve = connector_configuration,
              .description = "What a client needs to get its certificate. A one-time token is used up and the one in the result takes its "
                             "place; a certificate gets a new one."))),
    OBJECT("Mutation", FIELDS(
        FIELD("signCertificateSigningRequest", "CertificationResult!", .resolve = connector_sign_request,
              .description = "Signs with a one-time token; renews with a certificate.",
              ARGUMENTS(ARGUMENT("csr", "String!", .wrapped_lines = true,
                                 .description = "Standard base64 of the request in PEM; line breaks in it are fine."))),
        FIELD("revokeCertificate", "Boolean!", .resolve = connector_revoke_own,
              .description = "Revokes the certificate that the call is made with."))),
    OBJECT("Configuration", FIELDS(
        FIELD("token", "Token", .at = AT_SELF),
        FIELD("certificateSigningRequestInfo", "CertificateSigningRequestInfo", .at = AT_SELF),
        FIELD("managementPlaneInfo", "ManagementPlaneInfo", .at = AT_SELF))),
    OBJECT("Token", FIELDS(
        FIELD("token", "String!", .at = AT_TEXT(struct connector_configuration, token)))),
    OBJECT("CertificateSigningRequestInfo", FIELDS(
        FIELD("subject", "String!", .at = AT_TEXT(struct connector_configuration, subject)),
        FIELD("keyAlgorithm", "String!", .at = AT_TEXT(struct connector_configuration, key_algorithm)),
        FIELD("subjectOpenSSL", "String!", .at = AT_TEXT(struct connector_configuration, subject_openssl),
              .description = "The same subject as `openssl req -subj` takes it."))),
    OBJECT("ManagementPlaneInfo", FIELDS(
        FIELD("directorURL", "String", .at = AT_TEXT(struct connector_configuration, director_url)),
        FIELD("certificateSecuredConnectorURL", "String", .at = AT_TEXT(struct connector_configuration, connector_url)))),
    OBJECT("CertificationResult", FIELDS(
        FIELD("certificateChain", "String!", .at = AT_TEXT(struct connector_certificates, chain),
              .description = "Base64 of PEM: the client's certificate, the CA's, and the root's if there is one."),
        FIELD("caCertificate", "String!", .at = AT_TEXT(struct connector_certificates, ca)),
        FIELD("clientCertificate", "String!", .at = AT_TEXT(struct connector_certificates, client)))),
    END_OF_TYPES,
};
/* clang-format on */

static const struct graphql_type *const tables[] = {types, NULL};
const struct graphql_tables connector_tables = {.types = tables, .query = "Query", .mutation = "Mutation"};
