/* SPDX-License-Identifier: Apache-2.0 */
#include "net/server.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "check.h"

/* A server on a loop, spoken to through a socketpair: what the peer writes and what comes back. */
struct world {
    struct loop *loop;
    struct net_server *server;
    struct slab slab;
    int peer;     /* our end */
    int requests; /* seen by the handler */
    int finished;
    bool close_inside; /* the handler closes the connection */
    bool keep_open;    /* the handler does not answer by itself */
    struct exchange *held;
    struct connection *connection;
    char heard[8192];
    size_t heard_size;
    bool ended;
    int64_t give_up_at;
    int64_t wait_until;
    bool ignore_body;
    char application[64]; /* from the preamble */
};

static void on_request(void *ctx, struct connection *c, struct exchange *x)
{
    struct world *w = ctx;
    w->requests++;
    w->connection = c;
    w->held = x;
    const struct hop_preamble *p = connection_preamble(c);
    if (p)
        assert_true(text_to_cstr(p->application, w->application, sizeof w->application));
    if (x->request.body != BODY_NONE && !w->ignore_body)
        exchange_want_body(x);
    if (w->close_inside)
        connection_close(c);
    if (w->keep_open || w->close_inside)
        return;
    struct response head = {.status = 200, .body = BODY_SIZED, .content_length = 2};
    assert_ok(exchange_reply(x, &head, text_bytes(TEXT("ok"))));
    connection_flush_later(c);
}
static void on_body(void *ctx, struct connection *c, struct exchange *x, struct bytes chunk)
{
    (void)ctx, (void)c, (void)x, (void)chunk;
}
static void on_body_end(void *ctx, struct connection *c, struct exchange *x)
{
    (void)ctx, (void)c, (void)x;
}
static void on_finished(void *ctx, struct connection *c, struct exchange *x, bool cancelled)
{
    (void)c, (void)x, (void)cancelled;
    struct world *w = ctx;
    w->finished++;
    w->held = NULL;
}
static const struct net_handler handler = {.request = on_request,
                                           .body = on_body,
                                           .body_end = on_body_end,
                                           .drained = on_body_end,
                                           .finished = on_finished};

static void setup(struct world *w, enum net_kind kind, int64_t header_ms)
{
    *w = (struct world){0};
    w->loop = loop_new();
    assert_non_null(w->loop);
    struct net_server_settings settings = {.loop = w->loop, .handler = &handler, .ctx = w, .slab = &w->slab};
    session_settings_default(&settings.session);
    settings.limits = (struct net_limits){.connections = 10,
                                          .connections_per_address = 10,
                                          .handshakes_per_address = 10,
                                          .idle_ms = 30000,
                                          .header_ms = header_ms,
                                          .body_idle_ms = header_ms,
                                          .handshake_ms = 30000,
                                          .write_ms = 1000,
                                          .body_min_rate = 0};
    assert_ok(net_server_new(&settings, &w->server));
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    w->peer = fds[0];
    assert_ok(net_adopt(w->server, fds[1], kind, 3));
}

static void teardown(struct world *w)
{
    net_server_free(w->server);
    loop_free(w->loop);
    (void)close(w->peer);
}

static void say(struct world *w, struct text t)
{
    assert_int_equal(send(w->peer, t.p, t.n, MSG_NOSIGNAL), (ssize_t)t.n);
}

struct waiting {
    struct world *w;
    bool (*until)(struct world *w);
    bool met;
};

static void look(void *ctx)
{
    struct waiting *wait = ctx;
    struct world *w = wait->w;
    ssize_t n = recv(w->peer, w->heard + w->heard_size, sizeof w->heard - 1 - w->heard_size, MSG_DONTWAIT);
    if (n > 0)
        w->heard_size += (size_t)n;
    if (n == 0)
        w->ended = true;
    w->heard[w->heard_size] = '\0';
    wait->met = wait->until(w);
    if (wait->met || loop_now_ms(w->loop) > w->give_up_at)
        loop_stop(w->loop);
}

static void run_until(struct world *w, bool (*until)(struct world *w))
{
    struct waiting wait = {w, until, false};
    struct timer *t = NULL;
    w->give_up_at = loop_now_ms(w->loop) + 60000;
    assert_ok(timer_start(w->loop, 1, 2, look, &wait, &t));
    loop_run(w->loop);
    timer_stop(t);
    assert_true(wait.met);
}

#define GET TEXT("GET / HTTP/1.1\r\nHost: a\r\n\r\n")

static int answers(const struct world *w)
{
    int n = 0;
    for (const char *at = w->heard; (at = strstr(at, "HTTP/1.1 200")); at++)
        n++;
    return n;
}
static bool one_answer(struct world *w)
{
    return answers(w) == 1 && w->heard_size > 4 && strcmp(w->heard + w->heard_size - 2, "ok") == 0;
}
static bool two_answers(struct world *w)
{
    return answers(w) == 2;
}
static bool has_ended(struct world *w)
{
    return w->ended;
}
static bool has_request(struct world *w)
{
    return w->requests > 0;
}

static void refuses_an_ambiguous_request_and_closes(void **state)
{
    (void)state;
    struct world w;
    setup(&w, NET_TCP, 1000);
    say(&w, TEXT("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"));
    run_until(&w, has_ended);
    assert_non_null(strstr(w.heard, "HTTP/1.1 400"));
    assert_int_equal(w.requests, 0);
    teardown(&w);
}

static bool has_no_connections(struct world *w)
{
    return net_server_connections(w->server) == 0;
}

/* RFC 9112 9.6: closing with unread bytes makes the kernel send RST, which takes the 400 away from a client
 * that still writes. */
static void lets_a_refused_client_finish_writing_but_not_for_ever(void **state)
{
    (void)state;
    struct world w;
    setup(&w, NET_TCP, 1000);
    say(&w, TEXT("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"));
    run_until(&w, has_ended);
    say(&w, TEXT("more that nobody reads"));
    assert_int_equal(net_server_connections(w.server), 1);
    run_until(&w, has_no_connections);
    assert_non_null(strstr(w.heard, "HTTP/1.1 400"));
    teardown(&w);
}

static void may_be_closed_from_inside_an_event(void **state)
{
    (void)state;
    struct world w;
    setup(&w, NET_TCP, 1000);
    w.close_inside = true;
    say(&w, GET);
    run_until(&w, has_ended);
    assert_int_equal(w.requests, 1);
    assert_int_equal(w.finished, 1);
    assert_int_equal(net_server_connections(w.server), 0);
    teardown(&w);
}

static void ends_a_head_that_does_not_arrive_with_408(void **state)
{
    (void)state;
    struct world w;
    setup(&w, NET_TCP, 80);
    say(&w, TEXT("GET / HTTP/1.1\r\nHost:"));
    run_until(&w, has_ended);
    assert_non_null(strstr(w.heard, "HTTP/1.1 408"));
    teardown(&w);
}

static void ends_a_body_that_stops_with_408(void **state)
{
    (void)state;
    struct world w;
    setup(&w, NET_TCP, 80);
    w.keep_open = true;
    say(&w, TEXT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"));
    run_until(&w, has_ended);
    assert_non_null(strstr(w.heard, "HTTP/1.1 408"));
    assert_int_equal(w.finished, 1);
    teardown(&w);
}

static bool has_second_request(struct world *w)
{
    return w->requests == 2;
}
static bool has_waited(struct world *w)
{
    return w->ended || loop_now_ms(w->loop) >= w->wait_until;
}

static void a_body_that_nobody_wanted_is_not_waited_for(void **state)
{
    (void)state;
    struct world w;
    setup(&w, NET_TCP, 300);
    w.ignore_body = true;
    say(&w, TEXT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"));
    run_until(&w, one_answer);
    w.keep_open = true; /* the next answer takes longer than a body may */
    say(&w, GET);
    run_until(&w, has_second_request);
    w.wait_until = loop_now_ms(w.loop) + 600;
    run_until(&w, has_waited);
    assert_false(w.ended);
    assert_null(strstr(w.heard, "408"));
    teardown(&w);
}

static void answers_two_requests_on_one_connection(void **state)
{
    (void)state;
    struct world w;
    setup(&w, NET_TCP, 1000);
    say(&w, GET);
    run_until(&w, one_answer);
    say(&w, GET);
    run_until(&w, two_answers);
    assert_int_equal(w.finished, 2);
    teardown(&w);
}

static void answers_pipelined_requests_in_order(void **state)
{
    (void)state;
    struct world w;
    setup(&w, NET_TCP, 1000);
    say(&w, TEXT("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    run_until(&w, two_answers);
    teardown(&w);
}

static void cancels_the_exchange_when_the_connection_is_closed_under_it(void **state)
{
    (void)state;
    struct world w;
    setup(&w, NET_TCP, 1000);
    w.keep_open = true;
    say(&w, GET);
    run_until(&w, has_request);
    connection_close(w.connection);
    assert_int_equal(w.finished, 1);
    assert_int_equal(net_server_connections(w.server), 0);
    teardown(&w);
}

/* Its owner answers in the last moment: the connection is closed while it waits for the loop to write it. */
static void is_freed_with_an_answer_that_nobody_wrote_yet(void **state)
{
    (void)state;
    struct world w;
    setup(&w, NET_TCP, 1000);
    w.keep_open = true;
    say(&w, GET);
    run_until(&w, has_request);
    struct response head = {.status = 200, .body = BODY_SIZED, .content_length = 2};
    assert_ok(exchange_reply(w.held, &head, text_bytes(TEXT("ok"))));
    connection_flush_later(w.connection);
    teardown(&w);
    assert_int_equal(w.finished, 1);
}

static void drains_idle_connections_at_once(void **state)
{
    (void)state;
    struct world w;
    setup(&w, NET_TCP, 1000);
    say(&w, GET);
    run_until(&w, one_answer);
    net_server_drain(w.server);
    run_until(&w, has_ended);
    assert_int_equal(net_server_connections(w.server), 0);
    teardown(&w);
}

static void preamble(struct buffer *out, const char *application)
{
    struct hop_preamble p = {.listener = 2, .request_id = TEXT("r"), .application = text_of(application)};
    hop_preamble_encode(&p, out);
}

static void reads_a_preamble_before_each_request_of_the_hop(void **state)
{
    (void)state;
    struct world w;
    setup(&w, NET_HOP, 1000);
    static const char *const names[] = {"first", "second"};
    for (int i = 0; i < 2; i++) {
        OWNED(buffer_release) struct buffer b;
        buffer_init(&b, 4096);
        preamble(&b, names[i]);
        buffer_text(&b, GET);
        /* Byte by byte: the preamble may arrive in any pieces. */
        for (size_t n = 0; n < buffer_size(&b); n++)
            say(&w, text_first(text_from(buffer_as_text(&b), n), 1));
        run_until(&w, i == 0 ? one_answer : two_answers);
        assert_string_equal(w.application, names[i]);
    }
    assert_int_equal(w.heard[0], HOP_VERSION); /* the greeting */
    teardown(&w);
}

static void ends_a_hop_connection_with_a_malformed_preamble(void **state)
{
    (void)state;
    struct world w;
    setup(&w, NET_HOP, 1000);
    say(&w, GET); /* "GET " is a length over the maximum */
    run_until(&w, has_ended);
    assert_int_equal(w.requests, 0);
    teardown(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_an_ambiguous_request_and_closes),
        cmocka_unit_test(lets_a_refused_client_finish_writing_but_not_for_ever),
        cmocka_unit_test(may_be_closed_from_inside_an_event),
        cmocka_unit_test(ends_a_head_that_does_not_arrive_with_408),
        cmocka_unit_test(ends_a_body_that_stops_with_408),
        cmocka_unit_test(ends_a_hop_connection_with_a_malformed_preamble),
        cmocka_unit_test(cancels_the_exchange_when_the_connection_is_closed_under_it),
        cmocka_unit_test(is_freed_with_an_answer_that_nobody_wrote_yet),
        cmocka_unit_test(drains_idle_connections_at_once),
        cmocka_unit_test(a_body_that_nobody_wanted_is_not_waited_for),
        cmocka_unit_test(answers_two_requests_on_one_connection),
        cmocka_unit_test(answers_pipelined_requests_in_order),
        cmocka_unit_test(reads_a_preamble_before_each_request_of_the_hop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
