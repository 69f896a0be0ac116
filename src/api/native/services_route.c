/* SPDX-License-Identifier: Apache-2.0 */
#include "api/native/services.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "credentials/credentials.h"
#include "os/sockets.h"
#include "registry/target.h"

/*
 * How would the gateway call a service? For people who wonder why a call fails. Asks what a front asks, so a
 * token that is not held yet is fetched; says what of it may be said: names of what is added, never a value.
 */

#define ARENA_SIZE    (16 * 1024)
#define ARENA_MAX     (4u * 1024 * 1024)
#define URL_MAX       (64u * 1024)
#define ENDING_SOON_S (30 * 24 * 3600)
#define WARNING_MAX   200

struct routing {
    struct call *call;
    struct arena *secrets; /* of the answer; wiped */
    struct hop_target target;
    struct credentials_fetched fetched;
    bool found; /* which service it is, whether or not it can be called */
    struct registry_view view;
    struct certificate_facts certificate; /* `subject` empty without one */
};

/* ---- the way ---- */

static void put_target(struct json_out *j, const struct routing *r)
{
    const struct hop_target *t = &r->target;
    struct buffer url;
    buffer_init(&url, URL_MAX);
    buffer_printf(&url, "%s://%.*s", t->tls ? "https" : "http", TEXT_ARG(t->host));
    if (!t->port_is_default)
        buffer_printf(&url, ":%u", t->port);
    buffer_text(&url, t->path);
    if (t->query.n > 0) {
        buffer_byte(&url, '?');
        buffer_text(&url, t->query);
    }
    json_text(j, "target", buffer_as_text(&url));
    buffer_release(&url);
}

static void put_addresses(struct json_out *j, const struct hop_target *t)
{
    const bool proxied = t->proxy_to.n > 0;
    if (proxied)
        json_text(j, "proxy", t->proxy);
    else
        json_write_null(j, "proxy");
    if (proxied)
        json_text(j, "proxyConnectsTo", t->proxy_to);
    else
        json_write_null(j, "proxyConnectsTo");
    json_open_array(j, "addresses");
    for (unsigned i = 0; i < t->address_count; i++) {
        char text[SOCKET_TEXT_MAX];
        const uint16_t port = proxied ? t->proxy_port : t->port;
        struct socket_address a = {.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
        memcpy(&a.v6.sin6_addr, t->addresses[i], sizeof a.v6.sin6_addr);
        json_cstr(j, NULL, socket_address_format(&a, text));
    }
    json_end(j);
}

/* A name with several values stands in the list once for each, one after the other. */
static void put_names(struct json_out *j, const char *name, const struct hop_field *fields, unsigned count)
{
    json_open_array(j, name);
    for (unsigned i = 0; i < count; i++) {
        if (i == 0 || !text_equal(fields[i].name, fields[i - 1].name))
            json_text(j, NULL, fields[i].name);
    }
    json_end(j);
}

static void put_time(struct json_out *j, const char *name, int64_t at)
{
    if (at > 0)
        json_time(j, name, at);
    else
        json_write_null(j, name);
}

static void put_authentication(struct json_out *j, const struct routing *r)
{
    const struct hop_target *t = &r->target;
    const struct text scheme = text_first(t->authorization, text_find(t->authorization, ' '));
    if (scheme.n > 0)
        json_text(j, "authorization", scheme);
    else
        json_write_null(j, "authorization");
    put_time(j, "tokenUntil", r->fetched.token_until);
    put_time(j, "tokenRefreshAt", r->fetched.token_refresh_at);
    json_bool(j, "csrf", t->csrf);
    put_names(j, "headers", t->headers, t->header_count);
    put_names(j, "queryParameters", t->query_fields, t->query_count);
    if (r->certificate.subject.n == 0) {
        json_write_null(j, "clientCertificate");
        return;
    }
    json_open_object(j, "clientCertificate");
    json_text(j, "subject", r->certificate.subject);
    json_time(j, "notBefore", r->certificate.not_before);
    json_time(j, "notAfter", r->certificate.not_after);
    json_end(j);
}

/* ---- what is wrong, or will be ---- */

[[gnu::format(printf, 2, 3)]] static void warn(struct json_out *j, const char *fmt, ...)
{
    char words[WARNING_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    json_cstr(j, NULL, words);
}

static void warn_of_certificate(struct json_out *j, const struct certificate_facts *f)
{
    char left[CLOCK_RFC3339_MAX];
    const int64_t now = clock_now_s();
    if (f->subject.n == 0)
        return;
    if (f->not_after <= now)
        warn(j, "the client certificate has ended");
    else if (f->not_after - now < ENDING_SOON_S)
        warn(j, "the client certificate ends in %s", duration_format((f->not_after - now) * 1000, left));
    if (f->not_before > now)
        warn(j, "the client certificate is not valid yet");
}

static bool is_loopback(const struct hop_target *t)
{
    for (unsigned i = 0; i < t->address_count; i++) {
        if (t->proxy_to.n > 0)
            return false;
        struct socket_address a = {.v6 = {.sin6_family = AF_INET6}};
        memcpy(&a.v6.sin6_addr, t->addresses[i], sizeof a.v6.sin6_addr);
        if (!socket_address_is_loopback(&a))
            return false;
    }
    return true;
}

static void put_warnings(struct json_out *j, const struct routing *r)
{
    const struct hop_target *t = &r->target;
    const bool added = t->authorization.n > 0 || t->header_count > 0 || t->query_count > 0 || t->csrf;
    json_open_array(j, "warnings");
    if (t->status == 0) {
        if (!t->tls && added && !is_loopback(t))
            warn(j, "the target's URL is http: credentials travel in clear");
        if (!t->tls && t->chain_pem.n > 0)
            warn(j, "the target's URL is http: the client certificate is not shown to it");
        if (t->tls && !t->verify)
            warn(j, "the target's certificate is not verified");
        warn_of_certificate(j, &r->certificate);
    }
    json_end(j);
}

/* ---- the answer ---- */

static void put_refusal(struct json_out *j, const struct hop_target *t)
{
    if (t->status == 0) {
        json_write_null(j, "refusal");
        return;
    }
    json_open_object(j, "refusal");
    json_int(j, "status", t->status);
    json_text(j, "message", t->message);
    json_end(j);
}

static void put_service(struct json_out *j, const struct routing *r)
{
    const struct service *row = &r->view.row;
    char id[SERVICE_ID_TEXT + 1];
    json_text(j, "application", row->application);
    json_text(j, "id", service_id_text(row->id, id));
    json_text(j, "name", row->name);
    json_text(j, "pathName", row->path_name);
    json_text(j, "registeredUrl", registry_url_shown(row->target_url, r->call->arena));
    json_cstr(j, "strategy", credential_kind_name((enum credential_kind)row->credential_kind));
}

static struct status put_route(const struct routing *r)
{
    struct call *c = r->call;
    struct json_out j;
    reply_json(c, 200);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    if (r->found)
        put_service(&j, r);
    put_refusal(&j, &r->target);
    if (r->target.status == 0) {
        put_target(&j, r);
        put_addresses(&j, &r->target);
        put_authentication(&j, r);
    }
    put_warnings(&j, r);
    json_end(&j);
    return DONE;
}

/* ---- the question ---- */

static struct status ask(struct routing *r, struct text tenant)
{
    struct call *c = r->call;
    const struct credentials_question q = {
        .tenant = tenant,
        .application = c->params[0],
        .service = c->params[1],
        .entry = query_text(c, "entry"),
    };
    const struct credentials_parts parts = {.registry = c->domain->registry, .fetcher = c->domain->fetcher};
    TRY(credentials_explain(c->domain->credentials, &parts, &q, r->secrets, &r->target, &r->fetched,
                            &c->err));
    if (r->target.bundle)
        return error_set(&c->err, E_INVALID, "%.*s is a bundle: say which of its APIs is meant (entry)",
                         TEXT_ARG(c->params[1]));
    r->found = r->target.service.n > 0;
    if (!r->found && r->target.status == 404)
        return error_set(&c->err, E_NOT_FOUND, "The application %.*s has no service %.*s%s%.*s",
                         TEXT_ARG(c->params[0]), TEXT_ARG(c->params[1]), q.entry.n > 0 ? "/" : "",
                         TEXT_ARG(q.entry));
    return DONE;
}

/* What the answer does not say: the service's name, and what its certificate says. */
static struct status look_up(struct routing *r, struct text tenant)
{
    struct call *c = r->call;
    const struct hop_target *t = &r->target;
    struct registry_key key;
    if (!r->found)
        return DONE;
    TRY(registry_key_parse(tenant, t->application, t->service, &key, &c->err));
    TRY(native_service_find(c, &key, &r->view));
    if (t->chain_pem.n == 0)
        return DONE;
    return certificate_facts_read(text_bytes(t->chain_pem), c->arena, &r->certificate, &c->err);
}

struct status native_service_route(struct call *c)
{
    const struct text tenant = query_text(c, "tenant");
    struct application app;
    struct arena secrets;
    TRY(native_application(c, tenant, c->params[0], &app));
    arena_init(&secrets, ARENA_SIZE, ARENA_MAX);
    struct routing *r = arena_alloc(&secrets, sizeof *r);
    struct status s = r ? DONE : STATUS(NOMEM);
    if (r) {
        *r = (struct routing){.call = c, .secrets = &secrets};
        s = ask(r, tenant);
        if (status_ok(s))
            s = look_up(r, tenant);
        if (status_ok(s))
            s = put_route(r);
    }
    arena_wipe(&secrets);
    arena_release(&secrets);
    return s;
}
