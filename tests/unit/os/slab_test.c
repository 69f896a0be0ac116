/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <unistd.h>

#include "os/processes.h"
#include "os/slab.h"

static void refuses_a_wrong_size(void **state)
{
    (void)state;
    int fd = -1;
    struct slab *s = NULL;
    assert_ok(memfd_sealed("small", BYTES_OF("x"), &fd));
    assert_status(slab_map(fd, &s), E_INVALID);
    close(fd);
}

static void counts_are_shared_between_maps(void **state)
{
    (void)state;
    int fd = -1;
    struct slab *front = NULL, *core = NULL;
    assert_ok(slab_create(&fd));
    assert_ok(slab_map(fd, &front));
    assert_ok(slab_map(fd, &core));
    slab_add(front, SLAB_HANDSHAKES, 3);
    slab_add(front, SLAB_HANDSHAKES, 2);
    assert_int_equal(atomic_load(&core->counters[SLAB_HANDSHAKES]), 5);
    slab_unmap(front);
    assert_ok(slab_map(fd, &front)); /* a restarted front continues */
    assert_int_equal(atomic_load(&front->counters[SLAB_HANDSHAKES]), 5);
    slab_unmap(front);
    slab_unmap(core);
    slab_unmap(NULL);
    close(fd);
}

static void latencies_fall_into_the_bucket_of_their_upper_bound(void **state)
{
    (void)state;
    int fd = -1;
    struct slab *s = NULL;
    assert_ok(slab_create(&fd));
    assert_ok(slab_map(fd, &s));
    for (unsigned i = 0; i < SLAB_LATENCY_BUCKETS; i++) {
        assert_true(i == 0 || slab_latency_bounds[i] > slab_latency_bounds[i - 1]);
        slab_latency(s, slab_latency_bounds[i]);
        assert_int_equal(atomic_load(&s->latency[i]), 1);
    }
    slab_latency(s, UINT32_MAX);
    assert_int_equal(atomic_load(&s->latency[SLAB_LATENCY_BUCKETS]), 1);
    slab_unmap(s);
    close(fd);
}

static void calls_are_counted_under_numbers_that_outlive_their_process(void **state)
{
    (void)state;
    int fd = -1;
    struct slab *front = NULL, *core = NULL;
    assert_ok(slab_create(&fd));
    assert_ok(slab_map(fd, &front));
    assert_ok(slab_map(fd, &core));
    slab_call(&front->series[7], SLAB_CALL_2XX, slab_call_bounds[0]);
    slab_call(&front->series[7], SLAB_CALL_FAILED, slab_call_bounds[0] + 1);
    slab_call(&front->series[SLAB_SERIES_OTHER], SLAB_CALL_CANCELLED, UINT64_MAX / 2);
    slab_call(&front->series[7], SLAB_CALL_1XX, SLAB_CALL_UNTIMED);
    slab_unmap(front);
    assert_ok(slab_map(fd, &front));
    slab_call(&front->series[7], SLAB_CALL_2XX, 1);
    assert_int_equal(atomic_load(&core->series[7].calls[SLAB_CALL_2XX]), 2);
    assert_int_equal(atomic_load(&core->series[7].calls[SLAB_CALL_1XX]), 1);
    assert_int_equal(atomic_load(&core->series[7].times[0]), 2);
    assert_int_equal(atomic_load(&core->series[7].times[1]), 1);
    assert_int_equal(atomic_load(&core->series[7].time_sum_us), 2 * slab_call_bounds[0] + 2);
    assert_int_equal(atomic_load(&core->series[SLAB_SERIES_OTHER].times[SLAB_CALL_BUCKETS]), 1);
    slab_unmap(front);
    slab_unmap(core);
    close(fd);
}

static void a_process_is_alive_while_its_heart_beats(void **state)
{
    (void)state;
    static struct slab s;
    assert_false(slab_is_alive(&s, 1)); /* not yet */
    atomic_store(&s.heartbeat_ms, 1000);
    assert_true(slab_is_alive(&s, 1000 + SLAB_ALIVE_MS - 1));
    assert_false(slab_is_alive(&s, 1000 + SLAB_ALIVE_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_is_alive_while_its_heart_beats),
        cmocka_unit_test(refuses_a_wrong_size),
        cmocka_unit_test(calls_are_counted_under_numbers_that_outlive_their_process),
        cmocka_unit_test(counts_are_shared_between_maps),
        cmocka_unit_test(latencies_fall_into_the_bucket_of_their_upper_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
