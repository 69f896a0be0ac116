/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/domain.h"

#include "base/clock.h"

/* One call, over its attempts. */
struct replacement {
    struct registry *r;
    const struct audit_caller *caller;
    const struct registry_key *key;
    const struct registry_input *in;
    int64_t expected_revision;
    struct arena *a;
    struct specification_plan specifications;
};

static void replacement_release(struct replacement *c)
{
    specification_plan_release(&c->specifications);
}
OWNABLE_VALUE(struct replacement, replacement_release);

static struct status check_revision(const struct replacement *c, const struct service *row, struct error *err)
{
    if (c->expected_revision == 0 || c->expected_revision == row->revision)
        return DONE;
    return error_set(err, E_CHANGED, "The service has revision %lld, not %lld", (long long)row->revision,
                     (long long)c->expected_revision);
}

/* Before anything is downloaded for it; no secret is open meanwhile. */
static struct status refuse_early(const struct replacement *c, struct error *err)
{
    struct service row;
    const struct status found = store_service_get(c->r->parts.store, c->key->tenant, c->key->application,
                                                  c->key->id, c->a, &row, NULL);
    if (found.code == E_NOT_FOUND)
        return service_unreadable(c->r, c->key, err);
    TRY(found);
    TRY(director_manages(c->r, &row, err));
    TRY(check_revision(c, &row, err));
    return masks_check(c->in, (enum credential_kind)row.credential_kind, c->a, err);
}

/* The row as it will be; the identifier stays what it was (contract 1.11). */
static struct status next_row(const struct replacement *c, const struct service *old, struct service *out,
                              struct text *out_detail)
{
    struct service_details d = *c->in->details;
    d.identifier = old->identifier;
    TRY(service_row_of(c->key, &d, NULL, c->a, out, out_detail));
    out->revision = old->revision + 1;
    out->created_at = old->created_at;
    out->updated_at = clock_now_s();
    out->call = old->call; /* which the store keeps */
    out->call_anchors_pem = old->call_anchors_pem;
    return DONE;
}

static struct status write_over(struct replacement *c, const struct stored_service *old,
                                const struct secret_plan *credentials, const struct secret_plan *parameters,
                                struct registry_view *out, struct error *err)
{
    struct service_write w = {.expected_revision = old->row.revision,
                              .secrets = {credentials->write, parameters->write}};
    struct text detail;
    TRY(next_row(c, &old->row, &w.service, &detail));
    specification_plan_apply(&c->specifications, &old->row, &w);
    struct registry_view view;
    TRY(view_make(&w.service, credentials->after, parameters->after, credentials->by_hand, c->a, &view));

    char id[SERVICE_ID_TEXT + 1];
    const struct audit_entry audit =
        service_audit(c->caller, TEXT("service.replace"), &w.service, service_id_text(c->key->id, id), detail,
                      w.service.updated_at);
    const struct status s = store_service_replace(c->r->parts.store, &w, &audit);
    if (s.code == E_NOT_FOUND)
        return service_unreadable(c->r, c->key, err);
    TRY(service_unwritten(s, err));
    service_announce(c->r, c->key);
    *out = view;
    return DONE;
}

static struct status attempt(struct replacement *c, struct registry_view *out, struct error *err)
{
    OWNED(stored_service_release) struct stored_service old = {0};
    OWNED(secret_plan_release) struct secret_plan credentials = {0};
    OWNED(secret_plan_release) struct secret_plan parameters = {0};
    TRY(stored_service_get(c->r, c->key, c->a, &old, err));
    TRY(director_manages(c->r, &old.row, err));
    TRY(check_revision(c, &old.row, err));
    OWNED(vault_leave)
    [[maybe_unused]] struct vault *entered = vault_enter(c->r->parts.vault); /* until it is stored */
    TRY(secret_plan_make(c->r, c->key, SECRET_CREDENTIALS, c->in, &old, c->a, &credentials, err));
    TRY(secret_plan_make(c->r, c->key, SECRET_PARAMETERS, c->in, &old, c->a, &parameters, err));
    return c->in->dry_run ? DONE : write_over(c, &old, &credentials, &parameters, out, err);
}

struct status registry_replace(struct registry *r, const struct audit_caller *caller,
                               const struct registry_key *key, const struct registry_input *in,
                               int64_t expected_revision, struct arena *a, struct registry_view *out,
                               struct error *err)
{
    TRY(description_check(in, a, err));
    OWNED(replacement_release)
    struct replacement c = {
        .r = r, .caller = caller, .key = key, .in = in, .expected_revision = expected_revision, .a = a};
    if (specification_is_foreign(in, a))
        TRY(refuse_early(&c, err));
    /* What is sent does not depend on what is stored: made once for all attempts. */
    TRY(specification_plan_make(r, key, in, a, &c.specifications, err));
    for (int i = 0; i < CHANGE_ATTEMPTS; i++) {
        const struct status s = attempt(&c, out, err);
        if (s.code != E_CHANGED || expected_revision != 0)
            return s;
    }
    return error_set(err, E_AGAIN, "The service was changed by others again and again, try again");
}
