/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "store/registry.h"
#include "vault/internal.h"

#define PAGE_ROWS   500
#define PAGE_BYTES  (4u << 20) /* a page ends after the value that reaches it */
#define ARENA_CHUNK (256 * 1024)
#define ARENA_MAX   (64u << 20)

struct resealing {
    struct vault *v;
    struct arena arena; /* of one page */
    struct sealed_place last;
    struct sealed_exchange *list; /* of one page, PAGE_ROWS; in the arena, as all it points to */
    size_t count, bytes, seen;    /* of one page */
    struct status failed;         /* of the callback */
    /* over all pages: values that do not open */
    uint64_t damaged;
    struct error first_damage;
    bool holds[VAULT_KEYS_MAX]; /* by position in the vault's list: a damaged value says it is under this */
};

static void resealing_release(struct resealing *r)
{
    arena_release(&r->arena);
}
OWNABLE_VALUE(struct resealing, resealing_release);

/* It stays as it is, and so does its key, in case that a backup of the row or a person can help. */
static void note_damage(struct resealing *r, struct text name, struct bytes sealed)
{
    uint32_t number = 0;
    bool recognised = seal_recognise(sealed, &number);
    for (unsigned i = 0; i < r->v->keys.count; i++)
        r->holds[i] |= recognised && r->v->keys.list[i].key->number == number;
    if (r->damaged++ > 0)
        return;
    if (recognised && data_keys_find(&r->v->keys, number))
        error_write(&r->first_damage, E_BROKEN, "'%.*s' is damaged", TEXT_ARG(name));
    else if (recognised)
        error_write(&r->first_damage, E_BROKEN,
                    "'%.*s' is sealed under data key %" PRIu32 ", which the vault does not have",
                    TEXT_ARG(name), number);
    else
        error_write(&r->first_damage, E_BROKEN, "'%.*s' is not sealed by the vault", TEXT_ARG(name));
}

static struct status add_exchange(struct resealing *r, struct text name, struct bytes sealed,
                                  const struct secret *plain)
{
    OWNED(buffer_release) struct buffer fresh;
    buffer_init(&fresh, plain->n + SEAL_OVERHEAD);
    TRY(seal_encrypt(data_keys_newest(&r->v->keys), name, secret_bytes(plain), &fresh));
    struct bytes kept = arena_bytes(&r->arena, buffer_bytes(&fresh));
    if (!kept.p)
        return STATUS(NOMEM);
    r->list[r->count++] = (struct sealed_exchange){r->last, sealed, kept};
    return DONE;
}

static struct status reseal(struct resealing *r, struct text name, struct bytes sealed)
{
    uint32_t number = 0;
    struct seal_key *key = seal_recognise(sealed, &number) ? data_keys_find(&r->v->keys, number) : NULL;
    if (key && key == data_keys_newest(&r->v->keys))
        return DONE;
    OWNED(secret_release) struct secret plain = {0};
    struct status s = key ? seal_decrypt(key, name, sealed, &plain) : STATUS(BROKEN);
    if (s.code == E_BROKEN) {
        note_damage(r, name, sealed);
        return DONE;
    }
    TRY(s);
    return add_exchange(r, name, sealed, &plain);
}

static bool page_is_full(const struct resealing *r)
{
    return r->bytes >= PAGE_BYTES || r->seen >= PAGE_ROWS;
}

static bool see_sealed(void *ctx, const struct sealed_place *place, struct text name, struct bytes sealed)
{
    struct resealing *r = ctx;
    r->last = *place;
    r->seen++;
    r->bytes += sealed.n;
    r->failed = reseal(r, name, sealed);
    return status_ok(r->failed) && !page_is_full(r);
}

/* The list of keys is ours: whoever changes it holds `rekeying`, as we do. */
static struct status reseal_page(struct resealing *r, struct store *s)
{
    struct sealed_place after = r->last;
    arena_reset(&r->arena);
    r->count = r->bytes = r->seen = 0;
    r->list = arena_array(&r->arena, PAGE_ROWS, sizeof *r->list);
    if (!r->list)
        return STATUS(NOMEM);
    TRY(store_sealed_list(s, &after, PAGE_ROWS, &r->arena, see_sealed, r));
    TRY(r->failed);
    rekey_reached(REKEY_PAGE_READ);
    if (r->count > 0)
        TRY(store_sealed_exchange(s, r->list,
                                  r->count)); /* what was replaced meanwhile is under the new key */
    rekey_reached(REKEY_PAGE_STORED);
    return DONE;
}

/* Up to the first page that is not full. What is added behind it is under the new key already; waiting for an
 * empty page could take as long as services are registered. */
static struct status reseal_all(struct resealing *r, struct store *s)
{
    do {
        TRY(reseal_page(r, s));
    } while (page_is_full(r));
    rekey_reached(REKEY_RESEALED);
    return DONE;
}

/* An empty blob takes the key's place. */
static struct status retire(struct resealing *r, struct store *s)
{
    struct data_keys *keys = &r->v->keys;
    for (unsigned i = 0; i + 1 < keys->count; i++) {
        char name[DATA_KEY_NAME_MAX];
        if (keys->list[i].retired || r->holds[i])
            continue;
        TRY(store_blob_put(s, data_key_name(keys->list[i].key->number, name), (struct bytes){NULL, 0}, NULL));
        must(pthread_rwlock_wrlock(&r->v->lock) == 0);
        keys->list[i].retired = true;
        must(pthread_rwlock_unlock(&r->v->lock) == 0);
    }
    rekey_reached(REKEY_RETIRED);
    return DONE;
}

struct status reseal_services(struct vault *v, struct store *s, struct error *err)
{
    OWNED(resealing_release) struct resealing r = {.v = v};
    arena_init(&r.arena, ARENA_CHUNK, ARENA_MAX);
    /* Who sealed under an older key before now has stored it when this returns. */
    must(pthread_rwlock_wrlock(&v->entered) == 0);
    must(pthread_rwlock_unlock(&v->entered) == 0);
    struct status result = reseal_all(&r, s);
    if (status_ok(result))
        result = retire(&r, s);
    if (!status_ok(result))
        return error_set(err, result.code,
                         "the vault has new keys, but not every service's secret is sealed under them yet "
                         "(%s): they stay readable, and the server goes on with it by itself",
                         code_text(result.code));
    v->gave_up = r.damaged > 0;
    if (r.damaged > 0)
        return error_set(err, E_BROKEN,
                         "the vault has new keys, but %" PRIu64
                         " secrets of services do not open; the first: %s",
                         r.damaged, r.first_damage.message);
    return DONE;
}
