/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a CA writes: TBSCertificates of a fixed profile. Everything that is the same in each certificate is
 * encoded once, in template_init; issuing puts serial, validity, subject, key and key identifier between
 * (libcrypto's X509V3_EXT_conf and encoders cost ten times the signature; bench/ca_bench.c). A template is
 * constant after init: any number of threads may write from it.
 */

#include "base/buffer.h"
#include "base/digest.h"
#include "x509/signature.h"

enum certificate_profile {
    PROFILE_CLIENT,
    PROFILE_SERVER,
    PROFILE_CA,
    PROFILE_LONE_CLIENT, /* signed by itself: key usage and purpose, no key identifiers (x509/self_signed.h)
                          */
};

struct template_settings {
    enum certificate_profile profile;
    enum signature_algorithm algorithm;
    struct bytes issuer;                       /* the Name's DER; the subject's where it signs itself */
    struct bytes authority_key_id;             /* the issuer's subject key identifier; empty = no extension */
    struct text crl_url, ocsp_url, issuer_url; /* empty = absent */
};

struct template
{
    enum certificate_profile profile;
    struct buffer algorithm;  /* AlgorithmIdentifier */
    struct buffer issuer;     /* Name */
    struct buffer extensions; /* those that never change, concatenated */
};

/* `t` may be released after any outcome. E_INVALID for a URL that is not http(s) or not printable ASCII. */
struct status template_init(struct template *t, const struct template_settings *settings, struct error *err);
void template_release(struct template *t);
OWNABLE_VALUE(struct template, template_release);

#define SERIAL_SIZE 16
/* 127 random bits in 16 octets: positive, and the first octet is not zero. */
void serial_random(uint8_t out[static SERIAL_SIZE]);
struct template_fields {
    const uint8_t *serial; /* SERIAL_SIZE octets, the first between 1 and 127 */
    int64_t not_before, not_after;
    struct bytes subject; /* Name DER */
    struct bytes spki;
    const uint8_t *key_id; /* SHA1_SIZE: SHA-1 of the subject's public key (RFC 5280 4.2.1.2, method 1); not
                              for PROFILE_LONE_CLIENT */
    const struct text *names; /* PROFILE_SERVER: DNS names and IP literals */
    size_t name_count;
};
void template_write(const struct template *t, const struct template_fields *f, struct buffer *out);
/* tbs + AlgorithmIdentifier + signature = Certificate */
void template_assemble(const struct template *t, struct bytes tbs, struct bytes signature,
                       struct buffer *out);

/* Whether a text may stand in a server certificate: an IP literal or a host name (RFC 1123, at most 253
 * octets, "*." only in front). */
bool template_name_is_valid(struct text name);
