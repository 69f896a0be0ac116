/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/domain.h"

#include "base/clock.h"

/* Where the stored description says that the API's specification comes from; texts in the arena. */
static struct status origin_of(const struct service *row, struct arena *a, struct text *out_url,
                               struct text *out_type, struct error *err)
{
    struct service_details d;
    TRY(details_read(row, NULL, NULL, a, &d)); /* no secret has a part in it */
    if (!d.api.given || specification_origin(&d.api, a, out_url) != ORIGIN_URL)
        return error_set(err, E_INVALID,
                         "The API's specification has no URL that it could be downloaded from");
    *out_type = d.api.api_type;
    return out_url->p ? DONE : STATUS(NOMEM);
}

static struct status ask_origin(struct registry *r, const struct registry_key *key, struct arena *a,
                                struct text *out_url, struct text *out_type, struct error *err)
{
    struct service row;
    const struct status found =
        store_service_get(r->parts.store, key->tenant, key->application, key->id, a, &row, NULL);
    if (found.code == E_NOT_FOUND)
        return service_unreadable(r, key, err);
    TRY(found);
    TRY(director_manages(r, &row, err));
    return origin_of(&row, a, out_url, out_type, err);
}

struct refetch {
    struct registry *r;
    const struct audit_caller *caller;
    const struct registry_key *key;
    struct arena *a;
    const struct specification_plan *plan;
};

static struct status commit(const struct refetch *c, const struct service_write *w, struct error *err)
{
    OWNED(buffer_release) struct buffer detail;
    buffer_init(&detail, 4096);
    audit_detail_write(&w->service, &detail);
    TRY(buffer_status(&detail));
    char id[SERVICE_ID_TEXT + 1];
    const struct audit_entry audit =
        service_audit(c->caller, TEXT("service.specification"), &w->service, service_id_text(c->key->id, id),
                      buffer_as_text(&detail), w->service.updated_at);
    const struct status s = store_service_replace(c->r->parts.store, w, &audit);
    if (s.code == E_NOT_FOUND)
        return service_unreadable(c->r, c->key, err);
    TRY(service_unwritten(s, err));
    service_announce(c->r, c->key);
    return DONE;
}

/* E_CHANGED when the URL is no longer the one that was asked, or somebody else was quicker. */
static struct status attempt(const struct refetch *c, struct text url, struct registry_view *out,
                             struct error *err)
{
    OWNED(stored_service_release) struct stored_service s = {0};
    TRY(stored_service_get(c->r, c->key, c->a, &s, err));
    struct text url_now = {NULL, 0};
    struct text type_now = {NULL, 0};
    TRY(origin_of(&s.row, c->a, &url_now, &type_now, err));
    if (!text_equal(url, url_now))
        return STATUS(CHANGED);

    struct service_write w = {.service = s.row, .expected_revision = s.row.revision};
    const struct specification_ref *fresh = &c->plan->refs[SPECIFICATION_API];
    struct specification_ref *ref = &w.service.specifications[SPECIFICATION_API];
    if (!ref->present || !bytes_equal(BYTES_OF(ref->hash), BYTES_OF(fresh->hash)))
        w.specifications[SPECIFICATION_API] = &c->plan->rows[SPECIFICATION_API];
    *ref = *fresh;
    w.service.revision++;
    w.service.updated_at = clock_now_s();
    struct registry_view view;
    TRY(view_make(&w.service, stored_secret(&s, SECRET_CREDENTIALS), stored_secret(&s, SECRET_PARAMETERS),
                  s.secrets[SECRET_CREDENTIALS].by_hand, c->a, &view));
    TRY(commit(c, &w, err));
    *out = view;
    return DONE;
}

struct status registry_refetch(struct registry *r, const struct audit_caller *caller,
                               const struct registry_key *key, struct arena *a, struct registry_view *out,
                               struct error *err)
{
    struct api_details api = {.given = true}; /* without credentials: they were never stored */
    struct text url = {NULL, 0};
    TRY(ask_origin(r, key, a, &url, &api.api_type, err));
    OWNED(fetch_answer_release) struct fetch_answer answer = {0};
    TRY(specification_download(r, key, &api, url, true, &answer, err));
    OWNED(specification_plan_release) struct specification_plan plan = {0};
    TRY(specification_plan_put(&plan, SPECIFICATION_API, buffer_as_text(&answer.document),
                               specification_format_of(answer.format), clock_now_s()));
    const struct refetch c = {.r = r, .caller = caller, .key = key, .a = a, .plan = &plan};
    for (int i = 0; i < CHANGE_ATTEMPTS; i++) {
        const struct status s = attempt(&c, url, out, err);
        if (s.code != E_CHANGED)
            return s;
    }
    return error_set(err, E_AGAIN,
                     "The service was changed while its specification was downloaded, try again");
}
