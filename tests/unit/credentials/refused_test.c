/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "desk.h"

/* Reports of targets that refused what they were given (DESIGN 3.1, 13; contract 3.7). */

#define OAUTH_CSRF                                                                                           \
    "'credentials':{'oauth':{'url':'https://idp.com/t','clientId':'i','clientSecret':'s',"                   \
    "'csrfInfo':{'tokenEndpointURL':'https://h.com/csrf'}}}"

static void nothing_new_can_be_had_where_nothing_was_fetched(void **state)
{
    struct desk *d = *state;
    static const char *const apis[] = {"", DESK_BASIC, "'credentials':{'certificateGen':{'commonName':'a'}}"};
    for (size_t i = 0; i < sizeof apis / sizeof apis[0]; i++) {
        const char *id = desk_service(d, apis[i]);
        const uint64_t version = desk_ask(d, id)->version;
        assert_false(desk_refused(d, id, version));
        assert_int_equal(desk_ask(d, id)->version, version);
    }
}

static void changed_credentials_are_worth_a_try(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_BASIC);
    struct registry_key key = {.tenant = TEXT(""), .application = TEXT("shop")};
    assert_true(service_id_parse(text_of(id), key.id));
    const uint64_t version = desk_ask(d, id)->version;
    const struct secret_item password = {TEXT("password"), text_bytes(TEXT("n3w"))};
    assert_ok(registry_secret_patch(d->world->registry, &world_caller, &key, SECRET_CREDENTIALS, &password, 1,
                                    0, &d->world->err));
    assert_true(desk_refused(d, id, version));
}

static void a_service_that_went_is_worth_a_question(void **state)
{
    struct desk *d = *state;
    assert_true(desk_refused(d, "nothing", 7));
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_RESOLVE), 0);
}

static void a_refused_token_is_fetched_again(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    const uint64_t version = desk_ask(d, id)->version;
    assert_true(desk_refused(d, id, version));
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_TOKEN), 1); /* by the next one who wants it */
    assert_text(desk_ask(d, id)->authorization, "Bearer t2");
    assert_true(d->target.version != version);
}

static void csrf_goes_with_it(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, OAUTH_CSRF);
    assert_text(desk_ask(d, id)->csrf_token, "c1");
    assert_true(desk_refused(d, id, d->target.version));
    assert_text(desk_ask(d, id)->csrf_token, "c2");
    assert_text(d->target.authorization, "Bearer t2");
}

static void csrf_of_basic_is_fetched_again(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, "'credentials':{'basic':{'username':'u','password':'p',"
                                     "'csrfInfo':{'tokenEndpointURL':'https://h.com/csrf'}}}");
    assert_text(desk_ask(d, id)->csrf_cookies, "s=1");
    assert_true(desk_refused(d, id, d->target.version));
    assert_text(desk_ask(d, id)->csrf_cookies, "s=2");
}

static void reports_about_older_versions_drop_nothing(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    const uint64_t old = desk_ask(d, id)->version;
    assert_true(desk_refused(d, id, old));
    assert_text(desk_ask(d, id)->authorization, "Bearer t2");
    for (int i = 0; i < 100; i++)
        assert_true(desk_refused(d, id, old)); /* what is there by now is worth a try */
    assert_text(desk_ask(d, id)->authorization, "Bearer t2");
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_TOKEN), 2);
}

static void many_reports_at_once_drop_one_token(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    const uint64_t version = desk_ask(d, id)->version;
    for (int i = 0; i < 100; i++)
        assert_true(desk_refused(d, id, version));
    assert_text(desk_ask(d, id)->authorization, "Bearer t2");
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_TOKEN), 2);
}

static void a_key_is_forced_once_in_ten_seconds(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    assert_true(desk_refused(d, id, desk_ask(d, id)->version));
    const uint64_t second = desk_ask(d, id)->version;
    assert_false(desk_refused(d, id, second));
    desk_advance(9999);
    assert_false(desk_refused(d, id, second));
    assert_text(desk_ask(d, id)->authorization, "Bearer t2");
    desk_advance(1);
    assert_true(desk_refused(d, id, second));
    assert_text(desk_ask(d, id)->authorization, "Bearer t3");
}

/* The refusal of the token endpoint is the answer then, and it is not stormed. */
static void a_token_that_cannot_be_had_again_is_a_refusal(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    const uint64_t version = desk_ask(d, id)->version;
    fetcher_says(d->fetcher, FETCH_TOKEN, FETCH_STATUS, 401, "no");
    assert_true(desk_refused(d, id, version));
    for (int i = 0; i < 10; i++) {
        desk_expect_refusal(desk_ask(d, id), 502, "no");
        assert_true(desk_refused(d, id, version));
    }
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_TOKEN), 2);
}

/* No call gets as far as the target then, so nobody could report it. */
static void a_token_that_the_csrf_endpoint_refuses_is_fetched_again(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, OAUTH_CSRF);
    fetcher_says(d->fetcher, FETCH_CSRF, FETCH_STATUS, 401, "no");
    for (int i = 0; i < 10; i++) /* once in ten seconds, as after reports */
        desk_expect_refusal(desk_ask(d, id), 502, "no");
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_TOKEN), 2);
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_CSRF), 2);
    fetcher_says(d->fetcher, FETCH_CSRF, FETCH_FINE, 200, "");
    desk_advance(10000);
    assert_text(desk_ask(d, id)->csrf_token, "c3");
    assert_text(d->target.authorization, "Bearer t2"); /* which may have been fine all the time */
}

static void a_csrf_endpoint_that_fails_says_nothing_about_the_token(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, OAUTH_CSRF);
    fetcher_says(d->fetcher, FETCH_CSRF, FETCH_STATUS, 500, "no");
    desk_expect_refusal(desk_ask(d, id), 502, "no");
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_TOKEN), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(nothing_new_can_be_had_where_nothing_was_fetched),
        DESK_TEST(changed_credentials_are_worth_a_try),
        DESK_TEST(a_service_that_went_is_worth_a_question),
        DESK_TEST(a_refused_token_is_fetched_again),
        DESK_TEST(csrf_goes_with_it),
        DESK_TEST(csrf_of_basic_is_fetched_again),
        DESK_TEST(reports_about_older_versions_drop_nothing),
        DESK_TEST(many_reports_at_once_drop_one_token),
        DESK_TEST(a_key_is_forced_once_in_ten_seconds),
        DESK_TEST(a_token_that_cannot_be_had_again_is_a_refusal),
        DESK_TEST(a_token_that_the_csrf_endpoint_refuses_is_fetched_again),
        DESK_TEST(a_csrf_endpoint_that_fails_says_nothing_about_the_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
