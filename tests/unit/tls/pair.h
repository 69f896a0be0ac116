/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A TLS client and server in one process over a socket pair, driven by turns: no thread, no port, no time. */

#include "pki.h"
#include "tls/tls.h"

/* A client made with OpenSSL alone (SSL_CTX), so that our own client code cannot hide a server's mistake. */
struct peer_settings {
    int version;                    /* TLS1_2_VERSION, TLS1_3_VERSION; 0 = any */
    const struct pki_identity *own; /* NULL = no certificate */
    const char *server_name;        /* SNI; NULL = none */
    const char *alpn;               /* wire form; NULL = none */
    const char *ciphers;            /* TLS 1.2; NULL = OpenSSL's */
    void *resume;                   /* a session of an earlier pair; NULL = full handshake */
};

struct pair {
    int fds[2];
    struct tls_session *server;
    void *ssl_ctx, *ssl; /* SSL_CTX *, SSL * of the client */
    enum tls_result server_result;
    bool client_ok;
    int client_alert; /* what the client was told; 0 = nothing */
};

/* Runs the handshake to its end on both sides, one byte written by the server afterwards so that a TLS 1.3
 * client hears late alerts. */
void pair_run(struct pair *p, struct tls_context *server, const struct peer_settings *client);
void pair_close(struct pair *p);
bool pair_resumed(const struct pair *p);
const char *pair_cipher(const struct pair *p);
/* The client's session, for `resume` of another pair; owned by the caller (pair_session_free). NULL when
 * there is none. */
void *pair_session(const struct pair *p);
void pair_session_free(void *session);

/* Our own client against our own server. Results of both ends once neither moves. */
void pair_handshake(struct tls_session *a, struct tls_session *b, enum tls_result *out_a,
                    enum tls_result *out_b);
void pair_sockets(int fds[2]); /* non-blocking; SIGPIPE ignored from now on */

/* A server context with the pki's server certificate; must succeed. */
struct tls_context *pair_server(struct pki *pki, enum tls_client_auth auth, const char *session_context);
