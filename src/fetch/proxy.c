/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdio.h>

#include "fetch/answer.h"
#include "fetch/download.h"
#include "fetch/exchange.h"
#include "fetch/resolve.h"

/*
 * Through outbound.proxy: the host is resolved and judged here, then the proxy is asked (CONNECT, also for
 * http) for the address that was judged; TLS and the Host header still name the host. A name of
 * outbound.proxy_names goes to the proxy as it is.
 */

static void format(const uint8_t address[static 16], char *out, size_t size)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char text[INET6_ADDRSTRLEN] = "?";
    const bool v4 = memcmp(address, mapped, sizeof mapped) == 0;
    (void)inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? address + sizeof mapped : address, text, sizeof text);
    (void)snprintf(out, size, v4 ? "%s" : "[%s]", text);
}

static uint16_t port_of(const struct url *url)
{
    OWNED(url_text_free) char *text = NULL;
    uint64_t port = 0;
    if (curl_url_get(url->handle, CURLUPART_PORT, &text, CURLU_DEFAULT_PORT) != CURLUE_OK ||
        !text_to_u64(text_of(text), UINT16_MAX, &port))
        return 0;
    return (uint16_t)port;
}

/* The first address in a network of outbound.no_proxy: without the proxy we go there and nowhere else, so
 * that a second look at the name cannot lead past it. NULL: there is none. */
static const uint8_t *direct_of(const struct proxy_rules *rules, const struct fetch_answer *found)
{
    for (unsigned i = 0; i < found->address_count; i++)
        if (proxy_places_hold(&rules->no_proxy, found->addresses[i]))
            return found->addresses[i];
    return NULL;
}

bool exchange_find_way(struct exchange *x)
{
    const struct proxy_rules *rules = &x->policy->proxy;
    struct fetch_answer found = {.outcome = FETCH_FINE};
    const enum proxy_way way =
        x->guard->only_loopback ? PROXY_NOT : proxy_way_to(rules, text_of(x->url->host));
    x->way = (struct exchange_way){.by_proxy = way != PROXY_NOT};
    if (way != PROXY_RESOLVED)
        return true;
    if (!resolve_host(x->guard, text_of(x->url->host), port_of(x->url), &found)) {
        answer_fail(x->answer, found.outcome, "%s", found.reason);
        return false;
    }
    const uint8_t *to = direct_of(rules, &found);
    x->way.by_proxy = to == NULL;
    format(to ? to : proxy_choose(found.addresses, found.address_count), x->way.target, sizeof x->way.target);
    return true;
}

#define SET(option, value) ok = ok && curl_easy_setopt(curl, (option), (value)) == CURLE_OK

/* Registered headers and Authorization are for the target: with CURLHEADER_SEPARATE the CONNECT has none of
 * them. */
static bool set_proxy(const struct exchange *x, CURL *curl)
{
    const struct fetch_policy *p = x->policy;
    char url[300];
    bool ok = true;
    (void)snprintf(url, sizeof url, "http://%.*s", TEXT_ARG(p->proxy.place));
    SET(CURLOPT_PROXY, url);
    SET(CURLOPT_NOPROXY, ""); /* the environment's either */
    SET(CURLOPT_HTTPPROXYTUNNEL, 1L);
    SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (p->proxy_user.p) {
        SET(CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
        SET(CURLOPT_PROXYUSERNAME, (const char *)p->proxy_user.p);
        SET(CURLOPT_PROXYPASSWORD, (const char *)p->proxy_password.p);
    }
    return ok;
}

bool exchange_set_way(struct exchange *x, void *curl, struct curl_slist **connect_to)
{
    char entry[96];
    bool ok = true;
    if (x->way.target[0]) {
        (void)snprintf(entry, sizeof entry, "::%s:%u", x->way.target, port_of(x->url)); /* whatever it asks */
        *connect_to = curl_slist_append(NULL, entry);
        ok = *connect_to != NULL;
        SET(CURLOPT_CONNECT_TO, *connect_to);
    }
    if (x->way.by_proxy)
        return ok && set_proxy(x, curl);
    SET(CURLOPT_PROXY, ""); /* none from the environment either */
    SET(CURLOPT_NOPROXY, "*");
    return ok;
}
