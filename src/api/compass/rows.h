/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Words that the tables of the Director's schema share (graphql/table.h), and the rows of bundles in types of
 * director_schema.c (contract 2.1, 2.2). For files that hold such tables only. */

#include "graphql/table.h"

/* clang-format off */
#define PAGE      ARGUMENT("first", "Int", .initial = "200"), ARGUMENT("after", "PageCursor")
#define ID        ARGUMENT("id", "ID!")
#define PAGE_TYPE(name_, of_)                                                                                \
    OBJECT(name_, FIELDS(FIELD("data", "[" of_ "!]!", .resolve = director_page_data),                        \
                         FIELD("pageInfo", "PageInfo!", .at = AT_SELF),                                      \
                         FIELD("totalCount", "Int!", .at = AT_INT(struct page_view, total))))

#define READS(name_, type_, resolve_, ...)                                                                   \
    FIELD(name_, type_, .resolve = resolve_, .scope = "application:read", ARGUMENTS(__VA_ARGS__))
#define WRITES(name_, type_, resolve_, ...)                                                                  \
    FIELD(name_, type_, .resolve = resolve_, .scope = "application:write", ARGUMENTS(__VA_ARGS__))
#define IN(type_) ARGUMENT("in", type_)
#define AUTH_ID   ARGUMENT("authID", "ID!")

#define BUNDLE_QUERIES                                                                                       \
    READS("apisForApplication", "APIDefinitionPage", bundles_apis_of, ARGUMENT("appID", "ID!"), PAGE),       \
    READS("eventsForApplication", "EventDefinitionPage", bundles_events_of, ARGUMENT("appID", "ID!"), PAGE), \
    READS("bundleByInstanceAuth", "Bundle", bundles_by_instance, AUTH_ID),                                   \
    READS("bundleInstanceAuth", "BundleInstanceAuth", bundles_instance_by_id, ID)

#define BUNDLE_MUTATIONS                                                                                     \
    WRITES("addBundle", "Bundle!", bundles_add, ARGUMENT("applicationID", "ID!"), IN("BundleCreateInput!")), \
    WRITES("updateBundle", "Bundle!", bundles_update, ID, IN("BundleUpdateInput!")),                         \
    WRITES("deleteBundle", "Bundle!", bundles_delete, ID),                                                   \
    WRITES("addAPIDefinitionToBundle", "APIDefinition!", bundles_add_api, ARGUMENT("bundleID", "ID!"),       \
           IN("APIDefinitionInput!")),                                                                       \
    WRITES("updateAPIDefinition", "APIDefinition!", bundles_update_api, ID, IN("APIDefinitionInput!")),      \
    WRITES("deleteAPIDefinition", "APIDefinition!", bundles_delete_api, ID),                                 \
    WRITES("refetchAPISpec", "APISpec!", bundles_refetch_api, ARGUMENT("apiID", "ID!")),                     \
    WRITES("addEventDefinitionToBundle", "EventDefinition!", bundles_add_event, ARGUMENT("bundleID", "ID!"), \
           IN("EventDefinitionInput!")),                                                                     \
    WRITES("updateEventDefinition", "EventDefinition!", bundles_update_event, ID, IN("EventDefinitionInput!")), \
    WRITES("deleteEventDefinition", "EventDefinition!", bundles_delete_event, ID),                           \
    WRITES("refetchEventDefinitionSpec", "EventSpec!", bundles_refetch_event, ARGUMENT("eventID", "ID!")),   \
    WRITES("addDocumentToBundle", "Document!", bundles_add_document, ARGUMENT("bundleID", "ID!"),            \
           IN("DocumentInput!")),                                                                            \
    WRITES("deleteDocument", "Document!", bundles_delete_document, ID),                                      \
    FIELD("requestBundleInstanceAuthCreation", "BundleInstanceAuth!", .resolve = bundles_request_instance,   \
          .scope = "runtime:write",                                                                          \
          ARGUMENTS(ARGUMENT("bundleID", "ID!"), IN("BundleInstanceAuthRequestInput!"))),                    \
    FIELD("requestBundleInstanceAuthDeletion", "BundleInstanceAuth!", .resolve = bundles_release_instance,   \
          .scope = "runtime:write", ARGUMENTS(AUTH_ID)),                                                     \
    WRITES("setBundleInstanceAuth", "BundleInstanceAuth!", bundles_set_instance, AUTH_ID,                    \
           IN("BundleInstanceAuthSetInput!")),                                                               \
    WRITES("deleteBundleInstanceAuth", "BundleInstanceAuth!", bundles_delete_instance, AUTH_ID)

#define BUNDLES_OF_APPLICATION                                                                               \
    FIELD("bundles", "BundlePage", .resolve = bundles_of, ARGUMENTS(PAGE)),                                  \
    FIELD("bundle", "Bundle", .resolve = bundles_one_of, ARGUMENTS(ID)),                                     \
    FIELD("apiDefinition", "APIDefinition", .resolve = bundles_api_of, ARGUMENTS(ID)),                       \
    FIELD("eventDefinition", "EventDefinition", .resolve = bundles_event_of, ARGUMENTS(ID))
/* clang-format on */
