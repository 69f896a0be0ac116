/* SPDX-License-Identifier: Apache-2.0 */
#include "config/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/utf8.h"

bool check_printable(struct text t)
{
    for (size_t i = 0; i < t.n;) {
        uint32_t c;
        size_t n = utf8_decode(t.p + i, t.n - i, &c);
        if (n == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0))
            return false;
        i += n;
    }
    return true;
}

/* The bytes of a literal address; the count, or 0. */
static size_t parse_ip(struct text t, uint8_t out[static 16])
{
    char host[INET6_ADDRSTRLEN];
    if (!text_to_cstr(t, host, sizeof host))
        return 0;
    if (inet_pton(AF_INET, host, out) == 1)
        return 4;
    return inet_pton(AF_INET6, host, out) == 1 ? 16 : 0;
}

bool check_ip(struct text t)
{
    uint8_t bytes[16];
    return parse_ip(t, bytes) != 0;
}

static bool is_loopback(const uint8_t *ip, size_t n)
{
    static const uint8_t one[16] = {[15] = 1};
    return n == 4 ? ip[0] == 127 : bytes_equal((struct bytes){ip, 16}, BYTES_OF(one));
}

bool check_address(struct text t, bool *out_loopback)
{
    bool bracket = t.n > 0 && t.p[0] == '[';
    struct text rest = text_from(t, bracket ? 1 : 0);
    size_t end = text_find(rest, bracket ? ']' : ':');
    struct text host = text_first(rest, end);
    struct text port = text_from(rest, end);
    struct text separator = bracket ? TEXT("]:") : TEXT(":");
    if (!text_starts_with(port, separator))
        return false;
    uint8_t ip[16];
    size_t n = parse_ip(host, ip);
    uint64_t number;
    port = text_from(port, separator.n);
    if (n != (bracket ? 16u : 4u) || port.n > 5 || !text_to_u64(port, 65535, &number))
        return false;
    *out_loopback = is_loopback(ip, n);
    return true;
}

/* "127.0.0.1", "[::1]": without a port. */
static bool check_bare_address(struct text t, bool *out_loopback)
{
    const bool bracket = t.n > 1 && t.p[0] == '[' && t.p[t.n - 1] == ']';
    const struct text host = bracket ? text_first(text_from(t, 1), t.n - 2) : t;
    uint8_t ip[16];
    const size_t n = parse_ip(host, ip);
    *out_loopback = n > 0 && is_loopback(ip, n);
    return n == (bracket ? 16u : 4u);
}

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool check_host_label(struct text label)
{
    if (label.n == 0 || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-')
        return false;
    for (size_t i = 0; i < label.n; i++)
        if (!is_alphanumeric(label.p[i]) && label.p[i] != '-')
            return false;
    return true;
}

bool check_host_name(struct text t)
{
    if (t.n == 0 || t.n > 253)
        return false;
    while (t.p)
        if (!check_host_label(text_cut(&t, '.')))
            return false;
    return true;
}

bool check_label(struct text t)
{
    for (size_t i = 0; i < t.n; i++)
        if (t.p[i] >= 'A' && t.p[i] <= 'Z')
            return false;
    return check_host_label(t);
}

bool check_network(struct text t)
{
    struct text rest = t;
    uint8_t ip[16];
    size_t n = parse_ip(text_cut(&rest, '/'), ip);
    if (n == 0)
        return false;
    if (!rest.p)
        return true;
    uint64_t prefix;
    if (rest.n > 3 || !text_to_u64(rest, 8 * n, &prefix))
        return false;
    /* "10.0.0.1/8" is more often a mistake than a way to write 10.0.0.0/8. */
    for (size_t bit = (size_t)prefix; bit < 8 * n; bit++)
        if (ip[bit / 8] & (0x80u >> (bit % 8)))
            return false;
    return true;
}

static bool check_url_host(struct text t)
{
    bool loopback;
    uint64_t port;
    if (t.n > 0 && t.p[0] == '[') {
        if (check_address(t, &loopback))
            return true;
        return t.p[t.n - 1] == ']' && check_ip(text_first(text_from(t, 1), t.n - 2));
    }
    struct text name = text_cut(&t, ':');
    if (t.p && (t.n > 5 || !text_to_u64(t, 65535, &port)))
        return false;
    return check_host_name(name);
}

static bool check_url_path(struct text path)
{
    if (path.n > 0 && path.p[path.n - 1] == '/')
        return false;
    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] <= ' ' || path.p[i] >= 0x7f || text_contains(TEXT("?#\"<>\\^`{|}"), path.p[i]))
            return false;
    return true;
}

bool check_url(struct text t, bool http_allowed)
{
    struct text rest;
    if (text_starts_with(t, TEXT("https://")))
        rest = text_from(t, 8);
    else if (http_allowed && text_starts_with(t, TEXT("http://")))
        rest = text_from(t, 7);
    else
        return false;
    size_t slash = text_find(rest, '/');
    return check_url_host(text_first(rest, slash)) && check_url_path(text_from(rest, slash));
}

bool check_issuer_url(struct text t)
{
    bool loopback = false;
    if (text_ends_with(t, TEXT("/")))
        t = text_first(t, t.n - 1);
    if (!check_url(t, true) || text_starts_with(t, TEXT("https://")))
        return check_url(t, false);
    struct text host = text_from(t, 7);
    host = text_first(host, text_find(host, '/'));
    if (text_starts_with(host, TEXT("localhost")) && (host.n == 9 || host.p[9] == ':'))
        return true;
    return (check_address(host, &loopback) || check_bare_address(host, &loopback)) && loopback;
}

bool check_proxy_url(struct text t)
{
    if (!text_starts_with(t, TEXT("http://")))
        return false;
    const struct text place = text_from(t, 7);
    size_t colon = place.n;
    while (colon > 0 && place.p[colon - 1] != ':')
        colon--;
    uint64_t port;
    return colon > 1 && text_to_u64(text_from(place, colon), 65535, &port) && port > 0 &&
           check_url_host(place);
}

bool check_origin(struct text t)
{
    const bool https = text_starts_with(t, TEXT("https://"));
    for (size_t i = 0; i < t.n; i++)
        if (t.p[i] >= 'A' && t.p[i] <= 'Z')
            return false;
    return check_url(t, true) && text_find(text_from(t, https ? 8 : 7), '/') == t.n - (https ? 8 : 7) &&
           !text_ends_with(t, https ? TEXT(":443") : TEXT(":80"));
}
