/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/domain.h"

#include "registry/path_name.h"
#include "registry/validate.h"

/* Labels, details and the audit row's words of one service, escaped, and its path name. */
#define ROW_JSON_MAX (512 * 1024)

struct status description_check(const struct registry_input *in, struct arena *a, struct error *err)
{
    struct text message = {NULL, 0};
    const struct status s = service_validate(in->details, a, &message);
    if (s.code != E_INVALID)
        return s;
    return description_refused(in, message, err);
}

/* The labels of `d` with connected-app, which names the application whatever was sent (contract 1.5). */
static struct status labels_of(const struct service_details *d, struct text application, struct arena *a,
                               struct label **out, size_t *out_count)
{
    static const struct text name = TEXT_INIT("connected-app");
    struct label *labels = arena_array(a, d->label_count + 1, sizeof *labels);
    if (!labels)
        return STATUS(NOMEM);
    size_t n = 0;
    bool placed = false;
    for (size_t i = 0; i < d->label_count; i++) {
        const int order = text_compare(d->labels[i].name, name);
        if (!placed && order >= 0) {
            labels[n++] = (struct label){name, application};
            placed = true;
        }
        if (order != 0)
            labels[n++] = d->labels[i];
    }
    if (!placed)
        labels[n++] = (struct label){name, application};
    *out = labels;
    *out_count = n;
    return DONE;
}

/* Everything of the row that is JSON, and the path name, in one piece of the arena. */
static struct status write_texts(const struct service_details *d, const struct bundle_details *more,
                                 struct arena *a, struct service *out, struct text *out_detail)
{
    struct label *labels;
    size_t count;
    TRY(labels_of(d, out->application, a, &labels, &count));
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, ROW_JSON_MAX);
    TRY(labels_write(labels, count, &b));
    const size_t labels_end = buffer_size(&b);
    TRY(details_write(d, more, &b));
    const size_t details_end = buffer_size(&b);
    audit_detail_write(out, &b);
    const size_t detail_end = buffer_size(&b);
    service_path_name(d->name, &b);
    TRY(buffer_status(&b));
    const struct text all = arena_text(a, buffer_as_text(&b));
    if (!all.p)
        return STATUS(NOMEM);
    out->labels = text_first(all, labels_end);
    out->details = text_first(text_from(all, labels_end), details_end - labels_end);
    *out_detail = text_first(text_from(all, details_end), detail_end - details_end);
    out->path_name = text_from(all, detail_end);
    return DONE;
}

struct status service_row_of(const struct registry_key *key, const struct service_details *d,
                             const struct bundle_details *more, struct arena *a, struct service *out,
                             struct text *out_detail)
{
    *out = (struct service){
        .tenant = key->tenant,
        .application = key->application,
        .name = d->name,
        .provider = d->provider,
        .description = d->description,
        .short_description = d->short_description,
        .identifier = d->identifier,
        .target_url = d->api.given ? d->api.target_url : TEXT(""),
        .credential_kind = CREDENTIAL_NONE,
    };
    memcpy(out->id, key->id, SERVICE_ID_SIZE);
    if (d->api.given)
        out->credential_kind = (int)credential_kind_of(&d->api.credentials);
    return write_texts(d, more, a, out, out_detail);
}
