/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Lines -> words of a command line -> args_parse over the real table (cli/args.c); the accessors and
 * url_parse, cli_fingerprint and cli_parse_time on what came out. A refusal always has words, and they never
 * hold control characters.
 */

#include "base/arena.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/url.h"
#include "config/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WORDS_MAX 80

/* The table names it; no command is run here. */
struct status command_serve(struct cli *c, struct error *err)
{
    (void)c;
    (void)err;
    return STATUS(BROKEN);
}

static void use(const struct args *a)
{
    const char *values[ARGS_OPTIONS_MAX];
    const struct option_row *row;
    struct url url;
    int64_t at;
    char fingerprint[CLI_FINGERPRINT_MAX];
    for (size_t i = 0; (row = command_option(a->command, i)); i++) {
        (void)args_value(a, row->name);
        must(args_values(a, row->name, values, ARGS_OPTIONS_MAX) <= a->option_count);
    }
    for (unsigned i = 0; i < a->positional_count; i++) {
        struct text word = text_of(a->positional[i]);
        status_ignore(url_parse(word, &url, NULL));
        (void)cli_parse_time(word, &at);
        (void)cli_fingerprint(a->positional[i], fingerprint);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *words[WORDS_MAX];
    int count = 0;
    struct arena a;
    struct args args;
    struct error err = {.code = E_OK};
    arena_init(&a, 4096, 1024 * 1024);
    for (struct text rest = {(const char *)data, size}; rest.p && count < WORDS_MAX; count++) {
        words[count] = arena_cstr(&a, text_cut(&rest, '\n'));
        if (!words[count])
            break;
    }
    struct status s = args_parse(&cli_commands, count, words, &args, &err);
    must(status_ok(s) || (err.message[0] && check_printable(text_of(err.message))));
    if (status_ok(s))
        use(&args);
    arena_release(&a);
    return 0;
}
