/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <stdio.h>

#include "cli/help.h"

struct status command_help(struct cli *c, struct error *err)
{
    if (c->args.positional_count == 0) {
        help_overview(&cli_commands, &c->out);
        return DONE;
    }
    char name[64];
    const char *second = c->args.positional_count > 1 ? c->args.positional[1] : "";
    snprintf(name, sizeof name, "%s%s%s", c->args.positional[0], second[0] ? " " : "", second);
    struct text wanted = text_of(name);
    bool found = false;
    for (size_t i = 0; i < cli_commands.count; i++) {
        const struct command *row = &cli_commands.rows[i];
        bool group = !second[0] && text_starts_with(text_of(row->name), wanted) && row->name[wanted.n] == ' ';
        if (!group && !text_equal(text_of(row->name), wanted))
            continue;
        if (found)
            buffer_byte(&c->out, '\n');
        help_command(row, &c->out);
        found = true;
    }
    return found ? DONE : cli_usage(c, err, "there is no such command: `fairlead help` lists them");
}

struct status command_version(struct cli *c, struct error *err)
{
    (void)err;
    buffer_cstr(&c->out, "fairlead " FAIRLEAD_VERSION "\n");
    return DONE;
}

struct status command_man(struct cli *c, struct error *err)
{
    if (c->args.positional_count == 0)
        help_man_page(&cli_commands, &c->out);
    else if (text_equal(text_of(c->args.positional[0]), TEXT("config")))
        help_man_config(&c->out);
    else
        return cli_usage(c, err, "there are two pages: `fairlead man` and `fairlead man config`");
    return DONE;
}

struct status command_completion_bash(struct cli *c, struct error *err)
{
    (void)err;
    help_completion_bash(&cli_commands, &c->out);
    return DONE;
}
