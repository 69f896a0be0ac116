/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/vault.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/random.h"
#include "vault/internal.h"

#define ARENA_CHUNK 4096
#define ARENA_MAX   (16u << 20)

/* ---- data keys in the store ---- */

struct text data_key_name(uint32_t number, char out[static DATA_KEY_NAME_MAX])
{
    (void)snprintf(out, DATA_KEY_NAME_MAX, DATA_KEY_PREFIX "%" PRIu32, number);
    return text_of(out);
}

static bool see_data_key(void *ctx, struct text name, struct bytes value)
{
    struct wrapped_key *newest = ctx;
    uint64_t number = 0;
    bool numbered = text_to_u64(text_from(name, sizeof DATA_KEY_PREFIX - 1), UINT32_MAX, &number);
    if (numbered && value.n > 0 && number > newest->number) {
        newest->number = (uint32_t)number;
        newest->sealed = value;
    }
    return true;
}

struct status wrapped_key_find(struct store *s, struct arena *a, struct wrapped_key *out, struct error *err)
{
    struct wrapped_key newest = {0};
    struct status found = store_blob_list(s, TEXT(DATA_KEY_PREFIX), a, see_data_key, &newest);
    if (!status_ok(found))
        return error_set(err, found.code, "cannot read the vault's data key from the store: %s",
                         code_text(found.code));
    (void)data_key_name(newest.number, newest.name);
    *out = newest;
    return DONE;
}

struct status random_key(struct secret *out)
{
    TRY(secret_alloc(out, VAULT_KEY_SIZE));
    random_bytes(out->p, out->n);
    return DONE;
}

/* ---- unlocking ---- */

static struct status try_file(const struct key_file *file, const char *path,
                              const struct wrapped_key *wrapped, struct secret *out_master,
                              struct secret *out_data_key, struct error *err)
{
    OWNED(secret_release) struct secret master = {0}, data_key = {0};
    TRY(key_file_read(file, path, &master, err));
    struct status s = seal_decrypt(master.p, text_of(wrapped->name), wrapped->sealed, &data_key);
    if (s.code == E_BROKEN || (status_ok(s) && data_key.n != VAULT_KEY_SIZE))
        return error_set(
            err, E_DENIED,
            "the key in '%s' does not open this store's vault: use the key file that belongs to it", path);
    if (!status_ok(s))
        return error_set(err, s.code, "cannot open the vault with '%s': %s", path, code_text(s.code));
    *out_master = master;
    *out_data_key = data_key;
    master = data_key = (struct secret){0};
    return DONE;
}

struct status vault_unlock(const struct key_file *file, const struct wrapped_key *wrapped,
                           struct secret *out_master, struct secret *out_data_key, struct error *err)
{
    bool old_exists = !file->is_credential && access(file->old_path, F_OK) == 0;
    struct status s = try_file(file, file->path, wrapped, out_master, out_data_key, err);
    if (status_ok(s)) {
        if (old_exists) /* the rekey had reached the store */
            (void)unlink(file->old_path);
        return DONE;
    }
    bool may_be_other_file = s.code == E_DENIED || s.code == E_NOT_FOUND;
    if (!old_exists || !may_be_other_file ||
        !status_ok(try_file(file, file->old_path, wrapped, out_master, out_data_key, NULL)))
        return s;
    /* The rekey had not reached the store: the new key never sealed anything. */
    if (rename(file->old_path, file->path) != 0) {
        secret_release(out_master);
        secret_release(out_data_key);
        return error_set(err, E_UNAVAILABLE, "cannot put '%s' back after an interrupted rekey: %s",
                         file->old_path, strerror(errno));
    }
    return DONE;
}

/* ---- first start ---- */

/* A key that was put there beforehand is used; otherwise one is made. */
static struct status provide_master(const struct key_file *file, bool may_create, struct secret *out,
                                    struct error *err)
{
    struct error unread = {0};
    struct status s = key_file_read(file, file->path, out, &unread);
    if (s.code != E_NOT_FOUND)
        return status_ok(s) ? s : error_set(err, s.code, "%s", error_text(&unread, s));
    if (!may_create)
        return error_set(err, E_NOT_FOUND, "the vault's key file '%s' is missing", file->path);
    OWNED(secret_release) struct secret key = {0};
    s = random_key(&key);
    if (!status_ok(s))
        return error_set(err, s.code, "out of memory");
    TRY(key_file_write(file->path, &key, err));
    *out = key;
    key = (struct secret){0};
    return DONE;
}

static struct status create_data_key(struct vault *v, struct store *s, bool may_create, struct error *err)
{
    if (!may_create)
        return error_set(err, E_NOT_FOUND, "the store has no vault yet; the first 'fairlead serve' makes it");
    OWNED(secret_release) struct secret master = {0}, key = {0};
    TRY(provide_master(&v->file, may_create, &master, err));
    char name[DATA_KEY_NAME_MAX];
    OWNED(buffer_release) struct buffer sealed;
    buffer_init(&sealed, 256);
    struct status made = random_key(&key);
    if (status_ok(made))
        made = seal_encrypt(master.p, MASTER_NUMBER, data_key_name(1, name), secret_bytes(&key), &sealed);
    if (status_ok(made))
        made = store_blob_create(s, text_of(name), buffer_bytes(&sealed), NULL);
    if (!status_ok(made))
        return error_set(err, made.code, "cannot make the vault's data key: %s", code_text(made.code));
    v->number = 1;
    v->data_key = key;
    key = (struct secret){0};
    return DONE;
}

/* ---- life cycle ---- */

void vault_close(struct vault *v)
{
    if (!v)
        return;
    secret_release(&v->data_key);
    (void)pthread_rwlock_destroy(&v->lock);
    mem_free(v);
}
OWNABLE(struct vault, vault_close);

struct status vault_open(const struct vault_settings *settings, struct store *store, struct vault **out,
                         struct error *err)
{
    OWNED(vault_close) struct vault *v = mem_alloc(sizeof *v);
    if (!v)
        return error_set(err, E_NOMEM, "out of memory");
    must(pthread_rwlock_init(&v->lock, NULL) == 0);
    TRY(key_file_locate(settings->key_file, &v->file, err));
    OWNED(arena_release) struct arena arena;
    arena_init(&arena, ARENA_CHUNK, ARENA_MAX);
    struct wrapped_key wrapped;
    TRY(wrapped_key_find(store, &arena, &wrapped, err));
    if (wrapped.number == 0) {
        TRY(create_data_key(v, store, settings->may_create, err));
    } else { /* a missing key file is never replaced by a new one here: that would lose what is sealed */
        OWNED(secret_release) struct secret master = {0};
        TRY(vault_unlock(&v->file, &wrapped, &master, &v->data_key, err));
        v->number = wrapped.number;
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

/* ---- values ---- */

struct status vault_seal(struct vault *v, struct text name, struct bytes plain, struct buffer *out)
{
    (void)pthread_rwlock_rdlock(&v->lock);
    struct status s = seal_encrypt(v->data_key.p, v->number, name, plain, out);
    (void)pthread_rwlock_unlock(&v->lock);
    return s;
}

struct status vault_unseal(struct vault *v, struct text name, struct bytes sealed, struct secret *out,
                           struct error *err)
{
    uint32_t number = 0;
    if (!seal_recognise(sealed, &number))
        return error_set(err, E_BROKEN, "'%.*s' is not sealed by the vault", TEXT_ARG(name));
    (void)pthread_rwlock_rdlock(&v->lock);
    uint32_t current = v->number;
    struct status s = number == current ? seal_decrypt(v->data_key.p, name, sealed, out) : STATUS(BROKEN);
    (void)pthread_rwlock_unlock(&v->lock);
    if (status_ok(s))
        return s;
    if (number != current)
        return error_set(err, s.code,
                         "'%.*s' is sealed under data key %" PRIu32 ", but the vault has %" PRIu32,
                         TEXT_ARG(name), number, current);
    return error_set(err, s.code, "cannot unseal '%.*s': %s", TEXT_ARG(name),
                     s.code == E_BROKEN ? "it is damaged or belongs to another name" : code_text(s.code));
}

struct status vault_put(struct vault *v, struct store *s, struct text name, struct bytes plain,
                        const struct audit_entry *audit)
{
    OWNED(buffer_release) struct buffer sealed;
    buffer_init(&sealed, plain.n + 64);
    /* Shared until the value is stored, so that a rekey does not miss it. */
    (void)pthread_rwlock_rdlock(&v->lock);
    struct status result = seal_encrypt(v->data_key.p, v->number, name, plain, &sealed);
    if (status_ok(result))
        result = store_blob_put(s, name, buffer_bytes(&sealed), audit);
    (void)pthread_rwlock_unlock(&v->lock);
    return result;
}

struct status vault_get(struct vault *v, struct store *s, struct text name, struct secret *out,
                        struct error *err)
{
    OWNED(arena_release) struct arena arena;
    arena_init(&arena, ARENA_CHUNK, ARENA_MAX);
    /* Shared from reading on, so that a rekey does not come between the value and its key. */
    (void)pthread_rwlock_rdlock(&v->lock);
    struct bytes sealed;
    struct status result = store_blob_get(s, name, &arena, &sealed);
    if (status_ok(result))
        result = seal_decrypt(v->data_key.p, name, sealed, out);
    (void)pthread_rwlock_unlock(&v->lock);
    if (status_ok(result))
        return result;
    return error_set(err, result.code, "cannot read the secret '%.*s': %s", TEXT_ARG(name),
                     code_text(result.code));
}
