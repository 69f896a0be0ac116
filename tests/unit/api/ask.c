/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json_scan.h"
#include "base/limits.h"
#include "base/log.h"

struct principal ask_loopback(void)
{
    static const struct principal_grant everything = {TEXT_INIT("*"), TEXT_INIT("*")};
    return (struct principal){.kind = PRINCIPAL_OPERATOR,
                              .uid = UINT32_MAX,
                              .actor = TEXT("loopback"),
                              .grants = &everything,
                              .grant_count = 1};
}

struct principal ask_front(void)
{
    return (struct principal){.kind = PRINCIPAL_FRONT, .actor = TEXT("front:0")};
}

struct principal ask_certificate(struct world *w, const struct connector_issued *cert)
{
    struct connector_identity id;
    must(status_ok(connector_identify(w->connector, cert->fingerprint, (struct bytes){NULL, 0}, &w->arena,
                                      &id, &w->err)));
    struct principal p = {
        .kind = PRINCIPAL_CERTIFICATE,
        .certificate = id.verdict == CONNECTOR_ACTIVE    ? CERT_ACTIVE
                       : id.verdict == CONNECTOR_REVOKED ? CERT_REVOKED
                                                         : CERT_UNKNOWN,
        .runtime = id.holder.kind == TOKEN_RUNTIME,
        .application = id.holder.application,
        .tenant = id.holder.tenant,
        .group = id.holder.group,
        .subject_error = id.subject_error,
    };
    for (size_t i = 0; i < sizeof p.fingerprint; i++)
        p.fingerprint[i] = cert->fingerprint[i];
    return p;
}

static void add_fields(struct request *r, const struct ask *in, struct arena *a)
{
    for (size_t i = 0; i < sizeof in->fields / sizeof in->fields[0] && in->fields[i].name; i++)
        must(status_ok(
            headers_add(&r->headers, a, text_of(in->fields[i].name), text_of(in->fields[i].value))));
    must(status_ok(headers_add(&r->headers, a, TEXT("User-Agent"), TEXT("curl/7.88.1"))));
}

static void find_route(struct call *c, const struct request *r, enum route_listener listener)
{
    struct router *router = NULL;
    struct error err = {0};
    must(status_ok(router_new(api_routes, api_route_count, &router, &err)));
    struct route_match match;
    const enum route_verdict found =
        router_find(router, (unsigned)listener, r->method, r->path, c->arena, &match);
    if (found != ROUTE_FOUND) {
        fprintf(stderr, "no route %s %.*s\n", http_method_name(r->method), TEXT_ARG(r->path));
        abort();
    }
    c->route = match.route;
    c->param_count = match.param_count;
    for (size_t i = 0; i < ROUTE_PARAMS_MAX; i++)
        c->params[i] = match.params[i];
    router_free(router);
}

/* Refusals for want of memory are logged; a hundred of them tell nobody anything. */
static void drop_line(void *ctx, struct text line)
{
    (void)ctx;
    (void)line;
}

void ask_prepare(struct prepared *p, struct world *w, const struct ask *in)
{
    log_set_sink(drop_line, NULL);
    *p = (struct prepared){.slabs = {w->slab}};
    struct text query = text_of(in->target);
    p->request = (struct request){.version = HTTP_1_1, .method = in->method, .target = text_of(in->target)};
    p->request.path = text_cut(&query, '?');
    p->request.query = query;
    add_fields(&p->request, in, &w->arena);
    p->domain = (struct domain){
        .settings = w->settings,
        .store = w->store,
        .vault = w->vault,
        .ca = w->ca,
        .connector = w->connector,
        .registry = w->registry,
        .page = &w->page,
        .slab = w->slab,
        .slabs = p->slabs,
        .slab_count = 1,
        .started_at = 1795238024,
        .listeners_json = TEXT(
            "[{\"name\":\"internal\",\"address\":\"127.0.0.1:8080\",\"url\":\"http://localhost:8080\"}]"),
    };
    for (unsigned l = 0; l < LISTENER_COUNT; l++) /* "off": bound by a service manager */
        p->domain.listening |= w->settings->listen[l][0] || (in->activated & 1u << l) ? 1u << l : 0;
    p->call = (struct call){
        .request = &p->request,
        .body = text_bytes(in->body),
        .principal = in->principal,
        .listener = in->listener,
        .peer_address = TEXT("203.0.113.7:51234"),
        .request_id = TEXT("request-1"),
        .arena = &w->arena,
        .domain = &p->domain,
    };
    find_route(&p->call, &p->request, in->listener);
}

/* As the core streams: one piece after the other, until the handler says that it was the last. */
static unsigned collect(struct call *c, struct buffer *out)
{
    unsigned pieces = 1;
    must(status_ok(buffer_status(&c->reply.body)));
    buffer_append(out, buffer_bytes(&c->reply.body));
    while (c->reply.more && !c->reply.last) {
        const size_t before = buffer_size(out);
        buffer_clear(&c->reply.body);
        const struct status s = c->reply.more(c);
        if (!status_ok(s)) {
            fprintf(stderr, "piece %u: %s\n", pieces, error_text(&c->err, s));
            abort();
        }
        must(status_ok(buffer_status(&c->reply.body)));
        buffer_append(out, buffer_bytes(&c->reply.body));
        must(buffer_size(out) > before || c->reply.last);
        pieces++;
    }
    must(status_ok(buffer_status(out)));
    return pieces;
}

static struct headers copy_headers(const struct headers *from, struct arena *a)
{
    struct headers out = {0};
    for (size_t i = 0; i < from->count; i++)
        must(status_ok(
            headers_add(&out, a, arena_text(a, from->list[i].name), arena_text(a, from->list[i].value))));
    return out;
}

struct answer ask(struct world *w, const struct ask *in)
{
    OWNED(buffer_release) struct buffer body;
    buffer_init(&body, 64u << 20);
    OWNED(arena_release) struct arena a; /* as large as the core's */
    arena_init(&a, 16384, LIMIT_REQUEST_ARENA);
    struct prepared p;
    ask_prepare(&p, w, in);
    p.call.arena = &a;
    api_dispatch(&p.call);
    struct answer out = {.status = p.call.reply.status, .pieces = collect(&p.call, &body)};
    out.content_type = arena_text(&w->arena, p.call.reply.content_type);
    out.body = arena_text(&w->arena, buffer_as_text(&body));
    out.headers = copy_headers(&p.call.reply.headers, &w->arena);
    out.location = headers_get(&out.headers, TEXT("Location"));
    if (p.call.reply.done)
        p.call.reply.done(&p.call);
    buffer_release(&p.call.reply.body);
    return out;
}

struct status ask_run(struct prepared *p, int expected)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, 1024, 1u << 20);
    p->call.arena = &a;
    api_dispatch(&p->call);
    const int status = p->call.reply.status;
    if (p->call.reply.done)
        p->call.reply.done(&p->call);
    buffer_release(&p->call.reply.body);
    if (status == expected)
        return DONE;
    must(status >= 400); /* a lack of memory may look like a missing token, but never like a success */
    return STATUS(NOMEM);
}

struct text answer_member(struct world *w, struct text json, const char *name)
{
    struct text raw;
    enum json_type type;
    struct buffer b;
    buffer_init(&b, 1 << 20);
    if (!json_member(json, text_of(name), &raw, &type) || type != JSON_TYPE_STRING ||
        !status_ok(json_string_decode(raw, &b))) {
        fprintf(stderr, "no string member %s in %.*s\n", name, TEXT_ARG(json));
        abort();
    }
    const struct text out = arena_text(&w->arena, buffer_as_text(&b));
    buffer_release(&b);
    return out;
}
