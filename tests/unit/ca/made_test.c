/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/ca.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "check.h"
#include "fake_store.h"
#include "x509/certificate.h"

OWNABLE(X509, X509_free);
OWNABLE(struct ca, ca_close);

#define NOW 1790000000

static const struct ca_settings good = {
    .key_algorithm = TEXT_INIT("ec:P-256"),
    .subject = TEXT_INIT("CN=Fairlead CA,O=Organization,C=DE"),
    .validity_s = 3650LL * 86400,
};

static int start(void **state)
{
    (void)state;
    clock_set_test(NOW * 1000LL, 0);
    return 0;
}

static void expect_refusal(const struct ca_settings *settings, struct store *store, struct vault *vault,
                           enum code code, const char *message)
{
    struct ca *ca = NULL;
    struct error err = {0};
    struct status s = ca_open(settings, store, vault, &ca, &err);
    if (s.code != code || !strstr(err.message, message))
        fail_msg("%s '%s', expected %s '%s'", code_name(s.code), err.message, code_name(code), message);
    assert_null(ca);
}

static void refuses_settings_that_make_no_ca(void **state)
{
    (void)state;
    static const struct {
        struct ca_settings settings;
        const char *message;
    } cases[] = {
        {{.key_algorithm = TEXT_INIT("rsa:1024"), .subject = TEXT_INIT("CN=x"), .validity_s = 1000},
         "ca.key_algorithm 'rsa:1024' is not possible"},
        {{.key_algorithm = TEXT_INIT("ed25519"), .subject = TEXT_INIT("CN=x"), .validity_s = 1000},
         "ca.key_algorithm 'ed25519' is not possible"},
        {{.key_algorithm = TEXT_INIT("ec:P-256"), .subject = TEXT_INIT("x"), .validity_s = 1000},
         "ca.subject: the name wants TYPE=value"},
        {{.key_algorithm = TEXT_INIT("ec:P-256"), .subject = TEXT_INIT("CN=x,DC=y"), .validity_s = 1000},
         "ca.subject: only C, ST, L"},
        {{.key_algorithm = TEXT_INIT("ec:P-256"), .subject = TEXT_INIT("C=DEU,CN=x"), .validity_s = 1000},
         "lint subject_bounds"},
        {{.key_algorithm = TEXT_INIT("ec:P-256"), .subject = TEXT_INIT("CN=x"), .validity_s = -400},
         "lint validity_order"},
        {{.key_algorithm = TEXT_INIT("ec:P-256"),
          .subject = TEXT_INIT("CN=x"),
          .validity_s = 1000,
          .crl_url = TEXT_INIT("ldap://x")},
         "ca.crl_url is not an http:// or https:// address"},
        {{.key_algorithm = TEXT_INIT("ec:P-256"),
          .subject = TEXT_INIT("CN=x"),
          .validity_s = 1000,
          .key_file = TEXT_INIT("k")},
         "ca.key_file and ca.root_file need ca.certificate_file"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct store store = {0};
        struct vault vault = {0};
        struct ca *ca = NULL;
        struct error err = {0};
        struct status s = ca_open(&cases[i].settings, &store, &vault, &ca, &err);
        if (status_ok(s) || !strstr(err.message, cases[i].message))
            fail_msg("case %zu: %s '%s'", i, code_name(s.code), err.message);
    }
}

static void refuses_a_certificate_without_its_key(void **state)
{
    (void)state;
    static struct store store;
    struct vault vault = {0};
    struct ca *ca = NULL;
    assert_ok(ca_open(&good, &store, &vault, &ca, NULL));
    ca_close(ca);
    fake_forget(&store, "ca/key");
    expect_refusal(&good, &store, &vault, E_BROKEN, "holds the CA's certificate but not its key");
}

static void refuses_a_damaged_certificate(void **state)
{
    (void)state;
    static struct store store;
    struct vault vault = {0};
    struct ca *ca = NULL;
    assert_ok(ca_open(&good, &store, &vault, &ca, NULL));
    ca_close(ca);
    fake_damage(&store, "ca/certificate", 1);
    expect_refusal(&good, &store, &vault, E_BROKEN, "the CA's certificate in the store is damaged");
}

static void refuses_a_key_that_belongs_to_another_certificate(void **state)
{
    (void)state;
    static struct store store, other;
    struct vault vault = {0};
    struct ca *ca = NULL;
    assert_ok(ca_open(&good, &store, &vault, &ca, NULL));
    ca_close(ca);
    assert_ok(ca_open(&good, &other, &vault, &ca, NULL));
    ca_close(ca);
    size_t key = text_equal(text_of(store.blobs[0].name), TEXT("ca/key")) ? 0 : 1;
    assert_string_equal(other.blobs[key].name, "ca/key");
    store.blobs[key] = other.blobs[key];
    expect_refusal(&good, &store, &vault, E_BROKEN, "does not belong to its certificate");
}

static void replaces_the_key_of_a_start_that_was_cut_short(void **state)
{
    (void)state;
    static struct store store;
    struct vault vault = {0};
    struct ca *ca = NULL;
    store.fail_create = E_UNAVAILABLE;
    expect_refusal(&good, &store, &vault, E_UNAVAILABLE, "cannot store the new CA");
    assert_int_equal(store.count, 1);
    store.fail_create = E_OK;
    assert_ok(ca_open(&good, &store, &vault, &ca, NULL));
    ca_close(ca);
    assert_ok(ca_open(&good, &store, &vault, &ca, NULL));
    ca_close(ca);
}

static void stores_no_key_when_the_vault_fails(void **state)
{
    (void)state;
    static struct store store;
    struct vault vault = {.fail_put = E_UNAVAILABLE};
    expect_refusal(&good, &store, &vault, E_UNAVAILABLE, "cannot store the new CA");
    assert_int_equal(store.count, 0);
}

static void check_with_openssl(const struct ca *ca)
{
    struct bytes der = ca_certificate_der(ca);
    const uint8_t *p = der.p;
    OWNED(X509_free) X509 *x = d2i_X509(NULL, &p, (long)der.n);
    assert_non_null(x);
    assert_ptr_equal(p, der.p + der.n);
    assert_int_equal(X509_check_purpose(x, -1, 0), 1);
    assert_int_equal(X509_check_ca(x), 1);
    assert_int_equal(X509_get_key_usage(x), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
    assert_int_equal(X509_get_extension_flags(x) & EXFLAG_SS, EXFLAG_SS);
    assert_int_equal(X509_verify(x, X509_get0_pubkey(x)), 1);
    assert_non_null(X509_get0_subject_key_id(x));
    assert_int_equal(ASN1_INTEGER_get(X509_get0_serialNumber(x)), -1); /* does not fit a long: it is random */
}

static void makes_a_ca_once_and_opens_the_same_again(void **state)
{
    (void)state;
    static const char *const algorithms[] = {"ec:P-256", "ec:P-384", "rsa:2048"};
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        static struct store store;
        store = (struct store){0};
        struct vault vault = {0};
        struct ca_settings settings = good;
        settings.key_algorithm = text_of(algorithms[i]);
        struct ca *first = NULL;
        struct error err = {0};
        struct status s = ca_open(&settings, &store, &vault, &first, &err);
        if (!status_ok(s))
            fail_msg("%s: %s", algorithms[i], err.message);
        OWNED(ca_close) struct ca *kept = first;
        assert_int_equal(store.audits, 1);
        assert_text(ca_key_algorithm(kept), algorithms[i]);
        assert_text(ca_subject(kept), "CN=Fairlead CA,O=Organization,C=DE");
        assert_true(ca_not_before(kept) == NOW - 300);
        assert_true(ca_not_after(kept) == NOW + 3650LL * 86400);
        assert_false(ca_has_root(kept));
        check_with_openssl(kept);
        OWNED(ca_close) struct ca *again = NULL;
        assert_ok(ca_open(&settings, &store, &vault, &again, &err));
        assert_true(bytes_equal(ca_certificate_der(again), ca_certificate_der(kept)));
        assert_memory_equal(ca_fingerprint(again), ca_fingerprint(kept), SHA256_SIZE);
        assert_memory_equal(ca_root_fingerprint(again), ca_fingerprint(kept), SHA256_SIZE);
        assert_true(text_equal(ca_anchors_pem(again), ca_certificate_pem(kept)));
        assert_true(text_equal(ca_root_pem(again), ca_certificate_pem(kept)));
    }
}

static struct status open_twice(void)
{
    struct store *store = mem_alloc(sizeof(*store));
    if (!store)
        return STATUS(NOMEM);
    struct vault vault = {0};
    struct ca *ca = NULL;
    struct status s = ca_open(&good, store, &vault, &ca, NULL);
    if (status_ok(s)) {
        ca_close(ca);
        s = ca_open(&good, store, &vault, &ca, NULL);
    }
    if (status_ok(s))
        ca_close(ca);
    mem_free(store);
    return s;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(open_twice());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_settings_that_make_no_ca),
        cmocka_unit_test(refuses_a_certificate_without_its_key),
        cmocka_unit_test(refuses_a_damaged_certificate),
        cmocka_unit_test(refuses_a_key_that_belongs_to_another_certificate),
        cmocka_unit_test(replaces_the_key_of_a_start_that_was_cut_short),
        cmocka_unit_test(stores_no_key_when_the_vault_fails),
        cmocka_unit_test(makes_a_ca_once_and_opens_the_same_again),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
