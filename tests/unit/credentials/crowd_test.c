/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "check.h"
#include "desk.h"

/* Many at once: one flight for all, and no more threads waiting than may. */

#define CROWD_MAX 64

struct caller {
    struct desk *d;
    const char *id;
    pthread_t thread;
    struct arena a;
    struct hop_target target;
    enum code code;
    atomic_bool answered;
};

static void *call(void *arg)
{
    struct caller *c = arg;
    const struct credentials_question q = {.application = TEXT("shop"), .service = text_of(c->id)};
    const struct credentials_parts parts = desk_parts(c->d);
    c->code = credentials_answer(c->d->credentials, &parts, &q, &c->a, &c->target, NULL).code;
    atomic_store(&c->answered, true);
    return NULL;
}

static struct caller crowd[CROWD_MAX];

static void start(struct desk *d, unsigned from, unsigned to, const char *id)
{
    for (unsigned i = from; i < to; i++) {
        crowd[i] = (struct caller){.d = d, .id = id, .answered = false};
        arena_init(&crowd[i].a, 16384, 1u << 20);
        must(pthread_create(&crowd[i].thread, NULL, call, &crowd[i]) == 0);
    }
}

static void join(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        must(pthread_join(crowd[i].thread, NULL) == 0);
        assert_int_equal(crowd[i].code, E_OK);
    }
}

static void release(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        arena_release(&crowd[i].a);
}

static void wait_for_waiters(struct desk *d, unsigned waiting)
{
    struct cache_stats stats = {.waiting = 0};
    for (int i = 0; i < 100000 && stats.waiting < waiting; i++) {
        cache_stats(d->fetched, &stats);
        usleep(500);
    }
    assert_int_equal(stats.waiting, waiting);
}

static void a_crowd_makes_one_token_request(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    assert_int_equal(desk_ask(d, id)->status, 0);
    desk_advance(98 * 1000); /* the token is over, and so are the addresses */
    fetcher_hold(d->fetcher, true);
    start(d, 0, CROWD_MAX, id);
    wait_for_waiters(d, CROWD_MAX - 1);
    fetcher_hold(d->fetcher, false);
    join(CROWD_MAX);
    for (unsigned i = 0; i < CROWD_MAX; i++) {
        assert_text(crowd[i].target.authorization, "Bearer t2");
        assert_int_equal(crowd[i].target.version, crowd[0].target.version);
    }
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_TOKEN), 2);
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_RESOLVE), 2);
    release(CROWD_MAX);
}

static void a_crowd_gets_one_refusal(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    fetcher_says(d->fetcher, FETCH_TOKEN, FETCH_STATUS, 500, "no");
    start(d, 0, CROWD_MAX, id);
    join(CROWD_MAX);
    for (unsigned i = 0; i < CROWD_MAX; i++)
        desk_expect_refusal(&crowd[i].target, 502, "no");
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_TOKEN), 1);
    release(CROWD_MAX);
}

/* One second's life, which is over before those who wait have woken. */
static void who_waited_takes_what_the_flight_brings(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    fetcher_expires(d->fetcher, 3);
    (void)desk_ask(d, id);
    desk_advance(2000);
    fetcher_hold(d->fetcher, true);
    start(d, 0, 8, id);
    wait_for_waiters(d, 7);
    desk_advance(5000);
    fetcher_hold(d->fetcher, false);
    join(8);
    for (unsigned i = 0; i < 8; i++)
        assert_text(crowd[i].target.authorization, "Bearer t2");
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_TOKEN), 2);
    release(8);
}

static unsigned busy_ones(unsigned from, unsigned to)
{
    unsigned busy = 0;
    for (unsigned i = from; i < to; i++)
        busy += atomic_load(&crowd[i].answered) && crowd[i].target.status == 503;
    return busy;
}

static void no_more_wait_for_one_key_than_may(void **state)
{
    struct desk *d = *state;
    const char *id = desk_service(d, DESK_OAUTH);
    d->settings.waiting_at_once = 3;
    desk_renew(d);
    fetcher_hold(d->fetcher, true);
    start(d, 0, 20, id);
    wait_for_waiters(d, 3);
    for (unsigned i = 0; i < 100000 && busy_ones(0, 20) < 16; i++)
        usleep(500);
    fetcher_hold(d->fetcher, false);
    join(20);
    assert_int_equal(busy_ones(0, 20), 16);
    release(20);
}

static void a_dead_endpoint_leaves_threads_for_others(void **state)
{
    struct desk *d = *state;
    const char *fine = desk_service(d, DESK_BASIC), *dead = desk_service(d, DESK_OAUTH);
    d->settings.blocked_at_once = 4;
    desk_renew(d);
    assert_int_equal(desk_ask(d, fine)->status, 0); /* the address is there, for both */
    fetcher_hold(d->fetcher, true);
    start(d, 0, 4, dead);
    wait_for_waiters(d, 3);
    assert_int_equal(desk_ask(d, dead)->status, 503);
    assert_int_equal(desk_ask(d, fine)->status, 0); /* it waits for nothing */
    fetcher_hold(d->fetcher, false);
    join(4);
    assert_int_equal(busy_ones(0, 4), 0);
    assert_int_equal(desk_ask(d, dead)->status, 0);
    release(4);
}

static void no_more_jobs_run_than_may(void **state)
{
    struct desk *d = *state;
    const char *one = desk_service(d, DESK_OAUTH);
    const char *two = desk_service(
        d, "'credentials':{'oauth':{'url':'https://idp.com/2','clientId':'i','clientSecret':'s'}}");
    d->settings.fetches_at_once = 1;
    desk_renew(d);
    assert_int_equal(desk_ask(d, one)->status, 0);
    desk_advance(58 * 1000);
    fetcher_hold(d->fetcher, true);
    start(d, 0, 1, two);
    fetcher_wait_jobs(d->fetcher, FETCH_RESOLVE, 2); /* its address is refreshed */
    join(1);
    assert_int_equal(crowd[0].target.status, 503); /* the one job is that one's */
    fetcher_hold(d->fetcher, false);
    release(1);
}

struct wanting {
    struct desk *d;
    struct cache_want want;
    struct cache_value value;
    struct arena a;
    pthread_t thread;
};

static void *want_for(void *arg)
{
    struct wanting *w = arg;
    arena_init(&w->a, 4096, 65536);
    must(status_ok(cache_get(w->d->fetched, &w->want, &w->a, &w->value)));
    return NULL;
}

/* Each of another key. */
static void wants(struct desk *d, struct wanting *w, uint64_t owner)
{
    static const struct fetch_request job = {
        .job = FETCH_TOKEN, .url = TEXT_INIT("https://idp.com/t"), .timeout_ms = 1000};
    static uint8_t keys;
    const struct credentials_parts parts = desk_parts(d);
    *w = (struct wanting){.d = d};
    w->want = (struct cache_want){
        .key = {++keys}, .owner = owner, .request = &job, .fetcher = parts.fetcher, .limits = &d->settings};
    must(pthread_create(&w->thread, NULL, want_for, w) == 0);
}

static int answer_of(struct wanting *w)
{
    must(pthread_join(w->thread, NULL) == 0);
    arena_release(&w->a);
    return w->value.status;
}

static void one_application_has_at_most_half_of_the_jobs(void **state)
{
    struct desk *d = *state;
    struct wanting mine[3], theirs[2];
    d->settings.fetches_at_once = 4;
    fetcher_hold(d->fetcher, true);
    wants(d, &mine[0], 1);
    wants(d, &mine[1], 1);
    fetcher_wait_jobs(d->fetcher, FETCH_TOKEN, 2);
    wants(d, &mine[2], 1);
    assert_int_equal(answer_of(&mine[2]), 503);
    wants(d, &theirs[0], 2);
    fetcher_wait_jobs(d->fetcher, FETCH_TOKEN, 3);
    fetcher_hold(d->fetcher, false);
    assert_int_equal(answer_of(&mine[0]) + answer_of(&mine[1]) + answer_of(&theirs[0]), 0);
    wants(d, &theirs[1], 1);
    assert_int_equal(answer_of(&theirs[1]), 0); /* its share is free again */
}

static void one_application_blocks_its_share_of_threads(void **state)
{
    struct desk *d = *state;
    struct wanting mine[6], theirs;
    d->settings.blocked_by_one = 4;
    fetcher_hold(d->fetcher, true);
    wants(d, &mine[0], 1); /* two dead endpoints ... */
    wants(d, &mine[1], 1);
    fetcher_wait_jobs(d->fetcher, FETCH_TOKEN, 2);
    for (unsigned i = 2; i < 6; i++) { /* ... and many services that share them */
        mine[i] = mine[i % 2];
        if (i >= 4)
            wait_for_waiters(d, 2);
        must(pthread_create(&mine[i].thread, NULL, want_for, &mine[i]) == 0);
    }
    assert_int_equal(answer_of(&mine[4]) + answer_of(&mine[5]), 2 * 503);
    wants(d, &theirs, 2);
    fetcher_wait_jobs(d->fetcher, FETCH_TOKEN, 3); /* another one's turn is its own */
    fetcher_hold(d->fetcher, false);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(answer_of(&mine[i]), 0);
    assert_int_equal(answer_of(&theirs), 0);
}

/* Whoever asks, refuses, reloads and evicts at once: for ThreadSanitizer, and that nothing is lost. */
static void *disturb(void *arg)
{
    struct desk *d = arg;
    const struct credentials_parts parts = desk_parts(d);
    for (int i = 0; i < 200; i++) {
        struct arena a;
        struct hop_target t;
        bool again = false;
        arena_init(&a, 16384, 1u << 20);
        const struct credentials_question q = {.application = TEXT("shop"),
                                               .service = text_of(crowd[i % 4].id)};
        must(status_ok(credentials_answer(d->credentials, &parts, &q, &a, &t, NULL)));
        if (i % 7 == 0)
            must(status_ok(credentials_refused(d->credentials, &parts, &q, t.version, &again)));
        arena_release(&a);
    }
    return NULL;
}

static void anything_may_happen_at_once(void **state)
{
    struct desk *d = *state;
    d->settings.cache_max = 3;
    desk_renew(d);
    for (unsigned i = 0; i < 4; i++)
        crowd[i].id = desk_service(d, FORMAT(d->world,
                                             "'credentials':{'oauth':{'url':'https://idp.com/%u','clientId':"
                                             "'i','clientSecret':'s'}}",
                                             i));
    pthread_t threads[4];
    for (unsigned i = 0; i < 4; i++)
        must(pthread_create(&threads[i], NULL, disturb, d) == 0);
    for (unsigned i = 0; i < 4; i++)
        must(pthread_join(threads[i], NULL) == 0);
    struct cache_stats stats;
    cache_stats(d->fetched, &stats);
    assert_int_equal(stats.waiting + stats.fetching, 0);
    assert_true(stats.keys <= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(a_crowd_makes_one_token_request),
        DESK_TEST(a_crowd_gets_one_refusal),
        DESK_TEST(who_waited_takes_what_the_flight_brings),
        DESK_TEST(no_more_wait_for_one_key_than_may),
        DESK_TEST(a_dead_endpoint_leaves_threads_for_others),
        DESK_TEST(no_more_jobs_run_than_may),
        DESK_TEST(one_application_has_at_most_half_of_the_jobs),
        DESK_TEST(one_application_blocks_its_share_of_threads),
        DESK_TEST(anything_may_happen_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
