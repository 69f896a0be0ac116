/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/kept.h"

#include "base/clock.h"
#include "base/limits.h"
#include "registry/configuration.h"
#include "registry/domain.h"

#define ROW_CHUNK     4096
#define SEALED_AROUND 64 /* of the sealed form (vault.h) */

bool registry_kept_name_is_valid(struct text name)
{
    for (size_t i = 0; i < name.n; i++) {
        const char c = name.p[i];
        const bool alphanumeric = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!alphanumeric && (i == 0 || (c != '-' && c != '_' && c != '.')))
            return false;
    }
    return name.n > 0 && name.n <= KEPT_SECRET_NAME_MAX;
}

static struct status not_found(struct text name, struct error *err)
{
    return error_set(err, E_NOT_FOUND, "secrets \"%.*s\" not found",
                     TEXT_ARG(text_first(name, KEPT_SECRET_NAME_MAX)));
}

/* ---- reading ---- */

static struct status unseal(struct registry *r, const struct kept_secret *row, struct arena *a,
                            struct secret_data *out, struct error *err)
{
    const struct text sealed_as = kept_secret_seal_name(row->tenant, row->name, a);
    if (!sealed_as.p)
        return STATUS(NOMEM);
    OWNED(secret_release) struct secret plain = {0};
    TRY(vault_unseal(r->parts.vault, sealed_as, row->sealed, &plain, err));
    return secret_data_decode(&plain, out);
}

struct status registry_kept_open(struct registry *r, struct text tenant, struct text name, struct arena *a,
                                 struct registry_kept *out, struct error *err)
{
    struct kept_secret row;
    const struct status found = store_kept_secret_get(r->parts.store, tenant, name, a, &row);
    if (found.code == E_NOT_FOUND)
        return not_found(name, err);
    TRY(found);
    struct registry_kept k = {.name = row.name,
                              .revision = row.revision,
                              .created_at = row.created_at,
                              .updated_at = row.updated_at};
    TRY(unseal(r, &row, a, &k.data, err));
    *out = k;
    return DONE;
}

struct status registry_kept_list(struct registry *r, struct text tenant, const struct page_request *page,
                                 struct arena *a, kept_secret_row *row, void *ctx)
{
    return store_kept_secret_list(r->parts.store, tenant, page, a, row, ctx);
}

struct text registry_kept_warning(const struct secret_data *data, struct arena *a)
{
    struct configuration ignored;
    struct error err = {0};
    bool target = false;
    for (size_t i = 0; i < data->count; i++)
        target |= text_ends_with(data->items[i].key, TEXT(CONFIGURATION_TARGET_SUFFIX));
    if (!target)
        return TEXT("There is no key {API}" CONFIGURATION_TARGET_SUFFIX ": no API can be called by it.");
    const struct status s =
        configuration_read(bytes_text(secret_data_get(data, CONFIGURATION_TYPE_KEY)),
                           bytes_text(secret_data_get(data, CONFIGURATION_KEY)), a, &ignored, &err);
    if (s.code != E_INVALID)
        return (struct text){NULL, 0};
    return arena_printf(a, "Calls would be refused: %s. (Values are plain text here, not base64.)",
                        err.message);
}

bool registry_kept_is_shown(const struct secret_item *item)
{
    if (text_equal(item->key, TEXT(CONFIGURATION_TYPE_KEY)))
        return true;
    const struct text value = bytes_text(item->value);
    return text_ends_with(item->key, TEXT(CONFIGURATION_TARGET_SUFFIX)) && !text_contains(value, '@') &&
           !text_contains(value, '?'); /* a query may hold a key */
}

/* ---- writing ---- */

static struct status check_items(const struct kept_change *change, struct error *err)
{
    if (!registry_kept_name_is_valid(change->name))
        return error_set(
            err, E_INVALID,
            "The name of a secret has 1 to %d letters, digits and -_. and begins with a letter or "
            "digit",
            KEPT_SECRET_NAME_MAX);
    if (change->count > SECRET_ITEMS_MAX)
        return error_set(err, E_INVALID, "A secret has at most %d keys", SECRET_ITEMS_MAX);
    for (size_t i = 0; i < change->count; i++) {
        if (!registry_kept_name_is_valid(change->items[i].key))
            return error_set(err, E_INVALID,
                             "data: a key has 1 to %d letters, digits and -_. : '%.*s' does not",
                             KEPT_SECRET_NAME_MAX, TEXT_ARG(text_first(change->items[i].key, 64)));
    }
    return DONE;
}

/* What is stored where the mask stands for it; *out_keeps: it does somewhere. */
static struct status unmask(const struct kept_change *change, const struct secret_data *stored,
                            struct secret_item *items, bool *out_keeps, struct error *err)
{
    *out_keeps = false;
    for (size_t i = 0; i < change->count; i++) {
        items[i] = change->items[i];
        if (!text_equal(bytes_text(items[i].value), TEXT(CREDENTIAL_MASK)))
            continue;
        const char *key = NULL;
        for (size_t k = 0; k < stored->count && !key; k++) {
            if (text_equal(stored->items[k].key, items[i].key)) {
                items[i].value = stored->items[k].value;
                key = items[i].key.p;
            }
        }
        if (!key)
            return error_set(err, E_INVALID, "data.%.*s is " CREDENTIAL_MASK ", but there is nothing to keep",
                             TEXT_ARG(items[i].key));
        *out_keeps = true;
    }
    return DONE;
}

static struct audit_entry audit_of(const struct audit_caller *caller, struct text action, struct text tenant,
                                   struct text name, int64_t now)
{
    const struct service nobodys = {.tenant = tenant};
    return service_audit(caller, action, &nobodys, name, TEXT("{}"), now);
}

/* Who calls by it asks again. */
static void announce(struct registry *r, struct text tenant, struct text name)
{
    page_bump(r->parts.page, page_secret(tenant, name));
    page_wake(r->parts.page);
}

static struct status write_kept(struct registry *r, const struct audit_caller *caller,
                                const struct kept_change *change, int64_t expected_revision,
                                const struct secret_data *data, struct arena *a, bool *out_new)
{
    const struct text sealed_as = kept_secret_seal_name(change->tenant, change->name, a);
    OWNED(buffer_release) struct buffer sealed;
    buffer_init(&sealed, data->bytes.n + SEALED_AROUND);
    OWNED(vault_leave)
    [[maybe_unused]] struct vault *entered = vault_enter(r->parts.vault); /* until it is stored */
    if (!sealed_as.p)
        return STATUS(NOMEM);
    TRY(vault_seal(r->parts.vault, sealed_as, secret_bytes(&data->bytes), &sealed));
    const int64_t now = clock_now_s();
    const struct kept_secret_write w = {
        .tenant = change->tenant,
        .name = change->name,
        .expected_revision = expected_revision,
        .at = now,
        .sealed = buffer_bytes(&sealed),
    };
    const struct audit_entry audit = audit_of(caller, TEXT("secret.put"), w.tenant, w.name, now);
    return store_kept_secret_put(r->parts.store, &w, &audit, out_new);
}

static struct status changed(struct status s, struct text name, struct error *err)
{
    if (s.code == E_NOT_FOUND)
        return not_found(name, err);
    if (s.code == E_CHANGED)
        return error_set(err, E_CHANGED, "The secret has another revision");
    return service_unwritten(s, err);
}

static struct status encode(const struct secret_item *items, size_t count, struct secret *out,
                            struct error *err)
{
    const struct status s = secret_data_encode(items, count, out);
    if (s.code == E_INVALID)
        return error_set(err, E_INVALID, "data: a key is there twice, or the values are longer than %d bytes",
                         SECRET_BYTES_MAX);
    return s;
}

/* What a mask keeps is written over the revision that it was read from, and no other: a value that was
 * replaced or deleted meanwhile does not come back. *out_again: that revision is gone. */
static struct status attempt(struct registry *r, const struct audit_caller *caller,
                             const struct kept_change *change, bool *out_new, bool *out_again,
                             struct error *err)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, ROW_CHUNK, LIMIT_REQUEST_ARENA);
    struct secret_item items[SECRET_ITEMS_MAX];
    struct registry_kept stored = {.revision = 0};
    bool keeps;
    const struct status found = registry_kept_open(r, change->tenant, change->name, &a, &stored, NULL);
    OWNED(secret_data_release) struct secret_data before = stored.data;
    /* a damaged one may be replaced */
    if (!status_ok(found) && found.code != E_NOT_FOUND && found.code != E_BROKEN)
        return found;
    TRY(unmask(change, &before, items, &keeps, err));
    OWNED(secret_release) struct secret encoded = {0};
    OWNED(secret_data_release) struct secret_data data = {0};
    TRY(encode(items, change->count, &encoded, err));
    TRY(secret_data_decode(&encoded, &data));
    const bool as_read = keeps && change->expected_revision == 0;
    const struct status written = write_kept(
        r, caller, change, as_read ? stored.revision : change->expected_revision, &data, &a, out_new);
    *out_again = as_read && (written.code == E_CHANGED || written.code == E_NOT_FOUND);
    return changed(written, change->name, err);
}

struct status registry_kept_put(struct registry *r, const struct audit_caller *caller,
                                const struct kept_change *change, bool *out_new, struct error *err)
{
    bool is_new;
    TRY(check_items(change, err));
    for (int i = 0; i < CHANGE_ATTEMPTS; i++) {
        bool again = false;
        const struct status s = attempt(r, caller, change, out_new ? out_new : &is_new, &again, err);
        if (again)
            continue;
        TRY(s);
        announce(r, change->tenant, change->name);
        return DONE;
    }
    return error_set(err, E_AGAIN, "The secret was changed by others again and again, try again");
}

struct status registry_kept_delete(struct registry *r, const struct audit_caller *caller, struct text tenant,
                                   struct text name, int64_t expected_revision, struct error *err)
{
    const struct audit_entry audit = audit_of(caller, TEXT("secret.delete"), tenant, name, clock_now_s());
    const struct status s = store_kept_secret_delete(r->parts.store, tenant, name, expected_revision, &audit);
    TRY(changed(s, name, err));
    announce(r, tenant, name);
    return DONE;
}
