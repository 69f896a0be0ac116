/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/keys.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "x509/crypto.h"

OWNABLE(PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free);

static const struct algorithm {
    struct text name;
    const char *type;  /* libcrypto's */
    const char *group; /* EC */
    size_t bits;       /* RSA */
} algorithms[] = {
    {TEXT_INIT("ec:P-256"), "EC", "P-256", 0},  {TEXT_INIT("ec:P-384"), "EC", "P-384", 0},
    {TEXT_INIT("ec:P-521"), "EC", "P-521", 0},  {TEXT_INIT("rsa:2048"), "RSA", NULL, 2048},
    {TEXT_INIT("rsa:3072"), "RSA", NULL, 3072}, {TEXT_INIT("rsa:4096"), "RSA", NULL, 4096},
    {TEXT_INIT("ed25519"), "ED25519", NULL, 0},
};

static const struct algorithm *find_algorithm(struct text name)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (text_equal(algorithms[i].name, name))
            return &algorithms[i];
    }
    return NULL;
}

static struct status unknown_algorithm(struct text algorithm, struct error *err)
{
    return error_set(err, E_INVALID,
                     "'%.*s' is no key algorithm; possible are ec:P-256, ec:P-384, ec:P-521, rsa:2048, "
                     "rsa:3072, rsa:4096, ed25519",
                     TEXT_ARG(algorithm));
}

struct status key_algorithm_check(struct text algorithm, struct error *err)
{
    return find_algorithm(algorithm) ? DONE : unknown_algorithm(algorithm, err);
}

struct status key_generate(struct text algorithm, EVP_PKEY **out, struct error *err)
{
    const struct algorithm *row = find_algorithm(algorithm);
    if (!row)
        return unknown_algorithm(algorithm, err);
    EVP_PKEY *key;
    if (row->group)
        key = EVP_PKEY_Q_keygen(NULL, NULL, row->type, row->group);
    else if (row->bits)
        key = EVP_PKEY_Q_keygen(NULL, NULL, row->type, row->bits);
    else
        key = EVP_PKEY_Q_keygen(NULL, NULL, row->type);
    if (!key)
        return crypto_failed(err, E_BROKEN, "cannot make a key");
    *out = key;
    return DONE;
}

/* Called for encrypted keys only; without it libcrypto would ask on the terminal. */
static int no_password(char *buffer, int size, int writing, void *was_asked)
{
    (void)buffer, (void)size, (void)writing;
    *(bool *)was_asked = true;
    return -1;
}

struct status key_from_pem(struct bytes pem, EVP_PKEY **out, struct error *err)
{
    if (pem.n == 0 || pem.n > INT32_MAX)
        return error_set(err, E_INVALID, "there is no private key in PEM");
    OWNED(BIO_free_all) BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    if (!bio)
        return crypto_failed(err, E_NOMEM, "out of memory");
    bool was_encrypted = false;
    EVP_PKEY *key = PEM_read_bio_PrivateKey_ex(bio, NULL, no_password, &was_encrypted, NULL, NULL);
    if (key) {
        *out = key;
        return DONE;
    }
    struct status s = crypto_failed(err, E_INVALID, "there is no private key in PEM");
    if (was_encrypted)
        return error_set(
            err, E_INVALID,
            "the private key is encrypted; decrypt it with 'openssl pkey -in FILE -out NEWFILE'");
    return s;
}

/* The content of a memory BIO, which libcrypto wipes when it frees it. */
static struct status take_secret(BIO *bio, struct secret *out, struct error *err)
{
    char *data = NULL;
    long n = BIO_get_mem_data(bio, &data);
    if (n <= 0)
        return error_set(err, E_BROKEN, "the key was not written");
    struct status s = secret_copy(out, (struct bytes){(const uint8_t *)data, (size_t)n});
    return status_ok(s) ? s : error_set(err, s.code, "out of memory");
}

struct status key_to_pkcs8(const EVP_PKEY *key, struct secret *out, struct error *err)
{
    OWNED(PKCS8_PRIV_KEY_INFO_free) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    OWNED(BIO_free_all) BIO *bio = BIO_new(BIO_s_mem());
    if (!info || !bio || i2d_PKCS8_PRIV_KEY_INFO_bio(bio, info) != 1)
        return crypto_failed(err, E_BROKEN, "cannot encode the key");
    return take_secret(bio, out, err);
}

struct status key_to_pkcs8_pem(const EVP_PKEY *key, struct secret *out, struct error *err)
{
    OWNED(BIO_free_all) BIO *bio = BIO_new(BIO_s_mem());
    if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
        return crypto_failed(err, E_BROKEN, "cannot encode the key");
    return take_secret(bio, out, err);
}

struct status key_to_pkcs1_pem(const EVP_PKEY *key, struct secret *out, struct error *err)
{
    if (!EVP_PKEY_is_a(key, "RSA"))
        return error_set(err, E_INVALID, "only an RSA key can be written as PKCS#1");
    OWNED(BIO_free_all) BIO *bio = BIO_new(BIO_s_mem());
    if (!bio || PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
        return crypto_failed(err, E_BROKEN, "cannot encode the key");
    return take_secret(bio, out, err);
}

struct status key_from_pkcs8(struct bytes der, EVP_PKEY **out, struct error *err)
{
    const uint8_t *p = der.p;
    OWNED(PKCS8_PRIV_KEY_INFO_free)
    PKCS8_PRIV_KEY_INFO *info = der.n <= INT32_MAX ? d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der.n) : NULL;
    if (!info)
        return crypto_failed(err, E_INVALID, "this is not a PKCS#8 key");
    if (p != der.p + der.n)
        return error_set(err, E_INVALID, "trailing bytes after the key");
    EVP_PKEY *key = EVP_PKCS82PKEY(info);
    if (!key)
        return crypto_failed(err, E_INVALID, "this is not a key that can be used");
    *out = key;
    return DONE;
}

struct status key_to_spki(const EVP_PKEY *key, struct buffer *out, struct error *err)
{
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(key, &der);
    if (n <= 0)
        return crypto_failed(err, E_BROKEN, "cannot encode the public key");
    buffer_append(out, (struct bytes){der, (size_t)n});
    OPENSSL_free(der);
    return buffer_status(out);
}
