/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <stdio.h>

#include "aborts.h"
#include "base/own.h"
#include "check.h"

OWNABLE_VALUE(struct map, map_release);

static int values[5000];

static struct bytes key_of(size_t i, char out[static 16])
{
    int n = snprintf(out, 16, "key-%zu", i);
    return (struct bytes){(const uint8_t *)out, (size_t)n};
}

static void refuses_one_entry_over_the_maximum(void **state)
{
    (void)state;
    OWNED(map_release) struct map m;
    map_init(&m, 3);
    char key[16];
    for (size_t i = 0; i < 3; i++)
        assert_ok(map_put(&m, key_of(i, key), &values[i]));
    assert_status(map_put(&m, key_of(3, key), &values[3]), E_TOO_LARGE);
    assert_ok(map_put(&m, key_of(2, key), &values[4])); /* replacing adds nothing */
    assert_ptr_equal(map_get(&m, key_of(2, key)), &values[4]);
    assert_null(map_get(&m, key_of(3, key)));
    assert_ptr_equal(map_remove(&m, key_of(0, key)), &values[0]);
    assert_ok(map_put(&m, key_of(3, key), &values[3]));
}

static void a_value_must_not_be_null(void **state)
{
    (void)state;
    OWNED(map_release) struct map m;
    map_init(&m, 3);
    assert_aborts(status_ignore(map_put(&m, text_bytes(TEXT("a")), NULL)));
}

static void an_empty_map_has_nothing(void **state)
{
    (void)state;
    OWNED(map_release) struct map m;
    map_init(&m, 3);
    size_t cursor = 0;
    struct bytes key;
    void *value;
    assert_null(map_get(&m, text_bytes(TEXT("a"))));
    assert_null(map_remove(&m, text_bytes(TEXT("a"))));
    assert_false(map_next(&m, &cursor, &key, &value));
}

static struct status fill(void)
{
    OWNED(map_release) struct map m;
    map_init(&m, 100);
    char key[16];
    for (size_t i = 0; i < 100; i++) {
        struct status s = map_put(&m, key_of(i, key), &values[i]);
        assert_int_equal(map_get(&m, key_of(i, key)) != NULL, status_ok(s));
        TRY(s);
    }
    return DONE;
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_survives_failing_allocations(fill());
}

/* Against the plainest possible map: an array of flags. */
static void agrees_with_a_model_through_many_changes(void **state)
{
    (void)state;
    enum { KEYS = 700 };
    bool present[KEYS] = {false};
    size_t count = 0;
    uint32_t random = 1;
    char key[16];
    OWNED(map_release) struct map m;
    map_init(&m, KEYS);
    for (int step = 0; step < 60000; step++) {
        random = random * 1664525 + 1013904223;
        size_t i = (random >> 8) % KEYS;
        bool put = step < 20000 ? random >> 30 : !(random >> 30); /* grows at first, then shrinks */
        if (put) {
            assert_ok(map_put(&m, key_of(i, key), &values[i]));
            count += !present[i];
            present[i] = true;
        } else {
            assert_ptr_equal(map_remove(&m, key_of(i, key)), present[i] ? &values[i] : NULL);
            count -= present[i];
            present[i] = false;
        }
        assert_int_equal(m.count, count);
    }
    for (size_t i = 0; i < KEYS; i++)
        assert_ptr_equal(map_get(&m, key_of(i, key)), present[i] ? &values[i] : NULL);
}

static void iterating_meets_every_entry_once(void **state)
{
    (void)state;
    OWNED(map_release) struct map m;
    map_init(&m, 5000);
    char key[16];
    for (size_t i = 0; i < 5000; i++) {
        values[i] = 0;
        assert_ok(map_put(&m, key_of(i, key), &values[i]));
    }
    size_t cursor = 0;
    struct bytes found;
    void *value;
    while (map_next(&m, &cursor, &found, &value))
        ++*(int *)value;
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(values[i], 1);
}

static void keys_are_bytes_and_are_copied(void **state)
{
    (void)state;
    OWNED(map_release) struct map m;
    map_init(&m, 10);
    uint8_t key[3] = {'a', 0, 'b'};
    assert_ok(map_put(&m, BYTES_OF(key), &values[0]));
    assert_ok(map_put(&m, (struct bytes){key, 2}, &values[1]));
    assert_ok(map_put(&m, (struct bytes){NULL, 0}, &values[2]));
    key[0] = 'z';
    assert_null(map_get(&m, BYTES_OF(key)));
    key[0] = 'a';
    assert_ptr_equal(map_get(&m, BYTES_OF(key)), &values[0]);
    assert_ptr_equal(map_get(&m, (struct bytes){key, 2}), &values[1]);
    assert_ptr_equal(map_get(&m, (struct bytes){NULL, 0}), &values[2]);
}

/* Expected values from an independent implementation of SipHash-1-3 (CPython 3.11, hash() with
 * PYTHONHASHSEED=0). */
static void siphash_matches_known_values(void **state)
{
    (void)state;
    static const uint8_t zero_key[16];
    static const struct {
        const char *in;
        uint64_t hash;
    } cases[] = {
        {"a", UINT64_C(0x407448d2b89b1813)},
        {"abcdefg", UINT64_C(0x6db12aae9070f506)},
        {"abcdefgh", UINT64_C(0x3f7b849c0b8e35ea)},
        {"abcdefghi", UINT64_C(0xf89b34a3d11eb6e5)},
        {"The quick brown fox jumps over the lazy dog", UINT64_C(0x8df676d3d00c451e)},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(siphash(text_bytes(text_of(cases[i].in)), zero_key), cases[i].hash);
}

static void the_hash_depends_on_the_key_and_on_the_length(void **state)
{
    (void)state;
    static const uint8_t one[16] = {1};
    static const uint8_t two[16] = {2};
    static const uint8_t zeroes[64];
    assert_true(siphash(BYTES_OF(zeroes), one) != siphash(BYTES_OF(zeroes), two));
    for (size_t n = 1; n < sizeof(zeroes); n++)
        assert_true(siphash((struct bytes){zeroes, n}, one) != siphash((struct bytes){zeroes, n - 1}, one));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_one_entry_over_the_maximum),
        cmocka_unit_test(a_value_must_not_be_null),
        cmocka_unit_test(an_empty_map_has_nothing),
        cmocka_unit_test(survives_every_failing_allocation),
        cmocka_unit_test(agrees_with_a_model_through_many_changes),
        cmocka_unit_test(iterating_meets_every_entry_once),
        cmocka_unit_test(keys_are_bytes_and_are_copied),
        cmocka_unit_test(siphash_matches_known_values),
        cmocka_unit_test(the_hash_depends_on_the_key_and_on_the_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
