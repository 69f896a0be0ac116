/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Signatures by a key at hand: requests, self-signed certificates, the proof that a key belongs to a
 * certificate. A CA's go through ca/signer.h. Any thread. */

#include <openssl/types.h>

#include "base/buffer.h"
#include "base/error.h"
#include "x509/signature.h"

/* What a key of this kind signs with here: SHA-256 (RSA with PKCS#1 v1.5, P-256), SHA-384 (P-384), SHA-512
 * (P-521), Ed25519. */
enum signature_algorithm signature_algorithm_for(enum key_kind kind);
/* Appends the signature over `message` by that algorithm, as it stands in a BIT STRING. `kind` is the key's.
 * E_BROKEN, E_NOMEM. */
struct status signature_make(EVP_PKEY *key, enum key_kind kind, struct bytes message, struct buffer *out,
                             struct error *err);
