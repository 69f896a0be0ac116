/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The file with the master key; private to src/vault. It holds 32 random bytes, as one line of base64 (what
 * we write) or raw. Where it is: vault.key_file; else the systemd credential "vault.key"; else
 * fairlead/vault.key in the user's configuration directory; /etc/fairlead/vault.key for root without HOME.
 */

#include <limits.h>

#include "base/error.h"
#include "base/secret.h"
#include "vault/seal.h"

struct key_file {
    char path[PATH_MAX];
    char old_path[PATH_MAX]; /* <path>.old, which exists while a rekey is under way */
    bool is_credential;      /* systemd's: it guards the file, and we cannot write it */
};

/* `configured` may be empty. */
struct status key_file_locate(struct text configured, struct key_file *out, struct error *err);
/*
 * E_NOT_FOUND when missing; E_DENIED when others may read or write it, it is not ours or a symbolic link;
 * E_INVALID when it is no key. `out` must be empty and then holds VAULT_KEY_SIZE bytes.
 */
struct status key_file_read(const struct key_file *k, const char *path, struct secret *out,
                            struct error *err);
/* Mode 0600; durable when it returns; replaces an existing file at once. Makes a missing directory (0700). */
struct status key_file_write(const char *path, const struct secret *key, struct error *err);
bool key_file_is_inside(const struct key_file *k, struct text directory);
