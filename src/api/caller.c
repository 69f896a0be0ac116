/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "base/encoding.h"

/* More is cut: it ends up in a row of the audit. */
#define USER_AGENT_MAX 256

static struct text actor_of(struct call *c)
{
    const struct principal *p = &c->principal;
    if (p->actor.n > 0 || p->kind != PRINCIPAL_CERTIFICATE)
        return p->actor;
    char hex[2 * sizeof p->fingerprint + 1];
    hex_encode(hex, BYTES_OF(p->fingerprint));
    return arena_printf(c->arena, "certificate:%s", hex);
}

struct audit_caller call_caller(struct call *c)
{
    const struct principal *p = &c->principal;
    return (struct audit_caller){
        .actor = actor_of(c),
        .address = c->peer_address,
        .user_agent = text_first(headers_get(&c->request->headers, TEXT("User-Agent")), USER_AGENT_MAX),
        .request_id = c->request_id,
        .certificate = p->kind == PRINCIPAL_CERTIFICATE || p->kind == PRINCIPAL_GUEST ? p->fingerprint : NULL,
    };
}

struct connector_holder principal_holder(const struct principal *p)
{
    const bool compass = p->system_auth.n > 0;
    const enum token_kind application = compass ? TOKEN_COMPASS_APPLICATION : TOKEN_APPLICATION;
    const enum token_kind runtime = compass ? TOKEN_COMPASS_RUNTIME : TOKEN_RUNTIME;
    return (struct connector_holder){.kind = p->runtime ? runtime : application,
                                     .tenant = p->tenant,
                                     .group = p->group,
                                     .application = p->runtime ? TEXT("") : p->application,
                                     .system_auth = p->system_auth};
}

void call_note_refusal(struct call *c, struct text action)
{
    const struct audit_caller caller = call_caller(c);
    connector_refused(c->domain->connector, action, &caller);
}

struct status call_refused(struct call *c, struct text action, struct status s)
{
    if (s.code == E_DENIED)
        call_note_refusal(c, action);
    return s;
}
