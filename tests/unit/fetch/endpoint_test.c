/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/endpoint.h"

#include "check.h"

/* What is read of answers: token_read, csrf_read. */

/* ---- token ---- */
static const char *read_token(const char *json, char token[static 256], int64_t *expires)
{
    struct buffer out;
    buffer_init(&out, 255);
    *expires = -2;
    const char *why = token_read(text_of(json), &out, expires);
    if (!why)
        assert_true(text_to_cstr(buffer_as_text(&out), token, 256));
    buffer_release(&out);
    return why ? why : "";
}

static void refuses_tokens_that_are_none(void **state)
{
    (void)state;
    static const struct {
        const char *json, *why;
    } rows[] = {
        {"", "is not JSON"},
        {"<html>", "is not JSON"},
        {"{\"access_token\":\"a\"", "is not JSON"},
        {"access_token=a&expires_in=1", "is not JSON"},
        {"{}", "has no access_token"},
        {"[]", "has no access_token"},
        {"\"access_token\"", "has no access_token"},
        {"[{\"access_token\":\"a\"}]", "has no access_token"},
        {"{\"access_token\":\"\"}", "has no access_token"},
        {"{\"access_token\":5}", "has no access_token"},
        {"{\"access_token\":null}", "has no access_token"},
        {"{\"access_token\":{\"a\":1}}", "has no access_token"},
        {"{\"data\":{\"access_token\":\"a\"}}", "has no access_token"},
        {"{\"access_token\":\"a\\r\\nX: y\"}", "has an access_token that cannot be sent"},
        {"{\"access_token\":\"a\\u0000b\"}", "has an access_token that cannot be sent"},
        {"{\"access_token\":\"a\\u007f\"}", "has an access_token that cannot be sent"},
        {"{\"access_token\":\"a\",\"expires_in\":\"soon\"}", "whole number of seconds"},
        {"{\"access_token\":\"a\",\"expires_in\":\"\"}", "whole number of seconds"},
        {"{\"access_token\":\"a\",\"expires_in\":3600.5}", "whole number of seconds"},
        {"{\"access_token\":\"a\",\"expires_in\":\"3600.\"}", "whole number of seconds"},
        {"{\"access_token\":\"a\",\"expires_in\":\".0\"}", "whole number of seconds"},
        {"{\"access_token\":\"a\",\"expires_in\":\"-\"}", "whole number of seconds"},
        {"{\"access_token\":\"a\",\"expires_in\":\" 1\"}", "whole number of seconds"},
        {"{\"access_token\":\"a\",\"expires_in\":36e2}", "whole number of seconds"},
        {"{\"access_token\":\"a\",\"expires_in\":true}", "whole number of seconds"},
        {"{\"access_token\":\"a\",\"expires_in\":{}}", "whole number of seconds"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char token[256] = "";
        int64_t expires;
        const char *why = read_token(rows[i].json, token, &expires);
        if (!strstr(why, rows[i].why) || why[0] == '\0')
            fail_msg("%s: '%s'", rows[i].json, why);
    }
}

static void refuses_a_token_longer_than_is_kept(void **state)
{
    (void)state;
    char json[400], token[256];
    int64_t expires;
    (void)snprintf(json, sizeof json, "{\"access_token\":\"%0300d\"}", 1);
    assert_string_equal(read_token(json, token, &expires), "has an access_token that cannot be sent");
}

static void reads_tokens_and_how_long_they_live(void **state)
{
    (void)state;
    static const struct {
        const char *json, *token;
        int64_t expires;
    } rows[] = {
        {"{\"access_token\":\"a\"}", "a", -1},
        {"{\"access_token\":\"a\",\"expires_in\":null}", "a", -1},
        {"{\"access_token\":\"a\",\"expires_in\":3600}", "a", 3600},
        {"{\"access_token\":\"a\",\"expires_in\":3600.0}", "a", 3600},
        {"{\"access_token\":\"a\",\"expires_in\":\"3600\"}", "a", 3600},
        {"{\"access_token\":\"a\",\"expires_in\":0}", "a", 0},
        {"{\"access_token\":\"a\",\"expires_in\":-7}", "a", 0},
        {"{\"access_token\":\"a\",\"expires_in\":2147483647}", "a", 2147483647},
        {"{\"access_token\":\"a\",\"expires_in\":99999999999999999999999}", "a", 2147483647},
        {" {\"Access_Token\" : \"a\\u002d1\", \"token_type\":\"mac\"} ", "a-1", -1},
        {"{\"access_token\":\"first\",\"access_token\":\"last\"}", "last", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char token[256] = "";
        int64_t expires;
        assert_string_equal(read_token(rows[i].json, token, &expires), "");
        assert_string_equal(token, rows[i].token);
        assert_int_equal(expires, rows[i].expires);
    }
}

/* ---- CSRF ---- */
static const char *read_csrf(struct text head, size_t max, char token[static 4096], char cookies[static 4096])
{
    struct buffer t, c;
    buffer_init(&t, max);
    buffer_init(&c, max);
    const char *why = csrf_read(head, &t, &c);
    if (!why) {
        assert_true(text_to_cstr(buffer_as_text(&t), token, 4096));
        assert_true(text_to_cstr(buffer_as_text(&c), cookies, 4096));
    }
    buffer_release(&t);
    buffer_release(&c);
    return why ? why : "";
}

static void refuses_what_cannot_be_sent_on(void **state)
{
    (void)state;
    static const struct {
        struct text head;
        const char *why;
    } rows[] = {
        {TEXT_INIT("X-CSRF-Token: a\rb\n"), "has an X-CSRF-Token that cannot be sent"},
        {TEXT_INIT("X-CSRF-Token: a\x01\n"), "has an X-CSRF-Token that cannot be sent"},
        {TEXT_INIT("X-CSRF-Token: a\0b\n"), "has an X-CSRF-Token that cannot be sent"},
        {TEXT_INIT("Set-Cookie: a=b\rX: y\n"), "has a cookie that cannot be sent"},
        {TEXT_INIT("Set-Cookie: a\x7f=b\n"), "has a cookie that cannot be sent"},
        {TEXT_INIT("Set-Cookie: a=b\0; Path=/\n"), "has a cookie that cannot be sent"},
        {TEXT_INIT("Set-Cookie: a=0123456789\nSet-Cookie: b=0123456789\n"),
         "has a token or cookies longer than what is kept"},
        {TEXT_INIT("x-csrf-token: 01234567890123456789\n"),
         "has a token or cookies longer than what is kept"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char token[4096], cookies[4096];
        assert_string_equal(read_csrf(rows[i].head, 16, token, cookies), rows[i].why);
    }
}

static void refuses_more_cookies_than_are_kept(void **state)
{
    (void)state;
    char token[4096], cookies[4096];
    struct buffer head;
    buffer_init(&head, 65536);
    for (int i = 0; i < CSRF_COOKIES_MAX; i++)
        buffer_printf(&head, "Set-Cookie: c%d=1\n", i);
    assert_string_equal(read_csrf(buffer_as_text(&head), 4096, token, cookies), "");
    buffer_text(&head, TEXT("Set-Cookie: c0=2\n"));
    assert_string_equal(read_csrf(buffer_as_text(&head), 4096, token, cookies), "");
    assert_non_null(strstr(cookies, "; c0=2"));
    buffer_text(&head, TEXT("Set-Cookie: more=1\n"));
    assert_string_equal(read_csrf(buffer_as_text(&head), 4096, token, cookies),
                        "has more cookies than are kept");
    buffer_release(&head);
}

static void reads_the_token_and_cookies(void **state)
{
    (void)state;
    static const struct {
        const char *head, *token, *cookies;
    } rows[] = {
        {"", "", ""},
        {"HTTP/1.1 200 OK\n\n", "", ""},
        {"X-CSRF-Token: \n", "", ""},
        {"x-csrf-TOKEN:abc== \nX-CSRF-Token: other\n", "abc==", ""},
        {"X-CSRF-Token-Old: a\nCookie: a=b\n", "", ""},
        {"Set-Cookie: a=b; Path=/; HttpOnly; Expires=Thu, 01 Jan 1970 00:00:00 GMT\n"
         "set-cookie:\tc=\"d e\"\n",
         "", "a=b; c=\"d e\""},
        {"Set-Cookie: a=1\nSet-Cookie: b=2\nSet-Cookie: a=3\n", "", "b=2; a=3"},
        {"Set-Cookie: a=1\nSet-Cookie: A=2\nSet-Cookie: ab=3\n", "", "a=1; A=2; ab=3"},
        {"Set-Cookie: a=x=y\nSet-Cookie: e=\n", "", "a=x=y; e="},
        {"Set-Cookie: nonsense\nSet-Cookie: =x\nSet-Cookie: ;a=b\nSet-Cookie:\n", "", ""},
        {"Set-Cookie: a=1; \x01\n", "", "a=1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char token[4096] = "", cookies[4096] = "";
        assert_string_equal(read_csrf(text_of(rows[i].head), 4096, token, cookies), "");
        assert_string_equal(token, rows[i].token);
        assert_string_equal(cookies, rows[i].cookies);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_tokens_that_are_none),
        cmocka_unit_test(refuses_a_token_longer_than_is_kept),
        cmocka_unit_test(refuses_what_cannot_be_sent_on),
        cmocka_unit_test(refuses_more_cookies_than_are_kept),
        cmocka_unit_test(reads_tokens_and_how_long_they_live),
        cmocka_unit_test(reads_the_token_and_cookies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
