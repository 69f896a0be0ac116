/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* SubjectPublicKeyInfo (RFC 5280 4.1.2.7), read strictly. Slices point into the input. Any thread. */

#include "base/error.h"
#include "x509/csr.h"

struct spki {
    struct bytes der;
    struct bytes public_key; /* content of the BIT STRING without its first octet */
    enum key_kind kind;
    unsigned bits;
    struct bytes modulus, exponent; /* RSA: magnitudes, big-endian, no leading zeros */
};

#define SPKI_RSA_BITS_MIN 2048
#define SPKI_RSA_BITS_MAX 16384
/*
 * E_INVALID with words for a client: another algorithm or curve, explicit or implicit EC parameters,
 * compressed points, RSA outside 2048..16384 bits, an even modulus, an exponent that is even, 1 or over 64
 * bits. Whether a point lies on its curve is found when it is used (keys.h).
 */
struct status spki_parse(struct bytes der, struct spki *out, struct error *err);
/* "rsa:2048", "ec:P-256", "ed25519" */
const char *key_name(enum key_kind kind, unsigned bits, char out[static 16]);
