/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/vault.h"

#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"
#include "vault/internal.h"

/*
 * The order that makes a crash harmless:
 *   1. the current master key is copied to <file>.old,
 *   2. the new one replaces <file>,
 *   3. one transaction stores the new data key under the new master key and every value under the new data
 * key,
 *   4. <file>.old is removed.
 * Before 3 only <file>.old opens the store, after it only <file>; vault_unlock tries both and tidies up. When
 * 3 fails, both files stay: a commit whose sync failed may still turn out to have happened, and the next
 * start finds out.
 */

#define ARENA_CHUNK 65536
#define ARENA_MAX   (256u << 20) /* every sealed value at once: they go into one transaction */

static void (*step_hook)(enum rekey_step step);

void vault_rekey_set_hook(void (*hook)(enum rekey_step step))
{
    step_hook = hook;
}

static void reached(enum rekey_step step)
{
    if (step_hook)
        step_hook(step);
}

struct rekey {
    struct vault *v;
    struct arena *arena;
    struct secret master, data_key; /* the new ones */
    uint32_t number;
    struct named_blob *blobs; /* in the arena */
    size_t count, capacity;
    struct status failed; /* of the callback */
};

static void rekey_release(struct rekey *r)
{
    secret_release(&r->master);
    secret_release(&r->data_key);
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

static struct status add_sealed(struct rekey *r, const struct secret *key, uint32_t number, struct text name,
                                const struct secret *plain)
{
    OWNED(buffer_release) struct buffer sealed;
    buffer_init(&sealed, plain->n + 64);
    TRY(seal_encrypt(key->p, number, name, secret_bytes(plain), &sealed));
    struct bytes kept = arena_bytes(r->arena, buffer_bytes(&sealed));
    return kept.p ? add_blob(r, name, kept) : STATUS(NOMEM);
}

static struct status reseal(struct rekey *r, struct text name, struct bytes value)
{
    uint32_t number = 0;
    if (text_starts_with(name, TEXT(DATA_KEY_PREFIX)) || !seal_recognise(value, &number))
        return DONE; /* not ours: certificates, the instance id, ... */
    OWNED(secret_release) struct secret plain = {0};
    TRY(seal_decrypt(r->v->data_key.p, name, value, &plain));
    return add_sealed(r, &r->data_key, r->number, name, &plain);
}

static bool see_blob(void *ctx, struct text name, struct bytes value)
{
    struct rekey *r = ctx;
    r->failed = reseal(r, name, value);
    return status_ok(r->failed);
}

static struct status prepare_blobs(struct rekey *r, struct store *s)
{
    TRY(random_key(&r->master));
    TRY(random_key(&r->data_key));
    TRY(store_blob_list(s, TEXT(""), r->arena, see_blob, r));
    TRY(r->failed);
    char name[DATA_KEY_NAME_MAX];
    struct text added = arena_text(r->arena, data_key_name(r->number, name));
    struct text retired = arena_text(r->arena, data_key_name(r->v->number, name));
    if (!added.p || !retired.p)
        return STATUS(NOMEM);
    TRY(add_sealed(r, &r->master, MASTER_NUMBER, added, &r->data_key));
    return add_blob(r, retired, (struct bytes){NULL, 0});
}

/* The master key in use, read again: the vault does not keep it. Also settles what an earlier, failed rekey
 * left behind. */
static struct status current_master(struct vault *v, struct store *s, struct arena *a, struct secret *out,
                                    struct error *err)
{
    OWNED(secret_release) struct secret data_key = {0};
    struct wrapped_key wrapped;
    TRY(wrapped_key_find(s, a, &wrapped, err));
    if (wrapped.number != v->number)
        return error_set(err, E_CONFLICT,
                         "the store's data key was changed by somebody else: restart the server");
    return vault_unlock(&v->file, &wrapped, out, &data_key, err);
}

static struct status replace_keys(struct rekey *r, struct store *s, const struct secret *old_master,
                                  const struct audit_entry *audit, struct error *err)
{
    const struct key_file *file = &r->v->file;
    TRY(key_file_write(file->old_path, old_master, err));
    reached(REKEY_OLD_KEPT);
    TRY(key_file_write(file->path, &r->master, err));
    reached(REKEY_NEW_IN_PLACE);
    struct status stored = store_blob_replace(s, r->blobs, r->count, audit);
    if (!status_ok(stored))
        return error_set(err, stored.code,
                         "cannot store the new keys: %s; '%s' and '%s' are both kept, and the next start "
                         "uses the right one",
                         code_text(stored.code), file->path, file->old_path);
    reached(REKEY_STORED);
    return DONE;
}

static struct status remove_old(const struct key_file *file, struct error *err)
{
    if (unlink(file->old_path) != 0 && errno != ENOENT)
        return error_set(err, E_UNAVAILABLE,
                         "the vault has new keys, but the old one '%s' cannot be removed: %s", file->old_path,
                         strerror(errno));
    reached(REKEY_OLD_GONE);
    return DONE;
}

static struct status rekey_locked(struct vault *v, struct store *s, const struct audit_entry *audit,
                                  struct error *err)
{
    OWNED(arena_release) struct arena arena;
    arena_init(&arena, ARENA_CHUNK, ARENA_MAX);
    OWNED(secret_release) struct secret old_master = {0};
    TRY(current_master(v, s, &arena, &old_master, err));
    OWNED(rekey_release) struct rekey r = {.v = v, .arena = &arena, .number = v->number + 1};
    struct status prepared = prepare_blobs(&r, s);
    if (!status_ok(prepared))
        return error_set(err, prepared.code, "cannot seal the store's secrets anew: %s",
                         code_text(prepared.code));
    TRY(replace_keys(&r, s, &old_master, audit, err));
    secret_release(&v->data_key);
    v->data_key = r.data_key;
    r.data_key = (struct secret){0};
    v->number = r.number;
    return remove_old(&v->file, err);
}

struct status vault_rekey(struct vault *v, struct store *s, const struct audit_entry *audit,
                          struct error *err)
{
    if (v->file.is_credential)
        return error_set(err, E_INVALID,
                         "'%s' is a systemd credential, which cannot be written: set vault.key_file",
                         v->file.path);
    (void)pthread_rwlock_wrlock(&v->lock);
    struct status result = rekey_locked(v, s, audit, err);
    (void)pthread_rwlock_unlock(&v->lock);
    return result;
}
