/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/validate.h"

#include "base/buffer.h"
#include "check.h"

#define NAME(list) (sizeof(list) / sizeof((list)[0]))

/* The contract's table (1.7), and what follows from its pattern. */
static const char *const rejected[] = {
    "",
    "h",
    "abc",
    "a.b",
    "abcd",
    "localhost",
    "foo_bar",
    "test_com/token",
    "/path",
    "//h.com/x",
    "256.1.1.1",
    "http://256.1.1.1",
    "http://1.2",
    "http://::1/",
    "https://h.com:123456/",
    "https://h.com:/",
    "https://h.com/a b",
    "https://h.com/a%zz",
    "https://h.com/a%2",
    "https://h.com/#%zz",
    "https://u%zz@h.com/",
    " http://h.com",
    "http://h.com ",
    "http://h.com\n",
    "http://h.com/\x01",
    "http://h.com/\x7f",
    "javascript:alert(1)",
    "http:h.com",
    "http:/h.com",
    "http://",
    "http:///x",
    "http://-a.com",
    "http://.a.com",
    ".a.com",
    "HTTP://h.com",
    "http://$h.com",
    "http://h,com",
    "http://h.com;x",
    "gopher://h.com",
    "ldap://h.com",
    "file://h.com",
    "ftps://h.com",
    "://h.com",
    "http://\xc3\xa4---b.com",
    "http://[::1].",
    "http://a.com..",
    "http://_a.com",
    "http://\xf0\x90\x80\x80.com", /* beyond U+FFFF */
    "http://h.com/\xff",           /* no UTF-8 */
    "http://[]",
    "http://[::1",
    "http://[::1]x",
    "http://[1:2:3:4:5:6:7]",
    "http://[1:2:3:4:5:6:7:8:9]",
    "http://[1:2:3:4:5:6:7::8]",
    "http://[1::2::3]",
    "http://[12345::]",
    "http://[::1.2.3]",
    "http://[::1.2.3.256]",
    "http://[1:2:3:4:5::1.2.3.4]",
    "http://[fe80::1%en0]",
    "http://[fe80::1%]",
    "http://u ser@h.com",
    "http://\xc3\xa4@h.com",
};
static const char *const accepted[] = {
    "http://h.com",
    "h.com",
    "ab.c",
    "example.com/path",
    "http://h",
    "http://1",
    "http://svc:8080/x",
    "localhost:80",
    "10.0.0.1",
    "10.0.0.1:80/x",
    "1.2.3.4.5",
    "999.999.999.999",
    "[::1]",
    "http://[::1]",
    "https://[::1]:8443/x",
    "https://h.com:99999/",
    "https://h.com:0/",
    "https://h.com?x=1",
    "https://h.com#f",
    "https://h.com?",
    "http://u:p@h.com",
    "http://u@h.com",
    "mailto:a@b.c",
    "http://a_b.com",
    "http://a-.com",
    "http://a..b",
    "http://a.com.",
    "https://ex\xc3\xa4mple.com",
    "https://\xe4\xbe\x8b\xe3\x81\x88.jp",
    "http://h.com/{id}",
    "http://h.com/<b>",
    "http://h.com/Xyz('1')",
    "ftp://h",
    "tcp://h",
    "udp://h",
    "ws://h",
    "wss://h",
    "http://www.\xc3\xa4z1",
    "http://h.com/x@y.com",
    "gopher://u@h.com", /* the pattern's user information is anything up to an '@' */
    "http://[1:2:3:4:5:6:7:8]",
    "http://[1::]",
    "http://[::]",
    "http://[1:2:3:4:5:6:7::]",
    "http://[::ffff:1.2.3.4]:80/",
    "http://[::ffff:0:1.2.3.4]",
    "http://[1:2:3:4::1.2.3.4]",
    "http://[fe80::1%25en0]",
    "http://a---b.com",
    "http://x/y@[::1].",
};

static void refuses_what_the_contract_lists(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAME(rejected); i++) {
        if (registry_url_is_valid(text_of(rejected[i])))
            fail_msg("'%s' was accepted", rejected[i]);
    }
    assert_false(registry_url_is_valid((struct text){NULL, 0}));
    assert_false(registry_url_is_valid(TEXT("http://h.com/\0x")));
}

static void accepts_what_the_contract_lists(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAME(accepted); i++) {
        if (!registry_url_is_valid(text_of(accepted[i])))
            fail_msg("'%s' was refused", accepted[i]);
    }
}

/* Bytes at the short end, code points at the long one. */
static void length_counts_bytes_below_and_characters_above(void **state)
{
    (void)state;
    assert_false(registry_url_is_valid(TEXT("a.b")));
    assert_true(registry_url_is_valid(TEXT("\xc3\xa4.b"))); /* three characters */
    for (int wide = 0; wide < 2; wide++) {
        for (size_t characters = 2080; characters < 2086; characters++) {
            OWNED(buffer_release) struct buffer b;
            buffer_init(&b, 10000);
            buffer_text(&b, TEXT("http://h.com/"));
            for (size_t i = 13; i < characters; i++)
                buffer_text(&b, wide ? TEXT("\xe2\x82\xac") : TEXT("x"));
            assert_int_equal(registry_url_is_valid(buffer_as_text(&b)), characters <= 2082);
        }
    }
}

/* A prefix of what is accepted, each byte of it changed, and hosts at their longest, in bounded time. */
static void decides_every_neighbour(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAME(accepted); i++) {
        const size_t length = strlen(accepted[i]);
        for (size_t n = 0; n <= length; n++) {
            char copy[64]; /* its own memory, so that a read too far is seen */
            memcpy(copy, accepted[i], n);
            registry_url_is_valid((struct text){copy, n});
            for (int c = 0; n > 0 && c < 256; c++) {
                copy[n - 1] = (char)c;
                registry_url_is_valid((struct text){copy, n});
            }
        }
    }
    static const char *const units[] = {"a", "a-", "a.", "1.", "@", "a@", "[", "[:", ":", "%41", "a-a.-"};
    for (size_t i = 0; i < NAME(units); i++) {
        OWNED(buffer_release) struct buffer b;
        buffer_init(&b, 10000);
        buffer_text(&b, TEXT("http://"));
        while (buffer_size(&b) < 2070)
            buffer_cstr(&b, units[i]);
        registry_url_is_valid(buffer_as_text(&b));
        buffer_text(&b, TEXT("!"));
        registry_url_is_valid(buffer_as_text(&b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_the_contract_lists),
        cmocka_unit_test(length_counts_bytes_below_and_characters_above),
        cmocka_unit_test(decides_every_neighbour),
        cmocka_unit_test(accepts_what_the_contract_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
