/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/der.h"

#include "base/clock.h"
#include "check.h"

#define DER(literal) ((struct bytes){(const uint8_t *)("" literal), sizeof(literal) - 1})

static void refuses_what_is_not_strict_der(void **state)
{
    (void)state;
    static const struct {
        struct text input;
        const char *reason;
    } cases[] = {
        {TEXT_INIT("\x30"), "is cut short"},
        {TEXT_INIT("\x30\x80\x00\x00"), "has an indefinite length"},
        {TEXT_INIT("\x30\x81\x03\x02\x01\x00"), "has a length that is not minimal"},
        {TEXT_INIT("\x30\x82\x00\x80"), "has a length that is not minimal"},
        {TEXT_INIT("\x30\x85\x01\x01\x01\x01\x01"), "has a length of more than four octets"},
        {TEXT_INIT("\x30\x82\x01"), "is cut short"},
        {TEXT_INIT("\x30\x03\x02\x01"), "is cut short"},
        {TEXT_INIT("\x30\x02\x02\x01"), "is cut short"},
        {TEXT_INIT("\x3f\x81\x01\x00"), "has a tag number above 30"},
        {TEXT_INIT("\x02\x00"), "holds an INTEGER without octets"},
        {TEXT_INIT("\x02\x02\x00\x7f"), "holds an INTEGER that is not minimal"},
        {TEXT_INIT("\x02\x02\xff\x80"), "holds an INTEGER that is not minimal"},
        {TEXT_INIT("\x01\x01\x01"), "holds a BOOLEAN that is neither 00 nor FF"},
        {TEXT_INIT("\x01\x00"), "holds a BOOLEAN that is neither 00 nor FF"},
        {TEXT_INIT("\x03\x00"), "holds a malformed BIT STRING"},
        {TEXT_INIT("\x03\x02\x08\x00"), "holds a malformed BIT STRING"},
        {TEXT_INIT("\x03\x01\x01"), "holds a malformed BIT STRING"},
        {TEXT_INIT("\x03\x02\x04\x08"), "holds a BIT STRING with padding bits set"},
        {TEXT_INIT("\x05\x01\x00"), "holds a NULL with content"},
        {TEXT_INIT("\x06\x00"), "holds a malformed OBJECT IDENTIFIER"},
        {TEXT_INIT("\x06\x02\x2a\x86"), "holds a malformed OBJECT IDENTIFIER"},
        {TEXT_INIT("\x06\x03\x2a\x80\x01"), "holds an OBJECT IDENTIFIER that is not minimal"},
        {TEXT_INIT("\x1e\x01\x41"), "holds a BMPString of odd length"},
        {TEXT_INIT("\x1c\x02\x00\x41"), "holds a UniversalString of odd length"},
        {TEXT_INIT("\x24\x03\x04\x01\x41"), "holds a constructed string or an unknown type"},
        {TEXT_INIT("\x10\x00"), "holds an unknown type"},
        {TEXT_INIT("\x00\x00"), "holds an unknown type"},
        {TEXT_INIT("\xa0\x03\x02\x02\x00"), "is cut short"},
        {TEXT_INIT("\x30\x04\x30\x02\x01\x00"), "holds a BOOLEAN that is neither 00 nor FF"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct der_fault fault = {0};
        der_check_tree(text_bytes(cases[i].input), &fault, "it");
        if (!fault.reason)
            fail_msg("case %zu was accepted, expected '%s'", i, cases[i].reason);
        assert_string_equal(fault.reason, cases[i].reason);
    }
}

static void refuses_a_tree_that_is_too_deep(void **state)
{
    (void)state;
    for (size_t levels = DER_DEPTH_MAX - 2; levels < DER_DEPTH_MAX + 2; levels++) {
        uint8_t der[2 * (DER_DEPTH_MAX + 2)];
        for (size_t i = 0; i < levels; i++) {
            der[2 * i] = DER_SEQUENCE;
            der[2 * i + 1] = (uint8_t)(2 * (levels - 1 - i));
        }
        struct der_fault fault = {0};
        der_check_tree((struct bytes){der, 2 * levels}, &fault, "it");
        assert_int_equal(fault.reason != NULL, levels >= DER_DEPTH_MAX);
    }
}

static void keeps_the_first_fault_and_reads_nothing_after_it(void **state)
{
    (void)state;
    struct der_fault fault = {0};
    struct der top = der_of(DER("\x30\x06\x04\x01\x41\x02\x01\x05"), &fault);
    struct der d = der_enter(&top, DER_SEQUENCE, "the list");
    assert_int_equal(der_integer(&d, "the number").n, 0);
    assert_int_equal(der_unsigned(&d, 10, "the other number"), 0);
    der_end(&d, "the list");
    assert_false(der_more(&d));
    struct error err;
    assert_status(der_status(&fault, &err), E_INVALID);
    assert_string_equal(err.message, "the number is not an INTEGER");
}

static void refuses_numbers_out_of_range(void **state)
{
    (void)state;
    static const struct {
        struct text input;
        const char *reason;
    } cases[] = {
        {TEXT_INIT("\x02\x01\xff"), "is negative"},
        {TEXT_INIT("\x02\x01\x0b"), "is too large"},
        {TEXT_INIT("\x02\x09\x01\x00\x00\x00\x00\x00\x00\x00\x00"), "is too large"},
        {TEXT_INIT("\x02\x0a\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"), "is too large"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct der_fault fault = {0};
        struct der d = der_of(text_bytes(cases[i].input), &fault);
        assert_int_equal(der_unsigned(&d, 10, "it"), 0);
        assert_string_equal(fault.reason, cases[i].reason);
    }
    struct der_fault fault = {0};
    struct der d = der_of(DER("\x02\x01\x00"), &fault);
    (void)der_positive(&d, "it");
    assert_string_equal(fault.reason, "is not positive");
}

static void reads_an_unsigned_of_64_bits(void **state)
{
    (void)state;
    struct der_fault fault = {0};
    struct der d = der_of(DER("\x02\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff"), &fault);
    assert_true(der_unsigned(&d, UINT64_MAX, "it") == UINT64_MAX);
    der_end(&d, "it");
    assert_ok(der_status(&fault, NULL));
}

static void refuses_times_that_are_not_rfc_5280(void **state)
{
    (void)state;
    static const struct text cases[] = {
        TEXT_INIT("\x17\x0b"
                  "2601010000Z"),
        TEXT_INIT("\x17\x11"
                  "260101000000+0100"),
        TEXT_INIT("\x17\x0d"
                  "260230000000Z"),
        TEXT_INIT("\x17\x0d"
                  "261301000000Z"),
        TEXT_INIT("\x17\x0d"
                  "260101240000Z"),
        TEXT_INIT("\x17\x0d"
                  "260101000060Z"),
        TEXT_INIT("\x18\x11"
                  "20260101000000.5Z"),
        TEXT_INIT("\x17\x0d"
                  "26010100000aZ"),
        TEXT_INIT("\x17\x0d"
                  "2601010000000"),
        TEXT_INIT("\x18\x0d"
                  "260101000000Z"),
        TEXT_INIT("\x04\x0d"
                  "260101000000Z"),
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct der_fault fault = {0};
        struct der d = der_of(text_bytes(cases[i]), &fault);
        (void)der_time(&d, "it");
        if (!fault.what)
            fail_msg("case %zu was accepted", i);
    }
}

static void writes_times_as_rfc_5280_wants_and_reads_them_back(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *der;
    } cases[] = {
        {0, "\x17\x0d"
            "700101000000Z"},
        {2524607999, "\x17\x0d"
                     "491231235959Z"},
        {2524608000, "\x18\x0f"
                     "20500101000000Z"},
        {253402300799, "\x18\x0f"
                       "99991231235959Z"},
        {-631152000, "\x17\x0d"
                     "500101000000Z"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(buffer_release) struct buffer out;
        buffer_init(&out, 64);
        der_put_time(&out, cases[i].seconds);
        assert_text(buffer_as_text(&out), cases[i].der);
        struct der_fault fault = {0};
        struct der d = der_of(buffer_bytes(&out), &fault);
        assert_true(der_time(&d, "it") == cases[i].seconds);
        assert_ok(der_status(&fault, NULL));
    }
}

static void writes_lengths_that_the_reader_takes(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 70000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        OWNED(buffer_release) struct buffer out;
        buffer_init(&out, 1 << 20);
        size_t outer = der_begin(&out, DER_SEQUENCE);
        size_t inner = der_begin(&out, DER_OCTET_STRING);
        for (size_t n = 0; n < sizes[i]; n++)
            buffer_u8(&out, (uint8_t)n);
        der_finish(&out, inner);
        der_finish(&out, outer);
        struct der_fault fault = {0};
        der_check_tree(buffer_bytes(&out), &fault, "it");
        struct der top = der_of(buffer_bytes(&out), &fault);
        struct der d = der_enter(&top, DER_SEQUENCE, "it");
        struct bytes content = der_take(&d, DER_OCTET_STRING, "it");
        der_end(&d, "it");
        der_end(&top, "it");
        assert_ok(der_status(&fault, NULL));
        assert_int_equal(content.n, sizes[i]);
        for (size_t n = 0; n < content.n; n++)
            assert_int_equal(content.p[n], (uint8_t)n);
    }
}

static void writes_integers_in_their_shortest_form(void **state)
{
    (void)state;
    static const struct {
        uint64_t value;
        struct text der;
    } cases[] = {
        {0, TEXT_INIT("\x02\x01\x00")},
        {127, TEXT_INIT("\x02\x01\x7f")},
        {128, TEXT_INIT("\x02\x02\x00\x80")},
        {65537, TEXT_INIT("\x02\x03\x01\x00\x01")},
        {UINT64_MAX, TEXT_INIT("\x02\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff")},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(buffer_release) struct buffer out;
        buffer_init(&out, 64);
        der_put_unsigned(&out, cases[i].value);
        assert_true(bytes_equal(buffer_bytes(&out), text_bytes(cases[i].der)));
    }
}

static void a_full_buffer_does_not_harm(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 130);
    size_t mark = der_begin(&out, DER_OCTET_STRING);
    for (int i = 0; i < 128; i++)
        buffer_u8(&out, 1);
    der_finish(&out, mark);
    assert_status(buffer_status(&out), E_TOO_LARGE);
    mark = der_begin(&out, DER_OCTET_STRING);
    der_finish(&out, mark);
    assert_status(buffer_status(&out), E_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_not_strict_der),
        cmocka_unit_test(refuses_a_tree_that_is_too_deep),
        cmocka_unit_test(keeps_the_first_fault_and_reads_nothing_after_it),
        cmocka_unit_test(refuses_numbers_out_of_range),
        cmocka_unit_test(reads_an_unsigned_of_64_bits),
        cmocka_unit_test(refuses_times_that_are_not_rfc_5280),
        cmocka_unit_test(writes_times_as_rfc_5280_wants_and_reads_them_back),
        cmocka_unit_test(writes_lengths_that_the_reader_takes),
        cmocka_unit_test(writes_integers_in_their_shortest_form),
        cmocka_unit_test(a_full_buffer_does_not_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
