/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * TLS over OpenSSL, fenced in this directory: contexts per listener, sessions over a descriptor, ALPN, SNI,
 * peer identity.
 *
 * Server contexts hold: key pairs (one RSA and one EC at most), chain, client trust anchors (for mutual), the
 * dated policy (tls/policy.h), ALPN list, resumption off by default. Contexts are reference counted: a reload
 * builds new ones, live sessions keep theirs. One thread per context and its sessions.
 *
 * The process must ignore SIGPIPE: OpenSSL writes to sockets with write(2).
 */

#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"

struct tls_context;
struct tls_session;

enum tls_client_auth { TLS_CLIENT_NONE, TLS_CLIENT_OPTIONAL, TLS_CLIENT_REQUIRED };

struct tls_key_pair {
    struct text certificate_chain_pem; /* leaf first */
    struct text key_pem;               /* PKCS#8, PKCS#1 or SEC1; wiped by the caller after the call */
};

struct tls_server_settings {
    const struct tls_key_pair *pairs;
    size_t pair_count;
    enum tls_client_auth client_auth;
    struct text anchors_pem; /* trusted CAs for client certificates; may be empty with TLS_CLIENT_NONE */
    struct text guest_anchors_pem; /* CAs of others whose clients are let in as well; may be empty */
    struct text policy;            /* a name of tls/policy.h; empty = the newest */
    struct text session_context; /* listener + trust set: goes into the session-id context (DESIGN 3.1, 7) */
    bool resumption;             /* DESIGN 3.1 (8); default false; never with client_auth unless configured */
    unsigned verify_cache_max;   /* remembered chain verifications, e.g. 65536 */
};

struct status tls_server_context_new(const struct tls_server_settings *settings, struct tls_context **out,
                                     struct error *err);

/*
 * Trusted CAs for client contexts, parsed once and shared by any number of them: what reads no file and does
 * not parse the system's hundreds of certificates for each context. Same thread as its contexts.
 */
struct tls_trust;
/* What `base` has (may be NULL) and the certificates in `pem` (may be empty). */
struct status tls_trust_new(const struct tls_trust *base, struct text pem, struct tls_trust **out,
                            struct error *err);
void tls_trust_free(struct tls_trust *t); /* contexts keep what they need; accepts NULL */

struct tls_client_settings {
    struct text anchors_pem;       /* trusted; empty = the system's store */
    const struct tls_trust *trust; /* instead of both, unless NULL; only during the call */
    bool pin_set; /* accept exactly the chain holding a certificate with this SHA-256 (DER) */
    uint8_t pin_sha256[SHA256_SIZE];
    bool insecure_first_contact; /* no verification: only to show a fingerprint; the CLI sends nothing over it
                                  */
    bool skip_verification;  /* a target registered so: whoever answers gets the request, credentials included
                              */
    struct tls_key_pair own; /* client certificate; empty texts = none */
    bool offer_h2;
    /* Sessions are kept for so many servers; 0 = none. No certificate is looked at on resumption: so for an
     * hour at most, and while the chain is good. */
    unsigned resume_servers;
};
struct status tls_client_context_new(const struct tls_client_settings *settings, struct tls_context **out,
                                     struct error *err);

/* They let in clients of the same CAs of others (guest_anchors_pem). */
bool tls_context_same_guests(const struct tls_context *a, const struct tls_context *b);

struct tls_context *tls_context_ref(struct tls_context *c);
void tls_context_unref(struct tls_context *c); /* accepts NULL */

/* The server certificate is for this host: a name, an IPv4 address, or an IPv6 address in brackets (RFC 6125
 * 6.4; the subject is not looked at). */
bool tls_context_names(const struct tls_context *c, struct text host);

/* Counted since the context was made. */
struct tls_context_stats {
    uint64_t chain_verifications; /* whole chains, the dear way */
    uint64_t cache_hits;          /* known leaves that needed none */
};
void tls_context_stats(const struct tls_context *c, struct tls_context_stats *out);

/*
 * SNI on a shared address (DESIGN 3.1, 7): several listeners behind one socket. The session starts on the
 * first context; the callback picks the context by server name (lower-cased, no trailing dot), NULL refuses
 * the handshake (unrecognized_name). After the switch verify mode, options and session-id context are set
 * explicitly.
 */
typedef struct tls_context *tls_sni_callback(void *ctx, struct text server_name);
void tls_context_set_sni(struct tls_context *c, tls_sni_callback *cb, void *ctx);

/* ---- sessions ---- */
enum tls_result {
    TLS_OK,
    TLS_WANT_READ,
    TLS_WANT_WRITE,
    TLS_CLOSED, /* clean close_notify, or the peer went away */
    TLS_FAILED, /* protocol error; tls_session_error() says which */
};

/* Takes a reference to the context; borrows the descriptor (non-blocking). Read-ahead on, buffers released
 * when idle, partial writes and moving write buffers allowed. `server_name` is for clients only (SNI and name
 * check). */
struct status tls_session_new(struct tls_context *c, int fd, bool server, const char *server_name,
                              struct tls_session **out);
void tls_session_free(struct tls_session *s); /* accepts NULL; sends nothing */
/* A client's session, before its handshake: ALPN offers h2 beside http/1.1, whatever its context does.
 * E_NOMEM. */
struct status tls_session_offer_h2(struct tls_session *s);

/*
 * Before the handshake, of a client: offers a session that was kept under `key`, and keeps those that the
 * server gives. Equal keys mean the same server by the same name. Nothing happens when the context keeps
 * none.
 */
void tls_session_resume(struct tls_session *s, const uint8_t key[static SHA256_SIZE]);
/* After the handshake: no certificate was exchanged. tls_peer() knows nothing of the server then. */
bool tls_resumed(const struct tls_session *s);

/* After TLS_OK read at once, without waiting for the descriptor: the first request may have come in the same
 * read(2) as the end of the handshake. */
enum tls_result tls_handshake(struct tls_session *s);
/* Reads at most n; *out_n > 0 with TLS_OK. Loop while TLS_OK && tls_pending(): otherwise a level-triggered
 * loop stalls (DESIGN 3.1, 19). */
enum tls_result tls_read(struct tls_session *s, uint8_t *p, size_t n, size_t *out_n);
bool tls_pending(const struct tls_session *s);
enum tls_result tls_write(struct tls_session *s, struct bytes in, size_t *out_n);
enum tls_result tls_shutdown(struct tls_session *s); /* sends close_notify, does not wait for the peer's */
/* One line for people and logs, e.g. "client certificate expired", "unknown certificate authority", "no
 * shared cipher". Valid until the next call. */
const char *tls_session_error(const struct tls_session *s);
/* After TLS_CLOSED: the peer said close_notify. Otherwise the end may be an attacker's cut: data that runs
 * until close is truncated. */
bool tls_closed_cleanly(const struct tls_session *s);
/* The alert class for metrics: "expired", "not_yet_valid", "unknown_ca", "no_certificate", "bad_purpose",
 * "protocol", "other". */
const char *tls_session_error_class(const struct tls_session *s);

struct text tls_alpn(const struct tls_session *s);        /* "h2", "http/1.1" or empty */
struct text tls_server_name(const struct tls_session *s); /* the SNI the client sent; empty without */
struct tls_context *tls_session_context(const struct tls_session *s); /* after SNI */
const char *tls_version_name(const struct tls_session *s);            /* "TLSv1.3" */

/* The verified peer, computed once after the handshake and cached in the session. */
struct tls_peer {
    bool present;
    uint8_t fingerprint[SHA256_SIZE]; /* of the leaf's DER */
    struct bytes der;                 /* of the leaf; borrowed from the session */
    int64_t chain_not_after;          /* earliest notAfter of leaf and chain, seconds */
    bool guest; /* let in by guest_anchors_pem: nothing of its chain is in anchors_pem */
};
const struct tls_peer *tls_peer(struct tls_session *s);
/* Gives the DER back (a kilobyte an idle connection need not hold); fingerprint and the rest stay. */
void tls_peer_drop_der(struct tls_session *s);
/* For a client: SHA-256 of each certificate that the server sent, leaf first; returns the count (at most
 * max). */
size_t tls_peer_chain_fingerprints(struct tls_session *s, uint8_t (*out)[SHA256_SIZE], size_t max);
/* For a client: PEM of the chain the server sent, leaf first, appended. */
struct buffer;
void tls_peer_chain_pem(struct tls_session *s, struct buffer *out);
