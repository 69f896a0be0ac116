/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The handlers, by number: what `id` of a route row means. One row per handler: the id's name and the
 * function of call.h's type. Adding a route: a line here, a row in routes.c, the function in a file of its
 * resource, and the golden file (tests/golden/routes.txt).
 */

/* clang-format off */
#define API_HANDLERS(X)                                  \
    X(KYMA_APPLICATION_TOKEN, kyma_application_token)    \
    X(KYMA_RUNTIME_TOKEN,     kyma_runtime_token)        \
    X(KYMA_REMOTE_TOKEN,      kyma_remote_token)         \
    X(KYMA_REVOKE_BY_HASH,    kyma_revoke_by_hash)       \
    X(KYMA_APPLICATION_INFO,  kyma_application_info)     \
    X(KYMA_RUNTIME_INFO,      kyma_runtime_info)         \
    X(KYMA_REMOTE_INFO,       kyma_remote_info)          \
    X(KYMA_APPLICATION_SIGN,  kyma_application_sign)     \
    X(KYMA_RUNTIME_SIGN,      kyma_runtime_sign)         \
    X(KYMA_REMOTE_SIGN,       kyma_remote_sign)          \
    X(KYMA_APPLICATION_MANAGEMENT, kyma_application_management) \
    X(KYMA_RUNTIME_MANAGEMENT, kyma_runtime_management)  \
    X(KYMA_APPLICATION_RENEW, kyma_application_renew)    \
    X(KYMA_RUNTIME_RENEW,     kyma_runtime_renew)        \
    X(KYMA_REVOKE_OWN,        kyma_revoke_own)           \
    X(KYMA_EVENTS,            kyma_events)               \
    X(KYMA_SERVICE_REGISTER,  kyma_service_register)     \
    X(KYMA_SERVICE_LIST,      kyma_service_list)         \
    X(KYMA_SERVICE_GET,       kyma_service_get)          \
    X(KYMA_SERVICE_REPLACE,   kyma_service_replace)      \
    X(KYMA_SERVICE_DELETE,    kyma_service_delete)       \
    X(KYMA_METADATA_SPECIFICATION, kyma_metadata_specification) \
    X(KYMA_METADATA_ROOT,     kyma_metadata_root)        \
    X(COMPASS_CONNECTOR,      compass_connector)         \
    X(COMPASS_DIRECTOR,       compass_director)          \
    X(COMPASS_OPTIONS,        compass_options)           \
    X(KYMA_ROOT,              kyma_root)                 \
    X(KYMA_SPECIFICATION,     kyma_specification)        \
    X(KYMA_HEALTH,            kyma_health)               \
    X(APPLICATION_CREATE,     native_application_create) \
    X(APPLICATION_LIST,       native_application_list)   \
    X(APPLICATION_GET,        native_application_get)    \
    X(APPLICATION_DELETE,     native_application_delete) \
    X(APPLICATION_REVOKE,     native_application_revoke) \
    X(APPLICATION_UPDATE,     native_application_update) \
    X(SERVICE_LIST_ALL,       native_service_list_all)   \
    X(SERVICE_LIST,           native_service_list)       \
    X(SERVICE_CREATE,         native_service_create)     \
    X(SERVICE_GET,            native_service_get)        \
    X(SERVICE_REPLACE,        native_service_replace)    \
    X(SERVICE_PATCH,          native_service_patch)      \
    X(SERVICE_DELETE,         native_service_delete)     \
    X(SERVICE_SPECIFICATION,  native_specification_get)  \
    X(SERVICE_REFRESH,        native_specification_refresh) \
    X(SERVICE_ROUTE,          native_service_route)      \
    X(SERVICE_CREDENTIALS,    native_credentials_get)    \
    X(SERVICE_CREDENTIALS_PUT, native_credentials_put)   \
    X(SERVICE_CREDENTIALS_RESTORE, native_credentials_restore) \
    X(SECRET_LIST,            native_secret_list)        \
    X(SECRET_GET,             native_secret_get)         \
    X(SECRET_PUT,             native_secret_put)         \
    X(SECRET_DELETE,          native_secret_delete)      \
    X(TOKEN_CREATE,           native_token_create)       \
    X(TOKEN_LIST,             native_token_list)         \
    X(TOKEN_REVOKE,           native_token_revoke)       \
    X(OPERATOR_CREATE,        native_operator_create)    \
    X(OPERATOR_LIST,          native_operator_list)      \
    X(OPERATOR_UPDATE,        native_operator_update)    \
    X(OPERATOR_DELETE,        native_operator_delete)    \
    X(TENANT_CREATE,          native_tenant_create)      \
    X(TENANT_LIST,            native_tenant_list)        \
    X(TENANT_DELETE,          native_tenant_delete)      \
    X(CERTIFICATE_LIST,       native_certificate_list)   \
    X(CERTIFICATE_GET,        native_certificate_get)    \
    X(CERTIFICATE_REVOKE,     native_certificate_revoke) \
    X(CA_SHOW,                native_ca_show)            \
    X(STATUS_SHOW,            native_status)             \
    X(AUDIT_LIST,             native_audit_list)         \
    X(BACKUP,                 native_backup)             \
    X(VAULT_REKEY,            native_vault_rekey)        \
    X(HEALTHZ,                api_healthz)               \
    X(READYZ,                 api_readyz)                \
    X(METRICS,                api_metrics)               \
    X(VERSION,                api_version)               \
    X(CONSOLE,                api_console)               \
    X(FRONT_CERTIFICATE,      front_certificate)         \
    X(FRONT_LISTENERS,        front_listeners)           \
    X(FRONT_TARGET,           front_target)              \
    X(FRONT_REFUSED,          front_refused)             \
    X(FRONT_TALLIES,          front_tallies)
/* clang-format on */

enum api_id {
#define X(id, function) API_##id,
    API_HANDLERS(X)
#undef X
        API_ID_COUNT
};
