/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One sealed value: AES-256-GCM with a random nonce; private to src/vault. Any thread.
 *
 *     "FLV1" | u32 key number | 12-byte nonce | ciphertext | 16-byte tag
 *
 * The first eight bytes and the value's name are authenticated with it, so that neither the value nor its key
 * number can be exchanged.
 *
 * Random 96-bit nonces allow 2^32 values per key (NIST SP 800-38D section 8.3). That counts every value ever
 * sealed, not those that are stored: a million services, each registered anew every day with four values,
 * take three years to get there. A rekey begins to count again.
 */

#include <pthread.h>

#include <openssl/types.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/secret.h"
#include "vault/vault.h"

#define VAULT_KEY_SIZE    32
#define SEAL_OVERHEAD     VAULT_SEAL_OVERHEAD
#define SEAL_CONTEXTS_MAX 16

/* A key ready for use: making a context and giving it the key costs more than sealing a password with it. */
struct seal_key {
    uint32_t number;
    struct secret bytes; /* VAULT_KEY_SIZE */
    pthread_mutex_t lock;
    unsigned idle_count;                     /* lock */
    EVP_CIPHER_CTX *idle[SEAL_CONTEXTS_MAX]; /* lock; they hold the key and are wiped with it */
};
/* Takes `bytes` over, on failure too. E_INVALID when they are not VAULT_KEY_SIZE; E_NOMEM. */
struct status seal_key_new(uint32_t number, struct secret *bytes, struct seal_key **out);
void seal_key_free(struct seal_key *k); /* wipes; accepts NULL; nobody may be using it */
OWNABLE(struct seal_key, seal_key_free);

/* Is this a sealed value, and under which key? */
bool seal_recognise(struct bytes value, uint32_t *out_key_number);
/* Appends plain.n + SEAL_OVERHEAD octets. E_INVALID for an empty name or more than 2 GiB. */
struct status seal_encrypt(struct seal_key *k, struct text name, struct bytes plain, struct buffer *out);
/* E_BROKEN when it is no sealed value, or damaged, or of another name or key. `out` must be empty. */
struct status seal_decrypt(struct seal_key *k, struct text name, struct bytes sealed, struct secret *out);
