/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/domain.h"

#include "base/clock.h"
#include "base/json_out.h"

/* Packed content is no longer than the content, but for what marks it. */
#define PACKED_AROUND 1024

void specification_plan_release(struct specification_plan *p)
{
    for (size_t i = 0; i < SPECIFICATION_SLOTS; i++)
        buffer_release(&p->packed[i]);
}

static const char *slot_name(enum specification_slot slot)
{
    switch (slot) {
    case SPECIFICATION_API:
        return "api.spec";
    case SPECIFICATION_EVENTS:
        return "events.spec";
    case SPECIFICATION_DOCUMENTATION:
    case SPECIFICATION_SLOTS:
        break;
    }
    return "documentation";
}

struct status specification_plan_put(struct specification_plan *p, enum specification_slot slot,
                                     struct text content, enum specification_format format,
                                     int64_t fetched_at)
{
    struct specification_row *row = &p->rows[slot];
    buffer_init(&p->packed[slot], content.n + PACKED_AROUND);
    TRY(specification_pack(text_bytes(content), &p->packed[slot], row));
    p->refs[slot] = (struct specification_ref){
        .present = true, .format = format, .size = (int64_t)content.n, .fetched_at = fetched_at};
    memcpy(p->refs[slot].hash, row->hash, SHA256_SIZE);
    p->replaces = true;
    return DONE;
}

enum specification_format specification_format_of(enum fetch_format f)
{
    switch (f) {
    case FETCH_FORMAT_JSON:
        return FORMAT_JSON;
    case FETCH_FORMAT_YAML:
        return FORMAT_YAML;
    case FETCH_FORMAT_XML:
        return FORMAT_XML;
    case FETCH_FORMAT_END:
        break;
    }
    return FORMAT_TEXT;
}

/* ---- sent with the registration ---- */

/* What one slot was sent. */
struct sent {
    struct text content;
    bool is_text;      /* YAML, XML or JSON as a string (the native API): the fetcher reads it, as everything
                          that is not known to be JSON */
    struct text claim; /* what it should be */
};

static struct status put_sent(struct registry *r, const struct registry_key *key,
                              struct specification_plan *p, enum specification_slot slot,
                              const struct sent *sent, const struct registry_input *in, struct arena *a,
                              struct error *err)
{
    if (sent->content.n > r->settings.specification_max)
        return error_set(err, E_TOO_LARGE, "%s has %zu bytes, more than %zu (registry.specification_bytes)",
                         slot_name(slot), sent->content.n, r->settings.specification_max);
    if (!sent->is_text)
        return specification_plan_put(p, slot, sent->content, FORMAT_JSON, 0);
    OWNED(fetch_answer_release) struct fetch_answer answer = {0};
    TRY(specification_examine(r, key, sent->content, sent->claim, &answer, err));
    if (answer.outcome != FETCH_FINE)
        return description_refused(in, arena_printf(a, "%s: %s", slot_name(slot), answer.reason), err);
    return specification_plan_put(p, slot, sent->content, specification_format_of(answer.format), 0);
}

/* ---- one part after the other ---- */

static struct status put_api(struct registry *r, const struct registry_key *key,
                             const struct registry_input *in, struct arena *a, struct specification_plan *p,
                             struct error *err)
{
    const struct api_details *api = &in->details->api;
    struct text url = {NULL, 0};
    switch (specification_origin(api, a, &url)) {
    case ORIGIN_NONE:
        if (api->spec.n == 0)
            return DONE;
        [[fallthrough]]; /* null, which is kept as it is when there is nothing better (contract 1.6) */
    case ORIGIN_INLINE:
        return put_sent(r, key, p, SPECIFICATION_API,
                        &(struct sent){api->spec, api->spec_is_text, api->api_type}, in, a, err);
    case ORIGIN_URL:
        break;
    }
    if (!url.p)
        return STATUS(NOMEM);
    p->replaces = true;
    if (in->dry_run)
        return DONE;
    OWNED(fetch_answer_release) struct fetch_answer answer = {0};
    TRY(specification_download(r, key, api, url, false, &answer, err));
    return specification_plan_put(p, SPECIFICATION_API, buffer_as_text(&answer.document),
                                  specification_format_of(answer.format), clock_now_s());
}

/* Kept as answers show it. */
static struct status put_documentation_of(struct registry *r, const struct service_details *d,
                                          struct specification_plan *p, struct error *err)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, r->settings.specification_max);
    struct json_out j;
    json_out_init(&j, &b);
    put_documentation(&j, NULL, &d->documentation);
    if (buffer_status(&b).code == E_TOO_LARGE)
        return error_set(err, E_TOO_LARGE,
                         "documentation has more than %zu bytes (registry.specification_bytes)",
                         r->settings.specification_max);
    TRY(buffer_status(&b));
    return specification_plan_put(p, SPECIFICATION_DOCUMENTATION, buffer_as_text(&b), FORMAT_JSON, 0);
}

/* The download comes last: what is wrong with the rest costs nobody a request. */
struct status specification_plan_make(struct registry *r, const struct registry_key *key,
                                      const struct registry_input *in, struct arena *a,
                                      struct specification_plan *out, struct error *err)
{
    const struct service_details *d = in->details;
    if (d->events.given && d->events.spec.p)
        TRY(put_sent(r, key, out, SPECIFICATION_EVENTS,
                     &(struct sent){d->events.spec, d->events.spec_is_text, TEXT("asyncapi")}, in, a, err));
    if (d->documentation.given)
        TRY(put_documentation_of(r, d, out, err));
    return d->api.given ? put_api(r, key, in, a, out, err) : DONE;
}

bool specification_is_foreign(const struct registry_input *in, struct arena *a)
{
    const struct service_details *d = in->details;
    struct text url = {NULL, 0};
    if (d->api.given && specification_origin(&d->api, a, &url) == ORIGIN_URL)
        return true;
    return d->api.spec_is_text || d->events.spec_is_text;
}

void specification_plan_apply(const struct specification_plan *p, const struct service *old,
                              struct service_write *w)
{
    for (size_t i = 0; i < SPECIFICATION_SLOTS; i++) {
        if (p->replaces || !old) {
            w->service.specifications[i] = p->refs[i];
            w->specifications[i] = p->refs[i].present ? &p->rows[i] : NULL;
        } else {
            w->service.specifications[i] = old->specifications[i];
            w->specifications[i] = NULL;
        }
    }
}
