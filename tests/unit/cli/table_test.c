/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include "base/own.h"

#include "check.h"

static void control_characters_never_reach_the_terminal(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"plain", "plain"},
        {"a\x1b[31mb", "a?[31mb"},
        {"a\nb\tc", "a?b?c"},
        {"\x7f\xc2\x9b", "??"},
        {"\xff\xc3", "??"},
        {"a\xe2\x80\xae"
         "b",
         "a?b"}, /* right-to-left override */
        {"\xc3\xa4\xe2\x82\xac", "\xc3\xa4\xe2\x82\xac"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        OWNED(buffer_release) struct buffer out;
        buffer_init(&out, 256);
        text_printable(text_of(rows[i].in), &out);
        assert_text(buffer_as_text(&out), rows[i].out);
    }
}

static void columns_line_up_by_terminal_cells(void **state)
{
    (void)state;
    static const char *const titles[] = {"NAME", "X", NULL};
    OWNED(table_release) struct table t;
    OWNED(buffer_release) struct buffer out;
    table_init(&t, 4096);
    buffer_init(&out, 4096);
    table_header(&t, titles);
    table_cell(&t, TEXT("caf\xc3\xa9"));
    table_cell(&t, TEXT("1"));
    table_cell(&t, TEXT("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"));
    table_cell(&t, TEXT(""));
    table_cell(&t, TEXT("e\xcc\x81"));
    table_cell(&t, TEXT("2"));
    table_print(&t, &out);
    assert_text(buffer_as_text(&out), "NAME    X\n"
                                      "caf\xc3\xa9    1\n"
                                      "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e  -\n"
                                      "e\xcc\x81       2\n");
}

/* What a long list does: parts whose columns keep their width, and a last column cut to the terminal. */
static void a_long_table_is_printed_in_parts_and_cut_at_the_edge(void **state)
{
    (void)state;
    static const char *const titles[] = {"NAME", "TENANT", "TEXT", NULL};
    OWNED(table_release) struct table t;
    OWNED(buffer_release) struct buffer out;
    table_init(&t, 4096);
    buffer_init(&out, 4096);
    t.optional = 1u << 1;
    t.line_max = 26;
    table_header(&t, titles);
    table_cell(&t, TEXT("blue"));
    table_cell(&t, TEXT(""));
    table_cell(&t, TEXT("0123456789abcdef0123"));
    table_print(&t, &out);
    table_cell(&t, TEXT("x"));
    table_cell(&t, TEXT(""));
    table_cell(&t, TEXT("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5"
                        "\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac"));
    table_print(&t, &out);
    assert_text(buffer_as_text(&out), "NAME  TEXT\n"
                                      "blue  0123456789abcdef0123\n"
                                      "x     "
                                      "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa"
                                      "\x9e\xe6\x97\xa5\xe6\x9c\xac...\n");
}

static void csv_fields_are_quoted_and_run_no_formula(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"a", "a"},           {"", ""},
        {"a,b", "\"a,b\""},   {"a\"b", "\"a\"\"b\""},
        {"a\nb", "\"a\nb\""}, {"=1+1", "\"'=1+1\""},
        {"-x", "\"'-x\""},    {"@a", "\"'@a\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        OWNED(buffer_release) struct buffer out;
        buffer_init(&out, 256);
        csv_field(text_of(rows[i].in), &out);
        assert_text(buffer_as_text(&out), rows[i].out);
    }
}

static void shell_words_are_safe_to_paste(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"a/b-c.d", "a/b-c.d"},
        {"", "''"},
        {"-x", "'-x'"},
        {"a b", "'a b'"},
        {"it's", "'it'\\''s'"},
        {"$(x)", "'$(x)'"},
        {"https://h/p?a=b", "'https://h/p?a=b'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        OWNED(buffer_release) struct buffer out;
        buffer_init(&out, 256);
        shell_word(text_of(rows[i].in), &out);
        assert_text(buffer_as_text(&out), rows[i].out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_never_reach_the_terminal),
        cmocka_unit_test(columns_line_up_by_terminal_cells),
        cmocka_unit_test(a_long_table_is_printed_in_parts_and_cut_at_the_edge),
        cmocka_unit_test(csv_fields_are_quoted_and_run_no_formula),
        cmocka_unit_test(shell_words_are_safe_to_paste),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
