/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "config/value.h"

static void close_descriptor(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
OWNABLE_VALUE(int, close_descriptor);

struct status config_file_read(const char *path, struct buffer *out, struct error *err)
{
    OWNED(close_descriptor) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, E_INVALID, "%s: cannot open: %s", path, strerror(errno));
    for (;;) {
        uint8_t *room = buffer_reserve(out, 4096);
        if (!room && out->failed == E_NOMEM)
            return STATUS(NOMEM);
        if (!room)
            return error_set(err, E_INVALID, "%s: larger than 1 MiB", path);
        ssize_t n = read(fd, room, 4096);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(err, E_INVALID, "%s: cannot read: %s", path, strerror(errno));
        if (n == 0)
            return DONE;
        buffer_commit(out, (size_t)n);
    }
}

/* ---- paths ---- */

static const char *variable_of(char *const *environment, struct text name)
{
    for (; environment && *environment; environment++) {
        struct text value = text_of(*environment);
        if (text_equal(text_cut(&value, '='), name) && value.n > 0)
            return value.p;
    }
    return NULL;
}

static struct status default_data_dir(struct loader *l, const struct settings_sources *from,
                                      struct error *err)
{
    char path[PATH_MAX];
    const char *data = variable_of(from->environment, TEXT("XDG_DATA_HOME"));
    const char *home = variable_of(from->environment, TEXT("HOME"));
    int n;
    if (from->as_root || geteuid() == 0)
        n = snprintf(path, sizeof path, "/var/lib/fairlead");
    else if (data && data[0] == '/')
        n = snprintf(path, sizeof path, "%s/fairlead", data);
    else if (home && home[0] == '/')
        n = snprintf(path, sizeof path, "%s/.local/share/fairlead", home);
    else
        return error_set(err, E_INVALID, "data.dir: not set, and there is no home directory: use --data DIR");
    if (n < 0 || (size_t)n >= sizeof path)
        return error_set(err, E_INVALID, "data.dir: the home directory's path is too long: use --data DIR");
    return loader_set(l, setting_find(TEXT("data.dir")), (struct origin){.source = SOURCE_DEFAULT},
                      text_of(path), err);
}

static bool is_path(const struct setting *row)
{
    return row->type == SETTING_DIRECTORY || row->type == SETTING_FILE || row->type == SETTING_KEY_FILE ||
           row->type == SETTING_OWN_KEY_FILE || row->type == SETTING_SECRET_FILE;
}

static struct status make_absolute(struct loader *l, const struct setting *row, const char *here,
                                   struct error *err)
{
    struct text value = text_of(*setting_text_member(row, l->settings));
    struct text scheme = row->type == SETTING_STORE_URL ? TEXT("sqlite:") : TEXT("");
    if (!text_starts_with(value, scheme))
        return DONE;
    struct text path = text_from(value, scheme.n);
    if (path.n == 0 || path.p[0] == '/')
        return DONE;
    char absolute[2 * PATH_MAX];
    int n = snprintf(absolute, sizeof absolute, "%.*s%s/%.*s", TEXT_ARG(scheme), here, TEXT_ARG(path));
    if (n < 0 || (size_t)n >= sizeof absolute)
        return error_set(err, E_INVALID, "%s: the path is too long", row->key);
    return loader_set(l, row, l->origins[row - settings_schema], (struct text){absolute, (size_t)n}, err);
}

struct status paths_resolve(struct loader *l, const struct settings_sources *from, struct error *err)
{
    if (!l->settings->data_dir[0])
        TRY(default_data_dir(l, from, err));
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here))
        return error_set(err, E_INVALID, "cannot tell the working directory: %s", strerror(errno));
    for (size_t i = 0; i < settings_schema_count; i++) {
        const struct setting *row = &settings_schema[i];
        if (is_path(row) || row->type == SETTING_STORE_URL)
            TRY(make_absolute(l, row, here, err));
    }
    return DONE;
}

/* ---- files that settings name ---- */

/* Who may do what with a file of this type, as the functions of os/files.h that read it later will ask: a
 * configuration that passes here must start. */
static bool is_ours_alone(const struct setting *row) /* file_read_secret */
{
    return row->type == SETTING_OWN_KEY_FILE || row->type == SETTING_SECRET_FILE;
}

/*
 * file_read_key follows symbolic links (Kubernetes mounts secrets as links) and lets the group read (Debian's
 * ssl-cert). No owner is looked at: this may run as root for a server that becomes another user, and what
 * belongs to somebody else and passes here cannot be opened by anybody but root.
 */
static struct status check_private(const struct setting *row, const char *path, const struct stat *st,
                                   struct error *err)
{
    unsigned mode = (unsigned)st->st_mode & 07777;
    if (mode & (S_IROTH | S_IWOTH | S_IXOTH))
        return error_set(err, E_INVALID,
                         "'%s' is open to every user of this host (mode %04o): run chmod 600 on it", path,
                         mode);
    if (mode & S_IWGRP)
        return error_set(err, E_INVALID, "'%s' can be written by its group (mode %04o): run chmod 600 on it",
                         path, mode);
    if (is_ours_alone(row) && (mode & S_IRWXG))
        return error_set(err, E_INVALID, "'%s' can be read by its group (mode %04o): run chmod 600 on it",
                         path, mode);
    return DONE;
}

static struct status check_file(const struct setting *row, const char *path, struct error *err)
{
    /* O_NONBLOCK: a FIFO must not hang the start. */
    int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (is_ours_alone(row) ? O_NOFOLLOW : 0);
    OWNED(close_descriptor) int fd = open(path, flags);
    if (fd < 0 && errno == ENOENT && row->type == SETTING_SECRET_FILE)
        return DONE;
    if (fd < 0 && errno == ELOOP && is_ours_alone(row))
        return error_set(err, E_INVALID, "'%s' is a symbolic link: give the path of the file itself", path);
    if (fd < 0)
        return error_set(err, E_INVALID, "cannot open '%s': %s", path, strerror(errno));
    struct stat st;
    if (fstat(fd, &st) != 0)
        return error_set(err, E_INVALID, "cannot look at '%s': %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return error_set(err, E_INVALID, "'%s' is not a file", path);
    return row->type == SETTING_FILE ? DONE : check_private(row, path, &st, err);
}

struct status files_check(const struct loader *l, struct error *err)
{
    for (size_t i = 0; i < settings_schema_count; i++) {
        const struct setting *row = &settings_schema[i];
        if (!is_path(row) || row->type == SETTING_DIRECTORY)
            continue;
        const char *path = *setting_text_member(row, l->settings);
        if (!path[0])
            continue;
        struct status s = check_file(row, path, err);
        if (!status_ok(s))
            return loader_refuse(l, row, s, err);
    }
    return DONE;
}
