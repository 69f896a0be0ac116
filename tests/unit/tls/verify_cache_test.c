/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "tls/verify_cache.h"

static struct verify_entry entry_of(uint32_t id, int64_t from, int64_t until)
{
    struct verify_entry e = {.valid_from = from, .valid_until = until};
    for (size_t i = 0; i < 4; i++)
        e.fingerprint[i] = (uint8_t)(id >> (24 - 8 * i));
    return e;
}

static void a_cache_of_size_0_is_off(void **state)
{
    (void)state;
    struct verify_cache c;
    assert_ok(verify_cache_init(&c, 0));
    struct verify_entry e = entry_of(1, 0, 100);
    verify_cache_put(&c, &e);
    assert_null(verify_cache_find(&c, e.fingerprint, 50));
    verify_cache_release(&c);
}

static void answers_only_within_the_dates(void **state)
{
    (void)state;
    struct verify_cache c;
    assert_ok(verify_cache_init(&c, 16));
    struct verify_entry e = entry_of(7, 100, 200);
    verify_cache_put(&c, &e);
    assert_null(verify_cache_find(&c, e.fingerprint, 99));
    assert_non_null(verify_cache_find(&c, e.fingerprint, 100));
    assert_non_null(verify_cache_find(&c, e.fingerprint, 200));
    assert_null(verify_cache_find(&c, e.fingerprint, 201));
    verify_cache_release(&c);
}

static void an_unknown_fingerprint_is_not_found(void **state)
{
    (void)state;
    struct verify_cache c;
    assert_ok(verify_cache_init(&c, 16));
    struct verify_entry e = entry_of(7, 100, 200);
    verify_cache_put(&c, &e);
    e.fingerprint[SHA256_SIZE - 1] ^= 1;
    assert_null(verify_cache_find(&c, e.fingerprint, 150));
    uint8_t zero[SHA256_SIZE] = {0};
    assert_null(verify_cache_find(&c, zero, 0));
    verify_cache_release(&c);
}

static void a_full_set_gives_up_the_entry_that_ends_first(void **state)
{
    (void)state;
    struct verify_cache c;
    assert_ok(verify_cache_init(&c, 4));
    for (uint32_t i = 0; i < 5; i++) {
        struct verify_entry e = entry_of(i, 0, 100 + (i == 2 ? 0 : 50));
        verify_cache_put(&c, &e);
    }
    for (uint32_t i = 0; i < 5; i++) {
        struct verify_entry e = entry_of(i, 0, 0);
        if (i == 2)
            assert_null(verify_cache_find(&c, e.fingerprint, 50));
        else
            assert_non_null(verify_cache_find(&c, e.fingerprint, 50));
    }
    verify_cache_release(&c);
}

static void putting_again_replaces(void **state)
{
    (void)state;
    struct verify_cache c;
    assert_ok(verify_cache_init(&c, 4));
    struct verify_entry e = entry_of(9, 0, 100);
    verify_cache_put(&c, &e);
    e.valid_until = 300;
    verify_cache_put(&c, &e);
    assert_int_equal(verify_cache_find(&c, e.fingerprint, 250)->valid_until, 300);
    verify_cache_release(&c);
}

static void out_of_memory_is_a_status(void **state)
{
    (void)state;
    struct verify_cache c;
    mem_fail_after(0);
    assert_status(verify_cache_init(&c, 64), E_NOMEM);
    mem_fail_after(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cache_of_size_0_is_off),
        cmocka_unit_test(answers_only_within_the_dates),
        cmocka_unit_test(an_unknown_fingerprint_is_not_found),
        cmocka_unit_test(a_full_set_gives_up_the_entry_that_ends_first),
        cmocka_unit_test(putting_again_replaces),
        cmocka_unit_test(out_of_memory_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
