/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/connector.h"

#include "base/encoding.h"
#include "base/own.h"

/*
 * The Connector's three operations (contract 1.3 to 1.8). Who calls is found by the first resolver that asks:
 * a syntax error, an introspection query or a refused request leaves a one-time token as it was. A token does
 * one thing; a second field of the same request is told that it was used.
 */

#define PEM_MAX (256u * 1024)

#define NO_TOKEN       "Token authentication error: Failed to authenticate with one time token.."
#define NO_CERTIFICATE "Failed to authenticate with Certificate. Invalid subject."
#define NOBODY                                                                                               \
    "Failed to authenticate request. " NO_TOKEN " Certificate authentication error: " NO_CERTIFICATE

struct caller {
    struct call *c;
    struct audit_caller audit;
    struct connector_grant grant;
    struct connector_holder holder; /* whose token or certificate it is */
    struct status found;            /* what looking for it came to, once asked */
    bool asked, by_token, by_certificate;
};

static struct text token_of(const struct call *c, struct arena *a)
{
    const struct text header = headers_get(&c->request->headers, TEXT("Connector-Token"));
    return header.n > 0 ? header : query_get(c->request->query, TEXT("token"), a);
}

/* A token wins over a certificate (contract 1.3). Other than DONE: the store or memory failed. */
static struct status look(struct graphql_call *call, struct caller *who)
{
    struct call *c = who->c;
    const struct text token = token_of(c, call->arena);
    if (token.n == 0) {
        who->by_certificate = c->principal.certificate == CERT_ACTIVE && c->principal.system_auth.n > 0;
        who->holder = principal_holder(&c->principal);
        return DONE;
    }
    const struct status opened = connector_grant_open(c->domain->connector, TOKEN_COMPASS_APPLICATION,
                                                      TEXT(""), token, call->arena, &who->grant, &c->err);
    if (opened.code == E_DENIED) {
        call_note_refusal(c, TEXT("refused.token"));
        return DONE;
    }
    TRY(opened);
    who->by_token = true;
    who->holder = who->grant.holder;
    return DONE;
}

static struct status ask(struct graphql_call *call, struct caller *who)
{
    if (!who->asked)
        who->found = look(call, who);
    who->asked = true;
    return who->found;
}

static struct status nobody(struct graphql_call *call, const struct caller *who, const char *before)
{
    return graphql_refuse(call, E_DENIED, compass_reason(call->arena, who->grant.refused_as), "%s%s", before,
                          NOBODY);
}

/* What it was made for is done. */
static void spend(struct caller *who)
{
    connector_grant_close(&who->grant);
    who->by_token = false;
    who->grant.refused_as = "used";
}

/* ---- configuration ---- */

/* "/O=Org/OU=Unit/.../CN=id": '/' and what openssl reads as more than itself get a backslash. */
static struct text openssl_subject(struct text subject, struct arena *a)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 2 * subject.n + 2);
    buffer_byte(&b, '/');
    for (size_t i = 0; i < subject.n; i++) {
        const char ch = subject.p[i];
        if (ch == '/' || ch == '+' || ch == '\\')
            buffer_byte(&b, '\\');
        buffer_byte(&b, ch == ',' ? '/' : (uint8_t)ch); /* no value holds a comma (connector_check_name) */
    }
    return status_ok(buffer_status(&b)) ? arena_text(a, buffer_as_text(&b)) : (struct text){NULL, 0};
}

static struct status new_token(struct graphql_call *call, struct caller *who, struct connector_token *out)
{
    struct connector *connector = who->c->domain->connector;
    struct error *err = &who->c->err;
    return who->by_token
               ? connector_exchange(connector, &who->audit, &who->grant, call->arena, out, err)
               : connector_token_create(connector, &who->audit, &who->holder, call->arena, out, err);
}

struct status connector_configuration(struct graphql_call *call, struct graphql_value *out)
{
    struct caller *who = call->context;
    const struct connector *connector = who->c->domain->connector;
    const struct connector_settings *settings = connector_settings_of(connector);
    struct connector_token token;
    TRY(ask(call, who));
    if (!who->by_token && !who->by_certificate)
        return nobody(call, who, "");
    const struct status made = new_token(call, who, &token);
    if (made.code == E_DENIED)
        return nobody(call, who, "");
    if (!status_ok(made))
        return graphql_refuse(
            call, made.code, (struct text){NULL, 0},
            "Failed to get one-time token during fetching configuration process: could not get "
            "one time token: %s",
            error_text(&who->c->err, made));
    struct connector_configuration *result = arena_alloc(call->arena, sizeof *result);
    const struct text subject = connector_subject_text(connector, &who->holder, call->arena);
    if (!result || !subject.p)
        return STATUS(NOMEM);
    if (who->by_token)
        spend(who);
    *result = (struct connector_configuration){
        .token = token.token,
        .subject = subject,
        .key_algorithm = TEXT("rsa2048"),
        .subject_openssl = openssl_subject(subject, call->arena),
        .director_url = arena_printf(call->arena, "%.*s/director/graphql", TEXT_ARG(settings->gateway_url)),
        .connector_url = arena_printf(call->arena, "%.*s/connector/graphql", TEXT_ARG(settings->gateway_url)),
    };
    *out = graphql_object(result);
    return DONE;
}

/* ---- signing ---- */

static struct text encoded(const struct buffer *pem, struct arena *a)
{
    OWNED(buffer_release) struct buffer text;
    buffer_init(&text, 2 * PEM_MAX);
    base64_encode(&text, buffer_bytes(pem));
    return status_ok(buffer_status(pem)) && status_ok(buffer_status(&text))
               ? arena_text(a, buffer_as_text(&text))
               : (struct text){NULL, 0};
}

static struct status put_certificates(const struct connector *connector,
                                      const struct connector_issued *issued, struct arena *a,
                                      struct connector_certificates *out)
{
    OWNED(buffer_release) struct buffer pem;
    buffer_init(&pem, PEM_MAX);
    connector_chain_pem(connector, issued, &pem);
    out->chain = encoded(&pem, a);
    buffer_clear(&pem);
    connector_leaf_pem(issued, &pem);
    out->client = encoded(&pem, a);
    buffer_clear(&pem);
    connector_ca_pem(connector, &pem);
    out->ca = encoded(&pem, a);
    return out->chain.p && out->client.p && out->ca.p ? DONE : STATUS(NOMEM);
}

static struct status not_signed(struct graphql_call *call, struct caller *who, struct status why)
{
    const char *words = error_text(&who->c->err, why);
    if (why.code == E_DENIED)
        return nobody(call, who, "Failed to authenticate with token: ");
    if (why.code != E_INVALID)
        return why;
    const bool encoding = text_equal(text_of(words), TEXT(CONNECTOR_NO_BASE64));
    return graphql_refuse(call, E_INVALID, (struct text){NULL, 0},
                          "Error while %s Certificate Signing Request: %s", encoding ? "decoding" : "signing",
                          words);
}

/* As pasted from `openssl base64`: its line breaks are no part of it. */
static struct text without_breaks(struct text t, struct arena *a)
{
    char *p = arena_alloc(a, t.n + 1);
    size_t n = 0;
    for (size_t i = 0; p && i < t.n; i++)
        if (t.p[i] != '\r' && t.p[i] != '\n')
            p[n++] = t.p[i];
    return (struct text){p, n};
}

struct status connector_sign_request(struct graphql_call *call, struct graphql_value *out)
{
    struct caller *who = call->context;
    struct connector *connector = who->c->domain->connector;
    struct error *err = &who->c->err;
    struct connector_issued issued;
    TRY(ask(call, who));
    if (!who->by_token && !who->by_certificate)
        return nobody(call, who, "Failed to authenticate with token: ");
    const struct text csr = without_breaks(graphql_given_text(graphql_argument(call, "csr")), call->arena);
    struct connector_certificates *result = arena_alloc(call->arena, sizeof *result);
    if (!csr.p || !result)
        return STATUS(NOMEM);
    const struct status made =
        who->by_token ? connector_sign(connector, &who->audit, &who->grant, csr, call->arena, &issued, err)
                      : connector_renew(connector, &who->audit, &who->holder, who->c->principal.fingerprint,
                                        csr, call->arena, &issued, err);
    if (!status_ok(made))
        return not_signed(call, who, made);
    if (who->by_token)
        spend(who);
    TRY(put_certificates(connector, &issued, call->arena, result));
    *out = graphql_object(result);
    return DONE;
}

/* ---- revoking ---- */

struct status connector_revoke_own(struct graphql_call *call, struct graphql_value *out)
{
    struct caller *who = call->context;
    TRY(ask(call, who));
    if (!who->by_certificate)
        return graphql_refuse(call, E_DENIED, compass_reason(call->arena, who->grant.refused_as),
                              "Failed to authenticate with certificate: " NO_CERTIFICATE);
    const struct status revoked = connector_revoke(who->c->domain->connector, &who->audit,
                                                   who->c->principal.fingerprint, TEXT(""), &who->c->err);
    if (!status_ok(revoked))
        return graphql_refuse(call, revoked.code, (struct text){NULL, 0},
                              "Failed to add hash to revocation list: %s", error_text(&who->c->err, revoked));
    *out = graphql_bool(true);
    return DONE;
}

struct status compass_connector(struct call *c)
{
    TRY(compass_cors(c));
    struct caller who = {.c = c, .audit = call_caller(c)};
    const struct graphql_execution execution = {.schema = c->domain->compass->connector, .context = &who};
    const struct status served = compass_serve(c, &execution);
    connector_grant_close(&who.grant);
    return served;
}
