/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/internal.h"

/* RFC 3986 2.3 unreserved characters, and those of a path segment (3.3) that no reader trips over. */
static bool stays_in_segment(char ch)
{
    return (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '-' ||
           ch == '.' || ch == '_' || ch == '~' || ch == '*' || ch == '@' || ch == ':' || ch == '!';
}

/* Written straight into the arena: management info makes half a dozen of these per request, on the loop. */
struct link {
    char *p;
    size_t n, size;
};

static void put(struct link *l, struct text t)
{
    must(t.n <= l->size - l->n);
    for (size_t i = 0; i < t.n; i++)
        l->p[l->n++] = t.p[i];
}

static void put_segment(struct link *l, struct text name)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < name.n; i++) {
        const unsigned char b = (unsigned char)name.p[i];
        const char escaped[] = {'%', digits[b >> 4], digits[b & 15]};
        if (stays_in_segment(name.p[i]))
            put(l, (struct text){name.p + i, 1});
        else
            put(l, (struct text){escaped, sizeof escaped});
    }
}

static void put_kind(struct link *l, const struct connector_holder *h)
{
    switch (h->kind) {
    case TOKEN_APPLICATION:
    case TOKEN_COMPASS_APPLICATION:
        put(l, TEXT("/v1/applications"));
        break;
    case TOKEN_RUNTIME:
    case TOKEN_COMPASS_RUNTIME:
        put(l, TEXT("/v1/runtimes"));
        break;
    case TOKEN_REMOTE_ENVIRONMENT:
        put(l, TEXT("/v1/remoteenvironments/"));
        put_segment(l, h->application);
        break;
    }
}

enum link_base { OF_CONNECTOR, OF_GATEWAY, OF_APPLICATION };

struct link_shape {
    enum link_base base;
    struct text path, first_generation; /* behind the base */
};

/* The first generation's certificatesUrl lacks its last segment (contract 10). */
static const struct link_shape shapes[] = {
    [LINK_INFO] = {OF_CONNECTOR, TEXT_INIT("/signingRequests/info"), TEXT_INIT("/info")},
    [LINK_SIGN] = {OF_CONNECTOR, TEXT_INIT("/certificates"), TEXT_INIT("/client-certs")},
    [LINK_CERTIFICATES] = {OF_CONNECTOR, TEXT_INIT("/certificates"), TEXT_INIT("")},
    [LINK_EVENTS] = {OF_APPLICATION, TEXT_INIT("/v1/events"), TEXT_INIT("/v1/events")},
    [LINK_EVENTS_INFO] = {OF_APPLICATION, TEXT_INIT("/v1/events/subscribed"),
                          TEXT_INIT("/v1/events/subscribed")},
    [LINK_METADATA] = {OF_APPLICATION, TEXT_INIT("/v1/metadata/services"),
                       TEXT_INIT("/v1/metadata/services")},
    [LINK_MANAGEMENT] = {OF_GATEWAY, TEXT_INIT("/management/info"), TEXT_INIT("/management/info")},
    [LINK_RENEW] = {OF_GATEWAY, TEXT_INIT("/certificates/renewals"), TEXT_INIT("/certificates/renewals")},
    [LINK_REVOKE] = {OF_GATEWAY, TEXT_INIT("/certificates/revocations"),
                     TEXT_INIT("/certificates/revocations")},
};
#define LINK_WORDS_MAX 64 /* more than "/v1/remoteenvironments/" and the longest path */

struct text connector_link(const struct connector *c, enum connector_link which,
                           const struct connector_holder *h, struct text token, struct arena *a)
{
    const struct link_shape *shape = &shapes[which];
    const struct text base =
        shape->base == OF_CONNECTOR ? c->settings.connector_url : c->settings.gateway_url;
    struct link l = {.size = base.n + 3 * h->application.n + token.n + LINK_WORDS_MAX};
    l.p = arena_alloc(a, l.size);
    if (!l.p)
        return (struct text){NULL, 0};
    put(&l, base);
    if (shape->base == OF_APPLICATION) {
        put(&l, TEXT("/"));
        put_segment(&l, h->application);
    } else {
        put_kind(&l, h);
    }
    put(&l, h->kind == TOKEN_REMOTE_ENVIRONMENT ? shape->first_generation : shape->path);
    if (token.n > 0) {
        put(&l, TEXT("?token="));
        put(&l, token); /* base64url, its '=' as the original leaves it (contract 3.1) */
    }
    return (struct text){l.p, l.n};
}

/* ---- the base addresses ---- */

static bool is_loopback(struct text host)
{
    return text_starts_with(host, TEXT("127.")) || text_equal(host, TEXT("[::1]")) ||
           text_equal(host, TEXT("localhost"));
}

void connector_public_url(const struct settings *s, enum listener listener, struct text bound,
                          struct text host_name, struct buffer *out)
{
    const struct text configured = listener == LISTENER_CONNECTOR ? text_of(s->url_connector)
                                   : listener == LISTENER_GATEWAY ? text_of(s->url_gateway)
                                                                  : TEXT("");
    if (configured.n > 0) {
        buffer_text(out, configured); /* config/ has refused a trailing slash */
        return;
    }
    size_t colon = bound.n;
    while (colon > 0 && bound.p[colon - 1] != ':')
        colon--;
    const struct text port = text_from(bound, colon);
    const struct text host = text_first(bound, colon > 0 ? colon - 1 : 0);
    const bool plain =
        listener == LISTENER_INTERNAL || (listener == LISTENER_PROXY && !settings_proxy_is_mutual(s));
    const struct text domain = text_of(s->url_domain);

    buffer_cstr(out, plain ? "http://" : "https://");
    if (domain.n > 0 && listener == LISTENER_CONNECTOR)
        buffer_text(out, TEXT("connector-service."));
    if (domain.n > 0 && listener == LISTENER_GATEWAY)
        buffer_text(out, TEXT("gateway."));
    if (domain.n > 0 && !plain)
        buffer_text(out, domain);
    else if (is_loopback(host) || host_name.n == 0)
        buffer_text(out, TEXT("localhost"));
    else
        buffer_text(out, host_name);
    if (port.n > 0 && !text_equal(port, plain ? TEXT("80") : TEXT("443"))) {
        buffer_byte(out, ':');
        buffer_text(out, port);
    }
}
