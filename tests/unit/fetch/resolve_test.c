/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs.h"

#include <arpa/inet.h>

/* FETCH_RESOLVE. No name server is asked: what is here is in /etc/hosts, an address, or no name at all. */

static struct fetch_request host_of(const char *host)
{
    return (struct fetch_request){
        .job = FETCH_RESOLVE, .host = text_of(host), .port = 443, .timeout_ms = PATIENT_MS};
}

static void expect_host(const struct fetch_policy *p, const char *host, enum fetch_outcome outcome,
                        const char *reason)
{
    struct fetch_request r = host_of(host);
    expect_of(p, &r, outcome, reason);
}

static void refuses_addresses_that_the_guard_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *host, *reason;
    } rows[] = {
        {"169.254.169.254", "169.254.169.254: the address 169.254.169.254 is a link-local address"},
        {"[fe80::1]", "fe80::1: the address fe80::1 is a link-local address"},
        {"[::ffff:169.254.169.254]", "is a link-local address"},
        {"0.0.0.0", "the address 0.0.0.0 is"},
        {"[::]", "the address :: is"},
        {"0xa9fea9fe", "the address 169.254.169.254 is a link-local address"},
        {"2852039166", "the address 169.254.169.254 is a link-local address"},
        {"10.1.2.3", "the address 10.1.2.3 is"},
        {"127.0.0.1", "the address 127.0.0.1 is"},
        {"localhost", "localhost: the address "},
        {"", "it is not the name of a host"},
        {"[]", "no such host"},
    };
    struct fetch_policy policy;
    policy_default(&policy);
    policy.guard.allow_loopback = false;
    assert_ok(guard_refuse(&policy.guard, TEXT("10.0.0.0/8"), NULL));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool unknown = strcmp(rows[i].reason, "no such host") == 0;
        expect_host(&policy, rows[i].host, unknown ? FETCH_UNREACHABLE : FETCH_REFUSED, rows[i].reason);
    }
}

static void refuses_a_host_longer_than_names_are(void **state)
{
    (void)state;
    char host[300];
    struct fetch_policy policy;
    policy_default(&policy);
    memset(host, 'a', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    expect_host(&policy, host, FETCH_REFUSED, "it is not the name of a host");
    struct fetch_request nul = host_of("");
    nul.host = (struct text){"127.0.0.1\0.example", 18};
    expect_of(&policy, &nul, FETCH_REFUSED, "it is not the name of a host");
}

static void says_when_there_is_no_such_host(void **state)
{
    (void)state;
    char label[100];
    struct fetch_policy policy;
    policy_default(&policy);
    memset(label, 'a', 70);
    memcpy(label + 70, ".example", 9);
    expect_host(&policy, label, FETCH_UNREACHABLE, ".example: no such host");
}

static void refuses_our_own_listeners_by_their_port(void **state)
{
    (void)state;
    struct fetch_policy policy;
    policy_default(&policy);
    assert_ok(guard_add_own(&policy.guard, TEXT("127.0.0.1:443"), NULL));
    expect_host(&policy, "127.0.0.1", FETCH_REFUSED, "is one of this server's own");
    struct fetch_request r = host_of("127.0.0.1");
    r.port = 8443;
    expect_of(&policy, &r, FETCH_FINE, "");
}

static void wildcard_listeners_are_every_address_of_this_host(void **state)
{
    (void)state;
    struct fetch_policy policy;
    policy_default(&policy);
    policy.wildcard = true;
    assert_ok(guard_add_own(&policy.guard, TEXT("0.0.0.0:443"), NULL));
    expect_host(&policy, "127.0.0.1", FETCH_REFUSED, "is one of this server's own");
}

static void expect_address(const char *host, const char *address)
{
    struct fetch_policy policy;
    struct fetch_answer a;
    uint8_t wanted[16];
    policy_default(&policy);
    struct fetch_request r = host_of(host);
    fetch_do(&policy, &r, &a);
    assert_int_equal(a.outcome, FETCH_FINE);
    assert_int_equal(a.address_count, 1);
    assert_int_equal(inet_pton(AF_INET6, address, wanted), 1);
    assert_memory_equal(a.addresses[0], wanted, 16);
    fetch_answer_release(&a);
}

static void takes_addresses_as_they_are(void **state)
{
    (void)state;
    expect_address("10.1.2.3", "::ffff:10.1.2.3");
    expect_address("fd00::7", "fd00::7");
    expect_address("[fd00::7]", "fd00::7");
    expect_address("[::1]", "::1");
}

/* Whichever families /etc/hosts gives it. */
static void drops_refused_addresses_and_keeps_the_rest(void **state)
{
    (void)state;
    struct fetch_policy policy;
    struct fetch_answer all, rest;
    policy_default(&policy);
    struct fetch_request r = host_of("localhost");
    fetch_do(&policy, &r, &all);
    assert_int_equal(all.outcome, FETCH_FINE);
    assert_true(all.address_count > 0);
    assert_ok(guard_refuse(&policy.guard, TEXT("127.0.0.0/8"), NULL));
    fetch_do(&policy, &r, &rest);
    assert_true(rest.address_count < all.address_count || all.addresses[0][15] == 1);
    assert_int_equal(rest.outcome, rest.address_count > 0 ? FETCH_FINE : FETCH_REFUSED);
    for (unsigned i = 0; i < rest.address_count; i++)
        assert_int_equal(rest.addresses[i][10], 0); /* no IPv4 */
    fetch_answer_release(&all);
    fetch_answer_release(&rest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_addresses_that_the_guard_refuses),
        cmocka_unit_test(refuses_a_host_longer_than_names_are),
        cmocka_unit_test(says_when_there_is_no_such_host),
        cmocka_unit_test(refuses_our_own_listeners_by_their_port),
        cmocka_unit_test(wildcard_listeners_are_every_address_of_this_host),
        cmocka_unit_test(takes_addresses_as_they_are),
        cmocka_unit_test(drops_refused_addresses_and_keeps_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
