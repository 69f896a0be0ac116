/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "event/workqueue.h"

#define JOBS 200

struct fixture;

struct job {
    struct work work;
    struct fixture *f;
    int number;
};

struct fixture {
    struct loop *loop;
    struct workqueue *queue;
    struct job jobs[JOBS];
    int ran[JOBS]; /* in the order of running; one pool thread writes */
    atomic_int ran_count;
    int done[JOBS];
    int done_count, stop_at;
    sem_t gate; /* jobs that wait */
    pthread_t loop_thread;
};

static void run_job(struct work *w)
{
    struct job *j = (struct job *)w;
    assert_false(pthread_equal(pthread_self(), j->f->loop_thread));
    j->f->ran[atomic_fetch_add(&j->f->ran_count, 1)] = j->number;
}

static void run_behind_the_gate(struct work *w)
{
    struct job *j = (struct job *)w;
    sem_wait(&j->f->gate);
    run_job(w);
}

static void job_done(struct work *w)
{
    struct job *j = (struct job *)w;
    struct fixture *f = j->f;
    assert_true(pthread_equal(pthread_self(), f->loop_thread));
    f->done[f->done_count++] = j->number;
    if (f->done_count == f->stop_at)
        loop_stop(f->loop);
}

static int set_up(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    f->loop = loop_new();
    f->loop_thread = pthread_self();
    sem_init(&f->gate, 0, 0);
    for (int i = 0; i < JOBS; i++)
        f->jobs[i] = (struct job){.work = {.run = run_job, .done = job_done}, .f = f, .number = i};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    workqueue_free(f->queue);
    loop_free(f->loop);
    sem_destroy(&f->gate);
    mem_free(f);
    return 0;
}

static void refuses_more_than_the_queue_holds(void **state)
{
    struct fixture *f = *state;
    assert_ok(workqueue_new(f->loop, "test", 1, 2, &f->queue));
    for (int i = 0; i < 4; i++)
        f->jobs[i].work.run = run_behind_the_gate;
    assert_ok(workqueue_submit(f->queue, &f->jobs[0].work));
    while (workqueue_stats(f->queue).running == 0)
        usleep(100);
    assert_ok(workqueue_submit(f->queue, &f->jobs[1].work));
    assert_ok(workqueue_submit(f->queue, &f->jobs[2].work));
    assert_status(workqueue_submit(f->queue, &f->jobs[3].work), E_AGAIN);
    assert_int_equal(workqueue_stats(f->queue).queued, 2);
    assert_int_equal(workqueue_stats(f->queue).max_depth, 2);
    for (int i = 0; i < 3; i++)
        sem_post(&f->gate);
    f->stop_at = 3;
    loop_run(f->loop);
    assert_int_equal(workqueue_stats(f->queue).completed, 3);
    assert_int_equal(workqueue_stats(f->queue).running, 0);
}

static void one_thread_runs_and_completes_in_order(void **state)
{
    struct fixture *f = *state;
    assert_ok(workqueue_new(f->loop, "test", 1, JOBS, &f->queue));
    for (int i = 0; i < JOBS; i++)
        assert_ok(workqueue_submit(f->queue, &f->jobs[i].work));
    f->stop_at = JOBS;
    loop_run(f->loop);
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(f->ran[i], i);
        assert_int_equal(f->done[i], i);
    }
}

static void freeing_finishes_what_was_accepted(void **state)
{
    struct fixture *f = *state;
    assert_ok(workqueue_new(f->loop, "test", 3, JOBS, &f->queue));
    for (int i = 0; i < JOBS; i++)
        assert_ok(workqueue_submit(f->queue, &f->jobs[i].work));
    workqueue_free(f->queue);
    f->queue = NULL;
    assert_int_equal(f->done_count, JOBS);
}

static void submit_again(struct work *w)
{
    struct job *j = (struct job *)w;
    struct fixture *f = j->f;
    f->done_count++;
    assert_status(workqueue_submit(f->queue, &f->jobs[1].work), E_UNAVAILABLE);
}

static void a_completion_during_the_end_cannot_submit(void **state)
{
    struct fixture *f = *state;
    assert_ok(workqueue_new(f->loop, "test", 1, 4, &f->queue));
    f->jobs[0].work.done = submit_again;
    assert_ok(workqueue_submit(f->queue, &f->jobs[0].work));
    workqueue_free(f->queue);
    f->queue = NULL;
    assert_int_equal(f->done_count, 1);
}

static void check_signals(struct work *w)
{
    run_job(w);
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    assert_true(sigismember(&mask, SIGTERM) && sigismember(&mask, SIGCHLD));
    char name[16];
    assert_int_equal(pthread_getname_np(pthread_self(), name, sizeof name), 0);
    assert_string_equal(name, "cpu");
}

static void threads_are_named_and_block_signals(void **state)
{
    struct fixture *f = *state;
    assert_ok(workqueue_new(f->loop, "cpu", 1, 1, &f->queue));
    f->jobs[0].work.run = check_signals;
    assert_ok(workqueue_submit(f->queue, &f->jobs[0].work));
    f->stop_at = 1;
    loop_run(f->loop);
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    assert_false(sigismember(&mask, SIGTERM)); /* ours is as before */
}

static struct status queue_once(void)
{
    struct loop *l = loop_new();
    if (!l)
        return STATUS(NOMEM);
    struct workqueue *q = NULL;
    struct status s = workqueue_new(l, "test", 2, 4, &q);
    workqueue_free(q);
    loop_free(l);
    return s;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(queue_once());
}

struct lane_test {
    struct lane *lane;
    atomic_int inside, most, left;
};

static void *cross_lane(void *arg)
{
    struct lane_test *t = arg;
    for (int i = 0; i < 50; i++) {
        lane_enter(t->lane);
        int inside = atomic_fetch_add(&t->inside, 1) + 1;
        if (inside > atomic_load(&t->most))
            atomic_store(&t->most, inside);
        usleep(20);
        atomic_fetch_sub(&t->inside, 1);
        lane_leave(t->lane);
    }
    atomic_fetch_add(&t->left, 1);
    return NULL;
}

static void a_lane_is_never_wider_than_it_was_made(void **state)
{
    (void)state;
    struct lane_test t = {0};
    assert_ok(lane_new(2, &t.lane));
    pthread_t threads[6];
    for (int i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, cross_lane, &t), 0);
    for (int i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&t.left), 6);
    assert_true(atomic_load(&t.most) <= 2);
    assert_int_equal(lane_waiting(t.lane), 0);
    lane_free(t.lane);
}

static void a_lane_counts_who_waits(void **state)
{
    (void)state;
    struct lane_test t = {0};
    assert_ok(lane_new(1, &t.lane));
    lane_enter(t.lane);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, cross_lane, &t), 0);
    while (lane_waiting(t.lane) == 0)
        usleep(100);
    assert_int_equal(lane_waiting(t.lane), 1);
    lane_leave(t.lane);
    pthread_join(thread, NULL);
    lane_free(t.lane);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(refuses_more_than_the_queue_holds),
        T(one_thread_runs_and_completes_in_order),
        T(freeing_finishes_what_was_accepted),
        T(a_completion_during_the_end_cannot_submit),
        T(threads_are_named_and_block_signals),
        cmocka_unit_test(survives_failing_allocations),
        cmocka_unit_test(a_lane_is_never_wider_than_it_was_made),
        cmocka_unit_test(a_lane_counts_who_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
