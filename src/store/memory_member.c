/* SPDX-License-Identifier: Apache-2.0 */
#include "store/memory_registry.h"

/* Bundles and what is in them, where they differ from other services. */

bool memory_is_member_of(const struct service *s, const uint8_t bundle[static SERVICE_ID_SIZE])
{
    return service_role_is_member(s->role) && memcmp(s->bundle, bundle, SERVICE_ID_SIZE) == 0;
}

void memory_member_set_kind(struct memory_store *m, const uint8_t bundle[static SERVICE_ID_SIZE], int kind,
                            int64_t now)
{
    for (size_t i = 0; i < m->services.count; i++) {
        struct service *s = &((struct memory_service *)m->services.rows[i])->s;
        if (s->role != SERVICE_API || !memory_is_member_of(s, bundle) || s->credential_kind == kind)
            continue;
        s->credential_kind = kind; /* no slices and no key: may change in place */
        s->updated_at = now;
        s->revision++;
    }
}

/* ---- lists ---- */

static bool fits(const struct member_filter *f, const struct service *s)
{
    if (!text_equal(s->tenant, f->tenant) ||
        (f->application.n > 0 && !text_equal(s->application, f->application)))
        return false;
    return f->bundle ? s->role == f->role && memory_is_member_of(s, f->bundle)
                     : !service_role_is_member(s->role);
}

static struct status collect(struct store *s, const struct member_filter *f, const struct offset_page *page,
                             struct arena *a, struct service **out, size_t *out_count, uint64_t *out_total)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    const size_t most = m->services.count < page->limit ? m->services.count : page->limit;
    uint64_t total = 0;
    *out = arena_array(a, most + 1, sizeof **out);
    if (!*out)
        return STATUS(NOMEM);
    for (size_t i = 0; i < m->services.count; i++) {
        const struct service *row = &((const struct memory_service *)m->services.rows[i])->s;
        if (fits(f, row) && total++ >= page->offset && *out_count < most)
            TRY(service_copy(row, a, &(*out)[(*out_count)++]));
    }
    *out_total = total;
    return DONE;
}

struct status memory_member_list(struct store *s, const struct member_filter *f,
                                 const struct offset_page *page, struct arena *a, service_row *row, void *ctx,
                                 uint64_t *out_total)
{
    struct service *rows = NULL;
    size_t count = 0;
    TRY(collect(s, f, page, a, &rows, &count, out_total));
    for (size_t i = 0; i < count && row(ctx, &rows[i]); i++)
        ;
    return DONE;
}
