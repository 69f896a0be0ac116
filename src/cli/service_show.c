/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include "base/own.h"
#include "cli/call_options.h"
#include "cli/json_list.h"
#include "cli/service.h"

/* {"A":["1","2"],"B":["3"]} -> "A=1 A=2 B=3" */
static struct text values_of(struct text lists, struct arena *a)
{
    struct text rest = lists, name, values, value;
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, SERVICE_TARGET_MAX);
    while (json_next_member(&rest, &name, &values)) {
        struct text shown = json_member_name(name, a);
        while (json_item(&values, &value)) {
            buffer_cstr(&out, buffer_size(&out) ? " " : "");
            buffer_text(&out, shown);
            buffer_byte(&out, '=');
            buffer_text(&out, json_value_shown(value, a));
        }
    }
    if (!status_ok(buffer_status(&out)))
        return TEXT("(too many to show: -o json has them)");
    return buffer_size(&out) ? arena_text(a, buffer_as_text(&out)) : (struct text){NULL, 0};
}

static void parameters(struct service_facts *f, struct text parameters, const char *headers,
                       const char *query)
{
    service_fact(f, headers, values_of(json_raw_member(parameters, "headers"), f->arena));
    service_fact(f, query, values_of(json_raw_member(parameters, "queryParameters"), f->arena));
}

static void credentials(struct service_facts *f, struct text api, struct text certificate)
{
    struct arena *a = f->arena;
    struct text all = json_raw_member(api, "credentials");
    const char *kind = service_credential_kind(all);
    struct text one = json_raw_member(all, kind);
    struct text secret = json_string(api, "credentialSecret", a);
    bool by_hand = text_equal(json_shown(api, "credentialsByHand", a), TEXT("true"));
    service_fact(f, "Credentials", text_of(kind));
    service_fact(f, "User name", json_string(one, "username", a));
    service_fact(f, "Password", json_string(one, "password", a));
    service_fact(f, "Token URL", json_string(one, "url", a));
    service_fact(f, "Client id", json_string(one, "clientId", a));
    service_fact(f, "Client secret", json_string(one, "clientSecret", a));
    parameters(f, json_raw_member(one, "requestParameters"), "Token headers", "Token parameters");
    service_fact(f, "Client authentication", json_string(one, "clientAuthentication", a));
    service_fact(f, "Scope", json_string(one, "scope", a));
    service_fact(f, "Audience", json_string(one, "audience", a));
    service_fact(f, "Resource", json_string(one, "resource", a));
    service_fact(f, "Form parameters", values_of(json_raw_member(one, "formParameters"), a));
    service_fact(f, "Common name", json_string(one, "commonName", a));
    service_certificate_facts(f, certificate);
    service_fact(f, "CSRF token URL", json_string(json_raw_member(one, "csrfInfo"), "tokenEndpointURL", a));
    parameters(f, all, "Extra headers", "Extra parameters");
    if (secret.n > 0)
        service_fact(f, "Secret",
                     arena_printf(a, "%.*s%s", TEXT_ARG(secret), by_hand ? " (put in place by hand)" : ""));
}

static void api_facts(struct service_facts *f, struct text api, struct text certificate)
{
    struct arena *a = f->arena;
    struct text url = json_string(api, "specificationUrl", a);
    service_fact(f, "Target", json_string(api, "targetUrl", a));
    service_fact(f, "API type", json_string(api, "apiType", a));
    credentials(f, api, certificate);
    parameters(f, json_raw_member(api, "requestParameters"), "Headers", "Parameters");
    service_fact(f, "Parameter secret", json_string(api, "parameterSecret", a));
    struct text spec = json_raw_member(api, "specification");
    service_fact(f, "Specification", service_specification_words(spec, url, a));
    if (!spec.p)
        service_fact(f, "Specification URL", url);
}

/* What the Director manages is changed there. */
static void bundle_facts(struct service_facts *f, struct text bundle)
{
    struct arena *a = f->arena;
    if (bundle.n > 0 && bundle.p[0] == '{')
        service_fact(f, "Bundle",
                     arena_printf(a, "%.*s (%.*s), managed by the Director",
                                  TEXT_ARG(json_string(bundle, "name", a)),
                                  TEXT_ARG(json_string(bundle, "id", a))));
}

static void facts_of(struct service_facts *f, struct text json, struct text certificate)
{
    struct arena *a = f->arena;
    struct text labels = json_raw_member(json, "labels");
    struct text events = json_raw_member(json_raw_member(json, "events"), "specification");
    struct text documents = json_raw_member(json, "documentation");
    const struct text none = {NULL, 0};
    service_fact(f, "Id", json_string(json, "id", a));
    service_fact(f, "Application", json_string(json, "application", a));
    service_fact(f, "Name", json_string(json, "name", a));
    service_fact(f, "Name in paths", json_string(json, "pathName", a));
    bundle_facts(f, json_raw_member(json, "bundle"));
    service_fact(f, "Provider", json_string(json, "provider", a));
    service_fact(f, "Description", json_string(json, "description", a));
    service_fact(f, "In short", json_string(json, "shortDescription", a));
    service_fact(f, "Identifier", json_string(json, "identifier", a));
    service_fact(f, "Labels", labels.n > 2 ? cli_pairs(labels, a) : none);
    service_fact(f, "Created", json_string(json, "createdAt", a));
    service_fact(f, "Changed", json_string(json, "updatedAt", a));
    service_fact(f, "Revision", json_shown(json, "revision", a));
    struct text api = json_raw_member(json, "api");
    if (api.p)
        api_facts(f, api, certificate);
    call_options_facts(f, json_raw_member(json, "call"));
    service_fact(f, "Events", service_specification_words(events, none, a));
    service_fact(f, "Documentation", service_specification_words(documents, none, a));
}

/* The certificate that the service holds, with what it says; empty without one. The service's answer has its
 * text alone. */
static struct status read_certificate(struct cli *c, struct text service, struct text *out, struct error *err)
{
    struct text api = json_raw_member(service, "api"), json = {NULL, 0};
    *out = json;
    struct text held = json_raw_member(api, "credentials");
    bool pair = json_raw_member(held, "certificateGen").p ||
                json_string(json_raw_member(held, "oauth"), "certificate", &c->arena).p;
    if (!pair || json_string(api, "credentialSecret", &c->arena).n == 0)
        return DONE;
    OWNED(buffer_release) struct buffer target;
    TRY(service_target(c, true, "/credentials", &target, err));
    TRY(cli_call(c, HTTP_GET, buffer_as_text(&target), (struct text){NULL, 0}, &json, err));
    *out = json_raw_member(json, "certificate");
    return DONE;
}

struct status command_service_show(struct cli *c, struct error *err)
{
    enum output output = OUTPUT_TABLE;
    struct text json = {NULL, 0}, certificate;
    TRY(cli_output(c, &output, err));
    OWNED(buffer_release) struct buffer target;
    TRY(service_target(c, true, "", &target, err));
    struct status s = cli_call(c, HTTP_GET, buffer_as_text(&target), (struct text){NULL, 0}, &json, err);
    if (!status_ok(s))
        return service_hint(c, s, err);
    if (output == OUTPUT_JSON) {
        buffer_printf(&c->out, "%.*s\n", TEXT_ARG(json));
        return DONE;
    }
    struct service_facts facts = {.arena = &c->arena};
    TRY(read_certificate(c, json, &certificate, err));
    facts_of(&facts, json, certificate);
    cli_facts(c, facts.list, facts.count);
    return DONE;
}
