/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/domain.h"

/* Of reading one specification: chunk size, and what the row needs besides its content. */
#define ROW_CHUNK  4096
#define ROW_AROUND (64 * 1024)

struct status registry_specification(struct registry *r, struct text tenant,
                                     const struct specification_ref *ref, struct buffer *out,
                                     struct error *err)
{
    if (!ref->present)
        return error_set(err, E_NOT_FOUND, "The service has no such specification");
    OWNED(arena_release) struct arena a; /* of its own: a request's is smaller than a specification may be */
    arena_init(&a, ROW_CHUNK, (size_t)ref->size + ROW_AROUND);
    struct specification_row row;
    const struct status s = store_specification_get(r->parts.store, tenant, ref->hash, &a, &row);
    if (s.code == E_NOT_FOUND)
        return error_set(err, E_NOT_FOUND, "The specification was replaced in the meantime");
    TRY(s);
    return specification_unpack(&row, out);
}

static struct text host_of(const struct registry *r, const struct service *row, struct arena *a)
{
    const struct text resource = resource_name(row->application, row->id, a);
    if (!resource.p)
        return resource;
    return arena_printf(a, "%.*s.%.*s.svc.cluster.local", TEXT_ARG(resource),
                        TEXT_ARG(r->settings.cluster_namespace));
}

/* Takes the content over when `out` is empty, as it is in an answer of its own. */
static struct status hand_over(struct buffer *from, struct buffer *out)
{
    if (buffer_size(out) > 0 || buffer_size(from) > out->max) {
        buffer_append(out, buffer_bytes(from));
        return buffer_status(out);
    }
    const size_t max = out->max;
    buffer_release(out);
    *out = *from;
    out->max = max;
    buffer_init(from, from->max);
    return DONE;
}

struct status registry_specification_shown(struct registry *r, const struct registry_view *view,
                                           enum specification_slot slot, struct buffer *out,
                                           struct error *err)
{
    const struct specification_ref *ref = &view->row.specifications[slot];
    if (slot != SPECIFICATION_API || ref->format != FORMAT_JSON)
        return registry_specification(r, view->row.tenant, ref, out, err);
    OWNED(buffer_release) struct buffer content;
    buffer_init(&content, (size_t)ref->size + 1);
    TRY(registry_specification(r, view->row.tenant, ref, &content, err));
    if (!swagger2_is(buffer_as_text(&content), view->details.api.api_type))
        return hand_over(&content, out);
    OWNED(arena_release) struct arena a;
    arena_init(&a, ROW_CHUNK, ROW_AROUND);
    const struct text host = host_of(r, &view->row, &a);
    if (!host.p)
        return STATUS(NOMEM);
    return swagger2_rewrite(buffer_as_text(&content), host, out);
}
