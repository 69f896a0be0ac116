/* SPDX-License-Identifier: Apache-2.0 */
#include "control/client.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/files.h"
#include "os/sockets.h"

struct connection {
    int fd; /* non-blocking */
};

static struct status wait_for(int fd, short events, struct error *err)
{
    struct pollfd p = {.fd = fd, .events = events};
    for (;;) {
        int n = poll(&p, 1, CONTROL_TIMEOUT_MS);
        if (n > 0)
            return DONE;
        if (n == 0)
            return error_set(err, E_UNAVAILABLE, "the server did not answer within %d minutes",
                             CONTROL_TIMEOUT_MS / 60000);
        if (errno != EINTR)
            return error_set(err, E_UNAVAILABLE, "cannot wait for the server: %s", strerror(errno));
    }
}

static struct status write_all(void *self, struct bytes in, struct error *err)
{
    const struct connection *c = self;
    while (in.n > 0) {
        ssize_t n = send(c->fd, in.p, in.n, MSG_NOSIGNAL);
        if (n > 0) {
            in = (struct bytes){in.p + n, in.n - (size_t)n};
            continue;
        }
        if (errno == EAGAIN)
            TRY(wait_for(c->fd, POLLOUT, err));
        else if (errno == EPIPE || errno == ECONNRESET)
            return DONE; /* refused early: the answer may still be there to read */
        else if (errno != EINTR)
            return error_set(err, E_UNAVAILABLE, "cannot write to the server: %s", strerror(errno));
    }
    return DONE;
}

static struct status read_some(void *self, uint8_t *p, size_t n, size_t *out_n, struct error *err)
{
    const struct connection *c = self;
    for (;;) {
        ssize_t got = recv(c->fd, p, n, 0);
        if (got >= 0) {
            *out_n = (size_t)got;
            return DONE;
        }
        if (errno == EAGAIN)
            TRY(wait_for(c->fd, POLLIN, err));
        else if (errno != EINTR)
            return error_set(err, E_UNAVAILABLE, "the server ended the connection: %s", strerror(errno));
    }
}

static struct status explain(struct status why, const char *data_dir, struct error *err)
{
    switch (why.code) {
    case E_NOT_FOUND:
    case E_UNAVAILABLE:
        return error_set(err, E_UNAVAILABLE,
                         "fairlead is not running in %s: start it with `fairlead serve --data %s`", data_dir,
                         data_dir);
    case E_DENIED:
        return error_set(err, E_DENIED,
                         "the server in %s belongs to another user: run this as that user or as root",
                         data_dir);
    case E_AGAIN:
        return error_set(err, E_AGAIN, "the server in %s is busy: try again", data_dir);
    case E_INVALID:
    case E_TOO_LARGE:
        return error_set(err, E_INVALID,
                         "the path %s/" CONTROL_SOCKET_NAME
                         " is too long for a socket: use a shorter data directory",
                         data_dir);
    case E_OK:
    case E_NOMEM:
    case E_UNAUTH:
    case E_CONFLICT:
    case E_CHANGED:
    case E_UPSTREAM:
    case E_BROKEN:
        break;
    }
    return error_set(err, why.code, "cannot connect to the server in %s", data_dir);
}

struct status control_send(const char *data_dir, const struct exchange_request *request,
                           struct exchange_answer *out, struct error *err)
{
    char path[PATH_MAX];
    OWNED(descriptor_release) int fd = -1;
    struct status s = path_join(data_dir, CONTROL_SOCKET_NAME, path, sizeof path);
    if (status_ok(s))
        s = unix_connect(path, &fd);
    if (!status_ok(s))
        return explain(s, data_dir, err);
    struct connection c = {fd};
    const struct exchange_io io = {.self = &c, .write_all = write_all, .read_some = read_some};
    struct exchange_request local = *request;
    local.authority = TEXT("localhost");
    return exchange_run(&io, &local, out, err);
}

struct status control_call(const char *data_dir, enum http_method method, struct text target,
                           struct text body, struct exchange_answer *out, struct error *err)
{
    const struct exchange_request request = {.method = method, .target = target, .body = body};
    return control_send(data_dir, &request, out, err);
}
