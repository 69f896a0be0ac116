/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The key of a CA, behind a table, so that it can move to another process or an HSM: whoever fills the table
 * sees the bytes to sign and nothing else of the CA, and nothing outside it sees the key.
 *
 * Any thread may call sign. close is called once, after the last sign has returned.
 */

#include <openssl/types.h>

#include "base/buffer.h"
#include "base/error.h"
#include "x509/signature.h"

struct signer_ops {
    /* Appends the signature over `message` as it stands in the certificate's BIT STRING. E_BROKEN,
     * E_UNAVAILABLE, E_NOMEM. */
    struct status (*sign)(void *self, struct bytes message, struct buffer *out, struct error *err);
    void (*close)(void *self); /* wipes the key */
};

struct signer {
    const struct signer_ops *ops; /* NULL: closed */
    void *self;
    enum signature_algorithm algorithm;
    enum key_kind kind;
    unsigned key_bits;
};

static inline struct status signer_sign(const struct signer *s, struct bytes message, struct buffer *out,
                                        struct error *err)
{
    return s->ops->sign(s->self, message, out, err);
}
void signer_close(struct signer *s); /* accepts a closed one */

/*
 * In this process. Takes ownership of `key` on success. RSA signs with SHA-256 and PKCS#1 v1.5; P-256, P-384
 * and P-521 with the digest of their size. E_INVALID for other kinds of keys and for RSA under 2048 bits.
 */
struct status signer_local_open(EVP_PKEY *key, struct signer *out, struct error *err);
