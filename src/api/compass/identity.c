/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/director.h"

#include "base/clock.h"
#include "base/digest.h"

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

static void refuse(struct call *c, int status, enum director_problem problem, struct text message)
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
    c->reply.status = status;
    c->reply.content_type = TEXT("application/json");
}

static bool unauthorized(struct call *c, int status, struct text why)
{
    call_note_refusal(c, TEXT("refused.bearer"));
    refuse(c, status, DIRECTOR_UNAUTHORIZED, why);
    return false;
}

/* ---- a certificate ---- */

static bool by_certificate(struct call *c, struct director_context *out)
{
    const struct principal *p = &c->principal;
    uint8_t auth_id[OBJECT_ID_SIZE];
    struct system_auth auth;
    struct object o = {0};
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
    if (status_ok(found) && out->consumer_id.p)
        return true;
    refuse(c, 503, DIRECTOR_INTERNAL, TEXT("Internal Server Error"));
    return false;
}

/* ---- an operator's token ---- */

#define USED_EVERY_S 60 /* a write per minute, not per request */

/* For people only: that it cannot be noted is no reason to refuse. */
static void note_used(struct store *store, const struct operator_row *row)
{
    const int64_t now = clock_now_s();
    if (now - row->last_used_at >= USED_EVERY_S)
        (void)store_operator_used(store, row->name, now);
}

static bool by_bearer(struct call *c, struct director_context *out)
{
    struct text value = headers_get(&c->request->headers, TEXT("Authorization"));
    const struct text scheme = text_cut(&value, ' ');
    if (!text_equal_nocase(scheme, TEXT("Bearer")) || text_trim(value).n == 0)
        return unauthorized(c, 400, TEXT("Unauthorized [reason=invalid bearer token]"));
    uint8_t hash[SHA256_SIZE];
    sha256(text_bytes(text_trim(value)), hash);
    struct operator_row row;
    const struct status found = store_operator_find(c->domain->store, hash, c->arena, &row);
    if (found.code == E_NOT_FOUND ||
        (status_ok(found) && row.expires_at != 0 && clock_now_s() >= row.expires_at))
        return unauthorized(c, 401, TEXT("Unauthorized [reason=invalid bearer token]"));
    if (!status_ok(found)) {
        refuse(c, 503, DIRECTOR_INTERNAL, TEXT("Internal Server Error"));
        return false;
    }
    note_used(c->domain->store, &row);
    out->bearer = true;
    out->scopes = row.scopes;
    out->consumer_id = row.name;
    out->audit.actor = arena_printf(c->arena, "operator:%.*s", TEXT_ARG(row.name));
    out->tenants = row.tenants;
    if (!out->audit.actor.p)
        refuse(c, 503, DIRECTOR_INTERNAL, TEXT("Internal Server Error"));
    return out->audit.actor.p != NULL;
}

/* ---- the tenant ---- */

static bool word_in(struct text list, struct text word)
{
    while (list.p) {
        const struct text next = text_cut(&list, ' ');
        if (text_equal(next, TEXT("*")) || text_equal(next, word))
            return true;
    }
    return false;
}

bool director_sees_tenant(const struct director_context *who, struct text external_id)
{
    return word_in(who->tenants, external_id);
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
        refuse(c, 503, DIRECTOR_INTERNAL, TEXT("Internal Server Error"));
        return false;
    }
    const bool may = status_ok(found) && (bound || director_sees_tenant(out, out->tenant.external_id));
    if (!may || (bound && wanted.n > 0 && !text_equal(wanted, out->tenant.external_id))) {
        const struct text message = arena_printf(c->arena, "Tenant not found [externalTenant=%.*s]",
                                                 TEXT_ARG(text_first(wanted, 120)));
        refuse(c, 400, DIRECTOR_TENANT_NOT_FOUND, message.p ? message : TEXT("Tenant not found"));
        return false;
    }
    out->d.tenant = out->tenant.key;
    return true;
}

bool director_identify(struct call *c, struct director_context *out)
{
    *out = (struct director_context){
        .c = c,
        .audit = call_caller(c),
        .parts = {.store = c->domain->store, .connector = c->domain->connector},
        .consumer = CONSUMER_USER,
        .consumer_id = TEXT("operator"),
        .scopes = TEXT("*"),
        .tenants = TEXT("*"),
    };
    out->d = (struct director_call){
        .parts = &out->parts, .caller = &out->audit, .tenant = TEXT(""), .err = &c->err};
    const struct principal *p = &c->principal;
    bool known = true;
    if (p->kind == PRINCIPAL_CERTIFICATE)
        known = by_certificate(c, out);
    else if (p->kind != PRINCIPAL_OPERATOR)
        known = by_bearer(c, out);
    return known && choose_tenant(c, out);
}

struct status director_authorize(struct graphql_call *call, const char *scope)
{
    const struct director_context *who = call->context;
    if (word_in(who->scopes, text_of(scope)))
        return DONE;
    if (call->row->null_without_scope)
        return STATUS(DENIED);
    const struct text message = arena_printf(
        call->arena, "insufficient scopes provided [actual=%.*s; required=%s]", TEXT_ARG(who->scopes), scope);
    return director_refuse_with(call, DIRECTOR_SCOPES,
                                message.p ? message : TEXT("insufficient scopes provided"));
}
