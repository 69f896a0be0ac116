/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/policy.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include "base/clock.h"
#include "fetch/answer.h"
#include "fetch/document.h"
#include "fetch/download.h"
#include "fetch/endpoint.h"
#include "fetch/resolve.h"

#define LOCAL_MAX    256
#define DOCUMENT_MAX (FETCH_MESSAGE_MAX - 1024u * 1024) /* with its answer around it */

static inline void interfaces_free(struct ifaddrs *list)
{
    freeifaddrs(list);
}
OWNABLE(struct ifaddrs, interfaces_free);

static bool read_local(const struct sockaddr *from, uint8_t out[static 16])
{
    if (from && from->sa_family == AF_INET6) {
        struct sockaddr_in6 a;
        memcpy(&a, from, sizeof a);
        memcpy(out, &a.sin6_addr, 16);
        return true;
    }
    if (from && from->sa_family == AF_INET) {
        struct sockaddr_in a;
        memcpy(&a, from, sizeof a);
        memset(out, 0, 10);
        memset(out + 10, 0xff, 2);
        memcpy(out + 12, &a.sin_addr, 4);
        return true;
    }
    return false;
}

/* This host's addresses, as they are now. false when nobody knows: then a wildcard listener cannot be told
 * from a target. */
static bool list_local(struct guard *g, uint8_t local[static LOCAL_MAX][16])
{
    OWNED(interfaces_free) struct ifaddrs *list = NULL;
    if (getifaddrs(&list) != 0)
        return false;
    g->local = local;
    for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
        if (g->local_count == LOCAL_MAX)
            return false;
        if (read_local(i->ifa_addr, local[g->local_count]))
            g->local_count++;
    }
    return true;
}

/* Not the answer to a question that an older or newer configuration of the core asks. */
static bool resolve_proxy(const struct fetch_policy *p, const struct fetch_request *r,
                          struct fetch_answer *out)
{
    if (p->proxy.place.n > 0 && text_equal(r->host, p->proxy.host) && r->port == p->proxy.port)
        return resolve_host(NULL, p->proxy.host, p->proxy.port, out);
    answer_fail(out, FETCH_REFUSED, "the configuration is changing; try again in a moment");
    return false;
}

/* What goes out of this host goes with the guard that knows it. */
static bool go_out(const struct fetch_policy *p, const struct fetch_request *r, int64_t deadline_ms,
                   struct fetch_answer *out)
{
    uint8_t local[LOCAL_MAX][16];
    struct guard guard = p->guard;
    if (p->wildcard && !guard.allow_own && !list_local(&guard, local)) {
        answer_fail(out, FETCH_REFUSED,
                    "this host's own addresses are not known (outbound.allow_own_listeners)");
        return false;
    }
    struct download d = {
        .policy = p, .guard = &guard, .request = r, .deadline_ms = deadline_ms, .answer = out};
    /* The operator's word, as no other URL is. */
    guard.allow_loopback = guard.allow_loopback || r->job == FETCH_KEYS;
    if (r->job == FETCH_RESOLVE)
        return resolve_host(&guard, r->host, r->port, out);
    if (r->job == FETCH_RESOLVE_PROXY)
        return resolve_proxy(p, r, out);
    if (r->job == FETCH_TOKEN)
        return endpoint_token(&d);
    if (r->job == FETCH_KEYS)
        return download_keys(&d);
    return r->job == FETCH_CSRF ? endpoint_csrf(&d) : download_document(&d);
}

/* Some servers put a byte order mark in front of JSON. It is no content (RFC 8259 8.1) and could not be
 * embedded in an answer; XML and YAML may keep theirs. */
static void drop_mark_of_json(struct buffer *document)
{
    struct text t = buffer_as_text(document);
    if (!text_starts_with(t, TEXT("\xef\xbb\xbf")))
        return;
    struct text rest = text_from(t, 3);
    while (rest.n > 0 && (rest.p[0] == ' ' || rest.p[0] == '\n' || rest.p[0] == '\r' || rest.p[0] == '\t'))
        rest = text_from(rest, 1);
    if (rest.n > 0 && (rest.p[0] == '{' || rest.p[0] == '['))
        buffer_consume(document, 3);
}

static void check(const struct fetch_request *r, struct bytes document, struct fetch_answer *out)
{
    out->outcome = document_check(document, r->claim, &out->format, out->reason, sizeof out->reason);
    if (out->outcome != FETCH_FINE)
        buffer_release(&out->document);
}

void fetch_do(const struct fetch_policy *p, const struct fetch_request *r, struct fetch_answer *out)
{
    int64_t deadline_ms = clock_monotonic_ms() + r->timeout_ms;
    answer_init(out);
    out->document.max = r->document_max < DOCUMENT_MAX ? r->document_max : DOCUMENT_MAX;
    if (r->job == FETCH_CHECK) {
        if (r->document.n <= out->document.max)
            check(r, r->document, out);
        else
            answer_fail(out, FETCH_TOO_LARGE, "larger than %zu bytes (registry.specification_bytes)",
                        out->document.max);
        return;
    }
    if (!go_out(p, r, deadline_ms, out)) {
        buffer_release(&out->document);
        return;
    }
    if (r->job == FETCH_DOCUMENT) {
        drop_mark_of_json(&out->document);
        check(r, buffer_bytes(&out->document), out);
    }
}
