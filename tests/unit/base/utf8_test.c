/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include "check.h"

/* The classes of RFC 3629 section 4 that a decoder must not take, and Markus Kuhn's list. */
static const struct text refused[] = {
    TEXT_INIT("\x80"),             /* continuation alone */
    TEXT_INIT("\xbf"),             /* */
    TEXT_INIT("\xc0\x80"),         /* overlong NUL */
    TEXT_INIT("\xc0\xaf"),         /* overlong '/' */
    TEXT_INIT("\xc1\xbf"),         /* overlong */
    TEXT_INIT("\xc3"),             /* cut */
    TEXT_INIT("\xc3("),            /* no continuation */
    TEXT_INIT("\xe0\x80\x80"),     /* overlong */
    TEXT_INIT("\xe0\x9f\xbf"),     /* overlong, the last */
    TEXT_INIT("\xe2\x82"),         /* cut */
    TEXT_INIT("\xed\xa0\x80"),     /* surrogate D800 */
    TEXT_INIT("\xed\xbf\xbf"),     /* surrogate DFFF */
    TEXT_INIT("\xf0\x80\x80\x80"), /* overlong */
    TEXT_INIT("\xf0\x8f\xbf\xbf"), /* overlong, the last */
    TEXT_INIT("\xf4\x90\x80\x80"), /* U+110000 */
    TEXT_INIT("\xf5\x80\x80\x80"), /* above */
    TEXT_INIT("\xf0\x9f\x9a"),     /* cut */
    TEXT_INIT("\xff"),             /* never */
};

static void refuses_what_is_not_utf8(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        uint32_t point = 42;
        assert_int_equal(utf8_decode(refused[i].p, refused[i].n, &point), 0);
        assert_int_equal(point, 42);
        assert_false(text_is_utf8(refused[i]));
    }
    uint32_t point;
    assert_int_equal(utf8_decode("x", 0, &point), 0);
}

static void every_code_point_survives_a_round_trip(void **state)
{
    (void)state;
    for (uint32_t point = 0; point <= 0x10ffff; point++) {
        if (point >= 0xd800 && point <= 0xdfff)
            continue;
        char encoded[UTF8_MAX];
        uint32_t decoded = ~point;
        size_t n = utf8_encode(point, encoded);
        if (utf8_decode(encoded, n, &decoded) != n || decoded != point ||
            utf8_decode(encoded, n - 1, &decoded) != 0)
            fail_msg("U+%04X", point);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_not_utf8),
        cmocka_unit_test(every_code_point_survives_a_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
