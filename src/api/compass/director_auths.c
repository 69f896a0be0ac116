/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/director.h"

#include "base/clock.h"
#include "base/encoding.h"
#include "base/json_scan.h"
#include "base/own.h"

/* System auths and one-time tokens as the Director shows them (contract 2.5). A token's value is told once,
 * by the mutation that makes it: only its hash is kept. */

#define RAW_MAX 4096

/* ---- system auths ---- */

static struct auth_view *auth_view_of(const struct director_context *who, const struct system_auth *row,
                                      struct arena *a)
{
    char id[UUID_TEXT + 1], object[UUID_TEXT + 1];
    struct auth_view *v = arena_alloc(a, sizeof *v);
    if (!v)
        return NULL;
    *v = (struct auth_view){
        .row = *row,
        .id = arena_text(a, uuid_text(row->id, id)),
        .object = arena_text(a, uuid_text(row->object, object)),
        .tenant = who->tenant.external_id,
        .type = row->kind == OBJECT_APPLICATION ? TEXT("APPLICATION") : TEXT("RUNTIME"),
    };
    return v->id.p && v->object.p ? v : NULL;
}

struct auth_rows {
    const struct director_context *who;
    struct arena *arena;
    struct auth_view **list;
    size_t count, room;
    bool failed;
};

static bool note_auth(void *ctx, const struct system_auth *row)
{
    struct auth_rows *r = ctx;
    if (r->count == r->room) {
        const size_t room = r->room > 0 ? 2 * r->room : 8;
        struct auth_view **more = arena_array(r->arena, room, sizeof *more);
        if (!more) {
            r->failed = true;
            return false;
        }
        for (size_t i = 0; i < r->count; i++)
            more[i] = r->list[i];
        r->list = more;
        r->room = room;
    }
    struct auth_view *v = auth_view_of(r->who, row, r->arena);
    r->failed = !v;
    r->list[r->count++] = v;
    return v != NULL;
}

static struct status auth_at(struct graphql_call *call, const void *items, size_t index,
                             struct graphql_value *out)
{
    (void)call;
    *out = graphql_object(((struct auth_view *const *)items)[index]);
    return DONE;
}

struct status director_auths(struct graphql_call *call, struct graphql_value *out)
{
    const struct director_context *who = call->context;
    const struct object *o = &((const struct object_view *)call->object)->o;
    struct auth_rows rows = {.who = who, .arena = call->arena};
    const struct status s = store_system_auth_list(who->parts.store, o->kind, who->d.tenant, o->id,
                                                   clock_now_s(), call->arena, note_auth, &rows);
    if (!status_ok(s))
        return director_refuse(call, s);
    if (rows.failed)
        return STATUS(NOMEM);
    *out = graphql_list(auth_at, rows.list, rows.count);
    return DONE;
}

/* ---- by id, by token: for who works behind the scenes (scope ory_internal) ---- */

static struct status show_auth(struct graphql_call *call, const struct system_auth *row,
                               struct graphql_value *out)
{
    const struct auth_view *v = auth_view_of(call->context, row, call->arena);
    if (!v)
        return STATUS(NOMEM);
    *out = graphql_object_as(row->kind == OBJECT_APPLICATION ? "AppSystemAuth" : "RuntimeSystemAuth", v);
    return DONE;
}

/* Of the caller's tenant; null when there is none. */
static struct status find_auth(struct graphql_call *call, const uint8_t id[static OBJECT_ID_SIZE],
                               struct graphql_value *out)
{
    const struct director_context *who = call->context;
    struct system_auth row;
    const struct status s =
        store_system_auth_get(who->parts.store, &who->d.tenant, id, clock_now_s(), call->arena, &row);
    if (s.code == E_NOT_FOUND)
        return DONE;
    return status_ok(s) ? show_auth(call, &row, out) : director_refuse(call, s);
}

struct status director_system_auth(struct graphql_call *call, struct graphql_value *out)
{
    uint8_t id[OBJECT_ID_SIZE];
    return uuid_parse(graphql_given_text(graphql_argument(call, "id")), id) ? find_auth(call, id, out) : DONE;
}

/* One that can still be used: what a used or expired one says is told to nobody here. */
struct status director_system_auth_by_token(struct graphql_call *call, struct graphql_value *out)
{
    const struct director_context *who = call->context;
    uint8_t hash[SHA256_SIZE], id[OBJECT_ID_SIZE];
    struct token token;
    sha256(text_bytes(graphql_given_text(graphql_argument(call, "token"))), hash);
    const struct status s = store_token_find(who->parts.store, hash, clock_now_s(), call->arena, &token);
    if (s.code == E_NOT_FOUND)
        return DONE;
    if (!status_ok(s))
        return director_refuse(call, s);
    if (token.state != TOKEN_ACTIVE || token.system_auth.n != sizeof id)
        return DONE;
    memcpy(id, token.system_auth.p, sizeof id);
    return find_auth(call, id, out);
}

static struct status delete_auth(struct graphql_call *call, enum object_kind kind, struct graphql_value *out)
{
    struct director_context *who = call->context;
    struct system_auth row;
    who->d.arena = call->arena;
    const struct status s =
        director_delete_auth(&who->d, kind, graphql_given_text(graphql_argument(call, "authID")), &row);
    if (!status_ok(s))
        return director_refuse(call, s);
    return show_auth(call, &row, out);
}

struct status director_delete_application_auth(struct graphql_call *call, struct graphql_value *out)
{
    return delete_auth(call, OBJECT_APPLICATION, out);
}

struct status director_delete_runtime_auth(struct graphql_call *call, struct graphql_value *out)
{
    return delete_auth(call, OBJECT_RUNTIME, out);
}

/* ---- one-time tokens ---- */

/* In the order of the original's struct. */
static struct text write_raw(struct arena *a, const struct token_view *v)
{
    OWNED(buffer_release) struct buffer b;
    struct json_out j;
    buffer_init(&b, RAW_MAX);
    json_out_init(&j, &b);
    json_open_object(&j, NULL);
    json_text(&j, "token", v->token);
    json_text(&j, "connectorURL", v->connector_url);
    json_bool(&j, "used", v->used);
    json_text(&j, "expiresAt", v->expires_at);
    json_text(&j, "createdAt", v->created_at);
    json_text(&j, "usedAt", v->used_at);
    json_text(&j, "type", v->type);
    json_write_null(&j, "scenario_groups");
    json_end(&j);
    return status_ok(buffer_status(&b)) ? arena_text(a, buffer_as_text(&b)) : (struct text){NULL, 0};
}

static struct text encode(struct arena *a, struct text plain)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, 2 * RAW_MAX);
    base64_encode(&b, text_bytes(plain));
    return status_ok(buffer_status(&b)) ? arena_text(a, buffer_as_text(&b)) : (struct text){NULL, 0};
}

static struct status token_view_of(const struct director_context *who, enum object_kind kind,
                                   const struct director_token *token, struct arena *a,
                                   struct token_view *out)
{
    const struct connector_settings *settings = connector_settings_of(who->parts.connector);
    const struct connector_holder h = {.kind = TOKEN_COMPASS_APPLICATION};
    *out = (struct token_view){
        .token = token->token,
        .connector_url = arena_printf(a, "%.*s/connector/graphql", TEXT_ARG(settings->connector_url)),
        .legacy_url = connector_link(who->parts.connector, LINK_INFO, &h, token->token, a),
        .type = kind == OBJECT_APPLICATION ? TEXT("Application") : TEXT("Runtime"),
        .created_at = director_time(a, token->created_at),
        .expires_at = director_time(a, token->expires_at),
        .used_at = director_time(a, 0),
    };
    if (!out->connector_url.p || !out->legacy_url.p || !out->created_at.p || !out->expires_at.p)
        return STATUS(NOMEM);
    out->raw = write_raw(a, out);
    out->raw_encoded = encode(a, out->raw);
    return out->raw.p && out->raw_encoded.p ? DONE : STATUS(NOMEM);
}

/* For those who paste one thing into a form: the whole of it, unless the application is of a legacy kind. */
static struct status suggest(struct graphql_call *call, struct token_view *v)
{
    const struct director_context *who = call->context;
    const struct text asked = headers_get(&who->c->request->headers, TEXT("suggest_token"));
    struct object o;
    if (!text_equal(asked, TEXT("true")) || graphql_is_given(graphql_argument(call, "systemAuthID")))
        return DONE;
    const struct status found =
        director_get(&who->d, OBJECT_APPLICATION, graphql_given_text(graphql_argument(call, "id")), &o);
    if (!status_ok(found))
        return director_refuse(call, found);
    struct text raw;
    enum json_type type;
    const bool legacy = json_member(o.labels, TEXT("legacy"), &raw, &type) && text_equal(raw, TEXT("true"));
    const struct object_view *view = view_of(call->arena, &o);
    if (!view)
        return STATUS(NOMEM);
    if (!view->integration_system.p)
        v->token = legacy ? v->legacy_url : v->raw_encoded;
    return DONE;
}

static struct status one_time_token(struct graphql_call *call, enum object_kind kind,
                                    struct graphql_value *out)
{
    struct director_context *who = call->context;
    struct director_token token;
    struct token_view *v = arena_alloc(call->arena, sizeof *v);
    if (!v)
        return STATUS(NOMEM);
    who->d.arena = call->arena;
    const bool has_auth = text_equal(text_of(call->row->name), TEXT("requestOneTimeTokenForApplication")) ||
                          text_equal(text_of(call->row->name), TEXT("requestOneTimeTokenForRuntime"));
    const struct text auth = has_auth ? graphql_given_text(graphql_argument(call, "systemAuthID")) : TEXT("");
    const struct status s = director_one_time_token(
        &who->d, kind, graphql_given_text(graphql_argument(call, "id")), auth, &token);
    if (!status_ok(s))
        return director_refuse(call, s);
    TRY(token_view_of(who, kind, &token, call->arena, v));
    if (kind == OBJECT_APPLICATION && has_auth)
        TRY(suggest(call, v));
    *out = graphql_object(v);
    return DONE;
}

struct status director_token_for_application(struct graphql_call *call, struct graphql_value *out)
{
    return one_time_token(call, OBJECT_APPLICATION, out);
}

struct status director_token_for_runtime(struct graphql_call *call, struct graphql_value *out)
{
    return one_time_token(call, OBJECT_RUNTIME, out);
}
