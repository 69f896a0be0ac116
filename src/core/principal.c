/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "base/encoding.h"
#include "core/core_internal.h"

/* Which listeners a socket may speak for: the socket says the role (DESIGN 3.1, 4), whatever the preamble
 * claims. */
static unsigned may_speak_for(unsigned tag)
{
    switch ((enum core_tag)tag) {
    case CORE_EDGE:
        return ON_CONNECTOR | ON_GATEWAY | ON_CLUSTER | ON_FRONT;
    case CORE_EGRESS:
        return ON_INTERNAL | ON_PROXY | ON_FRONT;
    case CORE_CONTROL:
        break; /* credentials instead of a preamble */
    }
    return 0;
}

/* Of the control socket, and of whoever reaches loopback, as in the original (DESIGN 3). */
static const struct principal_grant everything = {TEXT_INIT("*"), TEXT_INIT("*")};

static void from_loopback(struct principal *out)
{
    out->kind = PRINCIPAL_OPERATOR;
    out->grants = &everything;
    out->grant_count = 1;
    out->actor = TEXT("loopback");
}

static void from_certificate(const struct hop_preamble *p, struct arena *a, struct principal *out)
{
    char hex[2 * 32 + 1];
    memcpy(out->fingerprint, p->fingerprint.p, 32);
    hex_encode(hex, p->fingerprint);
    out->kind = PRINCIPAL_CERTIFICATE;
    out->certificate = (enum certificate_verdict)p->verdict;
    out->runtime = (p->flags & HOP_RUNTIME) != 0;
    out->application = arena_text(a, p->application);
    out->tenant = arena_text(a, p->tenant);
    out->group = arena_text(a, p->group);
    out->system_auth = arena_text(a, p->system_auth);
    out->subject_error = arena_text(a, p->subject_error);
    out->actor = arena_printf(a, "certificate:%s", hex);
}

/* Nothing that the front may have said about a holder is taken over: only a mapping gives one. */
static void from_guest(const struct hop_preamble *p, struct arena *a, struct principal *out)
{
    char hex[2 * 32 + 1];
    memcpy(out->fingerprint, p->fingerprint.p, 32);
    hex_encode(hex, p->fingerprint);
    out->kind = PRINCIPAL_GUEST;
    out->certificate = CERT_UNKNOWN;
    out->subject = arena_bytes(a, p->subject);
    out->actor = arena_printf(a, "external-certificate:%s", hex);
}

static bool from_preamble(const struct connection *connection, const struct hop_preamble *p, struct arena *a,
                          struct call *out)
{
    unsigned bit = 1u << p->listener;
    if (!(bit & may_speak_for(connection_tag(connection))))
        return false;
    const bool egress = connection_tag(connection) == CORE_EGRESS;
    out->listener = bit == ON_FRONT && egress ? ON_EGRESS : (enum route_listener)bit;
    /* Copies: the preamble lives in the connection, which may go away while a request thread works. */
    out->peer_address = arena_text(a, p->peer_address);
    out->request_id = arena_text(a, p->request_id);
    out->principal.uid = UINT32_MAX;
    if (bit == ON_FRONT) {
        out->principal.kind = PRINCIPAL_FRONT;
        out->principal.actor = TEXT("front");
    } else if (bit == ON_INTERNAL) {
        /* Where it asks, the bearer alone tells: no certificate that a proxy passes on. */
        if (out->domain->internal_asks)
            out->principal.actor = TEXT("anonymous");
        else
            from_loopback(&out->principal);
    } else if (p->flags & HOP_GUEST) {
        if (bit != ON_GATEWAY || p->fingerprint.n != 32)
            return false;
        from_guest(p, a, &out->principal);
    } else if (p->fingerprint.n == 32) {
        from_certificate(p, a, &out->principal);
    } else {
        out->principal.actor = TEXT("anonymous");
    }
    return true;
}

static bool from_credentials(const struct core *c, const struct connection *connection, struct arena *a,
                             struct call *out)
{
    uint32_t uid = connection_peer_uid(connection);
    if (uid != 0 && uid != (uint32_t)geteuid())
        return false; /* the socket's mode says the same; this holds even if somebody changes it */
    out->listener = ON_CONTROL;
    out->peer_address = TEXT("control socket");
    out->request_id = arena_printf(a, "control%llu", (unsigned long long)c->next_request);
    out->principal.kind = PRINCIPAL_OPERATOR;
    out->principal.grants = &everything;
    out->principal.grant_count = 1;
    out->principal.uid = uid;
    out->principal.actor = arena_printf(a, "uid:%u", uid);
    return true;
}

bool core_principal(const struct core *c, const struct connection *connection, struct arena *a,
                    struct call *out)
{
    if (connection_kind(connection) == NET_CONTROL)
        return from_credentials(c, connection, a, out);
    const struct hop_preamble *p = connection_preamble(connection);
    return p && from_preamble(connection, p, a, out);
}
