/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "os/files.h"

/*
 * A backup is a whole SQLite database. Restoring is offline: the lock of the data directory is held, so no
 * server runs, and nothing that is there is written over. The copy is complete and synced before it gets its
 * name.
 */

#define COPY_SIZE 65536

static const char magic[16] = "SQLite format 3"; /* with its NUL: the first 16 bytes of every database */

static struct status store_path(const struct settings *s, char out[static PATH_MAX], struct error *err)
{
    struct text url = text_of(s->store_url);
    struct text scheme = TEXT("sqlite:");
    if (url.n == 0) {
        struct status joined = path_join(s->data_dir, "fairlead.db", out, PATH_MAX);
        return status_ok(joined) ? joined
                                 : error_set(err, E_INVALID, "the data directory's path is too long");
    }
    if (!text_starts_with(url, scheme) || !text_to_cstr(text_from(url, scheme.n), out, PATH_MAX))
        return error_set(err, E_INVALID, "a backup can only be restored into a sqlite: store");
    return DONE;
}

static struct status open_backup(const char *file, int *out, struct error *err)
{
    char head[sizeof magic];
    OWNED(descriptor_release) int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, E_NOT_FOUND, "cannot open '%s': %s", file, strerror(errno));
    ssize_t n = pread(fd, head, sizeof head, 0);
    if (n != (ssize_t)sizeof head || !bytes_equal(BYTES_OF(head), BYTES_OF(magic)))
        return error_set(err, E_INVALID, "'%s' is not a backup of fairlead", file);
    *out = descriptor_take(&fd);
    return DONE;
}

static struct status lock_data(const char *data_dir, int *out, struct error *err)
{
    char path[PATH_MAX];
    if (!status_ok(path_join(data_dir, "run", path, sizeof path)))
        return error_set(err, E_INVALID, "the data directory's path is too long");
    TRY(directory_make(path, 0700, err));
    if (!status_ok(path_join(data_dir, "run/lock", path, sizeof path)))
        return error_set(err, E_INVALID, "the data directory's path is too long");
    struct status s = file_lock(path, 0, out, err);
    if (s.code == E_CONFLICT)
        return error_wrap(err, s, "a server runs in %s: stop it first", data_dir);
    return s;
}

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

static struct status copy(int from, int to, struct error *err)
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
            return error_set(err, E_UNAVAILABLE, "cannot write the store: %s", strerror(errno));
    }
    if (fsync(to) != 0)
        return error_set(err, E_UNAVAILABLE, "cannot write the store: %s", strerror(errno));
    return DONE;
}

static void sync_directory(const char *path)
{
    char parent[PATH_MAX];
    struct text t = text_of(path);
    size_t n = t.n;
    while (n > 0 && t.p[n - 1] != '/')
        n--;
    if (n == 0 || !text_to_cstr(text_first(t, n), parent, sizeof parent))
        return;
    OWNED(descriptor_release) int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        (void)fsync(fd); /* best effort: the file itself is durable */
}

/* linkat never replaces what is there. */
static struct status place(int from, const char *path, struct error *err)
{
    char temporary[PATH_MAX + 16];
    snprintf(temporary, sizeof temporary, "%s.restoring", path);
    OWNED(descriptor_release)
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set(err, E_UNAVAILABLE, "cannot make %s: %s", temporary, strerror(errno));
    struct status s = copy(from, fd, err);
    if (status_ok(s) && link(temporary, path) != 0)
        s = error_set(err, E_CONFLICT, "cannot make %s: %s", path, strerror(errno));
    (void)unlink(temporary);
    if (status_ok(s))
        sync_directory(path);
    return s;
}

/* A write-ahead log of another database would be played into the restored one. */
static struct status check_empty(const char *path, struct error *err)
{
    static const char *const tails[] = {"", "-wal", "-shm", "-journal"};
    char name[PATH_MAX + 16];
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, tails[i]);
        if (access(name, F_OK) == 0)
            return error_set(err, E_CONFLICT,
                             "%s is there already: move it away, or name an empty directory with --data",
                             name);
    }
    return DONE;
}

struct status command_restore(struct cli *c, struct error *err)
{
    char path[PATH_MAX];
    OWNED(settings_free) struct settings *settings = NULL;
    OWNED(descriptor_release) int backup = -1;
    OWNED(descriptor_release) int lock = -1;
    TRY(cli_settings(c, true, &settings, err));
    TRY(open_backup(c->args.positional[0], &backup, err));
    TRY(store_path(settings, path, err));
    TRY(directory_make(settings->data_dir, 0700, err));
    TRY(lock_data(settings->data_dir, &lock, err));
    TRY(check_empty(path, err));
    TRY(place(backup, path, err));
    cli_progress("Restored into %s. The vault's key file that belonged to it is needed as well; then: "
                 "fairlead serve --data %s",
                 path, settings->data_dir);
    return DONE;
}
