/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Encryption of secrets at rest: AES-256-GCM under a data key, which is wrapped by a master key (DESIGN 5).
 * The row's identity (its name) is the associated data, so a sealed value cannot be moved to another row.
 *
 * Sealed form: "FLV1" | u32 data key number | 12-byte random nonce | ciphertext | 16-byte tag.
 * The wrapped data keys live in the store as blobs "vault/data-key/<n>"; there is one, and more while a rekey
 * is under way. The master key is a file that is never under data.dir. Any thread after opening.
 */

#include "base/buffer.h"
#include "base/error.h"
#include "base/own.h"
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

/*
 * Values that the caller stores himself (the secrets of services). Whoever seals one stands between
 * vault_enter and vault_leave until it is stored: a rekey waits for those who entered before it changed the
 * key, and removes the older key afterwards. So neither nest nor wait for anybody in between.
 *
 *     OWNED(vault_leave) struct vault *entered = vault_enter(v);
 *     TRY(vault_seal(entered, name, plain, &sealed));
 *     return store_...(store, ..., buffer_bytes(&sealed));
 */
struct vault *vault_enter(struct vault *v); /* gives `v` */
void vault_leave(struct vault *v);
OWNABLE(struct vault, vault_leave);
#define VAULT_SEAL_OVERHEAD 36 /* octets that `out` gets beyond plain.n */
struct status vault_seal(struct vault *v, struct text name, struct bytes plain, struct buffer *out);
/* E_BROKEN: not sealed, damaged, of another name, or under a data key that the vault does not have. A value
 * read just before a rekey sealed it anew still opens. */
struct status vault_unseal(struct vault *v, struct text name, struct bytes sealed, struct secret *out,
                           struct error *err);

/* Seals/unseals and stores blob `name`. */
struct status vault_put(struct vault *v, struct store *s, struct text name, struct bytes plain,
                        const struct audit_entry *audit);
struct status vault_get(struct vault *v, struct store *s, struct text name, struct secret *out,
                        struct error *err);

/*
 * New master key file (written beside the old one, which is kept as <file>.old until the store holds the
 * re-wrapped data keys) and a new data key; re-seals every sealed blob in one transaction, then what services
 * keep (store_sealed_list) page by page. Blocks until all is done; others seal and unseal meanwhile, but
 * during the first transaction. Safe against a crash at any point: the store opens with the key file that is
 * there, and every value can be read.
 *
 * E_BROKEN when a blob does not open: nothing was changed. E_BROKEN, too, when a service's secret does not
 * open: everything else was sealed anew, and the data key of that one stays. Another failure among the
 * services' leaves the rest to vault_finish_rekey; `err` says which of these it was.
 */
struct status vault_rekey(struct vault *v, struct store *s, const struct audit_entry *audit,
                          struct error *err);
/* The end of a rekey that was cut short, by a crash say. Nearly free when there is nothing to do: call it now
 * and then. Reports damage once per process. */
struct status vault_finish_rekey(struct vault *v, struct store *s, struct error *err);
const char *vault_key_path(const struct vault *v);
bool vault_key_is_inside_data_dir(const struct vault *v);
