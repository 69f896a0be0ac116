/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/files.h"
#include "os/sockets.h"

#define BACKLOG 1024

static bool fill_path(const char *path, struct sockaddr_un *out)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    return path[0] != '\0' && text_to_cstr(text_of(path), out->sun_path, sizeof out->sun_path);
}

struct status unix_connect(const char *path, int *out_fd)
{
    struct sockaddr_un a;
    if (!fill_path(path, &a))
        return STATUS(INVALID);
    OWNED(descriptor_release) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return STATUS(UNAVAILABLE);
    if (connect(fd, (const struct sockaddr *)&a, sizeof a) != 0) {
        int error = errno;
        if (error == ENOENT || error == ENOTDIR)
            return STATUS(NOT_FOUND);
        if (error == EACCES || error == EPERM)
            return STATUS(DENIED);
        return error == EAGAIN ? STATUS(AGAIN) : STATUS(UNAVAILABLE);
    }
    *out_fd = descriptor_take(&fd);
    return DONE;
}

/* Makes way for our socket file, but only over the remains of a server that is gone. */
static struct status remove_stale(const char *path, struct error *err)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return errno == ENOENT
                   ? DONE
                   : error_set(err, E_UNAVAILABLE, "cannot inspect '%s': %s", path, strerror(errno));
    if (!S_ISSOCK(st.st_mode))
        return error_set(err, E_INVALID, "'%s' is in the way: it is not a socket", path);
    OWNED(descriptor_release) int fd = -1;
    struct status s = unix_connect(path, &fd);
    if (status_ok(s) || s.code == E_AGAIN)
        return error_set(err, E_CONFLICT, "another server is listening on '%s'", path);
    if (unlink(path) != 0 && errno != ENOENT)
        return error_set(err, E_DENIED, "cannot remove the old socket '%s': %s", path, strerror(errno));
    return DONE;
}

struct status unix_listen(const char *path, mode_t mode, int *out_fd, struct error *err)
{
    struct sockaddr_un a;
    if (!fill_path(path, &a))
        return error_set(err, E_INVALID, "'%.64s...': the path of a Unix socket has at most %zu bytes", path,
                         sizeof a.sun_path - 1);
    TRY(remove_stale(path, err));
    OWNED(descriptor_release) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* On Linux the mode of the unbound socket is the mode of the file that bind makes (less the umask): no
     * moment in which others could connect, and no change of the process-wide umask. */
    if (fd < 0 || fchmod(fd, mode) != 0 || bind(fd, (const struct sockaddr *)&a, sizeof a) != 0 ||
        listen(fd, BACKLOG) != 0)
        return error_set(err, E_UNAVAILABLE, "cannot listen on '%s': %s", path, strerror(errno));
    *out_fd = descriptor_take(&fd);
    return DONE;
}

struct status socket_peer_credentials(int fd, struct peer_credentials *out)
{
    struct ucred c;
    socklen_t size = sizeof c;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &size) != 0 || size != sizeof c || c.uid == (uid_t)-1)
        return STATUS(UNAUTH);
    *out = (struct peer_credentials){.uid = c.uid, .gid = c.gid, .pid = c.pid};
    return DONE;
}
