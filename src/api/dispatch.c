/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "api/bearer.h"
#include "base/json_scan.h"
#include "base/log.h"

/* ---- permission: the front checked it by the same table; this is the check that counts ---- */

static struct status require_certificate(struct call *c)
{
    const struct principal *p = &c->principal;
    switch (p->certificate) {
    case CERT_REVOKED:
        break; /* said for every route, below */
    case CERT_NONE:
        call_note_refusal(c, TEXT("refused.no-certificate"));
        return error_set(&c->err, E_INVALID, "Invalid certificate: Certificate header is empty");
    case CERT_UNKNOWN:
        call_note_refusal(c, TEXT("refused.unknown"));
        return error_set(&c->err, E_DENIED,
                         "Certificate is not on record here: it was issued by another instance, or the "
                         "record was removed.");
    case CERT_ACTIVE:
        if (p->kind != PRINCIPAL_CERTIFICATE)
            break;
        if (p->subject_error.n == 0)
            return DONE;
        call_note_refusal(c, TEXT("refused.subject"));
        return error_set(&c->err, E_INVALID, "Invalid certificate: %.*s", TEXT_ARG(p->subject_error));
    }
    return error_set(&c->err, E_DENIED, "Certificate has been revoked.");
}

/* The Director asks for itself, on every listener, and by its own scopes. */
static struct status require_operator(struct call *c)
{
    const struct principal *p = &c->principal;
    if (p->kind == PRINCIPAL_OPERATOR)
        return DONE;
    if (p->kind == PRINCIPAL_ANONYMOUS && c->listener == ON_INTERNAL)
        return c->route->flags & ROUTE_GRAPHQL ? DONE : bearer_require_administrator(c);
    call_note_refusal(c, TEXT("refused.permission"));
    return error_set(&c->err, E_DENIED, "This needs an operator of this server.");
}

static struct status check_permission(struct call *c)
{
    const struct principal *p = &c->principal;
    if (!(c->route->listeners & (unsigned)c->listener))
        return error_set(&c->err, E_NOT_FOUND, "Requested resource could not be found.");
    /* Revoked means refused on every route at once, also where no certificate is asked for. */
    if (p->certificate == CERT_REVOKED) {
        call_note_refusal(c, TEXT("refused.revoked"));
        return error_set(&c->err, E_DENIED, "Certificate has been revoked.");
    }
    switch ((enum route_permission)c->route->permission) {
    case PERMIT_ANYONE:
        return DONE;
    case PERMIT_CERTIFICATE:
        return require_certificate(c);
    case PERMIT_MAPPED:
        return p->kind == PRINCIPAL_GUEST ? DONE : require_certificate(c);
    case PERMIT_OPERATOR:
        return require_operator(c);
    case PERMIT_FRONT:
        if (p->kind == PRINCIPAL_FRONT)
            return DONE;
        break;
    }
    call_note_refusal(c, TEXT("refused.permission"));
    return error_set(&c->err, E_DENIED, "This needs an operator of this server.");
}

/* ---- the body, as people paste it ---- */

static struct status drop_newlines(struct call *c)
{
    if (!(c->route->flags & ROUTE_DROP_NEWLINES) || c->body.n == 0)
        return DONE;
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, c->body.n);
    json_drop_newlines_in_strings(bytes_text(c->body), &b);
    TRY(buffer_status(&b));
    const struct bytes cleaned = arena_bytes(c->arena, buffer_bytes(&b));
    if (buffer_size(&b) > 0 && !cleaned.p)
        return STATUS(NOMEM);
    c->body = cleaned;
    return DONE;
}

/* ---- answering ---- */

/* In the words of the original where it had some (registry contract 1.3). */
static const char *text_for_others(const struct call *c, struct status s)
{
    return (c->route->flags & ROUTE_KYMA) && code_http_status(s.code) == 500 ? "Internal error."
                                                                             : code_text(s.code);
}

static void answer_failure(struct call *c, struct status s)
{
    const int http = code_http_status(s.code);
    const char *text = c->err.code == s.code ? error_text(&c->err, s) : code_text(s.code);
    if (http >= 500 && s.code != E_UPSTREAM) { /* what a server of theirs said is not our insides */
        if (!c->in_log)
            log_event(LOG_ERROR, "request.failed", F_CSTR("route", c->route->pattern), F_CODE("code", s),
                      F_CSTR("error", text));
        /* Only an operator is told about our insides. */
        if (c->principal.kind != PRINCIPAL_OPERATOR)
            text = text_for_others(c, s);
    }
    c->reply.headers.count = 0;
    c->reply.more = NULL; /* what it began is not told; `done` still runs */
    if (http == 503)
        status_ignore(reply_header(c, TEXT("Retry-After"), TEXT("1")));
    if (c->challenge.n > 0)
        status_ignore(reply_header(c, TEXT("WWW-Authenticate"), c->challenge));
    status_ignore(reply_error(c, http, "%s", text));
}

static struct status run(struct call *c)
{
    TRY(check_permission(c));
    TRY(drop_newlines(c));
    api_handler *handler = api_handler_of(c->route->id);
    if (!handler)
        return STATUS(BROKEN);
    TRY(handler(c));
    if (c->reply.status == 0)
        return STATUS(BROKEN);
    return buffer_status(&c->reply.body);
}

/* Go's encoder ends every document with a newline (contract 2). A streamed one is ended by who streams it. */
static void end_document(struct call *c)
{
    const struct bytes body = buffer_bytes(&c->reply.body);
    if (!(c->route->flags & ROUTE_KYMA) || c->reply.more || body.n == 0)
        return;
    if (body.p[body.n - 1] == '}' || body.p[body.n - 1] == ']')
        buffer_byte(&c->reply.body, '\n');
}

void api_dispatch(struct call *c)
{
    c->reply = (struct reply){0};
    buffer_init(&c->reply.body, REPLY_BODY_MAX);
    c->err = (struct error){0};
    const struct status s = run(c);
    if (status_ok(s))
        end_document(c);
    else
        answer_failure(c, s);
    if (status_ok(buffer_status(&c->reply.body)))
        return;
    /* No memory even for the error: the status alone. */
    buffer_clear(&c->reply.body);
    c->reply.status = 503;
    c->reply.content_type = TEXT("");
}
