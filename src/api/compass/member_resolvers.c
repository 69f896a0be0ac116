/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/bundles.h"

#include "base/json_scan.h"
#include "base/limits.h"
#include "base/own.h"

/* What is in bundles, read: pages, single ones and their fields. Changes are in member_changes.c. */

const char *bundles_object(enum service_role role)
{
    switch (role) {
    case SERVICE_API:
        return "api";
    case SERVICE_EVENTS:
        return "eventDefinition";
    case SERVICE_DOCUMENT:
        return "document";
    case SERVICE_WHOLE:
    case SERVICE_BUNDLE:
        break;
    }
    return "bundle";
}

/* Why a download failed says what somebody else's server answered: the status alone is for everybody. */
static struct text message_of(const struct member *m, bool clear)
{
    const struct text message = director_or_null(m->specification.fetch.message);
    const bool is_detail = m->specification.fetch.condition == FETCH_FAILED &&
                           !text_starts_with(message, TEXT("While fetching Spec status code: "));
    return is_detail && !clear && message.p ? TEXT("While fetching Spec: it failed") : message;
}

static struct member_view *member_view_of(struct graphql_call *call, const struct member *m)
{
    struct arena *a = call->arena;
    const bool clear = bundles_clear(call->context, m->row.application);
    char id[UUID_TEXT + 1];
    struct member_view *v = arena_alloc(a, sizeof *v);
    if (!v)
        return NULL;
    *v = (struct member_view){
        .m = *m,
        .id = arena_text(a, uuid_text(m->row.id, id)),
        .description = director_or_null(m->row.description),
        .group = director_or_null(m->group),
        .display_name = m->display_name.p ? m->display_name : TEXT(""),
        .kind = director_or_null(m->kind),
        .filter = director_or_null(m->specification.fetch.filter),
        .target_url = bundles_url(a, m->row.target_url, clear),
        .fetch_url = bundles_url(a, m->specification.fetch.url, clear),
        .message = message_of(m, clear),
        .fetched_at = director_time(a, m->specification.fetch.at),
    };
    const bool is_whole =
        (v->target_url.p || !m->row.target_url.p) && (v->fetch_url.p || !m->specification.fetch.url.p);
    return v->id.p && v->fetched_at.p && is_whole ? v : NULL;
}

struct status bundles_show_member(struct graphql_call *call, const struct member *m,
                                  struct graphql_value *out)
{
    const struct member_view *v = member_view_of(call, m);
    if (!v)
        return STATUS(NOMEM);
    *out = graphql_object(v);
    return DONE;
}

struct status bundles_member(struct graphql_call *call, struct text application, const uint8_t *bundle,
                             enum service_role role, struct graphql_value *out)
{
    uint8_t id[SERVICE_ID_SIZE];
    struct member m;
    bundles_id(call, "id", id);
    const struct registry_at at = bundles_at(call, application);
    const struct status s = member_get(at.registry, &at.scope, bundle, id, role, call->arena, &m, at.err);
    if (s.code == E_NOT_FOUND)
        return DONE;
    return status_ok(s) ? bundles_show_member(call, &m, out) : director_refuse(call, s);
}

/* ---- pages ---- */

struct member_rows {
    struct graphql_call *call;
    struct member_view **list;
    size_t count, room, bytes;
    bool failed;
};

static bool is_full(const struct member_rows *r)
{
    return r->count == r->room || r->bytes >= DIRECTOR_PAGE_BYTES;
}

static bool note_member(void *ctx, const struct member *m)
{
    struct member_rows *r = ctx;
    if (is_full(r))
        return false;
    r->list[r->count] = member_view_of(r->call, m);
    r->failed = !r->list[r->count];
    r->count++;
    r->bytes += m->row.details.n + m->row.description.n;
    return !r->failed;
}

static struct status member_at(struct graphql_call *call, const void *items, size_t index,
                               struct graphql_value *out)
{
    (void)call;
    *out = graphql_object(((struct member_view *const *)items)[index]);
    return DONE;
}

static struct status begin_rows(struct graphql_call *call, struct offset_page *page, struct member_rows *out)
{
    TRY(director_page_read(call, DIRECTOR_PAGE_MAX, page));
    *out = (struct member_rows){
        .call = call, .list = arena_array(call->arena, page->limit, sizeof *out->list), .room = page->limit};
    return out->list ? DONE : STATUS(NOMEM);
}

static struct status end_rows(struct graphql_call *call, const struct offset_page *page,
                              const struct member_rows *r, uint64_t total, struct graphql_value *out)
{
    if (r->failed)
        return STATUS(NOMEM);
    return director_page_show(call, page, r->count, total, graphql_list(member_at, r->list, r->count), out);
}

struct status bundles_members(struct graphql_call *call, const struct bundle_view *b, enum service_role role,
                              struct text group, struct graphql_value *out)
{
    struct offset_page page = {0};
    struct member_rows rows;
    uint64_t total = 0;
    TRY(begin_rows(call, &page, &rows));
    const struct registry_at at = bundles_at(call, b->b.row.application);
    const struct status s = member_list(at.registry, &at.scope, b->b.row.id, role, group, &page, call->arena,
                                        note_member, &rows, &total, at.err);
    if (s.code == E_NOT_FOUND)
        return DONE; /* the bundle was just deleted */
    return status_ok(s) ? end_rows(call, &page, &rows, total, out)
                        : bundles_refuse(call, s, "bundle", TEXT(""));
}

/* ---- all of an application: bundle after bundle ---- */

#define BUNDLES_AT_ONCE 500

struct bundle_ids {
    uint8_t list[BUNDLES_AT_ONCE][SERVICE_ID_SIZE];
    unsigned count;
    size_t bytes;
};

static bool note_id(void *ctx, const struct bundle *b)
{
    struct bundle_ids *ids = ctx;
    memcpy(ids->list[ids->count++], b->row.id, SERVICE_ID_SIZE);
    ids->bytes += b->row.details.n;
    return ids->count < BUNDLES_AT_ONCE && ids->bytes < DIRECTOR_PAGE_BYTES;
}

struct member_walk {
    struct graphql_call *call;
    struct registry_at at;
    enum service_role role;
    struct member_rows rows;
    uint64_t skip, total; /* of the page's offset, still to go; all that were counted */
};

/* Those behind the page are counted only: what is read of them goes with `scratch`. */
static struct status walk_bundles(struct member_walk *w, const struct bundle_ids *ids, struct arena *scratch)
{
    for (unsigned i = 0; i < ids->count; i++) {
        if (*w->at.scope.rows_left == 0)
            return error_set(w->at.err, E_TOO_LARGE,
                             "more bundles would have to be looked at than one request may");
        --*w->at.scope.rows_left;
        const struct offset_page page = {.offset = w->skip, .limit = DIRECTOR_PAGE_MAX};
        uint64_t total = 0;
        const struct status s = member_list(w->at.registry, &w->at.scope, ids->list[i], w->role, TEXT(""),
                                            &page, is_full(&w->rows) ? scratch : w->call->arena, note_member,
                                            &w->rows, &total, w->at.err);
        if (!status_ok(s) && s.code != E_NOT_FOUND)
            return s;
        w->skip -= total < w->skip ? total : w->skip;
        w->total += total;
    }
    return DONE;
}

static struct status walk_application(struct member_walk *w)
{
    struct offset_page page = {.limit = BUNDLES_AT_ONCE};
    struct bundle_ids *ids = arena_alloc(w->call->arena, sizeof *ids);
    uint64_t total = 0;
    if (!ids)
        return STATUS(NOMEM);
    do {
        OWNED(arena_release) struct arena scratch;
        arena_init(&scratch, 64u * 1024, LIMIT_GRAPHQL_ARENA);
        ids->count = 0;
        ids->bytes = 0;
        TRY(bundle_list(w->at.registry, &w->at.scope, &page, &scratch, note_id, ids, &total, w->at.err));
        TRY(walk_bundles(w, ids, &scratch));
        page.offset += ids->count;
    } while (ids->count > 0 && page.offset < total);
    return DONE;
}

static struct status of_application(struct graphql_call *call, enum service_role role,
                                    struct graphql_value *out)
{
    struct director_context *who = call->context;
    struct offset_page page = {0};
    struct object o;
    who->d.arena = call->arena;
    const struct status found =
        director_get(&who->d, OBJECT_APPLICATION, graphql_given_text(graphql_argument(call, "appID")), &o);
    if (!status_ok(found))
        return director_refuse(call, found);
    struct member_walk w = {.call = call, .role = role};
    TRY(begin_rows(call, &page, &w.rows));
    w.at = bundles_at(call, o.name);
    w.skip = page.offset;
    const struct status s = walk_application(&w);
    return status_ok(s) ? end_rows(call, &page, &w.rows, w.total, out)
                        : bundles_refuse(call, s, "bundle", TEXT(""));
}

struct status bundles_apis_of(struct graphql_call *call, struct graphql_value *out)
{
    return of_application(call, SERVICE_API, out);
}

struct status bundles_events_of(struct graphql_call *call, struct graphql_value *out)
{
    return of_application(call, SERVICE_EVENTS, out);
}

/* ---- fields ---- */

struct status bundles_spec(struct graphql_call *call, struct graphql_value *out)
{
    const struct member_view *v = call->object;
    if (v->m.specification.given)
        *out = graphql_object(v);
    return DONE;
}

struct status bundles_spec_format(struct graphql_call *call, struct graphql_value *out)
{
    static const char *const names[] = {
        [FORMAT_JSON] = "JSON", [FORMAT_YAML] = "YAML", [FORMAT_XML] = "XML", [FORMAT_TEXT] = "YAML"};
    *out = graphql_text(text_of(names[((const struct member_view *)call->object)->m.specification.format]));
    return DONE;
}

static struct status too_much(struct graphql_call *call)
{
    return director_refuse_with(
        call, DIRECTOR_NOT_ALLOWED,
        TEXT("The operation is not allowed [reason=the specifications that were asked "
             "for are larger than one answer may be]"));
}

struct status bundles_content(struct graphql_call *call, struct graphql_value *out)
{
    const struct member_view *v = call->object;
    const struct registry_at at = bundles_at(call, v->m.row.application);
    const struct specification_ref *content = v->m.specification.content;
    const size_t left = call->arena->max - call->arena->total;
    if (content->present && (uint64_t)content->size > left)
        return too_much(call);
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, left);
    const struct status s = member_content(at.registry, &v->m, &b, at.err);
    if (s.code == E_NOT_FOUND)
        return DONE; /* nothing (yet) */
    if (s.code == E_TOO_LARGE)
        return too_much(call);
    if (!status_ok(s))
        return director_refuse(call, s);
    *out = graphql_text(arena_text(call->arena, buffer_as_text(&b)));
    return out->text.p ? DONE : STATUS(NOMEM);
}

struct status bundles_version(struct graphql_call *call, struct graphql_value *out)
{
    const struct text json = ((const struct member_view *)call->object)->m.version;
    struct version_view *v = arena_alloc(call->arena, sizeof *v);
    struct text raw;
    enum json_type type;
    if (json.n == 0)
        return DONE;
    if (!v)
        return STATUS(NOMEM);
    v->value = director_detail(json, "value", call->arena);
    v->deprecated_since = director_detail(json, "deprecatedSince", call->arena);
    v->deprecated = json_member(json, TEXT("deprecated"), &raw, &type) && text_equal(raw, TEXT("true"));
    v->for_removal = json_member(json, TEXT("forRemoval"), &raw, &type) && text_equal(raw, TEXT("true"));
    *out = graphql_object(v);
    return DONE;
}

struct status bundles_fetch(struct graphql_call *call, struct graphql_value *out)
{
    const struct member_view *v = call->object;
    if (v->m.specification.fetch.given)
        *out = graphql_object(v);
    return DONE;
}

struct status bundles_fetch_auth(struct graphql_call *call, struct graphql_value *out)
{
    const struct member_view *v = call->object;
    struct bundle_auth auth;
    const struct registry_at at = bundles_at(call, v->m.row.application);
    const struct status s = member_fetch_auth_open(at.registry, &v->m, call->arena, &auth, at.err);
    if (s.code == E_NOT_FOUND)
        return DONE; /* deleted since */
    if (!status_ok(s))
        return director_refuse(call, s);
    return bundles_show_auth(call, &auth, bundles_clear(call->context, v->m.row.application), out);
}

struct status bundles_fetch_condition(struct graphql_call *call, struct graphql_value *out)
{
    static const char *const names[] = {
        [FETCH_INITIAL] = "INITIAL", [FETCH_SUCCEEDED] = "SUCCEEDED", [FETCH_FAILED] = "FAILED"};
    *out = graphql_text(
        text_of(names[((const struct member_view *)call->object)->m.specification.fetch.condition]));
    return DONE;
}
