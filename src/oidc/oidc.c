/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc/oidc.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "oidc/issuer.h"
#include "oidc/jwt.h"
#include "os/files.h"

#define ANCHORS_MAX (1024u * 1024)

struct oidc {
    const struct settings *settings; /* borrowed */
    struct text host;                /* of the issuer */
    struct fetch_client fetcher;
    struct buffer anchors; /* auth.oidc.ca_file */
    struct issuer *issuer;
};

/* ---- what is asked of the fetcher ---- */

static struct status get(void *ctx, struct text url, struct buffer *out, struct error *err)
{
    const struct oidc *o = ctx;
    OWNED(fetch_answer_release) struct fetch_answer answer = {.outcome = FETCH_FINE};
    const struct fetch_request request = {
        .job = FETCH_KEYS,
        .url = url,
        .anchors_pem = buffer_as_text(&o->anchors),
        .document_max = (uint32_t)out->max,
        .timeout_ms = (uint32_t)o->settings->outbound_token_timeout_ms,
    };
    TRY(fetch_call(&o->fetcher, &request, &answer, err));
    if (answer.outcome != FETCH_FINE)
        return error_set(err, E_UPSTREAM, "%s", answer.reason);
    buffer_append(out, buffer_bytes(&answer.document));
    return buffer_status(out);
}

/* ---- life ---- */

static struct text host_of(struct text url)
{
    const struct text rest = text_from(url, text_find(url, ':') + 3);
    return text_first(rest, text_find(rest, '/'));
}

static struct status read_anchors(struct oidc *o, struct error *err)
{
    const char *file = o->settings->auth_oidc_ca_file;
    buffer_init(&o->anchors, ANCHORS_MAX);
    if (!file[0])
        return DONE;
    const struct status s = file_read(file, ANCHORS_MAX, &o->anchors, err);
    return status_ok(s) ? s : error_wrap(err, s, "auth.oidc.ca_file");
}

struct status oidc_new(const struct settings *s, const struct fetch_client *fetcher,
                       const struct oidc *previous, struct oidc **out, struct error *err)
{
    const struct text url = text_of(s->auth_oidc_issuer), jwks_url = text_of(s->auth_oidc_jwks_url);
    *out = NULL;
    if (url.n == 0)
        return DONE;
    OWNED(oidc_free) struct oidc *o = mem_alloc(sizeof *o);
    if (!o)
        return STATUS(NOMEM);
    o->settings = s;
    o->host = host_of(url);
    o->fetcher = *fetcher;
    TRY(read_anchors(o, err));
    /* Keys that another trust let in are not kept. */
    if (previous && issuer_is(previous->issuer, url, jwks_url) &&
        bytes_equal(buffer_bytes(&previous->anchors), buffer_bytes(&o->anchors)))
        o->issuer = issuer_ref(previous->issuer);
    else
        TRY(issuer_new(url, jwks_url, &o->issuer));
    *out = TAKE(o);
    return DONE;
}

void oidc_free(struct oidc *o)
{
    if (!o)
        return;
    issuer_unref(o->issuer);
    buffer_release(&o->anchors);
    mem_free(o);
}

/* ---- a token ---- */

static struct status verify(const struct jwt *t, const struct jwks *keys, struct error *err)
{
    struct status s = error_set(err, E_INVALID, "is signed with a key that its issuer does not have");
    for (unsigned i = 0; i < keys->count && s.code == E_INVALID; i++)
        if (jwt_may_be_by(t, &keys->key[i]))
            s = jwt_verify(t, &keys->key[i], err);
    return s;
}

static struct status give(struct oidc_grant *grants, const struct settings *s, const struct claims *claims,
                          struct arena *a, size_t *count)
{
    *count = 0;
    if (claims->tenants.n > 0 && claims->scopes.n > 0)
        grants[(*count)++] = (struct oidc_grant){claims->tenants, claims->scopes};
    return users_grants(claims, &s->auth_users, &s->auth_groups, a, grants, count);
}

static struct status find_rights(const struct oidc *o, const struct claims *claims, struct arena *a,
                                 struct oidc_identity *out, struct error *err)
{
    struct oidc_grant *grants = arena_array(a, OIDC_GRANTS_MAX, sizeof *grants);
    if (!grants)
        return STATUS(NOMEM);
    TRY(give(grants, o->settings, claims, a, &out->grant_count));
    out->grants = grants;
    if (out->grant_count == 0)
        return error_set(err, E_UNAUTH, "gives no rights here (auth.users, auth.groups)");
    out->subject = claims->subject;
    out->actor = arena_printf(a, "oidc:%.*s@%.*s", TEXT_ARG(claims->subject), TEXT_ARG(o->host));
    return out->actor.p ? DONE : STATUS(NOMEM);
}

/* The claims come first: what is not for us makes nobody fetch keys. */
static struct status authenticate(struct oidc *o, struct text token, struct arena *a, struct claims *claims,
                                  struct error *err)
{
    const struct settings *s = o->settings;
    const struct claims_wanted wanted = {
        .issuer = text_of(s->auth_oidc_issuer),
        .audience = text_of(s->auth_oidc_audience),
        .tenant_claim = text_of(s->auth_oidc_tenant_claim),
        .scope_claim = text_of(s->auth_oidc_scope_claim),
        .skew_s = s->auth_oidc_clock_skew_ms / 1000,
    };
    const struct issuer_source source = {.get = get, .ctx = o};
    OWNED(issuer_keys_unref) struct issuer_keys *keys = NULL;
    struct jwt t;
    TRY(jwt_read(token, a, &t, err));
    TRY(claims_read(t.claims, &wanted, clock_now_s(), a, claims, err));
    TRY(issuer_keys(o->issuer, &source, t.kid, &keys, err));
    return verify(&t, issuer_keys_set(keys), err);
}

struct status oidc_authenticate(struct oidc *o, struct text token, struct arena *a, struct oidc_identity *out,
                                struct error *err)
{
    struct claims claims;
    const struct status s = authenticate(o, token, a, &claims, err);
    if (s.code == E_INVALID)
        return STATUS(UNAUTH);
    TRY(s);
    return find_rights(o, &claims, a, out, err);
}
