/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/spki.h"

#include <stdio.h>

#include "x509/der.h"
#include "x509/oid.h"

static unsigned bit_length(struct bytes magnitude)
{
    unsigned top = magnitude.p[0], bits = 0;
    for (; top; top >>= 1)
        bits++;
    return (unsigned)(magnitude.n - 1) * 8 + bits;
}

static bool is_odd(struct bytes magnitude)
{
    return magnitude.p[magnitude.n - 1] & 1;
}

/* RFC 8017 A.1.1: RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER } */
static struct status read_rsa(struct spki *k, struct der_fault *fault, struct error *err)
{
    struct der top = der_of(k->public_key, fault);
    struct der d = der_enter(&top, DER_SEQUENCE, "the RSA key");
    der_end(&top, "the RSA key");
    k->modulus = der_positive(&d, "the RSA modulus");
    k->exponent = der_positive(&d, "the RSA exponent");
    der_end(&d, "the RSA key");
    TRY(der_status(fault, err));
    k->kind = KEY_RSA;
    k->bits = bit_length(k->modulus);
    if (k->bits < SPKI_RSA_BITS_MIN)
        return error_set(err, E_INVALID, "RSA key has %u bits, at least %d are needed", k->bits,
                         SPKI_RSA_BITS_MIN);
    if (k->bits > SPKI_RSA_BITS_MAX)
        return error_set(err, E_INVALID, "RSA key has %u bits, at most %d are accepted", k->bits,
                         SPKI_RSA_BITS_MAX);
    if (!is_odd(k->modulus))
        return error_set(err, E_INVALID, "the RSA modulus is even");
    if (!is_odd(k->exponent) || k->exponent.n > 8 || (k->exponent.n == 1 && k->exponent.p[0] == 1))
        return error_set(err, E_INVALID, "the RSA exponent must be odd, at least 3 and below 2^64");
    return DONE;
}

static const struct curve {
    enum oid oid;
    enum key_kind kind;
    unsigned bits;
} curves[] = {{OID_P256, KEY_EC_P256, 256}, {OID_P384, KEY_EC_P384, 384}, {OID_P521, KEY_EC_P521, 521}};

static const struct curve *find_curve(enum oid oid)
{
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        if (curves[i].oid == oid)
            return &curves[i];
    }
    return NULL;
}

/* RFC 5480 2.1.1 and 2.2: a named curve and an uncompressed point. */
static struct status read_ec(struct spki *k, struct der *parameters, struct der_fault *fault,
                             struct error *err)
{
    if (!der_next_is(parameters, DER_OID) && !der_failed(parameters))
        return error_set(err, E_INVALID,
                         "the EC key must name its curve (explicit parameters are not accepted)");
    struct bytes oid = der_oid(parameters, "the curve");
    der_end(parameters, "the key's algorithm");
    TRY(der_status(fault, err));
    const struct curve *curve = find_curve(oid_find(oid));
    char dotted[OID_TEXT_MAX];
    if (!curve)
        return error_set(err, E_INVALID, "curve %s is not accepted; use P-256, P-384 or P-521",
                         oid_format(oid, dotted));
    k->kind = curve->kind;
    k->bits = curve->bits;
    size_t coordinate = (curve->bits + 7) / 8;
    if (k->public_key.n == 0 || k->public_key.p[0] != 0x04)
        return error_set(err, E_INVALID, "the EC point must be uncompressed");
    if (k->public_key.n != 1 + 2 * coordinate)
        return error_set(err, E_INVALID, "the EC point has the wrong length");
    return DONE;
}

static struct status unknown_algorithm(struct bytes oid, struct error *err)
{
    enum oid known = oid_find(oid);
    char dotted[OID_TEXT_MAX];
    const char *name = known == OID_UNKNOWN ? oid_format(oid, dotted) : oid_name(known);
    return error_set(err, E_INVALID, "key algorithm %s is not accepted; use RSA, EC or Ed25519", name);
}

/* RFC 5280 4.1: SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING } */
struct status spki_parse(struct bytes der, struct spki *out, struct error *err)
{
    struct der_fault fault = {0};
    der_check_tree(der, &fault, "the public key");
    struct der top = der_of(der, &fault);
    struct der d = der_enter(&top, DER_SEQUENCE, "the public key");
    der_end(&top, "the public key");
    struct der algorithm = der_enter(&d, DER_SEQUENCE, "the key's algorithm");
    struct bytes oid = der_oid(&algorithm, "the key's algorithm");
    struct spki k = {.der = der, .public_key = der_octet_aligned_bits(&d, "the public key")};
    der_end(&d, "the public key");
    TRY(der_status(&fault, err));
    switch ((int)oid_find(oid)) { /* a handful of all identifiers; the cast says that this is meant */
    case OID_RSA_ENCRYPTION:
        der_null(&algorithm, "the parameter of the RSA key"); /* RFC 3279 2.3.1: NULL */
        der_end(&algorithm, "the key's algorithm");
        TRY(read_rsa(&k, &fault, err));
        break;
    case OID_EC_PUBLIC_KEY:
        TRY(read_ec(&k, &algorithm, &fault, err));
        break;
    case OID_ED25519:
        der_end(&algorithm, "the key's algorithm"); /* RFC 8410 3: no parameters */
        TRY(der_status(&fault, err));
        if (k.public_key.n != 32)
            return error_set(err, E_INVALID, "the Ed25519 key has the wrong length");
        k.kind = KEY_ED25519;
        k.bits = 256;
        break;
    default:
        return unknown_algorithm(oid, err);
    }
    *out = k;
    return DONE;
}

const char *key_name(enum key_kind kind, unsigned bits, char out[static 16])
{
    switch (kind) {
    case KEY_RSA:
        snprintf(out, 16, "rsa:%u", bits);
        break;
    case KEY_EC_P256:
    case KEY_EC_P384:
    case KEY_EC_P521:
        snprintf(out, 16, "ec:P-%u", bits);
        break;
    case KEY_ED25519:
        snprintf(out, 16, "ed25519");
        break;
    }
    return out;
}
