/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "os/files.h"

OWNABLE(char, mem_free);

static struct status from_errno(struct error *err, const char *doing, const char *path)
{
    enum code code = errno == ENOENT ? E_NOT_FOUND : errno == EEXIST ? E_CONFLICT : E_UNAVAILABLE;
    return error_set(err, code, "cannot %s '%s': %s", doing, path, strerror(errno));
}

char *sqlite_files_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return mem_strndup(".", 1);
    return mem_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static struct status sync_directory(const char *path, struct error *err)
{
    OWNED(mem_free) char *directory = sqlite_files_directory(path);
    if (!directory)
        return error_set(err, E_NOMEM, "out of memory");
    OWNED(descriptor_release) int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return from_errno(err, "open", directory);
    return fsync(fd) == 0 ? DONE : from_errno(err, "sync", directory);
}

static struct status check_file(int fd, const char *path, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return from_errno(err, "inspect", path);
    if (!S_ISREG(st.st_mode))
        return error_set(err, E_INVALID, "'%s' is not a regular file", path);
    if (st.st_uid != geteuid())
        return error_set(err, E_DENIED, "'%s' belongs to uid %u, the server runs as uid %u", path,
                         (unsigned)st.st_uid, (unsigned)geteuid());
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return error_set(err, E_DENIED, "'%s' is open to others (mode %04o): chmod 600 '%s'", path,
                         (unsigned)(st.st_mode & 07777), path);
    return DONE;
}

struct status sqlite_files_prepare(const char *path, struct error *err)
{
    OWNED(mem_free) char *directory = sqlite_files_directory(path);
    if (!directory)
        return error_set(err, E_NOMEM, "out of memory");
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return from_errno(err, "make directory", directory);
    OWNED(descriptor_release)
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd < 0)
        return from_errno(err, "open", path);
    return check_file(fd, path, err);
}

static struct status vacuum_into(struct sqlite_db *db, const char *path, struct error *err)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(db->handle, "VACUUM INTO ?1", -1, &stmt, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC);
    if (result == SQLITE_OK)
        result = sqlite3_step(stmt);
    struct status s = sqlite_error(db, result, err, path);
    sqlite3_finalize(stmt);
    return s;
}

struct status sqlite_files_copy(struct sqlite_db *db, const char *path, struct error *err)
{
    /* SQLite accepts an existing empty file; made here, it has its mode from the start. */
    OWNED(descriptor_release) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return from_errno(err, "create", path);
    struct status s = vacuum_into(db, path, err);
    if (status_ok(s) && fsync(fd) != 0)
        s = from_errno(err, "sync", path);
    if (status_ok(s))
        s = sync_directory(path, err);
    if (!status_ok(s))
        (void)unlink(path);
    return s;
}
