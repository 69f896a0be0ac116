/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/random.h"
#include "vault/internal.h"

/* ---- in memory ---- */

void data_keys_release(struct data_keys *k)
{
    for (unsigned i = 0; i < k->count; i++)
        seal_key_free(k->list[i].key);
    *k = (struct data_keys){0};
}

bool data_keys_full(const struct data_keys *k)
{
    return k->count == VAULT_KEYS_MAX;
}

struct seal_key *data_keys_newest(const struct data_keys *k)
{
    return k->count > 0 ? k->list[k->count - 1].key : NULL;
}

void data_keys_add(struct data_keys *k, struct seal_key *key)
{
    const struct seal_key *newest = data_keys_newest(k);
    must(!data_keys_full(k) && (!newest || key->number > newest->number));
    k->list[k->count++] = (struct data_key){key, false};
}

struct seal_key *data_keys_find(const struct data_keys *k, uint32_t number)
{
    for (unsigned i = k->count; i > 0; i--) { /* newest first: nearly always the one */
        if (k->list[i - 1].key->number == number)
            return k->list[i - 1].key;
    }
    return NULL;
}

bool data_keys_unfinished(const struct data_keys *k)
{
    for (unsigned i = 0; i + 1 < k->count; i++) {
        if (!k->list[i].retired)
            return true;
    }
    return false;
}

void data_keys_forget_retired(struct data_keys *k)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < k->count; i++) {
        if (k->list[i].retired)
            seal_key_free(k->list[i].key);
        else
            k->list[kept++] = k->list[i];
    }
    k->count = kept;
}

struct status new_key(uint32_t number, struct seal_key **out)
{
    struct secret bytes = {0};
    TRY(secret_alloc(&bytes, VAULT_KEY_SIZE));
    random_bytes(bytes.p, bytes.n);
    return seal_key_new(number, &bytes, out);
}

/* ---- in the store ---- */

struct text data_key_name(uint32_t number, char out[static DATA_KEY_NAME_MAX])
{
    (void)snprintf(out, DATA_KEY_NAME_MAX, DATA_KEY_PREFIX "%" PRIu32, number);
    return text_of(out);
}

struct search {
    struct wrapped_keys found;
    bool too_many;
};

/* The store lists by name, which is not by number. */
static void insert(struct wrapped_keys *into, uint32_t number, struct bytes sealed)
{
    unsigned at = into->count++;
    for (; at > 0 && into->list[at - 1].number > number; at--)
        into->list[at] = into->list[at - 1];
    into->list[at].number = number;
    into->list[at].sealed = sealed;
    (void)data_key_name(number, into->list[at].name);
}

static bool see_data_key(void *ctx, struct text name, struct bytes value)
{
    struct search *search = ctx;
    uint64_t number = 0;
    bool numbered = text_to_u64(text_from(name, sizeof DATA_KEY_PREFIX - 1), UINT32_MAX, &number);
    if (!numbered || number == MASTER_NUMBER || value.n == 0)
        return true;
    search->too_many = search->found.count == VAULT_KEYS_MAX;
    if (!search->too_many)
        insert(&search->found, (uint32_t)number, value);
    return !search->too_many;
}

struct status wrapped_keys_find(struct store *s, struct arena *a, struct wrapped_keys *out, struct error *err)
{
    struct search search = {0};
    struct status found = store_blob_list(s, TEXT(DATA_KEY_PREFIX), a, see_data_key, &search);
    if (!status_ok(found))
        return error_set(err, found.code, "cannot read the vault's data keys from the store: %s",
                         code_text(found.code));
    if (search.too_many)
        return error_set(err, E_BROKEN, "the store has more than %d of the vault's data keys",
                         VAULT_KEYS_MAX);
    *out = search.found;
    return DONE;
}
