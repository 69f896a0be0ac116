/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The one guard over addresses that a URL of a client led to (DESIGN 5): target, specification, token and
 * CSRF endpoint. It judges the resolved socket address, right before connecting, whoever resolved it. Pure:
 * no I/O.
 *
 * Normalised first: IPv4-mapped and -compatible, NAT64 (64:ff9b::/96), 6to4 (2002::/16) carry an IPv4
 * address. Always refused: unspecified, link-local (with all cloud metadata in it), the metadata addresses
 * elsewhere (AWS fd00:ec2::254, Alibaba 100.100.100.200, Oracle 192.0.0.192, Azure 168.63.129.16), multicast,
 * broadcast, reserved. Loopback unless allowed; our own listeners unless allowed; more by configuration.
 * Private networks are where targets live and are fine.
 */

#include <sys/socket.h>

#include "base/bytes.h"
#include "base/error.h"

#define GUARD_NETWORKS_MAX 64
#define GUARD_OWN_MAX      16

struct guard_network {
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint8_t bits;        /* 0..128 */
};
struct guard {
    bool allow_loopback;                             /* outbound.allow_loopback */
    bool only_loopback;                              /* for what nothing but this host protects */
    bool allow_own;                                  /* outbound.allow_own_listeners */
    struct guard_network refuse[GUARD_NETWORKS_MAX]; /* outbound.refuse */
    unsigned refuse_count;
    struct { /* addresses of our listeners; a wildcard is every address of this host */
        uint8_t address[16];
        uint16_t port;
    } own[GUARD_OWN_MAX];
    unsigned own_count;
    uint8_t (*local)[16]; /* this host's own addresses, borrowed; for wildcard listeners */
    unsigned local_count;
};

/* "10.0.0.0/8", "fd00::/8", "192.0.2.7"; false when it is none. */
bool guard_network_parse(struct text t, struct guard_network *out);
/* As the address is given, and as what it carries (above). ::/0 is about IPv6 alone. */
bool guard_network_holds(const struct guard_network *n, const uint8_t address[static 16]);
/* The same with a message. E_INVALID. */
struct status guard_refuse(struct guard *g, struct text network, struct error *err);
/* "0.0.0.0:8443" as the supervisor bound it; empty texts are skipped. */
struct status guard_add_own(struct guard *g, struct text address, struct error *err);
/* NULL when connecting is fine; else why not, for a person: "a link-local address, where cloud metadata
 * services live". Families other than IPv4 and IPv6 are refused. */
const char *guard_check(const struct guard *g, const struct sockaddr *address, socklen_t length);
