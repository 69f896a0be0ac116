/* SPDX-License-Identifier: Apache-2.0 */
#include "os/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/random.h"

void descriptor_close(int fd)
{
    if (fd >= 0)
        (void)close(fd); /* Linux frees the number also when it reports EINTR */
}

static enum code code_of_errno(int error)
{
    if (error == ENOENT || error == ENOTDIR)
        return E_NOT_FOUND;
    if (error == EACCES || error == EPERM || error == EROFS)
        return E_DENIED;
    if (error == ENOMEM)
        return E_NOMEM;
    return E_UNAVAILABLE;
}

static struct status system_error(struct error *err, const char *what, const char *path)
{
    int error = errno;
    return error_set(err, code_of_errno(error), "cannot %s '%s': %s", what, path, strerror(error));
}

struct status path_join(const char *directory, const char *name, char *out, size_t out_size)
{
    int n = snprintf(out, out_size, "%s/%s", directory, name);
    return n < 0 || (size_t)n >= out_size ? STATUS(TOO_LARGE) : DONE;
}

/* ---- reading ---- */

static struct status open_regular(const char *path, int flags, size_t max_bytes, int *out_fd,
                                  struct stat *out, struct error *err)
{
    /* O_NONBLOCK: opening a FIFO must not hang us before we can refuse it. */
    OWNED(descriptor_release) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags);
    if (fd < 0 && errno == ELOOP && (flags & O_NOFOLLOW))
        return error_set(err, E_DENIED, "'%s' is a symbolic link; give the path of the file itself", path);
    if (fd < 0)
        return system_error(err, "open", path);
    if (fstat(fd, out) != 0)
        return system_error(err, "inspect", path);
    if (!S_ISREG(out->st_mode))
        return error_set(err, E_INVALID, "'%s' is not a regular file", path);
    if ((uintmax_t)out->st_size > max_bytes)
        return error_set(err, E_TOO_LARGE, "'%s' is larger than %zu bytes", path, max_bytes);
    *out_fd = descriptor_take(&fd);
    return DONE;
}

/* Up to `n` bytes; a short count is the end of the file. */
static struct status read_fully(int fd, uint8_t *p, size_t n, size_t *out, const char *path,
                                struct error *err)
{
    size_t got = 0;
    while (got < n) {
        ssize_t r = read(fd, p + got, n - got);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return system_error(err, "read", path);
        if (r == 0)
            break;
        got += (size_t)r;
    }
    *out = got;
    return DONE;
}

struct status file_read(const char *path, size_t max_bytes, struct buffer *out, struct error *err)
{
    OWNED(descriptor_release) int fd = -1;
    struct stat st;
    TRY(open_regular(path, 0, max_bytes, &fd, &st, err));
    size_t size = (size_t)st.st_size;
    uint8_t *room = buffer_reserve(out, size + 1);
    if (!room)
        return error_set(err, out->failed, "cannot read '%s': %s", path, code_text(out->failed));
    size_t got = 0;
    TRY(read_fully(fd, room, size + 1, &got, path, err));
    if (got > size) /* one more byte than fstat promised: somebody is writing it right now */
        return error_set(err, E_UNAVAILABLE, "'%s' grew while it was read; try again", path);
    buffer_commit(out, got);
    return DONE;
}

#define NOBODY_ELSE       077u
#define NO_USER_NOR_WRITE 027u /* the group may read: Debian's ssl-cert, Kubernetes' fsGroup */

static struct status check_secret_file(const char *path, const struct stat *st, unsigned forbidden,
                                       struct error *err)
{
    if (st->st_uid != geteuid() && st->st_uid != 0)
        return error_set(err, E_DENIED, "'%s' belongs to uid %u, not to us (uid %u); run: chown %u '%s'",
                         path, st->st_uid, geteuid(), geteuid(), path);
    if (st->st_mode & forbidden)
        return error_set(err, E_DENIED,
                         "'%s' can be read or written by others (mode %04o); run: chmod 600 '%s'", path,
                         st->st_mode & 07777, path);
    return DONE;
}

static struct status read_secret(const char *path, int flags, unsigned forbidden, size_t max_bytes,
                                 struct secret *out, struct error *err)
{
    OWNED(descriptor_release) int fd = -1;
    struct stat st;
    TRY(open_regular(path, flags, max_bytes, &fd, &st, err));
    TRY(check_secret_file(path, &st, forbidden, err));
    OWNED(secret_release) struct secret content = {0};
    struct status s = secret_alloc(&content, (size_t)st.st_size);
    if (!status_ok(s))
        return error_set(err, s.code, "cannot read '%s': %s", path, code_text(s.code));
    size_t got = 0;
    TRY(read_fully(fd, content.p, content.n, &got, path, err));
    if (got != content.n)
        return error_set(err, E_UNAVAILABLE, "'%s' shrank while it was read; try again", path);
    *out = content;
    content = (struct secret){0};
    return DONE;
}

struct status file_read_secret(const char *path, size_t max_bytes, struct secret *out, struct error *err)
{
    return read_secret(path, O_NOFOLLOW, NOBODY_ELSE, max_bytes, out, err);
}

struct status file_read_key(const char *path, size_t max_bytes, struct secret *out, struct error *err)
{
    return read_secret(path, 0, NO_USER_NOR_WRITE, max_bytes, out, err);
}

/* ---- writing ---- */

/* The directory part of `path`; "." when there is none, "/" for the root. */
static struct status parent_of(const char *path, char out[static PATH_MAX], struct error *err)
{
    const char *slash = strrchr(path, '/');
    struct text parent = slash ? (struct text){path, (size_t)(slash - path)} : TEXT(".");
    if (slash == path)
        parent.n = 1;
    if (!text_to_cstr(parent, out, PATH_MAX))
        return error_set(err, E_TOO_LARGE, "the path '%.64s...' is too long", path);
    return DONE;
}

static struct status write_fully(int fd, struct bytes content, const char *path, struct error *err)
{
    while (content.n > 0) {
        ssize_t n = write(fd, content.p, content.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return system_error(err, "write", path);
        content.p += n;
        content.n -= (size_t)n;
    }
    return DONE;
}

static struct status write_new_file(const char *path, struct bytes content, mode_t mode, struct error *err)
{
    OWNED(descriptor_release)
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode & 0700);
    if (fd < 0)
        return system_error(err, "create", path);
    struct status s = write_fully(fd, content, path, err);
    if (status_ok(s) && fchmod(fd, mode) != 0) /* the exact mode, whatever the umask is */
        s = system_error(err, "set the mode of", path);
    if (status_ok(s) && fsync(fd) != 0)
        s = system_error(err, "sync", path);
    if (!status_ok(s))
        (void)unlink(path);
    return s;
}

struct status file_write(const char *path, struct bytes content, mode_t mode, struct error *err)
{
    char parent[PATH_MAX], fresh[PATH_MAX];
    TRY(parent_of(path, parent, err));
    uint8_t random[6];
    char suffix[2 * sizeof random + 1];
    random_bytes(random, sizeof random);
    hex_encode(suffix, BYTES_OF(random));
    int n = snprintf(fresh, sizeof fresh, "%s.%s.tmp", path, suffix);
    if (n < 0 || (size_t)n >= sizeof fresh)
        return error_set(err, E_TOO_LARGE, "the path '%.64s...' is too long", path);
    TRY(write_new_file(fresh, content, mode, err));
    if (rename(fresh, path) != 0) {
        struct status s = system_error(err, "replace", path);
        (void)unlink(fresh);
        return s;
    }
    OWNED(descriptor_release) int directory = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0 || fsync(directory) != 0)
        return system_error(err, "sync", parent);
    return DONE;
}

/* ---- directories ---- */

static struct status make_one(const char *path, mode_t mode, struct error *err)
{
    if (mkdir(path, mode) == 0)
        return DONE;
    struct stat st;
    int error = errno;
    if (error == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return DONE;
    if (error == EEXIST)
        return error_set(err, E_INVALID, "'%s' is in the way: it is not a directory", path);
    errno = error;
    return system_error(err, "make the directory", path);
}

struct status directory_make(const char *path, mode_t mode, struct error *err)
{
    char prefix[PATH_MAX];
    if (!text_to_cstr(text_of(path), prefix, sizeof prefix) || prefix[0] == '\0')
        return error_set(err, E_INVALID, "the path of a directory is empty or too long");
    for (char *p = prefix + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        TRY(make_one(prefix, mode, err));
        *p = '/';
    }
    return make_one(prefix, mode, err);
}

struct status directory_check_private(const char *path, struct error *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return system_error(err, "inspect", path);
    if (!S_ISDIR(st.st_mode))
        return error_set(err, E_INVALID, "'%s' is not a directory", path);
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return error_set(err, E_DENIED, "'%s' belongs to uid %u, not to us (uid %u)", path, st.st_uid,
                         geteuid());
    if (st.st_mode & 022)
        return error_set(err, E_DENIED, "'%s' can be written by others (mode %04o); run: chmod go-w '%s'",
                         path, st.st_mode & 07777, path);
    return DONE;
}
