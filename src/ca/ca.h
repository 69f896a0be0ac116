/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The certificate authority: what is issued, and by which key. The key sits behind the signer's table
 * (ca/signer.h) so that it can move to another process or an HSM. Issuing writes a TBSCertificate from a
 * per-profile DER template (extensions encoded once), lints it, and signs once; nothing signed is parsed
 * again.
 *
 * Any thread. Recording the certificate is the caller's (connector/): ca_issue has no side effect.
 */

#include "base/arena.h"
#include "base/error.h"
#include "base/secret.h"
#include "store/store.h"
#include "vault/vault.h"
#include "x509/csr.h"

struct ca;

struct ca_settings {
    struct text key_algorithm;                         /* "ec:P-256" | "ec:P-384" | "rsa:2048|3072|4096" */
    struct text subject;                               /* "CN=Fairlead CA,O=..." */
    int64_t validity_s;                                /* of a CA made here */
    struct text certificate_file, key_file, root_file; /* supplied CA; empty = made at first start */
    struct text crl_url, ocsp_url, issuer_url;         /* CRL distribution point and AIA; empty = absent */
};

/*
 * Opens the CA: the supplied one (key must match the certificate; certificate must be a CA, in its time; root
 * must have issued it), or the one in the store (blobs "ca/certificate", sealed "ca/key"), or makes one and
 * stores it. Refusals say which file and what to do.
 */
struct status ca_open(const struct ca_settings *settings, struct store *store, struct vault *vault,
                      struct ca **out, struct error *err);
void ca_close(struct ca *ca); /* wipes the key; accepts NULL */

struct ca_leaf_request {
    const struct csr *csr; /* verified by the caller (csr_verify) */
    const struct name
        *subject; /* what the certificate says; the CSR's own subject was compared by the caller */
    int64_t now;  /* seconds */
    int64_t validity_s;
};
struct ca_leaf {
    struct bytes der; /* in the arena */
    uint8_t fingerprint[SHA256_SIZE];
    struct bytes serial;
    int64_t not_before, not_after;
};
/* Client certificate: random 128-bit serial, digitalSignature (critical), clientAuth, SKI, AKI, back-dated
 * 300 s, never past the CA's end. */
struct status ca_issue_client(struct ca *ca, const struct ca_leaf_request *in, struct arena *a,
                              struct ca_leaf *out, struct error *err);
/* The same for a key that was made here, or whose holder proved it otherwise: there is no request. `spki` is
 * its SubjectPublicKeyInfo. E_INVALID for a key that spki_parse refuses. */
struct ca_key_request {
    struct bytes spki;
    const struct name *subject;
    int64_t now;
    int64_t validity_s;
};
struct status ca_issue_client_key(struct ca *ca, const struct ca_key_request *in, struct arena *a,
                                  struct ca_leaf *out, struct error *err);

/*
 * Server certificate with a fresh P-256 key for a listener: serverAuth, SANs for each name (DNS or IP
 * literal), 90 days at most. `out_key_pem` is PKCS#8.
 */
struct status ca_issue_server(struct ca *ca, const struct text *names, size_t count, int64_t now,
                              int64_t validity_s, struct buffer *out_chain_pem, struct secret *out_key_pem,
                              int64_t *out_not_after, struct error *err);

/* Borrowed from the CA, constant while it is open. PEM texts end with a newline. */
struct text ca_certificate_pem(const struct ca *ca); /* the signing CA */
struct text ca_root_pem(const struct ca *ca);        /* the root; = signing CA when self-signed */
bool ca_has_root(const struct ca *ca);               /* a root other than the signing CA is configured */
struct text ca_anchors_pem(
    const struct ca *ca); /* what client certificates are verified against: signing CA, then root */
struct bytes ca_certificate_der(const struct ca *ca);
const uint8_t *
ca_fingerprint(const struct ca *ca); /* SHA-256 of the signing CA's DER: the issuer id of its certificates */
const uint8_t *ca_root_fingerprint(const struct ca *ca);
int64_t ca_not_before(const struct ca *ca);
int64_t ca_not_after(const struct ca *ca);
struct text ca_subject(const struct ca *ca);
struct text ca_key_algorithm(const struct ca *ca);
