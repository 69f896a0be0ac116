/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include "check.h"

#if FAIRLEAD_SANITIZED
#include <sanitizer/asan_interface.h>
#endif

static void refuses_more_than_the_maximum(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena a;
    arena_init(&a, 1024, 4096);
    size_t taken = 0;
    while (arena_alloc(&a, 100))
        taken += 100;
    assert_in_range(taken, 3000, 4096);
    assert_true(a.total <= 4096);
    arena_reset(&a);
    assert_null(arena_alloc(&a, 4096)); /* its chunk's head would not fit */
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_alloc(&a, SIZE_MAX - 8));
    assert_non_null(arena_alloc(&a, 2048));
}

static void refuses_a_product_that_overflows(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena a;
    arena_init(&a, 1024, SIZE_MAX);
    assert_null(arena_array(&a, SIZE_MAX / 2, 3));
    assert_null(arena_array(&a, 3, SIZE_MAX / 2));
    assert_non_null(arena_array(&a, 0, 0));
}

static void a_copy_without_memory_is_empty(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena a;
    arena_init(&a, 1024, 0);
    assert_null(arena_text(&a, TEXT("abc")).p);
    assert_null(arena_cstr(&a, TEXT("abc")));
    assert_null(arena_printf(&a, "%300d", 1).p);
    assert_null(arena_printf(&a, "%3d", 1).p);
}

static struct status use_all(void)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, 256, 1 << 20);
    for (size_t i = 0; i < 50; i++) {
        if (!arena_alloc(&a, i * 13) || !arena_cstr(&a, TEXT("name")) || !arena_printf(&a, "%400zu", i).p)
            return STATUS(NOMEM);
    }
    return DONE;
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_survives_failing_allocations(use_all());
}

static void memory_is_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena a;
    arena_init(&a, 512, 1 << 20);
    for (int round = 0; round < 3; round++) {
        for (size_t size = 0; size < 700; size += 13) {
            uint8_t *p = arena_alloc(&a, size);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xff, size);
        }
        arena_reset(&a);
        assert_int_equal(a.total, 512);
    }
}

static void a_large_object_does_not_end_the_current_chunk(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    const uint8_t *first = arena_alloc(&a, 16);
    const uint8_t *large = arena_alloc(&a, 10000);
    const uint8_t *second = arena_alloc(&a, 16);
    assert_true(large && second == first + 16);
}

static void reset_keeps_no_oversized_chunk(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena a;
    arena_init(&a, 1024, 1 << 20);
    assert_non_null(arena_alloc(&a, 100000));
    arena_reset(&a);
    assert_int_equal(a.total, 0);
    assert_non_null(arena_alloc(&a, 10));
    arena_reset(&a);
    assert_int_equal(a.total, 1024);
}

static void copies_are_equal_and_end_with_nul_where_promised(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena a;
    arena_init(&a, 1024, 1 << 20);
    assert_text(arena_text(&a, TEXT("abc")), "abc");
    assert_string_equal(arena_cstr(&a, TEXT("abc")), "abc");
    assert_string_equal(arena_cstr(&a, (struct text){NULL, 0}), "");
    assert_true(bytes_equal(arena_bytes(&a, text_bytes(TEXT("a\0b"))), text_bytes(TEXT("a\0b"))));
    for (int width = 254; width < 260; width++) {
        struct text t = arena_printf(&a, "%0*d", width, 5);
        assert_int_equal(t.n, width);
        assert_int_equal(t.p[width - 1], '5');
    }
}

static void memory_is_poisoned_after_reset(void **state)
{
    (void)state;
#if FAIRLEAD_SANITIZED
    OWNED(arena_release) struct arena a;
    arena_init(&a, 1024, 1 << 20);
    char *p = arena_alloc(&a, 10);
    assert_false(__asan_address_is_poisoned(p + 9));
    assert_true(__asan_address_is_poisoned(p + 10));
    arena_reset(&a);
    assert_true(__asan_address_is_poisoned(p));
#else
    skip();
#endif
}

static void a_wiped_arena_holds_nothing(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena a;
    arena_init(&a, 1024, 1 << 20);
    char *small = arena_cstr(&a, TEXT("password"));
    char *large = arena_alloc(&a, 4000); /* a chunk of its own */
    memset(large, 'x', 4000);
    arena_wipe(&a);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(small[i], 0);
    for (size_t i = 0; i < 4000; i++)
        assert_int_equal(large[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wiped_arena_holds_nothing),
        cmocka_unit_test(refuses_more_than_the_maximum),
        cmocka_unit_test(refuses_a_product_that_overflows),
        cmocka_unit_test(a_copy_without_memory_is_empty),
        cmocka_unit_test(survives_every_failing_allocation),
        cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(a_large_object_does_not_end_the_current_chunk),
        cmocka_unit_test(reset_keeps_no_oversized_chunk),
        cmocka_unit_test(copies_are_equal_and_end_with_nul_where_promised),
        cmocka_unit_test(memory_is_poisoned_after_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
