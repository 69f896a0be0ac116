/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/call.h"

#include "base/json_out.h"
#include "cli/json_list.h"
#include "cli/service.h"

#define WORDS_MAX 65536

/* ["a","b"] -> "a, b" */
static struct text joined(struct text array, struct arena *a)
{
    struct text rest = array, raw;
    struct buffer out;
    buffer_init(&out, WORDS_MAX);
    while (json_item(&rest, &raw)) {
        buffer_cstr(&out, buffer_size(&out) ? ", " : "");
        buffer_text(&out, json_value_shown(raw, a));
    }
    struct text words = {NULL, 0};
    if (status_ok(buffer_status(&out)) && buffer_size(&out) > 0)
        words = arena_text(a, buffer_as_text(&out));
    buffer_release(&out);
    return words;
}

/* "2026-11-21T05:13:44Z (59m 3s left)" */
static struct text until(struct text at, struct arena *a)
{
    if (at.n == 0)
        return at;
    const struct text left = cli_cell(COLUMN_LEFT, at, a);
    return arena_printf(a, "%.*s (%.*s%s)", TEXT_ARG(at), TEXT_ARG(left),
                        text_equal(left, TEXT("over")) ? "" : " left");
}

static bool is_true(struct text object, const char *name, struct arena *a)
{
    return text_equal(json_shown(object, name, a), TEXT("true"));
}

static void authentication_facts(struct service_facts *f, struct text route)
{
    struct arena *a = f->arena;
    const struct text scheme = json_string(route, "authorization", a);
    const struct text certificate = json_raw_member(route, "clientCertificate");
    struct text strategy = json_string(route, "strategy", a);
    if (scheme.n > 0)
        strategy = arena_printf(a, "%.*s (Authorization: %.*s ...)", TEXT_ARG(strategy), TEXT_ARG(scheme));
    service_fact(f, "Credentials", strategy);
    service_fact(f, "Token until", until(json_string(route, "tokenUntil", a), a));
    service_fact(f, "Token renewed", until(json_string(route, "tokenRefreshAt", a), a));
    service_fact(f, "Certificate", json_string(certificate, "subject", a));
    service_fact(f, "Certificate until", until(json_string(certificate, "notAfter", a), a));
    if (is_true(route, "csrf", a))
        service_fact(f, "CSRF token", TEXT("fetched and added"));
    service_fact(f, "Headers added", joined(json_raw_member(route, "headers"), a));
    service_fact(f, "Parameters added", joined(json_raw_member(route, "queryParameters"), a));
}

static void route_facts(struct service_facts *f, struct text route)
{
    struct arena *a = f->arena;
    const struct text refusal = json_raw_member(route, "refusal");
    struct text rest = json_raw_member(route, "warnings"), raw;
    service_fact(f, "Service", json_string(route, "id", a));
    service_fact(f, "Name", json_string(route, "name", a));
    service_fact(f, "Target", json_string(route, refusal.p ? "registeredUrl" : "target", a));
    service_fact(f, "Addresses", joined(json_raw_member(route, "addresses"), a));
    service_fact(f, "Through proxy", json_string(route, "proxy", a));
    service_fact(f, "Which connects to", json_string(route, "proxyConnectsTo", a));
    authentication_facts(f, route);
    if (refusal.p)
        service_fact(f, "Refused",
                     arena_printf(a, "%.*s %.*s", TEXT_ARG(json_shown(refusal, "status", a)),
                                  TEXT_ARG(json_string(refusal, "message", a))));
    while (f->count < SERVICE_FACTS_MAX / 2 && json_item(&rest, &raw))
        service_fact(f, "Warning", json_value_shown(raw, a));
}

static struct text milliseconds(int64_t us, struct arena *a)
{
    return us > 0 ? arena_printf(a, "%d.%d ms", (int)(us / 1000), (int)(us % 1000 / 100))
                  : (struct text){NULL, 0};
}

static void outcome_facts(struct service_facts *f, const struct call_outcome *o)
{
    struct arena *a = f->arena;
    service_fact(f, "Called", arena_printf(a, "%.*s %.*s", TEXT_ARG(o->method), TEXT_ARG(o->url)));
    if (o->status > 0)
        service_fact(f, "Answer",
                     arena_printf(a, "%d %s, %llu bytes%s", o->status, http_reason(o->status),
                                  (unsigned long long)o->bytes, o->message.n ? ", by the gateway" : ""));
    service_fact(f, "On connection", o->connection);
    service_fact(f, "Connected", milliseconds(o->times->connected, a));
    service_fact(f, "First byte", milliseconds(o->times->first_byte, a));
    service_fact(f, "Total", milliseconds(o->times->total, a));
}

static void put_json(struct cli *c, struct text route, const struct call_outcome *o)
{
    struct json_out j;
    json_out_init(&j, &c->out);
    json_open_object(&j, NULL);
    json_raw(&j, "route", route);
    json_open_object(&j, "call");
    json_text(&j, "method", o->method);
    json_text(&j, "url", o->url);
    json_int(&j, "status", o->status);
    json_int(&j, "bytes", (int64_t)o->bytes);
    json_cstr(&j, "answeredBy", o->status == 0 ? NULL : o->message.n > 0 ? "gateway" : "target");
    if (o->connection.n > 0)
        json_text(&j, "connection", o->connection);
    else
        json_write_null(&j, "connection");
    json_int(&j, "connectedMicroseconds", o->times->connected);
    json_int(&j, "firstByteMicroseconds", o->times->first_byte);
    json_int(&j, "totalMicroseconds", o->times->total);
    json_end(&j);
    json_end(&j);
    buffer_byte(&c->out, '\n');
}

void call_explain(struct cli *c, struct text route, const struct call_outcome *o, enum output output)
{
    if (output == OUTPUT_JSON) {
        put_json(c, route, o);
        return;
    }
    struct service_facts facts = {.arena = &c->arena};
    route_facts(&facts, route);
    outcome_facts(&facts, o);
    cli_facts(c, facts.list, facts.count);
}
