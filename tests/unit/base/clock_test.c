/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

#include "check.h"

static void refuses_malformed_durations(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "5",
                                      "m",
                                      "5 m",
                                      "-5m",
                                      "+5m",
                                      "5M",
                                      "5min",
                                      "5.5m",
                                      "1h30m",
                                      "5m ",
                                      " 5m",
                                      "0x5m",
                                      "w",
                                      "36526d",
                                      "99999999999999999999ms",
                                      "18446744073709551615d",
                                      "876601h"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t ms = 42;
        assert_false(duration_parse(text_of(bad[i]), &ms));
        assert_int_equal(ms, 42);
    }
    int64_t ms;
    assert_false(duration_parse((struct text){NULL, 0}, &ms));
}

static void durations_have_one_unit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"0s", 0},         {"250ms", 250},
        {"12s", 12000},    {"5m", 300000},
        {"24h", 86400000}, {"92d", INT64_C(92) * 86400000},
        {"007s", 7000},    {"36525d", INT64_C(36525) * 86400000},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t ms;
        assert_true(duration_parse(text_of(cases[i].text), &ms));
        assert_int_equal(ms, cases[i].ms);
    }
}

static void people_see_the_two_largest_units(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "0s"},
        {999, "999ms"},
        {12000, "12s"},
        {12500, "12s 500ms"},
        {300000, "5m"},
        {INT64_C(86400000) * 3 + 3600000 * 4 + 60000, "3d 4h"},
        {INT64_C(86400000) * 3 + 60000, "3d"},
        {-61000, "-1m 1s"},
        {INT64_MAX, "106751991167d 7h"},
        {INT64_MIN, "-106751991167d 7h"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[CLOCK_RFC3339_MAX];
        assert_string_equal(duration_format(cases[i].ms, out), cases[i].text);
    }
}

static void years_without_four_digits_are_invalid(void **state)
{
    (void)state;
    char out[CLOCK_RFC3339_MAX];
    assert_string_equal(clock_format_rfc3339(INT64_C(253402300800), out), "invalid"); /* 10000-01-01 */
    assert_string_equal(clock_format_rfc3339(INT64_C(-62167219201), out), "invalid"); /* -0001-12-31 */
    assert_string_equal(clock_format_rfc3339(INT64_MAX, out), "invalid");
    assert_string_equal(clock_format_rfc3339(INT64_MIN, out), "invalid");
    assert_string_equal(clock_format_rfc3339_ms(INT64_MIN, out), "invalid");
}

static void times_print_as_rfc3339(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00Z"},
        {-1, "1969-12-31T23:59:59Z"},
        {951782400, "2000-02-29T00:00:00Z"},
        {INT64_C(4107542399), "2100-02-28T23:59:59Z"},
        {INT64_C(4107542400), "2100-03-01T00:00:00Z"},
        {INT64_C(253402300799), "9999-12-31T23:59:59Z"},
        {INT64_C(-62167219200), "0000-01-01T00:00:00Z"},
    };
    char out[CLOCK_RFC3339_MAX];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(clock_format_rfc3339(cases[i].seconds, out), cases[i].text);
    assert_string_equal(clock_format_rfc3339_ms(INT64_C(1795238024123), out), "2026-11-21T05:13:44.123Z");
    assert_string_equal(clock_format_rfc3339_ms(-1, out), "1969-12-31T23:59:59.999Z");
}

static void the_calendar_agrees_with_itself_and_with_libc(void **state)
{
    (void)state;
    for (int64_t t = INT64_C(-70000000000); t < INT64_C(260000000000); t += 86400 * 97 + 12345) {
        struct civil c = clock_to_civil(t);
        assert_int_equal(clock_from_civil(c.year, c.month, c.day, c.hour, c.minute, c.second), t);
        struct tm tm;
        time_t seconds = t;
        assert_non_null(gmtime_r(&seconds, &tm));
        assert_int_equal(c.year, tm.tm_year + 1900);
        assert_int_equal(c.month, tm.tm_mon + 1);
        assert_int_equal(c.day, tm.tm_mday);
        assert_int_equal(c.hour, tm.tm_hour);
        assert_int_equal(c.second, tm.tm_sec);
    }
}

static void the_test_clock_stands_and_moves(void **state)
{
    (void)state;
    clock_set_test(1500, 700);
    assert_int_equal(clock_now_ms(), 1500);
    assert_int_equal(clock_now_s(), 1);
    assert_int_equal(clock_monotonic_ms(), 700);
    clock_advance_test(1000);
    assert_int_equal(clock_now_ms(), 2500);
    assert_int_equal(clock_monotonic_us(), 1700000);
    clock_set_test(-1, 0);
    assert_int_equal(clock_now_s(), -1);
    clock_real();
    assert_true(clock_now_s() > INT64_C(1700000000));
    int64_t before = clock_monotonic_us();
    assert_true(clock_monotonic_us() >= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_malformed_durations),
        cmocka_unit_test(durations_have_one_unit),
        cmocka_unit_test(people_see_the_two_largest_units),
        cmocka_unit_test(years_without_four_digits_are_invalid),
        cmocka_unit_test(times_print_as_rfc3339),
        cmocka_unit_test(the_calendar_agrees_with_itself_and_with_libc),
        cmocka_unit_test(the_test_clock_stands_and_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
