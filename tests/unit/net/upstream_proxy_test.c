/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>

#include "upstream_world.h"

/* CONNECT: the world is the proxy, and then the target behind it. */

#define FINE "HTTP/1.1 200 Connection established\r\n\r\n"

static void through_a_proxy(struct world *w)
{
    world_init(w);
    w->endpoint.proxy_to = "10.1.2.3:80";
}

static void refused_answer(const char *answer, const char *words)
{
    struct world w;
    through_a_proxy(&w);
    world_must_start(&w, &w.calls[0], &get_request);
    wait_for(&w, world_asked(&w, 0));
    world_say(&w, 0, answer);
    world_fails_with(&w, &w.calls[0], UPSTREAM_PROXY);
    assert_string_equal(w.calls[0].detail, words);
    assert_false(w.calls[0].answer_started);
    assert_int_equal(w.peers[0].received, 0);
    assert_int_equal(world_stats(&w).open, 0);
    world_free(&w);
}

#define NOT_HTTP "its answer to CONNECT is not HTTP"

static void refuses_every_answer_but_2xx(void **state)
{
    (void)state;
    refused_answer("HTTP/1.1 407 Whatever it says\r\nProxy-Authenticate: Basic\r\n\r\n",
                   "the proxy answered 407 Proxy Authentication Required");
    refused_answer("HTTP/1.0 502\r\nContent-Length: 3\r\n\r\nbad", "the proxy answered 502 Bad Gateway");
    refused_answer("HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\n\r\n",
                   "the proxy answered 302 Found");
    refused_answer("HTTP/1.1 100 Continue\r\n\r\n" FINE, "the proxy answered 100 Continue");
    refused_answer("HTTP/1.1 599 \r\n\r\n", "the proxy answered 599");
}

static void refuses_what_is_not_http(void **state)
{
    (void)state;
    refused_answer("SSH-2.0-OpenSSH_9.2\r\n", NOT_HTTP);
    refused_answer("HTTP/2 200\r\n\r\n", NOT_HTTP);
    refused_answer("HTTP/1.2 200 OK\r\n\r\n", NOT_HTTP);
    refused_answer("HTTP/1.1 20 OK\r\n\r\n", NOT_HTTP);
    refused_answer("HTTP/1.1 2000 OK\r\n\r\n", NOT_HTTP);
    refused_answer("HTTP/1.1 099 OK\r\n\r\n", NOT_HTTP);
    refused_answer("HTTP/1.1 600 OK\r\n\r\n", NOT_HTTP);
    refused_answer("HTTP/1.1  200 OK\r\n\r\n", NOT_HTTP);
    refused_answer("HTTP/1.1 200 OK\nVia: x\r\n\r\n", NOT_HTTP);
    refused_answer("HTTP/1.1 200 OK\rVia: x\r\n\r\n", NOT_HTTP);
    refused_answer("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", NOT_HTTP);
    refused_answer("HTTP/1.1 200 OK\r\n: no name\r\n\r\n", NOT_HTTP);
    refused_answer("HTTP/1.1 200 O\x01K\r\n\r\n", NOT_HTTP);
    refused_answer("\r\n\r\n", NOT_HTTP);
}

/* What a target has not been asked for would be taken for its answer. */
static void refuses_bytes_behind_the_head(void **state)
{
    (void)state;
    refused_answer(FINE OK_ANSWER, "it sent more than an answer to CONNECT");
}

static void refuses_an_endless_head(void **state)
{
    (void)state;
    struct world w;
    through_a_proxy(&w);
    world_must_start(&w, &w.calls[0], &get_request);
    wait_for(&w, world_asked(&w, 0));
    world_say(&w, 0, "HTTP/1.1 200 OK\r\n");
    while (w.calls[0].failures == 0) {
        (void)world_send(
            &w, 0, text_bytes(TEXT("X-Padding: 0123456789012345678901234567890123456789012345678901\r\n")));
        world_turn(&w);
    }
    world_fails_with(&w, &w.calls[0], UPSTREAM_PROXY);
    assert_string_equal(w.calls[0].detail, "the head of its answer to CONNECT is too large");
    world_free(&w);
}

static void a_proxy_that_hangs_up_or_is_not_there_is_its_own_failure(void **state)
{
    (void)state;
    struct world w;
    for (int resets = 0; resets < 2; resets++) {
        through_a_proxy(&w);
        world_must_start(&w, &w.calls[0], &get_request);
        wait_for(&w, world_asked(&w, 0));
        (resets ? world_reset : world_close)(&w, 0);
        world_fails_with(&w, &w.calls[0], UPSTREAM_PROXY);
        assert_string_equal(w.calls[0].detail, "it ended the connection without an answer to CONNECT");
        world_free(&w);
    }
    through_a_proxy(&w);
    world_unlisten(&w);
    world_must_start(&w, &w.calls[0], &get_request);
    world_fails_with(&w, &w.calls[0], UPSTREAM_PROXY);
    assert_string_equal(w.calls[0].detail, "connection refused");
    world_free(&w);
}

static void a_proxy_that_does_not_answer_is_a_connect_timeout(void **state)
{
    (void)state;
    struct world w;
    through_a_proxy(&w);
    world_must_start(&w, &w.calls[0], &get_request);
    wait_for(&w, world_asked(&w, 0));
    world_say(&w, 0, "HTTP/1.1 200");
    w.limits.connect_ms = 60;
    world_set_limits(&w);
    world_fails_with(&w, &w.calls[0], UPSTREAM_CONNECT_TIMEOUT);
    assert_string_equal(w.calls[0].detail, "the proxy did not answer in time");
    world_free(&w);
}

/* The proxy may be on loopback, which is the operator's word; a target may not. */
static void the_target_is_guarded_and_the_proxy_is_not(void **state)
{
    (void)state;
    static const char *const refused[] = {"127.0.0.1:80", "169.254.169.254:80", "[::1]:443",
                                          "[::ffff:127.0.0.1]:80"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct world w;
        through_a_proxy(&w);
        w.guard.allow_loopback = false;
        w.endpoint.proxy_to = refused[i];
        world_must_start(&w, &w.calls[0], &get_request);
        world_fails_with(&w, &w.calls[0], UPSTREAM_GUARDED);
        assert_int_equal(w.accepted, 0);
        world_free(&w);
    }
    struct world w;
    through_a_proxy(&w);
    w.guard.allow_loopback = false;
    world_must_start(&w, &w.calls[0], &get_request);
    wait_for(&w, world_asked(&w, 0));
    upstream_cancel(w.calls[0].call);
    world_free(&w);
}

static void asks_for_the_target_and_shows_its_credentials_to_the_proxy_alone(void **state)
{
    (void)state;
    struct world w;
    through_a_proxy(&w);
    w.endpoint.proxy_authorization = TEXT("Basic dTpw");
    world_must_start(&w, &w.calls[0], &get_request);
    wait_for(&w, world_asked(&w, 0));
    assert_string_equal(w.peers[0].text, "CONNECT 10.1.2.3:80 HTTP/1.1\r\nHost: 10.1.2.3:80\r\n"
                                         "Proxy-Authorization: Basic dTpw\r\n\r\n");
    world_say(&w, 0, "HTTP/1.1 200 ");
    world_run_for(&w, 5);
    world_say(&w, 0,
              "OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r"); /* RFC 9110 9.3.6: ignored */
    world_run_for(&w, 5);
    world_say(&w, 0, "\n");
    wait_for(&w, world_asked(&w, 0));
    assert_null(strstr(w.peers[0].text, "Proxy-"));
    assert_non_null(strstr(w.peers[0].text, "GET / HTTP/1.1\r\n"));
    world_say(&w, 0, OK_ANSWER);
    wait_for(&w, w.calls[0].ends == 1);
    world_answers(&w, &w.calls[1], 0); /* kept, and not asked for again */
    assert_true(w.calls[1].facts.reused);
    world_free(&w);
}

static void tls_goes_through(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    struct world w;
    through_a_proxy(&w);
    world_use_tls(&w, pki_server(pki, "DNS:localhost"), pki_ca_pem(pki), NULL);
    struct tls_context *server = w.server_tls;
    w.server_tls = NULL; /* first the proxy speaks */
    world_must_start(&w, &w.calls[0], &get_request);
    wait_for(&w, world_asked(&w, 0));
    w.server_tls = server;
    world_say(&w, 0, FINE);
    assert_ok(tls_session_new(server, w.peers[0].fd, true, NULL, &w.peers[0].tls));
    wait_for(&w, world_asked(&w, 0));
    world_say(&w, 0, OK_ANSWER);
    wait_for(&w, w.calls[0].ends == 1);
    assert_true(w.calls[0].facts.tls);
    world_free(&w);
    pki_free(pki);
}

static void a_call_may_leave_while_the_proxy_is_asked(void **state)
{
    (void)state;
    struct world w;
    through_a_proxy(&w);
    world_must_start(&w, &w.calls[0], &get_request);
    wait_for(&w, world_asked(&w, 0));
    upstream_cancel(w.calls[0].call);
    assert_int_equal(world_stats(&w).open, 0);
    world_free(&w);
}

static void the_next_address_of_the_proxy_is_tried(void **state)
{
    (void)state;
    struct world w, closed;
    world_init(&closed);
    world_unlisten(&closed);
    through_a_proxy(&w);
    w.addresses[1] = w.addresses[0];
    w.addresses[0] = closed.addresses[0];
    w.endpoint.address_count = 2;
    world_must_start(&w, &w.calls[0], &get_request);
    wait_for(&w, world_asked(&w, 0));
    world_say(&w, 0, FINE);
    wait_for(&w, world_asked(&w, 0));
    world_say(&w, 0, OK_ANSWER);
    wait_for(&w, w.calls[0].ends == 1);
    world_free(&w);
    world_free(&closed);
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
        cmocka_unit_test(refuses_every_answer_but_2xx),
        cmocka_unit_test(refuses_what_is_not_http),
        cmocka_unit_test(refuses_bytes_behind_the_head),
        cmocka_unit_test(refuses_an_endless_head),
        cmocka_unit_test(a_proxy_that_hangs_up_or_is_not_there_is_its_own_failure),
        cmocka_unit_test(a_proxy_that_does_not_answer_is_a_connect_timeout),
        cmocka_unit_test(the_target_is_guarded_and_the_proxy_is_not),
        cmocka_unit_test(asks_for_the_target_and_shows_its_credentials_to_the_proxy_alone),
        cmocka_unit_test(tls_goes_through),
        cmocka_unit_test(a_call_may_leave_while_the_proxy_is_asked),
        cmocka_unit_test(the_next_address_of_the_proxy_is_tried),
    };
    return cmocka_run_group_tests(tests, no_sigpipe, NULL);
}
