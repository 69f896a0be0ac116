/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <pthread.h>

#include "base/encoding.h"
#include "check.h"

static void one_different_bit_is_not_equal(void **state)
{
    (void)state;
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};
    assert_true(constant_time_equal(a, b, sizeof(a)));
    assert_true(constant_time_equal(a, b, 0));
    for (size_t bit = 0; bit < 8 * sizeof(a); bit++) {
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(constant_time_equal(a, b, sizeof(a)));
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* FIPS 180-4 examples. */
static const struct {
    const char *in;
    const char *sha256;
    const char *sha1;
} vectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
     "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
     "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
};

static void check_vectors(void)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        uint8_t digest[SHA256_SIZE];
        char hex[2 * SHA256_SIZE + 1];
        sha256(text_bytes(text_of(vectors[i].in)), digest);
        hex_encode(hex, BYTES_OF(digest));
        assert_string_equal(hex, vectors[i].sha256);
        sha1(text_bytes(text_of(vectors[i].in)), digest);
        hex_encode(hex, (struct bytes){digest, SHA1_SIZE});
        assert_string_equal(hex, vectors[i].sha1);
    }
}

static void digests_match_the_standard(void **state)
{
    (void)state;
    check_vectors();
    uint8_t digest[SHA256_SIZE];
    sha256((struct bytes){NULL, 0}, digest);
    assert_int_equal(digest[0], 0xe3);
}

static void *in_thread(void *arg)
{
    uint8_t *digest = arg;
    for (int i = 0; i < 1000; i++)
        sha256(text_bytes(TEXT("abc")), digest);
    return NULL;
}

static void threads_do_not_share_a_context(void **state)
{
    (void)state;
    pthread_t threads[4];
    uint8_t digests[4][SHA256_SIZE];
    uint8_t expected[SHA256_SIZE];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, in_thread, digests[i]), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    sha256(text_bytes(TEXT("abc")), expected);
    for (size_t i = 0; i < 4; i++)
        assert_memory_equal(digests[i], expected, SHA256_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_different_bit_is_not_equal),
        cmocka_unit_test(digests_match_the_standard),
        cmocka_unit_test(threads_do_not_share_a_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
