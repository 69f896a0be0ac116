/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/connector.h"

#include "base/clock.h"
#include "check.h"
#include "world.h"

static const char *const central[] = {"mode.central=true", NULL};

/* Opens and closes; what a client would be told. */
static struct status try_token(struct world *w, enum token_kind kind, const char *name, struct text token)
{
    OWNED(connector_grant_close) struct connector_grant g = {0};
    w->err = (struct error){0};
    return connector_grant_open(w->connector, kind, text_of(name), token, &w->arena, &g, &w->err);
}

#define assert_refused(expr, expected, says)                                                                 \
    do {                                                                                                     \
        assert_status(expr, expected);                                                                       \
        assert_string_equal(w->err.message, says);                                                           \
    } while (0)

static struct status exchange(struct world *w, enum token_kind kind, const char *name, struct text token,
                              struct text *next)
{
    OWNED(connector_grant_close) struct connector_grant g = {0};
    struct connector_token out;
    TRY(connector_grant_open(w->connector, kind, text_of(name), token, &w->arena, &g, &w->err));
    TRY(connector_exchange(w->connector, &world_caller, &g, &w->arena, &out, &w->err));
    *next = out.token;
    return DONE;
}

static void refuses_tokens_that_are_missing_or_unknown(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    assert_refused(try_token(w, TOKEN_APPLICATION, "", (struct text){NULL, 0}), E_DENIED,
                   "Token not provided.");
    assert_refused(try_token(w, TOKEN_APPLICATION, "", TEXT("")), E_DENIED, "Token not provided.");
    assert_refused(try_token(w, TOKEN_APPLICATION, "", TEXT("nonsense")), E_DENIED, "Invalid token.");
    const struct connector_holder h = world_application("app");
    const struct text token = world_token(w, &h);
    assert_refused(try_token(w, TOKEN_APPLICATION, "", text_first(token, token.n - 2)), E_DENIED,
                   "Invalid token.");
    assert_ok(try_token(w, TOKEN_APPLICATION, "", token));
    world_close(w);
}

static void refuses_tokens_of_another_kind(void **state)
{
    (void)state;
    struct world *w = world_open(central);
    const struct connector_holder app = {
        .kind = TOKEN_APPLICATION, .application = TEXT("app"), .tenant = TEXT("t"), .group = TEXT("g")};
    const struct connector_holder runtime = {.kind = TOKEN_RUNTIME, .tenant = TEXT("t"), .group = TEXT("g")};
    assert_refused(try_token(w, TOKEN_RUNTIME, "", world_token(w, &app)), E_DENIED, "Invalid token.");
    assert_refused(try_token(w, TOKEN_APPLICATION, "", world_token(w, &runtime)), E_DENIED, "Invalid token.");
    world_close(w);
}

static void refuses_a_remote_environments_token_for_another(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = {.kind = TOKEN_REMOTE_ENVIRONMENT, .application = TEXT("one")};
    const struct text token = world_token(w, &h);
    assert_refused(try_token(w, TOKEN_REMOTE_ENVIRONMENT, "two", token), E_DENIED, "Invalid token.");
    assert_refused(try_token(w, TOKEN_APPLICATION, "", token), E_DENIED, "Invalid token.");
    assert_ok(try_token(w, TOKEN_REMOTE_ENVIRONMENT, "one", token));
    world_close(w);
}

static void knows_runtimes_only_in_central_mode(void **state)
{
    (void)state;
    const struct connector_holder runtime = {.kind = TOKEN_RUNTIME, .tenant = TEXT("t"), .group = TEXT("g")};
    const struct connector_holder remote = {.kind = TOKEN_REMOTE_ENVIRONMENT, .application = TEXT("app")};
    struct connector_token token;
    struct world *w = world_open(NULL);
    assert_refused(connector_token_create(w->connector, &world_caller, &runtime, &w->arena, &token, &w->err),
                   E_NOT_FOUND, "Requested resource could not be found.");
    assert_refused(try_token(w, TOKEN_RUNTIME, "", TEXT("x")), E_NOT_FOUND,
                   "Requested resource could not be found.");
    world_close(w);
    w = world_open(central);
    assert_ok(connector_token_create(w->connector, &world_caller, &runtime, &w->arena, &token, &w->err));
    assert_refused(connector_token_create(w->connector, &world_caller, &remote, &w->arena, &token, &w->err),
                   E_NOT_FOUND, "Requested resource could not be found.");
    world_close(w);
}

static void makes_tokens_of_64_random_bytes(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = world_application("app");
    const struct text one = world_token(w, &h);
    const struct text two = world_token(w, &h);
    assert_int_equal(one.n, 88);
    assert_true(text_ends_with(one, TEXT("==")));
    assert_false(text_equal(one, two));
    /* any number of tokens of an application are good at once (contract 4) */
    assert_ok(try_token(w, TOKEN_APPLICATION, "", one));
    assert_ok(try_token(w, TOKEN_APPLICATION, "", two));
    world_close(w);
}

static void keeps_only_the_newest_of_a_remote_environment(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = {.kind = TOKEN_REMOTE_ENVIRONMENT, .application = TEXT("re")};
    const struct text one = world_token(w, &h);
    const struct text two = world_token(w, &h);
    assert_refused(try_token(w, TOKEN_REMOTE_ENVIRONMENT, "re", one), E_DENIED, "Invalid token.");
    assert_ok(try_token(w, TOKEN_REMOTE_ENVIRONMENT, "re", two));
    world_close(w);
}

static void exchanges_a_token_once(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = world_application("app");
    const struct text one = world_token(w, &h);
    struct text two = {NULL, 0};
    struct text three = {NULL, 0};
    assert_ok(exchange(w, TOKEN_APPLICATION, "", one, &two));
    assert_refused(exchange(w, TOKEN_APPLICATION, "", one, &three), E_DENIED, "Invalid token.");
    assert_ok(exchange(w, TOKEN_APPLICATION, "", two, &three)); /* T2 may be used on info (contract 4) */
    assert_refused(try_token(w, TOKEN_APPLICATION, "", two), E_DENIED, "Invalid token.");
    struct audit_entry e;
    assert_int_equal(world_audit(w, "token.exchange", &e), 2);
    assert_true(text_starts_with(e.actor, TEXT("token:")));
    assert_text(e.address, "203.0.113.7:51234");
    assert_text(e.user_agent, "curl/7.88.1");
    world_close(w);
}

static void gives_the_new_token_a_full_life(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const int64_t start = clock_now_ms();
    clock_set_test(start, 0);
    const struct connector_holder h = world_application("app");
    const struct text one = world_token(w, &h);
    clock_advance_test(299 * 1000);
    struct text two = {NULL, 0};
    assert_ok(exchange(w, TOKEN_APPLICATION, "", one, &two));
    clock_advance_test(299 * 1000);
    assert_ok(try_token(w, TOKEN_APPLICATION, "", two));
    clock_advance_test(2 * 1000);
    assert_refused(try_token(w, TOKEN_APPLICATION, "", two), E_DENIED, "Invalid token.");
    clock_real();
    world_close(w);
}

static void refuses_a_token_while_it_is_in_use(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = world_application("app");
    const struct text token = world_token(w, &h);
    struct connector_grant first = {0};
    assert_ok(
        connector_grant_open(w->connector, TOKEN_APPLICATION, TEXT(""), token, &w->arena, &first, &w->err));
    assert_refused(try_token(w, TOKEN_APPLICATION, "", token), E_DENIED, "Invalid token.");
    connector_grant_close(&first);
    assert_ok(try_token(w, TOKEN_APPLICATION, "", token));
    world_close(w);
}

static void refuses_a_revoked_token(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = world_application("app");
    struct connector_token token;
    assert_ok(connector_token_create(w->connector, &world_caller, &h, &w->arena, &token, &w->err));
    assert_int_equal(token.id.n, 12);
    assert_ok(connector_token_revoke(w->connector, &world_caller, token.id, &w->err));
    assert_refused(try_token(w, TOKEN_APPLICATION, "", token.token), E_DENIED, "Invalid token.");
    assert_status(connector_token_revoke(w->connector, &world_caller, token.id, &w->err), E_CONFLICT);
    assert_status(connector_token_revoke(w->connector, &world_caller, TEXT("000000000000"), &w->err),
                  E_NOT_FOUND);
    world_close(w);
}

static void checks_names_where_the_token_is_asked(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = world_application("a/b");
    struct connector_token token;
    assert_refused(connector_token_create(w->connector, &world_caller, &h, &w->arena, &token, &w->err),
                   E_INVALID,
                   "The application's name holds '/': the characters , = + / cannot stand in a certificate's "
                   "subject here");
    world_close(w);
}

static void makes_the_application_only_when_told_so(void **state)
{
    (void)state;
    static const char *const strict[] = {"applications.auto_create=false", NULL};
    struct world *w = world_open(strict);
    const struct connector_holder h = world_application("app");
    struct connector_token token;
    assert_refused(connector_token_create(w->connector, &world_caller, &h, &w->arena, &token, &w->err),
                   E_NOT_FOUND, "There is no application app, and applications.auto_create is off.");
    assert_ok(connector_application_create(w->connector, &world_caller, TEXT(""), TEXT("app"), TEXT(""),
                                           TEXT(""), &w->err));
    assert_status(connector_application_create(w->connector, &world_caller, TEXT(""), TEXT("app"), TEXT(""),
                                               TEXT(""), &w->err),
                  E_CONFLICT);
    assert_ok(connector_token_create(w->connector, &world_caller, &h, &w->arena, &token, &w->err));
    world_close(w);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_holder h = world_application("app");
    struct connector_token token;
    assert_survives_failing_allocations(
        connector_token_create(w->connector, &world_caller, &h, &w->arena, &token, &w->err));
    struct text next = {NULL, 0};
    /* The token is still good after every failure, and used up after the success. */
    const struct text one = world_token(w, &h);
    assert_survives_failing_allocations(exchange(w, TOKEN_APPLICATION, "", one, &next));
    assert_status(try_token(w, TOKEN_APPLICATION, "", one), E_DENIED);
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_tokens_that_are_missing_or_unknown),
        cmocka_unit_test(refuses_tokens_of_another_kind),
        cmocka_unit_test(refuses_a_remote_environments_token_for_another),
        cmocka_unit_test(knows_runtimes_only_in_central_mode),
        cmocka_unit_test(refuses_a_token_while_it_is_in_use),
        cmocka_unit_test(refuses_a_revoked_token),
        cmocka_unit_test(checks_names_where_the_token_is_asked),
        cmocka_unit_test(makes_the_application_only_when_told_so),
        cmocka_unit_test(makes_tokens_of_64_random_bytes),
        cmocka_unit_test(keeps_only_the_newest_of_a_remote_environment),
        cmocka_unit_test(exchanges_a_token_once),
        cmocka_unit_test(gives_the_new_token_a_full_life),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
