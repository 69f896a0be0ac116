/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/ssl.h>

#include "base/buffer.h"
#include "pair.h"
#include "tls/policy.h"

static void an_unknown_policy_is_not_found(void **state)
{
    (void)state;
    assert_null(tls_policy_find(TEXT("2020-01")));
    assert_null(tls_policy_find(TEXT("2026-1")));
    assert_null(tls_policy_at(tls_policy_count()));
}

static void the_empty_name_is_the_newest(void **state)
{
    (void)state;
    assert_ptr_equal(tls_policy_find(TEXT("")), tls_policy_at(0));
}

static void dump_list(struct buffer *out, const char *what, const char *list)
{
    struct text rest = text_of(list);
    while (rest.p) {
        struct text one = text_cut(&rest, ':');
        buffer_printf(out, "%s %.*s\n", what, TEXT_ARG(one));
    }
}

/* What OpenSSL makes of the policy, one fact per line. */
static void dump(const struct tls_policy *p, struct buffer *out)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_set_min_proto_version(ctx, p->min_version), 1);
    assert_int_equal(SSL_CTX_set_cipher_list(ctx, p->ciphers_tls12), 1);
    assert_int_equal(SSL_CTX_set_ciphersuites(ctx, p->ciphersuites_tls13), 1);
    buffer_printf(out, "policy %s\n", p->name);
    buffer_printf(out, "versions %04x-%04x\n", (unsigned)p->min_version, (unsigned)p->max_version);
    const STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(ctx);
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        const SSL_CIPHER *c = sk_SSL_CIPHER_value(ciphers, i);
        buffer_printf(out, "cipher %s %s\n", SSL_CIPHER_get_version(c), SSL_CIPHER_get_name(c));
    }
    dump_list(out, "group", p->groups);
    dump_list(out, "signature", p->signature_algorithms);
    SSL_CTX_free(ctx);
}

static void every_policy_is_what_its_golden_file_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < tls_policy_count(); i++) {
        const struct tls_policy *p = tls_policy_at(i);
        OWNED(buffer_release) struct buffer now;
        buffer_init(&now, 64 * 1024);
        dump(p, &now);
        char path[512];
        (void)snprintf(path, sizeof(path), "%s/tls_policy_%s.txt", GOLDEN_DIR, p->name);
        FILE *f = fopen(path, "r");
        char expected[16 * 1024] = "";
        size_t n = f ? fread(expected, 1, sizeof(expected) - 1, f) : 0;
        if (f)
            (void)fclose(f);
        expected[n] = '\0';
        if (!text_equal(buffer_as_text(&now), text_of(expected)))
            fail_msg("%s differs; the policy is now:\n%.*s", path, TEXT_ARG(buffer_as_text(&now)));
    }
}

/* OpenSSL 1.0.2 offers these over TLS 1.2, with RSA and with ECDSA server certificates. */
static void serves_what_openssl_1_0_2_offers(void **state)
{
    (void)state;
    static const struct {
        const char *key, *cipher;
    } cases[] = {{"rsa:2048", "ECDHE-RSA-AES256-GCM-SHA384"}, {"ec:P-256", "ECDHE-ECDSA-AES128-GCM-SHA256"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pki *pki = pki_new(cases[i].key);
        struct tls_context *c = pair_server(pki, TLS_CLIENT_REQUIRED, "x");
        struct pair p;
        struct peer_settings peer = {
            .version = TLS1_2_VERSION, .own = pki_client(pki, PKI_GOOD, "old"), .ciphers = cases[i].cipher};
        pair_run(&p, c, &peer);
        assert_true(p.client_ok);
        assert_string_equal(pair_cipher(&p), cases[i].cipher);
        pair_close(&p);
        tls_context_unref(c);
        pki_free(pki);
    }
}

static void refuses_cbc_plain_rsa_and_tls_1_1(void **state)
{
    (void)state;
    struct pki *pki = pki_new("rsa:2048");
    struct tls_context *c = pair_server(pki, TLS_CLIENT_NONE, "x");
    static const struct peer_settings cases[] = {
        {.version = TLS1_2_VERSION, .ciphers = "ECDHE-RSA-AES128-SHA256"},
        {.version = TLS1_2_VERSION, .ciphers = "AES128-GCM-SHA256"},
        {.version = TLS1_2_VERSION, .ciphers = "DHE-RSA-AES128-GCM-SHA256"},
        {.version = TLS1_1_VERSION, .ciphers = "ALL:@SECLEVEL=0"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pair p;
        pair_run(&p, c, &cases[i]);
        assert_false(p.client_ok);
        assert_int_equal(p.server_result, TLS_FAILED);
        assert_string_equal(tls_session_error_class(p.server), "protocol");
        pair_close(&p);
    }
    tls_context_unref(c);
    pki_free(pki);
}

static void the_server_chooses_the_cipher(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    struct tls_context *c = pair_server(pki, TLS_CLIENT_NONE, "x");
    struct pair p;
    struct peer_settings peer = {.version = TLS1_2_VERSION,
                                 .ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256"};
    pair_run(&p, c, &peer);
    assert_string_equal(pair_cipher(&p), "ECDHE-ECDSA-AES128-GCM-SHA256");
    pair_close(&p);
    tls_context_unref(c);
    pki_free(pki);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_policy_is_not_found),
        cmocka_unit_test(refuses_cbc_plain_rsa_and_tls_1_1),
        cmocka_unit_test(the_empty_name_is_the_newest),
        cmocka_unit_test(every_policy_is_what_its_golden_file_says),
        cmocka_unit_test(serves_what_openssl_1_0_2_offers),
        cmocka_unit_test(the_server_chooses_the_cipher),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
