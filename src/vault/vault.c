/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/vault.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "vault/internal.h"

#define ARENA_CHUNK 4096
#define ARENA_MAX   (16u << 20)

/* ---- life cycle ---- */

void vault_close(struct vault *v)
{
    if (!v)
        return;
    data_keys_release(&v->keys);
    (void)pthread_rwlock_destroy(&v->lock);
    (void)pthread_rwlock_destroy(&v->entered);
    (void)pthread_mutex_destroy(&v->rekeying);
    mem_free(v);
}
OWNABLE(struct vault, vault_close);

/* Nobody reads twice in one thread, and a rekey must get its turn among a stream of readers. */
static void init_locks(struct vault *v)
{
    pthread_rwlockattr_t attributes;
    must(pthread_rwlockattr_init(&attributes) == 0);
    must(pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) == 0);
    must(pthread_rwlock_init(&v->lock, &attributes) == 0);
    must(pthread_rwlock_init(&v->entered, &attributes) == 0);
    must(pthread_mutex_init(&v->rekeying, NULL) == 0);
    (void)pthread_rwlockattr_destroy(&attributes);
}

struct status vault_open(const struct vault_settings *settings, struct store *store, struct vault **out,
                         struct error *err)
{
    OWNED(vault_close) struct vault *v = mem_alloc(sizeof *v);
    if (!v)
        return error_set(err, E_NOMEM, "out of memory");
    init_locks(v);
    TRY(key_file_locate(settings->key_file, &v->file, err));
    OWNED(arena_release) struct arena arena;
    arena_init(&arena, ARENA_CHUNK, ARENA_MAX);
    struct wrapped_keys wrapped;
    TRY(wrapped_keys_find(store, &arena, &wrapped, err));
    if (wrapped.count == 0) {
        TRY(vault_begin(&v->file, store, settings->may_create, &v->keys, err));
    } else { /* a missing key file is never replaced by a new one here: that would lose what is sealed */
        OWNED(seal_key_free) struct seal_key *master = NULL;
        TRY(vault_unlock(&v->file, &wrapped, &master, &v->keys, err));
    }
    v->inside_data_dir = key_file_is_inside(&v->file, settings->data_dir);
    *out = TAKE(v);
    return DONE;
}

const char *vault_key_path(const struct vault *v)
{
    return v->file.path;
}

bool vault_key_is_inside_data_dir(const struct vault *v)
{
    return v->inside_data_dir;
}

struct vault *vault_enter(struct vault *v)
{
    must(pthread_rwlock_rdlock(&v->entered) == 0);
    return v;
}

void vault_leave(struct vault *v)
{
    must(pthread_rwlock_unlock(&v->entered) == 0);
}

/* ---- values ---- */

struct status vault_seal(struct vault *v, struct text name, struct bytes plain, struct buffer *out)
{
    must(pthread_rwlock_rdlock(&v->lock) == 0);
    struct status s = seal_encrypt(data_keys_newest(&v->keys), name, plain, out);
    must(pthread_rwlock_unlock(&v->lock) == 0);
    return s;
}

/* Under the lock. E_BROKEN, too, when the vault does not have the key. */
static struct status unseal(const struct vault *v, uint32_t number, struct text name, struct bytes sealed,
                            struct secret *out)
{
    struct seal_key *key = data_keys_find(&v->keys, number);
    return key ? seal_decrypt(key, name, sealed, out) : STATUS(BROKEN);
}

struct status vault_unseal(struct vault *v, struct text name, struct bytes sealed, struct secret *out,
                           struct error *err)
{
    uint32_t number = 0;
    if (!seal_recognise(sealed, &number))
        return error_set(err, E_BROKEN, "'%.*s' is not sealed by the vault", TEXT_ARG(name));
    must(pthread_rwlock_rdlock(&v->lock) == 0);
    struct status s = unseal(v, number, name, sealed, out);
    bool known = status_ok(s) || data_keys_find(&v->keys, number);
    uint32_t newest = data_keys_newest(&v->keys)->number;
    must(pthread_rwlock_unlock(&v->lock) == 0);
    if (status_ok(s))
        return s;
    if (!known)
        return error_set(err, s.code,
                         "'%.*s' is sealed under data key %" PRIu32
                         ", which the vault does not have; its newest is %" PRIu32,
                         TEXT_ARG(name), number, newest);
    return error_set(err, s.code, "cannot unseal '%.*s': %s", TEXT_ARG(name),
                     s.code == E_BROKEN ? "it is damaged or belongs to another name" : code_text(s.code));
}

struct status vault_put(struct vault *v, struct store *s, struct text name, struct bytes plain,
                        const struct audit_entry *audit)
{
    OWNED(buffer_release) struct buffer sealed;
    buffer_init(&sealed, plain.n + SEAL_OVERHEAD);
    /* Shared until the value is stored, so that a rekey does not miss it. */
    must(pthread_rwlock_rdlock(&v->lock) == 0);
    struct status result = seal_encrypt(data_keys_newest(&v->keys), name, plain, &sealed);
    if (status_ok(result))
        result = store_blob_put(s, name, buffer_bytes(&sealed), audit);
    must(pthread_rwlock_unlock(&v->lock) == 0);
    return result;
}

struct status vault_get(struct vault *v, struct store *s, struct text name, struct secret *out,
                        struct error *err)
{
    OWNED(arena_release) struct arena arena;
    arena_init(&arena, ARENA_CHUNK, ARENA_MAX);
    /* Shared from reading on, so that a rekey does not come between the value and its key. */
    must(pthread_rwlock_rdlock(&v->lock) == 0);
    struct bytes sealed;
    uint32_t number = 0;
    struct status result = store_blob_get(s, name, &arena, &sealed);
    if (status_ok(result))
        result = seal_recognise(sealed, &number) ? unseal(v, number, name, sealed, out) : STATUS(BROKEN);
    must(pthread_rwlock_unlock(&v->lock) == 0);
    if (status_ok(result))
        return result;
    return error_set(err, result.code, "cannot read the secret '%.*s': %s", TEXT_ARG(name),
                     code_text(result.code));
}
