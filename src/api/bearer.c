/* SPDX-License-Identifier: Apache-2.0 */
#include "api/bearer.h"

#include "api/handlers.h"
#include "base/clock.h"
#include "base/digest.h"
#include "oidc/oidc.h"
#include "store/directory.h"

#define USED_EVERY_S 60 /* a write per minute, not per request */
#define WORDS_MAX    (64u * 1024)

/* ---- what is told ---- */

static void challenge(struct call *c, const char *error, struct text why)
{
    c->challenge =
        arena_printf(c->arena, "Bearer realm=\"fairlead\", error=\"%s\", error_description=\"%.*s\"", error,
                     TEXT_ARG(why));
}

static enum bearer refused(struct call *c, struct text why, struct text *out_why)
{
    call_note_refusal(c, TEXT("refused.bearer"));
    challenge(c, "invalid_token", why);
    *out_why = why;
    return BEARER_REFUSED;
}

/* ---- an operator's token ---- */

/* For people only: that it cannot be noted is no reason to refuse. */
static void note_used(struct store *store, const struct operator_row *row)
{
    const int64_t now = clock_now_s();
    if (now - row->last_used_at >= USED_EVERY_S)
        (void)store_operator_used(store, row->name, now);
}

static bool take_operator(struct call *c, const struct operator_row *row)
{
    struct principal *p = &c->principal;
    struct principal_grant *grant = arena_alloc(c->arena, sizeof *grant);
    const struct text actor = arena_printf(c->arena, "operator:%.*s", TEXT_ARG(row->name));
    if (!grant || !actor.p)
        return false;
    *grant = (struct principal_grant){.tenants = row->tenants, .scopes = row->scopes};
    p->kind = PRINCIPAL_OPERATOR;
    p->name = row->name;
    p->actor = actor;
    p->grants = grant;
    p->grant_count = 1;
    return true;
}

static enum bearer by_token(struct call *c, struct text token, struct text *out_why)
{
    uint8_t hash[SHA256_SIZE];
    struct operator_row row;
    sha256(text_bytes(token), hash);
    const struct status found = store_operator_find(c->domain->store, hash, c->arena, &row);
    if (found.code == E_NOT_FOUND)
        return refused(c, TEXT("invalid bearer token"), out_why);
    if (!status_ok(found))
        return BEARER_UNAVAILABLE;
    if (row.expires_at != 0 && clock_now_s() >= row.expires_at)
        return refused(c, TEXT("invalid bearer token"), out_why);
    if (!take_operator(c, &row))
        return BEARER_UNAVAILABLE;
    note_used(c->domain->store, &row);
    return BEARER_GOOD;
}

/* ---- a JWT ---- */

static bool take_identity(struct call *c, const struct oidc_identity *who)
{
    struct principal *p = &c->principal;
    struct principal_grant *grants = arena_array(c->arena, who->grant_count, sizeof *grants);
    if (!grants)
        return false;
    for (size_t i = 0; i < who->grant_count; i++)
        grants[i] =
            (struct principal_grant){.tenants = who->grants[i].tenants, .scopes = who->grants[i].scopes};
    p->kind = PRINCIPAL_OPERATOR;
    p->name = who->subject;
    p->actor = who->actor;
    p->grants = grants;
    p->grant_count = who->grant_count;
    return true;
}

static enum bearer by_jwt(struct call *c, struct text token, struct text *out_why)
{
    struct oidc_identity who;
    struct error err = {.message = ""};
    if (!c->domain->oidc)
        return refused(c, TEXT("invalid bearer token"), out_why);
    const struct status s = oidc_authenticate(c->domain->oidc, token, c->arena, &who, &err);
    if (s.code == E_UNAUTH) {
        const struct text why = arena_printf(c->arena, "the token %s", err.message);
        return refused(c, why.p ? why : TEXT("invalid bearer token"), out_why);
    }
    c->in_log = s.code == E_UNAVAILABLE; /* oidc.issuer_failed */
    return status_ok(s) && take_identity(c, &who) ? BEARER_GOOD : BEARER_UNAVAILABLE;
}

enum bearer bearer_identify(struct call *c, struct text *out_why)
{
    const struct headers *headers = &c->request->headers;
    struct text token = headers_get(headers, TEXT("Authorization"));
    const struct text scheme = text_cut(&token, ' ');
    token = text_trim(token);
    if (headers_count(headers, TEXT("Authorization")) > 1)
        return refused(c, TEXT("more than one Authorization field"), out_why);
    if (!text_equal_nocase(scheme, TEXT("Bearer")) || token.n == 0) {
        call_note_refusal(c, TEXT("refused.bearer"));
        c->challenge = TEXT("Bearer realm=\"fairlead\"");
        return BEARER_NONE;
    }
    return text_contains(token, '.') ? by_jwt(c, token, out_why) : by_token(c, token, out_why);
}

/* ---- rights ---- */

bool words_have(struct text list, struct text word)
{
    while (list.p) {
        const struct text next = text_cut(&list, ' ');
        if (text_equal(next, TEXT("*")) || text_equal(next, word))
            return true;
    }
    return false;
}

static void add_words(struct buffer *out, struct text words)
{
    buffer_cstr(out, buffer_size(out) > 0 ? " " : "");
    buffer_text(out, words);
}

static struct status join(const struct principal *p, const struct text *tenant, struct arena *a,
                          struct text *out)
{
    OWNED(buffer_release) struct buffer words;
    buffer_init(&words, WORDS_MAX);
    for (size_t i = 0; i < p->grant_count; i++) {
        if (!tenant)
            add_words(&words, p->grants[i].tenants);
        else if (words_have(p->grants[i].tenants, *tenant))
            add_words(&words, p->grants[i].scopes);
    }
    TRY(buffer_status(&words));
    *out = arena_text(a, buffer_as_text(&words));
    return out->p || buffer_size(&words) == 0 ? DONE : STATUS(NOMEM);
}

struct status principal_tenants(const struct principal *p, struct arena *a, struct text *out)
{
    return join(p, NULL, a, out);
}

struct status principal_scopes(const struct principal *p, struct text tenant, struct arena *a,
                               struct text *out)
{
    return join(p, &tenant, a, out);
}

/* The native API knows no tenants as walls: it is for who may enter all of them. */
static bool is_administrator(const struct principal *p)
{
    for (size_t i = 0; i < p->grant_count; i++)
        if (words_have(p->grants[i].tenants, TEXT("*")) && words_have(p->grants[i].scopes, TEXT("admin")))
            return true;
    return false;
}

struct status bearer_require_administrator(struct call *c)
{
    struct text why;
    switch (bearer_identify(c, &why)) {
    case BEARER_NONE:
        return error_set(&c->err, E_UNAUTH, "This needs an operator's bearer token.");
    case BEARER_REFUSED:
        return error_set(&c->err, E_UNAUTH, "The bearer token is refused: %.*s.", TEXT_ARG(why));
    case BEARER_UNAVAILABLE:
        return error_set(&c->err, E_UNAVAILABLE, "Nobody can check the bearer token now.");
    case BEARER_GOOD:
        break;
    }
    if (is_administrator(&c->principal))
        return DONE;
    call_note_refusal(c, TEXT("refused.scope"));
    challenge(c, "insufficient_scope", TEXT("the scope admin in all tenants is needed"));
    return error_set(&c->err, E_DENIED, "This needs the scope admin (or *) in all tenants.");
}
