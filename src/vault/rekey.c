/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/vault.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "vault/internal.h"

/*
 * The order that makes a crash harmless:
 *   1. the current master key is copied to <file>.old,
 *   2. the new one replaces <file>,
 *   3. one transaction stores, under the new master key, a new data key and the older ones, and every blob
 *      under the new data key,
 *   4. <file>.old is removed,
 *   5. what services keep is sealed anew, a page per transaction (reseal.c): a million values are too many
 *      for one,
 *   6. the older data keys are removed.
 * Before 3 only <file>.old opens the store, after it only <file>; vault_unlock tries both and tidies up. When
 * 3 fails, both files stay: a commit whose sync failed may still turn out to have happened, and the next
 * start finds out. From 3 to 6 the store holds several data keys, and each value says which is its own; what
 * a crash leaves undone of 5 and 6, vault_finish_rekey or the next rekey does.
 */

#define ARENA_CHUNK 65536
#define ARENA_MAX   (256u << 20) /* every sealed blob at once: they go into one transaction */

static void (*step_hook)(enum rekey_step step);

void vault_rekey_set_hook(void (*hook)(enum rekey_step step))
{
    step_hook = hook;
}

void rekey_reached(enum rekey_step step)
{
    if (step_hook)
        step_hook(step);
}

struct rekey {
    struct vault *v;
    struct arena *arena;
    struct seal_key *old_master;
    struct seal_key *master, *data_key; /* the new ones */
    struct named_blob *blobs;           /* in the arena */
    size_t count, capacity;
    struct status failed; /* of the callback */
};

static void rekey_release(struct rekey *r)
{
    seal_key_free(r->old_master);
    seal_key_free(r->master);
    seal_key_free(r->data_key);
}
OWNABLE_VALUE(struct rekey, rekey_release);

static struct status add_blob(struct rekey *r, struct text name, struct bytes value)
{
    if (r->count == r->capacity) {
        size_t capacity = r->capacity ? 2 * r->capacity : 64;
        struct named_blob *grown = arena_array(r->arena, capacity, sizeof *grown);
        if (!grown)
            return STATUS(NOMEM);
        if (r->count > 0)
            memcpy(grown, r->blobs, r->count * sizeof *grown);
        r->blobs = grown;
        r->capacity = capacity;
    }
    r->blobs[r->count++] = (struct named_blob){name, value};
    return DONE;
}

static struct status add_sealed(struct rekey *r, struct seal_key *key, struct text name,
                                const struct secret *plain)
{
    OWNED(buffer_release) struct buffer sealed;
    buffer_init(&sealed, plain->n + SEAL_OVERHEAD);
    TRY(seal_encrypt(key, name, secret_bytes(plain), &sealed));
    struct bytes kept = arena_bytes(r->arena, buffer_bytes(&sealed));
    return kept.p ? add_blob(r, name, kept) : STATUS(NOMEM);
}

static struct status reseal_blob(struct rekey *r, struct text name, struct bytes value)
{
    uint32_t number = 0;
    if (text_starts_with(name, TEXT(DATA_KEY_PREFIX)) || !seal_recognise(value, &number))
        return DONE; /* not ours: certificates, the instance id, ... */
    struct seal_key *key = data_keys_find(&r->v->keys, number);
    OWNED(secret_release) struct secret plain = {0};
    TRY(key ? seal_decrypt(key, name, value, &plain) : STATUS(BROKEN));
    return add_sealed(r, r->data_key, name, &plain);
}

static bool see_blob(void *ctx, struct text name, struct bytes value)
{
    struct rekey *r = ctx;
    r->failed = reseal_blob(r, name, value);
    return status_ok(r->failed);
}

static struct status wrap(struct rekey *r, const struct seal_key *data_key)
{
    char name[DATA_KEY_NAME_MAX];
    struct text kept = arena_text(r->arena, data_key_name(data_key->number, name));
    return kept.p ? add_sealed(r, r->master, kept, &data_key->bytes) : STATUS(NOMEM);
}

static struct status prepare_blobs(struct rekey *r, struct store *s)
{
    const struct data_keys *keys = &r->v->keys;
    TRY(new_key(MASTER_NUMBER, &r->master));
    TRY(new_key(data_keys_newest(keys)->number + 1, &r->data_key));
    TRY(store_blob_list(s, TEXT(""), r->arena, see_blob, r));
    TRY(r->failed);
    for (unsigned i = 0; i < keys->count; i++)
        TRY(wrap(r, keys->list[i].key));
    return wrap(r, r->data_key);
}

/* The master key in use, read again: the vault does not keep it. Also settles what an earlier, failed rekey
 * left behind. */
static struct status current_master(struct vault *v, struct store *s, struct arena *a, struct seal_key **out,
                                    struct error *err)
{
    OWNED(data_keys_release) struct data_keys stored = {0};
    struct wrapped_keys wrapped;
    TRY(wrapped_keys_find(s, a, &wrapped, err));
    if (wrapped.count == 0 || wrapped.list[wrapped.count - 1].number != data_keys_newest(&v->keys)->number)
        return error_set(err, E_CONFLICT,
                         "the store's data key was changed by somebody else: restart the server");
    return vault_unlock(&v->file, &wrapped, out, &stored, err);
}

static struct status replace_keys(struct rekey *r, struct store *s, const struct audit_entry *audit,
                                  struct error *err)
{
    const struct key_file *file = &r->v->file;
    TRY(key_file_write(file->old_path, &r->old_master->bytes, err));
    rekey_reached(REKEY_OLD_KEPT);
    TRY(key_file_write(file->path, &r->master->bytes, err));
    rekey_reached(REKEY_NEW_IN_PLACE);
    struct status stored = store_blob_replace(s, r->blobs, r->count, audit);
    if (!status_ok(stored))
        return error_set(err, stored.code,
                         "cannot store the new keys: %s; '%s' and '%s' are both kept, and the next start "
                         "uses the right one",
                         code_text(stored.code), file->path, file->old_path);
    rekey_reached(REKEY_STORED);
    return DONE;
}

static struct status remove_old(const struct key_file *file, struct error *err)
{
    if (unlink(file->old_path) != 0 && errno != ENOENT)
        return error_set(err, E_UNAVAILABLE,
                         "the vault has new keys, but the old one '%s' cannot be removed: %s", file->old_path,
                         strerror(errno));
    rekey_reached(REKEY_OLD_GONE);
    return DONE;
}

/* Steps 1 to 4, under the lock: no blob is sealed or read meanwhile. */
static struct status change_keys(struct vault *v, struct store *s, const struct audit_entry *audit,
                                 struct error *err)
{
    OWNED(arena_release) struct arena arena;
    arena_init(&arena, ARENA_CHUNK, ARENA_MAX);
    OWNED(rekey_release) struct rekey r = {.v = v, .arena = &arena};
    data_keys_forget_retired(&v->keys);
    if (data_keys_full(&v->keys))
        return error_set(err, E_BROKEN,
                         "damaged secrets of services hold on to %d data keys: delete or replace those "
                         "that the log names",
                         VAULT_KEYS_MAX);
    TRY(current_master(v, s, &arena, &r.old_master, err));
    struct status prepared = prepare_blobs(&r, s);
    if (!status_ok(prepared))
        return error_set(err, prepared.code, "cannot seal the store's secrets anew: %s",
                         code_text(prepared.code));
    TRY(replace_keys(&r, s, audit, err));
    data_keys_add(&v->keys, TAKE(r.data_key));
    return remove_old(&v->file, err);
}

static struct status rekey(struct vault *v, struct store *s, const struct audit_entry *audit,
                           struct error *err)
{
    must(pthread_rwlock_wrlock(&v->lock) == 0);
    struct status changed = change_keys(v, s, audit, err);
    must(pthread_rwlock_unlock(&v->lock) == 0);
    TRY(changed);
    return reseal_services(v, s, err);
}

struct status vault_rekey(struct vault *v, struct store *s, const struct audit_entry *audit,
                          struct error *err)
{
    if (v->file.is_credential)
        return error_set(err, E_INVALID,
                         "'%s' is a systemd credential, which cannot be written: set vault.key_file",
                         v->file.path);
    must(pthread_mutex_lock(&v->rekeying) == 0);
    struct status result = rekey(v, s, audit, err);
    must(pthread_mutex_unlock(&v->rekeying) == 0);
    return result;
}

static bool is_unfinished(struct vault *v)
{
    must(pthread_rwlock_rdlock(&v->lock) == 0);
    bool unfinished = data_keys_unfinished(&v->keys);
    must(pthread_rwlock_unlock(&v->lock) == 0);
    return unfinished;
}

struct status vault_finish_rekey(struct vault *v, struct store *s, struct error *err)
{
    if (!is_unfinished(v) || pthread_mutex_trylock(&v->rekeying) != 0)
        return DONE; /* nothing to do, or somebody is at it */
    struct status result = v->gave_up ? DONE : reseal_services(v, s, err);
    must(pthread_mutex_unlock(&v->rekeying) == 0);
    return result;
}
