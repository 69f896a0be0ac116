/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/domain.h"

/* Sealed form around the plaintext (vault.h): name, key number, nonce, tag; with room to spare. */
#define SEALED_AROUND 64

void stored_service_release(struct stored_service *s)
{
    for (size_t i = 0; i < SECRET_SLOTS; i++)
        secret_data_release(&s->data[i]);
}

struct status stored_service_get(struct registry *r, const struct registry_key *key, struct arena *a,
                                 struct stored_service *out, struct error *err)
{
    const struct status found =
        store_service_get(r->parts.store, key->tenant, key->application, key->id, a, &out->row, out->secrets);
    if (found.code == E_NOT_FOUND)
        return service_unreadable(r, key, err);
    TRY(found);
    for (size_t i = 0; i < SECRET_SLOTS; i++) {
        if (out->secrets[i].present)
            TRY(secret_unseal(r, key->tenant, key->id, (enum secret_slot)i, false, out->secrets[i].sealed,
                              &out->data[i], err));
    }
    return DONE;
}

const struct secret_data *stored_secret(const struct stored_service *s, enum secret_slot slot)
{
    return s->secrets[slot].present ? &s->data[slot] : NULL;
}

/* ---- sealing ---- */

struct status secret_seal(struct registry *r, const struct registry_key *key, enum secret_slot slot,
                          bool history, const struct secret_data *data, struct buffer *out)
{
    char name[SECRET_SEAL_NAME_MAX];
    buffer_init(out, data->bytes.n + SEALED_AROUND);
    return vault_seal(r->parts.vault, secret_seal_name(key->tenant, key->id, slot, history, name),
                      secret_bytes(&data->bytes), out);
}

struct status secret_unseal(struct registry *r, struct text tenant, const uint8_t id[static SERVICE_ID_SIZE],
                            enum secret_slot slot, bool history, struct bytes sealed, struct secret_data *out,
                            struct error *err)
{
    char name[SECRET_SEAL_NAME_MAX];
    OWNED(secret_release) struct secret plain = {0};
    TRY(vault_unseal(r->parts.vault, secret_seal_name(tenant, id, slot, history, name), sealed, &plain, err));
    return secret_data_decode(&plain, out);
}

bool secret_data_equal(const struct secret_data *a, const struct secret_data *b)
{
    if (a->count != b->count)
        return false;
    bool equal = true;
    for (size_t i = 0; i < a->count; i++) {
        size_t k = 0;
        while (k < b->count && !text_equal(a->items[i].key, b->items[k].key))
            k++;
        if (k == b->count || a->items[i].value.n != b->items[k].value.n)
            return false;
        equal &= constant_time_equal(a->items[i].value.p, b->items[k].value.p, a->items[i].value.n);
    }
    return equal;
}

/* ---- what people see ---- */

/* What may leave the secret: not even a copy of the rest gets into the caller's arena, which nobody wipes.
 * The items borrow from `data`. */
static void pick_shown(const struct secret_data *data, struct secret_data *out)
{
    static const char *const shown[] = {"crt",
                                        "headers",
                                        "queryParameters",
                                        "formParameters",
                                        "credentialHeaders",
                                        "credentialQueryParameters"};
    *out = (struct secret_data){.count = 0};
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        const struct bytes value = secret_data_get(data, shown[i]);
        if (value.p)
            out->items[out->count++] = (struct secret_item){text_of(shown[i]), value};
    }
}

struct status view_make(const struct service *row, const struct secret_data *credentials,
                        const struct secret_data *parameters, bool by_hand, struct arena *a,
                        struct registry_view *out)
{
    struct registry_view view = {.row = *row, .credential_by_hand = credentials && by_hand};
    struct secret_data shown = {.count = 0};
    if (credentials)
        pick_shown(credentials, &shown);
    TRY(details_read(row, credentials ? &shown : NULL, parameters, a, &view.details));
    service_mask(&view.details);
    if (credentials) {
        view.credential_secret = secret_name(SECRET_CREDENTIALS, row->application, row->id, a);
        TRY(view.credential_secret.p ? DONE : STATUS(NOMEM));
    }
    if (parameters) {
        view.parameter_secret = secret_name(SECRET_PARAMETERS, row->application, row->id, a);
        TRY(view.parameter_secret.p ? DONE : STATUS(NOMEM));
    }
    *out = view;
    return DONE;
}
