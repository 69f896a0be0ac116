/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>

#include "pair.h"

/* Making contexts from PEM texts: what is refused, and what a person reads then. */

struct fixture {
    struct pki *pki;
    const struct pki_identity *own, *other;
    struct tls_key_pair pair;
    struct tls_server_settings settings;
};

static void setup(struct fixture *f)
{
    f->pki = pki_new("ec:P-256");
    f->own = pki_server(f->pki, "DNS:a");
    f->other = pki_server(f->pki, "DNS:b");
    f->pair = (struct tls_key_pair){f->own->chain_pem, f->own->key_pem};
    f->settings = (struct tls_server_settings){.pairs = &f->pair,
                                               .pair_count = 1,
                                               .client_auth = TLS_CLIENT_REQUIRED,
                                               .anchors_pem = pki_ca_pem(f->pki),
                                               .session_context = TEXT("gateway"),
                                               .verify_cache_max = 16};
}

static void refused(struct fixture *f, const char *message)
{
    struct tls_context *c = NULL;
    struct error err = {0};
    assert_status(tls_server_context_new(&f->settings, &c, &err), E_INVALID);
    assert_null(c);
    if (!strstr(err.message, message))
        fail_msg("'%s' does not say '%s'", err.message, message);
}

static void refuses_a_key_of_another_certificate(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    f.pair.key_pem = f.other->key_pem;
    refused(&f, "the private key does not belong to the certificate");
    pki_free(f.pki);
}

static void refuses_what_is_not_a_key(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    static const char *const texts[] = {"", "hello",
                                        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"};
    for (size_t i = 0; i < 3; i++) {
        f.pair.key_pem = text_of(texts[i]);
        refused(&f, "no private key");
    }
    f.pair.key_pem = f.own->chain_pem;
    refused(&f, "no private key");
    pki_free(f.pki);
}

/* Without a terminal, and with one: nobody is asked. */
static void refuses_a_key_under_a_pass_phrase(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    f.pair.key_pem = pki_encrypted_key(f.pki, f.own);
    refused(&f, "pass phrase");
    pki_free(f.pki);
}

static void refuses_what_is_not_a_certificate(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    f.pair.certificate_chain_pem = TEXT("");
    refused(&f, "no PEM certificate found");
    f.pair.certificate_chain_pem = f.own->key_pem;
    refused(&f, "no PEM certificate found");
    f.pair.certificate_chain_pem = TEXT("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    refused(&f, "certificate 1: not a valid certificate");
    char broken[8192];
    (void)snprintf(broken, sizeof(broken), "%s-----BEGIN CERTIFICATE-----\n!!!!\n", f.own->chain_pem.p);
    f.pair.certificate_chain_pem = text_of(broken);
    refused(&f, "certificate 2: not a valid certificate");
    pki_free(f.pki);
}

static void refuses_mutual_tls_without_anchors(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    f.settings.anchors_pem = TEXT("");
    refused(&f, "client certificates need at least one trusted CA");
    f.settings.anchors_pem = TEXT("nonsense");
    refused(&f, "trusted CAs: no PEM certificate found");
    pki_free(f.pki);
}

static void refuses_no_pair_two_of_a_kind_and_unknown_policies(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    const struct tls_key_pair twice[] = {f.pair, {f.other->chain_pem, f.other->key_pem}};
    f.settings.pairs = twice;
    f.settings.pair_count = 2;
    refused(&f, "two certificates with the same kind of key");
    f.settings.pair_count = 0;
    refused(&f, "a TLS listener needs a certificate");
    f.settings.pairs = &f.pair;
    f.settings.pair_count = 1;
    f.settings.policy = TEXT("1999-12");
    refused(&f, "no TLS policy is called '1999-12'");
    pki_free(f.pki);
}

static void refuses_weak_keys(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    pki_set_key(f.pki, "rsa:1024");
    const struct pki_identity *weak = pki_server(f.pki, "DNS:weak");
    f.pair = (struct tls_key_pair){weak->chain_pem, weak->key_pem};
    refused(&f, "too small");
    pki_free(f.pki);
}

static void reads_pkcs1_sec1_and_pkcs8_keys(void **state)
{
    (void)state;
    static const char *const keys[] = {"ec:P-256", "ec:P-384", "rsa:2048"};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f;
        setup(&f);
        pki_set_key(f.pki, keys[i]);
        const struct pki_identity *own = pki_server(f.pki, "DNS:a");
        for (int traditional = 0; traditional < 2; traditional++) {
            f.pair.certificate_chain_pem = own->chain_pem;
            f.pair.key_pem = traditional ? pki_traditional_key(f.pki, own) : own->key_pem;
            struct tls_context *c = NULL;
            assert_ok(tls_server_context_new(&f.settings, &c, NULL));
            tls_context_unref(c);
        }
        pki_free(f.pki);
    }
}

/* As `openssl ecparam -genkey` writes it. */
static void reads_a_key_behind_its_parameters(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    char text[4096];
    (void)snprintf(text, sizeof(text),
                   "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n%s",
                   pki_traditional_key(f.pki, f.own).p);
    f.pair.key_pem = text_of(text);
    struct tls_context *c = NULL;
    assert_ok(tls_server_context_new(&f.settings, &c, NULL));
    tls_context_unref(c);
    pki_free(f.pki);
}

static void an_rsa_and_an_ec_pair_serve_both_kinds_of_clients(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    pki_set_key(f.pki, "rsa:2048");
    const struct pki_identity *rsa = pki_server(f.pki, "DNS:a");
    const struct tls_key_pair pairs[] = {f.pair, {rsa->chain_pem, rsa->key_pem}};
    f.settings.pairs = pairs;
    f.settings.pair_count = 2;
    f.settings.client_auth = TLS_CLIENT_NONE;
    struct tls_context *c = NULL;
    assert_ok(tls_server_context_new(&f.settings, &c, NULL));
    static const char *const ciphers[] = {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"};
    for (size_t i = 0; i < 2; i++) {
        const struct peer_settings peer = {.version = 0x0303, .ciphers = ciphers[i]};
        struct pair p;
        pair_run(&p, c, &peer);
        assert_true(p.client_ok);
        assert_string_equal(pair_cipher(&p), ciphers[i]);
        pair_close(&p);
    }
    tls_context_unref(c);
    pki_free(f.pki);
}

static struct status make(struct fixture *f)
{
    struct tls_context *c = NULL;
    const struct status s = tls_server_context_new(&f->settings, &c, NULL);
    tls_context_unref(c);
    return s;
}

static void failing_allocations_are_a_status(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f);
    assert_survives_failing_allocations(make(&f));
    pki_free(f.pki);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_key_of_another_certificate),
        cmocka_unit_test(refuses_what_is_not_a_key),
        cmocka_unit_test(refuses_a_key_under_a_pass_phrase),
        cmocka_unit_test(refuses_what_is_not_a_certificate),
        cmocka_unit_test(refuses_mutual_tls_without_anchors),
        cmocka_unit_test(refuses_no_pair_two_of_a_kind_and_unknown_policies),
        cmocka_unit_test(refuses_weak_keys),
        cmocka_unit_test(failing_allocations_are_a_status),
        cmocka_unit_test(reads_pkcs1_sec1_and_pkcs8_keys),
        cmocka_unit_test(reads_a_key_behind_its_parameters),
        cmocka_unit_test(an_rsa_and_an_ec_pair_serve_both_kinds_of_clients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
