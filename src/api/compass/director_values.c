/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/director.h"

#include "base/clock.h"
#include "base/json_cursor.h"

/* Values of the Director's objects, and refusals as its wire has them. */

/* ---- refusals ---- */

const char *director_problem_name(enum director_problem p)
{
    switch (p) {
    case DIRECTOR_INTERNAL:
        return "InternalError";
    case DIRECTOR_NOT_FOUND:
        return "NotFound";
    case DIRECTOR_NOT_UNIQUE:
        return "NotUnique";
    case DIRECTOR_INVALID:
        return "InvalidData";
    case DIRECTOR_SCOPES:
        return "InsufficientScopes";
    case DIRECTOR_TENANT_REQUIRED:
        return "TenantRequired";
    case DIRECTOR_TENANT_NOT_FOUND:
        return "TenantNotFound";
    case DIRECTOR_UNAUTHORIZED:
        return "Unauthorized";
    case DIRECTOR_NOT_ALLOWED:
        return "InvalidOperation";
    case DIRECTOR_NAME_NOT_UNIQUE:
        return "NotUniqueName";
    case DIRECTOR_CONCURRENT:
        return "ConcurrentOperation";
    }
    return "InternalError";
}

struct status director_refuse_with(struct graphql_call *call, enum director_problem problem,
                                   struct text message)
{
    const struct text extensions = arena_printf(call->arena, "{\"error\":\"%s\",\"error_code\":%d}",
                                                director_problem_name(problem), (int)problem);
    return graphql_refuse(call, E_DENIED, extensions, "%.*s", TEXT_ARG(message));
}

struct status director_refuse(struct graphql_call *call, struct status why)
{
    const struct director_context *who = call->context;
    const enum director_problem problem = director_problem_of(why);
    if (why.code == E_NOMEM)
        return why;
    const bool told = problem != DIRECTOR_INTERNAL && who->c->err.code == why.code;
    return director_refuse_with(
        call, problem, told ? text_of(error_text(&who->c->err, why)) : TEXT("Internal Server Error"));
}

/* ---- objects ---- */

struct text director_detail(struct text details, const char *name, struct arena *a)
{
    struct text raw;
    enum json_type type;
    if (!json_member(details, text_of(name), &raw, &type) || type != JSON_TYPE_STRING)
        return (struct text){NULL, 0};
    char *p = arena_alloc(a, raw.n + 1);
    const size_t n = p ? json_string_copy(raw, p) : SIZE_MAX;
    return n == SIZE_MAX ? (struct text){NULL, 0} : (struct text){p, n};
}

struct object_view *view_of(struct arena *a, const struct object *o)
{
    struct object_view *v = arena_alloc(a, sizeof *v);
    if (!v)
        return NULL;
    char id[UUID_TEXT + 1];
    *v = (struct object_view){
        .o = *o,
        .id = arena_text(a, uuid_text(o->id, id)),
        .name = director_detail(o->details, "name", a),
        .provider = director_detail(o->details, "providerName", a),
        .health_check_url = director_detail(o->details, "healthCheckURL", a),
        .base_url = director_detail(o->details, "baseUrl", a),
        .application_namespace = director_detail(o->details, "applicationNamespace", a),
        .integration_system = director_detail(o->details, "integrationSystemID", a),
        .system_number = director_detail(o->details, "systemNumber", a),
    };
    if (!v->name.p)
        v->name = o->name; /* registered by another face */
    v->o.description = director_or_null(o->description);
    v->o.local_tenant_id = director_or_null(o->local_tenant_id);
    return v->id.p ? v : NULL;
}

struct status director_condition(struct graphql_call *call, struct graphql_value *out)
{
    static const char *const application[APPLICATION_CONDITIONS] = {"INITIAL", "CONNECTED", "FAILED"};
    static const char *const runtime[RUNTIME_CONDITIONS] = {"INITIAL", "PROVISIONING", "CONNECTED", "FAILED"};
    const struct object *o = &((const struct object_view *)call->object)->o;
    const bool is_application = o->kind == OBJECT_APPLICATION;
    const int most = is_application ? APPLICATION_CONDITIONS : RUNTIME_CONDITIONS;
    const int condition = o->status >= 0 && o->status < most ? o->status : 0;
    *out = graphql_text(text_of(is_application ? application[condition] : runtime[condition]));
    return DONE;
}

struct status director_labels(struct graphql_call *call, struct graphql_value *out)
{
    const struct object *o = &((const struct object_view *)call->object)->o;
    const struct graphql_given *key = graphql_argument(call, "key");
    struct text value;
    if (!graphql_is_given(key)) {
        *out = graphql_json(o->labels);
        return DONE;
    }
    *out = graphql_json(TEXT("{}"));
    struct json_cursor c = json_cursor_at(o->labels);
    for (bool more = json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        const struct text name = json_cursor_key(&c);
        value = json_cursor_skip(&c);
        if (name.n < 2 || !text_equal(text_first(text_from(name, 1), name.n - 2), key->text))
            continue;
        *out = graphql_json(arena_printf(call->arena, "{%.*s:%.*s}", TEXT_ARG(name), TEXT_ARG(value)));
        return out->text.p ? DONE : STATUS(NOMEM);
    }
    return DONE;
}

/* ---- events ---- */

/* Where an application sends its events: its own address at the gateway, as Kyma's faces say, too. */
struct status director_application_events(struct graphql_call *call, struct graphql_value *out)
{
    const struct director_context *who = call->context;
    const struct object *o = &((const struct object_view *)call->object)->o;
    const struct connector_holder holder = {
        .kind = TOKEN_COMPASS_APPLICATION, .tenant = o->tenant, .application = o->name};
    *out = graphql_text(
        connector_link(who->parts.connector, LINK_EVENTS, &holder, (struct text){NULL, 0}, call->arena));
    return out->text.p ? DONE : STATUS(NOMEM);
}

/* What a runtime says of itself (contract 2.6). */
struct status director_runtime_events(struct graphql_call *call, struct graphql_value *out)
{
    const struct object *o = &((const struct object_view *)call->object)->o;
    const struct text url = director_detail(o->labels, "runtime_eventServiceUrl", call->arena);
    *out = graphql_text(url.p ? url : TEXT(""));
    return DONE;
}

struct status director_nothing(struct graphql_call *call, struct graphql_value *out)
{
    (void)call;
    (void)out;
    return DONE;
}

struct text director_time(struct arena *a, int64_t seconds)
{
    if (seconds == 0)
        return TEXT("0001-01-01T00:00:00Z");
    const struct civil t = clock_to_civil(seconds);
    return arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02dZ", t.year, t.month, t.day, t.hour, t.minute,
                        t.second);
}
