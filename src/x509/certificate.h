/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What stands in a certificate (RFC 5280 4.1), read strictly for display, for tests and for the lints. This
 * decides nothing about trust: tls/ and ca/ verify with libcrypto. All slices point into the input or the
 * arena. Any thread.
 */

#include "x509/der.h"
#include "x509/name.h"
#include "x509/oid.h"
#include "x509/spki.h"

enum key_usage {
    KEY_USAGE_DIGITAL_SIGNATURE = 1 << 0, /* bit numbers of RFC 5280 4.2.1.3 */
    KEY_USAGE_NON_REPUDIATION = 1 << 1,
    KEY_USAGE_KEY_ENCIPHERMENT = 1 << 2,
    KEY_USAGE_DATA_ENCIPHERMENT = 1 << 3,
    KEY_USAGE_KEY_AGREEMENT = 1 << 4,
    KEY_USAGE_CERT_SIGN = 1 << 5,
    KEY_USAGE_CRL_SIGN = 1 << 6,
    KEY_USAGE_ENCIPHER_ONLY = 1 << 7,
    KEY_USAGE_DECIPHER_ONLY = 1 << 8,
};

enum alternative_kind {
    ALTERNATIVE_DNS,
    ALTERNATIVE_IP,
    ALTERNATIVE_EMAIL,
    ALTERNATIVE_URI,
    ALTERNATIVE_OTHER
};
struct alternative {
    enum alternative_kind kind;
    struct text value; /* addresses as text; the hex of its DER for ALTERNATIVE_OTHER */
};

struct extension {
    struct bytes oid;
    enum oid known; /* OID_UNKNOWN */
    bool critical;
    struct bytes value; /* content of the OCTET STRING */
};

struct certificate_fields {
    struct bytes der; /* empty when only a TBSCertificate was read */
    struct bytes tbs;
    unsigned version;       /* 1, 2 or 3 */
    struct bytes serial;    /* content octets of the INTEGER */
    struct bytes algorithm; /* AlgorithmIdentifier inside the TBSCertificate */
    struct bytes signature;
    struct name issuer, subject;
    struct bytes validity; /* as written */
    int64_t not_before, not_after;
    struct bytes spki;
    bool key_is_known; /* `key` is filled: one of the kinds and sizes that spki_parse accepts */
    struct spki key;
    bool has_unique_ids;
    struct extension *extensions;
    size_t extension_count;

    bool has_key_usage, has_basic_constraints, is_ca;
    unsigned key_usage;
    int64_t path_length;    /* -1: no limit */
    struct bytes *purposes; /* extended key usage: content octets of the OIDs */
    size_t purpose_count;
    struct alternative *alternatives;
    size_t alternative_count;
    struct bytes subject_key_id, authority_key_id;
    struct text crl_url, ocsp_url, issuer_url; /* the first of each */
};

#define CERTIFICATE_EXTENSIONS_MAX   64
#define CERTIFICATE_ALTERNATIVES_MAX 256

/* E_INVALID: not strict DER, trailing bytes, an extension twice, the two signature algorithms differ (RFC
 * 5280 4.1.1.2). E_NOMEM. */
struct status certificate_parse(struct bytes der, struct arena *a, struct certificate_fields *out,
                                struct error *err);
/* The first CERTIFICATE block of a PEM text; the DER is copied into the arena. E_INVALID when there is none.
 */
struct status certificate_from_pem(struct text pem, struct arena *a, struct certificate_fields *out,
                                   struct error *err);
/* A TBSCertificate that is not signed yet. */
struct status certificate_tbs_parse(struct bytes tbs, struct arena *a, struct certificate_fields *out,
                                    struct error *err);

const struct extension *certificate_extension(const struct certificate_fields *c,
                                              enum oid oid); /* NULL when absent */
bool certificate_has_purpose(const struct certificate_fields *c, enum oid purpose);
/* "digitalSignature, keyCertSign"; "serverAuth, clientAuth" (dotted when unknown). Empty when absent or out
 * of memory. */
struct text certificate_key_usage_text(const struct certificate_fields *c, struct arena *a);
struct text certificate_purposes_text(const struct certificate_fields *c, struct arena *a);
/* "0f:a3:..." */
struct text certificate_serial_text(const struct certificate_fields *c, struct arena *a);
