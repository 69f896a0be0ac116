/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

struct listing {
    struct json_out j;
    int64_t last_id;
    unsigned count;
};

static bool list_row(void *ctx, const struct audit_entry *e)
{
    struct listing *l = ctx;
    struct json_out *j = &l->j;
    json_open_object(j, NULL);
    json_int(j, "id", e->id);
    json_time(j, "at", e->at);
    json_time(j, "lastAt", e->last_at);
    json_int(j, "count", e->count);
    json_text(j, "action", e->action);
    json_text(j, "actor", e->actor);
    json_text(j, "application", e->application);
    json_text(j, "tenant", e->tenant);
    json_text(j, "subject", e->subject);
    json_raw(j, "detail", e->detail.n > 0 ? e->detail : TEXT("{}"));
    json_text(j, "address", e->address);
    json_text(j, "userAgent", e->user_agent);
    json_text(j, "requestId", e->request_id);
    json_end(j);
    l->last_id = e->id;
    l->count++;
    return true;
}

static struct status read_filter(struct call *c, struct audit_filter *out)
{
    struct page_request page;
    TRY(query_page(c, &page));
    *out = (struct audit_filter){
        .action_prefix = query_text(c, "action"),
        .application = query_text(c, "application"),
        .actor = query_text(c, "actor"),
        .limit = page.limit,
    };
    TRY(query_time(c, "since", false, &out->since));
    TRY(query_time(c, "until", false, &out->until));
    const struct text before = query_text(c, "before");
    uint64_t id = 0;
    if (before.n > 0 && !text_to_u64(before, INT64_MAX, &id))
        return error_set(&c->err, E_INVALID, "before must be the id of an entry");
    out->before_id = (int64_t)id;
    return DONE;
}

/* Newest first. "next" is the value for `before`. */
struct status native_audit_list(struct call *c)
{
    struct audit_filter filter;
    TRY(read_filter(c, &filter));
    struct listing l = {0};
    reply_json(c, 200);
    json_out_init(&l.j, &c->reply.body);
    json_open_object(&l.j, NULL);
    json_open_array(&l.j, "entries");
    TRY(store_audit_list(c->domain->store, &filter, c->arena, list_row, &l));
    json_end(&l.j);
    if (l.count < filter.limit)
        json_write_null(&l.j, "next");
    else
        json_text(&l.j, "next", arena_printf(c->arena, "%lld", (long long)l.last_id));
    json_end(&l.j);
    return DONE;
}
