/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "net/proxy.h"
#include "scratch.h"

static char words[][20] = {"shop.example", ".corp.example", "192.0.2.9",
                           "10.0.0.0/8",   "fd00::/8",      "Mixed.Example"};
static char *list[] = {words[0], words[1], words[2], words[3], words[4], words[5]};
static const struct proxy_places places = {list, sizeof list / sizeof list[0]};

static const struct {
    const char *host;
    bool named;
} hosts[] = {
    {"other.example", false},
    {"shop.example.org", false},
    {"xshop.example", false},
    {"a.shop.example", false}, /* a host is not a domain */
    {"corp.example", false},   /* nor a domain a host */
    {"xcorp.example", false},
    {".corp.example", false},
    {"", false},
    {"192.0.2.90", false},
    {"11.0.0.1", false},
    {"10.0.0.1.example", false},
    {"10", false}, /* no address, whatever inet_aton says of it */
    {"[fe80::1]", false},
    {"10.0.0.0/8", false}, /* a network is not a host */
    {"shop.example", true},
    {"SHOP.example.", true},
    {"mixed.example", true},
    {"a.corp.example", true},
    {"a.b.CORP.example.", true},
    {"192.0.2.9", true},
    {"10.255.0.1", true},
    {"[fd12::1]", true},
    {"[::ffff:10.1.2.3]", true},
    {"[64:ff9b::10.1.2.3]", true}, /* NAT64 leads there */
};

static void places_are_hosts_domains_and_networks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        if (proxy_places_name(&places, text_of(hosts[i].host)) != hosts[i].named)
            fail_msg("'%s'", hosts[i].host);
}

static void addresses_are_compared_with_networks_alone(void **state)
{
    (void)state;
    static const uint8_t inside[16] = {[10] = 0xff, 0xff, 10, 1, 2, 3},
                         outside[16] = {[10] = 0xff, 0xff, 11, 1};
    assert_true(proxy_places_hold(&places, inside));
    assert_false(proxy_places_hold(&places, outside));
    assert_false(proxy_places_hold(&(struct proxy_places){0}, inside));
}

static void a_proxy_is_a_host_and_a_port(void **state)
{
    (void)state;
    static const char *const refused[] = {"https://proxy:3128", "proxy:3128",         "http://proxy",
                                          "http://:3128",       "http://proxy:0",     "http://proxy:65536",
                                          "http://proxy:",      "http://proxy:3128/", "http://proxy:+1"};
    struct proxy_rules r;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (proxy_rules_read(text_of(refused[i]), &r).code != E_INVALID)
            fail_msg("%s", refused[i]);
    assert_ok(proxy_rules_read(TEXT(""), &r));
    assert_int_equal(r.place.n, 0);
    assert_ok(proxy_rules_read(TEXT("http://proxy.example:3128"), &r));
    assert_true(text_equal(r.place, TEXT("proxy.example:3128")));
    assert_true(text_equal(r.host, TEXT("proxy.example")));
    assert_int_equal(r.port, 3128);
    assert_ok(proxy_rules_read(TEXT("http://[fd00::1]:80"), &r));
    assert_true(text_equal(r.place, TEXT("[fd00::1]:80")));
    assert_true(text_equal(r.host, TEXT("fd00::1")));
}

static void the_way_to_a_host(void **state)
{
    (void)state;
    static char named[][20] = {".partner.example", "198.51.100.0/24", "shop.example"};
    static char *names[] = {named[0], named[1], named[2]};
    struct proxy_rules r;
    assert_ok(proxy_rules_read(TEXT(""), &r));
    r.names = (struct proxy_places){names, 3};
    assert_int_equal(proxy_way_to(&r, TEXT("a.partner.example")), PROXY_NOT); /* there is none */
    assert_ok(proxy_rules_read(TEXT("http://proxy:3128"), &r));
    r.names = (struct proxy_places){names, 3};
    r.no_proxy = places;
    assert_int_equal(proxy_way_to(&r, TEXT("other.example")), PROXY_RESOLVED);
    assert_int_equal(proxy_way_to(&r, TEXT("a.partner.example.")), PROXY_BY_NAME);
    assert_int_equal(proxy_way_to(&r, TEXT("partner.example")), PROXY_RESOLVED);
    assert_int_equal(proxy_way_to(&r, TEXT("shop.example")), PROXY_NOT); /* no_proxy wins */
    assert_int_equal(proxy_way_to(&r, TEXT("10.1.2.3")), PROXY_NOT);
    /* An address is judged here, whatever the list says. */
    assert_int_equal(proxy_way_to(&r, TEXT("198.51.100.7")), PROXY_RESOLVED);
    assert_int_equal(proxy_way_to(&r, TEXT("[::ffff:198.51.100.7]")), PROXY_RESOLVED);
}

static void the_proxy_is_asked_for_an_ipv4_address_if_there_is_one(void **state)
{
    (void)state;
    static const uint8_t addresses[][16] = {{0x20, 1, [15] = 1},
                                            {0x20, 1, [15] = 2},
                                            {[10] = 0xff, 0xff, 10, 0, 0, 1},
                                            {[10] = 0xff, 0xff, 10, 0, 0, 2}};
    assert_ptr_equal(proxy_choose(addresses, 4), addresses[2]);
    assert_ptr_equal(proxy_choose(addresses, 2), addresses[0]);
}

static void file_with(const char *path, const char *content, mode_t mode)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), strlen(content));
    assert_int_equal(fchmod(fd, mode), 0);
    (void)close(fd);
}

static void credentials_are_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        const char *read; /* NULL: refused */
    } rows[] = {
        {"", NULL},         {"user", NULL},    {":password", NULL},  {"u:p\nmore\n", NULL},
        {"u:p\tx", NULL},   {"u:p\n\n", NULL}, {"u:p", "u:p"},       {"u:p\n", "u:p"},
        {"u:p\r\n", "u:p"}, {"u:", "u:"},      {"u:p:q\n", "u:p:q"},
    };
    char directory[SCRATCH_MAX], path[SCRATCH_MAX + 16];
    scratch_make(directory);
    (void)snprintf(path, sizeof path, "%s/credentials", directory);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct secret s = {0};
        struct error err = {0};
        file_with(path, rows[i].content, 0600);
        const struct status st = proxy_credentials_read(path, &s, &err);
        assert_int_equal(status_ok(st), rows[i].read != NULL);
        if (rows[i].read)
            assert_true(text_equal(bytes_text(secret_bytes(&s)), text_of(rows[i].read)));
        else
            assert_null(strstr(err.message, "more")); /* nothing of what is in it */
        secret_release(&s);
    }
    struct secret s = {0};
    file_with(path, "u:p", 0644);
    assert_false(status_ok(proxy_credentials_read(path, &s, NULL))); /* others may read it */
    assert_int_equal(scratch_remove(directory), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_hosts_domains_and_networks),
        cmocka_unit_test(addresses_are_compared_with_networks_alone),
        cmocka_unit_test(a_proxy_is_a_host_and_a_port),
        cmocka_unit_test(the_way_to_a_host),
        cmocka_unit_test(the_proxy_is_asked_for_an_ipv4_address_if_there_is_one),
        cmocka_unit_test(credentials_are_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
