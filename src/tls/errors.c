/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/internal.h"

/* Small enough for a log line, large enough for OpenSSL's longest reason beside ours. */
#define ERROR_TEXT_MAX 192

unsigned long tls_errors_drain(void)
{
    unsigned long first = ERR_get_error();
    if (first)
        ERR_clear_error();
    return first;
}

struct status tls_error_set(struct error *err, enum code code, const char *what)
{
    unsigned long e = tls_errors_drain();
    if (ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE)
        code = E_NOMEM;
    const char *reason = e ? ERR_reason_error_string(e) : NULL;
    return error_set(err, code, "%s: %s", what, reason ? reason : "OpenSSL gives no reason");
}

struct reason {
    int reason; /* SSL_R_... or X509_V_... */
    const char *class;
    const char *text; /* NULL: OpenSSL's words */
};

/* What went wrong with the peer's certificate, here. */
static const struct reason verify_reasons[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, "expired", "certificate expired"},
    {X509_V_ERR_CERT_NOT_YET_VALID, "not_yet_valid", "certificate not yet valid"},
    {X509_V_ERR_INVALID_PURPOSE, "bad_purpose", "certificate is not for this purpose (extended key usage)"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "unknown_ca", "unknown certificate authority"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "unknown_ca", "unknown certificate authority"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "unknown_ca", "unknown certificate authority"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "unknown_ca", "self-signed certificate"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "unknown_ca", "unknown certificate authority (self-signed)"},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, "unknown_ca", "signature of the certificate does not verify"},
    {X509_V_ERR_CERT_CHAIN_TOO_LONG, "unknown_ca", "certificate chain too long"},
    {X509_V_ERR_CERT_UNTRUSTED, "unknown_ca", "unknown certificate authority"},
    {X509_V_ERR_HOSTNAME_MISMATCH, "other", "certificate does not hold the server's name"},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, "other", "certificate does not hold the server's address"},
};

/* What the protocol said: our own refusals, and alerts from the peer. */
static const struct reason protocol_reasons[] = {
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "no_certificate", "no client certificate"},
    {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, "no_certificate", "the peer requires a certificate"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "expired", "the peer says: certificate expired"},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, "unknown_ca", "the peer says: unknown certificate authority"},
    {SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, "bad_purpose", "the peer says: unsupported certificate"},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "other", "the peer says: bad certificate"},
    {SSL_R_TLSV1_UNRECOGNIZED_NAME, "protocol", "the peer does not know the server name"},
    {SSL_R_CALLBACK_FAILED, "protocol", "no listener for the server name"},
};

static const struct reason *find_reason(const struct reason *list, size_t n, int reason)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].reason == reason)
            return &list[i];
    return NULL;
}

#define FIND_REASON(list, r) find_reason((list), sizeof(list) / sizeof((list)[0]), (r))

static const struct reason *reason_of(const struct tls_session *s)
{
    if (s->verify_error != X509_V_OK)
        return FIND_REASON(verify_reasons, s->verify_error);
    if (ERR_GET_LIB(s->error) == ERR_LIB_SSL)
        return FIND_REASON(protocol_reasons, ERR_GET_REASON(s->error));
    return NULL;
}

const char *tls_session_error_class(const struct tls_session *s)
{
    const struct reason *r = reason_of(s);
    if (r)
        return r->class;
    if (s->verify_error == X509_V_OK && ERR_GET_LIB(s->error) == ERR_LIB_SSL)
        return "protocol";
    return "other";
}

const char *tls_session_error(const struct tls_session *s)
{
    static _Thread_local char text[ERROR_TEXT_MAX];
    if (s->pin_missed)
        return "no certificate of the server has the pinned fingerprint";
    const struct reason *r = reason_of(s);
    const char *reason = r ? r->text : NULL;
    if (!reason && s->verify_error != X509_V_OK)
        reason = X509_verify_cert_error_string(s->verify_error);
    if (!reason && s->error)
        reason = ERR_reason_error_string(s->error);
    /* "client certificate expired", but "unknown certificate authority". */
    const bool clients = s->server && text_starts_with(text_of(reason), TEXT("certificate "));
    (void)snprintf(text, sizeof(text), "%s%s", clients ? "client " : "",
                   reason ? reason : "connection failed");
    return text;
}
