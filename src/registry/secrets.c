/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/domain.h"

#include "base/clock.h"
#include "base/limits.h"
#include "registry/layout.h"

/* Reading one service: the row, and its sealed secrets. */
#define ROW_CHUNK 4096

static const char *slot_words(enum secret_slot slot)
{
    return slot == SECRET_PARAMETERS ? "request parameters" : "credentials";
}

static struct status no_secret(const struct registry_key *key, enum secret_slot slot, struct error *err)
{
    char id[SERVICE_ID_TEXT + 1];
    return error_set(err, E_NOT_FOUND, "Service with ID %.*s has no %s",
                     TEXT_ARG(service_id_text(key->id, id)), slot_words(slot));
}

/* ---- reading ---- */

static struct status open_secret(struct registry *r, const struct service *row, enum secret_slot slot,
                                 const struct service_secret *secret, struct arena *a,
                                 struct registry_secret *out, struct error *err)
{
    struct registry_secret s = {
        .name = secret_name(slot, row->application, row->id, a),
        .kind = (enum credential_kind)row->credential_kind,
        .by_hand = secret->by_hand,
        .revision = secret->revision,
        .updated_at = secret->updated_at,
    };
    if (!s.name.p)
        return STATUS(NOMEM);
    TRY(secret_unseal(r, row->tenant, row->id, slot, false, secret->sealed, &s.data, err));
    *out = s;
    return DONE;
}

/* What the rows of a bundle's content seal is not for calls. */
static bool has_secrets(const struct service *row)
{
    return row->role == SERVICE_WHOLE || row->role == SERVICE_BUNDLE;
}

struct status registry_secret_open(struct registry *r, const struct registry_key *key, enum secret_slot slot,
                                   struct arena *a, struct registry_secret *out, struct error *err)
{
    struct service row;
    struct service_secret secrets[SECRET_SLOTS];
    const struct status found =
        store_service_get(r->parts.store, key->tenant, key->application, key->id, a, &row, secrets);
    if (found.code == E_NOT_FOUND)
        return service_unreadable(r, key, err);
    TRY(found);
    if (row.role == SERVICE_API) { /* its credentials are its bundle's */
        const struct service api = row;
        TRY(store_service_get(r->parts.store, key->tenant, key->application, api.bundle, a, &row, secrets));
    }
    if (!has_secrets(&row) || !secrets[slot].present)
        return no_secret(key, slot, err);
    return open_secret(r, &row, slot, &secrets[slot], a, out, err);
}

/* A name that ends in an id may be read in two ways: credentials of the application "params-x", parameters of
 * "x". */
static bool slot_of(struct text name, const struct service *row, enum secret_slot *slot)
{
    if (secret_name_fits(name, *slot, row->application, row->id))
        return true;
    *slot = *slot == SECRET_PARAMETERS ? SECRET_CREDENTIALS : SECRET_PARAMETERS;
    return secret_name_fits(name, *slot, row->application, row->id);
}

struct status registry_secret_find(struct registry *r, struct text tenant, struct text name, struct arena *a,
                                   struct registry_secret *out, struct registry_key *out_key,
                                   struct error *err)
{
    enum secret_slot slot;
    struct registry_key key = {.tenant = tenant};
    struct service row = {.revision = 0};
    struct service_secret secrets[SECRET_SLOTS] = {{.present = false}};
    struct status found = STATUS(NOT_FOUND);
    if (secret_name_parse(name, &slot, key.id))
        found = store_service_find(r->parts.store, tenant, key.id, a, &row, secrets);
    if (status_ok(found) && !(has_secrets(&row) && slot_of(name, &row, &slot) && secrets[slot].present))
        found = STATUS(NOT_FOUND);
    if (found.code == E_NOT_FOUND)
        return error_set(err, E_NOT_FOUND, "secrets \"%.*s\" not found", TEXT_ARG(name));
    TRY(found);
    TRY(open_secret(r, &row, slot, &secrets[slot], a, out, err));
    key.application = row.application;
    *out_key = key;
    return DONE;
}

/* ---- replacing by hand ---- */

struct patch {
    struct registry *r;
    const struct audit_caller *caller;
    const struct registry_key *key;
    enum secret_slot slot;
    const struct secret_item *items;
    size_t count;
    int64_t expected_revision;
};

/* What is stored with the values of `c` over it. E_INVALID for a key that does not belong there. */
static struct status merge(const struct patch *c, enum credential_kind kind, const struct secret_data *stored,
                           struct secret_data *out, struct error *err)
{
    struct secret_item items[SECRET_ITEMS_MAX];
    size_t count = stored->count;
    for (size_t i = 0; i < count; i++)
        items[i] = stored->items[i];
    for (size_t i = 0; i < c->count; i++) {
        const struct secret_item *item = &c->items[i];
        TRY(layout_check(c->slot, kind, stored, item, err));
        if (layout_is_masked(item))
            continue;
        size_t at = 0;
        while (at < count && !text_equal(items[at].key, item->key))
            at++;
        must(at < SECRET_ITEMS_MAX); /* a layout has fewer keys */
        items[at] = *item;
        count += at == count;
    }
    OWNED(secret_release) struct secret encoded = {0};
    const struct status s = secret_data_encode(items, count, &encoded);
    if (s.code == E_INVALID)
        return error_set(err, E_INVALID, "The values are longer than %d bytes", SECRET_BYTES_MAX);
    TRY(s);
    return secret_data_decode(&encoded, out);
}

static struct status write_secret(const struct patch *c, const struct stored_service *s,
                                  const struct secret_plan *plan, struct error *err)
{
    const int64_t now = clock_now_s();
    OWNED(buffer_release) struct buffer detail;
    buffer_init(&detail, 4096);
    audit_detail_write(&s->row, &detail);
    TRY(buffer_status(&detail));
    char id[SERVICE_ID_TEXT + 1];
    const struct audit_entry audit =
        service_audit(c->caller, TEXT("service.credentials"), &s->row, service_id_text(c->key->id, id),
                      buffer_as_text(&detail), now);
    const struct status written =
        store_secret_replace(c->r->parts.store, c->key->tenant, c->key->id, c->slot,
                             s->secrets[c->slot].revision, now, &plan->write, &audit);
    if (written.code == E_NOT_FOUND)
        return service_unreadable(c->r, c->key, err);
    TRY(service_unwritten(written, err));
    service_announce(c->r, c->key);
    return DONE;
}

static struct status patch_attempt(const struct patch *c, struct error *err)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, ROW_CHUNK, LIMIT_REQUEST_ARENA);
    OWNED(stored_service_release) struct stored_service s = {0};
    TRY(stored_service_get(c->r, c->key, &a, &s, err));
    TRY(director_manages(c->r, &s.row, err));
    const struct service_secret *stored = &s.secrets[c->slot];
    if (!stored->present)
        return no_secret(c->key, c->slot, err);
    if (c->expected_revision != 0 && c->expected_revision != stored->revision)
        return error_set(err, E_CHANGED, "The secret has revision %lld, not %lld",
                         (long long)stored->revision, (long long)c->expected_revision);
    OWNED(secret_plan_release) struct secret_plan plan = {0};
    const enum credential_kind kind = (enum credential_kind)s.row.credential_kind;
    TRY(merge(c, kind, &s.data[c->slot], &plan.fresh, err));
    if (secret_data_equal(&s.data[c->slot], &plan.fresh))
        return DONE;
    TRY(layout_check_whole(c->slot, kind, &plan.fresh, err));
    OWNED(vault_leave)
    [[maybe_unused]] struct vault *entered = vault_enter(c->r->parts.vault); /* until it is stored */
    TRY(secret_plan_put(c->r, c->key, c->slot, &s, &plan));
    plan.write.by_hand = true;
    return write_secret(c, &s, &plan, err);
}

struct status registry_secret_patch(struct registry *r, const struct audit_caller *caller,
                                    const struct registry_key *key, enum secret_slot slot,
                                    const struct secret_item *items, size_t count, int64_t expected_revision,
                                    struct error *err)
{
    const struct patch c = {.r = r,
                            .caller = caller,
                            .key = key,
                            .slot = slot,
                            .items = items,
                            .count = count,
                            .expected_revision = expected_revision};
    for (int i = 0; i < CHANGE_ATTEMPTS; i++) {
        const struct status s = patch_attempt(&c, err);
        if (s.code != E_CHANGED || expected_revision != 0)
            return s;
    }
    return error_set(err, E_AGAIN, "The secret was changed by others again and again, try again");
}
