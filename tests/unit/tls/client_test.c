/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "pair.h"

/* Our client side: whom it believes. */

struct meeting {
    int fds[2];
    struct tls_session *client, *server;
    enum tls_result client_result, server_result;
};

static void meet(struct meeting *m, struct tls_context *server, struct tls_context *client, const char *name)
{
    pair_sockets(m->fds);
    assert_ok(tls_session_new(server, m->fds[0], true, NULL, &m->server));
    assert_ok(tls_session_new(client, m->fds[1], false, name, &m->client));
    pair_handshake(m->client, m->server, &m->client_result, &m->server_result);
}

static void part(struct meeting *m)
{
    tls_session_free(m->client);
    tls_session_free(m->server);
    (void)close(m->fds[0]);
    (void)close(m->fds[1]);
}

static struct tls_context *client_of(struct tls_client_settings settings)
{
    struct tls_context *c = NULL;
    struct error err = {0};
    if (!status_ok(tls_client_context_new(&settings, &c, &err)))
        fail_msg("%s", err.message);
    return c;
}

static struct tls_context *pinning(const uint8_t pin[static SHA256_SIZE])
{
    struct tls_client_settings settings = {.pin_set = true};
    for (size_t i = 0; i < SHA256_SIZE; i++)
        settings.pin_sha256[i] = pin[i];
    return client_of(settings);
}

/* Server certificates are for localhost and 127.0.0.1; the chain holds leaf and CA. */
static struct tls_context *server_with_ca(struct pki *pki)
{
    const struct pki_identity *own = pki_server(pki, "DNS:localhost,IP:127.0.0.1");
    struct buffer chain;
    buffer_init(&chain, 64 * 1024);
    buffer_text(&chain, own->chain_pem);
    buffer_text(&chain, pki_ca_pem(pki));
    const struct tls_key_pair keys = {buffer_as_text(&chain), own->key_pem};
    const struct tls_server_settings settings = {.pairs = &keys, .pair_count = 1};
    struct tls_context *c = NULL;
    assert_ok(tls_server_context_new(&settings, &c, NULL));
    buffer_release(&chain);
    return c;
}

static void expect_refusal(struct tls_context *server, struct tls_context *client, const char *name,
                           const char *text)
{
    struct meeting m;
    meet(&m, server, client, name);
    assert_int_equal(m.client_result, TLS_FAILED);
    assert_string_equal(tls_session_error(m.client), text);
    part(&m);
}

static void expect_success(struct tls_context *server, struct tls_context *client, const char *name)
{
    struct meeting m;
    meet(&m, server, client, name);
    if (m.client_result != TLS_OK)
        fail_msg("%s", tls_session_error(m.client));
    part(&m);
}

static void refuses_another_name_and_an_unknown_ca(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    struct tls_context *server = server_with_ca(pki);
    struct tls_context *client = client_of((struct tls_client_settings){.anchors_pem = pki_ca_pem(pki)});
    expect_refusal(server, client, "example.org", "certificate does not hold the server's name");
    expect_refusal(server, client, "127.0.0.2", "certificate does not hold the server's address");
    /* The subject's CN is "server"; it is not a name (RFC 9525). */
    expect_refusal(server, client, "server", "certificate does not hold the server's name");
    expect_success(server, client, "localhost");
    expect_success(server, client, "127.0.0.1");
    tls_context_unref(client);
    client = client_of((struct tls_client_settings){.anchors_pem = pki_other_ca_pem(pki)});
    expect_refusal(server, client, "localhost", "unknown certificate authority (self-signed)");
    tls_context_unref(client);
    client = client_of((struct tls_client_settings){0}); /* the system's */
    expect_refusal(server, client, "localhost", "unknown certificate authority (self-signed)");
    tls_context_unref(client);
    tls_context_unref(server);
    pki_free(pki);
}

static void refuses_a_client_certificate_as_a_server(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    const struct pki_identity *own = pki_client(pki, PKI_GOOD, "localhost");
    const struct tls_key_pair keys = {own->chain_pem, own->key_pem};
    const struct tls_server_settings settings = {.pairs = &keys, .pair_count = 1};
    struct tls_context *server = NULL;
    assert_ok(tls_server_context_new(&settings, &server, NULL));
    struct tls_context *client = client_of((struct tls_client_settings){.anchors_pem = pki_ca_pem(pki)});
    struct meeting m;
    meet(&m, server, client, "localhost");
    assert_int_equal(m.client_result, TLS_FAILED);
    part(&m);
    tls_context_unref(client);
    tls_context_unref(server);
    pki_free(pki);
}

static void a_pinned_ca_still_asks_for_the_name(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    struct tls_context *server = server_with_ca(pki);
    struct tls_context *client = pinning(pki_ca_identity(pki)->fingerprint);
    expect_success(server, client, "localhost");
    expect_refusal(server, client, "example.org", "certificate does not hold the server's name");
    clock_set_test((clock_now_s() + 400L * 24 * 3600) * 1000, 0);
    expect_refusal(server, client, "localhost", "certificate expired");
    clock_real();
    tls_context_unref(client);
    tls_context_unref(server);
    pki_free(pki);
}

static void a_pinned_leaf_may_have_any_name_but_not_any_date(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    struct tls_context *server = server_with_ca(pki);
    struct tls_context *any = client_of((struct tls_client_settings){.insecure_first_contact = true});
    struct meeting m;
    meet(&m, server, any, NULL);
    uint8_t chain[4][SHA256_SIZE];
    assert_int_equal(tls_peer_chain_fingerprints(m.client, chain, 4), 2);
    part(&m);
    tls_context_unref(any);
    struct tls_context *client = pinning(chain[0]);
    expect_success(server, client, "example.org");
    clock_set_test((clock_now_s() + 3L * 24 * 3600) * 1000, 0);
    expect_refusal(server, client, "localhost", "certificate expired");
    clock_real();
    tls_context_unref(client);
    tls_context_unref(server);
    pki_free(pki);
}

static void another_pin_is_refused(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    struct pki *foreign = pki_new("ec:P-256");
    struct tls_context *server = server_with_ca(pki);
    struct tls_context *client = pinning(pki_ca_identity(foreign)->fingerprint);
    expect_refusal(server, client, "localhost", "no certificate of the server has the pinned fingerprint");
    tls_context_unref(client);
    tls_context_unref(server);
    pki_free(foreign);
    pki_free(pki);
}

/* Anybody may append the pinned CA to a chain it did not sign. */
static void a_pinned_ca_must_have_signed_the_leaf(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    struct pki *foreign = pki_new("ec:P-256");
    const struct pki_identity *own = pki_server(pki, "DNS:localhost");
    struct buffer chain;
    buffer_init(&chain, 64 * 1024);
    buffer_text(&chain, own->chain_pem);
    buffer_text(&chain, pki_ca_pem(foreign));
    const struct tls_key_pair keys = {buffer_as_text(&chain), own->key_pem};
    const struct tls_server_settings settings = {.pairs = &keys, .pair_count = 1};
    struct tls_context *server = NULL;
    assert_ok(tls_server_context_new(&settings, &server, NULL));
    struct tls_context *client = pinning(pki_ca_identity(foreign)->fingerprint);
    struct meeting m;
    meet(&m, server, client, "localhost");
    assert_int_equal(m.client_result, TLS_FAILED);
    assert_string_equal(tls_session_error_class(m.client), "unknown_ca");
    part(&m);
    tls_context_unref(client);
    tls_context_unref(server);
    buffer_release(&chain);
    pki_free(foreign);
    pki_free(pki);
}

static void first_contact_shows_the_chain(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    struct tls_context *server = server_with_ca(pki);
    struct tls_context *client = client_of((struct tls_client_settings){.insecure_first_contact = true});
    struct meeting m;
    meet(&m, server, client, NULL);
    assert_int_equal(m.client_result, TLS_OK);
    uint8_t chain[4][SHA256_SIZE];
    assert_int_equal(tls_peer_chain_fingerprints(m.client, chain, 4), 2);
    assert_memory_equal(chain[1], pki_ca_identity(pki)->fingerprint, SHA256_SIZE);
    assert_memory_equal(chain[0], tls_peer(m.client)->fingerprint, SHA256_SIZE);
    assert_int_equal(tls_peer_chain_fingerprints(m.client, chain, 1), 1);
    struct buffer pem;
    buffer_init(&pem, 64 * 1024);
    tls_peer_chain_pem(m.client, &pem);
    assert_ok(buffer_status(&pem));
    assert_true(text_starts_with(buffer_as_text(&pem), TEXT("-----BEGIN CERTIFICATE-----")));
    assert_true(text_ends_with(buffer_as_text(&pem), pki_ca_pem(pki)));
    buffer_release(&pem);
    part(&m);
    tls_context_unref(client);
    tls_context_unref(server);
    pki_free(pki);
}

static void a_client_without_a_name_to_check_is_refused(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    struct tls_context *client = client_of((struct tls_client_settings){.anchors_pem = pki_ca_pem(pki)});
    struct tls_session *s = NULL;
    assert_status(tls_session_new(client, 0, false, NULL, &s), E_INVALID);
    assert_status(tls_session_new(client, 0, false, "", &s), E_INVALID);
    tls_context_unref(client);
    struct tls_client_settings both = {.insecure_first_contact = true, .pin_set = true};
    struct tls_context *c = NULL;
    assert_status(tls_client_context_new(&both, &c, NULL), E_INVALID);
    pki_free(pki);
}

static void shows_its_own_certificate_and_speaks_h2_when_told(void **state)
{
    (void)state;
    struct pki *pki = pki_new("ec:P-256");
    struct tls_context *server = pair_server(pki, TLS_CLIENT_REQUIRED, "gateway");
    const struct pki_identity *own = pki_client(pki, PKI_GOOD, "shop");
    for (int h2 = 0; h2 < 2; h2++) {
        struct tls_context *client = client_of((struct tls_client_settings){
            .anchors_pem = pki_ca_pem(pki), .own = {own->chain_pem, own->key_pem}, .offer_h2 = h2 == 1});
        struct meeting m;
        meet(&m, server, client, "localhost");
        assert_int_equal(m.client_result, TLS_OK);
        assert_int_equal(m.server_result, TLS_OK);
        assert_memory_equal(tls_peer(m.server)->fingerprint, own->fingerprint, SHA256_SIZE);
        assert_text(tls_alpn(m.client), h2 ? "h2" : "http/1.1");
        assert_text(tls_alpn(m.server), h2 ? "h2" : "http/1.1");
        assert_text(tls_server_name(m.server), "localhost");
        assert_string_equal(tls_version_name(m.server), "TLSv1.3");
        part(&m);
        tls_context_unref(client);
    }
    tls_context_unref(server);
    pki_free(pki);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_another_name_and_an_unknown_ca),
        cmocka_unit_test(refuses_a_client_certificate_as_a_server),
        cmocka_unit_test(another_pin_is_refused),
        cmocka_unit_test(a_pinned_ca_must_have_signed_the_leaf),
        cmocka_unit_test(a_client_without_a_name_to_check_is_refused),
        cmocka_unit_test(a_pinned_ca_still_asks_for_the_name),
        cmocka_unit_test(a_pinned_leaf_may_have_any_name_but_not_any_date),
        cmocka_unit_test(first_contact_shows_the_chain),
        cmocka_unit_test(shows_its_own_certificate_and_speaks_h2_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
