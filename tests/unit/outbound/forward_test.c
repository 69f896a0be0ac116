/* SPDX-License-Identifier: Apache-2.0 */
#include "forward_world.h"

#include <stdio.h>

#include "base/clock.h"

/* A call from its request to its end: what goes wrong first, then both bodies. */

#define ANSWERED(c, status_, body_)                                                                          \
    do {                                                                                                     \
        assert_int_equal((c)->status, (status_));                                                            \
        assert_text(buffer_as_text(&(c)->got), (body_));                                                     \
        assert_true((c)->ended && !(c)->aborted && (c)->finished);                                           \
    } while (0)

#define STARTING                                                                                             \
    "{\"code\":503,\"error\":\"The service is starting or overloaded; try again in a second.\"}\n"

static void refuses_a_path_without_a_service(void **state)
{
    (void)state;
    struct caller *c = world_get("/app");
    ANSWERED(c, 400, "{\"code\":400,\"error\":\"failed to extract API Identifier from path\"}\n");
    assert_text(headers_get(&c->head, TEXT("Content-Type")), "application/json;charset=UTF-8");
    assert_int_equal(w.asked_count, 0);
}

static void what_is_refused_outside_of_an_event_is_finished_at_once(void **state)
{
    (void)state;
    const struct reply unknown = {.status = 404, .message = "service with name svc not found", .until = 1002};
    (void)world_get("/app/svc");
    world_answer(world_last_asked(), &unknown);
    w.comes_late = true;
    for (unsigned i = 0; i < 2; i++) { /* the second takes the first one's memory */
        struct caller *bad = world_get("/app");
        ANSWERED(bad, 400, "{\"code\":400,\"error\":\"failed to extract API Identifier from path\"}\n");
        assert_null(bad->call);
        struct caller *cached = world_get("/app/svc");
        ANSWERED(cached, 404, "{\"code\":404,\"error\":\"service with name svc not found\"}\n");
        assert_null(cached->call);
    }
    w.core_away = true;
    struct caller *away = world_get("/app/other");
    ANSWERED(away, 503, STARTING);
    assert_null(away->call);
}

static void passes_on_what_the_core_refuses(void **state)
{
    (void)state;
    const struct reply unknown = {.status = 404, .message = "service with name svc not found", .until = 1002};
    struct caller *c = world_get("/app/svc");
    assert_text(text_of(world_last_asked()->text), "/front/target?application=app&service=svc");
    world_answer(world_last_asked(), &unknown);
    ANSWERED(c, 404, "{\"code\":404,\"error\":\"service with name svc not found\"}\n");
    struct caller *again = world_get("/app/svc");
    assert_int_equal(again->status, 404);
    assert_int_equal(w.asked_count, 1);
    clock_advance_test(2000);
    (void)world_get("/app/svc");
    assert_int_equal(w.asked_count, 2);
    assert_int_equal(w.call_count, 0);
}

static void an_empty_refusal_has_an_empty_body(void **state)
{
    (void)state;
    const struct reply empty = {.status = 502, .until = 1002};
    struct caller *c = world_get("/app/svc");
    world_answer(world_last_asked(), &empty);
    ANSWERED(c, 502, "");
    assert_null(headers_get(&c->head, TEXT("Content-Type")).p);
}

static void a_core_that_is_away_is_503(void **state)
{
    (void)state;
    w.core_away = true;
    struct caller *c = world_get("/app/svc");
    ANSWERED(c, 503, STARTING);
    assert_text(headers_get(&c->head, TEXT("Retry-After")), "1");
    w.core_away = false;
    struct caller *later = world_get("/app/svc");
    world_answer(world_last_asked(), NULL);
    ANSWERED(later, 503, STARTING);
    assert_int_equal(world_count(SLAB_CORE_UNAVAILABLE), 2);
}

static void a_target_that_failed_too_often_is_503_for_a_while(void **state)
{
    (void)state;
    const struct reply good = {.until = 2000};
    w.start_fails = UPSTREAM_EJECTED;
    struct caller *c = world_get("/app/svc");
    world_answer(world_last_asked(), &good);
    assert_int_equal(c->status, upstream_failure_status(UPSTREAM_EJECTED));
    const struct text body = buffer_as_text(&c->got);
    const struct text words = TEXT("it failed too often; the next try is in 7 s");
    assert_non_null(memmem(body.p, body.n, words.p, words.n));
    assert_text(headers_get(&c->head, TEXT("Retry-After")), "7");
    assert_int_equal(world_count(SLAB_OUTBOUND_FAILED_EJECTED), 1);
}

static void says_why_a_target_cannot_be_prepared(void **state)
{
    (void)state;
    const struct reply good = {.until = 2000};
    w.answers_unusable = true;
    struct caller *c = world_get("/app/svc");
    world_answer(world_last_asked(), &good);
    ANSWERED(c, 500, "{\"code\":500,\"error\":\"the key does not belong to the certificate\"}\n");
}

static void refuses_what_cannot_be_forwarded(void **state)
{
    (void)state;
    const struct reply good = {.until = 2000};
    struct caller *c = world_get("/app/svc/refused");
    world_answer(world_last_asked(), &good);
    assert_int_equal(c->status, 400);
    assert_int_equal(w.call_count, 0);
}

static void a_busy_target_is_503(void **state)
{
    (void)state;
    const struct reply good = {.until = 2000};
    w.start_fails = UPSTREAM_BUSY;
    struct caller *c = world_get("/app/svc");
    world_answer(world_last_asked(), &good);
    ANSWERED(c, 503, "{\"code\":503,\"error\":\"the call to the target failed: other\"}\n");
    assert_int_equal(world_count(SLAB_OUTBOUND_FAILED_BUSY), 1);
}

static void says_how_a_call_failed(void **state)
{
    (void)state;
    struct caller *c;
    world_fail(world_running(&c, HTTP_GET, NULL, BODY_NONE), UPSTREAM_CONNECT);
    ANSWERED(c, 502, "{\"code\":502,\"error\":\"the call to the target failed: connect: words\"}\n");
    world_fail(world_running(&c, HTTP_GET, NULL, BODY_NONE), UPSTREAM_FIRST_BYTE_TIMEOUT);
    assert_int_equal(c->status, 504);
    assert_int_equal(world_count(SLAB_OUTBOUND_FAILED_CONNECT), 1);
    assert_int_equal(world_count(SLAB_OUTBOUND_FAILED_FIRST_BYTE), 1);
}

static void says_nothing_when_told_to(void **state)
{
    (void)state;
    struct caller *c;
    w.settings.empty_errors = true;
    outbound_set(w.o, &w.settings);
    world_fail(world_running(&c, HTTP_GET, NULL, BODY_NONE), UPSTREAM_CONNECT);
    ANSWERED(c, 502, "");
}

static void a_cut_answer_looks_cut(void **state)
{
    (void)state;
    struct caller *c;
    struct upstream_call *u = world_running(&c, HTTP_GET, NULL, BODY_NONE);
    world_head(u, 200, NULL);
    world_body(u, "half");
    world_fail(u, UPSTREAM_RESET);
    assert_int_equal(c->status, 200);
    assert_true(c->aborted && !c->ended && c->finished);
}

static void a_head_that_cannot_be_passed_on_is_502(void **state)
{
    (void)state;
    struct caller *c;
    struct upstream_call *u = world_running(&c, HTTP_GET, NULL, BODY_NONE);
    world_head(u, 200, "Bad: thing");
    assert_int_equal(c->status, 502);
    assert_true(u->cancelled);
}

/* ---- the caller leaves ---- */
static void the_caller_leaves_in_every_state(void **state)
{
    (void)state;
    const struct reply good = {.until = 2000};
    struct caller *asking = world_get("/app/asking");
    world_leave(asking);
    world_answer(world_last_asked(), &good);
    assert_int_equal(w.call_count, 0);

    struct caller *running;
    struct upstream_call *u = world_running(&running, HTTP_POST, NULL, BODY_STREAM);
    world_leave(running);
    assert_true(u->cancelled);

    struct caller *answering;
    u = world_running(&answering, HTTP_GET, NULL, BODY_NONE);
    world_head(u, 200, NULL);
    world_leave(answering);
    assert_true(u->cancelled);

    struct caller *held;
    u = world_running(&held, HTTP_GET, NULL, BODY_NONE);
    world_head(u, 401, NULL);
    world_leave(held);
    assert_true(u->cancelled);
    world_reported(world_last_asked(), true); /* nobody is there any more */

    unsigned calls = w.call_count;
    struct caller *retrying;
    u = world_running(&retrying, HTTP_GET, NULL, BODY_NONE);
    world_head(u, 401, NULL);
    world_reported(world_last_asked(), true);
    world_leave(retrying);
    world_answer(world_last_asked(), &good);
    assert_int_equal(w.call_count, calls + 1);
}

static void one_of_many_that_wait_leaves(void **state)
{
    (void)state;
    const struct reply good = {.until = 2000};
    struct caller *c[4];
    for (int i = 0; i < 4; i++)
        c[i] = world_get("/app/svc");
    world_leave(c[3]); /* the last, the first, then one more comes */
    world_leave(c[0]);
    struct caller *late = world_get("/app/svc");
    assert_int_equal(w.asked_count, 1);
    world_answer(world_last_asked(), &good);
    assert_int_equal(w.call_count, 3);
    assert_ptr_equal(w.calls[0].owner, c[1]->call);
    assert_ptr_equal(w.calls[2].owner, late->call);
}

/* ---- bodies ---- */
static void both_bodies_pass(void **state)
{
    (void)state;
    struct caller *c;
    struct upstream_call *u = world_running(&c, HTTP_POST, NULL, BODY_STREAM);
    world_send(c, "ping ");
    world_send(c, "pong");
    world_send_end(c);
    assert_text(buffer_as_text(&u->body), "ping pong");
    assert_true(u->ended);
    world_head(u, 201, "Location: http://target/y");
    world_body(u, "well ");
    world_body(u, "done");
    world_end(u);
    ANSWERED(c, 201, "well done");
    assert_text(headers_get(&c->head, TEXT("Location")), "/rewritten");
    assert_int_equal(world_count(SLAB_OUTBOUND_2XX), 1);
}

static void location_is_left_alone_when_told_to(void **state)
{
    (void)state;
    struct caller *c;
    w.settings.rewrite_location = false;
    outbound_set(w.o, &w.settings);
    struct upstream_call *u = world_running(&c, HTTP_GET, NULL, BODY_NONE);
    world_head(u, 302, "Location: http://target/y");
    assert_text(headers_get(&c->head, TEXT("Location")), "http://target/y");
}

static void a_full_target_stops_the_caller(void **state)
{
    (void)state;
    struct caller *c;
    struct upstream_call *u = world_running(&c, HTTP_PUT, NULL, BODY_STREAM);
    w.upstream_says = E_AGAIN;
    world_send(c, "much");
    assert_true(c->paused);
    w.upstream_says = E_OK;
    u->events->writable(u->owner);
    assert_false(c->paused);
    world_send(c, " more");
    assert_text(buffer_as_text(&u->body), "much more");
}

static void a_full_caller_stops_the_target(void **state)
{
    (void)state;
    struct caller *c;
    struct upstream_call *u = world_running(&c, HTTP_GET, NULL, BODY_NONE);
    world_head(u, 200, NULL);
    w.exchange_says = E_AGAIN;
    world_body(u, "much");
    assert_true(u->paused);
    w.exchange_says = E_OK;
    outbound_drained(c->call);
    assert_false(u->paused);
    world_body(u, " more");
    world_end(u);
    ANSWERED(c, 200, "much more");
}

static void a_body_that_cannot_be_taken_ends_the_call(void **state)
{
    (void)state;
    struct caller *c;
    struct upstream_call *u = world_running(&c, HTTP_POST, NULL, BODY_STREAM);
    w.upstream_says = E_NOMEM;
    world_send(c, "x");
    assert_true(u->cancelled);
    assert_int_equal(c->status, 503);
}

static void an_early_answer_ends_with_the_body_on_its_way(void **state)
{
    (void)state;
    struct caller *c;
    struct upstream_call *u = world_running(&c, HTTP_POST, NULL, BODY_STREAM);
    world_send(c, "x");
    w.in_event = true; /* the session drains the rest */
    world_head(u, 413, NULL);
    world_end(u);
    outbound_body(c->call, text_bytes(TEXT("rest")));
    outbound_body_end(c->call);
    w.in_event = false;
    world_leave(c);
    assert_int_equal(c->status, 413);
    assert_text(buffer_as_text(&u->body), "x");
}

/* ---- upgrades ---- */
static void a_websocket_becomes_a_tunnel(void **state)
{
    (void)state;
    struct caller *c;
    struct upstream_call *u =
        world_running(&c, HTTP_GET, "Connection: keep-alive, Upgrade\nUpgrade: websocket", BODY_NONE);
    assert_true(u->upgrade);
    world_head(u, 101, "Upgrade: websocket");
    assert_true(c->tunnel);
    world_send(c, "ping");
    world_body(u, "pong");
    assert_text(buffer_as_text(&u->body), "ping");
    assert_text(buffer_as_text(&c->got), "pong");
    outbound_body_end(c->call);
    assert_true(u->ended);
    world_end(u);
    assert_true(c->ended);
}

/* RFC 9110 7.8: the server switches to what was asked for, or not at all. */
static void another_protocol_than_asked_for_is_refused(void **state)
{
    (void)state;
    static const char *const answers[] = {"Upgrade: h2c", "", "Upgrade: websocket\nUpgrade: x",
                                          "Upgrade: websocket, x"};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct caller *c;
        struct upstream_call *u =
            world_running(&c, HTTP_GET, "Connection: Upgrade\nUpgrade: x, websocket", BODY_NONE);
        world_head(u, 101, answers[i]);
        assert_false(c->tunnel);
        assert_int_equal(c->status, 502);
        assert_true(u->cancelled);
    }
}

/* A count before the caller's exchange is over, as the front counts. */
static void count(struct caller *c, uint64_t us)
{
    outbound_count(c->call, false, us);
    w.in_event = false;
    world_leave(c);
}

static void how_long_a_tunnel_took_is_not_counted_however_it_ends(void **state)
{
    (void)state;
    const struct slab_series *series = &w.slab.series[0];
    struct caller *c;
    struct upstream_call *u =
        world_running(&c, HTTP_GET, "Connection: Upgrade\nUpgrade: websocket", BODY_NONE);
    world_head(u, 101, "Upgrade: websocket");
    w.in_event = true;
    world_fail(u, UPSTREAM_CONNECT);
    count(c, 1000);
    assert_int_equal(atomic_load(&series->calls[SLAB_CALL_FAILED]), 1);
    assert_int_equal(atomic_load(&series->time_sum_us), 0);
    u = world_running(&c, HTTP_GET, NULL, BODY_NONE);
    world_head(u, 200, "");
    w.in_event = true;
    world_fail(u, UPSTREAM_CONNECT);
    count(c, 1000);
    assert_int_equal(atomic_load(&series->calls[SLAB_CALL_FAILED]), 2);
    assert_int_equal(atomic_load(&series->time_sum_us), 1000);
}

static void interim_answers_pass_but_100(void **state)
{
    (void)state;
    struct caller *c;
    struct upstream_call *u = world_running(&c, HTTP_GET, NULL, BODY_NONE);
    world_interim(u, 100);
    assert_int_equal(c->interim, 0);
    world_interim(u, 103);
    assert_int_equal(c->interim, 103);
    world_head(u, 200, "");
    world_end(u);
    assert_true(c->ended);
}

static void trailers_pass(void **state)
{
    (void)state;
    struct caller *c;
    struct upstream_call *u = world_running(&c, HTTP_GET, NULL, BODY_NONE);
    world_head(u, 200, "");
    world_body(u, "body");
    world_end_with(u, "X-Sum: 1\nX-Other: 2");
    assert_true(c->ended);
    assert_int_equal(c->trailers, 2);
}

/* An answer that waits for the core outlives the call that its texts belong to. */
static void trailers_of_a_held_answer_are_kept(void **state)
{
    (void)state;
    struct caller *c;
    struct upstream_call *u = world_running(&c, HTTP_GET, NULL, BODY_NONE);
    world_head(u, 401, "");
    world_end_with(u, "X-Sum: 1\nX-Other: 2");
    assert_false(c->ended);
    world_reported(world_last_asked(), false);
    assert_true(c->ended);
    assert_int_equal(c->status, 401);
    assert_int_equal(c->trailers, 2);
}

static void no_allocation_is_taken_for_granted(void **state)
{
    (void)state;
    const struct reply good = {.until = 2000};
    for (long n = 0; n < 60; n++) {
        mem_fail_after(n);
        struct caller *c = world_get("/app/svc");
        mem_fail_after(n);
        if (w.asked_count && world_last_asked()->q)
            world_answer(world_last_asked(), &good);
        mem_fail_after(-1);
        if (w.call_count && c->call && !c->finished) {
            world_head(&w.calls[0], 200, NULL);
            world_end(&w.calls[0]);
        }
        world_tear_down(NULL);
        world_set_up(NULL);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(refuses_a_path_without_a_service),
        CASE(what_is_refused_outside_of_an_event_is_finished_at_once),
        CASE(passes_on_what_the_core_refuses),
        CASE(an_empty_refusal_has_an_empty_body),
        CASE(a_core_that_is_away_is_503),
        CASE(a_target_that_failed_too_often_is_503_for_a_while),
        CASE(says_why_a_target_cannot_be_prepared),
        CASE(refuses_what_cannot_be_forwarded),
        CASE(a_busy_target_is_503),
        CASE(says_how_a_call_failed),
        CASE(says_nothing_when_told_to),
        CASE(a_cut_answer_looks_cut),
        CASE(a_head_that_cannot_be_passed_on_is_502),
        CASE(the_caller_leaves_in_every_state),
        CASE(one_of_many_that_wait_leaves),
        CASE(both_bodies_pass),
        CASE(location_is_left_alone_when_told_to),
        CASE(a_full_target_stops_the_caller),
        CASE(a_full_caller_stops_the_target),
        CASE(a_body_that_cannot_be_taken_ends_the_call),
        CASE(an_early_answer_ends_with_the_body_on_its_way),
        CASE(a_websocket_becomes_a_tunnel),
        CASE(another_protocol_than_asked_for_is_refused),
        CASE(how_long_a_tunnel_took_is_not_counted_however_it_ends),
        CASE(interim_answers_pass_but_100),
        CASE(trailers_pass),
        CASE(trailers_of_a_held_answer_are_kept),
        CASE(no_allocation_is_taken_for_granted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
