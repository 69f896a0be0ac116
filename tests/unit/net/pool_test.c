/* SPDX-License-Identifier: Apache-2.0 */
#include "net/pool.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

/* A pool whose target is this test: each dialled connection is one end of a socketpair, the other end is
 * ours. */
struct world {
    struct loop *loop;
    struct pool *pool;
    int servers[8];
    int dialled;
    bool refuse; /* dialling fails */
    bool greet;
    int heads, ends, failures;
    enum pool_failure why;
    bool started;
    int status;
    char body[256];
    size_t body_size;
};

static int dial(void *ctx)
{
    struct world *w = ctx;
    int fds[2];
    if (w->refuse || w->dialled == 8) {
        errno = ECONNREFUSED;
        return -1;
    }
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    w->servers[w->dialled++] = fds[0];
    if (w->greet)
        assert_int_equal(send(fds[0], "\1", 1, 0), 1);
    return fds[1];
}

static void on_head(void *owner, const struct response *head)
{
    struct world *w = owner;
    w->heads++;
    w->status = head->status;
}
static void on_body(void *owner, struct bytes chunk)
{
    struct world *w = owner;
    assert_true(w->body_size + chunk.n <= sizeof w->body);
    memcpy(w->body + w->body_size, chunk.p, chunk.n);
    w->body_size += chunk.n;
}
static void on_end(void *owner)
{
    struct world *w = owner;
    w->ends++;
    loop_stop(w->loop);
}
static void on_failed(void *owner, enum pool_failure why, bool answer_started)
{
    struct world *w = owner;
    w->failures++;
    w->why = why;
    w->started = answer_started;
    loop_stop(w->loop);
}
static const struct pool_events events = {on_head, on_body, on_end, on_failed};

/* Enough for any machine; whoever looks at a time-out sets another one. */
#define PATIENT_MS 30000

static void setup_with(struct world *w, bool greet, int64_t connect_ms)
{
    *w = (struct world){.greet = greet};
    w->loop = loop_new();
    assert_non_null(w->loop);
    const struct pool_settings settings = {.loop = w->loop,
                                           .dial = dial,
                                           .dial_ctx = w,
                                           .greeting = 1,
                                           .max_connections = 4,
                                           .max_waiting = 2,
                                           .connect_ms = connect_ms,
                                           .idle_ms = PATIENT_MS};
    assert_ok(pool_new(&settings, &w->pool));
}

static void setup(struct world *w, bool greet)
{
    setup_with(w, greet, PATIENT_MS);
}

static void teardown(struct world *w)
{
    pool_free(w->pool);
    loop_free(w->loop);
    for (int i = 0; i < w->dialled; i++)
        (void)close(w->servers[i]);
}

static void stop(void *ctx)
{
    loop_stop(ctx);
}

static void run_for(struct world *w, int64_t ms)
{
    struct timer *t = NULL;
    assert_ok(timer_start(w->loop, ms, 0, stop, w->loop, &t));
    loop_run(w->loop);
    timer_stop(t);
}

static bool told(const struct world *w)
{
    return w->ends + w->failures > 0;
}

/* Runs until the condition holds. */
#define wait_for(w, condition)                                                                               \
    do {                                                                                                     \
        int left_ = PATIENT_MS / 5;                                                                          \
        while (!(condition)) {                                                                               \
            if (left_-- == 0)                                                                                \
                fail_msg("never came true: %s", #condition);                                                 \
            run_for(w, 5);                                                                                   \
        }                                                                                                    \
    } while (0)

static struct pool_call *send_get(struct world *w, bool retry)
{
    return pool_send(w->pool, HTTP_GET, text_bytes(TEXT("GET / HTTP/1.1\r\nHost: a\r\n\r\n")), retry, &events,
                     w);
}

static void answer(struct world *w, int server, const char *bytes)
{
    assert_int_equal(send(w->servers[server], bytes, strlen(bytes), 0), (ssize_t)strlen(bytes));
}

static bool received_something(struct world *w, int server)
{
    char byte;
    return recv(w->servers[server], &byte, 1, MSG_DONTWAIT) == 1;
}

static bool received_request(struct world *w, int server)
{
    char request[256];
    ssize_t n = recv(w->servers[server], request, sizeof request, MSG_DONTWAIT);
    return n > 4 && memcmp(request, "GET ", 4) == 0;
}

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

static void fails_when_nobody_greets_in_time(void **state)
{
    (void)state;
    struct world w;
    setup_with(&w, false, 100);
    assert_non_null(send_get(&w, false));
    wait_for(&w, told(&w));
    assert_int_equal(w.failures, 1);
    assert_int_equal(w.why, POOL_UNREACHED);
    teardown(&w);
}

static void fails_when_dialling_is_refused_and_recovers_when_it_is_not(void **state)
{
    (void)state;
    struct world w;
    setup(&w, true);
    w.refuse = true;
    assert_non_null(send_get(&w, false));
    run_for(&w, 20);
    w.refuse = false; /* dialled again within the waiting time */
    wait_for(&w, received_request(&w, 0));
    assert_int_equal(w.dialled, 1);
    teardown(&w);
}

static void refuses_more_waiting_calls_than_allowed(void **state)
{
    (void)state;
    struct world w;
    setup(&w, false);
    assert_non_null(send_get(&w, false));
    assert_non_null(send_get(&w, false));
    assert_null(send_get(&w, false));
    teardown(&w);
    assert_int_equal(w.failures, 2); /* freeing the pool tells both */
}

static void refuses_a_wrong_greeting(void **state)
{
    (void)state;
    struct world w;
    setup_with(&w, false, 100);
    assert_non_null(send_get(&w, false));
    answer(&w, 0, "\2");
    wait_for(&w, told(&w));
    assert_int_equal(w.why, POOL_UNREACHED);
    assert_false(received_request(&w, 0));
    teardown(&w);
}

static void a_write_is_not_repeated_when_the_connection_dies(void **state)
{
    (void)state;
    struct world w;
    setup(&w, true);
    assert_non_null(send_get(&w, false));
    wait_for(&w, received_request(&w, 0));
    (void)shutdown(w.servers[0], SHUT_RDWR);
    wait_for(&w, told(&w));
    assert_int_equal(w.failures, 1);
    assert_int_equal(w.why, POOL_LOST);
    assert_int_equal(w.dialled, 1);
    teardown(&w);
}

static void a_read_is_repeated_once_on_another_connection(void **state)
{
    (void)state;
    struct world w;
    setup(&w, true);
    assert_non_null(send_get(&w, true));
    wait_for(&w, received_request(&w, 0));
    (void)shutdown(w.servers[0], SHUT_RDWR);
    wait_for(&w, w.dialled == 2 && received_request(&w, 1));
    (void)shutdown(w.servers[1], SHUT_RDWR);
    wait_for(&w, told(&w));
    assert_int_equal(w.failures, 1);
    assert_int_equal(w.dialled, 2);
    teardown(&w);
}

static void a_cut_answer_is_a_failure_that_says_it_had_started(void **state)
{
    (void)state;
    struct world w;
    setup(&w, true);
    assert_non_null(send_get(&w, true));
    wait_for(&w, received_request(&w, 0));
    answer(&w, 0, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal");
    wait_for(&w, w.heads == 1);
    (void)shutdown(w.servers[0], SHUT_RDWR);
    wait_for(&w, told(&w));
    assert_int_equal(w.failures, 1);
    assert_true(w.started);
    teardown(&w);
}

static void a_malformed_answer_is_refused(void **state)
{
    (void)state;
    struct world w;
    setup(&w, true);
    assert_non_null(send_get(&w, true));
    wait_for(&w, received_request(&w, 0));
    answer(&w, 0, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n");
    wait_for(&w, told(&w));
    assert_int_equal(w.failures, 1);
    assert_int_equal(w.why, POOL_MALFORMED);
    teardown(&w);
}

static void reuses_a_connection_for_the_next_call(void **state)
{
    (void)state;
    struct world w;
    setup(&w, true);
    for (int i = 1; i <= 3; i++) {
        assert_non_null(send_get(&w, false));
        wait_for(&w, received_request(&w, 0));
        answer(&w, 0, OK_ANSWER);
        wait_for(&w, w.ends == i);
    }
    assert_int_equal(w.dialled, 1);
    assert_int_equal(w.body_size, 6);
    assert_int_equal(pool_stats(w.pool).idle, 1);
    teardown(&w);
}

static void a_cancelled_call_says_nothing_more_and_loses_its_connection(void **state)
{
    (void)state;
    struct world w;
    setup(&w, true);
    struct pool_call *call = send_get(&w, false);
    wait_for(&w, received_request(&w, 0));
    pool_cancel(call);
    run_for(&w, 20);
    assert_int_equal(w.ends + w.failures + w.heads, 0);
    assert_int_equal(pool_stats(w.pool).open, 0);
    teardown(&w);
}

static void a_cancelled_call_makes_room_for_one_that_waits(void **state)
{
    (void)state;
    struct world w;
    setup(&w, true);
    struct pool_call *first = send_get(&w, false);
    for (int i = 0; i < 3; i++) {
        wait_for(&w, w.dialled == i + 1 && received_request(&w, i));
        assert_non_null(send_get(&w, false));
    }
    wait_for(&w, w.dialled == 4 && received_request(&w, 3));
    assert_non_null(send_get(&w, false)); /* all four connections are busy */
    pool_cancel(first);
    wait_for(&w, w.dialled == 5 && received_request(&w, 4));
    assert_int_equal(w.failures, 0);
    teardown(&w);
}

/* More than a socket's buffer holds. */
static uint8_t big_request[2u * 1024 * 1024];

static void a_request_that_cannot_be_sent_to_its_end_is_lost(void **state)
{
    (void)state;
    struct world w;
    setup(&w, true);
    assert_non_null(pool_send(w.pool, HTTP_POST, BYTES_OF(big_request), false, &events, &w));
    wait_for(&w, received_something(&w, 0));
    (void)shutdown(w.servers[0], SHUT_RDWR);
    wait_for(&w, told(&w));
    assert_int_equal(w.failures, 1);
    assert_int_equal(w.why, POOL_LOST);
    teardown(&w);
}

static void a_connection_whose_request_was_cut_by_the_answer_is_not_reused(void **state)
{
    (void)state;
    struct world w;
    setup(&w, true);
    assert_non_null(pool_send(w.pool, HTTP_POST, BYTES_OF(big_request), false, &events, &w));
    wait_for(&w, received_something(&w, 0));
    answer(&w, 0, OK_ANSWER);
    wait_for(&w, told(&w));
    assert_int_equal(w.ends, 1);
    assert_int_equal(pool_stats(w.pool).open, 0);
    teardown(&w);
}

static void a_paused_call_is_not_read(void **state)
{
    (void)state;
    struct world w;
    setup(&w, true);
    struct pool_call *call = send_get(&w, false);
    wait_for(&w, received_request(&w, 0));
    pool_pause(call);
    answer(&w, 0, OK_ANSWER);
    run_for(&w, 30);
    assert_int_equal(w.heads, 0);
    pool_resume(call);
    wait_for(&w, told(&w));
    assert_int_equal(w.ends, 1);
    teardown(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fails_when_nobody_greets_in_time),
        cmocka_unit_test(fails_when_dialling_is_refused_and_recovers_when_it_is_not),
        cmocka_unit_test(refuses_more_waiting_calls_than_allowed),
        cmocka_unit_test(refuses_a_wrong_greeting),
        cmocka_unit_test(a_write_is_not_repeated_when_the_connection_dies),
        cmocka_unit_test(a_read_is_repeated_once_on_another_connection),
        cmocka_unit_test(a_cut_answer_is_a_failure_that_says_it_had_started),
        cmocka_unit_test(a_malformed_answer_is_refused),
        cmocka_unit_test(reuses_a_connection_for_the_next_call),
        cmocka_unit_test(a_cancelled_call_says_nothing_more_and_loses_its_connection),
        cmocka_unit_test(a_cancelled_call_makes_room_for_one_that_waits),
        cmocka_unit_test(a_request_that_cannot_be_sent_to_its_end_is_lost),
        cmocka_unit_test(a_connection_whose_request_was_cut_by_the_answer_is_not_reused),
        cmocka_unit_test(a_paused_call_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
