/* SPDX-License-Identifier: Apache-2.0 */
#include "pair.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

void pair_sockets(int fds[2])
{
    (void)signal(SIGPIPE, SIG_IGN);
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
}

static X509 *next_certificate(BIO *in)
{
    return PEM_read_bio_X509(in, NULL, NULL, NULL);
}

static void use_identity(SSL_CTX *ctx, const struct pki_identity *own)
{
    BIO *in = BIO_new_mem_buf(own->chain_pem.p, (int)own->chain_pem.n);
    X509 *leaf = next_certificate(in);
    must(leaf && SSL_CTX_use_certificate(ctx, leaf) == 1);
    X509_free(leaf);
    for (X509 *c = next_certificate(in); c; c = next_certificate(in))
        must(SSL_CTX_add0_chain_cert(ctx, c) == 1);
    BIO_free_all(in);
    in = BIO_new_mem_buf(own->key_pem.p, (int)own->key_pem.n);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    must(key && SSL_CTX_use_PrivateKey(ctx, key) == 1);
    EVP_PKEY_free(key);
    BIO_free_all(in);
    ERR_clear_error();
}

static int offer_any(SSL *ssl, X509 **certificate, EVP_PKEY **key)
{
    (void)ssl;
    (void)certificate;
    (void)key;
    return 0;
}

static void note_alert(const SSL *ssl, int where, int value)
{
    struct pair *p = SSL_get_app_data(ssl);
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && (value >> 8) == SSL3_AL_FATAL)
        p->client_alert = value & 0xff;
}

static SSL *make_client(struct pair *p, const struct peer_settings *s)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    must(ctx);
    p->ssl_ctx = ctx;
    SSL_CTX_set_security_level(ctx, 1);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT);
    if (s->version)
        must(SSL_CTX_set_min_proto_version(ctx, s->version) == 1 &&
             SSL_CTX_set_max_proto_version(ctx, s->version) == 1);
    if (s->ciphers)
        must(SSL_CTX_set_cipher_list(ctx, s->ciphers) == 1);
    if (s->own)
        use_identity(ctx, s->own);
    SSL_CTX_set_client_cert_cb(ctx, offer_any);
    SSL *ssl = SSL_new(ctx);
    must(ssl && SSL_set_app_data(ssl, p) == 1);
    SSL_set_info_callback(ssl, note_alert);
    if (s->server_name) {
        char name[256];
        must(text_to_cstr(text_of(s->server_name), name, sizeof(name)));
        must(SSL_set_tlsext_host_name(ssl, name) == 1);
    }
    if (s->alpn)
        must(SSL_set_alpn_protos(ssl, (const unsigned char *)s->alpn, (unsigned)strlen(s->alpn)) == 0);
    if (s->resume) {
        /* A copy: a failed handshake marks the session that it tried as unusable. */
        SSL_SESSION *copy = SSL_SESSION_dup(s->resume);
        must(copy && SSL_SESSION_is_resumable(copy) && SSL_set_session(ssl, copy) == 1);
        SSL_SESSION_free(copy);
    }
    must(SSL_set_fd(ssl, p->fds[1]) == 1);
    SSL_set_connect_state(ssl);
    return ssl;
}

static bool waits(enum tls_result r)
{
    return r == TLS_WANT_READ || r == TLS_WANT_WRITE;
}

/* One turn of the client: true while it may still get somewhere. */
static bool client_turn(struct pair *p)
{
    ERR_clear_error();
    int ret = SSL_do_handshake(p->ssl);
    p->client_ok = ret == 1;
    if (ret == 1)
        return false;
    int e = SSL_get_error(p->ssl, ret);
    return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE;
}

void pair_run(struct pair *p, struct tls_context *server, const struct peer_settings *client)
{
    *p = (struct pair){.server_result = TLS_WANT_READ};
    pair_sockets(p->fds);
    must(status_ok(tls_session_new(server, p->fds[0], true, NULL, &p->server)));
    p->ssl = make_client(p, client);
    bool client_moves = true;
    for (int turn = 0; turn < 20 && (client_moves || waits(p->server_result)); turn++) {
        if (client_moves)
            client_moves = client_turn(p);
        if (waits(p->server_result))
            p->server_result = tls_handshake(p->server);
    }
    size_t n = 0;
    if (p->server_result == TLS_OK)
        must(tls_write(p->server, (struct bytes){(const uint8_t *)"!", 1}, &n) == TLS_OK);
    char byte;
    ERR_clear_error();
    if (SSL_read(p->ssl, &byte, 1) != 1)
        p->client_ok = false;
    ERR_clear_error();
}

void pair_close(struct pair *p)
{
    tls_session_free(p->server);
    SSL_shutdown(p->ssl);
    SSL_free(p->ssl);
    SSL_CTX_free(p->ssl_ctx);
    (void)close(p->fds[0]);
    (void)close(p->fds[1]);
    ERR_clear_error();
}

bool pair_resumed(const struct pair *p)
{
    return SSL_session_reused(p->ssl) == 1;
}

const char *pair_cipher(const struct pair *p)
{
    return SSL_get_cipher(p->ssl);
}

void *pair_session(const struct pair *p)
{
    /* A copy, as closing the connection may mark the original as unusable. */
    return SSL_SESSION_dup(SSL_get0_session(p->ssl));
}

void pair_session_free(void *session)
{
    SSL_SESSION_free(session);
}

void pair_handshake(struct tls_session *a, struct tls_session *b, enum tls_result *out_a,
                    enum tls_result *out_b)
{
    *out_a = *out_b = TLS_WANT_READ;
    for (int turn = 0; turn < 20 && (waits(*out_a) || waits(*out_b)); turn++) {
        if (waits(*out_a))
            *out_a = tls_handshake(a);
        if (waits(*out_b))
            *out_b = tls_handshake(b);
    }
}

struct tls_context *pair_server(struct pki *pki, enum tls_client_auth auth, const char *session_context)
{
    const struct pki_identity *own = pki_server(pki, "DNS:localhost,IP:127.0.0.1");
    struct tls_key_pair keys = {own->chain_pem, own->key_pem};
    struct tls_server_settings settings = {.pairs = &keys,
                                           .pair_count = 1,
                                           .client_auth = auth,
                                           .anchors_pem = pki_ca_pem(pki),
                                           .session_context = text_of(session_context),
                                           .verify_cache_max = 64};
    struct tls_context *c = NULL;
    struct error err = {0};
    struct status s = tls_server_context_new(&settings, &c, &err);
    if (!status_ok(s))
        must_failed(err.message, __FILE__, __LINE__);
    return c;
}
