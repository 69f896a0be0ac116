/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"

#include "base/buffer.h"
#include "check.h"

static const uint8_t message[] = {1,  2,  3, 4, 5,   6,   7, 8, 9, 10, 11,  12, 13,
                                  14, 15, 0, 2, 'a', 'b', 0, 0, 0, 1,  'c', 0,  0};

static struct reader read_all(struct bytes in)
{
    struct reader r = reader_of(in);
    uint8_t u8 = reader_u8(&r);
    uint16_t u16 = reader_u16(&r);
    uint32_t u32 = reader_u32(&r);
    uint64_t u64 = reader_u64(&r);
    struct bytes b16 = reader_bytes16(&r);
    struct bytes b32 = reader_bytes32(&r);
    struct text empty = reader_text16(&r);
    if (reader_done(&r)) {
        assert_int_equal(u8, 1);
        assert_int_equal(u16, 0x0203);
        assert_int_equal(u32, 0x04050607);
        assert_int_equal(u64, UINT64_C(0x08090a0b0c0d0e0f));
        assert_text(bytes_text(b16), "ab");
        assert_text(bytes_text(b32), "c");
        assert_int_equal(empty.n, 0);
    }
    return r;
}

static void refuses_every_truncation(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(message); n++) {
        struct reader r = read_all((struct bytes){message, n});
        assert_true(r.failed);
        assert_false(reader_done(&r));
    }
}

static void refuses_what_is_left_over(void **state)
{
    (void)state;
    uint8_t longer[sizeof(message) + 1] = {0};
    memcpy(longer, message, sizeof(message));
    struct reader r = read_all(BYTES_OF(longer));
    assert_false(r.failed);
    assert_false(reader_done(&r));
}

static void refuses_a_length_beyond_the_end(void **state)
{
    (void)state;
    static const uint8_t too_long16[] = {0xff, 0xff, 'a'};
    static const uint8_t too_long32[] = {0xff, 0xff, 0xff, 0xff, 'a'};
    struct reader r = reader_of(BYTES_OF(too_long16));
    assert_int_equal(reader_bytes16(&r).n, 0);
    assert_true(r.failed);
    r = reader_of(BYTES_OF(too_long32));
    assert_int_equal(reader_bytes32(&r).n, 0);
    assert_true(r.failed);
    r = reader_of(BYTES_OF(too_long32));
    assert_int_equal(reader_take(&r, SIZE_MAX).n, 0);
    assert_true(r.failed);
}

static void failure_is_sticky(void **state)
{
    (void)state;
    struct reader r = reader_of(BYTES_OF(message));
    reader_take(&r, sizeof(message) + 1);
    assert_int_equal(reader_u8(&r), 0);
    assert_int_equal(reader_take(&r, 0).n, 0);
    assert_true(r.failed);
    assert_false(reader_done(&r));
}

static void reads_what_the_buffer_wrote(void **state)
{
    (void)state;
    struct reader r = read_all(BYTES_OF(message));
    assert_true(reader_done(&r));
    r = reader_of((struct bytes){NULL, 0});
    assert_int_equal(reader_take(&r, 0).n, 0);
    assert_true(reader_done(&r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_every_truncation),        cmocka_unit_test(refuses_what_is_left_over),
        cmocka_unit_test(refuses_a_length_beyond_the_end), cmocka_unit_test(failure_is_sticky),
        cmocka_unit_test(reads_what_the_buffer_wrote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
