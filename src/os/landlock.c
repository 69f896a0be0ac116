/* SPDX-License-Identifier: Apache-2.0 */
#include "os/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/files.h"

/* Debian 12's header ends with ABI 2. */
#define ACCESS_TRUNCATE  (1ULL << 14) /* ABI 3 */
#define ACCESS_IOCTL_DEV (1ULL << 15) /* ABI 5 */
/* ABI 6: no abstract Unix socket of, and no signal to, a process that is not confined by the same rules. */
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define SCOPE_SIGNAL               (1ULL << 1)

/* struct landlock_ruleset_attr of that ABI; an older kernel takes the first member alone. */
struct ruleset_attributes {
    uint64_t handled_access_fs, handled_access_net, scoped;
};

#define ACCESS_ABI_1    ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1) /* all bits up to MAKE_SYM */
#define ACCESS_READ     (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_OF_FILES (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE)
/* Regular files and directories only: no programs, devices, FIFOs or symbolic links are made or run. */
#define ACCESS_WRITE                                                                                         \
    (ACCESS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                           \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |            \
     LANDLOCK_ACCESS_FS_REFER | ACCESS_TRUNCATE)

static uint64_t rights_known(long abi)
{
    uint64_t rights = ACCESS_ABI_1;
    if (abi >= 2)
        rights |= LANDLOCK_ACCESS_FS_REFER;
    if (abi >= 3)
        rights |= ACCESS_TRUNCATE;
    if (abi >= 5)
        rights |= ACCESS_IOCTL_DEV;
    return rights;
}

static struct status add_path(int ruleset, const struct sandbox_path *p, uint64_t known, struct error *err)
{
    OWNED(descriptor_release) int fd = open(p->path, O_PATH | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return DONE;
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        return error_set(err, E_UNAVAILABLE, "sandbox: cannot open '%s': %s", p->path, strerror(errno));
    uint64_t rights = (p->writable ? ACCESS_WRITE : ACCESS_READ) & known;
    if (!S_ISDIR(st.st_mode))
        rights &= ACCESS_OF_FILES;
    const struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = fd};
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        return error_set(err, E_UNAVAILABLE, "sandbox: cannot allow '%s': %s", p->path, strerror(errno));
    return DONE;
}

struct status landlock_enter(const struct sandbox_path *paths, unsigned count, int *out_abi,
                             struct error *err)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1) { /* ENOSYS: not built in; EOPNOTSUPP: switched off at boot */
        *out_abi = 0;
        return DONE;
    }
    const struct ruleset_attributes attributes = {.handled_access_fs = rights_known(abi),
                                                  .scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL};
    size_t size = abi >= 6 ? sizeof attributes : sizeof attributes.handled_access_fs;
    OWNED(descriptor_release)
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, size, 0);
    if (ruleset < 0)
        return error_set(err, E_UNAVAILABLE, "sandbox: cannot make a Landlock ruleset: %s", strerror(errno));
    for (unsigned i = 0; i < count; i++)
        TRY(add_path(ruleset, &paths[i], attributes.handled_access_fs, err));
    if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        return error_set(err, E_UNAVAILABLE, "sandbox: cannot enter the Landlock ruleset: %s",
                         strerror(errno));
    *out_abi = (int)abi;
    return DONE;
}
