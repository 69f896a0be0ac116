/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "vault/seal.h"

static struct seal_key *key, *other_number, *other_key;

static struct seal_key *make_key(uint32_t number, uint8_t third)
{
    struct secret bytes = {0};
    struct seal_key *k = NULL;
    must(status_ok(secret_alloc(&bytes, VAULT_KEY_SIZE)));
    bytes.p[2] = third;
    must(status_ok(seal_key_new(number, &bytes, &k)));
    must(!bytes.p);
    return k;
}

static int start(void **state)
{
    (void)state;
    key = make_key(7, 3);
    other_number = make_key(8, 3);
    other_key = make_key(7, 4);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    seal_key_free(key);
    seal_key_free(other_number);
    seal_key_free(other_key);
    return 0;
}

static void refuses_keys_of_another_size(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, VAULT_KEY_SIZE - 1, VAULT_KEY_SIZE + 1};
    seal_key_free(NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct secret bytes = {0};
        struct seal_key *k = NULL;
        assert_ok(secret_alloc(&bytes, sizes[i]));
        assert_status(seal_key_new(1, &bytes, &k), E_INVALID);
        assert_null(bytes.p); /* taken over all the same */
    }
}

static struct bytes seal(struct buffer *out, struct text name, struct bytes plain)
{
    buffer_init(out, 4096);
    assert_ok(seal_encrypt(key, name, plain, out));
    return buffer_bytes(out);
}

static void refuses_every_flipped_bit(void **state)
{
    (void)state;
    struct buffer b;
    struct bytes sealed = seal(&b, TEXT("ca/key"), BYTES_OF("secret"));
    for (size_t i = 0; i < sealed.n * 8; i++) {
        struct secret out = {0};
        b.data[b.start + i / 8] ^= (uint8_t)(1u << i % 8);
        assert_status(seal_decrypt(key, TEXT("ca/key"), sealed, &out), E_BROKEN);
        b.data[b.start + i / 8] ^= (uint8_t)(1u << i % 8);
    }
    struct secret out = {0};
    assert_ok(seal_decrypt(key, TEXT("ca/key"), sealed, &out));
    secret_release(&out);
    buffer_release(&b);
}

static void refuses_every_truncation(void **state)
{
    (void)state;
    struct buffer b;
    struct bytes sealed = seal(&b, TEXT("ca/key"), BYTES_OF("secret"));
    for (size_t n = 0; n < sealed.n; n++) {
        struct secret out = {0};
        assert_status(seal_decrypt(key, TEXT("ca/key"), (struct bytes){sealed.p, n}, &out), E_BROKEN);
    }
    buffer_release(&b);
}

static void refuses_another_name_or_key(void **state)
{
    (void)state;
    struct buffer b;
    struct bytes sealed = seal(&b, TEXT("ca/key"), BYTES_OF("secret"));
    struct secret out = {0};
    assert_status(seal_decrypt(key, TEXT("ca/kez"), sealed, &out), E_BROKEN);
    assert_status(seal_decrypt(key, TEXT("ca/ke"), sealed, &out), E_BROKEN);
    assert_status(seal_decrypt(key, TEXT(""), sealed, &out), E_BROKEN);
    assert_status(seal_decrypt(other_key, TEXT("ca/key"), sealed, &out), E_BROKEN);
    assert_status(seal_decrypt(other_number, TEXT("ca/key"), sealed, &out), E_BROKEN);
    assert_ok(seal_decrypt(key, TEXT("ca/key"), sealed, &out)); /* a refusal leaves the key usable */
    secret_release(&out);
    buffer_release(&b);
}

static void gives_back_what_it_sealed(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 15, 16, 17, 3000};
    uint8_t plain[3000];
    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct buffer b;
        struct bytes sealed = seal(&b, TEXT("n"), (struct bytes){plain, sizes[i]});
        uint32_t number = 0;
        assert_true(seal_recognise(sealed, &number));
        assert_int_equal(number, 7);
        assert_int_equal(sealed.n, sizes[i] + 4 + 4 + 12 + 16);
        struct secret out = {0};
        assert_ok(seal_decrypt(key, TEXT("n"), sealed, &out));
        assert_true(bytes_equal(secret_bytes(&out), (struct bytes){plain, sizes[i]}));
        secret_release(&out);
        buffer_release(&b);
    }
}

static void never_seals_the_same_value_alike(void **state)
{
    (void)state;
    struct buffer a, b;
    struct bytes x = seal(&a, TEXT("n"), BYTES_OF("secret")), y = seal(&b, TEXT("n"), BYTES_OF("secret"));
    assert_false(bytes_equal(x, y));
    buffer_release(&a);
    buffer_release(&b);
}

static void respects_the_buffers_maximum(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 40);
    assert_status(seal_encrypt(key, TEXT("n"), BYTES_OF("secret"), &b), E_TOO_LARGE);
    assert_int_equal(buffer_size(&b), 0);
    buffer_release(&b);
}

/* ---- many at once ---- */

static void *seal_many(void *ctx)
{
    (void)ctx;
    struct buffer b;
    buffer_init(&b, 4096);
    for (int i = 0; i < 2000; i++) {
        struct secret out = {0};
        uint8_t plain[200];
        memset(plain, i, sizeof plain);
        buffer_clear(&b);
        must(status_ok(seal_encrypt(key, TEXT("n"), BYTES_OF(plain), &b)));
        must(status_ok(seal_decrypt(key, TEXT("n"), buffer_bytes(&b), &out)));
        must(bytes_equal(secret_bytes(&out), BYTES_OF(plain)));
        secret_release(&out);
    }
    buffer_release(&b);
    return NULL;
}

static void many_threads_share_a_key(void **state)
{
    (void)state;
    pthread_t threads[SEAL_CONTEXTS_MAX + 4];
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, seal_many, NULL), 0);
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_keys_of_another_size), cmocka_unit_test(refuses_every_flipped_bit),
        cmocka_unit_test(refuses_every_truncation),     cmocka_unit_test(refuses_another_name_or_key),
        cmocka_unit_test(gives_back_what_it_sealed),    cmocka_unit_test(never_seals_the_same_value_alike),
        cmocka_unit_test(respects_the_buffers_maximum), cmocka_unit_test(many_threads_share_a_key),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
