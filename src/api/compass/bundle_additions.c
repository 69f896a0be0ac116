/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/bundles.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/own.h"

/* Bundles with what is in them (contract 2.6): all of it is read before anything is written, and what was
 * written goes again when a later part is refused. */

struct part {
    enum service_role role;
    struct text where; /* "bundles[0].apiDefinitions[2]: " */
    struct member_input in;
};
struct addition {
    struct bundle_input in;
    struct text where; /* "bundles[0]: ", or empty for a bundle by itself */
    struct part *parts;
    size_t count;
};
struct bundle_additions {
    struct addition *list;
    size_t count;
};

/* What is refused until leave() is that part. */
static void enter(struct graphql_call *call, struct text where)
{
    ((struct director_context *)call->context)->part = where;
}

static struct status leave(struct graphql_call *call, struct status s)
{
    enter(call, TEXT(""));
    return s;
}

static struct status read_parts(struct graphql_call *call, const struct graphql_given *list, const char *name,
                                enum service_role role, struct addition *out)
{
    const struct text bundle = text_first(out->where, text_find(out->where, ':'));
    for (size_t i = 0; graphql_is_given(list) && i < list->count; i++) {
        struct part *p = &out->parts[out->count++];
        p->role = role;
        p->where =
            arena_printf(call->arena, "%.*s%s%s[%zu]: ", TEXT_ARG(bundle), bundle.n > 0 ? "." : "", name, i);
        if (!p->where.p)
            return STATUS(NOMEM);
        enter(call, p->where);
        TRY(leave(call, bundles_read_member(call, &list->items[i], role, &p->in)));
    }
    return DONE;
}

static struct status read_addition(struct graphql_call *call, const struct graphql_given *in,
                                   struct text where, struct addition *out)
{
    const struct graphql_given *apis = graphql_given_member(in, "apiDefinitions");
    const struct graphql_given *events = graphql_given_member(in, "eventDefinitions");
    const struct graphql_given *documents = graphql_given_member(in, "documents");
    out->where = where;
    enter(call, where);
    TRY(leave(call, bundles_read(call, in, false, &out->in)));
    out->parts =
        arena_array(call->arena, apis->count + events->count + documents->count + 1, sizeof *out->parts);
    if (!out->parts)
        return STATUS(NOMEM);
    TRY(read_parts(call, apis, "apiDefinitions", SERVICE_API, out));
    TRY(read_parts(call, events, "eventDefinitions", SERVICE_EVENTS, out));
    return read_parts(call, documents, "documents", SERVICE_DOCUMENT, out);
}

static struct status add_parts(struct graphql_call *call, const struct registry_at *at,
                               const struct addition *a, const struct bundle *b)
{
    for (size_t i = 0; i < a->count; i++) {
        struct member m;
        const struct status s = member_create(at->registry, at->caller, &at->scope, b->row.id,
                                              a->parts[i].role, &a->parts[i].in, call->arena, &m, at->err);
        if (!status_ok(s)) {
            enter(call, a->parts[i].where);
            return leave(call, bundles_refuse(call, s, "bundle", TEXT("")));
        }
    }
    return DONE;
}

/* With memory of its own: the request's may be what has run out. */
static void undo(const struct registry_at *at, const struct bundle *made)
{
    struct bundle gone;
    struct error err = {0};
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, LIMIT_GRAPHQL_ARENA);
    const struct status s =
        bundle_delete(at->registry, at->caller, &at->scope, made->row.id, &a, &gone, &err);
    char id[UUID_TEXT + 1];
    if (!status_ok(s) && s.code != E_NOT_FOUND)
        log_event(LOG_WARNING, "director.half_a_bundle", F_TEXT("bundle", uuid_text(made->row.id, id)),
                  F_CODE("error", s));
}

static struct status add(struct graphql_call *call, struct text application, const struct addition *a,
                         struct bundle *out)
{
    const struct registry_at at = bundles_at(call, application);
    const struct status made =
        bundle_create(at.registry, at.caller, &at.scope, &a->in, call->arena, out, at.err);
    if (!status_ok(made)) {
        enter(call, a->where);
        return leave(call, bundles_refuse(call, made, "application", application));
    }
    const struct status s = add_parts(call, &at, a, out);
    if (!status_ok(s)) {
        undo(&at, out);
        return s;
    }
    for (size_t i = 0; i < a->count; i++)
        if (a->parts[i].role == SERVICE_API) {
            bundles_note_target(call, application, a->parts[i].in.target_url);
            break;
        }
    return DONE;
}

struct status bundles_add(struct graphql_call *call, struct graphql_value *out)
{
    struct director_context *who = call->context;
    const struct text id = graphql_given_text(graphql_argument(call, "applicationID"));
    struct addition a = {0};
    struct object o;
    struct bundle b;
    who->d.arena = call->arena;
    const struct status found = director_get(&who->d, OBJECT_APPLICATION, id, &o);
    if (!status_ok(found))
        return director_refuse(call, found);
    if (who->consumer == CONSUMER_APPLICATION && !text_equal(o.name, who->application))
        return bundles_refuse(call, STATUS(NOT_FOUND), "application", id);
    TRY(read_addition(call, graphql_argument(call, "in"), TEXT(""), &a));
    TRY(add(call, o.name, &a, &b));
    return bundles_show(call, &b, out);
}

/* ---- with an application ---- */

struct status bundles_read_list(struct graphql_call *call, const struct graphql_given *list,
                                struct bundle_additions **out)
{
    struct bundle_additions *all = arena_alloc(call->arena, sizeof *all);
    *out = all;
    if (!all)
        return STATUS(NOMEM);
    if (!graphql_is_given(list))
        return DONE;
    all->list = arena_array(call->arena, list->count + 1, sizeof *all->list);
    if (!all->list)
        return STATUS(NOMEM);
    for (; all->count < list->count; all->count++) {
        const struct text where = arena_printf(call->arena, "bundles[%zu]: ", all->count);
        if (!where.p)
            return STATUS(NOMEM);
        TRY(read_addition(call, &list->items[all->count], where, &all->list[all->count]));
    }
    return DONE;
}

struct status bundles_add_list(struct graphql_call *call, struct text application,
                               const struct bundle_additions *all)
{
    for (size_t i = 0; i < all->count; i++) {
        struct bundle b;
        TRY(add(call, application, &all->list[i], &b));
    }
    return DONE;
}
