/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "upstream_world.h"

static void a_refused_connection_says_so(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_unlisten(&w);
    world_must_start(&w, &w.calls[0], &get_request);
    world_fails_with(&w, &w.calls[0], UPSTREAM_CONNECT);
    assert_string_equal(w.calls[0].detail, "connection refused");
    assert_false(w.calls[0].answer_started);
    assert_int_equal(world_stats(&w).pools, 0);
    world_free(&w);
}

static void a_target_without_an_address_is_guarded(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.endpoint.address_count = 0;
    world_must_start(&w, &w.calls[0], &get_request);
    world_fails_with(&w, &w.calls[0], UPSTREAM_GUARDED);
    world_free(&w);
}

static void addresses_that_the_guard_refuses_are_not_dialled(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.guard.allow_loopback = false;
    world_must_start(&w, &w.calls[0], &get_request);
    world_fails_with(&w, &w.calls[0], UPSTREAM_GUARDED);
    assert_true(w.calls[0].detail[0] != '\0');
    world_run_for(&w, 20);
    assert_int_equal(w.accepted, 0);
    world_free(&w);
}

static void forbid_loopback(struct world *w)
{
    w->guard.allow_loopback = false;
    upstreams_guard_changed(w->u);
}

static void a_connection_that_is_being_opened_does_not_survive_the_guard(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_must_start(&w, &w.calls[0], &get_request);
    forbid_loopback(&w);
    world_fails_with(&w, &w.calls[0], UPSTREAM_GUARDED);
    assert_int_equal(world_stats(&w).open, 0);
    world_run_for(&w, 20);
    assert_int_equal(w.peers[0].received, 0);
    world_free(&w);
}

static void a_connection_that_the_guard_refuses_carries_its_call_and_no_other(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.limits.connections = 1;
    world_set_limits(&w);
    world_must_start(&w, &w.calls[0], &get_request);
    world_must_start(&w, &w.calls[1], &get_request); /* waits for the first one's */
    wait_for(&w, world_asked(&w, 0));
    forbid_loopback(&w);
    world_say(&w, 0, OK_ANSWER);
    wait_for(&w, w.calls[0].ends == 1);
    world_fails_with(&w, &w.calls[1], UPSTREAM_GUARDED);
    assert_int_equal(world_stats(&w).open, 0);
    world_free(&w);
}

static void the_next_address_is_tried_when_one_is_refused_or_guarded(void **state)
{
    (void)state;
    struct world w, closed;
    world_init(&closed);
    world_unlisten(&closed);
    world_init(&w);
    const uint16_t port = w.addresses[0].port;
    w.addresses[2] = w.addresses[0];
    w.addresses[0] =
        (struct upstream_address){.address = {[10] = 0xff, 0xff, 169, 254, 169, 254}, .port = 80};
    w.addresses[1] = closed.addresses[0];
    w.endpoint.address_count = 3;
    world_answers(&w, &w.calls[0], 0);
    assert_int_equal(w.calls[0].facts.address.port, port);
    world_free(&w);
    world_free(&closed);
}

/* A listener whose queue is full: the kernel drops further SYNs, as a firewall would. */
struct silence {
    int listener, fillers[4];
    struct upstream_address address;
};

static void silence_make(struct silence *s)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->listener, 0), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &size), 0);
    for (int i = 0; i < 4; i++) {
        s->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(s->fillers[i], (struct sockaddr *)&at, sizeof at);
    }
    s->address =
        (struct upstream_address){.address = {[10] = 0xff, 0xff, 127, 0, 0, 1}, .port = ntohs(at.sin_port)};
}

static void silence_end(struct silence *s)
{
    for (int i = 0; i < 4; i++)
        (void)close(s->fillers[i]);
    (void)close(s->listener);
}

static void an_address_that_does_not_answer_is_a_connect_timeout(void **state)
{
    (void)state;
    struct world w;
    struct silence s;
    world_init(&w);
    silence_make(&s);
    w.addresses[0] = s.address;
    w.limits.connect_ms = 100;
    world_set_limits(&w);
    world_must_start(&w, &w.calls[0], &get_request);
    world_fails_with(&w, &w.calls[0], UPSTREAM_CONNECT_TIMEOUT);
    assert_int_equal(world_stats(&w).open, 0);
    world_free(&w);
    silence_end(&s);
}

static void the_next_address_is_tried_when_one_does_not_answer(void **state)
{
    (void)state;
    struct world w;
    struct silence s;
    world_init(&w);
    silence_make(&s);
    w.addresses[1] = w.addresses[0];
    w.addresses[0] = s.address;
    w.endpoint.address_count = 2;
    w.limits.connect_ms = 3000; /* a third of it for each */
    world_set_limits(&w);
    world_answers(&w, &w.calls[0], 0);
    world_free(&w);
    silence_end(&s);
}

static struct rlimit leave_descriptors(int count)
{
    struct rlimit before, now;
    const int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(lowest >= 0);
    (void)close(lowest);
    now = before;
    now.rlim_cur = (rlim_t)(lowest + count);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
    return before;
}

static void says_when_descriptors_have_run_out(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_turn(&w);
    const struct rlimit before = leave_descriptors(0);
    world_must_start(&w, &w.calls[0], &get_request);
    world_fails_with(&w, &w.calls[0], UPSTREAM_BUSY); /* 503: no fault of the target */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_string_equal(w.calls[0].detail, "no file descriptor left in the process");
    world_free(&w);
}

static void an_idle_connection_gives_its_descriptor_to_a_call(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_answers(&w, &w.calls[0], 0);
    const struct rlimit before = leave_descriptors(0);
    w.endpoint.share[0] = 2;
    world_must_start(&w, &w.calls[1], &get_request);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    wait_for(&w, world_asked(&w, 1));
    assert_int_equal(world_stats(&w).open, 1);
    upstream_cancel(w.calls[1].call);
    world_free(&w);
}

static void ipv6_addresses_work_too(void **state)
{
    (void)state;
    struct world w;
    struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t size = sizeof at;
    const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        if (fd >= 0)
            (void)close(fd);
        skip(); /* a host without IPv6 */
    }
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    world_init(&w);
    world_unlisten(&w);
    world_listen_on(&w, fd);
    w.addresses[0] = (struct upstream_address){.address = {[15] = 1}, .port = ntohs(at.sin6_port)};
    world_answers(&w, &w.calls[0], 0);
    assert_int_equal(w.calls[0].facts.address.address[15], 1);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_connection_says_so),
        cmocka_unit_test(a_target_without_an_address_is_guarded),
        cmocka_unit_test(addresses_that_the_guard_refuses_are_not_dialled),
        cmocka_unit_test(a_connection_that_is_being_opened_does_not_survive_the_guard),
        cmocka_unit_test(a_connection_that_the_guard_refuses_carries_its_call_and_no_other),
        cmocka_unit_test(the_next_address_is_tried_when_one_is_refused_or_guarded),
        cmocka_unit_test(an_address_that_does_not_answer_is_a_connect_timeout),
        cmocka_unit_test(the_next_address_is_tried_when_one_does_not_answer),
        cmocka_unit_test(ipv6_addresses_work_too),
        cmocka_unit_test(says_when_descriptors_have_run_out),
        cmocka_unit_test(an_idle_connection_gives_its_descriptor_to_a_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
