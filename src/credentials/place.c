/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"
#include "credentials/internal.h"

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

struct status place_resolve(struct asking *q)
{
    const struct fetch_request job = {
        .job = FETCH_RESOLVE,
        .host = q->out->host,
        .port = q->out->port,
        .timeout_ms = q->cache->settings.timeout_ms,
    };
    struct mix m = {.state = {0}};
    mix_number(&m, job.job);
    mix_text(&m, job.host);
    mix_number(&m, job.port);
    struct cache_value v;
    TRY(want_value(q, &m, &job, &v));
    static_assert(HOP_ADDRESSES_MAX >= FETCH_ADDRESSES_MAX);
    memcpy(q->out->addresses, v.addresses, sizeof v.addresses);
    q->out->address_count = v.address_count;
    return DONE;
}
