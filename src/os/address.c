/* SPDX-License-Identifier: Apache-2.0 */
#include "os/sockets.h"

#include <arpa/inet.h>
#include <stdio.h>

static struct status refuse(struct text t, struct error *err, const char *why)
{
    return error_set(err, E_INVALID, "'%.*s' is not an address to listen on: %s", TEXT_ARG(text_first(t, 80)),
                     why);
}

/* Splits at the last colon; the host of an IPv6 address must be in brackets, or its colons would be
 * ambiguous. */
static bool split_port(struct text t, struct text *host, struct text *port)
{
    size_t colon = t.n;
    while (colon > 0 && t.p[colon - 1] != ':')
        colon--;
    if (colon == 0)
        return false;
    *host = text_first(t, colon - 1);
    *port = text_from(t, colon);
    return true;
}

struct status socket_address_parse(struct text t, struct socket_address *out, struct error *err)
{
    struct text host, port;
    uint64_t number;
    char name[INET6_ADDRSTRLEN];
    if (!split_port(t, &host, &port))
        return refuse(t, err, "write address:port, such as 127.0.0.1:8080 or [::1]:8080");
    if (!text_to_u64(port, UINT16_MAX, &number))
        return refuse(t, err, "the port is a number from 0 to 65535");
    struct socket_address a = {0};
    bool bracketed = host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    if (bracketed)
        host = (struct text){host.p + 1, host.n - 2};
    if (!text_to_cstr(host, name, sizeof name))
        return refuse(t, err, "the address is too long");
    if (bracketed && inet_pton(AF_INET6, name, &a.v6.sin6_addr) == 1) {
        a.v6.sin6_family = AF_INET6;
        a.v6.sin6_port = htons((uint16_t)number);
    } else if (!bracketed && inet_pton(AF_INET, name, &a.v4.sin_addr) == 1) {
        a.v4.sin_family = AF_INET;
        a.v4.sin_port = htons((uint16_t)number);
    } else if (!bracketed && text_contains(host, ':')) {
        return refuse(t, err, "an IPv6 address needs brackets, such as [::1]:8080");
    } else {
        return refuse(t, err, "use a numeric address, such as 127.0.0.1, 0.0.0.0 or [::]");
    }
    *out = a;
    return DONE;
}

static bool is_v4_mapped(const struct socket_address *a)
{
    return a->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr);
}

const char *socket_address_format(const struct socket_address *a, char out[static SOCKET_TEXT_MAX])
{
    char host[INET6_ADDRSTRLEN] = "?";
    if (a->any.sa_family == AF_INET)
        (void)inet_ntop(AF_INET, &a->v4.sin_addr, host, sizeof host);
    else if (is_v4_mapped(a))
        (void)inet_ntop(AF_INET, &a->v6.sin6_addr.s6_addr[12], host, sizeof host);
    else if (a->any.sa_family == AF_INET6)
        (void)inet_ntop(AF_INET6, &a->v6.sin6_addr, host, sizeof host);
    bool brackets = a->any.sa_family == AF_INET6 && !is_v4_mapped(a);
    (void)snprintf(out, SOCKET_TEXT_MAX, brackets ? "[%s]:%u" : "%s:%u", host, socket_address_port(a));
    return out;
}

bool socket_address_equal(const struct socket_address *a, const struct socket_address *b)
{
    if (a->any.sa_family != b->any.sa_family || socket_address_port(a) != socket_address_port(b))
        return false;
    if (a->any.sa_family == AF_INET)
        return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
    return bytes_equal(BYTES_OF(a->v6.sin6_addr.s6_addr), BYTES_OF(b->v6.sin6_addr.s6_addr));
}

bool socket_address_is_loopback(const struct socket_address *a)
{
    if (a->any.sa_family == AF_INET)
        return ntohl(a->v4.sin_addr.s_addr) >> 24 == 127;
    if (is_v4_mapped(a))
        return a->v6.sin6_addr.s6_addr[12] == 127;
    return a->any.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
}

uint16_t socket_address_port(const struct socket_address *a)
{
    return ntohs(a->any.sa_family == AF_INET6 ? a->v6.sin6_port : a->v4.sin_port);
}

struct status socket_address_of(int fd, struct socket_address *out)
{
    struct socket_address a = {0};
    socklen_t size = sizeof a;
    if (getsockname(fd, &a.any, &size) != 0 || size > sizeof a)
        return STATUS(INVALID);
    if (a.any.sa_family != AF_INET && a.any.sa_family != AF_INET6)
        return STATUS(INVALID);
    *out = a;
    return DONE;
}
