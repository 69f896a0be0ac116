/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers child_receive and child_send (os/child.h): what a front that was taken over could say to the
 * supervisor. The first byte says how many descriptors come with the packet. What is accepted can be said
 * again and is the same.
 */

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/child.h"
#include "os/files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool send_raw(int fd, struct bytes packet, unsigned descriptors)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(3 * sizeof(int))];
    } space = {0};
    uint8_t copy[2048];
    struct iovec io = {.iov_base = copy, .iov_len = packet.n < sizeof copy ? packet.n : sizeof copy};
    if (io.iov_len > 0)
        memcpy(copy, packet.p, io.iov_len);
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};
    if (descriptors > 0) {
        const int fds[3] = {fd, fd, fd};
        m.msg_control = space.bytes;
        m.msg_controllen = CMSG_SPACE(descriptors * sizeof(int));
        space.header.cmsg_level = SOL_SOCKET;
        space.header.cmsg_type = SCM_RIGHTS;
        space.header.cmsg_len = CMSG_LEN(descriptors * sizeof(int));
        memcpy(CMSG_DATA(&space.header), fds, descriptors * sizeof(int));
    }
    return sendmsg(fd, &m, MSG_NOSIGNAL) >= 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int pair[2];
    if (size == 0 || !status_ok(child_control_pair(pair)))
        return 0;
    struct child_message m, again;
    if (send_raw(pair[0], (struct bytes){data + 1, size - 1}, data[0] % 4) &&
        status_ok(child_receive(pair[1], &m))) {
        must(m.word > 0 && m.word < CHILD_WORD_END && (m.fd >= 0) == (m.word == CHILD_RELOAD));
        must(status_ok(child_send(pair[0], m.word, m.text, m.fd)));
        must(status_ok(child_receive(pair[1], &again)));
        must(again.word == m.word && text_equal(text_of(again.text), text_of(m.text)));
        descriptor_close(m.fd);
        descriptor_close(again.fd);
    }
    descriptor_close(pair[0]);
    descriptor_close(pair[1]);
    int next = dup(0); /* nothing leaked: numbers stay small over millions of runs */
    must(next < 200);
    descriptor_close(next);
    return 0;
}
