/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/bundles.h"

#include "base/own.h"

/* What is in bundles, changed: one resolver per mutation (contract 2.1). */

static struct status show(struct graphql_call *call, struct status s, enum service_role role, struct text id,
                          const struct member *m, struct graphql_value *out)
{
    return status_ok(s) ? bundles_show_member(call, m, out)
                        : bundles_refuse(call, s, bundles_object(role), id);
}

/* ---- adding ---- */

static struct status add(struct graphql_call *call, enum service_role role, struct graphql_value *out)
{
    uint8_t bundle[SERVICE_ID_SIZE];
    struct member_input in;
    struct member m;
    const struct text id = bundles_id(call, "bundleID", bundle);
    TRY(bundles_read_member(call, graphql_argument(call, "in"), role, &in));
    const struct registry_at at = bundles_at_own(call);
    const struct status s =
        member_create(at.registry, at.caller, &at.scope, bundle, role, &in, call->arena, &m, at.err);
    if (status_ok(s) && role == SERVICE_API)
        bundles_note_target(call, m.row.application, m.row.target_url);
    return show(call, s, role, id, &m, out);
}

struct status bundles_add_api(struct graphql_call *call, struct graphql_value *out)
{
    return add(call, SERVICE_API, out);
}

struct status bundles_add_event(struct graphql_call *call, struct graphql_value *out)
{
    return add(call, SERVICE_EVENTS, out);
}

struct status bundles_add_document(struct graphql_call *call, struct graphql_value *out)
{
    return add(call, SERVICE_DOCUMENT, out);
}

/* ---- updating ---- */

static struct status update(struct graphql_call *call, enum service_role role, struct graphql_value *out)
{
    uint8_t id[SERVICE_ID_SIZE];
    struct member_input in;
    struct member m;
    const struct text shown = bundles_id(call, "id", id);
    TRY(bundles_read_member(call, graphql_argument(call, "in"), role, &in));
    const struct registry_at at = bundles_at_own(call);
    const struct status s =
        member_update(at.registry, at.caller, &at.scope, id, role, &in, call->arena, &m, at.err);
    return show(call, s, role, shown, &m, out);
}

struct status bundles_update_api(struct graphql_call *call, struct graphql_value *out)
{
    return update(call, SERVICE_API, out);
}

struct status bundles_update_event(struct graphql_call *call, struct graphql_value *out)
{
    return update(call, SERVICE_EVENTS, out);
}

/* ---- deleting ---- */

static struct status delete (struct graphql_call *call, enum service_role role, struct graphql_value *out)
{
    uint8_t id[SERVICE_ID_SIZE];
    struct member m;
    const struct text shown = bundles_id(call, "id", id);
    const struct registry_at at = bundles_at_own(call);
    const struct status s =
        member_delete(at.registry, at.caller, &at.scope, id, role, call->arena, &m, at.err);
    return show(call, s, role, shown, &m, out);
}

struct status bundles_delete_api(struct graphql_call *call, struct graphql_value *out)
{
    return delete (call, SERVICE_API, out);
}

struct status bundles_delete_event(struct graphql_call *call, struct graphql_value *out)
{
    return delete (call, SERVICE_EVENTS, out);
}

struct status bundles_delete_document(struct graphql_call *call, struct graphql_value *out)
{
    return delete (call, SERVICE_DOCUMENT, out);
}

/* ---- fetching a specification again ---- */

/* A definition that is there but has no specification has words of its own (contract 2.6). */
static struct status refetch(struct graphql_call *call, enum service_role role, const char *argument,
                             const char *word, struct graphql_value *out)
{
    uint8_t id[SERVICE_ID_SIZE];
    struct member m;
    const struct text shown = bundles_id(call, argument, id);
    const struct registry_at at = bundles_at_own(call);
    struct status s = member_get(at.registry, &at.scope, NULL, id, role, call->arena, &m, at.err);
    if (status_ok(s) && !m.specification.given) {
        const struct text message =
            arena_printf(call->arena, "spec for %s with id \"%.*s\" not found", word, TEXT_ARG(shown));
        return message.p ? director_refuse_with(call, DIRECTOR_NOT_FOUND, message) : STATUS(NOMEM);
    }
    if (status_ok(s))
        s = member_refetch(at.registry, at.caller, &at.scope, id, role, call->arena, &m, at.err);
    return show(call, s, role, shown, &m, out);
}

struct status bundles_refetch_api(struct graphql_call *call, struct graphql_value *out)
{
    return refetch(call, SERVICE_API, "apiID", "API", out);
}

struct status bundles_refetch_event(struct graphql_call *call, struct graphql_value *out)
{
    return refetch(call, SERVICE_EVENTS, "eventID", "Event", out);
}
