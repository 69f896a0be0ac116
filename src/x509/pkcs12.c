/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/pkcs12.h"

#include <limits.h>

#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "base/own.h"
#include "x509/crypto.h"

#define ITERATIONS   100000
#define PASSWORD_MAX 1024
#define NAME_MAX_    256

static void free_stack(STACK_OF(X509) * s)
{
    sk_X509_pop_free(s, X509_free);
}
OWNABLE(X509, X509_free);
OWNABLE(PKCS12, PKCS12_free);
OWNABLE(STACK_OF(X509), free_stack);

static struct status read_certificate(struct bytes der, X509 **out, struct error *err)
{
    const unsigned char *p = der.p;
    if (der.n > LONG_MAX)
        return STATUS(TOO_LARGE);
    OWNED(X509_free) X509 *x = d2i_X509(NULL, &p, (long)der.n);
    if (!x || p != der.p + der.n)
        return crypto_failed(err, E_INVALID, "not a certificate");
    *out = TAKE(x);
    return DONE;
}

static struct status read_chain(const struct pkcs12_contents *in, STACK_OF(X509) * chain, struct error *err)
{
    for (size_t i = 0; i < in->chain_count; i++) {
        OWNED(X509_free) X509 *x = NULL;
        TRY(read_certificate(in->chain[i], &x, err));
        if (sk_X509_push(chain, x) <= 0)
            return STATUS(NOMEM);
        (void)TAKE(x);
    }
    return DONE;
}

static struct status write_der(const PKCS12 *p12, struct buffer *out, struct error *err)
{
    int n = i2d_PKCS12(p12, NULL);
    uint8_t *room = n > 0 ? buffer_reserve(out, (size_t)n) : NULL;
    if (!room)
        return n > 0 ? buffer_status(out) : crypto_failed(err, E_BROKEN, "write PKCS#12");
    if (i2d_PKCS12(p12, &room) != n)
        return crypto_failed(err, E_BROKEN, "write PKCS#12");
    buffer_commit(out, (size_t)n);
    return DONE;
}

struct status pkcs12_build(const struct pkcs12_contents *in, struct bytes password, struct buffer *out,
                           struct error *err)
{
    char secret[PASSWORD_MAX], name[NAME_MAX_];
    if (password.n == 0 || !text_is_utf8(bytes_text(password)))
        return error_set(err, E_INVALID, "the password must be UTF-8 and not empty");
    if (!text_to_cstr(in->name, name, sizeof name))
        return error_set(err, E_INVALID, "the name for the PKCS#12 entry is too long");
    OWNED(X509_free) X509 *leaf = NULL;
    OWNED(free_stack) STACK_OF(X509) *chain = sk_X509_new_null();
    if (!chain)
        return STATUS(NOMEM);
    TRY(read_certificate(in->leaf, &leaf, err));
    TRY(read_chain(in, chain, err));
    if (X509_check_private_key(leaf, in->key) != 1)
        return crypto_failed(err, E_INVALID, "the key does not belong to the certificate");
    if (!text_to_cstr(bytes_text(password), secret, sizeof secret))
        return error_set(err, E_INVALID, "the password is too long, or holds a NUL");
    OWNED(PKCS12_free)
    PKCS12 *p12 = PKCS12_create(secret, name[0] ? name : NULL, in->key, leaf, chain, NID_aes_256_cbc,
                                NID_aes_256_cbc, ITERATIONS, ITERATIONS, 0);
    secret_wipe(secret, sizeof secret);
    if (!p12)
        return crypto_failed(err, E_BROKEN, "make PKCS#12");
    return write_der(p12, out, err);
}
