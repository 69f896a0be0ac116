/* SPDX-License-Identifier: Apache-2.0 */
#include "config/check.h"

#include "check.h"

static void refuses_addresses_that_are_no_literal_with_port(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",           "8080",          ":8080",         "localhost:80",     "127.0.0.1",
        "127.0.0.1:", "127.0.0.1:x",   "1.2.3.4:65536", "::1:80",           "[::1]",
        "[::1]80",    "[127.0.0.1]:1", "1.2.3:80",      "127.0.0.1:080000", "[fe80::1%eth0]:1"};
    bool loopback;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (check_address(text_of(bad[i]), &loopback))
            fail_msg("'%s' was taken", bad[i]);
}

static void tells_loopback_addresses_from_others(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool loopback;
    } rows[] = {{"127.0.0.1:8080", true},       {"127.9.9.9:0", true}, {"[::1]:65535", true},
                {"0.0.0.0:80", false},          {"[::]:443", false},   {"10.0.0.1:1", false},
                {"[::ffff:127.0.0.1]:1", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool loopback = !rows[i].loopback;
        assert_true(check_address(text_of(rows[i].address), &loopback));
        assert_int_equal(loopback, rows[i].loopback);
    }
}

static void refuses_host_names_that_dns_would_refuse(void **state)
{
    (void)state;
    static const char *const bad[] = {"",   ".",   "a.",  ".a",  "a..b",       "-a",
                                      "a-", "a_b", "a b", "a/b", "caf\xc3\xa9"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (check_host_name(text_of(bad[i])))
            fail_msg("'%s' was taken", bad[i]);
    char label[65];
    memset(label, 'a', 64);
    label[64] = '\0';
    assert_false(check_host_name((struct text){label, 64}));
    assert_true(check_host_name((struct text){label, 63}));
    assert_true(check_host_name(TEXT("xn--caf-dma.example")));
}

static void refuses_networks_with_host_bits(void **state)
{
    (void)state;
    static const char *const bad[] = {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1",
                                      "fe80::1/64", "::/129",      "x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (check_network(text_of(bad[i])))
            fail_msg("'%s' was taken", bad[i]);
    static const char *const good[] = {"10.0.0.0/8", "10.0.0.1",  "10.0.0.1/32",
                                       "0.0.0.0/0",  "fe80::/10", "::1"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!check_network(text_of(good[i])))
            fail_msg("'%s' was refused", good[i]);
}

static void refuses_urls_that_cannot_be_a_base(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "https://",
                                      "http://a",
                                      "HTTPS://a",
                                      "https://a/",
                                      "https://a?x",
                                      "https://a#x",
                                      "https://u@a",
                                      "https://u:p@a",
                                      "https://a:99999",
                                      "https://a/b c",
                                      "https://[::1",
                                      "https://[]",
                                      "https://a\r\nX: y",
                                      "ftp://a"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (check_url(text_of(bad[i]), false))
            fail_msg("'%s' was taken", bad[i]);
    static const char *const good[] = {"https://a",     "https://a.b:8443",  "https://a/b/c",
                                       "https://[::1]", "https://[::1]:1/x", "https://127.0.0.1:1"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!check_url(text_of(good[i]), false))
            fail_msg("'%s' was refused", good[i]);
    assert_true(check_url(TEXT("http://a"), true));
}

static void refuses_origins_that_no_browser_sends(void **state)
{
    (void)state;
    static const char *const bad[] = {"*",
                                      "null",
                                      "",
                                      "example.com",
                                      "ftp://example.com",
                                      "https://",
                                      "https://example.com/",
                                      "https://example.com/a",
                                      "https://Example.com",
                                      "HTTPS://example.com",
                                      "https://*.example.com",
                                      "https://u@example.com",
                                      "https://example.com:443",
                                      "http://example.com:80",
                                      "https://example.com?",
                                      "https://example.com, https://b"};
    static const char *const good[] = {"https://example.com", "http://localhost:3000", "https://[::1]:8443",
                                       "http://example.com:443"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(check_origin(text_of(bad[i])));
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(check_origin(text_of(good[i])));
}

static void refuses_control_characters_and_bad_utf8(void **state)
{
    (void)state;
    static const char *const bad[] = {"a\nb", "\x1b[31m", "a\x7f", "\xc2\x85", "\xff", "\xc3"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(check_printable(text_of(bad[i])));
    assert_false(check_printable((struct text){"a\0b", 3}));
    assert_true(check_printable(TEXT("")));
    assert_true(check_printable(TEXT("Gie\xc3\x9f"
                                     "en \xe2\x82\xac")));
}

static void an_issuer_is_https_or_on_loopback(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "dex.example",
                                      "http://dex.example",
                                      "http://localhost.example",
                                      "http://127.0.0.1.example/",
                                      "http://10.0.0.1",
                                      "http://127.0.0.1@dex.example",
                                      "http://[fe80::1]/",
                                      "https://dex.example//",
                                      "https://dex.example/?x",
                                      "https://me@dex.example",
                                      "ftp://127.0.0.1"};
    static const char *const good[] = {"https://dex.example",
                                       "https://dex.example/",
                                       "https://dex.example/a/b/",
                                       "http://127.0.0.1:5556/dex",
                                       "http://127.0.0.1",
                                       "http://[::1]:5556/dex/",
                                       "http://[::1]",
                                       "http://localhost:5556"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (check_issuer_url(text_of(bad[i])))
            fail_msg("'%s' was taken", bad[i]);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!check_issuer_url(text_of(good[i])))
            fail_msg("'%s' was refused", good[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_issuer_is_https_or_on_loopback),
        cmocka_unit_test(refuses_addresses_that_are_no_literal_with_port),
        cmocka_unit_test(tells_loopback_addresses_from_others),
        cmocka_unit_test(refuses_host_names_that_dns_would_refuse),
        cmocka_unit_test(refuses_networks_with_host_bits),
        cmocka_unit_test(refuses_urls_that_cannot_be_a_base),
        cmocka_unit_test(refuses_origins_that_no_browser_sends),
        cmocka_unit_test(refuses_control_characters_and_bad_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
