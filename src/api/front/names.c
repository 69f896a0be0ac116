/* SPDX-License-Identifier: Apache-2.0 */
#include "api/front/front.h"

#include <unistd.h>

#include "base/arena.h"
#include "connector/connector.h"

#define HOST_NAME_SIZE 256

static void add(struct server_names *all, struct text name)
{
    if (name.n == 0 || all->count == SERVER_NAMES_MAX)
        return;
    for (size_t i = 0; i < all->count; i++) {
        if (text_equal_nocase(all->name[i], name))
            return;
    }
    all->name[all->count++] = name;
}

struct text url_host(struct text url)
{
    for (size_t i = 0; i + 2 < url.n; i++) {
        if (url.p[i] == ':' && url.p[i + 1] == '/' && url.p[i + 2] == '/') {
            url = text_from(url, i + 3);
            break;
        }
    }
    url = text_first(url, text_find(url, '/'));
    if (url.n > 0 && url.p[0] == '[')
        return text_first(text_from(url, 1), text_find(text_from(url, 1), ']'));
    return text_first(url, text_find(url, ':'));
}

static void add_this_host(struct arena *a, struct server_names *out)
{
    char host[HOST_NAME_SIZE] = "";
    if (gethostname(host, sizeof host - 1) == 0)
        add(out, arena_text(a, text_of(host)));
}

void server_names(const struct settings *s, const struct connector_settings *cs, struct arena *a,
                  struct server_names *out)
{
    *out = (struct server_names){.count = 0};
    /* What the public addresses say comes first: it must not be what falls off the end. */
    add(out, url_host(cs->connector_url));
    add(out, url_host(cs->gateway_url));
    add(out, TEXT("localhost"));
    add(out, TEXT("127.0.0.1"));
    add(out, TEXT("::1"));
    /* curl does not accept wildcards for every domain (DESIGN 3, names and ports): each name stands for
     * itself. */
    static const char *const prefixes[] = {"connector-service.", "gateway.", "compass-gateway.",
                                           "compass-gateway-mtls.", ""};
    for (size_t i = 0; s->url_domain[0] && i < sizeof prefixes / sizeof prefixes[0]; i++)
        add(out, arena_printf(a, "%s%s", prefixes[i], s->url_domain));
    add_this_host(a, out);
}

/* "[::1]:8081" -> "::1". */
static struct text bound_address(struct text listen)
{
    if (text_starts_with(listen, TEXT("[")))
        return text_first(text_from(listen, 1), text_find(text_from(listen, 1), ']'));
    return text_first(listen, text_find(listen, ':'));
}

void proxy_names(const struct settings *s, struct text host_name, struct arena *a, struct server_names *out)
{
    *out = (struct server_names){.count = 0};
    const struct text address = bound_address(text_of(s->listen[LISTENER_PROXY]));
    if (!text_equal(address, TEXT("0.0.0.0")) && !text_equal(address, TEXT("::")))
        add(out, address);
    add(out, TEXT("localhost"));
    add(out, TEXT("127.0.0.1"));
    add(out, TEXT("::1"));
    add(out, text_of(s->url_domain));
    add(out, host_name);
    add_this_host(a, out);
    for (unsigned i = 0; i < s->internal_hosts.count; i++)
        add(out, text_of(s->internal_hosts.item[i]));
}
