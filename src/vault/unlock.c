/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "vault/internal.h"

static struct status read_master(const struct key_file *file, const char *path, struct seal_key **out,
                                 struct error *err)
{
    struct secret bytes = {0};
    TRY(key_file_read(file, path, &bytes, err));
    struct status s = seal_key_new(MASTER_NUMBER, &bytes, out);
    return status_ok(s) ? s : error_set(err, s.code, "out of memory");
}

static struct status unwrap(struct seal_key *master, const struct wrapped_key *wrapped, struct seal_key **out)
{
    OWNED(secret_release) struct secret bytes = {0};
    TRY(seal_decrypt(master, text_of(wrapped->name), wrapped->sealed, &bytes));
    if (bytes.n != VAULT_KEY_SIZE)
        return STATUS(BROKEN);
    return seal_key_new(wrapped->number, &bytes, out);
}

/* The newest says whether this is the right file; one transaction wraps all of them, so the others must open,
 * too. */
static struct status try_file(const struct key_file *file, const char *path,
                              const struct wrapped_keys *wrapped, struct seal_key **out_master,
                              struct data_keys *out, struct error *err)
{
    OWNED(seal_key_free) struct seal_key *master = NULL, *newest = NULL;
    OWNED(data_keys_release) struct data_keys keys = {0};
    TRY(read_master(file, path, &master, err));
    struct status s = unwrap(master, &wrapped->list[wrapped->count - 1], &newest);
    if (s.code == E_BROKEN)
        return error_set(
            err, E_DENIED,
            "the key in '%s' does not open this store's vault: use the key file that belongs to it", path);
    if (!status_ok(s))
        return error_set(err, s.code, "cannot open the vault with '%s': %s", path, code_text(s.code));
    for (unsigned i = 0; i + 1 < wrapped->count; i++) {
        struct seal_key *older = NULL;
        s = unwrap(master, &wrapped->list[i], &older);
        if (!status_ok(s))
            return error_set(err, s.code, "cannot open the vault's data key %" PRIu32 " with '%s': %s",
                             wrapped->list[i].number, path, code_text(s.code));
        data_keys_add(&keys, older);
    }
    data_keys_add(&keys, TAKE(newest));
    *out = keys;
    keys = (struct data_keys){0};
    *out_master = TAKE(master);
    return DONE;
}

struct status vault_unlock(const struct key_file *file, const struct wrapped_keys *wrapped,
                           struct seal_key **out_master, struct data_keys *out, struct error *err)
{
    bool old_exists = !file->is_credential && access(file->old_path, F_OK) == 0;
    struct status s = try_file(file, file->path, wrapped, out_master, out, err);
    if (status_ok(s)) {
        if (old_exists) /* the rekey had reached the store */
            (void)unlink(file->old_path);
        return DONE;
    }
    bool may_be_other_file = s.code == E_DENIED || s.code == E_NOT_FOUND;
    OWNED(seal_key_free) struct seal_key *master = NULL;
    OWNED(data_keys_release) struct data_keys keys = {0};
    if (!old_exists || !may_be_other_file ||
        !status_ok(try_file(file, file->old_path, wrapped, &master, &keys, NULL)))
        return s;
    /* The rekey had not reached the store: the new key never sealed anything. */
    if (rename(file->old_path, file->path) != 0)
        return error_set(err, E_UNAVAILABLE, "cannot put '%s' back after an interrupted rekey: %s",
                         file->old_path, strerror(errno));
    *out_master = TAKE(master);
    *out = keys;
    keys = (struct data_keys){0};
    return DONE;
}

/* ---- first start ---- */

/* A key that was put there beforehand is used; otherwise one is made. */
static struct status provide_master(const struct key_file *file, struct seal_key **out, struct error *err)
{
    struct error unread = {0};
    struct status s = read_master(file, file->path, out, &unread);
    if (s.code != E_NOT_FOUND)
        return status_ok(s) ? s : error_set(err, s.code, "%s", error_text(&unread, s));
    OWNED(seal_key_free) struct seal_key *made = NULL;
    s = new_key(MASTER_NUMBER, &made);
    if (!status_ok(s))
        return error_set(err, s.code, "out of memory");
    TRY(key_file_write(file->path, &made->bytes, err));
    *out = TAKE(made);
    return DONE;
}

struct status vault_begin(const struct key_file *file, struct store *s, bool may_create,
                          struct data_keys *out, struct error *err)
{
    if (!may_create)
        return error_set(err, E_NOT_FOUND, "the store has no vault yet; the first 'fairlead serve' makes it");
    OWNED(seal_key_free) struct seal_key *master = NULL, *key = NULL;
    TRY(provide_master(file, &master, err));
    char name[DATA_KEY_NAME_MAX];
    OWNED(buffer_release) struct buffer sealed;
    buffer_init(&sealed, 256);
    struct status made = new_key(1, &key);
    if (status_ok(made))
        made = seal_encrypt(master, data_key_name(1, name), secret_bytes(&key->bytes), &sealed);
    if (status_ok(made))
        made = store_blob_create(s, text_of(name), buffer_bytes(&sealed), NULL);
    if (!status_ok(made))
        return error_set(err, made.code, "cannot make the vault's data key: %s", code_text(made.code));
    data_keys_add(out, TAKE(key));
    return DONE;
}
