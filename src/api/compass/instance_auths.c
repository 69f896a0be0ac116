/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/bundles.h"

#include "base/own.h"

/*
 * Instance auths of bundles (contract 2.1 to 2.3): a runtime asks, the application sets. Beyond the contract,
 * a runtime sees the values of those that it asked for, and gives back only its own.
 */

#define OBJECT_NAME "bundleInstanceAuth"

/* ---- showing ---- */

static bool is_own(const struct director_context *who, const struct instance_auth *i)
{
    return i->has_runtime && who->runtime && memcmp(who->runtime, i->runtime, OBJECT_ID_SIZE) == 0;
}

static struct instance_view *instance_view_of(struct graphql_call *call, const struct instance_auth *i,
                                              struct text application)
{
    const struct director_context *who = call->context;
    struct arena *a = call->arena;
    char id[UUID_TEXT + 1], runtime[UUID_TEXT + 1];
    struct instance_view *v = arena_alloc(a, sizeof *v);
    if (!v)
        return NULL;
    *v = (struct instance_view){
        .i = *i,
        .id = arena_text(a, uuid_text(i->id, id)),
        .runtime = i->has_runtime ? arena_text(a, uuid_text(i->runtime, runtime)) : (struct text){NULL, 0},
        .context = director_or_null(i->context),
        .input_params = director_or_null(i->input_params),
        .status_at = director_time(a, i->status_at),
        .clear = who->consumer == CONSUMER_RUNTIME ? is_own(who, i) : bundles_clear(who, application),
    };
    if (!v->i.message.p)
        v->i.message = TEXT("");
    if (!v->i.reason.p)
        v->i.reason = TEXT("");
    return v->id.p && v->status_at.p ? v : NULL;
}

/* The bundle says whose application it is. */
static struct status show(struct graphql_call *call, const struct instance_auth *i, struct graphql_value *out)
{
    struct bundle b = {0};
    const struct registry_at at = bundles_at(call, TEXT(""));
    const struct status s = bundle_get(at.registry, &at.scope, i->bundle, call->arena, &b, at.err);
    if (!status_ok(s) && s.code != E_NOT_FOUND)
        return director_refuse(call, s);
    const struct instance_view *v = instance_view_of(call, i, status_ok(s) ? b.row.application : TEXT(""));
    if (!v)
        return STATUS(NOMEM);
    *out = graphql_object(v);
    return DONE;
}

struct status bundles_instance_condition(struct graphql_call *call, struct graphql_value *out)
{
    static const char *const names[] = {[INSTANCE_PENDING] = "PENDING",
                                        [INSTANCE_SUCCEEDED] = "SUCCEEDED",
                                        [INSTANCE_FAILED] = "FAILED",
                                        [INSTANCE_UNUSED] = "UNUSED"};
    *out = graphql_text(text_of(names[((const struct instance_view *)call->object)->i.condition]));
    return DONE;
}

struct status bundles_instance_auth(struct graphql_call *call, struct graphql_value *out)
{
    const struct instance_view *v = call->object;
    struct bundle_auth auth = {0};
    const struct registry_at at = bundles_at(call, TEXT(""));
    const struct status s = instance_auth_open(at.registry, &v->i, call->arena, &auth, at.err);
    if (s.code == E_NOT_FOUND)
        return DONE;
    return status_ok(s) ? bundles_show_auth(call, &auth, v->clear, out) : director_refuse(call, s);
}

/* ---- reading ---- */

/* An unknown one is null and no error. */
static struct status find(struct graphql_call *call, const char *argument, const uint8_t *bundle,
                          struct text application, struct instance_auth *out)
{
    uint8_t id[SERVICE_ID_SIZE];
    bundles_id(call, argument, id);
    const struct registry_at at = bundles_at(call, application);
    return instance_auth_get(at.registry, &at.scope, bundle, id, call->arena, out, at.err);
}

struct status bundles_instance_by_id(struct graphql_call *call, struct graphql_value *out)
{
    struct instance_auth i;
    const struct status s = find(call, "id", NULL, TEXT(""), &i);
    if (s.code == E_NOT_FOUND)
        return DONE;
    return status_ok(s) ? show(call, &i, out) : director_refuse(call, s);
}

struct status bundles_by_instance(struct graphql_call *call, struct graphql_value *out)
{
    struct instance_auth i;
    struct bundle b;
    struct status s = find(call, "authID", NULL, TEXT(""), &i);
    if (status_ok(s)) {
        const struct registry_at at = bundles_at(call, TEXT(""));
        s = bundle_get(at.registry, &at.scope, i.bundle, call->arena, &b, at.err);
    }
    if (s.code == E_NOT_FOUND)
        return DONE;
    return status_ok(s) ? bundles_show(call, &b, out) : director_refuse(call, s);
}

struct status bundles_instance(struct graphql_call *call, struct graphql_value *out)
{
    const struct bundle *b = &((const struct bundle_view *)call->object)->b;
    struct instance_auth i;
    const struct status s = find(call, "id", b->row.id, b->row.application, &i);
    if (s.code == E_NOT_FOUND)
        return DONE;
    if (!status_ok(s))
        return director_refuse(call, s);
    const struct instance_view *v = instance_view_of(call, &i, b->row.application);
    if (!v)
        return STATUS(NOMEM);
    *out = graphql_object(v);
    return DONE;
}

struct instance_rows {
    struct graphql_call *call;
    struct text application;
    const struct instance_view **list;
    size_t count;
    bool failed;
};

static bool note_instance(void *ctx, const struct instance_auth *i)
{
    struct instance_rows *r = ctx;
    r->list[r->count] = instance_view_of(r->call, i, r->application);
    r->failed = !r->list[r->count];
    r->count++;
    return !r->failed && r->count < INSTANCE_AUTHS_MAX;
}

static struct status instance_at(struct graphql_call *call, const void *items, size_t index,
                                 struct graphql_value *out)
{
    (void)call;
    *out = graphql_object(((const struct instance_view *const *)items)[index]);
    return DONE;
}

struct status bundles_instances(struct graphql_call *call, struct graphql_value *out)
{
    const struct bundle *b = &((const struct bundle_view *)call->object)->b;
    struct instance_rows rows = {.call = call,
                                 .application = b->row.application,
                                 .list = arena_array(call->arena, INSTANCE_AUTHS_MAX, sizeof *rows.list)};
    if (!rows.list)
        return STATUS(NOMEM);
    const struct registry_at at = bundles_at(call, b->row.application);
    const struct status s =
        instance_auth_list(at.registry, &at.scope, b->row.id, call->arena, note_instance, &rows, at.err);
    if (s.code == E_NOT_FOUND)
        return DONE; /* the bundle was just deleted */
    if (!status_ok(s))
        return director_refuse(call, s);
    if (rows.failed)
        return STATUS(NOMEM);
    *out = graphql_list(instance_at, rows.list, rows.count);
    return DONE;
}

/* ---- by the runtime ---- */

/* Each is checked against a schema of the application's. */
#define REQUESTS_MAX 16

/* Without an id nobody could tell whose it is. */
static struct status may_request(struct graphql_call *call)
{
    struct director_context *who = call->context;
    if (who->consumer == CONSUMER_RUNTIME && !who->runtime)
        return director_refuse_with(
            call, DIRECTOR_NOT_ALLOWED,
            TEXT("The operation is not allowed [reason=the runtime that asks has no id: its certificate "
                 "subject mapping needs the id of a runtime as internal_consumer_id]"));
    if (++who->instances > REQUESTS_MAX)
        return bundles_invalid(call, "more than 16 instance auths are asked for at once");
    return DONE;
}

struct status bundles_request_instance(struct graphql_call *call, struct graphql_value *out)
{
    const struct director_context *who = call->context;
    const struct graphql_given *in = graphql_argument(call, "in");
    uint8_t bundle[SERVICE_ID_SIZE];
    const struct instance_auth_request request = {
        .id = graphql_given_text(graphql_given_member(in, "id")),
        .context = graphql_given_text(graphql_given_member(in, "context")),
        .input_params = graphql_given_text(graphql_given_member(in, "inputParams")),
        .runtime = who->runtime,
    };
    struct instance_auth i;
    TRY(may_request(call));
    const struct text shown = bundles_id(call, "bundleID", bundle);
    const struct registry_at at = bundles_at_own(call);
    const struct status s =
        instance_auth_request(at.registry, at.caller, &at.scope, bundle, &request, call->arena, &i, at.err);
    if (s.code == E_CONFLICT)
        return director_refuse_with(call, DIRECTOR_NOT_UNIQUE,
                                    TEXT("Object is not unique [object=" OBJECT_NAME "]"));
    return status_ok(s) ? show(call, &i, out) : bundles_refuse(call, s, "bundle", shown);
}

struct status bundles_release_instance(struct graphql_call *call, struct graphql_value *out)
{
    const struct director_context *who = call->context;
    uint8_t id[SERVICE_ID_SIZE];
    struct instance_auth i;
    const struct text shown = bundles_id(call, "authID", id);
    struct status s = find(call, "authID", NULL, TEXT(""), &i);
    if (status_ok(s) && who->consumer == CONSUMER_RUNTIME && !is_own(who, &i))
        s = STATUS(NOT_FOUND);
    if (status_ok(s)) {
        const struct registry_at at = bundles_at_own(call);
        s = instance_auth_release(at.registry, at.caller, &at.scope, id, call->arena, &i, at.err);
    }
    return status_ok(s) ? show(call, &i, out) : bundles_refuse(call, s, OBJECT_NAME, shown);
}

/* ---- by the application ---- */

struct status bundles_set_instance(struct graphql_call *call, struct graphql_value *out)
{
    const struct graphql_given *in = graphql_argument(call, "in");
    const struct graphql_given *status = graphql_given_member(in, "status");
    const struct graphql_given *condition = graphql_given_member(status, "condition");
    uint8_t id[SERVICE_ID_SIZE];
    struct instance_auth i;
    struct instance_auth_set set = {
        .status_given = graphql_is_given(status),
        .condition = (enum instance_auth_condition)graphql_given_int(condition, INSTANCE_SUCCEEDED),
        .message = graphql_given_text(graphql_given_member(status, "message")),
        .reason = graphql_given_text(graphql_given_member(status, "reason")),
    };
    const struct text shown = bundles_id(call, "authID", id);
    TRY(bundles_read_auth(call, graphql_given_member(in, "auth"), false, &set.auth));
    const struct registry_at at = bundles_at_own(call);
    const struct status s =
        instance_auth_set(at.registry, at.caller, &at.scope, id, &set, call->arena, &i, at.err);
    return status_ok(s) ? show(call, &i, out) : bundles_refuse(call, s, OBJECT_NAME, shown);
}

struct status bundles_delete_instance(struct graphql_call *call, struct graphql_value *out)
{
    uint8_t id[SERVICE_ID_SIZE];
    struct instance_auth i;
    const struct text shown = bundles_id(call, "authID", id);
    const struct registry_at at = bundles_at_own(call);
    const struct status s =
        instance_auth_delete(at.registry, at.caller, &at.scope, id, call->arena, &i, at.err);
    return status_ok(s) ? show(call, &i, out) : bundles_refuse(call, s, OBJECT_NAME, shown);
}
