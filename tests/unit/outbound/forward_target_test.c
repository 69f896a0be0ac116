/* SPDX-License-Identifier: Apache-2.0 */
#include "forward_world.h"

#include <stdio.h>

#include "base/clock.h"

/* What is known about targets, the questions to the core, and second tries. */

static void move(uint32_t counter, uint64_t value)
{
    atomic_store(&w.page.counters[counter], value);
}

/* ---- questions ---- */
static void many_calls_make_one_question(void **state)
{
    (void)state;
    const struct reply good = {.until = 2000};
    for (int i = 0; i < 1000; i++)
        (void)world_get("/app/svc");
    assert_int_equal(w.asked_count, 1);
    world_answer(world_last_asked(), &good);
    assert_int_equal(w.call_count, 1000);
    assert_int_equal(w.targets, 1);
}

static void as_many_calls_wait_as_are_allowed(void **state)
{
    (void)state;
    for (int i = 0; i < OUTBOUND_WAITING_MAX; i++)
        assert_int_equal(world_get("/app/svc")->status, 0);
    struct caller *one_more = world_get("/app/svc");
    assert_int_equal(one_more->status, 503);
    world_leave(&w.callers[7]);
    assert_int_equal(world_get("/app/svc")->status, 0);
    world_answer(world_last_asked(), NULL);
    assert_int_equal(w.callers[0].status, 503);
}

static void as_many_questions_run_as_are_allowed(void **state)
{
    (void)state;
    static char paths[OUTBOUND_QUESTIONS_MAX + 1][32];
    for (int i = 0; i <= OUTBOUND_QUESTIONS_MAX; i++)
        (void)snprintf(paths[i], sizeof paths[i], "/app%d/svc", i);
    for (int i = 0; i < OUTBOUND_QUESTIONS_MAX; i++)
        assert_int_equal(world_get(paths[i])->status, 0);
    assert_int_equal(world_get(paths[OUTBOUND_QUESTIONS_MAX])->status, 503);
    assert_int_equal(w.asked_count, OUTBOUND_QUESTIONS_MAX);
}

static void one_application_has_a_quarter_of_the_questions(void **state)
{
    (void)state;
    static char path[64];
    const struct reply good = {.until = 2000};
    for (int i = 0; i <= OUTBOUND_QUESTIONS_OF_ONE; i++) {
        (void)snprintf(path, sizeof path, "/app/svc%d", i);
        assert_int_equal(world_get(path)->status, i < OUTBOUND_QUESTIONS_OF_ONE ? 0 : 503);
    }
    assert_int_equal(world_get("/other/svc")->status, 0); /* its dead endpoints are its own trouble */
    world_answer(&w.asked[0], &good);
    assert_int_equal(world_get("/app/again")->status, 0);
}

static void what_is_known_is_not_asked_again(void **state)
{
    (void)state;
    struct caller *c;
    (void)world_running(&c, HTTP_GET, NULL, BODY_NONE);
    (void)world_running(&c, HTTP_GET, NULL, BODY_NONE);
    assert_int_equal(w.asked_count, 1);
    move(7, 2); /* something changed */
    assert_int_equal(world_get("/app/svc")->call->state, CALL_ASKING);
    assert_int_equal(w.asked_count, 2);
    assert_text(text_of(world_last_asked()->text), "/front/target?application=app&service=svc");
}

static void an_answer_that_is_out_of_date_on_arrival_is_asked_for_anew(void **state)
{
    (void)state;
    const struct reply old = {.version = 1, .until = 2000, .counter = 7};
    move(7, 2);
    struct caller *c = world_get("/app/svc");
    world_answer(world_last_asked(), &old);
    assert_int_equal(w.asked_count, 2);
    assert_int_equal(w.call_count, 0);
    const struct reply fresh = {.version = 2, .until = 2000, .counter = 7};
    world_answer(world_last_asked(), &fresh);
    assert_int_equal(w.call_count, 1);
    assert_int_equal(c->call->state, CALL_RUNNING);
}

static void a_target_that_never_stands_still_is_called_in_the_end(void **state)
{
    (void)state;
    const struct reply old = {.version = 1, .until = 2000, .counter = 7};
    move(7, 2);
    (void)world_get("/app/svc");
    for (int i = 0; i < OUTBOUND_ROUNDS_MAX; i++)
        world_answer(world_last_asked(), &old);
    assert_int_equal(w.call_count, 1);
}

static void a_token_is_renewed_in_the_background(void **state)
{
    (void)state;
    const struct reply first = {.version = 1, .until = 2000, .refresh_at = 1010};
    (void)world_get("/app/svc");
    world_answer(world_last_asked(), &first);
    clock_advance_test(10000);
    (void)world_get("/app/svc");
    (void)world_get("/app/svc");
    assert_int_equal(w.asked_count, 2);
    assert_int_equal(w.call_count, 3); /* nobody waited */
    world_answer(world_last_asked(), NULL);
    (void)world_get("/app/svc");
    assert_int_equal(w.asked_count, 2); /* not again within the second */
    clock_advance_test(1000);
    (void)world_get("/app/svc");
    const struct reply second = {.version = 2, .until = 2000};
    world_answer(world_last_asked(), &second);
    (void)world_get("/app/svc");
    assert_int_equal(w.call_count, 6);
    assert_text(buffer_as_text(&w.calls[5].head), "GET / HTTP/1.1\r\nVersion: 2\r\n\r\n");
}

static void what_was_used_longest_ago_is_forgotten(void **state)
{
    (void)state;
    static const char *const paths[] = {"/app/a", "/app/b", "/app/c", "/app/d", "/app/e"};
    const struct reply good = {.until = 2000};
    for (int i = 0; i < 4; i++) {
        (void)world_get(paths[i]);
        world_answer(world_last_asked(), &good);
    }
    (void)world_get(paths[0]); /* used again */
    (void)world_get(paths[4]);
    world_answer(world_last_asked(), &good);
    assert_int_equal(w.asked_count, 5);
    (void)world_get(paths[0]);
    assert_int_equal(w.asked_count, 5);
    (void)world_get(paths[1]);
    assert_int_equal(w.asked_count, 6);
    world_forget_callers();
    assert_int_equal(w.targets, 4);
}

/* ---- a target disappears under running calls ---- */
static void calls_to_a_target_that_is_gone_end(void **state)
{
    (void)state;
    const struct reply gone = {.status = 404, .message = "gone", .until = 1002};
    struct caller *waiting, *begun, *ended;
    struct upstream_call *u = world_running(&ended, HTTP_GET, NULL, BODY_NONE);
    world_head(u, 200, NULL);
    world_end(u);
    struct upstream_call *first = world_running(&waiting, HTTP_GET, NULL, BODY_NONE);
    struct upstream_call *second = world_running(&begun, HTTP_GET, NULL, BODY_NONE);
    world_head(second, 200, NULL);
    outbound_recheck(w.o);
    assert_int_equal(w.asked_count, 1); /* nothing moved */
    move(7, 2);
    outbound_recheck(w.o);
    outbound_recheck(w.o);
    assert_int_equal(w.asked_count, 2);
    world_answer(world_last_asked(), &gone);
    assert_true(first->cancelled && second->cancelled);
    assert_int_equal(waiting->status, 404);
    assert_true(begun->aborted && !begun->ended);
    assert_true(ended->ended && !ended->aborted);
}

static void calls_to_a_target_that_changed_go_on(void **state)
{
    (void)state;
    const struct reply changed = {.version = 2, .until = 2000, .counter = 7};
    const struct reply no_token = {.status = 502, .until = 1002};
    struct caller *c;
    struct upstream_call *u = world_running(&c, HTTP_GET, NULL, BODY_NONE);
    move(7, 2);
    outbound_recheck(w.o);
    world_answer(world_last_asked(), NULL); /* not known: asked again later */
    outbound_recheck(w.o);
    assert_int_equal(w.asked_count, 3);
    world_answer(world_last_asked(), &changed);
    outbound_recheck(w.o);
    assert_int_equal(w.asked_count, 3);
    move(7, 3);
    outbound_recheck(w.o);
    world_answer(world_last_asked(), &no_token);
    assert_false(u->cancelled);
    world_head(u, 200, NULL);
    world_end(u);
    assert_int_equal(c->status, 200);
}

/* ---- refused credentials ---- */
static void the_first_answer_stands(void **state)
{
    (void)state;
    struct caller *c;
    struct upstream_call *u = world_running(&c, HTTP_GET, NULL, BODY_NONE);
    world_head(u, 401, "WWW-Authenticate: Basic");
    assert_text(text_of(world_last_asked()->text), "/front/refused?application=app&service=svc&version=1");
    world_body(u, "go away");
    world_end(u);
    assert_int_equal(c->status, 0);
    world_reported(world_last_asked(), false);
    assert_int_equal(c->status, 401);
    assert_text(headers_get(&c->head, TEXT("WWW-Authenticate")), "Basic");
    assert_text(buffer_as_text(&c->got), "go away");
    assert_true(c->ended);
    assert_int_equal(w.call_count, 1);
}

static void the_rest_of_a_first_answer_follows(void **state)
{
    (void)state;
    struct caller *c;
    struct upstream_call *u = world_running(&c, HTTP_GET, NULL, BODY_NONE);
    world_head(u, 403, NULL);
    world_body(u, "one ");
    world_reported(world_last_asked(), false);
    world_body(u, "two");
    world_end(u);
    assert_text(buffer_as_text(&c->got), "one two");
    assert_true(c->ended);
}

static void a_large_refusal_waits_at_the_target(void **state)
{
    (void)state;
    static char chunk[16 * 1024 + 1];
    memset(chunk, 'x', sizeof chunk - 1);
    struct caller *c;
    struct upstream_call *u = world_running(&c, HTTP_GET, NULL, BODY_NONE);
    world_head(u, 401, NULL);
    for (int i = 0; i < 3; i++)
        world_body(u, chunk);
    assert_false(u->paused);
    world_body(u, chunk);
    assert_true(u->paused);
    world_body(u, chunk); /* was read already */
    w.exchange_says = E_AGAIN;
    world_reported(world_last_asked(), false);
    assert_int_equal(buffer_size(&c->got), 5 * 16 * 1024);
    assert_true(u->paused);
    w.exchange_says = E_OK;
    outbound_drained(c->call);
    assert_false(u->paused);
    world_end(u);
    assert_true(c->ended);
}

static void a_refusal_that_is_cut_short_is_502(void **state)
{
    (void)state;
    struct caller *c;
    struct upstream_call *u = world_running(&c, HTTP_GET, NULL, BODY_NONE);
    world_head(u, 401, NULL);
    world_body(u, "ha");
    world_fail(u, UPSTREAM_RESET);
    world_reported(world_last_asked(), false);
    assert_int_equal(c->status, 502);
    assert_true(c->ended);
}

static void not_every_refusal_is_reported(void **state)
{
    (void)state;
    struct caller *own, *large, *unsent;
    struct upstream_call *u = world_running(&own, HTTP_GET, "Access-Token: Bearer mine", BODY_NONE);
    world_head(u, 401, NULL);
    assert_int_equal(own->status, 401);
    u = world_running(&large, HTTP_POST, NULL, BODY_STREAM);
    world_send(large, "more than sixteen bytes");
    world_head(u, 401, NULL);
    assert_int_equal(large->status, 401);
    assert_int_equal(w.asked_count, 1);
    w.report_fails = true;
    u = world_running(&unsent, HTTP_GET, NULL, BODY_NONE);
    world_head(u, 401, NULL);
    world_end(u);
    assert_int_equal(unsent->status, 401);
    assert_true(unsent->ended);
}

static void goes_out_once_more_with_its_body(void **state)
{
    (void)state;
    const struct reply fresh = {.version = 2, .until = 2000};
    struct caller *c;
    struct upstream_call *first = world_running(&c, HTTP_POST, NULL, BODY_STREAM);
    world_send(c, "abc");
    world_head(first, 401, "Held: yes");
    assert_true(c->paused);
    world_body(first, "go away");
    world_reported(world_last_asked(), true);
    assert_true(first->cancelled && c->paused);
    assert_int_equal(c->status, 0);
    assert_text(text_of(world_last_asked()->text), "/front/target?application=app&service=svc");
    world_answer(world_last_asked(), &fresh);
    struct upstream_call *second = &w.calls[1];
    assert_text(buffer_as_text(&second->head), "GET / HTTP/1.1\r\nVersion: 2\r\n\r\n");
    assert_text(buffer_as_text(&second->body), "abc");
    assert_false(c->paused);
    world_send(c, "def");
    world_send_end(c);
    assert_text(buffer_as_text(&second->body), "abcdef");
    assert_true(second->ended);
    world_head(second, 401, NULL); /* whatever it is (contract 3.7) */
    world_end(second);
    assert_int_equal(c->status, 401);
    assert_null(headers_get(&c->head, TEXT("Held")).p);
    assert_int_equal(world_count(SLAB_OUTBOUND_RETRIES), 1);
}

static void a_second_try_takes_what_another_one_fetched(void **state)
{
    (void)state;
    const struct reply fresh = {.version = 2, .until = 2000};
    struct caller *one, *two;
    struct upstream_call *u = world_running(&one, HTTP_GET, NULL, BODY_NONE);
    struct upstream_call *v = world_running(&two, HTTP_GET, NULL, BODY_NONE);
    world_head(u, 401, NULL);
    world_end(u);
    world_reported(world_last_asked(), true);
    world_answer(world_last_asked(), &fresh);
    unsigned asked = w.asked_count;
    world_head(v, 401, NULL);
    world_end(v);
    world_reported(world_last_asked(), true);
    assert_int_equal(w.asked_count, asked + 1); /* the report alone */
    assert_int_equal(w.call_count, 4);
}

static void a_second_try_without_an_answer_of_the_core_is_an_error(void **state)
{
    (void)state;
    const struct reply failed = {.status = 502, .message = "no token", .until = 1002};
    struct caller *c;
    struct upstream_call *u = world_running(&c, HTTP_GET, NULL, BODY_NONE);
    world_head(u, 401, NULL);
    world_reported(world_last_asked(), true);
    world_answer(world_last_asked(), &failed);
    assert_int_equal(c->status, 502);
    assert_text(buffer_as_text(&c->got), "{\"code\":502,\"error\":\"no token\"}\n");
}

/* ---- bundles ---- */
static const struct reply bundle = {.version = 1, .until = 2000, .counter = 7, .bundle = true};
static const struct reply api = {.version = 1, .until = 2000, .counter = 7};

static void a_path_that_ends_at_a_bundle_is_refused(void **state)
{
    (void)state;
    move(7, 1);
    struct caller *waiting = world_get("/app/big");
    world_answer(world_last_asked(), &bundle);
    assert_int_equal(waiting->status, 400);
    assert_text(buffer_as_text(&waiting->got),
                "{\"code\":400,\"error\":\"failed to extract API Identifier from path\"}\n");
    assert_int_equal(world_get("/app/big")->status, 400); /* it is known by now */
    assert_int_equal(w.asked_count, 1);
}

static void a_core_that_never_names_an_api_is_asked_once_more_and_no_more(void **state)
{
    (void)state;
    move(7, 1);
    struct caller *c = world_get("/app/big/api/x");
    world_answer(world_last_asked(), &bundle);
    world_answer(world_last_asked(), &bundle);
    assert_int_equal(c->status, 400);
    assert_int_equal(w.asked_count, 2);
}

static void the_third_segment_names_the_api_of_a_bundle(void **state)
{
    (void)state;
    move(7, 1);
    struct caller *c = world_get("/app/big/api/x");
    assert_text(text_of(world_last_asked()->text), "/front/target?application=app&service=big");
    world_answer(world_last_asked(), &bundle);
    assert_int_equal(c->call->state, CALL_ASKING);
    assert_text(text_of(world_last_asked()->text), "/front/target?application=app&service=big&entry=api");
    world_answer(world_last_asked(), &api);
    assert_int_equal(c->call->state, CALL_RUNNING);
    assert_text(c->call->address.rest, "x");
    (void)world_get("/app/big/api/y"); /* both answers are known */
    assert_int_equal(w.asked_count, 2);
    assert_int_equal(w.call_count, 2);
    (void)world_get("/app/big/other/y");
    assert_text(text_of(world_last_asked()->text), "/front/target?application=app&service=big&entry=other");
    assert_int_equal(w.asked_count, 3);
}

static void what_was_a_bundle_may_be_a_service_after_a_change(void **state)
{
    (void)state;
    move(7, 1);
    const struct reply service = {.version = 2, .until = 2000, .counter = 7};
    (void)world_get("/app/big/api/x");
    world_answer(world_last_asked(), &bundle);
    world_answer(world_last_asked(), &api);
    move(7, 2);
    struct caller *c = world_get("/app/big/api/x");
    assert_text(text_of(world_last_asked()->text), "/front/target?application=app&service=big");
    world_answer(world_last_asked(), &service);
    assert_int_equal(c->call->state, CALL_RUNNING);
    assert_text(c->call->address.rest, "api/x");
}

static void calls_to_an_api_that_is_gone_end(void **state)
{
    (void)state;
    move(7, 1);
    const struct reply gone = {.status = 404, .message = "gone", .version = 2, .until = 2000, .counter = 7};
    struct caller *c = world_get("/app/big/api/x");
    world_answer(world_last_asked(), &bundle);
    world_answer(world_last_asked(), &api);
    move(7, 2);
    outbound_recheck(w.o);
    assert_text(text_of(world_last_asked()->text), "/front/target?application=app&service=big&entry=api");
    world_answer(world_last_asked(), &gone);
    assert_int_equal(c->status, 404);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(many_calls_make_one_question),
        CASE(as_many_calls_wait_as_are_allowed),
        CASE(as_many_questions_run_as_are_allowed),
        CASE(one_application_has_a_quarter_of_the_questions),
        CASE(what_is_known_is_not_asked_again),
        CASE(an_answer_that_is_out_of_date_on_arrival_is_asked_for_anew),
        CASE(a_target_that_never_stands_still_is_called_in_the_end),
        CASE(a_token_is_renewed_in_the_background),
        CASE(what_was_used_longest_ago_is_forgotten),
        CASE(calls_to_a_target_that_is_gone_end),
        CASE(calls_to_a_target_that_changed_go_on),
        CASE(a_path_that_ends_at_a_bundle_is_refused),
        CASE(a_core_that_never_names_an_api_is_asked_once_more_and_no_more),
        CASE(the_third_segment_names_the_api_of_a_bundle),
        CASE(what_was_a_bundle_may_be_a_service_after_a_change),
        CASE(calls_to_an_api_that_is_gone_end),
        CASE(the_first_answer_stands),
        CASE(the_rest_of_a_first_answer_follows),
        CASE(a_large_refusal_waits_at_the_target),
        CASE(a_refusal_that_is_cut_short_is_502),
        CASE(not_every_refusal_is_reported),
        CASE(goes_out_once_more_with_its_body),
        CASE(a_second_try_takes_what_another_one_fetched),
        CASE(a_second_try_without_an_answer_of_the_core_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
