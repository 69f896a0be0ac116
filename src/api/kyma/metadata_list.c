/* SPDX-License-Identifier: Apache-2.0 */
#include "api/kyma/metadata.h"

/*
 * The contract's list has no pages (1.9). It is read from the store in pages all the same, one for each piece
 * of the answer, so that a hundred thousand services need the memory of two hundred and nobody holds a read
 * transaction while a slow client takes its time. A service that is registered or deleted meanwhile is in the
 * list or not; none comes twice.
 */

#define PAGE_ROWS  200
#define PAGE_ARENA (64u * 1024)        /* a page of plain services; descriptions may make it grow */
#define PAGE_MAX   (32u * 1024 * 1024) /* 200 descriptions of the greatest length, and what is around them */

struct list {
    struct service_filter filter;
    struct arena page;    /* of the rows; reset after each page */
    struct buffer cursor; /* where the next page begins */
    struct json_out j;
};

static void list_release(struct call *c)
{
    struct list *l = c->reply.state;
    arena_release(&l->page);
    buffer_release(&l->cursor);
}

static bool put_row(void *ctx, const struct service *row)
{
    struct json_out *j = ctx;
    char id[SERVICE_ID_TEXT + 1];
    json_open_object(j, NULL);
    json_text(j, "id", service_id_text(row->id, id));
    put_base_info(j, row);
    json_end(j);
    return status_ok(buffer_status(j->out));
}

static struct status put_page(struct call *c)
{
    struct list *l = c->reply.state;
    const struct page_request page = {.after = buffer_as_text(&l->cursor), .limit = PAGE_ROWS};
    struct text next = {NULL, 0};
    TRY(registry_list(c->domain->registry, &l->filter, &page, &l->page, put_row, &l->j, &next, &c->err));
    buffer_clear(&l->cursor);
    buffer_text(&l->cursor, next);
    const bool last = next.n == 0;
    arena_reset(&l->page); /* not while the client takes its time */
    TRY(buffer_status(&l->cursor));
    if (last) {
        json_end(&l->j);
        c->reply.last = true;
    }
    return buffer_status(&c->reply.body);
}

static struct status more(struct call *c)
{
    TRY(put_page(c));
    if (c->reply.last)
        buffer_byte(&c->reply.body, '\n');
    return buffer_status(&c->reply.body);
}

struct status kyma_service_list(struct call *c)
{
    struct text tenant;
    TRY(metadata_access(c, &tenant));
    struct list *l = arena_alloc(c->arena, sizeof *l);
    if (!l)
        return STATUS(NOMEM);
    l->filter = (struct service_filter){.tenant = tenant, .application = c->params[0], .callable_only = true};
    arena_init(&l->page, PAGE_ARENA, PAGE_MAX);
    buffer_init(&l->cursor, LIMIT_URI_BYTES);
    c->reply.state = l;
    c->reply.done = list_release;
    reply_json(c, 200);
    json_out_init(&l->j, &c->reply.body);
    json_open_array(&l->j, NULL);
    const struct status first = put_page(c);
    if (!status_ok(first))
        return metadata_refuse(c, first, TEXT("Reading services from Application failed, "));
    if (!c->reply.last)
        c->reply.more = more;
    return DONE;
}
