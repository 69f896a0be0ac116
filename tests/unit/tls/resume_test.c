/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "base/clock.h"
#include "pair.h"

/* Our client resumes sessions, against a server made with OpenSSL alone. */

static struct pki *pki;
static const uint8_t shop[SHA256_SIZE] = {1}, bank[SHA256_SIZE] = {2};

static SSL_CTX *server_of(int version)
{
    const struct pki_identity *own = pki_server(pki, "DNS:localhost");
    SSL_CTX *c = SSL_CTX_new(TLS_server_method());
    BIO *chain = BIO_new_mem_buf(own->chain_pem.p, (int)own->chain_pem.n);
    BIO *key = BIO_new_mem_buf(own->key_pem.p, (int)own->key_pem.n);
    X509 *leaf = PEM_read_bio_X509(chain, NULL, NULL, NULL);
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);
    assert_int_equal(SSL_CTX_use_certificate(c, leaf), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(c, pkey), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(c, version), 1);
    X509_free(leaf);
    EVP_PKEY_free(pkey);
    BIO_free(chain);
    BIO_free(key);
    return c;
}

static struct tls_context *client_of(unsigned servers)
{
    const struct tls_client_settings settings = {.anchors_pem = pki_ca_pem(pki), .resume_servers = servers};
    struct tls_context *c = NULL;
    assert_ok(tls_client_context_new(&settings, &c, NULL));
    return c;
}

struct meeting {
    int fds[2];
    struct tls_session *client;
    SSL *server;
    enum tls_result result;
};

static void meet(struct meeting *m, struct tls_context *context, SSL_CTX *at,
                 const uint8_t key[static SHA256_SIZE])
{
    pair_sockets(m->fds);
    m->server = SSL_new(at);
    assert_int_equal(SSL_set_fd(m->server, m->fds[0]), 1);
    SSL_set_accept_state(m->server);
    assert_ok(tls_session_new(context, m->fds[1], false, "localhost", &m->client));
    tls_session_resume(m->client, key);
    m->result = TLS_WANT_READ;
    for (int turn = 0; turn < 20 && (m->result == TLS_WANT_READ || SSL_in_init(m->server)); turn++) {
        if (m->result == TLS_WANT_READ)
            m->result = tls_handshake(m->client);
        (void)SSL_do_handshake(m->server);
    }
}

static void part(struct meeting *m)
{
    tls_session_free(m->client);
    SSL_free(m->server);
    (void)close(m->fds[0]);
    (void)close(m->fds[1]);
}

static bool refuses(struct tls_context *context, SSL_CTX *at, const char *words)
{
    struct meeting m;
    meet(&m, context, at, shop);
    assert_int_equal(m.result, TLS_FAILED);
    const bool same = strcmp(tls_session_error(m.client), words) == 0;
    part(&m);
    return same;
}

/* A connection: handshake, `said` bytes from the server, the end. True: it was resumed. */
static bool visit(struct tls_context *context, SSL_CTX *at, const uint8_t key[static SHA256_SIZE],
                  const char *said)
{
    struct meeting m;
    uint8_t in[8];
    size_t n = 0;
    meet(&m, context, at, key);
    assert_int_equal(m.result, TLS_OK);
    const bool resumed = tls_resumed(m.client);
    assert_int_equal(resumed, SSL_session_reused(m.server));
    assert_int_equal(tls_peer(m.client)->present, !resumed);
    if (*said) {
        assert_true(SSL_write(m.server, said, (int)strlen(said)) > 0);
        assert_int_equal(tls_read(m.client, in, sizeof in, &n), TLS_OK); /* and the tickets before it */
    }
    part(&m);
    return resumed;
}

static uint64_t verified(const struct tls_context *c)
{
    struct tls_context_stats stats;
    tls_context_stats(c, &stats);
    return stats.chain_verifications;
}

static void resumes_with_the_same_server(void **state)
{
    (void)state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        SSL_CTX *server = server_of(version);
        struct tls_context *client = client_of(8);
        assert_false(visit(client, server, shop, "x"));
        for (int i = 0; i < 5; i++)
            assert_true(visit(client, server, shop, "x"));
        assert_int_equal(verified(client), 1);
        tls_context_unref(client);
        SSL_CTX_free(server);
    }
}

static void another_server_or_context_sees_no_session_of_it(void **state)
{
    (void)state;
    SSL_CTX *server = server_of(TLS1_3_VERSION);
    struct tls_context *one = client_of(8), *other = client_of(8), *none = client_of(0);
    assert_false(visit(one, server, shop, "x"));
    assert_false(visit(one, server, bank, "x"));
    assert_false(visit(other, server, shop, "x"));
    assert_false(visit(none, server, shop, "x"));
    assert_false(visit(none, server, shop, "x"));
    assert_true(visit(one, server, shop, "x"));
    tls_context_unref(one);
    tls_context_unref(other);
    tls_context_unref(none);
    SSL_CTX_free(server);
}

/* OpenSSL's server sends two; nothing is read here that would bring new ones. */
static void a_ticket_of_tls_1_3_is_used_once(void **state)
{
    (void)state;
    SSL_CTX *server = server_of(TLS1_3_VERSION);
    struct tls_context *client = client_of(8);
    assert_false(visit(client, server, shop, "x"));
    assert_true(visit(client, server, shop, ""));
    assert_true(visit(client, server, shop, ""));
    assert_false(visit(client, server, shop, ""));
    tls_context_unref(client);
    SSL_CTX_free(server);
}

static void what_was_verified_counts_for_an_hour_however_often_it_is_resumed(void **state)
{
    (void)state;
    const int64_t start_ms = clock_now_ms();
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        SSL_CTX *server = server_of(version);
        struct tls_context *client = client_of(8);
        assert_false(visit(client, server, shop, "x"));
        clock_set_test(start_ms + 3000 * 1000, 0);
        assert_true(visit(client, server, shop, "x")); /* which brings new tickets */
        clock_set_test(start_ms + 3700 * 1000, 0);
        assert_false(visit(client, server, shop, "x"));
        assert_int_equal(verified(client), 2);
        tls_context_unref(client);
        SSL_CTX_free(server);
        clock_real();
    }
}

static void a_session_ends_with_the_chain(void **state)
{
    (void)state;
    const int64_t end_s = pki_server(pki, "DNS:localhost")->not_after;
    SSL_CTX *server = server_of(TLS1_3_VERSION);
    struct tls_context *client = client_of(8);
    clock_set_test((end_s - 1200) * 1000, 0);
    assert_false(visit(client, server, shop, "x"));
    assert_true(visit(client, server, shop, "x"));
    clock_set_test((end_s + 1200) * 1000, 0);
    assert_true(refuses(client, server, "certificate expired"));
    clock_real();
    tls_context_unref(client);
    SSL_CTX_free(server);
}

static void servers_beyond_the_bound_push_out_the_oldest(void **state)
{
    (void)state;
    SSL_CTX *server = server_of(TLS1_3_VERSION);
    struct tls_context *client = client_of(2);
    for (uint8_t i = 1; i <= 3; i++)
        assert_false(visit(client, server, (uint8_t[SHA256_SIZE]){i}, "x"));
    assert_false(visit(client, server, (uint8_t[SHA256_SIZE]){1}, "x"));
    assert_true(visit(client, server, (uint8_t[SHA256_SIZE]){3}, "x"));
    tls_context_unref(client);
    SSL_CTX_free(server);
}

/* New keys for its tickets: the server does not know them any more, and all is verified again. */
static void a_server_that_forgot_is_verified_again(void **state)
{
    (void)state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        SSL_CTX *before = server_of(version), *after = server_of(version);
        struct tls_context *client = client_of(8);
        assert_false(visit(client, before, shop, "x"));
        assert_false(visit(client, after, shop, "x"));
        assert_int_equal(verified(client), 2);
        assert_true(visit(client, after, shop, "x"));
        tls_context_unref(client);
        SSL_CTX_free(before);
        SSL_CTX_free(after);
    }
}

static const struct {
    const char *what, *bytes;
    bool resumed;
} ends[] = {
    {"the server just goes away", "", true},
    {"a fatal alert that is none of TLS", "\x15\x03\x03\x00\x02\x02\x28", false},
};

/* What comes raw after the handshake, and whether the next connection resumes. */
static void forgets_after_a_fatal_error_and_not_after_a_lost_connection(void **state)
{
    (void)state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
            SSL_CTX *server = server_of(version);
            struct tls_context *client = client_of(8);
            struct meeting m;
            uint8_t in[8];
            size_t n = 0;
            meet(&m, client, server, shop);
            assert_int_equal(SSL_write(m.server, "x", 1), 1);
            assert_int_equal(tls_read(m.client, in, sizeof in, &n), TLS_OK);
            if (*ends[i].bytes)
                assert_int_equal(write(m.fds[0], ends[i].bytes, 7), 7);
            assert_int_equal(shutdown(m.fds[0], SHUT_WR), 0);
            assert_int_equal(tls_read(m.client, in, sizeof in, &n),
                             ends[i].resumed ? TLS_CLOSED : TLS_FAILED);
            part(&m);
            if (visit(client, server, shop, "x") != ends[i].resumed)
                fail_msg("%s", ends[i].what);
            tls_context_unref(client);
            SSL_CTX_free(server);
        }
    }
}

static int make_pki(void **state)
{
    (void)state;
    pki = pki_new("ec:P-256");
    return 0;
}

static int free_pki(void **state)
{
    (void)state;
    pki_free(pki);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resumes_with_the_same_server),
        cmocka_unit_test(another_server_or_context_sees_no_session_of_it),
        cmocka_unit_test(a_ticket_of_tls_1_3_is_used_once),
        cmocka_unit_test(what_was_verified_counts_for_an_hour_however_often_it_is_resumed),
        cmocka_unit_test(a_session_ends_with_the_chain),
        cmocka_unit_test(servers_beyond_the_bound_push_out_the_oldest),
        cmocka_unit_test(forgets_after_a_fatal_error_and_not_after_a_lost_connection),
        cmocka_unit_test(a_server_that_forgot_is_verified_again),
    };
    return cmocka_run_group_tests(tests, make_pki, free_pki);
}
