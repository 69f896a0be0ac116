/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/limits.h"
#include "h2_peer.h"

/* Bodies both ways, flow control, and the order of events. */

static struct response ok_stream(void)
{
    return (struct response){.status = 200, .body = BODY_STREAM};
}

static void a_cut_answer_looks_cut(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    const int32_t id = h2_peer_get(&p, "/");
    struct exchange *x = h2_peer_x(&p, id);
    const struct response head = {.status = 200, .body = BODY_SIZED, .content_length = 10};
    assert_ok(exchange_respond(x, &head));
    assert_ok(exchange_write(x, BYTES_OF("1234")));
    assert_status(exchange_end(x), E_INVALID);
    h2_peer_run(&p);
    assert_true(h2_peer_answer(&p, id)->reset);
    assert_text(h2_peer_log(&p), "request 1 GET /|cancelled 1|");
    h2_peer_close(&p);
}

static void more_than_was_promised_is_refused(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    struct exchange *x = h2_peer_x(&p, h2_peer_get(&p, "/"));
    const struct response head = {.status = 200, .body = BODY_SIZED, .content_length = 3};
    assert_ok(exchange_respond(x, &head));
    assert_status(exchange_write(x, BYTES_OF("1234")), E_INVALID);
    exchange_abort(x);
    assert_text(h2_peer_log(&p), "request 1 GET /|cancelled 1|");
    h2_peer_close(&p);
}

static void a_field_that_would_split_the_answer_is_refused(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    const int32_t id = h2_peer_get(&p, "/");
    struct exchange *x = h2_peer_x(&p, id);
    struct response head = {.status = 200};
    assert_ok(headers_add(&head.headers, &x->arena, TEXT("x-probe"), TEXT("a\r\nb: c")));
    assert_status(exchange_respond(x, &head), E_INVALID);
    struct response plain = {.status = 500};
    assert_ok(exchange_reply(x, &plain, (struct bytes){NULL, 0}));
    h2_peer_run(&p);
    assert_int_equal(h2_peer_answer(&p, id)->status, 500);
    h2_peer_close(&p);
}

static void fields_of_the_connection_do_not_go_out(void **state)
{
    (void)state;
    struct h2_peer p = {.mode = H2_OWNER_MANUAL};
    session_settings_default(&p.settings);
    p.settings.server_name = "fairlead";
    assert_true(h2_peer_open_with(&p));
    const int32_t id = h2_peer_get(&p, "/");
    struct exchange *x = h2_peer_x(&p, id);
    struct response head = {.status = 201};
    static const char *const names[] = {"Connection", "Transfer-Encoding", "Keep-Alive", "Content-Length",
                                        "Upgrade"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_ok(headers_add(&head.headers, &x->arena, text_of(names[i]), TEXT("7")));
    assert_ok(headers_add(&head.headers, &x->arena, TEXT("X-Probe"), TEXT("kept")));
    assert_ok(exchange_reply(x, &head, BYTES_OF("ab")));
    h2_peer_run(&p);
    const struct h2_answer *a = h2_peer_answer(&p, id);
    assert_int_equal(a->status, 201);
    assert_int_equal(a->fields, 5); /* :status date server x-probe content-length */
    assert_string_equal(a->probe, "kept");
    assert_string_equal(a->content_length, "3");
    assert_true(a->closed);
    assert_text(h2_peer_log(&p), "request 1 GET /|finished 1|");
    h2_peer_close(&p);
}

static void head_204_and_304_have_no_body(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        int status;
        const char *length;
    } cases[] = {{"HEAD", 200, "4"}, {"GET", 204, ""}, {"GET", 304, "4"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct h2_peer p;
        h2_peer_open_manual(&p);
        const struct h2_field fields[] = {{":method", cases[i].method},
                                          {":scheme", "https"},
                                          {":authority", "a"},
                                          {":path", "/"},
                                          {NULL, NULL}};
        const int32_t id = h2_peer_request(&p, fields, NULL);
        struct exchange *x = h2_peer_x(&p, id);
        const struct response head = {.status = cases[i].status, .body = BODY_SIZED, .content_length = 4};
        assert_ok(exchange_respond(x, &head));
        assert_ok(exchange_write(x, (struct bytes){(const uint8_t *)"abcd", 4}));
        assert_ok(exchange_end(x));
        h2_peer_run(&p);
        const struct h2_answer *a = h2_peer_answer(&p, id);
        assert_int_equal(a->status, cases[i].status);
        assert_int_equal(buffer_size(&a->body), 0);
        assert_string_equal(a->content_length, cases[i].length);
        assert_true(a->closed);
        assert_int_equal(a->error, 0);
        h2_peer_close(&p);
    }
}

static void a_producer_is_paused_and_told_when_to_go_on(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    const int32_t id = h2_peer_get(&p, "/");
    struct exchange *x = h2_peer_x(&p, id);
    const struct response head = ok_stream();
    assert_ok(exchange_respond(x, &head));
    static const uint8_t half[LIMIT_RESPONSE_BUFFER / 2];
    assert_ok(exchange_write(x, BYTES_OF(half)));
    assert_ok(exchange_write(x, BYTES_OF(half)));
    assert_status(exchange_write(x, BYTES_OF("!")), E_AGAIN);
    assert_text(h2_peer_log(&p), "request 1 GET /|");
    h2_peer_run(&p);
    assert_text(h2_peer_log(&p), "request 1 GET /|drained 1|");
    assert_ok(exchange_end(x));
    h2_peer_run(&p);
    assert_int_equal(buffer_size(&h2_peer_answer(&p, id)->body), sizeof(half) * 2 + 2);
    assert_text(h2_peer_log(&p), "request 1 GET /|drained 1|finished 1|");
    h2_peer_close(&p);
}

static void a_producer_that_has_ended_is_not_told_to_go_on(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    const int32_t id = h2_peer_get(&p, "/");
    static const uint8_t large[5 * LIMIT_RESPONSE_BUFFER];
    struct response head = {.status = 200};
    assert_ok(exchange_reply(h2_peer_x(&p, id), &head, BYTES_OF(large)));
    h2_peer_run(&p);
    assert_int_equal(buffer_size(&h2_peer_answer(&p, id)->body), sizeof(large));
    assert_text(h2_peer_log(&p), "request 1 GET /|finished 1|");
    h2_peer_close(&p);
}

static void write_more(struct h2_peer *p, struct exchange *x)
{
    static const uint8_t block[40000];
    size_t *count = x->owner;
    while (*count > 0) {
        (*count)--;
        const struct status s = exchange_write(x, BYTES_OF(block));
        if (s.code == E_AGAIN)
            return;
        assert_ok(s);
    }
    assert_ok(exchange_end(x));
    (void)p;
}

static void a_large_answer_flows_through_a_small_buffer(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    p.on_drained = write_more;
    const int32_t id = h2_peer_get(&p, "/");
    struct exchange *x = h2_peer_x(&p, id);
    size_t blocks = 50;
    x->owner = &blocks;
    const struct response head = ok_stream();
    assert_ok(exchange_respond(x, &head));
    write_more(&p, x);
    h2_peer_run(&p);
    assert_int_equal(buffer_size(&h2_peer_answer(&p, id)->body), 50 * 40000);
    assert_true(h2_peer_answer(&p, id)->closed);
    assert_true(session_is_idle(p.server));
    h2_peer_close(&p);
}

static void a_paused_body_stops_at_the_window(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    const int32_t id = h2_peer_post_open(&p, "/");
    struct exchange *x = h2_peer_x(&p, id);
    exchange_want_body(x);
    exchange_pause_body(x);
    h2_peer_data(&p, id, 200000, true);
    assert_text(h2_peer_log(&p), "request 1 POST /|");
    assert_int_equal(p.sources[0].left, 200000 - 65535);
    exchange_resume_body(x);
    h2_peer_run(&p);
    assert_int_equal(p.sources[0].left, 0);
    assert_int_equal(buffer_size(&p.uploads[0]), 200000);
    assert_true(text_ends_with(h2_peer_log(&p), TEXT("end 1|")));
    h2_peer_close(&p);
}

static void a_body_nobody_asked_for_waits(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    const int32_t id = h2_peer_post(&p, "/", "hello");
    assert_text(h2_peer_log(&p), "request 1 POST /|");
    exchange_want_body(h2_peer_x(&p, id));
    assert_text(h2_peer_log(&p), "request 1 POST /|body 1 5|end 1|");
    h2_peer_close(&p);
}

static void one_paused_stream_does_not_stop_the_others(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    const int32_t slow = h2_peer_post_open(&p, "/slow");
    h2_peer_data(&p, slow, 100000, true);
    p.mode = H2_OWNER_ECHO;
    const int32_t id = h2_peer_post(&p, "/fast", "hello");
    assert_int_equal(h2_peer_answer(&p, id)->status, 200);
    /* What a dead stream held goes back to the connection, again and again. */
    for (int i = 0; i < 10; i++) {
        p.mode = H2_OWNER_MANUAL;
        const int32_t dead = h2_peer_post_open(&p, "/dead");
        h2_peer_data(&p, dead, 60000, false);
        exchange_abort(h2_peer_x(&p, dead));
        h2_peer_run(&p);
        p.mode = H2_OWNER_ECHO;
        assert_int_equal(h2_peer_answer(&p, h2_peer_post(&p, "/fast", "hello"))->status, 200);
    }
    h2_peer_close(&p);
}

/* curl 7.88 loses the answer when its upload is reset, and httpx reads no answer before its upload is
 * through. */
static int32_t answer_early(struct h2_peer *p, size_t before)
{
    h2_peer_open_manual(p);
    const int32_t id = h2_peer_post_open(p, "/");
    h2_peer_data(p, id, before, false);
    struct response head = {.status = 403};
    assert_ok(exchange_reply(h2_peer_x(p, id), &head, BYTES_OF("no")));
    h2_peer_run(p);
    const struct h2_answer *a = h2_peer_answer(p, id);
    assert_int_equal(a->status, 403);
    assert_int_equal(buffer_size(&a->body), 3);
    assert_false(a->reset);
    assert_text(h2_peer_log(p), "request 1 POST /|finished 1|");
    h2_peer_forget(p);
    return id;
}

static void an_early_answer_lets_a_short_upload_finish(void **state)
{
    (void)state;
    static const size_t before[] = {0, 1, 65000};
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        struct h2_peer p;
        const int32_t id = answer_early(&p, before[i]);
        h2_peer_data(&p, id, 64000, true);
        assert_true(h2_peer_answer(&p, id)->closed);
        assert_int_equal(h2_peer_answer(&p, id)->error, 0);
        assert_text(h2_peer_log(&p), "");
        assert_true(session_is_idle(p.server));
        h2_peer_close(&p);
    }
}

static void an_early_answer_ends_a_long_upload_without_error(void **state)
{
    (void)state;
    struct h2_peer p;
    const int32_t id = answer_early(&p, 0);
    h2_peer_data(&p, id, 200000, true);
    const struct h2_answer *a = h2_peer_answer(&p, id);
    assert_true(a->reset);
    assert_int_equal(a->error, NGHTTP2_NO_ERROR);
    assert_true(session_is_idle(p.server));
    h2_peer_close(&p);
}

static void a_shutdown_does_not_wait_for_an_upload_behind_its_answer(void **state)
{
    (void)state;
    struct h2_peer p;
    const int32_t id = answer_early(&p, 1);
    session_shutdown(p.server);
    h2_peer_run(&p);
    assert_true(h2_peer_answer(&p, id)->reset);
    assert_true(session_wants_close(p.server));
    h2_peer_close(&p);
}

static void expect_is_answered_when_the_body_is_wanted(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    const struct h2_field fields[] = {{":method", "POST"}, {":scheme", "https"},       {":authority", "a"},
                                      {":path", "/"},      {"expect", "100-continue"}, {NULL, NULL}};
    const int32_t id = h2_peer_open_request(&p, fields);
    assert_int_equal(h2_peer_answer(&p, id)->interim, 0);
    assert_true(h2_peer_x(&p, id)->request.expect_continue);
    exchange_want_body(h2_peer_x(&p, id));
    h2_peer_run(&p);
    assert_int_equal(h2_peer_answer(&p, id)->interim, 100);
    h2_peer_data(&p, id, 10, true);
    struct response head = {.status = 200};
    assert_ok(exchange_reply(h2_peer_x(&p, id), &head, (struct bytes){NULL, 0}));
    h2_peer_run(&p);
    assert_int_equal(h2_peer_answer(&p, id)->status, 200);
    h2_peer_close(&p);
}

static void a_reset_by_the_peer_cancels_once(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    const int32_t id = h2_peer_get(&p, "/");
    struct exchange *x = h2_peer_x(&p, id);
    const struct response head = ok_stream();
    assert_ok(exchange_respond(x, &head));
    assert_ok(exchange_write(x, BYTES_OF("abc")));
    assert_int_equal(nghttp2_submit_rst_stream(p.ng, 0, id, NGHTTP2_CANCEL), 0);
    h2_peer_run(&p);
    assert_text(h2_peer_log(&p), "request 1 GET /|cancelled 1|");
    assert_int_equal(session_open_exchanges(p.server), 0);
    h2_peer_close(&p);
}

static void a_request_reset_with_its_head_is_never_told(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    h2_peer_run(&p);
    static const uint8_t both[] = "\0\0\x06\x01\x05\0\0\0\x01\x82\x87\x84\x41\x01"
                                  "a"
                                  "\0\0\x04\x03\0\0\0\0\x01\0\0\0\x08";
    h2_peer_send_raw(&p, (struct bytes){both, sizeof(both) - 1});
    assert_text(h2_peer_log(&p), "");
    assert_ok(p.fed);
    h2_peer_close(&p);
}

static void abort_in_request(struct h2_peer *p, struct exchange *x)
{
    exchange_abort(x);
    /* Takes effect when the event is over. */
    assert_text(h2_peer_log(p), "request 1 GET /|");
}

static void events_do_not_nest(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    p.on_request = abort_in_request;
    const int32_t id = h2_peer_get(&p, "/");
    assert_text(h2_peer_log(&p), "request 1 GET /|cancelled 1|");
    assert_int_equal(h2_peer_answer(&p, id)->error, NGHTTP2_INTERNAL_ERROR);
    h2_peer_close(&p);
}

static void pause_at_once(struct h2_peer *p, struct exchange *x)
{
    (void)p;
    exchange_want_body(x);
    exchange_pause_body(x);
}

static void a_pause_inside_the_event_holds(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    p.on_request = pause_at_once;
    const int32_t id = h2_peer_post(&p, "/", "hello");
    assert_text(h2_peer_log(&p), "request 1 POST /|");
    exchange_resume_body(h2_peer_x(&p, id));
    assert_text(h2_peer_log(&p), "request 1 POST /|body 1 5|end 1|");
    h2_peer_close(&p);
}

static void an_exchange_of_http2_is_no_tunnel(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    const struct response head = {.status = 101};
    assert_status(exchange_tunnel(h2_peer_x(&p, h2_peer_get(&p, "/")), &head), E_INVALID);
    h2_peer_close(&p);
}

static void streams_are_answered_in_any_order(void **state)
{
    (void)state;
    struct h2_peer p;
    h2_peer_open_manual(&p);
    int32_t ids[20];
    for (size_t i = 0; i < 20; i++)
        ids[i] = h2_peer_get(&p, "/");
    assert_int_equal(session_open_exchanges(p.server), 20);
    for (size_t i = 20; i-- > 0;) {
        struct response head = {.status = 200};
        assert_ok(exchange_reply(h2_peer_x(&p, ids[i]), &head, BYTES_OF("x")));
        h2_peer_run(&p);
        assert_int_equal(h2_peer_answer(&p, ids[i])->status, 200);
    }
    assert_true(session_is_idle(p.server));
    h2_peer_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_answer_looks_cut),
        cmocka_unit_test(more_than_was_promised_is_refused),
        cmocka_unit_test(a_field_that_would_split_the_answer_is_refused),
        cmocka_unit_test(an_exchange_of_http2_is_no_tunnel),
        cmocka_unit_test(a_request_reset_with_its_head_is_never_told),
        cmocka_unit_test(fields_of_the_connection_do_not_go_out),
        cmocka_unit_test(head_204_and_304_have_no_body),
        cmocka_unit_test(a_producer_is_paused_and_told_when_to_go_on),
        cmocka_unit_test(a_producer_that_has_ended_is_not_told_to_go_on),
        cmocka_unit_test(a_large_answer_flows_through_a_small_buffer),
        cmocka_unit_test(a_paused_body_stops_at_the_window),
        cmocka_unit_test(a_body_nobody_asked_for_waits),
        cmocka_unit_test(one_paused_stream_does_not_stop_the_others),
        cmocka_unit_test(an_early_answer_lets_a_short_upload_finish),
        cmocka_unit_test(an_early_answer_ends_a_long_upload_without_error),
        cmocka_unit_test(a_shutdown_does_not_wait_for_an_upload_behind_its_answer),
        cmocka_unit_test(expect_is_answered_when_the_body_is_wanted),
        cmocka_unit_test(a_reset_by_the_peer_cancels_once),
        cmocka_unit_test(events_do_not_nest),
        cmocka_unit_test(a_pause_inside_the_event_holds),
        cmocka_unit_test(streams_are_answered_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
