/* SPDX-License-Identifier: Apache-2.0 */
#include "net/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "os/sockets.h"

/* Every address is held as 16 bytes, IPv4 as ::ffff:a.b.c.d. */
#define ADDRESS_SIZE 16
#define V4_PREFIX    96 /* bits in front of an IPv4 address */

struct range {
    uint8_t address[ADDRESS_SIZE];
    uint8_t bits;
    const char *why; /* NULL: fine, whatever the wider ranges after it say */
};

/* clang-format off */
#define V4(a, b, c, d, length) {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, (a), (b), (c), (d)}, V4_PREFIX + (length)
#define METADATA      "a cloud metadata service"
#define LINK_LOCAL    "a link-local address, where cloud metadata services live"
#define MULTICAST     "a multicast address"
#define RESERVED      "reserved, no host can have it"
#define DOCUMENTATION "reserved for examples in documentation, no host can have it"
/* clang-format on */

/*
 * The first match counts. IANA's special-purpose registries (RFC 6890) and the metadata services that sit
 * outside of link-local. Not listed, because targets live there: private networks (10/8, 172.16/12,
 * 192.168/16, fc00::/7), shared address space (100.64/10) and benchmarking networks (198.18/15), which
 * laboratories and overlays use as private ones.
 */
static const struct range refused_v4[] = {
    {V4(0, 0, 0, 0, 8), "an unspecified address, which means this host"},
    {V4(169, 254, 0, 0, 16), LINK_LOCAL},
    {V4(100, 100, 100, 200, 32), METADATA}, /* Alibaba */
    {V4(192, 0, 0, 192, 32), METADATA},     /* Oracle */
    {V4(168, 63, 129, 16, 32), METADATA},   /* Azure */
    {V4(192, 0, 0, 0, 24), RESERVED},       /* IETF protocol assignments */
    {V4(192, 0, 2, 0, 24), DOCUMENTATION},  /* RFC 5737 */
    {V4(198, 51, 100, 0, 24), DOCUMENTATION},
    {V4(203, 0, 113, 0, 24), DOCUMENTATION},
    {V4(192, 88, 99, 0, 24), RESERVED}, /* relays of 6to4, RFC 7526 */
    {V4(255, 255, 255, 255, 32), "the broadcast address"},
    {V4(224, 0, 0, 0, 4), MULTICAST},
    {V4(240, 0, 0, 0, 4), RESERVED},
};

static const struct range refused_v6[] = {
    {{0}, 128, "an unspecified address, which means this host"},
    {{0xfe, 0x80}, 10, LINK_LOCAL},
    {{0xff}, 8, MULTICAST},
    {{0xfd, 0x00, 0x0e, 0xc2}, 32, METADATA}, /* AWS: fd00:ec2::254, and credentials at fd00:ec2::23 */
    {{0xfd, 0x20, 0, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}, 128, METADATA},       /* Google */
    {{0xfd, 0x00, 0, 0xc1, 0, 0, 0, 0, 0, 0, 0, 0, 0xa9, 0xfe, 0xa9, 0xfe}, 128, METADATA}, /* Oracle */
    {{0xfd, 0x00, 0, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x42}, 128, METADATA},          /* Scaleway */
    {{0xfc}, 7, NULL},                                                                      /* private */
    /* RFC 8215 does not say where in the address the IPv4 address is, so nobody can judge it. */
    {{0x00, 0x64, 0xff, 0x9b, 0, 1}, 48, "a local translation prefix (NAT64) that hides where it leads"},
    {{0x20, 0x01}, 32, "a Teredo tunnel that hides where it leads"},
    {{0x20, 0x01, 0, 0x10}, 28, RESERVED}, /* ORCHID, RFC 4843 */
    {{0x20, 0x01, 0, 0x20}, 28, RESERVED}, /* ORCHIDv2, RFC 7343 */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, DOCUMENTATION},
    {{0x3f, 0xff}, 20, DOCUMENTATION}, /* RFC 9637 */
    {{0x20}, 3, NULL},                 /* global unicast */
    {{0}, 0, RESERVED},                /* IANA has given out nothing else */
};

static const uint8_t loopback_v6[ADDRESS_SIZE] = {[15] = 1};

static bool has_prefix(const uint8_t address[static ADDRESS_SIZE], const uint8_t prefix[static ADDRESS_SIZE],
                       unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (!bytes_equal((struct bytes){address, whole}, (struct bytes){prefix, whole}))
        return false;
    return rest == 0 || ((address[whole] ^ prefix[whole]) & (0xff00u >> rest) & 0xff) == 0;
}

static bool is_v4(const uint8_t address[static ADDRESS_SIZE])
{
    static const struct range mapped = {V4(0, 0, 0, 0, 0), NULL};
    return has_prefix(address, mapped.address, mapped.bits);
}

static void set_v4(uint8_t out[static ADDRESS_SIZE], const uint8_t v4[static 4])
{
    uint8_t copy[4];
    memcpy(copy, v4, sizeof copy); /* may lie inside `out` */
    memset(out, 0, 10);
    memset(out + 10, 0xff, 2);
    memcpy(out + 12, copy, sizeof copy);
}

/* IPv6 addresses that carry an IPv4 address become that address: a router or translator sends there. */
static void unwrap(uint8_t address[static ADDRESS_SIZE])
{
    static const struct {
        struct range range;
        unsigned v4_at;
    } carriers[] = {
        {{{0}, 96, NULL}, 12},                      /* compatible, RFC 4291 2.5.5.1 */
        {{{[8] = 0xff, [9] = 0xff}, 96, NULL}, 12}, /* translated, RFC 2765 */
        {{{0x00, 0x64, 0xff, 0x9b}, 96, NULL}, 12}, /* NAT64, RFC 6052 */
        {{{0x20, 0x02}, 16, NULL}, 2},              /* 6to4, RFC 3056 */
    };
    static const uint8_t unspecified[ADDRESS_SIZE];
    if (is_v4(address) || has_prefix(address, loopback_v6, 128) || has_prefix(address, unspecified, 128))
        return;
    for (size_t i = 0; i < sizeof carriers / sizeof carriers[0]; i++) {
        if (has_prefix(address, carriers[i].range.address, carriers[i].range.bits)) {
            set_v4(address, address + carriers[i].v4_at);
            return;
        }
    }
}

/* The address as it was given. The bytes are copied, because nobody promises that they are aligned. */
static bool read_address(const struct sockaddr *from, socklen_t length, uint8_t out[static ADDRESS_SIZE],
                         uint16_t *out_port)
{
    struct socket_address a = {0};
    if (!from || length < sizeof a.v4 || length > sizeof(struct sockaddr_storage))
        return false;
    memcpy(&a, from, length < sizeof a ? length : sizeof a);
    if (a.any.sa_family == AF_INET) {
        uint8_t v4[4];
        memcpy(v4, &a.v4.sin_addr, sizeof v4);
        set_v4(out, v4);
        *out_port = ntohs(a.v4.sin_port);
        return true;
    }
    if (a.any.sa_family != AF_INET6 || length < sizeof a.v6)
        return false;
    memcpy(out, &a.v6.sin6_addr, ADDRESS_SIZE);
    *out_port = ntohs(a.v6.sin6_port);
    return true;
}

static struct status refuse_network(struct error *err, struct text network)
{
    return error_set(err, E_INVALID, "'%.*s' is not an address or a network such as 10.0.0.0/8",
                     TEXT_ARG(text_first(network, 80)));
}

bool guard_network_parse(struct text t, struct guard_network *out)
{
    char host[INET6_ADDRSTRLEN];
    uint8_t v4[4];
    struct text rest = t;
    if (!text_to_cstr(text_cut(&rest, '/'), host, sizeof host))
        return false;
    unsigned before = 0;
    if (inet_pton(AF_INET, host, v4) == 1) {
        set_v4(out->address, v4);
        before = V4_PREFIX;
    } else if (inet_pton(AF_INET6, host, out->address) != 1) {
        return false;
    }
    uint64_t bits = 128 - before;
    if (rest.p && !text_to_u64(rest, 128 - before, &bits))
        return false;
    out->bits = (uint8_t)(before + bits);
    return true;
}

struct status guard_refuse(struct guard *g, struct text network, struct error *err)
{
    struct guard_network made;
    if (!guard_network_parse(network, &made))
        return refuse_network(err, network);
    if (g->refuse_count == GUARD_NETWORKS_MAX)
        return error_set(err, E_INVALID, "more than %d networks to refuse", GUARD_NETWORKS_MAX);
    g->refuse[g->refuse_count++] = made;
    return DONE;
}

struct status guard_add_own(struct guard *g, struct text address, struct error *err)
{
    if (address.n == 0)
        return DONE;
    struct socket_address a;
    TRY(socket_address_parse(address, &a, err));
    if (g->own_count == GUARD_OWN_MAX)
        return error_set(err, E_INVALID, "more than %d listeners", GUARD_OWN_MAX);
    socklen_t length = a.any.sa_family == AF_INET ? sizeof a.v4 : sizeof a.v6;
    must(read_address(&a.any, length, g->own[g->own_count].address, &g->own[g->own_count].port));
    unwrap(g->own[g->own_count].address);
    g->own_count++;
    return DONE;
}

/* 0.0.0.0 or :: */
static bool is_wildcard(const uint8_t address[static ADDRESS_SIZE])
{
    static const struct range any_v4 = {V4(0, 0, 0, 0, 32), NULL};
    static const uint8_t any_v6[ADDRESS_SIZE];
    return has_prefix(address, any_v4.address, 128) || has_prefix(address, any_v6, 128);
}

static bool is_loopback(const uint8_t address[static ADDRESS_SIZE])
{
    static const struct range v4 = {V4(127, 0, 0, 0, 8), NULL};
    return has_prefix(address, v4.address, v4.bits) || has_prefix(address, loopback_v6, 128);
}

static bool is_this_host(const struct guard *g, const uint8_t address[static ADDRESS_SIZE])
{
    if (is_loopback(address) || is_wildcard(address))
        return true;
    for (unsigned i = 0; i < g->local_count; i++) {
        uint8_t local[ADDRESS_SIZE];
        memcpy(local, g->local[i], sizeof local);
        unwrap(local);
        if (has_prefix(address, local, 128))
            return true;
    }
    return false;
}

static bool is_own_listener(const struct guard *g, const uint8_t address[static ADDRESS_SIZE], uint16_t port)
{
    for (unsigned i = 0; i < g->own_count; i++) {
        if (g->own[i].port != port)
            continue;
        bool wildcard = is_wildcard(g->own[i].address);
        if (wildcard ? is_this_host(g, address) : has_prefix(address, g->own[i].address, 128))
            return true;
    }
    return false;
}

/* A network written as IPv6, ::/0 for one, is about IPv6 alone: IPv4 has its own 0.0.0.0/0. */
static bool is_in(const struct guard_network *network, const uint8_t address[static ADDRESS_SIZE])
{
    if (is_v4(address) && network->bits < V4_PREFIX)
        return false;
    return has_prefix(address, network->address, network->bits);
}

bool guard_network_holds(const struct guard_network *n, const uint8_t address[static 16])
{
    uint8_t meant[ADDRESS_SIZE];
    memcpy(meant, address, sizeof meant);
    unwrap(meant);
    return is_in(n, address) || is_in(n, meant);
}

static bool is_configured(const struct guard *g, const uint8_t given[static ADDRESS_SIZE],
                          const uint8_t address[static ADDRESS_SIZE])
{
    for (unsigned i = 0; i < g->refuse_count; i++) {
        if (is_in(&g->refuse[i], given) || is_in(&g->refuse[i], address))
            return true;
    }
    return false;
}

static const char *look_up(const struct range *ranges, size_t count,
                           const uint8_t address[static ADDRESS_SIZE])
{
    for (size_t i = 0; i < count; i++) {
        if (has_prefix(address, ranges[i].address, ranges[i].bits))
            return ranges[i].why;
    }
    return NULL;
}

const char *guard_check(const struct guard *g, const struct sockaddr *address, socklen_t length)
{
    uint8_t given[ADDRESS_SIZE], meant[ADDRESS_SIZE];
    uint16_t port;
    if (!read_address(address, length, given, &port))
        return "neither an IPv4 nor an IPv6 address";
    memcpy(meant, given, sizeof meant);
    unwrap(meant);
    if (is_configured(g, given, meant))
        return "refused by configuration (outbound.refuse)";
    if (!g->allow_own && is_own_listener(g, meant, port))
        return "one of this server's own listeners (outbound.allow_own_listeners)";
    if (is_loopback(meant))
        return g->allow_loopback ? NULL : "a loopback address, this host itself (outbound.allow_loopback)";
    const char *why = is_v4(meant) ? look_up(refused_v4, sizeof refused_v4 / sizeof refused_v4[0], meant)
                                   : look_up(refused_v6, sizeof refused_v6 / sizeof refused_v6[0], meant);
    return !why && g->only_loopback ? "no loopback address, and without TLS nobody knows who answers" : why;
}
