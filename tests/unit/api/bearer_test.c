/* SPDX-License-Identifier: Apache-2.0 */
#include "api/bearer.h"

#include "ask.h"
#include "base/clock.h"
#include "base/digest.h"
#include "check.h"
#include "store/directory.h"

/* The internal listener where it asks, and what grants give. */

#define NOW_MS 1795238024000
#define REALM  "Bearer realm=\"fairlead\""

static void make(struct world *w, const char *name, const char *scopes, const char *tenants,
                 int64_t expires_at)
{
    struct operator_row o = {.name = text_of(name),
                             .scopes = text_of(scopes),
                             .tenants = text_of(tenants),
                             .created_at = 1,
                             .expires_at = expires_at,
                             .created_by = TEXT("test")};
    const struct audit_entry audit = {
        .at = 1, .last_at = 1, .count = 1, .action = TEXT("operator.create"), .actor = TEXT("test")};
    sha256(text_bytes(text_of(name)), o.hash); /* the name is the token */
    assert_ok(store_operator_create(w->store, &o, &audit));
}

static struct answer ask_with(struct world *w, const char *authorization, const char *second)
{
    const struct ask in = {.method = HTTP_GET,
                           .target = "/api/v1/applications",
                           .listener = ON_INTERNAL,
                           .principal = {.actor = TEXT("anonymous")},
                           .fields = {{authorization ? "Authorization" : NULL, authorization},
                                      {second ? "authorization" : NULL, second}}};
    return ask(w, &in);
}

static struct world *start(void)
{
    struct world *w = world_open(NULL);
    clock_set_test(NOW_MS, 0);
    make(w, "admin", "admin", "*", 0);
    make(w, "all", "*", "*", NOW_MS / 1000 + 1);
    make(w, "over", "*", "*", NOW_MS / 1000);
    make(w, "bound", "admin", "acme", 0);
    make(w, "reader", "application:read", "*", 0);
    return w;
}

static void stop(struct world *w)
{
    clock_real();
    world_close(w);
}

static void refuses_whoever_is_no_administrator(void **state)
{
    (void)state;
    struct world *w = start();
    static const char invalid[] =
        REALM ", error=\"invalid_token\", error_description=\"invalid bearer token\"";
    static const char scope[] = REALM
        ", error=\"insufficient_scope\", error_description=\"the scope admin in all tenants is needed\"";
    static const struct {
        const char *authorization, *second;
        int status;
        const char *challenge;
    } rows[] = {
        {NULL, NULL, 401, REALM},
        {"Basic YWRtaW46", NULL, 401, REALM},
        {"Bearer", NULL, 401, REALM},
        {"Bearer  ", NULL, 401, REALM},
        {"admin", NULL, 401, REALM},
        {"Bearer nobody", NULL, 401, invalid},
        {"Bearer admi", NULL, 401, invalid},
        {"Bearer ADMIN", NULL, 401, invalid},
        {"Bearer over", NULL, 401, invalid},
        {"Bearer e30.e30.AA", NULL, 401, invalid}, /* a JWT, without an issuer */
        {"Bearer admin", "Bearer admin", 401,
         REALM ", error=\"invalid_token\", error_description=\"more than one Authorization field\""},
        {"Bearer bound", NULL, 403, scope},
        {"Bearer reader", NULL, 403, scope},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct answer got = ask_with(w, rows[i].authorization, rows[i].second);
        if (got.status != rows[i].status)
            fail_msg("%s: %d", rows[i].authorization, got.status);
        assert_text(headers_get(&got.headers, TEXT("WWW-Authenticate")), rows[i].challenge);
    }
    assert_ok(connector_flush_refusals(w->connector, true));
    assert_int_equal(world_audit(w, "refused.bearer", NULL), 1);
    struct audit_entry newest;
    assert_int_equal(world_audit(w, "refused.scope", &newest), 2);
    stop(w);
}

static void lets_administrators_in(void **state)
{
    (void)state;
    struct world *w = start();
    assert_int_equal(ask_with(w, "Bearer admin", NULL).status, 200);
    assert_int_equal(ask_with(w, "bearer all", NULL).status, 200);
    stop(w);
}

static void scopes_are_those_of_the_tenant(void **state)
{
    (void)state;
    static const struct principal_grant grants[] = {{TEXT_INIT("a b"), TEXT_INIT("x:read")},
                                                    {TEXT_INIT("b"), TEXT_INIT("x:write y")},
                                                    {TEXT_INIT("*"), TEXT_INIT("z")}};
    const struct principal p = {.grants = grants, .grant_count = 2}, q = {.grants = grants, .grant_count = 3};
    const struct principal nobody = {.kind = PRINCIPAL_OPERATOR};
    OWNED(arena_release) struct arena a;
    struct text out;
    arena_init(&a, 1024, 65536);
    assert_ok(principal_scopes(&p, TEXT("a"), &a, &out));
    assert_text(out, "x:read");
    assert_ok(principal_scopes(&p, TEXT("b"), &a, &out));
    assert_text(out, "x:read x:write y");
    assert_ok(principal_scopes(&p, TEXT("c"), &a, &out));
    assert_text(out, "");
    assert_ok(principal_scopes(&q, TEXT("c"), &a, &out));
    assert_text(out, "z");
    assert_ok(principal_tenants(&p, &a, &out));
    assert_text(out, "a b b");
    assert_ok(principal_tenants(&nobody, &a, &out));
    assert_text(out, "");
    assert_false(words_have(TEXT(""), TEXT("x")) || words_have(TEXT("xy"), TEXT("x")));
    assert_true(words_have(TEXT("y x"), TEXT("x")) && words_have(TEXT("*"), TEXT("x")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_whoever_is_no_administrator),
        cmocka_unit_test(lets_administrators_in),
        cmocka_unit_test(scopes_are_those_of_the_tenant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
