/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/director.h"

#include "graphql/table.h"

/*
 * What Compass's Director has and this one does not (contract 2.1), said in its own shape, so that a client's
 * log says which part of it expects more than pairing and a registry; and its words before 2021-01, when
 * packages became bundles. (The original rewrites the text of requests and answers.)
 */

#define NOT_ALLOWED(reason) "The operation is not allowed [reason=" reason "]"
#define WEBHOOKS                                                                                             \
    NOT_ALLOWED("webhooks are outside of what Fairlead offers: it tells no other system what happens here")
#define DEFINITIONS                                                                                          \
    NOT_ALLOWED("label definitions are outside of what Fairlead offers: any label has any JSON value")
#define INTEGRATION                                                                                          \
    NOT_ALLOWED(                                                                                             \
        "integration systems are outside of what Fairlead offers: who acts for applications is an operator")
#define FORMATIONS                                                                                           \
    NOT_ALLOWED("formations and scenarios are outside of what Fairlead offers: runtimes see all "            \
                "applications of their tenant")
#define TEMPLATES                                                                                            \
    NOT_ALLOWED("application templates are outside of what Fairlead offers: register applications with "     \
                "registerApplication")
#define CREDENTIALS                                                                                          \
    NOT_ALLOWED("client credentials are outside of what Fairlead offers: pair with a one-time token, or "    \
                "see `fairlead operator create`")
#define CONTEXTS      NOT_ALLOWED("runtime contexts are outside of what Fairlead offers")
#define TENANTS       NOT_ALLOWED("tenants are made and deleted by operators: see `fairlead tenant`")
#define SUBSCRIPTIONS NOT_ALLOWED("subscriptions of tenants are outside of what Fairlead offers")
#define EVENTING      NOT_ALLOWED("an application has one URL for events, its own at the gateway")
#define OPERATIONS    NOT_ALLOWED("operations cannot be asked about: everything is done when the answer comes")
#define DEPENDENCIES  NOT_ALLOWED("integration dependencies are outside of what Fairlead offers")
#define UNBUNDLED                                                                                            \
    NOT_ALLOWED("definitions outside of bundles are outside of what Fairlead offers: see "                   \
                "addAPIDefinitionToBundle and addEventDefinitionToBundle")
#define MERGING NOT_ALLOWED("merging applications is outside of what Fairlead offers")

/* clang-format off */
const struct graphql_absent director_absent[] = {
    {"Query", "labelDefinitions", DEFINITIONS}, {"Query", "labelDefinition", DEFINITIONS},
    {"Mutation", "createLabelDefinition", DEFINITIONS}, {"Mutation", "updateLabelDefinition", DEFINITIONS},
    {"Mutation", "deleteLabelDefinition", DEFINITIONS},

    {"Mutation", "addWebhook", WEBHOOKS}, {"Mutation", "updateWebhook", WEBHOOKS}, {"Mutation", "deleteWebhook", WEBHOOKS},
    {"ApplicationRegisterInput", "webhooks", WEBHOOKS}, {"RuntimeRegisterInput", "webhooks", WEBHOOKS},
    {"Mutation", "addApplicationWebhook", WEBHOOKS}, {"Mutation", "updateApplicationWebhook", WEBHOOKS},
    {"Mutation", "deleteApplicationWebhook", WEBHOOKS},

    {"Query", "integrationSystem", INTEGRATION}, {"Query", "integrationSystems", INTEGRATION},
    {"Mutation", "registerIntegrationSystem", INTEGRATION}, {"Mutation", "updateIntegrationSystem", INTEGRATION},
    {"Mutation", "unregisterIntegrationSystem", INTEGRATION}, {"Mutation", "deleteSystemAuthForIntegrationSystem", INTEGRATION},
    {"Mutation", "requestClientCredentialsForIntegrationSystem", INTEGRATION},

    {"Mutation", "requestClientCredentialsForApplication", CREDENTIALS},
    {"Mutation", "requestClientCredentialsForRuntime", CREDENTIALS},

    {"Query", "formation", FORMATIONS}, {"Query", "formations", FORMATIONS}, {"Query", "formationByName", FORMATIONS},
    {"Query", "formationsForObject", FORMATIONS}, {"Query", "formationTemplate", FORMATIONS}, {"Query", "formationTemplates", FORMATIONS},
    {"Query", "formationTemplatesByName", FORMATIONS}, {"Query", "formationConstraint", FORMATIONS},
    {"Query", "formationConstraints", FORMATIONS}, {"Query", "formationConstraintsByFormationType", FORMATIONS},
    {"Mutation", "createFormation", FORMATIONS}, {"Mutation", "deleteFormation", FORMATIONS},
    {"Mutation", "assignFormation", FORMATIONS}, {"Mutation", "unassignFormation", FORMATIONS},
    {"Mutation", "unassignFormationGlobal", FORMATIONS}, {"Mutation", "finalizeDraftFormation", FORMATIONS},
    {"Mutation", "resynchronizeFormationNotifications", FORMATIONS}, {"Mutation", "createFormationTemplate", FORMATIONS},
    {"Mutation", "updateFormationTemplate", FORMATIONS}, {"Mutation", "deleteFormationTemplate", FORMATIONS},
    {"Mutation", "createFormationConstraint", FORMATIONS}, {"Mutation", "updateFormationConstraint", FORMATIONS},
    {"Mutation", "deleteFormationConstraint", FORMATIONS}, {"Mutation", "attachConstraintToFormationTemplate", FORMATIONS},
    {"Mutation", "detachConstraintFromFormationTemplate", FORMATIONS}, {"Mutation", "setFormationTemplateLabel", FORMATIONS},
    {"Mutation", "deleteFormationTemplateLabel", FORMATIONS},
    {"Query", "automaticScenarioAssignments", FORMATIONS}, {"Query", "automaticScenarioAssignmentForScenario", FORMATIONS},
    {"Query", "automaticScenarioAssignmentsForSelector", FORMATIONS}, {"Query", "automaticScenarioAssignmentForSelector", FORMATIONS},
    {"Mutation", "createAutomaticScenarioAssignment", FORMATIONS},
    {"Mutation", "deleteAutomaticScenarioAssignmentForScenario", FORMATIONS},
    {"Mutation", "deleteAutomaticScenarioAssignmentsForSelector", FORMATIONS},

    {"Query", "applicationTemplate", TEMPLATES}, {"Query", "applicationTemplates", TEMPLATES},
    {"Mutation", "createApplicationTemplate", TEMPLATES}, {"Mutation", "updateApplicationTemplate", TEMPLATES},
    {"Mutation", "deleteApplicationTemplate", TEMPLATES}, {"Mutation", "registerApplicationFromTemplate", TEMPLATES},
    {"Application", "applicationTemplate", TEMPLATES},

    {"Mutation", "registerRuntimeContext", CONTEXTS}, {"Mutation", "updateRuntimeContext", CONTEXTS},
    {"Mutation", "unregisterRuntimeContext", CONTEXTS}, {"Runtime", "runtimeContext", CONTEXTS}, {"Runtime", "runtimeContexts", CONTEXTS},

    {"Mutation", "setDefaultEventingForApplication", EVENTING}, {"Mutation", "deleteDefaultEventingForApplication", EVENTING},

    {"Mutation", "writeTenants", TENANTS}, {"Mutation", "writeTenant", TENANTS}, {"Mutation", "updateTenant", TENANTS},
    {"Mutation", "deleteTenants", TENANTS}, {"Mutation", "addTenantAccess", TENANTS}, {"Mutation", "removeTenantAccess", TENANTS},
    {"Mutation", "subscribeTenant", SUBSCRIPTIONS}, {"Mutation", "unsubscribeTenant", SUBSCRIPTIONS},

    {"Query", "operation", OPERATIONS}, {"Mutation", "scheduleOperation", OPERATIONS}, {"Application", "operations", OPERATIONS},
    {"Application", "integrationDependencies", DEPENDENCIES}, {"Mutation", "addIntegrationDependencyToApplication", DEPENDENCIES}, {"Mutation", "deleteIntegrationDependency", DEPENDENCIES},
    {"Mutation", "addAPIDefinitionToApplication", UNBUNDLED}, {"Mutation", "updateAPIDefinitionForApplication", UNBUNDLED},
    {"Mutation", "addEventDefinitionToApplication", UNBUNDLED}, {"Mutation", "updateEventDefinitionForApplication", UNBUNDLED},
    {"Mutation", "mergeApplications", MERGING},
    {NULL, NULL, NULL},
};
/* clang-format on */

/* clang-format off */
const struct graphql_former director_former[] = {
    {"packages", "bundles"}, {"package", "bundle"}, {"packageID", "bundleID"}, {"PACKAGE", "BUNDLE"},
    {"Package", "Bundle"}, {"PackagePage", "BundlePage"}, {"PackageInstanceAuth", "BundleInstanceAuth"},
    {"PackageCreateInput", "BundleCreateInput"}, {"PackageUpdateInput", "BundleUpdateInput"},
    {"PackageInstanceAuthRequestInput", "BundleInstanceAuthRequestInput"}, {"PackageInstanceAuthSetInput", "BundleInstanceAuthSetInput"},
    {"PackageInstanceAuthStatusInput", "BundleInstanceAuthStatusInput"},
    {"packageByInstanceAuth", "bundleByInstanceAuth"}, {"packageInstanceAuth", "bundleInstanceAuth"},
    {"addPackage", "addBundle"}, {"updatePackage", "updateBundle"}, {"deletePackage", "deleteBundle"},
    {"addAPIDefinitionToPackage", "addAPIDefinitionToBundle"}, {"addEventDefinitionToPackage", "addEventDefinitionToBundle"},
    {"addDocumentToPackage", "addDocumentToBundle"}, {"setPackageInstanceAuth", "setBundleInstanceAuth"},
    {"deletePackageInstanceAuth", "deleteBundleInstanceAuth"},
    {"requestPackageInstanceAuthCreation", "requestBundleInstanceAuthCreation"},
    {"requestPackageInstanceAuthDeletion", "requestBundleInstanceAuthDeletion"},
    {NULL, NULL},
};
/* clang-format on */

/* Clients select webhooks with everything else of an application: there are none (null), but the selection is
 * a valid one (contract 2.2). */
#define NEVER(name_, type_) FIELD(name_, type_, .resolve = director_nothing)

/* clang-format off */
const struct graphql_type director_absent_types[] = {
    OBJECT("Webhook", FIELDS(
        NEVER("id", "ID!"), NEVER("applicationID", "ID"), NEVER("applicationTemplateID", "ID"), NEVER("runtimeID", "ID"),
        NEVER("integrationSystemID", "ID"), NEVER("formationTemplateID", "ID"), NEVER("type", "WebhookType!"),
        NEVER("mode", "WebhookMode"), NEVER("correlationIdKey", "String"), NEVER("retryInterval", "Int"), NEVER("timeout", "Int"),
        NEVER("url", "String"), NEVER("auth", "Auth"), NEVER("urlTemplate", "String"), NEVER("inputTemplate", "String"), NEVER("headerTemplate", "String"),
        NEVER("outputTemplate", "String"), NEVER("statusTemplate", "String"), NEVER("createdAt", "Timestamp"))),
    ENUM("WebhookType", VALUE("CONFIGURATION_CHANGED"), VALUE("APPLICATION_TENANT_MAPPING"), VALUE("FORMATION_LIFECYCLE"),
         VALUE("REGISTER_APPLICATION"), VALUE("UNREGISTER_APPLICATION"), VALUE("OPEN_RESOURCE_DISCOVERY"), VALUE("UNPAIR_APPLICATION")),
    ENUM("WebhookMode", VALUE("SYNC"), VALUE("ASYNC"), VALUE("ASYNC_CALLBACK")),
    END_OF_TYPES,
};
/* clang-format on */
