/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/bundles.h"

#include "api/compass/rows.h"

/* Bundles, what is in them, and the credentials that open them (contract 2.2, 2.3). The inputs are in
 * bundle_inputs.c. */

#define AT_BUNDLE(member_)   .at = AT_TEXT(struct bundle_view, member_)
#define AT_MEMBER(member_)   .at = AT_TEXT(struct member_view, member_)
#define AT_INSTANCE(member_) .at = AT_TEXT(struct instance_view, member_)
#define AT_AUTH(member_)     .at = AT_TEXT(struct auth_shown, member_)
#define AT_JSON_OF(member_)  .at = AT_JSON(struct auth_shown, member_)
#define AT_SECRET(member_)   .at = AT_TEXT(struct credential_view, member_)
#define NOTHING              .resolve = director_nothing
#define GROUP                ARGUMENT("group", "String")
#define SANITIZED(scope_)    .scope = scope_, .null_without_scope = true

/* clang-format off */
/* The names of the two moments differ: only an API's have underscores (contract 2.2). */
#define MOMENTS(type_, row_, created_, updated_, deleted_)                                                                \
    FIELD(created_, "Timestamp", .at = AT_TIME(type_, row_.created_at)),                                                  \
    FIELD(updated_, "Timestamp", .at = AT_TIME(type_, row_.updated_at)),                                                  \
    FIELD(deleted_, "Timestamp", NOTHING), FIELD("error", "String", NOTHING)
#define SPEC(name_, type_, scope_)                                                                                        \
    OBJECT(name_, FIELDS(FIELD("id", "ID!", AT_MEMBER(id)), FIELD("data", "CLOB", .resolve = bundles_content),            \
                         FIELD("format", "SpecFormat!", .resolve = bundles_spec_format),                                  \
                         FIELD("type", type_, AT_MEMBER(m.specification.type)),                                           \
                         FIELD("fetchRequest", "FetchRequest", .resolve = bundles_fetch, SANITIZED(scope_))))

const struct graphql_type bundle_types[] = {
    OBJECT("Bundle", FIELDS(
        FIELD("id", "ID!", AT_BUNDLE(id)),
        FIELD("name", "String!", AT_BUNDLE(b.row.name)),
        FIELD("description", "String", AT_BUNDLE(description)),
        FIELD("instanceAuthRequestInputSchema", "JSONSchema", AT_BUNDLE(b.auth_schema)),
        FIELD("instanceAuth", "BundleInstanceAuth", .resolve = bundles_instance, SANITIZED("bundle.instance_auths:read"), ARGUMENTS(ID)),
        FIELD("instanceAuths", "[BundleInstanceAuth!]", .resolve = bundles_instances, SANITIZED("bundle.instance_auths:read")),
        FIELD("defaultInstanceAuth", "Auth", .resolve = bundles_auth, SANITIZED("bundle.instance_auths:read")),
        FIELD("apiDefinitions", "APIDefinitionPage", .resolve = bundles_apis, ARGUMENTS(GROUP, PAGE)),
        FIELD("eventDefinitions", "EventDefinitionPage", .resolve = bundles_events, ARGUMENTS(GROUP, PAGE)),
        FIELD("documents", "DocumentPage", .resolve = bundles_documents, ARGUMENTS(PAGE)),
        FIELD("apiDefinition", "APIDefinition", .resolve = bundles_api, ARGUMENTS(ID)),
        FIELD("eventDefinition", "EventDefinition", .resolve = bundles_event, ARGUMENTS(ID)),
        FIELD("correlationIDs", "[String!]", .resolve = bundles_correlation_ids),
        FIELD("document", "Document", .resolve = bundles_document, ARGUMENTS(ID)),
        MOMENTS(struct bundle_view, b.row, "createdAt", "updatedAt", "deletedAt"))),
    OBJECT("BundleInstanceAuth", FIELDS(
        FIELD("id", "ID!", AT_INSTANCE(id)),
        FIELD("context", "JSON", AT_INSTANCE(context)),
        FIELD("inputParams", "JSON", AT_INSTANCE(input_params)),
        FIELD("auth", "Auth", .resolve = bundles_instance_auth, SANITIZED("bundle.instance_auths:read")),
        FIELD("status", "BundleInstanceAuthStatus!", .at = AT_SELF),
        FIELD("runtimeID", "ID", AT_INSTANCE(runtime)),
        FIELD("runtimeContextID", "ID", NOTHING))),
    OBJECT("BundleInstanceAuthStatus", FIELDS(
        FIELD("condition", "BundleInstanceAuthStatusCondition!", .resolve = bundles_instance_condition),
        FIELD("timestamp", "Timestamp!", AT_INSTANCE(status_at)),
        FIELD("message", "String!", AT_INSTANCE(i.message)),
        FIELD("reason", "String!", AT_INSTANCE(i.reason)))),
    OBJECT("APIDefinition", FIELDS(
        FIELD("id", "ID!", AT_MEMBER(id)),
        FIELD("name", "String!", AT_MEMBER(m.row.name)),
        FIELD("description", "String", AT_MEMBER(description)),
        FIELD("spec", "APISpec", .resolve = bundles_spec),
        FIELD("targetURL", "String!", AT_MEMBER(target_url)),
        FIELD("group", "String", AT_MEMBER(group)),
        FIELD("version", "Version", .resolve = bundles_version),
        MOMENTS(struct member_view, m.row, "created_at", "updated_at", "deleted_at"))),
    SPEC("APISpec", "APISpecType!", "api_spec.fetch_request:read"),
    OBJECT("EventDefinition", FIELDS(
        FIELD("id", "ID!", AT_MEMBER(id)),
        FIELD("name", "String!", AT_MEMBER(m.row.name)),
        FIELD("description", "String", AT_MEMBER(description)),
        FIELD("group", "String", AT_MEMBER(group)),
        FIELD("spec", "EventSpec", .resolve = bundles_spec),
        FIELD("version", "Version", .resolve = bundles_version),
        MOMENTS(struct member_view, m.row, "createdAt", "updatedAt", "deletedAt"))),
    SPEC("EventSpec", "EventSpecType!", "event_spec.fetch_request:read"),
    OBJECT("Document", FIELDS(
        FIELD("id", "ID!", AT_MEMBER(id)),
        FIELD("title", "String!", AT_MEMBER(m.row.name)),
        FIELD("displayName", "String!", AT_MEMBER(display_name)),
        FIELD("description", "String!", AT_MEMBER(m.row.description)),
        FIELD("format", "DocumentFormat!", AT_MEMBER(m.specification.type)),
        FIELD("kind", "String", AT_MEMBER(kind)),
        FIELD("data", "CLOB", .resolve = bundles_content),
        FIELD("fetchRequest", "FetchRequest", .resolve = bundles_fetch, SANITIZED("document.fetch_request:read")),
        MOMENTS(struct member_view, m.row, "createdAt", "updatedAt", "deletedAt"))),
    OBJECT("FetchRequest", FIELDS(
        FIELD("url", "String!", AT_MEMBER(fetch_url)),
        FIELD("auth", "Auth", .resolve = bundles_fetch_auth, SANITIZED("fetch-request.auth:read")),
        FIELD("mode", "FetchMode!", AT_MEMBER(m.specification.fetch.mode)),
        FIELD("filter", "String", AT_MEMBER(filter)),
        FIELD("status", "FetchRequestStatus!", .at = AT_SELF))),
    OBJECT("FetchRequestStatus", FIELDS(
        FIELD("condition", "FetchRequestStatusCondition!", .resolve = bundles_fetch_condition),
        FIELD("message", "String", AT_MEMBER(message)),
        FIELD("timestamp", "Timestamp!", AT_MEMBER(fetched_at)))),
    OBJECT("Version", FIELDS(
        FIELD("value", "String!", .at = AT_TEXT(struct version_view, value)),
        FIELD("deprecated", "Boolean", .at = AT_BOOL(struct version_view, deprecated)),
        FIELD("deprecatedSince", "String", .at = AT_TEXT(struct version_view, deprecated_since)),
        FIELD("forRemoval", "Boolean", .at = AT_BOOL(struct version_view, for_removal)))),
    PAGE_TYPE("BundlePage", "Bundle"),
    PAGE_TYPE("APIDefinitionPage", "APIDefinition"),
    PAGE_TYPE("EventDefinitionPage", "EventDefinition"),
    PAGE_TYPE("DocumentPage", "Document"),
    OBJECT("Auth", FIELDS(
        FIELD("credential", "CredentialData", .resolve = bundles_credential),
        FIELD("accessStrategy", "String", AT_AUTH(access_strategy)),
        FIELD("additionalHeaders", "HttpHeaders", AT_JSON_OF(headers)),
        FIELD("additionalHeadersSerialized", "HttpHeadersSerialized", AT_AUTH(headers)),
        FIELD("additionalQueryParams", "QueryParams", AT_JSON_OF(query)),
        FIELD("additionalQueryParamsSerialized", "QueryParamsSerialized", AT_AUTH(query)),
        FIELD("requestAuth", "CredentialRequestAuth", .resolve = bundles_csrf),
        FIELD("oneTimeToken", "OneTimeToken", NOTHING),
        FIELD("certCommonName", "String", AT_AUTH(common_name)))),
    UNION("CredentialData", "BasicCredentialData", "OAuthCredentialData", "CertificateOAuthCredentialData"),
    OBJECT("BasicCredentialData", FIELDS(
        FIELD("username", "String!", AT_SECRET(user)), FIELD("password", "String!", AT_SECRET(secret)))),
    OBJECT("OAuthCredentialData", FIELDS(
        FIELD("clientId", "ID!", AT_SECRET(user)), FIELD("clientSecret", "String!", AT_SECRET(secret)), FIELD("url", "String!", AT_SECRET(url)))),
    OBJECT("CertificateOAuthCredentialData", FIELDS(
        FIELD("clientId", "ID!", AT_SECRET(user)), FIELD("certificate", "String!", AT_SECRET(secret)), FIELD("url", "String!", AT_SECRET(url)))),
    OBJECT("CredentialRequestAuth", FIELDS(FIELD("csrf", "CSRFTokenCredentialRequestAuth", .at = AT_SELF))),
    OBJECT("CSRFTokenCredentialRequestAuth", FIELDS(
        FIELD("tokenEndpointURL", "String!", AT_AUTH(csrf_url)),
        FIELD("credential", "CredentialData", NOTHING),
        FIELD("additionalHeaders", "HttpHeaders", NOTHING),
        FIELD("additionalHeadersSerialized", "HttpHeadersSerialized", NOTHING),
        FIELD("additionalQueryParams", "QueryParams", NOTHING),
        FIELD("additionalQueryParamsSerialized", "QueryParamsSerialized", NOTHING))),
    END_OF_TYPES,
};
/* clang-format on */
