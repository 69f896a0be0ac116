/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "os/files.h"

#define RETRY_MS 50

static void wait_a_little(void)
{
    const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};
    (void)nanosleep(&pause, NULL);
}

static struct status name_the_holder(int fd, const char *path, struct error *err)
{
    char content[24];
    ssize_t n = pread(fd, content, sizeof content, 0);
    struct text pid = text_trim((struct text){content, n > 0 ? (size_t)n : 0});
    if (pid.n > 0 && pid.p[pid.n - 1] == '\n')
        pid.n--;
    uint64_t number = 0;
    if (!text_to_u64(pid, INT32_MAX, &number))
        return error_set(err, E_CONFLICT, "another server is running here: it holds '%s'", path);
    return error_set(err, E_CONFLICT, "another server is running here: process %d holds '%s'", (int)number,
                     path);
}

struct status file_lock(const char *path, int64_t wait_ms, int *out_fd, struct error *err)
{
    OWNED(descriptor_release)
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        return error_set(err, E_UNAVAILABLE, "cannot open '%s': %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return error_set(err, E_INVALID, "'%s' is not a regular file", path);
    int64_t until = clock_monotonic_ms() + wait_ms;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return error_set(err, E_UNAVAILABLE, "cannot lock '%s': %s", path, strerror(errno));
        if (clock_monotonic_ms() >= until)
            return name_the_holder(fd, path, err);
        wait_a_little();
    }
    /* For people and for name_the_holder; the lock itself does not depend on it. */
    char content[24];
    int n = snprintf(content, sizeof content, "%d\n", (int)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, content, (size_t)n, 0) != n)
        return error_set(err, E_UNAVAILABLE, "cannot write '%s': %s", path, strerror(errno));
    *out_fd = descriptor_take(&fd);
    return DONE;
}
