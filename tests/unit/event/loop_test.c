/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "event/loop.h"

struct fixture {
    struct loop *loop;
    int pair[2];
    struct watch *watch;
    struct timer *timer;
    struct wakeup *wakeup;
    struct signal_watch *signal;
    struct prepare *prepare;
    unsigned ready;
    int calls, prepared;
    int stop_after;
};

static int set_up(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    f->loop = loop_new();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, f->pair), 0);
    f->stop_after = 1;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    watch_stop(f->watch);
    timer_stop(f->timer);
    wakeup_free(f->wakeup);
    signal_stop(f->signal);
    prepare_stop(f->prepare);
    close(f->pair[0]);
    close(f->pair[1]);
    loop_free(f->loop);
    mem_free(f);
    return 0;
}

static void count_call(struct fixture *f)
{
    if (++f->calls >= f->stop_after)
        loop_stop(f->loop);
}

static void on_ready(void *ctx, unsigned ready)
{
    struct fixture *f = ctx;
    f->ready |= ready;
    count_call(f);
}

static void on_timer(void *ctx)
{
    count_call(ctx);
}

static void on_late(void *ctx)
{
    loop_stop(((struct fixture *)ctx)->loop);
}

static void refuses_a_second_watch_of_one_descriptor(void **state)
{
    struct fixture *f = *state;
    assert_ok(watch_start(f->loop, f->pair[0], WATCH_READ, on_ready, f, &f->watch));
    struct watch *second = NULL;
    assert_status(watch_start(f->loop, f->pair[0], 0, on_ready, f, &second), E_INVALID);
    assert_null(second);
}

static void refuses_a_signal_that_cannot_be_caught(void **state)
{
    struct fixture *f = *state;
    assert_status(signal_start(f->loop, SIGKILL, NULL, f, &f->signal), E_INVALID);
    assert_null(f->signal);
}

static void reports_readable_again_until_it_is_read(void **state)
{
    struct fixture *f = *state;
    f->stop_after = 3;
    assert_int_equal(write(f->pair[1], "x", 1), 1);
    assert_ok(watch_start(f->loop, f->pair[0], WATCH_READ, on_ready, f, &f->watch));
    loop_run(f->loop);
    assert_int_equal(f->calls, 3);
    assert_int_equal(f->ready, WATCH_READ);
}

static void reports_what_is_asked_for_only(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(write(f->pair[1], "x", 1), 1);
    assert_ok(watch_start(f->loop, f->pair[0], 0, on_ready, f, &f->watch));
    struct timer *late = NULL;
    assert_ok(timer_start(f->loop, 20, 0, on_late, f, &late));
    loop_run(f->loop);
    assert_int_equal(f->calls, 0);
    watch_set(f->watch, WATCH_WRITE);
    loop_run(f->loop);
    assert_int_equal(f->ready, WATCH_WRITE);
    timer_stop(late);
}

static void an_error_is_reported_as_both_and_stays_level_triggered(void **state)
{
    struct fixture *f = *state;
    int pipe_ends[2];
    assert_int_equal(pipe(pipe_ends), 0);
    close(pipe_ends[0]); /* a pipe without reader: EPOLLERR at its writing end */
    f->stop_after = 3;
    assert_ok(watch_start(f->loop, pipe_ends[1], WATCH_WRITE, on_ready, f, &f->watch));
    loop_run(f->loop);
    assert_int_equal(f->calls, 3);
    assert_int_equal(f->ready, WATCH_READ | WATCH_WRITE);
    watch_stop(f->watch);
    f->watch = NULL;
    close(pipe_ends[1]);
}

static void stop_inside(void *ctx, unsigned ready)
{
    (void)ready;
    struct fixture *f = ctx;
    watch_stop(f->watch);
    f->watch = NULL;
    count_call(f);
}

static void a_watch_may_be_stopped_in_its_callback_and_the_descriptor_reused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(write(f->pair[1], "x", 1), 1);
    for (int i = 0; i < 3; i++) {
        assert_ok(watch_start(f->loop, f->pair[0], WATCH_READ, stop_inside, f, &f->watch));
        loop_run(f->loop);
        assert_null(f->watch);
    }
    assert_int_equal(f->calls, 3);
}

static void a_timer_repeats(void **state)
{
    struct fixture *f = *state;
    f->stop_after = 3;
    assert_ok(timer_start(f->loop, 5, 5, on_timer, f, &f->timer));
    int64_t before = loop_now_ms(f->loop);
    loop_run(f->loop);
    assert_int_equal(f->calls, 3);
    assert_true(loop_now_ms(f->loop) - before >= 15);
}

static void stop_timer_inside(void *ctx)
{
    struct fixture *f = ctx;
    timer_stop(f->timer);
    f->timer = NULL;
    f->calls++;
}

static void a_timer_may_be_stopped_in_its_callback(void **state)
{
    struct fixture *f = *state;
    assert_ok(timer_start(f->loop, 1, 1, stop_timer_inside, f, &f->timer));
    struct timer *late = NULL;
    assert_ok(timer_start(f->loop, 30, 0, on_late, f, &late));
    loop_run(f->loop);
    assert_int_equal(f->calls, 1);
    timer_stop(late);
}

static void a_timer_started_long_after_the_loop_does_not_fire_early(void **state)
{
    struct fixture *f = *state;
    usleep(30 * 1000); /* the loop's cached time is now old */
    int64_t before = clock_monotonic_ms();
    assert_ok(timer_start(f->loop, 20, 0, on_timer, f, &f->timer));
    loop_run(f->loop);
    assert_true(clock_monotonic_ms() - before >= 18);
}

static void a_wake_up_crosses_into_the_loop(void **state)
{
    struct fixture *f = *state;
    assert_ok(wakeup_new(f->loop, on_timer, f, &f->wakeup));
    wakeup_send(f->wakeup);
    wakeup_send(f->wakeup);
    loop_run(f->loop);
    assert_int_equal(f->calls, 1);
}

static void on_signal(void *ctx, int signal_number)
{
    assert_int_equal(signal_number, SIGUSR1);
    count_call(ctx);
}

static void a_signal_arrives_on_the_loop(void **state)
{
    struct fixture *f = *state;
    assert_ok(signal_start(f->loop, SIGUSR1, on_signal, f, &f->signal));
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    loop_run(f->loop);
    assert_int_equal(f->calls, 1);
}

static void on_prepare(void *ctx)
{
    ((struct fixture *)ctx)->prepared++;
}

static void prepare_runs_once_per_iteration(void **state)
{
    struct fixture *f = *state;
    f->stop_after = 4;
    assert_int_equal(write(f->pair[1], "x", 1), 1);
    assert_ok(prepare_start(f->loop, on_prepare, f, &f->prepare));
    assert_ok(watch_start(f->loop, f->pair[0], WATCH_READ, on_ready, f, &f->watch));
    loop_run(f->loop);
    assert_int_equal(f->prepared, 4);
}

static struct status everything_once(void)
{
    struct loop *l = loop_new();
    if (!l)
        return STATUS(NOMEM);
    struct watch *w = NULL;
    struct timer *t = NULL;
    struct wakeup *u = NULL;
    struct signal_watch *g = NULL;
    struct prepare *p = NULL;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    struct status s = watch_start(l, fds[0], WATCH_READ, on_ready, NULL, &w);
    if (status_ok(s))
        s = timer_start(l, 1000, 0, on_timer, NULL, &t);
    if (status_ok(s))
        s = wakeup_new(l, on_timer, NULL, &u);
    if (status_ok(s))
        s = signal_start(l, SIGUSR2, on_signal, NULL, &g);
    if (status_ok(s))
        s = prepare_start(l, on_prepare, NULL, &p);
    watch_stop(w);
    timer_stop(t);
    wakeup_free(u);
    signal_stop(g);
    prepare_stop(p);
    close(fds[0]);
    close(fds[1]);
    loop_free(l);
    return s;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(everything_once());
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(refuses_a_second_watch_of_one_descriptor),
        T(refuses_a_signal_that_cannot_be_caught),
        T(reports_readable_again_until_it_is_read),
        T(reports_what_is_asked_for_only),
        T(an_error_is_reported_as_both_and_stays_level_triggered),
        T(a_watch_may_be_stopped_in_its_callback_and_the_descriptor_reused),
        T(a_timer_repeats),
        T(a_timer_may_be_stopped_in_its_callback),
        T(a_timer_started_long_after_the_loop_does_not_fire_early),
        T(a_wake_up_crosses_into_the_loop),
        T(a_signal_arrives_on_the_loop),
        T(prepare_runs_once_per_iteration),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
