/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls.h"

#include <openssl/x509v3.h> /* X509_CHECK_FLAG_... have no other home */

#include "base/alloc.h"
#include "tls/internal.h"

OWNABLE(struct tls_session, tls_session_free);

void tls_session_free(struct tls_session *s)
{
    if (!s)
        return;
    /* Without this libssl would think of the session as bad and log it in the context's cache. */
    if (s->ssl)
        SSL_set_quiet_shutdown(s->ssl, 1);
    SSL_free(s->ssl);
    (void)tls_errors_drain();
    tls_context_unref(s->context);
    tls_context_unref(s->first);
    mem_free(s->der);
    mem_free(s);
}

/* SNI holds names only (RFC 6066 3); an address is compared with the certificate's iPAddress entries. */
static bool set_server_name(SSL *ssl, const char *name)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    /* RFC 9525 6.3: names are in subjectAltName; the subject's CN is not looked at. */
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                               X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1)
        return true;
    (void)tls_errors_drain();
    char copy[TLSEXT_MAXLEN_host_name + 1]; /* the macro below casts const away */
    return text_to_cstr(text_of(name), copy, sizeof(copy)) &&
           X509_VERIFY_PARAM_set1_host(param, name, 0) == 1 && SSL_set_tlsext_host_name(ssl, copy) == 1;
}

struct status tls_session_new(struct tls_context *c, int fd, bool server, const char *server_name,
                              struct tls_session **out)
{
    must(c->server == server);
    bool named = server_name && *server_name;
    if (!server && !named && !c->insecure)
        return STATUS(INVALID);
    if (named && strlen(server_name) > TLSEXT_MAXLEN_host_name)
        return STATUS(INVALID);
    ERR_clear_error();
    OWNED(tls_session_free) struct tls_session *s = mem_alloc(sizeof(*s));
    if (!s)
        return STATUS(NOMEM);
    s->server = server;
    s->context = tls_context_ref(c);
    s->first = tls_context_ref(c);
    s->ssl = SSL_new(c->ssl);
    if (!s->ssl || SSL_set_fd(s->ssl, fd) != 1 || SSL_set_app_data(s->ssl, s) != 1 ||
        (!server && named && !set_server_name(s->ssl, server_name)))
        return STATUS(NOMEM);
    if (server)
        SSL_set_accept_state(s->ssl);
    else
        SSL_set_connect_state(s->ssl);
    *out = TAKE(s);
    return DONE;
}

/* SSL_get_error() looks at this thread's queue, so that it must be empty before each call; it nearly always
 * is, and asking costs less than clearing. */
static void forget_errors(void)
{
    if (ERR_peek_error() != 0)
        ERR_clear_error();
}

/* What SSL_get_error says, as one of ours. `ret` <= 0. */
static enum tls_result result_of(struct tls_session *s, int ret)
{
    switch (SSL_get_error(s->ssl, ret)) {
    case SSL_ERROR_WANT_READ:
        return TLS_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return TLS_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        s->clean_close = true;
        return TLS_CLOSED;
    case SSL_ERROR_SYSCALL: /* reset, broken pipe */
        s->broken = true;
        s->error = tls_errors_drain();
        return TLS_CLOSED;
    default:
        break;
    }
    s->broken = true;
    s->error = tls_errors_drain();
    bool cut = ERR_GET_LIB(s->error) == ERR_LIB_SSL &&
               ERR_GET_REASON(s->error) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    if (cut)
        return TLS_CLOSED;
    tls_session_forget(s);
    return TLS_FAILED;
}

static enum tls_result handshake_done(struct tls_session *s)
{
    if (s->server && s->context->client_auth != TLS_CLIENT_NONE && SSL_session_reused(s->ssl) &&
        !tls_verify_resumed(s)) {
        s->broken = true;
        (void)tls_errors_drain();
        tls_peer_drop_der(s);
        return TLS_FAILED;
    }
    s->peer.present = s->der != NULL;
    return TLS_OK;
}

enum tls_result tls_handshake(struct tls_session *s)
{
    if (s->broken)
        return TLS_FAILED;
    if (SSL_is_init_finished(s->ssl))
        return TLS_OK;
    forget_errors();
    int ret = SSL_do_handshake(s->ssl);
    return ret == 1 ? handshake_done(s) : result_of(s, ret);
}

enum tls_result tls_read(struct tls_session *s, uint8_t *p, size_t n, size_t *out_n)
{
    *out_n = 0;
    if (s->broken)
        return TLS_CLOSED;
    forget_errors();
    int ret = SSL_read_ex(s->ssl, p, n, out_n);
    return ret == 1 ? TLS_OK : result_of(s, ret);
}

bool tls_pending(const struct tls_session *s)
{
    return SSL_has_pending(s->ssl) == 1;
}

enum tls_result tls_write(struct tls_session *s, struct bytes in, size_t *out_n)
{
    *out_n = 0;
    if (s->broken)
        return TLS_CLOSED;
    if (in.n == 0)
        return TLS_OK;
    forget_errors();
    int ret = SSL_write_ex(s->ssl, in.p, in.n, out_n);
    return ret == 1 ? TLS_OK : result_of(s, ret);
}

enum tls_result tls_shutdown(struct tls_session *s)
{
    /* After a fatal error, or before the handshake is over, there is nothing to say (SSL_shutdown(3)). */
    if (s->broken || s->sent_close || SSL_in_init(s->ssl))
        return TLS_OK;
    forget_errors();
    int ret = SSL_shutdown(s->ssl);
    if (ret < 0)
        return result_of(s, ret);
    s->sent_close = true;
    return TLS_OK;
}

bool tls_closed_cleanly(const struct tls_session *s)
{
    return s->clean_close;
}

struct status tls_session_offer_h2(struct tls_session *s)
{
    static const unsigned char both[] = "\x02h2\x08http/1.1";
    return SSL_set_alpn_protos(s->ssl, both, sizeof both - 1) == 0 ? DONE : STATUS(NOMEM); /* 0: success */
}

struct text tls_alpn(const struct tls_session *s)
{
    const unsigned char *p = NULL;
    unsigned n = 0;
    SSL_get0_alpn_selected(s->ssl, &p, &n);
    return (struct text){(const char *)p, n};
}

struct text tls_server_name(const struct tls_session *s)
{
    return text_of(SSL_get_servername(s->ssl, TLSEXT_NAMETYPE_host_name));
}

struct tls_context *tls_session_context(const struct tls_session *s)
{
    return s->context;
}

const char *tls_version_name(const struct tls_session *s)
{
    return SSL_get_version(s->ssl);
}
