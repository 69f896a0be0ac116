/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Keys: made, read from PEM, written as PKCS#8, and built from a SubjectPublicKeyInfo. No deprecated
 * libcrypto call. EVP_PKEYs handed out are the caller's (EVP_PKEY_free). Any thread.
 */

#include <openssl/types.h>

#include "base/buffer.h"
#include "base/secret.h"
#include "x509/spki.h"

/* "ec:P-256", "ec:P-384", "ec:P-521", "rsa:2048", "rsa:3072", "rsa:4096", "ed25519". E_INVALID names what is
 * possible. */
struct status key_algorithm_check(struct text algorithm, struct error *err);
struct status key_generate(struct text algorithm, EVP_PKEY **out,
                           struct error *err); /* RSA takes up to seconds */

/*
 * The first private key of a PEM text: PKCS#8 ("PRIVATE KEY"), PKCS#1 ("RSA PRIVATE KEY"), SEC1 ("EC PRIVATE
 * KEY", with or without "EC PARAMETERS" before it). Encrypted keys are refused with words that say how to
 * decrypt them. E_INVALID.
 */
struct status key_from_pem(struct bytes pem, EVP_PKEY **out, struct error *err);
/* PKCS#8, unencrypted. `out` must be empty. */
struct status key_to_pkcs8(const EVP_PKEY *key, struct secret *out, struct error *err);
struct status key_to_pkcs8_pem(const EVP_PKEY *key, struct secret *out, struct error *err);
/* PKCS#1 ("RSA PRIVATE KEY"), unencrypted. E_INVALID for other kinds of keys. */
struct status key_to_pkcs1_pem(const EVP_PKEY *key, struct secret *out, struct error *err);
struct status key_from_pkcs8(struct bytes der, EVP_PKEY **out, struct error *err);
struct status key_to_spki(const EVP_PKEY *key, struct buffer *out, struct error *err);

/*
 * A public key through EVP_PKEY_fromdata on a reused context (RSA 5 us, P-256 30 us; libcrypto's decoder
 * takes 100). E_INVALID when the point is not on its curve.
 */
struct status key_from_spki(const struct spki *spki, EVP_PKEY **out, struct error *err);
