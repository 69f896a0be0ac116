/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Shared by the files of tls/ only. */

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/own.h"
#include "tls/policy.h"
#include "tls/resume.h"
#include "tls/tls.h"
#include "tls/verify_cache.h"

struct tls_context {
    SSL_CTX *ssl; /* owned */
    unsigned refs;
    bool server;
    enum tls_client_auth client_auth;
    bool resumption;
    const struct tls_policy *policy;
    uint8_t session_id_context[SHA256_SIZE];
    struct verify_cache cache;
    STACK_OF(X509) * own_anchors;       /* owned; only beside those of guests */
    uint8_t guest_anchors[SHA256_SIZE]; /* of their PEM */
    struct tls_context_stats stats;
    tls_sni_callback *sni;
    void *sni_ctx;
    /* client */
    bool pin_set;
    uint8_t pin[SHA256_SIZE];
    bool insecure;
    bool offer_h2;
    struct tls_resumption *resumes; /* owned; NULL = none is kept */
};

struct tls_session {
    SSL *ssl;                    /* owned */
    struct tls_context *context; /* a reference; after SNI the chosen one */
    struct tls_context *first;   /* a reference; the one the session began on */
    struct tls_peer peer;
    uint8_t *der;        /* owned; of the peer's leaf until tls_peer_drop_der() */
    unsigned long error; /* of OpenSSL's queue, the first of the failure */
    int verify_error;    /* X509_V_... */
    bool server;
    bool broken; /* after a fatal error nothing may be sent (SSL_shutdown(3)) */
    bool sent_close;
    bool clean_close;
    bool pin_missed;
    bool resumes; /* tls_session_resume() was called: */
    uint8_t resume_key[SHA256_SIZE];
    int64_t resume_until; /* of the session that was offered to the server; seconds */
};

/* Memory in the life of one call. */
OWNABLE(BIO, BIO_free_all);
OWNABLE(X509, X509_free);
OWNABLE(EVP_PKEY, EVP_PKEY_free);
static inline void tls_certificates_free(STACK_OF(X509) * certificates)
{
    sk_X509_pop_free(certificates, X509_free);
}
OWNABLE(STACK_OF(X509), tls_certificates_free);

/* errors.c: the only place that reads OpenSSL's queue. Empties it; returns its first error, 0 when it was
 * empty. */
unsigned long tls_errors_drain(void);
/* Drains, and sets "<what>: <reason>". */
struct status tls_error_set(struct error *err, enum code code, const char *what);

/* keys.c */
struct status tls_context_use_pair(SSL_CTX *ssl, const struct tls_key_pair *pair, struct error *err);
/* Certificates of a PEM text, in order. E_INVALID when there is none, one is broken, or more than 1,024. */
struct status tls_certificates_parse(struct text pem, STACK_OF(X509) * *out, struct error *err);
/* Adds each certificate as a trust anchor, and its subject to the names a client is shown (when `names`). */
struct status tls_context_use_anchors(SSL_CTX *ssl, struct text pem, bool names, struct error *err);

/* trust.c */
void tls_context_use_trust(SSL_CTX *ssl, const struct tls_trust *trust);

/* context.c */
struct status tls_context_alloc(bool server, const struct tls_policy *policy, struct tls_context **out,
                                struct error *err);

/* SSL_VERIFY_... for the context's client_auth. */
int tls_verify_mode(const struct tls_context *c);

/* sni.c: SSL_CTX_set_client_hello_cb */
int tls_client_hello(SSL *ssl, int *alert, void *arg);

/* verify.c: SSL_CTX_set_cert_verify_callback; arg is the context. */
int tls_verify_client(X509_STORE_CTX *store, void *arg);
int tls_verify_server(X509_STORE_CTX *store, void *arg);
/* A resumed session brings a certificate nobody verified in this handshake: looks it up, or verifies it
 * again. */
bool tls_verify_resumed(struct tls_session *s);

/* peer.c: remembers the leaf's DER and fingerprint, once. false when out of memory. */
bool tls_peer_remember(struct tls_session *s, X509 *leaf);

static inline struct tls_session *tls_session_of(SSL *ssl)
{
    return SSL_get_app_data(ssl);
}
