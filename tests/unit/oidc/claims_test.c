/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc/claims.h"

#include <stdio.h>

#include "check.h"

#define NOW  1000000
#define GOOD "\"iss\":\"https://dex.example\",\"aud\":\"fairlead\",\"sub\":\"me\",\"exp\":1000001"

static struct arena arena;

static int open_arena(void **state)
{
    (void)state;
    arena_init(&arena, 4096, 1024 * 1024);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static struct claims_wanted wanted(void)
{
    return (struct claims_wanted){.issuer = TEXT("https://dex.example"),
                                  .audience = TEXT("fairlead"),
                                  .tenant_claim = TEXT("tenants"),
                                  .scope_claim = TEXT("scope"),
                                  .skew_s = 60};
}

static void expect_refused(const char *json, const char *why)
{
    const struct claims_wanted w = wanted();
    struct error err = {.message = ""};
    struct claims out;
    if (claims_read(text_of(json), &w, NOW, &arena, &out, &err).code != E_INVALID)
        fail_msg("%s was taken", json);
    assert_string_equal(err.message, why);
}

static struct claims read_good(const char *json)
{
    const struct claims_wanted w = wanted();
    struct claims out;
    assert_ok(claims_read(text_of(json), &w, NOW, &arena, &out, NULL));
    return out;
}

static void refuses_tokens_for_others(void **state)
{
    (void)state;
    static const char issuer[] = "is by another issuer", audience[] = "is for another audience";
    expect_refused("{}", issuer);
    expect_refused("{\"iss\":\"https://dex.example/\"}", issuer);
    expect_refused("{\"iss\":[\"https://dex.example\"]}", issuer);
    expect_refused("{\"iss\":null}", issuer);
    expect_refused("{\"Iss\":\"https://dex.example\"}", issuer);
    expect_refused("{\"iss\":\"https://dex.example\"}", audience);
    expect_refused("{\"iss\":\"https://dex.example\",\"aud\":\"fair\"}", audience);
    expect_refused("{\"iss\":\"https://dex.example\",\"aud\":[]}", audience);
    expect_refused("{\"iss\":\"https://dex.example\",\"aud\":[\"other\",7,[\"fairlead\"]]}", audience);
    expect_refused("{\"iss\":\"https://dex.example\",\"aud\":{\"fairlead\":1}}", audience);
    expect_refused("{" GOOD ",\"iss\":\"https://other.example\"}", "has a payload that cannot be understood");
    expect_refused("{" GOOD ",\"x\":1,\"\\u0078\":2}", "has a payload that cannot be understood");
}

static void refuses_tokens_of_other_times(void **state)
{
    (void)state;
#define TIMED(more) "{\"iss\":\"https://dex.example\",\"aud\":\"fairlead\",\"sub\":\"me\"" more "}"
    static const char endless[] = "does not say when it ends", odd[] = "has a time that cannot be read";
    expect_refused(TIMED(""), endless);
    expect_refused(TIMED(",\"exp\":\"1000001\""), endless);
    expect_refused(TIMED(",\"exp\":1e9"), endless);
    expect_refused(TIMED(",\"exp\":-1"), endless);
    expect_refused(TIMED(",\"exp\":99999999999999"), endless);
    expect_refused(TIMED(",\"exp\":null"), endless);
    expect_refused(TIMED(",\"exp\":999940"), "has expired");
    expect_refused(TIMED(",\"exp\":999940.9"), "has expired");
    expect_refused(TIMED(",\"exp\":1000001,\"nbf\":1000061"), "is not valid yet");
    expect_refused(TIMED(",\"exp\":1000001,\"iat\":1000061"), "is not valid yet");
    expect_refused(TIMED(",\"exp\":1000001,\"nbf\":\"now\""), odd);
    (void)read_good(TIMED(",\"exp\":999941,\"nbf\":1000060,\"iat\":1000060.5"));
}

static void refuses_tokens_for_other_purposes(void **state)
{
    (void)state;
    static const char why[] = "is for another purpose: it tells of events";
    expect_refused("{" GOOD ",\"events\":{\"http://schemas.openid.net/event/backchannel-logout\":{}}}", why);
    expect_refused("{" GOOD ",\"events\":null}", why);
}

static void refuses_tokens_of_nobody(void **state)
{
    (void)state;
#define NOBODY "{\"iss\":\"https://dex.example\",\"aud\":\"fairlead\",\"exp\":1000001"
    static const char why[] = "does not say whose it is";
    char longer[512] = NOBODY ",\"sub\":\"";
    expect_refused(NOBODY "}", why);
    expect_refused(NOBODY ",\"sub\":\"\"}", why);
    expect_refused(NOBODY ",\"sub\":7}", why);
    expect_refused(NOBODY ",\"sub\":\"a\\nb\"}", why);
    expect_refused(NOBODY ",\"sub\":\"a\\u0000b\"}", why);
    static const char *const invisible[] = {"200b", "200f", "202a", "202e", "2066", "2069", "feff"};
    for (size_t i = 0; i < sizeof invisible / sizeof invisible[0]; i++) {
        char json[256];
        (void)snprintf(json, sizeof json, "%s,\"sub\":\"a\\u%sb\"}", NOBODY, invisible[i]);
        expect_refused(json, why);
    }
    const size_t n = strlen(longer);
    memset(longer + n, 'x', 256);
    memcpy(longer + n + 256, "\"}", 3);
    expect_refused(longer, why);
}

static void forgets_addresses_that_are_not_verified(void **state)
{
    (void)state;
    assert_text(read_good("{" GOOD ",\"email\":\"a@b.c\",\"email_verified\":false}").email, "");
    assert_text(read_good("{" GOOD ",\"email\":\"a@b.c\",\"email_verified\":\"false\"}").email, "");
    assert_text(read_good("{" GOOD ",\"email\":\"a@b.c\",\"email_verified\":0}").email, "");
    assert_text(read_good("{" GOOD ",\"email\":\"a@b.c\"}").email, "");
    assert_text(read_good("{" GOOD ",\"email\":[\"a@b.c\"]}").email, "");
    assert_text(read_good("{" GOOD ",\"email\":\"a@b.c\\u0007\"}").email, "");
    assert_text(read_good("{" GOOD ",\"email\":\"a@b.c\",\"email_verified\":true}").email, "a@b.c");
    assert_text(read_good("{" GOOD ",\"email\":\"a@b.c\",\"email_verified\":\"true\"}").email, "a@b.c");
}

static void reads_rights_as_text_and_as_arrays(void **state)
{
    (void)state;
    struct claims c = read_good("{" GOOD ",\"tenants\":[\"a\",7,\"b\"],\"scope\":\" x  y \"}");
    assert_text(c.tenants, "a b");
    assert_text(c.scopes, "x y");
    /* All is not a token's to give. */
    c = read_good("{" GOOD ",\"tenants\":\"* a *\",\"scope\":[\"*\"]}");
    assert_text(c.tenants, "a");
    assert_text(c.scopes, "");
    /* An element is one word. */
    c = read_good("{" GOOD ",\"tenants\":[\"a b\",\"c\",\" d\"],\"scope\":[\"x admin\"]}");
    assert_text(c.tenants, "c");
    assert_text(c.scopes, "");
    c = read_good("{" GOOD ",\"tenants\":{\"a\":1},\"scope\":null,\"groups\":\"admins\"}");
    assert_int_equal(c.tenants.n + c.scopes.n + c.group_count, 0);
    c = read_good("{" GOOD ",\"groups\":[\"admins\",null,\"Team \\\"A\\\"\"]}");
    assert_int_equal(c.group_count, 2);
    assert_text(c.groups[1], "Team \"A\"");
    struct claims_wanted w = wanted();
    w.tenant_claim = w.scope_claim = TEXT("");
    assert_ok(claims_read(TEXT("{" GOOD ",\"\":\"a\",\"tenants\":\"a\",\"scope\":\"b\"}"), &w, NOW, &arena,
                          &c, NULL));
    assert_int_equal(c.tenants.n + c.scopes.n, 0);
}

static struct status read_all(void)
{
    OWNED(arena_release) struct arena a;
    const struct claims_wanted w = wanted();
    struct claims out;
    arena_init(&a, 256, 1024 * 1024);
    return claims_read(TEXT("{" GOOD ",\"email\":\"a@b.c\",\"email_verified\":true,\"groups\":[\"g\"],"
                            "\"tenants\":\"a\",\"scope\":\"b\"}"),
                       &w, NOW, &a, &out, NULL);
}

static void survives_without_memory(void **state)
{
    (void)state;
    assert_survives_failing_allocations(read_all());
}

#define T(name) cmocka_unit_test_setup_teardown(name, open_arena, close_arena)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(refuses_tokens_for_others),
        T(refuses_tokens_of_other_times),
        T(refuses_tokens_for_other_purposes),
        T(refuses_tokens_of_nobody),
        T(forgets_addresses_that_are_not_verified),
        T(reads_rights_as_text_and_as_arrays),
        T(survives_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
