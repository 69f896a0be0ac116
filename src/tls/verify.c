/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/internal.h"

/* The fence's exception: purposes and extended key usages have no names in ssl.h. */
#include <openssl/x509v3.h>

#include "base/alloc.h"
#include "base/clock.h"

#define FOREVER INT64_MAX

static int64_t seconds_of(const ASN1_TIME *t, int64_t on_error)
{
    struct tm tm = {0};
    if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
        return on_error;
    return clock_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* When the whole chain is valid. A date that cannot be read makes it never valid. */
static void chain_validity(STACK_OF(X509) * chain, struct verify_entry *out)
{
    out->valid_from = 0;
    out->valid_until = FOREVER;
    for (int i = 0; i < sk_X509_num(chain); i++) {
        const X509 *certificate = sk_X509_value(chain, i);
        int64_t from = seconds_of(X509_get0_notBefore(certificate), FOREVER);
        int64_t until = seconds_of(X509_get0_notAfter(certificate), 0);
        out->valid_from = from > out->valid_from ? from : out->valid_from;
        out->valid_until = until < out->valid_until ? until : out->valid_until;
    }
}

static bool refuse(X509_STORE_CTX *store, int error)
{
    X509_STORE_CTX_set_error(store, error);
    return false;
}

/* X509_verify_cert at our clock's time, so that tests can move it. */
static bool verify_chain(X509_STORE_CTX *store, int64_t now, struct verify_entry *out)
{
    X509_STORE_CTX_set_time(store, 0, (time_t)now);
    int ok = X509_verify_cert(store);
    if (ok != 1) {
        if (X509_STORE_CTX_get_error(store) == X509_V_OK)
            return refuse(store, X509_V_ERR_UNSPECIFIED);
        return false;
    }
    chain_validity(X509_STORE_CTX_get0_chain(store), out);
    return true;
}

/* X509_PURPOSE_SSL_CLIENT lets a certificate without extended key usage pass; we ask for clientAuth by name.
 */
static bool is_client_certificate(X509 *leaf)
{
    return (X509_get_extension_flags(leaf) & EXFLAG_XKUSAGE) != 0 &&
           (X509_get_extended_key_usage(leaf) & XKU_SSL_CLIENT) != 0;
}

static bool has_own_key(const struct tls_context *c, const X509 *certificate)
{
    for (int i = 0; i < sk_X509_num(c->own_anchors); i++)
        if (EVP_PKEY_eq(X509_get0_pubkey(certificate), X509_get0_pubkey(sk_X509_value(c->own_anchors, i))) ==
            1)
            return true;
    return false;
}

/* One of our CAs in the chain makes it ours, also when another CA certified ours: told by its key, since that
 * would be another certificate. */
static bool is_guest(const struct tls_context *c, STACK_OF(X509) * chain)
{
    if (!c->own_anchors)
        return false;
    for (int i = 1; i < sk_X509_num(chain); i++)
        if (has_own_key(c, sk_X509_value(chain, i)))
            return false;
    return true;
}

/* Chain, purpose and dates of a client's leaf, without the cache; a success enters it. */
static bool verify_client_chain(struct tls_session *s, X509_STORE_CTX *store, int64_t now)
{
    struct tls_context *c = s->context;
    struct verify_entry entry = {0};
    c->stats.chain_verifications++;
    if (!verify_chain(store, now, &entry))
        return false;
    if (!is_client_certificate(X509_STORE_CTX_get0_cert(store)))
        return refuse(store, X509_V_ERR_INVALID_PURPOSE);
    for (size_t i = 0; i < SHA256_SIZE; i++)
        entry.fingerprint[i] = s->peer.fingerprint[i];
    entry.guest = is_guest(c, X509_STORE_CTX_get0_chain(store));
    verify_cache_put(&c->cache, &entry);
    s->peer.chain_not_after = entry.valid_until;
    s->peer.guest = entry.guest;
    return true;
}

static bool known_client(struct tls_session *s, int64_t now)
{
    const struct verify_entry *known = verify_cache_find(&s->context->cache, s->peer.fingerprint, now);
    if (!known)
        return false;
    s->context->stats.cache_hits++;
    s->peer.chain_not_after = known->valid_until;
    s->peer.guest = known->guest;
    return true;
}

static struct tls_session *session_of_store(X509_STORE_CTX *store)
{
    return tls_session_of(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
}

/* What the callbacks return to libssl, kept for people as well. */
static int verdict(struct tls_session *s, X509_STORE_CTX *store, bool ok)
{
    if (ok)
        X509_STORE_CTX_set_error(store, X509_V_OK);
    s->verify_error = X509_STORE_CTX_get_error(store);
    return ok;
}

/*
 * `arg` is not used: the context is the session's, which SNI may have switched. libssl turns the error set
 * here into the alert, and keeps it as the verify result.
 */
int tls_verify_client(X509_STORE_CTX *store, void *arg)
{
    (void)arg;
    struct tls_session *s = session_of_store(store);
    int64_t now = clock_now_s();
    if (!tls_peer_remember(s, X509_STORE_CTX_get0_cert(store)))
        return verdict(s, store, refuse(store, X509_V_ERR_OUT_OF_MEM));
    return verdict(s, store, known_client(s, now) || verify_client_chain(s, store, now));
}

OWNABLE(X509_STORE_CTX, X509_STORE_CTX_free);

bool tls_verify_resumed(struct tls_session *s)
{
    int64_t now = clock_now_s();
    OWNED(X509_free) X509 *leaf = SSL_get1_peer_certificate(s->ssl);
    if (!leaf)
        return s->context->client_auth != TLS_CLIENT_REQUIRED;
    if (!tls_peer_remember(s, leaf))
        return false;
    if (known_client(s, now))
        return true;
    /* The session holds the leaf alone: without the intermediates a longer chain fails here, and the client
     * starts anew. */
    OWNED(X509_STORE_CTX_free) X509_STORE_CTX *store = X509_STORE_CTX_new();
    if (!store || X509_STORE_CTX_init(store, SSL_CTX_get_cert_store(s->context->ssl), leaf,
                                      SSL_get_peer_cert_chain(s->ssl)) != 1)
        return false;
    (void)X509_STORE_CTX_set_default(store, "ssl_client");
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store);
    (void)X509_VERIFY_PARAM_set1(param, SSL_get0_param(s->ssl));
    X509_VERIFY_PARAM_set_auth_level(param, SSL_get_security_level(s->ssl));
    if (verify_client_chain(s, store, now))
        return true;
    s->verify_error = X509_STORE_CTX_get_error(store);
    return false;
}

/* ---- the names of our own certificate ---- */

#define HOST_MAX 254 /* a DNS name and NUL */

bool tls_context_names(const struct tls_context *c, struct text host)
{
    const unsigned flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
    X509 *certificate = SSL_CTX_get0_certificate(c->ssl);
    char address[HOST_MAX];
    /* OpenSSL takes a leading dot for "any name below". */
    if (!certificate || host.n == 0 || host.p[0] == '.' || text_contains(host, '*'))
        return false;
    if (host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = (struct text){host.p + 1, host.n - 2};
    if (!text_to_cstr(host, address, sizeof address))
        return false;
    const bool named = X509_check_host(certificate, address, host.n, flags, NULL) == 1 ||
                       X509_check_ip_asc(certificate, address, flags) == 1;
    (void)tls_errors_drain(); /* of a name that is no address */
    return named;
}

/* ---- the client's side: verifying a server ---- */

static bool is_pinned(const struct tls_context *c, X509 *certificate)
{
    uint8_t digest[SHA256_SIZE];
    unsigned n = sizeof(digest);
    return X509_digest(certificate, EVP_sha256(), digest, &n) == 1 &&
           bytes_equal(BYTES_OF(digest), BYTES_OF(c->pin));
}

/* A pinned leaf is trusted as it is, whatever it is called; only its dates count. */
static bool verify_pinned_leaf(struct tls_session *s, X509_STORE_CTX *store, X509 *leaf, int64_t now)
{
    int64_t until = seconds_of(X509_get0_notAfter(leaf), 0);
    if (now < seconds_of(X509_get0_notBefore(leaf), FOREVER))
        return refuse(store, X509_V_ERR_CERT_NOT_YET_VALID);
    if (now > until)
        return refuse(store, X509_V_ERR_CERT_HAS_EXPIRED);
    s->peer.chain_not_after = until;
    return true;
}

static void x509_list_free(STACK_OF(X509) * list)
{
    sk_X509_free(list);
}
OWNABLE(STACK_OF(X509), x509_list_free);

/* The pinned certificate becomes the only anchor; name, purpose and dates are checked as always. */
static bool verify_pinned(struct tls_session *s, X509_STORE_CTX *store, int64_t now, struct verify_entry *out)
{
    X509 *leaf = X509_STORE_CTX_get0_cert(store);
    if (is_pinned(s->context, leaf))
        return verify_pinned_leaf(s, store, leaf, now);
    STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(store);
    X509 *pinned = NULL;
    for (int i = 0; i < sk_X509_num(sent) && !pinned; i++)
        if (is_pinned(s->context, sk_X509_value(sent, i)))
            pinned = sk_X509_value(sent, i);
    s->pin_missed = !pinned;
    if (!pinned)
        return refuse(store, X509_V_ERR_CERT_UNTRUSTED);
    OWNED(x509_list_free) STACK_OF(X509) *anchors = sk_X509_new_null();
    if (!anchors || !sk_X509_push(anchors, pinned))
        return refuse(store, X509_V_ERR_OUT_OF_MEM);
    X509_STORE_CTX_set0_trusted_stack(store, anchors);
    bool ok = verify_chain(store, now, out);
    s->peer.chain_not_after = out->valid_until;
    return ok;
}

int tls_verify_server(X509_STORE_CTX *store, void *arg)
{
    (void)arg;
    struct tls_session *s = session_of_store(store);
    int64_t now = clock_now_s();
    struct verify_entry entry = {0};
    if (!tls_peer_remember(s, X509_STORE_CTX_get0_cert(store)))
        return verdict(s, store, refuse(store, X509_V_ERR_OUT_OF_MEM));
    s->context->stats.chain_verifications++;
    bool ok = true;
    if (s->context->pin_set) {
        ok = verify_pinned(s, store, now, &entry);
    } else if (!s->context->insecure) {
        ok = verify_chain(store, now, &entry);
        s->peer.chain_not_after = entry.valid_until;
    }
    return verdict(s, store, ok);
}
