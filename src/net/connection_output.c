/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "net/connection.h"

#define PARTS_MAX 4 /* of one write */

/* One write attempt; what is left waits for WATCH_WRITE. False when the connection is gone. */
static bool write_some(struct connection *c, struct bytes out, size_t *written)
{
    *written = 0;
    if (c->tls) {
        enum tls_result r = tls_write(c->tls, out, written);
        return r == TLS_OK || r == TLS_WANT_READ || r == TLS_WANT_WRITE;
    }
    ssize_t n = send(c->fd, out.p, out.n, MSG_NOSIGNAL);
    if (n >= 0)
        *written = (size_t)n;
    return n >= 0 || errno == EAGAIN || errno == EINTR;
}

static size_t write_parts(struct connection *c, const struct bytes *parts, size_t count)
{
    struct iovec vectors[PARTS_MAX];
    struct msghdr message = {.msg_iov = vectors};
    for (size_t i = 0; i < count && message.msg_iovlen < PARTS_MAX; i++)
        if (parts[i].n > 0)
            vectors[message.msg_iovlen++] = (struct iovec){(void *)(uintptr_t)parts[i].p, parts[i].n};
    const ssize_t n = sendmsg(c->fd, &message, MSG_NOSIGNAL);
    return n > 0 ? (size_t)n : 0;
}

/* The next record: where it lies if one part fills it, else copied together. */
static struct bytes next_record(struct connection *c, const struct bytes *parts, size_t count, size_t from)
{
    uint8_t *record = c->server->record;
    size_t have = 0;
    for (size_t i = 0; i < count && have < NET_RECORD_SIZE; i++) {
        if (from >= parts[i].n) {
            from -= parts[i].n;
            continue;
        }
        const struct bytes rest = {parts[i].p + from, parts[i].n - from};
        if (have == 0 && rest.n >= NET_RECORD_SIZE)
            return (struct bytes){rest.p, NET_RECORD_SIZE};
        const size_t n = rest.n < NET_RECORD_SIZE - have ? rest.n : NET_RECORD_SIZE - have;
        memcpy(record + have, rest.p, n);
        have += n;
        from = 0;
    }
    return (struct bytes){record, have};
}

/* Several records leave as one segment or few: that is worth two more system calls. */
static void cork(const struct connection *c, bool on)
{
    const int value = on;
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_CORK, &value, sizeof value);
}

static size_t write_records(struct connection *c, const struct bytes *parts, size_t count)
{
    size_t sent = 0, n = 0, all = 0;
    struct bytes record;
    for (size_t i = 0; i < count; i++)
        all += parts[i].n;
    if (all > NET_RECORD_SIZE)
        cork(c, true);
    do {
        record = next_record(c, parts, count, sent);
        if (record.n == 0 || !write_some(c, record, &n))
            break;
        sent += n;
    } while (n == record.n);
    if (all > NET_RECORD_SIZE)
        cork(c, false);
    return sent;
}

/* Not while the socket is known to be full: then there is order in the output, and nothing to gain. */
size_t connection_write_now(struct connection *c, const struct bytes *parts, size_t count)
{
    if (c->state != CONNECTION_OPEN || c->close_wanted || (c->watching & WATCH_WRITE))
        return 0;
    const size_t n = c->tls ? write_records(c, parts, count) : write_parts(c, parts, count);
    c->wrote = c->wrote || n > 0;
    return n;
}

void connection_flush(struct connection *c)
{
    if (c->state != CONNECTION_OPEN && c->state != CONNECTION_CLOSING)
        return;
    for (;;) {
        struct bytes out = session_output(c->session);
        if (out.n == 0)
            break;
        size_t written = 0;
        if (!write_some(c, out, &written)) {
            connection_close(c);
            return;
        }
        if (written == 0)
            break;
        c->in_session++;
        session_output_consumed(c->session, written); /* may call drained, which may produce more */
        c->in_session--;
        if (c->close_wanted)
            return;
        if (written < out.n && !c->tls) /* libssl writes one record at a time */
            break;
    }
}
