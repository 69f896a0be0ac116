/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls.h"

#include "base/alloc.h"
#include "tls/internal.h"

static void context_unref(struct tls_context *c)
{
    tls_context_unref(c);
}
OWNABLE(struct tls_context, context_unref);

static struct status use_trust(struct tls_context *c, const struct tls_client_settings *settings,
                               struct error *err)
{
    c->pin_set = settings->pin_set;
    for (size_t i = 0; i < SHA256_SIZE; i++)
        c->pin[i] = settings->pin_sha256[i];
    c->insecure = settings->insecure_first_contact || settings->skip_verification;
    if (c->insecure && c->pin_set)
        return error_set(err, E_INVALID, "a pinned fingerprint and no verification exclude each other");
    SSL_CTX_set_cert_verify_callback(c->ssl, tls_verify_server, c);
    SSL_CTX_set_verify(c->ssl, SSL_VERIFY_PEER, NULL);
    if (c->insecure || c->pin_set)
        return DONE;
    if (settings->trust) {
        tls_context_use_trust(c->ssl, settings->trust);
        return DONE;
    }
    if (settings->anchors_pem.n > 0) {
        struct status s = tls_context_use_anchors(c->ssl, settings->anchors_pem, false, err);
        return status_ok(s) ? s : error_wrap(err, s, "trusted CAs");
    }
    if (SSL_CTX_set_default_verify_paths(c->ssl) != 1)
        return tls_error_set(err, E_UNAVAILABLE, "read the system's trusted CAs");
    (void)tls_errors_drain();
    return DONE;
}

struct status tls_client_context_new(const struct tls_client_settings *settings, struct tls_context **out,
                                     struct error *err)
{
    OWNED(context_unref) struct tls_context *c = NULL;
    TRY(tls_context_alloc(false, tls_policy_at(0), &c, err));
    TRY(use_trust(c, settings, err));
    if (settings->own.certificate_chain_pem.n > 0 || settings->own.key_pem.n > 0) {
        struct status s = tls_context_use_pair(c->ssl, &settings->own, err);
        if (!status_ok(s))
            return error_wrap(err, s, "client certificate");
    }
    if (settings->resume_servers > 0) {
        c->resumes = tls_resumption_new(settings->resume_servers);
        if (!c->resumes)
            return error_set(err, E_NOMEM, "out of memory");
        tls_context_keep_sessions(c);
    }
    c->offer_h2 = settings->offer_h2;
    static const unsigned char both[] = "\x02h2\x08http/1.1";
    const unsigned char *offer = settings->offer_h2 ? both : both + 3;
    unsigned offer_n = settings->offer_h2 ? sizeof(both) - 1 : sizeof(both) - 4;
    /* 0 is success here, alone in the library. */
    if (SSL_CTX_set_alpn_protos(c->ssl, offer, offer_n) != 0)
        return tls_error_set(err, E_NOMEM, "offer protocols");
    *out = TAKE(c);
    return DONE;
}
