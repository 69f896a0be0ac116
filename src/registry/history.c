/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/domain.h"

/* The history is read whole before anything is opened: a callback may not call the store. */
struct rows {
    struct secret_history list[SECRET_HISTORY_MAX];
    size_t count;
};

static bool collect(void *ctx, const struct secret_history *h)
{
    struct rows *rows = ctx;
    rows->list[rows->count++] = *h;
    return rows->count < SECRET_HISTORY_MAX;
}

static struct status read_rows(struct registry *r, const struct registry_key *key, struct arena *a,
                               struct rows *out, struct error *err)
{
    struct service row;
    const struct status found =
        store_service_get(r->parts.store, key->tenant, key->application, key->id, a, &row, NULL);
    if (found.code == E_NOT_FOUND)
        return service_unreadable(r, key, err);
    TRY(found);
    const struct status s =
        store_secret_history(r->parts.store, key->tenant, key->id, SECRET_CREDENTIALS, a, collect, out);
    return s.code == E_NOT_FOUND ? DONE : s; /* a service without credentials has no history */
}

static struct status open_pair(struct registry *r, const struct registry_key *key,
                               const struct secret_history *row, struct secret_data *out, struct error *err)
{
    return secret_unseal(r, key->tenant, key->id, SECRET_CREDENTIALS, true, row->sealed, out, err);
}

struct status registry_history_list(struct registry *r, const struct registry_key *key, struct arena *a,
                                    registry_history_row *row, void *ctx, struct error *err)
{
    struct rows rows = {.count = 0};
    TRY(read_rows(r, key, a, &rows, err));
    for (size_t i = 0; i < rows.count; i++) {
        struct registry_history h = {.sequence = rows.list[i].sequence,
                                     .replaced_at = rows.list[i].replaced_at};
        OWNED(secret_data_release) struct secret_data pair = {0};
        TRY(open_pair(r, key, &rows.list[i], &pair, err));
        TRY(certificate_facts_read(secret_data_get(&pair, "crt"), a, &h.facts, err));
        if (!row(ctx, &h))
            break;
    }
    return DONE;
}

struct status registry_history_restore(struct registry *r, const struct audit_caller *caller,
                                       const struct registry_key *key, int64_t sequence, struct error *err)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 4u << 20); /* ten sealed secrets of at most SECRET_BYTES_MAX */
    struct rows rows = {.count = 0};
    TRY(read_rows(r, key, &a, &rows, err));
    size_t i = 0;
    while (i < rows.count && rows.list[i].sequence != sequence)
        i++;
    if (i == rows.count)
        return error_set(err, E_NOT_FOUND, "There is no pair %lld in the history", (long long)sequence);
    OWNED(secret_data_release) struct secret_data pair = {0};
    TRY(open_pair(r, key, &rows.list[i], &pair, err));
    /* Not its common name: that is what the registration says now. */
    const struct secret_item items[] = {
        {TEXT("crt"), secret_data_get(&pair, "crt")},
        {TEXT("key"), secret_data_get(&pair, "key")},
    };
    return registry_secret_patch(r, caller, key, SECRET_CREDENTIALS, items, 2, 0, err);
}
