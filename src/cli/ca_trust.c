/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/json_list.h"
#include "cli/table.h"
#include "os/files.h"

/* Debian's place for certificates of the host's owner; the file must end in .crt (update-ca-certificates(8)).
 */
#define TRUST_DIRECTORY "/usr/local/share/ca-certificates"
#define UPDATE_PROGRAM  "/usr/sbin/update-ca-certificates"
#define PATH_SIZE       256

static struct status trust_path(struct text json, struct arena *a, char out[static PATH_SIZE],
                                struct error *err)
{
    struct text fingerprint = json_string(json, "rootFingerprint", a);
    if (fingerprint.n < 16)
        fingerprint = json_string(json, "fingerprint", a);
    for (size_t i = 0; i < 16; i++)
        if (i >= fingerprint.n || !text_contains(TEXT("0123456789abcdef"), fingerprint.p[i]))
            return error_set(err, E_BROKEN, "the server's answer holds no fingerprint");
    snprintf(out, PATH_SIZE, TRUST_DIRECTORY "/fairlead-%.16s.crt", fingerprint.p);
    return DONE;
}

static struct status update(const char *option, struct error *err)
{
    char program[] = UPDATE_PROGRAM;
    char argument[16] = "";
    char *argv[] = {program, option ? argument : NULL, NULL};
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char *environment[] = {path, NULL};
    pid_t pid;
    int state;
    if (option)
        snprintf(argument, sizeof argument, "%s", option);
    int failed = posix_spawn(&pid, UPDATE_PROGRAM, NULL, NULL, argv, environment);
    if (failed)
        return error_set(err, E_UNAVAILABLE,
                         "cannot run " UPDATE_PROGRAM ": %s (apt-get install ca-certificates)",
                         strerror(failed));
    while (waitpid(pid, &state, 0) < 0)
        if (errno != EINTR)
            return error_set(err, E_UNAVAILABLE, "cannot wait for " UPDATE_PROGRAM ": %s", strerror(errno));
    if (!WIFEXITED(state) || WEXITSTATUS(state) != 0)
        return error_set(err, E_UNAVAILABLE, UPDATE_PROGRAM " failed");
    return DONE;
}

static struct status install(const char *path, struct text pem, struct error *err)
{
    TRY(directory_make(TRUST_DIRECTORY, 0755, err));
    struct status s = file_write(path, text_bytes(pem), 0644, err);
    if (s.code == E_DENIED)
        return error_set(err, E_DENIED, "only root can change this host's trust store: run it with sudo");
    TRY(s);
    return update(NULL, err);
}

static struct status uninstall(const char *path, struct error *err)
{
    if (unlink(path) != 0 && errno == ENOENT)
        return error_set(err, E_NOT_FOUND, "this CA is not in the host's trust store (%s is not there)",
                         path);
    if (access(path, F_OK) == 0)
        return error_set(err, E_DENIED, "only root can change this host's trust store: run it with sudo");
    return update("--fresh", err);
}

struct status command_ca_trust(struct cli *c, struct error *err)
{
    bool add = args_has(&c->args, "install");
    bool take = args_has(&c->args, "uninstall");
    if (add && take)
        return cli_usage(c, err, "--install and --uninstall exclude each other");
    struct text json;
    char path[PATH_SIZE];
    TRY(cli_call(c, HTTP_GET, TEXT("/api/v1/ca"), (struct text){NULL, 0}, &json, err));
    TRY(trust_path(json, &c->arena, path, err));
    if (take)
        return uninstall(path, err);
    struct text pem = json_string(json, "rootPem", &c->arena);
    if (pem.n == 0)
        pem = json_string(json, "pem", &c->arena);
    if (pem.n == 0)
        return error_set(err, E_BROKEN, "the server's answer holds no certificate");
    if (add)
        return install(path, pem, err);
    const char *data = args_value(&c->args, "data");
    buffer_cstr(&c->out, "fairlead ca export ");
    if (data) {
        buffer_cstr(&c->out, "--data ");
        shell_word(text_of(data), &c->out);
        buffer_byte(&c->out, ' ');
    }
    buffer_printf(&c->out,
                  "| sudo tee %s >/dev/null\n"
                  "sudo update-ca-certificates\n",
                  path);
    return DONE;
}
