/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Requests for the tests: made by OpenSSL, or put together octet by octet when they must be wrong. */

#include <openssl/evp.h>

#include "base/buffer.h"

/* A key of "rsa:2048", "rsa:1024", "ec:P-256", "ec:secp256k1", "ed25519", ...; made once per process and
 * kept. */
EVP_PKEY *test_key(const char *algorithm);

struct test_csr {
    const char *key;     /* for test_key */
    const char *digest;  /* "SHA256"; NULL for Ed25519 */
    const char *subject; /* "/C=DE/O=Organization/CN=app"; NULL = the contract's */
    int pss_salt; /* 0 = PKCS#1 v1.5; else RSA-PSS with this salt length (RSA_PSS_SALTLEN_DIGEST is -1) */
    bool with_attributes; /* challengePassword, unstructuredName and extensionRequest */
};
/* DER, appended. */
void make_csr(const struct test_csr *in, struct buffer *out);
