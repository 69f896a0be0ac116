/* SPDX-License-Identifier: Apache-2.0 */
#include "store/kept_secret.h"

#include "store/arguments.h"
#include "store/backend.h"

static bool name_is_valid(struct text tenant, struct text name)
{
    return tenant_is_valid(tenant) && tenant.n <= SERVICE_TENANT_MAX && name.n > 0 &&
           name.n <= KEPT_SECRET_NAME_MAX;
}

struct status store_kept_secret_put(struct store *s, const struct kept_secret_write *w,
                                    const struct audit_entry *audit, bool *out_new)
{
    if (!name_is_valid(w->tenant, w->name) || w->expected_revision < -1 || w->at < 0 || w->sealed.n == 0 ||
        !audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->kept_secret_put(s, w, audit, out_new);
}

struct status store_kept_secret_get(struct store *s, struct text tenant, struct text name, struct arena *a,
                                    struct kept_secret *out)
{
    return s->ops->kept_secret_get(s, tenant, name, a, out);
}

struct status store_kept_secret_delete(struct store *s, struct text tenant, struct text name,
                                       int64_t expected_revision, const struct audit_entry *audit)
{
    if (expected_revision < 0 || !audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->kept_secret_delete(s, tenant, name, expected_revision, audit);
}

struct status store_kept_secret_list(struct store *s, struct text tenant, const struct page_request *page,
                                     struct arena *a, kept_secret_row *row, void *ctx)
{
    if (!page_is_valid(page->limit))
        return STATUS(INVALID);
    return s->ops->kept_secret_list(s, tenant, page->after, page->limit, a, row, ctx);
}

struct text kept_secret_seal_name(struct text tenant, struct text name, struct arena *a)
{
    return arena_printf(a, "kept-secret/%.*s/%.*s", TEXT_ARG(tenant), TEXT_ARG(name));
}
