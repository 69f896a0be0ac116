/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/clock.h"
#include "base/limits.h"
#include "h2_frame.h"
#include "h2_peer.h"

/* The connection as a whole: floods, broken framing, good-byes, time-outs, memory. */

static void refuses_what_is_not_http2(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open(&p);
    assert_status(session_feed(p.server, BYTES_OF("GET / HTTP/1.1\r\nHost: a\r\n\r\n")), E_INVALID);
    assert_true(session_wants_close(p.server));
    assert_false(session_wants_read(p.server));
    h2_peer_close(&p);
}

struct broken {
    const char *what;
    uint8_t type, flags;
    int32_t stream;
    struct bytes payload;
    uint32_t error;
};

#define PAYLOAD(literal)                                                                                     \
    {                                                                                                        \
        (const uint8_t *)("" literal), sizeof(literal) - 1                                                   \
    }

/* clang-format off */
static const struct broken broken[] = {
    {"SETTINGS of 5 bytes",      NGHTTP2_SETTINGS, 0, 0, PAYLOAD("\0\0\0\0\0"), NGHTTP2_FRAME_SIZE_ERROR},
    {"SETTINGS on a stream",     NGHTTP2_SETTINGS, 0, 1, PAYLOAD(""), NGHTTP2_PROTOCOL_ERROR},
    {"an initial window of 2^31", NGHTTP2_SETTINGS, 0, 0, PAYLOAD("\0\x04\x80\0\0\0"), NGHTTP2_FLOW_CONTROL_ERROR},
    {"PING of 7 bytes",          NGHTTP2_PING, 0, 0, PAYLOAD("1234567"), NGHTTP2_FRAME_SIZE_ERROR},
    {"DATA on stream 0",         NGHTTP2_DATA, 0, 0, PAYLOAD("x"), NGHTTP2_PROTOCOL_ERROR},
    {"DATA on an idle stream",   NGHTTP2_DATA, 0, 1, PAYLOAD("x"), NGHTTP2_PROTOCOL_ERROR},
    {"HEADERS on an even stream", NGHTTP2_HEADERS, 5, 2, PAYLOAD("\x82\x87\x84\x41\x01" "a"), NGHTTP2_PROTOCOL_ERROR},
    {"HPACK index 0",            NGHTTP2_HEADERS, 5, 1, PAYLOAD("\x80"), NGHTTP2_COMPRESSION_ERROR},
    {"CONTINUATION alone",       NGHTTP2_CONTINUATION, 4, 1, PAYLOAD("\x82"), NGHTTP2_PROTOCOL_ERROR},
    {"WINDOW_UPDATE of 0",       NGHTTP2_WINDOW_UPDATE, 0, 0, PAYLOAD("\0\0\0\0"), NGHTTP2_PROTOCOL_ERROR},
    {"PUSH_PROMISE",             NGHTTP2_PUSH_PROMISE, 4, 1, PAYLOAD("\0\0\0\x02\x82"), NGHTTP2_PROTOCOL_ERROR},
    {"RST_STREAM on stream 0",   NGHTTP2_RST_STREAM, 0, 0, PAYLOAD("\0\0\0\0"), NGHTTP2_PROTOCOL_ERROR},
};
/* clang-format on */

static void broken_framing_ends_the_connection(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct h2_peer p;
        h2_peer_open_manual(&p);
        h2_peer_frame(&p, broken[i].type, broken[i].flags, broken[i].stream, broken[i].payload);
        if (p.goaway_error != broken[i].error)
            fail_msg("%s: GOAWAY %u", broken[i].what, p.goaway_error);
        assert_status(p.fed, E_INVALID);
        assert_true(session_wants_close(p.server));
        assert_text(h2_peer_log(&p), "");
        h2_peer_close(&p);
    }
}

struct flood {
    const char *what;
    uint8_t type, flags;
    int32_t stream;
    struct bytes payload;
    unsigned limit;
};

/* clang-format off */
static const struct flood floods[] = {
    {"PING",             NGHTTP2_PING, 0, 0, PAYLOAD("12345678"), LIMIT_H2_CONTROL_PER_SECOND},
    {"SETTINGS",         NGHTTP2_SETTINGS, 0, 0, PAYLOAD(""), LIMIT_H2_CONTROL_PER_SECOND},
    {"PRIORITY",         NGHTTP2_PRIORITY, 0, 1, PAYLOAD("\0\0\0\0\x10"), LIMIT_H2_CONTROL_PER_SECOND},
    {"empty DATA",       NGHTTP2_DATA, 0, 1, PAYLOAD(""), LIMIT_H2_CONTROL_PER_SECOND},
};
/* clang-format on */

/* Straight to the server: a client that sees answers to what it never sent would end the connection itself.
 */
static void feed_frame(struct h2_peer *p, const struct flood *f)
{
    struct buffer b;
    buffer_init(&b, 64);
    h2_frame_put(&b, f->type, f->flags, f->stream, f->payload);
    if (status_ok(p->fed))
        p->fed = session_feed(p->server, buffer_bytes(&b));
    buffer_release(&b);
}

/* The error of the GOAWAY in the server's output, or 0. Takes the output. */
static uint32_t goaway_in_output(struct h2_peer *p)
{
    uint32_t error = 0;
    for (struct bytes out = session_output(p->server); out.n > 0; out = session_output(p->server)) {
        struct reader r = reader_of(out);
        struct h2_frame f;
        while (h2_frame_next(&r, &f)) {
            struct reader payload = reader_of(f.payload);
            (void)reader_u32(&payload);
            if (f.type == NGHTTP2_GOAWAY)
                error = reader_u32(&payload);
        }
        session_output_consumed(p->server, out.n);
    }
    return error;
}

static void floods_end_the_connection(void **state)
{
    (void)state;
    clock_set_test(1700000000000, 1000000);
    for (size_t i = 0; i < sizeof(floods) / sizeof(floods[0]); i++) {
        struct h2_peer p;
        h2_peer_open_manual(&p);
        (void)h2_peer_post_open(&p, "/");
        clock_advance_test(2000);
        for (unsigned n = 0; n < floods[i].limit; n++) {
            feed_frame(&p, &floods[i]);
            (void)goaway_in_output(&p);
        }
        if (!status_ok(p.fed))
            fail_msg("%s: refused at the limit", floods[i].what);
        feed_frame(&p, &floods[i]);
        if (goaway_in_output(&p) != NGHTTP2_ENHANCE_YOUR_CALM)
            fail_msg("%s: no GOAWAY", floods[i].what);
        assert_status(p.fed, E_INVALID);
        assert_true(session_wants_close(p.server));
        h2_peer_close(&p);
    }
    clock_real();
}

/* Answers wait to be sent: a peer that reads none of them costs a bounded number. */
static void answers_that_nobody_reads_are_bounded(void **state)
{
    (void)state;
    struct h2_peer p = {.mode = H2_OWNER_MANUAL};
    session_settings_default(&p.settings);
    p.settings.h2_control_per_second = UINT32_MAX;
    assert_true(h2_peer_open_with(&p));
    h2_peer_run(&p);
    unsigned n = 0;
    for (; status_ok(p.fed) && n < 100000; n++)
        feed_frame(&p, &floods[0]);
    assert_status(p.fed, E_INVALID);
    assert_true(n < 10000);
    h2_peer_close(&p);
}

static void the_same_spread_over_time_is_no_flood(void **state)
{
    (void)state;
    clock_set_test(1700000000000, 1000000);
    struct h2_peer p;
    h2_peer_open_manual(&p);
    for (unsigned i = 0; i < 3 * LIMIT_H2_CONTROL_PER_SECOND; i++) {
        h2_peer_frame(&p, NGHTTP2_PING, 0, 0, BYTES_OF("1234567"));
        clock_advance_test(11);
    }
    assert_ok(p.fed);
    assert_int_equal(p.goaways, 0);
    h2_peer_close(&p);
    clock_real();
}

/* CVE-2023-44487: requests that are taken back at once. */
static void rapid_resets_end_the_connection(void **state)
{
    (void)state;
    clock_set_test(1700000000000, 1000000);
    struct h2_peer p;
    h2_peer_open_manual(&p);
    for (unsigned i = 0; i <= LIMIT_H2_RESETS_PER_SECOND && status_ok(p.fed); i++) {
        const int32_t id = h2_peer_get(&p, "/");
        assert_int_equal(nghttp2_submit_rst_stream(p.ng, 0, id, NGHTTP2_CANCEL), 0);
        h2_peer_run(&p);
    }
    assert_status(p.fed, E_INVALID);
    assert_int_equal(p.goaway_error, NGHTTP2_ENHANCE_YOUR_CALM);
    assert_int_equal(session_open_exchanges(p.server), 0);
    h2_peer_close(&p);
    clock_real();
}

/* Ways to make us reset a stream. */
static void provoke_by_fields(struct h2_peer *p)
{
    const struct h2_field malformed[] = {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"},
                                         {":path", "/"},     {"te", "gzip"},       {NULL, NULL}};
    (void)h2_peer_request(p, malformed, NULL);
}

static const struct h2_field of_one_byte[] = {{":method", "POST"},     {":scheme", "https"},
                                              {":authority", "a"},     {":path", "/"},
                                              {"content-length", "1"}, {NULL, NULL}};

static void provoke_by_more_than_announced(struct h2_peer *p)
{
    h2_peer_frame(p, NGHTTP2_DATA, 0, h2_peer_open_request(p, of_one_byte), BYTES_OF("too much"));
}

static void provoke_by_less_than_announced(struct h2_peer *p)
{
    h2_peer_frame(p, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, h2_peer_open_request(p, of_one_byte),
                  (struct bytes){NULL, 0});
}

static void provoke_by_a_window(struct h2_peer *p)
{
    h2_peer_frame(p, NGHTTP2_WINDOW_UPDATE, 0, h2_peer_post_open(p, "/"),
                  (struct bytes){(const uint8_t *)"\x7f\xff\xff\xff", 4});
}

static void provoke_by_a_trailer(struct h2_peer *p)
{
    /* "host: x", a literal without indexing */
    h2_peer_frame(p, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM,
                  h2_peer_post_open(p, "/"), (struct bytes){(const uint8_t *)"\0\4host\1x", 8});
}

/* CVE-2025-8671: what we are made to reset counts as if the peer had. */
static void provoked_resets_end_the_connection(void **state)
{
    (void)state;
    static void (*const provoke[])(struct h2_peer *) = {
        provoke_by_fields,   provoke_by_more_than_announced, provoke_by_less_than_announced,
        provoke_by_a_window, provoke_by_a_trailer,
    };
    clock_set_test(1700000000000, 1000000);
    for (size_t k = 0; k < sizeof(provoke) / sizeof(provoke[0]); k++) {
        struct h2_peer p;
        h2_peer_open_manual(&p);
        unsigned n = 0;
        for (; n < 60 && status_ok(p.fed); n++)
            provoke[k](&p);
        if (n != LIMIT_H2_RESETS_PER_SECOND + 1 || p.goaway_error != NGHTTP2_ENHANCE_YOUR_CALM)
            fail_msg("%zu: %u resets, GOAWAY %u", k, n, p.goaway_error);
        assert_status(p.fed, E_INVALID);
        h2_peer_close(&p);
    }
    clock_real();
}

/* CVE-2024-27316 and its kin. */
static void an_endless_header_block_ends_the_connection(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    h2_peer_frame(&p, NGHTTP2_HEADERS, 0, 1,
                  BYTES_OF("\x82\x87\x84\x41\x01"
                           "a"));
    for (int i = 0; i < 1000 && status_ok(p.fed); i++)
        h2_peer_frame(&p, NGHTTP2_CONTINUATION, 0, 1, (struct bytes){(const uint8_t *)"\x00\x01x\x01y", 5});
    assert_status(p.fed, E_INVALID);
    assert_text(h2_peer_log(&p), "");
    h2_peer_close(&p);
}

static void more_streams_than_allowed_are_refused(void **state)
{
    (void)state;
    struct h2_peer p = {.mode = H2_OWNER_MANUAL};
    session_settings_default(&p.settings);
    p.settings.h2_streams = 3;
    assert_true(h2_peer_open_with(&p));
    h2_peer_run(&p);
    for (int i = 0; i < 5; i++)
        (void)h2_peer_get(&p, "/");
    /* A client that keeps to the rules waits. */
    assert_int_equal(session_open_exchanges(p.server), 3);
    struct response head = {.status = 200};
    assert_ok(exchange_reply(h2_peer_x(&p, 1), &head, (struct bytes){NULL, 0}));
    h2_peer_run(&p);
    assert_int_equal(session_open_exchanges(p.server), 3);
    /* Another does not, and ends. */
    h2_peer_frame(&p, NGHTTP2_HEADERS, 5, 101,
                  (struct bytes){(const uint8_t *)"\x82\x87\x84\x41\x01"
                                                  "a",
                                 6});
    assert_int_equal(session_open_exchanges(p.server), 3);
    h2_peer_close(&p);
}

static void a_shutdown_lets_open_streams_finish(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    const int32_t id = h2_peer_get(&p, "/");
    session_shutdown(p.server);
    session_shutdown(p.server);
    const struct bytes first = session_output(p.server);
    assert_true(first.n > 0);
    assert_false(session_wants_close(p.server));
    h2_peer_run(&p);
    assert_int_equal(p.goaways, 2);
    assert_int_equal(p.goaway_error, NGHTTP2_NO_ERROR);
    assert_int_equal(p.goaway_last, id);
    assert_false(session_wants_close(p.server));
    struct response head = {.status = 200};
    assert_ok(exchange_reply(h2_peer_x(&p, id), &head, BYTES_OF("bye")));
    h2_peer_run(&p);
    assert_int_equal(h2_peer_answer(&p, id)->status, 200);
    assert_true(session_wants_close(p.server));
    h2_peer_close(&p);
}

static void an_idle_connection_closes_after_the_good_bye(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    const int32_t id = h2_peer_get(&p, "/");
    struct response head = {.status = 200};
    assert_ok(exchange_reply(h2_peer_x(&p, id), &head, (struct bytes){NULL, 0}));
    h2_peer_run(&p);
    assert_true(session_is_idle(p.server));
    session_shutdown(p.server);
    h2_peer_run(&p);
    assert_int_equal(p.goaways, 1); /* not the warning alone: there is no second time */
    assert_int_equal(p.goaway_last, id);
    assert_true(session_wants_close(p.server));
    h2_peer_close(&p);
}

static void the_peers_good_bye_closes_when_all_is_answered(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    const int32_t id = h2_peer_get(&p, "/");
    h2_peer_frame(&p, NGHTTP2_GOAWAY, 0, 0, BYTES_OF("\0\0\0\0\0\0\0"));
    assert_ok(p.fed);
    assert_false(session_wants_close(p.server));
    struct response head = {.status = 200};
    assert_ok(exchange_reply(h2_peer_x(&p, id), &head, (struct bytes){NULL, 0}));
    h2_peer_run(&p);
    assert_true(session_wants_close(p.server));
    h2_peer_close(&p);
}

static void the_end_of_input_cancels_what_is_incomplete(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    const int32_t complete = h2_peer_get(&p, "/");
    const int32_t open = h2_peer_post_open(&p, "/");
    h2_peer_forget(&p);
    session_end_of_input(p.server);
    assert_text(h2_peer_log(&p), "cancelled 3|");
    assert_null(h2_peer_x(&p, open));
    assert_false(session_wants_close(p.server));
    struct response head = {.status = 200};
    assert_ok(exchange_reply(h2_peer_x(&p, complete), &head, (struct bytes){NULL, 0}));
    h2_peer_run(&p);
    assert_int_equal(h2_peer_answer(&p, complete)->status, 200);
    assert_true(session_wants_close(p.server));
    h2_peer_close(&p);
}

static void a_slow_body_is_cancelled_by_the_time_out(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    const int32_t slow = h2_peer_post_open(&p, "/");
    const int32_t other = h2_peer_get(&p, "/");
    assert_false(session_reading_head(p.server));
    session_timeout(p.server);
    h2_peer_run(&p);
    assert_int_equal(h2_peer_answer(&p, slow)->error, NGHTTP2_CANCEL);
    struct response head = {.status = 200};
    assert_ok(exchange_reply(h2_peer_x(&p, other), &head, (struct bytes){NULL, 0}));
    h2_peer_run(&p);
    assert_true(session_wants_close(p.server));
    h2_peer_close(&p);
}

static void a_slow_head_ends_the_connection_by_the_time_out(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open(&p);
    assert_true(session_reading_head(p.server)); /* the preface */
    h2_peer_run(&p);
    assert_false(session_reading_head(p.server));
    h2_peer_frame(&p, NGHTTP2_HEADERS, 0, 1, (struct bytes){(const uint8_t *)"\x82", 1});
    assert_true(session_reading_head(p.server));
    assert_false(session_is_idle(p.server));
    session_timeout(p.server);
    h2_peer_run(&p);
    assert_true(session_wants_close(p.server));
    assert_int_equal(p.goaways, 1);
    h2_peer_close(&p);
}

static void count_one(void *ctx, struct exchange *x)
{
    size_t *n = ctx;
    (*n)++;
    exchange_abort(x);
}

static void each_exchange_may_be_aborted_on_the_way(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    for (int i = 0; i < 4; i++)
        (void)h2_peer_get(&p, "/");
    size_t n = 0;
    session_each_exchange(p.server, count_one, &n);
    assert_int_equal(n, 4);
    assert_int_equal(session_open_exchanges(p.server), 0);
    h2_peer_run(&p);
    assert_int_equal(h2_peer_answer(&p, 1)->error, NGHTTP2_INTERNAL_ERROR);
    h2_peer_close(&p);
}

static void freeing_cancels_what_is_open(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    (void)h2_peer_get(&p, "/a");
    (void)h2_peer_post_open(&p, "/b");
    h2_peer_forget(&p);
    session_free(p.server);
    p.server = NULL;
    assert_text(h2_peer_log(&p), "cancelled 1|cancelled 3|");
    h2_peer_close(&p);
}

static void an_idle_connection_gives_memory_back_and_goes_on(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open(&p);
    (void)h2_peer_post(&p, "/", "hello");
    assert_true(session_is_idle(p.server));
    session_shrink(p.server);
    assert_int_equal(h2_peer_answer(&p, h2_peer_post(&p, "/", "again"))->status, 200);
    h2_peer_close(&p);
}

/* ---- memory ---- */

/* A client's whole talk, recorded once, so that only the server allocates when it is played. */
static void record(struct buffer *out)
{
    struct h2_peer p;
    h2_peer_open(&p);
    h2_peer_run(&p);
    static const uint8_t preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    buffer_append(out, (struct bytes){preface, sizeof(preface) - 1});
    static const uint8_t post[] = "\0\0\x0a\x01\x04\0\0\0\x01\x83\x87\x84\x41\x01"
                                  "a\0\x01x\0"
                                  "\0\0\x05\0\x01\0\0\0\x01hello";
    buffer_append(out, (struct bytes){post, sizeof(post) - 1});
    static const uint8_t get[] = "\0\0\x06\x01\x05\0\0\0\x03\x82\x87\x84\x41\x01"
                                 "a";
    buffer_append(out, (struct bytes){get, sizeof(get) - 1});
    h2_peer_close(&p);
}

static void ignore_request(void *owner, struct exchange *x)
{
    (void)owner;
    exchange_want_body(x);
}

static void ignore_body(void *owner, struct exchange *x, struct bytes chunk)
{
    (void)owner;
    (void)x;
    (void)chunk;
}

static void reply_ok(void *owner, struct exchange *x)
{
    (void)owner;
    struct header field = {TEXT("x-probe"), TEXT("1")};
    const struct headers fields = {&field, 1, 1};
    const struct response hints = {.status = 103, .headers = fields};
    const struct response head = {.status = 200, .headers = fields, .body = BODY_STREAM};
    if (!status_ok(exchange_interim(x, &hints)) || !status_ok(exchange_respond(x, &head)) ||
        !status_ok(exchange_write(x, BYTES_OF("answer")))) {
        exchange_abort(x);
        return;
    }
    status_ignore(exchange_end_with(x, &fields));
}

static void ignore_drained(void *owner, struct exchange *x)
{
    (void)owner;
    (void)x;
}

static void count_finished(void *owner, struct exchange *x, bool cancelled)
{
    (void)x;
    int *finished = owner;
    *finished += cancelled ? 0 : 1;
}

static struct status play(struct bytes talk)
{
    static const struct session_events events = {ignore_request, ignore_body,    reply_ok,
                                                 ignore_drained, count_finished, NULL};
    struct session_settings settings;
    session_settings_default(&settings);
    int finished = 0;
    struct session *s = session_new(SESSION_H2, &settings, &events, &finished);
    if (!s)
        return STATUS(NOMEM);
    struct status st = session_feed(s, talk);
    for (struct bytes out = session_output(s); out.n > 0; out = session_output(s))
        session_output_consumed(s, out.n);
    session_free(s);
    if (status_ok(st) && finished < 2)
        return STATUS(UNAVAILABLE);
    return st;
}

static void failing_allocations_end_streams_or_the_connection(void **state)
{
    (void)state;
    struct buffer talk;
    buffer_init(&talk, 4096);
    record(&talk);
    assert_survives_failing_allocations(play(buffer_bytes(&talk)));
    buffer_release(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_not_http2),
        cmocka_unit_test(broken_framing_ends_the_connection),
        cmocka_unit_test(floods_end_the_connection),
        cmocka_unit_test(answers_that_nobody_reads_are_bounded),
        cmocka_unit_test(the_same_spread_over_time_is_no_flood),
        cmocka_unit_test(rapid_resets_end_the_connection),
        cmocka_unit_test(provoked_resets_end_the_connection),
        cmocka_unit_test(an_endless_header_block_ends_the_connection),
        cmocka_unit_test(more_streams_than_allowed_are_refused),
        cmocka_unit_test(failing_allocations_end_streams_or_the_connection),
        cmocka_unit_test(a_shutdown_lets_open_streams_finish),
        cmocka_unit_test(an_idle_connection_closes_after_the_good_bye),
        cmocka_unit_test(the_peers_good_bye_closes_when_all_is_answered),
        cmocka_unit_test(the_end_of_input_cancels_what_is_incomplete),
        cmocka_unit_test(a_slow_body_is_cancelled_by_the_time_out),
        cmocka_unit_test(a_slow_head_ends_the_connection_by_the_time_out),
        cmocka_unit_test(each_exchange_may_be_aborted_on_the_way),
        cmocka_unit_test(freeing_cancels_what_is_open),
        cmocka_unit_test(an_idle_connection_gives_memory_back_and_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
