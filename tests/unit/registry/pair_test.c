/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/generated.h"

#include "base/clock.h"
#include "check.h"
#include "pki.h"
#include "x509/pem.h"

static struct pki *pki, *other;

static int start(void **state)
{
    (void)state;
    pki = pki_new("ec:P-256");
    other = pki_new("ec:P-256");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    pki_free(pki);
    pki_free(other);
    return 0;
}

static void refuses(struct text certificate, struct text key, const char *because)
{
    struct error err = {0};
    assert_status(pair_check(text_bytes(certificate), text_bytes(key), clock_now_s(), &err), E_INVALID);
    if (!strstr(err.message, because))
        fail_msg("'%s', expected '%s'", err.message, because);
}

/* One after the other. The static buffer is the last call's. */
static struct text joined(struct text a, struct text b)
{
    static char both[65536];
    assert_true(a.n + b.n <= sizeof both);
    memmove(both, a.p, a.n);
    memcpy(both + a.n, b.p, b.n);
    return (struct text){both, a.n + b.n};
}

static void refuses_what_is_no_pair(void **state)
{
    (void)state;
    const struct pki_identity *good = pki_client(pki, PKI_GOOD, "shop");
    const struct pki_identity *next = pki_client(other, PKI_GOOD, "shop");
    refuses(TEXT(""), good->key_pem, "there is no certificate in PEM");
    refuses(TEXT("hello"), good->key_pem, "there is no certificate in PEM");
    refuses(good->key_pem, good->key_pem, "only CERTIFICATE blocks");
    refuses(joined(good->chain_pem, good->key_pem), good->key_pem, "only CERTIFICATE blocks");
    refuses(TEXT("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"), good->key_pem, "empty");
    refuses(TEXT("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"), good->key_pem, "");
    refuses(good->chain_pem, TEXT(""), "there is no private key in PEM");
    refuses(good->chain_pem, good->chain_pem, "there is no private key in PEM");
    refuses(good->chain_pem, pki_encrypted_key(pki, good), "the private key is encrypted");
    refuses(good->chain_pem, next->key_pem, "does not belong to the certificate");
}

static void refuses_the_wrong_time(void **state)
{
    (void)state;
    const struct pki_identity *expired = pki_client(pki, PKI_EXPIRED, "shop");
    const struct pki_identity *early = pki_client(pki, PKI_NOT_YET, "shop");
    refuses(expired->chain_pem, expired->key_pem, "the certificate ended at ");
    refuses(early->chain_pem, early->key_pem, "the certificate is not valid before ");
    const struct pki_identity *good = pki_client(pki, PKI_GOOD, "shop");
    struct bytes certificate = text_bytes(good->chain_pem), key = text_bytes(good->key_pem);
    assert_ok(pair_check(certificate, key, good->not_after, NULL));
    assert_status(pair_check(certificate, key, good->not_after + 1, NULL), E_INVALID);
}

static void refuses_certificates_in_disorder(void **state)
{
    (void)state;
    const struct pki_identity *good = pki_client(pki, PKI_GOOD, "shop");
    refuses(joined(good->chain_pem, good->chain_pem), good->key_pem,
            "certificate 2 is not the issuer of the one before it");
    refuses(joined(pki_ca_pem(pki), good->chain_pem), good->key_pem,
            "certificate 2 is not the issuer of the one before it");
    refuses(joined(good->chain_pem, TEXT("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")),
            good->key_pem, "certificate 2: ");
    struct text many = good->chain_pem;
    static char chain[65536];
    for (int i = 0; i < PAIR_CERTIFICATES_MAX; i++) {
        struct text longer = joined(many, pki_ca_pem(pki));
        memcpy(chain, longer.p, longer.n);
        many = (struct text){chain, longer.n};
    }
    refuses(many, good->key_pem, "there are more than");
}

/* PKCS#1 with a private exponent and factors that are not the modulus's: OpenSSL reads it. */
static void refuses_a_key_whose_private_half_is_damaged(void **state)
{
    (void)state;
    struct pki *rsa = pki_new("rsa:2048");
    const struct pki_identity *good = pki_client(rsa, PKI_GOOD, "shop");
    OWNED(buffer_release) struct buffer der, pem;
    buffer_init(&der, 65536);
    buffer_init(&pem, 65536);
    struct text rest = pki_traditional_key(rsa, good), label;
    assert_ok(pem_next(&rest, &label, &der, NULL));
    /* heads and contents of the SEQUENCE, version, modulus, exponent, private exponent, first prime */
    struct bytes b = buffer_bytes(&der);
    size_t exponent = 4 + 3 + 4 + 257 + 5 + 4, prime = exponent + 257 + 4;
    assert_true(b.n > 1000);
    der.data[der.start + exponent + 100] ^= 1;
    memset(der.data + der.start + prime + 40, 0x55, 40);
    pem_encode(&pem, label, buffer_bytes(&der));
    refuses(good->chain_pem, buffer_as_text(&pem), "does not belong to the certificate");
    pki_free(rsa);
}

static void takes_pairs_of_every_kind(void **state)
{
    (void)state;
    static const char *const keys[] = {"rsa:2048", "ec:P-256", "ec:P-384", "ec:P-521", "ed25519"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        pki_set_key(pki, keys[i]);
        const struct pki_identity *good = pki_client(pki, PKI_GOOD, "shop");
        const struct pki_identity *chained = pki_client(pki, PKI_VIA_INTERMEDIATE, "shop");
        struct error err = {0};
        assert_ok(pair_check(text_bytes(good->chain_pem), text_bytes(good->key_pem), clock_now_s(), &err));
        assert_ok(
            pair_check(text_bytes(chained->chain_pem), text_bytes(chained->key_pem), clock_now_s(), &err));
        assert_ok(pair_check(text_bytes(joined(TEXT("Bag Attributes\n"), good->chain_pem)),
                             text_bytes(good->key_pem), clock_now_s(), &err));
        if (i < 4)
            assert_ok(pair_check(text_bytes(good->chain_pem), text_bytes(pki_traditional_key(pki, good)),
                                 clock_now_s(), &err));
    }
    pki_set_key(pki, "ec:P-256");
}

static void says_what_a_certificate_is(void **state)
{
    (void)state;
    const struct pki_identity *good = pki_client(pki, PKI_VIA_INTERMEDIATE, "shop");
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    struct certificate_facts facts;
    struct error err = {0};
    assert_status(certificate_facts_read(text_bytes(TEXT("")), &a, &facts, &err), E_INVALID);
    assert_status(certificate_facts_read(text_bytes(good->key_pem), &a, &facts, &err), E_INVALID);
    assert_ok(certificate_facts_read(text_bytes(good->chain_pem), &a, &facts, &err));
    assert_memory_equal(facts.fingerprint, good->fingerprint, SHA256_SIZE);
    assert_true(facts.not_after == good->not_after && facts.not_before < good->not_after);
    assert_true(text_starts_with(facts.subject, TEXT("CN=shop")));
}

static struct status check_once(const struct pki_identity *good)
{
    return pair_check(text_bytes(good->chain_pem), text_bytes(good->key_pem), clock_now_s(), NULL);
}

static void survives_lack_of_memory(void **state)
{
    (void)state;
    const struct pki_identity *good = pki_client(pki, PKI_VIA_INTERMEDIATE, "shop");
    assert_survives_failing_allocations(check_once(good));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_pair),
        cmocka_unit_test(refuses_the_wrong_time),
        cmocka_unit_test(refuses_certificates_in_disorder),
        cmocka_unit_test(refuses_a_key_whose_private_half_is_damaged),
        cmocka_unit_test(takes_pairs_of_every_kind),
        cmocka_unit_test(says_what_a_certificate_is),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
