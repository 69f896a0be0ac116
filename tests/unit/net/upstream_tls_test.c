/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sys/socket.h>

#include "upstream_world.h"

static struct pki *pki;

static int make_pki(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN); /* tls/tls.h */
    pki = pki_new("ec:P-256");
    return 0;
}

static int free_pki(void **state)
{
    (void)state;
    pki_free(pki);
    return 0;
}

static void refused(const struct pki_identity *server, struct text anchors, const char *words)
{
    struct world w;
    world_init(&w);
    world_use_tls(&w, server, anchors, NULL);
    struct record *r = &w.calls[0];
    world_must_start(&w, r, &get_request);
    wait_for(&w, r->failures == 1);
    assert_int_equal(r->why, UPSTREAM_TLS);
    assert_string_equal(r->detail, words);
    assert_int_equal(w.peers[0].received, 0); /* no byte of the request */
    assert_int_equal(world_stats(&w).open, 0);
    world_free(&w);
}

static void refuses_a_certificate_for_another_name(void **state)
{
    (void)state;
    refused(pki_server(pki, "DNS:elsewhere.example"), pki_ca_pem(pki),
            "certificate does not hold the server's name");
}

static void refuses_an_unknown_authority(void **state)
{
    (void)state;
    refused(pki_server(pki, "DNS:localhost"), pki_other_ca_pem(pki), "unknown certificate authority");
}

static void refuses_an_expired_certificate(void **state)
{
    (void)state;
    const int64_t two_days_ms = 2 * 24 * 3600 * INT64_C(1000);
    const struct pki_identity *server = pki_server(pki, "DNS:localhost");
    clock_set_test(clock_now_ms() + two_days_ms, clock_monotonic_ms());
    refused(server, pki_ca_pem(pki), "certificate expired");
    clock_real();
}

static void refuses_a_client_certificate_as_a_servers(void **state)
{
    (void)state;
    refused(pki_client(pki, PKI_GOOD, "localhost"), pki_ca_pem(pki),
            "certificate is not for this purpose (extended key usage)");
}

/* In TLS 1.3 the client's handshake is over before the target has looked at its certificate. */
static void a_target_that_misses_our_certificate_says_so(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    const struct tls_client_settings without = {.anchors_pem = pki_ca_pem(pki)};
    world_init(&w);
    world_use_tls(&w, pki_server(pki, "DNS:localhost"), pki_ca_pem(pki), pki_client(pki, PKI_GOOD, "shop"));
    tls_context_unref(w.client_tls);
    assert_ok(tls_client_context_new(&without, &w.client_tls, &err));
    w.endpoint.tls = w.client_tls;
    world_must_start(&w, &w.calls[0], &get_request);
    world_fails_with(&w, &w.calls[0], UPSTREAM_TLS);
    assert_string_equal(w.calls[0].detail, "the peer requires a certificate");
    world_free(&w);
}

static void a_target_that_does_not_speak_tls_fails_the_handshake(void **state)
{
    (void)state;
    for (int closes = 0; closes < 2; closes++) {
        struct world w, plain;
        world_init(&plain);
        world_init(&w);
        world_use_tls(&w, pki_server(pki, "DNS:localhost"), pki_ca_pem(pki), NULL);
        w.addresses[0] = plain.addresses[0];
        struct record *r = &w.calls[0];
        world_must_start(&w, r, &get_request);
        for (int i = 0; i < 1000 && (plain.accepted == 0 || plain.peers[0].received == 0); i++) {
            world_turn(&w);
            world_turn(&plain);
        }
        if (closes)
            world_close(&plain, 0);
        else
            world_say(&plain, 0, "HTTP/1.1 400 Bad Request\r\n\r\n");
        wait_for(&w, r->failures == 1);
        assert_int_equal(r->why, UPSTREAM_TLS);
        assert_true(r->detail[0] != '\0');
        world_free(&w);
        world_free(&plain);
    }
}

static void a_handshake_that_stalls_is_a_connect_timeout(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_use_tls(&w, pki_server(pki, "DNS:localhost"), pki_ca_pem(pki), NULL);
    w.limits.connect_ms = 300; /* enough for the connection itself */
    world_set_limits(&w);
    watch_set(w.accepting, 0); /* the kernel accepts */
    world_must_start(&w, &w.calls[0], &get_request);
    wait_for(&w, w.calls[0].failures == 1);
    assert_int_equal(w.calls[0].why, UPSTREAM_CONNECT_TIMEOUT);
    assert_string_equal(w.calls[0].detail, "the TLS handshake took too long");
    world_free(&w);
}

static void a_handshake_may_be_cancelled(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_use_tls(&w, pki_server(pki, "DNS:localhost"), pki_ca_pem(pki), NULL);
    watch_set(w.accepting, 0);
    world_must_start(&w, &w.calls[0], &get_request);
    world_run_for(&w, 10);
    upstream_cancel(w.calls[0].call);
    assert_int_equal(world_stats(&w).open, 0);
    world_free(&w);
}

static void an_answer_without_length_that_ends_without_close_notify_is_cut(void **state)
{
    (void)state;
    for (int clean = 0; clean < 2; clean++) {
        struct world w;
        world_init(&w);
        world_use_tls(&w, pki_server(pki, "DNS:localhost"), pki_ca_pem(pki), NULL);
        struct record *r = &w.calls[0];
        world_must_start(&w, r, &get_request);
        wait_for(&w, world_asked(&w, 0));
        world_say(&w, 0, "HTTP/1.1 200 OK\r\n\r\nhello");
        if (clean)
            assert_int_equal(tls_shutdown(w.peers[0].tls), TLS_OK);
        world_close(&w, 0);
        wait_for(&w, r->ends + r->failures == 1);
        assert_int_equal(r->ends, clean);
        if (!clean)
            assert_int_equal(r->why, UPSTREAM_RESET);
        world_free(&w);
    }
}

static void reuses_a_session_and_shows_its_own_certificate(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    const struct pki_identity *shop = pki_client(pki, PKI_GOOD, "shop");
    world_use_tls(&w, pki_server(pki, "DNS:localhost"), pki_ca_pem(pki), shop);
    for (int i = 0; i < 3; i++) {
        world_answers(&w, &w.calls[i], 0);
        assert_true(w.calls[i].facts.tls);
        assert_int_equal(w.calls[i].facts.reused, i > 0);
        world_run_for(&w, 10); /* tickets may come while it idles */
    }
    const struct tls_peer *seen = tls_peer(w.peers[0].tls);
    assert_true(seen->present);
    assert_memory_equal(seen->fingerprint, shop->fingerprint, SHA256_SIZE);
    assert_int_equal(w.accepted, 1);
    world_free(&w);
}

static void a_kept_session_that_ends_is_noticed(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_use_tls(&w, pki_server(pki, "DNS:localhost"), pki_ca_pem(pki), NULL);
    world_answers(&w, &w.calls[0], 0);
    world_close(&w, 0);
    wait_for(&w, world_stats(&w).open == 0);
    world_answers(&w, &w.calls[1], 1);
    world_must_start(&w, &w.calls[2], &get_request);
    world_close(&w, 1); /* under the call */
    wait_for(&w, world_asked(&w, 2));
    world_say(&w, 2, OK_ANSWER);
    wait_for(&w, w.calls[2].ends == 1);
    world_free(&w);
}

static void a_new_connection_resumes_the_session_of_the_pool(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_use_tls(&w, pki_server(pki, "DNS:localhost"), pki_ca_pem(pki), NULL);
    for (int i = 0; i < 4; i++) {
        if (i == 3)
            w.endpoint.share[0] ^= 1; /* another target: nothing of the first one is shown to it */
        world_answers(&w, &w.calls[i], i);
        assert_false(w.calls[i].facts.reused);
        assert_int_equal(w.calls[i].facts.resumed, i == 1 || i == 2);
        world_close(&w, i);
        wait_for(&w, world_stats(&w).open == 0);
    }
    world_free(&w);
}

#define MUCH (10u * 1024 * 1024)

static void pause_sometimes(struct record *r)
{
    if (r->bodies % 7 == 0)
        upstream_pause(r->call);
}

/* Both directions at once, with a reader that rests: nothing may stay in libssl (DESIGN 3.1, 19). */
static void much_goes_both_ways_with_pauses(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_use_tls(&w, pki_server(pki, "DNS:localhost"), pki_ca_pem(pki), NULL);
    struct record *r = &w.calls[0];
    struct upstream_request big = post_request;
    big.content_length = MUCH;
    r->on_body = pause_sometimes;
    world_must_start(&w, r, &big);
    wait_for(&w, world_asked(&w, 0));
    world_say(&w, 0, "HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n");
    size_t sent = 0, written = 0;
    bool room = true;
    uint64_t sum = 0;
    const int64_t until = clock_monotonic_ms() + 60000;
    while (r->body_size < MUCH || w.peers[0].received < MUCH) {
        assert_true(clock_monotonic_ms() < until);
        if (sent < MUCH) {
            const size_t n = world_send(&w, 0, pattern_at(sent, MUCH - sent < 30000 ? MUCH - sent : 30000));
            sum = sum_of(sum, pattern_at(sent, n));
            sent += n;
        }
        const int seen = r->writables;
        world_turn(&w);
        room = room || r->writables > seen;
        assert_int_equal(r->failures, 0);
        if (r->call && room && written < MUCH) {
            const size_t n = MUCH - written < 50000 ? MUCH - written : 50000;
            room = world_write(r, pattern_at(written, n)).code != E_AGAIN;
            written += n;
        }
        if (r->call)
            upstream_resume(r->call);
        else
            break; /* the answer was complete first */
    }
    wait_for(&w, r->ends == 1);
    assert_int_equal(r->body_size, MUCH);
    assert_true(r->sum == sum);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_certificate_for_another_name),
        cmocka_unit_test(refuses_an_unknown_authority),
        cmocka_unit_test(refuses_an_expired_certificate),
        cmocka_unit_test(refuses_a_client_certificate_as_a_servers),
        cmocka_unit_test(a_target_that_misses_our_certificate_says_so),
        cmocka_unit_test(a_target_that_does_not_speak_tls_fails_the_handshake),
        cmocka_unit_test(a_handshake_that_stalls_is_a_connect_timeout),
        cmocka_unit_test(a_handshake_may_be_cancelled),
        cmocka_unit_test(an_answer_without_length_that_ends_without_close_notify_is_cut),
        cmocka_unit_test(reuses_a_session_and_shows_its_own_certificate),
        cmocka_unit_test(a_kept_session_that_ends_is_noticed),
        cmocka_unit_test(a_new_connection_resumes_the_session_of_the_pool),
        cmocka_unit_test(much_goes_both_ways_with_pauses),
    };
    return cmocka_run_group_tests(tests, make_pki, free_pki);
}
