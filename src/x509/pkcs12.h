/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A PKCS#12 file (RFC 7292) for programs that want key and certificates in one. Any thread. */

#include "x509/keys.h"

struct pkcs12_contents {
    EVP_PKEY *key;             /* borrowed; must belong to the certificate: E_INVALID */
    struct bytes leaf;         /* DER */
    const struct bytes *chain; /* DER, the issuer first */
    size_t chain_count;
    struct text name; /* friendlyName; may be empty */
};

/* AES-256-CBC with PBKDF2 and an HMAC-SHA-256 over it. The password is UTF-8, not empty, without NUL. Appends
 * the DER. */
struct status pkcs12_build(const struct pkcs12_contents *in, struct bytes password, struct buffer *out,
                           struct error *err);
