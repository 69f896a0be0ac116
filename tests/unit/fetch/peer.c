/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "check.h"

#define REQUEST_MAX 65536

struct peer {
    int listen_fd;
    uint16_t port;
    int stop[2];
    pthread_t thread;
    pthread_mutex_t lock;
    char request[REQUEST_MAX];
    unsigned count;
    peer_answer *answer;
    SSL_CTX *tls;
};

struct peer_io {
    int fd;
    SSL *tls;
};

bool peer_write(struct peer_io *io, struct text t)
{
    while (t.n > 0) {
        ssize_t n = io->tls ? SSL_write(io->tls, t.p, (int)t.n) : send(io->fd, t.p, t.n, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        t = text_from(t, (size_t)n);
    }
    return true;
}

bool peer_print(struct peer_io *io, const char *fmt, ...)
{
    char text[8192];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return peer_write(io, (struct text){text, (size_t)n});
}

void peer_wait(struct peer_io *io, int ms)
{
    struct pollfd p = {.fd = io->fd, .events = POLLIN | POLLRDHUP};
    (void)poll(&p, 1, ms);
}

static size_t content_length(const char *head)
{
    const char *at = strcasestr(head, "\r\ncontent-length:");
    return at ? (size_t)strtoul(at + 17, NULL, 10) : 0;
}

/* Head and body. */
static bool read_request(struct peer_io *io, char *out)
{
    size_t n = 0;
    for (;;) {
        ssize_t got = io->tls ? SSL_read(io->tls, out + n, (int)(REQUEST_MAX - 1 - n))
                              : recv(io->fd, out + n, REQUEST_MAX - 1 - n, 0);
        if (got <= 0 || out[0] == 0x16) /* the end, or TLS where there is none */
            return false;
        n += (size_t)got;
        out[n] = '\0';
        const char *end = strstr(out, "\r\n\r\n");
        if (end && n >= (size_t)(end - out) + 4 + content_length(out))
            return true;
        if (n == REQUEST_MAX - 1)
            return false;
    }
}

static void converse(struct peer *p, struct peer_io *io)
{
    char *mine = malloc(REQUEST_MAX);
    char path[4096] = "";
    if (mine && read_request(io, mine)) {
        (void)pthread_mutex_lock(&p->lock);
        (void)snprintf(p->request, sizeof p->request, "%s", mine);
        p->count++;
        (void)pthread_mutex_unlock(&p->lock);
        struct text rest = text_of(mine);
        (void)text_cut(&rest, ' ');
        struct text target = text_cut(&rest, ' ');
        (void)text_to_cstr(text_first(target, text_find(target, '?')), path, sizeof path);
        p->answer(io, path, mine);
    }
    free(mine);
}

static void serve_connection(struct peer *p, int fd)
{
    struct peer_io io = {.fd = fd};
    if (p->tls) {
        io.tls = SSL_new(p->tls);
        SSL_set_fd(io.tls, fd);
        if (SSL_accept(io.tls) != 1) {
            SSL_free(io.tls);
            (void)close(fd);
            return;
        }
    }
    converse(p, &io);
    if (io.tls) {
        (void)SSL_shutdown(io.tls);
        SSL_free(io.tls);
    }
    (void)shutdown(fd, SHUT_WR);
    peer_wait(&io, 200); /* let the client read what is on its way before a reset takes it away */
    (void)close(fd);
}

static void *run(void *ctx)
{
    struct peer *p = ctx;
    for (;;) {
        struct pollfd ready[2] = {{.fd = p->listen_fd, .events = POLLIN},
                                  {.fd = p->stop[0], .events = POLLIN}};
        (void)poll(ready, 2, -1);
        if (ready[1].revents)
            return NULL;
        int fd = accept(p->listen_fd, NULL, NULL);
        if (fd >= 0)
            serve_connection(p, fd);
    }
}

static SSL_CTX *make_tls(const struct pki_identity *identity)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    BIO *chain = BIO_new_mem_buf(identity->chain_pem.p, (int)identity->chain_pem.n);
    BIO *key_pem = BIO_new_mem_buf(identity->key_pem.p, (int)identity->key_pem.n);
    X509 *leaf = PEM_read_bio_X509(chain, NULL, NULL, NULL);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(key_pem, NULL, NULL, NULL);
    assert_int_equal(SSL_CTX_use_certificate(tls, leaf), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(tls, key), 1);
    X509_free(leaf);
    EVP_PKEY_free(key);
    BIO_free(chain);
    BIO_free(key_pem);
    return tls;
}

static void ask_for_certificate(SSL_CTX *tls, struct text client_ca_pem)
{
    BIO *pem = BIO_new_mem_buf(client_ca_pem.p, (int)client_ca_pem.n);
    X509 *ca = PEM_read_bio_X509(pem, NULL, NULL, NULL);
    assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), ca), 1);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    X509_free(ca);
    BIO_free(pem);
}

struct peer *peer_start(peer_answer *answer, const struct pki_identity *identity)
{
    return peer_start_mutual(answer, identity, (struct text){NULL, 0});
}

struct peer *peer_start_mutual(peer_answer *answer, const struct pki_identity *identity,
                               struct text client_ca_pem)
{
    struct peer *p = calloc(1, sizeof *p);
    assert_non_null(p);
    (void)signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    p->answer = answer;
    p->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(p->listen_fd, (struct sockaddr *)&a, size), 0);
    assert_int_equal(listen(p->listen_fd, 16), 0);
    assert_int_equal(getsockname(p->listen_fd, (struct sockaddr *)&a, &size), 0);
    p->port = ntohs(a.sin_port);
    p->tls = identity ? make_tls(identity) : NULL;
    if (client_ca_pem.n > 0)
        ask_for_certificate(p->tls, client_ca_pem);
    assert_int_equal(pipe(p->stop), 0);
    assert_int_equal(pthread_mutex_init(&p->lock, NULL), 0);
    assert_int_equal(pthread_create(&p->thread, NULL, run, p), 0);
    return p;
}

void peer_stop(struct peer *p)
{
    assert_int_equal(write(p->stop[1], "", 1), 1);
    assert_int_equal(pthread_join(p->thread, NULL), 0);
    (void)close(p->stop[0]);
    (void)close(p->stop[1]);
    (void)close(p->listen_fd);
    SSL_CTX_free(p->tls);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}

uint16_t peer_port(const struct peer *p)
{
    return p->port;
}

const char *peer_request(struct peer *p, char *out, size_t out_size)
{
    (void)pthread_mutex_lock(&p->lock);
    (void)snprintf(out, out_size, "%s", p->request);
    (void)pthread_mutex_unlock(&p->lock);
    return out;
}

unsigned peer_count(struct peer *p)
{
    (void)pthread_mutex_lock(&p->lock);
    unsigned count = p->count;
    (void)pthread_mutex_unlock(&p->lock);
    return count;
}
