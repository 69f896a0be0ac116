/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/director.h"

#include "api/compass/bundles.h"
#include "api/compass/rows.h"

/* The Director's schema (contract 2.1 to 2.3). Bundles: rows.h, bundle_schema.c, bundle_inputs.c. What it
 * leaves out, and says so: director_absent.c. */

#define FILTER    ARGUMENT("filter", "[LabelFilter!]")
#define MODE      ARGUMENT("mode", "OperationMode", .initial = "SYNC")
#define LABEL(id) ARGUMENT(id, "ID!"), ARGUMENT("key", "String!")

/* clang-format off */
static const struct graphql_type roots[] = {
    OBJECT("Query", FIELDS(
        FIELD("viewer", "Viewer!", .resolve = director_viewer, .scope = ""),
        FIELD("application", "Application", .resolve = director_application, .scope = "application:read", ARGUMENTS(ID)),
        FIELD("applications", "ApplicationPage!", .resolve = director_applications, .scope = "application:read", ARGUMENTS(FILTER, PAGE)),
        FIELD("applicationsByLocalTenantID", "ApplicationPage!", .resolve = director_applications_by_local_tenant, .scope = "application:read",
              ARGUMENTS(ARGUMENT("localTenantID", "String!"), FILTER, PAGE)),
        FIELD("runtime", "Runtime", .resolve = director_runtime, .scope = "runtime:read", ARGUMENTS(ID)),
        FIELD("runtimes", "RuntimePage!", .resolve = director_runtimes, .scope = "runtime:read", ARGUMENTS(FILTER, PAGE)),
        FIELD("tenants", "TenantPage!", .resolve = director_tenants, .scope = "tenant:read",
              ARGUMENTS(ARGUMENT("first", "Int", .initial = "500"), ARGUMENT("after", "PageCursor"), ARGUMENT("searchTerm", "String"))),
        FIELD("tenantByExternalID", "Tenant", .resolve = director_tenant, .scope = "tenant:read", ARGUMENTS(ID)),
        FIELD("systemAuth", "SystemAuth", .resolve = director_system_auth, .scope = "ory_internal", ARGUMENTS(ID)),
        FIELD("systemAuthByToken", "SystemAuth", .resolve = director_system_auth_by_token, .scope = "ory_internal",
              ARGUMENTS(ARGUMENT("token", "String!"))),
        FIELD("certificateSubjectMapping", "CertificateSubjectMapping!", .resolve = director_mapping,
              .scope = "certificate_subject_mapping:read", ARGUMENTS(ID)),
        FIELD("certificateSubjectMappings", "CertificateSubjectMappingPage!", .resolve = director_mappings,
              .scope = "certificate_subject_mapping:read",
              ARGUMENTS(ARGUMENT("first", "Int", .initial = "300"), ARGUMENT("after", "PageCursor"))),
        BUNDLE_QUERIES)),
    OBJECT("Mutation", FIELDS(
        FIELD("registerApplication", "Application!", .resolve = director_register_application, .scope = "application:write",
              ARGUMENTS(ARGUMENT("in", "ApplicationRegisterInput!"), MODE)),
        FIELD("updateApplication", "Application!", .resolve = director_update_application, .scope = "application:write",
              ARGUMENTS(ID, ARGUMENT("in", "ApplicationUpdateInput!"))),
        FIELD("unregisterApplication", "Application!", .resolve = director_unregister_application, .scope = "application:write", ARGUMENTS(ID, MODE)),
        FIELD("unpairApplication", "Application!", .resolve = director_unpair_application, .scope = "application:write", ARGUMENTS(ID, MODE)),
        FIELD("registerRuntime", "Runtime!", .resolve = director_register_runtime, .scope = "runtime:write",
              ARGUMENTS(ARGUMENT("in", "RuntimeRegisterInput!"))),
        FIELD("updateRuntime", "Runtime!", .resolve = director_update_runtime, .scope = "runtime:write",
              ARGUMENTS(ID, ARGUMENT("in", "RuntimeUpdateInput!"))),
        FIELD("unregisterRuntime", "Runtime!", .resolve = director_unregister_runtime, .scope = "runtime:write", ARGUMENTS(ID)),
        FIELD("requestOneTimeTokenForApplication", "OneTimeTokenForApplication!", .resolve = director_token_for_application,
              .scope = "application:write", ARGUMENTS(ID, ARGUMENT("systemAuthID", "ID"))),
        FIELD("requestOneTimeTokenForRuntime", "OneTimeTokenForRuntime!", .resolve = director_token_for_runtime,
              .scope = "runtime:write", ARGUMENTS(ID, ARGUMENT("systemAuthID", "ID"))),
        FIELD("generateOneTimeTokenForApplication", "OneTimeTokenForApplication!", .resolve = director_token_for_application,
              .scope = "application:write", .deprecated = "Named requestOneTimeTokenForApplication since Compass of 2019-12.", ARGUMENTS(ID)),
        FIELD("generateOneTimeTokenForRuntime", "OneTimeTokenForRuntime!", .resolve = director_token_for_runtime,
              .scope = "runtime:write", .deprecated = "Named requestOneTimeTokenForRuntime since Compass of 2019-12.", ARGUMENTS(ID)),
        FIELD("setApplicationLabel", "Label!", .resolve = director_set_application_label, .scope = "application:write",
              ARGUMENTS(LABEL("applicationID"), ARGUMENT("value", "Any!"))),
        FIELD("deleteApplicationLabel", "Label!", .resolve = director_delete_application_label, .scope = "application:write",
              ARGUMENTS(LABEL("applicationID"))),
        FIELD("setRuntimeLabel", "Label!", .resolve = director_set_runtime_label, .scope = "runtime:write",
              ARGUMENTS(LABEL("runtimeID"), ARGUMENT("value", "Any!"))),
        FIELD("deleteRuntimeLabel", "Label!", .resolve = director_delete_runtime_label, .scope = "runtime:write",
              ARGUMENTS(LABEL("runtimeID"))),
        FIELD("deleteSystemAuthForApplication", "SystemAuth!", .resolve = director_delete_application_auth, .scope = "application:write",
              ARGUMENTS(ARGUMENT("authID", "ID!"))),
        FIELD("createCertificateSubjectMapping", "CertificateSubjectMapping", .resolve = director_create_mapping,
              .scope = "certificate_subject_mapping:write", ARGUMENTS(ARGUMENT("in", "CertificateSubjectMappingInput!"))),
        FIELD("updateCertificateSubjectMapping", "CertificateSubjectMapping", .resolve = director_update_mapping,
              .scope = "certificate_subject_mapping:write", ARGUMENTS(ID, ARGUMENT("in", "CertificateSubjectMappingInput!"))),
        FIELD("deleteCertificateSubjectMapping", "CertificateSubjectMapping", .resolve = director_delete_mapping,
              .scope = "certificate_subject_mapping:write", ARGUMENTS(ID)),
        FIELD("deleteSystemAuthForRuntime", "SystemAuth!", .resolve = director_delete_runtime_auth, .scope = "runtime:write",
              ARGUMENTS(ARGUMENT("authID", "ID!"))),
        BUNDLE_MUTATIONS)),
    END_OF_TYPES,
};

#define AT_VIEW(member_)   .at = AT_TEXT(struct object_view, member_)
#define AT_OBJECT(member_) .at = AT_TEXT(struct object_view, o.member_)
#define NOTHING            .resolve = director_nothing
#define AT_MOMENT(member_) .at = AT_TIME(struct object_view, o.member_)

static const struct graphql_type objects[] = {
    OBJECT("Viewer", FIELDS(
        FIELD("id", "ID!", .resolve = director_viewer_id),
        FIELD("type", "ViewerType!", .resolve = director_viewer_type))),
    OBJECT("Application", FIELDS(
        FIELD("id", "ID!", AT_VIEW(id)),
        FIELD("name", "String!", AT_VIEW(name)),
        FIELD("systemNumber", "String", AT_VIEW(system_number)),
        FIELD("localTenantID", "String", AT_OBJECT(local_tenant_id)),
        FIELD("baseUrl", "String", AT_VIEW(base_url)),
        FIELD("providerName", "String", AT_VIEW(provider)),
        FIELD("description", "String", AT_OBJECT(description)),
        FIELD("integrationSystemID", "ID", AT_VIEW(integration_system)),
        FIELD("applicationTemplateID", "ID", NOTHING),
        FIELD("labels", "Labels", .resolve = director_labels, ARGUMENTS(ARGUMENT("key", "String"))),
        FIELD("status", "ApplicationStatus!", .at = AT_SELF),
        FIELD("webhooks", "[Webhook!]", NOTHING),
        FIELD("healthCheckURL", "String", AT_VIEW(health_check_url)),
        BUNDLES_OF_APPLICATION,
        FIELD("auths", "[AppSystemAuth!]", .resolve = director_auths, .scope = "application.auths:read", .null_without_scope = true),
        FIELD("eventingConfiguration", "ApplicationEventingConfiguration", .at = AT_SELF),
        FIELD("applicationNamespace", "String", AT_VIEW(application_namespace)),
        FIELD("createdAt", "Timestamp", AT_MOMENT(created_at)),
        FIELD("updatedAt", "Timestamp", AT_MOMENT(updated_at)),
        FIELD("deletedAt", "Timestamp", NOTHING),
        FIELD("systemStatus", "String", NOTHING),
        FIELD("error", "String", NOTHING))),
    OBJECT("ApplicationEventingConfiguration", FIELDS(FIELD("defaultURL", "String!", .resolve = director_application_events))),
    OBJECT("ApplicationStatus", FIELDS(
        FIELD("condition", "ApplicationStatusCondition!", .resolve = director_condition),
        FIELD("timestamp", "Timestamp!", AT_MOMENT(status_at)))),
    OBJECT("Runtime", FIELDS(
        FIELD("id", "ID!", AT_VIEW(id)),
        FIELD("metadata", "RuntimeMetadata!", .at = AT_SELF),
        FIELD("name", "String!", AT_OBJECT(name)),
        FIELD("description", "String", AT_OBJECT(description)),
        FIELD("labels", "Labels", .resolve = director_labels, ARGUMENTS(ARGUMENT("key", "String"))),
        FIELD("webhooks", "[Webhook!]", NOTHING),
        FIELD("status", "RuntimeStatus!", .at = AT_SELF),
        FIELD("auths", "[RuntimeSystemAuth!]", .resolve = director_auths, .scope = "runtime.auths:read", .null_without_scope = true),
        FIELD("eventingConfiguration", "RuntimeEventingConfiguration", .at = AT_SELF),
        FIELD("applicationNamespace", "String", AT_VIEW(application_namespace)))),
    OBJECT("RuntimeEventingConfiguration", FIELDS(FIELD("defaultURL", "String!", .resolve = director_runtime_events))),
    OBJECT("RuntimeMetadata", FIELDS(FIELD("creationTimestamp", "Timestamp!", AT_MOMENT(created_at)))),
    OBJECT("RuntimeStatus", FIELDS(
        FIELD("condition", "RuntimeStatusCondition!", .resolve = director_condition),
        FIELD("timestamp", "Timestamp!", AT_MOMENT(status_at)))),
    OBJECT("Label", FIELDS(
        FIELD("key", "String!", .at = AT_TEXT(struct label_view, key)),
        FIELD("value", "Any!", .at = AT_JSON(struct label_view, value)))),
    OBJECT("PageInfo", FIELDS(
        FIELD("startCursor", "PageCursor!", .at = AT_TEXT(struct page_view, start_cursor)),
        FIELD("endCursor", "PageCursor!", .at = AT_TEXT(struct page_view, end_cursor)),
        FIELD("hasNextPage", "Boolean!", .at = AT_BOOL(struct page_view, has_next)))),
    PAGE_TYPE("ApplicationPage", "Application"),
    PAGE_TYPE("RuntimePage", "Runtime"),
    PAGE_TYPE("TenantPage", "Tenant"),
    OBJECT("Tenant", FIELDS(
        FIELD("id", "ID!", .at = AT_TEXT(struct tenant, external_id)),
        FIELD("name", "String", .at = AT_TEXT(struct tenant, name)),
        FIELD("type", "String", .at = AT_TEXT(struct tenant, type)),
        FIELD("internalID", "ID!", .resolve = director_tenant_id),
        FIELD("parents", "[ID]", .resolve = director_tenant_parents),
        FIELD("initialized", "Boolean", .resolve = director_tenant_initialized),
        FIELD("labels", "Labels", .resolve = director_tenant_labels, ARGUMENTS(ARGUMENT("key", "String"))),
        FIELD("provider", "String!", .resolve = director_tenant_provider))),
    PAGE_TYPE("CertificateSubjectMappingPage", "CertificateSubjectMapping"),
    OBJECT("CertificateSubjectMapping", FIELDS(
        FIELD("id", "ID!", .at = AT_TEXT(struct mapping_view, id)),
        FIELD("subject", "String!", .at = AT_TEXT(struct mapping_view, row.subject)),
        FIELD("consumerType", "String!", .at = AT_TEXT(struct mapping_view, row.consumer_type)),
        FIELD("internalConsumerID", "String", .at = AT_TEXT(struct mapping_view, row.internal_consumer_id)),
        FIELD("tenantAccessLevels", "[String!]!", .resolve = director_mapping_levels),
        FIELD("createdAt", "Timestamp", .at = AT_TIME(struct mapping_view, row.created_at)),
        FIELD("updatedAt", "Timestamp", .at = AT_TIME(struct mapping_view, row.updated_at)))),
    END_OF_TYPES,
};

#define AT_AUTH(member_)  .at = AT_TEXT(struct auth_view, member_)
#define AT_TOKEN(member_) .at = AT_TEXT(struct token_view, member_)
#define SYSTEM_AUTH                                                                                                       \
    FIELD("id", "ID!", AT_AUTH(id)), FIELD("type", "SystemAuthReferenceType", AT_AUTH(type)),                             \
    FIELD("tenantId", "String", AT_AUTH(tenant)), FIELD("referenceObjectId", "ID", AT_AUTH(object))
#define ONE_TIME_TOKEN                                                                                                    \
    FIELD("token", "String!", AT_TOKEN(token)), FIELD("connectorURL", "String!", AT_TOKEN(connector_url)),                \
    FIELD("used", "Boolean!", .at = AT_BOOL(struct token_view, used)), FIELD("expiresAt", "Timestamp!", AT_TOKEN(expires_at)), \
    FIELD("createdAt", "Timestamp", AT_TOKEN(created_at)), FIELD("usedAt", "Timestamp", AT_TOKEN(used_at)),               \
    FIELD("raw", "String", AT_TOKEN(raw)), FIELD("rawEncoded", "String", AT_TOKEN(raw_encoded)),                          \
    FIELD("type", "OneTimeTokenType", AT_TOKEN(type))

static const struct graphql_type pairing[] = {
    INTERFACE("SystemAuth", FIELDS(
        FIELD("id", "ID!"), FIELD("type", "SystemAuthReferenceType"), FIELD("tenantId", "String"), FIELD("referenceObjectId", "ID"))),
    OBJECT("AppSystemAuth", IMPLEMENTS("SystemAuth"), FIELDS(SYSTEM_AUTH)),
    OBJECT("RuntimeSystemAuth", IMPLEMENTS("SystemAuth"), FIELDS(SYSTEM_AUTH)),
    INTERFACE("OneTimeToken", FIELDS(
        FIELD("token", "String!"), FIELD("connectorURL", "String!"), FIELD("used", "Boolean!"), FIELD("expiresAt", "Timestamp!"),
        FIELD("createdAt", "Timestamp"), FIELD("usedAt", "Timestamp"), FIELD("raw", "String"), FIELD("rawEncoded", "String"),
        FIELD("type", "OneTimeTokenType"))),
    OBJECT("OneTimeTokenForApplication", IMPLEMENTS("OneTimeToken"), FIELDS(ONE_TIME_TOKEN,
        FIELD("legacyConnectorURL", "String!", AT_TOKEN(legacy_url)))),
    OBJECT("OneTimeTokenForRuntime", IMPLEMENTS("OneTimeToken"), FIELDS(ONE_TIME_TOKEN)),
    END_OF_TYPES,
};

static const struct graphql_type values[] = {
    INPUT("ApplicationRegisterInput", ARGUMENT("name", "String!"), ARGUMENT("providerName", "String"), ARGUMENT("description", "String"),
          ARGUMENT("labels", "Labels"), ARGUMENT("healthCheckURL", "String"), ARGUMENT("baseUrl", "String"),
          ARGUMENT("applicationNamespace", "String"), ARGUMENT("integrationSystemID", "ID"),
          ARGUMENT("statusCondition", "ApplicationStatusCondition"), ARGUMENT("localTenantID", "String"),
          ARGUMENT("bundles", "[BundleCreateInput!]")),
    INPUT("ApplicationUpdateInput", ARGUMENT("providerName", "String"), ARGUMENT("description", "String"), ARGUMENT("healthCheckURL", "String"),
          ARGUMENT("baseUrl", "String"), ARGUMENT("applicationNamespace", "String"), ARGUMENT("integrationSystemID", "ID"),
          ARGUMENT("statusCondition", "ApplicationStatusCondition"), ARGUMENT("localTenantID", "String")),
    INPUT("RuntimeRegisterInput", ARGUMENT("name", "String!"), ARGUMENT("description", "String"), ARGUMENT("labels", "Labels"),
          ARGUMENT("statusCondition", "RuntimeStatusCondition"), ARGUMENT("applicationNamespace", "String")),
    INPUT("RuntimeUpdateInput", ARGUMENT("name", "String!"), ARGUMENT("description", "String"), ARGUMENT("labels", "Labels"),
          ARGUMENT("statusCondition", "RuntimeStatusCondition"), ARGUMENT("applicationNamespace", "String")),
    INPUT("CertificateSubjectMappingInput", ARGUMENT("subject", "String!"), ARGUMENT("consumerType", "String!"),
          ARGUMENT("internalConsumerID", "String"), ARGUMENT("tenantAccessLevels", "[String!]!")),
    INPUT("LabelFilter", ARGUMENT("key", "String!"), ARGUMENT("query", "String")),
    ENUM("ViewerType", VALUE("RUNTIME"), VALUE("APPLICATION"), VALUE("INTEGRATION_SYSTEM"), VALUE("USER")),
    ENUM("ApplicationStatusCondition", VALUE("INITIAL", .value = APPLICATION_INITIAL), VALUE("CONNECTED", .value = APPLICATION_CONNECTED),
         VALUE("FAILED", .value = APPLICATION_FAILED)),
    ENUM("RuntimeStatusCondition", VALUE("INITIAL", .value = RUNTIME_INITIAL), VALUE("PROVISIONING", .value = RUNTIME_PROVISIONING),
         VALUE("CONNECTED", .value = RUNTIME_CONNECTED), VALUE("FAILED", .value = RUNTIME_FAILED)),
    ENUM("SystemAuthReferenceType", VALUE("APPLICATION"), VALUE("RUNTIME"), VALUE("INTEGRATION_SYSTEM")),
    ENUM("OneTimeTokenType", VALUE("Runtime"), VALUE("Application")),
    ENUM("OperationMode", VALUE("SYNC"), VALUE("ASYNC")),
    SCALAR("Labels", GRAPHQL_ANY),
    SCALAR("Any", GRAPHQL_ANY),
    SCALAR("PageCursor", GRAPHQL_STRING),
    SCALAR("Timestamp", GRAPHQL_STRING),
    END_OF_TYPES,
};
/* clang-format on */

static const struct graphql_type *const tables[] = {
    roots, objects, pairing, bundle_types, values, bundle_inputs, director_absent_types, NULL};
const struct graphql_tables director_tables = {.types = tables,
                                               .query = "Query",
                                               .mutation = "Mutation",
                                               .absent = director_absent,
                                               .former = director_former,
                                               .absent_extensions =
                                                   "{\"error\":\"InvalidOperation\",\"error_code\":27}",
                                               .scoped = true};
