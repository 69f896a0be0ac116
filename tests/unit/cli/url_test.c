/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/url.h"

#include "check.h"

static void refuses_what_is_no_https_url_of_a_host(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "http://a/",
        "https://",
        "https:///x",
        "https://a b/",
        "https://a/b c",
        "https://a/\n",
        "https://u@a/",
        "https://u:p@a/x",
        "https://a:0/",
        "https://a:x/",
        "https://a:99999/",
        "https://a/#x",
        "https://[::1/x",
        "https://[a]/",
        "https://a?x=y",
        "https://a_b/",
        "https://a/\"x\"",
        "https://\xc3\xa4/",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct url url;
        struct error err = {.code = E_OK};
        if (status_ok(url_parse(text_of(bad[i]), &url, &err)))
            fail_msg("'%s' was taken", bad[i]);
        assert_true(err.message[0] != '\0');
        assert_null(strstr(err.message, "u:p")); /* never quotes the URL */
    }
}

static void splits_authority_and_target(void **state)
{
    (void)state;
    static const struct {
        const char *in, *host, *port, *authority, *target;
    } rows[] = {
        {"https://a", "a", "443", "a", "/"},
        {"https://a.b:8443/x?token=ab==", "a.b", "8443", "a.b:8443", "/x?token=ab=="},
        {"https://[::1]:1/", "::1", "1", "[::1]:1", "/"},
        {"https://[::1]/x", "::1", "443", "[::1]", "/x"},
        {"https://127.0.0.1/x", "127.0.0.1", "443", "127.0.0.1", "/x"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct url url;
        assert_ok(url_parse(text_of(rows[i].in), &url, NULL));
        assert_string_equal(url.host, rows[i].host);
        assert_string_equal(url.port, rows[i].port);
        assert_text(url.authority, rows[i].authority);
        assert_text(url.target, rows[i].target);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_https_url_of_a_host),
        cmocka_unit_test(splits_authority_and_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
