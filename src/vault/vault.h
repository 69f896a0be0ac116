/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Encryption of secrets at rest: AES-256-GCM under a data key, which is wrapped by a master key (DESIGN 5).
 * The row's identity (its name) is the associated data, so a sealed value cannot be moved to another row.
 *
 * Sealed form: "FLV1" | u32 data key number | 12-byte random nonce | ciphertext | 16-byte tag.
 * The wrapped data key lives in the store as blob "vault/data-key/<n>"; the master key is a file that is
 * never under data.dir. Any thread after opening.
 */

#include "base/buffer.h"
#include "base/error.h"
#include "base/secret.h"
#include "store/store.h"

struct vault;

struct vault_settings {
    struct text key_file; /* vault.key_file; empty = $CREDENTIALS_DIRECTORY/vault.key, else <user
                             configuration directory>/fairlead/vault.key, made at first start (0600) */
    struct text data_dir; /* to warn when the key lies inside */
    bool may_create;      /* first start: make the master key file and the data key */
};

/* Refuses: key file readable by others, wrong size, a key that does not unwrap the data key (says which
 * file). */
struct status vault_open(const struct vault_settings *settings, struct store *store, struct vault **out,
                         struct error *err);
void vault_close(struct vault *v); /* wipes; accepts NULL */

struct status vault_seal(struct vault *v, struct text name, struct bytes plain, struct buffer *out);
struct status vault_unseal(struct vault *v, struct text name, struct bytes sealed, struct secret *out,
                           struct error *err);

/* Seals/unseals and stores blob `name`. */
struct status vault_put(struct vault *v, struct store *s, struct text name, struct bytes plain,
                        const struct audit_entry *audit);
struct status vault_get(struct vault *v, struct store *s, struct text name, struct secret *out,
                        struct error *err);

/*
 * New master key file (written beside the old one, which is kept as <file>.old until the store holds the
 * re-wrapped data key) and a new data key; re-seals every sealed blob in one transaction. Safe against a
 * crash at any point: either key file opens the store afterwards.
 */
struct status vault_rekey(struct vault *v, struct store *s, const struct audit_entry *audit,
                          struct error *err);
const char *vault_key_path(const struct vault *v);
bool vault_key_is_inside_data_dir(const struct vault *v);
