/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/director.h"

#include "api/bearer.h"
#include "base/clock.h"

/*
 * Who asks the Director, and in which tenant (contract 2.7, 2.9): whoever reaches the internal listener, the
 * holder of a client certificate, or the bearer of an operator's token. `Tenant` names an external id;
 * without it an operator is in the default tenant, and a certificate always is in its own.
 */

static const char application_scopes[] =
    "application:read application:write application.auths:read bundle.instance_auths:read "
    "document.fetch_request:read event_spec.fetch_request:read api_spec.fetch_request:read "
    "fetch-request.auth:read";
static const char runtime_scopes[] = "runtime:read runtime:write application:read runtime.auths:read "
                                     "bundle.instance_auths:read";

void director_refuse_request(struct call *c, int status, enum director_problem problem, struct text message)
{
    struct json_out j;
    buffer_clear(&c->reply.body);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    json_open_array(&j, "errors");
    json_open_object(&j, NULL);
    json_text(&j, "message", message);
    json_open_object(&j, "extensions");
    json_cstr(&j, "error", director_problem_name(problem));
    json_int(&j, "error_code", problem);
    json_end(&j);
    json_end(&j);
    json_end(&j);
    json_write_null(&j, "data");
    json_end(&j);
    if (c->challenge.n > 0 && status == 401)
        status_ignore(reply_header(c, TEXT("WWW-Authenticate"), c->challenge));
    c->reply.status = status;
    c->reply.content_type = TEXT("application/json");
}

static bool unauthorized(struct call *c, int status, struct text why)
{
    call_note_refusal(c, TEXT("refused.bearer"));
    director_refuse_request(c, status, DIRECTOR_UNAUTHORIZED, why);
    return false;
}

/* ---- a certificate ---- */

void director_bind(struct director_context *who, enum object_kind kind,
                   const uint8_t id[static OBJECT_ID_SIZE])
{
    who->d.bound = true;
    who->d.bound_kind = kind;
    memcpy(who->d.bound_id, id, OBJECT_ID_SIZE);
}

static bool by_certificate(struct call *c, struct director_context *out)
{
    const struct principal *p = &c->principal;
    uint8_t auth_id[OBJECT_ID_SIZE];
    struct system_auth auth;
    struct object o = {0};
    if (p->certificate != CERT_ACTIVE || p->subject_error.n > 0) /* where the route lets anyone in */
        return unauthorized(c, 403, TEXT("Unauthorized [reason=the certificate is not good here]"));
    out->consumer = p->runtime ? CONSUMER_RUNTIME : CONSUMER_APPLICATION;
    out->scopes = text_of(p->runtime ? runtime_scopes : application_scopes);
    out->d.tenant = p->tenant;
    out->application = p->runtime ? TEXT("") : p->application;
    struct store *store = c->domain->store;
    const enum object_kind kind = p->runtime ? OBJECT_RUNTIME : OBJECT_APPLICATION;
    struct status found = STATUS(NOT_FOUND);
    if (uuid_parse(p->system_auth, auth_id)) {
        found = store_system_auth_get(store, &p->tenant, auth_id, clock_now_s(), c->arena, &auth);
        if (status_ok(found))
            memcpy(o.id, auth.object, sizeof o.id);
    } else if (!p->runtime) { /* paired by one of Kyma's ways */
        found = store_object_named(store, kind, p->tenant, p->application, c->arena, &o);
    }
    if (found.code == E_NOT_FOUND)
        return unauthorized(
            c, 401, TEXT("Unauthorized [reason=the certificate speaks for nothing that is registered]"));
    out->d.arena = c->arena;
    if (status_ok(found))
        status_ignore(director_connected(&out->d, kind, o.id)); /* the call is no worse without it */
    char text[UUID_TEXT + 1];
    out->consumer_id = arena_text(c->arena, uuid_text(o.id, text));
    director_bind(out, kind, o.id);
    out->runtime = p->runtime ? out->d.bound_id : NULL;
    if (status_ok(found) && out->consumer_id.p)
        return true;
    director_refuse_request(c, 503, DIRECTOR_INTERNAL, TEXT("Internal Server Error"));
    return false;
}

/* ---- an operator ---- */

static bool unavailable(struct call *c)
{
    director_refuse_request(c, 503, DIRECTOR_INTERNAL, TEXT("Internal Server Error"));
    return false;
}

static bool by_bearer(struct call *c)
{
    struct text why;
    switch (bearer_identify(c, &why)) {
    case BEARER_GOOD:
        return true;
    case BEARER_NONE:
        director_refuse_request(c, 400, DIRECTOR_UNAUTHORIZED,
                                TEXT("Unauthorized [reason=invalid bearer token]"));
        return false;
    case BEARER_REFUSED:
        why = arena_printf(c->arena, "Unauthorized [reason=%.*s]", TEXT_ARG(why));
        director_refuse_request(c, 401, DIRECTOR_UNAUTHORIZED, why);
        return false;
    case BEARER_UNAVAILABLE:
        break;
    }
    return unavailable(c);
}

/* Whoever reaches the internal listener or the control socket, or shows a token. */
static bool by_operator(struct call *c, struct director_context *out)
{
    const struct principal *p = &c->principal;
    if (p->kind != PRINCIPAL_OPERATOR && !by_bearer(c))
        return false;
    out->bearer = p->name.n > 0;
    out->audit = call_caller(c);
    out->consumer_id = p->name.n > 0 ? p->name : TEXT("operator");
    return status_ok(principal_tenants(p, c->arena, &out->tenants)) || unavailable(c);
}

/* ---- the tenant ---- */

bool director_sees_tenant(const struct director_context *who, const struct tenant *t)
{
    if (who->mapping)
        return who->reach != REACH_NOTHING && director_mapping_reaches(who->mapping, t->type);
    return words_have(who->tenants, t->external_id);
}

bool director_may_everywhere(const struct director_context *who, const char *scope)
{
    const struct principal *p = &who->c->principal;
    for (size_t i = 0; i < p->grant_count; i++)
        if (words_have(p->grants[i].tenants, TEXT("*")) && words_have(p->grants[i].scopes, text_of(scope)))
            return true;
    return false;
}

bool director_no_tenant(struct call *c, struct text wanted)
{
    const struct text message =
        arena_printf(c->arena, "Tenant not found [externalTenant=%.*s]", TEXT_ARG(text_first(wanted, 120)));
    director_refuse_request(c, 400, DIRECTOR_TENANT_NOT_FOUND,
                            message.p ? message : TEXT("Tenant not found"));
    return false;
}

/* One that is not theirs is as one that is not there. */
static bool choose_tenant(struct call *c, struct director_context *out)
{
    const struct text wanted = headers_get(&c->request->headers, TEXT("Tenant"));
    const bool bound = out->consumer != CONSUMER_USER; /* a certificate is its tenant's */
    struct status found = wanted.n > 0 && !bound
                              ? store_tenant_find(c->domain->store, wanted, c->arena, &out->tenant)
                              : store_tenant_get(c->domain->store, out->d.tenant, c->arena, &out->tenant);
    /* Central mode's tenants need no row: tokens named them. */
    if (found.code == E_NOT_FOUND && bound) {
        out->tenant = (struct tenant){.key = out->d.tenant, .external_id = out->d.tenant};
        found = DONE;
    }
    if (!status_ok(found) && found.code != E_NOT_FOUND) {
        director_refuse_request(c, 503, DIRECTOR_INTERNAL, TEXT("Internal Server Error"));
        return false;
    }
    const bool may = status_ok(found) && (bound || director_sees_tenant(out, &out->tenant));
    if (!may || (bound && wanted.n > 0 && !text_equal(wanted, out->tenant.external_id))) {
        return director_no_tenant(c, wanted);
    }
    out->d.tenant = out->tenant.key;
    if (bound)
        return true;
    const struct status read =
        principal_scopes(&c->principal, out->tenant.external_id, c->arena, &out->scopes);
    return status_ok(read) || unavailable(c);
}

bool director_identify(struct call *c, struct director_context *out)
{
    *out = (struct director_context){
        .c = c,
        .audit = call_caller(c),
        .parts = {.store = c->domain->store, .connector = c->domain->connector},
        .consumer = CONSUMER_USER,
        .consumer_id = TEXT(""),
        .scopes = TEXT(""),
        .tenants = TEXT(""),
        .rows_left = DIRECTOR_ROWS_MAX,
        .part = TEXT(""),
    };
    out->d = (struct director_call){
        .parts = &out->parts, .caller = &out->audit, .tenant = TEXT(""), .err = &c->err};
    const struct principal *p = &c->principal;
    if (p->kind == PRINCIPAL_GUEST)
        return director_by_mapping(c, out) && director_mapped_tenant(c, out);
    const bool known = p->kind == PRINCIPAL_CERTIFICATE ? by_certificate(c, out) : by_operator(c, out);
    return known && choose_tenant(c, out);
}

/* What belongs to no tenant; everything else does. */
static bool is_above_tenants(const char *scope)
{
    static const char *const above[] = {"tenant:read", "certificate_subject_mapping:read",
                                        "certificate_subject_mapping:write"};
    for (size_t i = 0; i < sizeof above / sizeof above[0]; i++)
        if (text_equal(text_of(scope), text_of(above[i])))
            return true;
    return false;
}

/* "[actual=a;b; required=c]" (contract 2.8). */
static struct text scopes_missing(struct arena *a, const struct director_context *who, const char *required)
{
    const struct text scopes = who->scopes;
    const struct consumer_type *type =
        who->mapping ? director_consumer_type(who->mapping->consumer_type) : NULL;
    if (type && type->scopes.n == 0)
        return arena_printf(a,
                            "insufficient scopes provided [actual=; reason=consumer type %.*s may do nothing "
                            "on this server; required=%s]",
                            TEXT_ARG(type->name), required);
    char *actual = arena_alloc(a, scopes.n + 1);
    for (size_t i = 0; actual && i < scopes.n; i++)
        actual[i] = scopes.p[i] == ' ' ? ';' : scopes.p[i];
    if (!actual)
        return (struct text){NULL, 0};
    return arena_printf(a, "insufficient scopes provided [actual=%.*s; required=%s]", (int)scopes.n, actual,
                        required);
}

struct status director_authorize(struct graphql_call *call, const char *scope)
{
    const struct director_context *who = call->context;
    if (words_have(who->scopes, text_of(scope))) {
        if (who->reach == REACH_TENANT || is_above_tenants(scope))
            return DONE;
        return director_refuse_with(call, DIRECTOR_TENANT_REQUIRED, TEXT("Tenant is required"));
    }
    if (call->row->null_without_scope)
        return STATUS(DENIED);
    const struct text message = scopes_missing(call->arena, who, scope);
    return director_refuse_with(call, DIRECTOR_SCOPES,
                                message.p ? message : TEXT("insufficient scopes provided"));
}
