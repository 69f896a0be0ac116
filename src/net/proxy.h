/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What outbound.proxy means, in one place for those who go out: the core answers how a target is reached
 * (credentials/), the fetcher goes itself (fetch/). Pure but for proxy_credentials_read(). Any thread.
 *
 * A target is resolved and checked by the guard here, then the proxy is asked for the checked address
 * (DESIGN 5). `no_proxy` is reached directly; `names` are the proxy's to resolve, and nobody here looks at
 * where they lead.
 */

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"

/* Hosts ("shop.example"), domains (".example": what is below it, not itself), addresses, networks. */
struct proxy_places {
    char *const *item; /* borrowed; as the schema has checked them */
    unsigned count;
};

struct proxy_rules {
    struct text place; /* "proxy.example:3128", borrowed; empty: no proxy */
    struct text host;  /* of it; without the brackets of an IPv6 address */
    uint16_t port;
    struct proxy_places no_proxy, names;
};

/* From outbound.proxy, "http://host:port" or "". E_INVALID: it is neither. */
struct status proxy_rules_read(struct text url, struct proxy_rules *out);

/* `host` as in a URL: any case, a final dot, or an IPv6 address in brackets. */
bool proxy_places_name(const struct proxy_places *p, struct text host);
/* IPv4 as ::ffff:a.b.c.d */
bool proxy_places_hold(const struct proxy_places *p, const uint8_t address[static 16]);

enum proxy_way {
    PROXY_NOT,      /* directly */
    PROXY_BY_NAME,  /* CONNECT to the name; it is not resolved here */
    PROXY_RESOLVED, /* resolve first: PROXY_NOT if no_proxy holds an address, else CONNECT to one */
};
enum proxy_way proxy_way_to(const struct proxy_rules *r, struct text host);

/* Of a host's addresses (at least one) the one that the proxy is asked for: the first of IPv4, which every
 * proxy reaches, else the first. */
const uint8_t *proxy_choose(const uint8_t (*addresses)[16], unsigned count);

/* "user:password", without the line end behind it. E_INVALID when it is something else, or as the file's own
 * rules say (os/files.h: file_read_key). */
struct status proxy_credentials_read(const char *path, struct secret *out, struct error *err);
