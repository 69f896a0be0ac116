/* SPDX-License-Identifier: Apache-2.0 */
#include "store/registry.h"

#include <stdio.h>

#include "base/encoding.h"
#include "store/arguments.h"
#include "store/backend.h"

#define SCAN_MAX    100000
#define SEALED_MAX  1000
#define NAMED_MAX   100
#define PLACE_BYTES 9 /* enum sealed_table; then the row's number, big-endian */

/* ---- names ---- */

struct text secret_seal_name(struct text tenant, const uint8_t id[static SERVICE_ID_SIZE],
                             enum secret_slot slot, bool history, char out[static SECRET_SEAL_NAME_MAX])
{
    char uuid[SERVICE_ID_TEXT + 1];
    static_assert(SERVICE_TENANT_MAX + SERVICE_ID_TEXT + sizeof "secret////history" + 10 <
                  SECRET_SEAL_NAME_MAX);
    if (tenant.n > SERVICE_TENANT_MAX)
        return (struct text){NULL, 0};
    (void)service_id_text(id, uuid);
    int n = snprintf(out, SECRET_SEAL_NAME_MAX, "secret/%.*s/%s/%d%s", TEXT_ARG(tenant), uuid, (int)slot,
                     history ? "/history" : "");
    return (struct text){out, (size_t)n};
}

struct sealed_place sealed_place_of(enum sealed_table table, int64_t id)
{
    struct sealed_place place = {.p = {(uint8_t)table}, .n = PLACE_BYTES};
    for (unsigned i = 0; i < 8; i++)
        place.p[1 + i] = (uint8_t)((uint64_t)id >> (56 - 8 * i));
    return place;
}

bool sealed_place_read(const struct sealed_place *place, struct sealed_position *out)
{
    uint64_t id = 0;
    if (place->n != PLACE_BYTES || place->p[0] >= SEALED_TABLES)
        return false;
    for (unsigned i = 0; i < 8; i++)
        id = id << 8 | place->p[1 + i];
    *out = (struct sealed_position){(enum sealed_table)place->p[0], (int64_t)id};
    return id > 0 && id <= INT64_MAX;
}

/* ---- writing ---- */

static bool owner_is_valid(struct text tenant, struct text application)
{
    return tenant_is_valid(tenant) && tenant.n <= SERVICE_TENANT_MAX && application.n > 0;
}

static bool specification_is_valid(const struct specification_ref *ref,
                                   const struct specification_row *content, bool is_new)
{
    if (!ref->present)
        return !content;
    if (ref->format < FORMAT_JSON || ref->format > FORMAT_TEXT || ref->fetched_at < 0)
        return false;
    if (!content)
        return !is_new;
    return content->size >= 0 && content->size == ref->size &&
           memcmp(content->hash, ref->hash, SHA256_SIZE) == 0;
}

static bool secret_is_valid(const struct secret_write *w)
{
    return w->change >= SECRET_KEEP && w->change <= SECRET_REMOVE &&
           (w->change == SECRET_PUT) == (w->sealed.n > 0);
}

/* A replacement leaves the bundle alone. */
static bool role_is_valid(const struct service *s, bool is_new)
{
    static const uint8_t none[SERVICE_ID_SIZE];
    return s->role >= SERVICE_WHOLE && s->role <= SERVICE_DOCUMENT &&
           (!is_new || service_role_is_member(s->role) == (memcmp(s->bundle, none, SERVICE_ID_SIZE) != 0));
}

static bool write_is_valid(const struct service_write *w, bool is_new)
{
    const struct service *s = &w->service;
    if (!role_is_valid(s, is_new))
        return false;
    if (!owner_is_valid(s->tenant, s->application) || s->created_at < 0 || s->updated_at < 0)
        return false;
    for (size_t i = 0; i < SPECIFICATION_SLOTS; i++)
        if (!specification_is_valid(&s->specifications[i], w->specifications[i], is_new))
            return false;
    for (size_t i = 0; i < SECRET_SLOTS; i++)
        if (!secret_is_valid(&w->secrets[i]))
            return false;
    return true;
}

struct status store_service_create(struct store *s, const struct service_write *w,
                                   const struct audit_entry *audit)
{
    if (!write_is_valid(w, true) || !audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->service_create(s, w, audit);
}

struct status store_service_replace(struct store *s, const struct service_write *w,
                                    const struct audit_entry *audit)
{
    if (!write_is_valid(w, false) || w->expected_revision < 1 || !audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->service_replace(s, w, audit);
}

struct status store_service_call_set(struct store *s, const struct service_call_write *w,
                                     const struct audit_entry *audit)
{
    if (!owner_is_valid(w->tenant, w->application) || w->expected_revision < 1 || w->updated_at < 0 ||
        !call_choice_is_valid(w->call.skip_verify) || !call_choice_is_valid(w->call.encode_url) ||
        !audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->service_call_set(s, w, audit);
}

struct status store_service_delete(struct store *s, struct text tenant, struct text application,
                                   const uint8_t id[static SERVICE_ID_SIZE], int64_t expected_revision,
                                   const struct audit_entry *audit)
{
    if (expected_revision < 0 || !audit_is_valid(audit))
        return STATUS(INVALID);
    if (application.n == 0) /* which the backends take for "any" */
        return STATUS(NOT_FOUND);
    return s->ops->service_delete(s, tenant, application, id, expected_revision, audit);
}

/* ---- reading ---- */

struct status store_service_get(struct store *s, struct text tenant, struct text application,
                                const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                struct service *out, struct service_secret secrets[SECRET_SLOTS])
{
    if (application.n == 0)
        return STATUS(NOT_FOUND);
    return s->ops->service_get(s, tenant, application, id, a, out, secrets);
}

struct status store_service_find(struct store *s, struct text tenant,
                                 const uint8_t id[static SERVICE_ID_SIZE], struct arena *a,
                                 struct service *out, struct service_secret secrets[SECRET_SLOTS])
{
    return s->ops->service_get(s, tenant, TEXT(""), id, a, out, secrets);
}

struct status store_service_identifier(struct store *s, struct text tenant, struct text application,
                                       struct text identifier, bool *out_taken)
{
    return s->ops->service_identifier(s, tenant, application, identifier, out_taken);
}

struct status store_specification_get(struct store *s, struct text tenant,
                                      const uint8_t hash[static SHA256_SIZE], struct arena *a,
                                      struct specification_row *out)
{
    return s->ops->specification_get(s, tenant, hash, a, out);
}

struct status store_service_named(struct store *s, struct text tenant, struct text application,
                                  const uint8_t *bundle, struct text path_name, unsigned most,
                                  struct arena *a, service_row *row, void *ctx)
{
    if (most < 1 || most > NAMED_MAX)
        return STATUS(INVALID);
    if (application.n == 0)
        return STATUS(NOT_FOUND);
    return s->ops->service_named(s, tenant, application, bundle, path_name, most, a, row, ctx);
}

struct status store_member_list(struct store *s, const struct member_filter *f,
                                const struct offset_page *page, struct arena *a, service_row *row, void *ctx,
                                uint64_t *out_total)
{
    if (!offset_is_valid(page) || (!f->bundle && f->application.n == 0) ||
        (f->bundle && (f->role < SERVICE_API || f->role > SERVICE_DOCUMENT)))
        return STATUS(INVALID);
    return s->ops->member_list(s, f, page, a, row, ctx, out_total);
}

struct status store_service_list(struct store *s, const struct service_filter *f,
                                 const struct page_request *page, unsigned scan_max, struct arena *a,
                                 service_row *row, void *ctx, struct text *out_next)
{
    uint64_t after = 0;
    int64_t next = 0;
    if (!page_is_valid(page->limit) || scan_max < 1 || scan_max > SCAN_MAX ||
        (page->after.n > 0 && !text_to_u64(page->after, INT64_MAX, &after)))
        return STATUS(INVALID);
    TRY(s->ops->service_list(s, f, (int64_t)after, page->limit, scan_max, a, row, ctx, &next));
    struct text cursor = {NULL, 0};
    if (next > 0 && !(cursor = arena_printf(a, "%lld", (long long)next)).p)
        return STATUS(NOMEM);
    *out_next = cursor;
    return DONE;
}

/* ---- secrets by themselves ---- */

static bool slot_is_valid(enum secret_slot slot)
{
    return slot >= SECRET_CREDENTIALS && slot < SECRET_SLOTS;
}

struct status store_secret_replace(struct store *s, struct text tenant,
                                   const uint8_t id[static SERVICE_ID_SIZE], enum secret_slot slot,
                                   int64_t expected_revision, int64_t now, const struct secret_write *w,
                                   const struct audit_entry *audit)
{
    if (!slot_is_valid(slot) || expected_revision < 0 || now < 0 || w->change != SECRET_PUT ||
        !secret_is_valid(w) || !audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->secret_replace(s, tenant, id, slot, expected_revision, now, w, audit);
}

struct status store_secret_history(struct store *s, struct text tenant,
                                   const uint8_t id[static SERVICE_ID_SIZE], enum secret_slot slot,
                                   struct arena *a, secret_history_row *row, void *ctx)
{
    if (!slot_is_valid(slot))
        return STATUS(INVALID);
    return s->ops->secret_history(s, tenant, id, slot, a, row, ctx);
}

struct status store_sealed_list(struct store *s, const struct sealed_place *after, unsigned limit,
                                struct arena *a, sealed_row *row, void *ctx)
{
    struct sealed_position position = {0};
    if (limit < 1 || limit > SEALED_MAX || (after->n > 0 && !sealed_place_read(after, &position)))
        return STATUS(INVALID);
    return s->ops->sealed_list(s, &position, limit, a, row, ctx);
}

struct status store_sealed_exchange(struct store *s, const struct sealed_exchange *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct sealed_position position;
        if (!sealed_place_read(&list[i].place, &position) || list[i].fresh.n == 0)
            return STATUS(INVALID);
    }
    return count > 0 ? s->ops->sealed_exchange(s, list, count) : DONE;
}

struct status store_registry_counts(struct store *s, struct registry_counts *out)
{
    return s->ops->registry_counts(s, out);
}
