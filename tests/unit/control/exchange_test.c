/* SPDX-License-Identifier: Apache-2.0 */
#include "control/exchange.h"

#include "base/own.h"

#include "check.h"

/* A peer that says what the test wants, `step` bytes at a time, and keeps what it was told. */
struct peer {
    struct text says;
    size_t step;
    struct buffer heard;
};

static struct status peer_write(void *self, struct bytes in, struct error *err)
{
    (void)err;
    struct peer *p = self;
    buffer_append(&p->heard, in);
    return buffer_status(&p->heard);
}

static struct status peer_read(void *self, uint8_t *out, size_t n, size_t *out_n, struct error *err)
{
    (void)err;
    struct peer *p = self;
    size_t take = p->step < n ? p->step : n;
    if (take > p->says.n)
        take = p->says.n;
    for (size_t i = 0; i < take; i++)
        out[i] = (uint8_t)p->says.p[i];
    p->says = text_from(p->says, take);
    *out_n = take;
    return DONE;
}

static struct status run(struct peer *peer, const struct exchange_request *request,
                         struct exchange_answer *answer, struct error *err)
{
    const struct exchange_io io = {.self = peer, .write_all = peer_write, .read_some = peer_read};
    return exchange_run(&io, request, answer, err);
}

static const struct exchange_request get = {
    .method = HTTP_GET, .target = TEXT_INIT("/a?b=c"), .authority = TEXT_INIT("localhost")};

static void refuses_answers_that_are_no_whole_http(void **state)
{
    (void)state;
    static const struct {
        const char *says;
        enum code code;
        const char *message;
    } rows[] = {
        {"", E_UNAVAILABLE, "the server closed the connection without an answer"},
        {"SSH-2.0-OpenSSH\r\n\r\n", E_INVALID, "the server's answer is not valid HTTP"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", E_INVALID,
         "the server closed the connection in the middle of its answer"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde", E_INVALID,
         "the server's answer is not valid HTTP"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", E_INVALID,
         "the server closed the connection in the middle of its answer"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
         "0123456789012345678901234567890123456789012345678901234567890123456789",
         E_TOO_LARGE, "the server's answer is larger than expected"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err = {.code = E_OK};
        struct peer peer = {.says = text_of(rows[i].says), .step = 7};
        buffer_init(&peer.heard, 65536);
        OWNED(exchange_answer_release) struct exchange_answer answer;
        exchange_answer_init(&answer, 64);
        assert_status(run(&peer, &get, &answer, &err), rows[i].code);
        assert_string_equal(err.message, rows[i].message);
        buffer_release(&peer.heard);
    }
}

static void refuses_targets_that_would_split_the_request(void **state)
{
    (void)state;
    static const char *const targets[] = {"", "/a b", "/a\r\nX: y", "/\xc3\xa4", "/\x7f"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct peer peer = {.step = 1};
        buffer_init(&peer.heard, 65536);
        struct exchange_request request = get;
        request.target = text_of(targets[i]);
        OWNED(exchange_answer_release) struct exchange_answer answer;
        exchange_answer_init(&answer, 64);
        assert_status(run(&peer, &request, &answer, NULL), E_INVALID);
        assert_int_equal(buffer_size(&peer.heard), 0);
    }
}

static void a_token_goes_in_a_header_of_its_own_and_splits_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *token;
        enum code code;
    } rows[] = {{"a b", E_INVALID}, {"a\r\nX: y", E_INVALID}, {"\xc3\xa4", E_INVALID}, {"a-_==", E_OK}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct peer peer = {.says = TEXT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), .step = 100};
        buffer_init(&peer.heard, 65536);
        struct exchange_request request = get;
        request.connector_token = text_of(rows[i].token);
        OWNED(exchange_answer_release) struct exchange_answer answer;
        exchange_answer_init(&answer, 64);
        assert_status(run(&peer, &request, &answer, NULL), rows[i].code);
        buffer_byte(&peer.heard, 0);
        const bool sent = strstr(buffer_as_text(&peer.heard).p, "\r\nConnector-Token: a-_==\r\n") != NULL;
        assert_int_equal(sent, rows[i].code == E_OK);
        buffer_release(&peer.heard);
    }
}

static void an_exchange_gives_status_and_body(void **state)
{
    (void)state;
    static const char *const says[] = {
        "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nConnection: close\r\n\r\n{}",
    };
    for (size_t step = 1; step < 100; step += 13)
        for (size_t i = 0; i < sizeof says / sizeof says[0]; i++) {
            struct peer peer = {.says = text_of(says[i]), .step = step};
            buffer_init(&peer.heard, 65536);
            struct exchange_request request = get;
            request.method = HTTP_POST;
            request.body = TEXT("{\"a\":1}");
            OWNED(exchange_answer_release) struct exchange_answer answer;
            exchange_answer_init(&answer, 64);
            assert_ok(run(&peer, &request, &answer, NULL));
            assert_int_equal(answer.status, 201);
            assert_text(buffer_as_text(&answer.body), "{}");
            struct text heard = buffer_as_text(&peer.heard);
            assert_true(text_starts_with(heard, TEXT("POST /a?b=c HTTP/1.1\r\nHost: localhost\r\n")));
            assert_true(text_ends_with(heard, TEXT("\r\n\r\n{\"a\":1}")));
            buffer_release(&peer.heard);
        }
}

static struct status once(void)
{
    struct peer peer = {.says = TEXT("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), .step = 100};
    buffer_init(&peer.heard, 65536);
    OWNED(exchange_answer_release) struct exchange_answer answer;
    exchange_answer_init(&answer, 64);
    struct status s = run(&peer, &get, &answer, NULL);
    buffer_release(&peer.heard);
    return s;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(once());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_answers_that_are_no_whole_http),
        cmocka_unit_test(refuses_targets_that_would_split_the_request),
        cmocka_unit_test(a_token_goes_in_a_header_of_its_own_and_splits_nothing),
        cmocka_unit_test(an_exchange_gives_status_and_body),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
