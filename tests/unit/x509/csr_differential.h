/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The promise of x509/csr.h, as code: whatever we accept OpenSSL accepts, with the same subject, the same key
 * and the same verdict on the signature. Used by the unit test and by the fuzz target. Returns NULL, or what
 * differs.
 */

#include <openssl/err.h>
#include <openssl/x509.h>

#include "x509/csr.h"

static inline const char *csr_difference(struct bytes der, const struct csr *ours)
{
    const uint8_t *p = der.p;
    X509_REQ *theirs = d2i_X509_REQ(NULL, &p, (long)der.n);
    const char *difference = NULL;
    const unsigned char *name;
    size_t name_size;
    unsigned char *spki = NULL;
    if (!theirs)
        return "OpenSSL does not read what we accept";
    bool subject_read = X509_NAME_get0_der(X509_REQ_get_subject_name(theirs), &name, &name_size) == 1;
    int spki_size = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(theirs), &spki);
    EVP_PKEY *key = X509_REQ_get0_pubkey(theirs);
    bool we_verify = status_ok(csr_verify(ours, NULL));
    bool they_verify = key && X509_REQ_verify(theirs, key) == 1;
    if (p != der.p + der.n)
        difference = "OpenSSL sees trailing bytes";
    else if (!subject_read || !bytes_equal(ours->subject.der, (struct bytes){name, name_size}))
        difference = "another subject";
    else if (spki_size <= 0 || !bytes_equal(ours->spki, (struct bytes){spki, (size_t)spki_size}))
        difference = "another public key";
    else if (we_verify != they_verify)
        difference = we_verify ? "OpenSSL refuses the signature" : "only OpenSSL takes the signature";
    OPENSSL_free(spki);
    X509_REQ_free(theirs);
    ERR_clear_error();
    return difference;
}
