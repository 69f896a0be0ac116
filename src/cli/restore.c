/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "cli/file_copy.h"
#include "os/files.h"

/*
 * A backup is a whole SQLite database. Restoring is offline: the lock of the data directory is held, so no
 * server runs, and nothing that is there is written over.
 */

static const char magic[16] = "SQLite format 3"; /* with its NUL: the first 16 bytes of every database */
#define HEADER_SIZE 100

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

/* The database says how many pages it has (SQLite file format, 1.3): a copy that broke off has fewer. */
static bool is_whole(const uint8_t head[static HEADER_SIZE], off_t size)
{
    const int64_t page = head[16] == 0 && head[17] == 1 ? 65536 : head[16] << 8 | head[17];
    const int64_t pages = (int64_t)head[28] << 24 | head[29] << 16 | head[30] << 8 | head[31];
    return page >= 512 && pages > 0 && size == page * pages;
}

static struct status open_backup(const char *file, int *out, struct error *err)
{
    uint8_t head[HEADER_SIZE];
    struct stat st;
    OWNED(descriptor_release) int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        return error_set(err, E_NOT_FOUND, "cannot open '%s': %s", file, strerror(errno));
    ssize_t n = pread(fd, head, sizeof head, 0);
    if (n != (ssize_t)sizeof head || !bytes_equal((struct bytes){head, sizeof magic}, BYTES_OF(magic)))
        return error_set(err, E_INVALID, "'%s' is not a backup of fairlead", file);
    if (!is_whole(head, st.st_size))
        return error_set(err, E_INVALID, "'%s' is not a whole backup: copy it again", file);
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
    TRY(file_copy_new(backup, path, err));
    cli_progress("Restored into %s. The vault's key file that belonged to it is needed as well; then: "
                 "fairlead serve --data %s",
                 path, settings->data_dir);
    return DONE;
}
