/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/internal.h"

#include "base/reader.h"

#define NAME_MAX_BYTES 253 /* RFC 1035 2.3.4, without the final dot */

/*
 * The host_name of the server_name extension (RFC 6066 3): a list of (type, name) pairs, of which clients
 * send exactly one, of type 0. Lower-cased, without a trailing dot. False when absent, malformed or not a
 * name.
 */
static bool hello_server_name(SSL *ssl, char out[static NAME_MAX_BYTES + 1], struct text *out_name)
{
    const unsigned char *ext = NULL;
    size_t n = 0;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &ext, &n) != 1)
        return false;
    struct reader r = reader_of((struct bytes){ext, n});
    uint16_t list_n = reader_u16(&r);
    uint8_t type = reader_u8(&r);
    struct bytes name = reader_bytes16(&r);
    if (!reader_done(&r) || list_n != n - 2 || type != TLSEXT_NAMETYPE_host_name)
        return false;
    if (name.n > 0 && name.p[name.n - 1] == '.')
        name.n--;
    if (name.n == 0 || name.n > NAME_MAX_BYTES)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        uint8_t c = name.p[i];
        if (c <= ' ' || c >= 0x7f)
            return false;
        out[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    out[name.n] = '\0';
    *out_name = (struct text){out, name.n};
    return true;
}

static bool set_groups(SSL *ssl, const char *groups)
{
    char list[256];
    return text_to_cstr(text_of(groups), list, sizeof(list)) && SSL_set1_groups_list(ssl, list) == 1;
}

/*
 * SSL_set_SSL_CTX changes certificates, ciphers and callbacks; everything that SSL_new copied stays as it was
 * on the first context, and each of these let somebody in: verify mode, options, session-id context
 * (DESIGN 3.1, 7).
 */
static bool switch_context(struct tls_session *s, struct tls_context *to)
{
    SSL *ssl = s->ssl;
    const struct tls_context *from = s->context;
    if (!SSL_set_SSL_CTX(ssl, to->ssl))
        return false;
    SSL_set_verify(ssl, tls_verify_mode(to), NULL);
    SSL_clear_options(ssl, SSL_get_options(ssl));
    SSL_set_options(ssl, SSL_CTX_get_options(to->ssl));
    if (SSL_set_num_tickets(ssl, SSL_CTX_get_num_tickets(to->ssl)) != 1 ||
        SSL_set_session_id_context(ssl, to->session_id_context, sizeof(to->session_id_context)) != 1 ||
        SSL_set_min_proto_version(ssl, to->policy->min_version) != 1 ||
        SSL_set_max_proto_version(ssl, to->policy->max_version) != 1)
        return false;
    if (from->policy != to->policy && !set_groups(ssl, to->policy->groups))
        return false;
    struct tls_context *old = s->context;
    s->context = tls_context_ref(to);
    tls_context_unref(old);
    return true;
}

/* Runs before version, session and certificate are chosen; the older server-name callback comes after a
 * TLS 1.2 session was already looked up. */
int tls_client_hello(SSL *ssl, int *alert, void *arg)
{
    const struct tls_context *first = arg;
    struct tls_session *s = tls_session_of(ssl);
    char text[NAME_MAX_BYTES + 1];
    struct text name = {NULL, 0};
    struct tls_context *to = NULL;
    if (hello_server_name(ssl, text, &name))
        to = first->sni(first->sni_ctx, name);
    if (!to) {
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_CLIENT_HELLO_ERROR;
    }
    if (to != s->context && !switch_context(s, to)) {
        *alert = SSL_AD_INTERNAL_ERROR;
        return SSL_CLIENT_HELLO_ERROR;
    }
    return SSL_CLIENT_HELLO_SUCCESS;
}
