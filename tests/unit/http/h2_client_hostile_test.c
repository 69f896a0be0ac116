/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <nghttp2/nghttp2.h>

#include "base/clock.h"
#include "base/limits.h"
#include "h2_talk.h"

/* What a broken or hostile target does to the whole connection, frame by frame. */

/* ---- the connection ---- */

struct broken {
    const char *what;
    uint8_t type, flags;
    int32_t stream;
    const char *payload;
    size_t n;
    uint32_t error;
};

#define P(literal) ("" literal), sizeof(literal) - 1

/* clang-format off */
static const struct broken broken[] = {
    {"SETTINGS of 5 bytes",       NGHTTP2_SETTINGS, 0, 0, P("\0\0\0\0\0"), NGHTTP2_FRAME_SIZE_ERROR},
    {"SETTINGS on a stream",      NGHTTP2_SETTINGS, 0, 1, P(""), NGHTTP2_PROTOCOL_ERROR},
    {"an initial window of 2^31", NGHTTP2_SETTINGS, 0, 0, P("\0\x04\x80\0\0\0"), NGHTTP2_FLOW_CONTROL_ERROR},
    {"frames of 1 byte",          NGHTTP2_SETTINGS, 0, 0, P("\0\x05\0\0\0\x01"), NGHTTP2_PROTOCOL_ERROR},
    {"a server that wants push",  NGHTTP2_SETTINGS, 0, 0, P("\0\x02\0\0\0\x01"), NGHTTP2_PROTOCOL_ERROR},
    {"PING of 7 bytes",           NGHTTP2_PING, 0, 0, P("1234567"), NGHTTP2_FRAME_SIZE_ERROR},
    {"PING on a stream",          NGHTTP2_PING, 0, 1, P("12345678"), NGHTTP2_PROTOCOL_ERROR},
    {"DATA on stream 0",          NGHTTP2_DATA, 0, 0, P("x"), NGHTTP2_PROTOCOL_ERROR},
    {"DATA on an idle stream",    NGHTTP2_DATA, 0, 99, P("x"), NGHTTP2_PROTOCOL_ERROR},
    {"DATA on its own stream",    NGHTTP2_DATA, 0, 2, P("x"), NGHTTP2_PROTOCOL_ERROR},
    {"padding beyond the frame",  NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 1, P("\x05" "x"), NGHTTP2_PROTOCOL_ERROR},
    {"HEADERS on an idle stream", NGHTTP2_HEADERS, 5, 99, P("\x88"), NGHTTP2_PROTOCOL_ERROR},
    {"HEADERS on its own stream", NGHTTP2_HEADERS, 5, 2, P("\x88"), NGHTTP2_PROTOCOL_ERROR},
    {"HPACK index 0",             NGHTTP2_HEADERS, 5, 1, P("\x80"), NGHTTP2_COMPRESSION_ERROR},
    {"HPACK beyond the table",    NGHTTP2_HEADERS, 5, 1, P("\xff\x20"), NGHTTP2_COMPRESSION_ERROR},
    {"an HPACK table too large",  NGHTTP2_HEADERS, 5, 1, P("\x3f\xe2\x1f\x88"), NGHTTP2_COMPRESSION_ERROR},
    {"DATA without HEADERS",      NGHTTP2_DATA, 0, 1, P("x"), NGHTTP2_PROTOCOL_ERROR},
    {"CONTINUATION alone",        NGHTTP2_CONTINUATION, 4, 1, P("\x88"), NGHTTP2_PROTOCOL_ERROR},
    {"WINDOW_UPDATE of 0",        NGHTTP2_WINDOW_UPDATE, 0, 0, P("\0\0\0\0"), NGHTTP2_PROTOCOL_ERROR},
    {"a window beyond 2^31",      NGHTTP2_WINDOW_UPDATE, 0, 0, P("\x7f\xff\xff\xff"), NGHTTP2_FLOW_CONTROL_ERROR},
    {"PUSH_PROMISE",              NGHTTP2_PUSH_PROMISE, 4, 1, P("\0\0\0\x02\x82\x87\x84\x41\x01" "a"), NGHTTP2_PROTOCOL_ERROR},
    {"RST_STREAM on stream 0",    NGHTTP2_RST_STREAM, 0, 0, P("\0\0\0\0"), NGHTTP2_PROTOCOL_ERROR},
    {"RST_STREAM on an idle one", NGHTTP2_RST_STREAM, 0, 99, P("\0\0\0\0"), NGHTTP2_PROTOCOL_ERROR},
    {"GOAWAY on a stream",        NGHTTP2_GOAWAY, 0, 1, P("\0\0\0\0\0\0\0\0"), NGHTTP2_PROTOCOL_ERROR},
};
/* clang-format on */

static uint32_t goaway_error(struct talk *t)
{
    const struct bytes payload = talk_sent(t, NGHTTP2_GOAWAY, 0, 0);
    return payload.n < 8 ? 0 : (uint32_t)payload.p[6] << 8 | payload.p[7];
}

static void broken_framing_ends_the_connection(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        const struct broken *b = &broken[i];
        struct talk t = {0};
        talk_open_raw(&t);
        (void)talk_ask(&t, HTTP_GET);
        talk_frame(&t, b->type, b->flags, b->stream, talk_bytes(b->payload, b->n));
        if (goaway_error(&t) != b->error || t.fed.code != E_INVALID)
            fail_msg("%s: GOAWAY %u, %s", b->what, goaway_error(&t), code_name(t.fed.code));
        assert_true(h2_client_leaving(t.client) && !h2_client_takes_calls(t.client));
        assert_true(
            text_starts_with(text_of(h2_client_refusal(t.client)), TEXT("the target broke HTTP/2: ")));
        h2_client_end_of_input(t.client);
        /* The frame may name the call's stream; then that is what it hears. */
        if (!text_equal(talk_log(&t), TEXT("failed 1 malformed: the answer breaks the rules of HTTP/2|")) &&
            !text_starts_with(talk_log(&t), TEXT("failed 1 reset: the target broke HTTP/2: ")))
            fail_msg("%s: %.*s", b->what, TEXT_ARG(talk_log(&t)));
        talk_close(&t);
    }
}

static void what_is_not_http2_ends_the_connection(void **state)
{
    (void)state;
    struct talk t = {0};
    assert_true(talk_try(&t, true));
    (void)talk_ask(&t, HTTP_GET);
    assert_status(h2_client_feed(t.client, BYTES_OF("HTTP/1.1 400 Bad Request\r\n\r\n")), E_INVALID);
    h2_client_end_of_input(t.client);
    talk_close(&t);
}

/* clang-format off */
static const struct broken floods[] = {
    {"PING",       NGHTTP2_PING, 0, 0, P("12345678"), 0},
    {"PING, answers", NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, P("12345678"), 0},
    {"SETTINGS",   NGHTTP2_SETTINGS, 0, 0, P(""), 0},
    {"PRIORITY",   NGHTTP2_PRIORITY, 0, 1, P("\0\0\0\0\x10"), 0},
    {"empty DATA", NGHTTP2_DATA, 0, 1, P(""), 0},
};
/* clang-format on */

static void floods_end_the_connection(void **state)
{
    (void)state;
    clock_set_test(1700000000000, 1000000);
    for (size_t i = 0; i < sizeof(floods) / sizeof(floods[0]); i++) {
        const struct broken *f = &floods[i];
        struct talk t = {0};
        talk_open_raw(&t);
        (void)talk_ask(&t, HTTP_GET);
        talk_answer(&t, 1, "H::status=200");
        clock_advance_test(2000);
        unsigned n = 0;
        for (; n < 5000 && status_ok(t.fed); n++)
            talk_frame(&t, f->type, f->flags, f->stream, talk_bytes(f->payload, f->n));
        if (n != 10 * LIMIT_H2_CONTROL_PER_SECOND + 1 || goaway_error(&t) != NGHTTP2_ENHANCE_YOUR_CALM)
            fail_msg("%s: %u, GOAWAY %u", f->what, n, goaway_error(&t));
        talk_close(&t);
    }
    clock_real();
}

/* Nobody takes what is written, and the target asks for more and more answers. */
static void answers_that_wait_are_bounded(void **state)
{
    (void)state;
    clock_set_test(1700000000000, 1000000);
    struct talk t = {0};
    talk_open_raw(&t);
    static const uint8_t ping[] = "\0\0\x08\x06\0\0\0\0\0"
                                  "12345678";
    struct status st = DONE;
    unsigned n = 0;
    for (; status_ok(st) && n < 100000; n++) {
        st = h2_client_feed(t.client, (struct bytes){ping, sizeof(ping) - 1});
        clock_advance_test(10);
    }
    assert_status(st, E_INVALID);
    assert_true(n < 5000 && h2_client_output(t.client).n < 128 * 1024);
    clock_real();
    talk_close(&t);
}

static void an_endless_head_ends_the_connection(void **state)
{
    (void)state;
    for (size_t size = 0; size < 6; size += 5) {
        struct talk t = {0};
        talk_open_raw(&t);
        (void)talk_ask(&t, HTTP_GET);
        talk_frame(&t, NGHTTP2_HEADERS, 0, 1, talk_bytes("\x88", 1));
        for (int i = 0; i < 5000 && status_ok(t.fed); i++)
            talk_frame(&t, NGHTTP2_CONTINUATION, 0, 1, talk_bytes("\0\x01x\x01y", size));
        assert_status(t.fed, E_INVALID);
        h2_client_end_of_input(t.client);
        assert_int_equal(h2_client_calls(t.client), 0);
        talk_close(&t);
    }
}

static void unknown_frames_are_skipped(void **state)
{
    (void)state;
    struct talk t = {0};
    talk_open_raw(&t);
    (void)talk_ask(&t, HTTP_GET);
    for (int i = 0; i < 300; i++)
        talk_frame(&t, 0xbe, 0xff, i % 5, talk_bytes("whatever", 8));
    talk_answer(&t, 1, "h::status=200");
    assert_text(talk_log(&t), "head 1 200|end 1 0|");
    talk_close(&t);
}

/* ---- windows ---- */

static void data_beyond_the_window_is_refused(void **state)
{
    (void)state;
    static const uint8_t block[16000];
    struct talk t = {0};
    talk_open_raw(&t);
    const struct talk_call *tc = talk_ask(&t, HTTP_GET);
    talk_answer(&t, 1, "H::status=200");
    h2_call_pause(tc->call);
    size_t sent = 0;
    for (; sent < 1024 * 1024 && tc->call && status_ok(t.fed); sent += sizeof(block))
        talk_frame(&t, NGHTTP2_DATA, 0, 1, BYTES_OF(block));
    assert_null(tc->call);
    assert_true(sent <= 256 * 1024 + sizeof(block));
    assert_ok(t.fed);
    talk_close(&t);
}

/* What comes for calls that are over: thrown away, and the connection's window stays open. */
static void data_of_cancelled_calls_costs_no_window(void **state)
{
    (void)state;
    static const uint8_t block[16000];
    struct talk t = {.settings = {100, 1024 * 1024}};
    talk_open_raw(&t);
    for (int i = 0; i < 40; i++) {
        const struct talk_call *tc = talk_ask(&t, HTTP_GET);
        talk_answer(&t, 2 * i + 1, "H::status=200");
        h2_call_cancel(tc->call);
        for (int k = 0; k < 50; k++)
            talk_frame(&t, NGHTTP2_DATA, 0, 2 * i + 1, BYTES_OF(block));
    }
    assert_ok(t.fed);
    assert_true(talk_sent_count(&t, NGHTTP2_WINDOW_UPDATE, 0) > 0);
    talk_close(&t);
}

static void a_window_that_shrinks_below_zero_is_waited_for(void **state)
{
    (void)state;
    static const uint8_t block[65535];
    struct talk t = {0};
    talk_open_raw(&t);
    const struct talk_call *tc = talk_post(&t, "/", BODY_STREAM, 0);
    assert_ok(h2_call_write(tc->call, BYTES_OF(block)));
    talk_run(&t);
    talk_frame(&t, NGHTTP2_SETTINGS, 0, 0, talk_bytes("\0\x04\0\0\0\0", 6));
    talk_frame(&t, NGHTTP2_WINDOW_UPDATE, 0, 0, talk_bytes("\0\x01\0\0", 4));
    assert_ok(h2_call_write(tc->call, talk_bytes("more", 4)));
    talk_frame(&t, NGHTTP2_WINDOW_UPDATE, 0, 1, talk_bytes("\0\0\xff\xff", 4));
    assert_int_equal(h2_call_pending(tc->call), 4);
    talk_frame(&t, NGHTTP2_WINDOW_UPDATE, 0, 1, talk_bytes("\0\0\0\x04", 4));
    assert_int_equal(h2_call_pending(tc->call), 0);
    talk_close(&t);
}

/* ---- resets and good-byes ---- */

struct ended {
    const char *what;
    const char *frames; /* of the answer, before the reset */
    const char *code;
    const char *log;
};

/* clang-format off */
static const struct ended resets[] = {
    {"refused",                 "", "\0\0\0\x07", "failed 1 refused: the target reset the stream: REFUSED_STREAM|"},
    {"refused after an answer", "H::status=200", "\0\0\0\x07",
                                "head 1 200|failed 1 reset late: the target reset the stream: REFUSED_STREAM|"},
    {"an inner error",          "", "\0\0\0\x02", "failed 1 reset: the target reset the stream: INTERNAL_ERROR|"},
    {"no error",                "H::status=200 D:x", "\0\0\0\0",
                                "head 1 200|failed 1 reset late: the target reset the stream: NO_ERROR|"},
    {"an unknown error",        "", "\1\1\1\1", "failed 1 reset: the target reset the stream|"},
    {"after the end",           "h::status=200", "\0\0\0\0", "head 1 200|end 1 0|"},
};
/* clang-format on */

static void a_reset_says_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(resets) / sizeof(resets[0]); i++) {
        struct talk t = {0};
        talk_open_raw(&t);
        (void)talk_ask(&t, HTTP_GET);
        if (resets[i].frames[0])
            talk_answer(&t, 1, resets[i].frames);
        talk_frame(&t, NGHTTP2_RST_STREAM, 0, 1, talk_bytes(resets[i].code, 4));
        if (!text_equal(talk_log(&t), text_of(resets[i].log)))
            fail_msg("%s: %.*s", resets[i].what, TEXT_ARG(talk_log(&t)));
        assert_ok(t.fed);
        talk_close(&t);
    }
}

static void a_good_bye_gives_back_what_was_not_taken(void **state)
{
    (void)state;
    struct talk t = {0};
    talk_open_raw(&t);
    for (int i = 0; i < 3; i++)
        (void)talk_ask(&t, HTTP_GET);
    talk_answer(&t, 1, "H::status=200");
    (void)talk_get(&t, "/unsent");
    static const uint8_t goaway[] = "\0\0\x08\x07\0\0\0\0\0\0\0\0\x03\0\0\0\0";
    assert_ok(h2_client_feed(t.client, (struct bytes){goaway, sizeof(goaway) - 1}));
    assert_text(talk_log(&t), "head 1 200|failed 3 refused: the target closes the connection|"
                              "failed 4 refused: the target closes the connection|");
    assert_true(h2_client_leaving(t.client));
    talk_answer(&t, 1, "d:x");
    talk_answer(&t, 3, "h::status=200");
    assert_int_equal(h2_client_calls(t.client), 0);
    talk_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_framing_ends_the_connection),
        cmocka_unit_test(what_is_not_http2_ends_the_connection),
        cmocka_unit_test(floods_end_the_connection),
        cmocka_unit_test(answers_that_wait_are_bounded),
        cmocka_unit_test(an_endless_head_ends_the_connection),
        cmocka_unit_test(unknown_frames_are_skipped),
        cmocka_unit_test(data_beyond_the_window_is_refused),
        cmocka_unit_test(data_of_cancelled_calls_costs_no_window),
        cmocka_unit_test(a_window_that_shrinks_below_zero_is_waited_for),
        cmocka_unit_test(a_reset_says_why),
        cmocka_unit_test(a_good_bye_gives_back_what_was_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
