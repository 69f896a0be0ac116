/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int tcp_connect(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return fd;
}

int load_connect(const struct load_options *o, SSL_CTX *ctx, struct load_connection *c)
{
    c->have = 0;
    c->ssl = NULL;
    c->h2 = NULL;
    c->fd = tcp_connect(o->port);
    if (c->fd < 0)
        return -1;
    if (o->plain)
        return 0;
    c->ssl = SSL_new(ctx);
    if (!c->ssl || SSL_set_fd(c->ssl, c->fd) != 1 || SSL_set_tlsext_host_name(c->ssl, o->name) != 1 ||
        SSL_connect(c->ssl) != 1) {
        load_disconnect(c, false);
        return -1;
    }
    return o->h2 ? load_h2_start(c) : 0;
}

void load_disconnect(struct load_connection *c, bool politely)
{
    load_h2_end(c);
    if (c->ssl && politely)
        SSL_shutdown(c->ssl);
    SSL_free(c->ssl);
    c->ssl = NULL;
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

int load_read(struct load_connection *c, void *p, size_t n)
{
    int got = c->ssl ? SSL_read(c->ssl, p, (int)n) : (int)recv(c->fd, p, n, 0);
    return got > 0 ? got : -1;
}

int load_write(struct load_connection *c, const void *p, size_t n)
{
    int put = c->ssl ? SSL_write(c->ssl, p, (int)n) : (int)send(c->fd, p, n, MSG_NOSIGNAL);
    return put == (int)n ? 0 : -1;
}
