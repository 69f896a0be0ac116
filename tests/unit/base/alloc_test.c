/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"

#include "base/own.h"
#include "check.h"

OWNABLE(void, mem_free);

/* Behind volatile, so that the compiler does not see that the request cannot succeed. */
static volatile size_t huge = SIZE_MAX / 2;

static void refuses_a_product_that_overflows(void **state)
{
    (void)state;
    assert_null(mem_array(huge, 3));
    assert_null(mem_array(3, huge));
    assert_null(mem_resize(NULL, huge, 3));
    assert_null(mem_strndup("x", huge * 2 + 1));
}

static void a_failed_resize_leaves_the_old_memory(void **state)
{
    (void)state;
    OWNED(mem_free) void *p = mem_array(4, 1);
    memcpy(p, "abc", 4);
    assert_null(mem_resize(p, huge, 3));
    assert_string_equal(p, "abc");
}

static void nothing_is_still_a_pointer(void **state)
{
    (void)state;
    OWNED(mem_free) void *none = mem_array(0, 16);
    OWNED(mem_free) void *of_nothing = mem_array(16, 0);
    OWNED(mem_free) void *empty = mem_alloc(0);
    OWNED(mem_free) void *resized = mem_resize(NULL, 0, 0);
    assert_true(none && of_nothing && empty && resized);
    mem_free(NULL);
}

static void memory_is_zeroed(void **state)
{
    (void)state;
    OWNED(mem_free) void *used = mem_alloc(4096);
    memset(used, 0xff, 4096);
    mem_free(TAKE(used));
    OWNED(mem_free) void *p = mem_array(1024, 4);
    for (size_t i = 0; i < 4096; i++)
        assert_int_equal(((const uint8_t *)p)[i], 0);
}

static void a_copy_of_text_ends_with_nul(void **state)
{
    (void)state;
    OWNED(mem_free) void *copy = mem_strndup("abcdef", 3);
    assert_string_equal(copy, "abc");
    OWNED(mem_free) void *empty = mem_strndup(NULL, 0);
    assert_string_equal(empty, "");
}

static void the_nth_allocation_fails_once(void **state)
{
    (void)state;
    for (long n = 0; n < 4; n++) {
        mem_fail_after(n);
        for (long i = 0; i < 4; i++) {
            OWNED(mem_free) void *p = i % 2 ? mem_resize(NULL, 8, 1) : mem_alloc(8);
            assert_int_equal(p == NULL, i == n);
            assert_int_equal(mem_fail_reached(), i >= n);
        }
    }
    mem_fail_after(-1);
    assert_true(mem_fail_reached());
    mem_fail_after(1000);
    mem_fail_after(-1);
    assert_false(mem_fail_reached());
    mem_trim();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_product_that_overflows),
        cmocka_unit_test(a_failed_resize_leaves_the_old_memory),
        cmocka_unit_test(nothing_is_still_a_pointer),
        cmocka_unit_test(memory_is_zeroed),
        cmocka_unit_test(a_copy_of_text_ends_with_nul),
        cmocka_unit_test(the_nth_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
