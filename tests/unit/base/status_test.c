/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"

#include "aborts.h"
#include "check.h"

static const enum code every_code[] = {
#define X(name, text, http, exit_status) E_##name,
    CODES(X)
#undef X
};

static void a_value_that_is_no_code_answers_as_broken(void **state)
{
    (void)state;
    const int wild[] = {-1, sizeof(every_code) / sizeof(every_code[0]), 1000000};
    for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
        assert_string_equal(code_name((enum code)wild[i]), "BROKEN");
        assert_int_equal(code_http_status((enum code)wild[i]), 500);
        assert_int_equal(code_exit_status((enum code)wild[i]), 1);
    }
}

static void must_aborts_when_the_condition_is_false(void **state)
{
    (void)state;
    must(1 + 1 == 2);
    assert_aborts(must(1 + 1 == 3));
}

static void only_ok_is_a_success(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(every_code) / sizeof(every_code[0]); i++) {
        enum code code = every_code[i];
        assert_int_equal(status_ok((struct status){code}), code == E_OK);
        assert_int_equal(code_http_status(code) < 400, code == E_OK);
        assert_int_equal(code_exit_status(code) == 0, code == E_OK);
        assert_true(strlen(code_text(code)) > 0);
    }
}

static struct status second_step(int *steps, enum code first)
{
    TRY((struct status){first});
    (*steps)++;
    return DONE;
}

static void try_returns_the_first_failure(void **state)
{
    (void)state;
    int steps = 0;
    assert_status(second_step(&steps, E_CONFLICT), E_CONFLICT);
    assert_int_equal(steps, 0);
    assert_ok(second_step(&steps, E_OK));
    assert_int_equal(steps, 1);
}

static void client_errors_have_client_statuses(void **state)
{
    (void)state;
    assert_int_equal(code_http_status(E_INVALID), 400);
    assert_int_equal(code_http_status(E_DENIED), 403);
    assert_int_equal(code_http_status(E_TOO_LARGE), 413);
    assert_int_equal(code_http_status(E_NOMEM), 503);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_that_is_no_code_answers_as_broken),
        cmocka_unit_test(must_aborts_when_the_condition_is_false),
        cmocka_unit_test(only_ok_is_a_success),
        cmocka_unit_test(try_returns_the_first_failure),
        cmocka_unit_test(client_errors_have_client_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
