/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/internal.h"

#include "base/clock.h"
#include "base/encoding.h"
#include "base/json_out.h"
#include "base/random.h"
#include "base/secret.h"

#define TOKEN_BYTES_MAX 256
#define TOKEN_ID_DIGITS 12

static int64_t life_of(const struct connector *c, enum token_kind kind)
{
    switch (kind) {
    case TOKEN_APPLICATION:
        return c->settings.application_ttl_s;
    case TOKEN_RUNTIME:
        return c->settings.runtime_ttl_s;
    case TOKEN_REMOTE_ENVIRONMENT:
        return c->settings.remote_environment_ttl_s;
    case TOKEN_COMPASS_APPLICATION:
        return c->settings.application_ttl_s;
    case TOKEN_COMPASS_RUNTIME:
        return c->settings.compass_runtime_ttl_s;
    }
    return 0;
}

/* Draws a value and fills the row that remembers it; the value itself goes to `out` only. */
static struct status draw(const struct connector *c, const struct connector_holder *h, struct text created_by,
                          int64_t now, struct arena *a, struct token *row, struct connector_token *out)
{
    uint8_t raw[TOKEN_BYTES_MAX];
    must(c->settings.token_length <= sizeof raw);
    random_bytes(raw, c->settings.token_length);
    OWNED(buffer_release) struct buffer text;
    buffer_init(&text, base64_encoded_size(sizeof raw));
    base64url_encode(&text, (struct bytes){raw, c->settings.token_length});
    secret_wipe(raw, sizeof raw);
    const struct text token = arena_text(a, buffer_as_text(&text));
    const struct status encoded = buffer_status(&text);
    buffer_wipe(&text);
    TRY(encoded);
    struct bytes auth;
    TRY(system_auth_octets(h, a, &auth));

    *row = (struct token){
        .kind = h->kind,
        .state = TOKEN_ACTIVE,
        .tenant = h->tenant,
        .group = h->group,
        .application = h->application,
        .system_auth = auth,
        .created_at = now,
        .expires_at = now + life_of(c, h->kind),
        .created_by = created_by,
    };
    sha256(text_bytes(token), row->hash);
    row->id = text_first(fingerprint_text(row->hash, a), TOKEN_ID_DIGITS);
    if (!token.p || !row->id.p)
        return STATUS(NOMEM);
    *out = (struct connector_token){.token = token, .id = row->id, .expires_at = row->expires_at};
    return DONE;
}

/* Fills the rest of *out, whose kind is set. Standalone mode ignores tenant and group (contract 8.1): they
 * are neither checked nor stored. */
static struct status normalise(const struct connector *c, const struct connector_holder *in,
                               struct connector_holder *out, struct error *err)
{
    if (!kind_exists(c, in->kind))
        return kind_missing(err);
    if (kind_is_compass(in->kind)) { /* the Director has checked what it is called */
        *out = *in;
        return DONE;
    }
    if (c->settings.central) {
        TRY(connector_check_name("The tenant's name", in->tenant, err));
        TRY(connector_check_name("The group's name", in->group, err));
        out->tenant = in->tenant;
        out->group = in->group;
    }
    if (in->kind == TOKEN_RUNTIME)
        return DONE;
    out->application = in->application;
    return connector_check_name(in->kind == TOKEN_APPLICATION ? "The application's name"
                                                              : "The remote environment's name",
                                in->application, err);
}

static struct text token_detail(const struct token *t, struct arena *a)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 1024);
    struct json_out j;
    json_out_init(&j, &b);
    json_open_object(&j, NULL);
    json_cstr(&j, "kind", kind_name(t->kind));
    if (t->group.n > 0)
        json_text(&j, "group", t->group);
    json_time(&j, "expiresAt", t->expires_at);
    json_end(&j);
    return status_ok(buffer_status(&b)) ? arena_text(a, buffer_as_text(&b)) : (struct text){NULL, 0};
}

struct status connector_token_create(struct connector *c, const struct audit_caller *caller,
                                     const struct connector_holder *holder, struct arena *a,
                                     struct connector_token *out, struct error *err)
{
    struct connector_holder h = {.kind = holder->kind};
    TRY(normalise(c, holder, &h, err));
    const int64_t now = clock_now_s();
    const bool named = h.kind == TOKEN_APPLICATION || h.kind == TOKEN_REMOTE_ENVIRONMENT;
    struct token_create in = {
        .replaces_others = h.kind == TOKEN_REMOTE_ENVIRONMENT || kind_is_compass(h.kind),
        .create_application = named && c->settings.auto_create,
        .require_application = named && !c->settings.auto_create,
    };
    TRY(draw(c, &h, caller->actor, now, a, &in.token, out));

    struct audit_entry audit = audit_of(caller, TEXT("token.create"), &h, now);
    audit.subject = in.token.id;
    audit.detail = token_detail(&in.token, a);
    if (!audit.detail.p)
        return STATUS(NOMEM);
    const struct status stored = store_token_create(c->parts.store, &in, &audit);
    if (stored.code == E_NOT_FOUND && !named)
        return error_set(err, E_NOT_FOUND, "There is no system auth %.*s.", TEXT_ARG(h.system_auth));
    if (stored.code == E_NOT_FOUND)
        return error_set(err, E_NOT_FOUND,
                         "There is no application %.*s, and applications.auto_create is off.",
                         TEXT_ARG(h.application));
    TRY(stored);
    slab_add(c->parts.slab, SLAB_TOKENS_CREATED, 1);
    return DONE;
}

struct status connector_token_revoke(struct connector *c, const struct audit_caller *caller, struct text id,
                                     struct error *err)
{
    const int64_t now = clock_now_s();
    struct audit_entry audit = audit_of(caller, TEXT("token.revoke"), NULL, now);
    audit.subject = id;
    const struct status revoked = store_token_revoke(c->parts.store, id, now, &audit);
    if (revoked.code == E_NOT_FOUND)
        return error_set(err, E_NOT_FOUND,
                         "there is no token %.*s: `fairlead token list` shows those there are", TEXT_ARG(id));
    if (revoked.code == E_CONFLICT)
        return error_set(err, E_CONFLICT, "token %.*s is no longer active", TEXT_ARG(id));
    return revoked;
}

/* ---- presented by a client ---- */

static struct status invalid_token(struct error *err)
{
    return error_set(err, E_DENIED, "Invalid token.");
}

static const char *const endings[] = {
    [TOKEN_ACTIVE] = "unknown", /* but it opens something else */
    [TOKEN_USED] = "used",         [TOKEN_REVOKED] = "revoked",
    [TOKEN_REPLACED] = "replaced", [TOKEN_EXPIRED] = "expired",
};

/* May a token of kind `made_for` be used where `asked` is wanted? */
static bool opens(enum token_kind asked, const struct token *t, struct text application)
{
    if (t->kind == TOKEN_COMPASS_APPLICATION)
        return asked == TOKEN_COMPASS_APPLICATION || asked == TOKEN_APPLICATION;
    if (t->kind == TOKEN_COMPASS_RUNTIME)
        return asked == TOKEN_COMPASS_APPLICATION;
    return t->kind == asked && (asked != TOKEN_REMOTE_ENVIRONMENT || text_equal(t->application, application));
}

static struct status look_up(struct connector *c, enum token_kind kind, struct text application,
                             struct arena *a, struct connector_grant *g, struct error *err)
{
    struct token t;
    const struct status found = store_token_find(c->parts.store, g->hash, clock_now_s(), a, &t);
    g->refused_as = endings[TOKEN_ACTIVE];
    if (found.code == E_NOT_FOUND)
        return invalid_token(err);
    TRY(found);
    if (!opens(kind, &t, application))
        return invalid_token(err);
    g->refused_as = endings[t.state];
    if (t.state != TOKEN_ACTIVE)
        return invalid_token(err);
    g->refused_as = NULL;
    g->holder = (struct connector_holder){.kind = t.kind,
                                          .tenant = t.tenant,
                                          .group = t.group,
                                          .application = t.application,
                                          .system_auth = system_auth_text(t.system_auth, a)};
    g->id = t.id;
    return g->holder.system_auth.p ? DONE : STATUS(NOMEM);
}

struct status connector_grant_open(struct connector *c, enum token_kind kind, struct text application,
                                   struct text token, struct arena *a, struct connector_grant *out,
                                   struct error *err)
{
    *out = (struct connector_grant){0};
    if (!kind_exists(c, kind))
        return kind_missing(err);
    if (token.n == 0)
        return error_set(err, E_DENIED, "Token not provided.");
    OWNED(connector_grant_close) struct connector_grant g = {0};
    sha256(text_bytes(token), g.hash);
    const struct status claimed = claim_take(c->shared, g.hash);
    if (claimed.code == E_CONFLICT) {
        out->refused_as = endings[TOKEN_USED]; /* by the request that holds it now, most likely */
        return invalid_token(err);
    }
    TRY(claimed);
    g.claimed_by = c;
    const struct status found = look_up(c, kind, application, a, &g, err);
    if (!status_ok(found)) {
        out->refused_as = g.refused_as;
        return found;
    }
    *out = g;
    g.claimed_by = NULL;
    return DONE;
}

void connector_grant_close(struct connector_grant *g)
{
    if (g->claimed_by)
        claim_release(g->claimed_by->shared, g->hash);
    g->claimed_by = NULL;
}

struct status connector_exchange(struct connector *c, const struct audit_caller *caller,
                                 const struct connector_grant *grant, struct arena *a,
                                 struct connector_token *out, struct error *err)
{
    const int64_t now = clock_now_s();
    struct token next;
    const struct text actor = arena_printf(a, "token:%.*s", TEXT_ARG(grant->id));
    if (!actor.p)
        return STATUS(NOMEM);
    TRY(draw(c, &grant->holder, actor, now, a, &next, out));
    struct audit_entry audit = audit_of(caller, TEXT("token.exchange"), &grant->holder, now);
    audit.actor = actor;
    audit.subject = next.id;
    audit.detail = token_detail(&next, a);
    if (!audit.detail.p)
        return STATUS(NOMEM);
    const struct status exchanged = store_token_exchange(c->parts.store, grant->hash, &next, now, &audit);
    if (exchanged.code == E_CONFLICT || exchanged.code == E_NOT_FOUND)
        return invalid_token(err);
    TRY(exchanged);
    slab_add(c->parts.slab, SLAB_TOKENS_USED, 1);
    slab_add(c->parts.slab, SLAB_TOKENS_CREATED, 1);
    return DONE;
}
