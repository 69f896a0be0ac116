/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "desk.h"

/* Lives, early refresh, back-off and eviction of what was fetched. The target's own addresses live for 30 s:
 * each test says whether it looks at these or at tokens. */

static void expect_token(struct desk *d, const char *id, unsigned number)
{
    assert_text(desk_ask(d, id)->authorization, FORMAT(d->world, "Bearer t%u", number));
}

/* Until the flight in the background has landed: a new token is there. */
static void wait_for_token(struct desk *d, const char *id, const char *token)
{
    for (int i = 0; i < 60000 && !text_equal(desk_ask(d, id)->authorization, text_of(token)); i++)
        usleep(1000);
    assert_text(d->target.authorization, token);
}

static void a_token_is_used_to_the_second_it_ends(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    fetcher_expires(d->fetcher, 10); /* two seconds early: 8 */
    const struct hop_target *t = desk_ask(d, id);
    assert_int_equal(t->until, DESK_NOW_S + 8);
    assert_int_equal(t->refresh_at, DESK_NOW_S + 7); /* 6.4 s */
    fetcher_hold(d->fetcher, true);                  /* no refresh comes */
    desk_advance(7999);
    expect_token(d, id, 1);
    assert_int_equal(d->target.until, DESK_NOW_S + 8);
    fetcher_hold(d->fetcher, false);
    desk_advance(1);
    wait_for_token(d, id, "Bearer t2");
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_TOKEN), 2);
}

static void a_token_that_ended_is_fetched_by_who_asks(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    expect_token(d, id, 1);
    desk_advance(98 * 1000);
    expect_token(d, id, 2);
    assert_int_equal(d->target.until, DESK_NOW_S + 98 + 60); /* the addresses' */
}

static void a_token_without_an_end_lives_for_an_hour(void **state)
{
    struct desk *d = *state;
    static const int64_t unstated[] = {-1, 0, 1, 2};
    const char *id = desk_service(d, DESK_OAUTH);
    for (unsigned i = 0; i < sizeof unstated / sizeof unstated[0]; i++) {
        fetcher_expires(d->fetcher, unstated[i]);
        desk_renew(d);
        expect_token(d, id, 2 * i + 1);
        desk_advance(CACHE_UNSTATED_LIFE_MS / 5 * 4 - 1);
        expect_token(d, id, 2 * i + 1);
        desk_advance(CACHE_UNSTATED_LIFE_MS / 5 + 1);
        expect_token(d, id, 2 * i + 2);
    }
}

static void an_old_token_is_refreshed_once_and_still_given(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    expect_token(d, id, 1); /* 98 s: refreshed after 78.4 */
    desk_advance(78399);
    expect_token(d, id, 1);
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_TOKEN), 1);
    fetcher_hold(d->fetcher, false);
    desk_advance(1);
    fetcher_says(d->fetcher, FETCH_RESOLVE, FETCH_FINE, 0, "");
    expect_token(d, id, 1);
    fetcher_wait_jobs(d->fetcher, FETCH_TOKEN, 2);
    wait_for_token(d, id, "Bearer t2");
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_TOKEN), 2);
}

static void the_old_token_is_given_while_the_refresh_is_under_way(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    fetcher_expires(d->fetcher, 12); /* 10 s, refreshed after 8; addresses live longer */
    expect_token(d, id, 1);
    desk_advance(8500);
    fetcher_hold(d->fetcher, true);
    for (int i = 0; i < 20; i++) {
        expect_token(d, id, 1);
        assert_int_equal(d->target.refresh_at, DESK_NOW_S + 10); /* in a second: it should be there */
    }
    fetcher_wait_jobs(d->fetcher, FETCH_TOKEN, 2);
    fetcher_hold(d->fetcher, false);
    wait_for_token(d, id, "Bearer t2");
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_TOKEN), 2);
}

static void addresses_are_refreshed_early_too(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, "");
    assert_int_equal(desk_ask(d, id)->addresses[0][15], 1);
    assert_int_equal(d->target.until, DESK_NOW_S + 60);
    assert_int_equal(d->target.refresh_at, DESK_NOW_S + 48);
    fetcher_address(d->fetcher, 2);
    desk_advance(48000);
    assert_int_equal(desk_ask(d, id)->addresses[0][15], 1);
    for (int i = 0; i < 60000 && desk_ask(d, id)->addresses[0][15] != 2; i++)
        usleep(1000);
    assert_int_equal(d->target.addresses[0][15], 2);
    assert_int_equal(d->target.until, DESK_NOW_S + 108);
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_RESOLVE), 2);
}

static void refused_addresses_are_asked_for_again_after_two_seconds(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, "");
    fetcher_says(d->fetcher, FETCH_RESOLVE, FETCH_UNREACHABLE, 0, "h.com: no such host");
    for (unsigned i = 1; i <= 4; i++) {
        desk_expect_refusal(desk_ask(d, id), 502, "dns: h.com: no such host");
        desk_advance(1999);
        desk_expect_refusal(desk_ask(d, id), 502, "dns: h.com: no such host");
        assert_int_equal(fetcher_jobs(d->fetcher, FETCH_RESOLVE), i);
        desk_advance(1);
    }
    fetcher_says(d->fetcher, FETCH_RESOLVE, FETCH_FINE, 0, "");
    assert_int_equal(desk_ask(d, id)->status, 0);
}

static void refused_tokens_are_asked_for_ever_less_often(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    static const int64_t pauses_s[] = {1, 2, 4, 8, 16, 30, 30, 30};
    fetcher_says(d->fetcher, FETCH_TOKEN, FETCH_STATUS, 500, "no");
    for (unsigned i = 0; i < sizeof pauses_s / sizeof pauses_s[0]; i++) {
        desk_expect_refusal(desk_ask(d, id), 502, "no");
        assert_int_equal(fetcher_jobs(d->fetcher, FETCH_TOKEN), i + 1);
        desk_advance(pauses_s[i] * 1000 - 1);
        desk_expect_refusal(desk_ask(d, id), 502, "no");
        assert_int_equal(fetcher_jobs(d->fetcher, FETCH_TOKEN), i + 1);
        desk_advance(1);
    }
    fetcher_says(d->fetcher, FETCH_TOKEN, FETCH_FINE, 200, "");
    assert_int_equal(desk_ask(d, id)->status, 0);
    desk_advance(98 * 1000); /* and once it worked, the pauses start again */
    fetcher_says(d->fetcher, FETCH_TOKEN, FETCH_STATUS, 500, "no");
    desk_expect_refusal(desk_ask(d, id), 502, "no");
    desk_advance(1000);
    fetcher_says(d->fetcher, FETCH_TOKEN, FETCH_FINE, 200, "");
    assert_int_equal(desk_ask(d, id)->status, 0);
}

static void a_refresh_that_fails_leaves_the_token_until_it_ends(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    expect_token(d, id, 1);
    fetcher_says(d->fetcher, FETCH_TOKEN, FETCH_STATUS, 503, "away");
    desk_advance(80 * 1000);
    expect_token(d, id, 1);
    fetcher_wait_jobs(d->fetcher, FETCH_TOKEN, 2);
    struct cache_stats stats = {.fetching = 1};
    for (int i = 0; i < 60000 && stats.fetching > 0; i++) {
        usleep(1000);
        cache_stats(d->fetched, &stats);
    }
    expect_token(d, id, 1); /* in its pause */
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_TOKEN), 2);
    desk_advance(18 * 1000); /* its end: tried again by who asks */
    desk_expect_refusal(desk_ask(d, id), 502, "away");
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_TOKEN), 3);
}

static void an_answer_lasts_no_longer_than_its_addresses(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    fetcher_expires(d->fetcher, 100000);
    assert_int_equal(desk_ask(d, id)->until, DESK_NOW_S + 60);
    assert_int_equal(d->target.refresh_at, DESK_NOW_S + 48);
}

static void changed_credentials_use_nothing_of_the_old_ones(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    struct registry_key key = {.tenant = TEXT(""), .application = TEXT("shop")};
    assert_true(service_id_parse(text_of(id), key.id));
    expect_token(d, id, 1);
    const uint64_t version = d->target.version;
    const struct secret_item secret = {TEXT("clientSecret"), text_bytes(TEXT("n3w"))};
    assert_ok(registry_secret_patch(d->world->registry, &world_caller, &key, SECRET_CREDENTIALS, &secret, 1,
                                    0, &d->world->err));
    expect_token(d, id, 2);
    assert_true(d->target.version != version);
    assert_non_null(strstr(fetcher_last(d->fetcher, FETCH_TOKEN), "cid:n3w"));
}

static void what_was_not_used_for_longest_goes(void **state)
{
    struct desk *d = *state;
    const char *ids[4];
    d->settings.cache_max = 3; /* one for the address, which all share */
    desk_renew(d);
    for (unsigned i = 0; i < 4; i++)
        ids[i] = desk_service(d, FORMAT(d->world,
                                        "'credentials':{'oauth':{'url':'https://idp.com/t','clientId':'i%u',"
                                        "'clientSecret':'s'}}",
                                        i));
    expect_token(d, ids[0], 1);
    expect_token(d, ids[1], 2);
    expect_token(d, ids[0], 1);
    expect_token(d, ids[2], 3); /* ids[1] went */
    expect_token(d, ids[0], 1);
    expect_token(d, ids[1], 4);
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_RESOLVE), 1);
    struct cache_stats stats;
    cache_stats(d->fetched, &stats);
    assert_int_equal(stats.keys, 3);
}

static void what_was_fetched_outlives_a_reload(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    expect_token(d, id, 1);
    const uint64_t version = d->target.version;
    struct credentials_cache *before = d->credentials;
    assert_ok(credentials_new(&d->settings, before, &d->credentials));
    credentials_free(before);
    expect_token(d, id, 1);
    assert_int_equal(d->target.version, version);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(a_token_is_used_to_the_second_it_ends),
        DESK_TEST(a_token_that_ended_is_fetched_by_who_asks),
        DESK_TEST(a_token_without_an_end_lives_for_an_hour),
        DESK_TEST(an_old_token_is_refreshed_once_and_still_given),
        DESK_TEST(the_old_token_is_given_while_the_refresh_is_under_way),
        DESK_TEST(addresses_are_refreshed_early_too),
        DESK_TEST(refused_addresses_are_asked_for_again_after_two_seconds),
        DESK_TEST(refused_tokens_are_asked_for_ever_less_often),
        DESK_TEST(a_refresh_that_fails_leaves_the_token_until_it_ends),
        DESK_TEST(an_answer_lasts_no_longer_than_its_addresses),
        DESK_TEST(changed_credentials_use_nothing_of_the_old_ones),
        DESK_TEST(what_was_not_used_for_longest_goes),
        DESK_TEST(what_was_fetched_outlives_a_reload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
