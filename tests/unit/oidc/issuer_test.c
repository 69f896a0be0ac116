/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc/issuer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "issue.h"

#define ISSUER    "https://dex.example/dex"
#define DISCOVERY "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://keys.example/set\"}"

/* An issuer that answers at once, as it is told. */
static struct site {
    const char *discovery;
    struct text keys;
    bool down;
    atomic_int asked;
    char last[256];
} site;

static struct issue one, two;
static struct arena arena;
static struct issuer *issuer;

static struct status get(void *ctx, struct text url, struct buffer *out, struct error *err)
{
    struct site *s = ctx;
    s->asked++;
    (void)snprintf(s->last, sizeof s->last, "%.*s", TEXT_ARG(url));
    if (s->down)
        return error_set(err, E_UPSTREAM, "cannot connect to dex.example");
    buffer_text(out, text_ends_with(url, TEXT("openid-configuration")) ? text_of(s->discovery) : s->keys);
    return buffer_status(out);
}

static const struct issuer_source source = {.get = get, .ctx = &site};

static void serve(const struct issue *i)
{
    site.keys = arena_printf(&arena, "{\"keys\":[%.*s]}", TEXT_ARG(issue_jwk(i, &arena, "")));
}

static int before(void **state)
{
    (void)state;
    arena_init(&arena, 4096, 1024 * 1024);
    site.discovery = DISCOVERY;
    site.down = false;
    site.asked = 0;
    serve(&one);
    clock_set_test(1000000000000, 1000000);
    assert_ok(issuer_new(TEXT(ISSUER), TEXT(""), &issuer));
    return 0;
}

static int after(void **state)
{
    (void)state;
    issuer_unref(issuer);
    arena_release(&arena);
    clock_real();
    return 0;
}

/* Are there keys, and is this one among them? */
static bool has(const char *kid)
{
    OWNED(issuer_keys_unref) struct issuer_keys *keys = NULL;
    assert_ok(issuer_keys(issuer, &source, text_of(kid), &keys, NULL));
    const struct jwks *set = issuer_keys_set(keys);
    for (unsigned i = 0; i < set->count; i++)
        if (text_equal(set->key[i].kid, text_of(kid)))
            return true;
    return false;
}

static void expect_none(int asked)
{
    struct issuer_keys *keys = NULL;
    assert_status(issuer_keys(issuer, &source, TEXT("one"), &keys, NULL), E_UNAVAILABLE);
    assert_int_equal(site.asked, asked);
}

static void refuses_discovery_that_is_not_its_own(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"issuer\":\"" ISSUER "\"}",
        "{\"issuer\":\"" ISSUER "/\",\"jwks_uri\":\"https://keys.example/set\"}",
        "{\"issuer\":\"https://evil.example\",\"jwks_uri\":\"https://keys.example/set\"}",
        "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"http://keys.example/set\"}",
        "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"http://localhost.evil.example/set\"}",
        "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"http://127.0.0.1@evil.example/set\"}",
        "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"http://127.0.0.1:5556/keys\"}",
        "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://keys.example?a b\"}",
        "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://keys.example/set?a#b\"}",
        "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"file:///etc/passwd\"}",
        "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"\"}",
        "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":7}",
        "{\"issuer\":\"" ISSUER "\",\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://keys.example/set\"}",
    };
    struct text url;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_status(issuer_discovery_read(text_of(bad[i]), TEXT(ISSUER), &arena, &url, NULL), E_INVALID);
#define LOCAL "http://localhost:5556/dex"
    static const struct {
        const char *issuer, *keys;
    } good[] = {
        {ISSUER, "https://keys.example/set"},  {ISSUER, "https://keys.example/set?p=b2c_1_signin&v=2"},
        {LOCAL, "http://127.0.0.1:5556/keys"}, {LOCAL, "http://[::1]:5556/keys"},
        {LOCAL, "http://localhost/keys"},      {LOCAL, "https://keys.example/set"},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const struct text json =
            arena_printf(&arena, "{\"issuer\":\"%s\",\"jwks_uri\":\"%s\"}", good[i].issuer, good[i].keys);
        assert_ok(issuer_discovery_read(json, text_of(good[i].issuer), &arena, &url, NULL));
        assert_text(url, good[i].keys);
    }
}

static void asks_less_and_less_while_the_issuer_is_down(void **state)
{
    (void)state;
    site.down = true;
    expect_none(1);
    expect_none(1);
    clock_advance_test(ISSUER_PAUSE_MS);
    expect_none(2);
    clock_advance_test(ISSUER_PAUSE_MS);
    expect_none(2);
    clock_advance_test(ISSUER_PAUSE_MS);
    expect_none(3);
    for (int i = 0; i < 20; i++) {
        clock_advance_test(ISSUER_PAUSE_MAX_MS);
        expect_none(4 + i);
    }
    site.down = false;
    clock_advance_test(ISSUER_PAUSE_MAX_MS);
    assert_true(has("one"));
}

static void takes_nothing_from_a_set_that_is_not_one(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "<html>", "[]", "{\"keys\":{}}", "{\"keys\":[],\"keys\":[]}"};
    int asked = 0;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        site.keys = text_of(bad[i]);
        expect_none(asked += 2);
        clock_advance_test(ISSUER_PAUSE_MAX_MS);
    }
}

/* How an issuer takes its keys back. */
static void a_set_without_keys_that_can_be_used_is_a_set(void **state)
{
    (void)state;
    static const char *const empty[] = {"{\"keys\":[]}", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}"};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        serve(&one);
        clock_advance_test(ISSUER_FRESH_MS);
        assert_true(has("one"));
        const int before_it = site.asked;
        site.keys = text_of(empty[i]);
        clock_advance_test(ISSUER_FRESH_MS);
        assert_false(has("one"));
        assert_false(has("one"));
        assert_int_equal(site.asked, before_it + 2);
        serve(&one);
        clock_advance_test(ISSUER_AGAIN_MS);
        assert_true(has("one"));
    }
}

static void finds_the_keys_by_discovery_and_keeps_them(void **state)
{
    (void)state;
    assert_true(has("one"));
    assert_int_equal(site.asked, 2);
    assert_string_equal(site.last, "https://keys.example/set");
    clock_advance_test(ISSUER_FRESH_MS - 1);
    assert_true(has("one"));
    assert_int_equal(site.asked, 2);
    clock_advance_test(1);
    assert_true(has("one"));
    assert_int_equal(site.asked, 4);
}

static void asks_the_configured_place_alone(void **state)
{
    (void)state;
    issuer_unref(issuer);
    assert_ok(issuer_new(TEXT(ISSUER), TEXT("https://other.example/jwks"), &issuer));
    assert_true(has("one"));
    assert_int_equal(site.asked, 1);
    assert_string_equal(site.last, "https://other.example/jwks");
    assert_true(issuer_is(issuer, TEXT(ISSUER), TEXT("https://other.example/jwks")));
    assert_false(issuer_is(issuer, TEXT(ISSUER), TEXT("")));
}

static void follows_a_rotation_but_not_every_stranger(void **state)
{
    (void)state;
    assert_true(has("one"));
    serve(&two);
    assert_false(has("two")); /* asked just now */
    assert_int_equal(site.asked, 2);
    clock_advance_test(ISSUER_AGAIN_MS);
    assert_true(has("two"));
    assert_int_equal(site.asked, 4);
    for (int i = 0; i < 100; i++)
        assert_false(has("nonsense"));
    assert_int_equal(site.asked, 4);
    assert_false(has("one"));
}

static void keeps_keys_while_the_issuer_is_down_but_not_for_ever(void **state)
{
    (void)state;
    assert_true(has("one"));
    site.down = true;
    clock_advance_test(ISSUER_FRESH_MS);
    assert_true(has("one"));
    assert_int_equal(site.asked, 3);
    assert_true(has("one")); /* and asks not again at once */
    assert_int_equal(site.asked, 3);
    clock_advance_test(ISSUER_KEPT_MS - ISSUER_FRESH_MS - 1);
    assert_true(has("one"));
    clock_advance_test(ISSUER_PAUSE_MAX_MS);
    expect_none(5);
}

/* ---- many at once ---- */

static pthread_barrier_t both;

static struct status get_slowly(void *ctx, struct text url, struct buffer *out, struct error *err)
{
    if (!text_ends_with(url, TEXT("openid-configuration")))
        (void)pthread_barrier_wait(&both);
    return get(ctx, url, out, err);
}

static void *ask(void *arg)
{
    static const struct issuer_source slow = {.get = get_slowly, .ctx = &site};
    struct issuer_keys *keys = NULL;
    *(struct status *)arg = issuer_keys(issuer, &slow, TEXT("one"), &keys, NULL);
    issuer_keys_unref(keys);
    return NULL;
}

static void one_fetches_for_all(void **state)
{
    (void)state;
    enum { THREADS = ISSUER_WAITING_MAX };
    pthread_t thread[THREADS];
    struct status got[THREADS];
    assert_int_equal(pthread_barrier_init(&both, NULL, 2), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, ask, &got[i]), 0);
    (void)pthread_barrier_wait(&both);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
        assert_ok(got[i]);
    }
    assert_int_equal(site.asked, 2);
    assert_int_equal(pthread_barrier_destroy(&both), 0);
}

static struct status start_and_ask(void)
{
    OWNED(issuer_unref) struct issuer *i = NULL;
    OWNED(issuer_keys_unref) struct issuer_keys *keys = NULL;
    TRY(issuer_new(TEXT(ISSUER), TEXT(""), &i));
    return issuer_keys(i, &source, TEXT("one"), &keys, NULL);
}

static void survives_without_memory(void **state)
{
    (void)state;
    assert_survives_failing_allocations(start_and_ask());
}

static int start(void **state)
{
    (void)state;
    issue_new(&one, "ec:P-256", "one");
    issue_new(&two, "ed25519", "two");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    issue_free(&one);
    issue_free(&two);
    return 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, before, after)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(refuses_discovery_that_is_not_its_own),
        T(asks_less_and_less_while_the_issuer_is_down),
        T(takes_nothing_from_a_set_that_is_not_one),
        T(a_set_without_keys_that_can_be_used_is_a_set),
        T(finds_the_keys_by_discovery_and_keeps_them),
        T(asks_the_configured_place_alone),
        T(follows_a_rotation_but_not_every_stranger),
        T(keeps_keys_while_the_issuer_is_down_but_not_for_ever),
        T(one_fetches_for_all),
        T(survives_without_memory),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
