/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc/oidc.h"

#include <stdio.h>

#include "issue.h"
#include "os/files.h"
#include "scratch.h"

/* Which keys live on when the configuration is read again. The fetcher is the test itself. */

static unsigned asked;
static struct text served;

struct status fetch_call(const struct fetch_client *client, const struct fetch_request *request,
                         struct fetch_answer *out, struct error *err)
{
    (void)client;
    (void)err;
    asked++;
    assert_int_equal(request->job, FETCH_KEYS);
    *out = (struct fetch_answer){.outcome = FETCH_FINE};
    buffer_init(&out->document, request->document_max);
    buffer_text(&out->document, served);
    return DONE;
}

static struct oidc *start(const struct settings *s, const struct oidc *previous)
{
    static const struct fetch_client client;
    struct oidc *o = NULL;
    assert_ok(oidc_new(s, &client, previous, &o, NULL));
    return o;
}

static void expect_asked(struct oidc *o, struct text token, struct arena *a, unsigned times)
{
    struct oidc_identity who;
    assert_ok(oidc_authenticate(o, token, a, &who, NULL));
    assert_int_equal(asked, times);
}

static void keys_that_another_trust_let_in_are_not_kept(void **state)
{
    (void)state;
    char directory[SCRATCH_MAX], file[SCRATCH_MAX + 8];
    OWNED(arena_release) struct arena a;
    struct issue issuer;
    static char issuer_url[] = "https://dex.example", keys_url[] = "https://dex.example/keys",
                audience[] = "fairlead", none[] = "", grant[] = "me tenant=* scope=*";
    arena_init(&a, 4096, 1024 * 1024);
    scratch_make(directory);
    (void)snprintf(file, sizeof file, "%s/ca.pem", directory);
    assert_ok(file_write(file, text_bytes(TEXT("one")), 0600, NULL));
    const struct settings s = {
        .auth_oidc_issuer = issuer_url,
        .auth_oidc_jwks_url = keys_url,
        .auth_oidc_audience = audience,
        .auth_oidc_ca_file = file,
        .auth_oidc_tenant_claim = none,
        .auth_oidc_scope_claim = none,
        .auth_users = {.item = {grant}, .count = 1},
    };
    issue_new(&issuer, "ed25519", "k");
    served = arena_printf(&a, "{\"keys\":[%.*s]}", TEXT_ARG(issue_jwk(&issuer, &a, "")));
    const struct text token = issue_plain(
        &issuer, &a, "EdDSA",
        "{\"iss\":\"https://dex.example\",\"aud\":\"fairlead\",\"sub\":\"me\",\"exp\":9999999999}");
    struct oidc *first = start(&s, NULL);
    expect_asked(first, token, &a, 1);
    struct oidc *same = start(&s, first);
    expect_asked(same, token, &a, 1);
    assert_ok(file_write(file, text_bytes(TEXT("two")), 0600, NULL));
    struct oidc *other = start(&s, same);
    expect_asked(other, token, &a, 2);
    oidc_free(first);
    oidc_free(same);
    oidc_free(other);
    issue_free(&issuer);
    assert_int_equal(scratch_remove(directory), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keys_that_another_trust_let_in_are_not_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
