/* SPDX-License-Identifier: Apache-2.0 */
#include <nghttp2/nghttp2.h>

#include "tls/internal.h"
#include "upstream_h2_world.h"

/* Which connection a call to a target that may speak HTTP/2 goes on, and what becomes of the connection. */

static int takes_http11(SSL *ssl, const unsigned char **out, unsigned char *out_n, const unsigned char *in,
                        unsigned in_n, void *arg)
{
    static const unsigned char offer[] = "\x02h2\x08http/1.1";
    (void)ssl;
    (void)arg;
    assert_int_equal(in_n, sizeof offer - 1);
    assert_memory_equal(in, offer, in_n);
    *out = (const unsigned char *)"http/1.1";
    *out_n = 8;
    return SSL_TLSEXT_ERR_OK;
}

/* One whole call, so that the connection is up and its limits are known. */
static void warm_up(struct h2_world *h)
{
    struct record *r = &h->w.calls[0];
    world_must_start(&h->w, r, &get_request);
    h2_wait(h, r->failures > 0 || h2_asked(h, 0) == 1);
    if (r->failures)
        fail_msg("%s: %s", upstream_failure_name(r->why), r->detail);
    h2_answer(h, 0, 0, 200, "hi");
    h2_wait(h, r->ends == 1);
}

static void a_call_goes_over_http2_when_the_target_agrees(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    struct record *r = &h.w.calls[0];
    warm_up(&h);
    const struct h2_seen *s = h2_seen(&h, 0, 0);
    assert_string_equal(s->method, "GET");
    assert_string_equal(s->path, "/");
    assert_string_equal(s->scheme, "https");
    assert_string_equal(s->authority, "target");
    assert_true(s->ended);
    assert_string_equal(r->body, "hi");
    assert_true(r->facts.http2 && r->facts.tls && !r->facts.reused);
    assert_int_equal(world_stats(&h.w).idle, 1);
    world_must_start(&h.w, &h.w.calls[1], &get_request);
    h2_wait(&h, h2_asked(&h, 0) == 2);
    h2_answer(&h, 0, 1, 204, NULL);
    h2_wait(&h, h.w.calls[1].ends == 1);
    assert_true(h.w.calls[1].facts.reused);
    assert_int_equal(h.w.accepted, 1);
    h2_world_free(&h);
}

static void without_the_setting_nothing_is_offered(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    h.w.endpoint.http2 = false;
    h.w.accepted_one = NULL;
    world_answers(&h.w, &h.w.calls[0], 0);
    assert_false(h.w.calls[0].facts.http2);
    for (int i = 0; i < h.w.accepted; i++)
        world_close(&h.w, i);
    h.w.accepted = 0;
    h2_world_free(&h);
}

static void an_upgrade_goes_over_http11(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    warm_up(&h);
    h.w.accepted_one = NULL;
    struct upstream_request upgrade = get_request;
    upgrade.upgrade = true;
    struct record *r = &h.w.calls[1];
    world_must_start(&h.w, r, &upgrade);
    h2_wait(&h, world_asked(&h.w, 1));
    world_say(&h.w, 1, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nraw");
    h2_wait(&h, r->body_size == 3);
    upstream_cancel(r->call);
    assert_int_equal(world_stats(&h.w).pools, 1);
    world_close(&h.w, 1);
    h.w.accepted = 1;
    h2_world_free(&h);
}

/* Nobody knows what the target speaks: one connection is opened, and all calls go onto it. */
static void calls_that_come_before_the_handshake_share_its_connection(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    h.w.limits.connections = 64;
    world_set_limits(&h.w);
    for (int i = 0; i < 20; i++)
        world_must_start(&h.w, &h.w.calls[i], &get_request);
    assert_int_equal(world_stats(&h.w).open, 1);
    h2_wait(&h, h2_asked(&h, 0) == 20);
    for (int i = 0; i < 20; i++)
        h2_answer(&h, 0, i, 200, "hi");
    for (int i = 0; i < 20; i++)
        h2_wait(&h, h.w.calls[i].ends == 1);
    assert_int_equal(h.w.accepted, 1);
    assert_int_equal(world_stats(&h.w).idle, 1);
    h2_world_free(&h);
}

static void a_target_that_speaks_http11_gets_a_connection_for_each_of_them(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    h.w.accepted_one = NULL;
    h.w.limits.connections = 8;
    world_set_limits(&h.w);
    SSL_CTX_set_alpn_select_cb(h.w.server_tls->ssl, takes_http11, NULL);
    for (int i = 0; i < 6; i++)
        world_must_start(&h.w, &h.w.calls[i], &get_request);
    for (int i = 0; i < 6; i++)
        h2_wait(&h, world_asked(&h.w, i));
    for (int i = 0; i < 6; i++)
        world_say(&h.w, i, OK_ANSWER);
    for (int i = 0; i < 6; i++)
        h2_wait(&h, h.w.calls[i].ends == 1);
    assert_false(h.w.calls[0].facts.http2);
    /* Known now: no waiting for each other. */
    for (int i = 0; i < 8; i++)
        world_must_start(&h.w, &h.w.calls[i], &get_request);
    assert_int_equal(world_stats(&h.w).open, 8);
    for (int i = 0; i < 8; i++)
        upstream_cancel(h.w.calls[i].call);
    for (int i = 0; i < h.w.accepted; i++)
        world_close(&h.w, i);
    h.w.accepted = 0;
    h2_world_free(&h);
}

static void a_failed_handshake_fails_all_who_waited_for_it(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    h.w.endpoint.server_name = "elsewhere.example";
    for (int i = 0; i < 5; i++)
        world_must_start(&h.w, &h.w.calls[i], &get_request);
    for (int i = 0; i < 5; i++)
        world_fails_with(&h.w, &h.w.calls[i], UPSTREAM_TLS);
    assert_int_equal(h.w.accepted, 1);
    assert_int_equal(world_stats(&h.w).pools, 0);
    h2_world_free(&h);
}

static void a_refused_connection_fails_all_who_waited_for_it(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    world_unlisten(&h.w);
    for (int i = 0; i < 5; i++)
        world_must_start(&h.w, &h.w.calls[i], &get_request);
    for (int i = 0; i < 5; i++)
        world_fails_with(&h.w, &h.w.calls[i], UPSTREAM_CONNECT);
    assert_int_equal(world_stats(&h.w).pools, 0);
    h2_world_free(&h);
}

static void hang_up(struct world *w, int peer)
{
    world_close(w, peer);
}

static void a_further_one_that_fails_leaves_those_who_wait_for_the_first(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    h.streams = 1;
    h.w.limits.connections = 2;
    world_set_limits(&h.w);
    warm_up(&h);
    h.w.accepted_one = hang_up;
    world_must_start(&h.w, &h.w.calls[1], &get_request);
    world_must_start(&h.w, &h.w.calls[2], &get_request); /* a further connection for this one */
    world_must_start(&h.w, &h.w.calls[3], &get_request);
    assert_int_equal(world_stats(&h.w).waiting, 1);
    world_fails_with(&h.w, &h.w.calls[2], UPSTREAM_TLS);
    world_run_for(&h.w, 20);
    assert_int_equal(h.w.calls[3].failures, 0);
    h2_wait(&h, h2_asked(&h, 0) == 2);
    h2_answer(&h, 0, 1, 200, "hi");
    h2_wait(&h, h2_asked(&h, 0) == 3);
    h2_answer(&h, 0, 2, 200, "hi");
    h2_wait(&h, h.w.calls[3].ends == 1);
    assert_int_equal(h.w.accepted, 2);
    h.w.accepted = 1;
    h2_world_free(&h);
}

static void who_opened_it_may_leave_without_the_others(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    for (int i = 0; i < 3; i++)
        world_must_start(&h.w, &h.w.calls[i], &get_request);
    upstream_cancel(h.w.calls[0].call);
    assert_int_equal(world_stats(&h.w).open, 1);
    h2_wait(&h, h2_asked(&h, 0) == 2);
    upstream_cancel(h.w.calls[1].call);
    upstream_cancel(h.w.calls[2].call);
    assert_int_equal(world_stats(&h.w).idle, 1);
    h2_wait(&h, h2_seen(&h, 0, 0)->closed && h2_seen(&h, 0, 1)->closed);
    assert_int_equal(h2_seen(&h, 0, 0)->error, NGHTTP2_CANCEL);
    assert_int_equal(h.w.accepted, 1);
    h2_world_free(&h);
}

static void a_handshake_that_stalls_is_a_connect_timeout_for_all(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    h.w.limits.connect_ms = 60;
    world_set_limits(&h.w);
    watch_set(h.w.accepting, 0); /* the kernel accepts */
    for (int i = 0; i < 3; i++)
        world_must_start(&h.w, &h.w.calls[i], &get_request);
    for (int i = 0; i < 3; i++)
        world_fails_with(&h.w, &h.w.calls[i], UPSTREAM_CONNECT_TIMEOUT);
    assert_int_equal(world_stats(&h.w).open, 0);
    h2_world_free(&h);
}

/* Whoever waits for a connection gets it when the one that it was opened for gives up. */
static void a_connection_attempt_that_hangs_is_one_failure(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    h.w.limits.connect_ms = 60;
    h.w.limits.eject_after = 2;
    h.w.limits.eject_ms = 10000;
    world_set_limits(&h.w);
    watch_set(h.w.accepting, 0);
    for (int i = 0; i < 3; i++)
        world_must_start(&h.w, &h.w.calls[i], &get_request);
    for (int i = 0; i < 3; i++)
        world_fails_with(&h.w, &h.w.calls[i], UPSTREAM_CONNECT_TIMEOUT);
    assert_int_equal(upstream_ejected_ms(h.w.u, &h.w.endpoint), 0);
    world_must_start(&h.w, &h.w.calls[3], &get_request);
    world_fails_with(&h.w, &h.w.calls[3], UPSTREAM_CONNECT_TIMEOUT);
    assert_true(upstream_ejected_ms(h.w.u, &h.w.endpoint) > 0);
    h2_world_free(&h);
}

static void no_more_calls_than_the_target_takes(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    h.streams = 2;
    h.w.limits.connections = 2;
    h.w.limits.waiting = 2;
    world_set_limits(&h.w);
    warm_up(&h);
    for (int i = 1; i <= 5; i++)
        world_must_start(&h.w, &h.w.calls[i], &get_request);
    /* Two on the first, one for whom the second is opened, two who wait. */
    assert_null(world_start(&h.w, &h.w.calls[6], &get_request));
    assert_int_equal(h.w.calls[6].why, UPSTREAM_BUSY);
    h2_wait(&h, h2_asked(&h, 0) == 3 && h2_asked(&h, 1) == 2);
    assert_int_equal(world_stats(&h.w).waiting, 1);
    h2_answer(&h, 0, 1, 200, "hi");
    h2_wait(&h, h2_asked(&h, 0) == 4);
    assert_int_equal(world_stats(&h.w).waiting, 0);
    assert_int_equal(h.w.accepted, 2);
    for (int i = 2; i <= 5; i++)
        upstream_cancel(h.w.calls[i].call);
    h2_world_free(&h);
}

static void no_more_calls_than_the_setting_says(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    h.w.limits.streams = 3;
    world_set_limits(&h.w);
    warm_up(&h);
    for (int i = 0; i < 6; i++)
        world_must_start(&h.w, &h.w.calls[i], &get_request);
    h2_wait(&h, h2_asked(&h, 0) == 4 && h2_asked(&h, 1) == 3);
    for (int i = 0; i < 6; i++)
        upstream_cancel(h.w.calls[i].call);
    assert_int_equal(world_stats(&h.w).idle, 2);
    h2_world_free(&h);
}

/* Before the target has said how many calls it takes it gets one. */
static void others_wait_for_the_settings(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    h.mute = true;
    h.w.limits.connections = 1;
    world_set_limits(&h.w);
    for (int i = 0; i < 3; i++)
        world_must_start(&h.w, &h.w.calls[i], &get_request);
    h2_wait(&h, h2_asked(&h, 0) == 1);
    world_run_for(&h.w, 20);
    assert_int_equal(h2_asked(&h, 0), 1);
    h.mute = false;
    h2_wait(&h, h2_asked(&h, 0) == 3);
    for (int i = 0; i < 3; i++)
        upstream_cancel(h.w.calls[i].call);
    h2_world_free(&h);
}

static void after_goaway_it_ends_with_its_calls(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    warm_up(&h);
    for (int i = 1; i <= 2; i++)
        world_must_start(&h.w, &h.w.calls[i], &get_request);
    h2_wait(&h, h2_asked(&h, 0) == 3);
    h2_goaway(&h, 0, 3);
    world_run_for(&h.w, 20);
    world_must_start(&h.w, &h.w.calls[3], &get_request);
    h2_wait(&h, h2_asked(&h, 1) == 1);
    h2_answer(&h, 0, 1, 200, "hi");
    h2_answer(&h, 0, 2, 200, "hi");
    h2_wait(&h, h.w.calls[1].ends == 1 && h.w.calls[2].ends == 1 && h.w.peers[0].ended);
    h2_answer(&h, 1, 0, 200, "hi");
    h2_wait(&h, h.w.calls[3].ends == 1);
    assert_int_equal(world_stats(&h.w).open, 1);
    h2_world_free(&h);
}

static void an_idle_one_that_gets_goaway_or_ends_is_closed(void **state)
{
    (void)state;
    for (int closes = 0; closes < 2; closes++) {
        struct h2_world h;
        h2_world_init(&h, pki);
        warm_up(&h);
        assert_int_equal(world_stats(&h.w).idle, 1);
        if (closes)
            world_close(&h.w, 0);
        else
            h2_goaway(&h, 0, 1);
        h2_wait(&h, world_stats(&h.w).open == 0);
        assert_int_equal(world_stats(&h.w).pools, 0);
        h2_world_free(&h);
    }
}

static void an_idle_one_that_takes_no_calls_any_more_is_closed(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    warm_up(&h);
    h2_takes(&h, 0, 0);
    h2_wait(&h, world_stats(&h.w).open == 0);
    struct record *r = &h.w.calls[1];
    world_must_start(&h.w, r, &get_request);
    h2_wait(&h, h2_asked(&h, 1) == 1);
    h2_takes(&h, 1, 0); /* and one with a call does not idle behind it */
    world_run_for(&h.w, 5);
    h2_answer(&h, 1, 0, 200, "hi");
    h2_wait(&h, r->ends == 1);
    assert_int_equal(world_stats(&h.w).open, 0);
    h2_world_free(&h);
}

static void an_idle_one_is_closed_in_its_time(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    h.w.limits.keep_ms = 40;
    world_set_limits(&h.w);
    warm_up(&h);
    h2_wait(&h, world_stats(&h.w).open == 0);
    h2_wait(&h, h.w.peers[0].ended);
    h2_world_free(&h);
}

static void words_that_are_not_http2_end_all_calls(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    warm_up(&h);
    for (int i = 1; i <= 3; i++)
        world_must_start(&h.w, &h.w.calls[i], &get_request);
    h2_wait(&h, h2_asked(&h, 0) == 4);
    world_say(&h.w, 0, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi and more of what is no frame");
    for (int i = 1; i <= 3; i++)
        world_fails_with(&h.w, &h.w.calls[i], UPSTREAM_MALFORMED);
    assert_int_equal(world_stats(&h.w).open, 0);
    h2_world_free(&h);
}

#define MORE_THAN_A_WINDOW (1u << 20)

static void pause_once(struct record *r)
{
    if (r->bodies == 1)
        upstream_pause(r->call);
}

static void a_timed_out_call_leaves_the_others_alone(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    warm_up(&h);
    world_must_start(&h.w, &h.w.calls[1], &get_request);
    world_must_start(&h.w, &h.w.calls[2], &get_request);
    h2_wait(&h, h2_asked(&h, 0) == 3);
    h.w.calls[1].on_body = pause_once;
    h2_answer_much(&h, 0, 1, MORE_THAN_A_WINDOW);
    h2_wait(&h, h.w.calls[1].bodies > 0);
    h.w.limits.first_byte_ms = 60;
    world_set_limits(&h.w);
    world_fails_with(&h.w, &h.w.calls[2], UPSTREAM_FIRST_BYTE_TIMEOUT);
    h2_wait(&h, h2_seen(&h, 0, 2)->closed);
    assert_int_equal(h2_seen(&h, 0, 2)->error, NGHTTP2_CANCEL);
    assert_int_equal(h.w.calls[1].ends, 0);
    upstream_resume(h.w.calls[1].call);
    h2_wait(&h, h.w.calls[1].ends == 1);
    h2_world_free(&h);
}

static void a_dead_connection_is_found_by_a_ping(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    warm_up(&h);
    world_must_start(&h.w, &h.w.calls[1], &get_request);
    h2_wait(&h, h2_asked(&h, 0) == 2);
    h2_go_deaf(&h, 0);
    h.w.limits.first_byte_ms = 60;
    world_set_limits(&h.w);
    world_must_start(&h.w, &h.w.calls[2], &get_request);
    h.w.limits.first_byte_ms = 20000;
    world_set_limits(&h.w);
    struct upstream_request post = get_request;
    post.repeatable = false;
    world_must_start(&h.w, &h.w.calls[3], &post);
    world_must_start(&h.w, &h.w.calls[4], &get_request);
    world_fails_with(&h.w, &h.w.calls[2], UPSTREAM_FIRST_BYTE_TIMEOUT);
    /* Suspected: what comes now goes elsewhere. */
    world_must_start(&h.w, &h.w.calls[5], &get_request);
    h2_wait(&h, h2_asked(&h, 1) == 1);
    h2_answer(&h, 1, 0, 200, "hi");
    h2_wait(&h, h.w.calls[5].ends == 1);
    /* And then: what may be sent again is. */
    world_fails_with(&h.w, &h.w.calls[3], UPSTREAM_RESET);
    h2_wait(&h, h2_asked(&h, 1) >= 2);
    h2_answer(&h, 1, 1, 200, "hi");
    h2_wait(&h, h.w.calls[4].ends + h.w.calls[1].ends > 0);
    for (int i = 1; i <= 4; i++)
        if (h.w.calls[i].call)
            upstream_cancel(h.w.calls[i].call);
    h2_world_free(&h);
}

static void a_guard_that_changed_its_mind_closes_connections(void **state)
{
    (void)state;
    struct h2_world h;
    h2_world_init(&h, pki);
    warm_up(&h);
    upstreams_guard_changed(h.w.u);
    assert_int_equal(world_stats(&h.w).idle, 1);
    world_must_start(&h.w, &h.w.calls[1], &get_request);
    h2_wait(&h, h2_asked(&h, 0) == 2);
    h.w.guard.allow_loopback = false;
    upstreams_guard_changed(h.w.u);
    world_must_start(&h.w, &h.w.calls[2], &get_request);
    world_fails_with(&h.w, &h.w.calls[2], UPSTREAM_GUARDED);
    h2_answer(&h, 0, 1, 200, "hi"); /* one under way goes on */
    h2_wait(&h, h.w.calls[1].ends == 1);
    assert_int_equal(world_stats(&h.w).open, 0);
    h2_world_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_handshake_fails_all_who_waited_for_it),
        cmocka_unit_test(a_refused_connection_fails_all_who_waited_for_it),
        cmocka_unit_test(a_handshake_that_stalls_is_a_connect_timeout_for_all),
        cmocka_unit_test(words_that_are_not_http2_end_all_calls),
        cmocka_unit_test(a_call_goes_over_http2_when_the_target_agrees),
        cmocka_unit_test(without_the_setting_nothing_is_offered),
        cmocka_unit_test(an_upgrade_goes_over_http11),
        cmocka_unit_test(calls_that_come_before_the_handshake_share_its_connection),
        cmocka_unit_test(a_target_that_speaks_http11_gets_a_connection_for_each_of_them),
        cmocka_unit_test(a_further_one_that_fails_leaves_those_who_wait_for_the_first),
        cmocka_unit_test(who_opened_it_may_leave_without_the_others),
        cmocka_unit_test(a_connection_attempt_that_hangs_is_one_failure),
        cmocka_unit_test(no_more_calls_than_the_target_takes),
        cmocka_unit_test(no_more_calls_than_the_setting_says),
        cmocka_unit_test(others_wait_for_the_settings),
        cmocka_unit_test(after_goaway_it_ends_with_its_calls),
        cmocka_unit_test(an_idle_one_that_gets_goaway_or_ends_is_closed),
        cmocka_unit_test(an_idle_one_that_takes_no_calls_any_more_is_closed),
        cmocka_unit_test(an_idle_one_is_closed_in_its_time),
        cmocka_unit_test(a_timed_out_call_leaves_the_others_alone),
        cmocka_unit_test(a_dead_connection_is_found_by_a_ping),
        cmocka_unit_test(a_guard_that_changed_its_mind_closes_connections),
    };
    return cmocka_run_group_tests(tests, make_pki, free_pki);
}
