/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/bundle_internal.h"

#include "base/limits.h"

/* Where a group is looked for: rows at once, and in all. The store passes over those before an offset. */
#define SCAN_ROWS     500
#define SCAN_ROWS_MAX 5000
#define SCAN_CHUNK    (64 * 1024)
#define SCAN_MAX      (64u * 1024 * 1024)

enum specification_slot member_slot(enum service_role role)
{
    return role == SERVICE_API      ? SPECIFICATION_API
           : role == SERVICE_EVENTS ? SPECIFICATION_EVENTS
                                    : SPECIFICATION_DOCUMENTATION;
}

/* ---- a row as a member ---- */

static struct status copy_ref(const struct service *row, enum service_role role, struct arena *a,
                              struct member *out)
{
    const struct specification_ref *from = &row->specifications[member_slot(role)];
    struct specification_ref *copy = arena_alloc(a, sizeof *copy); /* a member may be copied */
    if (!copy)
        return STATUS(NOMEM);
    *copy = *from;
    out->specification.content = copy;
    return DONE;
}

static bool is_odata(struct text type)
{
    return text_equal_nocase(type, TEXT("odata"));
}

/* What was registered as one service: its API as if it had been defined with its specification's URL. */
static struct status of_whole(const struct service *row, enum service_role role, struct arena *a,
                              struct member *out)
{
    const struct specification_ref *ref = &row->specifications[member_slot(role)];
    struct service_details d;
    TRY(details_read(row, NULL, NULL, a, &d));
    const bool has_it = role == SERVICE_API ? d.api.given : role == SERVICE_EVENTS ? d.events.given : false;
    if (!has_it)
        return STATUS(NOT_FOUND);
    struct member m = {.row = *row, .role = role};
    memcpy(m.bundle, row->id, SERVICE_ID_SIZE);
    TRY(copy_ref(row, role, a, &m));
    m.specification.given = ref->present;
    m.specification.format = ref->format;
    m.specification.type = role == SERVICE_EVENTS     ? TEXT("ASYNC_API")
                           : is_odata(d.api.api_type) ? TEXT("ODATA")
                                                      : TEXT("OPEN_API");
    if (role == SERVICE_API && ref->present && ref->fetched_at > 0 && d.api.specification_url.n > 0) {
        m.specification.fetch.given = true;
        m.specification.fetch.url = d.api.specification_url;
        m.specification.fetch.mode = TEXT("SINGLE");
        m.specification.fetch.condition = FETCH_SUCCEEDED;
        m.specification.fetch.at = ref->fetched_at;
    }
    *out = m;
    return DONE;
}

struct status member_of(const struct service *row, enum service_role role, struct arena *a,
                        struct member *out)
{
    struct bundle_details d;
    if (row->role == SERVICE_WHOLE)
        return of_whole(row, role, a, out);
    if (row->role != role)
        return STATUS(NOT_FOUND);
    TRY(bundle_details_read(row->details, a, &d));
    struct member m = {
        .row = *row,
        .role = role,
        .display_name = d.display_name,
        .kind = d.kind,
        .group = d.group,
        .version = d.version,
        .specification = {.given = d.specification,
                          .type = d.specification_type,
                          .format = (enum specification_format)d.format,
                          .fetch = {.given = d.fetch_url.n > 0,
                                    .url = d.fetch_url,
                                    .mode = d.fetch_mode,
                                    .filter = d.fetch_filter,
                                    .message = d.fetch_message,
                                    .condition = (enum fetch_condition)d.fetch_condition,
                                    .at = (int64_t)d.fetch_at}},
    };
    if (d.format > FORMAT_TEXT || d.fetch_condition > FETCH_FAILED)
        return STATUS(BROKEN);
    memcpy(m.bundle, row->bundle, SERVICE_ID_SIZE);
    TRY(copy_ref(row, role, a, &m));
    *out = m;
    return DONE;
}

struct status member_get(struct registry *r, const struct registry_scope *scope, const uint8_t *bundle,
                         const uint8_t id[static SERVICE_ID_SIZE], enum service_role role, struct arena *a,
                         struct member *out, [[maybe_unused]] struct error *err)
{
    struct service row;
    struct member m;
    TRY(scoped_row(r, scope, id, a, &row, NULL));
    TRY(member_of(&row, role, a, &m));
    if (bundle && !bytes_equal((struct bytes){bundle, SERVICE_ID_SIZE}, BYTES_OF(m.bundle)))
        return STATUS(NOT_FOUND);
    *out = m;
    return DONE;
}

struct status member_content(struct registry *r, const struct member *m, struct buffer *out,
                             struct error *err)
{
    return registry_specification(r, m->row.tenant, m->specification.content, out, err);
}

/* ---- lists ---- */

struct listing {
    enum service_role role;
    struct arena *a;
    member_row *row;
    void *ctx;
    struct status failed;
};

static bool list_row(void *ctx, const struct service *row)
{
    struct listing *l = ctx;
    struct member m;
    l->failed = member_of(row, l->role, l->a, &m);
    return status_ok(l->failed) && l->row(l->ctx, &m);
}

/* Which of some rows are of a group, which is in their details. */
struct scan {
    struct text group;
    struct arena *a;
    uint8_t ids[SCAN_ROWS][SERVICE_ID_SIZE];
    unsigned count, seen;
    struct status failed;
};

static bool scan_row(void *ctx, const struct service *row)
{
    struct scan *n = ctx;
    struct bundle_details d;
    n->seen++;
    n->failed = bundle_details_read(row->details, n->a, &d);
    if (status_ok(n->failed) && text_equal(d.group, n->group))
        memcpy(n->ids[n->count++], row->id, SERVICE_ID_SIZE);
    return status_ok(n->failed);
}

/* Of what has been read; what is over the bound leaves nothing. */
static void charge_rows(const struct registry_scope *scope, unsigned count)
{
    if (scope->rows_left)
        *scope->rows_left -= *scope->rows_left < count ? *scope->rows_left : count;
}

static struct status may_read_rows(const struct registry_scope *scope, struct error *err)
{
    if (!scope->rows_left || *scope->rows_left > 0)
        return DONE;
    return error_set(err, E_TOO_LARGE,
                     "group: more definitions would have to be looked at than one request may: ask for fewer "
                     "groups at once");
}

/* A page of those of the group: all members are looked at, some at a time; what is on the page is read again
 * into the caller's arena. */
static struct status list_group(struct registry *r, const struct registry_scope *scope,
                                const struct member_filter *f, struct text group,
                                const struct offset_page *page, struct listing *l, uint64_t *out_total,
                                struct error *err)
{
    struct offset_page at = {.limit = SCAN_ROWS};
    uint64_t fitting = 0, all = 0;
    bool more = true;
    OWNED(arena_release) struct arena scratch;
    arena_init(&scratch, SCAN_CHUNK, SCAN_MAX);
    do {
        struct scan n = {.group = group, .a = &scratch, .failed = DONE};
        arena_reset(&scratch);
        TRY(may_read_rows(scope, err));
        TRY(store_member_list(r->parts.store, f, &at, &scratch, scan_row, &n, &all));
        charge_rows(scope, n.seen);
        TRY(n.failed);
        if (all > SCAN_ROWS_MAX)
            return error_set(err, E_INVALID,
                             "group: the bundle holds more than %d definitions: ask without a group",
                             SCAN_ROWS_MAX);
        for (unsigned i = 0; i < n.count; i++, fitting++) {
            struct service row;
            if (!more || fitting < page->offset || fitting - page->offset >= page->limit)
                continue;
            const struct status found = scoped_row(r, scope, n.ids[i], l->a, &row, NULL);
            if (found.code == E_NOT_FOUND) /* it has gone since */
                continue;
            TRY(found);
            more = list_row(l, &row);
            TRY(l->failed);
        }
        at.offset += n.seen;
        if (n.seen == 0)
            break;
    } while (at.offset < all);
    *out_total = fitting;
    return DONE;
}

/* A SERVICE_WHOLE has one of each at most, and no group. */
static struct status list_whole(const struct service *row, struct text group, const struct offset_page *page,
                                struct listing *l, uint64_t *out_total)
{
    struct member m;
    const struct status s = member_of(row, l->role, l->a, &m);
    *out_total = status_ok(s) && group.n == 0;
    if (s.code == E_NOT_FOUND || *out_total == 0)
        return s.code == E_NOT_FOUND ? DONE : s;
    if (page->offset == 0)
        (void)l->row(l->ctx, &m);
    return DONE;
}

struct status member_list(struct registry *r, const struct registry_scope *scope,
                          const uint8_t bundle[static SERVICE_ID_SIZE], enum service_role role,
                          struct text group, const struct offset_page *page, struct arena *a, member_row *row,
                          void *ctx, uint64_t *out_total, struct error *err)
{
    struct listing l = {.role = role, .a = a, .row = row, .ctx = ctx, .failed = DONE};
    const struct member_filter f = {
        .tenant = scope->tenant, .application = scope->application, .bundle = bundle, .role = role};
    struct service of;
    TRY(scoped_row(r, scope, bundle, a, &of, NULL));
    if (of.role == SERVICE_WHOLE)
        return list_whole(&of, group, page, &l, out_total);
    if (of.role != SERVICE_BUNDLE)
        return STATUS(NOT_FOUND);
    if (group.n > 0)
        return list_group(r, scope, &f, group, page, &l, out_total, err);
    TRY(store_member_list(r->parts.store, &f, page, a, list_row, &l, out_total));
    return l.failed;
}
