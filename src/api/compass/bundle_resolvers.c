/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/bundles.h"

#include "base/own.h"

/* Bundles: of an application, and one by one. */

/* ---- the registry ---- */

struct registry_at bundles_at(struct graphql_call *call, struct text application)
{
    struct director_context *who = call->context;
    who->c->err = (struct error){0};
    return (struct registry_at){
        .registry = who->c->domain->registry,
        .caller = &who->audit,
        .scope = {.tenant = who->d.tenant, .application = application, .rows_left = &who->rows_left},
        .err = &who->c->err};
}

struct registry_at bundles_at_own(struct graphql_call *call)
{
    const struct director_context *who = call->context;
    if (who->consumer != CONSUMER_APPLICATION)
        return bundles_at(call, TEXT(""));
    return bundles_at(call, who->application.n > 0 ? who->application : TEXT("/")); /* "/" is nobody's name */
}

static struct status refuse_with(struct graphql_call *call, enum director_problem problem,
                                 struct text message)
{
    return message.p ? director_refuse_with(call, problem, message) : STATUS(NOMEM);
}

struct status bundles_refuse(struct graphql_call *call, struct status why, const char *object, struct text id)
{
    const struct director_context *who = call->context;
    const struct text words = text_of(error_text(&who->c->err, why));
    if (why.code == E_NOT_FOUND)
        return refuse_with(call, DIRECTOR_NOT_FOUND,
                           arena_printf(call->arena, "Object not found [ID=%.*s; object=%s]",
                                        TEXT_ARG(text_first(id, 100)), object));
    if (why.code == E_INVALID || why.code == E_TOO_LARGE)
        return refuse_with(call, DIRECTOR_INVALID,
                           arena_printf(call->arena, "Invalid data [reason=%.*s%.*s]", TEXT_ARG(who->part),
                                        TEXT_ARG(words)));
    if (why.code == E_CONFLICT)
        return refuse_with(call, DIRECTOR_NOT_ALLOWED,
                           arena_printf(call->arena, "The operation is not allowed [reason=%.*s%.*s]",
                                        TEXT_ARG(who->part), TEXT_ARG(words)));
    if (why.code == E_AGAIN || why.code == E_CHANGED)
        return refuse_with(call, DIRECTOR_CONCURRENT,
                           arena_printf(call->arena, "Concurrent operation [reason=%.*s]", TEXT_ARG(words)));
    return director_refuse(call, why);
}

struct status bundles_invalid(struct graphql_call *call, const char *why)
{
    const struct director_context *who = call->context;
    return refuse_with(call, DIRECTOR_INVALID,
                       arena_printf(call->arena, "Invalid data [reason=%.*s%s]", TEXT_ARG(who->part), why));
}

struct text bundles_id(struct graphql_call *call, const char *argument, uint8_t out[static SERVICE_ID_SIZE])
{
    const struct text id = graphql_given_text(graphql_argument(call, argument));
    if (!uuid_parse(id, out))
        memset(out, 0xff, SERVICE_ID_SIZE);
    return id;
}

void bundles_note_target(struct graphql_call *call, struct text application, struct text target_url)
{
    struct director_context *who = call->context;
    who->d.arena = call->arena;
    status_ignore(director_base_url(&who->d, application, target_url)); /* the API is there all the same */
}

/* ---- showing ---- */

static struct bundle_view *bundle_view_of(struct arena *a, const struct bundle *b)
{
    char id[UUID_TEXT + 1];
    struct bundle_view *v = arena_alloc(a, sizeof *v);
    if (!v)
        return NULL;
    *v = (struct bundle_view){.b = *b,
                              .id = arena_text(a, uuid_text(b->row.id, id)),
                              .description = director_or_null(b->row.description)};
    v->b.auth_schema = director_or_null(b->auth_schema);
    return v->id.p ? v : NULL;
}

struct status bundles_show(struct graphql_call *call, const struct bundle *b, struct graphql_value *out)
{
    const struct bundle_view *v = bundle_view_of(call->arena, b);
    if (!v)
        return STATUS(NOMEM);
    *out = graphql_object(v);
    return DONE;
}

struct bundle_rows {
    struct arena *arena;
    struct bundle_view **list;
    size_t count, bytes;
    bool failed;
};

static bool note_bundle(void *ctx, const struct bundle *b)
{
    struct bundle_rows *r = ctx;
    r->list[r->count] = bundle_view_of(r->arena, b);
    r->failed = !r->list[r->count];
    r->count++;
    r->bytes += b->row.details.n + b->row.description.n + b->auth_schema.n;
    return !r->failed && r->bytes < DIRECTOR_PAGE_BYTES;
}

static struct status bundle_at_index(struct graphql_call *call, const void *items, size_t index,
                                     struct graphql_value *out)
{
    (void)call;
    *out = graphql_object(((struct bundle_view *const *)items)[index]);
    return DONE;
}

static struct text application_of(const struct graphql_call *call)
{
    return ((const struct object_view *)call->object)->o.name;
}

struct status bundles_of(struct graphql_call *call, struct graphql_value *out)
{
    struct offset_page page = {0};
    uint64_t total = 0;
    TRY(director_page_read(call, DIRECTOR_PAGE_MAX, &page));
    struct bundle_rows rows = {.arena = call->arena,
                               .list = arena_array(call->arena, page.limit, sizeof *rows.list)};
    if (!rows.list)
        return STATUS(NOMEM);
    const struct registry_at at = bundles_at(call, application_of(call));
    const struct status s =
        bundle_list(at.registry, &at.scope, &page, call->arena, note_bundle, &rows, &total, at.err);
    if (s.code == E_NOT_FOUND)
        return DONE; /* the application has just been deleted */
    if (!status_ok(s))
        return director_refuse(call, s);
    if (rows.failed)
        return STATUS(NOMEM);
    return director_page_show(call, &page, rows.count, total,
                              graphql_list(bundle_at_index, rows.list, rows.count), out);
}

struct status bundles_one_of(struct graphql_call *call, struct graphql_value *out)
{
    uint8_t id[SERVICE_ID_SIZE];
    struct bundle b;
    bundles_id(call, "id", id);
    const struct registry_at at = bundles_at(call, application_of(call));
    const struct status s = bundle_get(at.registry, &at.scope, id, call->arena, &b, at.err);
    if (s.code == E_NOT_FOUND)
        return DONE;
    return status_ok(s) ? bundles_show(call, &b, out) : director_refuse(call, s);
}

struct status bundles_api_of(struct graphql_call *call, struct graphql_value *out)
{
    return bundles_member(call, application_of(call), NULL, SERVICE_API, out);
}

struct status bundles_event_of(struct graphql_call *call, struct graphql_value *out)
{
    return bundles_member(call, application_of(call), NULL, SERVICE_EVENTS, out);
}

/* ---- fields ---- */

struct status bundles_correlation_ids(struct graphql_call *call, struct graphql_value *out)
{
    const struct bundle *b = &((const struct bundle_view *)call->object)->b;
    *out = graphql_texts(b->correlation_ids, b->correlation_id_count);
    return DONE;
}

struct status bundles_auth(struct graphql_call *call, struct graphql_value *out)
{
    const struct bundle *b = &((const struct bundle_view *)call->object)->b;
    struct bundle_auth auth = {0};
    const struct registry_at at = bundles_at(call, b->row.application);
    const struct status s = bundle_auth_open(at.registry, b, call->arena, &auth, at.err);
    if (s.code == E_NOT_FOUND)
        return DONE; /* deleted since */
    if (!status_ok(s))
        return director_refuse(call, s);
    return bundles_show_auth(call, &auth, bundles_clear(call->context, b->row.application), out);
}

static struct text group_of(const struct graphql_call *call)
{
    const struct text group = graphql_given_text(graphql_argument(call, "group"));
    return group.p ? group : TEXT("");
}

struct status bundles_apis(struct graphql_call *call, struct graphql_value *out)
{
    return bundles_members(call, call->object, SERVICE_API, group_of(call), out);
}

struct status bundles_events(struct graphql_call *call, struct graphql_value *out)
{
    return bundles_members(call, call->object, SERVICE_EVENTS, group_of(call), out);
}

struct status bundles_documents(struct graphql_call *call, struct graphql_value *out)
{
    return bundles_members(call, call->object, SERVICE_DOCUMENT, TEXT(""), out);
}

static struct status member_of(struct graphql_call *call, enum service_role role, struct graphql_value *out)
{
    const struct bundle *b = &((const struct bundle_view *)call->object)->b;
    return bundles_member(call, b->row.application, b->row.id, role, out);
}

struct status bundles_api(struct graphql_call *call, struct graphql_value *out)
{
    return member_of(call, SERVICE_API, out);
}

struct status bundles_event(struct graphql_call *call, struct graphql_value *out)
{
    return member_of(call, SERVICE_EVENTS, out);
}

struct status bundles_document(struct graphql_call *call, struct graphql_value *out)
{
    return member_of(call, SERVICE_DOCUMENT, out);
}

/* ---- changing (bundles_add: bundle_additions.c) ---- */

struct status bundles_update(struct graphql_call *call, struct graphql_value *out)
{
    uint8_t id[SERVICE_ID_SIZE];
    struct bundle_input in;
    struct bundle b;
    const struct text shown = bundles_id(call, "id", id);
    TRY(bundles_read(call, graphql_argument(call, "in"), true, &in));
    const struct registry_at at = bundles_at_own(call);
    const struct status s =
        bundle_update(at.registry, at.caller, &at.scope, id, &in, call->arena, &b, at.err);
    return status_ok(s) ? bundles_show(call, &b, out) : bundles_refuse(call, s, "bundle", shown);
}

struct status bundles_delete(struct graphql_call *call, struct graphql_value *out)
{
    uint8_t id[SERVICE_ID_SIZE];
    struct bundle b;
    const struct text shown = bundles_id(call, "id", id);
    const struct registry_at at = bundles_at_own(call);
    const struct status s = bundle_delete(at.registry, at.caller, &at.scope, id, call->arena, &b, at.err);
    return status_ok(s) ? bundles_show(call, &b, out) : bundles_refuse(call, s, "bundle", shown);
}
