/* SPDX-License-Identifier: Apache-2.0 */
#include "store/instance_auth.h"

#include <stdio.h>

#include "store/arguments.h"
#include "store/backend.h"

static bool row_is_valid(const struct instance_auth *i)
{
    return tenant_is_valid(i->tenant) && i->tenant.n <= SERVICE_TENANT_MAX &&
           i->condition >= INSTANCE_PENDING && i->condition <= INSTANCE_UNUSED && i->status_at >= 0 &&
           i->created_at >= 0;
}

struct status store_instance_auth_create(struct store *s, const struct instance_auth *i,
                                         const struct audit_entry *audit)
{
    if (!row_is_valid(i) || !audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->instance_auth_create(s, i, audit);
}

struct status store_instance_auth_replace(struct store *s, const struct instance_auth *i,
                                          const struct audit_entry *audit)
{
    if (!row_is_valid(i) || i->revision < 1 || !audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->instance_auth_replace(s, i, audit);
}

struct status store_instance_auth_get(struct store *s, struct text tenant,
                                      const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                      struct instance_auth *out)
{
    return s->ops->instance_auth_get(s, tenant, id, a, out);
}

struct status store_instance_auth_list(struct store *s, struct text tenant,
                                       const uint8_t bundle[static SERVICE_ID_SIZE], struct arena *a,
                                       instance_auth_row *row, void *ctx)
{
    return s->ops->instance_auth_list(s, tenant, bundle, a, row, ctx);
}

struct status store_instance_auth_delete(struct store *s, struct text tenant,
                                         const uint8_t id[static SERVICE_ID_SIZE],
                                         const struct audit_entry *audit)
{
    if (!audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->instance_auth_delete(s, tenant, id, audit);
}

size_t instance_auth_bytes(const struct instance_auth *i)
{
    return i->context.n + i->input_params.n + i->message.n + i->reason.n + i->sealed.n;
}

struct text instance_auth_seal_name(struct text tenant, const uint8_t id[static SERVICE_ID_SIZE],
                                    char out[static SECRET_SEAL_NAME_MAX])
{
    char uuid[SERVICE_ID_TEXT + 1];
    static_assert(SERVICE_TENANT_MAX + SERVICE_ID_TEXT + sizeof "instance//" < SECRET_SEAL_NAME_MAX);
    if (tenant.n > SERVICE_TENANT_MAX)
        return (struct text){NULL, 0};
    (void)service_id_text(id, uuid);
    const int n = snprintf(out, SECRET_SEAL_NAME_MAX, "instance/%.*s/%s", TEXT_ARG(tenant), uuid);
    return (struct text){out, (size_t)n};
}
