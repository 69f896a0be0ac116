/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/files.h"
#include "os/processes.h"

struct status memfd_sealed(const char *name, struct bytes content, int *out_fd)
{
    OWNED(descriptor_release) int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return STATUS(UNAVAILABLE);
    while (content.n > 0) {
        ssize_t n = write(fd, content.p, content.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return STATUS(NOMEM);
        content.p += n;
        content.n -= (size_t)n;
    }
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return STATUS(UNAVAILABLE);
    *out_fd = descriptor_take(&fd);
    return DONE;
}

struct status memfd_read(int fd, struct buffer *out)
{
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & (F_SEAL_WRITE | F_SEAL_SHRINK)) != (F_SEAL_WRITE | F_SEAL_SHRINK) ||
        fstat(fd, &st) != 0)
        return STATUS(INVALID);
    size_t size = (size_t)st.st_size, got = 0;
    if (size == 0)
        return DONE;
    uint8_t *room = buffer_reserve(out, size);
    if (!room)
        return buffer_status(out);
    while (got < size) {
        /* pread: the descriptor's position is shared by all processes that hold it. */
        ssize_t n = pread(fd, room + got, size - got, (off_t)got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return STATUS(UNAVAILABLE);
        got += (size_t)n;
    }
    buffer_commit(out, size);
    return DONE;
}

struct status eventfd_new(int *out_fd)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return STATUS(UNAVAILABLE);
    *out_fd = fd;
    return DONE;
}
