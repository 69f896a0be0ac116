/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include "check.h"

static char long_text[2 * ERROR_MESSAGE_MAX];

static int fill_long_text(void **state)
{
    (void)state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    return 0;
}

static void cuts_a_message_that_is_too_long(void **state)
{
    (void)state;
    struct error err = {0};
    assert_status(error_set(&err, E_INVALID, "%s", long_text), E_INVALID);
    assert_int_equal(strlen(err.message), ERROR_MESSAGE_MAX - 1);
}

static void the_cut_leaves_no_half_character(void **state)
{
    (void)state;
    for (size_t before = ERROR_MESSAGE_MAX - 8; before < ERROR_MESSAGE_MAX + 2; before++) {
        const char *const characters[] = {"\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x9a\xa2"};
        for (size_t i = 0; i < 3; i++) {
            struct error err = {0};
            status_ignore(
                error_set(&err, E_INVALID, "%.*s%s%s", (int)before, long_text, characters[i], characters[i]));
            assert_true(text_is_utf8(text_of(err.message)));
        }
    }
}

static void a_message_stays_on_one_line(void **state)
{
    (void)state;
    struct error err = {0};
    status_ignore(error_set(&err, E_INVALID, "a\nb\r\x1b[31mc\x7f"));
    assert_string_equal(err.message, "a b  [31mc ");
}

static void every_helper_accepts_no_error(void **state)
{
    (void)state;
    assert_status(error_set(NULL, E_DENIED, "unseen"), E_DENIED);
    assert_status(error_wrap(NULL, STATUS(DENIED), "unseen"), E_DENIED);
    assert_string_equal(error_text(NULL, STATUS(DENIED)), code_text(E_DENIED));
}

static void wrapping_puts_words_in_front(void **state)
{
    (void)state;
    struct error err = {0};
    struct status s = error_set(&err, E_NOT_FOUND, "cannot open '%s'", "/x/ca.key");
    assert_status(error_wrap(&err, s, "load %s", "CA key"), E_NOT_FOUND);
    assert_string_equal(err.message, "load CA key: cannot open '/x/ca.key'");
    assert_int_equal(err.code, E_NOT_FOUND);
}

static void wrapping_success_changes_nothing(void **state)
{
    (void)state;
    struct error err = {0};
    assert_ok(error_wrap(&err, DONE, "load CA key"));
    assert_string_equal(err.message, "");
}

static void wrapping_an_empty_error_uses_the_text_of_the_code(void **state)
{
    (void)state;
    struct error err = {0};
    status_ignore(error_wrap(&err, STATUS(NOMEM), "load CA key"));
    assert_string_equal(err.message, "load CA key: out of memory");
}

static void long_words_in_front_do_not_push_the_cause_out(void **state)
{
    (void)state;
    struct error err = {0};
    struct status s = error_set(&err, E_INVALID, "the cause");
    status_ignore(error_wrap(&err, s, "%s", long_text));
    assert_true(text_ends_with(text_of(err.message), TEXT("x: the cause")));

    /* Both too long: half of the line each. */
    s = error_set(&err, E_INVALID, "%.400s", long_text);
    status_ignore(error_wrap(&err, s, "%s", long_text + sizeof(long_text) - 401));
    assert_in_range(text_find(text_of(err.message), ':'), ERROR_MESSAGE_MAX / 2 - 8, ERROR_MESSAGE_MAX / 2);
}

static void the_text_is_the_message_or_the_code_s(void **state)
{
    (void)state;
    struct error err = {0};
    assert_string_equal(error_text(&err, STATUS(DENIED)), code_text(E_DENIED));
    status_ignore(error_set(&err, E_DENIED, "not yours"));
    assert_string_equal(error_text(&err, STATUS(DENIED)), "not yours");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_a_message_that_is_too_long),
        cmocka_unit_test(the_cut_leaves_no_half_character),
        cmocka_unit_test(a_message_stays_on_one_line),
        cmocka_unit_test(every_helper_accepts_no_error),
        cmocka_unit_test(wrapping_puts_words_in_front),
        cmocka_unit_test(wrapping_success_changes_nothing),
        cmocka_unit_test(wrapping_an_empty_error_uses_the_text_of_the_code),
        cmocka_unit_test(long_words_in_front_do_not_push_the_cause_out),
        cmocka_unit_test(the_text_is_the_message_or_the_code_s),
    };
    return cmocka_run_group_tests(tests, fill_long_text, NULL);
}
