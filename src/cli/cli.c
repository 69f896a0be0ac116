/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/help.h"
#include "cli/table.h"

#define OUTPUT_MAX         (256 * 1024 * 1024)
#define ARENA_CHUNK        16384
#define ARENA_MAX          (256 * 1024 * 1024)
#define SYSTEM_CONFIG_FILE "/etc/fairlead/fairlead.yaml"

struct status cli_usage(struct cli *c, struct error *err, const char *fmt, ...)
{
    char message[ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    c->usage = true;
    return error_set(err, E_INVALID, "%s", message);
}

struct status cli_output(struct cli *c, enum output *out, struct error *err)
{
    const char *value = args_value(&c->args, "output");
    struct text t = text_of(value);
    bool csv = c->args.command->flags & COMMAND_CSV;
    if (!value || text_equal(t, TEXT("table")))
        *out = OUTPUT_TABLE;
    else if (text_equal(t, TEXT("json")))
        *out = OUTPUT_JSON;
    else if (csv && text_equal(t, TEXT("csv")))
        *out = OUTPUT_CSV;
    else
        return cli_usage(c, err, "-o takes table%s", csv ? ", json or csv" : " or json");
    return DONE;
}

static struct status write_all(int fd, struct bytes in, struct error *err)
{
    while (in.n > 0) {
        ssize_t n = write(fd, in.p, in.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(err, E_UNAVAILABLE, "cannot write the output: %s", strerror(errno));
        in = (struct bytes){in.p + n, in.n - (size_t)n};
    }
    return DONE;
}

struct status cli_flush(struct cli *c, struct error *err)
{
    struct status s = buffer_status(&c->out);
    if (!status_ok(s))
        return error_set(err, s.code, "the output is too large");
    s = write_all(STDOUT_FILENO, buffer_bytes(&c->out), err);
    buffer_clear(&c->out);
    return s;
}

void cli_progress(const char *fmt, ...)
{
    if (!isatty(STDERR_FILENO))
        return;
    va_list args;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
}

bool cli_confirm(const char *question, bool *out_asked)
{
    char answer[16] = "";
    bool asked = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
    if (out_asked)
        *out_asked = asked;
    if (!asked)
        return false;
    fprintf(stderr, "%s [y/N] ", question);
    if (!fgets(answer, sizeof answer, stdin))
        return false;
    struct text t = text_of(answer);
    t = text_first(t, text_find(t, '\n'));
    return text_equal_nocase(t, TEXT("y")) || text_equal_nocase(t, TEXT("yes"));
}

const char *cli_variable(const struct cli *c, const char *name)
{
    for (char *const *e = c->environment; e && *e; e++) {
        struct text value = text_of(*e);
        if (text_equal(text_cut(&value, '='), text_of(name)) && value.n > 0)
            return value.p;
    }
    return NULL;
}

void cli_sources(struct cli *c, struct settings_sources *out)
{
    *out = (struct settings_sources){
        .file = args_value(&c->args, "config"),
        .environment = c->environment,
        .set = c->set,
        .set_count = args_values(&c->args, "set", c->set, ARGS_OPTIONS_MAX),
        .data_dir = args_value(&c->args, "data"),
    };
    if (!out->file)
        out->file = c->config_file;
    if (!out->file)
        out->file = cli_variable(c, "FAIRLEAD_CONFIG");
    if (!out->file && access(SYSTEM_CONFIG_FILE, F_OK) == 0)
        out->file = SYSTEM_CONFIG_FILE;
}

struct status cli_settings(struct cli *c, bool client, struct settings **out, struct error *err)
{
    struct settings_sources from;
    cli_sources(c, &from);
    from.skip_files = client;
    return settings_load(&from, out, err);
}

void cli_facts(struct cli *c, const struct fact *facts, size_t count)
{
    size_t width = 0;
    for (size_t i = 0; i < count; i++)
        if (facts[i].value.n > 0 && strlen(facts[i].name) > width)
            width = strlen(facts[i].name);
    for (size_t i = 0; i < count; i++) {
        if (facts[i].value.n == 0)
            continue;
        buffer_printf(&c->out, "%s:%*s", facts[i].name, (int)(width - strlen(facts[i].name)) + 2, "");
        text_printable(facts[i].value, &c->out);
        buffer_byte(&c->out, '\n');
    }
}

bool cli_fingerprint(const char *typed, char out[static CLI_FINGERPRINT_MAX])
{
    size_t used = 0;
    for (; *typed; typed++) {
        char ch = *typed;
        if (ch == ':')
            continue;
        if (ch >= 'A' && ch <= 'F')
            ch = (char)(ch - 'A' + 'a');
        if (!((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'f')) || used + 1 >= CLI_FINGERPRINT_MAX)
            return false;
        out[used++] = ch;
    }
    out[used] = '\0';
    return used > 0;
}

/* One line on standard error, whatever the message holds. */
static void complain(const struct error *err, struct status s)
{
    OWNED(buffer_release) struct buffer line;
    buffer_init(&line, 4096);
    buffer_cstr(&line, "fairlead: ");
    text_printable(text_of(error_text(err, s)), &line);
    buffer_byte(&line, '\n');
    if (!status_ok(write_all(STDERR_FILENO, buffer_bytes(&line), NULL)))
        return; /* nobody reads it, and there is nobody else to tell */
}

static struct status run(struct cli *c, int argc, const char *const *argv, struct error *err)
{
    struct status s = args_parse(&cli_commands, argc, argv, &c->args, err);
    if (status_ok(s) && c->args.help) {
        help_command(c->args.command, &c->out);
        return DONE;
    }
    if (!status_ok(s)) {
        c->usage = true;
        return s;
    }
    return c->args.command->run(c, err);
}

int cli_main(int argc, const char *const *argv, char *const *environment)
{
    struct error err = {.code = E_OK};
    struct cli c = {.environment = environment};
    arena_init(&c.arena, ARENA_CHUNK, ARENA_MAX);
    buffer_init(&c.out, OUTPUT_MAX);
    struct status s = run(&c, argc, argv, &err);
    struct status flushed = cli_flush(&c, status_ok(s) ? &err : NULL);
    if (status_ok(s))
        s = flushed;
    int exit_status = c.exit_status;
    if (!status_ok(s)) {
        complain(&err, s);
        exit_status = c.usage ? EXIT_STATUS_USAGE : EXIT_STATUS_ERROR;
    }
    arena_release(&c.arena);
    buffer_release(&c.out);
    return exit_status;
}
