/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/https_client.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/own.h"
#include "cli/url.h"
#include "os/files.h"
#include "tls/tls.h"

#define CONNECT_TIMEOUT_MS 10000
#define TIMEOUT_MS         60000 /* a pause inside an exchange */

OWNABLE(struct addrinfo, freeaddrinfo);
OWNABLE(struct tls_context, tls_context_unref);
OWNABLE(struct tls_session, tls_session_free);

struct connection {
    int fd;
    struct tls_session *tls;
    const struct url *url;
};

static struct status wait_for(int fd, short events, int timeout_ms, const struct url *url, struct error *err)
{
    struct pollfd p = {.fd = fd, .events = events};
    for (;;) {
        int n = poll(&p, 1, timeout_ms);
        if (n > 0)
            return DONE;
        if (n == 0)
            return error_set(err, E_UNAVAILABLE, "%s port %s did not answer in time", url->host, url->port);
        if (errno != EINTR)
            return error_set(err, E_UNAVAILABLE, "cannot wait for %s: %s", url->host, strerror(errno));
    }
}

static struct status connect_to(const struct addrinfo *a, const struct url *url, int *out, struct error *err)
{
    OWNED(descriptor_release)
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
    if (fd < 0)
        return error_set(err, E_UNAVAILABLE, "cannot make a socket: %s", strerror(errno));
    if (connect(fd, a->ai_addr, a->ai_addrlen) != 0 && errno != EINPROGRESS)
        return error_set(err, E_UNAVAILABLE, "cannot connect to %s port %s: %s", url->host, url->port,
                         strerror(errno));
    TRY(wait_for(fd, POLLOUT, CONNECT_TIMEOUT_MS, url, err));
    int failed = 0;
    socklen_t size = sizeof failed;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size) != 0)
        failed = errno;
    if (failed)
        return error_set(err, E_UNAVAILABLE, "cannot connect to %s port %s: %s", url->host, url->port,
                         strerror(failed));
    *out = descriptor_take(&fd);
    return DONE;
}

/* Every address of the name in turn. */
static struct status connect_host(const struct url *url, int *out, struct error *err)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    OWNED(freeaddrinfo) struct addrinfo *list = NULL;
    int failed = getaddrinfo(url->host, url->port, &hints, &list);
    if (failed)
        return error_set(err, E_UNAVAILABLE, "cannot find %s: %s", url->host, gai_strerror(failed));
    struct status s = error_set(err, E_UNAVAILABLE, "%s has no address", url->host);
    for (const struct addrinfo *a = list; a; a = a->ai_next) {
        s = connect_to(a, url, out, err);
        if (status_ok(s))
            return s;
    }
    return s;
}

/* Waits for what TLS wants; anything but OK, WANT_READ and WANT_WRITE is for the caller. */
static struct status wait_tls(const struct connection *c, enum tls_result r, struct error *err)
{
    return wait_for(c->fd, r == TLS_WANT_WRITE ? POLLOUT : POLLIN, TIMEOUT_MS, c->url, err);
}

static struct status handshake(const struct connection *c, struct error *err)
{
    for (;;) {
        enum tls_result r = tls_handshake(c->tls);
        if (r == TLS_OK)
            return DONE;
        if (r == TLS_CLOSED)
            return error_set(err, E_UNAVAILABLE, "%s closed the connection during the TLS handshake",
                             c->url->host);
        if (r == TLS_FAILED) {
            struct text class = text_of(tls_session_error_class(c->tls));
            bool unknown = text_equal(class, TEXT("unknown_ca"));
            return error_set(err, unknown ? E_UNAUTH : E_DENIED, "TLS with %s: %s", c->url->host,
                             tls_session_error(c->tls));
        }
        TRY(wait_tls(c, r, err));
    }
}

static struct status write_all(void *self, struct bytes in, struct error *err)
{
    const struct connection *c = self;
    while (in.n > 0) {
        size_t n = 0;
        enum tls_result r = tls_write(c->tls, in, &n);
        if (r == TLS_OK)
            in = (struct bytes){in.p + n, in.n - n};
        else if (r == TLS_WANT_READ || r == TLS_WANT_WRITE)
            TRY(wait_tls(c, r, err));
        else
            return error_set(err, E_UNAVAILABLE, "%s ended the connection: %s", c->url->host,
                             tls_session_error(c->tls));
    }
    return DONE;
}

static struct status read_some(void *self, uint8_t *p, size_t n, size_t *out_n, struct error *err)
{
    const struct connection *c = self;
    for (;;) {
        enum tls_result r = tls_read(c->tls, p, n, out_n);
        if (r == TLS_OK && *out_n > 0)
            return DONE;
        if (r == TLS_CLOSED) {
            *out_n = 0;
            return DONE;
        }
        if (r == TLS_FAILED)
            return error_set(err, E_DENIED, "TLS with %s: %s", c->url->host, tls_session_error(c->tls));
        TRY(wait_tls(c, r, err));
    }
}

static struct status open_tls(const struct tls_client_settings *settings, const struct url *url, int fd,
                              struct tls_context **out_context, struct tls_session **out_session,
                              struct error *err)
{
    TRY(tls_client_context_new(settings, out_context, err));
    TRY(tls_session_new(*out_context, fd, false, url->host, out_session));
    const struct connection c = {.fd = fd, .tls = *out_session, .url = url};
    return handshake(&c, err);
}

struct status https_exchange(const struct https_call *call, struct exchange_answer *out, struct error *err)
{
    struct url url;
    struct tls_client_settings settings = {.pin_set = call->trust->pinned};
    for (size_t i = 0; settings.pin_set && i < SHA256_SIZE; i++)
        settings.pin_sha256[i] = call->trust->pin[i];
    if (call->identity) {
        settings.own.certificate_chain_pem = call->identity->chain_pem;
        settings.own.key_pem = bytes_text(secret_bytes(&call->identity->key_pem));
    }
    TRY(url_parse(call->url, &url, err));
    OWNED(descriptor_release) int fd = -1;
    OWNED(tls_context_unref) struct tls_context *context = NULL;
    OWNED(tls_session_free) struct tls_session *tls = NULL;
    TRY(connect_host(&url, &fd, err));
    TRY(open_tls(&settings, &url, fd, &context, &tls, err));
    struct connection c = {.fd = fd, .tls = tls, .url = &url};
    const struct exchange_io io = {.self = &c, .write_all = write_all, .read_some = read_some};
    const struct exchange_request request = {.method = call->method,
                                             .target = url.target,
                                             .authority = url.authority,
                                             .body = call->body,
                                             .connector_token = call->connector_token};
    return exchange_run(&io, &request, out, err);
}

struct status https_show_chain(struct text from, struct buffer *out_pem, struct error *err)
{
    struct url url;
    const struct tls_client_settings settings = {.insecure_first_contact = true};
    TRY(url_parse(from, &url, err));
    OWNED(descriptor_release) int fd = -1;
    OWNED(tls_context_unref) struct tls_context *context = NULL;
    OWNED(tls_session_free) struct tls_session *tls = NULL;
    TRY(connect_host(&url, &fd, err));
    TRY(open_tls(&settings, &url, fd, &context, &tls, err));
    tls_peer_chain_pem(tls, out_pem);
    return buffer_status(out_pem);
}
