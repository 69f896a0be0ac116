/* SPDX-License-Identifier: Apache-2.0 */
#include "issue.h"

#include <stdio.h>

#define CLAIMS "{\"iss\":\"https://dex.example\",\"sub\":\"me\"}"

static struct issue rsa, ec, ed;
static struct arena arena;

static int start(void **state)
{
    (void)state;
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
    return 0;
}

static int open_arena(void **state)
{
    (void)state;
    arena_init(&arena, 4096, 4 * 1024 * 1024);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static struct jwks keys_of(struct text json)
{
    struct jwks keys;
    assert_ok(jwks_read(json, &arena, &keys, NULL));
    return keys;
}

static struct jwk key_of(const struct issue *i)
{
    const struct jwks keys =
        keys_of(arena_printf(&arena, "{\"keys\":[%.*s]}", TEXT_ARG(issue_jwk(i, &arena, ""))));
    assert_int_equal(keys.count, 1);
    return keys.key[0];
}

static void expect_refused(struct text token, const char *why)
{
    struct error err = {.message = ""};
    struct jwt t;
    assert_status(jwt_read(token, &arena, &t, &err), E_INVALID);
    assert_string_equal(err.message, why);
}

static void expect_header_refused(const char *header, const char *why)
{
    expect_refused(issue_token(&rsa, &arena, "RS256", header, CLAIMS), why);
}

static void refuses_what_is_no_token(void **state)
{
    (void)state;
    char huge[JWT_BYTES + 2];
    memset(huge, 'a', sizeof huge);
    static const char *const bad[] = {"", "a", "a.b", "a.b.c.d", "...."};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect_refused(text_of(bad[i]), "does not have three parts");
    expect_refused((struct text){huge, sizeof huge}, "is larger than 16384 bytes");
    expect_refused(TEXT(".."), "has a header that is not base64url");
    expect_refused(TEXT("e30=.e30.AA"), "has a header that is not base64url"); /* padding */
    expect_refused(TEXT("e30.e31.AA"), "is not signed with RS256, PS256, ES256 or EdDSA");
    expect_refused(TEXT("e31.e30.AA"), "has a header that is not base64url"); /* unused bits */
    expect_refused(TEXT("e3\n0.e30.AA"), "has a header that is not base64url");
    expect_refused(TEXT("+/8.e30.AA"), "has a header that is not base64url"); /* the other alphabet */
    expect_refused(TEXT("W10.e30.AA"), "has a header that is no JSON object");
}

static void refuses_truncated_tokens(void **state)
{
    (void)state;
    for (size_t cut = 1; cut < 60; cut++) {
        struct jwt t;
        const struct jwk again = key_of(&rsa);
        const struct text token = issue_plain(&rsa, &arena, "RS256", CLAIMS);
        if (status_ok(jwt_read(text_first(token, token.n - cut), &arena, &t, NULL)))
            assert_status(jwt_verify(&t, &again, NULL), E_INVALID);
        arena_reset(&arena);
    }
}

static void refuses_headers_that_change_the_rules(void **state)
{
    (void)state;
    static const char unsigned_[] = "is not signed with RS256, PS256, ES256 or EdDSA";
    static const char unclear[] = "has a header that cannot be understood";
    static const char extensions[] = "wants extensions that are not understood";
    static const char other[] = "is for another purpose, as its type says";
    static const struct {
        const char *header, *why;
    } rows[] = {
        {"{\"alg\":\"none\"}", unsigned_},
        {"{\"alg\":\"None\"}", unsigned_},
        {"{\"alg\":\"\"}", unsigned_},
        {"{}", unsigned_},
        {"{\"alg\":\"HS256\"}", unsigned_},
        {"{\"alg\":\"RS512\"}", unsigned_},
        {"{\"alg\":\"rs256\"}", unsigned_},
        {"{\"alg\":\"ES256K\"}", unsigned_},
        {"{\"Alg\":\"RS256\"}", unsigned_},
        {"{\"alg\":256}", unclear},
        {"{\"alg\":\"none\",\"alg\":\"RS256\"}", unclear},
        {"{\"alg\":\"RS256\",\"al\\u0067\":\"none\"}", unclear},
        {"{\"alg\":\"RS256\",\"x\":1,\"x\":1}", unclear},
        {"{\"alg\":\"RS256\",\"kid\":7}", unclear},
        {"{\"alg\":\"RS256\",\"crit\":[\"exp\"]}", extensions},
        {"{\"alg\":\"RS256\",\"crit\":[]}", extensions},
        {"{\"alg\":\"RS256\",\"b64\":false}", extensions},
        {"{\"alg\":\"RS256\",\"typ\":\"logout+jwt\"}", other},
        {"{\"alg\":\"RS256\",\"typ\":\"JOSE\"}", other},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_header_refused(rows[i].header, rows[i].why);
}

static void refuses_payloads_that_are_no_object(void **state)
{
    (void)state;
    static const char *const bad[] = {"[]", "1", "\"x\"", "{", "{} {}", "{\"a\":}", "{\"a\":\"\xff\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect_refused(issue_plain(&rsa, &arena, "RS256", bad[i]), "has a payload that is no JSON object");
}

/* A MAC keyed with the public key, which everybody knows (RFC 8725 2.1). */
static void refuses_a_mac_with_the_public_key(void **state)
{
    (void)state;
    const struct jwk key = key_of(&rsa);
    struct jwt t;
    expect_refused(issue_plain(&rsa, &arena, "HS256", CLAIMS),
                   "is not signed with RS256, PS256, ES256 or EdDSA");
    /* The same under a name that is allowed. */
    assert_ok(jwt_read(issue_token(&rsa, &arena, "HS256", "{\"alg\":\"RS256\",\"kid\":\"r\"}", CLAIMS),
                       &arena, &t, NULL));
    assert_status(jwt_verify(&t, &key, NULL), E_INVALID);
}

static void refuses_a_key_of_another_kind(void **state)
{
    (void)state;
    const struct issue *const issues[] = {&rsa, &ec, &ed};
    static const char *const algorithms[] = {"RS256", "PS256", "ES256", "EdDSA"};
    static const bool fits[4][3] = {{true}, {true}, {false, true}, {false, false, true}};
    for (size_t a = 0; a < 4; a++) {
        for (size_t k = 0; k < 3; k++) {
            struct jwk key = key_of(issues[k]);
            key.kid = TEXT("");
            struct jwt t = {.covered = TEXT("a.b"), .signature = BYTES_OF("0123456789")};
            assert_true(jwa_find(text_of(algorithms[a]), &t.algorithm));
            assert_int_equal(jwt_may_be_by(&t, &key), fits[a][k]);
            assert_status(jwt_verify(&t, &key, NULL), E_INVALID);
        }
    }
}

static void refuses_another_padding_and_another_key_id(void **state)
{
    (void)state;
    struct jwk key = key_of(&rsa);
    struct jwt t;
    /* PKCS #1 v1.5 under the name of PSS, and the other way round. */
    assert_ok(jwt_read(issue_token(&rsa, &arena, "RS256", "{\"alg\":\"PS256\"}", CLAIMS), &arena, &t, NULL));
    assert_status(jwt_verify(&t, &key, NULL), E_INVALID);
    assert_ok(jwt_read(issue_token(&rsa, &arena, "PS256", "{\"alg\":\"RS256\"}", CLAIMS), &arena, &t, NULL));
    assert_status(jwt_verify(&t, &key, NULL), E_INVALID);
    assert_ok(jwt_read(issue_token(&rsa, &arena, "RS256", "{\"alg\":\"RS256\",\"kid\":\"R\"}", CLAIMS),
                       &arena, &t, NULL));
    assert_status(jwt_verify(&t, &key, NULL), E_INVALID);
    /* A key that is for PS256 alone. */
    key.bound = true;
    key.algorithm = JWA_PS256;
    assert_ok(jwt_read(issue_plain(&rsa, &arena, "RS256", CLAIMS), &arena, &t, NULL));
    assert_status(jwt_verify(&t, &key, NULL), E_INVALID);
}

static void refuses_a_changed_bit(void **state)
{
    (void)state;
    const struct jwk key = key_of(&ec);
    struct jwt t;
    assert_ok(jwt_read(issue_plain(&ec, &arena, "ES256", CLAIMS), &arena, &t, NULL));
    for (size_t i = 0; i < t.signature.n; i++) {
        uint8_t changed[64];
        struct jwt other = t;
        memcpy(changed, t.signature.p, sizeof changed);
        changed[i] ^= 1;
        other.signature = BYTES_OF(changed);
        assert_status(jwt_verify(&other, &key, NULL), E_INVALID);
    }
    static const uint8_t zeros[64];
    t.signature = BYTES_OF(zeros);
    assert_status(jwt_verify(&t, &key, NULL), E_INVALID);
    t.signature.n = 63;
    assert_status(jwt_verify(&t, &key, NULL), E_INVALID);
}

static void takes_each_algorithm(void **state)
{
    (void)state;
    const struct {
        const struct issue *issue;
        const char *algorithm;
    } rows[] = {{&rsa, "RS256"}, {&rsa, "PS256"}, {&ec, "ES256"}, {&ed, "EdDSA"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct jwk key = key_of(rows[i].issue);
        struct jwt t;
        const struct text token = issue_plain(rows[i].issue, &arena, rows[i].algorithm, CLAIMS);
        assert_true(jwt_looks_like_one(token));
        assert_ok(jwt_read(token, &arena, &t, NULL));
        assert_text(t.kid, rows[i].issue->kid);
        assert_text(t.claims, CLAIMS);
        assert_ok(jwt_verify(&t, &key, NULL));
    }
    static const char *const types[] = {"JWT", "jwt", "at+jwt", "application/at+jwt", ""};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char header[64];
        struct jwt t;
        (void)snprintf(header, sizeof header, "{\"alg\":\"RS256\",\"typ\":\"%s\"}", types[i]);
        assert_ok(jwt_read(issue_token(&rsa, &arena, "RS256", header, CLAIMS), &arena, &t, NULL));
    }
}

/* ---- published vectors ---- */

static void verify_vector(const char *jwk, const char *token)
{
    const struct jwks keys = keys_of(arena_printf(&arena, "{\"keys\":[%s]}", jwk));
    struct jwt t;
    assert_int_equal(keys.count, 1);
    assert_ok(jwt_read(text_of(token), &arena, &t, NULL));
    assert_ok(jwt_verify(&t, &keys.key[0], NULL));
    t.covered.n--;
    assert_status(jwt_verify(&t, &keys.key[0], NULL), E_INVALID);
}

#define RFC7515_PAYLOAD                                                                                      \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

static void takes_the_vectors_of_rfc_7515(void **state)
{
    (void)state;
    verify_vector("{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-"
                  "Vaw-4qPCJrcS2mJPMEz"
                  "P1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-"
                  "bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS"
                  "-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-"
                  "DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcD"
                  "TW9gb54h4FRWyuXpoQ\",\"e\":\"AQAB\"}",
                  "eyJhbGciOiJSUzI1NiJ9." RFC7515_PAYLOAD
                  ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
                  "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQ"
                  "jbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_"
                  "eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqt"
                  "FZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_"
                  "IoypGlUPQGe77Rw");
    verify_vector("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                  "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
                  "eyJhbGciOiJFUzI1NiJ9." RFC7515_PAYLOAD
                  ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
}

/* RFC 8037 A.4; its payload is no JSON, so it is put together here. */
static void takes_the_vector_of_rfc_8037(void **state)
{
    (void)state;
    const struct jwks keys = keys_of(TEXT("{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
                                          "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"));
    struct jwt t = {.algorithm = JWA_EDDSA,
                    .covered = TEXT("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc")};
    struct member m = {
        .name = "s",
        .type = JSON_TYPE_STRING,
        .raw = TEXT(
            "\"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg\"")};
    assert_ok(member_base64url(&m, &arena, &t.signature, NULL));
    assert_ok(jwt_verify(&t, &keys.key[0], NULL));
    t.covered.n--;
    assert_status(jwt_verify(&t, &keys.key[0], NULL), E_INVALID);
}

static struct status read_and_verify(struct text token, struct text set)
{
    OWNED(arena_release) struct arena a;
    struct jwks keys;
    struct jwt t;
    arena_init(&a, 4096, 1024 * 1024);
    TRY(jwks_read(set, &a, &keys, NULL));
    TRY(jwt_read(token, &a, &t, NULL));
    return keys.count == 1 ? jwt_verify(&t, &keys.key[0], NULL) : STATUS(NOMEM);
}

static void survives_without_memory(void **state)
{
    (void)state;
    const struct text token = issue_plain(&ec, &arena, "ES256", CLAIMS);
    const struct text set = arena_printf(&arena, "{\"keys\":[%.*s]}", TEXT_ARG(issue_jwk(&ec, &arena, "")));
    assert_survives_failing_allocations(read_and_verify(token, set));
}

#define T(name) cmocka_unit_test_setup_teardown(name, open_arena, close_arena)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(refuses_what_is_no_token),
        T(refuses_truncated_tokens),
        T(refuses_headers_that_change_the_rules),
        T(refuses_payloads_that_are_no_object),
        T(refuses_a_mac_with_the_public_key),
        T(refuses_a_key_of_another_kind),
        T(refuses_another_padding_and_another_key_id),
        T(refuses_a_changed_bit),
        T(takes_each_algorithm),
        T(takes_the_vectors_of_rfc_7515),
        T(takes_the_vector_of_rfc_8037),
        T(survives_without_memory),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
