/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"

#include "check.h"

static void every_byte_is_filled(void **state)
{
    (void)state;
    uint8_t seen[64] = {0};
    for (int round = 0; round < 64; round++) {
        uint8_t drawn[64];
        random_bytes(drawn, sizeof(drawn));
        for (size_t i = 0; i < sizeof(drawn); i++)
            seen[i] |= drawn[i];
    }
    for (size_t i = 0; i < sizeof(seen); i++)
        assert_int_equal(seen[i], 0xff); /* 64 draws miss a bit with probability 2^-64 */
}

static void nothing_beyond_the_end_is_touched(void **state)
{
    (void)state;
    uint8_t out[4] = {1, 2, 3, 4};
    random_bytes(out, 0);
    random_bytes(out, 3);
    assert_int_equal(out[3], 4);
}

static void draws_differ(void **state)
{
    (void)state;
    assert_true(random_u64() != random_u64());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_is_filled),
        cmocka_unit_test(nothing_beyond_the_end_is_touched),
        cmocka_unit_test(draws_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
