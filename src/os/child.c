/* SPDX-License-Identifier: Apache-2.0 */
#include "os/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/files.h"

static const char *const listener_names[LISTENER_COUNT] = {
    [LISTENER_INTERNAL] = "internal", [LISTENER_CONNECTOR] = "connector", [LISTENER_GATEWAY] = "gateway",
    [LISTENER_PROXY] = "proxy",       [LISTENER_CLUSTER] = "cluster",
};

const char *listener_name(enum listener l)
{
    must((unsigned)l < LISTENER_COUNT);
    return listener_names[l];
}

const char *child_kind_name(enum child_kind k)
{
    switch (k) {
    case CHILD_FRONT:
        return "front";
    case CHILD_CORE:
        return "core";
    case CHILD_FETCHER:
        return "fetcher";
    }
    return "unknown";
}

bool child_kind_parse(struct text t, enum child_kind *out)
{
    static const enum child_kind kinds[] = {CHILD_FRONT, CHILD_CORE, CHILD_FETCHER};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (text_equal(t, text_of(child_kind_name(kinds[i])))) {
            *out = kinds[i];
            return true;
        }
    }
    return false;
}

const char *child_word_name(enum child_word w)
{
    static const char *const names[CHILD_WORD_END] = {
        [CHILD_READY] = "ready",
        [CHILD_FAILED] = "failed",
        [CHILD_RELOAD] = "reload",
        [CHILD_RELOAD_OK] = "reload_ok",
        [CHILD_RELOAD_REFUSED] = "reload_refused",
        [CHILD_RELOAD_APPLY] = "reload_apply",
        [CHILD_RELOAD_DROP] = "reload_drop",
        [CHILD_STOP] = "stop",
        [CHILD_STOPPED] = "stopped",
    };
    return w > 0 && w < CHILD_WORD_END ? names[w] : "unknown";
}

void child_channels_init(struct child_channels *ch)
{
    *ch = (struct child_channels){
        .kind = CHILD_FRONT,
        .config_fd = -1,
        .page_fd = -1,
        .slab_fd = -1,
        .control_fd = -1,
        .lifeline_fd = -1,
        .lock_fd = -1,
        .fetch_fd = -1,
        .fetcher_slab_fd = -1,
        .hop_edge_fd = -1,
        .hop_egress_fd = -1,
        .control_listen_fd = -1,
    };
}

unsigned child_descriptors(struct child_channels *ch, int *out[static CHILD_DESCRIPTORS_MAX])
{
    int *const single[] = {
        &ch->config_fd,         &ch->page_fd,  &ch->slab_fd,         &ch->control_fd,
        &ch->lifeline_fd,       &ch->lock_fd,  &ch->hop_edge_fd,     &ch->hop_egress_fd,
        &ch->control_listen_fd, &ch->fetch_fd, &ch->fetcher_slab_fd,
    };
    unsigned count = 0;
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++)
        out[count++] = single[i];
    for (unsigned i = 0; i < ch->wake_count; i++)
        out[count++] = &ch->wake_fds[i];
    for (unsigned i = 0; i < ch->front_slab_count; i++)
        out[count++] = &ch->front_slab_fds[i];
    for (unsigned i = 0; i < ch->socket_count; i++)
        out[count++] = &ch->sockets[i].fd;
    return count;
}

void child_channels_close(struct child_channels *ch)
{
    int *fds[CHILD_DESCRIPTORS_MAX];
    unsigned count = child_descriptors(ch, fds);
    for (unsigned i = 0; i < count; i++)
        descriptor_close(*fds[i]);
    child_channels_init(ch);
}

/* ---- messages ---- */

/* On the wire: one byte of version, one word, then the text. A packet is a message; its size is the text's
 * length + 2. */
#define WIRE_VERSION 1
#define WIRE_MAX     (2 + ERROR_MESSAGE_MAX)

struct status child_control_pair(int out[static 2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, out) == 0
               ? DONE
               : STATUS(UNAVAILABLE);
}

union control_space {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(4 * sizeof(int))]; /* more than we send, to see and refuse surplus descriptors */
};

static void attach_descriptor(struct msghdr *m, union control_space *space, int fd)
{
    m->msg_control = space->bytes;
    m->msg_controllen = CMSG_SPACE(sizeof fd);
    struct cmsghdr *c = CMSG_FIRSTHDR(m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
}

struct status child_send(int control_fd, enum child_word word, const char *text, int fd)
{
    must((word == CHILD_RELOAD) == (fd >= 0));
    char wire[WIRE_MAX] = {WIRE_VERSION, (char)word};
    struct text t = text_first(text_of(text), ERROR_MESSAGE_MAX - 1);
    if (t.n > 0)
        memcpy(wire + 2, t.p, t.n);
    struct iovec io = {.iov_base = wire, .iov_len = 2 + t.n};
    union control_space space = {0};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};
    if (fd >= 0)
        attach_descriptor(&m, &space, fd);
    ssize_t n;
    do {
        n = sendmsg(control_fd, &m, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? STATUS(AGAIN) : STATUS(UNAVAILABLE);
    return DONE;
}

/* Keeps the first descriptor and closes the others; returns how many came. */
static unsigned collect_descriptors(struct msghdr *m, int *out_fd)
{
    unsigned count = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            if (count++ == 0)
                *out_fd = fd;
            else
                descriptor_close(fd);
        }
    }
    return count;
}

static bool message_is_valid(const char *wire, ssize_t n, int flags, unsigned descriptors)
{
    if (n < 2 || n >= WIRE_MAX || (flags & (MSG_TRUNC | MSG_CTRUNC)))
        return false;
    if (wire[0] != WIRE_VERSION || wire[1] <= 0 || wire[1] >= CHILD_WORD_END)
        return false;
    if (memchr(wire + 2, '\0', (size_t)n - 2))
        return false;
    return descriptors == (wire[1] == CHILD_RELOAD ? 1u : 0u);
}

struct status child_receive(int control_fd, struct child_message *out)
{
    char wire[WIRE_MAX];
    struct iovec io = {.iov_base = wire, .iov_len = sizeof wire};
    union control_space space = {0};
    struct msghdr m = {
        .msg_iov = &io, .msg_iovlen = 1, .msg_control = space.bytes, .msg_controllen = sizeof space.bytes};
    ssize_t n;
    do {
        n = recvmsg(control_fd, &m, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? STATUS(AGAIN) : STATUS(UNAVAILABLE);
    if (n == 0)
        return STATUS(UNAVAILABLE);
    OWNED(descriptor_release) int fd = -1;
    unsigned descriptors = collect_descriptors(&m, &fd);
    if (!message_is_valid(wire, n, m.msg_flags, descriptors))
        return STATUS(INVALID);
    *out = (struct child_message){.word = (enum child_word)wire[1], .fd = descriptor_take(&fd)};
    memcpy(out->text, wire + 2, (size_t)n - 2);
    return DONE;
}
