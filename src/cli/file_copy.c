/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/file_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "os/files.h"

#define COPY_SIZE 65536

static struct status write_whole(int fd, const uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t wrote = write(fd, p, n);
        if (wrote < 0 && errno != EINTR)
            return STATUS(UNAVAILABLE);
        if (wrote > 0) {
            p += wrote;
            n -= (size_t)wrote;
        }
    }
    return DONE;
}

static struct status copy(int from, int to, const char *path, struct error *err)
{
    uint8_t chunk[COPY_SIZE];
    for (;;) {
        ssize_t n = read(from, chunk, sizeof chunk);
        if (n == 0)
            break;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(err, E_UNAVAILABLE, "cannot read the backup: %s", strerror(errno));
        if (!status_ok(write_whole(to, chunk, (size_t)n)))
            return error_set(err, E_UNAVAILABLE, "cannot write %s: %s", path, strerror(errno));
    }
    if (fsync(to) != 0)
        return error_set(err, E_UNAVAILABLE, "cannot write %s: %s", path, strerror(errno));
    return DONE;
}

static void sync_directory(const char *path)
{
    char parent[PATH_MAX];
    struct text t = text_of(path);
    size_t n = t.n;
    while (n > 0 && t.p[n - 1] != '/')
        n--;
    if (!text_to_cstr(n > 0 ? text_first(t, n) : TEXT("."), parent, sizeof parent))
        return;
    OWNED(descriptor_release) int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        (void)fsync(fd); /* best effort: the file itself is durable */
}

/* linkat never replaces what is there. */
struct status file_copy_new(int from, const char *path, struct error *err)
{
    char partial[PATH_MAX + 16];
    snprintf(partial, sizeof partial, "%s.partial", path);
    OWNED(descriptor_release)
    int fd = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set(err, E_UNAVAILABLE, "cannot make %s: %s", partial, strerror(errno));
    struct status s = copy(from, fd, path, err);
    if (status_ok(s) && link(partial, path) != 0)
        s = errno == EEXIST ? error_set(err, E_CONFLICT, "%s is there already", path)
                            : error_set(err, E_UNAVAILABLE, "cannot make %s: %s", path, strerror(errno));
    (void)unlink(partial);
    if (status_ok(s))
        sync_directory(path);
    return s;
}
