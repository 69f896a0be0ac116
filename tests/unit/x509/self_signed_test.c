/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/self_signed.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "check.h"
#include "make_csr.h"
#include "x509/certificate.h"
#include "x509/crypto.h"
#include "x509/keys.h"
#include "x509/signature_make.h"

OWNABLE(X509, X509_free);

#define NOW 1790000000LL
#define DAY 86400LL

static struct status build(const char *key, struct text common_name, int64_t validity_s, struct arena *a,
                           struct buffer *out, struct error *err)
{
    struct name_part part = {.attribute = NAME_CN, .value = common_name};
    const struct name subject = {.parts = &part, .count = 1};
    const struct self_signed in = {&subject, NOW, NOW + validity_s};
    buffer_init(out, 65536);
    return self_signed_build(&in, test_key(key), a, out, err);
}

static void refuses_what_a_lint_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *common_name;
        int64_t validity_s;
        const char *message;
    } cases[] = {
        {"", DAY, "lint subject_bounds"},
        {"12345678901234567890123456789012345678901234567890123456789012345", DAY, "lint subject_bounds"},
        {"shop", 0, "lint validity_order"},
        {"shop", -DAY, "lint validity_order"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        OWNED(arena_release) struct arena a;
        arena_init(&a, 4096, 1 << 20);
        OWNED(buffer_release) struct buffer der;
        struct error err = {0};
        assert_status(build("ec:P-256", text_of(cases[i].common_name), cases[i].validity_s, &a, &der, &err),
                      E_BROKEN);
        assert_non_null(strstr(err.message, cases[i].message));
        assert_int_equal(buffer_size(&der), 0);
    }
}

static void refuses_weak_keys(void **state)
{
    (void)state;
    static const char *const keys[] = {"rsa:1024", "ec:secp256k1"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        OWNED(arena_release) struct arena a;
        arena_init(&a, 4096, 1 << 20);
        OWNED(buffer_release) struct buffer der;
        assert_status(build(keys[i], TEXT("shop"), DAY, &a, &der, NULL), E_INVALID);
    }
}

/* Every extension there is, by libcrypto's reading. */
static void has_two_extensions_and_no_more(X509 *x)
{
    assert_int_equal(X509_get_ext_count(x), 2);
    assert_int_equal(X509_get_key_usage(x), KU_DIGITAL_SIGNATURE);
    assert_int_equal(X509_EXTENSION_get_critical(X509_get_ext(x, X509_get_ext_by_NID(x, NID_key_usage, -1))),
                     1);
    assert_int_equal(X509_get_extended_key_usage(x), XKU_SSL_CLIENT);
    assert_int_equal(
        X509_EXTENSION_get_critical(X509_get_ext(x, X509_get_ext_by_NID(x, NID_ext_key_usage, -1))), 0);
}

static void each_kind_of_key_signs_its_own(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        int nid;
    } cases[] = {{"rsa:2048", NID_sha256WithRSAEncryption}, {"rsa:4096", NID_sha256WithRSAEncryption},
                 {"ec:P-256", NID_ecdsa_with_SHA256},       {"ec:P-384", NID_ecdsa_with_SHA384},
                 {"ec:P-521", NID_ecdsa_with_SHA512},       {"ed25519", NID_ED25519}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        OWNED(arena_release) struct arena a;
        arena_init(&a, 4096, 1 << 20);
        OWNED(buffer_release) struct buffer der;
        /* past 2050: GeneralizedTime */
        assert_ok(build(cases[i].key, TEXT("sh\xc3\xb6p"), 30LL * 365 * DAY, &a, &der, NULL));
        const uint8_t *p = buffer_bytes(&der).p;
        OWNED(X509_free) X509 *x = d2i_X509(NULL, &p, (long)buffer_size(&der));
        assert_non_null(x);
        assert_int_equal(X509_get_version(x), X509_VERSION_3);
        assert_int_equal(X509_get_signature_nid(x), cases[i].nid);
        assert_int_equal(X509_verify(x, test_key(cases[i].key)), 1);
        assert_int_equal(X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(x)), 0);
        has_two_extensions_and_no_more(x);
        struct certificate_fields c;
        assert_ok(certificate_parse(buffer_bytes(&der), &a, &c, NULL));
        assert_text(name_format(&c.subject, &a), "CN=sh\xc3\xb6p");
        assert_true(c.not_before == NOW && c.not_after == NOW + 30LL * 365 * DAY);
        assert_int_equal(c.serial.n, 16);
    }
}

static void two_of_one_subject_differ_in_their_serials(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    OWNED(buffer_release) struct buffer one, two;
    struct certificate_fields first, second;
    assert_ok(build("ec:P-256", TEXT("shop"), DAY, &a, &one, NULL));
    assert_ok(build("ec:P-256", TEXT("shop"), DAY, &a, &two, NULL));
    assert_ok(certificate_parse(buffer_bytes(&one), &a, &first, NULL));
    assert_ok(certificate_parse(buffer_bytes(&two), &a, &second, NULL));
    assert_false(bytes_equal(first.serial, second.serial));
}

static void a_signature_is_good_for_its_message_alone(void **state)
{
    (void)state;
    static const char *const keys[] = {"rsa:2048", "ec:P-256", "ec:P-384", "ec:P-521", "ed25519"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        OWNED(buffer_release) struct buffer der, signature;
        buffer_init(&der, 4096);
        buffer_init(&signature, 4096);
        struct spki spki;
        assert_ok(key_to_spki(test_key(keys[i]), &der, NULL));
        assert_ok(spki_parse(buffer_bytes(&der), &spki, NULL));
        enum signature_algorithm algorithm = signature_algorithm_for(spki.kind);
        assert_ok(signature_make(test_key(keys[i]), spki.kind, BYTES_OF("message"), &signature, NULL));
        struct bytes made = buffer_bytes(&signature);
        assert_ok(signature_verify(algorithm, &spki, BYTES_OF("message"), made, NULL));
        assert_status(signature_verify(algorithm, &spki, BYTES_OF("massage"), made, NULL), E_INVALID);
    }
}

static struct status build_once(void)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    OWNED(buffer_release) struct buffer der;
    return build("ec:P-256", TEXT("shop"), DAY, &a, &der, NULL);
}

static void survives_lack_of_memory(void **state)
{
    (void)state;
    assert_survives_failing_allocations(build_once());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_a_lint_refuses),
        cmocka_unit_test(refuses_weak_keys),
        cmocka_unit_test(each_kind_of_key_signs_its_own),
        cmocka_unit_test(two_of_one_subject_differ_in_their_serials),
        cmocka_unit_test(a_signature_is_good_for_its_message_alone),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
