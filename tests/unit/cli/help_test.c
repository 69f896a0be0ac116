/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <spawn.h>
#include <sys/wait.h>

#include "base/own.h"
#include "cli/cli.h"
#include "golden.h"

static void the_help_is_what_the_golden_file_says(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 1 << 20);
    help_everything(&cli_commands, &out);
    assert_ok(buffer_status(&out));
    assert_golden("tests/golden/cli_help.txt", buffer_as_text(&out));
}

static void no_line_of_the_help_is_wider_than_a_terminal(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 1 << 20);
    help_everything(&cli_commands, &out);
    for (struct text rest = buffer_as_text(&out); rest.p;) {
        struct text line = text_cut(&rest, '\n');
        if (line.n > 110)
            fail_msg("%.*s", TEXT_ARG(line));
    }
}

static void the_man_pages_have_no_stray_requests(void **state)
{
    (void)state;
    static const char *const known[] = {".TH ", ".SH ", ".SS ", ".TP", ".B ", ".BR ",
                                        ".I ",  ".PP",  ".RS",  ".RE", ".nf", ".fi"};
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 1 << 20);
    help_man_page(&cli_commands, &out);
    help_man_config(&out);
    assert_ok(buffer_status(&out));
    for (struct text rest = buffer_as_text(&out); rest.p;) {
        struct text line = text_cut(&rest, '\n');
        bool good = line.n == 0 || (line.p[0] != '.' && line.p[0] != '\'');
        for (size_t i = 0; i < sizeof known / sizeof known[0] && !good; i++)
            good = text_starts_with(line, text_of(known[i]));
        if (!good)
            fail_msg("%.*s", TEXT_ARG(line));
    }
}

static void completion_is_a_script_that_bash_reads(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 1 << 20);
    help_completion_bash(&cli_commands, &out);
    assert_ok(buffer_status(&out));
    char path[] = "/tmp/fairlead-completion-XXXXXX", program[] = "bash", option[] = "-n";
    int fd = mkstemp(path), ended = 1;
    pid_t pid;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, buffer_as_text(&out).p, buffer_size(&out)), (ssize_t)buffer_size(&out));
    close(fd);
    char *argv[] = {program, option, path, NULL};
    assert_int_equal(posix_spawnp(&pid, program, NULL, NULL, argv, environ), 0);
    assert_int_equal(waitpid(pid, &ended, 0), pid);
    unlink(path);
    assert_int_equal(ended, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_help_is_what_the_golden_file_says),
        cmocka_unit_test(no_line_of_the_help_is_wider_than_a_terminal),
        cmocka_unit_test(the_man_pages_have_no_stray_requests),
        cmocka_unit_test(completion_is_a_script_that_bash_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
