/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One sealed value: AES-256-GCM with a random nonce; private to src/vault. Any thread.
 *
 *     "FLV1" | u32 key number | 12-byte nonce | ciphertext | 16-byte tag
 *
 * The first eight bytes and the value's name are authenticated with it, so that neither the value nor its key
 * number can be exchanged. Random 96-bit nonces allow 2^32 values per key (NIST SP 800-38D section 8.3); a
 * store holds a few thousand.
 */

#include "base/buffer.h"
#include "base/error.h"
#include "base/secret.h"

#define VAULT_KEY_SIZE 32

/* Is this a sealed value, and under which key? */
bool seal_recognise(struct bytes value, uint32_t *out_key_number);
struct status seal_encrypt(const uint8_t key[static VAULT_KEY_SIZE], uint32_t key_number, struct text name,
                           struct bytes plain, struct buffer *out);
/* E_BROKEN when it is no sealed value, or damaged, or of another name or key. `out` must be empty. */
struct status seal_decrypt(const uint8_t key[static VAULT_KEY_SIZE], struct text name, struct bytes sealed,
                           struct secret *out);
