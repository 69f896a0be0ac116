/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The command line as data: what commands and options there are (rows), and what was typed (struct args). One
 * parser for all.
 *
 * - A command is one or two words. Options may stand anywhere after it; "--" ends them.
 * - "--name value", "--name=value", "-n value". An option that takes a value takes the next word whatever it
 * looks like: tokens may begin with '-'. An optional value is given only with '='.
 * - An option given twice: the last wins, unless it may be repeated.
 *
 * Texts are borrowed from argv. One thread.
 */

#include "base/error.h"

struct cli;

enum option_kind {
    OPTION_FLAG,
    OPTION_VALUE,
    OPTION_OPTIONAL_VALUE, /* --p12 or --p12=FILE */
    OPTION_REPEATED,       /* a value; may be given more than once */
};

struct option_row {
    const char *name; /* without dashes; NULL ends a list */
    char letter;      /* 0 = none */
    enum option_kind kind;
    const char *value; /* what it is called in the help, "DIR" */
    const char *help;
};

enum command_flag {
    COMMAND_HIDDEN = 1u << 0,
    COMMAND_SERVER = 1u << 1, /* talks to a running server: takes --data, --config and --set */
    COMMAND_OUTPUT = 1u << 2, /* takes -o table|json */
    COMMAND_CSV = 1u << 3,    /* and csv */
};

#define COMMAND_OPTIONS_MAX 12

struct command {
    const char *name;      /* "token create" */
    const char *arguments; /* "APP", "[FILE]", ""; for the help */
    unsigned least, most;  /* positional arguments */
    unsigned flags;
    const char *summary; /* one line */
    const char *details; /* sentences, lines of at most 78 columns, or NULL */
    const char *example; /* a command line, or NULL */
    struct option_row options[COMMAND_OPTIONS_MAX];
    struct status (*run)(struct cli *cli, struct error *err);
};

#define ARGS_OPTIONS_MAX     64
#define ARGS_POSITIONALS_MAX 8

struct args {
    const struct command *command;
    struct {
        const struct option_row *row;
        const char *value; /* NULL for flags and absent optional values */
    } options[ARGS_OPTIONS_MAX];
    unsigned option_count;
    const char *positional[ARGS_POSITIONALS_MAX];
    unsigned positional_count;
    bool help; /* -h or --help was given; nothing else was checked */
};

struct command_table {
    const struct command *rows;
    size_t count;
};

/*
 * Options that belong to groups of commands; `i` from 0 until NULL. First the command's own, then those of
 * its flags, then --help.
 */
const struct option_row *command_option(const struct command *c, size_t i);

/*
 * argv without the program's name. E_INVALID with what is wrong and, where one is near, what may have been
 * meant; then out->command is set when the command was recognised. No words at all, or a group without a
 * subcommand, is E_INVALID too.
 */
struct status args_parse(const struct command_table *table, int argc, const char *const *argv,
                         struct args *out, struct error *err);

bool args_has(const struct args *a, const char *option);
const char *args_value(const struct args *a, const char *option); /* the last; NULL when absent */
/* Values of a repeated option, in order; at most `max`, the count is returned. */
unsigned args_values(const struct args *a, const char *option, const char **out, unsigned max);
