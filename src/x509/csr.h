/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Certification requests (PKCS#10, RFC 2986) through our own strict DER reader: OpenSSL's decoder costs more
 * than all the crypto of an enrolment (and does not scale over threads). Checked against d2i_X509_REQ +
 * X509_REQ_verify by tests and a fuzz target: whatever we accept OpenSSL accepts with the same subject, key
 * and signature verdict.
 */

#include "base/arena.h"
#include "base/error.h"
#include "x509/name.h"

enum key_kind { KEY_RSA, KEY_EC_P256, KEY_EC_P384, KEY_EC_P521, KEY_ED25519 };

struct csr {
    struct bytes der;  /* whole request */
    struct bytes info; /* CertificationRequestInfo: what is signed */
    struct bytes spki; /* SubjectPublicKeyInfo, copied through untouched into the certificate */
    struct bytes
        public_key; /* content of the BIT STRING (without the unused-bits octet): SKI = SHA-1 of it */
    struct name subject;
    enum key_kind key;
    unsigned key_bits;
    unsigned signature_algorithm; /* private to csr_verify */
    struct bytes signature;
};

/*
 * Why a request was refused, in words a client may see: "trailing bytes after the request", "RSA key has 1024
 * bits, at least 2048 are needed", "signature digest MD5 is not accepted". Errors are E_INVALID; E_NOMEM.
 * Accepts: RSA >= 2048 (<= 16384) bits with odd exponent >= 3 and < 2^64, P-256/384/521 uncompressed points,
 * Ed25519; SHA-256/384/512 with RSA PKCS#1 v1.5, RSA-PSS (salt = digest length, MGF1 same digest) and ECDSA.
 * SHA-1 and MD5 are refused. Unknown attributes and RDNs are read over. All slices point into `der`, which
 * must outlive *out.
 */
struct status csr_parse(struct bytes der, struct arena *a, struct csr *out, struct error *err);
/* The proof of possession: the signature over `info` with the request's own key. E_INVALID when it does not
 * verify. Any thread; CPU-bound (RSA-2048 about 45 us, P-256 about 110 us). */
struct status csr_verify(const struct csr *csr, struct error *err);
/* "rsa:2048", "ec:P-256", "ed25519". */
const char *csr_key_name(const struct csr *csr, char out[static 16]);

/*
 * The first PEM block of `pem`, whatever its label (contract 5.1), decoded. Leading and trailing text and
 * CRLF are allowed. E_INVALID with what it looks like instead when there is none: "bare DER", "base64 twice",
 * "no PEM block".
 */
struct status pem_first_block(struct text pem, struct buffer *out_der, struct error *err);
