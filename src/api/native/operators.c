/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "base/clock.h"
#include "base/json_cursor.h"
#include "director/director.h"

/* Operators: who may ask the Director with a bearer token, what, and where (director/director.h). */

#define ENDS_SOON_S (14 * 86400) /* "expiring" */

/* ---- POST /api/v1/operators ---- */

/* A misspelt "scopes" must not mean all of them. The name is a member of new ones only. */
static struct status check_members(struct call *c, struct text object, bool named)
{
    static const char *const known[] = {"\"name\"", "\"scopes\"", "\"tenants\"", "\"expiresIn\""};
    struct json_cursor at = json_cursor_at(object);
    for (bool more = json_cursor_enter(&at); more; more = json_cursor_next(&at)) {
        const struct text key = json_cursor_key(&at);
        bool found = false;
        for (size_t i = named ? 0 : 1; i < sizeof known / sizeof known[0]; i++)
            found = found || text_equal(key, text_of(known[i]));
        if (!found)
            return error_set(&c->err, E_INVALID, "%.*s is not known: %sscopes, tenants and expiresIn are",
                             TEXT_ARG(text_first(key, 100)), named ? "name, " : "");
        (void)json_cursor_skip(&at);
    }
    return DONE;
}

static struct status decode(struct call *c, struct text raw, struct text *out)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, raw.n);
    TRY(json_string_decode(raw, &b));
    *out = arena_text(c->arena, buffer_as_text(&b));
    return buffer_size(&b) == 0 || out->p ? DONE : STATUS(NOMEM);
}

/* An array of strings. None when it is absent or null, which means all; an empty one would say that badly. */
static struct status body_words(struct call *c, struct text object, const char *name,
                                struct text out[static DIRECTOR_OPERATOR_WORDS], size_t *out_count)
{
    struct text raw;
    enum json_type type;
    *out_count = 0;
    if (!json_member(object, text_of(name), &raw, &type) || type == JSON_TYPE_NULL)
        return DONE;
    struct json_cursor at = json_cursor_at(raw);
    for (bool more = type == JSON_TYPE_ARRAY && json_cursor_enter(&at); more; more = json_cursor_next(&at)) {
        if (*out_count == DIRECTOR_OPERATOR_WORDS)
            return error_set(&c->err, E_INVALID, "%s has more than %d items", name, DIRECTOR_OPERATOR_WORDS);
        if (json_cursor_type(&at) != JSON_TYPE_STRING)
            return error_set(&c->err, E_INVALID, "%s must be an array of strings", name);
        TRY(decode(c, json_cursor_skip(&at), &out[(*out_count)++]));
    }
    if (*out_count > 0)
        return DONE;
    return error_set(&c->err, E_INVALID, "%s must be an array of strings with one at least; \"*\" is all",
                     name);
}

/* Null is as good as absent. */
static bool is_given(struct text object, const char *name)
{
    struct text raw;
    enum json_type type;
    return json_member(object, text_of(name), &raw, &type) && type != JSON_TYPE_NULL;
}

static struct status body_life(struct call *c, struct text object, int64_t *out)
{
    struct text value;
    int64_t ms = 0;
    TRY(body_text(c, object, "expiresIn", &value));
    if (!is_given(object, "expiresIn"))
        *out = DIRECTOR_OPERATOR_LIFE;
    else if (text_equal(value, TEXT("never")))
        *out = 0;
    else if (duration_parse(value, &ms) && ms >= 1000)
        *out = ms / 1000;
    else
        return error_set(&c->err, E_INVALID,
                         "expiresIn must be a duration of a second or more, such as 90d or 12h, or never");
    return DONE;
}

static void put_words(struct json_out *j, const char *name, struct text words)
{
    json_open_array(j, name);
    while (words.n > 0)
        json_text(j, NULL, text_cut(&words, ' '));
    json_end(j);
}

static void put_time(struct json_out *j, const char *name, int64_t at)
{
    if (at > 0)
        json_time(j, name, at);
    else
        json_write_null(j, name);
}

/* Neither token nor hash. */
static void put_members(struct json_out *j, const struct operator_row *o)
{
    const int64_t now = clock_now_s();
    const bool expired = o->expires_at > 0 && now >= o->expires_at;
    json_text(j, "name", o->name);
    put_words(j, "scopes", o->scopes);
    put_words(j, "tenants", o->tenants);
    const bool ends_soon = o->expires_at > 0 && o->expires_at - now < ENDS_SOON_S;
    json_cstr(j, "state", expired ? "expired" : ends_soon ? "expiring" : "active");
    json_time(j, "createdAt", o->created_at);
    put_time(j, "expiresAt", o->expires_at);
    put_time(j, "lastUsedAt", o->last_used_at);
    json_text(j, "createdBy", o->created_by);
}

struct status native_operator_create(struct call *c)
{
    struct text object;
    struct text token;
    struct text scopes[DIRECTOR_OPERATOR_WORDS];
    struct text tenants[DIRECTOR_OPERATOR_WORDS];
    struct director_operator in = {.scopes = scopes, .tenants = tenants};
    TRY(body_object(c, false, &object));
    TRY(check_members(c, object, true));
    TRY(body_text(c, object, "name", &in.name));
    TRY(body_words(c, object, "scopes", scopes, &in.scope_count));
    TRY(body_words(c, object, "tenants", tenants, &in.tenant_count));
    TRY(body_life(c, object, &in.life_s));

    const struct audit_caller caller = call_caller(c);
    const struct director_parts parts = {.store = c->domain->store, .connector = c->domain->connector};
    const struct director_call d = {.parts = &parts, .caller = &caller, .arena = c->arena, .err = &c->err};
    struct operator_row made;
    TRY(director_operator_create(&d, &in, &made, &token));

    struct json_out j;
    reply_json(c, 201);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    json_text(&j, "token", token);
    put_members(&j, &made);
    json_end(&j);
    return DONE;
}

/* ---- PATCH /api/v1/operators/{name} ---- */

struct status native_operator_update(struct call *c)
{
    struct text object;
    struct text scopes[DIRECTOR_OPERATOR_WORDS];
    struct text tenants[DIRECTOR_OPERATOR_WORDS];
    TRY(body_object(c, false, &object));
    TRY(check_members(c, object, false));
    struct director_operator_change in = {
        .to = {.name = c->params[0], .scopes = scopes, .tenants = tenants},
        .scopes = is_given(object, "scopes"),
        .tenants = is_given(object, "tenants"),
        .life = is_given(object, "expiresIn"),
    };
    if (!in.scopes && !in.tenants && !in.life)
        return error_set(&c->err, E_INVALID, "Nothing to change: name scopes, tenants or expiresIn");
    TRY(body_words(c, object, "scopes", scopes, &in.to.scope_count));
    TRY(body_words(c, object, "tenants", tenants, &in.to.tenant_count));
    TRY(body_life(c, object, &in.to.life_s));

    const struct audit_caller caller = call_caller(c);
    const struct director_parts parts = {.store = c->domain->store, .connector = c->domain->connector};
    const struct director_call d = {.parts = &parts, .caller = &caller, .arena = c->arena, .err = &c->err};
    struct operator_row changed;
    TRY(director_operator_update(&d, &in, &changed));

    struct json_out j;
    reply_json(c, 200);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    put_members(&j, &changed);
    json_end(&j);
    return DONE;
}

/* ---- the others ---- */

static bool list_row(void *ctx, const struct operator_row *o)
{
    struct json_out *j = ctx;
    json_open_object(j, NULL);
    put_members(j, o);
    json_end(j);
    return true;
}

struct status native_operator_list(struct call *c)
{
    struct json_out j;
    reply_json(c, 200);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    json_open_array(&j, "operators");
    TRY(store_operator_list(c->domain->store, c->arena, list_row, &j));
    json_end(&j);
    json_end(&j);
    return DONE;
}

struct status native_operator_delete(struct call *c)
{
    const struct audit_caller caller = call_caller(c);
    const struct director_parts parts = {.store = c->domain->store, .connector = c->domain->connector};
    const struct director_call d = {.parts = &parts, .caller = &caller, .arena = c->arena, .err = &c->err};
    TRY(director_operator_delete(&d, c->params[0]));
    return reply_empty(c, 204);
}
