/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"
#include "credentials/internal.h"
#include "os/sockets.h"

/*
 * Where the target is. The registry's rule for URLs (contract 1.7) lets more through than can be called: no
 * scheme or another one, port 0, names beyond ASCII. User information is not used, as in the original.
 */

#define URL_SHOWN 300

/* With asterisks for user and password: user information ends at the last '@' before the path. */
static struct status unusable(struct asking *q, const char *why)
{
    const struct text url = q->service->row.target_url;
    const struct text shown = text_first(registry_url_shown(url, q->a), URL_SHOWN);
    return refuse(q, 500, "failed to parse target url '%.*s': '%s'", TEXT_ARG(shown), why);
}

/* ---- pieces ---- */

static bool takes(struct text *rest, struct text part)
{
    if (!text_starts_with(*rest, part))
        return false;
    *rest = text_from(*rest, part.n);
    return true;
}

static size_t find_any(struct text t, const char *of)
{
    size_t i = 0;
    while (i < t.n && !text_contains(text_of(of), t.p[i]))
        i++;
    return i;
}

static struct text without_user(struct text authority)
{
    size_t from = 0;
    for (size_t i = 0; i < authority.n; i++) {
        if (authority.p[i] == '@')
            from = i + 1;
    }
    return text_from(authority, from);
}

/* RFC 3986 3.3 and 3.4; an escape stays one. */
static bool may_stand(char c)
{
    const bool alphanumeric = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    return alphanumeric || (c != '\0' && text_contains(TEXT("-._~!$&'()*+,;=:@/?%[]"), c));
}

/* As registered, but what no request line may hold is escaped, as the original did. */
static struct status escaped(struct text t, struct arena *a, struct text *out)
{
    static const char digits[] = "0123456789ABCDEF";
    char *p = arena_alloc(a, 3 * t.n + 1);
    if (!p)
        return STATUS(NOMEM);
    size_t n = 0;
    for (size_t i = 0; i < t.n; i++) {
        const uint8_t c = (uint8_t)t.p[i];
        if (may_stand(t.p[i])) {
            p[n++] = t.p[i];
            continue;
        }
        p[n++] = '%';
        p[n++] = digits[c >> 4];
        p[n++] = digits[c & 15];
    }
    *out = (struct text){p, n};
    return DONE;
}

static bool is_host_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || text_contains(TEXT("-._[]:"), c);
}

/* Lower case; false for what is no name or address in ASCII. */
static struct status read_host(struct asking *q, struct text host, bool *out_fine)
{
    char *p = arena_alloc(q->a, host.n + 1);
    if (!p)
        return STATUS(NOMEM);
    *out_fine = host.n > 0 && host.n <= 255;
    for (size_t i = 0; i < host.n; i++) {
        const char c = host.p[i];
        p[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
        *out_fine = *out_fine && is_host_character(p[i]);
    }
    q->out->host = (struct text){p, host.n};
    return DONE;
}

static bool read_port(struct asking *q, struct text digits)
{
    const uint16_t usual = q->out->tls ? 443 : 80;
    uint64_t port = usual;
    if (digits.n > 0 && (!text_to_u64(digits, UINT16_MAX, &port) || port == 0))
        return false;
    q->out->port = (uint16_t)port;
    q->out->port_is_default = port == usual;
    return true;
}

struct status place_read(struct asking *q)
{
    struct text rest = q->service->row.target_url;
    bool fine = false;
    q->out->tls = takes(&rest, TEXT("https://"));
    if (!q->out->tls && !takes(&rest, TEXT("http://")))
        return unusable(q, "the scheme must be http or https");
    const struct text authority = without_user(text_first(rest, find_any(rest, "/?#")));
    rest = text_first(rest, text_find(rest, '#'));
    rest = text_from(rest, find_any(rest, "/?"));
    const size_t bracket = text_starts_with(authority, TEXT("[")) ? text_find(authority, ']') : 0;
    const size_t colon = bracket + text_find(text_from(authority, bracket), ':');
    TRY(read_host(q, text_first(authority, colon), &fine));
    if (!fine)
        return unusable(q, "the host must be a name in ASCII or an address");
    if (!read_port(q, text_from(authority, colon + 1)))
        return unusable(q, "the port must be from 1 to 65535");
    const size_t path = text_find(rest, '?');
    TRY(escaped(text_first(rest, path), q->a, &q->out->path));
    return escaped(text_from(rest, path + 1), q->a, &q->out->query);
}

/* ---- addresses ---- */

static struct status look_up(struct asking *q, const struct fetch_request *job)
{
    struct mix m = {.state = {0}};
    mix_number(&m, job->job);
    mix_text(&m, job->host);
    mix_number(&m, job->port); /* the guard looks at it: our own listeners are on some ports */
    struct cache_value v;
    TRY(want_value(q, &m, job, &v));
    static_assert(HOP_ADDRESSES_MAX >= FETCH_ADDRESSES_MAX);
    memcpy(q->out->addresses, v.addresses, sizeof v.addresses);
    q->out->address_count = v.address_count;
    return DONE;
}

static struct status resolve_target(struct asking *q)
{
    const struct fetch_request job = {
        .job = FETCH_RESOLVE,
        .host = q->out->host,
        .port = q->out->port,
        .timeout_ms = q->cache->settings.timeout_ms,
    };
    return look_up(q, &job);
}

static struct status resolve_proxy(struct asking *q)
{
    const struct proxy_rules *proxy = &q->cache->settings.proxy;
    const struct fetch_request job = {
        .job = FETCH_RESOLVE_PROXY,
        .host = proxy->host,
        .port = proxy->port,
        .timeout_ms = q->cache->settings.timeout_ms,
    };
    return look_up(q, &job);
}

static struct status ask_proxy_for(struct asking *q, struct text place)
{
    if (!place.p)
        return STATUS(NOMEM);
    q->out->proxy_to = place;
    q->out->proxy = q->cache->settings.proxy.place;
    q->out->proxy_port = q->cache->settings.proxy.port;
    q->out->proxy_authorization = q->cache->settings.proxy_authorization;
    return resolve_proxy(q);
}

static struct status ask_for_name(struct asking *q)
{
    struct text host = q->out->host;
    if (text_ends_with(host, TEXT(".")))
        host.n--;
    return ask_proxy_for(q, arena_printf(q->a, "%.*s:%u", TEXT_ARG(host), q->out->port));
}

/* One of them: the proxy knows nothing of the others. */
static struct status ask_for_address(struct asking *q)
{
    char text[SOCKET_TEXT_MAX];
    struct socket_address to = {.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(q->out->port)}};
    memcpy(&to.v6.sin6_addr, proxy_choose(q->out->addresses, q->out->address_count), sizeof to.v6.sin6_addr);
    return ask_proxy_for(q, arena_text(q->a, text_of(socket_address_format(&to, text))));
}

/* Those in networks of outbound.no_proxy, if there are any, are the target's then. */
static bool keep_direct(struct asking *q)
{
    const struct proxy_places *direct = &q->cache->settings.proxy.no_proxy;
    struct hop_target *t = q->out;
    unsigned kept = 0;
    for (unsigned i = 0; i < t->address_count; i++)
        if (proxy_places_hold(direct, t->addresses[i]))
            memmove(t->addresses[kept++], t->addresses[i], sizeof t->addresses[i]);
    if (kept > 0)
        t->address_count = kept;
    return kept > 0;
}

struct status place_resolve(struct asking *q)
{
    const enum proxy_way way = proxy_way_to(&q->cache->settings.proxy, q->out->host);
    if (way == PROXY_BY_NAME)
        return ask_for_name(q);
    TRY(resolve_target(q));
    if (way == PROXY_NOT || keep_direct(q))
        return DONE;
    return ask_for_address(q);
}
