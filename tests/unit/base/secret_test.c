/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include "check.h"

static struct status copy(void)
{
    OWNED(secret_release) struct secret s = {NULL, 0};
    return secret_copy(&s, text_bytes(TEXT("hunter2")));
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_survives_failing_allocations(copy());
}

static void a_failed_copy_leaves_nothing(void **state)
{
    (void)state;
    struct secret s = {NULL, 0};
    mem_fail_after(0);
    assert_status(secret_copy(&s, text_bytes(TEXT("hunter2"))), E_NOMEM);
    mem_fail_after(-1);
    assert_null(s.p);
    assert_int_equal(s.n, 0);
    secret_release(&s);
}

static void a_copy_is_equal_and_a_release_empties(void **state)
{
    (void)state;
    struct secret s = {NULL, 0};
    assert_ok(secret_copy(&s, text_bytes(TEXT("hunter2"))));
    assert_true(bytes_equal(secret_bytes(&s), text_bytes(TEXT("hunter2"))));
    secret_release(&s);
    assert_null(s.p);
    secret_release(&s);
    assert_ok(secret_copy(&s, (struct bytes){NULL, 0}));
    assert_int_equal(s.n, 0);
    secret_release(&s);
    assert_ok(secret_alloc(&s, 32));
    for (size_t i = 0; i < 32; i++)
        assert_int_equal(s.p[i], 0);
    secret_release(&s);
}

static void wiping_leaves_zeroes(void **state)
{
    (void)state;
    uint8_t key[16];
    memset(key, 0x5a, sizeof(key));
    secret_wipe(key, sizeof(key));
    for (size_t i = 0; i < sizeof(key); i++)
        assert_int_equal(key[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_every_failing_allocation),
        cmocka_unit_test(a_failed_copy_leaves_nothing),
        cmocka_unit_test(a_copy_is_equal_and_a_release_empties),
        cmocka_unit_test(wiping_leaves_zeroes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
