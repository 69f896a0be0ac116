/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/signer.h"

#include <pthread.h>

#include "base/alloc.h"
#include "check.h"
#include "make_csr.h"
#include "x509/keys.h"

#define MESSAGE TEXT("what is signed")

static struct signer open_signer(const char *key)
{
    struct signer s = {0};
    assert_int_equal(EVP_PKEY_up_ref(test_key(key)), 1);
    assert_ok(signer_local_open(test_key(key), &s, NULL));
    return s;
}

static void refuses_keys_that_no_ca_may_have(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        const char *message;
    } cases[] = {
        {"rsa:1024", "RSA key has 1024 bits, at least 2048 are needed"},
        {"ed25519", "a CA's key must be RSA or EC; TLS 1.2 clients do not know Ed25519"},
        {"ec:secp256k1", "curve 1.3.132.0.10 is not accepted; use P-256, P-384 or P-521"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct signer s;
        struct error err = {0};
        assert_status(signer_local_open(test_key(cases[i].key), &s, &err), E_INVALID);
        assert_string_equal(err.message, cases[i].message);
    }
}

static void check_signature(const struct signer *s, const char *key)
{
    OWNED(buffer_release) struct buffer signature;
    buffer_init(&signature, 4096);
    struct error err = {0};
    assert_ok(signer_sign(s, text_bytes(MESSAGE), &signature, &err));
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, 4096);
    assert_ok(key_to_spki(test_key(key), &der, NULL));
    struct spki spki;
    assert_ok(spki_parse(buffer_bytes(&der), &spki, NULL));
    assert_ok(signature_verify(s->algorithm, &spki, text_bytes(MESSAGE), buffer_bytes(&signature), &err));
    assert_status(
        signature_verify(s->algorithm, &spki, text_bytes(TEXT("another")), buffer_bytes(&signature), &err),
        E_INVALID);
}

static void signs_with_the_algorithm_of_its_key(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        enum signature_algorithm algorithm;
    } cases[] = {
        {"rsa:2048", SIGNATURE_RSA_SHA256},
        {"ec:P-256", SIGNATURE_ECDSA_SHA256},
        {"ec:P-384", SIGNATURE_ECDSA_SHA384},
        {"ec:P-521", SIGNATURE_ECDSA_SHA512},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct signer s = open_signer(cases[i].key);
        assert_int_equal(s.algorithm, cases[i].algorithm);
        for (int n = 0; n < 3; n++) /* the context comes back and is used again */
            check_signature(&s, cases[i].key);
        signer_close(&s);
        signer_close(&s); /* closed twice is closed */
    }
}

static void says_so_when_the_signature_does_not_fit(void **state)
{
    (void)state;
    struct signer s = open_signer("rsa:2048");
    OWNED(buffer_release) struct buffer small;
    buffer_init(&small, 100);
    assert_status(signer_sign(&s, text_bytes(MESSAGE), &small, NULL), E_TOO_LARGE);
    signer_close(&s);
}

static void *sign_many(void *signer)
{
    for (int i = 0; i < 50; i++) {
        OWNED(buffer_release) struct buffer signature;
        buffer_init(&signature, 4096);
        must(status_ok(signer_sign(signer, text_bytes(MESSAGE), &signature, NULL)));
    }
    return NULL;
}

static void many_threads_sign_at_once(void **state)
{
    (void)state;
    struct signer s = open_signer("ec:P-256");
    pthread_t threads[20];
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sign_many, &s), 0);
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    check_signature(&s, "ec:P-256");
    signer_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_keys_that_no_ca_may_have),
        cmocka_unit_test(says_so_when_the_signature_does_not_fit),
        cmocka_unit_test(signs_with_the_algorithm_of_its_key),
        cmocka_unit_test(many_threads_sign_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
