/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "h2_talk.h"

/* What a broken or hostile target sends, frame by frame. */

static struct bytes bytes_from(const char *s, size_t n)
{
    return (struct bytes){(const uint8_t *)s, n};
}

/* HPACK: literals without indexing, of a list like ":status=200|x=1". '\1' in it stands for NUL. */
static void encode(struct buffer *out, const char *fields)
{
    struct text rest = text_of(fields);
    while (rest.p) {
        struct text value = text_cut(&rest, '|');
        const struct text name = text_cut(&value, '=');
        buffer_u8(out, 0);
        for (int i = 0; i < 2; i++) {
            const struct text part = i == 0 ? name : value;
            if (part.n < 127) {
                buffer_u8(out, (uint8_t)part.n);
            } else {
                size_t n = part.n - 127;
                buffer_u8(out, 127);
                for (; n >= 128; n /= 128)
                    buffer_u8(out, (uint8_t)(n % 128 + 128));
                buffer_u8(out, (uint8_t)n);
            }
            for (size_t k = 0; k < part.n; k++)
                buffer_u8(out, (uint8_t)(part.p[k] == '\1' ? '\0' : part.p[k]));
        }
    }
}

static void fields_frame(struct talk *t, int32_t stream, uint8_t flags, const char *fields)
{
    struct buffer b;
    buffer_init(&b, 64UL * 1024);
    encode(&b, fields);
    talk_frame(t, NGHTTP2_HEADERS, flags | NGHTTP2_FLAG_END_HEADERS, stream, buffer_bytes(&b));
    buffer_release(&b);
}

/*
 * An answer: frames separated by spaces. "H:fields" a HEADERS, "D:data" a DATA; in lower case with
 * END_STREAM.
 */
static void answer(struct talk *t, int32_t stream, const char *frames)
{
    struct text rest = text_of(frames);
    while (rest.p) {
        const struct text frame = text_cut(&rest, ' ');
        const struct text payload = text_from(frame, 2);
        char fields[512];
        assert_true(text_to_cstr(payload, fields, sizeof(fields)));
        const bool end = frame.p[0] == 'h' || frame.p[0] == 'd';
        const uint8_t flags = end ? NGHTTP2_FLAG_END_STREAM : 0;
        if (frame.p[0] == 'H' || frame.p[0] == 'h')
            fields_frame(t, stream, flags, fields);
        else
            talk_frame(t, NGHTTP2_DATA, flags, stream, text_bytes(payload));
    }
}

struct malformed {
    const char *what, *frames;
    enum http_method method;
};

/* clang-format off */
static const struct malformed malformed[] = {
    {"no status",                        "h:x=1", HTTP_GET},
    {"an empty status",                  "h::status=", HTTP_GET},
    {"two digits",                       "h::status=99", HTTP_GET},
    {"four digits",                      "h::status=0200", HTTP_GET},
    {"not a number",                     "h::status=2x0", HTTP_GET},
    {"a status below 100",               "h::status=099", HTTP_GET},
    {"a status above 599",               "h::status=600", HTTP_GET},
    {"101",                              "H::status=101 h::status=200", HTTP_GET},
    {"two statuses",                     "h::status=200|:status=200", HTTP_GET},
    {"a status behind a field",          "h:x=1|:status=200", HTTP_GET},
    {"a pseudo field of requests",       "h::status=200|:path=/", HTTP_GET},
    {"an unknown pseudo field",          "h::status=200|:x=/", HTTP_GET},
    {"an upper-case name",               "h::status=200|X-A=1", HTTP_GET},
    {"an empty name",                    "h::status=200|=1", HTTP_GET},
    {"a colon in a name",                "h::status=200|a:b=1", HTTP_GET},
    {"a quote in a name",                "h::status=200|a\"b=1", HTTP_GET},
    {"CR in a name",                     "h::status=200|a\rb=1", HTTP_GET},
    {"NUL in a name",                    "h::status=200|a\1b=1", HTTP_GET},
    {"CR in a value",                    "h::status=200|x=a\rb", HTTP_GET},
    {"LF in a value",                    "h::status=200|x=a\nb", HTTP_GET},
    {"a field in a value",               "h::status=200|x=a\r\nset-cookie:b", HTTP_GET},
    {"NUL in a value",                   "h::status=200|x=a\1b", HTTP_GET},
    {"DEL in a value",                   "h::status=200|x=a\x7f", HTTP_GET},
    {"a tab around a value",             "h::status=200|x=\ta", HTTP_GET},
    {"connection",                       "h::status=200|connection=close", HTTP_GET},
    {"keep-alive",                       "h::status=200|keep-alive=5", HTTP_GET},
    {"proxy-connection",                 "h::status=200|proxy-connection=close", HTTP_GET},
    {"transfer-encoding",                "h::status=200|transfer-encoding=chunked", HTTP_GET},
    {"upgrade",                          "h::status=200|upgrade=h2c", HTTP_GET},
    {"a length that is no number",       "H::status=200|content-length=5x d:hello", HTTP_GET},
    {"a negative length",                "H::status=200|content-length=-5 d:hello", HTTP_GET},
    {"an endless length",                "H::status=200|content-length=18446744073709551621 d:hello", HTTP_GET},
    {"two lengths",                      "H::status=200|content-length=5|content-length=6 d:hello", HTTP_GET},
    {"the same length twice",            "H::status=200|content-length=5|content-length=5 d:hello", HTTP_GET},
    {"a list of lengths",                "H::status=200|content-length=5,5 d:hello", HTTP_GET},
    {"a length and no body",             "h::status=200|content-length=5", HTTP_GET},
    {"a body that is too short",         "H::status=200|content-length=5 d:hell", HTTP_GET},
    {"a body that is too short, trailers", "H::status=200|content-length=5 D:hell h:x=1", HTTP_GET},
    {"a body that is too long",          "H::status=200|content-length=5 d:hello!", HTTP_GET},
    {"a second frame that is too long",  "H::status=200|content-length=5 D:hello d:!", HTTP_GET},
    {"a body for HEAD",                  "H::status=200 d:hello", HTTP_HEAD},
    {"a body for HEAD, with its length", "H::status=200|content-length=5 d:hello", HTTP_HEAD},
    {"a body with 204",                  "H::status=204 d:hello", HTTP_GET},
    {"a length with 204",                "h::status=204|content-length=5", HTTP_GET},
    {"a body with 304",                  "H::status=304 d:hello", HTTP_GET},
    {"a length with 1xx",                "H::status=103|content-length=5 h::status=200", HTTP_GET},
    {"an interim end",                   "h::status=103", HTTP_GET},
    {"a body behind 1xx",                "H::status=103 d:hello", HTTP_GET},
    {"a second head",                    "H::status=200 H::status=200 d:hello", HTTP_GET},
    {"1xx behind the head",              "H::status=200 H::status=103 d:hello", HTTP_GET},
    {"trailers that do not end",         "H::status=200 D:hello H:x=1 d:hello", HTTP_GET},
    {"a status in trailers",             "H::status=200 D:hello h::status=200", HTTP_GET},
    {"an upper-case trailer",            "H::status=200 D:hello h:X=1", HTTP_GET},
    {"framing in trailers",              "H::status=200 D:hello h:content-length=5", HTTP_GET},
    {"a cookie in trailers",             "H::status=200 D:hello h:set-cookie=a", HTTP_GET},
    {"LF in a trailer",                  "H::status=200 D:hello h:x=a\nb", HTTP_GET},
    {"nine interim answers",             "H::status=103 H::status=103 H::status=103 H::status=103 H::status=103 "
                                         "H::status=103 H::status=103 H::status=103 H::status=103 h::status=200", HTTP_GET},
};
/* clang-format on */

static struct talk_call *start_with(struct talk *t, enum http_method method)
{
    char head[128];
    struct status st;
    (void)snprintf(head, sizeof(head), "%s / HTTP/1.1\r\nHost: a\r\n\r\n", http_method_name(method));
    struct talk_call *tc = talk_start(t, method, head, BODY_NONE, 0, &st);
    assert_non_null(tc);
    talk_run(t);
    return tc;
}

static bool ends_in_failure(struct talk *t)
{
    const struct text log = talk_log(t);
    struct text last = {NULL, 0};
    for (struct text rest = log; rest.p;) {
        const struct text event = text_cut(&rest, '|');
        if (event.n > 0)
            last = event;
    }
    return text_starts_with(last, TEXT("failed 1 malformed"));
}

static void a_malformed_answer_fails_its_call_and_no_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        const struct malformed *m = &malformed[i];
        struct talk t = {0};
        talk_open_raw(&t);
        (void)start_with(&t, m->method);
        (void)start_with(&t, HTTP_GET);
        answer(&t, 1, m->frames);
        if (!ends_in_failure(&t))
            fail_msg("%s: %.*s", m->what, TEXT_ARG(talk_log(&t)));
        if (talk_sent_count(&t, NGHTTP2_RST_STREAM, 1) != 1)
            fail_msg("%s: not reset", m->what);
        talk_forget(&t);
        answer(&t, 3, "H::status=200|content-length=2 d:ok");
        assert_text(talk_log(&t), "head 2 200|end 2 0|");
        assert_ok(t.fed);
        talk_close(&t);
    }
}

struct sound {
    const char *what, *frames, *log;
    enum http_method method;
};

/* clang-format off */
static const struct sound sound[] = {
    {"a head alone",           "h::status=200", "head 1 200|end 1 0|", HTTP_GET},
    {"a stream",               "H::status=200 D:a d:b", "head 1 200|body 1 1|body 1 1|end 1 0|", HTTP_GET},
    {"a length",               "H::status=200|content-length=2 D:a D:b d:", "head 1 200|body 1 1|body 1 1|end 1 0|", HTTP_GET},
    {"HEAD with a length",     "h::status=200|content-length=5", "head 1 200|end 1 0|", HTTP_HEAD},
    {"HEAD and an empty frame", "H::status=200|content-length=5 d:", "head 1 200|end 1 0|", HTTP_HEAD},
    {"304 with a length",      "h::status=304|content-length=5", "head 1 304|end 1 0|", HTTP_GET},
    {"204 with a length of 0", "h::status=204|content-length=0", "head 1 204|end 1 0|", HTTP_GET},
    {"1xx",                    "H::status=100 H::status=103|link=</a>;rel=preload h::status=200",
                               "interim 1 100|interim 1 103|head 1 200|end 1 0|", HTTP_GET},
    {"trailers",               "H::status=200 D:a h:grpc-status=0|grpc-message=", "head 1 200|body 1 1|end 1 2|", HTTP_GET},
    {"trailers and no body",   "H::status=200 h:grpc-status=0", "head 1 200|end 1 1|", HTTP_GET},
    {"several cookies",        "h::status=200|set-cookie=a|set-cookie=b", "head 1 200|end 1 0|", HTTP_GET},
    {"an empty value",         "h::status=200|x=", "head 1 200|end 1 0|", HTTP_GET},
    {"obs-text",               "h::status=200|x=\xc3\xa4", "head 1 200|end 1 0|", HTTP_GET},
};
/* clang-format on */

static void sound_answers_are_told_as_they_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sound) / sizeof(sound[0]); i++)
        for (size_t step = 0; step < 2; step++) {
            struct talk t = {.log_bodies = true, .step = step};
            talk_open_raw(&t);
            (void)start_with(&t, sound[i].method);
            answer(&t, 1, sound[i].frames);
            if (!text_equal(talk_log(&t), text_of(sound[i].log)))
                fail_msg("%s: %.*s", sound[i].what, TEXT_ARG(talk_log(&t)));
            assert_ok(t.fed);
            talk_close(&t);
        }
}

/* ---- limits of heads ---- */

static void a_head_over_the_limits_fails_its_call(void **state)
{
    (void)state;
    for (int which = 0; which < 3; which++) {
        struct talk t = {0};
        talk_open_raw(&t);
        (void)start_with(&t, HTTP_GET);
        struct buffer b;
        buffer_init(&b, 256UL * 1024);
        buffer_cstr(&b, which == 2 ? "x-0=a" : ":status=200");
        if (which == 2)
            answer(&t, 1, "H::status=200");
        for (int i = 0; which == 0 && i <= LIMIT_HEADER_COUNT; i++)
            buffer_printf(&b, "|x-%d=a", i);
        if (which > 0)
            buffer_cstr(&b, "|big=");
        for (int i = 0; which > 0 && i < (which == 1 ? LIMIT_HEADER_BYTES : LIMIT_TRAILER_BYTES); i++)
            buffer_byte(&b, 'a');
        buffer_byte(&b, 0);
        struct buffer block;
        buffer_init(&block, 256UL * 1024);
        encode(&block, (const char *)buffer_bytes(&b).p);
        struct bytes rest = buffer_bytes(&block);
        uint8_t type = NGHTTP2_HEADERS;
        while (rest.n > 0) {
            const size_t n = rest.n < 16000 ? rest.n : 16000;
            const uint8_t end = n == rest.n ? NGHTTP2_FLAG_END_HEADERS : 0;
            talk_frame(&t, type, (uint8_t)(end | (type == NGHTTP2_HEADERS ? NGHTTP2_FLAG_END_STREAM : 0)), 1,
                       (struct bytes){rest.p, n});
            rest = (struct bytes){rest.p + n, rest.n - n};
            type = NGHTTP2_CONTINUATION;
        }
        if (!ends_in_failure(&t))
            fail_msg("%d: %.*s", which, TEXT_ARG(talk_log(&t)));
        assert_ok(t.fed);
        buffer_release(&b);
        buffer_release(&block);
        talk_close(&t);
    }
}

/* One byte of HPACK that stands for 4 kB, again and again. */
static void a_field_that_unfolds_is_counted_unfolded(void **state)
{
    (void)state;
    struct talk t = {0};
    talk_open_raw(&t);
    (void)start_with(&t, HTTP_GET);
    struct buffer b;
    buffer_init(&b, 64UL * 1024);
    buffer_append(&b, bytes_from("\x88\x40\x01x\x7f\xa1\x1e", 7)); /* x: 127 + 3873 octets, into the table */
    for (int i = 0; i < 4000; i++)
        buffer_byte(&b, 'a');
    for (int i = 0; i < 10000; i++)
        buffer_u8(&b, 0xbe);
    talk_frame(&t, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1, buffer_bytes(&b));
    assert_true(ends_in_failure(&t));
    assert_int_equal(t.calls[0].body.end, 0);
    buffer_release(&b);
    talk_close(&t);
}

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
        (void)start_with(&t, HTTP_GET);
        talk_frame(&t, b->type, b->flags, b->stream, bytes_from(b->payload, b->n));
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
    (void)start_with(&t, HTTP_GET);
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
        (void)start_with(&t, HTTP_GET);
        answer(&t, 1, "H::status=200");
        clock_advance_test(2000);
        unsigned n = 0;
        for (; n < 5000 && status_ok(t.fed); n++)
            talk_frame(&t, f->type, f->flags, f->stream, bytes_from(f->payload, f->n));
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
        (void)start_with(&t, HTTP_GET);
        talk_frame(&t, NGHTTP2_HEADERS, 0, 1, bytes_from("\x88", 1));
        for (int i = 0; i < 5000 && status_ok(t.fed); i++)
            talk_frame(&t, NGHTTP2_CONTINUATION, 0, 1, bytes_from("\0\x01x\x01y", size));
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
    (void)start_with(&t, HTTP_GET);
    for (int i = 0; i < 300; i++)
        talk_frame(&t, 0xbe, 0xff, i % 5, bytes_from("whatever", 8));
    answer(&t, 1, "h::status=200");
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
    const struct talk_call *tc = start_with(&t, HTTP_GET);
    answer(&t, 1, "H::status=200");
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
        const struct talk_call *tc = start_with(&t, HTTP_GET);
        answer(&t, 2 * i + 1, "H::status=200");
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
    talk_frame(&t, NGHTTP2_SETTINGS, 0, 0, bytes_from("\0\x04\0\0\0\0", 6));
    talk_frame(&t, NGHTTP2_WINDOW_UPDATE, 0, 0, bytes_from("\0\x01\0\0", 4));
    assert_ok(h2_call_write(tc->call, bytes_from("more", 4)));
    talk_frame(&t, NGHTTP2_WINDOW_UPDATE, 0, 1, bytes_from("\0\0\xff\xff", 4));
    assert_int_equal(h2_call_pending(tc->call), 4);
    talk_frame(&t, NGHTTP2_WINDOW_UPDATE, 0, 1, bytes_from("\0\0\0\x04", 4));
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
        (void)start_with(&t, HTTP_GET);
        if (resets[i].frames[0])
            answer(&t, 1, resets[i].frames);
        talk_frame(&t, NGHTTP2_RST_STREAM, 0, 1, bytes_from(resets[i].code, 4));
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
        (void)start_with(&t, HTTP_GET);
    answer(&t, 1, "H::status=200");
    (void)talk_get(&t, "/unsent");
    static const uint8_t goaway[] = "\0\0\x08\x07\0\0\0\0\0\0\0\0\x03\0\0\0\0";
    assert_ok(h2_client_feed(t.client, (struct bytes){goaway, sizeof(goaway) - 1}));
    assert_text(talk_log(&t), "head 1 200|failed 3 refused: the target closes the connection|"
                              "failed 4 refused: the target closes the connection|");
    assert_true(h2_client_leaving(t.client));
    answer(&t, 1, "d:x");
    answer(&t, 3, "h::status=200");
    assert_int_equal(h2_client_calls(t.client), 0);
    talk_close(&t);
}

/* The body's end: with and without trailers, also those that cannot be. */
static void trailers_of_a_request_end_it(void **state)
{
    (void)state;
    for (int which = 0; which < 3; which++) {
        struct talk t = {0};
        talk_open_raw(&t);
        const struct talk_call *tc = talk_post(&t, "/", BODY_STREAM, 0);
        assert_ok(h2_call_write(tc->call, bytes_from("x", 1)));
        talk_run(&t);
        char name[] = "X-Sum";
        struct header list[] = {{TEXT_INIT("Content-Length"), TEXT_INIT("5")},
                                {{name, 5}, which == 2 ? (struct text){"a\nb", 3} : TEXT("1")}};
        const struct headers trailers = {list, which == 1 ? 1 : 2, 2};
        assert_status(h2_call_end_body(tc->call, &trailers), which == 2 ? E_INVALID : E_OK);
        memset(name, 'y', sizeof(name)); /* they were copied */
        talk_run(&t);
        assert_int_equal(talk_sent_count(&t, NGHTTP2_HEADERS, 1), which == 0 ? 2 : 1);
        talk_close(&t);
    }
}

/* RFC 7541 7.1.3: 0x10 is a literal that nobody may index; 0x40 goes into the table. */
static void secrets_stay_out_of_the_compression_table(void **state)
{
    (void)state;
    struct talk t = {0};
    talk_open_raw(&t);
    struct status st;
    for (int i = 0; i < 2; i++)
        assert_non_null(
            talk_start(&t, HTTP_GET,
                       "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer abcdefgh\r\n"
                       "Cookie: session=0123456789012345678901234567890\r\nX-CSRF-Token: abcdefgh\r\n"
                       "X-Api-Key: abcdefgh\r\nAccept: application/json\r\n\r\n",
                       BODY_NONE, 0, &st));
    talk_run(&t);
    const struct bytes first = talk_sent(&t, NGHTTP2_HEADERS, 1, 0);
    const struct bytes second = talk_sent(&t, NGHTTP2_HEADERS, 3, 0);
    assert_true(first.n > 0 && second.n > 60 && second.n < first.n);
    nghttp2_hd_inflater *inflater = NULL;
    assert_int_equal(nghttp2_hd_inflate_new(&inflater), 0);
    unsigned never = 0;
    struct bytes in = first;
    for (int flags = 0; (flags & NGHTTP2_HD_INFLATE_FINAL) == 0;) {
        nghttp2_nv nv = {0};
        const ssize_t used = nghttp2_hd_inflate_hd2(inflater, &nv, &flags, in.p, in.n, 1);
        assert_true(used >= 0);
        in = (struct bytes){in.p + used, in.n - (size_t)used};
        if (flags & NGHTTP2_HD_INFLATE_EMIT)
            never += nv.flags & NGHTTP2_NV_FLAG_NO_INDEX ? 1 : 0;
    }
    nghttp2_hd_inflate_del(inflater);
    assert_int_equal(never, 5); /* and the path */
    talk_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_malformed_answer_fails_its_call_and_no_other),
        cmocka_unit_test(a_head_over_the_limits_fails_its_call),
        cmocka_unit_test(a_field_that_unfolds_is_counted_unfolded),
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
        cmocka_unit_test(trailers_of_a_request_end_it),
        cmocka_unit_test(secrets_stay_out_of_the_compression_table),
        cmocka_unit_test(sound_answers_are_told_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
