/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json_out.h"
#include "base/own.h"

#define BODY_MAX 65536

/* The server writes the file itself, so it needs a path that means the same to it. */
struct status command_backup(struct cli *c, struct error *err)
{
    const char *file = c->args.positional[0];
    char here[PATH_MAX] = "", path[2 * PATH_MAX];
    if (file[0] != '/' && !getcwd(here, sizeof here))
        return error_set(err, E_UNAVAILABLE, "cannot tell the working directory: %s", strerror(errno));
    snprintf(path, sizeof path, "%s%s%s", here, file[0] == '/' ? "" : "/", file);
    OWNED(buffer_release) struct buffer body;
    buffer_init(&body, BODY_MAX);
    struct json_out j;
    json_out_init(&j, &body);
    json_open_object(&j, NULL);
    json_cstr(&j, "path", path);
    json_end(&j);
    TRY(buffer_status(&body));
    struct text json;
    cli_progress("Writing %s ...", path);
    TRY(cli_call(c, HTTP_POST, TEXT("/api/v1/backup"), buffer_as_text(&body), &json, err));
    cli_progress("Done. Its secrets need the vault's key file as well: keep a copy of that elsewhere.");
    return DONE;
}

struct status command_vault_rekey(struct cli *c, struct error *err)
{
    struct text json;
    TRY(cli_call(c, HTTP_POST, TEXT("/api/v1/vault/rekey"), TEXT("{}"), &json, err));
    cli_progress("Done. Backups made before need the old key file (kept beside the new one as .old).");
    return DONE;
}
