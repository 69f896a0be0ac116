/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>

#include "base/alloc.h"
#include "os/slab.h"
#include "upstream_world.h"

/* Addresses that fail are left out, and tried again by a single call. */

#define LEFT_OUT_MS 600 /* long enough to be seen by a test that has to wait for the processor */

static void eject_after(struct world *w, unsigned failures)
{
    w->limits.eject_after = failures;
    w->limits.eject_ms = LEFT_OUT_MS;
    world_set_limits(w);
}

static void fails(struct world *w, struct record *r, enum upstream_failure why)
{
    world_must_start(w, r, &get_request);
    world_fails_with(w, r, why);
}

static void is_left_out(struct world *w)
{
    assert_null(world_start(w, &w->calls[WORLD_CALLS - 1], &get_request));
    assert_int_equal(w->calls[WORLD_CALLS - 1].why, UPSTREAM_EJECTED);
}

/* Left out after one call without an answer. */
static void silence(struct world *w)
{
    w->limits.first_byte_ms = 30;
    eject_after(w, 1);
    fails(w, &w->calls[0], UPSTREAM_FIRST_BYTE_TIMEOUT);
    w->limits.first_byte_ms = 5000;
    world_set_limits(w);
}

static void an_address_is_left_out_after_so_many_refused_connections(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_unlisten(&w);
    eject_after(&w, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(upstream_ejected_ms(w.u, &w.endpoint), 0);
        fails(&w, &w.calls[i], UPSTREAM_CONNECT);
    }
    is_left_out(&w);
    const int64_t left = upstream_ejected_ms(w.u, &w.endpoint);
    assert_true(left > 0 && left <= LEFT_OUT_MS);
    assert_int_equal(world_stats(&w).pools, 0);
    w.endpoint.share[0] ^= 1; /* another target on the same address is not concerned */
    fails(&w, &w.calls[3], UPSTREAM_CONNECT);
    world_free(&w);
}

static void never_with_0(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_unlisten(&w);
    eject_after(&w, 0);
    for (int i = 0; i < WORLD_CALLS; i++)
        fails(&w, &w.calls[i], UPSTREAM_CONNECT);
    world_free(&w);
}

static void an_answer_clears_what_failed_before(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    eject_after(&w, 2);
    for (int i = 0; i < 3; i++) {
        world_must_start(&w, &w.calls[0], &get_request);
        wait_for(&w, world_asked(&w, 2 * i));
        world_reset(&w, 2 * i);
        world_fails_with(&w, &w.calls[0], UPSTREAM_RESET);
        world_must_start(&w, &w.calls[1], &get_request);
        wait_for(&w, world_asked(&w, 2 * i + 1));
        world_say(&w, 2 * i + 1, "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        wait_for(&w, w.calls[1].ends == 1);
        memset(&w.calls, 0, sizeof w.calls);
    }
    world_free(&w);
}

static void whoever_leaves_is_no_failure(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    eject_after(&w, 1);
    for (int i = 0; i < 3; i++) {
        world_must_start(&w, &w.calls[0], &get_request);
        wait_for(&w, world_asked(&w, i));
        upstream_cancel(w.calls[0].call);
    }
    world_answers(&w, &w.calls[1], 3);
    world_free(&w);
}

static void the_end_of_a_kept_connection_is_no_failure(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    eject_after(&w, 1);
    world_answers(&w, &w.calls[0], 0);
    world_must_start(&w, &w.calls[1], &post_request);
    assert_ok(world_write(&w.calls[1], text_bytes(TEXT("hello"))));
    wait_for(&w, w.peers[0].received > 0);
    world_reset(&w, 0);
    wait_for(&w, w.calls[1].failures == 1);
    assert_int_equal(w.calls[1].why, UPSTREAM_RESET);
    world_answers(&w, &w.calls[2], 1);
    world_free(&w);
}

static void silence_on_a_kept_connection_is_no_failure(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    eject_after(&w, 1);
    world_answers(&w, &w.calls[0], 0);
    w.limits.first_byte_ms = 30;
    world_set_limits(&w);
    fails(&w, &w.calls[1], UPSTREAM_FIRST_BYTE_TIMEOUT);
    assert_int_equal(upstream_ejected_ms(w.u, &w.endpoint), 0);
    fails(&w, &w.calls[2], UPSTREAM_FIRST_BYTE_TIMEOUT); /* on a new one */
    is_left_out(&w);
    world_free(&w);
}

static void no_answer_in_time_and_a_failed_handshake_are_failures(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    struct world w;
    world_init(&w);
    silence(&w);
    is_left_out(&w);
    world_free(&w);

    world_init(&w);
    world_use_tls(&w, pki_server(pki, "DNS:elsewhere.example"), pki_ca_pem(pki), NULL);
    eject_after(&w, 1);
    fails(&w, &w.calls[0], UPSTREAM_TLS);
    is_left_out(&w);
    world_free(&w);
    pki_free(pki);
}

static void one_call_finds_out_whether_it_is_back(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    silence(&w);
    is_left_out(&w);
    wait_for(&w, upstream_ejected_ms(w.u, &w.endpoint) == 0);
    world_must_start(&w, &w.calls[1], &get_request);
    is_left_out(&w); /* for everybody else */
    wait_for(&w, world_asked(&w, 1));
    is_left_out(&w);
    world_say(&w, 1, OK_ANSWER);
    wait_for(&w, w.calls[1].ends == 1);
    world_answers(&w, &w.calls[2], 1);
    world_free(&w);
}

/* An upload that trickles, an answer that is long in coming. */
static void whoever_finds_out_slowly_keeps_nobody_away_for_long(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.limits.connect_ms = 600;
    silence(&w);
    wait_for(&w, upstream_ejected_ms(w.u, &w.endpoint) == 0);
    world_must_start(&w, &w.calls[1], &get_request);
    wait_for(&w, world_asked(&w, 1));
    is_left_out(&w);
    wait_for(&w, upstream_ejected_ms(w.u, &w.endpoint) == 0);
    assert_int_equal(w.calls[1].ends + w.calls[1].failures, 0);
    world_must_start(&w, &w.calls[2], &get_request); /* the next one finds out */
    is_left_out(&w);
    wait_for(&w, world_asked(&w, 2));
    world_reset(&w, 1); /* that the first began after the time was over counts */
    world_fails_with(&w, &w.calls[1], UPSTREAM_RESET);
    assert_true(upstream_ejected_ms(w.u, &w.endpoint) > 1);
    world_say(&w, 2, OK_ANSWER);
    wait_for(&w, w.calls[2].ends == 1);
    world_answers(&w, &w.calls[3], 2);
    world_free(&w);
}

static void a_connection_is_enough_where_none_could_be_had(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    struct pki *other = pki_new("ec:P-256");
    struct world w;
    world_init(&w);
    world_use_tls(&w, pki_server(pki, "DNS:localhost"), pki_ca_pem(other), NULL);
    eject_after(&w, 1);
    fails(&w, &w.calls[0], UPSTREAM_TLS);
    is_left_out(&w);
    tls_context_unref(w.client_tls);
    tls_context_unref(w.server_tls);
    world_use_tls(&w, pki_server(pki, "DNS:localhost"), pki_ca_pem(pki), NULL);
    wait_for(&w, upstream_ejected_ms(w.u, &w.endpoint) == 0);
    world_must_start(&w, &w.calls[1], &get_request);
    is_left_out(&w);
    wait_for(&w, world_asked(&w, 1)); /* it may wait for its answer as long as it likes */
    world_answers(&w, &w.calls[2], 2);
    upstream_cancel(w.calls[1].call);
    world_free(&w);
    pki_free(other);
    pki_free(pki);
}

static void whoever_was_to_find_out_may_leave(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    silence(&w);
    wait_for(&w, upstream_ejected_ms(w.u, &w.endpoint) == 0);
    world_must_start(&w, &w.calls[1], &get_request);
    is_left_out(&w);
    upstream_cancel(w.calls[1].call);
    world_answers(&w, &w.calls[2], 2);
    world_free(&w);
}

static void each_further_time_lasts_twice_as_long(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_unlisten(&w);
    w.limits.eject_after = 1;
    w.limits.eject_ms = 20000;
    world_set_limits(&w);
    clock_set_test(1700000000000, 1000000);
    for (int64_t longest = 20000; longest <= 320000; longest *= 2) {
        memset(&w.calls, 0, sizeof w.calls);
        fails(&w, &w.calls[0], UPSTREAM_CONNECT);
        const int64_t left = upstream_ejected_ms(w.u, &w.endpoint);
        assert_true(left > longest / 2 && left <= longest);
        clock_advance_test(left);
        assert_int_equal(upstream_ejected_ms(w.u, &w.endpoint), 0);
    }
    w.limits.eject_ms = 1;
    world_set_limits(&w);
    memset(&w.calls, 0, sizeof w.calls);
    fails(&w, &w.calls[0], UPSTREAM_CONNECT);
    assert_true(upstream_ejected_ms(w.u, &w.endpoint) <= 16); /* and no longer than sixteen times */
    clock_real();
    world_free(&w);
}

static void the_other_addresses_are_used_meanwhile(void **state)
{
    (void)state;
    struct world w, closed;
    struct slab *slab = mem_alloc(sizeof *slab);
    world_init(&closed);
    world_unlisten(&closed);
    world_init(&w);
    upstreams_count_in(w.u, slab);
    eject_after(&w, 2);
    w.addresses[1] = w.addresses[0];
    w.addresses[0] = closed.addresses[0];
    w.endpoint.address_count = 2;
    w.limits.idle_per_pool = 0;
    world_set_limits(&w);
    for (int i = 0; i < 4; i++) {
        world_answers(&w, &w.calls[i], i);
        assert_int_equal(w.calls[i].facts.address.port, w.addresses[1].port);
        assert_int_equal(atomic_load(&slab->counters[SLAB_OUTBOUND_EJECTIONS]), i > 0);
    }
    world_free(&w);
    world_free(&closed);
    mem_free(slab);
}

static void kept_connections_to_it_are_closed(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    eject_after(&w, 1);
    world_must_start(&w, &w.calls[0], &get_request);
    wait_for(&w, world_asked(&w, 0));
    world_must_start(&w, &w.calls[1], &get_request);
    wait_for(&w, world_asked(&w, 1));
    world_say(&w, 1, OK_ANSWER);
    wait_for(&w, w.calls[1].ends == 1);
    assert_int_equal(world_stats(&w).idle, 1);
    w.limits.first_byte_ms = 30;
    world_set_limits(&w);
    world_fails_with(&w, &w.calls[0], UPSTREAM_FIRST_BYTE_TIMEOUT);
    assert_int_equal(world_stats(&w).open, 0);
    assert_int_equal(world_stats(&w).pools, 0);
    world_free(&w);
}

static void those_who_waited_are_told(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.limits.first_byte_ms = 30;
    w.limits.connections = 1;
    eject_after(&w, 1);
    world_must_start(&w, &w.calls[0], &get_request);
    world_must_start(&w, &w.calls[1], &get_request);
    world_fails_with(&w, &w.calls[0], UPSTREAM_FIRST_BYTE_TIMEOUT);
    world_fails_with(&w, &w.calls[1], UPSTREAM_EJECTED);
    assert_true(w.calls[1].detail[0] != '\0');
    assert_int_equal(w.accepted, 1);
    world_free(&w);
}

static int no_sigpipe(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN); /* tls/tls.h */
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_left_out_after_so_many_refused_connections),
        cmocka_unit_test(never_with_0),
        cmocka_unit_test(an_answer_clears_what_failed_before),
        cmocka_unit_test(whoever_leaves_is_no_failure),
        cmocka_unit_test(the_end_of_a_kept_connection_is_no_failure),
        cmocka_unit_test(silence_on_a_kept_connection_is_no_failure),
        cmocka_unit_test(no_answer_in_time_and_a_failed_handshake_are_failures),
        cmocka_unit_test(one_call_finds_out_whether_it_is_back),
        cmocka_unit_test(whoever_finds_out_slowly_keeps_nobody_away_for_long),
        cmocka_unit_test(a_connection_is_enough_where_none_could_be_had),
        cmocka_unit_test(whoever_was_to_find_out_may_leave),
        cmocka_unit_test(each_further_time_lasts_twice_as_long),
        cmocka_unit_test(the_other_addresses_are_used_meanwhile),
        cmocka_unit_test(kept_connections_to_it_are_closed),
        cmocka_unit_test(those_who_waited_are_told),
    };
    return cmocka_run_group_tests(tests, no_sigpipe, NULL);
}
