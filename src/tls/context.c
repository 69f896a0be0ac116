/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "tls/internal.h"

/* No renegotiation and no compression (RFC 9325 3.3, 3.5). */
#define OPTIONS_ALWAYS (SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE)

/* Four records by one read(2) where answers are large; OpenSSL gives it back when it is empty. */
#define ANSWER_READ_AHEAD (66u * 1024)

static void context_free(struct tls_context *c)
{
    tls_resumption_free(c->resumes);
    SSL_CTX_free(c->ssl);
    tls_certificates_free(c->own_anchors);
    verify_cache_release(&c->cache);
    mem_free(c);
}
OWNABLE(struct tls_context, context_free);

/* Longer than any list of a policy; what OpenSSL's macros cast to char * is a copy. */
#define LIST_MAX 512

static bool set_groups(SSL_CTX *ssl, const char *groups)
{
    char list[LIST_MAX];
    return text_to_cstr(text_of(groups), list, sizeof(list)) && SSL_CTX_set1_groups_list(ssl, list) == 1;
}

static bool set_signature_algorithms(SSL_CTX *ssl, const char *algorithms)
{
    char list[LIST_MAX];
    return text_to_cstr(text_of(algorithms), list, sizeof(list)) && SSL_CTX_set1_sigalgs_list(ssl, list) == 1;
}

static bool apply_policy(SSL_CTX *ssl, const struct tls_policy *p)
{
    return SSL_CTX_set_min_proto_version(ssl, p->min_version) == 1 &&
           SSL_CTX_set_max_proto_version(ssl, p->max_version) == 1 &&
           SSL_CTX_set_cipher_list(ssl, p->ciphers_tls12) == 1 &&
           SSL_CTX_set_ciphersuites(ssl, p->ciphersuites_tls13) == 1 && set_groups(ssl, p->groups) &&
           set_signature_algorithms(ssl, p->signature_algorithms);
}

struct status tls_context_alloc(bool server, const struct tls_policy *policy, struct tls_context **out,
                                struct error *err)
{
    ERR_clear_error();
    OWNED(context_free) struct tls_context *c = mem_alloc(sizeof(*c));
    if (!c)
        return error_set(err, E_NOMEM, "out of memory");
    c->refs = 1;
    c->server = server;
    c->policy = policy;
    c->ssl = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    if (!c->ssl)
        return tls_error_set(err, E_NOMEM, "create a TLS context");
    if (!apply_policy(c->ssl, policy))
        return tls_error_set(err, E_BROKEN, "apply the TLS policy");
    /* 112 bits: RSA and DH from 2048, no SHA-1 in a chain; not left to the system's openssl.cnf. */
    SSL_CTX_set_security_level(c->ssl, 2);
    SSL_CTX_set_options(c->ssl, OPTIONS_ALWAYS);
    SSL_CTX_set_mode(c->ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(c->ssl, 1);
    if (!server)
        SSL_CTX_set_default_read_buffer_len(c->ssl, ANSWER_READ_AHEAD);
    SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(c->ssl, LIMIT_TLS_CHAIN_BYTES);
    SSL_CTX_set_verify_depth(c->ssl, LIMIT_TLS_CHAIN_DEPTH);
    X509_VERIFY_PARAM *verify = SSL_CTX_get0_param(c->ssl);
    /* An anchor is trusted as it stands, also one that is not self-signed. */
    (void)X509_VERIFY_PARAM_set_flags(verify, X509_V_FLAG_PARTIAL_CHAIN);
    *out = TAKE(c);
    return DONE;
}

/* RFC 7301 3.2: the server's order counts; nothing in common is fatal. */
static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n, const unsigned char *in,
                       unsigned in_n, void *arg)
{
    (void)ssl;
    (void)arg;
    static const unsigned char ours[] = "\x02h2\x08http/1.1";
    unsigned char *chosen = NULL;
    if (SSL_select_next_proto(&chosen, out_n, ours, sizeof(ours) - 1, in, in_n) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* DESIGN 3.1 (8): off means all of this. One ticket when on: OpenSSL's two cost as much again, each with the
 * certificate. */
static void set_resumption(struct tls_context *c, bool on)
{
    c->resumption = on;
    if (on) {
        SSL_CTX_clear_options(c->ssl, SSL_OP_NO_TICKET);
        (void)SSL_CTX_set_num_tickets(c->ssl, 1);
        return;
    }
    SSL_CTX_set_options(c->ssl, SSL_OP_NO_TICKET);
    (void)SSL_CTX_set_num_tickets(c->ssl, 0);
}

static struct status set_client_auth(struct tls_context *c, const struct tls_server_settings *settings,
                                     struct error *err)
{
    c->client_auth = settings->client_auth;
    if (settings->client_auth == TLS_CLIENT_NONE) {
        SSL_CTX_set_verify(c->ssl, SSL_VERIFY_NONE, NULL);
        return DONE;
    }
    if (settings->anchors_pem.n == 0)
        return error_set(err, E_INVALID, "client certificates need at least one trusted CA");
    struct status s = tls_context_use_anchors(c->ssl, settings->anchors_pem, true, err);
    if (!status_ok(s))
        return error_wrap(err, s, "trusted CAs");
    if (settings->guest_anchors_pem.n > 0) {
        TRY(tls_certificates_parse(settings->anchors_pem, &c->own_anchors, err));
        s = tls_context_use_anchors(c->ssl, settings->guest_anchors_pem, true, err);
        if (!status_ok(s))
            return error_wrap(err, s, "trusted CAs of guests");
    }
    s = verify_cache_init(&c->cache, settings->verify_cache_max);
    if (!status_ok(s))
        return error_set(err, E_NOMEM, "out of memory");
    SSL_CTX_set_cert_verify_callback(c->ssl, tls_verify_client, c);
    SSL_CTX_set_verify(c->ssl, tls_verify_mode(c), NULL);
    return DONE;
}

int tls_verify_mode(const struct tls_context *c)
{
    switch (c->client_auth) {
    case TLS_CLIENT_NONE:
        return SSL_VERIFY_NONE;
    case TLS_CLIENT_OPTIONAL:
        return SSL_VERIFY_PEER;
    case TLS_CLIENT_REQUIRED:
        break;
    }
    return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
}

struct status tls_server_context_new(const struct tls_server_settings *settings, struct tls_context **out,
                                     struct error *err)
{
    const struct tls_policy *policy = tls_policy_find(settings->policy);
    if (!policy)
        return error_set(err, E_INVALID, "no TLS policy is called '%.*s'", TEXT_ARG(settings->policy));
    if (settings->pair_count == 0)
        return error_set(err, E_INVALID, "a TLS listener needs a certificate and its key");
    OWNED(context_free) struct tls_context *c = NULL;
    TRY(tls_context_alloc(true, policy, &c, err));
    must(c);
    for (size_t i = 0; i < settings->pair_count; i++)
        TRY(tls_context_use_pair(c->ssl, &settings->pairs[i], err));
    TRY(set_client_auth(c, settings, err));
    set_resumption(c, settings->resumption);
    sha256(text_bytes(settings->guest_anchors_pem), c->guest_anchors);
    sha256(text_bytes(settings->session_context), c->session_id_context);
    if (SSL_CTX_set_session_id_context(c->ssl, c->session_id_context, sizeof(c->session_id_context)) != 1)
        return tls_error_set(err, E_BROKEN, "set the session-id context");
    SSL_CTX_set_alpn_select_cb(c->ssl, select_alpn, NULL);
    *out = TAKE(c);
    return DONE;
}

void tls_context_set_sni(struct tls_context *c, tls_sni_callback *cb, void *ctx)
{
    must(c->server);
    c->sni = cb;
    c->sni_ctx = ctx;
    SSL_CTX_set_client_hello_cb(c->ssl, cb ? tls_client_hello : NULL, c);
}

bool tls_context_same_guests(const struct tls_context *a, const struct tls_context *b)
{
    return memcmp(a->guest_anchors, b->guest_anchors, SHA256_SIZE) == 0;
}

struct tls_context *tls_context_ref(struct tls_context *c)
{
    c->refs++;
    return c;
}

void tls_context_unref(struct tls_context *c)
{
    if (!c)
        return;
    must(c->refs > 0);
    if (--c->refs == 0)
        context_free(c);
}

void tls_context_stats(const struct tls_context *c, struct tls_context_stats *out)
{
    *out = c->stats;
}
