/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/keys.h"

#include <openssl/pem.h>

#include "check.h"
#include "make_csr.h"
#include "x509/crypto.h"

static void refuses_what_is_no_private_key(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "hello",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\n",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(EVP_PKEY_free) EVP_PKEY *key = NULL;
        struct error err = {0};
        assert_status(key_from_pem(text_bytes(text_of(cases[i])), &key, &err), E_INVALID);
        assert_non_null(strstr(err.message, "there is no private key in PEM"));
        assert_null(key);
    }
}

static void refuses_encrypted_keys_and_says_how_to_decrypt_them(void **state)
{
    (void)state;
    for (int traditional = 0; traditional < 2; traditional++) {
        OWNED(BIO_free_all) BIO *bio = BIO_new(BIO_s_mem());
        char password[] = "secret";
        if (traditional)
            assert_int_equal(PEM_write_bio_PrivateKey_traditional(bio, test_key("rsa:2048"),
                                                                  EVP_aes_128_cbc(),
                                                                  (unsigned char *)password, 6, NULL, NULL),
                             1);
        else
            assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, test_key("rsa:2048"), EVP_aes_128_cbc(),
                                                           password, 6, NULL, NULL),
                             1);
        char *pem;
        long n = BIO_get_mem_data(bio, &pem);
        OWNED(EVP_PKEY_free) EVP_PKEY *key = NULL;
        struct error err = {0};
        assert_status(key_from_pem((struct bytes){(uint8_t *)pem, (size_t)n}, &key, &err), E_INVALID);
        assert_string_equal(
            err.message,
            "the private key is encrypted; decrypt it with 'openssl pkey -in FILE -out NEWFILE'");
    }
}

static void refuses_unknown_algorithms(void **state)
{
    (void)state;
    static const char *const cases[] = {"", "rsa", "rsa:1024", "rsa:2049", "ec:P-224", "EC:P-256", "ed448"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(EVP_PKEY_free) EVP_PKEY *key = NULL;
        assert_status(key_generate(text_of(cases[i]), &key, NULL), E_INVALID);
    }
}

static void refuses_trailing_bytes_after_pkcs8(void **state)
{
    (void)state;
    OWNED(secret_release) struct secret der = {0};
    assert_ok(key_to_pkcs8(test_key("ec:P-256"), &der, NULL));
    OWNED(buffer_release) struct buffer longer;
    buffer_init(&longer, 4096);
    buffer_append(&longer, secret_bytes(&der));
    buffer_u8(&longer, 0);
    OWNED(EVP_PKEY_free) EVP_PKEY *key = NULL;
    assert_status(key_from_pkcs8(buffer_bytes(&longer), &key, NULL), E_INVALID);
    for (size_t n = 0; n < der.n; n++)
        assert_status(key_from_pkcs8((struct bytes){der.p, n}, &key, NULL), E_INVALID);
}

static void refuses_to_write_other_keys_as_pkcs1(void **state)
{
    (void)state;
    static const char *const algorithms[] = {"ec:P-256", "ed25519"};
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        struct secret pem = {0};
        assert_status(key_to_pkcs1_pem(test_key(algorithms[i]), &pem, NULL), E_INVALID);
        assert_null(pem.p);
    }
}

static void writes_rsa_as_pkcs1(void **state)
{
    (void)state;
    OWNED(secret_release) struct secret pem = {0};
    OWNED(EVP_PKEY_free) EVP_PKEY *made = NULL, *read = NULL;
    assert_ok(key_generate(TEXT("rsa:2048"), &made, NULL));
    assert_ok(key_to_pkcs1_pem(made, &pem, NULL));
    struct text text = bytes_text(secret_bytes(&pem));
    assert_true(text_starts_with(text, TEXT("-----BEGIN RSA PRIVATE KEY-----\n")));
    assert_true(text_ends_with(text, TEXT("-----END RSA PRIVATE KEY-----\n")));
    assert_ok(key_from_pem(secret_bytes(&pem), &read, NULL));
    assert_int_equal(EVP_PKEY_eq(read, made), 1);
}

static void reads_pkcs1_pkcs8_and_sec1(void **state)
{
    (void)state;
    static const char *const algorithms[] = {"rsa:2048", "ec:P-256", "ec:P-384"};
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        for (int form = 0; form < 3; form++) {
            OWNED(BIO_free_all) BIO *bio = BIO_new(BIO_s_mem());
            if (form == 2) /* what 'openssl ecparam -genkey' writes in front */
                BIO_puts(bio,
                         "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n");
            if (form == 0)
                assert_int_equal(
                    PEM_write_bio_PKCS8PrivateKey(bio, test_key(algorithms[i]), NULL, NULL, 0, NULL, NULL),
                    1);
            else
                assert_int_equal(PEM_write_bio_PrivateKey_traditional(bio, test_key(algorithms[i]), NULL,
                                                                      NULL, 0, NULL, NULL),
                                 1);
            char *pem;
            long n = BIO_get_mem_data(bio, &pem);
            OWNED(EVP_PKEY_free) EVP_PKEY *key = NULL;
            assert_ok(key_from_pem((struct bytes){(uint8_t *)pem, (size_t)n}, &key, NULL));
            assert_int_equal(EVP_PKEY_eq(key, test_key(algorithms[i])), 1);
        }
    }
}

static void makes_every_algorithm_and_gets_it_back_through_each_encoding(void **state)
{
    (void)state;
    static const char *const algorithms[] = {"ec:P-256", "ec:P-384", "ec:P-521", "rsa:2048", "ed25519"};
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        OWNED(EVP_PKEY_free) EVP_PKEY *key = NULL, *from_pem = NULL, *from_der = NULL, *public_key = NULL;
        assert_ok(key_generate(text_of(algorithms[i]), &key, NULL));
        OWNED(secret_release) struct secret pem = {0}, der = {0};
        assert_ok(key_to_pkcs8_pem(key, &pem, NULL));
        assert_ok(key_from_pem(secret_bytes(&pem), &from_pem, NULL));
        assert_int_equal(EVP_PKEY_eq(key, from_pem), 1);
        assert_ok(key_to_pkcs8(key, &der, NULL));
        assert_ok(key_from_pkcs8(secret_bytes(&der), &from_der, NULL));
        assert_int_equal(EVP_PKEY_eq(key, from_der), 1);
        OWNED(buffer_release) struct buffer spki_der;
        buffer_init(&spki_der, 4096);
        assert_ok(key_to_spki(key, &spki_der, NULL));
        struct spki spki;
        assert_ok(spki_parse(buffer_bytes(&spki_der), &spki, NULL));
        char name[16];
        assert_string_equal(key_name(spki.kind, spki.bits, name), algorithms[i]);
        assert_ok(key_from_spki(&spki, &public_key, NULL));
        assert_int_equal(EVP_PKEY_eq(key, public_key), 1);
    }
}

static void a_refused_point_leaves_the_pool_usable(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, 4096);
    assert_ok(key_to_spki(test_key("ec:P-256"), &der, NULL));
    struct spki spki;
    assert_ok(spki_parse(buffer_bytes(&der), &spki, NULL));
    uint8_t off_curve[65];
    memcpy(off_curve, spki.public_key.p, sizeof(off_curve));
    off_curve[64] ^= 1;
    struct spki bad = spki;
    bad.public_key = BYTES_OF(off_curve);
    for (int i = 0; i < 3; i++) {
        OWNED(EVP_PKEY_free) EVP_PKEY *key = NULL;
        assert_status(key_from_spki(&bad, &key, NULL), E_INVALID);
        assert_ok(key_from_spki(&spki, &key, NULL));
    }
}

static void *import_many(void *spki)
{
    for (int i = 0; i < 200; i++) {
        EVP_PKEY *key = NULL;
        must(status_ok(key_from_spki(spki, &key, NULL)));
        EVP_PKEY_free(key);
    }
    return NULL;
}

static void many_threads_share_the_contexts(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, 4096);
    assert_ok(key_to_spki(test_key("rsa:2048"), &der, NULL));
    struct spki spki;
    assert_ok(spki_parse(buffer_bytes(&der), &spki, NULL));
    pthread_t threads[CONTEXT_POOL_MAX + 4];
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, import_many, &spki), 0);
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_private_key),
        cmocka_unit_test(refuses_encrypted_keys_and_says_how_to_decrypt_them),
        cmocka_unit_test(refuses_unknown_algorithms),
        cmocka_unit_test(refuses_trailing_bytes_after_pkcs8),
        cmocka_unit_test(refuses_to_write_other_keys_as_pkcs1),
        cmocka_unit_test(writes_rsa_as_pkcs1),
        cmocka_unit_test(reads_pkcs1_pkcs8_and_sec1),
        cmocka_unit_test(makes_every_algorithm_and_gets_it_back_through_each_encoding),
        cmocka_unit_test(a_refused_point_leaves_the_pool_usable),
        cmocka_unit_test(many_threads_share_the_contexts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
