/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/connection.h"

#include <limits.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "base/own.h"
#include "os/files.h"
#include "x509/pkcs12.h"

#define PASSWORD_MAX 1024
#define P12_MAX      262144

/* The line without its end; echo is off while it is typed. */
static struct status type_password(const char *prompt, struct secret *out, struct error *err)
{
    char line[PASSWORD_MAX];
    struct termios before, quiet;
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &before) != 0)
        return error_set(err, E_INVALID, "nobody is there to type a password: use --p12=PASSFILE");
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    fprintf(stderr, "%s: ", prompt);
    bool read = fgets(line, sizeof line, stdin) != NULL;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fputc('\n', stderr);
    struct text password = read ? text_of(line) : (struct text){NULL, 0};
    struct status s = secret_copy(out, text_bytes(text_first(password, text_find(password, '\n'))));
    secret_wipe(line, sizeof line);
    return s;
}

static struct status ask_password(struct secret *out, struct error *err)
{
    OWNED(secret_release) struct secret again = {NULL, 0};
    TRY(type_password("Password for client.p12", out, err));
    TRY(type_password("The same again", &again, err));
    if (out->n != again.n || !constant_time_equal(out->p, again.p, again.n))
        return error_set(err, E_INVALID, "the two passwords differ");
    return DONE;
}

struct status connection_password(const char *path, struct secret *out, struct error *err)
{
    OWNED(secret_release) struct secret content = {NULL, 0};
    if (!path)
        return ask_password(out, err);
    TRY(file_read_secret(path, PASSWORD_MAX, &content, err));
    struct text line = bytes_text(secret_bytes(&content));
    line = text_first(line, text_find(line, '\n'));
    if (line.n == 0)
        return error_set(err, E_INVALID, "%s: the first line is empty", path);
    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    return secret_copy(out, text_bytes(line));
}

struct status connection_write_p12(const char *dir, EVP_PKEY *key, const struct enrol_answer *answer,
                                   const struct secret *password, struct error *err)
{
    char path[PATH_MAX];
    struct bytes chain[ENROL_CHAIN_MAX];
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, P12_MAX);
    for (size_t i = 1; i < answer->count; i++)
        chain[i - 1] = answer->chain[i].der;
    struct text name = name_last(&answer->chain[0].subject, NAME_CN);
    const struct pkcs12_contents contents = {.key = key,
                                             .leaf = answer->chain[0].der,
                                             .chain = chain,
                                             .chain_count = answer->count - 1,
                                             .name = name};
    TRY(pkcs12_build(&contents, secret_bytes(password), &der, err));
    struct status s = path_join(dir, "client.p12", path, sizeof path);
    if (!status_ok(s))
        return error_set(err, E_INVALID, "the path %.64s... is too long", dir);
    s = file_write(path, buffer_bytes(&der), 0600, err);
    buffer_wipe(&der);
    return s;
}
