/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/signature.h"

#include "x509/oid.h"

static const struct row {
    enum oid oid;
    const char *name;
} rows[] = {
    [SIGNATURE_RSA_SHA256] = {OID_SHA256_RSA, "sha256WithRSAEncryption"},
    [SIGNATURE_RSA_SHA384] = {OID_SHA384_RSA, "sha384WithRSAEncryption"},
    [SIGNATURE_RSA_SHA512] = {OID_SHA512_RSA, "sha512WithRSAEncryption"},
    [SIGNATURE_PSS_SHA256] = {OID_RSA_PSS, "RSA-PSS with SHA-256"},
    [SIGNATURE_PSS_SHA384] = {OID_RSA_PSS, "RSA-PSS with SHA-384"},
    [SIGNATURE_PSS_SHA512] = {OID_RSA_PSS, "RSA-PSS with SHA-512"},
    [SIGNATURE_ECDSA_SHA256] = {OID_SHA256_ECDSA, "ecdsa-with-SHA256"},
    [SIGNATURE_ECDSA_SHA384] = {OID_SHA384_ECDSA, "ecdsa-with-SHA384"},
    [SIGNATURE_ECDSA_SHA512] = {OID_SHA512_ECDSA, "ecdsa-with-SHA512"},
    [SIGNATURE_ED25519] = {OID_ED25519, "Ed25519"},
};

const char *signature_algorithm_name(enum signature_algorithm algorithm)
{
    return rows[algorithm].name;
}

bool signature_algorithm_fits(enum signature_algorithm algorithm, enum key_kind kind)
{
    switch (kind) {
    case KEY_RSA:
        return algorithm <= SIGNATURE_PSS_SHA512;
    case KEY_EC_P256:
    case KEY_EC_P384:
    case KEY_EC_P521:
        return algorithm >= SIGNATURE_ECDSA_SHA256 && algorithm <= SIGNATURE_ECDSA_SHA512;
    case KEY_ED25519:
        return algorithm == SIGNATURE_ED25519;
    }
    return false;
}

static struct status refused(struct bytes oid, struct error *err)
{
    switch ((int)oid_find(oid)) { /* a handful of all identifiers; the cast says that this is meant */
    case OID_MD5_RSA:
        return error_set(err, E_INVALID, "signature digest MD5 is not accepted");
    case OID_SHA1_RSA:
    case OID_SHA1_ECDSA:
        return error_set(err, E_INVALID, "signature digest SHA-1 is not accepted");
    case OID_SHA224_RSA:
    case OID_SHA224_ECDSA:
        return error_set(err, E_INVALID, "signature digest SHA-224 is not accepted");
    default:
        break;
    }
    char dotted[OID_TEXT_MAX];
    return error_set(err, E_INVALID, "signature algorithm %s is not accepted", oid_format(oid, dotted));
}

/* AlgorithmIdentifier of a digest; its parameters are NULL or absent (RFC 4055 2.1). */
static enum oid read_digest(struct der *d)
{
    struct der algorithm = der_enter(d, DER_SEQUENCE, "the digest of RSA-PSS");
    struct bytes oid = der_oid(&algorithm, "the digest of RSA-PSS");
    if (der_more(&algorithm))
        der_null(&algorithm, "the digest of RSA-PSS");
    der_end(&algorithm, "the digest of RSA-PSS");
    return der_failed(d) ? OID_UNKNOWN : oid_find(oid);
}

static enum oid read_mask_digest(struct der *d)
{
    struct der algorithm = der_enter(d, DER_SEQUENCE, "the mask function of RSA-PSS");
    struct bytes oid = der_oid(&algorithm, "the mask function of RSA-PSS");
    if (!der_failed(d) && oid_find(oid) != OID_MGF1)
        der_refuse(&algorithm, "the mask function of RSA-PSS", "is not MGF1");
    enum oid digest = read_digest(&algorithm);
    der_end(&algorithm, "the mask function of RSA-PSS");
    return digest;
}

/*
 * RFC 4055 3.1: SEQUENCE { [0] hash DEFAULT sha1, [1] mask DEFAULT mgf1SHA1, [2] salt DEFAULT 20, [3] trailer
 * DEFAULT 1 }. The defaults are SHA-1, so all of the first three must be there.
 */
static struct status read_pss(struct der *parameters, enum signature_algorithm *out, struct error *err)
{
    static const struct {
        enum oid oid;
        enum signature_algorithm algorithm;
        uint64_t size;
    } digests[] = {{OID_SHA256, SIGNATURE_PSS_SHA256, 32},
                   {OID_SHA384, SIGNATURE_PSS_SHA384, 48},
                   {OID_SHA512, SIGNATURE_PSS_SHA512, 64}};
    struct der d = der_enter(parameters, DER_SEQUENCE, "the parameter of RSA-PSS");
    if (!der_failed(&d) && !der_next_is(&d, DER_CONTEXT_CONSTRUCTED(0)))
        return error_set(err, E_INVALID, "signature digest SHA-1 is not accepted");
    struct der hash = der_enter(&d, DER_CONTEXT_CONSTRUCTED(0), "the digest of RSA-PSS");
    enum oid digest = read_digest(&hash);
    der_end(&hash, "the digest of RSA-PSS");
    if (!der_failed(&d) && !der_next_is(&d, DER_CONTEXT_CONSTRUCTED(1)))
        return error_set(err, E_INVALID, "RSA-PSS must use one digest for the message and the mask");
    struct der mask = der_enter(&d, DER_CONTEXT_CONSTRUCTED(1), "the mask function of RSA-PSS");
    enum oid mask_digest = read_mask_digest(&mask);
    der_end(&mask, "the mask function of RSA-PSS");
    if (!der_failed(&d) && !der_next_is(&d, DER_CONTEXT_CONSTRUCTED(2))) /* the default, 20 */
        return error_set(err, E_INVALID, "RSA-PSS must have a salt as long as its digest");
    struct der salt = der_enter(&d, DER_CONTEXT_CONSTRUCTED(2), "the salt length of RSA-PSS");
    uint64_t salt_length = der_unsigned(&salt, UINT32_MAX, "the salt length of RSA-PSS");
    der_end(&salt, "the salt length of RSA-PSS");
    der_end(&d, "the parameter of RSA-PSS"); /* a trailer field of the only value that is allowed is left out
                                                 in DER */
    TRY(der_status(d.fault, err));
    for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
        if (digests[i].oid != digest)
            continue;
        if (mask_digest != digest)
            return error_set(err, E_INVALID, "RSA-PSS must use one digest for the message and the mask");
        if (salt_length != digests[i].size)
            return error_set(err, E_INVALID, "RSA-PSS must have a salt as long as its digest");
        *out = digests[i].algorithm;
        return DONE;
    }
    return error_set(err, E_INVALID,
                     "the digest of RSA-PSS is not accepted; use SHA-256, SHA-384 or SHA-512");
}

struct status signature_algorithm_parse(struct bytes identifier, enum signature_algorithm *out,
                                        struct error *err)
{
    struct der_fault fault = {0};
    struct der top = der_of(identifier, &fault);
    struct der d = der_enter(&top, DER_SEQUENCE, "the signature algorithm");
    der_end(&top, "the signature algorithm");
    struct bytes oid = der_oid(&d, "the signature algorithm");
    TRY(der_status(&fault, err));
    enum oid known = oid_find(oid);
    if (known == OID_RSA_PSS) {
        enum signature_algorithm pss;
        TRY(read_pss(&d, &pss, err));
        der_end(&d, "the signature algorithm");
        TRY(der_status(&fault, err));
        *out = pss;
        return DONE;
    }
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]) && known != OID_UNKNOWN; i++) {
        if (rows[i].oid != known)
            continue;
        if (i <= SIGNATURE_RSA_SHA512 && der_more(&d)) /* RFC 4055 5: NULL, and absent must be accepted */
            der_null(&d, "the signature algorithm");
        der_end(&d, "the signature algorithm"); /* RFC 5758 3.2, RFC 8410 3: none */
        TRY(der_status(&fault, err));
        *out = (enum signature_algorithm)i;
        return DONE;
    }
    return refused(oid, err);
}

void signature_algorithm_encode(enum signature_algorithm algorithm, struct buffer *out)
{
    must(rows[algorithm].oid != OID_RSA_PSS);
    size_t sequence = der_begin(out, DER_SEQUENCE);
    der_put_oid(out, oid_bytes(rows[algorithm].oid));
    if (algorithm <= SIGNATURE_RSA_SHA512)
        der_put_null(out);
    der_finish(out, sequence);
}
