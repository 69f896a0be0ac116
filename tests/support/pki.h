/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A public key infrastructure made in memory, at test time, so that nothing expires in the repository. Built
 * with OpenSSL's own X509 functions: none of our code takes part. Everything that a call returns belongs to
 * the pki and lives until pki_free(). A failure ends the test program.
 *
 *     struct pki *pki = pki_new("ec:P-256");
 *     const struct pki_identity *shop = pki_client(pki, PKI_GOOD, "shop");
 */

#include "base/bytes.h"
#include "base/digest.h"

struct pki;

struct pki_identity {
    struct text chain_pem; /* leaf first, intermediates after it, without the root */
    struct text key_pem;   /* PKCS#8; NUL-terminated, as all texts here */
    struct bytes der;      /* of the leaf */
    uint8_t fingerprint[SHA256_SIZE];
    int64_t not_after;
};

/* What may be wrong with a client's certificate. */
enum pki_profile {
    PKI_GOOD,
    PKI_VIA_INTERMEDIATE, /* good, signed by an intermediate that is sent along */
    PKI_EXPIRED,
    PKI_NOT_YET,
    PKI_WRONG_CA,
    PKI_WRONG_EKU, /* serverAuth only */
    PKI_NO_EKU,
    PKI_SELF_SIGNED,
    PKI_CHAIN_TOO_LONG, /* six intermediates */
    PKI_PROFILE_COUNT
};
const char *pki_profile_name(enum pki_profile p);

/* Keys: "ec:P-256", "ec:P-384", "ec:P-521", "rsa:2048", "ed25519"; of the CA and, until pki_set_key(), of
 * everything it issues. */
struct pki *pki_new(const char *key);
void pki_free(struct pki *p);
void pki_set_key(struct pki *p, const char *key); /* of the leaves from now on */
struct text pki_ca_pem(const struct pki *p);
struct text pki_other_ca_pem(const struct pki *p); /* of PKI_WRONG_CA */
const struct pki_identity *pki_ca_identity(const struct pki *p);
/* One day long, from an hour before the real time; PKI_EXPIRED ended yesterday, PKI_NOT_YET begins tomorrow.
 */
const struct pki_identity *pki_client(struct pki *p, enum pki_profile profile, const char *common_name);
/* `names` in OpenSSL's words: "DNS:localhost,IP:127.0.0.1". */
const struct pki_identity *pki_server(struct pki *p, const char *names);
/* The key in its traditional form: PKCS#1 or SEC1. */
struct text pki_traditional_key(struct pki *p, const struct pki_identity *identity);
/* PKCS#8 under the pass phrase "secret". */
struct text pki_encrypted_key(struct pki *p, const struct pki_identity *identity);
