/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls.h"

#include "base/alloc.h"
#include "tls/internal.h"

struct tls_trust {
    X509_STORE *store; /* a reference; contexts hold their own */
};
OWNABLE(struct tls_trust, tls_trust_free);

void tls_trust_free(struct tls_trust *t)
{
    if (!t)
        return;
    X509_STORE_free(t->store);
    mem_free(t);
}

/* The certificates themselves are shared, not copied. */
static bool add_base(X509_STORE *store, const struct tls_trust *base)
{
    const STACK_OF(X509_OBJECT) *objects = base ? X509_STORE_get0_objects(base->store) : NULL;
    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        X509 *certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        if (certificate && X509_STORE_add_cert(store, certificate) != 1)
            return false;
    }
    return true;
}

static struct status add_pem(X509_STORE *store, struct text pem, struct error *err)
{
    if (pem.n == 0)
        return DONE;
    OWNED(tls_certificates_free) STACK_OF(X509) *list = NULL;
    TRY(tls_certificates_parse(pem, &list, err));
    for (int i = 0; i < sk_X509_num(list); i++)
        if (X509_STORE_add_cert(store, sk_X509_value(list, i)) != 1)
            return tls_error_set(err, E_NOMEM, "remember the trust anchors");
    return DONE;
}

struct status tls_trust_new(const struct tls_trust *base, struct text pem, struct tls_trust **out,
                            struct error *err)
{
    OWNED(tls_trust_free) struct tls_trust *t = mem_alloc(sizeof *t);
    if (!t)
        return error_set(err, E_NOMEM, "out of memory");
    t->store = X509_STORE_new();
    if (!t->store || !add_base(t->store, base))
        return tls_error_set(err, E_NOMEM, "remember the trust anchors");
    TRY(add_pem(t->store, pem, err));
    *out = TAKE(t);
    return DONE;
}

void tls_context_use_trust(SSL_CTX *ssl, const struct tls_trust *trust)
{
    SSL_CTX_set1_cert_store(ssl, trust->store);
}
