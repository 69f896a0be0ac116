/* SPDX-License-Identifier: Apache-2.0 */
#include "api/front/series.h"

#include <stdio.h>

#include "api/handlers.h"
#include "base/buffer.h"
#include "check.h"

/* Numbers for names, and what /metrics makes of both. */

static struct slab own, front;

static int fresh(void **state)
{
    (void)state;
    memset(&own, 0, sizeof own);
    memset(&front, 0, sizeof front);
    return 0;
}

static uint16_t number(struct call_series *s, const char *tenant, const char *application,
                       const char *service)
{
    return series_number(s, text_of(tenant), text_of(application), text_of(service));
}

static void nothing_has_a_number_without_names(void **state)
{
    (void)state;
    struct call_series *s = NULL;
    assert_int_equal(number(NULL, "", "shop", "orders"), SLAB_SERIES_OTHER);
    assert_ok(series_open(&own, &s));
    assert_int_equal(number(s, "", "", "orders"), SLAB_SERIES_OTHER);
    assert_int_equal(number(s, "", "shop", ""), SLAB_SERIES_OTHER);
    char endless[SLAB_SERIES_NAME_MAX + 1];
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = 0;
    assert_int_equal(number(s, "", endless, "orders"), SLAB_SERIES_OTHER);
    assert_int_equal(own.series_named, 0);
    series_close(s);
    series_close(NULL);
}

static void a_name_keeps_its_number_over_restarts(void **state)
{
    (void)state;
    struct call_series *s = NULL;
    assert_ok(series_open(&own, &s));
    assert_int_equal(number(s, "", "shop", "orders"), 0);
    assert_int_equal(number(s, "t", "shop", "orders"), 1);
    assert_int_equal(number(s, "", "shop", "orders"), 0);
    assert_int_equal(number(s, "ts", "hop", "orders"), 2); /* no two names run into one */
    series_close(s);
    /* one that was being written when its core died */
    memset(own.series_names[3].text, 'x', 10);
    assert_ok(series_open(&own, &s));
    assert_int_equal(number(s, "t", "shop", "orders"), 1);
    assert_int_equal(number(s, "", "shop", "new"), 3);
    series_close(s);
}

static void the_last_numbers_are_never_taken_back(void **state)
{
    (void)state;
    struct call_series *s = NULL;
    char name[16];
    assert_ok(series_open(&own, &s));
    for (unsigned i = 0; i < SLAB_SERIES_MAX; i++) {
        (void)snprintf(name, sizeof name, "s%u", i);
        assert_int_equal(number(s, "", "many", name), i);
    }
    assert_int_equal(number(s, "", "many", "one more"), SLAB_SERIES_OTHER);
    assert_int_equal(number(s, "", "many", "s0"), 0);
    series_close(s);
}

static void a_number_is_given_once_also_without_memory(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct call_series *s = NULL;
        mem_fail_after(i);
        if (status_ok(series_open(&own, &s))) {
            const uint16_t n = number(s, "", "shop", "orders");
            assert_true(n == 0 || n == SLAB_SERIES_OTHER);
        }
        mem_fail_after(-1);
        series_close(s);
    }
    assert_true(own.series_named <= 1);
}

static void metrics_add_up_fronts_and_escape_names(void **state)
{
    (void)state;
    static struct slab other;
    struct slab *slabs[] = {&own, &front, &other};
    const struct domain d = {.slab = &own, .slabs = slabs, .slab_count = 3};
    struct call_series *s = NULL;
    struct buffer b;
    memset(&other, 0, sizeof other);
    assert_ok(series_open(&own, &s));
    const uint16_t odd = number(s, "t\"1", "a\\b\nc\xff", "gr\xc3\xbcn"),
                   quiet = number(s, "", "shop", "quiet");
    assert_true(quiet != odd);
    slab_call(&front.series[odd], SLAB_CALL_2XX, 5000);
    slab_call(&other.series[odd], SLAB_CALL_2XX, 200000);
    slab_call(&other.series[odd], SLAB_CALL_FAILED, 1);
    slab_call(&other.series[SLAB_SERIES_OTHER], SLAB_CALL_4XX, 1);
    buffer_init(&b, 1 << 16);
    metrics_put_calls(&b, &d);
    buffer_byte(&b, 0);
    const char *page = (const char *)buffer_bytes(&b).p;
#define NAMES "{tenant=\"t\\\"1\",application=\"a\\\\b\\nc?\",service=\"gr\xc3\xbcn\""
    static const char *const lines[] = {
        "fairlead_gateway_calls_total" NAMES ",class=\"2xx\"} 2\n",
        "fairlead_gateway_calls_total" NAMES ",class=\"failed\"} 1\n",
        "fairlead_gateway_calls_total{application=\"other\",service=\"\",class=\"4xx\"} 1\n",
        "fairlead_gateway_call_seconds_bucket" NAMES ",le=\"0.01\"} 2\n",
        "fairlead_gateway_call_seconds_bucket" NAMES ",le=\"1\"} 3\n",
        "fairlead_gateway_call_seconds_bucket" NAMES ",le=\"+Inf\"} 3\n",
        "fairlead_gateway_call_seconds_sum" NAMES "} 0.205001\n",
        "fairlead_gateway_call_seconds_count" NAMES "} 3\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (!strstr(page, lines[i]))
            fail_msg("no line %sin\n%s", lines[i], page);
    assert_null(strstr(page, "quiet")); /* never called */
    buffer_release(&b);
    series_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_has_a_number_without_names, fresh),
        cmocka_unit_test_setup(a_number_is_given_once_also_without_memory, fresh),
        cmocka_unit_test_setup(a_name_keeps_its_number_over_restarts, fresh),
        cmocka_unit_test_setup(the_last_numbers_are_never_taken_back, fresh),
        cmocka_unit_test_setup(metrics_add_up_fronts_and_escape_names, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
