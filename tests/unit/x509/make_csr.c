/* SPDX-License-Identifier: Apache-2.0 */
#include "make_csr.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/own.h"
#include "base/status.h"

OWNABLE(X509_REQ, X509_REQ_free);
OWNABLE(EVP_MD_CTX, EVP_MD_CTX_free);

#define KEYS_MAX 16

static EVP_PKEY *generate(struct text algorithm)
{
    struct text rest = algorithm;
    struct text type = text_cut(&rest, ':');
    uint64_t bits;
    char group[32];
    if (text_equal(type, TEXT("rsa")) && text_to_u64(rest, 16384, &bits))
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
    if (text_equal(type, TEXT("ec")) && text_to_cstr(rest, group, sizeof(group)))
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", group);
    return EVP_PKEY_Q_keygen(NULL, NULL, text_equal(type, TEXT("ed25519")) ? "ED25519" : "ED448");
}

static struct {
    const char *algorithm;
    EVP_PKEY *key;
} keys[KEYS_MAX];

static void free_keys(void)
{
    for (size_t i = 0; i < KEYS_MAX; i++)
        EVP_PKEY_free(keys[i].key);
}

EVP_PKEY *test_key(const char *algorithm)
{
    for (size_t i = 0; i < KEYS_MAX; i++) {
        if (!keys[i].key) {
            if (i == 0)
                must(atexit(free_keys) == 0);
            keys[i].key = generate(text_of(algorithm));
            keys[i].algorithm = algorithm;
            must(keys[i].key);
        }
        if (text_equal(text_of(keys[i].algorithm), text_of(algorithm)))
            return keys[i].key;
    }
    must(false);
}

static void set_subject(X509_REQ *req, const char *subject)
{
    struct text rest = text_from(
        text_of(subject ? subject : "/OU=OrgUnit/O=Organization/L=Waldorf/ST=Waldorf/C=DE/CN=app"), 1);
    while (rest.p) {
        struct text value = text_cut(&rest, '/');
        struct text type = text_cut(&value, '=');
        char name[64];
        must(text_to_cstr(type, name, sizeof(name)));
        must(X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), name, MBSTRING_UTF8,
                                        (const unsigned char *)value.p, (int)value.n, -1, 0));
    }
}

static void set_attributes(X509_REQ *req)
{
    must(X509_REQ_add1_attr_by_txt(req, "challengePassword", MBSTRING_ASC, (const unsigned char *)"secret",
                                   -1));
    must(X509_REQ_add1_attr_by_txt(req, "unstructuredName", MBSTRING_ASC,
                                   (const unsigned char *)"An optional company", -1));
    X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:example.test");
    STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
    must(san && extensions && sk_X509_EXTENSION_push(extensions, san));
    must(X509_REQ_add_extensions(req, extensions));
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

void make_csr(const struct test_csr *in, struct buffer *out)
{
    OWNED(X509_REQ_free) X509_REQ *req = X509_REQ_new();
    must(req && X509_REQ_set_version(req, X509_REQ_VERSION_1));
    set_subject(req, in->subject);
    if (in->with_attributes)
        set_attributes(req);
    must(X509_REQ_set_pubkey(req, test_key(in->key)));
    OWNED(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pkey_ctx = NULL;
    const EVP_MD *digest = in->digest ? EVP_get_digestbyname(in->digest) : NULL;
    must(ctx && EVP_DigestSignInit(ctx, &pkey_ctx, digest, NULL, test_key(in->key)) == 1);
    if (in->pss_salt) {
        must(EVP_PKEY_CTX_set_rsa_padding(pkey_ctx, RSA_PKCS1_PSS_PADDING) == 1);
        must(EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey_ctx, in->pss_salt) == 1);
    }
    must(X509_REQ_sign_ctx(req, ctx) > 0);
    unsigned char *der = NULL;
    int n = i2d_X509_REQ(req, &der);
    must(n > 0);
    buffer_append(out, (struct bytes){der, (size_t)n});
    OPENSSL_free(der);
}
