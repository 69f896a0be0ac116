/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <openssl/ssl.h>

#include "pair.h"

/* Two listeners behind one address: `open` asks for nothing, `gateway` for a client certificate. DESIGN 3.1
 * (7). */

struct shared {
    struct pki *pki;
    struct tls_context *open, *gateway;
};

static struct tls_context *by_name(void *ctx, struct text name)
{
    struct shared *s = ctx;
    if (text_equal(name, TEXT("open.example.org")))
        return s->open;
    if (text_equal(name, TEXT("gateway.example.org")))
        return s->gateway;
    return NULL;
}

static struct tls_context *resuming(struct pki *pki, enum tls_client_auth auth, const char *context)
{
    const struct pki_identity *own = pki_server(pki, "DNS:localhost");
    struct tls_key_pair keys = {own->chain_pem, own->key_pem};
    struct tls_server_settings settings = {.pairs = &keys,
                                           .pair_count = 1,
                                           .client_auth = auth,
                                           .anchors_pem = pki_ca_pem(pki),
                                           .session_context = text_of(context),
                                           .resumption = true,
                                           .verify_cache_max = 64};
    struct tls_context *c = NULL;
    assert_ok(tls_server_context_new(&settings, &c, NULL));
    return c;
}

/* The session begins on `open`, so that a forgotten switch shows. With resumption, so that a wrong one would
 * work. */
static void setup(struct shared *s)
{
    s->pki = pki_new("ec:P-256");
    s->open = resuming(s->pki, TLS_CLIENT_NONE, "open");
    s->gateway = resuming(s->pki, TLS_CLIENT_REQUIRED, "gateway");
    tls_context_set_sni(s->open, by_name, s);
}

static void teardown(struct shared *s)
{
    tls_context_unref(s->open);
    tls_context_unref(s->gateway);
    pki_free(s->pki);
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static void refuses_an_unknown_or_absent_name(void **state)
{
    (void)state;
    struct shared s;
    setup(&s);
    static const char *const names[] = {NULL, "wrong.example.org", "gateway.example.org.evil",
                                        "open_example.org"};
    for (size_t v = 0; v < 2; v++)
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            struct peer_settings peer = {
                .version = versions[v], .server_name = names[i], .own = pki_client(s.pki, PKI_GOOD, "shop")};
            struct pair p;
            pair_run(&p, s.open, &peer);
            assert_false(p.client_ok);
            assert_int_equal(p.client_alert, SSL_AD_UNRECOGNIZED_NAME);
            assert_string_equal(tls_session_error(p.server), "no listener for the server name");
            pair_close(&p);
        }
    teardown(&s);
}

static void the_chosen_listener_demands_its_certificate(void **state)
{
    (void)state;
    struct shared s;
    setup(&s);
    for (size_t v = 0; v < 2; v++) {
        struct peer_settings peer = {.version = versions[v], .server_name = "gateway.example.org"};
        struct pair p;
        pair_run(&p, s.open, &peer);
        assert_false(p.client_ok);
        assert_string_equal(tls_session_error_class(p.server), "no_certificate");
        pair_close(&p);
        peer.own = pki_client(s.pki, PKI_WRONG_CA, "shop");
        pair_run(&p, s.open, &peer);
        assert_false(p.client_ok);
        assert_string_equal(tls_session_error_class(p.server), "unknown_ca");
        pair_close(&p);
    }
    teardown(&s);
}

static void the_name_is_matched_without_case_and_final_dot(void **state)
{
    (void)state;
    struct shared s;
    setup(&s);
    struct peer_settings peer = {.server_name = "GateWay.Example.ORG.",
                                 .own = pki_client(s.pki, PKI_GOOD, "shop")};
    struct pair p;
    pair_run(&p, s.open, &peer);
    assert_true(p.client_ok);
    assert_ptr_equal(tls_session_context(p.server), s.gateway);
    assert_text(tls_server_name(p.server), "GateWay.Example.ORG.");
    assert_true(tls_peer(p.server)->present);
    pair_close(&p);
    teardown(&s);
}

static void resume_at(struct shared *s, const char *name, void *session, int version, bool resumed,
                      bool accepted, const struct pki_identity *own)
{
    struct peer_settings peer = {.version = version, .server_name = name, .resume = session, .own = own};
    struct pair p;
    pair_run(&p, s->open, &peer);
    assert_int_equal(p.client_ok, accepted);
    if (accepted)
        if (pair_resumed(&p) != resumed)
            fail_msg("%s over %04x: resumed %d", name, (unsigned)version, pair_resumed(&p));
    pair_close(&p);
}

static void a_session_of_one_listener_does_not_resume_on_the_other(void **state)
{
    (void)state;
    struct shared s;
    setup(&s);
    const struct pki_identity *own = pki_client(s.pki, PKI_GOOD, "shop");
    for (size_t v = 0; v < 2; v++) {
        struct peer_settings peer = {.version = versions[v], .server_name = "open.example.org"};
        struct pair p;
        pair_run(&p, s.open, &peer);
        void *session = pair_session(&p);
        pair_close(&p);
        resume_at(&s, "gateway.example.org", session, versions[v], false, false, NULL);
        resume_at(&s, "gateway.example.org", session, versions[v], false, true, own);
        resume_at(&s, "open.example.org", session, versions[v], true, true, NULL);
        pair_session_free(session);
    }
    teardown(&s);
}

static void a_session_of_the_gateway_does_not_resume_elsewhere(void **state)
{
    (void)state;
    struct shared s;
    setup(&s);
    const struct pki_identity *own = pki_client(s.pki, PKI_GOOD, "shop");
    for (size_t v = 0; v < 2; v++) {
        struct peer_settings peer = {
            .version = versions[v], .server_name = "gateway.example.org", .own = own};
        struct pair p;
        pair_run(&p, s.open, &peer);
        assert_true(p.client_ok);
        void *session = pair_session(&p);
        pair_close(&p);
        resume_at(&s, "open.example.org", session, versions[v], false, true, NULL);
        resume_at(&s, "gateway.example.org", session, versions[v], true, true, own);
        pair_session_free(session);
    }
    teardown(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_an_unknown_or_absent_name),
        cmocka_unit_test(the_chosen_listener_demands_its_certificate),
        cmocka_unit_test(a_session_of_one_listener_does_not_resume_on_the_other),
        cmocka_unit_test(a_session_of_the_gateway_does_not_resume_elsewhere),
        cmocka_unit_test(the_name_is_matched_without_case_and_final_dot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
