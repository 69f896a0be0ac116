/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/bundles.h"

#include "api/compass/rows.h"

/* What the Director is given about bundles (contract 2.3), and the enums and scalars of both directions
 * (2.4). */

/* clang-format off */
#define ADDITIONAL                                                                                                        \
    ARGUMENT("additionalHeaders", "HttpHeaders", .deprecated = "Use additionalHeadersSerialized, as every client does."),  \
    ARGUMENT("additionalHeadersSerialized", "HttpHeadersSerialized"),                                                     \
    ARGUMENT("additionalQueryParams", "QueryParams", .deprecated = "Use additionalQueryParamsSerialized, as every client does."), \
    ARGUMENT("additionalQueryParamsSerialized", "QueryParamsSerialized")
#define SPEC_INPUT(type_)                                                                                                 \
    ARGUMENT("data", "CLOB"), ARGUMENT("type", type_), ARGUMENT("format", "SpecFormat!"), ARGUMENT("fetchRequest", "FetchRequestInput")

const struct graphql_type bundle_inputs[] = {
    INPUT("BundleCreateInput", ARGUMENT("name", "String!"), ARGUMENT("description", "String"),
          ARGUMENT("instanceAuthRequestInputSchema", "JSONSchema"), ARGUMENT("defaultInstanceAuth", "AuthInput"),
          ARGUMENT("apiDefinitions", "[APIDefinitionInput!]"), ARGUMENT("eventDefinitions", "[EventDefinitionInput!]"),
          ARGUMENT("documents", "[DocumentInput!]"), ARGUMENT("correlationIDs", "[String!]")),
    INPUT("BundleUpdateInput", ARGUMENT("name", "String!"), ARGUMENT("description", "String"),
          ARGUMENT("instanceAuthRequestInputSchema", "JSONSchema"), ARGUMENT("defaultInstanceAuth", "AuthInput")),
    INPUT("APIDefinitionInput", ARGUMENT("name", "String!"), ARGUMENT("description", "String"), ARGUMENT("targetURL", "String!"),
          ARGUMENT("group", "String"), ARGUMENT("spec", "APISpecInput"), ARGUMENT("version", "VersionInput")),
    INPUT("APISpecInput", SPEC_INPUT("APISpecType!")),
    INPUT("EventDefinitionInput", ARGUMENT("name", "String!"), ARGUMENT("description", "String"), ARGUMENT("spec", "EventSpecInput"),
          ARGUMENT("group", "String"), ARGUMENT("version", "VersionInput")),
    INPUT("EventSpecInput", SPEC_INPUT("EventSpecType!")),
    INPUT("DocumentInput", ARGUMENT("title", "String!"), ARGUMENT("displayName", "String!"), ARGUMENT("description", "String!"),
          ARGUMENT("format", "DocumentFormat!"), ARGUMENT("kind", "String"), ARGUMENT("data", "CLOB"),
          ARGUMENT("fetchRequest", "FetchRequestInput")),
    INPUT("FetchRequestInput", ARGUMENT("url", "String!"), ARGUMENT("auth", "AuthInput"),
          ARGUMENT("mode", "FetchMode", .initial = "SINGLE"), ARGUMENT("filter", "String")),
    INPUT("VersionInput", ARGUMENT("value", "String!"), ARGUMENT("deprecated", "Boolean", .initial = "false"),
          ARGUMENT("deprecatedSince", "String"), ARGUMENT("forRemoval", "Boolean", .initial = "false")),
    INPUT("AuthInput", ARGUMENT("credential", "CredentialDataInput"), ARGUMENT("accessStrategy", "String"), ADDITIONAL,
          ARGUMENT("requestAuth", "CredentialRequestAuthInput"), ARGUMENT("certCommonName", "String")),
    INPUT("CredentialDataInput", ARGUMENT("basic", "BasicCredentialDataInput"), ARGUMENT("oauth", "OAuthCredentialDataInput"),
          ARGUMENT("certificateOAuth", "CertificateOAuthCredentialDataInput")),
    INPUT("BasicCredentialDataInput", ARGUMENT("username", "String!"), ARGUMENT("password", "String!")),
    INPUT("OAuthCredentialDataInput", ARGUMENT("clientId", "ID!"), ARGUMENT("clientSecret", "String!"), ARGUMENT("url", "String!")),
    INPUT("CertificateOAuthCredentialDataInput", ARGUMENT("clientId", "ID!"), ARGUMENT("certificate", "String!"), ARGUMENT("url", "String!")),
    INPUT("CredentialRequestAuthInput", ARGUMENT("csrf", "CSRFTokenCredentialRequestAuthInput")),
    INPUT("CSRFTokenCredentialRequestAuthInput", ARGUMENT("tokenEndpointURL", "String!"), ARGUMENT("credential", "CredentialDataInput"), ADDITIONAL),
    INPUT("BundleInstanceAuthRequestInput", ARGUMENT("id", "ID"), ARGUMENT("context", "JSON"), ARGUMENT("inputParams", "JSON")),
    INPUT("BundleInstanceAuthSetInput", ARGUMENT("auth", "AuthInput"), ARGUMENT("status", "BundleInstanceAuthStatusInput")),
    INPUT("BundleInstanceAuthStatusInput", ARGUMENT("condition", "BundleInstanceAuthSetStatusConditionInput!", .initial = "SUCCEEDED"),
          ARGUMENT("message", "String!"), ARGUMENT("reason", "String!")),
    ENUM("BundleInstanceAuthStatusCondition", VALUE("PENDING"), VALUE("SUCCEEDED"), VALUE("FAILED"), VALUE("UNUSED")),
    ENUM("BundleInstanceAuthSetStatusConditionInput", VALUE("SUCCEEDED", .value = INSTANCE_SUCCEEDED), VALUE("FAILED", .value = INSTANCE_FAILED)),
    ENUM("APISpecType", VALUE("ODATA"), VALUE("OPEN_API")),
    ENUM("EventSpecType", VALUE("ASYNC_API")),
    ENUM("SpecFormat", VALUE("YAML", .value = FORMAT_YAML), VALUE("JSON", .value = FORMAT_JSON), VALUE("XML", .value = FORMAT_XML)),
    ENUM("DocumentFormat", VALUE("MARKDOWN")),
    ENUM("FetchMode", VALUE("SINGLE"), VALUE("BUNDLE"), VALUE("INDEX")),
    ENUM("FetchRequestStatusCondition", VALUE("INITIAL"), VALUE("SUCCEEDED"), VALUE("FAILED")),
    SCALAR("HttpHeaders", GRAPHQL_ANY),
    SCALAR("QueryParams", GRAPHQL_ANY),
    SCALAR("HttpHeadersSerialized", GRAPHQL_STRING),
    SCALAR("QueryParamsSerialized", GRAPHQL_STRING),
    SCALAR("CLOB", GRAPHQL_STRING),
    SCALAR("JSON", GRAPHQL_STRING),
    SCALAR("JSONSchema", GRAPHQL_STRING),
    END_OF_TYPES,
};
/* clang-format on */
