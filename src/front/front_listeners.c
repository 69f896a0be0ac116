/* SPDX-License-Identifier: Apache-2.0 */
#include "front/front_internal.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/own.h"

/*
 * "What are my listeners' keys and anchors?": asked at start, when a counter of the answer moved, and when
 * certificates are due for renewal. New contexts serve new connections; live ones keep theirs, but those of
 * guests end when the CAs change that let them in (the rest: front_guest_is_over()).
 */

#define REFUSED_RETRY_S  30
#define VERIFY_CACHE_MAX 65536

/* The names that lead to a listener: with several listeners on one address they are what tells them apart
 * (DESIGN 3). */
static void add_name(struct front_listener *l, struct text name)
{
    size_t n = 0;
    while (l->names[n])
        n++;
    if (name.n == 0 || n + 1 >= sizeof l->names / sizeof l->names[0])
        return;
    l->names[n] = mem_strndup(name.p, name.n);
}

static void add_url_host(struct front_listener *l, const char *url)
{
    struct text rest = text_of(url);
    if (text_starts_with(rest, TEXT("https://")))
        rest = text_from(rest, 8);
    add_name(l, text_first(text_first(rest, text_find(rest, '/')),
                           text_find(text_first(rest, text_find(rest, '/')), ':')));
}

static void add_domain(struct front_listener *l, const char *label, const char *domain)
{
    char name[256];
    if (domain[0] && (size_t)snprintf(name, sizeof name, "%s.%s", label, domain) < sizeof name)
        add_name(l, text_of(name));
}

static void free_names(struct front_listener *l)
{
    for (size_t i = 0; l->names[i]; i++) {
        mem_free((void *)(uintptr_t)l->names[i]);
        l->names[i] = NULL;
    }
}

static void find_names(struct front *f, enum listener which)
{
    struct front_listener *l = &f->listeners[which];
    const struct settings *s = f->settings;
    free_names(l);
    if (which == LISTENER_CONNECTOR) {
        add_url_host(l, s->url_connector);
        add_domain(l, "connector-service", s->url_domain);
        add_domain(l, "compass-gateway", s->url_domain);
    } else if (which == LISTENER_GATEWAY) {
        add_url_host(l, s->url_gateway);
        add_domain(l, "gateway", s->url_domain);
        add_domain(l, "compass-gateway-mtls", s->url_domain);
    }
}

static enum tls_client_auth client_auth(const struct front *f, enum listener which)
{
    if (which == LISTENER_PROXY)
        return TLS_CLIENT_REQUIRED;
    if (which != LISTENER_GATEWAY)
        return TLS_CLIENT_NONE;
    /* A trusted proxy may speak for its clients without a certificate of its own; everybody else then gets
     * the contract's 400. */
    return f->settings->inbound_trusted_proxies.count ? TLS_CLIENT_OPTIONAL : TLS_CLIENT_REQUIRED;
}

static struct status build_context(struct front *f, const struct hop_listener *in, struct tls_context **out,
                                   struct error *err)
{
    enum listener which = (enum listener)in->listener;
    const struct tls_key_pair pairs[] = {{in->chain_pem, in->key_pem}, {in->chain2_pem, in->key2_pem}};
    const struct tls_server_settings settings = {
        .pairs = pairs,
        .pair_count = in->key2_pem.n ? 2 : 1,
        .client_auth = client_auth(f, which),
        .anchors_pem = in->anchors_pem,
        .guest_anchors_pem = in->guest_anchors_pem,
        .policy = text_of(f->settings->tls_policy),
        .session_context = text_of(listener_name(which)),
        .resumption = f->settings->tls[which].resumption,
        .verify_cache_max = VERIFY_CACHE_MAX,
    };
    return tls_server_context_new(&settings, out, err);
}

static void look_for_tunnels(void *ctx, struct exchange *x)
{
    bool *found = ctx;
    *found = *found || front_may_tunnel(x);
}

/* Requests that run may finish. A tunnel has no end of its own: it is cut. */
static void end_guest(void *ctx, struct connection *c)
{
    const unsigned *which = ctx;
    struct tls_session *tls = connection_tls(c);
    if (!tls || !tls_peer(tls)->guest || connection_tag(c) != *which)
        return;
    bool tunnels = false;
    if (connection_session(c))
        session_each_exchange(connection_session(c), look_for_tunnels, &tunnels);
    if (tunnels)
        connection_close(c);
    else
        connection_shutdown(c);
}

struct fresh_contexts {
    struct tls_context *of[LISTENER_COUNT]; /* NULL: not named by the answer */
};

static void forget_fresh(struct fresh_contexts *fresh)
{
    for (unsigned i = 0; i < LISTENER_COUNT; i++)
        tls_context_unref(TAKE(fresh->of[i]));
}
OWNABLE_VALUE(struct fresh_contexts, forget_fresh);

static void swap_context(struct front *f, enum listener which, struct tls_context *context)
{
    struct front_listener *l = &f->listeners[which];
    struct tls_context *old = l->context;
    l->context = context;
    l->named_by = NULL; /* the address may be used again */
    find_names(f, which);
    if (old && !tls_context_same_guests(old, context))
        net_server_each(f->server, end_guest, &(unsigned){which});
    tls_context_unref(old);
}

/* All or none: guests are judged by these contexts (front_guest_is_over()), so they must be what serve() is
 * about to give to the sockets. */
static struct status take_contexts(struct front *f, const struct hop_listeners *answer, struct error *err)
{
    OWNED(forget_fresh) struct fresh_contexts fresh = {0};
    for (unsigned i = 0; i < answer->count; i++) {
        const struct hop_listener *in = &answer->item[i];
        if (in->listener >= LISTENER_COUNT || fresh.of[in->listener])
            return error_set(err, E_INVALID, "the core named a listener that does not exist, or one twice");
        TRY(build_context(f, in, &fresh.of[in->listener], err));
    }
    for (unsigned which = 0; which < LISTENER_COUNT; which++)
        if (fresh.of[which])
            swap_context(f, (enum listener)which, TAKE(fresh.of[which]));
    return DONE;
}

/* All listeners behind one socket. */
static struct status give_contexts(struct front *f, const struct child_socket *socket,
                                   struct net_listener *net)
{
    struct net_tls_choice choices[LISTENER_COUNT];
    size_t count = 0;
    for (unsigned which = 0; which < LISTENER_COUNT; which++) {
        struct front_listener *l = &f->listeners[which];
        if (!(socket->listeners & (1u << which)) || !l->context)
            continue;
        l->net = net;
        choices[count++] = (struct net_tls_choice){l->context, which, l->names};
    }
    return count ? net_listener_set_tls(net, choices, count) : DONE;
}

/* A listener without keys that needs them is not served at all: in the clear it would ask nobody who they
 * are. */
static struct status check_keys(const struct front *f, const struct child_socket *socket, struct error *err)
{
    for (unsigned l = 0; l < LISTENER_COUNT; l++)
        if ((socket->listeners & 1u << l) && settings_speaks_tls(f->settings, (enum listener)l) &&
            !f->listeners[l].context)
            return error_set(err, E_UNAVAILABLE, "the core named no key for the listener %s, which needs one",
                             listener_name((enum listener)l));
    return DONE;
}

static struct status serve_socket(struct front *f, const struct child_socket *socket)
{
    unsigned first = (unsigned)__builtin_ctz(socket->listeners);
    enum net_kind kind = f->listeners[first].context ? NET_TLS : NET_TCP;
    struct net_listener *net = f->listeners[first].net;
    if (!net)
        TRY(net_listen(f->server, socket->fd, kind, first, &net));
    f->listeners[first].net = net;
    return give_contexts(f, socket, net);
}

static struct status serve(struct front *f, struct error *err)
{
    for (unsigned i = 0; i < f->ch->socket_count; i++)
        TRY(check_keys(f, &f->ch->sockets[i], err));
    for (unsigned i = 0; i < f->ch->socket_count; i++) {
        struct status st = serve_socket(f, &f->ch->sockets[i]);
        if (!status_ok(st))
            return error_set(err, st.code, "cannot serve listener %u: %s", i, code_text(st.code));
    }
    if (!f->serving) {
        f->serving = true;
        status_ignore(child_send(f->ch->control_fd, CHILD_READY, NULL, -1));
    }
    return DONE;
}

static void on_head(void *owner, const struct response *head)
{
    struct front *f = owner;
    f->listeners_status = head->status;
}

static void on_body(void *owner, struct bytes chunk)
{
    struct front *f = owner;
    buffer_append(&f->listeners_bytes, chunk);
}

static void forget_answer(struct front *f)
{
    buffer_wipe(&f->listeners_bytes); /* private keys */
    buffer_release(&f->listeners_bytes);
    buffer_init(&f->listeners_bytes, HOP_LISTENERS_BYTES_MAX);
}

static void on_end(void *owner)
{
    struct front *f = owner;
    struct error err = {0};
    struct hop_listeners answer;
    f->listeners_call = NULL;
    struct status st = f->listeners_status == 200 ? buffer_status(&f->listeners_bytes) : STATUS(UNAVAILABLE);
    if (status_ok(st))
        st = hop_listeners_decode(buffer_bytes(&f->listeners_bytes), &answer);
    if (status_ok(st))
        st = front_trust_targets(f, answer.target_anchors_pem, &err);
    if (status_ok(st))
        st = take_contexts(f, &answer, &err);
    if (status_ok(st)) {
        f->listeners_answer.pairs = answer.pairs;
        f->listeners_answer.renew_at = answer.renew_at;
        st = serve(f, &err);
    }
    forget_answer(f);
    if (!status_ok(st)) {
        log_event(LOG_ERROR, "listeners.refused", F_CSTR("reason", error_text(&err, st)),
                  F_INT("http_status", f->listeners_status));
        f->listeners_retry_at = clock_now_s() + REFUSED_RETRY_S;
        if (!f->serving && f->listeners_status == 200)
            status_ignore(child_send(f->ch->control_fd, CHILD_FAILED, error_text(&err, st), -1));
    }
}

static void on_failed(void *owner, enum pool_failure why, bool answer_started)
{
    (void)why;
    (void)answer_started;
    struct front *f = owner;
    f->listeners_call = NULL; /* asked again within a second */
    forget_answer(f);
}

static const struct pool_events listeners_events = {on_head, on_body, on_end, on_failed};

void front_ask_listeners(struct front *f)
{
    if (f->listeners_call)
        return;
    forget_answer(f);
    f->listeners_status = 0;
    buffer_clear(&f->scratch);
    front_write_question(f, HTTP_GET, TEXT("/front/listeners"), (struct bytes){NULL, 0}, &f->scratch);
    if (status_ok(buffer_status(&f->scratch)))
        f->listeners_call =
            pool_send(f->edge, HTTP_GET, buffer_bytes(&f->scratch), true, &listeners_events, f);
}

bool front_listeners_stale(const struct front *f)
{
    if (f->serving && clock_now_s() < f->listeners_retry_at)
        return false; /* what serves goes on; the same refusal every second would only fill the log */
    return !f->serving || clock_now_s() >= f->listeners_answer.renew_at ||
           !page_pairs_current(&f->listeners_answer.pairs, &f->page);
}

void front_free_listeners(struct front *f)
{
    forget_answer(f);
    for (unsigned i = 0; i < LISTENER_COUNT; i++) {
        tls_context_unref(f->listeners[i].context);
        free_names(&f->listeners[i]);
    }
}
