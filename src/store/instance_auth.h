/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Instance auths of bundles (registry/instance_auth.h). Rules of store.h and store/registry.h: writes are
 * durable and carry their audit row; tenants are a wall; they go with their bundle. Those of a runtime become
 * UNUSED when it is deleted (store_object_delete()).
 */

#include "store/registry.h"

#define INSTANCE_AUTHS_MAX 1000 /* of one bundle */
#define INSTANCE_AUTHS_OF_RUNTIME_MAX                                                                        \
    200 /* of those, in any condition: one runtime must not fill a bundle                                    \
         */

enum instance_auth_condition { INSTANCE_PENDING, INSTANCE_SUCCEEDED, INSTANCE_FAILED, INSTANCE_UNUSED };
struct instance_auth {
    uint8_t id[SERVICE_ID_SIZE], bundle[SERVICE_ID_SIZE];
    struct text tenant;
    struct text context, input_params; /* JSON; empty = none */
    bool has_runtime;
    uint8_t runtime[SERVICE_ID_SIZE];
    enum instance_auth_condition condition;
    struct text message, reason;
    int64_t status_at, created_at; /* seconds */
    int64_t revision;              /* 1, and one more with every change */
    struct bytes sealed;           /* its Auth, sealed under instance_auth_seal_name(); empty = none */
};
/* E_NOT_FOUND: no such bundle (SERVICE_BUNDLE, SERVICE_WHOLE) in the tenant. E_CONFLICT: the tenant has the
 * id in use. E_TOO_LARGE: the bundle, or the runtime in it, has as many as it may. */
struct status store_instance_auth_create(struct store *s, const struct instance_auth *i,
                                         const struct audit_entry *audit);
/* All but ids, tenant, context, parameters, runtime and created_at is replaced. E_NOT_FOUND; E_CHANGED when
 * the row has another revision. */
struct status store_instance_auth_replace(struct store *s, const struct instance_auth *i,
                                          const struct audit_entry *audit);
struct status store_instance_auth_get(struct store *s, struct text tenant,
                                      const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                      struct instance_auth *out);
typedef bool instance_auth_row(void *ctx, const struct instance_auth *i); /* false stops */
/* The newest first, those that SUCCEEDED behind all others; it ends early when it has some megabytes. */
struct status store_instance_auth_list(struct store *s, struct text tenant,
                                       const uint8_t bundle[static SERVICE_ID_SIZE], struct arena *a,
                                       instance_auth_row *row, void *ctx);
struct status store_instance_auth_delete(struct store *s, struct text tenant,
                                         const uint8_t id[static SERVICE_ID_SIZE],
                                         const struct audit_entry *audit);
/* "instance/<tenant>/<uuid>"; points into `out`. {NULL, 0} for a tenant longer than SERVICE_TENANT_MAX. Their
 * sealed values are among those of store_sealed_list(). */
struct text instance_auth_seal_name(struct text tenant, const uint8_t id[static SERVICE_ID_SIZE],
                                    char out[static SECRET_SEAL_NAME_MAX]);
