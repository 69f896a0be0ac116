/* SPDX-License-Identifier: Apache-2.0 */
#include "front/front_internal.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/limits.h"
#include "outbound/rewrite.h"
#include "x509/certificate.h"

/*
 * The life of a request in the front: guard (Host, Origin) -> identity -> route -> body -> relay to the core.
 * Calls to registered APIs leave after the guard (egress.c). Every step either goes on or answers;
 * on_finished() is the one place where things are given back.
 */

static void identify(struct front_call *fc);

static void write_request_id(struct front_call *fc)
{
    struct front *f = fc->front;
    uint32_t number = (uint32_t)f->next_request++;
    const uint8_t id[] = {(uint8_t)(f->id_seed >> 24), (uint8_t)(f->id_seed >> 16),
                          (uint8_t)(f->id_seed >> 8),  (uint8_t)f->id_seed,
                          (uint8_t)(number >> 24),     (uint8_t)(number >> 16),
                          (uint8_t)(number >> 8),      (uint8_t)number};
    static_assert(sizeof fc->request_id > 2 * sizeof id);
    hex_encode(fc->request_id, BYTES_OF(id));
}

/* What else runs on the connection began in time and may finish. */
static void refuse_last(struct front_call *fc, int status, const char *why)
{
    connection_shutdown(fc->connection);
    front_error(fc, status, why);
}

static void on_request(void *ctx, struct connection *c, struct exchange *x)
{
    struct front *f = ctx;
    struct front_call *fc = arena_alloc(&x->arena, sizeof *fc);
    if (!fc) {
        exchange_abort(x);
        return;
    }
    fc->front = f;
    fc->connection = c;
    fc->exchange = x;
    fc->started_us = clock_monotonic_us();
    buffer_init(&fc->body, 0);
    write_request_id(fc);
    x->owner = fc;
    int status = 0;
    const char *refused = front_guard(fc, &status);
    if (refused)
        front_error(fc, status, refused);
    else if (front_certificate_is_over(fc))
        refuse_last(fc, 403, "Certificate has expired.");
    else if (front_guest_is_over(fc))
        /* On another connection it may be good still (RFC 9110 15.5.20): the handshake there decides. */
        refuse_last(fc, 421, "The CAs whose certificates are taken here have changed; connect again.");
    else if (front_is_call_to_target(fc) && !front_asks_for_runtime(fc))
        front_call_target(fc);
    else
        identify(fc);
}

/* ---- who is calling ---- */
static struct peer *peer_of(struct front_call *fc, const struct tls_peer *tls)
{
    struct peer **slot = (struct peer **)(void *)connection_owner(fc->connection);
    if (*slot)
        return *slot;
    struct peer *peer = mem_alloc(sizeof *peer);
    if (peer && (fc->front->settings->ca_accept_unrecorded || tls->guest)) {
        struct certificate_fields view;
        if (status_ok(certificate_parse(tls->der, &fc->exchange->arena, &view, NULL)))
            peer->subject = (struct text){mem_strndup((const char *)view.subject.der.p, view.subject.der.n),
                                          view.subject.der.n};
        if (!peer->subject.p)
            peer->subject.n = 0;
    }
    tls_peer_drop_der(connection_tls(fc->connection));
    *slot = peer;
    return peer;
}

/* An answer that has become stale goes, unless other requests of the connection run on it: then it stays as
 * the mark by which identity_ask() has them ended, should the new answer be a refusal. */
static void renew_identity(struct front_call *fc, struct peer *peer,
                           const uint8_t fingerprint[static SHA256_SIZE])
{
    if (peer->identity && identity_usable(fc->front, peer->identity))
        return;
    struct identity *fresh = identity_find(fc->front, fingerprint);
    const bool alone = session_open_exchanges(connection_session(fc->connection)) <= 1;
    const bool good = fresh && fresh->answer.verdict == CERT_ACTIVE;
    if (peer->identity && !alone && !good) {
        identity_unref(fresh); /* what it says is asked again, so that all of the connection hears it */
        return;
    }
    identity_unref(peer->identity);
    peer->identity = fresh;
}

/*
 * A certificate of an external CA: with each request the core looks for its mapping and at the list of
 * revoked fingerprints. It is never asked about as one of ours, and no other listener takes it for anything.
 */
static void identify_guest(struct front_call *fc, const struct tls_peer *presented)
{
    fc->guest = peer_of(fc, presented);
    if (fc->guest)
        front_call_identified(fc);
    else
        front_call_unavailable(fc);
}

/* A trusted proxy is none itself: without a word of whom it speaks for, it speaks for nobody. */
static bool is_guest_of_gateway(const struct front_call *fc, const struct tls_peer *presented)
{
    return presented && presented->present && presented->guest &&
           connection_tag(fc->connection) == LISTENER_GATEWAY &&
           !front_peer_is_trusted_proxy(fc->front, fc->connection);
}

static void identify(struct front_call *fc)
{
    struct tls_session *tls = connection_tls(fc->connection);
    const struct tls_peer *presented = tls ? tls_peer(tls) : NULL;
    uint8_t fingerprint[SHA256_SIZE];
    struct text subject = {NULL, 0};
    /* Proxies speak for external systems; workloads come themselves. */
    const enum forwarded forwarded = connection_tag(fc->connection) == LISTENER_PROXY
                                         ? FORWARDED_NOTHING
                                         : front_forwarded_identity(fc, fingerprint);
    if (forwarded == FORWARDED_CERTIFICATE) {
        fc->identity = identity_find(fc->front, fingerprint);
    } else if (forwarded == FORWARDED_NOTHING && presented && presented->present && !presented->guest) {
        struct peer *peer = peer_of(fc, presented);
        if (!peer) {
            front_call_unavailable(fc);
            return;
        }
        renew_identity(fc, peer, presented->fingerprint);
        if (peer->identity && identity_usable(fc->front, peer->identity)) {
            peer->identity->references++;
            fc->identity = peer->identity;
        }
        memcpy(fingerprint, presented->fingerprint, SHA256_SIZE);
        subject = peer->subject;
    } else {
        if (forwarded == FORWARDED_NOTHING && is_guest_of_gateway(fc, presented))
            identify_guest(fc, presented);
        else
            front_call_identified(fc);
        return;
    }
    if (fc->identity)
        front_call_identified(fc);
    else
        identity_ask(fc, fingerprint, subject);
}

void front_call_unavailable(struct front_call *fc)
{
    slab_add(fc->front->slab, SLAB_CORE_UNAVAILABLE, 1);
    front_error(fc, 503, "The service is starting or overloaded; try again in a second.");
}

/* ---- routing ---- */
static struct text allowed_methods(struct front_call *fc, unsigned bits)
{
    struct text out = {"", 0};
    for (int m = 0; m < HTTP_METHOD_COUNT; m++)
        if (bits & (1u << m))
            out = arena_printf(&fc->exchange->arena, "%.*s%s%s", TEXT_ARG(out), out.n ? ", " : "",
                               http_method_name((enum http_method)m));
    return out;
}

static void redirect_to_clean(struct front_call *fc, struct text path)
{
    struct text query = fc->exchange->request.query;
    if (query.p)
        path = arena_printf(&fc->exchange->arena, "%.*s?%.*s", TEXT_ARG(path), TEXT_ARG(query));
    front_redirect(fc, path);
}

static void take_route(struct front_call *fc, const struct route *route)
{
    struct exchange *x = fc->exchange;
    const struct request *r = &x->request;
    fc->route = route;
    if (route->flags & ROUTE_LOCAL) {
        front_reply_text(fc, 200, TEXT("ok\n"));
    } else if (r->body == BODY_SIZED && r->content_length > route->body_max) {
        front_error(fc, 413, "The request body is larger than this route accepts.");
    } else if (r->body == BODY_NONE) {
        fc->ready = true;
        front_relay(fc);
    } else {
        buffer_init(&fc->body, route->body_max);
        exchange_want_body(x);
    }
}

/* The original answers HEAD 405 (contract 2). Were it a GET without a body, the HEAD of a link preview would
 * use up a token. */
static bool is_head_of_get(const struct request *r, const struct route *route)
{
    return r->method == HTTP_HEAD && route->method != HTTP_HEAD && (route->flags & ROUTE_KYMA) != 0;
}

static void find_route(struct front_call *fc)
{
    const struct request *r = &fc->exchange->request;
    struct route_match match;
    unsigned listener = 1u << connection_tag(fc->connection);
    switch (router_find(fc->front->router, listener, r->method, r->path, &fc->exchange->arena, &match)) {
    case ROUTE_FOUND:
        if (is_head_of_get(r, match.route))
            front_error(fc, 405, "Method not allowed.");
        else
            take_route(fc, match.route);
        break;
    case ROUTE_UNCLEAN:
        redirect_to_clean(fc, match.clean_path);
        break;
    case ROUTE_WRONG_METHOD:
        fc->allowed = allowed_methods(fc, match.allowed);
        front_error(fc, 405, "Method not allowed.");
        break;
    case ROUTE_NOT_FOUND:
        front_error(fc, 404, "Requested resource could not be found.");
        break;
    }
}

void front_call_identified(struct front_call *fc)
{
    struct front *f = fc->front;
    if (fc->identity && fc->identity->answer.verdict == CERT_REVOKED) {
        char hex[2 * SHA256_SIZE + 1];
        hex_encode(hex, (struct bytes){fc->identity->fingerprint, SHA256_SIZE});
        front_tally_refusal(f, "revoked", text_of(hex));
        slab_add(f->slab, SLAB_REVOKED_REFUSED, 1);
        front_error(fc, 403, "Certificate has been revoked.");
        return;
    }
    if (front_asks_for_runtime(fc) && !front_is_runtime(fc))
        front_error(fc, 403,
                    "This listener is for workloads, with a runtime's certificate or one of "
                    "tls.proxy.client_ca_file; an application's is for the gateway listener.");
    else if (front_is_call_to_target(fc))
        front_call_target(fc);
    else
        find_route(fc);
}

/* ---- the body ---- */
static void on_body(void *ctx, struct connection *c, struct exchange *x, struct bytes chunk)
{
    (void)c;
    struct front *f = ctx;
    struct front_call *fc = x->owner;
    if (fc && fc->outbound) {
        outbound_body(fc->outbound, chunk);
        return;
    }
    if (!fc || !fc->route || fc->status)
        return;
    if (f->body_budget_used + chunk.n > (size_t)f->settings->limit_front_body_bytes) {
        front_error(fc, 503, "Too many request bodies are arriving; try again in a second.");
        return;
    }
    buffer_append(&fc->body, chunk);
    if (!status_ok(buffer_status(&fc->body))) {
        front_error(fc, 413, "The request body is larger than this route accepts.");
        return;
    }
    f->body_budget_used += chunk.n;
    fc->budget += chunk.n;
}

static void on_body_end(void *ctx, struct connection *c, struct exchange *x)
{
    (void)ctx;
    (void)c;
    struct front_call *fc = x->owner;
    if (fc && fc->outbound) {
        outbound_body_end(fc->outbound);
        return;
    }
    if (!fc || !fc->route || fc->status || fc->ready)
        return;
    fc->ready = true;
    front_relay(fc);
}

static void on_drained(void *ctx, struct connection *c, struct exchange *x)
{
    (void)ctx;
    (void)c;
    struct front_call *fc = x->owner;
    if (fc && fc->outbound)
        outbound_drained(fc->outbound);
    else if (fc && fc->upstream)
        pool_resume(fc->upstream);
}

/* ---- the end ---- */
static void count_response(struct front *f, int status)
{
    static const enum slab_counter by_class[] = {SLAB_RESPONSES_2XX, SLAB_RESPONSES_3XX, SLAB_RESPONSES_4XX,
                                                 SLAB_RESPONSES_5XX};
    if (status >= 200 && status < 600)
        slab_add(f->slab, by_class[status / 100 - 2], 1);
}

static void on_finished(void *ctx, struct connection *c, struct exchange *x, bool cancelled)
{
    (void)c;
    struct front *f = ctx;
    struct front_call *fc = x->owner;
    if (!fc)
        return;
    x->owner = NULL;
    int64_t us = clock_monotonic_us() - fc->started_us;
    us = us < 0 ? 0 : us;
    if (fc->outbound) {
        fc->status = outbound_status(fc->outbound);
        outbound_count(fc->outbound, cancelled, (uint64_t)us);
    }
    count_response(f, fc->status);
    slab_latency(f->slab, (uint64_t)us);
    if (f->access != ACCESS_OFF)
        front_access_log(fc, cancelled, us);
    if (fc->outbound)
        outbound_finished(fc->outbound);
    identity_stop_waiting(fc);
    if (fc->upstream)
        pool_cancel(TAKE(fc->upstream));
    front_slot_give(fc);
    f->body_budget_used -= fc->budget;
    buffer_wipe(&fc->body); /* may hold a secret of the caller */
    buffer_release(&fc->body);
    identity_unref(TAKE(fc->identity));
    fc->exchange = NULL;
}

bool front_may_tunnel(const struct exchange *x)
{
    const struct front_call *fc = x->owner;
    return fc && fc->outbound &&
           (outbound_status(fc->outbound) == 101 || (!x->responded && rewrite_is_upgrade(&x->request)));
}

static void look_for_calls(void *ctx, struct exchange *x)
{
    const struct front_call *fc = x->owner;
    bool *waits = ctx;
    *waits = *waits || (fc && fc->outbound && outbound_status(fc->outbound) != 101);
}

/* Who waits for a target keeps its side open: a call for nobody would go on at the target's cost. A tunnel
 * may end one way first. */
static void on_left(void *ctx, struct connection *c)
{
    (void)ctx;
    bool waits = false;
    session_each_exchange(connection_session(c), look_for_calls, &waits);
    if (waits)
        connection_close(c);
}

static void on_closing(void *ctx, struct connection *c)
{
    (void)ctx;
    peer_free(*connection_owner(c));
    *connection_owner(c) = NULL;
}

const struct net_handler front_handler = {
    .request = on_request,
    .body = on_body,
    .body_end = on_body_end,
    .drained = on_drained,
    .finished = on_finished,
    .left = on_left,
    .closing = on_closing,
};
