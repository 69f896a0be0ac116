/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/socket.h>

#include "net/upstream_internal.h"

/* ---- writing ---- */

static size_t send_tls(struct upstream_connection *uc, struct bytes bytes)
{
    size_t n = 0;
    switch (tls_write(uc->tls, bytes, &n)) {
    case TLS_OK:
    case TLS_WANT_READ: /* renegotiation, which is switched off */
    case TLS_WANT_WRITE:
        break;
    case TLS_CLOSED:
    case TLS_FAILED:
        /* The session is over, and no event may say so. In that turn HTTP/2 ends; HTTP/1.1 reads what came
         * before the end, and the end, unless its call is paused: then when it goes on. */
        uc->cut = true;
        upstream_turn_later(uc);
        break;
    }
    return n;
}

static size_t send_plain(struct upstream_connection *uc, struct bytes bytes)
{
    for (;;) {
        const ssize_t n = send(uc->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n >= 0)
            return (size_t)n;
        if (errno == EINTR)
            continue;
        /* The rest can never be sent. The end of the input follows and says whether an answer came first. */
        uc->cut = errno != EAGAIN;
        return 0;
    }
}

size_t upstream_send(struct upstream_connection *uc, struct bytes bytes)
{
    size_t sent = 0;
    while (sent < bytes.n && !uc->cut) {
        const struct bytes rest = {bytes.p + sent, bytes.n - sent};
        const size_t n = uc->tls ? send_tls(uc, rest) : send_plain(uc, rest);
        if (n == 0)
            break;
        sent += n;
        if (!uc->tls && n < rest.n)
            break; /* the socket's buffer is full */
    }
    return sent;
}

/* ---- reading ---- */

static enum upstream_input receive_plain(struct upstream_connection *uc, struct bytes *out)
{
    uint8_t *p = uc->all->read_buffer;
    const ssize_t n = recv(uc->fd, p, UPSTREAM_READ_SIZE, 0);
    if (n > 0) {
        *out = (struct bytes){p, (size_t)n};
        return INPUT_BYTES;
    }
    if (n == 0)
        return INPUT_ENDED;
    return errno == EAGAIN || errno == EINTR ? INPUT_NONE : INPUT_CUT;
}

static enum upstream_input receive_record(struct upstream_connection *uc, uint8_t *p, size_t room,
                                          size_t *out_n)
{
    uc->starved = uc->read_wants_write = false;
    switch (tls_read(uc->tls, p, room, out_n)) {
    case TLS_OK:
        return INPUT_BYTES;
    case TLS_WANT_READ:
        uc->starved = true; /* SSL_has_pending() counts part of a record too */
        return INPUT_NONE;
    case TLS_WANT_WRITE:
        uc->read_wants_write = true;
        return INPUT_NONE;
    case TLS_CLOSED:
        return tls_closed_cleanly(uc->tls) ? INPUT_ENDED : INPUT_CUT;
    case TLS_FAILED:
        uc->alert = tls_session_error(uc->tls);
        break;
    }
    return INPUT_CUT;
}

/* As many records as there are and have room: the caller passes them on by one write. */
static enum upstream_input receive_tls(struct upstream_connection *uc, struct bytes *out)
{
    uint8_t *p = uc->all->read_buffer;
    size_t have = 0;
    enum upstream_input got = INPUT_NONE;
    do {
        size_t n = 0;
        got = receive_record(uc, p + have, UPSTREAM_READ_SIZE - have, &n);
        have += n;
    } while (got == INPUT_BYTES && have < UPSTREAM_READ_SIZE && tls_pending(uc->tls));
    *out = (struct bytes){p, have};
    if (have == 0 || got == INPUT_BYTES)
        return got;
    if (got == INPUT_ENDED || got == INPUT_CUT) {
        uc->retired = true;      /* no call after this one */
        upstream_turn_later(uc); /* and if there is one, the next turn tells it */
    }
    return INPUT_BYTES;
}

enum upstream_input upstream_receive(struct upstream_connection *uc, struct bytes *out)
{
    return uc->tls ? receive_tls(uc, out) : receive_plain(uc, out);
}
