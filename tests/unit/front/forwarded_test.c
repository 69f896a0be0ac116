/* SPDX-License-Identifier: Apache-2.0 */
#include "front/front_internal.h"

#include <arpa/inet.h>

#include "check.h"

/* Who is believed about X-Forwarded-Client-Cert, and what is read from it. */

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define PROXY  "10.0.0.5"

struct connection {
    uint8_t key[16];
};

const uint8_t *connection_address_key(const struct connection *c)
{
    return c->key;
}

static struct connection peer_at(const char *address)
{
    struct connection c = {.key = {[10] = 0xff, [11] = 0xff}};
    if (inet_pton(AF_INET, address, c.key + 12) != 1)
        assert_int_equal(inet_pton(AF_INET6, address, c.key), 1);
    return c;
}

static bool trusts(const char *network, const char *address)
{
    char item[64];
    assert_true(text_to_cstr(text_of(network), item, sizeof item));
    struct settings settings = {.inbound_trusted_proxies = {.item = {item}, .count = 1}};
    const struct front f = {.settings = &settings};
    const struct connection c = peer_at(address);
    return front_peer_is_trusted_proxy(&f, &c);
}

struct network_row {
    const char *network, *address;
};

static void trusts_nobody_outside_of_the_network(void **state)
{
    (void)state;
    static const struct network_row rows[] = {
        {"10.0.0.5", "10.0.0.4"},
        {"10.0.0.5", "10.0.0.6"},
        {"10.0.0.5/32", "10.0.0.4"},
        {"10.0.0.4/31", "10.0.0.3"},
        {"10.0.0.4/31", "10.0.0.6"},
        {"10.1.2.0/24", "10.1.1.255"},
        {"10.1.2.0/24", "10.1.3.0"},
        {"10.1.128.0/17", "10.1.127.255"},
        {"128.0.0.0/1", "127.255.255.255"},
        {"10.0.0.0/8", "2001:db8::1"},
        {"0.0.0.0/0", "2001:db8::1"}, /* all of IPv4 is not all */
        {"2001:db8::1", "2001:db8::2"},
        {"2001:db8::/32", "2001:db9::"},
        {"2001:db8::/33", "2001:db8:8000::"},
        {"fe80::/10", "fec0::1"},
        {"2001:db8::/32", "10.0.0.5"},
        {"::1", "127.0.0.1"},
        {"::ffff:10.0.0.0/104", "11.0.0.0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (trusts(rows[i].network, rows[i].address))
            fail_msg("%s believes %s", rows[i].network, rows[i].address);
}

/* The configuration refuses these already; here they must not become "everybody". */
static void trusts_nobody_by_a_network_that_is_none(void **state)
{
    (void)state;
    static const char *const networks[] = {
        "",
        "/",
        "/0",
        "localhost",
        "10.0.0",
        "10.0.0.5/",
        "10.0.0.5/33",
        "10.0.0.5/-1",
        "10.0.0.5/8x",
        "10.0.0.5/ 8",
        "10.0.0.5/8/8",
        "10.0.0.5 ",
        "010.0.0.5",
        "10.0.0.5/+8",
        "::/129",
        "[::]/0",
        ":::/0",
        "10.0.0.5/4294967296",
    };
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++)
        if (trusts(networks[i], PROXY))
            fail_msg("'%s' believes " PROXY, networks[i]);
}

static void trusts_the_network_up_to_its_edges(void **state)
{
    (void)state;
    static const struct network_row rows[] = {
        {"10.0.0.5", "10.0.0.5"},
        {"10.0.0.5/32", "10.0.0.5"},
        {"10.0.0.4/31", "10.0.0.4"},
        {"10.0.0.4/31", "10.0.0.5"},
        {"10.1.2.0/24", "10.1.2.0"},
        {"10.1.2.0/24", "10.1.2.255"},
        {"10.1.2.77/24", "10.1.2.1"}, /* host bits do not count */
        {"10.1.128.0/17", "10.1.128.0"},
        {"128.0.0.0/1", "255.255.255.255"},
        {"0.0.0.0/0", "203.0.113.9"},
        {"2001:db8::1", "2001:db8::1"},
        {"2001:db8::1/128", "2001:db8::1"},
        {"2001:db8::/32", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"},
        {"2001:db8::/33", "2001:db8:7fff::"},
        {"::/0", "2001:db8::1"},
        {"::ffff:10.0.0.0/104", "10.255.0.1"},
        {"::ffff:10.0.0.5", "10.0.0.5"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!trusts(rows[i].network, rows[i].address))
            fail_msg("%s does not believe %s", rows[i].network, rows[i].address);
}

/* Asks about a request with these lines from `address`. The value is an exact heap copy, so that the
 * sanitizer sees a scanner that leaves it. */
static enum forwarded identity_of(const char *address, const char *const *values, size_t count,
                                  uint8_t fingerprint[static SHA256_SIZE])
{
    char proxy[] = PROXY;
    struct settings settings = {.inbound_trusted_proxies = {.item = {proxy}, .count = 1}};
    struct front f = {.settings = &settings};
    struct connection c = peer_at(address);
    struct exchange x = {0};
    struct front_call fc = {.front = &f, .connection = &c, .exchange = &x};
    char *copies[2] = {0};
    arena_init(&x.arena, 1024, 1 << 16);
    assert_true(count <= 2);
    for (size_t i = 0; i < count; i++) {
        const size_t n = strlen(values[i]);
        copies[i] = mem_alloc(n ? n : 1);
        assert_non_null(copies[i]);
        memcpy(copies[i], values[i], n);
        assert_ok(headers_add(&x.request.headers, &x.arena,
                              i ? TEXT("X-FORWARDED-CLIENT-CERT") : TEXT("x-forwarded-client-cert"),
                              (struct text){copies[i], n}));
    }
    const enum forwarded got = front_forwarded_identity(&fc, fingerprint);
    mem_free(copies[0]);
    mem_free(copies[1]);
    arena_release(&x.arena);
    return got;
}

static void believes_nobody_but_the_proxy(void **state)
{
    (void)state;
    uint8_t fingerprint[SHA256_SIZE] = {0};
    static const uint8_t untouched[SHA256_SIZE] = {0};
    const char *const good[] = {"Hash=" HASH_A ";Subject=\"CN=shop\""};
    assert_int_equal(identity_of("10.0.0.6", good, 1, fingerprint), FORWARDED_NOTHING);
    assert_int_equal(identity_of("127.0.0.1", good, 1, fingerprint), FORWARDED_NOTHING);
    assert_memory_equal(fingerprint, untouched, sizeof untouched);
}

static void the_proxys_own_request_says_nothing(void **state)
{
    (void)state;
    uint8_t fingerprint[SHA256_SIZE];
    assert_int_equal(identity_of(PROXY, NULL, 0, fingerprint), FORWARDED_NOTHING);
}

static void a_header_that_comes_twice_is_nobody(void **state)
{
    (void)state;
    static const char *const good = "Hash=" HASH_A ";Subject=\"CN=shop\"";
    const char *const pairs[][2] = {{good, good}, {"", good}, {good, ""}, {good, "garbage"}};
    uint8_t fingerprint[SHA256_SIZE];
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_int_equal(identity_of(PROXY, pairs[i], 2, fingerprint), FORWARDED_ILLEGIBLE);
}

static void an_illegible_header_is_nobody(void **state)
{
    (void)state;
    static const char *const values[] = {
        "",
        ",",
        ";",
        "=",
        "\"",
        "\"\\",
        "garbage",
        "Hash=" HASH_A,
        "Subject=\"CN=shop\"",
        "Hash=" HASH_A ";Subject=\"\"",
        "Hash=" HASH_A ";Subject=",
        "Hash=" HASH_A ";Subject",
        "Hash=;Subject=\"CN=shop\"",
        "Hash=aa;Subject=\"CN=shop\"",
        "Hash=" HASH_A "a;Subject=\"CN=shop\"",
        "Hash=" HASH_A "aa;Subject=\"CN=shop\"",
        "Hash=\"" HASH_A "\";Subject=\"CN=shop\"",
        "Hash=zzaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;Subject=\"CN=shop\"",
        "XHash=" HASH_A ";Subject=\"CN=shop\"",
        "Hash:" HASH_A ";Subject=\"CN=shop\"",
        /* half of it in one element, half in the next */
        "Hash=" HASH_A ",Subject=\"CN=shop\"",
        /* the last of two hashes counts */
        "Hash=" HASH_A ";Subject=\"CN=shop\";Hash=zz",
        /* a hash that somebody wrote into a name */
        "Subject=\"CN=shop;Hash=" HASH_A "\"",
        "Subject=\"CN=shop,Hash=" HASH_A ";O=x\"",
        "Subject=\"CN=\\\";Hash=" HASH_A ";O=\\\"\"",
        "Subject=\"CN=\\\\\\\";Hash=" HASH_A ";O=\"",
        /* a quote that does not end swallows the rest */
        "Subject=\"CN=shop;Hash=" HASH_A,
        "Subject=\"CN=shop\\",
        "Hash=" HASH_A ";Subject=\"CN=shop",
        /* two that name a certificate: the first may be the client's own (APPEND_FORWARD) */
        "Hash=" HASH_A ";Subject=\"CN=shop\",Hash=" HASH_A ";Subject=\"CN=other\"",
    };
    uint8_t fingerprint[SHA256_SIZE];
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (identity_of(PROXY, &values[i], 1, fingerprint) != FORWARDED_ILLEGIBLE)
            fail_msg("'%s' is somebody", values[i]);
}

static void reads_subject_and_hash(void **state)
{
    (void)state;
    static const char *const values[] = {
        "Hash=" HASH_A ";Subject=\"CN=shop\"",
        "Subject=\"CN=shop\";Hash=" HASH_A,
        "hash=" HASH_A ";subject=\"CN=shop\"",
        " By=spiffe://a ; Hash=" HASH_A " ; Subject=\"CN=shop\" ; URI= ;",
        "Hash=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA;Subject=\"CN=shop\"",
        /* separators and quotes inside of the name */
        "Subject=\"CN=shop,O=a;b=c\";Hash=" HASH_A,
        "Subject=\"CN=\\\"shop\\\",O=x\";Hash=" HASH_A,
        "Subject=\"CN=shop\\\\\";Hash=" HASH_A,
        "Subject=\"CN=x;Hash=" HASH_B "\";Hash=" HASH_A,
        /* the mesh's own hop has a hash but no subject, whichever side it stands on */
        "Hash=" HASH_A ";Subject=\"CN=shop\";URI=,By=spiffe://b;Hash=" HASH_B ";Subject=\"\";URI=spiffe://c",
        "By=spiffe://b;Hash=" HASH_B ";Subject=\"\";URI=spiffe://c,Hash=" HASH_A ";Subject=\"CN=shop\"",
        "garbage,,Hash=" HASH_A ";Subject=\"CN=shop\"",
    };
    uint8_t expected[SHA256_SIZE];
    memset(expected, 0xaa, sizeof expected);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        uint8_t fingerprint[SHA256_SIZE] = {0};
        if (identity_of(PROXY, &values[i], 1, fingerprint) != FORWARDED_CERTIFICATE)
            fail_msg("'%s' is nobody", values[i]);
        assert_memory_equal(fingerprint, expected, sizeof expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trusts_nobody_outside_of_the_network),
        cmocka_unit_test(trusts_nobody_by_a_network_that_is_none),
        cmocka_unit_test(trusts_the_network_up_to_its_edges),
        cmocka_unit_test(believes_nobody_but_the_proxy),
        cmocka_unit_test(the_proxys_own_request_says_nothing),
        cmocka_unit_test(a_header_that_comes_twice_is_nobody),
        cmocka_unit_test(an_illegible_header_is_nobody),
        cmocka_unit_test(reads_subject_and_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
