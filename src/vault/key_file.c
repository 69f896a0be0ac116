/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/key_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/encoding.h"
#include "os/files.h"

#define KEY_FILE_MAX 128 /* 32 bytes in base64 are 44 characters */

/* ---- where ---- */

/* An absolute directory from the environment, or NULL: relative ones are ignored (XDG Base Directory
 * Specification). */
static const char *directory_from(const char *variable)
{
    const char *value = secure_getenv(variable);
    return value && value[0] == '/' ? value : NULL;
}

static struct status set_path(struct key_file *k, struct error *err, const char *a, const char *b)
{
    int n = snprintf(k->path, sizeof k->path, "%s%s", a, b);
    int m = snprintf(k->old_path, sizeof k->old_path, "%s%s.old", a, b);
    if (n < 0 || m < 0 || (size_t)m >= sizeof k->old_path)
        return error_set(err, E_TOO_LARGE, "the path of the vault's key file is too long");
    return DONE;
}

struct status key_file_locate(struct text configured, struct key_file *out, struct error *err)
{
    *out = (struct key_file){0};
    if (configured.n > 0) {
        char path[PATH_MAX];
        if (!text_to_cstr(configured, path, sizeof path))
            return error_set(err, E_INVALID, "vault.key_file is no usable path");
        return set_path(out, err, path, "");
    }
    const char *credentials = directory_from("CREDENTIALS_DIRECTORY");
    if (credentials) {
        TRY(set_path(out, err, credentials, "/vault.key"));
        out->is_credential = access(out->path, F_OK) == 0;
        if (out->is_credential)
            return DONE;
    }
    const char *config = directory_from("XDG_CONFIG_HOME");
    const char *home = directory_from("HOME");
    if (config)
        return set_path(out, err, config, "/fairlead/vault.key");
    if (home)
        return set_path(out, err, home, "/.config/fairlead/vault.key");
    if (geteuid() == 0)
        return set_path(out, err, "/etc", "/fairlead/vault.key");
    return error_set(err, E_INVALID,
                     "neither HOME nor XDG_CONFIG_HOME says where the vault's key file is: set "
                     "vault.key_file");
}

/* The real path of the directory that holds `path`; the file itself may be missing. */
static bool real_directory_of(const char *path, char out[static PATH_MAX])
{
    char copy[PATH_MAX];
    const char *slash = strrchr(path, '/');
    struct text directory = slash ? (struct text){path, (size_t)(slash - path) + 1} : TEXT(".");
    return text_to_cstr(directory, copy, sizeof copy) && realpath(copy, out);
}

bool key_file_is_inside(const struct key_file *k, struct text directory)
{
    char given[PATH_MAX], outer[PATH_MAX], inner[PATH_MAX];
    if (directory.n == 0 || !text_to_cstr(directory, given, sizeof given) || !realpath(given, outer) ||
        !real_directory_of(k->path, inner))
        return false;
    size_t n = strlen(outer);
    if (n == 1) /* "/" */
        return true;
    return strncmp(inner, outer, n) == 0 && (inner[n] == '/' || inner[n] == '\0');
}

/* ---- what ---- */

static struct status parse(const char *path, struct bytes content, struct secret *out, struct error *err)
{
    if (content.n == VAULT_KEY_SIZE) /* raw; shorter than any base64 of a key */
        return secret_copy(out, content);
    struct buffer key;
    buffer_init(&key, VAULT_KEY_SIZE);
    struct status s = base64_decode(&key, bytes_text(content));
    if (!status_ok(s) || buffer_size(&key) != VAULT_KEY_SIZE)
        s = error_set(err, E_INVALID,
                      "'%s' is no vault key: it must hold %d random bytes, raw or as one line of base64",
                      path, VAULT_KEY_SIZE);
    else
        s = secret_copy(out, buffer_bytes(&key));
    buffer_wipe(&key);
    buffer_release(&key);
    return s;
}

/* systemd gives a service its credentials by an access list, which shows as group permission: its own
 * directory is the guard. */
static struct status read_credential(const char *path, struct secret *out, struct error *err)
{
    struct buffer content;
    buffer_init(&content, KEY_FILE_MAX);
    struct status s = file_read(path, KEY_FILE_MAX, &content, err);
    if (status_ok(s))
        s = parse(path, buffer_bytes(&content), out, err);
    buffer_wipe(&content);
    buffer_release(&content);
    return s;
}

struct status key_file_read(const struct key_file *k, const char *path, struct secret *out, struct error *err)
{
    if (k->is_credential)
        return read_credential(path, out, err);
    OWNED(secret_release) struct secret content = {0};
    TRY(file_read_secret(path, KEY_FILE_MAX, &content, err));
    return parse(path, secret_bytes(&content), out, err);
}

struct status key_file_write(const char *path, const struct secret *key, struct error *err)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (slash && slash != path) {
        if (!text_to_cstr((struct text){path, (size_t)(slash - path)}, directory, sizeof directory))
            return error_set(err, E_INVALID, "'%s' is no usable path", path);
        TRY(directory_make(directory, 0700, err));
    }
    struct buffer line;
    buffer_init(&line, KEY_FILE_MAX);
    struct status s = DONE;
    if (buffer_reserve(&line, KEY_FILE_MAX)) { /* all of it at once, so that growing leaves no copies */
        base64_encode(&line, secret_bytes(key));
        buffer_byte(&line, '\n');
    }
    s = buffer_status(&line);
    if (status_ok(s))
        s = file_write(path, buffer_bytes(&line), 0600, err);
    buffer_wipe(&line);
    buffer_release(&line);
    return s;
}
