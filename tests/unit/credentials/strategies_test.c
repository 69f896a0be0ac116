/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/clock.h"
#include "check.h"
#include "desk.h"

/* What each kind of credentials puts into an answer, and what is asked of token endpoints
 * (contract 3.5, 3.6). */

static void adds_nothing_without_credentials(void **state)
{
    struct desk *d = *state;
    const struct hop_target *t = desk_ask(d, desk_service(d, ""));
    assert_int_equal(t->status, 0);
    assert_int_equal(t->authorization.n, 0);
    assert_int_equal(t->chain_pem.n, 0);
    assert_false(t->csrf);
    assert_int_equal(t->header_count + t->query_count, 0);
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_TOKEN), 0);
    assert_int_equal(t->address_count, 1);
    assert_int_equal(t->addresses[0][12], 192);
}

static void basic_is_base64_of_both(void **state)
{
    struct desk *d = *state;
    const char *api = "'credentials':{'basic':{'username':'al:ice','password':'p\xc3\xa4ss'}}";
    assert_text(desk_ask(d, desk_service(d, api))->authorization, "Basic YWw6aWNlOnDDpHNz");
}

static void a_certificate_is_the_pair_of_the_secret(void **state)
{
    struct desk *d = *state;
    const char *api = "'credentials':{'certificateGen':{'commonName':'shop'}}";
    const struct hop_target *t = desk_ask(d, desk_service(d, api));
    assert_int_equal(t->status, 0);
    assert_int_equal(t->authorization.n, 0);
    assert_true(text_starts_with(t->chain_pem, TEXT("-----BEGIN CERTIFICATE-----")));
    assert_true(text_starts_with(t->key_pem, TEXT("-----BEGIN ")));
}

static void oauth_sends_id_and_secret_in_header_and_form(void **state)
{
    struct desk *d = *state;
    const struct hop_target *t = desk_ask(d, desk_service(d, DESK_OAUTH));
    assert_text(t->authorization, "Bearer t1");
    assert_string_equal(fetcher_last(d->fetcher, FETCH_TOKEN),
                        "https://idp.com/token cid:c5ecret &client_id=cid &client_secret=c5ecret "
                        "&grant_type=client_credentials");
}

#define TOKEN "https://idp.com/token "
#define DIALECT(more)                                                                                        \
    "'credentials':{'oauth':{'url':'https://idp.com/token','clientId':'a b+é','clientSecret':'s/&:'," more   \
    "}}"

static void a_token_endpoint_is_asked_in_its_dialect(void **state)
{
    struct desk *d = *state;
    static const char *const rows[][2] = {
        {DIALECT("'clientAuthentication':'both'"),
         TOKEN "a b+é:s/&: &client_id=a b+é &client_secret=s/&: &grant_type=client_credentials"},
        {DIALECT("'clientAuthentication':'header'"),
         TOKEN "a+b%2B%C3%A9:s%2F%26%3A &grant_type=client_credentials"},
        {DIALECT("'clientAuthentication':'body','scope':'r w','audience':'api','resource':'urn:x',"
                 "'formParameters':{'b':['1','2'],'a':['']}"),
         TOKEN "&client_id=a b+é &client_secret=s/&: &grant_type=client_credentials &scope=r w &audience=api "
               "&resource=urn:x &a= &b=1 &b=2"},
        {"'credentials':{'oauth':{'url':'https://idp.com/token','clientId':'cid',"
         "'clientAuthentication':'certificate','commonName':'shop','scope':'r'}}",
         TOKEN "&client_id=cid &grant_type=client_credentials &scope=r chain key"},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct hop_target *t = desk_ask(d, desk_service(d, rows[i][0]));
        assert_int_equal(t->status, 0);
        assert_text(t->authorization, FORMAT(d->world, "Bearer t%u", i + 1));
        assert_int_equal(t->chain_pem.n + t->key_pem.n, 0); /* the API sees the token alone */
        const char *last = fetcher_last(d->fetcher, FETCH_TOKEN);
        assert_string_equal(last, FORMAT(d->world, "%s", rows[i][1]));
    }
}

/* Contract 3.5: 500 whatever it was, but not for what is over in a second. */
static void a_certificate_that_brings_no_token_is_the_contracts_500(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, "'credentials':{'oauth':{'url':'https://idp.com/token','clientId':'c',"
                                     "'clientAuthentication':'certificate','commonName':'shop'}}");
    fetcher_says(d->fetcher, FETCH_TOKEN, FETCH_STATUS, 401, "it said 401");
    desk_expect_refusal(
        desk_ask(d, id), 500,
        "Failed to get token: Failed to fetch token, possible certificate problem: it said 401");
    d->settings.blocked_at_once = 0;
    desk_renew(d);
    assert_int_equal(desk_ask(d, id)->status, 503);
}

static void parameters_of_token_requests_are_the_own_ones_then_those_of_1_2_0(void **state)
{
    struct desk *d = *state;
    const struct hop_target *t = desk_ask(
        d, desk_service(d, "'credentials':{'oauth':{'url':'https://idp.com/token','clientId':'i',"
                           "'clientSecret':'s','requestParameters':{'headers':{'X-A':['1','2']},"
                           "'queryParameters':{'scope':['r']}}},"
                           "'headers':{'x-a':['no'],'X-B':['3']},'queryParameters':{'scope':['no'],'Scope':"
                           "['4']}},'requestParameters':{'headers':{'X-C':['5']}}"));
    assert_int_equal(t->status, 0);
    assert_string_equal(fetcher_last(d->fetcher, FETCH_TOKEN),
                        "https://idp.com/token i:s X-A: 1 X-A: 2 X-B: 3 ?scope=r ?Scope=4 &client_id=i "
                        "&client_secret=s &grant_type=client_credentials");
}

static void parameters_of_calls_are_the_own_ones_then_those_of_1_2_0(void **state)
{
    struct desk *d = *state;
    const struct hop_target *t = desk_ask(
        d, desk_service(d, "'credentials':{'headers':{'x-a':['no'],'X-B':['3']},'queryParameters':"
                           "{'k':['no'],'K':['4']}},'requestParameters':{'headers':{'X-A':['1','2']},"
                           "'queryParameters':{'k':['5','6']}}"));
    assert_int_equal(t->header_count, 3);
    assert_text(t->headers[0].name, "X-A");
    assert_text(t->headers[0].value, "1");
    assert_text(t->headers[1].value, "2");
    assert_text(t->headers[2].name, "X-B");
    assert_int_equal(t->query_count, 3);
    assert_text(t->query_fields[1].value, "6");
    assert_text(t->query_fields[2].name, "K");
}

#define CSRF "'csrfInfo':{'tokenEndpointURL':'https://h.com/csrf'}"

static void csrf_is_fetched_with_the_apis_own_strategy(void **state)
{
    struct desk *d = *state;
    static const struct {
        const char *api, *job;
    } rows[] = {
        {"'credentials':{'basic':{'username':'u','password':'p'," CSRF "},'headers':{'X-B':['3']},"
         "'queryParameters':{'q':['4']}},'requestParameters':{'headers':{'X-C':['5']}}",
         "https://h.com/csrf authorization=Basic dTpw X-B: 3 ?q=4"},
        {"'credentials':{'oauth':{'url':'https://idp.com/t','clientId':'i','clientSecret':'s'," CSRF "}}",
         "https://h.com/csrf authorization=Bearer t1"},
        {"'credentials':{'certificateGen':{'commonName':'shop'," CSRF "}}", "https://h.com/csrf chain key"},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct hop_target *t = desk_ask(d, desk_service(d, rows[i].api));
        assert_int_equal(t->status, 0);
        assert_string_equal(fetcher_last(d->fetcher, FETCH_CSRF), rows[i].job);
        assert_true(t->csrf);
        assert_text(t->csrf_token, FORMAT(d->world, "c%u", i + 1));
        assert_text(t->csrf_cookies, FORMAT(d->world, "s=%u", i + 1));
    }
}

static void one_fetch_serves_services_with_equal_oauth_but_not_with_equal_csrf_urls(void **state)
{
    struct desk *d = *state;
    const char *api =
        "'credentials':{'oauth':{'url':'https://idp.com/t','clientId':'i','clientSecret':'s'," CSRF "}}";
    const char *one = desk_service(d, api), *two = desk_service(d, api);
    assert_text(desk_ask(d, one)->authorization, "Bearer t1");
    assert_text(desk_ask(d, two)->authorization, "Bearer t1");
    assert_text(desk_ask(d, two)->csrf_token, "c2");
    assert_text(desk_ask(d, one)->csrf_token, "c1");
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_TOKEN), 1);
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_CSRF), 2);
}

/* The original looked at the client id alone: two APIs shared what was not theirs. */
static void whatever_differs_is_another_token(void **state)
{
    struct desk *d = *state;
    static const char *const oauth[] = {
        "'url':'https://idp.com/t','clientId':'i','clientSecret':'s'",
        "'url':'https://idp.com/u','clientId':'i','clientSecret':'s'",
        "'url':'https://idp.com/t','clientId':'is','clientSecret':'s'",
        "'url':'https://idp.com/t','clientId':'i','clientSecret':'ss'",
        "'url':'https://idp.com/"
        "t','clientId':'i','clientSecret':'s','requestParameters':{'headers':{'A':['b']}}",
        "'url':'https://idp.com/"
        "t','clientId':'i','clientSecret':'s','requestParameters':{'headers':{'A':['c']}}",
        "'url':'https://idp.com/t','clientId':'i','clientSecret':'s','requestParameters':"
        "{'queryParameters':{'A':['b']}}",
    };
    for (unsigned i = 0; i < sizeof oauth / sizeof oauth[0]; i++) {
        const char *api = FORMAT(d->world, "'credentials':{'oauth':{%s}}", oauth[i]);
        assert_text(desk_ask(d, desk_service(d, api))->authorization, FORMAT(d->world, "Bearer t%u", i + 1));
    }
}

static void the_setting_for_verification_is_everybodys(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    d->settings.verify_tls = false;
    desk_renew(d);
    assert_false(desk_ask(d, id)->verify);
    assert_non_null(strstr(fetcher_last(d->fetcher, FETCH_TOKEN), " insecure"));
}

/* In the store, where a certificate may be any text. */
static void change_call(struct desk *d, const char *id, enum call_choice skip, const char *anchors)
{
    struct service row;
    uint8_t uuid[SERVICE_ID_SIZE];
    struct arena *a = &d->world->arena;
    const struct audit_entry audit = {.at = 1, .action = TEXT("service.call")};
    assert_true(service_id_parse(text_of(id), uuid));
    assert_ok(store_service_find(d->world->store, TEXT(""), uuid, a, &row, NULL));
    const struct service_call_write w = {.application = TEXT("shop"),
                                         .id = uuid,
                                         .expected_revision = row.revision,
                                         .call = {.skip_verify = skip},
                                         .anchors_pem = text_of(anchors)};
    assert_ok(store_service_call_set(d->world->store, &w, &audit));
}

static void a_service_may_skip_verification_and_so_do_its_token_requests(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH), *other = desk_service(d, DESK_OAUTH);
    assert_true(desk_ask(d, id)->verify);
    assert_null(strstr(fetcher_last(d->fetcher, FETCH_TOKEN), " insecure"));
    change_call(d, id, CALL_YES, "");
    assert_false(desk_ask(d, id)->verify);
    assert_non_null(strstr(fetcher_last(d->fetcher, FETCH_TOKEN), " insecure"));
    assert_text(d->target.authorization, "Bearer t2"); /* never a token got with less care */
    assert_true(desk_ask(d, other)->verify);
    assert_text(d->target.authorization, "Bearer t1");
    change_call(d, id, CALL_NO, "");
    assert_true(desk_ask(d, id)->verify);
    assert_text(d->target.authorization, "Bearer t1");
}

static void an_application_says_it_for_services_that_do_not(void **state)
{
    struct desk *d = *state;
    const enum call_choice yes = CALL_YES;
    const struct application_change change = {.skip_verify = &yes, .encode_url = &yes};
    const struct audit_entry audit = {.at = 1, .action = TEXT("application.update")};
    const char *id = desk_service(d, ""), *other = desk_service(d, "");
    assert_false(desk_ask(d, id)->encode_url);
    assert_ok(store_application_update(d->world->store, TEXT(""), TEXT("shop"), &change, &audit));
    assert_true(desk_ask(d, id)->encode_url);
    assert_false(d->target.verify);
    change_call(d, id, CALL_NO, "");
    assert_true(desk_ask(d, id)->verify);
    assert_true(d->target.encode_url);
    assert_false(desk_ask(d, other)->verify);
}

static void the_cas_of_a_service_are_its_token_requests_too(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    assert_int_equal(desk_ask(d, id)->anchors_pem.n, 0);
    change_call(d, id, CALL_UNSET, "a CA");
    assert_text(desk_ask(d, id)->anchors_pem, "a CA");
    assert_non_null(strstr(fetcher_last(d->fetcher, FETCH_TOKEN), " anchors"));
    assert_text(d->target.authorization, "Bearer t2");
}

static void refusals_are_the_contracts(void **state)
{
    struct desk *d = *state;
    static const struct {
        enum fetch_job job;
        enum fetch_outcome outcome;
        const char *reason;
        int status;
        const char *message;
    } rows[] = {
        {FETCH_TOKEN, FETCH_STATUS,
         "incorrect response code '500' while getting token from https://idp.com/t", 502,
         "incorrect response code '500' while getting token from https://idp.com/t"},
        {FETCH_TOKEN, FETCH_TIMEOUT, "failed to make a request to 'U': timed out", 502,
         "failed to make a request to 'U': timed out"},
        {FETCH_TOKEN, FETCH_REFUSED, "failed to create token request: no URL", 500,
         "failed to create token request: no URL"},
        {FETCH_TOKEN, FETCH_AUTHORIZATION, "failed to unmarshal token response body: x", 502,
         "failed to unmarshal token response body: x"},
        {FETCH_CSRF, FETCH_STATUS, "incorrect response code '404' while getting token from U", 502,
         "incorrect response code '404' while getting token from U"},
        {FETCH_RESOLVE, FETCH_UNREACHABLE, "h.com: no such host", 502, "dns: h.com: no such host"},
        {FETCH_RESOLVE, FETCH_REFUSED, "the address ::1 is a loopback address", 502,
         "guarded: the address ::1 is a loopback address"},
        {FETCH_RESOLVE, FETCH_TIMEOUT, "timed out after 10 s", 504, "dns: timed out after 10 s"},
    };
    const char *id = desk_service(
        d, "'credentials':{'oauth':{'url':'https://idp.com/t','clientId':'i','clientSecret':'s'," CSRF "}}");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        desk_renew(d);
        fetcher_says(d->fetcher, rows[i].job, rows[i].outcome, 0, rows[i].reason);
        desk_expect_refusal(desk_ask(d, id), rows[i].status, rows[i].message);
        assert_text(d->target.service, id);
        assert_null(strstr(rows[i].message, "c5ecret"));
        fetcher_says(d->fetcher, rows[i].job, FETCH_FINE, 200, "");
    }
}

static void an_absent_fetcher_is_said_at_once(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, "");
    (void)snprintf(d->client.path, sizeof d->client.path, "/nonexistent/socket");
    clock_real(); /* it is tried for two seconds */
    const struct hop_target *t = desk_ask(d, id);
    assert_int_equal(t->status, 503);
}

/* Damage: the row says credentials, and there are none. */
static void a_missing_secret_is_named(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_BASIC);
    struct registry_key key = {.tenant = TEXT(""), .application = TEXT("shop")};
    assert_true(service_id_parse(text_of(id), key.id));
    struct service row;
    assert_ok(store_service_find(d->world->store, TEXT(""), key.id, &d->world->arena, &row, NULL));
    struct service_write w = {.service = row, .expected_revision = row.revision};
    w.secrets[SECRET_CREDENTIALS].change = SECRET_REMOVE;
    const struct audit_entry audit = {.at = 1, .last_at = 1, .count = 1, .action = TEXT("damage")};
    assert_ok(store_service_replace(d->world->store, &w, &audit));
    desk_expect_refusal(
        desk_ask(d, id), 500,
        FORMAT(d->world, "failed to read API for %s service, secret 'app-shop-%s' not found", id, id));
}

static void survives_failing_allocations(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    const struct credentials_question q = {.application = TEXT("shop"), .service = text_of(id)};
    const struct credentials_parts parts = desk_parts(d);
    (void)desk_ask(d, id); /* what is fetched is fetched by other threads, too */
    struct arena a;
    arena_init(&a, 1024, 1u << 20);
    for (long n = 0; n < 1000; n++) {
        mem_fail_after(n);
        const struct status s = credentials_answer(d->credentials, &parts, &q, &a, &d->target, NULL);
        const bool reached = mem_fail_reached();
        mem_fail_after(-1);
        arena_release(&a);
        arena_init(&a, 1024, 1u << 20);
        if (!reached) {
            assert_ok(s);
            return;
        }
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(adds_nothing_without_credentials),
        DESK_TEST(basic_is_base64_of_both),
        DESK_TEST(a_certificate_is_the_pair_of_the_secret),
        DESK_TEST(oauth_sends_id_and_secret_in_header_and_form),
        DESK_TEST(a_token_endpoint_is_asked_in_its_dialect),
        DESK_TEST(a_certificate_that_brings_no_token_is_the_contracts_500),
        DESK_TEST(parameters_of_token_requests_are_the_own_ones_then_those_of_1_2_0),
        DESK_TEST(parameters_of_calls_are_the_own_ones_then_those_of_1_2_0),
        DESK_TEST(csrf_is_fetched_with_the_apis_own_strategy),
        DESK_TEST(one_fetch_serves_services_with_equal_oauth_but_not_with_equal_csrf_urls),
        DESK_TEST(whatever_differs_is_another_token),
        DESK_TEST(the_setting_for_verification_is_everybodys),
        DESK_TEST(a_service_may_skip_verification_and_so_do_its_token_requests),
        DESK_TEST(an_application_says_it_for_services_that_do_not),
        DESK_TEST(the_cas_of_a_service_are_its_token_requests_too),
        DESK_TEST(refusals_are_the_contracts),
        DESK_TEST(an_absent_fetcher_is_said_at_once),
        DESK_TEST(a_missing_secret_is_named),
        DESK_TEST(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
