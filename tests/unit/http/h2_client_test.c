/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/limits.h"
#include "h2_talk.h"

/* The client side of HTTP/2 against our own server side: requests, bodies both ways, windows, limits. */

static const char *const refused_heads[] = {
    "",
    "GET / HTTP/1.1\r\nHost: a\r\n",                                   /* not whole */
    "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET ",                           /* more than a head */
    "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",                           /* an empty line first */
    "GET / HTTP/1.0\r\nHost: a\r\n\r\n",                               /* version */
    "POST / HTTP/1.1\r\nHost: a\r\n\r\n",                              /* another method */
    "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",                       /* absolute form */
    "GET * HTTP/1.1\r\nHost: a\r\n\r\n",                               /* asterisk without OPTIONS */
    "GET / HTTP/1.1\r\n\r\n",                                          /* no Host */
    "GET / HTTP/1.1\r\nHost:\r\n\r\n",                                 /* an empty one */
    "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",                    /* two */
    "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",                             /* user information */
    "GET / HTTP/1.1\nHost: a\n\n",                                     /* bare LF */
    "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",                    /* bare CR */
    "GET / HTTP/1.1\r\nHost: a\r\n X: a\r\n\r\n",                      /* obs-fold */
    "GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n",                      /* blank before the colon */
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n",          /* another framing than asked for */
    "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", /* the same */
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
};

static void refuses_heads_that_cannot_stand_in_http2(void **state)
{
    (void)state;
    struct talk t = {0};
    talk_open(&t);
    for (size_t i = 0; i < sizeof(refused_heads) / sizeof(refused_heads[0]); i++) {
        struct status st;
        assert_null(talk_start(&t, HTTP_GET, refused_heads[i], BODY_NONE, 0, &st));
        if (st.code != E_INVALID)
            fail_msg("%s: %s", refused_heads[i], code_name(st.code));
    }
    struct status st;
    assert_null(talk_start(&t, HTTP_CONNECT, "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", BODY_NONE, 0, &st));
    assert_status(st, E_INVALID);
    assert_null(talk_start(&t, HTTP_TRACE, "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", BODY_NONE, 0, &st));
    assert_status(st, E_INVALID);
    assert_int_equal(h2_client_calls(t.client), 0);
    talk_close(&t);
}

static void a_head_loses_what_is_about_the_connection(void **state)
{
    (void)state;
    struct talk t = {.server_waits = true};
    talk_open(&t);
    struct status st;
    assert_non_null(
        talk_start(&t, HTTP_PUT,
                   "PUT /a?b=c HTTP/1.1\r\nHost: Example.org:8443\r\nConnection: close, X-Mine\r\n"
                   "X-Mine: 1\r\nKeep-Alive: 5\r\nUpgrade: x\r\nTE: gzip, trailers\r\n"
                   "Transfer-Encoding: chunked\r\nX-Yours: 2\r\nCookie: a=1; b=2\r\nX-Empty:\r\n"
                   "Authorization: Basic eA==\r\n\r\n",
                   BODY_STREAM, 0, &st));
    talk_run(&t);
    assert_int_equal(t.x_count, 1);
    const struct request *r = &t.x[0]->request;
    assert_int_equal(r->method, HTTP_PUT);
    assert_text(r->target, "/a?b=c");
    assert_text(r->authority, "Example.org:8443");
    assert_text(headers_get(&r->headers, TEXT("te")), "trailers");
    assert_text(headers_get(&r->headers, TEXT("x-yours")), "2");
    assert_text(headers_get(&r->headers, TEXT("cookie")), "a=1; b=2");
    assert_text(headers_get(&r->headers, TEXT("authorization")), "Basic eA==");
    assert_non_null(headers_get(&r->headers, TEXT("x-empty")).p);
    assert_null(headers_get(&r->headers, TEXT("x-mine")).p);
    assert_null(headers_get(&r->headers, TEXT("connection")).p);
    assert_null(headers_get(&r->headers, TEXT("keep-alive")).p);
    assert_null(headers_get(&r->headers, TEXT("upgrade")).p);
    assert_null(headers_get(&r->headers, TEXT("transfer-encoding")).p);
    talk_close(&t);
}

static void a_get_is_answered(void **state)
{
    (void)state;
    for (size_t step = 0; step < 4; step++) {
        struct talk t = {.step = step};
        talk_open(&t);
        assert_non_null(talk_get(&t, "/"));
        talk_run(&t);
        assert_text(talk_log(&t), "head 1 200|end 1 0|");
        assert_int_equal(h2_client_calls(t.client), 0);
        assert_ok(t.fed);
        talk_close(&t);
    }
}

static void a_body_comes_back_whole(void **state)
{
    (void)state;
    static uint8_t block[30000];
    memset(block, 'x', sizeof(block));
    for (int sized = 0; sized < 2; sized++) {
        struct talk t = {0};
        talk_open(&t);
        struct talk_call *tc = talk_post(&t, "/", sized ? BODY_SIZED : BODY_STREAM, 20 * sizeof(block));
        for (int i = 0; i < 20; i++) {
            const struct status st = h2_call_write(tc->call, BYTES_OF(block));
            assert_true(st.code == E_OK || st.code == E_AGAIN);
            talk_run(&t);
        }
        assert_ok(h2_call_end_body(tc->call, NULL));
        talk_run(&t);
        assert_int_equal(buffer_size(&tc->body), 20 * sizeof(block));
        assert_null(tc->call);
        talk_close(&t);
    }
}

static void a_body_of_another_length_is_refused(void **state)
{
    (void)state;
    struct talk t = {.server_waits = true};
    talk_open(&t);
    const struct talk_call *tc = talk_post(&t, "/", BODY_SIZED, 5);
    assert_status(h2_call_write(tc->call, BYTES_OF("too long")), E_INVALID);
    assert_ok(h2_call_write(tc->call, (struct bytes){(const uint8_t *)"1234", 4}));
    assert_status(h2_call_end_body(tc->call, NULL), E_INVALID);
    assert_ok(h2_call_write(tc->call, (struct bytes){(const uint8_t *)"5", 1}));
    assert_ok(h2_call_end_body(tc->call, NULL));
    assert_status(h2_call_write(tc->call, (struct bytes){(const uint8_t *)"6", 1}), E_INVALID);
    talk_close(&t);
}

/* A target that takes nothing: the window, the high mark, E_AGAIN; then `writable` as it takes. */
static void a_target_that_takes_nothing_stops_the_writer(void **state)
{
    (void)state;
    static const uint8_t block[10000];
    struct talk t = {.server_pauses = true, .server_waits = true};
    talk_open(&t);
    const struct talk_call *tc = talk_post(&t, "/", BODY_STREAM, 0);
    struct status st = DONE;
    size_t written = 0;
    for (; status_ok(st) && written < 1024 * 1024; written += sizeof(block)) {
        st = h2_call_write(tc->call, BYTES_OF(block));
        talk_run(&t);
    }
    assert_status(st, E_AGAIN);
    assert_true(written < 65535 + 64 * 1024);
    assert_int_equal(h2_call_pending(tc->call), written - 65535);
    assert_text(talk_log(&t), "");
    exchange_want_body(t.x[0]);
    talk_run(&t);
    assert_text(talk_log(&t), "writable 1|");
    assert_int_equal(h2_call_pending(tc->call), 0);
    talk_close(&t);
}

/* What the windows allow is not all put into the output at once: nobody may be taking that. */
static void output_that_nobody_takes_is_bounded(void **state)
{
    (void)state;
    static const uint8_t block[16000];
    struct talk t = {.server_waits = true};
    talk_open(&t);
    struct talk_call *calls[20];
    for (size_t i = 0; i < 20; i++) {
        calls[i] = talk_post(&t, "/", BODY_STREAM, 0);
        for (int n = 0; n < 4; n++)
            status_ignore(h2_call_write(calls[i]->call, BYTES_OF(block)));
    }
    assert_true(h2_client_output(t.client).n <= 64 * 1024);
    assert_true(h2_call_pending(calls[19]->call) > 48 * 1024);
    talk_run(&t);
    assert_int_equal(h2_call_pending(calls[19]->call), 0);
    talk_close(&t);
}

static void answer_with(struct talk *t, size_t i, size_t n)
{
    static const uint8_t block[50000];
    const struct response head = {.status = 200, .body = BODY_STREAM};
    struct exchange *x = t->x[i];
    assert_ok(exchange_respond(x, &head));
    for (; n > 0; n--) {
        const struct status st = exchange_write(x, BYTES_OF(block));
        assert_true(st.code == E_OK || st.code == E_AGAIN);
    }
}

static void a_paused_call_stops_its_target_and_no_other(void **state)
{
    (void)state;
    struct talk t = {.server_waits = true};
    talk_open(&t);
    const struct talk_call *slow = talk_get(&t, "/slow");
    const struct talk_call *fast = talk_get(&t, "/fast");
    talk_run(&t);
    h2_call_pause(slow->call);
    answer_with(&t, 0, 40);
    answer_with(&t, 1, 40);
    talk_run(&t);
    assert_int_equal(buffer_size(&slow->body), 256 * 1024); /* the stream's window */
    assert_int_equal(buffer_size(&fast->body), 40 * 50000);
    h2_call_resume(slow->call);
    talk_run(&t);
    assert_int_equal(buffer_size(&slow->body), 40 * 50000);
    talk_close(&t);
}

static void limits_of_both_sides_hold(void **state)
{
    (void)state;
    struct talk t = {.settings = {5, 65535}, .server_waits = true};
    talk_open(&t);
    for (int i = 0; i < 5; i++)
        assert_non_null(talk_get(&t, "/"));
    assert_false(h2_client_takes_calls(t.client));
    assert_null(talk_get(&t, "/"));
    assert_status(t.fed, E_AGAIN);
    h2_call_cancel(t.calls[0].call);
    assert_true(h2_client_takes_calls(t.client));
    talk_close(&t);

    struct talk other = {.server_waits = true};
    session_settings_default(&other.server_settings);
    other.server_settings.h2_streams = 3;
    talk_open(&other);
    for (int i = 0; i < 3; i++)
        assert_non_null(talk_get(&other, "/"));
    assert_false(h2_client_takes_calls(other.client));
    talk_close(&other);
}

static void a_cancelled_call_is_cancelled_at_the_target_too(void **state)
{
    (void)state;
    struct talk t = {.server_waits = true};
    talk_open(&t);
    const struct talk_call *sent = talk_get(&t, "/sent");
    talk_run(&t);
    const struct talk_call *unsent = talk_post(&t, "/unsent", BODY_STREAM, 0);
    h2_call_cancel(sent->call);
    h2_call_cancel(unsent->call);
    talk_run(&t);
    assert_text(talk_log(&t), "cancelled at the server|");
    assert_int_equal(h2_client_calls(t.client), 0);
    assert_ok(t.fed);
    talk_close(&t);
}

/* Nothing leaves, and callers come and go: what they leave behind is bounded, and gone when it leaves. */
static void cancelled_calls_that_wait_are_bounded(void **state)
{
    (void)state;
    struct talk t = {.settings = {10, 65535}, .server_waits = true};
    talk_open(&t);
    unsigned n = 0;
    for (; n < 100 && h2_client_takes_calls(t.client); n++)
        h2_call_cancel(talk_get(&t, "/")->call);
    assert_int_equal(n, 20);
    talk_run(&t);
    assert_int_equal(t.x_count, 0);
    for (int i = 0; i < 10; i++)
        assert_non_null(talk_get(&t, "/"));
    talk_run(&t);
    assert_int_equal(t.x_count, 10);
    talk_close(&t);
}

static void an_early_answer_ends_the_upload(void **state)
{
    (void)state;
    static const uint8_t block[30000];
    struct talk t = {.server_waits = true, .server_pauses = true};
    talk_open(&t);
    const struct talk_call *tc = talk_post(&t, "/", BODY_STREAM, 0);
    for (int i = 0; i < 4; i++)
        status_ignore(h2_call_write(tc->call, BYTES_OF(block)));
    talk_run(&t);
    struct response head = {.status = 413};
    assert_ok(exchange_reply(t.x[0], &head, BYTES_OF("no")));
    talk_run(&t);
    assert_text(talk_log(&t), "head 1 413|end 1 0|");
    assert_ok(t.fed);
    assert_false(h2_client_leaving(t.client));
    talk_close(&t);
}

static void cancel_all(struct talk_call *tc)
{
    struct talk *t = tc->talk;
    for (unsigned i = 0; i < t->call_count; i++) {
        if (!t->calls[i].call)
            continue;
        h2_call_cancel(t->calls[i].call);
        t->calls[i].call = NULL;
    }
}

/* From inside of every event: its own call, and the others. */
static void events_may_cancel_anything(void **state)
{
    (void)state;
    for (int which = 0; which < 4; which++) {
        struct talk t = {.server_waits = true};
        talk_open(&t);
        t.on_head = which == 0 ? cancel_all : NULL;
        t.on_body = which == 1 ? cancel_all : NULL;
        t.on_end = which == 2 ? cancel_all : NULL;
        t.on_failed = which == 3 ? cancel_all : NULL;
        for (int i = 0; i < 3; i++)
            (void)talk_get(&t, "/");
        talk_run(&t);
        for (size_t i = t.x_count; i-- > 0;) {
            struct response head = {.status = 200};
            if (which == 3)
                exchange_abort(t.x[i]);
            else
                assert_ok(exchange_reply(t.x[i], &head, BYTES_OF("answer")));
        }
        talk_run(&t);
        assert_int_equal(h2_client_calls(t.client), 0);
        assert_ok(t.fed);
        talk_close(&t);
    }
}

static void start_another(struct talk_call *tc)
{
    tc->talk->on_end = NULL;
    tc->talk->on_failed = NULL;
    assert_non_null(talk_get(tc->talk, "/again"));
}

static void events_may_start_calls(void **state)
{
    (void)state;
    struct talk t = {.on_end = start_another};
    talk_open(&t);
    (void)talk_get(&t, "/");
    talk_run(&t);
    assert_text(talk_log(&t), "head 1 200|end 1 0|head 2 200|end 2 0|");
    talk_close(&t);
}

static void a_good_bye_lets_open_calls_finish(void **state)
{
    (void)state;
    struct talk t = {.server_waits = true};
    talk_open(&t);
    (void)talk_get(&t, "/");
    talk_run(&t);
    session_shutdown(t.server);
    talk_run(&t);
    assert_true(h2_client_leaving(t.client));
    assert_false(h2_client_takes_calls(t.client));
    struct response head = {.status = 200};
    assert_ok(exchange_reply(t.x[0], &head, BYTES_OF("bye")));
    talk_run(&t);
    assert_text(talk_log(&t), "head 1 200|end 1 0|");
    talk_close(&t);
}

static void the_end_of_the_connection_tells_what_was_sent(void **state)
{
    (void)state;
    struct talk t = {.server_waits = true};
    talk_open(&t);
    (void)talk_get(&t, "/sent");
    talk_run(&t);
    const struct response head = {.status = 200, .body = BODY_STREAM};
    (void)talk_get(&t, "/answered");
    talk_run(&t);
    assert_ok(exchange_respond(t.x[1], &head));
    talk_run(&t);
    (void)talk_get(&t, "/made");
    assert_true(h2_client_output(t.client).n > 0);
    (void)talk_get(&t, "/waiting");
    talk_forget(&t);
    h2_client_end_of_input(t.client);
    assert_text(talk_log(&t), "failed 1 reset: the target closed the connection|"
                              "failed 2 reset late: the target closed the connection|"
                              "failed 3 refused: the target closed the connection|"
                              "failed 4 refused: the target closed the connection|");
    assert_false(h2_client_takes_calls(t.client));
    talk_close(&t);
}

static void freeing_tells_nobody(void **state)
{
    (void)state;
    struct talk t = {.server_waits = true};
    talk_open(&t);
    (void)talk_get(&t, "/");
    (void)talk_post(&t, "/", BODY_STREAM, 0);
    talk_run(&t);
    h2_client_free(t.client);
    t.client = NULL;
    h2_client_free(NULL);
    assert_text(talk_log(&t), "");
    talk_close(&t);
}

static void a_ping_that_is_not_answered_shows(void **state)
{
    (void)state;
    struct talk t = {0};
    talk_open(&t);
    bool waiting = true;
    h2_client_ping(t.client, &waiting);
    assert_false(waiting);
    talk_run(&t);
    h2_client_ping(t.client, &waiting);
    assert_false(waiting); /* the first was answered */
    h2_client_ping(t.client, &waiting);
    assert_true(waiting);
    talk_close(&t);
}

/* ---- memory ---- */

static struct status whole_talk(void)
{
    struct talk t = {0};
    if (!talk_try(&t, false)) {
        talk_close(&t);
        return STATUS(NOMEM);
    }
    (void)talk_get(&t, "/");
    struct talk_call *post = talk_post(&t, "/", BODY_STREAM, 0);
    struct status st = DONE;
    if (post)
        st = h2_call_write(post->call, BYTES_OF("hello"));
    talk_run(&t);
    struct header field = {TEXT("x-sum"), TEXT("1")};
    const struct headers trailers = {&field, 1, 1};
    if (post && post->call && !status_ok(h2_call_end_body(post->call, &trailers)))
        status_ignore(h2_call_end_body(post->call, NULL));
    talk_run(&t);
    if (status_ok(st))
        st = t.fed;
    h2_client_end_of_input(t.client);
    const bool whole = text_equal(buffer_as_text(&t.log), TEXT("head 1 200|end 1 0|head 2 200|end 2 0|"));
    talk_close(&t);
    return status_ok(st) && !whole ? STATUS(UNAVAILABLE) : st;
}

static void failing_allocations_end_calls_or_the_connection(void **state)
{
    (void)state;
    assert_survives_failing_allocations(whole_talk());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_heads_that_cannot_stand_in_http2),
        cmocka_unit_test(a_head_loses_what_is_about_the_connection),
        cmocka_unit_test(a_body_of_another_length_is_refused),
        cmocka_unit_test(a_get_is_answered),
        cmocka_unit_test(a_body_comes_back_whole),
        cmocka_unit_test(a_target_that_takes_nothing_stops_the_writer),
        cmocka_unit_test(output_that_nobody_takes_is_bounded),
        cmocka_unit_test(a_paused_call_stops_its_target_and_no_other),
        cmocka_unit_test(limits_of_both_sides_hold),
        cmocka_unit_test(a_cancelled_call_is_cancelled_at_the_target_too),
        cmocka_unit_test(cancelled_calls_that_wait_are_bounded),
        cmocka_unit_test(an_early_answer_ends_the_upload),
        cmocka_unit_test(events_may_cancel_anything),
        cmocka_unit_test(events_may_start_calls),
        cmocka_unit_test(a_good_bye_lets_open_calls_finish),
        cmocka_unit_test(the_end_of_the_connection_tells_what_was_sent),
        cmocka_unit_test(freeing_tells_nobody),
        cmocka_unit_test(a_ping_that_is_not_answered_shows),
        cmocka_unit_test(failing_allocations_end_calls_or_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
