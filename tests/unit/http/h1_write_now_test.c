/* SPDX-License-Identifier: Apache-2.0 */
#include "http/session.h"

#include "base/clock.h"
#include "base/limits.h"
#include "check.h"

/* Answers whose owner writes large pieces past the output: whatever the socket takes of them, the client gets
 * the same bytes. */

#define GET   "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define LARGE ((size_t)(20 * 1024))

struct owner {
    struct session *session;
    struct exchange *x;
    struct buffer wire;
    size_t room; /* what the socket takes */
    unsigned asked, drained, finished, cancelled;
};

static void on_request(void *owner, struct exchange *x)
{
    ((struct owner *)owner)->x = x;
}

static void on_body(void *owner, struct exchange *x, struct bytes chunk)
{
    (void)owner, (void)x, (void)chunk;
}

static void on_body_end(void *owner, struct exchange *x)
{
    (void)owner, (void)x;
}

static void on_drained(void *owner, struct exchange *x)
{
    (void)x;
    ((struct owner *)owner)->drained++;
}

static void on_finished(void *owner, struct exchange *x, bool cancelled)
{
    struct owner *o = owner;
    (void)x;
    o->finished++;
    o->cancelled += cancelled;
}

static size_t take(struct owner *o, struct bytes bytes)
{
    const size_t n = bytes.n < o->room ? bytes.n : o->room;
    buffer_append(&o->wire, (struct bytes){bytes.p, n});
    o->room -= n;
    return n;
}

static size_t on_write_now(void *owner, const struct bytes *parts, size_t count)
{
    struct owner *o = owner;
    const struct bytes output = session_output(o->session);
    size_t sent = 0;
    o->asked++;
    assert_int_equal(parts[0].n, output.n);
    assert_ptr_equal(parts[0].p, output.p);
    for (size_t i = 0; i < count; i++)
        sent += take(o, parts[i]);
    return sent;
}

static const struct session_events events = {on_request, on_body,     on_body_end,
                                             on_drained, on_finished, on_write_now};

static void flush(struct owner *o)
{
    for (;;) {
        const struct bytes out = session_output(o->session);
        const size_t n = take(o, out);
        if (n == 0)
            return;
        session_output_consumed(o->session, n);
    }
}

static void begin(struct owner *o, const struct session_settings *settings, const char *request)
{
    *o = (struct owner){0};
    buffer_init(&o->wire, 8UL * 1024 * 1024);
    o->session = session_new(SESSION_H1, settings, &events, o);
    assert_non_null(o->session);
    assert_ok(session_feed(o->session, text_bytes(text_of(request))));
    assert_non_null(o->x);
}

static void end(struct owner *o)
{
    session_free(o->session);
    buffer_release(&o->wire);
}

static uint8_t body[LARGE];

/* What comes out when the socket takes `room` bytes at once, and the rest when it is asked again. */
static void answer(struct owner *o, enum body_kind kind, size_t room)
{
    struct session_settings settings;
    session_settings_default(&settings);
    begin(o, &settings, GET);
    o->room = room;
    const struct response head = {
        .status = 200, .body = kind, .content_length = kind == BODY_SIZED ? 2 * LARGE + 5 : 0};
    assert_ok(exchange_respond(o->x, &head));
    assert_ok(exchange_write(o->x, BYTES_OF(body)));
    assert_ok(exchange_write(o->x, text_bytes(TEXT("small"))));
    assert_ok(exchange_write(o->x, BYTES_OF(body)));
    assert_ok(exchange_end(o->x));
    o->room = SIZE_MAX;
    flush(o);
    assert_int_equal(o->finished, 1);
    assert_int_equal(o->cancelled, 0);
}

static void the_client_gets_the_same_bytes(void **state)
{
    (void)state;
    static const size_t rooms[] = {
        1, 17, 80, 95, 200, LARGE - 1, LARGE, LARGE + 100, LARGE + 200, 2 * LARGE, 2 * LARGE + 90, SIZE_MAX};
    static const enum body_kind kinds[] = {BODY_SIZED, BODY_STREAM};
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (uint8_t)(i * 31 + i / 256);
    for (size_t k = 0; k < 2; k++) {
        struct owner copied;
        answer(&copied, kinds[k], 0);
        for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
            struct owner direct;
            answer(&direct, kinds[k], rooms[i]);
            const struct bytes a = buffer_bytes(&copied.wire), b = buffer_bytes(&direct.wire);
            assert_int_equal(a.n, b.n);
            assert_memory_equal(a.p, b.p, a.n);
            end(&direct);
        }
        end(&copied);
    }
}

static void nothing_is_kept_of_what_went(void **state)
{
    (void)state;
    struct owner o;
    struct session_settings settings;
    session_settings_default(&settings);
    begin(&o, &settings, GET);
    o.room = SIZE_MAX;
    const struct response head = {.status = 200, .body = BODY_SIZED, .content_length = LARGE};
    assert_ok(exchange_respond(o.x, &head));
    assert_ok(exchange_write(o.x, BYTES_OF(body)));
    assert_int_equal(session_output(o.session).n, 0);
    assert_int_equal(o.asked, 1);
    end(&o);
}

static void small_pieces_wait_for_each_other(void **state)
{
    (void)state;
    struct owner o;
    struct session_settings settings;
    session_settings_default(&settings);
    begin(&o, &settings, GET);
    o.room = SIZE_MAX;
    const struct response head = {.status = 200, .body = BODY_STREAM};
    assert_ok(exchange_respond(o.x, &head));
    for (unsigned i = 0; i < 10; i++)
        assert_ok(exchange_write(o.x, text_bytes(TEXT("some octets"))));
    assert_int_equal(o.asked, 0);
    assert_int_equal(buffer_size(&o.wire), 0);
    end(&o);
}

static void a_producer_is_held_back_by_what_is_left(void **state)
{
    (void)state;
    struct owner o;
    struct session_settings settings;
    session_settings_default(&settings);
    begin(&o, &settings, GET);
    o.room = 3 * LARGE;
    const struct response head = {.status = 200, .body = BODY_STREAM};
    assert_ok(exchange_respond(o.x, &head));
    size_t taken = 0;
    struct status st = DONE;
    while (status_ok(st) && taken < 100) {
        st = exchange_write(o.x, BYTES_OF(body));
        taken++;
    }
    assert_int_equal(st.code, E_AGAIN);
    assert_int_equal(taken, 7); /* three went, and 64 KiB may wait */
    o.room = SIZE_MAX;
    flush(&o);
    assert_int_equal(o.drained, 1);
    end(&o);
}

/* A producer may be in the middle of something when he is told to wait. */
static void a_large_piece_after_E_AGAIN_does_not_swallow_drained(void **state)
{
    (void)state;
    struct owner o;
    struct session_settings settings;
    session_settings_default(&settings);
    begin(&o, &settings, GET);
    o.room = SIZE_MAX;
    const struct response head = {.status = 200, .body = BODY_STREAM};
    assert_ok(exchange_respond(o.x, &head));
    struct status st = DONE;
    for (unsigned i = 0; i < 1000 && status_ok(st); i++)
        st = exchange_write(o.x, (struct bytes){body, 1000});
    assert_int_equal(st.code, E_AGAIN);
    assert_int_equal(exchange_write(o.x, BYTES_OF(body)).code, E_AGAIN);
    assert_int_equal(o.drained, 0);
    flush(&o);
    assert_int_equal(o.drained, 1);
    assert_ok(exchange_write(o.x, BYTES_OF(body)));
    assert_int_equal(o.asked, 1); /* and large pieces pass by again */
    end(&o);
}

static void more_than_was_promised_goes_nowhere(void **state)
{
    (void)state;
    struct owner o;
    struct session_settings settings;
    session_settings_default(&settings);
    begin(&o, &settings, GET);
    o.room = SIZE_MAX;
    const struct response head = {.status = 200, .body = BODY_SIZED, .content_length = LARGE - 1};
    assert_ok(exchange_respond(o.x, &head));
    assert_int_equal(exchange_write(o.x, BYTES_OF(body)).code, E_BROKEN);
    assert_int_equal(o.asked, 0);
    assert_int_equal(o.cancelled, 1);
    end(&o);
}

static void an_answer_to_HEAD_has_no_body_to_write(void **state)
{
    (void)state;
    struct owner o;
    struct session_settings settings;
    session_settings_default(&settings);
    begin(&o, &settings, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    o.room = SIZE_MAX;
    const struct response head = {.status = 200, .body = BODY_SIZED, .content_length = LARGE};
    assert_ok(exchange_respond(o.x, &head));
    assert_ok(exchange_write(o.x, BYTES_OF(body)));
    assert_int_equal(o.asked, 0);
    end(&o);
}

static int stop_the_clock(void **state)
{
    (void)state;
    clock_set_test(0, 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_was_promised_goes_nowhere),
        cmocka_unit_test(an_answer_to_HEAD_has_no_body_to_write),
        cmocka_unit_test(the_client_gets_the_same_bytes),
        cmocka_unit_test(nothing_is_kept_of_what_went),
        cmocka_unit_test(small_pieces_wait_for_each_other),
        cmocka_unit_test(a_producer_is_held_back_by_what_is_left),
        cmocka_unit_test(a_large_piece_after_E_AGAIN_does_not_swallow_drained),
    };
    return cmocka_run_group_tests(tests, stop_the_clock, NULL);
}
