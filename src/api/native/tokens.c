/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "base/clock.h"
#include "base/encoding.h"
#include "ca/ca.h"

static const char *const kind_names[] = {
    [TOKEN_APPLICATION] = "application",
    [TOKEN_RUNTIME] = "runtime",
    [TOKEN_REMOTE_ENVIRONMENT] = "remoteEnvironment",
    [TOKEN_COMPASS_APPLICATION] = "compassApplication",
    [TOKEN_COMPASS_RUNTIME] = "compassRuntime",
};

const char *token_kind_name(enum token_kind kind)
{
    return kind_names[kind];
}

bool token_kind_parse(struct text t, enum token_kind *out)
{
    for (unsigned i = 0; i <= TOKEN_REMOTE_ENVIRONMENT; i++) { /* the Director makes the others */
        if (text_equal(t, text_of(kind_names[i]))) {
            *out = (enum token_kind)i;
            return true;
        }
    }
    return false;
}

const char *token_state_name(enum token_state state)
{
    static const char *const names[] = {
        [TOKEN_ACTIVE] = "active",     [TOKEN_USED] = "used",       [TOKEN_REVOKED] = "revoked",
        [TOKEN_REPLACED] = "replaced", [TOKEN_EXPIRED] = "expired",
    };
    return names[state];
}

/* ---- POST /api/v1/tokens ---- */

static struct status read_holder(struct call *c, struct connector_holder *out)
{
    struct text object;
    struct text kind;
    TRY(body_object(c, false, &object));
    TRY(body_text(c, object, "kind", &kind));
    TRY(body_text(c, object, "application", &out->application));
    TRY(body_text(c, object, "tenant", &out->tenant));
    TRY(body_text(c, object, "group", &out->group));
    if (kind.n == 0)
        kind = TEXT("application");
    if (!token_kind_parse(kind, &out->kind))
        return error_set(&c->err, E_INVALID, "kind must be application, runtime or remoteEnvironment");
    const bool central = connector_settings_of(c->domain->connector)->central;
    if (out->kind == TOKEN_RUNTIME && !central)
        return error_set(&c->err, E_INVALID, "Runtimes exist only in central mode (mode.central)");
    if (out->kind == TOKEN_REMOTE_ENVIRONMENT && central)
        return error_set(
            &c->err, E_INVALID,
            "Remote environments have no tenant and do not exist in central mode (mode.central)");
    return DONE;
}

struct status native_token_create(struct call *c)
{
    struct connector_holder h = {0};
    TRY(read_holder(c, &h));
    const struct audit_caller caller = call_caller(c);
    struct connector_token token;
    TRY(connector_token_create(c->domain->connector, &caller, &h, c->arena, &token, &c->err));
    const struct text url = connector_link(c->domain->connector, LINK_INFO, &h, token.token, c->arena);
    if (!url.p)
        return STATUS(NOMEM);
    char fingerprint[2 * SHA256_SIZE + 1];
    hex_encode(fingerprint, (struct bytes){ca_fingerprint(c->domain->ca), SHA256_SIZE});

    struct json_out j;
    reply_json(c, 201);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    json_text(&j, "url", url);
    json_text(&j, "token", token.token);
    json_text(&j, "id", token.id);
    json_cstr(&j, "kind", token_kind_name(h.kind));
    json_text(&j, "application", h.application);
    json_time(&j, "expiresAt", token.expires_at);
    json_cstr(&j, "caFingerprint", fingerprint);
    json_text(&j, "caSubject", ca_subject(c->domain->ca));
    json_end(&j);
    return DONE;
}

/* ---- the list: never the value, which nobody has ---- */

struct listing {
    struct json_out j;
    struct text last_id;
    int64_t last_created_at;
    unsigned count;
};

static bool list_row(void *ctx, const struct token *t)
{
    struct listing *l = ctx;
    struct json_out *j = &l->j;
    json_open_object(j, NULL);
    json_text(j, "id", t->id);
    json_cstr(j, "kind", token_kind_name(t->kind));
    json_text(j, "application", t->application);
    json_text(j, "tenant", t->tenant);
    json_text(j, "group", t->group);
    json_cstr(j, "state", token_state_name(t->state));
    json_time(j, "createdAt", t->created_at);
    json_time(j, "expiresAt", t->expires_at);
    if (t->ended_at > 0)
        json_time(j, "endedAt", t->ended_at);
    else
        json_write_null(j, "endedAt");
    json_text(j, "createdBy", t->created_by);
    json_text(j, "endedBy", t->ended_by);
    json_end(j);
    l->last_id = t->id;
    l->last_created_at = t->created_at;
    l->count++;
    return true;
}

struct status native_token_list(struct call *c)
{
    static const char *const booleans[] = {"false", "true", NULL};
    struct page_request page;
    TRY(query_page(c, &page));
    int active = 0;
    TRY(query_choice(c, "active", booleans, &active));
    const struct token_filter filter = {
        .application = query_text(c, "application"), .active_only = active == 1, .now = clock_now_s()};
    struct listing l = {0};
    reply_json(c, 200);
    json_out_init(&l.j, &c->reply.body);
    json_open_object(&l.j, NULL);
    json_open_array(&l.j, "tokens");
    TRY(store_token_list(c->domain->store, &filter, &page, c->arena, list_row, &l));
    json_end(&l.j);
    if (l.count < page.limit)
        json_write_null(&l.j, "next");
    else
        json_text(&l.j, "next",
                  arena_printf(c->arena, "%lld/%.*s", (long long)l.last_created_at, TEXT_ARG(l.last_id)));
    json_end(&l.j);
    return DONE;
}

struct status native_token_revoke(struct call *c)
{
    const struct audit_caller caller = call_caller(c);
    TRY(connector_token_revoke(c->domain->connector, &caller, c->params[0], &c->err));
    return reply_empty(c, 204);
}
