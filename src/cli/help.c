/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <stdio.h>

static const char overview_head[] =
    "fairlead connects external systems to a platform: one-time tokens, client\n"
    "certificates, and a registry of the APIs and events that they offer.\n"
    "\n"
    "Usage: fairlead COMMAND [ARGUMENTS] [OPTIONS]\n"
    "\n";

static const char overview_tail[] =
    "\n"
    "First steps: `fairlead serve --data ./data`, then, beside it,\n"
    "`fairlead token create NAME --data ./data`, which says how to go on.\n"
    "\n"
    "`fairlead help COMMAND` tells more. Exit status: 0 ok, 1 error, 2 wrong usage,\n"
    "3 found something. A value that begins with '-' goes after `--`.\n";

void help_overview(const struct command_table *t, struct buffer *out)
{
    buffer_cstr(out, overview_head);
    for (size_t i = 0; i < t->count; i++)
        if (!(t->rows[i].flags & COMMAND_HIDDEN))
            buffer_printf(out, "  %-22s %s\n", t->rows[i].name, t->rows[i].summary);
    buffer_cstr(out, overview_tail);
}

/* "-o, --output FORMAT", "    --p12[=FILE]" */
static void option_form(const struct option_row *row, char *out, size_t n)
{
    char letter[8] = "    ";
    if (row->letter)
        snprintf(letter, sizeof letter, "-%c, ", row->letter);
    if (row->kind == OPTION_OPTIONAL_VALUE)
        snprintf(out, n, "%s--%s[=%s]", letter, row->name, row->value);
    else
        snprintf(out, n, "%s--%s%s%s", letter, row->name, row->value ? " " : "",
                 row->value ? row->value : "");
}

void help_command(const struct command *c, struct buffer *out)
{
    buffer_printf(out, "%s\n\nUsage: fairlead %s%s%s [OPTIONS]\n", c->summary, c->name,
                  c->arguments[0] ? " " : "", c->arguments);
    if (c->details)
        buffer_printf(out, "\n%s\n", c->details);
    buffer_cstr(out, "\nOptions:\n");
    const struct option_row *row;
    for (size_t i = 0; (row = command_option(c, i)); i++) {
        char form[64];
        option_form(row, form, sizeof form);
        buffer_printf(out, "  %-30s %s\n", form, row->help);
    }
    if (c->example)
        buffer_printf(out, "\nExample:\n  %s\n", c->example);
}

void help_everything(const struct command_table *t, struct buffer *out)
{
    help_overview(t, out);
    for (size_t i = 0; i < t->count; i++) {
        if (t->rows[i].flags & COMMAND_HIDDEN)
            continue;
        buffer_printf(out, "\n---- fairlead help %s\n", t->rows[i].name);
        help_command(&t->rows[i], out);
    }
}
