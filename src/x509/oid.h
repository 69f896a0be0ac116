/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The object identifiers this product knows: one row each. Any thread. */

#include "base/bytes.h"

/* clang-format off */
#define OIDS(X)                                                                                          \
    /* attribute types: X.520, RFC 4519, RFC 2985 */                                                     \
    X(COMMON_NAME,        "\x55\x04\x03",                             "commonName")                      \
    X(SERIAL_NUMBER,      "\x55\x04\x05",                             "serialNumber")                    \
    X(COUNTRY,            "\x55\x04\x06",                             "countryName")                     \
    X(LOCALITY,           "\x55\x04\x07",                             "localityName")                    \
    X(STATE,              "\x55\x04\x08",                             "stateOrProvinceName")             \
    X(STREET,             "\x55\x04\x09",                             "streetAddress")                   \
    X(ORGANIZATION,       "\x55\x04\x0a",                             "organizationName")                \
    X(ORGANIZATIONAL_UNIT, "\x55\x04\x0b",                            "organizationalUnitName")          \
    X(POSTAL_CODE,        "\x55\x04\x11",                             "postalCode")                      \
    X(EMAIL,              "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01",     "emailAddress")                    \
    X(DOMAIN_COMPONENT,   "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "domainComponent")                 \
    X(USER_ID,            "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "userId")                          \
    /* keys: RFC 3279, 5480, 8410, 4055 */                                                               \
    X(RSA_ENCRYPTION,     "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01",     "rsaEncryption")                   \
    X(EC_PUBLIC_KEY,      "\x2a\x86\x48\xce\x3d\x02\x01",             "id-ecPublicKey")                  \
    X(P256,               "\x2a\x86\x48\xce\x3d\x03\x01\x07",         "P-256")                           \
    X(P384,               "\x2b\x81\x04\x00\x22",                     "P-384")                           \
    X(P521,               "\x2b\x81\x04\x00\x23",                     "P-521")                           \
    X(ED25519,            "\x2b\x65\x70",                             "Ed25519")                         \
    X(ED448,              "\x2b\x65\x71",                             "Ed448")                           \
    X(DSA,                "\x2a\x86\x48\xce\x38\x04\x01",             "DSA")                             \
    /* signatures and digests: RFC 8017, 5758, 4055, 3279 */                                             \
    X(MD5_RSA,            "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04",     "MD5 with RSA")                    \
    X(SHA1_RSA,           "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05",     "SHA-1 with RSA")                  \
    X(MGF1,               "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08",     "MGF1")                            \
    X(RSA_PSS,            "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a",     "RSA-PSS")                         \
    X(SHA256_RSA,         "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b",     "SHA-256 with RSA")                \
    X(SHA384_RSA,         "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c",     "SHA-384 with RSA")                \
    X(SHA512_RSA,         "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d",     "SHA-512 with RSA")                \
    X(SHA224_RSA,         "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e",     "SHA-224 with RSA")                \
    X(SHA1_ECDSA,         "\x2a\x86\x48\xce\x3d\x04\x01",             "SHA-1 with ECDSA")                \
    X(SHA224_ECDSA,       "\x2a\x86\x48\xce\x3d\x04\x03\x01",         "SHA-224 with ECDSA")              \
    X(SHA256_ECDSA,       "\x2a\x86\x48\xce\x3d\x04\x03\x02",         "SHA-256 with ECDSA")              \
    X(SHA384_ECDSA,       "\x2a\x86\x48\xce\x3d\x04\x03\x03",         "SHA-384 with ECDSA")              \
    X(SHA512_ECDSA,       "\x2a\x86\x48\xce\x3d\x04\x03\x04",         "SHA-512 with ECDSA")              \
    X(SHA256,             "\x60\x86\x48\x01\x65\x03\x04\x02\x01",     "SHA-256")                         \
    X(SHA384,             "\x60\x86\x48\x01\x65\x03\x04\x02\x02",     "SHA-384")                         \
    X(SHA512,             "\x60\x86\x48\x01\x65\x03\x04\x02\x03",     "SHA-512")                         \
    /* extensions and what stands in them: RFC 5280 4.2 */                                               \
    X(SUBJECT_KEY_ID,     "\x55\x1d\x0e",                             "subjectKeyIdentifier")            \
    X(KEY_USAGE,          "\x55\x1d\x0f",                             "keyUsage")                        \
    X(SUBJECT_ALT_NAME,   "\x55\x1d\x11",                             "subjectAltName")                  \
    X(BASIC_CONSTRAINTS,  "\x55\x1d\x13",                             "basicConstraints")                \
    X(CRL_POINTS,         "\x55\x1d\x1f",                             "cRLDistributionPoints")           \
    X(AUTHORITY_KEY_ID,   "\x55\x1d\x23",                             "authorityKeyIdentifier")          \
    X(EXT_KEY_USAGE,      "\x55\x1d\x25",                             "extendedKeyUsage")                \
    X(AUTHORITY_INFO,     "\x2b\x06\x01\x05\x05\x07\x01\x01",         "authorityInfoAccess")             \
    X(AD_OCSP,            "\x2b\x06\x01\x05\x05\x07\x30\x01",         "OCSP")                            \
    X(AD_CA_ISSUERS,      "\x2b\x06\x01\x05\x05\x07\x30\x02",         "caIssuers")                       \
    X(EKU_SERVER,         "\x2b\x06\x01\x05\x05\x07\x03\x01",         "serverAuth")                      \
    X(EKU_CLIENT,         "\x2b\x06\x01\x05\x05\x07\x03\x02",         "clientAuth")                      \
    X(EKU_CODE,           "\x2b\x06\x01\x05\x05\x07\x03\x03",         "codeSigning")                     \
    X(EKU_EMAIL,          "\x2b\x06\x01\x05\x05\x07\x03\x04",         "emailProtection")                 \
    X(EKU_TIME,           "\x2b\x06\x01\x05\x05\x07\x03\x08",         "timeStamping")                    \
    X(EKU_OCSP,           "\x2b\x06\x01\x05\x05\x07\x03\x09",         "OCSPSigning")                     \
    X(EKU_ANY,            "\x55\x1d\x25\x00",                         "anyExtendedKeyUsage")
/* clang-format on */

enum oid {
    OID_UNKNOWN,
#define X(name, octets, text) OID_##name,
    OIDS(X)
#undef X
};

enum oid oid_find(
    struct bytes content); /* content octets of the OBJECT IDENTIFIER; OID_UNKNOWN when not in the table */
struct bytes oid_bytes(enum oid oid); /* content octets; empty for OID_UNKNOWN */
const char *oid_name(enum oid oid);   /* "commonName"; "unknown" */

#define OID_TEXT_MAX 128
/* "1.2.840.113549" into out; "..." when it does not fit or an arc is over 64 bits. `content` is valid DER.
 * Returns out. */
const char *oid_format(struct bytes content, char out[static OID_TEXT_MAX]);
