/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/key_pool.h"

#include <pthread.h>
#include <unistd.h>

#include "check.h"
#include "x509/keys.h"
#include "x509/request_build.h"

static void refuses_an_unknown_algorithm(void **state)
{
    (void)state;
    static const char *const algorithms[] = {"", "rsa:1024", "dsa:2048",
                                             "an algorithm whose name is longer than any"};
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        struct key_pool *pool = NULL;
        assert_status(key_pool_new(text_of(algorithms[i]), 2, 1, &pool), E_INVALID);
        assert_null(pool);
    }
}

static struct status make_and_free(void)
{
    OWNED(key_pool_free) struct key_pool *pool = NULL;
    return key_pool_new(TEXT("rsa:2048"), 2, 1, &pool);
}

static void survives_lack_of_memory(void **state)
{
    (void)state;
    key_pool_free(NULL);
    assert_survives_failing_allocations(make_and_free());
}

static void wait_until_ready(struct key_pool *pool, unsigned count)
{
    for (int i = 0; i < 6000 && key_pool_ready(pool) != count; i++)
        (void)usleep(10000);
    assert_int_equal(key_pool_ready(pool), count);
}

static void makes_nothing_before_the_first_demand_and_refills_after_it(void **state)
{
    (void)state;
    OWNED(key_pool_free) struct key_pool *pool = NULL;
    assert_ok(key_pool_new(TEXT("ec:P-256"), 3, 1, &pool));
    (void)usleep(20000);
    assert_int_equal(key_pool_ready(pool), 0);
    for (int round = 0; round < 3; round++) {
        OWNED(key_free) EVP_PKEY *key = NULL;
        assert_ok(key_pool_take(pool, &key, NULL));
        assert_non_null(key);
        wait_until_ready(pool, 3);
    }
}

static void without_any_ahead_everybody_makes_their_own(void **state)
{
    (void)state;
    OWNED(key_pool_free) struct key_pool *pool = NULL;
    OWNED(key_free) EVP_PKEY *key = NULL;
    assert_ok(key_pool_new(TEXT("ec:P-256"), 0, 1, &pool));
    assert_ok(key_pool_take(pool, &key, NULL));
    (void)usleep(20000);
    assert_int_equal(key_pool_ready(pool), 0);
}

static void ends_while_a_key_is_being_made(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        struct key_pool *pool = NULL;
        OWNED(key_free) EVP_PKEY *key = NULL;
        assert_ok(key_pool_new(TEXT("rsa:2048"), 8, 2, &pool));
        assert_ok(key_pool_take(pool, &key, NULL));
        key_pool_free(pool);
    }
}

/* ---- many at once ---- */

#define THREADS 6
#define EACH    20

struct taker {
    struct key_pool *pool;
    uint8_t ids[EACH][32]; /* the end of each public key */
};

static void *take_many(void *ctx)
{
    struct taker *t = ctx;
    for (size_t i = 0; i < EACH; i++) {
        EVP_PKEY *key = NULL;
        struct buffer der;
        buffer_init(&der, 4096);
        must(status_ok(key_pool_take(t->pool, &key, NULL)) && status_ok(key_to_spki(key, &der, NULL)));
        struct bytes spki = buffer_bytes(&der);
        memcpy(t->ids[i], spki.p + spki.n - 32, 32);
        buffer_release(&der);
        key_free(key);
    }
    return NULL;
}

static void nobody_gets_a_key_of_somebody_else(void **state)
{
    (void)state;
    static struct taker takers[THREADS];
    OWNED(key_pool_free) struct key_pool *pool = NULL;
    assert_ok(key_pool_new(TEXT("ec:P-256"), 4, 2, &pool));
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        takers[i].pool = pool;
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, &takers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < THREADS * EACH; i++) {
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(takers[i / EACH].ids[i % EACH], takers[k / EACH].ids[k % EACH], 32);
    }
}

/* ---- more than can be made ---- */

#define CROWD (KEY_POOL_MAKING_MAX + 8)

struct one_of_a_crowd {
    struct key_pool *pool;
    pthread_barrier_t *start;
    struct status status;
    bool has_words;
};

static void *take_one(void *ctx)
{
    struct one_of_a_crowd *t = ctx;
    struct error err = {0};
    OWNED(key_free) EVP_PKEY *key = NULL;
    (void)pthread_barrier_wait(t->start);
    t->status = key_pool_take(t->pool, &key, &err);
    t->has_words = err.code == E_AGAIN && err.message[0] != '\0';
    return NULL;
}

static void a_crowd_does_not_hold_every_thread(void **state)
{
    (void)state;
    struct one_of_a_crowd crowd[CROWD];
    pthread_t threads[CROWD];
    pthread_barrier_t start;
    unsigned refused = 0;
    OWNED(key_pool_free) struct key_pool *pool = NULL;
    assert_ok(key_pool_new(TEXT("rsa:3072"), 0, 1, &pool));
    assert_int_equal(pthread_barrier_init(&start, NULL, CROWD), 0);
    for (size_t i = 0; i < CROWD; i++) {
        crowd[i] = (struct one_of_a_crowd){.pool = pool, .start = &start};
        assert_int_equal(pthread_create(&threads[i], NULL, take_one, &crowd[i]), 0);
    }
    for (size_t i = 0; i < CROWD; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < CROWD; i++) {
        assert_true(status_ok(crowd[i].status) || (crowd[i].status.code == E_AGAIN && crowd[i].has_words));
        refused += crowd[i].status.code == E_AGAIN;
    }
    assert_in_range(refused, 1, CROWD - KEY_POOL_MAKING_MAX);
    OWNED(key_free) EVP_PKEY *later = NULL;
    assert_ok(key_pool_take(pool, &later, NULL)); /* nobody is counted who has gone */
    assert_int_equal(pthread_barrier_destroy(&start), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_an_unknown_algorithm),
        cmocka_unit_test(survives_lack_of_memory),
        cmocka_unit_test(makes_nothing_before_the_first_demand_and_refills_after_it),
        cmocka_unit_test(without_any_ahead_everybody_makes_their_own),
        cmocka_unit_test(ends_while_a_key_is_being_made),
        cmocka_unit_test(nobody_gets_a_key_of_somebody_else),
        cmocka_unit_test(a_crowd_does_not_hold_every_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
