/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <nghttp2/nghttp2.h>

#include "base/limits.h"
#include "h2_talk.h"

/* Answers of a broken or hostile target, frame by frame. */

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
        (void)talk_ask(&t, m->method);
        (void)talk_ask(&t, HTTP_GET);
        talk_answer(&t, 1, m->frames);
        if (!ends_in_failure(&t))
            fail_msg("%s: %.*s", m->what, TEXT_ARG(talk_log(&t)));
        if (talk_sent_count(&t, NGHTTP2_RST_STREAM, 1) != 1)
            fail_msg("%s: not reset", m->what);
        talk_forget(&t);
        talk_answer(&t, 3, "H::status=200|content-length=2 d:ok");
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
            (void)talk_ask(&t, sound[i].method);
            talk_answer(&t, 1, sound[i].frames);
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
        (void)talk_ask(&t, HTTP_GET);
        struct buffer b;
        buffer_init(&b, 256UL * 1024);
        buffer_cstr(&b, which == 2 ? "x-0=a" : ":status=200");
        if (which == 2)
            talk_answer(&t, 1, "H::status=200");
        for (int i = 0; which == 0 && i <= LIMIT_HEADER_COUNT; i++)
            buffer_printf(&b, "|x-%d=a", i);
        if (which > 0)
            buffer_cstr(&b, "|big=");
        for (int i = 0; which > 0 && i < (which == 1 ? LIMIT_HEADER_BYTES : LIMIT_TRAILER_BYTES); i++)
            buffer_byte(&b, 'a');
        buffer_byte(&b, 0);
        struct buffer block;
        buffer_init(&block, 256UL * 1024);
        talk_encode(&block, (const char *)buffer_bytes(&b).p);
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
    (void)talk_ask(&t, HTTP_GET);
    struct buffer b;
    buffer_init(&b, 64UL * 1024);
    buffer_append(&b, talk_bytes("\x88\x40\x01x\x7f\xa1\x1e", 7)); /* x: 127 + 3873 octets, into the table */
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

/* ---- requests ---- */

/* The body's end: with and without trailers, also those that cannot be. */
static void trailers_of_a_request_end_it(void **state)
{
    (void)state;
    for (int which = 0; which < 3; which++) {
        struct talk t = {0};
        talk_open_raw(&t);
        const struct talk_call *tc = talk_post(&t, "/", BODY_STREAM, 0);
        assert_ok(h2_call_write(tc->call, talk_bytes("x", 1)));
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
        cmocka_unit_test(trailers_of_a_request_end_it),
        cmocka_unit_test(secrets_stay_out_of_the_compression_table),
        cmocka_unit_test(sound_answers_are_told_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
