/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"

#include "base/bytes.h"
#include "config/check.h"
#include "config/suggest.h"

static const struct option_row server_options[] = {
    {"data", 'd', OPTION_VALUE, "DIR", "data directory of the server (data.dir)"},
    {"config", 'c', OPTION_VALUE, "FILE", "configuration that names it"},
    {"set", 's', OPTION_REPEATED, "KEY=VALUE", "one setting, as in the configuration"},
};
static const struct option_row output_option = {"output", 'o', OPTION_VALUE, "FORMAT", "table or json"};
static const struct option_row csv_option = {"output", 'o', OPTION_VALUE, "FORMAT", "table, json or csv"};
static const struct option_row help_option = {"help", 'h', OPTION_FLAG, NULL, "show this"};

const struct option_row *command_option(const struct command *c, size_t i)
{
    size_t own = 0;
    while (own < COMMAND_OPTIONS_MAX && c->options[own].name)
        own++;
    if (i < own)
        return &c->options[i];
    i -= own;
    if (c->flags & (COMMAND_OUTPUT | COMMAND_CSV)) {
        if (i == 0)
            return c->flags & COMMAND_CSV ? &csv_option : &output_option;
        i--;
    }
    const size_t shared = sizeof server_options / sizeof server_options[0];
    if (c->flags & COMMAND_SERVER) {
        if (i < shared)
            return &server_options[i];
        i -= shared;
    }
    return i == 0 ? &help_option : NULL;
}

/* A word for an error message: control characters and over-long words would garble the terminal. */
static struct text shown(struct text word)
{
    return word.n <= 64 && check_printable(word) ? word : TEXT("(unprintable)");
}

/* ---- which command ---- */

static struct text first_word(const struct command *c)
{
    return text_first(text_of(c->name), text_find(text_of(c->name), ' '));
}

static struct text second_word(const struct command *c)
{
    struct text name = text_of(c->name);
    return text_from(name, text_find(name, ' ') + 1);
}

static struct status unknown_command(const struct command_table *t, struct text group, struct text word,
                                     struct error *err)
{
    struct suggestion s;
    suggest_start(&s, word);
    for (size_t i = 0; i < t->count; i++) {
        const struct command *c = &t->rows[i];
        if (c->flags & COMMAND_HIDDEN)
            continue;
        if (group.n == 0)
            suggest_offer(&s, first_word(c));
        else if (text_equal(first_word(c), group))
            suggest_offer(&s, second_word(c));
    }
    const char *gap = group.n ? " " : "";
    struct text typed = shown(word);
    if (s.best.p)
        return error_set(err, E_INVALID, "unknown command '%.*s%s%.*s' (did you mean '%.*s%s%.*s'?)",
                         TEXT_ARG(group), gap, TEXT_ARG(typed), TEXT_ARG(group), gap, TEXT_ARG(s.best));
    return error_set(err, E_INVALID, "unknown command '%.*s%s%.*s': `fairlead help` lists them",
                     TEXT_ARG(group), gap, TEXT_ARG(typed));
}

/* "token" alone: says what can follow. */
static struct status missing_subcommand(const struct command_table *t, struct text group, struct error *err)
{
    char list[128] = "";
    size_t used = 0;
    for (size_t i = 0; i < t->count; i++) {
        const struct command *c = &t->rows[i];
        struct text word = second_word(c);
        if (!text_equal(first_word(c), group) || used + word.n + 3 > sizeof list)
            continue;
        if (used > 0) {
            list[used++] = ',';
            list[used++] = ' ';
        }
        memcpy(list + used, word.p, word.n);
        used += word.n;
        list[used] = '\0';
    }
    return error_set(err, E_INVALID, "'%.*s' needs one of: %s", TEXT_ARG(group), list);
}

/* The row, and in *out_words how many words of argv named it. */
static struct status find_command(const struct command_table *t, int argc, const char *const *argv,
                                  const struct command **out, int *out_words, struct error *err)
{
    if (argc == 0)
        return error_set(err, E_INVALID, "no command given: `fairlead help` lists them");
    struct text first = text_of(argv[0]);
    struct text second = argc > 1 ? text_of(argv[1]) : (struct text){NULL, 0};
    bool group = false;
    for (size_t i = 0; i < t->count; i++) {
        const struct command *c = &t->rows[i];
        bool single = text_find(text_of(c->name), ' ') == strlen(c->name);
        if (!text_equal(first_word(c), first))
            continue;
        if (single || text_equal(second_word(c), second)) {
            *out = c;
            *out_words = single ? 1 : 2;
            return DONE;
        }
        group = true;
    }
    if (!group)
        return unknown_command(t, (struct text){NULL, 0}, first, err);
    if (!second.p || second.n == 0 || second.p[0] == '-')
        return missing_subcommand(t, first, err);
    return unknown_command(t, first, second, err);
}

/* ---- options ---- */

static const struct option_row *find_option(const struct command *c, struct text name, char letter)
{
    for (size_t i = 0;; i++) {
        const struct option_row *row = command_option(c, i);
        if (!row)
            return NULL;
        if (letter ? row->letter == letter : text_equal(text_of(row->name), name))
            return row;
    }
}

static struct status unknown_option(const struct command *c, struct text word, struct error *err)
{
    struct suggestion s;
    suggest_start(&s, text_from(word, 2));
    for (size_t i = 0; command_option(c, i) && word.n > 3; i++)
        suggest_offer(&s, text_of(command_option(c, i)->name));
    struct text typed = shown(word);
    if (s.best.p)
        return error_set(err, E_INVALID, "unknown option %.*s (did you mean --%.*s?)", TEXT_ARG(typed),
                         TEXT_ARG(s.best));
    return error_set(err, E_INVALID, "unknown option %.*s (a value that begins with '-' goes after --)",
                     TEXT_ARG(typed));
}

static struct status add_option(struct args *a, const struct option_row *row, const char *value,
                                struct error *err)
{
    if (a->option_count == ARGS_OPTIONS_MAX)
        return error_set(err, E_INVALID, "too many options");
    a->options[a->option_count].row = row;
    a->options[a->option_count].value = value;
    a->option_count++;
    if (text_equal(text_of(row->name), TEXT("help")))
        a->help = true;
    return DONE;
}

/* One option word at argv[*i]; moves *i over a value of its own. */
static struct status read_option(struct args *a, int argc, const char *const *argv, int *i, struct error *err)
{
    const char *word = argv[*i];
    bool is_long = word[1] == '-';
    struct text rest = text_of(word + (is_long ? 2 : 1));
    struct text name = is_long ? text_first(rest, text_find(rest, '=')) : rest;
    const char *inline_value = is_long && name.n < rest.n ? rest.p + name.n + 1 : NULL;
    const struct option_row *row =
        is_long || rest.n == 1 ? find_option(a->command, name, is_long ? 0 : word[1]) : NULL;
    if (!row)
        return unknown_option(a->command, is_long ? text_first(text_of(word), name.n + 2) : text_of(word),
                              err);
    if (row->kind == OPTION_FLAG && inline_value)
        return error_set(err, E_INVALID, "--%s takes no value", row->name);
    if (row->kind == OPTION_FLAG || row->kind == OPTION_OPTIONAL_VALUE || inline_value)
        return add_option(a, row, inline_value, err);
    if (*i + 1 == argc)
        return error_set(err, E_INVALID, "--%s needs a value: --%s %s", row->name, row->name, row->value);
    *i += 1;
    return add_option(a, row, argv[*i], err);
}

static struct status check_count(const struct args *a, struct error *err)
{
    const struct command *c = a->command;
    if (a->positional_count < c->least)
        return error_set(err, E_INVALID, "'%s' needs %s", c->name, c->arguments);
    if (a->positional_count > c->most) {
        struct text word = shown(text_of(a->positional[c->most]));
        return error_set(err, E_INVALID, "'%s' does not take '%.*s'", c->name, TEXT_ARG(word));
    }
    return DONE;
}

struct status args_parse(const struct command_table *table, int argc, const char *const *argv,
                         struct args *out, struct error *err)
{
    int i = 0;
    *out = (struct args){.command = NULL};
    TRY(find_command(table, argc, argv, &out->command, &i, err));
    bool options = true;
    for (; i < argc; i++) {
        const char *word = argv[i];
        if (options && text_equal(text_of(word), TEXT("--"))) {
            options = false;
        } else if (options && word[0] == '-' && word[1]) {
            TRY(read_option(out, argc, argv, &i, err));
        } else if (out->positional_count == ARGS_POSITIONALS_MAX) {
            return error_set(err, E_INVALID, "too many arguments");
        } else {
            out->positional[out->positional_count++] = word;
        }
    }
    return out->help ? DONE : check_count(out, err);
}

bool args_has(const struct args *a, const char *option)
{
    for (unsigned i = 0; i < a->option_count; i++)
        if (text_equal(text_of(a->options[i].row->name), text_of(option)))
            return true;
    return false;
}

const char *args_value(const struct args *a, const char *option)
{
    for (unsigned i = a->option_count; i > 0; i--)
        if (text_equal(text_of(a->options[i - 1].row->name), text_of(option)))
            return a->options[i - 1].value;
    return NULL;
}

unsigned args_values(const struct args *a, const char *option, const char **out, unsigned max)
{
    unsigned count = 0;
    for (unsigned i = 0; i < a->option_count && count < max; i++)
        if (text_equal(text_of(a->options[i].row->name), text_of(option)) && a->options[i].value)
            out[count++] = a->options[i].value;
    return count;
}
