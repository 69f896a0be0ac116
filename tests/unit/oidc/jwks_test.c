/* SPDX-License-Identifier: Apache-2.0 */
#include "issue.h"

static struct issue rsa, ec, ed;
static struct arena arena;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, 4096, 8 * 1024 * 1024);
    issue_new(&rsa, "rsa:2048", "r");
    issue_new(&ec, "ec:P-256", "e");
    issue_new(&ed, "ed25519", "d");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    issue_free(&rsa);
    issue_free(&ec);
    issue_free(&ed);
    arena_release(&arena);
    return 0;
}

static unsigned count_of(struct text key)
{
    struct jwks keys;
    assert_ok(jwks_read(arena_printf(&arena, "{\"keys\":[%.*s]}", TEXT_ARG(key)), &arena, &keys, NULL));
    return keys.count;
}

static void refuses_what_is_no_key_set(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "[]",
                                      "{}",
                                      "{\"keys\":{}}",
                                      "{\"keys\":null}",
                                      "{\"Keys\":[]}",
                                      "{\"keys\":[],\"keys\":[]}",
                                      "{\"keys\":[]} x"};
    struct jwks keys;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_status(jwks_read(text_of(bad[i]), &arena, &keys, NULL), E_INVALID);
}

static void refuses_more_keys_than_anybody_has(void **state)
{
    (void)state;
    OWNED(buffer_release) struct buffer set;
    struct jwks keys;
    buffer_init(&set, JWKS_BYTES);
    for (unsigned i = 0; i <= JWKS_KEYS_MAX; i++) {
        buffer_cstr(&set, i ? "," : "{\"keys\":[");
        buffer_text(&set, issue_jwk(&ec, &arena, ""));
    }
    buffer_cstr(&set, "]}");
    assert_status(jwks_read(buffer_as_text(&set), &arena, &keys, NULL), E_INVALID);
}

static void passes_over_keys_for_something_else(void **state)
{
    (void)state;
    static const char *const members[] = {
        "\"use\":\"enc\",",   "\"use\":\"SIG\",",        "\"use\":1,",         "\"key_ops\":[\"sign\"],",
        "\"key_ops\":[],",    "\"key_ops\":\"verify\",", "\"alg\":\"HS256\",", "\"alg\":\"RS512\",",
        "\"alg\":\"ES256\",", "\"alg\":\"none\",",       "\"alg\":5,",         "\"d\":\"AQAB\",",
        "\"p\":\"AQAB\",",    "\"kty\":\"RSA\",",        "\"n\":\"AQAB\",",    "\"alg\":\"RSA-OAEP-256\",",
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (count_of(issue_jwk(&rsa, &arena, members[i])) != 0)
            fail_msg("%s was taken", members[i]);
}

#define N2047 "f____________________________________________________________________________________________"
static void passes_over_keys_that_are_weak_or_malformed(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "1",
        "{}",
        "{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}",
        "{\"kty\":\"RSA\"}",
        "{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":\"" N2047 "\",\"e\":\"AQAB\"}", /* far below 2048 bits */
        "{\"kty\":\"RSA\",\"n\":17,\"e\":\"AQAB\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQAB\",\"y\":\"AQAB\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\"}",
        "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AQAB\",\"y\":\"AQAB\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AQAB\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"AQAB\"}",
        "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"}",
        ("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":1,\"x\":\"11qYAYKxCrfVS_"
         "7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (count_of(text_of(bad[i])) != 0)
            fail_msg("%s was taken", bad[i]);
}

/* RSA's numbers have one form (RFC 7518 6.3.1), are odd, and 1 is no exponent. */
static void passes_over_odd_numbers_of_rsa(void **state)
{
    (void)state;
    uint8_t n[257];
    static const struct {
        uint8_t first, last;
        size_t size;
        const char *e;
        unsigned taken;
    } rows[] = {
        {0x80, 1, 256, "AQAB", 1}, {0x7f, 1, 256, "AQAB", 0},
        {0x80, 2, 256, "AQAB", 0}, {0, 1, 257, "AQAB", 0},
        {0x80, 1, 256, "AQ", 0},   {0x80, 1, 256, "Ag", 0},
        {0x80, 1, 256, "AAED", 0}, {0x80, 1, 256, "AwAAAAAAAAAAAQ", 0},
        {0x80, 1, 256, "Aw", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memset(n, 0x55, sizeof n);
        n[0] = rows[i].first;
        n[rows[i].size - 1] = rows[i].last;
        const struct text modulus = issue_base64url(&arena, (struct bytes){n, rows[i].size});
        assert_int_equal(count_of(arena_printf(&arena, "{\"kty\":\"RSA\",\"n\":\"%.*s\",\"e\":\"%s\"}",
                                               TEXT_ARG(modulus), rows[i].e)),
                         rows[i].taken);
    }
}

static void takes_what_issuers_publish(void **state)
{
    (void)state;
    const struct text set = arena_printf(
        &arena, "{\"keys\":[%.*s,%.*s,{\"kty\":\"EC\",\"crv\":\"P-521\"},%.*s],\"more\":true}",
        TEXT_ARG(issue_jwk(&rsa, &arena, "\"use\":\"sig\",\"alg\":\"RS256\",\"x5c\":[\"MIIC\"],")),
        TEXT_ARG(issue_jwk(&ec, &arena, "\"key_ops\":[\"sign\",\"verify\"],")),
        TEXT_ARG(issue_jwk(&ed, &arena, "\"alg\":\"EdDSA\",")));
    struct jwks keys;
    assert_ok(jwks_read(set, &arena, &keys, NULL));
    assert_int_equal(keys.count, 3);
    assert_text(keys.key[0].kid, "r");
    assert_true(keys.key[0].bound && keys.key[0].algorithm == JWA_RS256 && keys.key[0].key.bits == 2048);
    assert_true(!keys.key[1].bound && keys.key[1].key.kind == KEY_EC_P256);
    assert_true(keys.key[2].bound && keys.key[2].key.kind == KEY_ED25519);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_key_set),
        cmocka_unit_test(refuses_more_keys_than_anybody_has),
        cmocka_unit_test(passes_over_keys_for_something_else),
        cmocka_unit_test(passes_over_keys_that_are_weak_or_malformed),
        cmocka_unit_test(passes_over_odd_numbers_of_rsa),
        cmocka_unit_test(takes_what_issuers_publish),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
