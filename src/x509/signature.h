/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Signature algorithms: their AlgorithmIdentifiers and the check of a signature. Any thread. */

#include "base/buffer.h"
#include "base/error.h"
#include "x509/der.h"
#include "x509/spki.h"

enum signature_algorithm {
    SIGNATURE_RSA_SHA256,
    SIGNATURE_RSA_SHA384,
    SIGNATURE_RSA_SHA512,
    SIGNATURE_PSS_SHA256, /* RSA-PSS with MGF1 of the same digest and a salt as long as it */
    SIGNATURE_PSS_SHA384,
    SIGNATURE_PSS_SHA512,
    SIGNATURE_ECDSA_SHA256,
    SIGNATURE_ECDSA_SHA384,
    SIGNATURE_ECDSA_SHA512,
    SIGNATURE_ED25519,
};

/* `identifier` is the whole AlgorithmIdentifier. E_INVALID "signature digest MD5 is not accepted" and the
 * like. */
struct status signature_algorithm_parse(struct bytes identifier, enum signature_algorithm *out,
                                        struct error *err);
void signature_algorithm_encode(enum signature_algorithm algorithm, struct buffer *out); /* not for PSS */
const char *signature_algorithm_name(enum signature_algorithm algorithm);
bool signature_algorithm_fits(enum signature_algorithm algorithm, enum key_kind kind);

#define SIGNATURE_DIGEST_MAX 64
/* The digest that `algorithm` signs; not for Ed25519, which signs the message. Returns its size. */
size_t signature_digest(enum signature_algorithm algorithm, struct bytes message,
                        uint8_t out[static SIGNATURE_DIGEST_MAX]);

/* E_INVALID when the signature or the key is not right. */
struct status signature_verify(enum signature_algorithm algorithm, const struct spki *key,
                               struct bytes message, struct bytes signature, struct error *err);
