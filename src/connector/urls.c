/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/internal.h"

#include "base/limits.h"

/* RFC 3986 2.3 unreserved characters, and those of a path segment (3.3) that no reader trips over. */
static bool stays_in_segment(char ch)
{
    return (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '-' ||
           ch == '.' || ch == '_' || ch == '~' || ch == '*' || ch == '@' || ch == ':' || ch == '!';
}

static void put_segment(struct buffer *b, struct text name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (stays_in_segment(name.p[i]))
            buffer_byte(b, (uint8_t)name.p[i]);
        else
            buffer_printf(b, "%%%02X", (unsigned char)name.p[i]);
    }
}

static void put_kind(struct buffer *b, const struct connector_holder *h)
{
    switch (h->kind) {
    case TOKEN_APPLICATION:
        buffer_text(b, TEXT("/v1/applications"));
        break;
    case TOKEN_RUNTIME:
        buffer_text(b, TEXT("/v1/runtimes"));
        break;
    case TOKEN_REMOTE_ENVIRONMENT:
        buffer_text(b, TEXT("/v1/remoteenvironments/"));
        put_segment(b, h->application);
        break;
    }
}

static void put_application(struct buffer *b, const struct connector_settings *s,
                            const struct connector_holder *h, struct text path)
{
    buffer_text(b, s->gateway_url);
    buffer_byte(b, '/');
    put_segment(b, h->application);
    buffer_text(b, path);
}

static void put_connector(struct buffer *b, const struct connector_settings *s,
                          const struct connector_holder *h, struct text path)
{
    buffer_text(b, s->connector_url);
    put_kind(b, h);
    buffer_text(b, path);
}

static void put_gateway(struct buffer *b, const struct connector_settings *s,
                        const struct connector_holder *h, struct text path)
{
    buffer_text(b, s->gateway_url);
    put_kind(b, h);
    buffer_text(b, path);
}

static void put_token(struct buffer *b, struct text token)
{
    buffer_text(b, TEXT("?token="));
    buffer_text(b, token); /* base64url, its '=' as the original leaves it (contract 3.1) */
}

static void put_link(struct buffer *b, const struct connector_settings *s, enum connector_link which,
                     const struct connector_holder *h)
{
    const bool first_generation = h->kind == TOKEN_REMOTE_ENVIRONMENT;
    switch (which) {
    case LINK_INFO:
        put_connector(b, s, h, first_generation ? TEXT("/info") : TEXT("/signingRequests/info"));
        break;
    case LINK_SIGN:
        put_connector(b, s, h, first_generation ? TEXT("/client-certs") : TEXT("/certificates"));
        break;
    case LINK_CERTIFICATES: /* the first generation's lacks its last segment (contract 10) */
        put_connector(b, s, h, first_generation ? TEXT("") : TEXT("/certificates"));
        break;
    case LINK_EVENTS:
        put_application(b, s, h, TEXT("/v1/events"));
        break;
    case LINK_EVENTS_INFO:
        put_application(b, s, h, TEXT("/v1/events/subscribed"));
        break;
    case LINK_METADATA:
        put_application(b, s, h, TEXT("/v1/metadata/services"));
        break;
    case LINK_MANAGEMENT:
        put_gateway(b, s, h, TEXT("/management/info"));
        break;
    case LINK_RENEW:
        put_gateway(b, s, h, TEXT("/certificates/renewals"));
        break;
    case LINK_REVOKE:
        put_gateway(b, s, h, TEXT("/certificates/revocations"));
        break;
    }
}

struct text connector_link(const struct connector *c, enum connector_link which,
                           const struct connector_holder *h, struct text token, struct arena *a)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, LIMIT_URI_BYTES);
    put_link(&b, &c->settings, which, h);
    if (token.n > 0)
        put_token(&b, token);
    return status_ok(buffer_status(&b)) ? arena_text(a, buffer_as_text(&b)) : (struct text){NULL, 0};
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
    const bool plain = listener == LISTENER_INTERNAL || listener == LISTENER_PROXY;
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
