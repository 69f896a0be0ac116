/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json_out.h"
#include "base/own.h"
#include "cli/file_copy.h"
#include "os/files.h"

#define BODY_MAX 65536

/* The core may write below its data directory only (os/sandbox.h), so it makes the copy there; this program
 * then carries it to where it is wanted. */
static struct status ask(struct cli *c, const char *path, const char *destination, struct error *err)
{
    OWNED(buffer_release) struct buffer body;
    buffer_init(&body, BODY_MAX);
    struct json_out j;
    json_out_init(&j, &body);
    json_open_object(&j, NULL);
    json_cstr(&j, "path", path);
    json_cstr(&j, "destination", destination);
    json_end(&j);
    TRY(buffer_status(&body));
    struct text json;
    return cli_call(c, HTTP_POST, TEXT("/api/v1/backup"), buffer_as_text(&body), &json, err);
}

static struct status carry(const char *from, const char *to, struct error *err)
{
    OWNED(descriptor_release) int fd = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, E_UNAVAILABLE, "cannot read %s: %s", from, strerror(errno));
    return file_copy_new(fd, to, err);
}

struct status command_backup(struct cli *c, struct error *err)
{
    const char *file = c->args.positional[0];
    char name[64], made[PATH_MAX], here[PATH_MAX] = "", whole[2 * PATH_MAX];
    OWNED(settings_free) struct settings *settings = NULL;
    TRY(cli_settings(c, true, &settings, err));
    if (access(file, F_OK) == 0)
        return error_set(err, E_CONFLICT, "%s is there already: name a file that is not", file);
    snprintf(name, sizeof name, "backup-%ld.partial", (long)getpid());
    if (!status_ok(path_join(settings->data_dir, name, made, sizeof made)))
        return error_set(err, E_INVALID, "the data directory's path is too long");
    (void)unlink(made); /* of a process that died with the same number */
    cli_progress("Writing %s ...", file);
    if (file[0] != '/' && !getcwd(here, sizeof here))
        return error_set(err, E_UNAVAILABLE, "cannot tell the working directory: %s", strerror(errno));
    snprintf(whole, sizeof whole, "%s%s%s", here, here[0] ? "/" : "", file);
    TRY(ask(c, made, whole, err));
    struct status s = carry(made, file, err);
    (void)unlink(made);
    TRY(s);
    cli_progress("Done. Its secrets need the vault's key file as well: keep a copy of that elsewhere.");
    return DONE;
}

struct status command_vault_rekey(struct cli *c, struct error *err)
{
    struct text json;
    TRY(cli_call(c, HTTP_POST, TEXT("/api/v1/vault/rekey"), TEXT("{}"), &json, err));
    cli_progress(
        "Done. Keep a copy of the new key file (`fairlead status` says where it is). Backups made before "
        "need the old one, which is gone from this host.");
    return DONE;
}
