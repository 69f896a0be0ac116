/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One function per row of the command table (commands.c). */

#include "cli/cli.h"

#define CLI_COMMANDS(X)                                                                                      \
    X(serve)                                                                                                 \
    X(app_create)                                                                                            \
    X(app_list)                                                                                              \
    X(app_show)                                                                                              \
    X(app_update)                                                                                            \
    X(app_delete)                                                                                            \
    X(service_list)                                                                                          \
    X(service_register)                                                                                      \
    X(service_show)                                                                                          \
    X(service_update)                                                                                        \
    X(service_delete)                                                                                        \
    X(service_specification)                                                                                 \
    X(service_credentials)                                                                                   \
    X(secret_put)                                                                                            \
    X(secret_list)                                                                                           \
    X(secret_show)                                                                                           \
    X(secret_delete)                                                                                         \
    X(call)                                                                                                  \
    X(token_create)                                                                                          \
    X(token_list)                                                                                            \
    X(token_revoke)                                                                                          \
    X(operator_create)                                                                                       \
    X(operator_list)                                                                                         \
    X(operator_update)                                                                                       \
    X(operator_delete)                                                                                       \
    X(tenant_create)                                                                                         \
    X(tenant_list)                                                                                           \
    X(tenant_delete)                                                                                         \
    X(connect)                                                                                               \
    X(renew)                                                                                                 \
    X(revoke)                                                                                                \
    X(cert_list)                                                                                             \
    X(cert_show)                                                                                             \
    X(cert_expiring)                                                                                         \
    X(ca_show)                                                                                               \
    X(ca_export)                                                                                             \
    X(ca_trust)                                                                                              \
    X(status)                                                                                                \
    X(config_reference)                                                                                      \
    X(config_check)                                                                                          \
    X(config_show)                                                                                           \
    X(audit_list)                                                                                            \
    X(audit_export)                                                                                          \
    X(backup)                                                                                                \
    X(restore)                                                                                               \
    X(vault_rekey)                                                                                           \
    X(completion_bash)                                                                                       \
    X(man)                                                                                                   \
    X(help)                                                                                                  \
    X(version)

#define X(name) struct status command_##name(struct cli *c, struct error *err);
CLI_COMMANDS(X)
#undef X
