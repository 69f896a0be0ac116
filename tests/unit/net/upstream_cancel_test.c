/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "upstream_world.h"

static void nothing_happens_any_more(struct world *w, const struct record *r)
{
    const struct record before = *r;
    world_run_for(w, 20);
    assert_int_equal(r->heads, before.heads);
    assert_int_equal(r->bodies, before.bodies);
    assert_int_equal(r->ends, before.ends);
    assert_int_equal(r->failures, before.failures);
    assert_int_equal(world_stats(w).open, 0);
    assert_int_equal(world_stats(w).pools, 0);
}

static void a_call_may_be_cancelled_before_anything_happened(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_must_start(&w, &w.calls[0], &get_request);
    upstream_cancel(w.calls[0].call);
    nothing_happens_any_more(&w, &w.calls[0]);
    w.guard.allow_loopback = false; /* it fails, and is cancelled before it hears of that */
    world_must_start(&w, &w.calls[0], &get_request);
    upstream_cancel(w.calls[0].call);
    nothing_happens_any_more(&w, &w.calls[0]);
    world_free(&w);
}

static void a_call_may_be_cancelled_while_it_waits(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.limits.connections = 1;
    world_set_limits(&w);
    for (int i = 0; i < 3; i++)
        world_must_start(&w, &w.calls[i], &get_request);
    upstream_cancel(w.calls[2].call); /* the last, then the first in the queue */
    upstream_cancel(w.calls[1].call);
    world_must_start(&w, &w.calls[3], &get_request);
    assert_int_equal(world_stats(&w).waiting, 1);
    upstream_cancel(w.calls[0].call);
    wait_for(&w, world_asked(&w, 1) || world_asked(&w, 0));
    upstream_cancel(w.calls[3].call);
    nothing_happens_any_more(&w, &w.calls[0]);
    world_free(&w);
}

static void a_call_may_be_cancelled_between_any_two_bytes(void **state)
{
    (void)state;
    static const char answer[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    for (size_t n = 0; n < sizeof answer - 1; n += 3) {
        struct world w;
        world_init(&w);
        struct record *r = &w.calls[0];
        world_must_start(&w, r, &get_request);
        wait_for(&w, world_asked(&w, 0));
        assert_int_equal(world_send(&w, 0, (struct bytes){(const uint8_t *)answer, n}), n);
        world_run_for(&w, 6);
        upstream_cancel(r->call);
        nothing_happens_any_more(&w, r);
        world_free(&w);
    }
}

static void cancel(struct record *r)
{
    upstream_cancel(r->call);
}

static void cancel_and_start_another(struct record *r)
{
    upstream_cancel(r->call);
    assert_non_null(world_start(r->world, &r->world->calls[1], &get_request));
}

/* The struct of the cancelled call may be the new one's. */
static void a_call_may_be_cancelled_inside_any_event(void **state)
{
    (void)state;
    for (int event = 0; event < 4; event++) {
        struct world w;
        world_init(&w);
        struct record *r = &w.calls[0];
        void (*what)(struct record *) = event % 2 ? cancel_and_start_another : cancel;
        if (event < 2)
            r->on_head = what;
        else
            r->on_body = what;
        world_must_start(&w, r, &get_request);
        wait_for(&w, world_asked(&w, 0));
        world_say(&w, 0,
                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n2\r\nho\r\n0\r\n\r\n");
        wait_for(&w, r->heads == 1 && (event < 2 || r->bodies == 1));
        world_run_for(&w, 5);
        assert_int_equal(r->bodies, event / 2);
        assert_int_equal(r->ends, 0);
        if (event % 2) {
            wait_for(&w, world_asked(&w, 1));
            world_say(&w, 1, OK_ANSWER);
            wait_for(&w, w.calls[1].ends == 1);
        } else {
            nothing_happens_any_more(&w, r);
        }
        world_free(&w);
    }
}

static void cancelling_inside_the_last_event_changes_nothing(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct record *r = &w.calls[0];
    r->on_end = cancel;
    world_must_start(&w, r, &get_request);
    wait_for(&w, world_asked(&w, 0));
    world_say(&w, 0, OK_ANSWER);
    wait_for(&w, r->ends == 1);
    assert_int_equal(world_stats(&w).idle, 1);
    r = &w.calls[1];
    r->on_failed = cancel;
    world_must_start(&w, r, &get_request);
    wait_for(&w, world_asked(&w, 0));
    world_say(&w, 0, "nonsense\r\n\r\n");
    wait_for(&w, r->failures == 1);
    nothing_happens_any_more(&w, r);
    world_free(&w);
}

static void start_second(struct record *r)
{
    assert_non_null(world_start(r->world, &r->world->calls[1], &get_request));
}

static void a_call_started_inside_the_end_of_another_is_carried(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.limits.connections = 1;
    world_set_limits(&w);
    struct record *r = &w.calls[0];
    r->on_end = start_second;
    world_must_start(&w, r, &get_request);
    wait_for(&w, world_asked(&w, 0));
    world_say(&w, 0, OK_ANSWER);
    wait_for(&w, world_asked(&w, 0));
    world_say(&w, 0, OK_ANSWER);
    wait_for(&w, w.calls[1].ends == 1);
    assert_true(w.calls[1].facts.reused);
    world_free(&w);
}

static void fill_and_cancel(struct record *r)
{
    upstream_cancel(r->call);
    r->call = NULL;
}

static void an_upload_may_be_cancelled_inside_writable(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct record *r = &w.calls[0];
    struct upstream_request big = post_request;
    big.content_length = 1u << 30;
    r->on_writable = fill_and_cancel;
    world_must_start(&w, r, &big);
    assert_status(world_write(r, pattern_at(0, 65536)), E_AGAIN);
    wait_for(&w, r->writables == 1);
    nothing_happens_any_more(&w, r);
    world_free(&w);
}

/* ---- failing allocations ---- */

/* A target that allocates nothing: it must not be the one that fails. */
static void *serve(void *listener)
{
    for (;;) {
        const int fd = accept(*(int *)listener, NULL, NULL);
        char bytes[1024];
        if (fd < 0)
            return NULL;
        while (recv(fd, bytes, sizeof bytes, 0) > 0)
            (void)!write(fd, OK_ANSWER, sizeof OK_ANSWER - 1);
        (void)close(fd);
    }
}

static struct status exchange(struct world *w)
{
    struct upstreams *u = NULL;
    TRY(upstreams_new(w->loop, &w->guard, &u));
    struct upstreams *own = w->u;
    w->u = u;
    struct record *r = &w->calls[0];
    struct status st = STATUS(NOMEM);
    for (int i = 0; i < 2; i++) {
        if (!world_start(w, r, &get_request)) {
            assert_int_equal(r->why, UPSTREAM_MEMORY);
            continue;
        }
        wait_for(w, r->ends + r->failures == 1);
        if (r->ends == 1)
            st = DONE;
        else
            assert_int_equal(r->why, UPSTREAM_MEMORY);
    }
    upstreams_free(u);
    w->u = own;
    return st;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    struct world w;
    pthread_t thread;
    world_init(&w);
    watch_stop(w.accepting);
    w.accepting = NULL;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(listener, 64), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &size), 0);
    w.addresses[0].port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&thread, NULL, serve, &listener), 0);
    assert_survives_failing_allocations(exchange(&w));
    (void)shutdown(listener, SHUT_RDWR);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)close(listener);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_may_be_cancelled_before_anything_happened),
        cmocka_unit_test(a_call_may_be_cancelled_while_it_waits),
        cmocka_unit_test(a_call_may_be_cancelled_between_any_two_bytes),
        cmocka_unit_test(a_call_may_be_cancelled_inside_any_event),
        cmocka_unit_test(cancelling_inside_the_last_event_changes_nothing),
        cmocka_unit_test(a_call_started_inside_the_end_of_another_is_carried),
        cmocka_unit_test(an_upload_may_be_cancelled_inside_writable),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
