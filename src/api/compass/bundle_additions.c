/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/bundles.h"

#include "base/own.h"

/* Bundles with what is in them (contract 2.6): all of it is read before anything is written, and what was
 * written goes again when a later part is refused. */

struct part {
    enum service_role role;
    struct member_input in;
};
struct addition {
    struct bundle_input in;
    struct part *parts;
    size_t count;
};
struct bundle_additions {
    struct addition *list;
    size_t count;
};

static struct status read_parts(struct graphql_call *call, const struct graphql_given *list,
                                enum service_role role, struct addition *out)
{
    for (size_t i = 0; graphql_is_given(list) && i < list->count; i++) {
        struct part *p = &out->parts[out->count++];
        p->role = role;
        TRY(bundles_read_member(call, &list->items[i], role, &p->in));
    }
    return DONE;
}

static struct status read_addition(struct graphql_call *call, const struct graphql_given *in,
                                   struct addition *out)
{
    const struct graphql_given *apis = graphql_given_member(in, "apiDefinitions");
    const struct graphql_given *events = graphql_given_member(in, "eventDefinitions");
    const struct graphql_given *documents = graphql_given_member(in, "documents");
    TRY(bundles_read(call, in, &out->in));
    out->parts =
        arena_array(call->arena, apis->count + events->count + documents->count + 1, sizeof *out->parts);
    if (!out->parts)
        return STATUS(NOMEM);
    TRY(read_parts(call, apis, SERVICE_API, out));
    TRY(read_parts(call, events, SERVICE_EVENTS, out));
    return read_parts(call, documents, SERVICE_DOCUMENT, out);
}

static struct status add_parts(struct graphql_call *call, const struct registry_at *at,
                               const struct addition *a, const struct bundle *b)
{
    for (size_t i = 0; i < a->count; i++) {
        struct member m;
        const struct status s = member_create(at->registry, at->caller, &at->scope, b->row.id,
                                              a->parts[i].role, &a->parts[i].in, call->arena, &m, at->err);
        if (!status_ok(s))
            return bundles_refuse(call, s, "bundle", TEXT(""));
    }
    return DONE;
}

static struct status add(struct graphql_call *call, struct text application, const struct addition *a,
                         struct bundle *out)
{
    const struct registry_at at = bundles_at(call, application);
    const struct status made =
        bundle_create(at.registry, at.caller, &at.scope, &a->in, call->arena, out, at.err);
    if (!status_ok(made))
        return bundles_refuse(call, made, "application", application);
    const struct status s = add_parts(call, &at, a, out);
    if (!status_ok(s)) {
        struct bundle gone;
        struct error ignored = {0};
        status_ignore(
            bundle_delete(at.registry, at.caller, &at.scope, out->row.id, call->arena, &gone, &ignored));
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
    TRY(read_addition(call, graphql_argument(call, "in"), &a));
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
    for (; all->count < list->count; all->count++)
        TRY(read_addition(call, &list->items[all->count], &all->list[all->count]));
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
