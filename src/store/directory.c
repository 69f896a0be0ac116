/* SPDX-License-Identifier: Apache-2.0 */
#include "store/directory.h"

#include "base/json_scan.h"
#include "store/arguments.h"
#include "store/backend.h"

#define EXTERNAL_ID_MAX  120
#define FINGERPRINTS_MAX (64u * 1024 * 1024)

static bool kind_is_valid(enum object_kind k)
{
    return k == OBJECT_APPLICATION || k == OBJECT_RUNTIME;
}

static bool json_is_valid(struct text t)
{
    return t.n == 0 || status_ok(json_scan(t, NULL));
}

static void hand_out(const struct buffer *fingerprints, fingerprint_row *row, void *ctx)
{
    const struct bytes all = buffer_bytes(fingerprints);
    for (size_t i = 0; row && i < all.n; i += SHA256_SIZE)
        row(ctx, all.p + i);
}

/* ---- tenants ---- */

static bool external_id_is_valid(struct text t)
{
    return t.n > 0 && t.n <= EXTERNAL_ID_MAX && tenant_is_valid(t);
}

struct status store_tenant_create(struct store *s, const struct tenant *t, const struct audit_entry *audit)
{
    const bool key_fits = t->key.n == 0 || text_equal(t->key, t->external_id);
    if (!external_id_is_valid(t->external_id) || !key_fits || !audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->tenant_create(s, t, audit);
}

struct status store_tenant_find(struct store *s, struct text external_id, struct arena *a, struct tenant *out)
{
    return s->ops->tenant_read(s, false, external_id, a, out);
}

struct status store_tenant_get(struct store *s, struct text key, struct arena *a, struct tenant *out)
{
    return s->ops->tenant_read(s, true, key, a, out);
}

struct status store_tenant_delete(struct store *s, struct text external_id, const struct audit_entry *audit)
{
    return audit_is_valid(audit) ? s->ops->tenant_delete(s, external_id, audit) : STATUS(INVALID);
}

struct status store_tenant_list(struct store *s, struct text contains, const struct offset_page *page,
                                struct arena *a, tenant_row *row, void *ctx, uint64_t *out_total)
{
    if (!offset_is_valid(page))
        return STATUS(INVALID);
    return s->ops->tenant_list(s, contains, page, a, row, ctx, out_total);
}

/* ---- applications and runtimes ---- */

struct status store_object_create(struct store *s, const struct object *o, const struct audit_entry *audit)
{
    if (!kind_is_valid(o->kind) || o->name.n == 0 || !tenant_is_valid(o->tenant) ||
        !json_is_valid(o->labels) || !json_is_valid(o->details) || !audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->object_create(s, o, audit);
}

struct status store_object_get(struct store *s, enum object_kind kind, struct text tenant,
                               const uint8_t id[static OBJECT_ID_SIZE], struct arena *a, struct object *out)
{
    return s->ops->object_get(s, kind, tenant, id, a, out);
}

struct status store_object_named(struct store *s, enum object_kind kind, struct text tenant, struct text name,
                                 struct arena *a, struct object *out)
{
    return s->ops->object_named(s, kind, tenant, name, a, out);
}

struct status store_object_update(struct store *s, enum object_kind kind, struct text tenant,
                                  const uint8_t id[static OBJECT_ID_SIZE], const struct object_change *change,
                                  const struct audit_entry *audit)
{
    const bool renames = change->name != NULL;
    if (!kind_is_valid(kind) || (renames && (kind != OBJECT_RUNTIME || change->name->n == 0)) ||
        (change->labels && !json_is_valid(*change->labels)) ||
        (change->details && !json_is_valid(*change->details)) || !audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->object_update(s, kind, tenant, id, change, audit);
}

struct status store_object_delete(struct store *s, enum object_kind kind, struct text tenant,
                                  const uint8_t id[static OBJECT_ID_SIZE], const struct audit_entry *audit,
                                  fingerprint_row *row, void *ctx)
{
    if (!kind_is_valid(kind) || !audit_is_valid(audit))
        return STATUS(INVALID);
    OWNED(buffer_release) struct buffer fingerprints;
    buffer_init(&fingerprints, FINGERPRINTS_MAX);
    TRY(s->ops->object_delete(s, kind, tenant, id, audit, &fingerprints));
    hand_out(&fingerprints, row, ctx);
    return DONE;
}

struct status store_object_list(struct store *s, const struct object_filter *f,
                                const struct offset_page *page, struct arena *a, object_row *row, void *ctx,
                                uint64_t *out_total)
{
    if (!kind_is_valid(f->kind) || f->label_count > LABEL_FILTERS_MAX || !offset_is_valid(page))
        return STATUS(INVALID);
    for (unsigned i = 0; i < f->label_count; i++)
        if (!json_is_valid(f->labels[i].contains))
            return STATUS(INVALID);
    return s->ops->object_list(s, f, page, a, row, ctx, out_total);
}

/* ---- system auths ---- */

struct status store_system_auth_create(struct store *s, const struct system_auth *auth,
                                       const struct audit_entry *audit)
{
    if (!kind_is_valid(auth->kind) || !audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->auth_create(s, auth, audit);
}

struct status store_system_auth_get(struct store *s, const struct text *tenant,
                                    const uint8_t id[static OBJECT_ID_SIZE], int64_t now, struct arena *a,
                                    struct system_auth *out)
{
    return s->ops->auth_get(s, tenant, id, now, a, out);
}

struct status store_system_auth_list(struct store *s, enum object_kind kind, struct text tenant,
                                     const uint8_t object[static OBJECT_ID_SIZE], int64_t now,
                                     struct arena *a, system_auth_row *row, void *ctx)
{
    return s->ops->auth_list(s, kind, tenant, object, now, a, row, ctx);
}

struct status store_system_auth_delete(struct store *s, struct text tenant,
                                       const uint8_t id[static OBJECT_ID_SIZE],
                                       const struct audit_entry *audit, fingerprint_row *row, void *ctx)
{
    if (!audit_is_valid(audit))
        return STATUS(INVALID);
    OWNED(buffer_release) struct buffer fingerprints;
    buffer_init(&fingerprints, FINGERPRINTS_MAX);
    TRY(s->ops->auth_delete(s, tenant, id, audit, &fingerprints));
    hand_out(&fingerprints, row, ctx);
    return DONE;
}

struct status store_system_auth_purge(struct store *s, int64_t before, unsigned max,
                                      uint8_t at[static OBJECT_ID_SIZE], unsigned *out_count)
{
    return max > 0 ? s->ops->auth_purge(s, before, max, at, out_count) : STATUS(INVALID);
}

/* ---- operators ---- */

struct status store_operator_create(struct store *s, const struct operator_row *o,
                                    const struct audit_entry *audit)
{
    if (o->name.n == 0 || !audit_is_valid(audit))
        return STATUS(INVALID);
    return s->ops->operator_create(s, o, audit);
}

struct status store_operator_find(struct store *s, const uint8_t hash[static SHA256_SIZE], struct arena *a,
                                  struct operator_row *out)
{
    return s->ops->operator_find(s, hash, a, out);
}

struct status store_operator_list(struct store *s, struct arena *a, operator_each *row, void *ctx)
{
    return s->ops->operator_list(s, a, row, ctx);
}

struct status store_operator_delete(struct store *s, struct text name, const struct audit_entry *audit)
{
    return audit_is_valid(audit) ? s->ops->operator_delete(s, name, audit) : STATUS(INVALID);
}

struct status store_operator_update(struct store *s, struct text name, const struct operator_change *change,
                                    const struct audit_entry *audit, struct arena *a,
                                    struct operator_row *out)
{
    return audit_is_valid(audit) ? s->ops->operator_update(s, name, change, audit, a, out) : STATUS(INVALID);
}

struct status store_operator_used(struct store *s, struct text name, int64_t at)
{
    return s->ops->operator_used(s, name, at);
}
