/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "upstream_world.h"

#define STREAM_HEAD                                                                                          \
    "POST / HTTP/1.1\r\nHost: target\r\n"                                                                    \
    "Transfer-Encoding: chunked\r\n\r\n"
#define UPGRADE_HEAD                                                                                         \
    "GET / HTTP/1.1\r\nHost: target\r\n"                                                                     \
    "Connection: upgrade\r\nUpgrade: echo\r\n\r\n"
#define SWITCHING "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n"

static const struct upstream_request stream_request = {
    .method = HTTP_POST,
    .head = {(const uint8_t *)STREAM_HEAD, sizeof(STREAM_HEAD) - 1},
    .body = BODY_STREAM};
static const struct upstream_request upgrade_request = {
    .method = HTTP_GET,
    .head = {(const uint8_t *)UPGRADE_HEAD, sizeof(UPGRADE_HEAD) - 1},
    .repeatable = true,
    .upgrade = true};

/* ---- the request's body, refused ---- */

static void refuses_a_body_that_is_not_as_announced(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct record *none = &w.calls[0], *sized = &w.calls[1], *stream = &w.calls[2];
    world_must_start(&w, none, &get_request);
    assert_status(world_write(none, text_bytes(TEXT("x"))), E_INVALID);
    assert_ok(upstream_end_body(none->call, NULL));
    world_must_start(&w, sized, &post_request);
    assert_status(world_write(sized, text_bytes(TEXT("hello!"))), E_INVALID);
    assert_ok(world_write(sized, text_bytes(TEXT("hell"))));
    assert_status(upstream_end_body(sized->call, NULL), E_INVALID);
    assert_status(world_write(sized, text_bytes(TEXT("oo"))), E_INVALID);
    assert_ok(world_write(sized, text_bytes(TEXT("o"))));
    assert_ok(upstream_end_body(sized->call, NULL));
    assert_status(upstream_end_body(sized->call, NULL), E_INVALID);
    world_must_start(&w, stream, &stream_request);
    assert_ok(upstream_end_body(stream->call, NULL));
    assert_status(world_write(stream, text_bytes(TEXT("x"))), E_INVALID);
    for (int i = 0; i < 3; i++)
        upstream_cancel(w.calls[i].call);
    world_free(&w);
}

static void refuses_writes_on_and_on_when_nobody_takes_them(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct record *r = &w.calls[0];
    world_must_start(&w, r, &stream_request);
    struct status st = DONE;
    unsigned chunks = 0;
    for (; chunks < 1000 && st.code != E_TOO_LARGE; chunks++)
        st = world_write(r, pattern_at(0, 32 * 1024));
    assert_status(st, E_TOO_LARGE);
    assert_true(chunks < 20);
    upstream_cancel(r->call);
    world_free(&w);
}

/* ---- heads and bodies that arrive in pieces ---- */

static void a_head_and_its_body_go_in_one_write(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct record *r = &w.calls[0];
    for (int i = 0; i < 2; i++) { /* a new connection, and a warm one */
        world_must_start(&w, r, &post_request);
        assert_ok(world_write(r, text_bytes(TEXT("hello"))));
        assert_ok(upstream_end_body(r->call, NULL));
        wait_for(&w, world_asked(&w, 0));
        assert_int_equal(w.peers[0].received, post_request.head.n + 5);
        world_say(&w, 0, OK_ANSWER);
        wait_for(&w, r->ends == 1);
    }
    assert_int_equal(w.accepted, 1);
    world_free(&w);
}

static void a_head_does_not_wait_for_a_body_that_is_late(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct record *r = &w.calls[0];
    for (int i = 0; i < 2; i++) {
        world_must_start(&w, r, &stream_request);
        wait_for(&w, world_asked(&w, 0));
        assert_ok(world_write(r, text_bytes(TEXT("hello"))));
        wait_for(&w, strstr(w.peers[0].text, "\r\n\r\n5\r\nhello\r\n") != NULL);
        assert_ok(upstream_end_body(r->call, NULL));
        wait_for(&w, strstr(w.peers[0].text, "hello\r\n0\r\n\r\n") != NULL);
        world_say(&w, 0, OK_ANSWER);
        wait_for(&w, r->ends == 1);
    }
    assert_int_equal(w.accepted, 1);
    world_free(&w);
}

static const struct good_answer {
    bool head_method;
    const char *bytes, *body;
    int status, interims;
    bool close, kept;
} good_answers[] = {
    {false, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", 200, 0, false, true},
    {false, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", 200, 0, false, true},
    {false,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nT: v\r\n\r\n",
     "hello", 200, 0, false, true},
    {false, "HTTP/1.1 200 OK\r\n\r\nhello", "hello", 200, 0, true, false},
    {false, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", 200, 0, false, false},
    {false, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", "hello", 200, 0, false,
     false},
    {false, "HTTP/1.1 204 No Content\r\n\r\n", "", 204, 0, false, true},
    {false, "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", "", 304, 0, false, true},
    {true, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", "", 200, 0, false, true},
    {true, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "", 200, 0, false, true},
    {false,
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
     "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno",
     "no", 500, 2, false, true},
};

static void check_good(const struct good_answer *a, size_t piece)
{
    struct world w;
    world_init(&w);
    struct record *r = &w.calls[0];
    world_must_start(&w, r, a->head_method ? &head_request : &get_request);
    wait_for(&w, world_asked(&w, 0));
    const struct bytes all = text_bytes(text_of(a->bytes));
    for (size_t at = 0; at < all.n; at += piece) {
        const size_t n = all.n - at < piece ? all.n - at : piece;
        assert_int_equal(world_send(&w, 0, (struct bytes){all.p + at, n}), n);
        if (piece < all.n)
            world_turn(&w);
    }
    if (a->close)
        world_close(&w, 0);
    wait_for(&w, r->ends + r->failures > 0);
    if (r->ends != 1)
        fail_msg("%s: %s", a->bytes, r->detail);
    assert_int_equal(r->status, a->status);
    assert_int_equal(r->interims, a->interims);
    assert_int_equal(r->heads, 1);
    assert_string_equal(r->body, a->body);
    assert_int_equal(world_stats(&w).idle, a->kept);
    world_free(&w);
}

static void takes_every_kind_of_answer_in_pieces_of_any_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good_answers / sizeof good_answers[0]; i++) {
        check_good(&good_answers[i], SIZE_MAX / 2);
        check_good(&good_answers[i], 7);
    }
}

static void an_answer_that_comes_before_the_body_is_complete_ends_the_connection(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct record *r = &w.calls[0];
    world_must_start(&w, r, &stream_request);
    assert_ok(world_write(r, text_bytes(TEXT("hello"))));
    wait_for(&w, world_asked(&w, 0));
    world_say(&w, 0, "HTTP/1.1 413 Too Large\r\nContent-Length: 6\r\n\r\nto");
    wait_for(&w, r->heads == 1);
    assert_ok(world_write(r, text_bytes(TEXT("more"))));
    world_say(&w, 0, "o big");
    wait_for(&w, r->ends == 1);
    assert_int_equal(r->status, 413);
    assert_int_equal(world_stats(&w).open, 0);
    world_free(&w);
}

static void an_answer_is_read_although_the_target_takes_no_more_of_the_body(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct record *r = &w.calls[0];
    world_must_start(&w, r, &stream_request);
    wait_for(&w, world_asked(&w, 0));
    world_say(&w, 0, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    world_reset(&w, 0); /* what it said is in our socket already */
    assert_true(world_write(r, pattern_at(0, 1000)).code != E_INVALID);
    assert_true(world_write(r, pattern_at(0, 1000)).code != E_INVALID);
    wait_for(&w, r->ends + r->failures == 1);
    if (r->ends == 1) /* the kernel may throw away on RST what was not read: then it is a reset */
        assert_int_equal(r->status, 403);
    else
        assert_int_equal(r->why, UPSTREAM_RESET);
    world_free(&w);
}

/* ---- much, with little memory ---- */

#define MUCH (10u * 1024 * 1024)

static uint64_t sum_of_pattern(size_t n)
{
    uint64_t sum = 0;
    for (size_t at = 0; at < n; at += 65536)
        sum = sum_of(sum, pattern_at(at, n - at < 65536 ? n - at : 65536));
    return sum;
}

static void pause_after_each(struct record *r)
{
    upstream_pause(r->call);
}

/* The target sends as fast as it can; the reader takes one piece and rests. */
static void a_slow_reader_stops_the_target(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct record *r = &w.calls[0];
    r->on_body = pause_after_each;
    world_must_start(&w, r, &get_request);
    wait_for(&w, world_asked(&w, 0));
    world_say(&w, 0, "HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n");
    size_t sent = 0;
    for (int quiet = 0; quiet < 40;) {
        const size_t n = sent < MUCH ? world_send(&w, 0, pattern_at(sent, 65536)) : 0;
        sent += n;
        quiet = n > 0 ? 0 : quiet + 1;
        world_turn(&w);
    }
    assert_true(sent < MUCH);               /* only what the kernel's buffers hold */
    assert_true(r->body_size <= 2 * 32768); /* one read */
    while (r->ends == 0) {
        if (sent < MUCH) {
            const size_t n = MUCH - sent < 65536 ? MUCH - sent : 65536;
            sent += world_send(&w, 0, pattern_at(sent, n));
        }
        upstream_resume(r->call);
        world_turn(&w);
        assert_int_equal(r->failures, 0);
    }
    assert_int_equal(r->body_size, MUCH);
    assert_true(r->sum == sum_of_pattern(MUCH));
    assert_int_equal(world_stats(&w).idle, 1);
    world_free(&w);
}

/* Writes on until the call wants no more; ends the body once, with its last piece (after which the call may
 * still say that it takes more). */
static void upload(struct record *r, size_t *at, size_t chunk)
{
    if (*at == MUCH)
        return;
    struct status st = DONE;
    while (*at < MUCH && st.code != E_AGAIN) {
        const size_t n = MUCH - *at < chunk ? MUCH - *at : chunk;
        st = world_write(r, pattern_at(*at, n));
        assert_true(st.code == E_OK || st.code == E_AGAIN);
        *at += n;
    }
    if (*at == MUCH)
        assert_ok(upstream_end_body(r->call, NULL));
}

static void a_slow_target_stops_the_writer(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct record *r = &w.calls[0];
    struct upstream_request big = post_request;
    big.content_length = MUCH;
    size_t at = 0;
    world_must_start(&w, r, &big);
    wait_for(&w, w.accepted == 1);
    struct peer *p = &w.peers[0];
    p->deaf = true;
    watch_set(p->watch, 0);
    upload(r, &at, 16384);
    for (int seen = 0, quiet = 0; quiet < 40; quiet++) {
        if (r->writables > seen) {
            seen = r->writables;
            quiet = 0;
            upload(r, &at, 16384);
        }
        world_turn(&w);
    }
    assert_true(at < MUCH);
    p->deaf = false;
    watch_set(p->watch, WATCH_READ);
    while (p->received < big.head.n + MUCH) {
        const int seen = r->writables;
        world_turn(&w);
        if (r->writables > seen)
            upload(r, &at, 100000);
        assert_int_equal(r->failures, 0);
    }
    uint64_t expected = sum_of(0, big.head);
    for (size_t i = 0; i < MUCH; i += 65536)
        expected = sum_of(expected, pattern_at(i, 65536));
    assert_true(p->sum == expected);
    world_say(&w, 0, OK_ANSWER);
    wait_for(&w, r->ends == 1);
    assert_int_equal(world_stats(&w).idle, 1);
    world_free(&w);
}

static void a_chunked_body_that_had_to_wait_for_a_connection_arrives_whole(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.limits.connections = 1;
    world_set_limits(&w);
    struct record *first = &w.calls[0], *r = &w.calls[1];
    world_must_start(&w, first, &get_request);
    world_must_start(&w, r, &stream_request);
    assert_status(world_write(r, pattern_at(0, 40000)), E_AGAIN);
    wait_for(&w, world_asked(&w, 0));
    assert_int_equal(r->writables, 0);
    world_say(&w, 0, OK_ANSWER);
    wait_for(&w, r->writables == 1); /* told although it went out in one piece */
    assert_ok(upstream_end_body(r->call, NULL));
    wait_for(&w, w.peers[0].received == stream_request.head.n + 6 + 40000 + 2 + 5);
    world_say(&w, 0, OK_ANSWER);
    wait_for(&w, r->ends == 1);
    world_free(&w);
}

/* ---- tunnels ---- */

static void a_tunnel_carries_both_ways_and_half_closes(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct record *r = &w.calls[0];
    world_must_start(&w, r, &upgrade_request);
    wait_for(&w, world_asked(&w, 0));
    world_say(&w, 0, SWITCHING "early");
    wait_for(&w, r->body_size == 5);
    assert_int_equal(r->status, 101);
    assert_ok(world_write(r, text_bytes(TEXT("ping"))));
    wait_for(&w, w.peers[0].received == 4);
    assert_string_equal(w.peers[0].text, "ping"); /* raw */
    world_say(&w, 0, "pong");
    wait_for(&w, r->body_size == 9);
    assert_ok(upstream_end_body(r->call, NULL));
    wait_for(&w, w.peers[0].ended);
    assert_int_equal(r->ends, 0); /* the other direction is open */
    world_say(&w, 0, "last words");
    wait_for(&w, r->body_size == 19);
    world_close(&w, 0);
    wait_for(&w, r->ends == 1);
    assert_string_equal(r->body, "earlyponglast words");
    assert_int_equal(world_stats(&w).open, 0);
    world_free(&w);
}

static void a_tunnel_whose_target_ends_first_still_gets_what_was_written(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct record *r = &w.calls[0];
    world_must_start(&w, r, &upgrade_request);
    wait_for(&w, world_asked(&w, 0));
    world_say(&w, 0, SWITCHING);
    wait_for(&w, r->heads == 1);
    w.peers[0].deaf = true;
    watch_set(w.peers[0].watch, 0);
    size_t written = 0;
    struct status st = DONE;
    for (int quiet = 0; quiet < 20; quiet++) { /* until the kernel takes no more */
        const int seen = r->writables;
        while (status_ok(st)) {
            st = world_write(r, pattern_at(written, 65536));
            written += 65536;
        }
        world_turn(&w);
        if (r->writables > seen) {
            st = DONE;
            quiet = 0;
        }
    }
    assert_int_equal(shutdown(w.peers[0].fd, SHUT_WR), 0);
    world_run_for(&w, 20);
    assert_int_equal(r->ends, 0);
    w.peers[0].deaf = false;
    watch_set(w.peers[0].watch, WATCH_READ);
    wait_for(&w, r->ends == 1);
    wait_for(&w, w.peers[0].ended);
    assert_int_equal(w.peers[0].received, written);
    world_free(&w);
}

static void a_tunnel_that_is_reset_fails(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct record *r = &w.calls[0];
    world_must_start(&w, r, &upgrade_request);
    wait_for(&w, world_asked(&w, 0));
    world_say(&w, 0, SWITCHING);
    wait_for(&w, r->heads == 1);
    world_reset(&w, 0);
    wait_for(&w, r->failures == 1);
    assert_int_equal(r->why, UPSTREAM_RESET);
    assert_true(r->answer_started);
    world_free(&w);
}

static void an_upgrade_that_the_target_declines_is_an_ordinary_answer(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct record *r = &w.calls[0];
    world_must_start(&w, r, &upgrade_request);
    wait_for(&w, world_asked(&w, 0));
    world_say(&w, 0, OK_ANSWER);
    wait_for(&w, r->ends == 1);
    assert_int_equal(world_stats(&w).idle, 1);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_body_that_is_not_as_announced),
        cmocka_unit_test(refuses_writes_on_and_on_when_nobody_takes_them),
        cmocka_unit_test(a_head_and_its_body_go_in_one_write),
        cmocka_unit_test(a_head_does_not_wait_for_a_body_that_is_late),
        cmocka_unit_test(takes_every_kind_of_answer_in_pieces_of_any_size),
        cmocka_unit_test(an_answer_that_comes_before_the_body_is_complete_ends_the_connection),
        cmocka_unit_test(an_answer_is_read_although_the_target_takes_no_more_of_the_body),
        cmocka_unit_test(a_slow_reader_stops_the_target),
        cmocka_unit_test(a_slow_target_stops_the_writer),
        cmocka_unit_test(a_chunked_body_that_had_to_wait_for_a_connection_arrives_whole),
        cmocka_unit_test(a_tunnel_carries_both_ways_and_half_closes),
        cmocka_unit_test(a_tunnel_whose_target_ends_first_still_gets_what_was_written),
        cmocka_unit_test(a_tunnel_that_is_reset_fails),
        cmocka_unit_test(an_upgrade_that_the_target_declines_is_an_ordinary_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
