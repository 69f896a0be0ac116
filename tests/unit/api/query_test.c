/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "check.h"

static void refuses_times_that_do_not_exist(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "2026",
        "2026-13-01",
        "2026-02-29",
        "2026-00-10",
        "2026-01-00",
        "1969-12-31",
        "2026/01/01",
        "2026-01-01T",
        "2026-01-01T10:00:00",
        "2026-01-01 10:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T10:60:00Z",
        "2026-01-01T10:00:00.Z",
        "2026-01-01T10:00:00+1",
        "2026-01-01T10:00:00+24:00",
        "2026-01-01T10:00:00ZZ",
        "x026-01-01",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t t;
        if (time_parse(text_of(rows[i]), &t))
            fail_msg("'%s' was taken for a time", rows[i]);
    }
}

static void reads_rfc_3339_and_dates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        {"1970-01-01", 0},
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-21T05:13:44Z", 1795238024},
        {"2026-11-21t05:13:44.123z", 1795238024},
        {"2026-11-21T07:13:44+02:00", 1795238024},
        {"2026-11-20T23:43:44-05:30", 1795238024},
        {"2028-02-29", 1835395200},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t t = -1;
        assert_true(time_parse(text_of(rows[i].text), &t));
        assert_int_equal(t, rows[i].seconds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_times_that_do_not_exist),
        cmocka_unit_test(reads_rfc_3339_and_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
