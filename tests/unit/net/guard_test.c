/* SPDX-License-Identifier: Apache-2.0 */
#include "net/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "check.h"
#include "os/sockets.h"

#define OWN      "one of this server's own listeners (outbound.allow_own_listeners)"
#define LOOPBACK "a loopback address, this host itself (outbound.allow_loopback)"
#define LINK     "a link-local address, where cloud metadata services live"
#define METADATA "a cloud metadata service"
#define ANY      "an unspecified address, which means this host"
#define RESERVED "reserved, no host can have it"
#define EXAMPLE  "reserved for examples in documentation, no host can have it"
#define GROUP    "a multicast address"

static const char *check_text(const struct guard *g, const char *address)
{
    struct socket_address a;
    assert_ok(socket_address_parse(text_of(address), &a, NULL));
    return guard_check(g, &a.any, a.any.sa_family == AF_INET ? sizeof a.v4 : sizeof a.v6);
}

struct judgement {
    const char *address;
    const char *why; /* NULL: fine */
};

static void judge(const struct guard *g, const struct judgement *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *why = check_text(g, rows[i].address);
        if (!why != !rows[i].why || (why && strcmp(why, rows[i].why) != 0))
            fail_msg("%s is %s, expected %s", rows[i].address, why ? why : "fine",
                     rows[i].why ? rows[i].why : "fine");
    }
}

#define JUDGE(g, rows) judge((g), (rows), sizeof(rows) / sizeof(rows)[0])

static void refuses_every_class_that_is_never_a_target(void **state)
{
    (void)state;
    static const struct guard g = {0};
    static const struct judgement rows[] = {
        {"0.0.0.0:80", ANY},
        {"0.1.2.3:80", ANY},
        {"127.0.0.1:80", LOOPBACK},
        {"127.255.255.254:80", LOOPBACK},
        {"169.254.169.254:80", LINK},
        {"169.254.170.2:80", LINK},
        {"169.254.0.1:80", LINK},
        {"100.100.100.200:80", METADATA},
        {"192.0.0.192:80", METADATA},
        {"168.63.129.16:80", METADATA},
        {"192.0.0.8:80", RESERVED},
        {"192.88.99.1:80", RESERVED},
        {"192.0.2.1:80", EXAMPLE},
        {"198.51.100.255:80", EXAMPLE},
        {"203.0.113.0:80", EXAMPLE},
        {"224.0.0.1:80", GROUP},
        {"239.255.255.255:80", GROUP},
        {"240.0.0.1:80", RESERVED},
        {"255.255.255.254:80", RESERVED},
        {"255.255.255.255:80", "the broadcast address"},
        {"[::]:80", ANY},
        {"[::1]:80", LOOPBACK},
        {"[fe80::1]:80", LINK},
        {"[febf::1]:80", LINK},
        {"[ff02::1]:80", GROUP},
        {"[fd00:ec2::254]:80", METADATA},
        {"[fd00:ec2::23]:80", METADATA},
        {"[fd20:ce::254]:80", METADATA},
        {"[fd00:c1::a9fe:a9fe]:80", METADATA},
        {"[fd00:42::42]:80", METADATA},
        {"[2001:db8::1]:80", EXAMPLE},
        {"[3fff:fff::1]:80", EXAMPLE},
        {"[2001:10::1]:80", RESERVED},
        {"[2001:2f:ffff::1]:80", RESERVED},
        {"[100::1]:80", RESERVED},
        {"[5f00::1]:80", RESERVED},
        {"[4000::1]:80", RESERVED},
        {"[fec0::1]:80", RESERVED},
        {"[2001::1]:80", "a Teredo tunnel that hides where it leads"},
        {"[2001:0:4136:e378:8000:63bf:3fff:fdd2]:80", "a Teredo tunnel that hides where it leads"},
        {"[64:ff9b:1::a9fe:a9fe]:80", "a local translation prefix (NAT64) that hides where it leads"},
        {"[64:ff9b:1:ffff::808:808]:80", "a local translation prefix (NAT64) that hides where it leads"},
    };
    JUDGE(&g, rows);
}

static void sees_the_ipv4_address_inside_an_ipv6_address(void **state)
{
    (void)state;
    static const struct guard g = {0};
    static const struct judgement rows[] = {
        {"[::ffff:169.254.169.254]:80", LINK},
        {"[::ffff:127.0.0.1]:80", LOOPBACK},
        {"[::ffff:0.0.0.0]:80", ANY},
        {"[::ffff:8.8.8.8]:80", NULL},
        {"[::169.254.169.254]:80", LINK},
        {"[::127.0.0.1]:80", LOOPBACK},
        {"[::2]:80", ANY}, /* 0.0.0.2 */
        {"[::ffff:0:127.0.0.1]:80", LOOPBACK},
        {"[64:ff9b::a9fe:a9fe]:80", LINK},
        {"[64:ff9b::7f00:1]:80", LOOPBACK},
        {"[64:ff9b::8.8.8.8]:80", NULL},
        {"[64:ff9b::0]:80", ANY},
        {"[2002:a9fe:a9fe::1]:80", LINK},
        {"[2002:7f00:1::]:80", LOOPBACK},
        {"[2002:808:808::1]:80", NULL},
    };
    JUDGE(&g, rows);
}

static void lets_private_and_public_addresses_pass(void **state)
{
    (void)state;
    static const struct guard g = {0};
    static const struct judgement rows[] = {
        {"10.0.0.1:80", NULL},        {"10.255.255.255:8080", NULL},  {"172.16.0.1:80", NULL},
        {"192.168.1.1:443", NULL},    {"100.64.0.1:80", NULL},        {"100.100.100.201:80", NULL},
        {"198.18.0.1:80", NULL},      {"1.1.1.1:443", NULL},          {"169.253.255.255:80", NULL},
        {"169.255.0.0:80", NULL},     {"126.255.255.255:80", NULL},   {"128.0.0.1:80", NULL},
        {"223.255.255.255:80", NULL}, {"[fd00::1]:80", NULL},         {"[fc00::1]:80", NULL},
        {"[fd00:ec3::254]:80", NULL}, {"[2606:4700::1111]:80", NULL}, {"[2001:4860:4860::8888]:443", NULL},
        {"[2001:2::1]:80", NULL},     {"[3fff:1000::1]:80", NULL},
    };
    JUDGE(&g, rows);
}

static void refuses_what_is_no_internet_address(void **state)
{
    (void)state;
    static const struct guard g = {0};
    struct sockaddr_storage a = {.ss_family = AF_UNIX};
    const struct sockaddr *address = (const struct sockaddr *)&a;
    assert_non_null(guard_check(&g, address, sizeof a));
    assert_non_null(guard_check(&g, NULL, 0));
    a.ss_family = AF_INET;
    assert_non_null(guard_check(&g, address, sizeof(struct sockaddr_in) - 1));
    a.ss_family = AF_INET6;
    assert_non_null(guard_check(&g, address, sizeof(struct sockaddr_in6) - 1));
    assert_non_null(guard_check(&g, address, sizeof(struct sockaddr_in)));
    assert_non_null(guard_check(&g, address, sizeof a + 1));
    assert_non_null(guard_check(&g, address, 0));
}

static void loopback_passes_when_it_is_allowed(void **state)
{
    (void)state;
    static const struct guard g = {.allow_loopback = true};
    static const struct judgement rows[] = {
        {"127.0.0.1:80", NULL},          {"127.9.9.9:80", NULL}, {"[::1]:80", NULL},
        {"[::ffff:127.0.0.1]:80", NULL}, {"0.0.0.0:80", ANY},    {"[::]:80", ANY},
        {"169.254.169.254:80", LINK},
    };
    JUDGE(&g, rows);
    static const char away[] = "no loopback address, and without TLS nobody knows who answers";
    static const struct guard only = {.allow_loopback = true, .only_loopback = true};
    static const struct judgement others[] = {
        {"127.0.0.1:80", NULL}, {"[::1]:80", NULL},   {"10.0.0.1:80", away},
        {"[fd00::1]:80", away}, {"8.8.8.8:80", away}, {"169.254.169.254:80", LINK},
    };
    JUDGE(&only, others);
}

static void refuses_its_own_listeners(void **state)
{
    (void)state;
    struct guard g = {.allow_loopback = true};
    assert_ok(guard_add_own(&g, TEXT("127.0.0.1:8080"), NULL));
    assert_ok(guard_add_own(&g, TEXT(""), NULL)); /* a listener that is off */
    assert_ok(guard_add_own(&g, TEXT("10.1.2.3:9443"), NULL));
    assert_ok(guard_add_own(&g, TEXT("[fd00::7]:8081"), NULL));
    assert_int_equal(g.own_count, 3);
    static const struct judgement rows[] = {
        {"127.0.0.1:8080", OWN},  {"[::ffff:127.0.0.1]:8080", OWN}, {"[64:ff9b::7f00:1]:8080", OWN},
        {"127.0.0.1:8081", NULL}, {"127.0.0.2:8080", NULL},         {"10.1.2.3:9443", OWN},
        {"10.1.2.3:443", NULL},   {"10.1.2.4:9443", NULL},          {"[2002:a01:203::1]:9443", OWN},
        {"[fd00::7]:8081", OWN},  {"[fd00::8]:8081", NULL},
    };
    JUDGE(&g, rows);
    g.allow_own = true;
    assert_null(check_text(&g, "127.0.0.1:8080"));
    assert_null(check_text(&g, "10.1.2.3:9443"));
}

static void a_wildcard_listener_is_every_address_of_this_host(void **state)
{
    (void)state;
    uint8_t local[2][16] = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 9, 8, 7},
                            {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5}};
    static const char *const wildcards[] = {"0.0.0.0:8443", "[::]:8443"};
    for (size_t i = 0; i < 2; i++) {
        struct guard g = {.allow_loopback = true, .local = local, .local_count = 2};
        assert_ok(guard_add_own(&g, text_of(wildcards[i]), NULL));
        static const struct judgement rows[] = {
            {"127.0.0.1:8443", OWN},  {"127.3.3.3:8443", OWN}, {"[::1]:8443", OWN},
            {"10.9.8.7:8443", OWN},   {"[fd00::5]:8443", OWN}, {"[::ffff:10.9.8.7]:8443", OWN},
            {"0.0.0.0:8443", OWN},    {"10.9.8.7:8444", NULL}, {"10.9.8.8:8443", NULL},
            {"127.0.0.1:8444", NULL},
        };
        JUDGE(&g, rows);
    }
}

static void refuses_configured_networks(void **state)
{
    (void)state;
    struct guard g = {0};
    assert_ok(guard_refuse(&g, TEXT("10.0.0.0/8"), NULL));
    assert_ok(guard_refuse(&g, TEXT("192.168.7.7"), NULL));
    assert_ok(guard_refuse(&g, TEXT("fd12::/16"), NULL));
    assert_ok(guard_refuse(&g, TEXT("2001:4860::/29"), NULL));
    assert_ok(guard_refuse(&g, TEXT("64:ff9b::/96"), NULL));
    const char *why = "refused by configuration (outbound.refuse)";
    const struct judgement rows[] = {
        {"10.0.0.1:80", why},        {"[::ffff:10.2.3.4]:80", why},  {"[2002:a00:1::]:80", why},
        {"11.0.0.1:80", NULL},       {"192.168.7.7:80", why},        {"192.168.7.8:80", NULL},
        {"[fd12::1]:80", why},       {"[fd13::1]:80", NULL},         {"[2001:4867::1]:80", why},
        {"[2001:4868::1]:80", NULL}, {"[64:ff9b::808:808]:80", why}, {"8.8.8.8:80", NULL},
    };
    JUDGE(&g, rows);
}

static void refusing_all_of_one_family_leaves_the_other(void **state)
{
    (void)state;
    struct guard no_v6 = {0}, no_v4 = {0};
    assert_ok(guard_refuse(&no_v6, TEXT("::/0"), NULL));
    assert_null(check_text(&no_v6, "8.8.8.8:80"));
    assert_non_null(check_text(&no_v6, "[2606:4700::1111]:80"));
    assert_ok(guard_refuse(&no_v4, TEXT("0.0.0.0/0"), NULL));
    assert_non_null(check_text(&no_v4, "8.8.8.8:80"));
    assert_null(check_text(&no_v4, "[2606:4700::1111]:80"));
}

static void refuses_networks_it_cannot_read(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "/",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/8/8",
        "fd00::/129",
        "example.com",
        "10.0.0",
        "10.0.0.0 /8",
        "10.0.0.0/8 ",
        "fe80::1%eth0",
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
    };
    struct guard g = {0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error err = {0};
        if (status_ok(guard_refuse(&g, text_of(bad[i]), &err)))
            fail_msg("'%s' was taken for a network", bad[i]);
        assert_true(err.message[0]);
    }
    assert_int_equal(g.refuse_count, 0);
    assert_status(guard_add_own(&g, TEXT("localhost:80"), NULL), E_INVALID);
    for (unsigned i = 0; i < GUARD_NETWORKS_MAX; i++)
        assert_ok(guard_refuse(&g, TEXT("10.0.0.0/8"), NULL));
    assert_status(guard_refuse(&g, TEXT("10.0.0.0/8"), NULL), E_INVALID);
    for (unsigned i = 0; i < GUARD_OWN_MAX; i++)
        assert_ok(guard_add_own(&g, TEXT("10.0.0.1:80"), NULL));
    assert_status(guard_add_own(&g, TEXT("10.0.0.1:80"), NULL), E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_every_class_that_is_never_a_target),
        cmocka_unit_test(sees_the_ipv4_address_inside_an_ipv6_address),
        cmocka_unit_test(refuses_what_is_no_internet_address),
        cmocka_unit_test(refuses_its_own_listeners),
        cmocka_unit_test(a_wildcard_listener_is_every_address_of_this_host),
        cmocka_unit_test(refuses_configured_networks),
        cmocka_unit_test(refuses_networks_it_cannot_read),
        cmocka_unit_test(refusing_all_of_one_family_leaves_the_other),
        cmocka_unit_test(loopback_passes_when_it_is_allowed),
        cmocka_unit_test(lets_private_and_public_addresses_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
