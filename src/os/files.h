/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Small files, read and written with care. Paths are NUL-terminated and appear in messages. Blocking; for
 * start, reload and the work queue, never for a loop's thread while it serves. Any thread.
 */

#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/status.h"

void descriptor_close(int fd); /* accepts -1 */
static inline void descriptor_release(const int *fd)
{
    descriptor_close(*fd);
}
OWNABLE_VALUE(int, descriptor_release);
/* Takes the number out of an OWNED descriptor. */
static inline int descriptor_take(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

/* Appends the whole regular file. Symbolic links are followed (Kubernetes mounts are made of them).
 * E_NOT_FOUND, E_DENIED, E_TOO_LARGE over max_bytes, E_INVALID when it is no regular file, E_NOMEM,
 * E_UNAVAILABLE. */
struct status file_read(const char *path, size_t max_bytes, struct buffer *out, struct error *err);

/*
 * The same for keys and passwords, and refuses with E_DENIED what a secret may not be: a symbolic link,
 * readable or writable by group or others, owned by somebody else than us or root. The message says how to
 * repair it. `out` must be empty.
 */
struct status file_read_secret(const char *path, size_t max_bytes, struct secret *out, struct error *err);
/*
 * The same for keys that somebody else puts in place and renews (certbot, Kubernetes, Debian's ssl-cert), as
 * config/ accepts them: symbolic links are followed, and the group may read. What the link leads to is
 * checked.
 */
struct status file_read_key(const char *path, size_t max_bytes, struct secret *out, struct error *err);

/*
 * All or nothing: written to a new file beside it, synced, renamed over `path`, directory synced. After DONE
 * it is durable; after a failure the old content is untouched. A symbolic link at `path` is replaced, not
 * followed.
 */
struct status file_write(const char *path, struct bytes content, mode_t mode, struct error *err);

/* Makes the directory and its missing parents with this mode (0700 for ours). One that exists is left as it
 * is. E_INVALID when something else is in the way. */
struct status directory_make(const char *path, mode_t mode, struct error *err);
/* E_DENIED unless it is a directory of ours (or root's) that group and others cannot write. */
struct status directory_check_private(const char *path, struct error *err);

/*
 * flock(2) on `path`, made if missing, holding our pid as text for people. Waits at most wait_ms for another
 * holder, then E_CONFLICT naming its pid. The lock ends when the last copy of the descriptor is closed, also
 * in children; the caller owns it.
 */
struct status file_lock(const char *path, int64_t wait_ms, int *out_fd, struct error *err);

/* "a/b" + "c" -> "a/b/c" in out. E_TOO_LARGE. */
struct status path_join(const char *directory, const char *name, char *out, size_t out_size);
