/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/proxy_client.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/own.h"
#include "os/files.h"
#include "os/sockets.h"

#define READ_SIZE  65536
#define HEAD_MAX   (64 * 1024)
#define ARENA_SIZE 4096

OWNABLE(struct h1_client, h1_client_free);

struct exchange {
    const struct proxy_call *call;
    struct proxy_times *times;
    struct h1_client *client;
    int fd;           /* non-blocking */
    struct bytes out; /* what is left to send: the head, then the body */
    bool head_sent;
    int64_t started_us;
    bool ended; /* the answer is complete */
};

static int64_t elapsed_us(const struct exchange *x)
{
    return clock_monotonic_us() - x->started_us;
}

/* ---- what the answer's parser says ---- */

static void on_head(void *owner, const struct response *head)
{
    const struct exchange *x = owner;
    x->call->head(x->call->owner, head);
}

static void on_body(void *owner, struct bytes chunk)
{
    const struct exchange *x = owner;
    x->call->chunk(x->call->owner, chunk);
}

static void on_end(void *owner)
{
    struct exchange *x = owner;
    x->ended = true;
}

/* ---- the connection ---- */

/* Bits of poll(2) that are there; waits until the call's time is over. */
static struct status wait_for(const struct exchange *x, short events, short *out, struct error *err)
{
    struct pollfd p = {.fd = x->fd, .events = events};
    for (;;) {
        int wait_ms = -1;
        if (x->call->max_ms > 0) {
            int64_t left = x->call->max_ms - elapsed_us(x) / 1000;
            wait_ms = left <= 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
        }
        int n = poll(&p, 1, wait_ms);
        *out = p.revents;
        if (n > 0)
            return DONE;
        if (n == 0 && wait_ms < INT32_MAX)
            return error_set(err, E_UNAVAILABLE, "no complete answer within --max-time");
        if (n < 0 && errno != EINTR)
            return error_set(err, E_UNAVAILABLE, "cannot wait for the answer: %s", strerror(errno));
    }
}

static struct status refused(const struct exchange *x, int why, struct error *err)
{
    return error_set(err, E_UNAVAILABLE, "cannot connect to the proxy listener, %s: %s", x->call->address,
                     strerror(why));
}

static struct status open_connection(struct exchange *x, struct error *err)
{
    struct socket_address address;
    TRY(socket_address_parse(text_of(x->call->address), &address, err));
    const socklen_t size = address.any.sa_family == AF_INET6 ? sizeof address.v6 : sizeof address.v4;
    x->fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (x->fd < 0)
        return error_set(err, E_UNAVAILABLE, "cannot make a socket: %s", strerror(errno));
    if (connect(x->fd, &address.any, size) != 0 && errno != EINPROGRESS)
        return refused(x, errno, err);
    short ready;
    int failed = 0;
    socklen_t n = sizeof failed;
    TRY(wait_for(x, POLLOUT, &ready, err));
    if (getsockopt(x->fd, SOL_SOCKET, SO_ERROR, &failed, &n) != 0)
        failed = errno;
    if (failed)
        return refused(x, failed, err);
    x->times->connected = elapsed_us(x);
    return DONE;
}

/* ---- both directions at once: a target may answer while the body is still on its way ---- */

static struct status send_some(struct exchange *x, struct error *err)
{
    const ssize_t n = send(x->fd, x->out.p, x->out.n, MSG_NOSIGNAL);
    if (n < 0 && (errno == EPIPE || errno == ECONNRESET)) {
        x->out = (struct bytes){NULL, 0}; /* refused early: the answer may still be there to read */
        x->head_sent = true;
        return DONE;
    }
    if (n < 0)
        return errno == EAGAIN || errno == EINTR
                   ? DONE
                   : error_set(err, E_UNAVAILABLE, "cannot send the request: %s", strerror(errno));
    x->out = (struct bytes){x->out.p + n, x->out.n - (size_t)n};
    if (x->out.n == 0 && !x->head_sent) {
        x->head_sent = true;
        x->out = x->call->body;
    }
    return DONE;
}

static struct status feed(struct exchange *x, struct bytes in, struct error *err)
{
    size_t used = 0;
    const bool started = h1_client_started(x->client);
    if (in.n == 0 && !started)
        return error_set(err, E_UNAVAILABLE, "the server closed the connection without an answer");
    struct status s = in.n > 0 ? h1_client_feed(x->client, in, &used) : h1_client_end_of_input(x->client);
    if (!status_ok(s) && s.code != E_NOMEM)
        return error_set(err, E_UPSTREAM,
                         in.n > 0 ? "the answer is not valid HTTP" : "the answer was cut short");
    return s;
}

static struct status receive_some(struct exchange *x, struct error *err)
{
    uint8_t chunk[READ_SIZE];
    const ssize_t n = recv(x->fd, chunk, sizeof chunk, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return DONE;
    if (n < 0)
        return error_set(err, h1_client_started(x->client) ? E_UPSTREAM : E_UNAVAILABLE,
                         "the connection ended: %s", strerror(errno));
    if (n > 0 && x->times->first_byte == 0)
        x->times->first_byte = elapsed_us(x);
    struct status s = feed(x, (struct bytes){chunk, (size_t)n}, err);
    struct status shown = x->call->taken(x->call->owner, status_ok(s) ? err : NULL);
    TRY(s);
    TRY(shown);
    if (n == 0 && !x->ended)
        return error_set(err, E_UPSTREAM, "the answer was cut short");
    return DONE;
}

static struct status transfer(struct exchange *x, struct error *err)
{
    while (!x->ended) {
        short ready;
        TRY(wait_for(x, (short)(POLLIN | (x->out.n > 0 ? POLLOUT : 0)), &ready, err));
        if (ready & POLLOUT)
            TRY(send_some(x, err));
        if (ready & (POLLIN | POLLHUP | POLLERR))
            TRY(receive_some(x, err));
    }
    return DONE;
}

static struct status write_head(const struct proxy_call *call, struct buffer *out, struct error *err)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, ARENA_SIZE, HEAD_MAX);
    const struct request r = {.version = HTTP_1_1,
                              .method = call->method,
                              .target = call->target,
                              .authority = text_of(call->address),
                              .headers = *call->fields,
                              .body = call->body.p ? BODY_SIZED : BODY_NONE,
                              .content_length = call->body.n};
    /* One exchange, then the end: nobody has to guess where the answer stops. */
    struct headers extra = {.list = NULL};
    TRY(headers_add(&extra, &a, TEXT("Connection"), TEXT("close")));
    h1_write_request_head(out, &r, &extra);
    return out->failed == E_INVALID
               ? error_set(err, E_INVALID,
                           "the path or a header holds blanks or characters that need percent-encoding")
               : buffer_status(out);
}

struct status proxy_exchange(const struct proxy_call *call, struct proxy_times *times, struct error *err)
{
    static const struct h1_client_events events = {.head = on_head, .body = on_body, .end = on_end};
    *times = (struct proxy_times){0};
    struct exchange x = {.call = call, .times = times, .fd = -1, .started_us = clock_monotonic_us()};
    OWNED(buffer_release) struct buffer head;
    buffer_init(&head, HEAD_MAX);
    TRY(write_head(call, &head, err));
    OWNED(h1_client_free) struct h1_client *client = h1_client_new(&events, &x, false);
    if (!client)
        return STATUS(NOMEM);
    h1_client_reset(client, call->method);
    x.client = client;
    x.out = buffer_bytes(&head);
    struct status s = open_connection(&x, err);
    if (status_ok(s))
        s = transfer(&x, err);
    descriptor_close(x.fd);
    times->total = elapsed_us(&x);
    return s;
}
