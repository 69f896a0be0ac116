/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/internal.h"

#define ANCHORS_MAX 1024
/* Names of trusted CAs are a hint for the client's choice (RFC 8446 4.2.4). Beyond this many they only make
 * handshakes heavy. */
#define ANCHOR_NAMES_MAX 32

static BIO *open_text(struct text pem)
{
    return pem.n <= INT32_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
}

/* A daemon has nobody to ask. Without a callback OpenSSL would read a pass phrase from the terminal. */
static int no_pass_phrase(char *out, int size, int writing, void *ctx)
{
    (void)out;
    (void)size;
    (void)writing;
    bool *asked = ctx;
    *asked = true;
    return -1;
}

static bool at_end_of_pem(void)
{
    unsigned long e = ERR_peek_last_error();
    return ERR_GET_LIB(e) == ERR_LIB_PEM && ERR_GET_REASON(e) == PEM_R_NO_START_LINE;
}

struct status tls_certificates_parse(struct text pem, STACK_OF(X509) * *out, struct error *err)
{
    ERR_clear_error();
    OWNED(BIO_free_all) BIO *in = open_text(pem);
    OWNED(tls_certificates_free) STACK_OF(X509) *list = sk_X509_new_null();
    if (!in || !list)
        return tls_error_set(err, E_NOMEM, "read certificates");
    for (;;) {
        bool asked = false;
        OWNED(X509_free) X509 *certificate = PEM_read_bio_X509(in, NULL, no_pass_phrase, &asked);
        if (!certificate)
            break;
        if (sk_X509_num(list) >= ANCHORS_MAX)
            return error_set(err, E_TOO_LARGE, "more than %d certificates", ANCHORS_MAX);
        if (!sk_X509_push(list, certificate))
            return tls_error_set(err, E_NOMEM, "read certificates");
        (void)TAKE(certificate);
    }
    if (!at_end_of_pem()) {
        struct status s = tls_error_set(err, E_INVALID, "not a valid certificate");
        return error_wrap(err, s, "certificate %d", sk_X509_num(list) + 1);
    }
    (void)tls_errors_drain();
    if (sk_X509_num(list) == 0)
        return error_set(err, E_INVALID, "no PEM certificate found");
    *out = TAKE(list);
    return DONE;
}

static struct status key_parse(struct text pem, EVP_PKEY **out, struct error *err)
{
    ERR_clear_error();
    OWNED(BIO_free_all) BIO *in = open_text(pem);
    if (!in)
        return tls_error_set(err, E_NOMEM, "read the private key");
    bool asked = false;
    OWNED(EVP_PKEY_free) EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, no_pass_phrase, &asked);
    if (!key && asked) {
        (void)tls_errors_drain();
        return error_set(err, E_INVALID,
                         "the private key is protected by a pass phrase; store it without one");
    }
    if (!key)
        return tls_error_set(err, E_INVALID, "no private key (PKCS#8, PKCS#1 or SEC1 PEM) found");
    *out = TAKE(key);
    return DONE;
}

struct status tls_context_use_pair(SSL_CTX *ssl, const struct tls_key_pair *pair, struct error *err)
{
    OWNED(tls_certificates_free) STACK_OF(X509) *chain = NULL;
    TRY(tls_certificates_parse(pair->certificate_chain_pem, &chain, err));
    OWNED(EVP_PKEY_free) EVP_PKEY *key = NULL;
    TRY(key_parse(pair->key_pem, &key, err));
    OWNED(X509_free) X509 *leaf = sk_X509_shift(chain);
    if (X509_check_private_key(leaf, key) != 1) {
        (void)tls_errors_drain();
        return error_set(err, E_INVALID, "the private key does not belong to the certificate");
    }
    if (SSL_CTX_use_cert_and_key(ssl, leaf, key, sk_X509_num(chain) > 0 ? chain : NULL, 0) != 1) {
        unsigned long e = ERR_peek_error();
        if (ERR_GET_REASON(e) == SSL_R_NOT_REPLACING_CERTIFICATE) {
            (void)tls_errors_drain();
            return error_set(err, E_INVALID, "two certificates with the same kind of key");
        }
        return tls_error_set(err, E_INVALID, "the certificate cannot be used");
    }
    return DONE;
}

struct status tls_context_use_anchors(SSL_CTX *ssl, struct text pem, bool names, struct error *err)
{
    OWNED(tls_certificates_free) STACK_OF(X509) *anchors = NULL;
    TRY(tls_certificates_parse(pem, &anchors, err));
    X509_STORE *store = SSL_CTX_get_cert_store(ssl);
    names = names && sk_X509_num(anchors) <= ANCHOR_NAMES_MAX;
    for (int i = 0; i < sk_X509_num(anchors); i++) {
        X509 *anchor = sk_X509_value(anchors, i);
        if (X509_STORE_add_cert(store, anchor) != 1 || (names && SSL_CTX_add_client_CA(ssl, anchor) != 1))
            return tls_error_set(err, E_NOMEM, "remember the trust anchors");
    }
    return DONE;
}
