/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"

#include "cli/cli.h"

#include "check.h"

#define WORDS_MAX 10

struct row {
    const char *words[WORDS_MAX];
    const char *message;
};

static int count(const char *const *words)
{
    int n = 0;
    while (n < WORDS_MAX && words[n])
        n++;
    return n;
}

static void each_refusal_says_what_to_type_instead(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {{NULL}, "no command given: `fairlead help` lists them"},
        {{"frobnicate"}, "unknown command 'frobnicate': `fairlead help` lists them"},
        {{"tokn", "create"}, "unknown command 'tokn' (did you mean 'token'?)"},
        {{"token", "crete"}, "unknown command 'token crete' (did you mean 'token create'?)"},
        {{"token", "wibble"}, "unknown command 'token wibble': `fairlead help` lists them"},
        {{"token"}, "'token' needs one of: create, list, revoke"},
        {{"token", "--all"}, "'token' needs one of: create, list, revoke"},
        {{"\x1b[2J"}, "unknown command '(unprintable)': `fairlead help` lists them"},
        {{"app", "create"}, "'app create' needs NAME"},
        {{"app", "create", "a", "b"}, "'app create' does not take 'b'"},
        {{"token", "revoke", "-abc"}, "unknown option -abc (a value that begins with '-' goes after --)"},
        {{"app", "list", "--ouput", "json"}, "unknown option --ouput (did you mean --output?)"},
        {{"app", "list", "--wibble=secret"},
         "unknown option --wibble (a value that begins with '-' goes after --)"},
        {{"app", "list", "-o"}, "--output needs a value: --output FORMAT"},
        {{"app", "delete", "x", "--yes=1"}, "--yes takes no value"},
        {{"version", "--data", "x"}, "unknown option --data (a value that begins with '-' goes after --)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct args args;
        struct error err = {.code = E_OK};
        assert_status(args_parse(&cli_commands, count(rows[i].words), rows[i].words, &args, &err), E_INVALID);
        assert_string_equal(err.message, rows[i].message);
    }
}

static void parse(struct args *out, const char *const *words)
{
    struct error err = {.code = E_OK};
    struct status s = args_parse(&cli_commands, count(words), words, out, &err);
    if (!status_ok(s))
        fail_msg("%s", err.message);
}

static void tokens_that_begin_with_a_dash_are_taken(void **state)
{
    (void)state;
    struct args args;
    parse(&args, (const char *[WORDS_MAX]){"token", "revoke", "--", "-abc"});
    assert_string_equal(args.positional[0], "-abc");
    parse(&args, (const char *[WORDS_MAX]){"token", "revoke", "--data", "-d", "--", "--"});
    assert_string_equal(args.positional[0], "--");
    assert_string_equal(args_value(&args, "data"), "-d");
    parse(&args, (const char *[WORDS_MAX]){"revoke", "--fingerprint", "-abc", "--reason=-x"});
    assert_string_equal(args_value(&args, "fingerprint"), "-abc");
    assert_string_equal(args_value(&args, "reason"), "-x");
}

static void options_stand_anywhere_and_the_last_wins(void **state)
{
    (void)state;
    struct args args;
    const char *set[4];
    parse(&args, (const char *[WORDS_MAX]){"app", "create", "-o", "json", "shop", "--description=a=b", "-s",
                                           "x=1", "-o", "table"});
    assert_string_equal(args.command->name, "app create");
    assert_string_equal(args.positional[0], "shop");
    assert_string_equal(args_value(&args, "output"), "table");
    assert_string_equal(args_value(&args, "description"), "a=b");
    assert_int_equal(args_values(&args, "set", set, 4), 1);
    assert_string_equal(set[0], "x=1");
    assert_null(args_value(&args, "tenant"));
    assert_false(args_has(&args, "tenant"));
}

static void an_optional_value_is_given_with_an_equals_sign(void **state)
{
    (void)state;
    struct args args;
    parse(&args, (const char *[WORDS_MAX]){"connect", "--p12", "url", "--out", "d"});
    assert_true(args_has(&args, "p12"));
    assert_null(args_value(&args, "p12"));
    assert_string_equal(args.positional[0], "url");
    parse(&args, (const char *[WORDS_MAX]){"connect", "--p12=file", "-"});
    assert_string_equal(args_value(&args, "p12"), "file");
    assert_string_equal(args.positional[0], "-");
}

static void help_is_answered_before_arguments_are_missed(void **state)
{
    (void)state;
    struct args args;
    parse(&args, (const char *[WORDS_MAX]){"app", "create", "-h"});
    assert_true(args.help);
}

static void too_many_options_are_refused(void **state)
{
    (void)state;
    const char *words[ARGS_OPTIONS_MAX + 3] = {"app", "list"};
    for (int i = 2; i < ARGS_OPTIONS_MAX + 3; i++)
        words[i] = "--set=a=b";
    struct args args;
    struct error err = {.code = E_OK};
    assert_status(args_parse(&cli_commands, ARGS_OPTIONS_MAX + 3, words, &args, &err), E_INVALID);
    assert_string_equal(err.message, "too many options");
}

static void no_command_has_two_options_of_one_name_or_letter(void **state)
{
    (void)state;
    for (size_t c = 0; c < cli_commands.count; c++) {
        const struct command *command = &cli_commands.rows[c];
        const struct option_row *a, *b;
        assert_non_null(command->run);
        assert_true(command->most >= command->least && command->most <= ARGS_POSITIONALS_MAX);
        for (size_t i = 0; (a = command_option(command, i)); i++)
            for (size_t j = 0; j < i && (b = command_option(command, j)); j++)
                if (text_equal(text_of(a->name), text_of(b->name)) || (a->letter && a->letter == b->letter))
                    fail_msg("%s: --%s and --%s", command->name, a->name, b->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_refusal_says_what_to_type_instead),
        cmocka_unit_test(tokens_that_begin_with_a_dash_are_taken),
        cmocka_unit_test(options_stand_anywhere_and_the_last_wins),
        cmocka_unit_test(an_optional_value_is_given_with_an_equals_sign),
        cmocka_unit_test(help_is_answered_before_arguments_are_missed),
        cmocka_unit_test(too_many_options_are_refused),
        cmocka_unit_test(no_command_has_two_options_of_one_name_or_letter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
