/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "event/timeouts.h"

struct entry {
    struct timeout_entry timeout;
    int fired;
    int64_t armed_at_ms, fired_at_ms;
};

struct fixture {
    struct loop *loop;
    struct timeout_class *cls;
    struct timer *late;
    struct entry entries[4];
    int order[8];
    int fired, stop_at;
    int rearm; /* times the first entry arms itself again */
};

static void on_timeout(void *ctx, struct timeout_entry *e)
{
    struct fixture *f = ctx;
    struct entry *entry = (struct entry *)e;
    assert_false(timeout_armed(e));
    entry->fired++;
    entry->fired_at_ms = loop_now_ms(f->loop);
    f->order[f->fired++] = (int)(entry - f->entries);
    if (f->fired == f->stop_at)
        loop_stop(f->loop);
    if (f->rearm > 0) {
        f->rearm--;
        timeout_arm(f->cls, e);
    }
}

static void on_late(void *ctx)
{
    loop_stop(((struct fixture *)ctx)->loop);
}

static int set_up(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    f->loop = loop_new();
    assert_ok(timeout_class_new(f->loop, 20, on_timeout, f, &f->cls));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    timeout_class_free(f->cls);
    timer_stop(f->late);
    loop_free(f->loop);
    mem_free(f);
    return 0;
}

static void arm(struct fixture *f, int i)
{
    f->entries[i].armed_at_ms = loop_now_ms(f->loop);
    timeout_arm(f->cls, &f->entries[i].timeout);
}

static void run_for(struct fixture *f, int64_t ms)
{
    timer_stop(f->late);
    assert_ok(timer_start(f->loop, ms, 0, on_late, f, &f->late));
    loop_run(f->loop);
}

static void a_disarmed_entry_does_not_fire(void **state)
{
    struct fixture *f = *state;
    arm(f, 0);
    timeout_disarm(&f->entries[0].timeout);
    timeout_disarm(&f->entries[0].timeout); /* harmless */
    assert_false(timeout_armed(&f->entries[0].timeout));
    run_for(f, 60);
    assert_int_equal(f->fired, 0);
}

static void entries_fire_in_order_and_never_early(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++)
        arm(f, i);
    run_for(f, 80);
    assert_int_equal(f->fired, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(f->order[i], i);
        assert_true(f->entries[i].fired_at_ms - f->entries[i].armed_at_ms >= 20);
    }
}

static void arming_again_moves_to_the_end(void **state)
{
    struct fixture *f = *state;
    arm(f, 0);
    arm(f, 1);
    arm(f, 0);
    run_for(f, 80);
    assert_int_equal(f->fired, 2);
    assert_int_equal(f->order[0], 1);
    assert_int_equal(f->order[1], 0);
}

static void arming_in_another_class_leaves_the_first(void **state)
{
    struct fixture *f = *state;
    struct timeout_class *slow = NULL;
    assert_ok(timeout_class_new(f->loop, 10000, on_timeout, f, &slow));
    arm(f, 0);
    timeout_arm(slow, &f->entries[0].timeout);
    run_for(f, 60);
    assert_int_equal(f->fired, 0);
    timeout_class_free(slow);
    assert_false(timeout_armed(&f->entries[0].timeout)); /* freeing disarms what is left */
}

static void an_entry_may_arm_itself_again_when_it_fires(void **state)
{
    struct fixture *f = *state;
    f->rearm = 2;
    f->stop_at = 3;
    arm(f, 0);
    run_for(f, 60000); /* it ends with the third */
    assert_int_equal(f->entries[0].fired, 3);
}

static void works_again_after_the_list_was_empty(void **state)
{
    struct fixture *f = *state;
    arm(f, 0);
    run_for(f, 60);
    arm(f, 0);
    run_for(f, 60);
    assert_int_equal(f->entries[0].fired, 2);
}

static void a_shorter_period_cuts_what_is_armed_and_keeps_order(void **state)
{
    struct fixture *f = *state;
    timeout_class_set_period(f->cls, 60000);
    arm(f, 0);
    arm(f, 1);
    timeout_class_set_period(f->cls, 20);
    arm(f, 2);
    run_for(f, 80);
    assert_int_equal(f->fired, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(f->order[i], i);
}

/* The timer that was started for an entry disarmed since still runs: nobody waits for it. */
static void a_shorter_period_holds_for_what_is_armed_next(void **state)
{
    struct fixture *f = *state;
    timeout_class_set_period(f->cls, 60000);
    arm(f, 0);
    timeout_disarm(&f->entries[0].timeout);
    timeout_class_set_period(f->cls, 20);
    f->stop_at = 1;
    arm(f, 1);
    run_for(f, 30000);
    assert_int_equal(f->entries[1].fired, 1);
}

static void a_longer_period_is_for_entries_armed_from_now_on(void **state)
{
    struct fixture *f = *state;
    arm(f, 0);
    timeout_class_set_period(f->cls, 60000);
    arm(f, 1);
    run_for(f, 1200); /* the resolution grows with the period, to at most a second */
    assert_int_equal(f->entries[0].fired, 1);
    assert_int_equal(f->entries[1].fired, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_disarmed_entry_does_not_fire),
        T(entries_fire_in_order_and_never_early),
        T(arming_again_moves_to_the_end),
        T(arming_in_another_class_leaves_the_first),
        T(an_entry_may_arm_itself_again_when_it_fires),
        T(works_again_after_the_list_was_empty),
        T(a_shorter_period_cuts_what_is_armed_and_keeps_order),
        T(a_shorter_period_holds_for_what_is_armed_next),
        T(a_longer_period_is_for_entries_armed_from_now_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
