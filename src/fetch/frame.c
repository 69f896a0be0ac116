/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/frame.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"

static struct status wait_for(int fd, short events, int64_t deadline_ms)
{
    for (;;) {
        int64_t left = deadline_ms - clock_monotonic_ms();
        if (left <= 0)
            return STATUS(AGAIN);
        struct pollfd p = {.fd = fd, .events = events};
        int n = poll(&p, 1, left > 1000 ? 1000 : (int)left);
        if (n > 0)
            return DONE; /* an error shows in the next call */
        if (n < 0 && errno != EINTR)
            return STATUS(UNAVAILABLE);
    }
}

static bool must_wait(ssize_t n)
{
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* MSG_NOSIGNAL: the other side may be gone, and the core does not want to end with it. */
static struct status write_all(int fd, struct bytes rest, int64_t deadline_ms)
{
    while (rest.n > 0) {
        ssize_t n = send(fd, rest.p, rest.n, MSG_NOSIGNAL);
        if (must_wait(n)) {
            TRY(wait_for(fd, POLLOUT, deadline_ms));
            continue;
        }
        if (n < 0)
            return STATUS(UNAVAILABLE);
        rest = (struct bytes){rest.p + n, rest.n - (size_t)n};
    }
    return DONE;
}

static struct status read_all(int fd, uint8_t *to, size_t size, int64_t deadline_ms)
{
    for (size_t got = 0; got < size;) {
        ssize_t n = recv(fd, to + got, size - got, 0);
        if (must_wait(n)) {
            TRY(wait_for(fd, POLLIN, deadline_ms));
            continue;
        }
        if (n <= 0)
            return STATUS(UNAVAILABLE);
        got += (size_t)n;
    }
    return DONE;
}

struct status frame_write(int fd, struct bytes content, int64_t deadline_ms)
{
    if (content.n > UINT32_MAX)
        return STATUS(TOO_LARGE);
    uint32_t length = htobe32((uint32_t)content.n);
    TRY(write_all(fd, (struct bytes){(const uint8_t *)&length, sizeof length}, deadline_ms));
    return write_all(fd, content, deadline_ms);
}

struct status frame_read(int fd, struct buffer *out, int64_t deadline_ms)
{
    uint8_t head[4];
    uint32_t length;
    TRY(read_all(fd, head, sizeof head, deadline_ms));
    memcpy(&length, head, sizeof length);
    length = be32toh(length);
    if (length > out->max)
        return STATUS(TOO_LARGE);
    uint8_t *room = buffer_reserve(out, length);
    if (!room)
        return buffer_status(out);
    TRY(read_all(fd, room, length, deadline_ms));
    buffer_commit(out, length);
    return DONE;
}
