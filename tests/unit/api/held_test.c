/* SPDX-License-Identifier: Apache-2.0 */
#include "api/held.h"

#include "base/limits.h"
#include "check.h"

/* What slow clients may keep in memory, all together. */

static void refuses_more_than_the_limit_until_some_is_given_back(void **state)
{
    (void)state;
    struct held a = {0};
    struct held b = {0};
    struct held c = {0};
    assert_status(held_take(&a, LIMIT_HELD_BYTES + 1), E_AGAIN);
    assert_status(held_take(&a, SIZE_MAX), E_AGAIN);
    assert_ok(held_take(&a, LIMIT_HELD_BYTES - 1));
    assert_ok(held_take(&b, 1));
    assert_status(held_take(&c, 1), E_AGAIN);
    assert_int_equal(c.bytes, 0);
    held_give(&b);
    assert_ok(held_take(&c, 1));
    held_give(&a);
    held_give(&a); /* twice is once */
    held_give(&c);
    assert_ok(held_take(&a, LIMIT_HELD_BYTES));
    held_give(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_more_than_the_limit_until_some_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
