/* SPDX-License-Identifier: Apache-2.0 */
#include "store/memory_registry.h"

#define SERVICE_SLICES                                                                                       \
    12,                                                                                                      \
    {                                                                                                        \
        offsetof(struct service, tenant), offsetof(struct service, application),                             \
            offsetof(struct service, name), offsetof(struct service, provider),                              \
            offsetof(struct service, description), offsetof(struct service, short_description),              \
            offsetof(struct service, identifier), offsetof(struct service, labels),                          \
            offsetof(struct service, target_url), offsetof(struct service, details),                         \
            offsetof(struct service, path_name), offsetof(struct service, call_anchors_pem)                  \
    }

static_assert(offsetof(struct memory_service, s) == 0);
const struct memory_shape memory_service_shape = {sizeof(struct memory_service), SERVICE_SLICES};
const struct memory_shape memory_service_given_shape = {sizeof(struct service), SERVICE_SLICES};

struct status memory_service_get(struct store *s, struct text tenant, struct text application,
                                 const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                 struct service *out, struct service_secret *secrets)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    struct service_secret found[SECRET_SLOTS] = {0};
    const struct memory_service *row = memory_service_find(m, tenant, application, id);
    if (!row)
        return STATUS(NOT_FOUND);
    for (size_t i = 0; secrets && i < SECRET_SLOTS; i++) {
        const struct memory_secret *secret = memory_secret_find(m, row->row, (enum secret_slot)i);
        if (!secret)
            continue;
        struct memory_secret copy;
        TRY(memory_copy_to(&memory_secret_shape, secret, a, &copy));
        found[i] = copy.s;
    }
    TRY(memory_copy_to(&memory_service_given_shape, &row->s, a, out));
    if (secrets)
        memcpy(secrets, found, sizeof found);
    return DONE;
}

struct status memory_service_identifier(struct store *s, struct text tenant, struct text application,
                                        struct text identifier, bool *out_taken)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    if (!memory_application(m, tenant, application))
        return STATUS(NOT_FOUND);
    bool taken = false;
    for (size_t i = 0; identifier.n > 0 && !taken && i < m->services.count; i++) {
        const struct service *other = &((const struct memory_service *)m->services.rows[i])->s;
        taken = text_equal(other->tenant, tenant) && text_equal(other->application, application) &&
                text_equal(other->identifier, identifier);
    }
    *out_taken = taken;
    return DONE;
}

/* ---- by path name ---- */

static struct status collect_named(struct store *s, struct text tenant, struct text application,
                                   const uint8_t *bundle, struct text path_name, unsigned most,
                                   struct arena *a, struct service *out, unsigned *out_count)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    if (!memory_application(m, tenant, application))
        return STATUS(NOT_FOUND);
    const enum service_role roles[] = {bundle ? SERVICE_API : SERVICE_WHOLE, SERVICE_BUNDLE};
    for (size_t r = 0; r < (bundle ? 1u : 2u); r++)
        for (size_t i = 0; i < m->services.count && *out_count < most; i++) {
            const struct service *service = &((const struct memory_service *)m->services.rows[i])->s;
            const bool among = service->role == roles[r] && (!bundle || memory_is_member_of(service, bundle));
            if (among && text_equal(service->path_name, path_name) &&
                text_equal(service->application, application) && text_equal(service->tenant, tenant))
                TRY(service_copy(service, a, &out[(*out_count)++]));
        }
    return DONE;
}

struct status memory_service_named(struct store *s, struct text tenant, struct text application,
                                   const uint8_t *bundle, struct text path_name, unsigned most,
                                   struct arena *a, service_row *row, void *ctx)
{
    struct service *rows = arena_array(a, most, sizeof *rows);
    unsigned count = 0;
    if (!rows)
        return STATUS(NOMEM);
    TRY(collect_named(s, tenant, application, bundle, path_name, most, a, rows, &count));
    for (unsigned i = 0; i < count && row(ctx, &rows[i]); i++)
        ;
    return DONE;
}

/* ---- lists ---- */

struct page {
    struct service *rows; /* in the caller's arena */
    int64_t *numbers;
    size_t count;
    int64_t next; /* 0: nothing is left */
};

/* Of one application only its own rows count as read. */
static bool is_among(const struct service_filter *f, const struct service *s)
{
    return f->application.n == 0 ||
           (text_equal(s->application, f->application) && text_equal(s->tenant, f->tenant));
}

static struct status collect(struct store *s, const struct service_filter *f, int64_t after, unsigned limit,
                             unsigned scan_max, struct arena *a, struct page *out)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    if (f->application.n > 0 && !memory_application(m, f->tenant, f->application))
        return STATUS(NOT_FOUND);
    size_t most = m->services.count < limit ? m->services.count : limit;
    out->rows = arena_array(a, most + 1, sizeof *out->rows);
    out->numbers = arena_array(a, most + 1, sizeof *out->numbers);
    if (!out->rows || !out->numbers)
        return STATUS(NOMEM);
    bool found = false, full = false;
    size_t bytes = 0, i = memory_table_seek(&m->services, &(struct memory_service){.row = after}, &found);
    int64_t last = after;
    for (i += found; i < m->services.count; i++) {
        const struct memory_service *row = m->services.rows[i];
        if (!is_among(f, &row->s))
            continue;
        if (full || out->count == limit || scan_max-- == 0) {
            out->next = last;
            return DONE;
        }
        last = row->row;
        if (!service_is_wanted(f, &row->s))
            continue;
        struct service shown = row->s;
        shown.details = TEXT("");
        shown.call = (struct call_choices){CALL_UNSET, CALL_UNSET};
        shown.call_anchors_pem = TEXT("");
        TRY(service_copy(&shown, a, &out->rows[out->count]));
        out->numbers[out->count] = last;
        full = service_fills_page(&out->rows[out->count++], &bytes);
    }
    return DONE;
}

struct status memory_service_list(struct store *s, const struct service_filter *f, int64_t after,
                                  unsigned limit, unsigned scan_max, struct arena *a, service_row *row,
                                  void *ctx, int64_t *out_next)
{
    struct page page = {0};
    TRY(collect(s, f, after, limit, scan_max, a, &page));
    *out_next = page.next;
    for (size_t i = 0; i < page.count; i++) {
        if (row(ctx, &page.rows[i]))
            continue;
        if (i + 1 < page.count || page.next != 0)
            *out_next = page.numbers[i];
        return DONE;
    }
    return DONE;
}

struct status memory_registry_counts(struct store *s, struct registry_counts *out)
{
    OWNED(memory_unlock) struct memory_store *m = memory_lock(s);
    *out = (struct registry_counts){.specifications = (int64_t)m->specifications.count};
    for (size_t i = 0; i < m->services.count; i++)
        out->services +=
            service_role_is_callable(((const struct memory_service *)m->services.rows[i])->s.role);
    for (size_t i = 0; i < m->specifications.count; i++)
        out->specification_bytes +=
            (int64_t)((const struct memory_specification *)m->specifications.rows[i])->r.packed.n;
    return DONE;
}
