/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/internal.h"

#include "base/alloc.h"
#include "base/buffer.h"

bool tls_peer_remember(struct tls_session *s, X509 *leaf)
{
    if (s->der)
        return true;
    int n = i2d_X509(leaf, NULL);
    if (n <= 0)
        return false;
    uint8_t *der = mem_alloc((size_t)n);
    if (!der)
        return false;
    unsigned char *end = der;
    (void)i2d_X509(leaf, &end);
    s->der = der;
    s->peer.der = (struct bytes){der, (size_t)n};
    sha256(s->peer.der, s->peer.fingerprint);
    return true;
}

const struct tls_peer *tls_peer(struct tls_session *s)
{
    return &s->peer;
}

void tls_peer_drop_der(struct tls_session *s)
{
    mem_free(s->der);
    s->der = NULL;
    s->peer.der = (struct bytes){NULL, 0};
}

size_t tls_peer_chain_fingerprints(struct tls_session *s, uint8_t (*out)[SHA256_SIZE], size_t max)
{
    /* On the client's side this list begins with the leaf. */
    STACK_OF(X509) *chain = s->server ? NULL : SSL_get_peer_cert_chain(s->ssl);
    int count = chain ? sk_X509_num(chain) : 0;
    size_t n = 0;
    while (n < max && n < (size_t)count) {
        unsigned size = SHA256_SIZE;
        if (X509_digest(sk_X509_value(chain, (int)n), EVP_sha256(), out[n], &size) != 1)
            break;
        n++;
    }
    return n;
}

void tls_peer_chain_pem(struct tls_session *s, struct buffer *out)
{
    STACK_OF(X509) *chain = s->server ? NULL : SSL_get_peer_cert_chain(s->ssl);
    OWNED(BIO_free_all) BIO *memory = BIO_new(BIO_s_mem());
    bool ok = memory != NULL;
    for (int i = 0; ok && chain && i < sk_X509_num(chain); i++)
        ok = PEM_write_bio_X509(memory, sk_X509_value(chain, i)) == 1;
    if (!ok) {
        (void)tls_errors_drain();
        out->failed = E_NOMEM;
        return;
    }
    const uint8_t *text = NULL;
    long n = BIO_get_mem_data(memory, &text);
    if (n > 0)
        buffer_append(out, (struct bytes){text, (size_t)n});
}
