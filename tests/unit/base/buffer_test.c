/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"

#include "aborts.h"
#include "check.h"

static void refuses_one_byte_over_the_maximum(void **state)
{
    (void)state;
    for (size_t max = 0; max < 600; max += 37) {
        OWNED(buffer_release) struct buffer b;
        buffer_init(&b, max);
        for (size_t i = 0; i < max; i++)
            buffer_byte(&b, 'x');
        assert_ok(buffer_status(&b));
        assert_int_equal(buffer_size(&b), max);
        assert_true(b.capacity <= max);
        buffer_byte(&b, 'y');
        assert_status(buffer_status(&b), E_TOO_LARGE);
        assert_int_equal(buffer_size(&b), max);
    }
}

static void failure_is_sticky_until_cleared(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 4);
    buffer_text(&b, TEXT("abc"));
    buffer_text(&b, TEXT("de"));
    buffer_byte(&b, 'd'); /* would fit */
    buffer_printf(&b, "%d", 1);
    buffer_u8(&b, 1);
    assert_null(buffer_reserve(&b, 1));
    assert_int_equal(buffer_room(&b), 0);
    assert_text(buffer_as_text(&b), "abc");
    assert_status(buffer_status(&b), E_TOO_LARGE);
    buffer_clear(&b);
    buffer_text(&b, TEXT("abcd"));
    assert_ok(buffer_status(&b));
}

static void refuses_sizes_that_would_wrap(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, SIZE_MAX);
    buffer_byte(&b, 'x');
    assert_null(buffer_reserve(&b, SIZE_MAX));
    assert_status(buffer_status(&b), E_TOO_LARGE);
}

static void refuses_a_prefix_that_cannot_hold_the_length(void **state)
{
    (void)state;
    static const uint8_t data[UINT16_MAX + 1];
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 1 << 20);
    buffer_bytes16(&b, BYTES_OF(data));
    assert_status(buffer_status(&b), E_TOO_LARGE);
    assert_int_equal(buffer_size(&b), 0);
    buffer_clear(&b);
    buffer_bytes16(&b, (struct bytes){data, UINT16_MAX});
    assert_ok(buffer_status(&b));
    assert_int_equal(buffer_size(&b), UINT16_MAX + 2);
}

static void consuming_or_committing_too_much_is_a_bug(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 10);
    buffer_text(&b, TEXT("abc"));
    assert_aborts(buffer_consume(&b, 4));
    assert_aborts(buffer_commit(&b, 8));
}

static struct status write_much(void)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 1 << 16);
    for (int i = 0; i < 300; i++)
        buffer_printf(&b, "line %0*d\n", i, i);
    return buffer_status(&b);
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_survives_failing_allocations(write_much());
}

static void a_failed_growth_keeps_the_bytes(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 1 << 16);
    buffer_text(&b, TEXT("abc"));
    mem_fail_after(0);
    assert_null(buffer_reserve(&b, 4096));
    mem_fail_after(-1);
    assert_status(buffer_status(&b), E_NOMEM);
    assert_text(buffer_as_text(&b), "abc");
}

static void reading_and_writing_slide_within_the_maximum(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 1000);
    uint8_t next_in = 0;
    uint8_t next_out = 0;
    for (size_t round = 0; round < 5000; round++) {
        size_t in = round * 7 % 301;
        if (in > b.max - buffer_size(&b))
            in = b.max - buffer_size(&b);
        for (size_t i = 0; i < in; i++)
            buffer_byte(&b, next_in++);
        size_t out = round * 11 % 307;
        if (out > buffer_size(&b))
            out = buffer_size(&b);
        struct bytes front = buffer_bytes(&b);
        for (size_t i = 0; i < out; i++)
            assert_int_equal(front.p[i], next_out++);
        buffer_consume(&b, out);
        assert_ok(buffer_status(&b));
        assert_true(b.capacity <= b.max);
    }
}

static void a_reserve_gives_exactly_the_room_it_promised(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 300);
    assert_non_null(buffer_reserve(&b, 0));
    uint8_t *p = buffer_reserve(&b, 300);
    assert_non_null(p);
    memset(p, 'a', 300);
    buffer_commit(&b, 300);
    assert_int_equal(buffer_room(&b), 0);
    buffer_consume(&b, 299);
    p = buffer_reserve(&b, 299);
    memset(p, 'b', 299);
    buffer_commit(&b, 299);
    assert_int_equal(buffer_bytes(&b).p[0], 'a');
    assert_int_equal(buffer_bytes(&b).p[299], 'b');
}

static void printf_fills_to_the_last_byte(void **state)
{
    (void)state;
    for (int n = 250; n < 262; n++) {
        OWNED(buffer_release) struct buffer b;
        buffer_init(&b, (size_t)n);
        buffer_printf(&b, "%0*d", n, 7);
        assert_ok(buffer_status(&b));
        assert_int_equal(buffer_size(&b), n);
        assert_int_equal(buffer_bytes(&b).p[n - 1], '7');
        buffer_clear(&b);
        buffer_printf(&b, "%0*d", n + 1, 7);
        assert_status(buffer_status(&b), E_TOO_LARGE);
    }
}

static void integers_are_big_endian(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 100);
    buffer_u8(&b, 1);
    buffer_u16(&b, 0x0203);
    buffer_u32(&b, 0x04050607);
    buffer_u64(&b, UINT64_C(0x08090a0b0c0d0e0f));
    buffer_bytes16(&b, text_bytes(TEXT("ab")));
    buffer_bytes32(&b, text_bytes(TEXT("c")));
    static const uint8_t expected[] = {1,  2,  3,  4, 5, 6,   7,   8, 9, 10, 11, 12,
                                       13, 14, 15, 0, 2, 'a', 'b', 0, 0, 0,  1,  'c'};
    assert_true(bytes_equal(buffer_bytes(&b), BYTES_OF(expected)));
}

static void shrinking_and_wiping_leave_an_empty_usable_buffer(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 100);
    buffer_text(&b, TEXT("secret"));
    buffer_shrink(&b);
    assert_text(buffer_as_text(&b), "secret");
    const uint8_t *memory = b.data;
    buffer_wipe(&b);
    for (size_t i = 0; i < b.capacity; i++)
        assert_int_equal(memory[i], 0);
    buffer_shrink(&b);
    assert_null(b.data);
    buffer_wipe(&b);
    buffer_cstr(&b, "again");
    assert_text(buffer_as_text(&b), "again");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_one_byte_over_the_maximum),
        cmocka_unit_test(failure_is_sticky_until_cleared),
        cmocka_unit_test(refuses_sizes_that_would_wrap),
        cmocka_unit_test(refuses_a_prefix_that_cannot_hold_the_length),
        cmocka_unit_test(consuming_or_committing_too_much_is_a_bug),
        cmocka_unit_test(survives_every_failing_allocation),
        cmocka_unit_test(a_failed_growth_keeps_the_bytes),
        cmocka_unit_test(reading_and_writing_slide_within_the_maximum),
        cmocka_unit_test(a_reserve_gives_exactly_the_room_it_promised),
        cmocka_unit_test(printf_fills_to_the_last_byte),
        cmocka_unit_test(integers_are_big_endian),
        cmocka_unit_test(shrinking_and_wiping_leave_an_empty_usable_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
