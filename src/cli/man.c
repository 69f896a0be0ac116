/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include "config/schema.h"

/* roff(7): a backslash starts an escape, '.' or '\'' at a line's start a request, and '-' is a hyphen unless
 * escaped. */
static void roff(struct buffer *out, const char *text)
{
    bool line_start = true;
    for (; *text; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            buffer_cstr(out, "\\&");
        if (*text == '\\')
            buffer_cstr(out, "\\e");
        else if (*text == '-')
            buffer_cstr(out, "\\-");
        else
            buffer_byte(out, (uint8_t)*text);
        line_start = *text == '\n';
    }
}

static void title(struct buffer *out, const char *page, const char *section, const char *what)
{
    buffer_printf(out, ".TH %s %s \"\" \"fairlead " FAIRLEAD_VERSION "\" \"\"\n.SH NAME\n", page, section);
    roff(out, what);
    buffer_byte(out, '\n');
}

static void man_option(struct buffer *out, const struct option_row *row)
{
    buffer_cstr(out, ".TP\n.B ");
    if (row->letter)
        buffer_printf(out, "\\-%c\\fR, \\fB", row->letter);
    buffer_cstr(out, "\\-\\-");
    roff(out, row->name);
    if (row->kind == OPTION_OPTIONAL_VALUE)
        buffer_printf(out, "\\fR[=\\fI%s\\fR]", row->value);
    else if (row->value)
        buffer_printf(out, " \\fI%s\\fR", row->value);
    buffer_byte(out, '\n');
    roff(out, row->help);
    buffer_byte(out, '\n');
}

static void man_command(struct buffer *out, const struct command *c)
{
    buffer_cstr(out, ".SS \"fairlead ");
    roff(out, c->name);
    buffer_byte(out, ' ');
    roff(out, c->arguments);
    buffer_cstr(out, "\"\n");
    roff(out, c->summary);
    buffer_cstr(out, ".\n");
    if (c->details) {
        buffer_cstr(out, ".PP\n");
        roff(out, c->details);
        buffer_byte(out, '\n');
    }
    for (size_t i = 0; i < COMMAND_OPTIONS_MAX && c->options[i].name; i++)
        man_option(out, &c->options[i]);
    if (c->example) {
        buffer_cstr(out, ".PP\n.RS\n.nf\n");
        roff(out, c->example);
        buffer_cstr(out, "\n.fi\n.RE\n");
    }
}

static const char shared_options[] = ".SH \"COMMON OPTIONS\"\n"
                                     "Commands that talk to a server take\n"
                                     ".BR \\-\\-data ,\n"
                                     ".B \\-\\-config\n"
                                     "and\n"
                                     ".B \\-\\-set\n"
                                     "to find its data directory. Commands that print something take\n"
                                     ".B \\-o json\n"
                                     "for programs.\n";
static const char environment[] =
    ".SH ENVIRONMENT\n"
    ".TP\n.B FAIRLEAD_CONFIG\nThe configuration when\n.B \\-\\-config\nis not given.\n"
    ".TP\n.B FAIRLEAD_A_B\nThe setting a.b, see\n.BR fairlead.yaml (5).\n";
static const char exit_status[] = ".SH \"EXIT STATUS\"\n"
                                  "0: ok. 1: error. 2: wrong usage. 3: something was found (see\n"
                                  ".BR \"cert expiring\" ).\n"
                                  ".SH \"SEE ALSO\"\n.BR fairlead.yaml (5)\n";

void help_man_page(const struct command_table *t, struct buffer *out)
{
    title(out, "FAIRLEAD", "1", "fairlead - connects external systems to a platform");
    buffer_cstr(
        out, ".SH SYNOPSIS\n.B fairlead\n.I COMMAND\n[\\fIARGUMENTS\\fR] [\\fIOPTIONS\\fR]\n.SH COMMANDS\n");
    for (size_t i = 0; i < t->count; i++)
        if (!(t->rows[i].flags & COMMAND_HIDDEN))
            man_command(out, &t->rows[i]);
    buffer_cstr(out, shared_options);
    buffer_cstr(out, environment);
    buffer_cstr(out, exit_status);
}

void help_man_config(struct buffer *out)
{
    char type[SETTING_RANGE_MAX];
    title(out, "FAIRLEAD.YAML", "5", "fairlead.yaml - configuration of fairlead");
    buffer_cstr(out,
                ".SH DESCRIPTION\n"
                "Dots are sections: token.length is\n"
                ".B length\n"
                "below\n"
                ".BR token: .\n"
                "Every setting can also be given as an environment variable (FAIRLEAD_TOKEN_LENGTH) or with\n"
                ".BR \"\\-\\-set token.length=32\" .\n"
                ".SH SETTINGS\n");
    for (size_t i = 0; i < settings_schema_count; i++) {
        const struct setting *row = &settings_schema[i];
        buffer_printf(out, ".TP\n.B %s\n", row->key);
        roff(out, row->help);
        buffer_cstr(out, "\nValue: ");
        roff(out, setting_describe_type(row, type));
        buffer_cstr(out, ". Default: ");
        roff(out, row->default_text[0] ? row->default_text : row->default_note ? row->default_note : "none");
        buffer_printf(out, ". A change takes effect: %s.\n", setting_reload_text(row->reload));
    }
}
