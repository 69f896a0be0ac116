/* SPDX-License-Identifier: Apache-2.0 */
#include "os/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>

#include "os/files.h"

/* The kernel cuts it to net.core.somaxconn. */
#define BACKLOG 4096

static socklen_t address_size(const struct socket_address *a)
{
    return a->any.sa_family == AF_INET6 ? sizeof a->v6 : sizeof a->v4;
}

static struct status refuse(struct error *err, const struct socket_address *a)
{
    int error = errno;
    char text[SOCKET_TEXT_MAX];
    socket_address_format(a, text);
    if (error == EADDRINUSE)
        return error_set(err, E_CONFLICT, "cannot listen on %s: another server is using that address", text);
    if (error == EACCES && socket_address_port(a) < 1024)
        return error_set(
            err, E_DENIED,
            "cannot listen on %s: ports below 1024 need CAP_NET_BIND_SERVICE, or socket activation", text);
    return error_set(err, error == EACCES ? E_DENIED : E_UNAVAILABLE, "cannot listen on %s: %s", text,
                     strerror(error));
}

static bool set_option(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

static struct status bind_socket(const struct socket_address *a, bool shared, int *out_fd, struct error *err)
{
    OWNED(descriptor_release)
    int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    if (fd < 0)
        return refuse(err, a);
    /* SO_REUSEADDR lets a restart pass connections in TIME_WAIT; on Linux it never lets two listen. */
    if (!set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) ||
        (shared && !set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1)) ||
        (a->any.sa_family == AF_INET6 && !set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0)) ||
        !set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1))
        return refuse(err, a);
    if (bind(fd, &a->any, address_size(a)) != 0)
        return refuse(err, a);
    *out_fd = descriptor_take(&fd);
    return DONE;
}

/* Binds alone, listens, lets go again; *out has the port. Between this and the shared sockets another server
 * may slip in and is then detected by its own probe. */
static struct status probe(const struct socket_address *a, struct socket_address *out, struct error *err)
{
    OWNED(descriptor_release) int fd = -1;
    TRY(bind_socket(a, false, &fd, err));
    if (listen(fd, 1) != 0)
        return refuse(err, a);
    return socket_address_of(fd, out);
}

struct status socket_listen(const struct socket_address *a, unsigned count, int out[], struct error *err)
{
    struct socket_address bound;
    TRY(probe(a, &bound, err));
    struct status s = DONE;
    unsigned made = 0;
    while (made < count && status_ok(s)) {
        s = bind_socket(&bound, true, &out[made], err);
        if (status_ok(s) && listen(out[made++], BACKLOG) != 0)
            s = refuse(err, a);
    }
    while (!status_ok(s) && made > 0)
        descriptor_close(out[--made]);
    return s;
}
