/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/director.h"

#include "api/compass/bundles.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/own.h"

/* The Director's applications and runtimes: one resolver per field of the roots. */

#define DETAILS_MAX (64u * 1024)
#define MEMBER_MAX  256 /* bytes (contract 2.3) */

static struct director_call *domain_of(struct graphql_call *call)
{
    struct director_context *who = call->context;
    who->d.arena = call->arena;
    return &who->d;
}

static struct text given(struct graphql_call *call, const char *name)
{
    return graphql_given_text(graphql_argument(call, name));
}

/* What a domain function gave: the object, or its refusal. */
static struct status show(struct graphql_call *call, struct status s, const struct object *o,
                          struct graphql_value *out)
{
    if (!status_ok(s))
        return director_refuse(call, s);
    const struct object_view *v = view_of(call->arena, o);
    if (!v)
        return STATUS(NOMEM);
    *out = graphql_object(v);
    return DONE;
}

/* ---- reading ---- */

/* An unknown one is null and no error (contract 2.1). */
static struct status find(struct graphql_call *call, enum object_kind kind, struct graphql_value *out)
{
    struct object o;
    const struct status s = director_get(domain_of(call), kind, given(call, "id"), &o);
    return s.code == E_NOT_FOUND ? DONE : show(call, s, &o, out);
}

struct status director_application(struct graphql_call *call, struct graphql_value *out)
{
    return find(call, OBJECT_APPLICATION, out);
}

struct status director_runtime(struct graphql_call *call, struct graphql_value *out)
{
    return find(call, OBJECT_RUNTIME, out);
}

struct status director_viewer(struct graphql_call *call, struct graphql_value *out)
{
    const struct director_context *who = call->context;
    if (who->reach == REACH_NOTHING || who->consumer == CONSUMER_OTHER)
        return director_refuse_with(call, DIRECTOR_INTERNAL, TEXT("Internal Server Error"));
    *out = graphql_object(who);
    return DONE;
}

struct status director_viewer_id(struct graphql_call *call, struct graphql_value *out)
{
    *out = graphql_text(((const struct director_context *)call->object)->consumer_id);
    return DONE;
}

struct status director_viewer_type(struct graphql_call *call, struct graphql_value *out)
{
    static const char *const types[] = {[CONSUMER_USER] = "USER",
                                        [CONSUMER_APPLICATION] = "APPLICATION",
                                        [CONSUMER_RUNTIME] = "RUNTIME",
                                        [CONSUMER_INTEGRATION_SYSTEM] = "INTEGRATION_SYSTEM"};
    *out = graphql_text(text_of(types[((const struct director_context *)call->object)->consumer]));
    return DONE;
}

/* ---- inputs ---- */

static struct text or_empty(struct text t)
{
    return t.p ? t : TEXT("");
}

/* What has no column; `name` NULL for updates, which keep it. */
static struct status write_details(struct graphql_call *call, const struct graphql_given *in,
                                   struct text name, struct text *out)
{
    static const char *const members[] = {"providerName", "healthCheckURL", "baseUrl", "applicationNamespace",
                                          "integrationSystemID"};
    OWNED(buffer_release) struct buffer b;
    struct json_out j;
    buffer_init(&b, DETAILS_MAX);
    json_out_init(&j, &b);
    json_open_object(&j, NULL);
    if (name.p)
        json_text(&j, "name", name);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const struct text value = graphql_given_text(graphql_given_member(in, members[i]));
        if (value.n > MEMBER_MAX)
            return director_refuse_with(
                call, DIRECTOR_INVALID,
                TEXT("Invalid data [reason=a member of the input is longer than 256 bytes]"));
        if (value.p)
            json_text(&j, members[i], value);
    }
    json_end(&j);
    TRY(buffer_status(&b));
    *out = arena_text(call->arena, buffer_as_text(&b));
    return out->p ? DONE : STATUS(NOMEM);
}

/* `otherwise`: the status without statusCondition; -1 leaves it as it is. */
static struct status read_input(struct graphql_call *call, struct text kept_name, int otherwise,
                                struct director_registration *out)
{
    const struct graphql_given *in = graphql_argument(call, "in");
    const struct graphql_given *name = graphql_given_member(in, "name");
    *out = (struct director_registration){
        .name = or_empty(graphql_given_text(name)),
        .description = or_empty(graphql_given_text(graphql_given_member(in, "description"))),
        .labels = or_empty(graphql_given_text(graphql_given_member(in, "labels"))),
        .local_tenant_id = or_empty(graphql_given_text(graphql_given_member(in, "localTenantID"))),
        .status = (int)graphql_given_int(graphql_given_member(in, "statusCondition"), otherwise),
    };
    return write_details(call, in, kept_name.p ? kept_name : graphql_given_text(name), &out->details);
}

/* ---- writing ---- */

static struct status enroll(struct graphql_call *call, enum object_kind kind, struct graphql_value *out)
{
    struct director_registration in;
    struct object o;
    TRY(read_input(call, (struct text){NULL, 0}, 0, &in));
    return show(call, director_register(domain_of(call), kind, &in, &o), &o, out);
}

/* With memory of its own: the request's may be what has run out. */
static void undo(const struct director_call *d, struct text id)
{
    struct object gone;
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, LIMIT_GRAPHQL_ARENA);
    struct director_call all = *d;
    all.arena = &a;
    all.bound = false; /* it just made it */
    const struct status s = director_unregister(&all, OBJECT_APPLICATION, id, &gone);
    if (!status_ok(s) && s.code != E_NOT_FOUND)
        log_event(LOG_WARNING, "director.half_an_application", F_TEXT("application", id), F_CODE("error", s));
}

/* With bundles: all of it or nothing (contract 2.6). */
struct status director_register_application(struct graphql_call *call, struct graphql_value *out)
{
    struct bundle_additions *bundles;
    const struct graphql_given *list = graphql_given_member(graphql_argument(call, "in"), "bundles");
    TRY(bundles_read_list(call, list, &bundles));
    TRY(enroll(call, OBJECT_APPLICATION, out));
    if (!graphql_is_given(list))
        return DONE;
    struct director_call *d = domain_of(call);
    const struct object_view *v = out->object;
    struct object o;
    const struct status added = bundles_add_list(call, v->o.name, bundles);
    if (status_ok(added))
        return show(call, director_get(d, OBJECT_APPLICATION, v->id, &o), &o, out);
    undo(d, v->id);
    *out = graphql_null();
    return added;
}

struct status director_register_runtime(struct graphql_call *call, struct graphql_value *out)
{
    return enroll(call, OBJECT_RUNTIME, out);
}

static struct status update(struct graphql_call *call, enum object_kind kind, struct graphql_value *out)
{
    struct director_registration in;
    struct object o;
    const struct text id = given(call, "id");
    const struct status found = director_get(domain_of(call), kind, id, &o);
    if (!status_ok(found))
        return director_refuse(call, found);
    const struct object_view *v = view_of(call->arena, &o);
    if (!v)
        return STATUS(NOMEM);
    TRY(read_input(call, kind == OBJECT_APPLICATION ? v->name : (struct text){NULL, 0}, -1, &in));
    return show(call, director_update(domain_of(call), kind, id, &in, &o), &o, out);
}

struct status director_update_application(struct graphql_call *call, struct graphql_value *out)
{
    return update(call, OBJECT_APPLICATION, out);
}

struct status director_update_runtime(struct graphql_call *call, struct graphql_value *out)
{
    return update(call, OBJECT_RUNTIME, out);
}

static struct status not_async(struct graphql_call *call)
{
    if (!text_equal(given(call, "mode"), TEXT("ASYNC")))
        return DONE;
    return director_refuse_with(
        call, DIRECTOR_NOT_ALLOWED,
        TEXT("The operation is not allowed [reason=mode ASYNC is not offered: everything is done "
             "when the answer comes]"));
}

struct status director_unregister_application(struct graphql_call *call, struct graphql_value *out)
{
    struct object o;
    TRY(not_async(call));
    return show(call, director_unregister(domain_of(call), OBJECT_APPLICATION, given(call, "id"), &o), &o,
                out);
}

struct status director_unregister_runtime(struct graphql_call *call, struct graphql_value *out)
{
    struct object o;
    return show(call, director_unregister(domain_of(call), OBJECT_RUNTIME, given(call, "id"), &o), &o, out);
}

struct status director_unpair_application(struct graphql_call *call, struct graphql_value *out)
{
    struct object o;
    TRY(not_async(call));
    return show(call, director_unpair(domain_of(call), given(call, "id"), &o), &o, out);
}

/* ---- labels ---- */

static struct status label(struct graphql_call *call, enum object_kind kind, struct text id,
                           struct text value, struct graphql_value *out)
{
    struct label_view *v = arena_alloc(call->arena, sizeof *v);
    if (!v)
        return STATUS(NOMEM);
    v->key = given(call, "key");
    const struct status s = director_label(domain_of(call), kind, id, v->key, value, &v->value);
    if (!status_ok(s))
        return director_refuse(call, s);
    *out = graphql_object(v);
    return DONE;
}

struct status director_set_application_label(struct graphql_call *call, struct graphql_value *out)
{
    return label(call, OBJECT_APPLICATION, given(call, "applicationID"), given(call, "value"), out);
}

struct status director_delete_application_label(struct graphql_call *call, struct graphql_value *out)
{
    return label(call, OBJECT_APPLICATION, given(call, "applicationID"), (struct text){NULL, 0}, out);
}

struct status director_set_runtime_label(struct graphql_call *call, struct graphql_value *out)
{
    return label(call, OBJECT_RUNTIME, given(call, "runtimeID"), given(call, "value"), out);
}

struct status director_delete_runtime_label(struct graphql_call *call, struct graphql_value *out)
{
    return label(call, OBJECT_RUNTIME, given(call, "runtimeID"), (struct text){NULL, 0}, out);
}

/* ---- the route ---- */

struct status compass_director(struct call *c)
{
    struct director_context who;
    TRY(compass_cors(c));
    if (!director_identify(c, &who))
        return DONE;
    const struct graphql_execution execution = {
        .schema = c->domain->compass->director, .context = &who, .authorize = director_authorize};
    return compass_serve(c, &execution);
}
