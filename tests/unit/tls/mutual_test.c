/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <openssl/ssl.h>

#include "base/clock.h"
#include "pair.h"

/* The mutual-TLS matrix: profile x version. What the server says to a person, counts, and tells the client.
 */

struct row {
    bool certificate;
    enum pki_profile profile;
    bool accepted;
    const char *class;
    const char *text;
    int alert12, alert13;
};

/* clang-format off */
static const struct row rows[] = {
    {false, PKI_GOOD,             false, "no_certificate", "no client certificate", SSL_AD_HANDSHAKE_FAILURE, SSL_AD_CERTIFICATE_REQUIRED},
    {true,  PKI_EXPIRED,          false, "expired",        "client certificate expired", SSL_AD_CERTIFICATE_EXPIRED, SSL_AD_CERTIFICATE_EXPIRED},
    {true,  PKI_NOT_YET,          false, "not_yet_valid",  "client certificate not yet valid", SSL_AD_BAD_CERTIFICATE, SSL_AD_BAD_CERTIFICATE},
    {true,  PKI_WRONG_CA,         false, "unknown_ca",     "unknown certificate authority", SSL_AD_UNKNOWN_CA, SSL_AD_UNKNOWN_CA},
    {true,  PKI_WRONG_EKU,        false, "bad_purpose",    "client certificate is not for this purpose (extended key usage)", SSL_AD_UNSUPPORTED_CERTIFICATE, SSL_AD_UNSUPPORTED_CERTIFICATE},
    {true,  PKI_NO_EKU,           false, "bad_purpose",    "client certificate is not for this purpose (extended key usage)", SSL_AD_UNSUPPORTED_CERTIFICATE, SSL_AD_UNSUPPORTED_CERTIFICATE},
    {true,  PKI_SELF_SIGNED,      false, "unknown_ca",     "self-signed certificate", SSL_AD_UNKNOWN_CA, SSL_AD_UNKNOWN_CA},
    {true,  PKI_CHAIN_TOO_LONG,   false, "unknown_ca",     "client certificate chain too long", SSL_AD_UNKNOWN_CA, SSL_AD_UNKNOWN_CA},
    {true,  PKI_VIA_INTERMEDIATE, true,  NULL, NULL, 0, 0},
    {true,  PKI_GOOD,             true,  NULL, NULL, 0, 0},
};
/* clang-format on */

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static void check_row(struct pki *pki, struct tls_context *c, const struct row *row, int version)
{
    const struct pki_identity *own = row->certificate ? pki_client(pki, row->profile, "shop") : NULL;
    struct peer_settings peer = {.version = version, .own = own};
    struct pair p;
    pair_run(&p, c, &peer);
    const char *name = row->certificate ? pki_profile_name(row->profile) : "none";
    if (p.client_ok != row->accepted)
        fail_msg("%s over %04x: accepted %d, '%s'", name, (unsigned)version, p.client_ok,
                 tls_session_error(p.server));
    if (row->accepted) {
        const struct tls_peer *who = tls_peer(p.server);
        assert_true(who->present);
        assert_memory_equal(who->fingerprint, own->fingerprint, SHA256_SIZE);
        assert_true(bytes_equal(who->der, own->der));
        assert_int_equal(who->chain_not_after, own->not_after);
    } else {
        assert_int_equal(p.server_result, TLS_FAILED);
        assert_string_equal(tls_session_error_class(p.server), row->class);
        assert_string_equal(tls_session_error(p.server), row->text);
        assert_int_equal(p.client_alert, version == TLS1_2_VERSION ? row->alert12 : row->alert13);
        assert_false(tls_peer(p.server)->present);
    }
    pair_close(&p);
}

static void accepts_and_refuses_by_the_matrix(void **state)
{
    (void)state;
    static const char *const keys[] = {"ec:P-256", "rsa:2048"};
    for (size_t k = 0; k < 2; k++) {
        struct pki *pki = pki_new(keys[k]);
        struct tls_context *c = pair_server(pki, TLS_CLIENT_REQUIRED, "gateway");
        for (size_t v = 0; v < 2; v++)
            for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                check_row(pki, c, &rows[i], versions[v]);
        tls_context_unref(c);
        pki_free(pki);
    }
}

static void a_failed_verification_is_never_remembered(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    struct tls_context *c = pair_server(pki, TLS_CLIENT_REQUIRED, "gateway");
    struct peer_settings peer = {.own = pki_client(pki, PKI_WRONG_EKU, "shop")};
    for (int i = 0; i < 2; i++) {
        struct pair p;
        pair_run(&p, c, &peer);
        assert_false(p.client_ok);
        pair_close(&p);
    }
    struct tls_context_stats stats;
    tls_context_stats(c, &stats);
    assert_int_equal(stats.cache_hits, 0);
    assert_int_equal(stats.chain_verifications, 2);
    tls_context_unref(c);
    pki_free(pki);
}

static void a_known_leaf_costs_no_chain_verification(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    struct tls_context *c = pair_server(pki, TLS_CLIENT_REQUIRED, "gateway");
    const struct pki_identity *own = pki_client(pki, PKI_VIA_INTERMEDIATE, "shop");
    for (size_t i = 0; i < 6; i++) {
        struct peer_settings peer = {.version = versions[i % 2], .own = own};
        struct pair p;
        pair_run(&p, c, &peer);
        assert_true(p.client_ok);
        assert_int_equal(tls_peer(p.server)->chain_not_after, own->not_after);
        pair_close(&p);
    }
    struct tls_context_stats stats;
    tls_context_stats(c, &stats);
    assert_int_equal(stats.chain_verifications, 1);
    assert_int_equal(stats.cache_hits, 5);
    tls_context_unref(c);
    pki_free(pki);
}

static bool connects(struct tls_context *c, const struct pki_identity *own, const char *class)
{
    struct peer_settings peer = {.own = own};
    struct pair p;
    pair_run(&p, c, &peer);
    bool ok = p.client_ok;
    if (!ok)
        assert_string_equal(tls_session_error_class(p.server), class);
    pair_close(&p);
    return ok;
}

static void a_remembered_leaf_is_refused_once_it_has_expired(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    struct tls_context *c = pair_server(pki, TLS_CLIENT_REQUIRED, "gateway");
    const struct pki_identity *own = pki_client(pki, PKI_GOOD, "shop");
    assert_true(connects(c, own, ""));
    clock_set_test((own->not_after + 2) * 1000, 0);
    assert_false(connects(c, own, "expired"));
    clock_set_test((own->not_after - 3 * 24 * 3600) * 1000, 0);
    assert_false(connects(c, own, "not_yet_valid"));
    clock_real();
    assert_true(connects(c, own, ""));
    tls_context_unref(c);
    pki_free(pki);
}

static struct tls_context *with_guests(struct pki *pki, struct text anchors, struct text guests)
{
    const struct pki_identity *own = pki_server(pki, "DNS:localhost,DNS:*.svc.example,IP:127.0.0.1,IP:::1");
    const struct tls_key_pair pair = {own->chain_pem, own->key_pem};
    const struct tls_server_settings settings = {
        .pairs = &pair,
        .pair_count = 1,
        .client_auth = TLS_CLIENT_REQUIRED,
        .anchors_pem = anchors,
        .guest_anchors_pem = guests,
        .session_context = TEXT("proxy"),
        .verify_cache_max = 64,
    };
    struct tls_context *c = NULL;
    struct error err = {0};
    assert_ok(tls_server_context_new(&settings, &c, &err));
    return c;
}

static bool is_guest(struct tls_context *c, const struct pki_identity *own)
{
    struct peer_settings peer = {.own = own};
    struct pair p;
    pair_run(&p, c, &peer);
    assert_true(p.client_ok);
    const bool guest = tls_peer(p.server)->guest;
    pair_close(&p);
    return guest;
}

static void contexts_know_whether_they_take_the_same_guests(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    struct tls_context *none = with_guests(pki, pki_ca_pem(pki), TEXT(""));
    struct tls_context *some = with_guests(pki, pki_ca_pem(pki), pki_other_ca_pem(pki));
    struct tls_context *again = with_guests(pki, pki_ca_pem(pki), pki_other_ca_pem(pki));
    assert_true(tls_context_same_guests(some, again));
    assert_false(tls_context_same_guests(some, none));
    tls_context_unref(none);
    tls_context_unref(some);
    tls_context_unref(again);
    pki_free(pki);
}

static void guests_are_told_apart_also_from_the_cache(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    struct tls_context *c = with_guests(pki, pki_ca_pem(pki), pki_other_ca_pem(pki));
    for (int i = 0; i < 2; i++) {
        assert_false(is_guest(c, pki_client(pki, PKI_GOOD, "shop")));
        assert_false(is_guest(c, pki_client(pki, PKI_VIA_INTERMEDIATE, "shop")));
        assert_true(is_guest(c, pki_client(pki, PKI_WRONG_CA, "shop")));
    }
    assert_false(connects(c, pki_client(pki, PKI_SELF_SIGNED, "shop"), "unknown_ca"));
    assert_false(connects(c, pki_client(pki, PKI_EXPIRED, "shop"), "expired"));
    assert_false(connects(c, pki_client(pki, PKI_NO_EKU, "shop"), "bad_purpose"));
    tls_context_unref(c);
    /* whose CA is named among the guests' as well is no guest */
    c = with_guests(pki, pki_ca_pem(pki), pki_ca_pem(pki));
    assert_false(is_guest(c, pki_client(pki, PKI_GOOD, "shop")));
    tls_context_unref(c);
    c = with_guests(pki, pki_ca_pem(pki), (struct text){NULL, 0});
    assert_false(is_guest(c, pki_client(pki, PKI_GOOD, "shop")));
    tls_context_unref(c);
    pki_free(pki);
}

static void a_server_certificate_names_hosts(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        bool named;
    } hosts[] = {
        {"localhost", true},
        {"LOCALHOST", true},
        {"calls.svc.example", true},
        {"127.0.0.1", true},
        {"[::1]", true},
        {"[0:0:0:0:0:0:0:1]", true},
        {"", false},
        {"127.0.0.2", false},
        {"[::2]", false},
        {"svc.example", false},
        {"a.b.svc.example", false},
        {"localhost.", false},
        {"x.localhost", false},
        {"[]", false},
        {"[", false},
        {"*.svc.example", false},
        {".svc.example", false},
        {"localhost:1", false},
        {"calls.svc.exampl", false},
    };
    struct pki *pki = pki_new("ec:P-256");
    struct tls_context *c = with_guests(pki, pki_ca_pem(pki), pki_other_ca_pem(pki));
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        if (tls_context_names(c, text_of(hosts[i].host)) != hosts[i].named)
            fail_msg("%s: expected %d", hosts[i].host, hosts[i].named);
    assert_false(tls_context_names(c, (struct text){"localhost\0", 10}));
    char endless[300];
    memset(endless, 'a', sizeof endless);
    assert_false(tls_context_names(c, (struct text){endless, sizeof endless}));
    tls_context_unref(c);
    pki_free(pki);
}

static void an_optional_certificate_may_be_absent_but_not_wrong(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    struct tls_context *c = pair_server(pki, TLS_CLIENT_OPTIONAL, "cluster");
    struct peer_settings none = {.version = 0};
    struct pair p;
    pair_run(&p, c, &none);
    assert_true(p.client_ok);
    assert_false(tls_peer(p.server)->present);
    pair_close(&p);
    assert_false(connects(c, pki_client(pki, PKI_WRONG_CA, "shop"), "unknown_ca"));
    assert_true(connects(c, pki_client(pki, PKI_GOOD, "shop"), ""));
    tls_context_unref(c);
    pki_free(pki);
}

static void every_kind_of_client_key_connects_over_both_versions(void **state)
{
    (void)state;
    static const char *const keys[] = {"rsa:2048", "rsa:3072", "ec:P-256", "ec:P-384", "ec:P-521", "ed25519"};
    struct pki *pki = pki_new("ec:P-256");
    struct tls_context *c = pair_server(pki, TLS_CLIENT_REQUIRED, "gateway");
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        pki_set_key(pki, keys[i]);
        const struct pki_identity *own = pki_client(pki, PKI_GOOD, "shop");
        for (size_t v = 0; v < 2; v++) {
            struct peer_settings peer = {.version = versions[v], .own = own};
            struct pair p;
            pair_run(&p, c, &peer);
            if (!p.client_ok)
                fail_msg("%s over %04x: %s", keys[i], (unsigned)versions[v], tls_session_error(p.server));
            pair_close(&p);
        }
    }
    tls_context_unref(c);
    pki_free(pki);
}

static void the_der_can_be_given_back(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    struct tls_context *c = pair_server(pki, TLS_CLIENT_REQUIRED, "gateway");
    const struct pki_identity *own = pki_client(pki, PKI_GOOD, "shop");
    struct peer_settings peer = {.own = own};
    struct pair p;
    pair_run(&p, c, &peer);
    tls_peer_drop_der(p.server);
    assert_true(tls_peer(p.server)->present);
    assert_int_equal(tls_peer(p.server)->der.n, 0);
    assert_memory_equal(tls_peer(p.server)->fingerprint, own->fingerprint, SHA256_SIZE);
    pair_close(&p);
    tls_context_unref(c);
    pki_free(pki);
}

static void out_of_memory_in_the_callback_refuses(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    struct tls_context *c = pair_server(pki, TLS_CLIENT_REQUIRED, "gateway");
    struct peer_settings peer = {.own = pki_client(pki, PKI_GOOD, "shop")};
    struct pair p;
    mem_fail_after(1); /* the session is the first allocation, the DER the second */
    pair_run(&p, c, &peer);
    assert_true(mem_fail_reached());
    mem_fail_after(-1);
    assert_false(p.client_ok);
    assert_string_equal(tls_session_error_class(p.server), "other");
    pair_close(&p);
    tls_context_unref(c);
    pki_free(pki);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_and_refuses_by_the_matrix),
        cmocka_unit_test(a_failed_verification_is_never_remembered),
        cmocka_unit_test(a_remembered_leaf_is_refused_once_it_has_expired),
        cmocka_unit_test(guests_are_told_apart_also_from_the_cache),
        cmocka_unit_test(contexts_know_whether_they_take_the_same_guests),
        cmocka_unit_test(a_server_certificate_names_hosts),
        cmocka_unit_test(an_optional_certificate_may_be_absent_but_not_wrong),
        cmocka_unit_test(out_of_memory_in_the_callback_refuses),
        cmocka_unit_test(a_known_leaf_costs_no_chain_verification),
        cmocka_unit_test(every_kind_of_client_key_connects_over_both_versions),
        cmocka_unit_test(the_der_can_be_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
