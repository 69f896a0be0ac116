/* SPDX-License-Identifier: Apache-2.0 */
#include "front/front_internal.h"

#include "base/clock.h"
#include "outbound/address.h"

/*
 * Who may speak to us, judged by the names in the request.
 *
 * The internal listener trusts whoever reaches loopback, so a browser on the same host must not be made to: a
 * page whose name was rebound to 127.0.0.1 sends its own name in Host; a page elsewhere sends its Origin or
 * Sec-Fetch-Site (DESIGN 3 and 5). The proxy listener hands out credentials on the same terms; it also
 * answers to names of services (contract 3.2). On TLS listeners the Host must be the name that the handshake
 * was about (RFC 9110 15.5.20: 421).
 */

/* "name", "name:port", "[v6]", "[v6]:port" -> the host, brackets kept. */
static struct text host_of(struct text authority)
{
    if (authority.n && authority.p[0] == '[') {
        size_t end = text_find(authority, ']');
        return text_first(authority, end < authority.n ? end + 1 : authority.n);
    }
    return text_first(authority, text_find(authority, ':'));
}

static bool is_local_name(const struct settings *s, struct text host)
{
    if (text_equal_nocase(host, TEXT("localhost")) || text_equal(host, TEXT("127.0.0.1")) ||
        text_equal(host, TEXT("[::1]")))
        return true;
    for (unsigned i = 0; i < s->internal_hosts.count; i++)
        if (text_equal_nocase(host, text_of(s->internal_hosts.item[i])))
            return true;
    return false;
}

/*
 * A name of the certificate that the peer was shown on the proxy listener: whoever checks certificates meant
 * us. The one asked about last is remembered, for it costs a walk through the certificate.
 */
static bool is_certified(const struct front_call *fc, struct text host)
{
    struct tls_session *tls =
        connection_tag(fc->connection) == LISTENER_PROXY ? connection_tls(fc->connection) : NULL;
    if (!tls)
        return false;
    struct front_listener *l = &fc->front->listeners[LISTENER_PROXY];
    const struct tls_context *context = tls_session_context(tls);
    if (l->named_by == context && text_equal_nocase(host, text_of(l->named_host)))
        return true;
    if (!tls_context_names(context, host))
        return false;
    l->named_by = text_to_cstr(host, l->named_host, sizeof l->named_host) ? context : NULL;
    return true;
}

/* Origin: "null" or scheme "://" authority (RFC 6454 7). */
static bool origin_is_ours(const struct front_call *fc, struct text origin)
{
    struct text rest = origin;
    if (text_starts_with(origin, TEXT("http://")))
        rest = text_from(origin, 7);
    else if (text_starts_with(origin, TEXT("https://")))
        rest = text_from(origin, 8);
    else
        return false;
    return is_local_name(fc->front->settings, host_of(rest)) || is_certified(fc, host_of(rest));
}

bool front_host_is_local(const struct front_call *fc)
{
    return is_local_name(fc->front->settings, host_of(fc->exchange->request.authority));
}

/* {app}-{id}.anything (contract 3.2). */
static bool host_names_a_service(const struct front_call *fc)
{
    struct outbound_address address;
    return connection_tag(fc->connection) == LISTENER_PROXY &&
           status_ok(outbound_address_read(&fc->exchange->request, &address)) && address.kind == ADDRESS_HOST;
}

/* Names that no public name server answers for: single ones, and those below domains that are reserved
 * (RFC 2606, 6761, 6762; "internal" by ICANN) or a cluster's own. */
static bool is_private_name(const struct settings *s, struct text host)
{
    static const struct text reserved[] = {
        TEXT_INIT(".local"), TEXT_INIT(".localhost"), TEXT_INIT(".internal"), TEXT_INIT(".svc"),
        TEXT_INIT(".test"),  TEXT_INIT(".example"),   TEXT_INIT(".invalid"),
    };
    const struct text suffix = text_from(host, text_find(host, '.') + 1);
    if (suffix.n == 0 || (s->registry_namespace && text_equal_nocase(suffix, text_of(s->registry_namespace))))
        return true;
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (host.n > reserved[i].n && text_equal_nocase(text_from(host, host.n - reserved[i].n), reserved[i]))
            return true;
    }
    return is_local_name(s, suffix);
}

/*
 * A page whose own name begins like a service's, and was rebound to 127.0.0.1, asks for itself: its GET has
 * no Origin and, without TLS, no Sec-Fetch-Site. But browsers do not leave out Accept-Language, whatever the
 * page's scripts say. (With TLS the certificate is for another name.) Under a private name such fields may be
 * what a workload passes on.
 */
static bool may_be_rebound(const struct front_call *fc)
{
    static const char *const marks[] = {"Accept-Language", "Origin",         "Referer",
                                        "Sec-Fetch-Site",  "Sec-Fetch-Mode", "Sec-Fetch-Dest"};
    const struct request *r = &fc->exchange->request;
    if (connection_tls(fc->connection) || is_private_name(fc->front->settings, host_of(r->authority)))
        return false;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (headers_count(&r->headers, text_of(marks[i])) > 0)
            return true;
    }
    return text_starts_with(headers_get(&r->headers, TEXT("User-Agent")), TEXT("Mozilla/"));
}

/* A page of an origin in graphql.cors_origins may ask GraphQL, by a local name, and nothing else. */
static bool may_ask_graphql(const struct front_call *fc, struct text origin)
{
    const struct request *r = &fc->exchange->request;
    return origin.p && connection_tag(fc->connection) == LISTENER_INTERNAL &&
           text_equal(r->path, TEXT("/director/graphql")) &&
           headers_count(&r->headers, TEXT("Origin")) == 1 &&
           settings_list_has(&fc->front->settings->graphql_cors_origins, origin);
}

static const char *guard_internal(const struct front_call *fc, int *out_status)
{
    const struct request *r = &fc->exchange->request;
    const bool service = !front_host_is_local(fc) && host_names_a_service(fc);
    if (service && may_be_rebound(fc)) {
        *out_status = 403;
        return "Browsers may not call by a host name that a public name server could answer for.";
    }
    if (!service && !front_host_is_local(fc) && !is_certified(fc, host_of(r->authority))) {
        *out_status = 421;
        return "This listener answers to localhost, 127.0.0.1, [::1], the names of url.internal_hosts and, "
               "with TLS, those of its certificate; the Host header is none of them.";
    }
    struct text origin = headers_get(&r->headers, TEXT("Origin"));
    struct text site = headers_get(&r->headers, TEXT("Sec-Fetch-Site"));
    bool foreign = (origin.p && !origin_is_ours(fc, origin)) || text_equal(site, TEXT("cross-site"));
    if (foreign && !may_ask_graphql(fc, origin)) {
        *out_status = 403;
        return "Requests from other sites are not accepted here.";
    }
    return NULL;
}

static const char *guard_tls(const struct front_call *fc, int *out_status)
{
    struct text sni = tls_server_name(connection_tls(fc->connection));
    if (sni.n == 0 || text_equal_nocase(sni, host_of(fc->exchange->request.authority)))
        return NULL;
    *out_status = 421;
    return "The Host header is not the name that the TLS handshake was about.";
}

const char *front_guard(const struct front_call *fc, int *out_status)
{
    unsigned listener = connection_tag(fc->connection);
    if (listener == LISTENER_INTERNAL || listener == LISTENER_PROXY)
        return guard_internal(fc, out_status);
    return connection_tls(fc->connection) ? guard_tls(fc, out_status) : NULL;
}

bool front_certificate_is_over(const struct front_call *fc)
{
    struct tls_session *tls = connection_tls(fc->connection);
    const struct tls_peer *peer = tls ? tls_peer(tls) : NULL;
    return peer && peer->present && clock_now_s() > peer->chain_not_after;
}

bool front_guest_is_over(const struct front_call *fc)
{
    struct tls_session *tls = connection_tls(fc->connection);
    if (!tls || !tls_peer(tls)->present || !tls_peer(tls)->guest)
        return false;
    const struct tls_context *now = fc->front->listeners[connection_tag(fc->connection)].context;
    return !now || !tls_context_same_guests(tls_session_context(tls), now);
}
