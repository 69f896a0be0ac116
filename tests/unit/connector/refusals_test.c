/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/connector.h"

#include <stdio.h>

#include "base/clock.h"
#include "check.h"
#include "world.h"

static void writes_one_row_a_minute_for_many_refusals(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const int64_t start = clock_now_ms();
    clock_set_test(start, 1000000);
    struct audit_caller caller = world_caller;
    caller.actor = TEXT("");
    for (int i = 0; i < 1000; i++)
        connector_refused(w->connector, TEXT("refused.token"), &caller);
    caller.address = TEXT("203.0.113.7:9"); /* another port of the same peer */
    clock_advance_test(5000);
    connector_refused(w->connector, TEXT("refused.token"), &caller);
    assert_ok(connector_flush_refusals(w->connector, false));
    struct audit_entry e;
    assert_int_equal(world_audit(w, "refused.", &e), 1);
    assert_int_equal(e.count, 1001);
    assert_int_equal(e.at, start / 1000);
    assert_int_equal(e.last_at, (start + 5000) / 1000);
    assert_text(e.actor, "203.0.113.7");
    assert_text(e.address, "203.0.113.7:9");

    connector_refused(w->connector, TEXT("refused.token"), &caller);
    clock_advance_test(59000);
    assert_ok(connector_flush_refusals(w->connector, false));
    assert_int_equal(world_audit(w, "refused.", NULL), 1);
    clock_advance_test(1000);
    assert_ok(connector_flush_refusals(w->connector, false));
    assert_int_equal(world_audit(w, "refused.", NULL), 2);
    clock_real();
    world_close(w);
}

static void keeps_a_bounded_number_of_tallies(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    struct audit_caller caller = world_caller;
    char actor[32];
    for (int i = 0; i < 10000; i++) {
        snprintf(actor, sizeof actor, "certificate:%d", i);
        caller.actor = text_of(actor);
        connector_refused(w->connector, TEXT("refused.revoked"), &caller);
    }
    assert_ok(connector_flush_refusals(w->connector, true));
    const struct audit_filter filter = {
        .action_prefix = TEXT("refused.revoked"), .actor = TEXT("others"), .limit = 10};
    (void)filter;
    assert_int_equal(world_audit(w, "refused.", NULL), 1000); /* the page's limit: there are more */
    world_close(w);
}

static void counts_on_after_a_failed_write(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    connector_refused(w->connector, TEXT("refused.token"), &world_caller);
    assert_survives_failing_allocations(connector_flush_refusals(w->connector, true));
    struct audit_entry e;
    assert_int_equal(world_audit(w, "refused.", &e), 1);
    assert_int_equal(e.count, 1);
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_one_row_a_minute_for_many_refusals),
        cmocka_unit_test(keeps_a_bounded_number_of_tallies),
        cmocka_unit_test(counts_on_after_a_failed_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
