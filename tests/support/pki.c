/* SPDX-License-Identifier: Apache-2.0 */
#include "pki.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/alloc.h"
#include "base/status.h"

#define HOUR     (60L * 60)
#define DAY      (24 * HOUR)
#define KEPT_MAX 4096

struct authority {
    X509 *certificate;
    EVP_PKEY *key;
    struct pki_identity identity;
};

struct pki {
    struct authority root, other;
    char leaf_key[16];
    void *kept[KEPT_MAX]; /* everything handed out */
    size_t kept_count;
};

/* What goes into one certificate. */
struct recipe {
    const char *common_name;
    long from, until; /* seconds from now */
    bool ca;
    const char *extended_key_usage; /* NULL = none */
    const char *alternative_names;
};

static void *keep(struct pki *p, void *memory)
{
    must(memory && p->kept_count < KEPT_MAX);
    p->kept[p->kept_count++] = memory;
    return memory;
}

static EVP_PKEY *make_key(const char *kind)
{
    EVP_PKEY *key = NULL;
    if (strcmp(kind, "ed25519") == 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    else if (strncmp(kind, "rsa:", 4) == 0)
        key = EVP_RSA_gen((unsigned)strtoul(kind + 4, NULL, 10));
    else
        key = EVP_EC_gen(kind + 3);
    must(key);
    return key;
}

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    must(extension && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

/* `issuer` NULL: self-signed. */
static X509 *make_certificate(const struct recipe *r, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
    X509 *c = X509_new();
    must(c && X509_set_version(c, X509_VERSION_3) == 1);
    BIGNUM *serial = BN_new();
    must(serial && BN_rand(serial, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1);
    must(BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(c)));
    BN_free(serial);
    X509_NAME *name = X509_get_subject_name(c);
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)r->common_name, -1, -1,
                                    0) == 1);
    must(X509_set_issuer_name(c, issuer ? X509_get_subject_name(issuer) : name) == 1);
    must(X509_gmtime_adj(X509_getm_notBefore(c), r->from) &&
         X509_gmtime_adj(X509_getm_notAfter(c), r->until));
    must(X509_set_pubkey(c, key) == 1);
    add_extension(c, issuer ? issuer : c, NID_subject_key_identifier, "hash");
    if (issuer)
        add_extension(c, issuer, NID_authority_key_identifier, "keyid:always");
    add_extension(c, issuer, NID_basic_constraints, r->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(c, issuer, NID_key_usage,
                  r->ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
    if (r->extended_key_usage)
        add_extension(c, issuer, NID_ext_key_usage, r->extended_key_usage);
    if (r->alternative_names)
        add_extension(c, issuer, NID_subject_alt_name, r->alternative_names);
    EVP_PKEY *signer = issuer_key ? issuer_key : key;
    must(X509_sign(c, signer, EVP_PKEY_is_a(signer, "ED25519") ? NULL : EVP_sha256()) > 0);
    return c;
}

/* What a memory BIO collected, as kept, NUL-terminated text. Frees the BIO. */
static struct text text_of_bio(struct pki *p, BIO *bio)
{
    char *data = NULL;
    long n = BIO_get_mem_data(bio, &data);
    must(n > 0);
    char *copy = keep(p, mem_strndup(data, (size_t)n));
    BIO_free_all(bio);
    return (struct text){copy, (size_t)n};
}

static struct text key_text(struct pki *p, EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    must(bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    return text_of_bio(p, bio);
}

static void fill_identity(struct pki *p, struct pki_identity *out, X509 *leaf, EVP_PKEY *key,
                          X509 *const *chain, size_t chain_count)
{
    BIO *bio = BIO_new(BIO_s_mem());
    must(bio && PEM_write_bio_X509(bio, leaf) == 1);
    for (size_t i = 0; i < chain_count; i++)
        must(PEM_write_bio_X509(bio, chain[i]) == 1);
    out->chain_pem = text_of_bio(p, bio);
    out->key_pem = key_text(p, key);
    int n = i2d_X509(leaf, NULL);
    must(n > 0);
    unsigned char *der = keep(p, mem_alloc((size_t)n));
    unsigned char *end = der;
    (void)i2d_X509(leaf, &end);
    out->der = (struct bytes){der, (size_t)n};
    sha256(out->der, out->fingerprint);
    int days = 0;
    int seconds = 0;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    must(epoch && ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(leaf)) == 1);
    ASN1_TIME_free(epoch);
    out->not_after = (int64_t)days * DAY + seconds;
}

static void make_root(struct pki *p, struct authority *out, const char *key, const char *name)
{
    struct recipe r = {.common_name = name, .from = -30 * DAY, .until = 365 * DAY, .ca = true};
    out->key = make_key(key);
    out->certificate = make_certificate(&r, out->key, NULL, NULL);
    fill_identity(p, &out->identity, out->certificate, out->key, NULL, 0);
}

struct pki *pki_new(const char *key)
{
    struct pki *p = mem_alloc(sizeof(*p));
    must(p);
    pki_set_key(p, key);
    make_root(p, &p->root, key, "Test Root");
    make_root(p, &p->other, key, "Another Root");
    return p;
}

void pki_set_key(struct pki *p, const char *key)
{
    must(text_to_cstr(text_of(key), p->leaf_key, sizeof(p->leaf_key)));
}

void pki_free(struct pki *p)
{
    for (size_t i = 0; i < p->kept_count; i++)
        mem_free(p->kept[i]);
    X509_free(p->root.certificate);
    EVP_PKEY_free(p->root.key);
    X509_free(p->other.certificate);
    EVP_PKEY_free(p->other.key);
    mem_free(p);
}

/* A leaf below `count` fresh intermediates below `root`. */
static const struct pki_identity *issue(struct pki *p, const struct recipe *recipe,
                                        const struct authority *root, size_t count)
{
    enum { INTERMEDIATES_MAX = 8 };
    X509 *chain[INTERMEDIATES_MAX] = {NULL}; /* chain[0] signs the leaf */
    EVP_PKEY *keys[INTERMEDIATES_MAX] = {NULL};
    must(count <= INTERMEDIATES_MAX);
    X509 *issuer = root ? root->certificate : NULL;
    EVP_PKEY *issuer_key = root ? root->key : NULL;
    for (size_t i = count; i-- > 0;) {
        char name[32];
        (void)snprintf(name, sizeof(name), "Intermediate %zu", i);
        struct recipe r = {.common_name = name, .from = -DAY * 10, .until = 90 * DAY, .ca = true};
        keys[i] = make_key("ec:P-256");
        chain[i] = make_certificate(&r, keys[i], issuer, issuer_key);
        issuer = chain[i];
        issuer_key = keys[i];
    }
    EVP_PKEY *key = make_key(p->leaf_key);
    X509 *leaf = make_certificate(recipe, key, issuer, issuer_key);
    struct pki_identity *out = keep(p, mem_alloc(sizeof(*out)));
    fill_identity(p, out, leaf, key, chain, count);
    X509_free(leaf);
    EVP_PKEY_free(key);
    for (size_t i = 0; i < count; i++) {
        X509_free(chain[i]);
        EVP_PKEY_free(keys[i]);
    }
    return out;
}

/* clang-format off */
static const struct profile {
    const char *name;
    const char *extended_key_usage;
    long from, until;
    size_t intermediates;
} profiles[PKI_PROFILE_COUNT] = {
    [PKI_GOOD]             = {"good",             "clientAuth", -HOUR,    DAY,     0},
    [PKI_VIA_INTERMEDIATE] = {"via_intermediate", "clientAuth", -HOUR,    DAY,     1},
    [PKI_EXPIRED]          = {"expired",          "clientAuth", -2 * DAY, -DAY,    0},
    [PKI_NOT_YET]          = {"not_yet",          "clientAuth", DAY,      2 * DAY, 0},
    [PKI_WRONG_CA]         = {"wrong_ca",         "clientAuth", -HOUR,    DAY,     0},
    [PKI_WRONG_EKU]        = {"wrong_eku",        "serverAuth", -HOUR,    DAY,     0},
    [PKI_NO_EKU]           = {"no_eku",           NULL,         -HOUR,    DAY,     0},
    [PKI_SELF_SIGNED]      = {"self_signed",      "clientAuth", -HOUR,    DAY,     0},
    [PKI_CHAIN_TOO_LONG]   = {"chain_too_long",   "clientAuth", -HOUR,    DAY,     6},
};
/* clang-format on */

const char *pki_profile_name(enum pki_profile p)
{
    return profiles[p].name;
}

const struct pki_identity *pki_client(struct pki *p, enum pki_profile profile, const char *common_name)
{
    const struct profile *how = &profiles[profile];
    struct recipe r = {.common_name = common_name,
                       .from = how->from,
                       .until = how->until,
                       .extended_key_usage = how->extended_key_usage};
    const struct authority *root = &p->root;
    if (profile == PKI_WRONG_CA)
        root = &p->other;
    if (profile == PKI_SELF_SIGNED)
        root = NULL;
    return issue(p, &r, root, how->intermediates);
}

const struct pki_identity *pki_server(struct pki *p, const char *names)
{
    struct recipe r = {.common_name = "server",
                       .from = -HOUR,
                       .until = DAY,
                       .extended_key_usage = "serverAuth",
                       .alternative_names = names};
    return issue(p, &r, &p->root, 0);
}

struct text pki_ca_pem(const struct pki *p)
{
    return p->root.identity.chain_pem;
}

struct text pki_other_ca_pem(const struct pki *p)
{
    return p->other.identity.chain_pem;
}

const struct pki_identity *pki_ca_identity(const struct pki *p)
{
    return &p->root.identity;
}

static EVP_PKEY *key_of(const struct pki_identity *identity)
{
    BIO *in = BIO_new_mem_buf(identity->key_pem.p, (int)identity->key_pem.n);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    BIO_free_all(in);
    must(key);
    return key;
}

struct text pki_traditional_key(struct pki *p, const struct pki_identity *identity)
{
    EVP_PKEY *key = key_of(identity);
    BIO *bio = BIO_new(BIO_s_mem());
    must(bio && PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    EVP_PKEY_free(key);
    return text_of_bio(p, bio);
}

struct text pki_encrypted_key(struct pki *p, const struct pki_identity *identity)
{
    EVP_PKEY *key = key_of(identity);
    BIO *bio = BIO_new(BIO_s_mem());
    must(bio && PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_256_cbc(), "secret", 6, NULL, NULL) == 1);
    EVP_PKEY_free(key);
    return text_of_bio(p, bio);
}
