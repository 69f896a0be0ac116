/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/director.h"

/* Mappings of certificate subjects (contract 2.1, 3.4). They stand above tenants. */

#define MAPPINGS_FIRST_MAX 300

static struct mapping_view *mapping_view_of(struct arena *a, const struct subject_mapping *m)
{
    char id[UUID_TEXT + 1];
    struct mapping_view *v = arena_alloc(a, sizeof *v);
    if (!v)
        return NULL;
    *v = (struct mapping_view){.row = *m, .id = arena_text(a, uuid_text(m->id, id))};
    if (m->internal_consumer_id.n == 0)
        v->row.internal_consumer_id = (struct text){NULL, 0};
    return v->id.p ? v : NULL;
}

static struct status show(struct graphql_call *call, struct status s, const struct subject_mapping *m,
                          struct graphql_value *out)
{
    if (!status_ok(s))
        return director_refuse(call, s);
    const struct mapping_view *v = mapping_view_of(call->arena, m);
    if (!v)
        return STATUS(NOMEM);
    *out = graphql_object(v);
    return DONE;
}

static struct director_call *domain_of(struct graphql_call *call)
{
    struct director_context *who = call->context;
    who->d.arena = call->arena;
    return &who->d;
}

static struct text id_of(struct graphql_call *call)
{
    return graphql_given_text(graphql_argument(call, "id"));
}

/* A mapping reaches all tenants of its levels, those of others among them. */
static struct status may_here(struct graphql_call *call)
{
    if (director_may_everywhere(call->context, call->row->scope))
        return DONE;
    return director_refuse_with(
        call, DIRECTOR_NOT_ALLOWED,
        TEXT("The operation is not allowed [reason=a mapping reaches all tenants of its "
             "levels: only who may act in all tenants reads or changes one]"));
}

/* ---- reading ---- */

struct status director_mapping_levels(struct graphql_call *call, struct graphql_value *out)
{
    struct text rest = ((const struct mapping_view *)call->object)->row.levels;
    struct text *list = arena_array(call->arena, MAPPING_LEVELS, sizeof *list);
    size_t count = 0;
    if (!list)
        return STATUS(NOMEM);
    while (rest.p && count < MAPPING_LEVELS)
        list[count++] = text_cut(&rest, ' ');
    *out = graphql_texts(list, count);
    return DONE;
}

struct status director_mapping(struct graphql_call *call, struct graphql_value *out)
{
    struct subject_mapping m;
    TRY(may_here(call));
    return show(call, director_mapping_get(domain_of(call), id_of(call), &m), &m, out);
}

struct rows {
    struct arena *arena;
    struct mapping_view *list;
    size_t count;
    bool failed;
};

static bool note(void *ctx, const struct subject_mapping *m)
{
    struct rows *r = ctx;
    const struct mapping_view *v = mapping_view_of(r->arena, m);
    r->failed = !v;
    if (v)
        r->list[r->count++] = *v;
    return !r->failed;
}

struct status director_mappings(struct graphql_call *call, struct graphql_value *out)
{
    const struct director_context *who = call->context;
    struct offset_page page = {0};
    uint64_t total = 0;
    TRY(may_here(call));
    TRY(director_page_read(call, MAPPINGS_FIRST_MAX, &page));
    struct rows rows = {.arena = call->arena,
                        .list = arena_array(call->arena, page.limit, sizeof *rows.list)};
    if (!rows.list)
        return STATUS(NOMEM);
    const struct status s =
        store_subject_mapping_list(who->parts.store, &page, call->arena, note, &rows, &total);
    if (!status_ok(s))
        return director_refuse(call, s);
    if (rows.failed)
        return STATUS(NOMEM);
    return director_page_show(call, &page, rows.count, total,
                              graphql_objects(rows.list, rows.count, sizeof *rows.list), out);
}

/* ---- writing ---- */

static struct text or_empty(struct text t)
{
    return t.p ? t : TEXT("");
}

static struct status read_input(struct graphql_call *call, struct director_mapping_input *out)
{
    const struct graphql_given *in = graphql_argument(call, "in");
    const struct graphql_given *levels = graphql_given_member(in, "tenantAccessLevels");
    struct text *list = arena_array(call->arena, levels->count + 1, sizeof *list);
    if (!list)
        return STATUS(NOMEM);
    for (size_t i = 0; i < levels->count; i++)
        list[i] = graphql_given_text(&levels->items[i]);
    *out = (struct director_mapping_input){
        .subject = or_empty(graphql_given_text(graphql_given_member(in, "subject"))),
        .consumer_type = or_empty(graphql_given_text(graphql_given_member(in, "consumerType"))),
        .internal_consumer_id = or_empty(graphql_given_text(graphql_given_member(in, "internalConsumerID"))),
        .levels = list,
        .level_count = levels->count,
    };
    return DONE;
}

/* Another subject's mapping: not a name's (contract 2.8). */
static struct status changed(struct graphql_call *call, struct status s, const struct subject_mapping *m,
                             struct graphql_value *out)
{
    if (s.code == E_CONFLICT)
        return director_refuse_with(call, DIRECTOR_NOT_UNIQUE,
                                    TEXT("Object is not unique [object=certSubjectMapping]"));
    return show(call, s, m, out);
}

struct status director_create_mapping(struct graphql_call *call, struct graphql_value *out)
{
    struct director_mapping_input in;
    struct subject_mapping m;
    TRY(may_here(call));
    TRY(read_input(call, &in));
    return changed(call, director_mapping_create(domain_of(call), &in, &m), &m, out);
}

struct status director_update_mapping(struct graphql_call *call, struct graphql_value *out)
{
    struct director_mapping_input in;
    struct subject_mapping m;
    TRY(may_here(call));
    TRY(read_input(call, &in));
    return changed(call, director_mapping_update(domain_of(call), id_of(call), &in, &m), &m, out);
}

struct status director_delete_mapping(struct graphql_call *call, struct graphql_value *out)
{
    struct subject_mapping m;
    TRY(may_here(call));
    return show(call, director_mapping_delete(domain_of(call), id_of(call), &m), &m, out);
}
