/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <unistd.h>

#include "pair.h"

/* Trust that contexts share, and targets registered without verification. */

struct fixture {
    struct pki *pki, *other;
    struct tls_context *server;
};

static int set_up(void **state)
{
    static struct fixture f;
    f.pki = pki_new("ec:P-256");
    f.other = pki_new("ec:P-256");
    f.server = pair_server(f.pki, TLS_CLIENT_NONE, "test");
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    tls_context_unref(f->server);
    pki_free(f->pki);
    pki_free(f->other);
    return 0;
}

static struct tls_trust *trust(const struct tls_trust *base, struct text pem)
{
    struct tls_trust *t = NULL;
    assert_ok(tls_trust_new(base, pem, &t, NULL));
    return t;
}

/* "" when the client of these settings believes the server, or why not. Gives the context back. */
static const char *verdict(struct fixture *f, struct tls_client_settings settings, const char *name)
{
    static char text[128];
    struct tls_context *c = NULL;
    assert_ok(tls_client_context_new(&settings, &c, NULL));
    int fds[2];
    pair_sockets(fds);
    struct tls_session *server = NULL, *client = NULL;
    assert_ok(tls_session_new(f->server, fds[0], true, NULL, &server));
    assert_ok(tls_session_new(c, fds[1], false, name, &client));
    enum tls_result client_result, server_result;
    pair_handshake(client, server, &client_result, &server_result);
    const char *why = client_result == TLS_OK ? "" : tls_session_error(client);
    assert_true(text_to_cstr(text_of(why), text, sizeof text));
    tls_session_free(client);
    tls_session_free(server);
    (void)close(fds[0]);
    (void)close(fds[1]);
    tls_context_unref(c);
    return text;
}

static void refuses_texts_that_are_no_certificates(void **state)
{
    struct fixture *f = *state;
    struct tls_trust *t = NULL;
    struct error err = {0};
    assert_status(tls_trust_new(NULL, TEXT("nothing"), &t, &err), E_INVALID);
    assert_string_equal(err.message, "no PEM certificate found");
    assert_status(tls_trust_new(NULL, pki_ca_identity(f->pki)->key_pem, &t, NULL), E_INVALID);
    assert_null(t);
}

static void believes_nobody_without_anchors(void **state)
{
    struct fixture *f = *state;
    struct tls_trust *none = trust(NULL, TEXT(""));
    const char *why = verdict(f, (struct tls_client_settings){.trust = none}, "localhost");
    assert_string_not_equal(why, "");
    tls_trust_free(none);
    tls_trust_free(NULL);
}

static void a_later_text_adds_to_the_base_and_leaves_it_alone(void **state)
{
    struct fixture *f = *state;
    struct tls_trust *base = trust(NULL, pki_ca_pem(f->other));
    struct tls_trust *both = trust(base, pki_ca_pem(f->pki));
    struct tls_trust *same = trust(base, TEXT(""));
    assert_string_not_equal(verdict(f, (struct tls_client_settings){.trust = base}, "localhost"), "");
    assert_string_not_equal(verdict(f, (struct tls_client_settings){.trust = same}, "localhost"), "");
    assert_string_equal(verdict(f, (struct tls_client_settings){.trust = both}, "localhost"), "");
    tls_trust_free(base); /* the others keep what they took */
    assert_string_equal(verdict(f, (struct tls_client_settings){.trust = both}, "localhost"), "");
    assert_string_not_equal(verdict(f, (struct tls_client_settings){.trust = both}, "example.org"), "");
    struct tls_trust *twice = trust(both, pki_ca_pem(f->pki));
    assert_string_equal(verdict(f, (struct tls_client_settings){.trust = twice}, "localhost"), "");
    tls_trust_free(twice);
    tls_trust_free(same);
    tls_trust_free(both);
}

static void a_context_outlives_the_trust_it_was_made_with(void **state)
{
    struct fixture *f = *state;
    struct tls_trust *t = trust(NULL, pki_ca_pem(f->pki));
    struct tls_context *c = NULL;
    const struct tls_client_settings settings = {.trust = t};
    assert_ok(tls_client_context_new(&settings, &c, NULL));
    tls_trust_free(t);
    int fds[2];
    pair_sockets(fds);
    struct tls_session *server = NULL, *client = NULL;
    assert_ok(tls_session_new(f->server, fds[0], true, NULL, &server));
    assert_ok(tls_session_new(c, fds[1], false, "localhost", &client));
    enum tls_result client_result, server_result;
    pair_handshake(client, server, &client_result, &server_result);
    assert_int_equal(client_result, TLS_OK);
    tls_session_free(client);
    tls_session_free(server);
    (void)close(fds[0]);
    (void)close(fds[1]);
    tls_context_unref(c);
}

static void without_verification_whoever_answers_is_believed(void **state)
{
    struct fixture *f = *state;
    const struct tls_client_settings settings = {.skip_verification = true};
    assert_string_equal(verdict(f, settings, "localhost"), "");
    assert_string_equal(verdict(f, settings, "example.org"), "");
    struct tls_context *c = NULL;
    const struct tls_client_settings both = {.skip_verification = true, .pin_set = true};
    assert_status(tls_client_context_new(&both, &c, NULL), E_INVALID);
}

static struct status make(struct fixture *f)
{
    struct tls_trust *base = NULL, *t = NULL;
    TRY(tls_trust_new(NULL, pki_ca_pem(f->other), &base, NULL));
    const struct status s = tls_trust_new(base, pki_ca_pem(f->pki), &t, NULL);
    tls_trust_free(base);
    tls_trust_free(t);
    return s;
}

static void survives_failing_allocations(void **state)
{
    assert_survives_failing_allocations(make(*state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_texts_that_are_no_certificates),
        cmocka_unit_test(believes_nobody_without_anchors),
        cmocka_unit_test(a_later_text_adds_to_the_base_and_leaves_it_alone),
        cmocka_unit_test(a_context_outlives_the_trust_it_was_made_with),
        cmocka_unit_test(without_verification_whoever_answers_is_believed),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
