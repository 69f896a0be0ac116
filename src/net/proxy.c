/* SPDX-License-Identifier: Apache-2.0 */
#include "net/proxy.h"

#include <arpa/inet.h>

#include "net/guard.h"
#include "os/files.h"

#define CREDENTIALS_MAX 1024

struct status proxy_rules_read(struct text url, struct proxy_rules *out)
{
    uint64_t port = 0;
    *out = (struct proxy_rules){.port = 0};
    if (url.n == 0)
        return DONE;
    if (!text_starts_with(url, TEXT("http://")))
        return STATUS(INVALID);
    const struct text place = text_from(url, 7);
    size_t colon = place.n;
    while (colon > 0 && place.p[colon - 1] != ':')
        colon--;
    if (colon < 2 || !text_to_u64(text_from(place, colon), UINT16_MAX, &port) || port == 0)
        return STATUS(INVALID);
    struct text host = text_first(place, colon - 1);
    if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = (struct text){host.p + 1, host.n - 2};
    out->place = place;
    out->host = host;
    out->port = (uint16_t)port;
    return DONE;
}

/* ---- places ---- */

static struct text bare(struct text host)
{
    if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        return (struct text){host.p + 1, host.n - 2};
    if (host.n > 1 && host.p[host.n - 1] == '.')
        host.n--;
    return host;
}

static bool read_address(struct text host, uint8_t out[static 16])
{
    struct guard_network n;
    if (text_contains(host, '/') || !guard_network_parse(host, &n))
        return false;
    memcpy(out, n.address, 16);
    return true;
}

bool proxy_places_hold(const struct proxy_places *p, const uint8_t address[static 16])
{
    for (unsigned i = 0; i < p->count; i++) {
        struct guard_network n;
        if (guard_network_parse(text_of(p->item[i]), &n) && guard_network_holds(&n, address))
            return true;
    }
    return false;
}

static bool is_below(struct text host, struct text domain)
{
    return host.n > domain.n && text_equal_nocase(text_from(host, host.n - domain.n), domain);
}

bool proxy_places_name(const struct proxy_places *p, struct text host)
{
    uint8_t address[16];
    host = bare(host);
    if (read_address(host, address))
        return proxy_places_hold(p, address);
    if (text_contains(host, '/'))
        return false; /* would look like a network of the list */
    for (unsigned i = 0; i < p->count; i++) {
        const struct text item = text_of(p->item[i]);
        if (text_starts_with(item, TEXT(".")) ? is_below(host, item) : text_equal_nocase(host, bare(item)))
            return true;
    }
    return false;
}

/* An address is never a name: it is always judged here, whatever outbound.proxy_names says. */
enum proxy_way proxy_way_to(const struct proxy_rules *r, struct text host)
{
    uint8_t address[16];
    if (r->place.n == 0 || proxy_places_name(&r->no_proxy, host))
        return PROXY_NOT;
    if (!read_address(bare(host), address) && proxy_places_name(&r->names, host))
        return PROXY_BY_NAME;
    return PROXY_RESOLVED;
}

const uint8_t *proxy_choose(const uint8_t (*addresses)[16], unsigned count)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    for (unsigned i = 0; i < count; i++)
        if (memcmp(addresses[i], mapped, sizeof mapped) == 0)
            return addresses[i];
    return addresses[0];
}

/* ---- credentials ---- */

static bool is_fine(struct text t)
{
    const size_t colon = text_find(t, ':');
    if (colon == 0 || colon == t.n)
        return false;
    for (size_t i = 0; i < t.n; i++)
        if ((uint8_t)t.p[i] < ' ' || t.p[i] == 127)
            return false;
    return true;
}

struct status proxy_credentials_read(const char *path, struct secret *out, struct error *err)
{
    OWNED(secret_release) struct secret file = {0};
    TRY(file_read_key(path, CREDENTIALS_MAX, &file, err));
    struct text t = bytes_text(secret_bytes(&file));
    if (text_ends_with(t, TEXT("\n")))
        t.n--;
    if (text_ends_with(t, TEXT("\r")))
        t.n--;
    if (!is_fine(t))
        return error_set(err, E_INVALID, "%s: not one line user:password", path);
    return secret_copy(out, text_bytes(t));
}
