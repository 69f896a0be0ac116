/* SPDX-License-Identifier: Apache-2.0 */
#include "api/native/services.h"

#include "api/held.h"

/* A service's specifications as they were sent (native). */

/* ---- GET: out of a buffer, a piece at a time ---- */

struct download {
    struct buffer content;
    struct held held; /* the content, once it is streamed */
};

static void download_release(struct call *c)
{
    struct download *d = c->reply.state;
    buffer_release(&d->content);
    held_give(&d->held);
}

static struct status more(struct call *c)
{
    struct download *d = c->reply.state;
    const struct bytes all = buffer_bytes(&d->content);
    const size_t n = all.n < REPLY_PIECE ? all.n : REPLY_PIECE;
    buffer_append(&c->reply.body, (struct bytes){all.p, n});
    buffer_consume(&d->content, n);
    c->reply.last = buffer_size(&d->content) == 0;
    return buffer_status(&c->reply.body);
}

static struct status read_content(struct call *c, struct text tenant, const struct specification_ref *ref)
{
    struct download *d = arena_alloc(c->arena, sizeof *d);
    if (!d)
        return STATUS(NOMEM);
    buffer_init(&d->content, (size_t)ref->size);
    c->reply.state = d;
    c->reply.done = download_release;
    TRY(registry_specification(c->domain->registry, tenant, ref, &d->content, &c->err));
    return buffer_status(&d->content);
}

/* Never rendered by a browser: what external systems send is nothing that this origin vouches for. */
static struct status put_headers(struct call *c, const struct specification_ref *ref, const char *kind)
{
    static const struct {
        struct text type;
        const char *extension;
    } formats[] = {
        [FORMAT_JSON] = {TEXT_INIT("application/json"), "json"},
        [FORMAT_YAML] = {TEXT_INIT("application/yaml"), "yaml"}, /* RFC 9512 */
        [FORMAT_XML] = {TEXT_INIT("application/xml"), "xml"},
        [FORMAT_TEXT] = {TEXT_INIT("text/plain; charset=utf-8"), "txt"},
    };
    const struct text disposition =
        arena_printf(c->arena, "attachment; filename=\"%.*s-%s.%s\"", TEXT_ARG(c->params[1]), kind,
                     formats[ref->format].extension);
    if (!disposition.p)
        return STATUS(NOMEM);
    c->reply.content_type = formats[ref->format].type;
    TRY(reply_header(c, TEXT("Content-Disposition"), disposition));
    return reply_header(c, TEXT("X-Content-Type-Options"), TEXT("nosniff"));
}

struct status native_specification_get(struct call *c)
{
    static const char *const kinds[] = {[SPECIFICATION_API] = "api",
                                        [SPECIFICATION_EVENTS] = "events",
                                        [SPECIFICATION_DOCUMENTATION] = "documentation",
                                        NULL};
    struct registry_key key;
    struct registry_view view;
    int kind = SPECIFICATION_API;
    TRY(query_choice(c, "kind", kinds, &kind));
    TRY(native_service_key(c, &key));
    TRY(native_service_find(c, &key, &view));
    const struct specification_ref *ref = &view.row.specifications[kind];
    if (!ref->present)
        return error_set(&c->err, E_NOT_FOUND, "The service has no specification of kind %s", kinds[kind]);
    TRY(read_content(c, key.tenant, ref));
    c->reply.status = 200;
    TRY(put_headers(c, ref, kinds[kind]));
    TRY(more(c));
    if (c->reply.last)
        return DONE;
    struct download *d = c->reply.state;
    TRY(held_take(&d->held, (size_t)ref->size));
    c->reply.more = more;
    return DONE;
}

/* ---- POST .../refresh ---- */

struct status native_specification_refresh(struct call *c)
{
    struct registry_key key;
    struct registry_view view;
    TRY(native_service_key(c, &key));
    const struct audit_caller caller = call_caller(c);
    TRY(native_service_missing(
        c, registry_refetch(c->domain->registry, &caller, &key, c->arena, &view, &c->err)));
    return native_service_answer(c, 200, &view);
}
